"""A guess is told as one: with its model, that model's version, and the field that says how sure it was."""

from pathlib import Path

import pytest

from seamline.contract import load_family
from seamline.hub.api.layouts import parse, union

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
TRAILCAM = load_family(EXAMPLES / "trailcam")
SIGHTINGS = [parse(layout.canonical) for layout in TRAILCAM.layouts.values() if layout.message == "sighting"]


def told(field):
    return [(one.layout, one.model, one.version, one.confidence) for one in field.shape().inferred]


def test_each_layout_tells_the_model_that_guessed_in_it():
    by_version = {kind.version: {field.name: field for field in kind.fields} for kind in SIGHTINGS}
    assert told(by_version[1]["kind"]) == [(1, "fencenet", "1.4.0", "confidence")]
    assert told(by_version[2]["kind"]) == [(2, "fencenet", "2.0.0", "confidence")]


def test_over_all_layouts_no_model_is_forgotten_and_the_newest_meaning_wins():
    for kinds in (SIGHTINGS, SIGHTINGS[::-1]):
        fields = union(kinds)
        assert told(fields["kind"]) == [(1, "fencenet", "1.4.0", "confidence"), (2, "fencenet", "2.0.0", "confidence")]
        assert fields["kind"].enum == {field.name: field for field in kinds_of(2).fields}["kind"].enum
        assert list(fields)[-1] == "energy"


def kinds_of(version):
    return next(kind for kind in SIGHTINGS if kind.version == version)


@pytest.mark.parametrize("product", ["heater", "labmeter"])
def test_what_was_measured_has_no_model(product):
    for layout in load_family(EXAMPLES / product).layouts.values():
        assert all(told(field) == [] for field in parse(layout.canonical).fields)


def test_every_item_of_a_guessed_array_is_a_guess():
    watch = [parse(layout.canonical) for layout in TRAILCAM.layouts.values() if layout.message == "watch"]
    fields = union(watch)
    assert {told(fields[f"seen_{place}"])[-1] for place in range(6)} == {(2, "fencenet", "2.0.0", "certainty")}
    assert told(fields["battery"]) == []
