"""Presence to the millisecond: when each claim begins and ends, since when it holds, and what counts as having heard us."""

import pytest
from tests.unit.hub.messages import birth, said

from seamline.hub.presence import (
    DEAF_ANSWER_TIMEOUTS,
    DEAF_END,
    DEAF_UNANSWERED,
    QUESTIONS_MAX,
    Outage,
    PresenceRow,
    State,
    Timing,
    assess,
    assess_through,
    on_birth,
    on_death,
    on_frame,
    on_probe,
    on_said,
)

T0 = 1_763_000_000_000
PUBLISH_MS, ANSWER_MS, PRESUMED_MS = 60_000, 12_000, 180_000
TIMING = Timing(PUBLISH_MS, ANSWER_MS, PRESUMED_MS)
SILENT_MS = PUBLISH_MS + ANSWER_MS


def row(**given):
    """A session that began at T0, heard us then, and was last heard then."""
    return PresenceRow(
        **{"incarnation": 7, "boot": 1, "session": 1, "born_ms": T0, "last_heard_ms": T0, "last_answered_ms": T0, **given}
    )


def claim(after_ms, timing=TIMING, **given):
    found = assess(row(**given), T0 + after_ms, timing)
    return found.state, found.for_ms, None if found.next_ms is None else found.next_ms - T0


# -- how long each claim holds ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("after_ms", "wanted"),
    [
        (0, (State.ONLINE, 0, SILENT_MS + 1)),
        (SILENT_MS, (State.ONLINE, SILENT_MS, SILENT_MS + 1)),
        (SILENT_MS + 1, (State.SILENT, 1, PRESUMED_MS + 1)),
        (PRESUMED_MS, (State.SILENT, PRESUMED_MS - SILENT_MS, PRESUMED_MS + 1)),
        (PRESUMED_MS + 1, (State.PRESUMED_LOST, 1, None)),
        (10**9, (State.PRESUMED_LOST, 10**9 - PRESUMED_MS, None)),
    ],
)
def test_silence_becomes_presumed_loss_at_the_contracts_moments_and_says_since_when(after_ms, wanted):
    assert claim(after_ms) == wanted


def test_nothing_is_presumed_lost_before_it_is_silent():
    hasty = Timing(PUBLISH_MS, ANSWER_MS, 1_000)
    assert claim(SILENT_MS, hasty)[0] is State.ONLINE
    assert claim(SILENT_MS + 1, hasty) == (State.PRESUMED_LOST, 1, None)


def test_a_death_holds_for_ever_and_has_its_own_age():
    assert claim(5_000, died_ms=T0 + 2_000) == (State.LOST, 3_000, None)
    assert claim(10**9, died_ms=T0 + 2_000) == (State.LOST, 10**9 - 2_000, None)
    assert claim(1_000, died_ms=T0 + 2_000)[:2] == (State.LOST, 0)


def test_both_ages_are_counted_from_their_own_moments():
    found = assess(row(last_heard_ms=T0 + 500, last_answered_ms=T0 + 200), T0 + 700, TIMING)
    assert (found.heard_age_ms, found.answered_age_ms) == (200, 500)
    assert assess(row(last_answered_ms=None), T0, TIMING).answered_age_ms is None
    at_once = assess(row(), T0, TIMING)
    assert (at_once.heard_age_ms, at_once.answered_age_ms, at_once.for_ms) == (0, 0, 0)


# -- deafness --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("timing", "patience_ms"),
    [
        (Timing(60_000, 12_000, 180_000), 72_000),
        (Timing(1_000, 12_000, 180_000), DEAF_ANSWER_TIMEOUTS * 12_000),
        (Timing(24_000, 12_000, 180_000), 36_000),
    ],
    ids=["a publish and an answer", "three answers", "both alike"],
)
def test_who_goes_on_sending_is_deaf_once_it_has_not_heard_us_for_its_patience(timing, patience_ms):
    for over_ms, state in ((0, State.ONLINE), (1, State.DEAF)):
        heard_ms = T0 + patience_ms + over_ms
        found = assess(row(last_heard_ms=heard_ms), heard_ms, timing)
        assert (found.state, found.for_ms) == (state, patience_ms + over_ms)


def test_the_patience_begins_with_the_session_where_nothing_was_heard_in_it():
    for answered_ms in (None, T0 - 10**6):
        heard_ms = T0 + SILENT_MS
        assert assess(row(last_heard_ms=heard_ms, last_answered_ms=answered_ms), heard_ms, TIMING).state is State.ONLINE
        assert assess(row(last_heard_ms=heard_ms + 1, last_answered_ms=answered_ms), heard_ms + 1, TIMING).state is State.DEAF


@pytest.mark.parametrize(
    ("unanswered", "state"),
    [(-1, State.ONLINE), (0, State.DEAF), (1, State.ONLINE), (DEAF_UNANSWERED, State.DEAF), (5, State.DEAF)],
)
def test_who_asks_is_judged_by_its_questions_however_long_ago_it_heard_us(unanswered, state):
    heard_ms = T0 + 10 * SILENT_MS
    assert assess(row(last_heard_ms=heard_ms, unanswered=unanswered), heard_ms, TIMING).state is state


def test_a_session_that_follows_a_deaf_one_begins_deaf_and_any_other_does_not():
    assert on_birth(None, birth(last_end=DEAF_END), T0).unanswered == DEAF_UNANSWERED
    assert on_birth(None, birth(last_end="network"), T0).unanswered == 0


# -- what answers a question -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("unanswered", range(1, QUESTIONS_MAX + 3))
def test_a_report_answers_questions_only_when_something_was_heard_since_the_first_of_them(unanswered):
    """The questions took a timeout, then twice as long, and so on: a downlink older than all of that came before them."""
    asking = row(unanswered=unanswered, last_answered_ms=T0)
    asked_for_ms = ANSWER_MS * (2 ** min(unanswered, QUESTIONS_MAX) - 1)
    now_ms, uptime_ms = T0 + 10 * asked_for_ms, 100 * asked_for_ms
    for age_ms, left in ((asked_for_ms, unanswered), (asked_for_ms - 1, 0)):
        told = said("anchor", uptime_ms=uptime_ms, heard_ms=uptime_ms - age_ms)
        after = on_said(asking, told, now_ms, ANSWER_MS)
        assert (after.unanswered, after.last_answered_ms) == (left, now_ms - age_ms)


def test_what_was_heard_before_the_session_began_answers_nothing():
    asking = row(born_ms=T0, unanswered=1, last_answered_ms=None)
    for age_ms, left in ((1_000, 0), (1_001, 1)):
        told = said("anchor", uptime_ms=50_000, heard_ms=50_000 - age_ms)
        assert on_said(asking, told, T0 + 1_000, ANSWER_MS).unanswered == left


def test_an_uptime_that_puts_a_downlink_before_1970_says_nothing():
    told = said("anchor", uptime_ms=2 * T0, heard_ms=0)
    after = on_said(row(last_answered_ms=None, unanswered=1), told, T0, ANSWER_MS)
    assert (after.last_answered_ms, after.unanswered) == (None, 1)


def test_proof_of_hearing_is_never_taken_back_by_a_late_word():
    told = said("anchor", uptime_ms=50_000, heard_ms=40_000)
    assert on_said(row(last_answered_ms=T0 + 5_000), told, T0 + 1_000, ANSWER_MS).last_answered_ms == T0 + 5_000
    assert on_frame(row(last_answered_ms=T0 + 5_000), 7, 1, heard=True, now_ms=T0).last_answered_ms == T0 + 5_000
    assert on_frame(row(last_answered_ms=None), 7, 1, heard=True, now_ms=T0 + 1).last_answered_ms == T0 + 1


@pytest.mark.parametrize(("counted", "left"), [(0, -1), (1, 1), (3, 3)])
def test_a_probe_says_itself_how_many_before_it_went_unanswered(counted, left):
    probe = said("probe", uptime_ms=50_000, heard_ms=49_000, probe=4, unanswered=counted)
    assert on_probe(row(unanswered=2), probe, T0 + 50_000).unanswered == left


@pytest.mark.parametrize(("before", "after"), [(-1, 1), (0, 1), (1, 2), (2, 3)])
def test_a_birth_that_is_repeated_counts_as_one_more_question(before, after):
    again = birth(uptime_ms=2_000)
    assert on_birth(row(unanswered=before), again, T0 + 1).unanswered == after
    assert on_birth(row(unanswered=before), again, T0).unanswered == max(0, before)


# -- whose word counts ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("boot", "session", "begins"),
    [(1, 1, False), (1, 2, True), (2, 1, True), (1, 0, False), (0, 9, False)],
)
def test_a_session_begins_by_its_boot_and_then_its_number(boot, session, begins):
    if boot == 0:
        known, told = row(boot=2), birth(boot=1, session=max(1, session))
    else:
        known, told = row(session=1), birth(boot=boot, session=max(1, session))
    after = on_birth(known, told, T0 + 1_000)
    assert (after.born_ms == T0 + 1_000) is begins


def test_the_birth_of_another_incarnation_is_newer_whatever_it_counts():
    after = on_birth(row(boot=9, session=9), birth(incarnation=3), T0 + 5)
    assert (after.incarnation, after.boot, after.session, after.last_answered_ms) == (3, 1, 1, None)
    assert on_birth(row(), birth(session=2), T0 + 5).last_answered_ms == T0


@pytest.mark.parametrize("kind", ["anchor", "twin", "probe", "death"])
@pytest.mark.parametrize(
    ("head", "counts"), [({"session": 1}, False), ({"boot": 1, "session": 9}, False), ({"incarnation": 8}, False)]
)
def test_words_of_older_sessions_and_other_incarnations_change_nothing(kind, head, counts):
    known = row(boot=2, session=5)
    told = said(kind, **{"boot": 2, "session": 5, "uptime_ms": 60_000, "heard_ms": 59_000, **head})
    acts = {"death": on_death, "probe": on_probe}
    after = acts[kind](known, told, T0 + 9) if kind in acts else on_said(known, told, T0 + 9, ANSWER_MS)
    assert (after != known) is counts


def test_a_death_keeps_its_first_moment_and_ends_a_session_nobody_saw_begin():
    dead = on_death(row(), said("death"), T0 + 5)
    assert dead.died_ms == T0 + 5
    assert on_death(dead, said("death"), T0 + 9).died_ms == T0 + 5
    unseen = on_death(row(last_heard_ms=T0 + 3), said("death", session=2), T0 + 7)
    assert (unseen.session, unseen.born_ms, unseen.last_heard_ms, unseen.died_ms) == (2, T0, T0 + 3, T0 + 7)
    alone = on_death(None, said("death"), T0)
    assert (alone.died_ms, alone.born_ms, alone.last_heard_ms) == (T0, T0, T0)


@pytest.mark.parametrize(("after_ms", "lives"), [(-1, False), (0, False), (1, True)])
def test_only_what_comes_after_a_death_proves_life(after_ms, lives):
    after = on_frame(row(died_ms=T0 + 100), 7, 1, heard=False, now_ms=T0 + 100 + after_ms)
    assert (after.died_ms is None) is lives
    assert after.last_heard_ms == T0 + 100 + after_ms


def test_a_late_frame_makes_nobody_older():
    assert on_frame(row(last_heard_ms=T0 + 50), 7, 1, heard=False, now_ms=T0).last_heard_ms == T0 + 50


# -- while the hub itself was away -------------------------------------------------------------------------------------------------------


def through(after_ms, outage, **given):
    found = assess_through(row(**given), T0 + after_ms, TIMING, outage)
    return found.state, found.for_ms


@pytest.mark.parametrize("from_ms", [0, 1, SILENT_MS])
def test_of_an_outage_that_lasts_nothing_is_known_once_a_word_is_overdue(from_ms):
    outage = Outage(T0 + from_ms)
    assert through(SILENT_MS, outage)[0] is State.ONLINE
    assert through(SILENT_MS + 1, outage) == (State.UNKNOWN, SILENT_MS + 1 - from_ms)
    assert through(10 * PRESUMED_MS, outage) == (State.UNKNOWN, 10 * PRESUMED_MS - from_ms)


def test_after_an_outage_a_device_has_its_whole_period_and_is_silent_one_millisecond_later():
    outage = Outage(T0 + 10_000, T0 + 500_000)
    assert through(500_000 + SILENT_MS, outage)[0] is State.UNKNOWN
    assert through(500_000 + SILENT_MS + 1, outage) == (State.SILENT, 1)
    assert through(500_000 + PRESUMED_MS, outage)[0] is State.SILENT
    assert through(500_000 + PRESUMED_MS + 1, outage)[0] is State.PRESUMED_LOST


def test_who_was_silent_before_an_outage_is_presumed_lost_by_what_was_listened_to():
    begun, ended = SILENT_MS + 10_000, SILENT_MS + 910_000
    outage = Outage(T0 + begun, T0 + ended)
    assert through(ended, outage) == (State.SILENT, ended - SILENT_MS)
    left_ms = PRESUMED_MS - begun
    assert through(ended + left_ms, outage)[0] is State.SILENT
    assert through(ended + left_ms + 1, outage)[0] is State.PRESUMED_LOST


def test_an_outage_changes_nothing_for_who_is_there_or_died():
    outage = Outage(T0 - 5_000, T0 + 5_000)
    assert through(20_000, outage) == claim(20_000)[:2]
    assert through(10**7, outage, died_ms=T0 + 1)[0] is State.LOST
    assert assess_through(None, T0, TIMING, outage).state is State.NEVER
