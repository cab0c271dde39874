"""Money is whole hundredths, and says them all."""

import re

import pytest
from hypothesis import given, strategies as st

from seamline.site.money import Money


@given(st.integers(-(10**12), 10**12))
def test_an_amount_reads_back_to_the_hundredth(cents):
    sign, units, hundredths = re.fullmatch(r"(-?)(\d+)\.(\d\d) EUR", str(Money(cents, "EUR"))).groups()
    assert (int(units) * 100 + int(hundredths)) * (-1 if sign else 1) == cents
    assert bool(sign) == (cents < 0)


@pytest.mark.parametrize(
    ("cents", "text"), [(0, "0.00 EUR"), (5, "0.05 EUR"), (-5, "-0.05 EUR"), (100, "1.00 EUR"), (-12_345, "-123.45 EUR")]
)
def test_small_and_owed_amounts_have_their_zeros(cents, text):
    assert str(Money(cents, "EUR")) == text
