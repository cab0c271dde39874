"""Time in ingest: which anchors date what, what is written of them, and which stored rows are dated anew."""

import pytest
from hypothesis import given, settings, strategies as st
from tests.integration.hub.harness import birth, frame, said
from tests.unit.hub.ingest.stage import NOW_MS, Stage
from tests.unit.hub.messages import said as words

from seamline.hub.anchors import ANCHORS_NEWEST
from seamline.hub.drive import drive
from seamline.hub.ingest.clocks import FLUSH_MS, changed_from_ms
from seamline.hub.ingest.judge import Said
from seamline.hub.steps.redate import redate
from seamline.hub.timeline import Dating, Piece, Quality

MINUTE = 60_000
DAY = 1_440 * MINUTE
GNSS_PERIOD_MS = 1024 * 7 * DAY


def anchor(at_ms, unix_ms, *, sent_ms=None, **given):
    """At uptime `at_ms` it was `unix_ms`; said at once unless `sent_ms` says when."""
    told = {"at_ms": at_ms, "unix_ms": unix_ms, "source": "ntp", "uncertainty_ms": 20}
    return ("anchor", said(**{"uptime_ms": at_ms if sent_ms is None else sent_ms, **told, **given}))


def reading(stage, first, uptime_ms, **head):
    return ("data", frame(stage.reading, first, [{}], uptime_ms=uptime_ms, **head))


def dates(stage, **where):
    """(Unix ms, error ms, quality, revision) of each row."""
    rows = stage.readings(**where)
    return [(row["measured"] and row["measured"] // 1000, row["error_ms"], row["quality"], row["revision"]) for row in rows]


def dated_anew(stage):
    return drive(redate(*stage.stores(), stage.catalogue))


@pytest.fixture
def late(families):
    """A hub that hears of a device ten minutes after it began: an anchor now is believable for all of its uptime."""
    stage = Stage(families)
    stage.take(("birth", birth(uptime_ms=10)))
    stage.now_ms = NOW_MS + 10 * MINUTE
    return stage


# -- dates of records ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("before", [False, True], ids=["behind the frame", "before the frame"])
def test_an_anchor_dates_the_frames_of_its_own_batch_wherever_it_stands(late, before):
    told, sent = anchor(9 * MINUTE, NOW_MS + 9 * MINUTE), reading(late, 0, 5 * MINUTE)
    late.take(*([told, sent] if before else [sent, told]))
    assert dates(late) == [(NOW_MS + 5 * MINUTE, 20 + 12 + 1, Quality.SYNCED, 0)]
    assert late.anchors("accepted", "why") == [(True, None)]


def test_an_anchor_dates_what_comes_in_later_batches_and_after_a_restart(late):
    late.take(anchor(MINUTE, NOW_MS + MINUTE))
    late.take(reading(late, 0, MINUTE))
    late.start()
    late.take(reading(late, 1, 2 * MINUTE))
    assert dates(late) == [(NOW_MS + MINUTE, 21, 2, 0), (NOW_MS + 2 * MINUTE, 24, 2, 0)]


def test_a_record_far_from_its_anchor_is_anchored_but_not_synced(late):
    late.now_ms = NOW_MS + 20 * DAY + 100
    late.take(anchor(MINUTE, NOW_MS + MINUTE, sent_ms=20 * DAY), reading(late, 0, MINUTE), reading(late, 1, 20 * DAY))
    near, far = dates(late)
    assert (near[2], far[2]) == (Quality.SYNCED, Quality.ANCHORED)
    assert far[:2] == (NOW_MS + 20 * DAY, 20 + (20 * DAY - MINUTE) * 50 // 10**6 + 1)


def test_each_record_is_dated_by_the_anchor_that_knows_it_best(late):
    late.take(
        anchor(0, NOW_MS, sent_ms=1, uncertainty_ms=5),
        anchor(9 * MINUTE, NOW_MS + 9 * MINUTE + 12, uncertainty_ms=5),
        reading(late, 0, MINUTE),
        reading(late, 1, 8 * MINUTE),
    )
    assert dates(late) == [(NOW_MS + MINUTE, 9, 2, 0), (NOW_MS + 8 * MINUTE + 12, 9, 2, 0)]


def test_no_record_is_dated_after_its_arrival(late):
    late.take(anchor(MINUTE, NOW_MS + 10 * MINUTE + 500, uncertainty_ms=600))
    arrival_ms = late.now_ms
    late.take(reading(late, 0, MINUTE))
    assert dates(late) == [(arrival_ms, 601, 2, 0)]


def test_a_boot_between_two_that_are_dated_is_bounded_by_them(stage):
    stage.take(("birth", birth(uptime_ms=0)), anchor(0, NOW_MS, uncertainty_ms=0), reading(stage, 0, 1_000))
    stage.now_ms = NOW_MS + 10 * MINUTE
    stage.take(("birth", birth(boot=2, uptime_ms=8 * MINUTE)), reading(stage, 0, 4 * MINUTE, boot=2))
    ((unix_ms, error_ms, quality, _),) = dates(stage, boot=2)
    assert quality == Quality.BOUNDED
    assert unix_ms - error_ms <= NOW_MS + 6 * MINUTE <= unix_ms + error_ms
    assert error_ms < 6 * MINUTE


def test_without_anything_known_the_measured_time_is_unknown(stage):
    stage.take(("birth", birth()), reading(stage, 0, 500))
    assert dates(stage) == [(None, None, Quality.BOUNDED, 0)]


def test_an_anchor_of_a_boot_that_no_birth_named_dates_its_frames(late):
    late.take(reading(late, 0, MINUTE, boot=2))
    late.take(anchor(9 * MINUTE, NOW_MS + 9 * MINUTE, boot=2), reading(late, 1, 2 * MINUTE, boot=2))
    assert dates(late, seq=1) == [(NOW_MS + 2 * MINUTE, 20 + 21 + 1, 2, 0)]


# -- dating anew -------------------------------------------------------------------------------------------------------------


def test_a_late_anchor_dates_what_is_stored_and_gives_it_a_revision(late):
    late.take(*(reading(late, at, at * MINUTE) for at in range(3)))
    assert {date[0] for date in dates(late)} == {None}
    late.take(anchor(9 * MINUTE, NOW_MS + 9 * MINUTE))
    assert late.boot()["redate_from_ms"] == 0
    assert dated_anew(late) == 3
    assert [date[0] for date in dates(late)] == [NOW_MS + at * MINUTE for at in range(3)]
    assert {date[2:] for date in dates(late)} == {(2, 1)}
    assert dated_anew(late) == 0
    assert late.boot()["redate_from_ms"] is None


def test_a_better_anchor_moves_only_what_lies_beyond_its_bound(late):
    late.take(anchor(0, NOW_MS, sent_ms=1, uncertainty_ms=100), reading(late, 0, 0), reading(late, 1, 9 * MINUTE))
    late.take(anchor(9 * MINUTE, NOW_MS + 9 * MINUTE + 90, uncertainty_ms=1))
    assert dated_anew(late) == 0
    late.take(anchor(9 * MINUTE, NOW_MS + 9 * MINUTE + 200, uncertainty_ms=0, source="hub"))
    assert dated_anew(late) == 2
    assert dates(late) == [(NOW_MS + 200, 28, 2, 1), (NOW_MS + 9 * MINUTE + 200, 1, 2, 1)]


def test_only_rows_from_the_first_changed_piece_on_are_dated_anew(late):
    late.take(anchor(0, NOW_MS, sent_ms=1, uncertainty_ms=5))
    dated_anew(late)
    late.take(anchor(9 * MINUTE, NOW_MS + 9 * MINUTE, uncertainty_ms=5))
    assert late.boot()["redate_from_ms"] == 270_001


@given(
    st.lists(st.integers(1, 9), max_size=4, unique=True).map(sorted),
    st.lists(st.integers(1, 9), max_size=4, unique=True).map(sorted),
    st.integers(0, 12),
)
def test_before_the_uptime_where_they_part_two_datings_use_the_same_piece(one, other, uptime_ms):
    before, after = (_dating(starts) for starts in (one, other))
    from_ms = changed_from_ms(before, after)
    if uptime_ms < from_ms:
        assert before.piece(uptime_ms) == after.piece(uptime_ms)
    if before.pieces != after.pieces:
        assert before.piece(from_ms) != after.piece(from_ms)


def _dating(starts):
    return Dating(50, 2_000, 0, tuple(Piece(start, start, NOW_MS, 1) for start in (0, *starts)))


def test_a_boot_that_had_no_anchor_is_dated_anew_from_its_beginning():
    assert changed_from_ms(Dating(50, 2_000, 0), _dating([5])) == 0


# -- what is written of anchors ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("unix_ms", "why"),
    [
        (NOW_MS + 11 * MINUTE, "future"),
        (NOW_MS - 2 * MINUTE, "past"),
        (0, "dead_clock"),
        (NOW_MS + 10 * MINUTE - GNSS_PERIOD_MS, "gnss_rollover"),
    ],
)
def test_an_anchor_that_its_receipt_refutes_is_on_record_and_dates_nothing(late, unix_ms, why):
    late.take(anchor(MINUTE, unix_ms), reading(late, 0, MINUTE))
    assert late.anchors("unix_ms", "accepted", "why") == [(unix_ms, False, why)]
    assert dates(late) == [(None, None, 0, 0)]
    assert late.boot()["redate_from_ms"] is None


def test_an_anchor_of_an_uptime_after_its_own_sending_is_refused(late):
    late.take(anchor(MINUTE, NOW_MS + MINUTE, sent_ms=MINUTE - 1))
    assert late.anchors("accepted", "why") == [(False, "uptime_ahead")]


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("together", [False, True])
@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ({"source": "hub", "uncertainty_ms": 400}, {"source": "gnss", "uncertainty_ms": 1}),
        ({"source": "gnss", "uncertainty_ms": 400}, {"source": "rtc", "uncertainty_ms": 1}),
        ({"source": "ntp", "uncertainty_ms": 400}, {"source": "rtc", "uncertainty_ms": 1}),
        ({"source": "ntp", "uncertainty_ms": 3}, {"source": "gnss", "uncertainty_ms": 4}),
    ],
)
def test_of_anchors_that_contradict_each_other_the_better_stands_in_either_order(late, good, bad, together, first):
    pair = [anchor(MINUTE, NOW_MS + MINUTE, **good), anchor(MINUTE, NOW_MS + MINUTE + 4_000, **bad)]
    pair = pair[::-1] if first else pair
    if together:
        late.take(*pair)
    else:
        late.each(*pair)
    assert {row[:2]: row[2:] for row in late.anchors("source", "uncertainty_ms", "accepted", "why")} == {
        (good["source"], good["uncertainty_ms"]): (True, None),
        (bad["source"], bad["uncertainty_ms"]): (False, "disagrees"),
    }


def test_what_does_not_stand_is_taken_back_once_a_still_better_anchor_bears_it_out(late):
    late.take(anchor(MINUTE, NOW_MS + MINUTE, source="gnss", uncertainty_ms=50))
    late.take(anchor(MINUTE, NOW_MS + MINUTE + 3_000, source="rtc", uncertainty_ms=5))
    late.take(anchor(2 * MINUTE, NOW_MS + 2 * MINUTE + 3_000, source="hub", uncertainty_ms=5))
    assert late.anchors("source", "accepted", "why") == [
        ("gnss", False, "disagrees"),
        ("rtc", True, None),
        ("hub", True, None),
    ]


@pytest.mark.parametrize("together", [False, True])
def test_an_anchor_that_comes_again_is_one_anchor(late, together):
    same = anchor(MINUTE, NOW_MS + MINUTE)
    if together:
        late.take(same, same)
    else:
        late.each(same, same)
    assert late.anchors("at_ms", "accepted") == [(MINUTE, True)]


def test_of_anchors_that_differ_in_their_uncertainty_alone_the_best_is_kept(late):
    late.take(*(anchor(MINUTE, NOW_MS + MINUTE, uncertainty_ms=error_ms) for error_ms in (30, 10, 20)))
    assert late.anchors("uncertainty_ms", "accepted") == [(10, True)]


def test_anchors_are_kept_thinned_and_every_one_is_on_record(late):
    late.take(*(anchor(at * 1_000, NOW_MS + at * 1_000, sent_ms=9 * MINUTE) for at in range(ANCHORS_NEWEST + 5)))
    assert len(late.anchors("at_ms")) == ANCHORS_NEWEST + 5
    assert {accepted for (accepted,) in late.anchors("accepted")} == {True}


def test_anchors_of_one_incarnation_date_no_other(late):
    late.take(anchor(MINUTE, NOW_MS + MINUTE), reading(late, 0, MINUTE, incarnation=9), reading(late, 0, MINUTE))
    assert dates(late, incarnation=9) == [(None, None, 0, 0)]
    assert dates(late, incarnation=7)[0][0] == NOW_MS + MINUTE


# -- what was heard of boots -----------------------------------------------------------------------------------------------------


def test_what_was_heard_of_a_boot_is_written_every_other_second_at_most(stage):
    stage.take(("birth", birth(uptime_ms=0)), reading(stage, 0, 100))
    first = stage.boot()
    stage.now_ms += 100
    stage.take(reading(stage, 1, 5_000))
    assert stage.boot() == first
    stage.now_ms += FLUSH_MS
    stage.take(reading(stage, 2, 7_000))
    boot = stage.boot()
    assert (boot["uptime_ms"], boot["last_heard"]) == (7_000, (stage.now_ms - 1) * 1000)


def test_the_least_of_arrival_and_uptime_bounds_when_a_boot_began(stage):
    heard = []
    stage.take(("birth", birth(uptime_ms=3_000)))
    heard.append(NOW_MS - 3_000)
    for uptime_ms, wait_ms in ((20_000, 10_000), (21_000, 10_000), (60_000, 10_000)):
        stage.now_ms += wait_ms
        heard.append(stage.now_ms - uptime_ms)
        stage.take(reading(stage, len(heard), uptime_ms))
    assert stage.boot()["began_before_ms"] == min(heard)
    assert stage.boot()["uptime_ms"] == 60_000


def test_of_a_frame_the_uptime_of_its_last_record_is_heard(stage):
    stage.now_ms += 10_000
    stage.take(("data", frame(stage.reading, 0, [{}] * 4, uptime_ms=1_000, every_ms=500)))
    assert stage.boot()["uptime_ms"] == 2_500
    unknown = bytearray(frame(stage.reading, 0, [{}] * 4, uptime_ms=7_000, every_ms=500, boot=2))
    unknown[3] = 99
    stage.now_ms += 10_000
    stage.take(("data", bytes(unknown)))
    assert stage.boot(2)["uptime_ms"] == 7_000


def test_what_was_heard_and_not_written_yet_bounds_the_boots_around_it_all_the_same(stage):
    """Boot 1 is known to have run for a second when boot 2 begins, although the database has not heard of that."""
    stage.take(("birth", birth(uptime_ms=0)), anchor(0, NOW_MS, uncertainty_ms=0))
    stage.now_ms = NOW_MS + 1_000
    stage.take(reading(stage, 0, 1_000))
    assert stage.boot()["uptime_ms"] == 0
    stage.take(("birth", birth(boot=2, uptime_ms=0)), reading(stage, 0, 0, boot=2))
    ((unix_ms, error_ms, quality, _),) = dates(stage, boot=2)
    assert quality == Quality.BOUNDED
    assert unix_ms - error_ms >= NOW_MS + 998
    assert error_ms <= 3


# -- when something that is reported was made ----------------------------------------------------------------------------------


def made(stage, at_ms, boot=1):
    """When the hub takes something at an uptime to have been made: (Unix ms, error ms), None where that cannot be told."""
    slot = stage.commits.parts.memory.fleet.slot("dev")
    return stage.commits.parts.clocks.made(Said(0, slot, words("probe", boot=boot), stage.now_ms), at_ms)


def test_what_is_reported_is_dated_by_the_anchors_of_its_boot_as_records_are(late):
    late.take(anchor(0, NOW_MS, sent_ms=1, uncertainty_ms=5), reading(late, 0, 1_000))
    assert made(late, 2 * MINUTE) == (NOW_MS + 2 * MINUTE, 5 + 6 + 1)
    late.take(anchor(9 * MINUTE, NOW_MS + 9 * MINUTE + 12, uncertainty_ms=5))
    assert made(late, 8 * MINUTE) == (NOW_MS + 8 * MINUTE + 12, 5 + 3 + 1)
    assert made(late, MINUTE) == (NOW_MS + MINUTE, 5 + 3 + 1)


def test_what_is_reported_is_dated_no_later_than_its_arrival(late):
    late.take(reading(late, 0, 1_000), anchor(MINUTE, NOW_MS + 10 * MINUTE + 500, uncertainty_ms=600))
    assert made(late, MINUTE) == (late.now_ms, 601)


def test_of_a_boot_that_nobody_heard_or_that_has_no_date_nothing_can_be_told(late):
    late.take(reading(late, 0, 1_000))
    assert (made(late, 1_000), made(late, 1_000, boot=9)) == (None, None)


def test_what_is_reported_by_a_boot_without_anchors_lies_between_its_neighbours(stage):
    stage.take(("birth", birth(uptime_ms=0)), anchor(0, NOW_MS, uncertainty_ms=0), reading(stage, 0, 1_000))
    stage.now_ms = NOW_MS + 10 * MINUTE
    stage.take(("birth", birth(boot=2, uptime_ms=8 * MINUTE)), reading(stage, 0, 4 * MINUTE, boot=2))
    unix_ms, error_ms = made(stage, 4 * MINUTE, boot=2)
    assert unix_ms - error_ms <= NOW_MS + 6 * MINUTE <= unix_ms + error_ms
    assert error_ms < 6 * MINUTE


ANCHORS = st.lists(
    st.tuples(st.integers(0, 10 * MINUTE), st.integers(-3_000, 3_000), st.integers(0, 300)), min_size=1, max_size=8
)


def test_in_whatever_order_anchors_come_the_same_ones_stand(families):
    @given(ANCHORS)
    @settings(max_examples=30, deadline=None)
    def holds(told):
        messages = [
            anchor(at_ms, NOW_MS + at_ms + off_ms, sent_ms=10 * MINUTE, uncertainty_ms=error_ms)
            for at_ms, off_ms, error_ms in told
        ]
        verdicts = []
        for order in (messages, messages[::-1]):
            stage = Stage(families, now_ms=NOW_MS + 10 * MINUTE)
            stage.each(*order)
            verdicts.append(sorted(stage.anchors("at_ms", "unix_ms", "accepted")))
        assert verdicts[0] == verdicts[1]

    holds()
