"""What is in flight, what waits and what is held: an outbox's own figures against a count of its batches, whatever happens to it."""

import pytest
from hypothesis import given, strategies as st
from tests.model.device.world import channel
from tests.unit.device.hand import rules

from seamline.device import Policy
from seamline.device.batch import Author
from seamline.device.clock import Clock
from seamline.device.losses import BUFFER_FULL, EXPIRED, REASONS
from seamline.device.outbox import NEVER_MS, Outbox
from seamline.device.policy import LOSSES_CHANNEL

BODY = {1: bytes(12), 2: bytes(4), 3: bytes(20), LOSSES_CHANNEL: bytes(20)}


class Box:
    """An outbox of boot 5 with its effects; every `send` takes what the outbox says is next."""

    def __init__(self, **changes):
        self.policy, self.effects = Policy(rules(**changes)), []
        self.clock = Clock(self.policy.drift_ppm)
        self.outbox = Outbox(self.policy, self.clock, self.effects)
        self.outbox.begin(Author(7, 5, 0), {})
        self.now_ms = 0

    def record(self, number, count=1):
        for _ in range(count):
            self.outbox.append(self.outbox.lanes[number], self.policy.channels[number], self.now_ms, BODY[number])
        return self

    def send(self, probe=0):
        """Send everything that may go now; returns (channel, first, count) of each."""
        sent = []
        while (batch := self.outbox.next_to_send(self.now_ms)) is not None:
            self.outbox.send(batch, self.now_ms, probe)
            sent.append((batch.frame.channel, batch.frame.first, batch.frame.count))
        return sent

    def batches(self, number=None):
        lanes = self.outbox.lanes.values() if number is None else [self.outbox.lanes[number]]
        return [batch for lane in lanes for batch in lane.sealed]

    def lost(self, reason):
        return [(one.channel, one.first, one.count) for one in self.outbox.losses.pending if one.reason == reason]

    def check(self):
        """The figures that the outbox keeps are what a count of its batches gives."""
        outbox, sealed = self.outbox, self.batches()
        held = [batch for lane in outbox.lanes.values() for batch in lane.batches() if lane.number != LOSSES_CHANNEL]
        assert outbox.flight == sum(batch.sent for batch in sealed)
        assert outbox.waiting == sum(not batch.sent for batch in sealed)
        assert outbox.bytes == sum(batch.cost_bytes for batch in held) <= self.policy.capacity_bytes
        assert outbox.flight <= self.policy.flight_frames
        sent_ms = [batch.sent_ms for batch in sealed if batch.sent]
        assert outbox.oldest_sent_ms() == min(sent_ms, default=NEVER_MS)
        assert outbox.due_ms == min(lane.due_ms for lane in outbox.lanes.values())
        for lane in outbox.lanes.values():
            books = lane.books()
            assert books["numbered"] == books["held"] + books["settled"] + sum(books["lost"].values())


# -- in flight ---------------------------------------------------------------------------------------------------------------------


def test_the_last_place_in_flight_is_kept_for_losses():
    box = Box().record(3, 4)
    assert box.send() == [(3, 0, 1), (3, 1, 1)]
    assert not box.outbox.has_room()
    box.record(LOSSES_CHANNEL, 4)
    assert box.send() == [(0, 0, 4)]
    box.record(LOSSES_CHANNEL, 4)
    assert box.send() == []
    assert box.outbox.flight == box.policy.flight_frames


def test_where_one_frame_may_be_in_flight_data_and_losses_take_turns():
    box = Box(flight_frames=1).record(3)
    assert box.send() == [(3, 0, 1)]
    box.record(LOSSES_CHANNEL, 4)
    assert box.send() == []
    box.outbox.settle(5, 3, 1)
    assert box.send() == [(0, 0, 4)]


def test_among_channels_of_one_priority_the_oldest_batch_goes_first():
    same = [channel(0, 24, 0, 4, 0), channel(1, 16, 0, 1, 1), channel(2, 8, 0, 1, 1), channel(3, 24, 0, 1, 1)]
    box = Box(channels=same, flight_frames=9)
    for number in (2, 1, 3, 1, 2):
        box.record(number)
    assert [number for number, *_ in box.send()] == [2, 1, 3, 1, 2]


def test_an_urgent_batch_goes_before_older_ones_and_losses_before_all():
    box = Box(flight_frames=9).record(2, 3).record(1, 4).record(3).record(LOSSES_CHANNEL, 4)
    assert [number for number, *_ in box.send()] == [0, 3, 1, 2]


def test_what_was_sent_before_an_answered_probe_and_is_not_accounted_for_waits_again():
    box = Box(flight_frames=9).record(3, 2)
    box.send(probe=0)
    box.record(3)
    box.send(probe=1)
    box.outbox.unsend(1)
    assert [(batch.frame.first, batch.sent) for batch in box.batches(3)] == [(0, False), (1, False), (2, True)]
    assert (box.outbox.flight, box.outbox.waiting) == (1, 2)
    assert [first for _, first, _ in box.send(probe=2)] == [0, 1]
    box.check()


def test_the_oldest_in_flight_is_the_first_that_was_sent_of_any_channel():
    box = Box(flight_frames=9)
    assert box.outbox.oldest_sent_ms() == NEVER_MS
    for box.now_ms, number in ((100, 3), (200, LOSSES_CHANNEL), (300, 3)):
        box.record(number, box.policy.channels[number].batch_max)
        box.send()
    assert box.outbox.oldest_sent_ms() == 100
    box.outbox.settle(5, 3, 1)
    assert box.outbox.oldest_sent_ms() == 200
    box.outbox.settle(5, LOSSES_CHANNEL, 4)
    assert box.outbox.oldest_sent_ms() == 300


# -- marks -------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("following", "left"), [(0, [0, 4, 8]), (3, [0, 4, 8]), (4, [4, 8]), (7, [4, 8]), (8, [8]), (12, [])])
def test_a_mark_lets_go_of_whole_batches_that_end_at_or_below_it(following, left):
    box = Box().record(1, 12)
    assert box.outbox.settle(5, 1, following)
    assert [batch.frame.first for batch in box.batches(1)] == left
    box.check()


@pytest.mark.parametrize(
    ("boot", "following", "taken"), [(5, 4, True), (5, 5, False), (6, 0, False), (4, 99, True), (5, 0, True)]
)
def test_a_mark_above_what_was_sealed_or_of_a_boot_to_come_is_refused(boot, following, taken):
    box = Box().record(1, 6)
    assert box.outbox.settle(boot, 1, following) is taken
    assert len(box.batches(1)) == (0 if (boot, following) == (5, 4) else 1)


def test_marks_of_channels_that_nobody_knows_change_nothing():
    box = Box().record(1, 4)
    assert box.outbox.settle(5, 99, 4)
    assert box.outbox.settle_all([(5, 1, 9), (9, 1, 0), (5, 1, 4)]) == 2
    assert box.batches(1) == []


# -- room and age ------------------------------------------------------------------------------------------------------------------


def test_when_there_is_no_room_the_oldest_of_the_first_channel_in_the_drop_order_goes():
    box = Box(capacity_bytes=400).record(1, 8).record(2, 3)
    before = box.outbox.bytes
    box.record(3, 4)
    assert before <= 400
    assert box.lost(BUFFER_FULL)[0] == (2, 0, 3)
    box.check()


def test_what_is_in_flight_is_dropped_only_when_nothing_else_is_left():
    box = Box(capacity_bytes=150).record(3)
    box.send()
    box.record(3, 2)
    assert box.lost(BUFFER_FULL) == [(3, 1, 1)]
    assert [batch.sent for batch in box.batches(3)] == [True, False]
    box.check()


@pytest.mark.parametrize(("after_ms", "kept"), [(999, True), (1_000, False)])
def test_a_batch_expires_with_its_newest_record(after_ms, kept):
    brief = [channel(0, 24, 0, 4, 0), channel(1, 16, 400, 4, 1, 1_000), channel(2, 8, 0, 3, 2), channel(3, 24, 0, 1, 0)]
    box = Box(channels=brief).record(1)
    box.now_ms = 300
    box.record(1)
    assert box.outbox.next_expiry_ms() == 1_300
    box.outbox.expire(300 + after_ms)
    assert (box.outbox.lanes[1].open is not None) is kept
    assert box.lost(EXPIRED) == ([] if kept else [(1, 0, 2)])
    assert (box.outbox.next_expiry_ms() == NEVER_MS) is not kept
    box.check()


def test_what_is_in_flight_does_not_expire_and_channels_without_an_age_never_do():
    brief = [channel(0, 24, 0, 4, 0), channel(1, 16, 0, 1, 1, 1_000), channel(2, 8, 0, 1, 2), channel(3, 24, 0, 1, 0)]
    box = Box(channels=brief).record(1)
    box.send()
    box.record(2)
    box.outbox.expire(10**9)
    assert (len(box.batches(1)), len(box.batches(2)), box.lost(EXPIRED)) == (1, 1, [])


# -- whatever happens --------------------------------------------------------------------------------------------------------------

ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("record"), st.sampled_from([1, 2, 3]), st.integers(1, 6)),
        st.tuples(st.just("send"), st.integers(0, 3), st.just(0)),
        st.tuples(st.just("settle"), st.sampled_from([0, 1, 2, 3]), st.integers(0, 20)),
        st.tuples(st.just("unsend"), st.integers(0, 4), st.just(0)),
        st.tuples(st.just("wait"), st.integers(1, 3_000), st.just(0)),
        st.tuples(st.just("flush"), st.just(0), st.just(0)),
        st.tuples(st.just("lose"), st.integers(1, 4), st.just(0)),
    ),
    max_size=40,
)


@given(ACTS, st.sampled_from([200, 700, 100_000]), st.sampled_from([1, 3, 8]), st.sampled_from(["ram", "flash"]))
def test_an_outboxs_figures_are_what_a_count_of_its_batches_gives(acts, capacity, flight, store):
    brief = [channel(0, 24, 0, 4, 0), channel(1, 16, 400, 4, 1, 2_500), channel(2, 8, 2_000, 3, 2), channel(3, 24, 0, 1, 0)]
    box = Box(channels=brief, capacity_bytes=capacity, flight_frames=flight, store=store)
    for act, one, two in acts:
        if act == "record":
            box.record(one, two)
        elif act == "lose":
            box.record(LOSSES_CHANNEL, one)
        elif act == "send":
            box.send(one)
        elif act == "settle":
            box.outbox.settle(5, one, two)
        elif act == "unsend":
            box.outbox.unsend(one)
        elif act == "flush":
            box.outbox.seal_all()
        else:
            box.now_ms += one
            box.outbox.expire(box.now_ms)
        box.check()
    kept = {}
    for effect in box.effects:
        if effect[0] == "persist":
            assert effect[1] not in kept
            kept[effect[1]] = effect[2]
        else:
            del kept[effect[1]]
    assert len(kept) == (len(box.batches()) if store == "flash" else 0)
    waiting = sum(one.count for one in box.outbox.losses.pending) + box.outbox.losses.undeclared
    assert waiting == sum(count for lane in box.outbox.lanes.values() for count in lane.lost.values())
    assert {reason for lane in box.outbox.lanes.values() for reason in lane.lost} <= set(REASONS.values())


@given(ACTS)
def test_what_a_birth_names_as_held_is_every_record_that_is_held_and_no_other(acts):
    box = Box()
    for act, one, two in acts:
        if act == "record":
            box.record(one, two)
        elif act == "settle":
            box.outbox.settle(5, one, two)
        elif act == "send":
            box.send(one)
    named = {(number, seq) for _, number, first, count in box.outbox.held() for seq in range(first, first + count)}
    assert named == {
        (lane.number, batch.frame.first + at)
        for lane in box.outbox.lanes.values()
        for batch in lane.batches()
        for at in range(batch.frame.count)
    }
    assert box.outbox.held() == sorted(box.outbox.held())


def test_an_open_batch_that_is_due_goes_before_sealed_ones_of_less_urgent_channels():
    box = Box()
    box.record(2, 3)  # sealed: batch_max
    box.record(1)
    box.now_ms = 401  # channel 1 is due, and more urgent
    box.record(2, 3)
    assert box.send() == [(1, 0, 1), (2, 0, 3)]


def test_an_open_batch_that_is_due_waits_for_sealed_ones_of_its_own_urgency():
    box = Box()
    box.record(1, 5)  # four sealed, one open
    box.now_ms = 401
    assert box.send() == [(1, 0, 4), (1, 4, 1)]
