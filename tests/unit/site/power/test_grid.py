"""PoE is reserved by class, and a UPS bridges what its battery holds."""

from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from seamline.site.power.battery import LEAD_ACID, Battery
from seamline.site.power.figures import PowerError
from seamline.site.power.grid import POE, PoeDevice, Switch, bridged, class_for, least_switch, poe_budget

SWITCH = Switch("S8", 8, 120.0, 4, "switch datasheet", 15_000)
UPS = Battery(name="UPS", chemistry=LEAD_ACID, capacity_ah=9.0, volts=24.0, source="UPS datasheet")


def device(name="cam", watts=12.0, stated=None):
    return PoeDevice(name, watts, "camera datasheet", stated)


@pytest.mark.parametrize(
    ("watts", "number"),
    [(3.84, 1), (3.85, 2), (6.49, 2), (12.95, 3), (13.0, 4), (25.5, 4), (40.0, 5), (51.0, 6), (62.0, 7), (71.3, 8)],
)
def test_the_class_is_the_lowest_that_brings_enough(watts, number):
    assert class_for(watts).number == number


def test_classes_supply_more_than_arrives():
    for poe in POE.values():
        assert poe.supplied_w > poe.arriving_w
    rising = [POE[number] for number in range(1, 9)]
    assert all(low.supplied_w < high.supplied_w for low, high in pairwise(rising))


def test_a_budget_worked_out_by_hand():
    found = poe_budget(SWITCH, [device("a"), device("b", 20.0), device("c", 2.0), device("d", 5.0, stated=0)])
    assert found.reserved_w == pytest.approx(15.4 + 30 + 4 + 15.4)
    assert found.spare_w == pytest.approx(120 - 64.8)
    assert found.spare_ports == 4
    assert found.refusals == ()
    assert found.terms[1].working == "class 4 for 20 W at the device"
    assert "IEEE Std 802.3-2022" in found.terms[0].source


def test_each_overload_is_told_by_how_much():
    found = poe_budget(Switch("S2", 2, 30.0, 3, "x"), [device("a"), device("b"), device("dome", 25.0)])
    assert found.refusals == (
        "dome asks for class 4, S2 gives up to class 3",
        "3 devices on 2 ports of S2: 1 too many",
        "S2 would reserve 60.8 W of 30 W: 30.8 W too much",
    )


def test_the_cheapest_switch_that_feeds_all_is_taken():
    large = Switch("S24", 24, 370.0, 4, "x", 30_000)
    cams = [device(f"cam-{at}") for at in range(8)]  # 123.2 W
    assert least_switch(cams, [large, SWITCH]) is large
    assert least_switch(cams[:7], [large, SWITCH]) is SWITCH
    assert least_switch([device(watts=60.0)], [large, SWITCH]) is None


def test_a_ups_bridges_its_battery_through_its_inverter():
    found = bridged(60.0, UPS, 0.85, 300.0, temperature_c=25.0)
    assert found.hours == pytest.approx(216 * 0.5 * 0.85 / 60)
    assert found.terms[-1].working == "108 Wh x 0.85 / 60 W"
    assert bridged(60.0, UPS, 0.85, 300.0, 25.0, years=4.0).hours < found.hours


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: class_for(80.0), "more than PoE brings to a device (71.3 W, class 8)"),
        (lambda: class_for(12_000.0), "12000 W are more than PoE brings"),
        (lambda: class_for(0.0), "is this in mW?"),
        (lambda: device(stated=9).poe_class, "PoE class 9; there are 0 to 8"),
        (lambda: device(watts=13.0, stated=3).poe_class, "draws 13 W, its class 3 brings 12.95 W"),
        (lambda: Switch("S", 0, 100.0, 4, "x"), "has 0 ports"),
        (lambda: Switch("S", 8, 120_000.0, 4, "x"), "PoE budget (W) is 120000"),
        (lambda: Switch("S", 8, 120.0, 9, "x"), "highest PoE class 9"),
        (lambda: Switch("S", 8, 120.0, 4, ""), "switch S has no source"),
        (lambda: bridged(400.0, UPS, 0.85, 300.0), "more than the 300 W that UPS gives"),
        (lambda: bridged(60.0, UPS, 85.0, 300.0), "the inverter's efficiency is 85"),
        (lambda: bridged(0.0, UPS, 0.85, 300.0), "the load on the UPS (W) is 0"),
    ],
)
def test_what_cannot_be_fed_is_refused(call, said):
    with pytest.raises(PowerError) as caught:
        call()
    assert said in str(caught.value)


@given(st.lists(st.floats(0.1, 71.3), max_size=10))
def test_what_is_reserved_covers_what_is_drawn(watts):
    found = poe_budget(SWITCH, [device(f"d{at}", value) for at, value in enumerate(watts)])
    assert found.reserved_w >= sum(watts)
    assert found.reserved_w + found.spare_w == pytest.approx(SWITCH.budget_w)
