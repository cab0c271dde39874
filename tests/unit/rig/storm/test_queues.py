"""The broker's and the hub's queue: exact against the plain definition, nothing lost, nothing doubled."""

import heapq

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from seamline.rig.storm.broker_queue import NOBODY, NS, SECOND_NS, BrokerQueue
from seamline.rig.storm.hub_queue import HubQueue
from seamline.rig.storm.terms import ANSWER_MS, CONNECT_MS, HELLO_SHARE, ROUND_MS

SLOT_NS = 20 * NS
MINUTE_SLOTS = 60 * SECOND_NS // SLOT_NS


def drive(queue, times, slots, live=0):
    """Let devices connect at these times; returns (done, given up, turned away) as {device: ns}."""
    done, gone, away = {}, {}, {}
    for slot in range(slots):
        until = (slot + 1) * SLOT_NS
        due = np.flatnonzero((times >= until - SLOT_NS) & (times < until))
        due = due[np.argsort(times[due], kind="stable")]
        for found, (at, of) in zip(
            (away, done, gone), (queue.add(times[due], due, until, live), queue.serve(until), queue.give_up(until)), strict=True
        ):
            assert not set(of.tolist()) & (set(done) | set(gone) | set(away))
            found.update(zip(of.tolist(), at.tolist(), strict=True))
    return done, gone, away


def reference(times, terms):
    """The same queue without slots, one turn after the other; who is done, and when."""
    cost = SECOND_NS // terms.accept_rate
    hello = round(cost * HELLO_SHARE)
    waiting = [(int(at), device, 0) for device, at in enumerate(times)]
    heapq.heapify(waiting)
    free, done = 0, {}
    while waiting:
        ready, device, second = heapq.heappop(waiting)
        start = max(free, ready)
        waits = start < times[device] + terms.connect_timeout_ms * NS
        free = start + ((cost - hello if waits else 0) if second else hello)
        if waits and not second:
            heapq.heappush(waiting, (free + ROUND_MS * NS, device, 1))
        elif waits and free + (CONNECT_MS - ROUND_MS) * NS < times[device] + terms.connect_timeout_ms * NS:
            done[device] = free + (CONNECT_MS - ROUND_MS) * NS
    return done


CROWDS = st.lists(st.integers(0, 3_000), min_size=1, max_size=120)


@given(CROWDS, st.integers(5, 400), st.integers(500, 6_000))
@settings(max_examples=60)
def test_every_connect_ends_once_done_or_given_up(make_terms, starts_ms, accept_rate, timeout_ms):
    terms = make_terms(len(starts_ms), accept_rate=accept_rate, connect_timeout_ms=timeout_ms)
    times = np.array(starts_ms, np.int64) * NS
    queue = BrokerQueue(terms)
    done, gone, away = drive(queue, times, MINUTE_SLOTS)
    assert not away
    assert sorted([*done, *gone]) == list(range(len(times)))
    assert all(times[device] + CONNECT_MS * NS <= at < times[device] + timeout_ms * NS for device, at in done.items())
    assert all(at == times[device] + timeout_ms * NS for device, at in gone.items())
    assert len(queue) == 0
    assert queue.is_idle
    assert set(queue.begun.tolist()) == {NOBODY}


@given(CROWDS, st.integers(20, 400))
@settings(max_examples=40)
def test_a_patient_crowd_is_served_as_by_the_plain_queue(make_terms, starts_ms, accept_rate):
    """But for a second turn, which may come in at the end of the slot it is ready in."""
    terms = make_terms(len(starts_ms), accept_rate=accept_rate, connect_timeout_ms=60_000)
    times = np.array(starts_ms, np.int64) * NS
    done, _, _ = drive(BrokerQueue(terms), times, MINUTE_SLOTS)
    expected = reference(times, terms)
    assert sorted(done) == sorted(expected)
    cost = SECOND_NS // accept_rate
    assert sum(done.values()) / len(done) == pytest.approx(sum(expected.values()) / len(done), abs=SLOT_NS + cost)
    assert max(done.values()) == pytest.approx(max(expected.values()), abs=2 * (SLOT_NS + cost))


def test_a_broker_never_does_more_than_its_rate(make_terms):
    terms = make_terms(500, accept_rate=100, connect_timeout_ms=60_000)
    done, _, _ = drive(BrokerQueue(terms), np.zeros(500, np.int64), MINUTE_SLOTS)
    ends = np.sort(np.array(list(done.values())))
    assert len(ends) == 500
    assert ends[-1] >= 500 * SECOND_NS // 100
    assert ends[-1] <= 500 * SECOND_NS // 100 + CONNECT_MS * NS + SLOT_NS


def test_a_broker_that_is_a_timeout_behind_connects_nobody(make_terms):
    """EMQX #4227: the hellos of all alone take longer than a device waits."""
    terms = make_terms(5_000, accept_rate=100, connect_timeout_ms=15_000)
    queue = BrokerQueue(terms)
    done, gone, _ = drive(queue, np.zeros(5_000, np.int64), MINUTE_SLOTS)
    assert not done
    assert len(gone) == 5_000
    assert queue.useful_ns == 0
    assert queue.wasted_ns == 5_000 * round(SECOND_NS // 100 * HELLO_SHARE)


def test_work_for_those_who_left_is_counted_as_wasted(make_terms):
    terms = make_terms(600, accept_rate=100, connect_timeout_ms=4_000)
    queue = BrokerQueue(terms)
    done, gone, _ = drive(queue, np.zeros(600, np.int64), MINUTE_SLOTS)
    assert done
    assert gone
    assert queue.useful_ns == len(done) * (SECOND_NS // 100)
    hello = round(SECOND_NS // 100 * HELLO_SHARE)
    assert len(gone) * hello <= queue.wasted_ns <= len(gone) * (SECOND_NS // 100)


def test_more_connections_than_the_broker_holds_are_turned_away(make_terms):
    terms = make_terms(50, accept_rate=10, connections_max=30)
    done, gone, away = drive(BrokerQueue(terms), np.zeros(50, np.int64), MINUTE_SLOTS, live=5)
    assert len(away) == 25
    assert len(done) + len(gone) == 25


# -- the hub ---------------------------------------------------------------------------------------------------------------


def hub(terms, slots=4_000):
    return HubQueue(terms, SLOT_NS, slots)


def test_a_birth_that_meets_no_queue_is_answered_at_once(make_terms):
    queue = hub(make_terms(10, messages_rate=1_000_000))
    queue.begin(0)
    answers = queue.births(np.array([3 * NS]), 0)
    assert answers.at_ns[0] == pytest.approx((3 + ANSWER_MS) * NS, abs=NS)
    assert not answers.deaf.any()
    queue.end(0)
    assert queue.is_idle


@given(st.integers(1, 60), st.integers(0, 40), st.integers(1, 16), st.integers(500, 5_000))
@settings(max_examples=40)
def test_every_frame_of_every_backlog_is_committed_once(make_terms, devices, backlog, flight, rate):
    terms = make_terms(
        devices, backlog_frames=backlog, flight_frames=flight, messages_rate=rate, frames_per_day=0, answer_timeout_ms=60_000
    )
    queue = hub(terms)
    for slot in range(1_000):
        queue.begin(slot)
        queue.births(np.zeros(devices, np.int64) if slot == 0 else np.empty(0, np.int64), slot)
        queue.end(slot)
        held = queue.unsent + queue.committed
        assert held <= devices * backlog + 1e-6
        assert queue.depth <= devices * (flight + 1 + terms.greeting_messages) + 1e-6
    total = devices * backlog
    if total + 3 * devices <= rate * 15:
        assert queue.committed == pytest.approx(total)
        assert queue.unsent == pytest.approx(0, abs=1e-6)


def test_births_wait_for_what_lies_before_them(make_terms):
    terms = make_terms(100, messages_rate=100, answer_timeout_ms=60_000)
    queue = hub(terms)
    queue.begin(0)
    answers = queue.births(np.zeros(100, np.int64), 0)
    assert np.diff(answers.at_ns).min() > 0
    assert answers.at_ns[-1] == pytest.approx(SECOND_NS + ANSWER_MS * NS, rel=0.01)
    assert queue.answer_ns_max == answers.at_ns[-1]


def test_a_birth_that_is_not_answered_in_time_is_sent_again_and_costs_the_hub_again(make_terms):
    terms = make_terms(40, messages_rate=10, answer_timeout_ms=1_000)
    queue = hub(terms)
    queue.begin(0)
    answers = queue.births(np.zeros(40, np.int64), 0)
    assert not answers.deaf.any()
    waits_s = (answers.at_ns / SECOND_NS)[answers.at_ns < 5 * SECOND_NS]
    asked = sum(int(wait > 1) + int(wait > 3) for wait in waits_s)
    assert queue.repeated >= asked > 0
    assert queue._planned.sum() == queue.repeated


def test_a_device_that_hears_nothing_for_fifteen_timeouts_closes(make_terms):
    terms = make_terms(40, messages_rate=10, answer_timeout_ms=200)
    queue = hub(terms)
    queue.begin(0)
    answers = queue.births(np.zeros(40, np.int64), 0)
    assert answers.deaf.any()
    assert set(answers.at_ns[answers.deaf].tolist()) == {15 * 200 * NS}
    assert queue._coming.sum() == 40 - answers.deaf.sum()


def test_who_would_wait_longer_than_five_seconds_is_told_so_and_is_never_deaf(make_terms):
    terms = make_terms(200, messages_rate=10, answer_timeout_ms=200)
    queue = hub(terms)
    queue.begin(0)
    answers = queue.births(np.zeros(200, np.int64), 0)
    assert queue.told_busy == 150  # 50 are answered within 5 s
    assert not answers.deaf[50:].any()


def test_a_busy_hub_asks_for_longer_silence_the_longer_it_is_busy(make_terms):
    terms = make_terms(4_000, messages_rate=100)
    queue = hub(terms)
    repeated = []
    for slot in range(1_000):
        queue.begin(slot)
        before = queue.repeated
        queue.births(np.full(2, slot * SLOT_NS) if slot else np.zeros(2_000, np.int64), slot)
        repeated.append(queue.repeated - before)
        queue.end(slot)
    assert max(repeated[1:100]) > max(repeated[-100:])


def test_a_hub_that_takes_less_than_the_fleet_sends_never_drains(make_terms):
    busy = make_terms(1_000, messages_rate=10, frames_per_day=86_400)
    assert hub(busy).drained_ms(0) is None
    calm = make_terms(1_000, messages_rate=1_001, frames_per_day=86_400, backlog_frames=3)
    assert hub(calm).drained_ms(5 * SECOND_NS) == 5_000 + 3_000_000
