"""Presence is a claim with an age, in both directions: when we last heard the device, and when it last heard us.

State changes only through `on_birth`, `on_frame`, `on_said` (anchor, twin), `on_probe` and `on_death`; `assess` reads it at any time, and is
all a page needs. Times are Unix ms of the hub's clock (arrival), except where a name says uptime.

What the device heard is told by the device: `heard_ms` in control messages, the *heard* flag in frames. A probe says itself how many
questions went unanswered; a birth repeated within its session counts as one more. Who asks is judged by that count, however long ago it
heard us: before, it may have had nothing to say. A session that follows one that ended `deaf` begins
deaf and stays so until the device is known to hear, so that reconnecting does not look like recovery.
"""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Final, NamedTuple, Protocol

from seamline.hub.inputs import Birth, Death, Probe, Said

DEAF_UNANSWERED: Final = 2
"""Questions (births, probes) in a row without an answer that make a device deaf: one may be lost, downlinks are QoS 0."""
ASKS: Final = -1
"""`unanswered` of a device that has just asked, and nothing in vain before: the answer may be on its way."""
QUESTIONS_MAX: Final = 8
"""More in a row than any device asks before it closes its session."""
DEAF_ANSWER_TIMEOUTS: Final = 3
"""Answer timeouts a device may go on sending without having heard us: its own patience is three probes (docs/wire.md)."""
DEAF_END: Final = "deaf"
"""The birth's `last_end` of a session the device closed because nothing answered it."""


class State(StrEnum):
    """What the hub claims about a device. People read *offline* for `lost`: *lost* is what records are."""

    NEVER = "never"
    """Registered, never heard."""
    ONLINE = "online"
    """Heard within its period, and it hears us."""
    DEAF = "deaf"
    """Heard, but it does not hear us."""
    SILENT = "silent"
    """Nothing heard for longer than its period; the connection was not reported dead."""
    LOST = "lost"
    """Its connection ended: it said goodbye, or the broker found the connection dead; its death says no more."""
    PRESUMED_LOST = "presumed_lost"
    """Nothing heard for as many periods as the contract allows."""
    UNKNOWN = "unknown"
    """Nothing heard, and the hub itself could not have heard or stored it."""

    __hash__ = str.__hash__  # the same, without a call of Python's


class Timing(NamedTuple):
    """The contract's numbers, ms. `publish_every_ms` is the shortest period in which something must be heard."""

    publish_every_ms: int
    answer_timeout_ms: int
    presumed_lost_after_ms: int


class PresenceRow(NamedTuple):
    """What is known of a device's newest session. `session` 0: frames came before any birth.

    `last_answered_ms` is when the device last heard us, as far as it has told; `unanswered` how many questions in a row it
    asked in vain, or ASKS; `last_end` and `failures` are what its last birth said about the time before.
    """

    incarnation: int
    boot: int
    session: int
    born_ms: int
    last_heard_ms: int
    last_answered_ms: int | None = None
    died_ms: int | None = None
    unanswered: int = 0
    last_end: str | None = None
    failures: tuple[tuple[str, int], ...] = ()


class Presence(NamedTuple):
    """A claim. Ages in ms, None for never.

    `for_ms` is how long the state has held, `next_ms` the Unix time at which the claim changes if nothing is heard (None: it
    will not).
    """

    state: State
    why: str
    heard_age_ms: int | None = None
    answered_age_ms: int | None = None
    for_ms: int | None = None
    next_ms: int | None = None


class Heard(Protocol):
    """What a claim needs to know of a PresenceRow; the API reads thousands at once and makes no row of each."""

    @property
    def born_ms(self) -> int:
        """When its session began."""
        ...

    @property
    def last_heard_ms(self) -> int:
        """When anything last came from it."""
        ...

    @property
    def last_answered_ms(self) -> int | None:
        """When it last heard us."""
        ...

    @property
    def died_ms(self) -> int | None:
        """When its death was received."""
        ...

    @property
    def unanswered(self) -> int:
        """How many of its questions had no answer, or ASKS."""
        ...


def assess(row: Heard | None, now_ms: int, timing: Timing) -> Presence:
    """What is true of a device at `now_ms`."""
    if row is None:
        return Presence(State.NEVER, "never heard")
    heard_ms, answered_ms, died_ms = row.last_heard_ms, row.last_answered_ms, row.died_ms
    heard_age = max(0, now_ms - heard_ms)
    silent_ms = heard_ms + timing.publish_every_ms + timing.answer_timeout_ms
    presumed_ms = max(silent_ms, heard_ms + timing.presumed_lost_after_ms)
    next_ms: int | None = None
    if died_ms is not None:
        state, why, since_ms = State.LOST, "its connection ended", died_ms
    elif now_ms > presumed_ms:
        state, why, since_ms = State.PRESUMED_LOST, f"no word for {_seconds(heard_age)}", presumed_ms
    elif now_ms > silent_ms:
        state, why, since_ms, next_ms = State.SILENT, f"silent for {_seconds(heard_age)}", silent_ms, presumed_ms + 1
    else:
        deaf, next_ms = _deafness(row, timing), silent_ms + 1
        if deaf is not None:
            state, why, since_ms = State.DEAF, deaf, _answered_or_born(row)
        else:
            state, why, since_ms = State.ONLINE, f"heard {_seconds(heard_age)} ago", row.born_ms
    answered_age = None if answered_ms is None else max(0, now_ms - answered_ms)
    return Presence(state, why, heard_age, answered_age, max(0, now_ms - since_ms), next_ms)


class Outage(NamedTuple):
    """A time in which the hub itself could not hear or store, Unix ms. `until_ms` is None while it lasts; `earlier`: the one before."""

    from_ms: int
    until_ms: int | None = None
    earlier: "Outage | None" = None


_SILENCES: Final = frozenset({State.SILENT, State.PRESUMED_LOST})


def assess_through(row: Heard | None, now_ms: int, timing: Timing, outage: Outage | None) -> Presence:
    """As `assess`, but no silence is concluded from a time in which the hub itself could not hear or store.

    Who was silent before stays so, and no more than that. Of everyone else nothing is known from when a word was due until the
    outage is over and a whole period has passed since.
    """
    found = assess(row, now_ms, timing)
    if row is None or outage is None or found.state not in _SILENCES:
        return found
    begun_ms = min(now_ms, outage.from_ms)
    before = assess_through(row, begun_ms, timing, outage.earlier)
    missed_ms = _missed_ms(row, now_ms, timing, outage)
    judged = assess(row, now_ms - missed_ms, timing)
    next_ms = None if outage.until_ms is None or judged.next_ms is None else judged.next_ms + missed_ms
    state, why, for_ms = judged.state, found.why if judged.state is found.state else judged.why, judged.for_ms
    if judged.state not in _SILENCES:
        state, why, for_ms = State.UNKNOWN, _unable(outage), now_ms - max(outage.from_ms, row.last_heard_ms)
    # What it was before the outage it has been all the while; what it has become since began with the time that counts.
    if before.state is state and before.for_ms is not None:
        for_ms = now_ms - begun_ms + before.for_ms
    return found._replace(state=state, why=why, for_ms=for_ms, next_ms=next_ms)


def _missed_ms(row: Heard, now_ms: int, timing: Timing, outage: Outage | None) -> int:
    """How much of the time until now no silence is concluded from."""
    if outage is None:
        return 0
    begun_ms = min(now_ms, outage.from_ms)
    end_ms = now_ms if outage.until_ms is None else min(now_ms, outage.until_ms)
    missed_ms = _missed_ms(row, begun_ms, timing, outage.earlier)
    if assess(row, begun_ms - missed_ms, timing).state in _SILENCES:
        return missed_ms + max(0, end_ms - outage.from_ms)
    return max(missed_ms, end_ms - row.last_heard_ms)


def on_birth(row: PresenceRow | None, birth: Birth, now_ms: int) -> PresenceRow:
    """A session begins, or its birth is repeated. The birth of an older session of the same incarnation changes nothing.

    A birth of another incarnation is taken as newer: the ledger has refused a stale one before (`births.Born.stale`). A birth the
    broker delivers again comes with its first arrival and is not counted as a question.
    """
    same = row is not None and row.incarnation == birth.incarnation
    if row is not None and same and birth.order < (row.boot, row.session):
        return row
    if row is not None and _same_session(birth, row):
        asked = max(0, row.unanswered) + (1 if now_ms > row.last_heard_ms else 0)
        return _alive(row, now_ms, *_heard_us(row, birth, now_ms, asked))
    born = PresenceRow(
        incarnation=birth.incarnation,
        boot=birth.boot,
        session=birth.session,
        born_ms=now_ms,
        last_heard_ms=now_ms,
        last_answered_ms=row.last_answered_ms if row is not None and same else None,
        last_end=birth.last_end,
        failures=birth.failures,
    )
    return _alive(born, now_ms, *_heard_us(born, birth, now_ms, DEAF_UNANSWERED if birth.last_end == DEAF_END else 0))


def on_frame(row: PresenceRow | None, incarnation: int, boot: int, *, heard: bool, now_ms: int) -> PresenceRow:
    """A frame arrived. Its boot is that of its records, which may be older than the session; `heard` is its flag."""
    if row is None:
        row = PresenceRow(incarnation, boot, 0, born_ms=now_ms, last_heard_ms=now_ms)
    if heard:
        return _alive(row, now_ms, max(now_ms, row.last_answered_ms or 0), 0)
    return _alive(row, now_ms, row.last_answered_ms, row.unanswered)


def on_said(row: PresenceRow | None, said: Said, now_ms: int, answer_timeout_ms: int) -> PresenceRow:
    """An anchor or a twin report arrived: sent only after the session was answered.

    It answers the questions asked in vain only when the device heard us since the first of them. They took a timeout, and twice as long
    with each further one (docs/wire.md): a downlink that is older than that came before them.
    """
    if row is None or _newer(said, row):
        row = PresenceRow(said.incarnation, said.boot, said.session, born_ms=now_ms, last_heard_ms=now_ms)
    if not _same_session(said, row):
        return row
    answered_ms, unanswered = _heard_us(row, said, now_ms, row.unanswered)
    asked_for_ms = answer_timeout_ms * ((1 << min(max(0, row.unanswered), QUESTIONS_MAX)) - 1)
    if row.unanswered > 0 and said.heard_ms is not None and said.uptime_ms - said.heard_ms >= asked_for_ms:
        unanswered = row.unanswered
    return _alive(row, now_ms, answered_ms, unanswered)


def on_probe(row: PresenceRow | None, probe: Probe, now_ms: int) -> PresenceRow:
    """A probe arrived: it says itself how many before it went unanswered."""
    after = on_said(row, probe, now_ms, 0)
    return after._replace(unanswered=probe.unanswered or ASKS) if _same_session(probe, after) else after


def on_death(row: PresenceRow | None, death: Death, now_ms: int) -> PresenceRow:
    """A Last Will arrived. It ends its own session only; a newer session lives on.

    The will of a session whose birth never came through ends that session: the device did connect, and is gone.
    """
    if row is None or _newer(death, row):
        fresh = PresenceRow(death.incarnation, death.boot, death.session, born_ms=now_ms, last_heard_ms=now_ms)
        if row is None:
            return fresh._replace(died_ms=now_ms)
        return fresh._replace(born_ms=row.born_ms, last_heard_ms=row.last_heard_ms, died_ms=now_ms)
    return row._replace(died_ms=now_ms) if _same_session(death, row) and row.died_ms is None else row


def _deafness(row: Heard, timing: Timing) -> str | None:
    """Why the device counts as deaf, or None."""
    if row.unanswered >= DEAF_UNANSWERED:
        return f"{row.unanswered} questions unanswered"
    if row.unanswered:  # it counts for itself
        return None
    patience_ms = max(DEAF_ANSWER_TIMEOUTS * timing.answer_timeout_ms, timing.publish_every_ms + timing.answer_timeout_ms)
    unheard_ms = row.last_heard_ms - _answered_or_born(row)
    if unheard_ms > patience_ms:
        return f"sending, but has not heard us for {_seconds(unheard_ms)}"
    return None


def _answered_or_born(row: Heard) -> int:
    """When the session last had proof that it hears us, or began."""
    return row.born_ms if row.last_answered_ms is None else max(row.born_ms, row.last_answered_ms)


def _heard_us(row: PresenceRow, said: Said, now_ms: int, unanswered: int) -> tuple[int | None, int]:
    """What a control message says about the last downlink heard: (`last_answered_ms`, `unanswered`), given how many were before.

    One heard within this session answers every question. An uptime is the device's word: one that puts the downlink before 1970 says
    nothing.
    """
    known_ms = row.last_answered_ms
    if said.heard_ms is None or said.uptime_ms - said.heard_ms > now_ms:
        return known_ms, unanswered
    answered_ms = now_ms - (said.uptime_ms - said.heard_ms)
    in_session = not isinstance(said, Birth) and answered_ms >= row.born_ms
    return answered_ms if known_ms is None else max(known_ms, answered_ms), 0 if in_session else unanswered


def _alive(row: PresenceRow, now_ms: int, last_answered_ms: int | None, unanswered: int) -> PresenceRow:
    """The row after something arrived: what comes after a death proves life."""
    incarnation, boot, session, born_ms, heard_ms, _, died_ms, _, last_end, failures = row
    if died_ms is not None and now_ms > died_ms:
        died_ms = None
    heard_ms = max(heard_ms, now_ms)
    return PresenceRow(incarnation, boot, session, born_ms, heard_ms, last_answered_ms, died_ms, unanswered, last_end, failures)


def _same_session(said: Said, row: PresenceRow) -> bool:
    return said.incarnation == row.incarnation and said.order == (row.boot, row.session)


def _newer(said: Said, row: PresenceRow) -> bool:
    return said.incarnation == row.incarnation and said.order > (row.boot, row.session)


def _unable(outage: Outage) -> str:
    """What is said of a device that the hub itself could not have heard."""
    if outage.until_ms is None:
        return f"the hub itself has not been able to hear or store since {_utc(outage.from_ms)}"
    return f"not heard since the hub itself could not hear or store, from {_utc(outage.from_ms)} to {_utc(outage.until_ms)}"


def _utc(unix_ms: int) -> str:
    return datetime.fromtimestamp(unix_ms // 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _seconds(ms: int) -> str:
    return f"{ms // 1000} s"
