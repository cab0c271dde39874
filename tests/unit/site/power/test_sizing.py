"""The cheapest battery and panel that keep the goals; and where none does, what to give up and how much."""

from __future__ import annotations

import numpy as np
import pytest
from tests.unit.site.power.test_balance import battery, load, weather

from seamline.site.power import sizing
from seamline.site.power.balance import Conditions, balance
from seamline.site.power.figures import PowerError
from seamline.site.power.panel import Array, Panel
from seamline.site.power.sizing import Candidate, Goals, meets, size

NEW = Conditions(years=0.0, colder_c=0.0)
GLOOMY = np.full(365, 3.0)
GLOOMY[100:107] = 0.0


def candidate(peak=20.0, cents=4000, light=GLOOMY):
    panel = Panel(name=f"P{peak:g}", peak_w=peak, source="panel datasheet", price_cents=cents)
    return Candidate(Array(panel=panel, tilt=60.0, azimuth=180.0), weather(light))


SMALL = battery(name="small", capacity_ah=10.0, price_cents=5000)
LARGE = battery(name="large", capacity_ah=30.0, price_cents=12_000)


def test_the_cheapest_that_keeps_the_goals_is_chosen():
    found = size(load(24.0), [LARGE, SMALL], [candidate()], Goals(4.0, 0.02), NEW)
    assert found.choice is not None
    assert found.choice.battery is SMALL
    assert found.choice.price_cents == 9000
    assert found.tried == 1
    stricter = size(load(24.0), [LARGE, SMALL], [candidate()], Goals(4.0, 0.0), NEW)
    assert stricter.choice is not None
    assert stricter.choice.battery is LARGE
    assert stricter.tried == 2
    assert stricter.relaxations == ()


def test_nothing_cheaper_keeps_the_goals():
    batteries = [battery(name=f"b{ah}", capacity_ah=ah, price_cents=round(ah * 400)) for ah in (4.0, 8.0, 12.0, 16.0, 20.0)]
    panels = [candidate(peak, round(peak * 150)) for peak in (10.0, 20.0, 40.0)]
    goals = Goals(5.0, 0.0)
    found = size(load(24.0), batteries, panels, goals, NEW)
    assert found.choice is not None
    for one in batteries:
        for panel in panels:
            if one.price_cents + panel.array.price_cents < found.choice.price_cents:
                assert not meets(balance(load(24.0), one, panel.array.peak_w, panel.weather, NEW), goals)


def test_where_nothing_is_enough_each_way_out_has_its_figure():
    goals = Goals(10.0, 0.0)
    found = size(load(24.0), [SMALL], [candidate()], goals, NEW)
    assert found.choice is None
    assert found.nearest is not None
    assert found.nearest.battery is SMALL
    ways = {way.constraint: way for way in found.relaxations}
    # 10 days of 24 Wh are 240 Wh: by the nine tenths that may be used, 266.7 Wh on the label
    assert ways["battery, as small"].needed == pytest.approx(240 / 0.9, rel=1e-3)
    assert ways["load of a day"].needed == pytest.approx(115.2 / 10, rel=1e-3)
    assert ways["days without sun asked for"].needed == pytest.approx(4.8)
    assert ways["share of days that may go dark"].needed == pytest.approx(4 / 365)
    assert "panel, as P20" not in ways  # no panel lengthens days without sun
    assert str(ways["days without sun asked for"]) == "days without sun asked for: 4.8 d instead of 10"


def test_each_way_out_is_one():
    goals = Goals(10.0, 0.0)
    for way in size(load(24.0), [SMALL], [candidate()], goals, NEW).relaxations:
        changed_load = load(way.needed) if way.constraint == "load of a day" else load(24.0)
        cell = battery(capacity_ah=way.needed / 12.8) if way.constraint.startswith("battery") else SMALL
        lower = goals
        if way.unit == "d":
            lower = Goals(way.needed, 1.0)
        elif way.unit == "of all days":
            lower = Goals(0.0, way.needed)
        assert meets(balance(changed_load, cell, 20.0, candidate().weather, NEW), lower)


def test_a_panel_that_is_too_small_can_be_made_larger():
    dim = candidate(peak=5.0, light=np.full(365, 3.0))  # 15 Wh a day for 24 Wh
    found = size(load(24.0), [LARGE], [dim], Goals(3.0, 0.0), NEW)
    ways = {way.constraint: way for way in found.relaxations}
    # 8 W bring what is used by day; what is used by night takes the losses of charging on top
    assert ways["panel, as P5"].needed == pytest.approx((12 + 12 / 0.95) / 3.0, rel=1e-3)
    assert "battery, as large" not in ways  # no battery makes up for a panel that brings too little


def test_the_nearest_is_the_one_with_the_fewest_dark_days():
    found = size(load(24.0), [SMALL, LARGE], [candidate()], Goals(30.0, 0.0), NEW)
    assert found.nearest is not None
    assert found.nearest.battery is LARGE
    assert found.tried == 2


def test_the_answer_does_not_depend_on_the_catalogues_order():
    batteries = [SMALL, LARGE]
    panels = [candidate(10.0), candidate(20.0), candidate(40.0)]
    one = size(load(24.0), batteries, panels, Goals(4.0, 0.02), NEW)
    other = size(load(24.0), batteries[::-1], panels[::-1], Goals(4.0, 0.02), NEW)
    assert one.choice is not None
    assert other.choice is not None
    assert (one.choice.battery, one.choice.array) == (other.choice.battery, other.choice.array)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: size(load(1.0), [], [candidate()], Goals(1.0)), "no battery or no panel"),
        (lambda: size(load(1.0), [SMALL], [], Goals(1.0)), "no panel to choose from"),
        (
            lambda: size(load(1.0), [SMALL] * 21, [candidate()] * 20, Goals(1.0)),
            "420 combinations of battery and panel; at most 400",
        ),
        (lambda: Goals(-1.0), "days without sun that are asked for is -1"),
        (lambda: Goals(400.0), "days without sun that are asked for is 400"),
        (lambda: Goals(3.0, 5.0), "the share of days that may go dark is 5"),
    ],
)
def test_goals_that_cannot_be_meant_are_refused(call, said):
    with pytest.raises(PowerError) as caught:
        call()
    assert said in str(caught.value)


def test_a_factor_is_the_least_with_which_a_test_holds():
    assert sizing._least(lambda factor: factor >= 7.0) == pytest.approx(7.0, rel=2e-4)
    assert sizing._least(lambda factor: factor > 2000.0) is None


def test_what_has_no_price_comes_after_all_that_has_one():
    gift = battery(name="gift", capacity_ah=100.0, price_cents=None)
    goals = Goals(4.0, 0.0)
    found = size(load(24.0), [gift, LARGE, SMALL], [candidate()], goals, NEW)
    assert found.choice is not None
    assert found.choice.battery is LARGE
    assert found.unpriced == ("gift",)
    alone = size(load(24.0), [gift, SMALL], [candidate()], goals, NEW)
    assert alone.choice is not None
    assert (alone.choice.battery, alone.choice.price_cents, alone.tried) == (gift, None, 2)


def test_of_what_has_no_price_the_smallest_comes_first():
    batteries = [battery(name=f"b{ah}", capacity_ah=ah, price_cents=None) for ah in (50.0, 30.0, 40.0)]
    found = size(load(24.0), batteries, [candidate(cents=None)], Goals(4.0, 0.0), NEW)
    assert found.choice is not None
    assert (found.choice.battery.name, found.tried) == ("b30.0", 1)
    assert found.unpriced == ("b50.0", "b30.0", "b40.0", "P20")


def test_what_does_not_go_together_is_not_tried():
    found = size(load(24.0), [SMALL, LARGE], [candidate()], Goals(4.0, 0.02), NEW, lambda cell, _: cell is LARGE)
    assert found.choice is not None
    assert (found.choice.battery, found.tried) == (LARGE, 1)
    with pytest.raises(PowerError, match="no battery or no panel to choose from"):
        size(load(24.0), [SMALL], [candidate()], Goals(4.0), NEW, lambda cell, _: cell is LARGE)


def test_more_packs_of_what_has_no_price_have_none():
    assert battery(price_cents=None).scaled(3).price_cents is None
    assert battery(price_cents=500).scaled(3).price_cents == 1500
