"""What reading a contract may cost, in Python calls and in memory: bounds that hold on any machine.

A sound contract of 3,500 lines is checked in 0.3 s, hostile text refused in no more.
"""

import subprocess
import sys
from itertools import pairwise

import pytest
from tests.unit.contract.corpus.marks import BASE
from tests.unit.contract.large_contract import large_contract

from seamline.contract import ContractErrors, loads
from seamline.contract.limits import FILE_BYTES_MAX
from seamline.contract.problems import PROBLEMS_MAX

CALLS_A_LINE = 210
"""Python functions called (and generators resumed) for a line: 181 when 3,465 lines took 0.2 s of one core."""
HOSTILE_CALLS = 1_250_000
"""The large contract takes 0.63 million; of hostile texts one key again and again the most, 0.98 million."""
MEMORY_BYTES = 256 << 20
"""Of addresses, the interpreter's own 20 MB included; 65 MB were used, 61 of them resident."""

LARGE = large_contract()
BOMB = "a: &a [x,x,x,x,x,x,x,x]\n" + "".join(
    f"{b}: &{b} [{','.join(f'*{a}' for _ in range(8))}]\n" for a, b in pairwise("abcdefghi")
)
HOSTILE = {
    "alias bomb": BOMB,
    "merge keys": "a: &a {x: 1}\n" + "".join(f"k{n}: {{<<: *a}}\n" for n in range(30_000)),
    "aliases": "a: &a x\nb: [" + "*a," * 300_000 + "*a]\n",
    "tags": "".join(f"k{n}: !!python/object:os.system x\n" for n in range(25_000)),
    "deep brackets, closed": "[" * 500_000 + "]" * 500_000,
    "deep indentation": "".join(" " * n + "a:\n" for n in range(1400)),
    "question marks": "? " * 500_000,
    "as many values as are allowed": "a: [" + "0," * 99_000 + "0]",
    "one key again and again": "k: 1\n" * 49_000,
    "unknown keys": BASE + "".join(f"key_{n}: 1\n" for n in range(40_000)),
    "unknown keys, long": BASE + "".join(f"{'k' * 55}{n:05}: 1\n" for n in range(16_000)),
    "one line": BASE + "more: " + "x" * 1_000_000,
    "one line of words": "a: " + "x " * 500_000,
    "one key": "x" * 1_000_000 + ": 1\n",
    "line breaks": "\n" * 1_000_000 + "a: b",
    "line breaks, escaped": 'a: "' + "\\n" * 500_000 + '"\n',
    "a quote that never ends": 'a: "' + "x\n" * 500_000,
    "documents": "---\na: b\n" * 50_000,
    "escape sequences": "\x1b[31m" * 100_000,
    "an integer of 4,000 digits": BASE.replace("id: 1\n", f"id: {'1' * 4000}\n", 1),
    "a hexadecimal of 4,000 digits": BASE.replace("id: 1\n", f"id: 0x{'f' * 4000}\n", 1),
    "types that are none": LARGE.replace("type: i16", "type: i17z"),
    "units that are none": LARGE.replace("unit: W", "unit: Wq"),
    "numbers of 40 digits": LARGE.replace("0.01", f"0.{'0' * 19}1").replace("offset: 5", f"offset: {'9' * 20}.{'9' * 20}"),
    "half a million columns": LARGE.replace("type: i16,", "type: i16, count: 256,"),
    "messages": BASE.replace("messages:\n", "messages:\n" + "".join(f"  m{n}: {{}}\n" for n in range(20_000))),
}


def calls(work):
    """Return how many Python functions `work` calls."""
    count = 0

    def seen(_frame, event, _argument):
        nonlocal count
        count += event == "call"

    before = sys.getprofile()
    sys.setprofile(seen)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


def test_a_line_of_a_long_contract_costs_a_bounded_number_of_calls():
    loads(LARGE)  # what is imported and remembered now costs nothing later
    assert 10 < calls(lambda: loads(LARGE)) / LARGE.count("\n") < CALLS_A_LINE


def refuse(text):
    with pytest.raises(ContractErrors) as caught:
        loads(text)
    assert 1 <= len(caught.value.problems) <= PROBLEMS_MAX + 1


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_refused_for_less_than_two_large_contracts_cost(name):
    assert HOSTILE[name] != BASE
    assert len(HOSTILE[name].encode()) <= FILE_BYTES_MAX, "a longer one is refused for its length"
    assert calls(lambda: refuse(HOSTILE[name])) < HOSTILE_CALLS


REFUSER = """
import resource, sys
from pathlib import Path
from seamline.contract import ContractErrors, load
import yaml
resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[1]),) * 2)
for path in sorted(Path(sys.argv[2]).iterdir()):
    try:
        load(path)
    except ContractErrors as refused:
        print(path.name, refused.problems[0].code)
"""


def test_hostile_files_are_refused_one_after_the_other_in_little_memory(tmp_path):
    for number, text in enumerate(HOSTILE.values()):
        (tmp_path / f"{number:02}").write_text(text, encoding="utf-8")
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(100 << 20)  # a hole of NULs, which takes no room on the disk
    (tmp_path / "nuls").write_bytes(bytes(FILE_BYTES_MAX))
    (tmp_path / "no text").write_bytes(BASE.encode() + b"#" * (FILE_BYTES_MAX - len(BASE) - 1) + b"\xff")
    command = [sys.executable, "-c", REFUSER, str(MEMORY_BYTES), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    codes = dict(line.rsplit(" ", 1) for line in done.stdout.splitlines())
    assert set(codes) == {path.name for path in tmp_path.iterdir()}
    assert (codes["huge"], codes["nuls"], codes["no text"]) == ("SL003", "SL008", "SL007")
