"""A UPS bridges what its battery holds."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from seamline.site.power.battery import LEAD_ACID, Battery
from seamline.site.power.figures import PowerError
from seamline.site.power.ups import bridged

UPS = Battery(name="UPS", chemistry=LEAD_ACID, capacity_ah=9.0, volts=24.0, source="UPS datasheet")


def test_a_ups_bridges_its_battery_through_its_inverter():
    found = bridged(60.0, UPS, 0.85, 300.0, temperature_c=25.0)
    assert found.hours == pytest.approx(216 * 0.5 * 0.85 / 60)
    assert found.terms[-1].working == "108 Wh x 0.85 / 60 W"
    assert bridged(60.0, UPS, 0.85, 300.0, 25.0, years=4.0).hours < found.hours


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: bridged(400.0, UPS, 0.85, 300.0), "more than the 300 W that UPS gives"),
        (lambda: bridged(60.0, UPS, 85.0, 300.0), "the inverter's efficiency is 85"),
        (lambda: bridged(60.0, UPS, 0.0, 300.0), "the inverter's efficiency is 0"),
        (lambda: bridged(0.0, UPS, 0.85, 300.0), "the load on the UPS (W) is 0"),
        (lambda: bridged(60.0, UPS, 0.85, float("nan")), "what the UPS gives (W) is nan"),
    ],
)
def test_what_cannot_be_bridged_is_refused(call, said):
    with pytest.raises(PowerError) as caught:
        call()
    assert said in str(caught.value)


@given(st.floats(1, 300), st.floats(1, 300))
def test_a_heavier_load_is_never_bridged_longer(one, other):
    light, heavy = sorted((one, other))
    assert bridged(heavy, UPS, 0.9, 300.0).hours <= bridged(light, UPS, 0.9, 300.0).hours
