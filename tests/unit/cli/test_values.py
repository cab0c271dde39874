"""Text on the command line becomes a value of the right kind and range, or a complaint; nothing else."""

import argparse
import contextlib
import time
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from seamline.cli.values import SECONDS_MAX, UNIT_S, contract_path, day, moment, number, numbers, product_folder, seconds

EARLIEST, LATEST = (datetime(year, 1, 1) for year in (1970, 2200))  # noqa: DTZ001 - Hypothesis wants them so, and adds the zone
WHOLE = st.integers(-(10**25), 10**25)


@given(WHOLE, WHOLE, WHOLE)
def test_a_number_is_taken_exactly_or_refused(value, one, other):
    low, high = sorted((one, other))
    convert = number(low, high)
    if low <= value <= high and len(str(abs(value))) <= 20:
        assert convert(str(value)) == value
    else:
        with pytest.raises(argparse.ArgumentTypeError):
            convert(str(value))


@given(st.text(max_size=12))
def test_any_text_is_a_whole_number_or_refused(text):
    said = ""
    try:
        value = number(0, 10**6)(text)
    except argparse.ArgumentTypeError as error:
        said, value = str(error), 0
    assert 0 <= value <= 10**6
    assert not said or "whole number" in said or "is not between 0 and 1000000" in said


@given(st.lists(st.integers(0, 99), min_size=1, max_size=9))
def test_numbers_come_in_their_order_with_spaces_or_without(values):
    assert numbers(0, 99)(",".join(map(str, values))) == tuple(values)
    assert numbers(0, 99)(" , ".join(map(str, values))) == tuple(values)


@pytest.mark.parametrize("text", ["", ",", "1,", "1,,2", "1;2", "1,100", "1.5"])
def test_a_list_with_one_bad_number_is_refused_whole(text):
    with pytest.raises(argparse.ArgumentTypeError):
        numbers(0, 99)(text)


@given(st.floats())
def test_seconds_are_positive_finite_and_at_most_a_year(value):
    if 0 < value <= SECONDS_MAX:
        assert seconds(repr(value)) == value
    else:
        with pytest.raises(argparse.ArgumentTypeError, match="is not more than 0 and at most 31622400 seconds"):
            seconds(repr(value))


@pytest.mark.parametrize("text", ["", "soon", "1s", "0x10", "1e", "1,5"])
def test_seconds_that_are_no_number_are_refused(text):
    with pytest.raises(argparse.ArgumentTypeError, match="is not a number of seconds"):
        seconds(text)


@given(st.datetimes(EARLIEST, LATEST, timezones=st.timezones()))
def test_a_moment_in_any_zone_is_the_same_unix_time(at):
    exact = (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    assert abs(moment(at.isoformat()) - exact) <= 1


@given(st.datetimes(EARLIEST, LATEST))
def test_a_moment_without_a_zone_is_utc(at):
    assert moment(at.isoformat()) == moment(at.replace(tzinfo=UTC).isoformat())


@given(st.integers(0, 10**9 - 1), st.sampled_from(sorted(UNIT_S)))
def test_a_moment_ago_is_that_long_before_now(count, unit):
    before_ms = time.time_ns() // 1_000_000
    asked_ms = moment(f"{count}{unit}") + count * UNIT_S[unit] * 1000
    assert before_ms <= asked_ms <= time.time_ns() // 1_000_000


@pytest.mark.parametrize("text", ["", "now", "2h ago", "1w", "2026-13-01", "2026-11-21T25:00", "10000000000s", "2026-02-30", "-"])
def test_what_is_no_moment_is_refused_with_an_example(text):
    with pytest.raises(argparse.ArgumentTypeError, match="is no time: write 2026-11-21T09:00Z, or 2h for two hours ago"):
        moment(text)


@given(st.text(max_size=20))
def test_any_text_is_a_moment_or_refused(text):
    said: object = None
    with contextlib.suppress(argparse.ArgumentTypeError):
        said = moment(text)
    assert said is None or isinstance(said, int)


@given(st.dates())
def test_a_day_is_itself(date):
    assert day(date.isoformat()) == date.isoformat()


@pytest.mark.parametrize("text", ["", "today", "2026-02-30", "2026-11-21T09:00", "21.11.2026"])
def test_what_is_no_day_is_refused_with_an_example(text):
    with pytest.raises(argparse.ArgumentTypeError, match="is no date: write 2026-11-21"):
        day(text)


@pytest.fixture
def products(tmp_path):
    for name in ("lamp", "torch"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "contract.yaml").touch()
    (tmp_path / "empty").mkdir()
    return tmp_path


def test_a_folder_of_products_is_none_and_names_them(products):
    for convert in (contract_path, product_folder):
        with pytest.raises(argparse.ArgumentTypeError) as complaint:
            convert(str(products))
        assert str(complaint.value) == (
            f"{products} has no contract.yaml, but its folders do: write {products / 'lamp'}, {products / 'torch'}"
        )


def test_a_contracts_file_can_be_checked_but_is_no_folder(products):
    file = products / "lamp" / "contract.yaml"
    assert contract_path(str(file)) == file
    with pytest.raises(argparse.ArgumentTypeError) as complaint:
        product_folder(str(file))
    assert str(complaint.value) == f"{file} is a file: write the product's folder, {products / 'lamp'}"


@pytest.mark.parametrize("name", ["lamp", "empty", "nothing"])
def test_a_folder_is_taken_as_it_is_whether_or_not_a_contract_is_in_it(products, name):
    assert contract_path(str(products / name)) == product_folder(str(products / name)) == products / name
