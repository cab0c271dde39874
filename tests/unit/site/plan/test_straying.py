"""Which features of a survey lie where all others do not, and how it is told."""

import pytest
from shapely.geometry import Point

from seamline.site.plan.straying import SHOWN_MAX, strays
from seamline.site.plan.things import astray
from seamline.site.survey import Feature


def features(*places):
    return [Feature(Point(*place), {"name": f"p{at}"}, at) for at, place in enumerate(places, start=1)]


@pytest.mark.parametrize(
    "places",
    [
        [],
        [(8.5, 50.0)],
        [(8.5, 50.0), (50.0, 8.5)],  # nobody can say which
        [(5.9, 51.0), (15.0, 51.2), (8.5, 54.9), (12.9, 47.5), (10.0, 50.0)],  # a country
        [(-120.0, 45.0), (-70.0, 42.0), (10.0, 50.0), (100.0, 20.0), (150.0, -30.0)],  # the world
        [(179.999, -17.0), (-179.999, -17.0), (179.998, -17.0), (-179.998, -17.0), (179.997, -17.0)],
        [(8.5, 50.0), (8.5, 50.0), (8.5, 50.0), ()],  # one is empty
    ],
)
def test_what_lies_together_or_all_over_is_not_doubted(places):
    assert strays(features(*places)) == []


def test_exchanged_axes_are_seen_nearby_too():
    (note,) = strays(features(*[(45.3, 45.1)] * 5, (45.1, 45.3)))
    assert (note.kind, note.line) == ("doubt", 6)
    assert "'p6': it lies 27 km from the others; longitude and latitude are exchanged" in note.what


def test_of_many_the_first_are_told_and_the_rest_counted():
    notes = strays(features(*[(8.5, 50.0)] * 40, *[(50.0, 8.5)] * 15))
    assert [note.line for note in notes] == [*range(41, 41 + SHOWN_MAX), 0]
    assert notes[-1].what == f"{15 - SHOWN_MAX} more lie as far from the others"


@pytest.mark.parametrize(
    ("place", "reach", "why"), [((8.5, 50.0), 0, None), ((50.0, 8.5), 1000, "exchanged"), ((9.5, 50.0), 1000, "far"), ((9.5, 50.0), 80_000, None)]
)  # fmt: skip
def test_one_rule_says_what_is_astray(place, reach, why):
    assert astray(place, (8.5, 50.0), reach) == why
