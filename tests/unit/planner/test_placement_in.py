"""What the page asks of placement, at the door: which question it is, and what feeds a node that it took over."""

import pytest
from pydantic import ValidationError

from seamline.planner.models import NodeIn, PlacementIn
from seamline.site.plan.model import PowerSource

NODE = {"id": "a", "x": 1, "y": 2, "height_m": 3, "heading_deg": 0, "tilt_deg": 0}


@pytest.mark.parametrize(
    ("asked", "question"),
    [
        ({}, "needs"),
        ({"fewest": True}, "needs"),
        ({"count": 2}, "best"),
        ({"budget_cents": 0}, "best"),
        ({"everything": True}, "all"),
        ({"everything": True, "count": 2}, "all"),
    ],
)
def test_a_limit_asks_for_the_best_nothing_for_the_needs_and_everything_for_all(asked, question):
    wish = PlacementIn(content="x", **asked).wish()
    assert wish.question == question
    assert (wish.count, wish.budget, wish.fewest) == (asked.get("count"), asked.get("budget_cents"), asked.get("fewest", False))


def test_a_node_says_its_mounting_and_what_feeds_it():
    state = NodeIn(**NODE, mounting="masts", power={"kind": "poe", "supply": "hall", "kit": None}).state()
    assert (state.mounting, state.power) == ("masts", PowerSource("poe", "hall"))
    plain = NodeIn(**NODE).state()
    assert (plain.mounting, plain.power) == (None, None)


@pytest.mark.parametrize("power", [{"kind": "steam"}, {"kind": "poe", "volts": 48}, {"supply": "hall"}])
def test_power_that_is_none_is_refused(power):
    with pytest.raises(ValidationError):
        NodeIn(**NODE, power=power)
