"""Names of generated code that are gone: told with every name, never breaking, and nothing told when all are there."""

from itertools import pairwise
from pathlib import Path

import pytest

from seamline.contract import load_family, loads
from seamline.contract.evolution import Category, Direction
from seamline.contract.evolution.generated_names import lost_names

BASE = (Path(__file__).parents[1] / "base.yaml").read_text(encoding="utf-8")
EXAMPLES = Path(__file__).parents[4] / "examples"


def changed(*pieces):
    text = BASE.replace("version: 2.1.0", "version: 2.2.0")
    for old, new in zip(pieces[::2], pieces[1::2], strict=True):
        assert old in text
        text = text.replace(old, new)
    return loads(text)


def lost(*pieces):
    return {each.path: each.old.split(", ") for each in lost_names(loads(BASE), changed(*pieces))}


@pytest.mark.parametrize(
    ("pieces", "c", "micropython"),
    [
        (("{0: off, 1: bright}", "{0: off, 1: dim}"), ["LAMP_MODE_BRIGHT"], ["MODE_BRIGHT"]),
        (("name: lamp_open", "name: lamp_hot"), ["LAMP_FAULT_LAMP_OPEN"], ["FAULT_LAMP_OPEN"]),
        (("name: warmth", "name: heat"), ["warmth"], None),
        (("mode: {0: off", "phase: {0: off", "type: mode", "type: phase"), ["LAMP_MODE_OFF", "LAMP_MODE_BRIGHT"], ["MODE_OFF", "MODE_BRIGHT"]),
    ],
)  # fmt: skip
def test_a_name_that_is_gone_is_told_by_the_code_that_had_it(pieces, c, micropython):
    found = lost(*pieces)
    assert found["gen.c"] == c
    assert found.get("gen.micropython") == micropython


def test_a_message_that_is_gone_takes_its_functions_along():
    pieces = ("  vitals: {id: 9, standard: vitals/1, publish: {every: 15 min}}\n", "", "[vitals, oldest light]", "[light]",
              "[light, vitals, state]", "[light, state]")  # fmt: skip
    found = lost(*pieces)
    assert {"lamp_vitals_t", "lamp_vitals_pack", "lamp_vitals_unpack", "LAMP_VITALS_LAYOUT"} <= set(found["gen.c"])
    assert found["gen.micropython"] == ["VITALS"]


def test_a_difference_of_names_is_of_source_for_new_firmware_and_breaks_nobody():
    (c, _) = lost_names(loads(BASE), changed("name: lamp_open", "name: lamp_hot"))
    assert (c.category, c.breaking, c.direction, c.firmware) == (Category.SOURCE, False, Direction.NEW_FIRMWARE, ("2.2.0",))
    assert (c.new, c.place, c.code) == (None, None, None)


def test_names_that_had_to_give_way_are_told_as_the_code_had_them():
    """The word `class` becomes `class_`, and `class__` behind a field that has that name already."""
    fields = "- {name: mode, type: mode}"
    old = loads(BASE.replace(fields, "- {name: class, type: mode}"))
    new = loads(BASE.replace(fields, "- {name: class_, type: mode}\n      - {name: class, type: mode}"))
    assert lost_names(old, new) == ()
    assert lost_names(new, old)[0].old == "class__"


@pytest.mark.parametrize("product", ["heater", "labmeter", "trailcam"])
def test_no_released_version_of_an_example_lost_a_name_of_the_one_before(product):
    versions = list(load_family(EXAMPLES / product).versions.values())
    assert [lost_names(old, new) for old, new in pairwise(versions)] == [()] * (len(versions) - 1)
