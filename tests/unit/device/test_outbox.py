"""Custody: what is numbered is held, handed over or given up by the declared policy, and said so."""

import pytest
from tests.model.device.world import channel
from tests.unit.device.hand import BODY, UNIX_MS, Hand, numbers, of_kind, said

from seamline.device import RecordError, unpack
from seamline.device.batch import Batch, read_segment, segment_bytes
from seamline.device.losses import LOSS_RANGES_MAX, Loss, Losses
from seamline.device.outbox import HELD_RANGES_MAX

VITALS = bytes(4)


def losses(effects):
    """(channel, reason, boot, first, count) of every loss declared."""
    found = []
    for frame in said(effects, "data"):
        if frame.channel == 0:
            for place in range(frame.count):
                body = frame.body[place * 24 + 4 : place * 24 + 24]
                found.append((body[0], body[1], *[int.from_bytes(body[at : at + 4], "little") for at in (2, 6, 10)]))
    return found


def test_numbers_count_from_zero_in_each_channel_and_boot():
    hand = Hand(store="flash")
    assert [hand.record() for _ in range(3)] == [0, 1, 2]
    assert hand.record(2, VITALS) == 0
    hand.drain()
    assert hand.power_cut(store="flash").record() == 0


@pytest.mark.parametrize(
    ("number", "body", "message"), [(9, BODY, "channel 9"), (0, bytes(20), "channel 0"), (1, b"", "12 are needed")]
)
def test_a_record_that_fits_no_channel_is_refused(number, body, message):
    with pytest.raises(RecordError, match=message):
        Hand().record(number, body)


def test_nothing_is_numbered_before_the_boot_is_known():
    with pytest.raises(RecordError, match="call start"):
        Hand(started=False).record()


@pytest.mark.parametrize("now_ms", [-1, 2**48])
def test_an_uptime_that_no_frame_holds_is_refused(now_ms):
    with pytest.raises(RecordError, match="uptime"):
        Hand().core.record(now_ms, 1, BODY)


def test_a_channel_of_older_firmware_takes_no_new_records():
    hand = Hand(store="flash")
    for _ in range(4):
        hand.record()
    hand.drain()
    later = hand.power_cut(store="flash", channels=[channel(0, 24, 0, 4, 0), channel(2, 8, 0, 3, 2)])
    with pytest.raises(RecordError, match="channel 1 is not in the policy"):
        later.record()


def test_used_up_numbers_end_in_an_error_that_says_so():
    hand = Hand()
    hand.core._outbox.lanes[1].following = 2**32 - 1
    with pytest.raises(RecordError, match="restart the device"):
        hand.record()


def test_a_full_batch_leaves_at_once_and_a_partial_one_when_its_time_has_come():
    hand = Hand()
    hand.live()
    for _ in range(4):
        hand.record()
    assert numbers(hand.drain()) == [(1, 1, 0, 4)]
    hand.record()
    assert hand.drain() == []
    assert hand.core.deadline() == hand.now_ms + 400
    assert numbers(hand.tick()) == [(1, 1, 4, 1)]


def test_a_channel_without_a_pace_sends_each_record():
    hand = Hand()
    hand.live()
    hand.record(3, bytes(20))
    assert numbers(hand.drain()) == [(3, 1, 0, 1)]


def test_a_record_dated_before_its_batch_begins_a_new_one():
    hand = Hand()
    hand.at(5000).record()
    hand.at(4000).record()
    hand.at(6000)
    frames = said(hand.live(), "data")
    assert [(frame.first, frame.uptime_ms) for frame in frames] == [(0, 5000), (1, 4000)]


def test_offsets_are_from_the_first_record_and_never_leave_their_32_bits():
    hand = Hand()
    hand.at(1000).record()
    hand.at(1000 + 2**32 - 1).record()
    hand.at(1000 + 2**32).record()
    frames = said(hand.live(), "data") + said(hand.tick(), "data")
    assert [(frame.uptime_ms, frame.count) for frame in frames] == [(1000, 2), (1000 + 2**32, 1)]
    assert frames[0].body[16:20] == b"\xff\xff\xff\xff"


def test_the_most_urgent_goes_first_then_the_oldest():
    hand = Hand()
    for step in range(3):
        hand.at(hand.now_ms + 1).record(2, VITALS)
        hand.record(2, VITALS)
        hand.record(2, VITALS)
        for _ in range(4):
            hand.record()
        if step == 0:
            hand.record(3, bytes(20))
    assert numbers(hand.live()) == [(3, 1, 0, 1), (1, 1, 0, 4)]
    assert numbers(hand.marks([1, 3, 1], [1, 1, 4])) == [(1, 1, 4, 4), (1, 1, 8, 4)]
    assert numbers(hand.marks([1, 1, 12])) == [(2, 1, 0, 3), (2, 1, 3, 3)]


def test_what_is_in_flight_is_bounded_and_moves_on_with_the_marks():
    hand = Hand(flight_frames=1)
    for _ in range(12):
        hand.record()
    assert numbers(hand.live()) == [(1, 1, 0, 4)]
    assert numbers(hand.marks([1, 1, 3])) == []
    assert numbers(hand.marks([1, 1, 4])) == [(1, 1, 4, 4)]


def test_a_due_batch_keeps_growing_while_there_is_no_room_to_send_it():
    hand = Hand(flight_frames=1)
    hand.live()
    hand.record(3, bytes(20))
    hand.record()
    hand.drain()
    hand.at(hand.now_ms + 500).core.tick(hand.now_ms)
    assert hand.drain() == []
    hand.record()
    assert numbers(hand.marks([1, 3, 1])) == [(1, 1, 0, 2)]


def test_marks_beyond_what_was_sealed_are_refused_and_counted():
    hand = Hand()
    hand.live()
    hand.record()
    hand.marks([1, 1, 1], [2, 1, 5])
    assert hand.core.books()["refused_marks"] == 2
    assert hand.core.books()["channels"][1]["held"] == 1
    hand.marks([1, 7, 5])
    assert hand.core.books()["refused_marks"] == 2


def test_a_flash_outbox_survives_the_power_cut_and_is_forgotten_with_the_mark():
    hand = Hand(store="flash")
    for _ in range(6):
        hand.record()
    hand.drain()
    assert sorted(key for key in hand.flash if key.startswith("o")) == ["o0"]
    again = hand.power_cut(store="flash")
    birth = again.greet()
    assert birth["held"] == [[1, 1, 0, 4]]
    assert birth["ended"] == [[1, 1, 1, 8]]
    frame = said(again.session(), "data")[0]
    assert (frame.boot, frame.first, frame.count, frame.flags) == (1, 0, 4, 0x01)
    effects = again.marks([1, 1, 8])
    assert of_kind(effects, "forget") == [("o0",)]
    assert "o0" not in again.flash


def test_a_new_segment_never_overwrites_one_that_is_still_there():
    hand = Hand(store="flash")
    for _ in range(4):
        hand.record()
    hand.drain()
    again = hand.power_cut(store="flash")
    for _ in range(4):
        again.record()
    again.drain()
    assert [unpack(again.flash[key][4:]).boot for key in ("o0", "o1")] == [1, 2]


def test_a_batch_is_durable_before_it_is_sent():
    hand = Hand(store="flash")
    hand.live()
    for _ in range(4):
        hand.record()
    kinds = [(effect[0], effect[1]) for effect in hand.drain()]
    assert kinds == [("persist", "c1"), ("persist", "o0"), ("publish", "data")]


def test_a_rotten_segment_is_declared_when_its_header_still_says_what_it_was():
    hand = Hand(store="flash")
    for _ in range(8):
        hand.record()
    hand.drain()
    hand.flash["o0"] = hand.flash["o0"][:60] + b"\x55" + hand.flash["o0"][61:]
    hand.flash["o1"] = b"\xff" * len(hand.flash["o1"])
    again = hand.power_cut(store="flash")
    assert sorted(key for key in again.flash if key.startswith("o")) == []
    assert again.greet()["held"] == []
    assert losses(again.session()) == [(1, 3, 1, 0, 4)]
    assert again.core.books()["strange"] == 1


def test_another_device_s_segments_are_forgotten_not_sent():
    hand = Hand(store="flash")
    for _ in range(4):
        hand.record()
    hand.drain()
    del hand.flash["c0"], hand.flash["c1"]
    again = Hand(hand.flash, store="flash")
    again.core._random.state += 1
    assert again.core.books()["incarnation"] == hand.core.incarnation  # the same seed draws the same
    stranger = dict(hand.flash)
    stranger["o0"] = stranger["o0"][:4] + stranger["o0"][4:]
    assert again.core.books()["strange"] == 1  # its boot is not an ended one
    assert "o0" not in again.flash


def test_keys_that_are_no_segments_are_left_alone():
    hand = Hand({"ox": b"1", "other": b"2"}, store="flash")
    assert hand.flash["ox"] == b"1"
    assert hand.flash["other"] == b"2"


def test_a_short_segment_is_no_segment():
    assert read_segment(b"") == (None, False)
    assert read_segment(bytes(36)) == (None, False)


def test_a_channel_that_only_older_firmware_knew_is_still_handed_over():
    hand = Hand(store="flash")
    for _ in range(4):
        hand.record()
    hand.drain()
    later = hand.power_cut(store="flash", channels=[channel(0, 24, 0, 4, 0), channel(2, 8, 0, 3, 2)])
    assert later.greet()["held"] == [[1, 1, 0, 4]]
    assert numbers(later.session()) == [(1, 1, 0, 4)]
    later.marks([1, 1, 4])
    assert later.core.books()["channels"][1]["held"] == 0


def test_what_only_older_firmware_knew_is_dropped_first():
    hand = Hand(store="flash")
    for _ in range(4):
        hand.record()
    hand.drain()
    later = hand.power_cut(store="flash", channels=[channel(0, 24, 0, 4, 0), channel(2, 8, 0, 3, 2)], capacity_bytes=150)
    for _ in range(3):
        later.record(2, VITALS)
    assert later.core.books()["channels"][1]["lost"] == {"buffer_full": 4}


def test_the_oldest_of_the_first_channel_in_the_contract_s_order_is_dropped():
    hand = Hand(capacity_bytes=400)
    for _ in range(6):
        hand.record(2, VITALS)
    for _ in range(12):
        hand.record()
    books = hand.core.books()
    assert books["channels"][2]["lost"] == {"buffer_full": 3}
    assert books["channels"][1]["lost"] == {}
    hand.record(2, VITALS)
    hand.record()
    assert hand.core.books()["channels"][2]["lost"] == {"buffer_full": 7}
    assert hand.core.books()["bytes"] <= 400
    assert losses(hand.live()) == [(2, 1, 1, 0, 7)]


def test_losses_go_before_the_data_that_waits_on_them():
    hand = Hand(capacity_bytes=400)
    for _ in range(24):
        hand.record()
    sent = numbers(hand.live())
    assert sent[0] == (0, 1, 0, 1)
    assert sent[1][0] == 1


def test_losses_find_room_though_everything_is_in_flight():
    hand = Hand(capacity_bytes=400, flight_frames=3)
    hand.live()
    for _ in range(12):
        hand.record()
    assert numbers(hand.drain()) == [(1, 1, 0, 4), (1, 1, 4, 4)]
    for _ in range(4):
        hand.record()
    assert losses(hand.drain()) == [(1, 1, 1, 8, 4)]


def test_what_is_in_flight_is_dropped_last():
    hand = Hand(capacity_bytes=230, flight_frames=3, drop_first=[1])
    hand.live()
    for _ in range(8):
        hand.record()
    assert len(numbers(hand.drain())) == 2
    hand.record(3, bytes(20))
    effects = hand.drain()
    assert losses(effects) == [(3, 1, 1, 0, 1)]
    assert hand.core.books()["flight"] == 3


def test_a_capacity_below_one_record_loses_each_and_says_so():
    hand = Hand(capacity_bytes=1)
    for _ in range(5):
        hand.record()
    assert hand.core.books()["bytes"] == 0
    assert losses(hand.live()) == [(1, 1, 1, 0, 5)]


def test_in_flight_goes_too_when_nothing_else_is_left():
    hand = Hand(store="flash", capacity_bytes=100_000)
    for _ in range(8):
        hand.record()
    hand.live()
    outbox = hand.core._outbox
    hand.core.policy.capacity_bytes = 120
    outbox.fit()
    assert outbox.bytes <= 120
    assert outbox.flight == 1
    assert hand.core.books()["channels"][1]["lost"] == {"buffer_full": 4}


def test_neighbouring_losses_grow_together_while_they_wait():
    hand = Hand(capacity_bytes=200)
    for _ in range(400):
        hand.record()
    pending = hand.core.books()["pending_losses"]
    assert len(pending) == 1
    assert pending[0][:4] == (1, 1, 1, 0)


def test_losses_are_declared_in_turns_when_there_are_many():
    hand = Hand()
    for place in range(6):
        hand.core._outbox.losses.add(Loss(1, 1, 1, place * 10, 1), 1)
    assert len(losses(hand.live())) == 4
    assert len(losses(hand.marks([1, 0, 4]))) == 2


def test_ranges_beyond_the_bound_stay_owed_until_their_boot_closes():
    waiting = Losses()
    for place in range(LOSS_RANGES_MAX + 3):
        waiting.add(Loss(1, 1, 2 if place == 5 else 7, place * 10, 2), 7)
    assert len(waiting.pending) == LOSS_RANGES_MAX
    assert waiting.undeclared == 6
    assert all(loss.boot == 7 for loss in waiting.pending)
    assert [loss.first for loss in waiting.take(2)] == [20, 30]
    assert len(waiting.pending) == LOSS_RANGES_MAX - 2


@pytest.mark.parametrize(
    ("other", "joins"),
    [
        (Loss(1, 1, 7, 15, 5), True),
        (Loss(1, 1, 7, 5, 5), True),
        (Loss(1, 1, 7, 16, 5), False),
        (Loss(2, 1, 7, 15, 5), False),
        (Loss(1, 2, 7, 15, 5), False),
        (Loss(1, 1, 8, 15, 5), False),
    ],
    ids=["after", "before", "apart", "channel", "reason", "boot"],
)
def test_ranges_join_only_side_by_side_and_of_one_kind(other, joins):
    waiting = Losses()
    waiting.add(Loss(1, 1, 7, 10, 5), 7)
    waiting.add(other, 7)
    assert (len(waiting.pending) == 1) is joins
    assert sum(loss.count for loss in waiting.pending) == 10


def test_a_birth_names_no_more_ranges_than_it_has_room_for():
    hand = Hand(store="flash", channels=[channel(0, 24, 0, 4, 0), channel(1, 8, 0, 1, 1)], drop_first=[], stride=1)
    hand.record(1, VITALS)
    hand.drain()
    segment = unpack(hand.flash["o0"][4:])
    for boot in range(2, HELD_RANGES_MAX + 4):
        segment.boot = boot
        hand.flash[f"o{boot}"] = _sealed(segment)
    later = hand.power_cut(store="flash", channels=[channel(0, 24, 0, 4, 0), channel(1, 8, 0, 1, 1)], drop_first=[])
    assert later.core.boot == 2  # so boots from 2 on are not ended ones
    assert later.core.books()["strange"] == HELD_RANGES_MAX + 2
    outbox = later.core._outbox
    outbox._author.boot = HELD_RANGES_MAX + 10
    outbox._author.incarnation = segment.incarnation
    for boot in range(2, HELD_RANGES_MAX + 4):
        outbox._load(boot, hand.flash[f"o{boot}"])
    outbox._fit_birth()
    assert len(outbox.held()) == HELD_RANGES_MAX
    assert later.core.books()["channels"][1]["lost"] == {"buffer_full": 3}


def _sealed(frame):
    return segment_bytes(Batch(frame, 1, 0))


EXPIRING = [channel(0, 24, 0, 4, 0), channel(1, 16, 400, 4, 1, 3000), channel(2, 8, 2000, 3, 2)]


def test_old_records_expire_and_are_declared_as_such():
    hand = Hand(channels=EXPIRING, backoff_base_ms=60_000, spread_ms=60_000)
    for step in range(6):
        hand.at(step * 10).record()
    hand.record(2, VITALS)
    assert hand.core.deadline() == 3030
    hand.tick()
    assert hand.core.books()["channels"][1]["lost"] == {"expired": 4}
    hand.tick()
    assert hand.core.books()["channels"][1]["lost"] == {"expired": 6}
    assert hand.core.books()["channels"][2]["lost"] == {}
    assert losses(hand.live()) == [(1, 2, 1, 0, 6)]


def test_what_is_on_its_way_does_not_expire():
    hand = Hand(channels=EXPIRING)
    hand.live()
    for _ in range(4):
        hand.record()
    sent_ms = hand.now_ms
    hand.drain()
    hand.at(sent_ms + 3500).core.tick(hand.now_ms)
    assert hand.core.books()["channels"][1]["held"] == 4


def test_records_of_ended_boots_expire_at_the_latest_that_long_after_the_boot():
    hand = Hand(channels=EXPIRING, store="flash")
    for _ in range(4):
        hand.record()
    hand.drain()
    again = hand.power_cut(channels=EXPIRING, store="flash", backoff_base_ms=60_000, spread_ms=60_000)
    assert again.core.deadline() <= 3000
    again.at(3000).core.tick(3000)
    assert again.core.books()["channels"][1]["lost"] == {"expired": 4}


def kept(**changes):
    """A device with EXPIRING records in flash, far from any hub."""
    return {"channels": EXPIRING, "store": "flash", "backoff_base_ms": 60_000, "spread_ms": 60_000, **changes}


def four_records(hand, at_ms):
    for _ in range(4):
        hand.at(at_ms).record()
    hand.drain()


def test_what_ended_boots_left_is_as_old_as_the_uptime_spent_since():
    first = Hand(**kept())
    four_records(first, 1_000)
    second = first.power_cut(**kept())
    four_records(second, 1_500)
    third = second.power_cut(**kept())
    assert third.core.deadline() == 1_500
    third.at(1_499).core.tick(1_499)
    assert third.core.books()["channels"][1]["held"] == 8
    third.at(1_500).core.tick(1_500)
    assert third.core.books()["channels"][1] == {"numbered": 0, "held": 4, "settled": 0, "lost": {"expired": 4}}
    third.at(3_000).core.tick(3_000)
    assert third.core.books()["channels"][1]["lost"] == {"expired": 8}


def test_with_a_clock_in_both_boots_the_time_without_power_counts_too():
    hand = Hand(**kept())
    hand.core.clock(0, UNIX_MS, "rtc", 100)
    four_records(hand, 0)
    again = hand.power_cut(**kept())
    again.core.clock(10, UNIX_MS + 2_600, "rtc", 100)
    assert again.core.deadline() == 10 + 3_000 - 2_400  # both clocks may be wrong by their uncertainty
    again.at(609).core.tick(609)
    assert again.core.books()["channels"][1]["held"] == 4
    again.at(610).core.tick(610)
    assert again.core.books()["channels"][1]["lost"] == {"expired": 4}


def test_what_was_sealed_before_the_time_was_known_is_as_old_as_what_followed_it():
    hand = Hand(**kept())
    four_records(hand, 0)
    hand.core.clock(0, UNIX_MS, "rtc", 0)
    four_records(hand, 0)
    again = hand.power_cut(**kept())
    again.core.clock(10, UNIX_MS + 3_010, "rtc", 0)
    again.at(11).core.tick(11)
    assert again.core.books()["channels"][1]["lost"] == {"expired": 8}


def test_a_clock_that_went_back_makes_nothing_younger():
    hand = Hand(**kept())
    hand.core.clock(0, UNIX_MS, "rtc", 0)
    four_records(hand, 0)
    again = hand.power_cut(**kept())
    again.core.clock(10, UNIX_MS - 86_400_000, "rtc", 0)
    again.at(3_000).core.tick(3_000)
    assert again.core.books()["channels"][1]["lost"] == {"expired": 4}


def test_a_clock_that_was_never_set_ages_nothing():
    hand = Hand(**kept())
    four_records(hand, 0)
    again = hand.power_cut(**kept())
    again.core.clock(10, 86_400_000, "rtc", 0)
    again.at(2_999).core.tick(2_999)
    assert again.core.books()["channels"][1]["held"] == 4


def test_a_segment_cut_off_in_its_header_is_strange():
    hand = Hand(**kept())
    four_records(hand, 0)
    hand.flash["o0"] = hand.flash["o0"][:10]
    assert hand.power_cut(**kept()).core.books()["strange"] == 1


def test_a_torn_date_behind_a_segment_dates_nothing_and_costs_no_record():
    hand = Hand(**kept())
    hand.core.clock(0, UNIX_MS, "rtc", 0)
    four_records(hand, 0)
    hand.flash["o0"] = hand.flash["o0"][:-1]
    again = hand.power_cut(**kept())
    again.core.clock(10, UNIX_MS + 86_400_000, "rtc", 0)
    again.at(2_999).core.tick(2_999)
    assert again.core.books()["channels"][1]["held"] == 4


def test_a_flush_makes_open_records_durable_and_sends_them_before_their_time():
    hand = Hand(store="flash")
    hand.record()
    hand.record(2, VITALS)
    hand.core.flush(hand.now_ms)
    assert sorted(key for key in hand.flash if key.startswith("o")) == []
    hand.drain()
    assert sorted(key for key in hand.flash if key.startswith("o")) == ["o0", "o1"]
    held = hand.power_cut(store="flash").core.books()["channels"]
    assert (held[1]["held"], held[2]["held"]) == (1, 1)


def test_a_flush_with_nothing_open_does_nothing():
    hand = Hand(store="flash")
    hand.core.flush(hand.now_ms)
    assert hand.drain() == []
