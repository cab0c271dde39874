import pytest
from hypothesis import given, strategies as st
from tests.unit.hub.messages import birth, said

from seamline.hub.presence import (
    ASKS,
    DEAF_UNANSWERED,
    Presence,
    State,
    Timing,
    assess,
    on_birth,
    on_death,
    on_frame,
    on_probe,
    on_said,
)

TIMEOUT_MS = 12_000
TIMING = Timing(publish_every_ms=60_000, answer_timeout_ms=TIMEOUT_MS, presumed_lost_after_ms=180_000)
T0 = 1_763_000_000_000


def state(row, now_ms):
    return assess(row, now_ms, TIMING).state


@pytest.fixture
def alive():
    """A session that was answered: born at T0, heard us a second later, sent a frame at T0 + 5 s."""
    row = on_birth(None, birth(boot=2, session=3, uptime_ms=1_000), T0)
    row = on_said(row, said("anchor", boot=2, session=3, uptime_ms=2_100, heard_ms=2_000), T0 + 1_100, TIMEOUT_MS)
    return on_frame(row, 7, 2, heard=True, now_ms=T0 + 5_000)


def test_a_device_never_heard_is_never():
    assert assess(None, T0, TIMING) == Presence(State.NEVER, "never heard")


def test_presence_has_its_age_in_both_directions(alive):
    claim = assess(alive, T0 + 7_000, TIMING)
    assert claim == Presence(State.ONLINE, "heard 2 s ago", 2_000, 2_000, 7_000, next_ms=T0 + 77_001)


def test_silence_becomes_presumed_loss_after_the_contract_s_periods(alive):
    assert state(alive, T0 + 77_000) is State.ONLINE
    silent = assess(alive, T0 + 77_001, TIMING)
    assert (silent.state, silent.why, silent.for_ms) == (State.SILENT, "silent for 72 s", 1)
    assert silent.next_ms == T0 + 185_001
    assert state(alive, silent.next_ms - 1) is State.SILENT
    gone = assess(alive, silent.next_ms, TIMING)
    assert (gone.state, gone.next_ms, gone.heard_age_ms) == (State.PRESUMED_LOST, None, 180_001)


def test_a_death_of_the_session_makes_it_lost(alive):
    dead = on_death(alive, said("death", boot=2, session=3), T0 + 20_000)
    claim = assess(dead, T0 + 25_000, TIMING)
    assert (claim.state, claim.why, claim.for_ms) == (State.LOST, "its connection ended", 5_000)
    assert on_death(dead, said("death", boot=2, session=3), T0 + 30_000) == dead


@pytest.mark.parametrize("older", [{"session": 2}, {"boot": 1, "session": 9}, {"incarnation": 6}])
def test_a_late_death_of_another_session_cannot_kill_a_newer_one(alive, older):
    members = {"boot": 2, "session": 3} | older
    assert on_death(alive, said("death", **members), T0 + 20_000) == alive


def test_the_death_of_a_session_whose_birth_never_came_ends_it(alive):
    dead = on_death(alive, said("death", boot=2, session=4), T0 + 20_000)
    assert state(dead, T0 + 20_000) is State.LOST
    assert (dead.session, dead.last_heard_ms) == (4, T0 + 5_000)
    assert state(on_death(None, said("death"), T0), T0) is State.LOST


def test_a_new_session_lives_after_the_death_of_the_old(alive):
    dead = on_death(alive, said("death", boot=2, session=3), T0 + 20_000)
    born = on_birth(dead, birth(boot=2, session=4, last_end="network", failures=[["refused", 2]]), T0 + 30_000)
    assert state(born, T0 + 30_000) is State.ONLINE
    assert (born.last_end, born.failures) == ("network", (("refused", 2),))
    assert born.last_answered_ms == alive.last_answered_ms
    assert on_death(born, said("death", boot=2, session=3), T0 + 31_000) == born


def test_what_arrives_after_a_death_proves_life(alive):
    dead = on_death(alive, said("death", boot=2, session=3), T0 + 20_000)
    assert on_frame(dead, 7, 2, heard=False, now_ms=T0 + 20_000).died_ms == T0 + 20_000
    assert state(on_frame(dead, 7, 2, heard=True, now_ms=T0 + 21_000), T0 + 21_000) is State.ONLINE


def test_a_late_birth_of_an_older_session_changes_nothing(alive):
    assert on_birth(alive, birth(boot=2, session=2), T0 + 9_000) is alive
    assert on_birth(alive, birth(boot=1, session=9), T0 + 9_000) is alive


def test_births_that_go_unanswered_make_a_device_deaf():
    row = on_birth(None, birth(uptime_ms=1_000), T0)
    row = on_birth(row, birth(uptime_ms=13_000), T0 + 12_000)
    assert state(row, T0 + 12_000) is State.ONLINE
    row = on_birth(row, birth(uptime_ms=37_000), T0 + 36_000)
    claim = assess(row, T0 + 36_000, TIMING)
    assert (claim.state, claim.why, claim.answered_age_ms) == (State.DEAF, "2 questions unanswered", None)


def test_a_birth_the_broker_delivers_again_is_no_second_question():
    row = on_birth(None, birth(), T0)
    assert on_birth(on_birth(row, birth(), T0), birth(), T0).unanswered == 0


def test_a_device_whose_probes_go_unanswered_is_deaf_until_it_hears(alive):
    row = on_probe(alive, said("probe", boot=2, session=3, uptime_ms=40_000, unanswered=0), T0 + 40_000)
    assert state(row, T0 + 40_000) is State.ONLINE
    row = on_probe(row, said("probe", boot=2, session=3, uptime_ms=70_000, unanswered=2), T0 + 70_000)
    assert state(row, T0 + 70_000) is State.DEAF
    heard = on_frame(row, 7, 2, heard=True, now_ms=T0 + 75_000)
    assert state(heard, T0 + 75_000) is State.ONLINE


@pytest.mark.parametrize(
    ("unanswered", "heard_ms", "shown", "counted"),
    [
        (2, 5_000, State.DEAF, 2),  # long before the first of three questions, which was asked 36 s before the third
        (2, 44_000, State.DEAF, 2),
        (2, 44_001, State.ONLINE, 0),
        (2, 79_000, State.ONLINE, 0),
        (1, 68_000, State.ONLINE, 1),
        (1, 68_001, State.ONLINE, 0),
        (65_535, 5_000, State.DEAF, 0),  # by its silence: no device asks so often in vain
    ],
)
def test_a_report_answers_questions_only_when_something_was_heard_since(alive, unanswered, heard_ms, shown, counted):
    """Somebody turns a knob at a deaf device: its report comes, and tells of a downlink that came before the questions."""
    word = said("probe", boot=2, session=3, uptime_ms=72_000, heard_ms=5_000, unanswered=unanswered)
    row = on_probe(alive, word, T0 + 71_000)
    row = on_said(row, said("twin", boot=2, session=3, uptime_ms=80_000, heard_ms=heard_ms), T0 + 79_000, TIMEOUT_MS)
    assert row.unanswered == counted
    assert state(row, T0 + 79_000) is shown


def test_a_device_that_breaks_its_period_is_not_deaf_because_it_asks(alive):
    """Its sensor has failed, say: all that comes is a probe each keep-alive, and each is answered."""
    row = alive
    for at_ms in (245_000, 485_000, 725_000):
        assert state(row, T0 + at_ms - 1) in {State.SILENT, State.PRESUMED_LOST}
        heard_ms = at_ms - 240_000
        row = on_probe(row, said("probe", boot=2, session=3, uptime_ms=at_ms, heard_ms=heard_ms, unanswered=0), T0 + at_ms)
        claim = assess(row, T0 + at_ms, TIMING)
        assert (claim.state, claim.answered_age_ms) == (State.ONLINE, 240_000)


def test_a_device_that_was_silent_for_long_is_deaf_when_it_asks_in_vain(alive):
    row = on_probe(alive, said("probe", boot=2, session=3, uptime_ms=245_000, heard_ms=5_000, unanswered=0), T0 + 245_000)
    row = on_probe(row, said("probe", boot=2, session=3, uptime_ms=257_000, heard_ms=5_000, unanswered=1), T0 + 257_000)
    assert state(row, T0 + 257_000) is State.ONLINE
    row = on_probe(row, said("probe", boot=2, session=3, uptime_ms=281_000, heard_ms=5_000, unanswered=2), T0 + 281_000)
    claim = assess(row, T0 + 281_000, TIMING)
    assert (claim.state, claim.why) == (State.DEAF, "2 questions unanswered")


def test_a_birth_that_is_repeated_after_a_first_question_counts_as_one(alive):
    asks = on_probe(alive, said("probe", boot=2, session=3, uptime_ms=9_000, unanswered=0), T0 + 9_000)
    again = on_birth(asks, birth(boot=2, session=3, uptime_ms=10_000), T0 + 10_000)
    assert (asks.unanswered, again.unanswered) == (ASKS, 1)


def test_frames_without_the_heard_flag_make_a_device_deaf(alive):
    row = alive
    for second in range(5, 85, 10):
        row = on_frame(row, 7, 2, heard=False, now_ms=T0 + second * 1_000)
    claim = assess(row, T0 + 75_000, TIMING)
    assert state(row, T0 + 75_000) is State.ONLINE
    row = on_frame(row, 7, 2, heard=False, now_ms=T0 + 90_000)
    claim = assess(row, T0 + 90_000, TIMING)
    assert (claim.state, claim.answered_age_ms) == (State.DEAF, 85_000)
    assert claim.why == "sending, but has not heard us for 85 s"


def test_reconnecting_is_no_recovery_for_a_deaf_device(alive):
    row = on_birth(alive, birth(boot=2, session=4, last_end="deaf", heard_ms=2), T0 + 90_000)
    assert row.unanswered == DEAF_UNANSWERED
    assert state(row, T0 + 90_000) is State.DEAF
    stale = on_said(row, said("anchor", boot=2, session=4, uptime_ms=90_000, heard_ms=2_000), T0 + 91_000, TIMEOUT_MS)
    assert state(stale, T0 + 91_000) is State.DEAF
    heard = on_said(row, said("twin", boot=2, session=4, uptime_ms=100_000, heard_ms=99_900), T0 + 91_000, TIMEOUT_MS)
    assert state(heard, T0 + 91_000) is State.ONLINE


def test_a_new_incarnation_begins_without_the_old_one_s_proof_of_hearing(alive):
    row = on_birth(alive, birth(incarnation=99), T0 + 9_000)
    assert (row.incarnation, row.last_answered_ms, row.unanswered) == (99, None, 0)


def test_words_of_another_session_are_no_evidence(alive):
    assert on_said(alive, said("anchor", boot=2, session=2), T0 + 90_000, TIMEOUT_MS) is alive
    assert on_probe(alive, said("probe", boot=1, unanswered=5), T0 + 90_000) is alive


def test_a_session_known_by_other_words_than_its_birth_is_present(alive):
    row = on_said(None, said("anchor", uptime_ms=100, heard_ms=90), T0, TIMEOUT_MS)
    assert (row.session, row.last_answered_ms, state(row, T0)) == (1, T0 - 10, State.ONLINE)
    newer = on_probe(alive, said("probe", boot=2, session=8, unanswered=1), T0 + 50_000)
    assert (newer.session, newer.unanswered) == (8, 1)


def test_frames_before_any_birth_make_a_device_present_and_a_birth_takes_over():
    row = on_frame(None, 7, 2, heard=False, now_ms=T0)
    assert (row.session, state(row, T0)) == (0, State.ONLINE)
    assert on_birth(row, birth(boot=2), T0 + 1).session == 1


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["birth", "death", "anchor", "probe", "twin", "frame"]),
        st.integers(1, 2),
        st.integers(1, 3),
        st.integers(0, 40_000),
        st.booleans(),
    ),
    max_size=20,
)


@given(EVENTS, st.integers(0, 300_000))
def test_no_order_of_words_breaks_presence_or_makes_an_age_negative(events, later_ms):
    row, now_ms = None, T0
    for kind, boot, session, wait_ms, heard in events:
        now_ms += wait_ms
        if kind == "frame":
            row = on_frame(row, 7, boot, heard=heard, now_ms=now_ms)
            continue
        uptime_ms = now_ms - T0
        word = said(kind, boot=boot, session=session, uptime_ms=uptime_ms, heard_ms=uptime_ms if heard else None)
        update = {"birth": on_birth, "death": on_death, "probe": on_probe}.get(kind)
        after = on_said(row, word, now_ms, TIMEOUT_MS) if update is None else update(row, word, now_ms)
        if row is not None:
            assert (after.boot, after.session) >= (row.boot, row.session)
            assert after.last_heard_ms >= row.last_heard_ms or kind == "birth"
            if kind == "death" and word.order < (row.boot, row.session):
                assert after == row
        row = after
    now_ms += later_ms
    claim = assess(row, now_ms, TIMING)
    assert all(age is None or age >= 0 for age in (claim.heard_age_ms, claim.answered_age_ms, claim.for_ms))
    if claim.next_ms is not None:
        assert claim.next_ms > now_ms
        assert state(row, claim.next_ms - 1) is claim.state
        assert state(row, claim.next_ms) is not claim.state
