"""What a page or a package shows of Python runs as it stands."""

import re
from pathlib import Path

import pytest

import seamline.site

ROOT = Path(__file__).parents[3]
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
WHOLE = ("contract.md", "network.md", "power.md", "site.md")
"""Pages whose blocks are whole programs. Those of other pages show a part of one: they name what the reader has, and are only parsed."""


BLOCKS = [
    pytest.param(page.name, found[1], id=f"{page.stem}-{number}")
    for page in sorted((ROOT / "docs").rglob("*.md"))
    for number, found in enumerate(BLOCK.finditer(page.read_text(encoding="utf-8")), 1)
]


@pytest.mark.parametrize(("page", "text"), BLOCKS)
def test_a_block_of_a_page_runs(page, text, monkeypatch):
    monkeypatch.chdir(ROOT)
    code = compile(text, page, "exec", flags=0x2000)  # ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    if page in WHOLE:
        exec(code, {"__name__": "page"})


def test_the_example_of_the_site_package_runs_and_sees():
    from shapely.geometry import box  # noqa: PLC0415 - as the example's reader would have it

    said = seamline.site.__doc__
    assert said is not None
    lines = [line[4:] for line in said.splitlines() if line.startswith("    ")]
    names = {"polygon": box(20, 40, 30, 50)}
    exec("\n".join(lines), names)
    assert names["mask"].max() >= 1
