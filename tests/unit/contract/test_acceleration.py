"""Compressed time: periods and waits shrink by the factor, to a floor and never beyond what they were; nothing else changes."""

from dataclasses import replace

import pytest
from hypothesis import given, strategies as st
from tests.unit.contract.corpus.marks import edited

from seamline.contract import loads
from seamline.contract.acceleration import accelerate, shrunk
from seamline.contract.pace import CONTRACTS_OWN, Pace, hurried

LAMP = loads(edited("    sample: 10 s\n", "    when: event\n    at_most: 10/h\n", "every: 60 s", "every: 30 s"))
"""`light` waits for events here: ten an hour, one in 360 s."""
FLOORS = {
    "timing.connect_timeout_ms": 5_000,
    "timing.answer_timeout_ms": 2_000,
    "timing.commit_budget_ms": 500,
    "timing.network_ms": 500,
    "timing.keep_alive_ms": 5_000,
    "backoff.base_ms": 100,
    "backoff.cap_ms": 2_000,
    "backoff.reset_after_ms": 1_000,
    "buffer.outage_ms": 1_000,
    "fleet.recovery_ms": 1_000,
    "messages.light.sample_ms": 50,
    "messages.light.publish_every_ms": 250,
    "messages.light.expires_ms": 500,
    "messages.vitals.sample_ms": 50,
    "messages.vitals.publish_every_ms": 250,
    "state.level.expires_ms": 2_000,
    "state.level.confirm_within_ms": 2_000,
}
"""Every time that shrinks, and the least that it becomes."""


def at(contract, path):
    found = contract
    for name in path.split("."):
        found = found[name] if isinstance(found, dict) else getattr(found, name)
    return found


def with_times_of(contract, other):
    """The contract with the other's times in the places of FLOORS, and its bound of events."""
    for path in FLOORS:
        section, *name, last = path.split(".")
        own, value = at(contract, section), at(other, path)
        whole = {**own, name[0]: replace(own[name[0]], **{last: value})} if name else replace(own, **{last: value})
        contract = replace(contract, **{section: whole})
    light = replace(contract.messages["light"], at_most=other.messages["light"].at_most)
    return replace(contract, messages={**contract.messages, "light": light})


@given(st.integers(1, 10**9), st.integers(1, 10**6), st.integers(0, 10**5))
def test_a_time_is_divided_down_to_its_floor_and_never_grows(ms, factor, floor_ms):
    found = shrunk(ms, factor, floor_ms)
    assert found <= ms
    assert found == ms // factor or found == min(ms, floor_ms) > ms // factor


@pytest.mark.parametrize("path", FLOORS)
def test_each_time_has_its_floor(path):
    assert at(accelerate(LAMP, 2), path) == max(at(LAMP, path) // 2, FLOORS[path])
    assert at(accelerate(LAMP, 10**9), path) == FLOORS[path]


@pytest.mark.parametrize("factor", [1, 3, 60, 10**6])
def test_nothing_but_those_times_changes(factor):
    quick = accelerate(LAMP, factor)
    assert with_times_of(quick, LAMP) == LAMP
    assert (quick == LAMP) == (factor == 1)


def test_a_keep_alive_stays_a_count_of_whole_seconds():
    assert [accelerate(LAMP, factor).timing.keep_alive_ms for factor in (7, 13, 47)] == [34_000, 18_000, 5_000]


def test_as_many_events_may_come_in_so_much_less_time():
    bound = accelerate(LAMP, 60).messages["light"].at_most
    assert (bound.events, bound.per_ms, bound.spacing_ms) == (10, 60_000, 6_000)
    assert LAMP.messages["vitals"].at_most is accelerate(LAMP, 60).messages["vitals"].at_most is None


@pytest.mark.parametrize("factor", [0, -1])
def test_time_does_not_stand_still(factor):
    with pytest.raises(ValueError, match=f"factor {factor} is not at least 1"):
        accelerate(LAMP, factor)


def test_what_a_contract_leaves_open_stays_open():
    quick = accelerate(loads(edited(", expires: 7 d", "", " expires: 1 d,", "", ", confirm_within: 2 min", "")), 60)
    assert quick.messages["light"].expires_ms is None
    assert (quick.state["level"].expires_ms, quick.state["level"].confirm_within_ms) == (None, None)


@pytest.mark.parametrize(
    ("high_ms", "low_ms", "light", "vitals"),
    [
        (None, None, (10_000, 60_000), (900_000, 900_000)),
        (None, 5_000, (10_000, 60_000), (900_000, 900_000)),
        (30_000, None, (10_000, 30_000), (30_000, 30_000)),
        (5_000, 400_000, (5_000, 5_000), (400_000, 400_000)),
        (10**7, 10**7, (10_000, 60_000), (900_000, 900_000)),
    ],
)
def test_no_message_comes_more_rarely_than_its_bound_and_low_ones_have_their_own(high_ms, low_ms, light, vitals):
    contract = loads(edited("publish: {every: 15 min}", "publish: {every: 15 min, priority: low}"))
    found = {name: (one.sample_ms, one.publish_every_ms) for name, one in hurried(contract, high_ms, low_ms).messages.items()}
    assert found == {"light": light, "vitals": vitals}


def test_a_pace_divides_first_and_bounds_what_is_left():
    quick = Pace(10, 4_000).contract(LAMP)
    assert quick.timing == accelerate(LAMP, 10).timing
    light = quick.messages["light"]
    assert (light.sample_ms, light.publish_every_ms, light.at_most.per_ms) == (4_000, 3_000, 40_000)
    assert CONTRACTS_OWN.contract(LAMP) == LAMP
