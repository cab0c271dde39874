"""Ended boots: what a birth's bounds say of each, what is closed of them, and what the device is told to let go of."""

from itertools import pairwise

import pytest
from hypothesis import given, strategies as st
from tests.unit.hub.messages import birth

from seamline.hub.births import Closure, receive_birth
from seamline.hub.ended import Bounds, Stretch, bounds
from seamline.hub.folds import Key, LedgerFold, folded, merged
from seamline.hub.inputs import Ended
from seamline.hub.inventory import Admission, DeviceLedger, LossReason, Mark, admit, changes, closed_below, marks, settle, take
from seamline.hub.ledger import Class, LedgerRow

NOW = 5_000
INC = 7


def key(boot, channel=1, incarnation=INC):
    return Key(incarnation, boot, channel)


def stored(ledger, boot, first, count, channel=1, incarnation=INC):
    return take(ledger, key(boot, channel, incarnation), first, count, Class.STORED, now_ms=NOW).ledger


ENDED = st.lists(
    st.builds(
        lambda first, more, channel, upper: Ended(first, first + more, channel, upper),
        st.integers(1, 30),
        st.integers(0, 12),
        st.integers(0, 2),
        st.integers(0, 9),
    ),
    max_size=8,
)


@given(ENDED)
def test_of_each_boot_and_channel_the_highest_bound_holds(entries):
    given_bounds = bounds(entries)
    for channel in range(3):
        own = [one for one in entries if one.channel == channel]
        found = given_bounds.get(channel, Bounds())
        for boot in range(45):
            covering = [one.upper for one in own if one.boot_first <= boot <= one.boot_last]
            assert found.of(boot) == max(covering, default=0)


@given(ENDED)
def test_stretches_are_disjoint_ascend_and_cover_just_the_boots_that_were_named(entries):
    for channel, found in bounds(entries).items():
        assert all(one.first < one.end for one in found.stretches)
        assert all(left.end <= right.first for left, right in pairwise(found.stretches))
        covered = {boot for one in found.stretches for boot in range(one.first, one.end)}
        named = {boot for one in entries if one.channel == channel for boot in range(one.boot_first, one.boot_last + 1)}
        assert covered == named


def test_a_bound_holds_for_the_boots_of_its_stretch_and_for_no_neighbour():
    found = Bounds((Stretch(3, 5, 10), Stretch(7, 8, 20)))
    assert [found.of(boot) for boot in range(2, 9)] == [0, 10, 10, 0, 0, 20, 0]


# -- what is closed --------------------------------------------------------------------------------------------------------


def test_a_stretch_of_unheard_boots_is_one_closure_that_names_its_channel_and_every_boot():
    born = receive_birth(DeviceLedger(), birth(boot=9, ended=[[2, 5, 3, 11]]), NOW)
    assert born.closures == (Closure(INC, 2, 5, 3, 0, 11, LossReason.POWER_LOSS),)
    assert born.closures[0].total == 44
    assert born.folds == {(INC, 3): LedgerFold(4, 2, 5, numbered=44, lost=44)}


def test_each_channel_of_an_ended_boot_is_closed_up_to_its_own_bound():
    ledger = stored(stored(receive_birth(DeviceLedger(), birth(), NOW).ledger, 1, 0, 4), 1, 0, 2, channel=2)
    born = receive_birth(ledger, birth(boot=2, ended=[[1, 1, 1, 6], [1, 1, 2, 9]]), NOW)
    assert [(one.channel, one.first, one.count) for one in born.closures] == [(1, 4, 2), (2, 2, 7)]
    assert [born.folds[INC, channel].lost for channel in (1, 2)] == [2, 7]


def test_boots_with_rows_close_one_by_one_and_the_stretch_around_them_at_once():
    ledger = stored(receive_birth(DeviceLedger(), birth(boot=3), NOW).ledger, 3, 0, 4)
    born = receive_birth(ledger, birth(boot=6, ended=[[1, 5, 1, 5]]), NOW)
    assert [(one.boot_first, one.boot_last, one.first, one.count) for one in born.closures] == [(3, 3, 4, 1), (4, 5, 0, 5)]
    assert born.folds[INC, 1] == LedgerFold(3, 3, 5, numbered=15, stored=4, lost=11)


def test_a_boot_that_was_over_before_is_not_closed_again_by_a_bound_that_names_it():
    ledger = receive_birth(DeviceLedger(), birth(boot=4), NOW).ledger
    born = receive_birth(ledger, birth(boot=6, ended=[[1, 5, 1, 5]]), NOW)
    assert [(one.boot_first, one.boot_last) for one in born.closures] == [(4, 5)]


def test_of_an_ended_boot_every_run_that_is_neither_held_nor_classed_is_lost():
    ledger = stored(stored(receive_birth(DeviceLedger(), birth(), NOW).ledger, 1, 2, 2), 1, 8, 2)
    born = receive_birth(ledger, birth(boot=2, held=[[1, 1, 5, 2], [1, 1, 12, 1]], ended=[[1, 1, 1, 15]]), NOW)
    assert [(one.first, one.count) for one in born.closures] == [(0, 2), (4, 1), (7, 1), (10, 2), (13, 2)]
    assert born.ledger.rows[key(1)].missing == ((5, 7), (12, 13))


def test_a_boot_without_rows_that_holds_records_waits_for_them():
    born = receive_birth(DeviceLedger(1, {}, {}), birth(boot=5, held=[[3, 1, 4, 2]], ended=[[3, 3, 1, 8]]), NOW)
    row = born.ledger.rows[key(3)]
    assert (row.mark, row.missing, row.lost) == (4, ((4, 6),), 6)
    assert (born.closed_below, admit(born.ledger, key(3)), admit(born.ledger, key(4))) == (3, Admission.OPEN, Admission.CLOSED)


def test_a_closed_boot_that_a_device_still_holds_gets_one_final_mark_at_the_end_of_all_its_runs():
    ledger = receive_birth(DeviceLedger(), birth(boot=3), NOW).ledger
    held = [[1, 1, 2, 2], [1, 1, 9, 3], [2, 1, 0, 1], [2, 2, 5, 5]]
    born = receive_birth(ledger, birth(boot=3, session=2, held=held), NOW)
    assert born.marks == (Mark(1, 1, 12), Mark(2, 1, 1), Mark(2, 2, 10))
    assert dict(born.ledger.rows) == {}


def test_runs_that_a_birth_names_in_pieces_are_held_up_to_the_last_of_them():
    born = receive_birth(DeviceLedger(), birth(held=[[1, 1, 0, 5], [1, 1, 20, 5]]), NOW)
    assert born.ledger.rows[key(1)].numbered == 25


# -- another incarnation -----------------------------------------------------------------------------------------------------


@pytest.fixture
def swapped():
    """A device whose incarnation 7 was in boot 5 and owed records of boot 4, replaced by incarnation 99."""
    first = receive_birth(DeviceLedger(), birth(boot=4), NOW).ledger
    first = receive_birth(stored(first, 4, 3, 2), birth(boot=5, held=[[4, 1, 0, 3]]), NOW).ledger
    return receive_birth(stored(first, 5, 0, 1), birth(incarnation=99, boot=2), NOW)


def test_a_new_incarnation_ends_every_boot_of_the_old_one_and_says_which_it_replaced(swapped):
    assert swapped.superseded == INC
    assert swapped.closures == (Closure(INC, 4, 4, 1, 0, 3, LossReason.ERASED),)
    assert swapped.folds == {(INC, 1): LedgerFold(2, 4, 5, numbered=6, stored=3, lost=3)}
    assert dict(swapped.ledger.closed) == {INC: 6, 99: 2}
    assert swapped.marks == ()


def test_a_board_that_is_put_back_goes_on_with_its_next_boot_and_not_with_the_one_it_was_in(swapped):
    assert receive_birth(swapped.ledger, birth(boot=5), NOW).stale
    back = receive_birth(swapped.ledger, birth(boot=6), NOW)
    assert (back.stale, back.superseded, back.ledger.incarnation) == (False, 99, INC)
    assert dict(back.ledger.closed) == {INC: 6, 99: 3}


def test_boots_of_an_incarnation_nobody_was_born_in_end_with_any_birth():
    ledger = stored(DeviceLedger(), 3, 1, 2, incarnation=8)
    born = receive_birth(ledger, birth(), NOW)
    assert born.closures == (Closure(8, 3, 3, 1, 0, 1, LossReason.ERASED),)
    assert dict(born.ledger.closed) == {8: 4, INC: 1}
    assert born.superseded is None


# -- marks and what is closed ------------------------------------------------------------------------------------------------


def test_frames_of_a_boot_to_come_close_nothing():
    ledger = stored(receive_birth(DeviceLedger(), birth(boot=2), NOW).ledger, 9, 0, 3)
    assert closed_below(ledger, INC) == 2
    assert marks(ledger, INC) == (Mark(9, 1, 3),)


def test_the_lowest_boot_that_waits_bounds_what_a_device_may_forget():
    held = [[2, 1, 0, 1], [4, 2, 0, 1]]
    born = receive_birth(DeviceLedger(), birth(boot=6, held=held), NOW)
    assert born.closed_below == 2
    after = take(born.ledger, key(2), 0, 1, Class.STORED, now_ms=NOW)
    assert (closed_below(after.ledger, INC), after.mark) == (4, Mark(2, 1, 1))
    assert closed_below(DeviceLedger(), INC) == 0


def test_a_settled_row_of_the_boot_that_runs_does_not_fold():
    ledger = DeviceLedger(INC, {INC: 2}, {key(2): LedgerRow(4, 4, stored=4), key(1): LedgerRow(3, 3, lost=3, duplicates=2)})
    after, folds, finals = settle(ledger)
    assert set(after.rows) == {key(2)}
    assert folds == {(INC, 1): LedgerFold(1, 1, 1, numbered=3, lost=3, duplicates=2)}
    assert finals == (Mark(1, 1, 3),)
    taken = take(ledger, key(2), 4, 1, Class.STORED, now_ms=NOW)
    assert (taken.folds, taken.mark) == ({}, Mark(2, 1, 5))


FOLDS = st.builds(
    LedgerFold,
    st.integers(1, 9),
    st.integers(1, 9),
    st.integers(10, 19),
    st.integers(0, 99),
    *[st.integers(0, 99)] * 5,
)


@given(FOLDS, FOLDS, FOLDS)
def test_folds_add_up_in_any_order(one, two, three):
    assert merged(merged(one, two), three) == merged(one, merged(two, three)) == merged(three, merged(two, one))
    assert merged(None, one) is one
    whole = merged(one, two)
    assert (whole.boot_first, whole.boot_last) == (min(one.boot_first, two.boot_first), max(one.boot_last, two.boot_last))
    counts = ("boots", "numbered", "stored", "quarantined", "declined", "lost", "duplicates")
    assert all(getattr(whole, name) == getattr(one, name) + getattr(two, name) for name in counts)


def test_a_row_folds_with_each_of_its_counts_in_its_place():
    row = LedgerRow(10, 10, upper=10, stored=1, quarantined=2, declined=3, lost=4, duplicates=5)
    assert folded(key(6, 2), row) == LedgerFold(1, 6, 6, 10, stored=1, quarantined=2, declined=3, lost=4, duplicates=5)


def test_a_driver_writes_what_changed_and_nothing_else():
    same, grown, gone = key(1), key(2), key(1, 2)
    before = DeviceLedger(INC, {INC: 2, 9: 4}, {same: LedgerRow(1, 1, stored=1), grown: LedgerRow(), gone: LedgerRow()})
    after = DeviceLedger(INC, {INC: 3, 9: 4}, {same: LedgerRow(1, 1, stored=1), grown: LedgerRow(2, 2, stored=2)})
    diff = changes(before, after)
    assert dict(diff.upserts) == {grown: LedgerRow(2, 2, stored=2)}
    assert (diff.deletes, dict(diff.closed), diff.incarnation) == ((gone,), {INC: 3}, None)
