import pytest
from tests.model.hub.books import Books, balance
from tests.unit.hub.messages import birth

from seamline.hub.births import Closure, receive_birth
from seamline.hub.folds import Key, LedgerFold, merged
from seamline.hub.inventory import (
    LOSS_REASONS,
    Admission,
    DeviceLedger,
    LossReason,
    Mark,
    admit,
    changes,
    closed_below,
    declare,
    marks,
    settle,
    take,
)
from seamline.hub.ledger import GAPS_MAX, Class, LedgerRow, Outcome

NOW = 5_000
INC = 7


def key(boot, channel=1, incarnation=INC):
    return Key(incarnation, boot, channel)


def stored(ledger, boot, first, count, channel=1, incarnation=INC):
    return take(ledger, key(boot, channel, incarnation), first, count, Class.STORED, now_ms=NOW).ledger


@pytest.fixture
def first_boot():
    """A device in boot 1 that has delivered 0..19 on channel 1."""
    return stored(receive_birth(DeviceLedger(), birth(), NOW).ledger, 1, 0, 20)


def test_a_first_birth_opens_its_boot_and_closes_all_before():
    born = receive_birth(DeviceLedger(), birth(boot=4), NOW)
    assert (born.stale, born.marks, born.closed_below, born.superseded) == (False, (), 4, None)
    assert admit(born.ledger, key(4)) is Admission.OPEN
    assert admit(born.ledger, key(3)) is Admission.CLOSED


def test_frames_before_any_birth_are_accounted():
    ledger = stored(DeviceLedger(), 3, 0, 5)
    assert ledger.rows[key(3)].stored == 5
    assert receive_birth(ledger, birth(boot=3), NOW).marks == (Mark(3, 1, 5),)


def test_an_ended_boot_is_closed_as_lost_up_to_its_bound_and_folds(first_boot):
    born = receive_birth(first_boot, birth(boot=2, ended=[[1, 1, 1, 256]]), NOW)
    assert born.closures == (Closure(INC, 1, 1, 1, 20, 236, LossReason.POWER_LOSS),)
    assert born.folds == {(INC, 1): LedgerFold(1, 1, 1, numbered=256, stored=20, lost=236)}
    assert born.ledger.rows == {}
    assert born.closed_below == 2


def test_what_an_ended_boot_still_holds_stays_owed_until_it_comes(first_boot):
    born = receive_birth(first_boot, birth(boot=2, held=[[1, 1, 30, 10]], ended=[[1, 1, 1, 256]]), NOW)
    assert born.ledger.rows[key(1)].missing == ((30, 40),)
    assert born.marks == (Mark(1, 1, 30),)
    assert born.closed_below == 1
    taken = take(born.ledger, key(1), 30, 10, Class.STORED, now_ms=NOW)
    assert taken.mark == Mark(1, 1, 256)
    assert taken.folds == {(INC, 1): LedgerFold(1, 1, 1, numbered=256, stored=30, lost=226)}
    assert closed_below(taken.ledger, INC) == 2


def test_an_ended_boot_without_a_bound_is_closed_up_to_what_was_heard():
    ledger = stored(receive_birth(DeviceLedger(), birth(), NOW).ledger, 1, 5, 5)
    born = receive_birth(ledger, birth(boot=2), NOW)
    assert born.closures == (Closure(INC, 1, 1, 1, 0, 5, LossReason.POWER_LOSS),)
    assert born.folds == {(INC, 1): LedgerFold(1, 1, 1, numbered=10, stored=5, lost=5)}


def test_a_brown_out_loop_of_a_day_costs_one_fold_and_one_closure(first_boot):
    born = receive_birth(first_boot, birth(boot=1442, ended=[[1, 1, 1, 256], [2, 1441, 1, 8]]), NOW)
    assert born.ledger.rows == {}
    assert born.folds == {(INC, 1): LedgerFold(1441, 1, 1441, numbered=256 + 8 * 1440, stored=20, lost=236 + 8 * 1440)}
    assert [closure.total for closure in born.closures] == [236, 8 * 1440]


def test_boots_that_numbered_nothing_are_counted_and_close_nothing(first_boot):
    born = receive_birth(first_boot, birth(boot=5, ended=[[2, 4, 1, 0]]), NOW)
    assert born.closures == ()
    assert born.folds[INC, 1].boots == 4


def test_of_overlapping_bounds_the_highest_holds_and_no_boot_counts_twice():
    told = [[1, 6, 1, 10], [3, 4, 1, 30], [4, 5, 1, 20], [3, 3, 1, 5]]
    born = receive_birth(DeviceLedger(), birth(boot=7, ended=told), NOW)
    assert born.folds[INC, 1] == LedgerFold(6, 1, 6, numbered=10 + 10 + 30 + 30 + 20 + 10, lost=110)


def test_boots_between_the_given_ranges_are_left_alone():
    born = receive_birth(DeviceLedger(), birth(boot=9, ended=[[1, 2, 1, 10], [6, 7, 1, 5]]), NOW)
    assert born.folds[INC, 1] == LedgerFold(4, 1, 7, numbered=30, lost=30)
    assert [(closure.boot_first, closure.boot_last) for closure in born.closures] == [(1, 2), (6, 7)]


def test_thousands_of_overlapping_bounds_are_settled_at_once():
    told = [[1, 2_001 + at, 1, at] for at in range(1, 2_001)]
    born = receive_birth(DeviceLedger(), birth(boot=5_000, ended=told), NOW)
    assert born.folds[INC, 1].boots == 4_001


def test_a_repeated_birth_changes_nothing_more(first_boot):
    said = birth(boot=3, held=[[1, 1, 30, 10], [3, 1, 0, 5]], ended=[[1, 1, 1, 256], [2, 2, 1, 9]])
    once = receive_birth(first_boot, said, NOW)
    twice = receive_birth(once.ledger, said, NOW + 1)
    assert twice.ledger == once.ledger
    assert (twice.closures, dict(twice.folds), twice.marks) == ((), {}, once.marks)


def test_a_late_birth_of_an_older_boot_closes_nothing(first_boot):
    newer = stored(receive_birth(first_boot, birth(boot=2), NOW).ledger, 2, 0, 5)
    late = receive_birth(newer, birth(boot=1), NOW)
    assert late.stale
    assert late.ledger is newer


def test_a_birth_tells_what_the_open_boot_still_holds_and_it_is_owed(first_boot):
    born = receive_birth(first_boot, birth(session=2, held=[[1, 1, 20, 100]]), NOW)
    assert born.ledger.rows[key(1)].owed == 100
    assert born.marks == (Mark(1, 1, 20),)


def test_held_records_of_a_closed_boot_get_a_mark_that_ends_them(first_boot):
    closed = receive_birth(first_boot, birth(boot=2), NOW).ledger
    born = receive_birth(closed, birth(boot=2, session=2, held=[[1, 1, 10, 10]]), NOW)
    assert Mark(1, 1, 20) in born.marks
    assert born.ledger == closed


def test_held_records_that_are_all_stored_already_get_a_mark_that_ends_them(first_boot):
    born = receive_birth(first_boot, birth(boot=2, held=[[1, 1, 10, 10]]), NOW)
    assert born.marks == (Mark(1, 1, 20),)
    assert born.ledger.rows == {}


def test_a_new_incarnation_closes_every_boot_of_the_older_ones(first_boot):
    gappy = stored(first_boot, 1, 30, 5)
    born = receive_birth(gappy, birth(incarnation=99), NOW)
    assert born.superseded == INC
    assert born.closures == (Closure(INC, 1, 1, 1, 20, 10, LossReason.ERASED),)
    assert born.folds == {(INC, 1): LedgerFold(1, 1, 1, numbered=35, stored=25, lost=10)}
    assert admit(born.ledger, key(1)) is Admission.CLOSED
    assert receive_birth(born.ledger, birth(), NOW).stale


def test_a_board_that_was_swapped_back_begins_with_its_next_boot(first_boot):
    swapped = receive_birth(first_boot, birth(incarnation=99), NOW).ledger
    back = receive_birth(swapped, birth(boot=2), NOW)
    assert not back.stale
    assert back.superseded == 99
    again = receive_birth(back.ledger, birth(boot=2, session=2), NOW)
    assert again.superseded is None
    assert again.ledger == back.ledger


def test_frames_of_a_closed_boot_are_told_apart_and_get_a_mark(first_boot):
    closed = receive_birth(first_boot, birth(boot=2), NOW).ledger
    taken = take(closed, key(1), 40, 5, Class.STORED, now_ms=NOW)
    assert taken.ledger is closed
    assert taken.outcome == Outcome(duplicates=((40, 45),))
    assert taken.mark == Mark(1, 1, 45)


def test_a_declared_loss_counts_once_and_spares_what_is_stored(first_boot):
    taken = declare(first_boot, key(1), 10, 20, now_ms=NOW)
    assert taken.outcome.fresh == ((20, 30),)
    again = declare(taken.ledger, key(1), 10, 20, now_ms=NOW)
    assert again.outcome.fresh == ()
    row = again.ledger.rows[key(1)]
    assert (row.stored, row.lost, row.duplicates) == (20, 10, 0)


def test_more_held_ranges_than_gaps_leave_the_rest_owed_until_a_later_birth():
    ledger = receive_birth(DeviceLedger(), birth(), NOW).ledger
    held = [[1, 1, 10 * at, 5] for at in range(GAPS_MAX + 6)]
    bound = 10 * (GAPS_MAX + 6)
    born = receive_birth(ledger, birth(boot=2, held=held, ended=[[1, 1, 1, bound]]), NOW)
    row = born.ledger.rows[key(1)]
    assert len(row.gaps) <= GAPS_MAX
    assert row.owed > 5 * len(held)
    fewer = receive_birth(born.ledger, birth(boot=2, session=2, held=held[10:], ended=[[1, 1, 1, bound]]), NOW)
    assert fewer.ledger.rows[key(1)].owed == 5 * len(held[10:])


def test_a_background_step_folds_ended_boots_the_fast_path_completed():
    rows = {key(1): LedgerRow(10, 10, stored=10), key(2): LedgerRow(4, 4, stored=4), key(1, 2): LedgerRow(0, 5, ((0, 4),))}
    ledger = DeviceLedger(INC, {INC: 2}, rows)
    after, folds, finals = settle(ledger)
    assert set(after.rows) == {key(2), key(1, 2)}
    assert folds == {(INC, 1): LedgerFold(1, 1, 1, numbered=10, stored=10)}
    assert finals == (Mark(1, 1, 10),)


def test_marks_are_listed_by_boot_and_channel_of_one_incarnation(first_boot):
    ledger = stored(stored(first_boot, 2, 0, 3, channel=2), 1, 0, 9, incarnation=8)
    assert marks(ledger, INC) == (Mark(1, 1, 20), Mark(2, 2, 3))


def test_changes_are_what_a_driver_writes(first_boot):
    after = receive_birth(first_boot, birth(boot=2, held=[[2, 1, 0, 4]]), NOW).ledger
    diff = changes(first_boot, after)
    assert set(diff.upserts) == {key(2)}
    assert diff.deletes == (key(1),)
    assert (diff.closed, diff.incarnation) == ({INC: 2}, None)
    assert changes(DeviceLedger(), first_boot).incarnation == INC


def test_books_balance_over_rows_and_folds_and_tell_the_age_of_what_is_owed(first_boot):
    ledger = take(first_boot, key(1), 30, 5, Class.QUARANTINED, now_ms=9_000).ledger
    fold = LedgerFold(2, 3, 4, numbered=9, stored=4, declined=2, lost=3, duplicates=1)
    books = balance(ledger.rows.values(), [fold, merged(None, fold)], now_ms=10_000)
    assert books == Books(53, 28, 5, 4, 6, 10, 2, owed_age_ms=1_000)
    assert books.balanced
    assert balance([], [], 0) == Books()
    assert not Books(numbered=1).balanced


def test_loss_reasons_are_those_of_the_wire():
    assert [LOSS_REASONS[code].value for code in (1, 2, 3, 4)] == ["buffer_full", "expired", "corrupted", "power_loss"]
