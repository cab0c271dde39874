from itertools import count as count_up

import pytest
from hypothesis import given, strategies as st

from seamline.hub.ledger import (
    GAPS_MAX,
    SEQUENCE_END,
    Class,
    LedgerRow,
    Outcome,
    Repeat,
    account,
    reclass,
    repeat,
    told,
)
from seamline.hub.ranges import normal, size, union

NOW = 1_000
CLASSES = st.sampled_from(list(Class))


def store(row, first, count):
    return account(row, first, count, Class.STORED, NOW)[0]


def test_an_empty_row_takes_the_first_frame():
    row, outcome = account(LedgerRow(), 0, 10, Class.STORED, NOW)
    assert row == LedgerRow(mark=10, high=10, stored=10, version=1)
    assert outcome == Outcome(fresh=((0, 10),))


def test_a_frame_beyond_the_mark_leaves_a_gap_and_the_mark():
    row = store(store(LedgerRow(), 0, 10), 15, 5)
    assert (row.mark, row.high, row.gaps) == (10, 20, ((10, 15),))
    assert row.missing == ((10, 15),)
    assert row.owed == 5
    assert store(row, 10, 5).mark == 20


def test_an_overlapping_frame_splits_into_fresh_and_duplicates():
    row, outcome = account(store(LedgerRow(), 0, 10), 5, 10, Class.STORED, NOW)
    assert outcome == Outcome(fresh=((10, 15),), duplicates=((5, 10),))
    assert (row.stored, row.duplicates) == (15, 5)


def test_what_is_stored_stays_stored_when_it_is_declared_lost():
    row, outcome = account(store(LedgerRow(), 0, 10), 5, 10, Class.LOST, NOW)
    assert outcome.fresh == ((10, 15),)
    assert (row.stored, row.lost, row.duplicates) == (10, 5, 0)


def test_what_was_declared_lost_stays_lost_when_it_arrives():
    lost, _ = account(LedgerRow(), 0, 4, Class.LOST, NOW)
    row, outcome = account(lost, 0, 4, Class.STORED, NOW)
    assert outcome == Outcome(duplicates=((0, 4),))
    assert (row.stored, row.lost) == (0, 4)


def test_a_frame_that_would_need_too_many_gaps_is_refused_and_fits_once_gaps_close():
    row = LedgerRow()
    for gap in range(GAPS_MAX):
        row = store(row, 2 * gap + 1, 1)
    assert len(row.gaps) == GAPS_MAX
    after, outcome = account(row, 1_000, 5, Class.STORED, NOW)
    assert outcome == Outcome(refused=((1_000, 1_005),))
    assert after._replace(version=row.version) == row
    assert account(store(row, 0, 1), 1_000, 5, Class.STORED, NOW)[1].fresh == ((1_000, 1_005),)


def test_of_a_frame_that_spans_gaps_only_what_needs_another_gap_is_refused():
    row = store(LedgerRow(), 10, 1)
    for gap in range(GAPS_MAX - 1):
        row = store(row, 20 + 2 * gap, 1)
    after, outcome = account(row, 4, 2, Class.STORED, NOW)
    assert (outcome.fresh, outcome.refused) == ((), ((4, 6),))
    assert len(after.gaps) == GAPS_MAX
    tail, outcome = account(row, row.high - 3, 8, Class.STORED, NOW)
    assert outcome.fresh == ((row.high - 2, row.high - 1), (row.high, row.high + 5))
    assert tail.high == row.high + 5


@pytest.mark.parametrize(("first", "count"), [(-1, 1), (0, 0), (SEQUENCE_END - 1, 2)])
def test_a_run_outside_the_sequence_numbers_is_our_bug_and_says_so(first, count):
    with pytest.raises(ValueError, match="refuse the frame before"):
        account(LedgerRow(), first, count, Class.STORED, NOW)


def test_the_last_sequence_number_can_be_accounted():
    row, _ = account(LedgerRow(mark=5, high=5, stored=5), SEQUENCE_END - 1, 1, Class.STORED, NOW)
    assert row.high == SEQUENCE_END


def test_told_bounds_make_records_owed_and_only_rise():
    row = told(LedgerRow(), 20, NOW)
    assert (row.numbered, row.owed, row.owed_since_ms) == (20, 20, NOW)
    assert told(row, 10, NOW) is row
    assert told(LedgerRow(), 0, NOW) == LedgerRow()
    assert store(row, 0, 20).owed_since_ms is None


def test_the_age_of_what_is_owed_begins_when_something_is_and_holds_until_nothing_is():
    row, _ = account(LedgerRow(), 5, 5, Class.STORED, 100)
    assert row.owed_since_ms == 100
    row, _ = account(row, 20, 1, Class.STORED, 200)
    assert row.owed_since_ms == 100
    row, _ = account(row, 0, 5, Class.STORED, 300)
    assert row.owed_since_ms == 100
    row, _ = account(row, 10, 10, Class.STORED, 400)
    assert row.owed_since_ms is None


def test_a_row_the_fast_path_moved_under_a_stale_age_gets_a_new_one():
    moved = LedgerRow(mark=10, high=10, stored=10, owed_since_ms=50)
    row, _ = account(moved, 15, 1, Class.STORED, 700)
    assert row.owed_since_ms == 700


@pytest.mark.parametrize(("old", "new"), [(a, b) for a in Class for b in Class if a is not b])
def test_records_move_between_classes_and_none_is_made_or_lost(old, new):
    row, _ = account(LedgerRow(), 0, 10, old, NOW)
    moved = reclass(row, 4, old, new)
    assert moved.classed == row.classed
    assert (getattr(moved, old.value), getattr(moved, new.value)) == (6, 4)


def test_moving_records_to_their_own_class_changes_nothing():
    row, _ = account(LedgerRow(), 0, 3, Class.STORED, NOW)
    assert reclass(row, 2, Class.STORED, Class.STORED) is row


def test_more_records_than_a_class_has_cannot_move():
    row, _ = account(LedgerRow(), 0, 3, Class.QUARANTINED, NOW)
    with pytest.raises(ValueError, match="the row has 3"):
        reclass(row, 4, Class.QUARANTINED, Class.STORED)


def test_a_repeated_record_is_a_duplicate_a_conflict_or_unknown_by_its_digest():
    assert repeat(5, 5) is Repeat.DUPLICATE
    assert repeat(5, 6) is Repeat.CONFLICT
    assert repeat(None, 6) is Repeat.UNKNOWN


def by_the_book(row, first, count, cls):
    """The fast path exactly as the module states it."""
    end = first + count
    return row._replace(mark=end, high=end, version=row.version + 1, **{cls.value: getattr(row, cls.value) + count})


@given(st.integers(0, 100), st.integers(1, 20), CLASSES, st.none() | st.integers(0, 200))
def test_the_fast_path_equals_the_slow_path(mark, count, cls, upper):
    before = told(LedgerRow(mark=mark, high=mark, stored=mark), upper or 0, NOW)
    fast = by_the_book(before, mark, count, cls)
    slow, outcome = account(before, mark, count, cls, NOW)
    assert outcome == Outcome(fresh=((mark, mark + count),))
    assert slow._replace(owed_since_ms=None) == fast._replace(owed_since_ms=None)
    if slow.owed:
        assert slow.owed_since_ms == fast.owed_since_ms


RUNS = st.lists(st.tuples(st.integers(0, 60), st.integers(1, 12), CLASSES, st.integers(0, 4)), max_size=25)


@given(RUNS)
def test_every_sequence_is_in_exactly_one_class_and_marks_only_advance(runs):
    row, classes, duplicates = LedgerRow(), {}, 0
    for first, count, cls, bound in runs:
        row = told(row, bound * 20, NOW)
        after, outcome = account(row, first, count, cls, NOW)
        fresh = {number for number in range(first, first + count) if number not in classes}
        duplicates += 0 if cls is Class.LOST else count - len(fresh)
        classes |= dict.fromkeys(fresh, cls)
        assert {number for a, b in outcome.fresh for number in range(a, b)} == fresh
        assert union(outcome.fresh, outcome.duplicates) == ((first, first + count),)
        assert size(outcome.fresh) + size(outcome.duplicates) == count
        assert after.mark >= row.mark
        assert after.mark == next(number for number in count_up() if number not in classes)
        assert after.version > row.version
        row = after
    numbered = max([row.upper or 0, *(number + 1 for number in classes)])
    missing = normal((number, number + 1) for number in range(numbered) if number not in classes)
    assert (row.numbered, row.missing, row.duplicates) == (numbered, missing, duplicates)
    for cls in Class:
        assert getattr(row, cls.value) == sum(1 for held in classes.values() if held is cls)
    assert row.owed == size(missing)
    assert row.settled == (not missing)
    assert row.gaps == row.missing or row.missing[-1][1] == row.upper


GAPPY = st.lists(st.tuples(st.integers(0, 300), st.integers(1, 3)), min_size=80, max_size=160)


@given(GAPPY)
def test_gaps_stay_bounded_and_what_is_refused_is_not_classed(runs):
    row, classes = LedgerRow(), set()
    for first, count in runs:
        row, outcome = account(row, first, count, Class.STORED, NOW)
        refused = {number for a, b in outcome.refused for number in range(a, b)}
        classes |= set(range(first, first + count)) - refused
        assert not refused & classes
        assert len(row.gaps) <= GAPS_MAX
        assert row.stored == len(classes)
        assert row.missing == normal((n, n + 1) for n in range(row.high) if n not in classes)
