"""The session's waits by themselves: whatever the device's random stream draws, each lies where its rule says, and no session
inherits what an earlier one ran up."""

import pytest
from hypothesis import given, strategies as st
from tests.unit.device.hand import Hand, of_kind, rules, said

from seamline.device import Policy
from seamline.device.session import FAILURE_REASONS_MAX, REASON_CHARS_MAX, SPREAD_MS_MAX, Session

LOWEST, HIGHEST = (lambda: 0), (lambda: 2**32 - 1)  # what draws nothing of a window, and all of it
UPTIMES = st.integers(1, 2**47)
WAITS = st.integers(0, 86_400_000)


def session(random=HIGHEST, **changes):
    return Session(Policy(rules(**changes)), random)


@given(UPTIMES, WAITS)
def test_busy_is_at_least_what_was_asked_and_at_most_half_as_long_again(now_ms, asked_ms):
    due = []
    for random in (LOWEST, HIGHEST):
        link = session(random)
        link.busy(now_ms, asked_ms)
        due.append(link.due_ms)
    assert due == [now_ms + asked_ms, now_ms + asked_ms + asked_ms // 2]


@given(UPTIMES, WAITS, st.sampled_from(["fail", "end", "birth", "probe", "wait"]))
def test_nothing_is_due_within_a_wait_that_the_hub_asked_for(now_ms, asked_ms, what):
    link = session(LOWEST)
    link.busy(now_ms, asked_ms)
    until_ms = link.busy_until_ms
    {
        "fail": lambda: link.fail(now_ms, "dns"),
        "end": lambda: link.end(now_ms, "network", was_live=False),
        "birth": lambda: link.birth(now_ms),
        "probe": lambda: link.probed(now_ms),
        "wait": lambda: link.await_answer(now_ms, in_flight=True),
    }[what]()
    assert link.due_ms >= until_ms == now_ms + asked_ms


@given(UPTIMES)
def test_the_connect_after_a_failure_is_later_than_now_and_within_the_back_off(now_ms):
    soon, late = session(LOWEST), session(HIGHEST)
    for link in (soon, late):
        link.fail(now_ms, "dns")
    assert (soon.due_ms, late.due_ms) == (now_ms + 1, now_ms + 200)


@given(UPTIMES, st.integers(1000, SPREAD_MS_MAX))
def test_the_connect_after_a_session_is_later_than_now_and_within_the_spread(now_ms, spread_ms):
    soon, late = session(LOWEST), session(HIGHEST)
    for link in (soon, late):
        link.answered(now_ms, spread_ms)
        link.end(now_ms, "network", was_live=True)
    assert (soon.due_ms, late.due_ms) == (now_ms + 1, now_ms + spread_ms)


@given(st.none() | st.integers(0, 2**32 - 1))
def test_a_spread_that_the_hub_gives_is_taken_up_to_an_hour_and_none_changes_nothing(spread_ms):
    link = session(spread_ms=7)
    link.answered(1, spread_ms)
    assert link.backoff.spread_ms == (7 if spread_ms is None else min(spread_ms, 3_600_000))


@pytest.mark.parametrize(
    ("live_ms", "was_live", "tries"),
    [(5999, True, 4), (6000, True, 1), (6000, False, 4)],
    ids=["a moment short of stable", "stable", "answered once, but not this time"],
)
def test_only_the_time_that_the_ended_session_was_live_makes_the_back_off_forget(live_ms, was_live, tries):
    link = session()
    for _ in range(3):
        link.fail(1_000_000, "dns")
    link.answered(9_000_000, None)
    link.end(9_000_000 + live_ms, "network", was_live=was_live)
    assert link.backoff._tries == tries


@given(st.lists(st.integers(0, FAILURE_REASONS_MAX + 3), max_size=20))
def test_every_failed_connect_is_counted_once_and_a_known_reason_always_under_its_name(drawn):
    link = session()
    counted = {}
    for place in (*range(FAILURE_REASONS_MAX - 1), *drawn):
        link.fail(1, f"r{place}")
        known = f"r{place}" in counted or len(counted) < FAILURE_REASONS_MAX
        name = f"r{place}" if known else "other"
        counted[name] = counted.get(name, 0) + 1
    assert link.failures() == [[name, counted[name]] for name in sorted(counted)]


def test_the_hub_s_answer_makes_it_forget_the_failures_it_was_told_of():
    link = session()
    link.fail(1, "x" * (REASON_CHARS_MAX + 1))
    assert link.failures() == [["x" * REASON_CHARS_MAX, 1]]
    link.answered(2, None)
    assert link.failures() == []


def waits(hand, state, kind):
    """The waits between the births or probes of one session until the core is deaf, and what they said."""
    found, documents = [], []
    while hand.core.state == state:
        found.append(hand.core.deadline() - hand.now_ms)
        effects = hand.tick()
        documents += said(effects, kind)
    assert of_kind(effects, "close") == [("deaf",)]
    return found, documents


def test_a_core_that_was_deaf_has_all_its_births_again_in_the_next_session():
    hand = Hand()
    for _ in range(2):
        hand.greet()
        assert waits(hand, "greeting", "birth")[0] == [1000, 2000, 4000, 8000]


def test_each_session_numbers_its_probes_from_one_and_may_lose_as_many():
    hand = Hand()
    for _ in range(2):
        hand.live()
        hand.record(3, bytes(20))
        hand.drain()
        waited, probes = waits(hand, "live", "probe")
        assert waited == [1000, 1000, 2000, 4000]
        assert [(probe["probe"], probe["unanswered"]) for probe in probes] == [(1, 0), (2, 1), (3, 2)]


def test_a_connect_begins_a_session_that_has_heard_nothing():
    link = session()
    link.connect(1)
    link.hear(2)
    link.probed(3)
    assert (link.heard, link.heard_ms, link.number, link.probe, link.unanswered) == (True, 2, 1, 1, 1)
    link.connect(4)
    assert (link.heard, link.heard_ms, link.number, link.probe, link.unanswered) == (False, 2, 2, 0, 0)
