"""What the hub says to a device: the payloads of `dn/<device>/…` of docs/wire.md, as bytes.

Pure functions; compact JSON. `marks` is on the hot path (one for each device and batch) and is put together as text: all its
members are integers, so there is nothing to escape.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from seamline.hub.inputs import Value


@dataclass(frozen=True, slots=True)
class Wish:
    """One entry of `desired`: not resolved yet. `expires_ms` is Unix time."""

    value: Value
    version: int
    expires_ms: int | None


@dataclass(frozen=True, slots=True)
class TwinDocument:
    """Everything desired and not yet resolved, and the reported versions the hub has."""

    desired: Mapping[str, Wish]
    known: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class HubClock:
    """The hub's time as told in `session`: Unix time when sent and how far it may be off, both in ms."""

    time_ms: int
    uncertainty_ms: int


@dataclass(frozen=True, slots=True)
class Session:
    """The answer to a birth. `marks` are (boot, channel, next); boots below `closed` are closed."""

    incarnation: int
    boot: int
    session: int
    clock: HubClock
    generation: int
    spread_ms: int
    marks: Iterable[tuple[int, int, int]]
    closed: int
    twin: TwinDocument


def session_payload(answer: Session) -> bytes:
    """The payload of `dn/<device>/session`."""
    return _json(
        {
            "session": answer.session,
            "boot": answer.boot,
            "incarnation": answer.incarnation,
            "time_ms": answer.clock.time_ms,
            "uncertainty_ms": answer.clock.uncertainty_ms,
            "generation": answer.generation,
            "spread_ms": answer.spread_ms,
            "marks": [list(mark) for mark in answer.marks],
            "closed": answer.closed,
            "twin": _twin(answer.twin),
        }
    )


def marks_payload(
    incarnation: int,
    session: int,
    marks: Iterable[tuple[int, int, int]],
    probe: int | None = None,
    taken: Iterable[tuple[int, int, int]] = (),
) -> bytes:
    """The payload of `dn/<device>/marks`; `probe` echoes the probe answered, `taken` are words: (boot, session, number).

    The answer to a probe tells of words even when it took none: by that a device knows what was lost.
    """
    listed = ",".join([f"[{boot},{channel},{upto}]" for boot, channel, upto in marks])
    echo = "null" if probe is None else str(probe)
    words = "" if probe is None and not taken else ',"taken":' + json.dumps([list(word) for word in taken], separators=(",", ":"))
    return f'{{"incarnation":{incarnation},"session":{session},"marks":[{listed}],"probe":{echo}{words}}}'.encode()


def busy_payload(retry_after_ms: int) -> bytes:
    """The payload of `dn/<device>/busy`. Raises ValueError for a negative time."""
    if retry_after_ms < 0:
        message = f"retry_after_ms is {retry_after_ms}: a device cannot come back in the past"
        raise ValueError(message)
    return b'{"retry_after_ms":%d}' % retry_after_ms


def twin_payload(document: TwinDocument, to: tuple[int, int, int] | None) -> bytes:
    """The payload of `dn/<device>/twin` for the session, boot and incarnation known as newest; None: none is known."""
    members = {} if to is None else dict(zip(("session", "boot", "incarnation"), to, strict=True))
    return _json({**members, **_twin(document)})


def _twin(document: TwinDocument) -> dict[str, object]:
    return {
        "desired": {
            name: {"value": wish.value, "version": wish.version, "expires_ms": wish.expires_ms}
            for name, wish in document.desired.items()
        },
        "known": dict(document.known),
    }


def _json(members: Mapping[str, object]) -> bytes:
    return json.dumps(members, separators=(",", ":"), allow_nan=False).encode()
