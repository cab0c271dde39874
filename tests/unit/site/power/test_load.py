"""A day's load is what the activities take, and the idling between them."""

import math

import pytest
from hypothesis import given, strategies as st

from seamline.site.power.figures import DAY_S, PowerError
from seamline.site.power.load import Activity, Load, Mode, daily

SLEEP = Mode("sleep", 0.0001, "board datasheet")
ON = Mode("sense", 0.05, "board datasheet")


def test_a_day_worked_out_by_hand():
    # 96 times 2 s at 50 mW, 96 times 0.6 J besides, the rest of 86400 s at 0.1 mW
    load = daily([Activity("sense", 96, 2.0, ON, "contract x/1.0.0", joules=0.6)], SLEEP)
    assert load.joules == pytest.approx(96 * (2 * 0.05 + 0.6) + (86400 - 192) * 0.0001)
    assert load.seconds_idle == 86400 - 192
    assert load.watt_hours == pytest.approx(load.joules / 3600)
    assert load.watts == pytest.approx(load.joules / 86400)
    assert str(load.terms[0]) == ("sense: 67.2 J/d = 96 x (2 s x 0.05 W + 0.6 J)  [derived; contract x/1.0.0; board datasheet]")


def test_a_mode_is_given_by_current_and_voltage_as_datasheets_do():
    mode = Mode.of_current("talk", 120.0, 3.6, "modem datasheet")
    assert mode.watts == pytest.approx(0.432)
    assert mode.source == "modem datasheet: 120 mA at 3.6 V"


def test_a_converter_costs_what_its_efficiency_leaves_over():
    load = daily([], Mode("idle", 1.0, "x"), converter=0.8, converter_source="converter datasheet")
    assert load.joules == pytest.approx(DAY_S / 0.8)
    assert load.terms[-1].name == "lost in the converter"
    assert load.terms[-1].source == "converter datasheet"


def test_what_takes_more_than_a_day_is_refused_with_the_greatest_part():
    long = Activity("upload", 2000, 50.0, ON, "x")
    with pytest.raises(PowerError, match="100000 s of the 86400 s of a day, upload alone 100000 s"):
        daily([long], SLEEP)


def test_a_full_day_leaves_no_idling():
    assert daily([Activity("watch", 1, 86400.0, ON, "x")], SLEEP).seconds_idle == 0


def test_events_make_an_upper_bound():
    load = daily([Activity("sighting", 96, 1.0, ON, "contract", bound=True)], SLEEP)
    assert load.terms[0].kind == "upper bound"


def test_what_happens_never_has_no_line():
    load = daily([Activity("update", 0, 1.0, ON, "x")], SLEEP)
    assert [term.name for term in load.terms] == ["sleep for the rest of the day"]


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: Mode("m", -1.0, "x"), "the power of mode m (W) is -1; it is at least 0"),
        (lambda: Mode("m", math.nan, "x"), "give a number"),
        (lambda: Mode("m", 350_000.0, "x"), "is this in mW?"),
        (lambda: Mode("m", 1.0, ""), "mode m has no source"),
        (lambda: Mode.of_current("m", 1.0, 3600.0, "x"), "is this in mV?"),
        (lambda: Activity("a", 1, 100_000.0, ON, "x"), "is this in ms?"),
        (lambda: Activity("a", -1, 1.0, ON, "x"), "how often a day a happens is -1"),
        (lambda: Activity("a", 1, 1.0, None, "x"), "in no mode"),
        (lambda: Activity("a", 1, 1.0, ON, ""), "a has no source"),
        (lambda: daily([], SLEEP, converter=1.2, converter_source="x"), "is 1.2; it is above 0 and at most 1"),
        (lambda: daily([], SLEEP, converter=0.0, converter_source="x"), "is 0; it is above 0 and at most 1"),
        (lambda: daily([], SLEEP, converter=0.9), "the converter has no source"),
    ],
)
def test_a_load_that_cannot_be_meant_is_refused(call, said):
    with pytest.raises(PowerError) as caught:
        call()
    assert said in str(caught.value)


ACTIVITIES = st.lists(
    st.builds(
        Activity,
        name=st.just("a"),
        times=st.floats(0, 100),
        seconds=st.floats(0, 80),
        mode=st.just(ON),
        source=st.just("x"),
        joules=st.floats(0, 10),
    ),
    max_size=8,
)


@given(ACTIVITIES, st.floats(0, 1))
def test_a_days_energy_is_that_of_its_parts_and_of_a_whole_day(activities, idle_w):
    load = daily(activities, Mode("idle", idle_w, "x"))
    parts = sum(activity.joules_a_day for activity in activities) + load.seconds_idle * idle_w
    assert load.joules == pytest.approx(parts)
    assert load.seconds_idle + sum(activity.seconds_a_day for activity in activities) == pytest.approx(DAY_S)


@given(ACTIVITIES, st.floats(0.05, 1))
def test_one_more_activity_never_costs_less_where_idling_is_cheaper(activities, joules):
    more = Activity("more", 1, 1.0, ON, "x", joules=joules)
    assert daily([*activities, more], SLEEP).joules >= daily(activities, SLEEP).joules


def test_an_empty_load_uses_nothing():
    assert Load((), DAY_S).joules == 0
