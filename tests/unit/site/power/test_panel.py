"""A panel gives its peak power by light, less warmth, dirt and charger."""

import math

import numpy as np
import pytest
from hypothesis import given, strategies as st

from seamline.site.power.figures import PowerError
from seamline.site.power.panel import Array, Panel, cell_temperature, power, terms


def panel(**more):
    return Panel(**{"name": "P20", "peak_w": 20.0, "source": "panel datasheet", "per_kelvin": -0.004, "peak_v": 17.6, **more})


def array(**more):
    return Array(**{"panel": panel(), "tilt": 60.0, "azimuth": 180.0, "efficiency": 0.95, "soiling": 0.05, **more})


def given_power(found, light, air, volts=12.8):
    return float(power(found, np.array([light]), np.array([air]), volts)[0])


def test_a_power_worked_out_by_hand():
    # at 800 W/m2 and 20 C the cells are at their 45 C: 20 K above 25 take 8 %
    assert cell_temperature(panel(), np.array([800.0]), np.array([20.0])) == pytest.approx(45.0)
    assert given_power(array(), 800.0, 20.0) == pytest.approx(20 * 0.8 * (1 - 0.004 * 20) * 0.95 * 0.95)


def test_standard_conditions_give_the_peak():
    ideal = array(efficiency=1.0, soiling=0.0)
    air = 25.0 - 25.0 / 800 * 1000  # so that the cells are at 25 C
    assert given_power(ideal, 1000.0, air) == pytest.approx(20.0)


def test_cold_cells_give_more_than_warm_ones():
    assert given_power(array(), 500.0, -10.0) > given_power(array(), 500.0, 30.0)


def test_a_pwm_charger_takes_the_panel_down_to_the_batterys_voltage():
    assert array(charger="pwm").voltage_share(12.8) == pytest.approx(12.8 / 17.6)
    assert given_power(array(charger="pwm"), 500.0, 20.0) == pytest.approx(given_power(array(), 500.0, 20.0) * 12.8 / 17.6)


def test_several_panels_give_and_cost_as_many_times_more():
    three = array(panel=panel(price_cents=2500), count=3)
    assert (three.peak_w, three.price_cents) == (60.0, 7500)
    assert given_power(three, 500.0, 20.0) == pytest.approx(3 * given_power(array(), 500.0, 20.0))


def test_every_figure_is_a_line_with_its_source():
    assert [term.value for term in terms(array(), 12.8)] == pytest.approx([20.0, -0.004, 45.0, 0.95, 0.95, 1.0])
    assert all(term.source for term in terms(array(), 12.8))


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: panel(peak_w=0.0), "peak power (W) is 0"),
        (lambda: panel(peak_w=math.nan), "peak power (W) is nan"),
        (lambda: panel(peak_w=20_000_000.0), "is this in mW?"),
        (lambda: panel(per_kelvin=0.004), "temperature coefficient (1/K) is 0.004"),
        (lambda: panel(per_kelvin=-0.35), "-0.35 %/K is -0.0035"),
        (lambda: panel(noct_c=318.0), "operating cell temperature (C) is 318"),
        (lambda: panel(peak_v=0.0), "voltage at its peak (V) is 0"),
        (lambda: panel(price_cents=-1), "price (cents) is -1"),
        (lambda: panel(source=""), "panel P20 has no source"),
        (lambda: array(tilt=95.0), "a panel's tilt (degrees) is 95"),
        (lambda: array(azimuth=-90.0), "clockwise from north) is -90"),
        (lambda: array(efficiency=0.0), "the charger's efficiency is 0"),
        (lambda: array(soiling=5.0), "soiling is 5"),
        (lambda: array(horizon=(0.0, 95.0)), "an elevation of the horizon (degrees) is 95"),
        (lambda: array(count=0), "0 panels"),
        (lambda: array(panel=panel(peak_v=None), charger="pwm").voltage_share(12.8), "needs the voltage at its peak"),
        (lambda: array(charger="pwm").voltage_share(24.0), "cannot charge 24 V through PWM"),
    ],
)
def test_a_panel_that_cannot_be_meant_is_refused(call, said):
    with pytest.raises(PowerError) as caught:
        call()
    assert said in str(caught.value)


@given(st.floats(0, 1400), st.floats(-40, 60))
def test_power_is_never_negative_and_never_far_above_its_peak(light, air):
    found = given_power(array(), light, air)
    assert 0 <= found <= 20 * 1.4 * 1.4


@given(st.floats(0, 1200), st.floats(0, 1200), st.floats(-20, 40))
def test_more_light_never_gives_less(one, other, air):
    dim, bright = sorted((one, other))
    assert given_power(array(), dim, air) <= given_power(array(), bright, air) + 1e-9
