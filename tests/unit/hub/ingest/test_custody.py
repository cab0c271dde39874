"""Frames on their way into rows and books: what is acknowledged is classed, what cannot be placed is not acknowledged."""

from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import given, settings, strategies as st
from tests.integration.hub.harness import birth, frame, losses, said
from tests.unit.hub.ingest.stage import Ledger, Stage, marks, told

from seamline.hub.drive import drive
from seamline.hub.folds import Key
from seamline.hub.ingest.books import ledger_columns, ledger_row
from seamline.hub.ingest.slow import Scalar
from seamline.hub.ledger import GAPS_MAX, Class, LedgerRow
from seamline.hub.store_port import FencedError


def sent(stage, *runs, **head):
    """A frame for each (first, count); each number has its uptime, so that the same number is the same record."""
    return [("data", frame(stage.reading, first, [{}] * count, uptime_ms=1_000 + 10 * first, **head)) for first, count in runs]


def stored(stage, **where):
    return [row["seq"] for row in stage.readings(**where)]


def test_frames_in_order_are_rows_and_each_batch_is_answered_with_the_mark(stage):
    assert marks(stage.take(("birth", birth()), *sent(stage, (0, 3), (3, 2)))) == {(1, 1): 5}
    assert marks(stage.take(*sent(stage, (5, 1)))) == {(1, 1): 6}
    assert stored(stage) == [0, 1, 2, 3, 4, 5]
    assert stage.ledger() == Ledger(6, 6, [], 6, 0, 0, 0, 0)


def test_a_hole_holds_the_mark_until_it_is_filled(stage):
    assert marks(stage.take(*sent(stage, (0, 2), (5, 2)))) == {(1, 1): 2}
    assert stage.ledger() == Ledger(2, 7, [2, 5], 4, 0, 0, 0, 0)
    assert marks(stage.take(*sent(stage, (2, 1)))) == {(1, 1): 3}
    assert marks(stage.take(*sent(stage, (3, 2)))) == {(1, 1): 7}
    assert stored(stage) == [0, 1, 2, 3, 4, 5, 6]
    assert marks(stage.take(*sent(stage, (7, 1)))) == {(1, 1): 8}


@pytest.mark.parametrize("order", list(permutations([(0, 2), (2, 3), (5, 1)])), ids=str)
def test_in_whatever_order_frames_come_the_books_are_the_same_in_the_end(stage, order):
    for run in order:
        last = stage.take(*sent(stage, run))
    assert marks(last) == {(1, 1): 6}
    assert stage.ledger() == Ledger(6, 6, [], 6, 0, 0, 0, 0)
    assert stored(stage) == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize("anew", [False, True], ids=["in memory", "after a restart"])
def test_a_frame_that_comes_again_is_counted_answered_and_stored_once(stage, anew):
    stage.take(*sent(stage, (0, 3)))
    if anew:
        stage.start()
    assert marks(stage.take(*sent(stage, (0, 3)))) == {(1, 1): 3}
    assert stage.ledger() == Ledger(3, 3, [], 3, 0, 0, 0, 3)
    assert stored(stage) == [0, 1, 2]
    assert stage.quarantine("reason") == []


def test_of_a_frame_that_overlaps_only_what_is_new_is_stored(stage):
    stage.take(*sent(stage, (0, 3)))
    assert marks(stage.take(*sent(stage, (2, 4)))) == {(1, 1): 6}
    assert stage.ledger() == Ledger(6, 6, [], 6, 0, 0, 0, 1)
    assert stored(stage) == [0, 1, 2, 3, 4, 5]
    assert stage.quarantine("reason") == []


def test_a_frame_that_comes_twice_in_one_batch_is_stored_once(stage):
    assert marks(stage.take(*sent(stage, (0, 2), (0, 2), (2, 1)))) == {(1, 1): 3}
    assert stage.ledger() == Ledger(3, 3, [], 3, 0, 0, 0, 2)
    assert stored(stage) == [0, 1, 2]


def test_boots_channels_incarnations_and_devices_have_marks_of_their_own(stage):
    vitals = next(one for one in stage.family.layouts.values() if one.message == "vitals")
    heads = [{}, {"boot": 2}, {"incarnation": 8}]
    messages = [message for head in heads for message in sent(stage, (0, 2), **head)]
    messages += [("data", frame(vitals, 0, [{}])), ("data", frame(stage.reading, 0, [{}] * 4), "other")]
    downs = stage.take(*messages)
    by_incarnation = {(content["incarnation"], *mark) for content in told(downs, "marks") for mark in content["marks"]}
    assert by_incarnation == {(7, 1, 1, 2), (7, 2, 1, 2), (8, 1, 1, 2), (7, 1, 2, 1)}
    assert marks(downs, "other") == {(1, 1): 4}
    assert [stage.ledger(**head).stored for head in heads] == [2, 2, 2]
    assert (stage.ledger(channel=2).stored, stage.ledger(device="other").stored) == (1, 4)


def test_one_device_out_of_order_takes_nothing_from_the_others(stage):
    frames = [("data", frame(stage.reading, first, [{}]), device) for device, first in (("a", 0), ("b", 7), ("c", 0), ("a", 1))]
    downs = stage.take(*frames)
    assert [marks(downs, device) for device in "abc"] == [{(1, 1): 2}, {(1, 1): 0}, {(1, 1): 1}]
    assert [len(stage.readings(device_no=stage.no(device))) for device in "abc"] == [2, 1, 1]


def test_a_row_is_what_the_frame_says(stage):
    records = [{"room": 1_234, "mode": 2, "set_point": 2_100}, {"power": 77}]
    arrival_us = stage.now_ms * 1000
    stage.take(("data", frame(stage.reading, 4, records, boot=3, incarnation=9, uptime_ms=50_000, every_ms=250)))
    first, second = stage.readings()
    assert {name: first[name] for name in ("incarnation", "boot", "seq", "uptime_ms", "arrival", "layout", "revision")} == {
        "incarnation": 9, "boot": 3, "seq": 4, "uptime_ms": 50_000, "arrival": arrival_us, "layout": 3, "revision": 0,
    }  # fmt: skip
    assert (first["room"], first["mode"], first["set_point"]) == (1_234, 2, 2_100)
    assert (second["seq"], second["uptime_ms"], second["power"], second["room"]) == (5, 50_250, 77, 0)
    assert first["digest"] != second["digest"]


def gappy(stage):
    """A row whose list of gaps is full; returns its high."""
    stage.take(*sent(stage, *((2 * gap + 1, 1) for gap in range(GAPS_MAX))))
    return 2 * GAPS_MAX


def test_a_frame_that_would_need_one_gap_too_many_is_not_stored_and_comes_again(stage):
    high = gappy(stage)
    assert marks(stage.take(*sent(stage, (high + 1, 1)))) == {(1, 1): 0}
    assert len(stored(stage)) == GAPS_MAX
    assert len(stage.ledger().gaps) == 2 * GAPS_MAX
    stage.take(*sent(stage, (0, 1), (high + 1, 1)))
    assert high + 1 in stored(stage)
    assert stage.ledger().stored == GAPS_MAX + 2


# -- declared losses ---------------------------------------------------------------------------------------------------

LOSS = ("boot", "boots", "channel", "first", "count", "reason", "incarnation")


def lost(stage):
    return [tuple(row[name] for name in LOSS) for row in stage.tables.loss.rows.values()]


@pytest.mark.parametrize(("code", "reason"), [(1, "buffer_full"), (2, "expired"), (3, "corrupted"), (4, "power_loss")], ids=str)
def test_a_declared_loss_closes_its_numbers_for_the_reason_the_device_gave(stage, code, reason):
    stage.take(*sent(stage, (0, 2), (6, 1)))
    downs = stage.take(("data", losses(0, (1, code, 1, 2, 4))))
    assert marks(downs) == {(1, 0): 1, (1, 1): 7}
    assert stage.ledger() == Ledger(7, 7, [], 3, 0, 0, 4, 0)
    assert stage.ledger(channel=0) == Ledger(1, 1, [], 1, 0, 0, 0, 0)
    assert lost(stage) == [(1, 1, 1, 2, 4, reason, 7)]


def test_of_a_declared_loss_what_is_stored_stays_and_only_the_rest_is_written_down(stage):
    stage.take(*sent(stage, (0, 2), (3, 1)))
    assert marks(stage.take(("data", losses(0, (1, 1, 1, 1, 5))))) == {(1, 0): 1, (1, 1): 6}
    assert [row[3:5] for row in lost(stage)] == [(2, 1), (4, 2)]
    assert stage.ledger() == Ledger(6, 6, [], 3, 0, 0, 3, 0)


def test_a_loss_declared_twice_is_written_down_once(stage):
    stage.take(("data", losses(0, (1, 2, 1, 0, 3))))
    stage.take(("data", losses(0, (1, 2, 1, 0, 3))), ("data", losses(1, (1, 2, 1, 0, 3))))
    assert [row[3:5] for row in lost(stage)] == [(0, 3)]
    assert stage.ledger() == Ledger(3, 3, [], 0, 0, 0, 3, 0)


def test_losses_of_an_ended_boot_name_it(stage):
    stage.take(("birth", birth(boot=2, held=[[1, 1, 0, 3]])))
    stage.take(("data", losses(0, (1, 1, 1, 0, 3), boot=2)))
    assert lost(stage) == [(1, 1, 1, 0, 3, "buffer_full", 7)]
    assert stage.ledger(boot=1) is None
    assert stage.fold()["lost"] == 3


def test_a_frame_of_losses_one_of_which_cannot_be_placed_yet_is_refused_whole(stage):
    high = gappy(stage)
    downs = stage.take(("data", losses(0, (2, 1, 1, 0, 2), (1, 1, 1, high + 4, 1))))
    assert marks(downs) == {}
    assert (stage.ledger(channel=0), stage.ledger(channel=2), lost(stage)) == (None, None, [])
    downs = stage.take(("data", losses(0, (1, 1, 1, 0, 1), (1, 1, 1, high + 4, 1))))
    assert marks(downs) == {(1, 0): 2, (1, 1): 2}
    assert [row[3:5] for row in lost(stage)] == [(0, 1), (high + 4, 1)]


@pytest.mark.parametrize(
    "record",
    [(1, 1, 1, 0, 0), (1, 1, 0, 0, 1), (1, 1, 2, 0, 1), (1, 1, 1, 2**32 - 1, 2)],
    ids=["of nothing", "of boot 0", "of a boot to come", "beyond the last number"],
)
def test_a_loss_that_cannot_be_is_quarantined_and_the_others_of_its_frame_hold(stage, record):
    downs = stage.take(("data", losses(0, (1, 1, 1, 0, 2), record, (1, 1, 1, 2, 1))))
    assert marks(downs) == {(1, 0): 3, (1, 1): 3}
    assert stage.ledger(channel=0) == Ledger(3, 3, [], 2, 1, 0, 0, 0)
    assert stage.quarantine("reason", "channel", "first", "count", "counted") == [("out_of_range", 0, 1, 1, True)]
    assert [row[3:5] for row in lost(stage)] == [(0, 2), (2, 1)]


# -- ownership, and who is whose -------------------------------------------------------------------------------------------


def test_frames_of_an_older_epoch_than_the_devices_are_declined(stage):
    stage.take(("birth", birth()))
    stage.tables.device.put("dev", {**stage.tables.device.rows["dev"], "epoch": 2})
    stage.start()
    downs = stage.take(*sent(stage, (0, 2), epoch=1), *sent(stage, (2, 1), epoch=2), *sent(stage, (3, 1), epoch=3))
    assert marks(downs) == {(1, 1): 4}
    assert stage.ledger() == Ledger(4, 4, [], 2, 0, 2, 0, 0)
    assert stored(stage) == [2, 3]


@pytest.mark.parametrize("born", [1, 2])
def test_an_answered_probe_names_every_open_boot_of_its_incarnation(stage, born):
    stage.take(("birth", birth(boot=born, held=[[1, 1, 4, 2]] if born == 2 else [])), *sent(stage, (0, 4)))
    stage.take(*sent(stage, (0, 1), incarnation=9))
    (answer,) = told(stage.take(("probe", said(boot=born, probe=5, unanswered=1)), *sent(stage, (0, 3), boot=2)), "marks")
    assert answer["probe"] == 5
    assert {tuple(mark) for mark in answer["marks"]} == {(1, 1, 4), (2, 1, 3)}


def test_what_a_commit_moved_is_said_without_the_echo_of_a_probe(stage):
    (answer,) = told(stage.take(*sent(stage, (0, 1))), "marks")
    assert (answer["probe"], answer["incarnation"], answer["session"]) == (None, 7, 0)


RUNS = st.lists(st.tuples(st.integers(0, 30), st.integers(1, 6), st.integers(0, 3)), min_size=1, max_size=14)


def test_rows_and_ledger_agree_whatever_comes_in_whatever_batches(families):
    @given(RUNS)
    @settings(max_examples=40, deadline=None)
    def holds(runs):
        stage, batch = Stage(families), []
        for first, count, cut in runs:
            batch += sent(stage, (first, count))
            if not cut:
                stage.take(*batch)
                batch = []
        if batch:
            stage.take(*batch)
        numbers = {number for first, count, _ in runs for number in range(first, first + count)}
        row = stage.ledger()
        assert stored(stage) == sorted(numbers)
        assert (row.stored, row.high) == (len(numbers), max(numbers) + 1)
        assert row.mark == next(number for number in range(40) if number not in numbers)
        assert row.duplicates == sum(count for _, count, _ in runs) - len(numbers)

    holds()


# -- the ledger between memory and database ----------------------------------------------------------------------------------------


def test_an_incarnation_is_known_from_its_first_frame_on(stage):
    first_us = stage.now_ms * 1000
    stage.take(*sent(stage, (0, 1)))
    stage.now_ms += 5_000
    stage.take(*sent(stage, (1, 1)), *sent(stage, (0, 1), incarnation=9))
    seen = {key[1]: row["first_seen"] for key, row in stage.tables.incarnation.rows.items()}
    assert seen == {7: first_us, 9: first_us + 5_002_000}


def test_a_row_knows_when_its_first_and_its_last_record_arrived_whichever_way_they_were_accounted(stage):
    first_us = stage.now_ms * 1000
    stage.take(*sent(stage, (0, 2)))
    for run in ((4, 1), (2, 1), (3, 1), (5, 1)):
        stage.now_ms += 777
        last_us = stage.now_ms * 1000
        stage.take(*sent(stage, run))
        row = stage.tables.ledger.rows[key_of(stage)]
        assert (row["first_arrival"], row["last_arrival"]) == (first_us, last_us)
    stage.take(*sent(stage, (9, 1), (8, 1)))
    assert stage.tables.ledger.rows[key_of(stage)]["last_arrival"] == (stage.now_ms - 1) * 1000
    stage.now_ms += 100
    declared_us = stage.now_ms * 1000
    stage.take(("data", losses(0, (1, 1, 1, 6, 2))))
    assert [row["declared_at"] for row in stage.tables.loss.rows.values()] == [declared_us]


def key_of(stage):
    return stage.no(), 7, 1, 1


def test_a_row_that_another_worker_changed_meanwhile_fences_the_scalar_path(stage):
    stage.take(("birth", birth()), *sent(stage, (0, 2)))
    books, slot = stage.commits.parts.books, stage.commits.parts.memory.fleet.slot("dev")
    (ledger,) = drive(books.ledgers([slot])).values()
    done = Scalar(slot, ledger, replace(ledger, rows=(rows := dict(ledger.rows))), rows)
    done.take(Key(7, 1, 1), 5, 1, Class.STORED, stage.now_ms)
    done.ledger = replace(ledger, rows=rows)
    row = stage.tables.ledger.rows[key_of(stage)]
    stage.tables.ledger.put(key_of(stage), {**row, "version": row["version"] + 1})
    with pytest.raises(FencedError):
        drive(books.write([done]))


def test_a_row_that_another_worker_moved_fences_the_fast_path_and_memory_is_read_anew(stage):
    stage.take(*sent(stage, (0, 2)))
    row = stage.tables.ledger.rows[key_of(stage)]
    stage.tables.ledger.put(key_of(stage), {**row, "version": row["version"] + 1})
    with pytest.raises(FencedError):
        drive(stage.commits.take(stage.commits.parts, stage.batch(*sent(stage, (2, 1))), list))
    assert stored(stage) == [0, 1]
    stage.seq = stage.commits.position.seq
    stage.start()
    assert marks(stage.take(*sent(stage, (2, 1)))) == {(1, 1): 3}


LEDGER_ROWS = st.builds(
    LedgerRow,
    *[st.integers(0, 2**32)] * 2,
    st.lists(st.tuples(st.integers(0, 99), st.integers(100, 199)), max_size=3).map(tuple),
    st.none() | st.integers(0, 2**32),
    *[st.integers(0, 2**40)] * 6,
    st.none() | st.integers(0, 2**45),
)


@given(LEDGER_ROWS)
def test_a_row_is_read_as_it_was_written(row):
    columns = ledger_columns(1, Key(7, 2, 3), row, 4)
    names = (
        "mark",
        "high",
        "gaps",
        "upper",
        "stored",
        "quarantined",
        "declined",
        "lost",
        "duplicates",
        "version",
        "owed_since_ms",
    )
    assert ledger_row([columns[name] for name in names]) == row
    assert [columns[name] for name in ("device_no", "incarnation", "boot", "channel", "arrival")] == [1, 7, 2, 3, 4_000]
