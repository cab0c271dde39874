"""What a person is shown of a device that has gone offline: presence as the hub reckons it, by the contract's own times."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

from seamline.contract.codegen.arithmetic import load
from seamline.contract.codegen.wording import duration, phrase, size
from seamline.contract.scalars import MS
from seamline.hub.presence import PresenceRow, State, Timing, assess
from seamline.rig.gate.verdict import Evidence

if TYPE_CHECKING:
    from seamline.contract import Contract
    from seamline.contract.problems import Span

Place = Callable[[str], "Span"]

HOUR_MS: Final = MS["h"]
KEEP_ALIVE_GRACE: Final = (3, 2)
"""A broker gives a connection up after one and a half keep-alives (MQTT 3.1.1 section 3.1.2.10)."""
CHANGES_MAX: Final = 8
"""A claim about silence changes twice; the bound keeps a defect from looping."""


class Claim(NamedTuple):
    """From `at_ms` after the last word on, this is what is claimed, and why."""

    at_ms: int
    state: State
    why: str


def claims(contract: Contract, *, died_ms: int | None = None) -> list[Claim]:
    """Return what the hub claims about a device that was heard at 0 and never again; `died_ms`: when its death came, if it did."""
    timing = contract.timing
    every_ms = contract.heartbeat_ms
    waits = Timing(every_ms, timing.answer_timeout_ms, timing.presumed_lost_publishes * every_ms)
    row = PresenceRow(1, 1, 1, born_ms=0, last_heard_ms=0, last_answered_ms=0, died_ms=died_ms)
    found: list[Claim] = []
    at_ms: int | None = died_ms or 0
    while at_ms is not None and len(found) < CHANGES_MAX:
        claim = assess(row, at_ms, waits)
        found.append(Claim(at_ms, claim.state, claim.why))
        at_ms = claim.next_ms
    return found


def after_an_hour(place: Place, contract: Contract) -> Iterator[Evidence]:
    """Yield what is shown after an hour, and what becomes meanwhile of readings, settings and commands."""
    found = claims(contract)
    steps = ", ".join(f"{_word(each.state)} from {_after(each.at_ms)}" for each in found)
    then = [each for each in found if each.at_ms <= HOUR_MS][-1]
    text = f"after an hour: {_word(then.state)}, with its age of 1 h. Nothing heard any more, the claims are: {steps}"
    yield Evidence(text, place("timing.presumed_lost"))
    gone_ms = contract.timing.keep_alive_ms * KEEP_ALIVE_GRACE[0] // KEEP_ALIVE_GRACE[1]
    text = f"where the broker notices first, within 1.5 keep-alives ({_after(gone_ms)}): {_word(State.LOST)}, since its death was received"
    yield Evidence(text, place("timing.keep_alive"))
    yield from _shown(place, contract)
    yield from _kept(place, contract)
    yield from _settings(place, contract)
    yield from _commands(place, contract)


def _word(state: State) -> str:
    return phrase(state.value)


def _after(ms: int) -> str:
    return "the start" if ms == 0 else duration(ms - ms % MS["s"])


def _shown(place: Place, contract: Contract) -> Iterator[Evidence]:
    for each in contract.consumers.values():
        if each.fresh_ms is not None:
            old = "no longer as current" if each.fresh_ms < HOUR_MS else "still as current"
            text = f"{each.name} shows a value of an hour ago {old}: it takes what is younger than {duration(each.fresh_ms)}"
            yield Evidence(text, place(f"consumers.{each.name}.fresh"))
    silent = [each.name for each in contract.consumers.values() if each.fresh_ms is None]
    if silent:
        text = f"how old a value may be that {' and '.join(silent)} shows as current is not agreed (consumers.NAME.fresh)"
        yield Evidence(text, place("consumers"))


def _kept(place: Place, contract: Contract) -> Iterator[Evidence]:
    held = sum(load(message, HOUR_MS, connected=False).bytes for message in contract.messages.values())
    records = sum(load(message, HOUR_MS, connected=False).records for message in contract.messages.values())
    room = contract.buffer.capacity_bytes
    text = f"an hour's readings ({records} records, {size(held)}) wait in {contract.buffer.store} of {size(room)}, each with its own time"
    yield Evidence(text, place("buffer"))


def _settings(place: Place, contract: Contract) -> Iterator[Evidence]:
    for each in contract.state.values():
        confirm = "" if each.confirm_within_ms is None else f", unconfirmed after {duration(each.confirm_within_ms)}"
        expires = "" if each.expires_ms is None else f", given up after {duration(each.expires_ms)}"
        text = (
            f"{each.name}, changed meanwhile: wished for, not reported{confirm}{expires}; on both sides: {phrase(each.conflict)}"
        )
        yield Evidence(text, place(f"state.{each.name}"))


def _commands(place: Place, contract: Contract) -> Iterator[Evidence]:
    for each in contract.commands.values():
        late = "expired within the hour" if each.deadline_ms < HOUR_MS else "still good after the hour"
        text = f"{each.name}: declared to live {duration(each.deadline_ms)}, so {late}"
        yield Evidence(text, place(f"commands.{each.name}.deadline"))
