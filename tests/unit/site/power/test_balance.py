"""A node lasts as long as its energy does: nothing is lost or made on the way, and more of anything never makes it worse."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from seamline.site.power.balance import MONTHS, Balance, Conditions, balance, lasts, run
from seamline.site.power.battery import LEAD_ACID, LI_SOCL2, LIFEPO4, Battery
from seamline.site.power.figures import PowerError, Term
from seamline.site.power.load import Load
from seamline.site.power.weather import Weather

MONTH_OF_DAY = np.repeat(np.arange(12), (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31))


def load(wh):
    return Load((Term("all of it", wh * 3600, "J/d", "given"),), 86_400.0)


def battery(**more):
    figures = {
        "name": "B",
        "chemistry": LIFEPO4,
        "capacity_ah": 10.0,
        "volts": 12.8,
        "source": "datasheet",
        "self_discharge": 0.0,
    }
    return Battery(**{**figures, **more})


def weather(light, air=25.0, years=1, **more):
    """Days of a dark half and a light half, that bring `light` (Wh/W): one value, or one for each day."""
    month = np.tile(MONTH_OF_DAY, years)
    days = np.arange(month.size)
    brings = np.broadcast_to(np.asarray(light, dtype=float), month.shape)
    figures = {
        "per_peak": np.column_stack([np.zeros(month.size), brings]).reshape(-1),
        "hours": np.full(month.size * 2, 12.0),
        "month": np.repeat(month, 2),
        "day": np.repeat(days, 2),
        "air_c": np.repeat(np.broadcast_to(np.asarray(air, dtype=float), month.shape), 2),
        "origin": "PVGIS hours",
        "source": "PVGIS, made up",
        "notes": (),
        "upper_bound": False,
    }
    return Weather(**{**figures, **more})


NEW = Conditions(years=0.0, colder_c=0.0)


def test_a_balance_worked_out_by_hand():
    # 20 W bring 3 Wh/W: 60 Wh a day for a load of 24 Wh; 128 Wh, nine tenths of it to be used
    found = balance(load(24.0), battery(), 20.0, weather(3.0), NEW)
    assert [month.name for month in found.months] == list(MONTHS)
    assert found.worst.harvest_wh == pytest.approx(60.0)
    assert found.worst.surplus_wh == pytest.approx(36.0)
    assert found.worst.usable_wh == pytest.approx(115.2)
    assert found.autonomy_days == pytest.approx(4.8)
    assert found.run.dark_days == 0
    assert found.run.lowest_wh == pytest.approx(115.2 - 12.0)  # after a night
    assert found.run.dark_share_most == pytest.approx(3 / 365)


def test_a_week_without_sun_goes_dark_when_the_battery_is_empty():
    light = np.full(365, 3.0)
    light[100:107] = 0.0
    found = balance(load(24.0), battery(), 20.0, weather(light), NEW)
    # the night before it is full at 115.2 Wh: 24 Wh a day last 4.8 days of 7; the night of the eighth day is dark too
    assert found.run.dark_days == 4
    assert found.run.short_wh == pytest.approx(7 * 24 + 12 - 115.2)
    assert found.run.dark_years == found.run.years == 1
    assert found.run.dark_share == pytest.approx(4 / 365)
    assert found.run.dark_share_most == found.run.dark_share


def test_the_worst_month_is_the_one_with_least_left():
    light = np.where(MONTH_OF_DAY == 11, 0.5, 3.0)
    found = balance(load(24.0), battery(), 20.0, weather(light), NEW)
    assert found.worst.name == "Dec"
    assert found.worst.surplus_wh == pytest.approx(10.0 - 24.0)
    assert found.terms[-1].name == "days without sun in Dec, when they are fewest"
    assert found.terms[-1].working == "115.2 Wh / 24 Wh, less self-discharge"
    assert all(term.source for term in found.terms)


def test_days_without_sun_are_shown_for_the_month_in_which_they_are_fewest():
    """The month with the least left over need not be the one whose battery holds the least."""
    light = np.where(MONTH_OF_DAY == 11, 0.5, 3.0)
    air = np.where(MONTH_OF_DAY == 0, -15.0, 10.0)
    found = balance(load(24.0), battery(), 20.0, weather(light, air=air), NEW)
    assert found.worst.name == "Dec"
    term = found.terms[-1]
    assert term.name == "days without sun in Jan, when they are fewest"
    assert term.value == found.autonomy_days < found.worst.autonomy_days
    assert term.source == "the battery at -15 Cel mean air, and the lines above"


def test_frost_keeps_a_lithium_battery_from_charging():
    warm = balance(load(24.0), battery(), 20.0, weather(3.0, air=1.0), NEW)
    frozen = balance(load(24.0), battery(), 20.0, weather(3.0, air=-1.0), NEW)
    assert warm.run.dark_days == 0
    assert frozen.run.dark_days > 300  # the days are fed by the panel, the nights by nothing
    lead = balance(load(24.0), battery(chemistry=LEAD_ACID), 20.0, weather(3.0, air=-1.0), NEW)
    assert lead.run.dark_days == 0


def test_charge_that_a_colder_month_cannot_hold_is_lost_not_kept():
    air = np.repeat(np.where(MONTH_OF_DAY == 1, -20.0, 25.0), 2)
    found = balance(load(0.0), battery(), 20.0, weather(np.where(MONTH_OF_DAY == 11, 3.0, 0.0), air_c=air), NEW)
    assert found.run.start_wh == found.run.end_wh == pytest.approx(115.2)
    assert found.run.lowest_wh == pytest.approx(115.2 * 0.7)
    assert found.run.lost_wh == pytest.approx(115.2 * 0.3 * (1 + 1 / 0.95 - 1))  # in February, and what December's charging takes


def test_a_battery_that_only_lies_there_loses_its_charge():
    light = np.where(np.arange(365) == 364, 30.0, 0.0)  # the last day alone fills it
    found = balance(load(0.0), battery(self_discharge=0.03), 20.0, weather(light, air=20.0), NEW)
    nearly_a_year = 364.5 / (365.25 / 12)
    assert found.run.lowest_wh / found.run.start_wh == pytest.approx(0.97**nearly_a_year, rel=1e-3)
    assert found.autonomy_days == math.inf


def test_no_battery_lives_on_the_charge_it_was_delivered_with():
    # 15 Wh a day for 24 Wh: however large the battery, in the long run it is empty
    found = balance(load(24.0), battery(capacity_ah=4000.0), 5.0, weather(3.0), NEW)
    assert found.run.start_wh == pytest.approx(found.run.end_wh, abs=1e-3)
    assert found.run.dark_days > 350
    enough = balance(load(24.0), battery(capacity_ah=4000.0), 8.5, weather(3.0), NEW)
    assert enough.run.dark_days == 0


def test_days_without_sun_count_self_discharge_too():
    found = balance(load(24.0), battery(self_discharge=0.05), 20.0, weather(3.0, air=20.0), NEW)
    full, lost = found.months[0].usable_wh, 1 - 0.95 ** (12 / 365.25)
    days, left = 0, full
    while left > 0:
        left = left * (1 - lost) - 24.0
        days += 1
    assert days - 1 < found.months[0].autonomy_days < days
    light = balance(load(0.001), battery(self_discharge=0.05), 20.0, weather(3.0, air=20.0), NEW)
    assert light.autonomy_days < full / 0.001 / 10  # with next to no load it is the shelf that empties it


def test_a_clear_sky_is_an_upper_bound_to_the_last_line():
    found = balance(
        load(24.0), battery(), 20.0, weather(3.0, upper_bound=True, origin="clear sky", source="upper bound: clear sky")
    )
    assert found.upper_bound
    assert [term.kind for term in found.terms if term.name.startswith("yield")] == ["upper bound"]
    assert "clear sky" in found.notes[0]


def test_age_and_cold_are_said():
    found = balance(load(24.0), battery(), 20.0, weather(3.0))
    assert "battery at 5 K below the month's mean air, after 5 years and 0 cycles" in found.notes[-1]
    assert found.autonomy_days < 4.8


def test_a_cell_that_takes_no_charge_is_refused_beside_a_panel():
    with pytest.raises(PowerError, match=r"B \(LiSOCl2\) takes no charge"):
        balance(load(24.0), battery(chemistry=LI_SOCL2), 20.0, weather(3.0))


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: Conditions(years=-1.0), "the age that is planned for (years) is -1"),
        (lambda: Conditions(cycles=math.nan), "the cycles that are planned for is nan"),
        (lambda: Conditions(colder_c=278.0), "how much colder than air the battery is (K) is 278"),
        (lambda: balance(load(1.0), battery(), -20.0, weather(3.0)), "the panels' peak power (W) is -20"),
    ],
)
def test_conditions_that_cannot_be_meant_are_refused(call, said):
    with pytest.raises(PowerError) as caught:
        call()
    assert said in str(caught.value)


def test_years_with_dark_days_are_counted():
    light = np.tile(np.full(365, 3.0), 3)
    light[400:420] = 0.0
    found = balance(load(24.0), battery(), 20.0, weather(light, years=3), NEW)
    assert (found.run.years, found.run.dark_years) == (3, 1)


LOADS = st.floats(0, 100)
PEAKS = st.floats(0, 100)
BATTERIES = st.builds(
    battery,
    capacity_ah=st.floats(0.1, 100),
    chemistry=st.sampled_from([LIFEPO4, LEAD_ACID]),
    self_discharge=st.floats(0, 0.2),
)


def short_year(draw_from):
    return weather(np.resize(np.array(draw_from), 365))


LIGHT = st.lists(st.floats(0, 6), min_size=5, max_size=40)


@settings(max_examples=40)
@given(LOADS, BATTERIES, PEAKS, LIGHT, st.floats(-25, 40))
def test_no_energy_is_lost_or_made(wh, cell, peak, light, air):
    brings = replace(short_year(light), air_c=np.full(730, air))
    found = balance(load(wh), cell, peak, brings).run
    scale = 1 + found.harvest_wh + found.start_wh
    assert found.harvest_wh + found.start_wh == pytest.approx(
        found.served_wh + found.spilled_wh + found.lost_wh + found.end_wh, abs=1e-9 * scale
    )
    assert found.load_wh == pytest.approx(found.served_wh + found.short_wh, abs=1e-7 * (1 + found.load_wh))
    assert min(found.served_wh, found.short_wh, found.spilled_wh, found.lost_wh, found.lowest_wh) >= -1e-9
    assert 0 <= found.dark_days <= found.days == 365


@settings(max_examples=40)
@given(LOADS, BATTERIES, PEAKS, LIGHT, st.floats(1, 3))
def test_more_battery_never_makes_it_worse(wh, cell, peak, light, factor):
    brings = short_year(light)
    small = balance(load(wh), cell, peak, brings)
    large = balance(load(wh), replace(cell, capacity_ah=cell.capacity_ah * factor, self_discharge=0.0), peak, brings)
    same = balance(load(wh), replace(cell, self_discharge=0.0), peak, brings)
    assert large.autonomy_days >= small.autonomy_days
    assert large.run.dark_days <= same.run.dark_days
    assert large.run.short_wh <= same.run.short_wh + 1e-6


@settings(max_examples=40)
@given(LOADS, BATTERIES, PEAKS, LIGHT, st.floats(1, 3))
def test_more_panel_never_makes_it_worse(wh, cell, peak, light, factor):
    brings = short_year(light)
    assert_no_worse(balance(load(wh), cell, peak * factor, brings), balance(load(wh), cell, peak, brings))


@settings(max_examples=40)
@given(LOADS, BATTERIES, PEAKS, LIGHT, st.floats(1, 3))
def test_less_load_never_makes_it_worse(wh, cell, peak, light, factor):
    brings = short_year(light)
    assert_no_worse(balance(load(wh), cell, peak, brings), balance(load(wh * factor), cell, peak, brings))


@settings(max_examples=40)
@given(LOADS, BATTERIES, PEAKS, LIGHT, st.floats(0, 10), st.floats(0, 1))
def test_whether_goals_hold_is_what_the_balance_says(wh, cell, peak, light, days, share):
    brings = short_year(light)
    found = balance(load(wh), cell, peak, brings)
    said = lasts(load(wh), cell, peak, brings, Conditions(), autonomy_days=days, dark_share=share)
    assert said == (found.autonomy_days >= days and found.run.dark_share <= share)


def assert_no_worse(better: Balance, worse: Balance):
    assert better.run.dark_days <= worse.run.dark_days
    assert better.run.short_wh <= worse.run.short_wh + 1e-6
    assert better.run.lowest_wh >= worse.run.lowest_wh - 1e-6


def test_steps_may_be_hours():
    hours = np.tile(np.where((np.arange(24) >= 9) & (np.arange(24) < 15), 0.5, 0.0), 365)
    brings = Weather(
        hours,
        np.ones(8760),
        np.repeat(MONTH_OF_DAY, 24),
        np.arange(8760) // 24,
        np.full(8760, 25.0),
        "PVGIS hours",
        "made up",
        (),
        upper_bound=False,
    )
    found = run(load(24.0), battery(), 20.0, brings, [115.2] * 12)
    assert found.days == 365
    assert found.dark_days == 0
    assert found.lowest_wh == pytest.approx(115.2 - 18.0)  # from 15 to 9 o'clock, eighteen hours of 1 W
