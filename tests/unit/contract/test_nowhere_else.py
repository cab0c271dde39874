"""No other place states what a contract states: the running code knows no word and no fingerprint of the worked examples."""

import re
from pathlib import Path

import pytest

from seamline.contract import Family, load_family

ROOT = Path(__file__).resolve().parents[3]
CODE = [
    path
    for folder, endings in (("src/seamline", {".py", ".sql", ".txt"}), ("frontend/src", {".ts", ".svelte"}))
    for path in (ROOT / folder).rglob("*")
    if path.suffix in endings and "testing" not in path.parts and path.name != "schema.d.ts"
]
"""All that runs in a hub, an agent, the rig, the demo and the pages; `testing` makes rows and frames of the heater by design."""
WORD = re.compile("[A-Za-z_][A-Za-z0-9_]*")
COMMON = {"free_heap_bytes", "flash_writes"}
"""Of Seamline's own layouts, which every product has."""


def names(family: Family) -> set[str]:
    """Return the names that only this product can have given: those of two words and more."""
    found: set[str] = set()
    for contract in family.versions.values():
        found |= {
            *contract.calibrations,
            *contract.state,
            *contract.commands,
            *contract.messages,
            *contract.enums,
            *contract.flags,
        }
        found |= {fault.name for fault in contract.faults.values()}
        for message in contract.messages.values():
            found |= {field.name for field in message.layout.fields}
    return {name for name in found if "_" in name} - COMMON


def stated(path: Path) -> set[str]:
    return set(WORD.findall(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("product", ["heater", "labmeter", "trailcam"])
def test_the_code_that_runs_knows_no_word_of_the_product(product):
    wanted = names(load_family(ROOT / "examples" / product))
    assert len(wanted) > 3
    restated = {path.relative_to(ROOT).as_posix(): sorted(found) for path in CODE if (found := stated(path) & wanted)}
    assert restated == {}


def test_no_fingerprint_is_written_into_the_code():
    layouts = [
        layout
        for product in ("heater", "labmeter", "trailcam")
        for layout in load_family(ROOT / "examples" / product).layouts.values()
    ]
    prints = {f"{layout.fingerprint:08x}" for layout in layouts}
    for path in CODE:
        text = path.read_text(encoding="utf-8").lower()
        assert not {one for one in prints if one in text}, path


def test_the_search_finds_what_is_there():
    assert "room_ntc" in stated(ROOT / "tests" / "browser" / "test_meaning.py")
    assert len(CODE) > 200
