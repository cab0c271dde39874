"""No silence is concluded from a time in which the hub itself could not hear or store."""

from hypothesis import assume, given, strategies as st

from seamline.hub.presence import Outage, PresenceRow, State, Timing, assess, assess_through

T0 = 1_763_000_000_000
TIMING = Timing(publish_every_ms=60_000, answer_timeout_ms=12_000, presumed_lost_after_ms=180_000)
SILENCES = {State.SILENT, State.PRESUMED_LOST}
MS = st.integers(0, 2_000_000)


def heard_at(ms, **known):
    return PresenceRow(7, 1, 1, born_ms=T0, last_heard_ms=T0 + ms, **known)


def state(row, at_ms, outage):
    return assess_through(row, T0 + at_ms, TIMING, outage).state


def test_a_device_that_spoke_until_the_outage_is_unknown_once_its_word_is_overdue_and_says_since_when():
    row, outage = heard_at(0, last_answered_ms=T0), Outage(T0 + 5_000)
    assert state(row, 72_000, outage) is State.ONLINE
    claim = assess_through(row, T0 + 900_000, TIMING, outage)
    assert (claim.state, claim.for_ms, claim.next_ms, claim.heard_age_ms) == (State.UNKNOWN, 895_000, None, 900_000)
    assert claim.why == "the hub itself has not been able to hear or store since 2025-11-13 02:13:25 UTC"


def test_after_the_outage_a_device_has_a_whole_period_to_speak_before_it_is_silent():
    row, outage = heard_at(0, last_answered_ms=T0), Outage(T0 + 5_000, T0 + 600_000)
    claim = assess_through(row, T0 + 600_001, TIMING, outage)
    assert (claim.state, claim.next_ms) == (State.UNKNOWN, T0 + 672_001)
    assert claim.why.startswith("not heard since the hub itself could not hear or store, from ")
    assert state(row, 672_000, outage) is State.UNKNOWN
    silent = assess_through(row, T0 + 672_001, TIMING, outage)
    assert (silent.state, silent.for_ms, silent.next_ms) == (State.SILENT, 1, T0 + 780_001)
    assert state(row, 780_000, outage) is State.SILENT
    assert state(row, 780_001, outage) is State.PRESUMED_LOST


def test_who_was_silent_before_stays_so_and_is_presumed_lost_by_what_was_listened_to():
    row = heard_at(0, last_answered_ms=T0)
    during = assess_through(row, T0 + 500_000, TIMING, Outage(T0 + 100_000))
    assert (during.state, during.for_ms, during.next_ms) == (State.SILENT, 428_000, None)
    over = Outage(T0 + 100_000, T0 + 500_000)
    assert assess_through(row, T0 + 500_000, TIMING, over).next_ms == T0 + 580_001
    assert state(row, 580_000, over) is State.SILENT
    assert state(row, 580_001, over) is State.PRESUMED_LOST
    assert state(row, 400_000, Outage(T0 + 200_000)) is State.PRESUMED_LOST


def test_what_a_device_becomes_after_an_outage_it_is_since_then_and_not_since_some_moment_inside_it():
    row, over = heard_at(0, last_answered_ms=T0), Outage(T0 + 100_000, T0 + 600_000)
    lost = assess_through(row, T0 + 680_001, TIMING, over)
    assert (lost.state, lost.for_ms) == (State.PRESUMED_LOST, 1)
    before = assess_through(row, T0 + 900_000, TIMING, Outage(T0 + 200_000, T0 + 600_000))
    assert (before.state, before.for_ms) == (State.PRESUMED_LOST, 720_000)  # it was lost before the outage, and all the while


def test_deaths_and_devices_never_heard_are_facts_that_no_outage_changes():
    outage = Outage(T0 + 10)
    assert state(heard_at(0, died_ms=T0 + 5), 10**7, outage) is State.LOST
    assert assess_through(None, T0, TIMING, outage).state is State.NEVER


def test_who_is_heard_after_the_outage_is_judged_as_ever():
    row, outage = heard_at(600_000, last_answered_ms=T0 + 600_000), Outage(T0 + 5_000, T0 + 500_000)
    for at_ms in (600_000, 672_001, 780_001):
        assert assess_through(row, T0 + at_ms, TIMING, outage) == assess(row, T0 + at_ms, TIMING)


def test_two_outages_in_one_silence_are_both_held_against_nobody():
    row, first = heard_at(0, last_answered_ms=T0), Outage(T0 + 50_000, T0 + 100_000)
    second = Outage(T0 + 120_000, T0 + 300_000, first)
    assert state(row, 250_000, second) is State.UNKNOWN
    claim = assess_through(row, T0 + 300_000, TIMING, second)
    assert (claim.state, claim.for_ms, claim.next_ms) == (State.UNKNOWN, 250_000, T0 + 372_001)
    assert state(row, 372_001, second) is State.SILENT


def test_who_fell_silent_between_two_outages_is_presumed_lost_by_what_was_listened_to():
    row, first = heard_at(0, last_answered_ms=T0), Outage(T0 + 10_000, T0 + 100_000)  # silent at 172 s, lost 108 s later
    second = Outage(T0 + 200_000, T0 + 500_000, first)
    claim = assess_through(row, T0 + 500_000, TIMING, second)
    assert (claim.state, claim.for_ms, claim.next_ms) == (State.SILENT, 328_000, T0 + 580_001)
    assert state(row, 580_000, second) is State.SILENT
    assert state(row, 580_001, second) is State.PRESUMED_LOST


@given(MS, MS, MS, MS, MS, MS)
def test_an_outage_before_another_makes_no_claim_sooner_or_worse_and_one_that_holds(heard, begun, lasted, well, again, later):
    row = heard_at(heard, last_answered_ms=T0 + heard)
    first = Outage(T0 + begun, T0 + begun + lasted)
    second = Outage(first.until_ms + well, first.until_ms + well + again)
    now_ms = max(second.until_ms, T0 + heard) + later
    alone, both = (assess_through(row, now_ms, TIMING, one) for one in (second, second._replace(earlier=first)))
    worse = [State.ONLINE, State.UNKNOWN, State.SILENT, State.PRESUMED_LOST]
    assert worse.index(both.state) <= max(worse.index(alone.state), 1)
    assert min(both.heard_age_ms, both.for_ms) >= 0
    if both.next_ms is not None:
        assert assess_through(row, both.next_ms - 1, TIMING, second._replace(earlier=first)).state is both.state
        assert assess_through(row, both.next_ms, TIMING, second._replace(earlier=first)).state is not both.state


@given(MS, MS, MS, st.none() | MS)
def test_silence_is_never_claimed_sooner_or_worse_than_without_an_outage(heard, begun, later, lasted):
    row = heard_at(heard, last_answered_ms=T0 + heard)
    now_ms = max(heard, begun) + later
    outage = Outage(T0 + begun, None if lasted is None else T0 + min(begun + lasted, now_ms))
    plain = assess(row, T0 + now_ms, TIMING)
    claim = assess_through(row, T0 + now_ms, TIMING, outage)
    if plain.state not in SILENCES:
        assert claim == plain
    elif plain.state is State.SILENT:
        assert claim.state in {State.SILENT, State.UNKNOWN}
    assert min(claim.heard_age_ms, claim.for_ms) >= 0
    if outage.until_ms is None and claim.state in SILENCES:
        before = assess(row, outage.from_ms, TIMING)
        assert (claim.state, now_ms - claim.for_ms) == (before.state, begun - before.for_ms)


@given(MS, MS, MS, MS)
def test_a_claim_after_an_outage_holds_until_the_moment_it_names(heard, begun, lasted, later):
    row = heard_at(heard, last_answered_ms=T0 + heard)
    outage = Outage(T0 + begun, T0 + begun + lasted)
    now_ms = T0 + max(heard, begun + lasted) + later
    claim = assess_through(row, now_ms, TIMING, outage)
    assume(claim.next_ms is not None)
    assert claim.next_ms > now_ms
    assert assess_through(row, claim.next_ms - 1, TIMING, outage).state is claim.state
    assert assess_through(row, claim.next_ms, TIMING, outage).state is not claim.state
