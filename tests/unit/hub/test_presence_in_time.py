"""Whatever was heard, a presence claim holds exactly until the moment it names, and only ever gets worse in silence."""

from hypothesis import given, strategies as st

from seamline.hub.presence import PresenceRow, State, Timing, assess, on_frame

T0 = 1_763_000_000_000
SILENCE = [State.ONLINE, State.SILENT, State.PRESUMED_LOST]
MS = st.integers(0, 10**7)
TIMINGS = st.builds(
    Timing,
    publish_every_ms=st.integers(1, 10**6),
    answer_timeout_ms=st.integers(1, 10**5),
    presumed_lost_after_ms=st.integers(1, 10**7),
)


@st.composite
def rows(draw):
    born = T0 + draw(MS)
    heard = born + draw(MS)
    return PresenceRow(
        incarnation=7, boot=1, session=draw(st.integers(0, 3)), born_ms=born, last_heard_ms=heard,
        last_answered_ms=draw(st.none() | st.integers(born, heard)), died_ms=draw(st.none() | st.integers(heard, heard + 10**6)),
        unanswered=draw(st.integers(-1, 5)), last_end=draw(st.sampled_from([None, "deaf", "power"])),
    )  # fmt: skip


@given(rows(), TIMINGS, MS)
def test_a_claim_holds_until_the_moment_it_names_and_changes_then(row, timing, later):
    now = row.last_heard_ms + later
    claim = assess(row, now, timing)
    if claim.next_ms is None:
        assert claim.state in {State.LOST, State.PRESUMED_LOST}
        assert assess(row, now + 10**9, timing).state is claim.state
    else:
        assert claim.next_ms > now
        assert assess(row, claim.next_ms - 1, timing).state is claim.state
        assert assess(row, claim.next_ms, timing).state is not claim.state


@given(rows(), TIMINGS, st.lists(MS, min_size=2, max_size=6))
def test_in_silence_a_claim_only_gets_worse(row, timing, waits):
    states = [assess(row, row.last_heard_ms + wait, timing).state for wait in sorted(waits)]
    ranks = [SILENCE.index(State.ONLINE if state is State.DEAF else state) for state in states if state is not State.LOST]
    assert ranks == sorted(ranks)


@given(rows(), TIMINGS, st.integers(-(10**6), 10**8))
def test_no_age_is_negative_even_when_the_hubs_clock_steps_back(row, timing, later):
    claim = assess(row, row.last_heard_ms + later, timing)
    assert min(age for age in (claim.heard_age_ms, claim.answered_age_ms, claim.for_ms) if age is not None) >= 0
    assert claim.why


@given(rows(), TIMINGS, st.integers(0, 10**8))
def test_a_frame_of_the_living_session_ends_the_silence(row, timing, later):
    if row.died_ms is not None:
        return
    now = row.last_heard_ms + later
    heard = on_frame(row, row.incarnation, row.boot, heard=True, now_ms=now)
    assert heard.last_heard_ms == now
    assert assess(heard, now, timing).state in {State.ONLINE, State.DEAF}


@given(rows(), st.integers(0, 10**8), st.booleans())
def test_records_of_an_older_boot_are_heard_from_the_device_of_today(row, later, heard):
    row = PresenceRow(row.incarnation, 5, row.session, row.born_ms, row.last_heard_ms)
    now = row.last_heard_ms + later
    after = on_frame(row, row.incarnation, 4, heard=heard, now_ms=now)
    assert (after.boot, after.session, after.born_ms) == (5, row.session, row.born_ms)
    assert (after.last_heard_ms, after.last_answered_ms) == (now, now if heard else None)
