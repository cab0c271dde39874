"""Figures are lines with their origin; what cannot be meant is refused with a reason that helps."""

import math

import pytest

from seamline.site.frame import SiteError
from seamline.site.power.figures import PowerError, Term, above, amount, number, share, sourced, total


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0.0, "0"),
        (1.0, "1"),
        (1234.5, "1234"),
        (12.345, "12.35"),
        (0.000656163, "0.0006562"),
        (-3.20, "-3.2"),
        (100.0, "100"),
        (math.inf, "inf"),
    ],
)
def test_an_amount_has_four_digits_and_no_exponent(value, said):
    assert amount(value) == said


def test_a_line_shows_value_unit_arithmetic_and_source():
    line = Term("transmit", 6.48, "J/d", "contract trailcam/1.2.0", "derived", "96 x 4.5 s x 0.015 W")
    assert str(line) == "transmit: 6.48 J/d = 96 x 4.5 s x 0.015 W  [derived; contract trailcam/1.2.0]"
    assert str(Term("idle", 1.0, "J/d", "datasheet 3.1")) == "idle: 1 J/d  [datasheet 3.1]"


def test_a_sum_is_exact_and_keeps_an_upper_bound_one():
    parts = [Term("a", 0.1, "J", "x"), Term("b", 0.2, "J", "x"), Term("c", -0.3, "J", "x", "upper bound")]
    found = total("all", parts)
    assert found.value == math.fsum([0.1, 0.2, -0.3])
    assert found.kind == "upper bound"
    assert total("all", parts[:2]).kind == "derived"


def test_a_sum_of_several_units_is_refused():
    with pytest.raises(PowerError, match="J, Wh cannot be added up"):
        total("all", [Term("a", 1.0, "J", "x"), Term("b", 1.0, "Wh", "x")])
    with pytest.raises(PowerError, match="nothing"):
        total("all", [])


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: number(math.nan, "a power (W)"), "a power (W) is nan; give a number"),
        (lambda: number(math.inf, "a power (W)"), "a power (W) is inf; give a number"),
        (lambda: number(-1.0, "a power (W)"), "a power (W) is -1; it is at least 0"),
        (lambda: number(20800.0, "capacity (Ah)", most=5000.0, hint="is this in mAh?"), "at most 5000 (is this in mAh?)"),
        (lambda: above(0.0, "a voltage (V)"), "a voltage (V) is 0; it is above that"),
        (lambda: share(95.0, "an efficiency"), "a share of 1, not per cent"),
        (lambda: sourced("  ", "battery B"), "battery B has no source"),
    ],
)
def test_a_figure_that_cannot_be_meant_is_refused(call, said):
    with pytest.raises(PowerError, match=r".") as caught:
        call()
    assert said in str(caught.value)
    assert isinstance(caught.value, SiteError)
