"""A battery holds what its label says, less cold, age, depth and shelf."""

import math
from dataclasses import replace

import pytest
from hypothesis import given, strategies as st

from seamline.site.power.battery import (
    CHEMISTRIES,
    LEAD_ACID,
    LI_ION,
    LI_SOCL2,
    LIFEPO4,
    Battery,
    ageing_share,
    capacity_share,
    chemistry,
    lost_a_day,
    primary_days,
    rising,
    usable,
)
from seamline.site.power.figures import PowerError


def battery(**more):
    return Battery(**{"name": "B", "chemistry": LIFEPO4, "capacity_ah": 10.0, "volts": 12.8, "source": "datasheet", **more})


def test_an_energy_worked_out_by_hand():
    # 128 Wh; at -10 C half way between 0.70 and 0.80; 5 of 10 years take half of 20 %; nine tenths may be used
    found = usable(battery(), -10.0, years=5.0)
    assert found.watt_hours == pytest.approx(128 * 0.75 * 0.9 * 0.9)
    assert [term.value for term in found.terms] == pytest.approx([128, 0.75, 0.9, 0.9, found.watt_hours])
    assert "Canbat" in found.terms[1].source
    assert all(term.source for term in found.terms)


@pytest.mark.parametrize(
    ("kind", "temperature", "part"),
    [
        (LIFEPO4, -20.0, 0.70),
        (LIFEPO4, 0.0, 0.80),
        (LIFEPO4, 60.0, 1.0),
        (LIFEPO4, -20.1, 0.0),
        (LI_ION, -18.0, 0.50),
        (LI_ION, 4.5, 0.75),
        (LEAD_ACID, 25.0, 1.0),
        (LEAD_ACID, 10.0, 1 / 1.19),
        (LEAD_ACID, -10.0, 0.0),
        (LI_SOCL2, -20.0, 0.8),
    ],
)
def test_capacity_by_temperature_is_that_of_the_source(kind, temperature, part):
    assert capacity_share(kind.curve, temperature) == pytest.approx(part)


def test_every_chemistry_has_a_source_for_every_figure():
    for kind in CHEMISTRIES.values():
        assert kind.curve_source
        assert kind.life_source
        assert kind.self_discharge_source
        rising(kind.curve, kind.name)
    assert chemistry(" lifepo4 ") is LIFEPO4
    with pytest.raises(PowerError, match="no chemistry NiCd; there are LiFePO4, Li-ion, LiSOCl2, lead-acid"):
        chemistry("NiCd")


def test_a_parts_own_figures_come_before_its_chemistrys():
    own = battery(depth=0.5, cycles=4000.0, years=20.0, self_discharge=0.001, curve=((-40.0, 0.9), (25.0, 1.0)))
    found = usable(own, -40.0, years=10.0, cycles=1000.0)
    assert found.watt_hours == pytest.approx(128 * 0.9 * (1 - 0.2 * (0.5 + 0.25)) * 0.5)
    assert {term.source for term in found.terms[:4]} == {"datasheet"}
    assert lost_a_day(own, 20.0) < lost_a_day(battery(), 20.0)


def test_a_cut_off_leaves_less_to_use():
    assert usable(battery(cutoff=0.3), 25.0).watt_hours == pytest.approx(128 * 0.7)
    assert usable(battery(cutoff=0.05), 25.0).watt_hours == pytest.approx(128 * 0.9)  # the depth is reached first


def test_self_discharge_is_the_months_figure_and_doubles_with_10_kelvin():
    kept = (1 - lost_a_day(battery(), 20.0)) ** (365.25 / 12)
    assert 1 - kept == pytest.approx(0.03)
    kept = (1 - lost_a_day(battery(), 30.0)) ** (365.25 / 12)
    assert 1 - kept == pytest.approx(0.06)
    assert lost_a_day(battery(), 140.0) == 1.0


def test_a_primary_cell_lasts_as_long_as_load_and_shelf_let_it():
    cell = battery(chemistry=LI_SOCL2, capacity_ah=26.0, volts=3.6)
    # 26 Ah at 3.6 V by 26.1 mAh a day: 996 days, less a little over a per cent for the shelf
    days = primary_days(cell, 26.1e-3 * 3.6, 20.0)
    assert days == pytest.approx(996.2, rel=0.02)
    assert days < 26_000 / 26.1
    assert primary_days(cell, 0.0, 20.0) == math.inf
    assert primary_days(replace(cell, self_discharge=0.0), 26.1e-3 * 3.6, 20.0) == pytest.approx(26_000 / 26.1)
    assert ageing_share(cell, 15.0, 0.0) == 1.0


def test_several_side_by_side_hold_and_cost_as_many_times_more():
    three = battery(price_cents=5000).scaled(3)
    assert (three.name, three.label_wh, three.price_cents) == ("3 x B", pytest.approx(384.0), 15_000)
    assert battery().scaled(1) == battery()
    with pytest.raises(PowerError, match="0 of them"):
        battery().scaled(0)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: battery(capacity_ah=20_800.0), "B: capacity (Ah) is 20800; it is at most 5000 (is this in mAh?)"),
        (lambda: battery(capacity_ah=-1.0), "capacity (Ah) is -1"),
        (lambda: battery(capacity_ah=math.nan), "capacity (Ah) is nan"),
        (lambda: battery(capacity_ah=0.0), "capacity (Ah) is 0"),
        (lambda: battery(volts=12_800.0), "is this in mV?"),
        (lambda: battery(depth=80.0), "usable depth is 80"),
        (lambda: battery(self_discharge=3.0), "self-discharge a month is 3"),
        (lambda: battery(cutoff=1.0), "nothing of it may be used"),
        (lambda: battery(cycles=0.0), "cycles it bears is 0"),
        (lambda: battery(years=-1.0), "years it bears is -1"),
        (lambda: battery(price_cents=-1), "price (cents) is -1"),
        (lambda: battery(source=""), "battery B has no source"),
        (lambda: battery(curve=()), "has no points"),
        (lambda: battery(curve=((25.0, 1.0), (0.0, 0.8))), "let both rise"),
        (lambda: battery(curve=((0.0, 1.0), (25.0, 0.8))), "(0 C, 1) is followed by (25 C, 0.8)"),
        (lambda: battery(curve=((253.0, 0.7), (298.0, 1.0))), "is this in K or F?"),
        (lambda: battery(curve=((0.0, 80.0),)), "capacity by temperature is 80"),
        (lambda: usable(battery(), 293.0), "a temperature (C) is 293"),
        (lambda: usable(battery(), 20.0, years=1825.0), "is this in days?"),
        (lambda: usable(battery(), 20.0, cycles=-1.0), "the battery's cycles is -1"),
        (lambda: primary_days(battery(), -1.0, 20.0), "a day's load (Wh) is -1"),
    ],
)
def test_a_battery_that_cannot_be_meant_is_refused(call, said):
    with pytest.raises(PowerError) as caught:
        call()
    assert said in str(caught.value)


KINDS = st.sampled_from(list(CHEMISTRIES.values()))
TEMPERATURES = st.floats(-60, 80)


@given(KINDS, TEMPERATURES, TEMPERATURES)
def test_warmer_never_holds_less(kind, one, other):
    cold, warm = sorted((one, other))
    assert usable(battery(chemistry=kind), cold).watt_hours <= usable(battery(chemistry=kind), warm).watt_hours


@given(KINDS, TEMPERATURES, st.floats(0, 100), st.floats(0, 100), st.floats(0, 1e5))
def test_older_never_holds_more_and_nothing_below_empty(kind, temperature, one, other, cycles):
    young, old = sorted((one, other))
    held = [usable(battery(chemistry=kind), temperature, years, cycles).watt_hours for years in (young, old)]
    assert 0 <= held[1] <= held[0] <= battery().label_wh


@given(KINDS, st.floats(0.01, 4000), st.floats(1.0, 1.2), TEMPERATURES)
def test_a_larger_one_never_holds_less(kind, capacity, factor, temperature):
    small, large = battery(chemistry=kind, capacity_ah=capacity), battery(chemistry=kind, capacity_ah=capacity * factor)
    assert usable(small, temperature).watt_hours <= usable(large, temperature).watt_hours


@given(TEMPERATURES, st.floats(0.001, 1.0), st.floats(1.0, 5.0))
def test_a_heavier_load_never_lasts_longer(temperature, load, factor):
    cell = battery(chemistry=LI_SOCL2)
    assert primary_days(cell, load * factor, temperature) <= primary_days(cell, load, temperature)
