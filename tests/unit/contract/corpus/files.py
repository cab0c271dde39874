"""Files that are refused for their bytes: SL002, SL003, SL007, SL015. What the path holds, and where the last problem is."""

from pathlib import Path

from tests.unit.contract.corpus.marks import BASE

from seamline.contract.limits import FILE_BYTES_MAX

LAST = BASE.count("\n") + 1
SYMLOOP = Path("contract.yaml")
"""A link to itself."""

CASES = {
    "no file": (None, (1, 1, "SL002")),
    "a folder": (Path(), (1, 1, "SL002")),
    "a link to itself": (SYMLOOP, (1, 1, "SL002")),
    "one byte too many": (b"a" * (FILE_BYTES_MAX + 1), (1, 1, "SL003")),
    "comments without end": (b"# a line\n" * FILE_BYTES_MAX, (1, 1, "SL003")),
    "UTF-16": (b"\xff\xfep\x00r\x00o\x00d\x00", (1, 1, "SL007")),
    "half a letter": (b"product: lamp\nsummary: \xc3\xa4\xff\n", (2, 11, "SL007")),
    "Latin-1": ("product: lamp\nsummary: für\n".encode("latin-1"), (2, 11, "SL007")),
    "a flood of keys": (BASE + "".join(f"zz{n}: 1\n" for n in range(5000)), (LAST + 200, 1, "SL015")),
    "a flood of aliases": (BASE + "zz: [" + "*a, " * 5000 + "b]\n", (LAST, 6 + 4 * 200, "SL015")),
    "a flood of tags": (BASE + "zz: [" + "!t x, " * 300 + "b]\n", (LAST, 6 + 6 * 200, "SL015")),
}
