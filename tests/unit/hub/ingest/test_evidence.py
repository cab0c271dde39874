"""What is not stored: custody and evidence by their reasons, repeats held against what is there, and the bounds of it all."""

import struct
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, strategies as st
from tests.integration.hub.harness import birth, frame, header, losses, said
from tests.unit.hub.ingest.stage import Ledger, Stage, marks, told

from seamline.hub.drive import drive
from seamline.hub.ingest import evidence, work
from seamline.hub.ingest.busy import partition_of
from seamline.hub.ingest.evidence import Known, quarantined_digests
from seamline.hub.ingest.judge import POISON
from seamline.hub.ingest.poison import WHY_CHARS
from seamline.hub.ingest.reader import Position
from seamline.hub.ingest.slow import Repeated
from seamline.hub.store_port import FencedError
from seamline.rig.world.tables import RefusedError

HEADER_BYTES, OFFSET_BYTES = 32, 4
IMPOSSIBLE, COLD = {"power": 65_535}, {"set_point": -1}
"""Values that no sender's own code would pack: 6.5 kW, and a set point below zero."""


def made(stage, first, *records, **head):
    """A frame's bytes; each number has its uptime, so that the same number with the same values is the same record."""
    of = stage.reading
    sound = [{} if record in (IMPOSSIBLE, COLD) else record for record in records or [{}]]
    whole = bytearray(frame(of, first, sound, uptime_ms=1_000 + 10 * first, **head))
    for at, record in enumerate(records):
        if record in (IMPOSSIBLE, COLD):
            ((name, value),) = record.items()
            place = next(one for one in of.places if one.name == name)
            start = HEADER_BYTES + at * of.record_bytes + OFFSET_BYTES + place.bit // 8
            whole[start : start + 2] = (value & 0xFFFF).to_bytes(2, "little")
    return bytes(whole)


def sent(stage, first, *records, **head):
    return ("data", made(stage, first, *records, **head))


def entries(stage):
    return stage.quarantine("reason", "counted", "first", "count")


def refused(stage):
    return {reason: row["count"] for (_, reason), row in stage.tables.refused.rows.items()}


# -- custody -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", range(5))
def test_a_value_that_cannot_be_is_quarantined_alone_wherever_it_stands(stage, place):
    records = [IMPOSSIBLE if at == place else {} for at in range(5)]
    assert marks(stage.take(sent(stage, 0, *records))) == {(1, 1): 5}
    assert stage.ledger() == Ledger(5, 5, [], 4, 1, 0, 0, 0)
    assert entries(stage) == [("out_of_range", True, place, 1)]
    assert [row["seq"] for row in stage.readings()] == [at for at in range(5) if at != place]


def test_neighbours_that_cannot_be_are_one_entry_with_the_first_ones_reason(stage):
    stage.take(sent(stage, 0, {}, IMPOSSIBLE, IMPOSSIBLE, {}, COLD))
    assert entries(stage) == [("out_of_range", True, 1, 2), ("out_of_range", True, 4, 1)]
    (power,), (set_point,) = stage.quarantine("detail")
    assert ("power" in power, "set_point" in set_point) == (True, True)


@pytest.mark.parametrize("before", [0, 3], ids=["in order", "out of order"])
def test_of_a_frame_that_is_quarantined_in_part_the_bytes_kept_are_a_frame_of_those_records(stage, before):
    whole = made(stage, 0, {}, {}, {}, IMPOSSIBLE, IMPOSSIBLE, {})
    stage.take(sent(stage, 0, *[{}] * before) if before else ("birth", birth()))
    stage.take(("data", whole))
    ((content,),) = stage.quarantine("bytes")
    size = stage.reading.record_bytes
    assert content[HEADER_BYTES:] == whole[HEADER_BYTES + 3 * size : HEADER_BYTES + 5 * size]
    assert (content[:16], struct.unpack_from("<IH", content, 16)) == (whole[:16], (3, 2))
    assert stage.ledger().quarantined == 2


@pytest.mark.parametrize(
    ("reason", "change"),
    [
        ("unregistered", lambda whole: whole[:3] + b"\x09" + whole[4:]),
        ("unregistered", lambda whole: whole[:4] + b"\0\0\0\0" + whole[8:]),
        ("flags", lambda whole: whole[:1] + b"\x40" + whole[2:]),
    ],
    ids=["layout", "fingerprint", "flags"],
)
def test_a_frame_that_we_cannot_read_is_custody_whole(stage, reason, change):
    whole = change(frame(stage.reading, 0, [{}, {}, {}]))
    assert marks(stage.take(("data", whole))) == {(1, 1): 3}
    assert stage.ledger() == Ledger(3, 3, [], 0, 3, 0, 0, 0)
    assert stage.quarantine("reason", "counted", "first", "count", "bytes") == [(reason, True, 0, 3, whole)]
    assert stage.readings() == []


def test_a_record_size_that_is_not_the_layouts_is_custody_and_told_apart(stage):
    whole = header(stage.reading, first=0, count=1, record=stage.reading.record_bytes + 8) + bytes(stage.reading.record_bytes + 8)
    stage.take(("data", whole), sent(stage, 1))
    assert entries(stage) == [("record-size", True, 0, 1)]
    assert stage.ledger() == Ledger(2, 2, [], 1, 1, 0, 0, 0)


@pytest.mark.parametrize("anew", [False, True], ids=["one batch", "batches"])
def test_what_is_quarantined_and_comes_again_is_a_duplicate_and_one_entry(stage, anew):
    same = sent(stage, 0, {}, IMPOSSIBLE)
    if anew:
        stage.each(same, same)
    else:
        stage.take(same, same)
    assert entries(stage) == [("out_of_range", True, 1, 1)]
    assert stage.ledger() == Ledger(2, 2, [], 1, 1, 0, 0, 2)


# -- evidence --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("together", [False, True])
def test_other_bytes_under_a_stored_key_are_a_conflict_and_the_first_stay(stage, together):
    messages = [sent(stage, 0, {}, {}, {}), sent(stage, 0, {}, {"power": 9}, {})]
    stage.take(*messages) if together else stage.each(*messages)
    assert entries(stage) == [("conflict", False, 1, 1)]
    assert [row["power"] for row in stage.readings()] == [0, 0, 0]
    assert stage.ledger() == Ledger(3, 3, [], 3, 0, 0, 0, 3)


def test_the_same_conflict_is_kept_once_a_batch_and_another_one_besides(stage):
    other, third = sent(stage, 0, {"power": 9}), sent(stage, 0, {"power": 10})
    stage.take(sent(stage, 0), other, other, third)
    assert entries(stage) == [("conflict", False, 0, 1)] * 2


def test_a_record_framed_differently_is_no_conflict(stage):
    stage.take(sent(stage, 0, {}, {}, {}, {}))
    stage.take(sent(stage, 1, {}, {}), sent(stage, 3, {}, flags=0x10))
    assert entries(stage) == []
    assert stage.ledger().duplicates == 3


def test_what_comes_after_its_loss_was_declared_is_late_and_not_stored(stage):
    stage.take(("data", losses(0, (1, 1, 1, 0, 2))))
    assert marks(stage.take(sent(stage, 0, {}, {}, {}))) == {(1, 1): 3}
    assert entries(stage) == [("late", False, 0, 2)]
    assert [row["seq"] for row in stage.readings()] == [2]


def test_other_bytes_in_a_closed_boot_are_evidence_of_that(stage):
    stage.take(("birth", birth()), sent(stage, 0, {}, {}))
    stage.take(("birth", birth(boot=2)))
    stage.take(sent(stage, 0, {}, {"power": 3}), sent(stage, 7))
    assert entries(stage) == [("closed-boot", False, 1, 1), ("closed-boot", False, 7, 1)]
    assert stage.fold()["stored"] == 2


def test_repeats_of_what_is_declined_are_no_evidence(stage):
    stage.take(("birth", birth()), sent(stage, 0))
    stage.tables.device.put("dev", {**stage.tables.device.rows["dev"], "epoch": 1})
    stage.start()
    stage.take(sent(stage, 0, {"power": 5}, epoch=0))
    assert (entries(stage), stage.ledger().duplicates) == ([], 1)


def test_a_damaged_frame_is_evidence_that_says_nothing_of_records(stage):
    whole = frame(stage.reading, 0)
    stage.take(("data", whole[:-3]), sent(stage, 0))
    names = ("reason", "detail", "counted", "first", "count", "boot", "incarnation", "channel", "bytes")
    assert stage.quarantine(*names) == [("truncated", f"{len(whole) - 3} bytes", False, None, None, None, None, None, whole[:-3])]
    assert stage.ledger().stored == 1


def test_evidence_of_one_device_is_bounded_and_counted_beyond_and_no_other_pays(stage):
    with patch.object(evidence, "EVIDENCE_MAX", 3):
        stage.take(*(("data", frame(stage.reading, at)[:-3]) for at in range(5)), ("data", frame(stage.reading)[:-5], "other"))
        stage.start()
        stage.take(("data", frame(stage.reading, 9)[:-3]), ("data", frame(stage.reading, 9)[:-3], "other"))
    assert sorted(stage.quarantine("device_id")) == [("dev",)] * 3 + [("other",)] * 2
    assert refused(stage) == {"truncated": 3}


def test_the_frame_that_passes_the_bound_of_bytes_is_the_last(stage):
    size = len(frame(stage.reading)) - 3
    with patch.object(evidence, "EVIDENCE_BYTES_MAX", size + 1):
        stage.take(*(("data", frame(stage.reading, at)[:-3]) for at in range(4)))
    assert len(entries(stage)) == 2
    assert refused(stage) == {"truncated": 2}


def test_custody_has_no_bound(stage):
    with patch.object(evidence, "EVIDENCE_MAX", 2), patch.object(evidence, "ROWS_AT_ONCE", 2):
        stage.take(sent(stage, 0, *([{}, IMPOSSIBLE] * 5)))
    assert len(entries(stage)) == 5
    assert stage.ledger().quarantined == 5


def test_what_is_no_message_is_counted_by_device_and_reason_with_the_latest_as_a_sample(stage):
    stage.take(("data", b"x"), ("data", b"y" * 300), ("birth", b"{}"), ("data", b"z", "other"), ("nonsense", b"1"))
    rows = stage.tables.refused.rows
    assert refused(stage) == {"no-frame": 1, "birth-missing_member": 1, "unknown-unknown_kind": 1}
    assert rows["dev", "no-frame"]["count"] == 2
    assert rows["dev", "no-frame"]["sample"] == b"y" * 256
    assert rows["other", "no-frame"]["sample"] == b"z"
    stage.take(("data", b"w"))
    assert (rows["dev", "no-frame"]["count"], rows["dev", "no-frame"]["sample"]) == (3, b"w")


@given(st.dictionaries(st.integers(0, 20), st.integers(0, 9)), st.integers(0, 20), st.integers(1, 5))
def test_what_is_known_of_a_run_is_found_by_its_sequences(found, first, count):
    known, again = Known.of(found), Repeated(0, first, first + count, closed=False)
    low, high = known.span(again)
    inside = sorted(seq for seq in found if first <= seq < first + count)
    assert known.seqs[low:high].tolist() == inside
    assert known.digests[low:high].tolist() == [found[seq] for seq in inside]
    assert known.covers(again) == (len(inside) == count)


def test_a_quarantined_frame_that_is_damaged_has_no_digests(stage):
    whole = frame(stage.reading, 4, [{}, {"power": 1}])
    first, digests = quarantined_digests(whole)
    assert (first, len(digests), digests[0] != digests[1]) == (4, 2, True)
    flagged = whole[:1] + b"\x40" + whole[2:]
    assert np.array_equal(quarantined_digests(flagged)[1], digests)
    assert len(quarantined_digests(whole[:-2])[1]) == 0


# -- what our own code fails on ----------------------------------------------------------------------------------------------------


def failing(at):
    """Ingest that fails on every batch with the message of this place in the stream."""
    real = work.commit

    async def fails(parts, judged, place, now_ms):
        if at in judged.batch.seqs and not (judged.reason == POISON).any():
            raise ZeroDivisionError("a defect of ours")
        return await real(parts, judged, place, now_ms)

    return patch.object(work, "commit", fails)


@pytest.mark.parametrize("at", range(1, 8))
def test_a_frame_that_our_own_code_fails_on_is_custody_alone_and_all_others_are_stored(stage, at):
    with failing(at):
        downs = stage.take(*(sent(stage, number) for number in range(7)))
    assert marks(downs) == {(1, 1): 7}
    assert entries(stage) == [("poison", True, at - 1, 1)]
    assert [row["seq"] for row in stage.readings()] == [number for number in range(7) if number != at - 1]
    assert stage.ledger() == Ledger(7, 7, [], 6, 1, 0, 0, 0)
    assert isinstance(stage.commits.halved, ZeroDivisionError)


def test_a_frame_that_fails_is_custody_also_where_the_scalar_path_has_to_take_it(stage):
    whole = made(stage, 5, {}, IMPOSSIBLE)
    with failing(2):
        downs = stage.take(sent(stage, 0), ("data", whole), sent(stage, 7))
    assert marks(downs) == {(1, 1): 1}
    assert stage.ledger() == Ledger(1, 8, [1, 5], 2, 2, 0, 0, 0)
    assert stage.quarantine("reason", "counted", "first", "count", "bytes") == [("poison", True, 5, 2, whole)]


def test_losses_that_our_own_code_fails_on_are_custody_and_none_of_them_is_taken_down(stage):
    with failing(1):
        assert marks(stage.take(("data", losses(0, (1, 1, 1, 0, 4))))) == {(1, 0): 1}
    assert entries(stage) == [("poison", True, 0, 1)]
    assert (stage.tables.loss.rows, stage.ledger()) == ({}, None)


def test_a_control_message_that_our_own_code_fails_on_is_kept_as_bytes_and_passed(stage):
    question = ("probe", said(probe=1, unanswered=0))
    with failing(2):
        downs = stage.take(sent(stage, 0), question, sent(stage, 1))
    assert marks(downs) == {(1, 1): 2}
    ((reason, counted, device_id, detail),) = stage.quarantine("reason", "counted", "device_id", "detail")
    assert (reason, counted, device_id) == ("poison", False, "dev")
    assert detail == repr(ZeroDivisionError("a defect of ours"))[:WHY_CHARS]


def test_a_frame_that_cannot_even_be_quarantined_is_kept_as_bytes(stage):
    async def refuses(parts, judged, place, now_ms):
        raise RefusedError("22003", "out of range")

    whole = frame(stage.reading, 0)
    with patch.object(work, "commit", refuses):
        assert stage.take(("data", whole)) == []
    assert stage.quarantine("reason", "counted", "bytes") == [("poison", False, whole)]
    assert marks(stage.take(sent(stage, 1))) == {(1, 1): 0}


def test_a_database_that_is_away_makes_no_poison(stage):
    async def away(parts, judged, place, now_ms):
        raise ConnectionResetError("the database is away")

    batch = stage.batch(sent(stage, 0))
    with patch.object(work, "commit", away), pytest.raises(ConnectionResetError):
        drive(stage.commits.take(stage.parts, batch, list.__len__))
    assert (entries(stage), stage.commits.position.seq, stage.commits.halved) == ([], 0, None)


# -- where the partition is --------------------------------------------------------------------------------------------------------


def test_two_workers_on_one_partition_are_fenced_and_store_nothing_twice(families):
    stage = Stage(families)
    slow = stage.commits
    stage.start()
    batch = stage.batch(sent(stage, 0))
    drive(stage.commits.take(stage.commits.parts, batch, list))
    with pytest.raises(FencedError):
        drive(slow.take(slow.parts, batch, list))
    assert [row["seq"] for row in stage.readings()] == [0]


def test_a_stream_that_was_made_anew_is_read_from_its_start_and_one_that_lost_its_end_too(stage):
    stage.take(sent(stage, 0), sent(stage, 1))
    for created, seq, wanted in (("made at noon", 9, 2), ("made at noon", 2, 2), ("made at noon", 1, 0), ("made later", 9, 0)):
        found = drive(stage.commits.attach(stage.store(), Position(created, seq), stage.holds))
        assert (found.created, found.seq) == (created, wanted)


@pytest.mark.parametrize("end", [2, 3, 9])
def test_a_stream_that_lost_its_end_and_took_as_much_since_or_more_is_read_from_its_start(stage, end):
    stage.take(sent(stage, 0), sent(stage, 1))
    stage.batch(sent(stage, 2))
    stage.stream[2] += 1
    for _ in range(2):  # a broker that goes away again meanwhile takes nothing from that
        assert drive(stage.commits.attach(stage.store(), Position("made at noon", end), stage.holds)) == Position(
            "made at noon", 0
        )
    drive(stage.commits.begin_at(stage.store(), 2))
    assert stage.events() == []
    stage.seq = 0
    stage.take(sent(stage, 0), sent(stage, 2))
    assert stage.start().commits.position == Position("made at noon", 2)
    assert [row["seq"] for row in stage.readings()] == [0, 1, 2]


def test_of_a_place_that_an_older_hub_committed_nothing_is_asked(stage):
    async def asked(seq, stored_ns):
        raise AssertionError(seq, stored_ns)

    stage.take(sent(stage, 0))
    stage.tables.ingest_position.rows[0] = {**stage.tables.ingest_position.rows[0], "stored_ns": None}
    assert drive(stage.commits.attach(stage.store(), Position("made at noon", 1), asked)).seq == 1
    assert drive(stage.commits.attach(stage.store(), Position("made at noon", 0), asked)).seq == 0
    drive(stage.commits.begin_at(stage.store(), 0))
    assert drive(stage.commits.attach(stage.store(), Position("made at noon", 7), asked)).seq == 0


def test_a_place_holds_what_is_known_of_its_message_until_the_next_commit_and_no_longer(stage):
    stage.take(sent(stage, 0), sent(stage, 1))
    (row,) = stage.tables.ingest_position.rows.values()
    assert (row["seq"], row["stored_ns"]) == (2, stage.stream[2])
    drive(stage.commits.attach(stage.store(), Position("made later", 0), stage.holds))
    drive(stage.commits.begin_at(stage.store(), 0))
    (row,) = stage.tables.ingest_position.rows.values()
    assert (row["stream"], row["seq"], row["stored_ns"]) == ("made later", 0, None)


@pytest.mark.parametrize(("acknowledged", "restored"), [(2, False), (3, True)])
def test_a_stream_that_lost_its_end_is_no_restored_database_unless_more_was_acknowledged(stage, acknowledged, restored):
    stage.take(sent(stage, 0), sent(stage, 1))
    drive(stage.commits.attach(stage.store(), Position("made at noon", 1), stage.holds))
    drive(stage.commits.begin_at(stage.store(), acknowledged))
    assert stage.events("acknowledged", "committed") == ([("generation", acknowledged, 2)] if restored else [])


@pytest.mark.parametrize(("acknowledged", "restored"), [(1, False), (2, False), (3, True)])
def test_a_database_that_knows_less_than_was_acknowledged_gets_a_new_generation(stage, acknowledged, restored):
    stage.take(sent(stage, 0), sent(stage, 1))
    stage.start()
    drive(stage.commits.begin_at(stage.store(), 0))
    before = stage.told.generation
    stage.now_ms += 5_000
    drive(stage.commits.begin_at(stage.store(), acknowledged))
    assert (stage.told.generation > before) is restored
    assert stage.events("acknowledged", "committed") == ([("generation", 3, 2)] if restored else [])


@pytest.mark.parametrize(("token", "value"), [(b"a", 0xE40C292C), (b"foobar", 0xBF9CF968), (b"", 0x811C9DC5)])
def test_partitions_are_the_brokers(token, value):
    assert [partition_of(token, many) for many in (1, 2, 7, 1 << 32)] == [value % many for many in (1, 2, 7, 1 << 32)]


def test_sessions_told_after_a_restore_carry_the_new_generation(stage):
    stage.take(("birth", birth()))
    drive(stage.commits.begin_at(stage.store(), 5))
    (session,) = told(stage.take(("birth", birth(session=2))), "session")
    assert session["generation"] == stage.told.generation
