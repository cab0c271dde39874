"""Quantities of the language: one number, one space, one unit; exact, in the smallest unit, and refused with what was wanted."""

from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from seamline.contract.quantities import BITRATE, CHARGE, CURRENT, EVENT_RATE, PRICE_PER_MIB, PRICE_PER_MONTH, EventRate, Money
from seamline.contract.scalars import MS, ScalarError

UNITS = {"s": 1_000, "min": 60_000, "h": 3_600_000, "d": 86_400_000}


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (EVENT_RATE, "10/h", EventRate(10, 3_600_000)),
        (EVENT_RATE, "1000/s", EventRate(1_000, 1_000)),
        (EVENT_RATE, "9999999/d", EventRate(9_999_999, 86_400_000)),
        (EVENT_RATE, "1/min", EventRate(1, 60_000)),
        (CURRENT, "0 uA", 0),
        (CURRENT, "1.5 mA", 1_500),
        (CURRENT, "2 A", 2_000_000),
        (CHARGE, "1 uAh", 1),
        (CHARGE, "0.001 mAh", 1),
        (CHARGE, "2.6 Ah", 2_600_000),
        (BITRATE, "1 bit/s", 1),
        (BITRATE, "0.15 kbit/s", 150),
        (BITRATE, "1 Mbit/s", 1_000_000),
        (PRICE_PER_MIB, "0.10 EUR/MiB", Money(Decimal("0.10"), "EUR")),
        (PRICE_PER_MIB, "0 USD/MiB", Money(Decimal(0), "USD")),
        (PRICE_PER_MONTH, "123456789.000001 CHF/month", Money(Decimal("123456789.000001"), "CHF")),
    ],
)
def test_a_quantity_is_read_exactly(kind, text, value):
    assert kind.read(text) == value


@pytest.mark.parametrize(
    ("kind", "texts", "wanted"),
    [
        (
            EVENT_RATE,
            ["0/h", "010/h", "10 /h", "10/month", "10/", "/h", "10", "1.5/h", "-1/h", "10000000/d"],
            "is not a bound such as",
        ),
        (EVENT_RATE, ["1001/s", "60001/min"], "is more than one in a millisecond"),
        (CURRENT, ["80mA", "80 mAh", "80", "-1 mA", "80  mA", "1e3 uA"], "is not a current such as '80 mA' or '20 uA'"),
        (CURRENT, ["0.5 uA"], "is not a whole number of uA"),
        (CHARGE, ["0 uAh", "0.0 Ah"], "is not at least 1 uAh"),
        (CHARGE, ["2600 mA", "2600", "2600mAh"], "is not a charge such as '2600 mAh'"),
        (BITRATE, ["0 bit/s", "40 kbit", "40 kbit/h", "40 kbit/", "40 kB/s", "40/s"], "is not a link rate such as '40 kbit/s'"),
        (BITRATE, ["0.5 bit/s"], "is not a whole number of bit"),
        (
            PRICE_PER_MIB,
            ["0.10 EUR/month", "0.10 EUR/GiB", "0.10 EUR", "1 eur/MiB", "1 EURO/MiB"],
            "is not a price such as '0.10 EUR/MiB'",
        ),
        (
            PRICE_PER_MONTH,
            ["5 EUR/MiB", "-5 EUR/month", "1234567890 EUR/month", "1.1234567 EUR/month", "05 EUR/month", ""],
            "is not a price such as '0.10 EUR/month'",
        ),
    ],
)
def test_what_is_no_such_quantity_is_refused_with_what_was_wanted(kind, texts, wanted):
    for text in texts:
        with pytest.raises(ScalarError) as refused:
            kind.read(text)
        assert wanted in str(refused.value), text


@pytest.mark.parametrize("kind", [EVENT_RATE, CURRENT, CHARGE, BITRATE, PRICE_PER_MIB, PRICE_PER_MONTH])
def test_what_stands_in_after_a_problem_is_a_quantity_that_breaks_nothing(kind):
    assert kind.code == "SL110"
    assert kind.wanted.startswith("a ")
    assert kind.placeholder in {EventRate(1, 3_600_000), 0, 1, Money(Decimal(0), "EUR")}


@given(st.integers(1, 1_000), st.sampled_from(sorted(UNITS)))
def test_a_bound_of_events_is_written_as_it_was_read(events, unit):
    rate = EVENT_RATE.read(f"{events}/{unit}")
    assert (str(rate), rate.per_ms) == (f"{events}/{unit}", MS[unit])
    assert rate.spacing_ms == UNITS[unit] // events >= 1


@given(st.integers(1, 9_999_999), st.integers(1, 10**9))
def test_events_that_are_spaced_anew_stay_as_many(events, spacing_ms):
    rate = EventRate(3, 1_000).spaced(7)
    assert (rate, str(rate)) == (EventRate(3, 21), "3 in 21 ms")
    assert EventRate(events, 86_400_000).spaced(spacing_ms) == EventRate(events, events * spacing_ms)
    assert EventRate(events, 86_400_000).spaced(spacing_ms).spacing_ms == spacing_ms
