"""What a message of docs/wire.md says, in a few words: kinds, sequence numbers, marks and waits, not bytes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sized
from typing import Final, cast

from seamline.device.frame import unpack

LOSSES: Final = "losses"
"""The name of channel 0."""
LISTED_MAX: Final = 4
"""So many marks or settings are named; more are counted."""


def span(ms: float) -> str:
    """A length of time: `50 ms`, `1.5 s`, `2 min 5 s`, `1 h 10 min`."""
    if ms < 1_000:
        return f"{ms:.0f} ms"
    if ms < 60_000:
        return f"{ms / 1_000:.1f}".removesuffix(".0") + " s"
    large, small = (3_600_000, 60_000) if ms >= 3_600_000 else (60_000, 1_000)
    units = ("h", "min") if ms >= 3_600_000 else ("min", "s")
    rest = int(ms % large // small)
    return f"{int(ms // large)} {units[0]}" + (f" {rest} {units[1]}" if rest else "")


def moment(at_us: int) -> str:
    """A virtual time: `0:02:03.456`."""
    seconds, us = divmod(at_us, 1_000_000)
    return f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{us // 1000:03d}"


def run_of(first: int, count: int) -> str:
    """Sequence numbers, both ends in it."""
    return f"{first}" if count <= 1 else f"{first}–{first + count - 1}"


def counted(items: Sized, what: str) -> str:
    """How many of something there are: `1 fault`, `3 faults`."""
    return f"{len(items):,} {what}" + ("" if len(items) == 1 else "s")


def said(kind: str, payload: bytes, names: Mapping[int, str]) -> str:
    """What a message says; `names` are the device's channels. A payload that is none is named with its length."""
    try:
        if kind == "data":
            return _frame(payload, names)
        document: object = json.loads(payload)
        if not isinstance(document, dict):
            return _unread(kind, payload)
        members = cast("dict[str, object]", document)
        say = DOWN.get(kind) if is_downlink(kind, members) else UP.get(kind)
        return kind if say is None else say(members, names)
    except (ValueError, KeyError, TypeError, AttributeError):
        return _unread(kind, payload)


def is_downlink(kind: str, members: Mapping[str, object]) -> bool:
    """Whether a control message comes from the hub; only `twin` goes both ways."""
    return kind in {"session", "marks", "busy"} or (kind == "twin" and "desired" in members)


def is_wish(payload: bytes) -> bool:
    """Whether the bytes of a `twin` come from the hub, whatever its settings and their values are called."""
    try:
        document: object = json.loads(payload)
    except ValueError:
        return False
    return isinstance(document, dict) and is_downlink("twin", cast("dict[str, object]", document))


def _unread(kind: str, payload: bytes) -> str:
    return f"{kind}, {len(payload)} bytes that are no such message"


def _frame(payload: bytes, names: Mapping[int, str]) -> str:
    frame = unpack(payload)
    name = LOSSES if frame.channel == 0 else names.get(frame.channel, f"channel {frame.channel}")
    return f"{name} {run_of(frame.first, frame.count)} of boot {frame.boot}"


# -- uplinks ---------------------------------------------------------------------------------------------------------------


def _birth(members: Mapping[str, object], names: Mapping[int, str]) -> str:
    held = [
        f"{_name(channel, names)} {run_of(first, count)} of boot {boot}"
        for boot, channel, first, count in _rows(members, "held", 4)
    ]
    more = f"; holds {_listed(held)}" if held else ""
    return f"birth of session {members['session']}, boot {members['boot']} ({members['contract']}){more}"


def _death(members: Mapping[str, object], _names: Mapping[int, str]) -> str:
    return f"death of session {members['session']}, boot {members['boot']}"


def _probe(members: Mapping[str, object], _names: Mapping[int, str]) -> str:
    unanswered = members.get("unanswered")
    return f"probe {members['probe']}: what do you have?" + (f" ({unanswered} unanswered)" if unanswered else "")


def _anchor(members: Mapping[str, object], _names: Mapping[int, str]) -> str:
    return f"anchor: the time by {members['source']}, ±{span(cast('int', members['uncertainty_ms']))}"


def _reported(members: Mapping[str, object], _names: Mapping[int, str]) -> str:
    reported = cast("dict[str, dict[str, object]]", members["reported"])
    return "twin: " + (_listed(f"{name} = {state['value']}" for name, state in reported.items()) or "wishes seen")


# -- downlinks -------------------------------------------------------------------------------------------------------------


def _session(members: Mapping[str, object], names: Mapping[int, str]) -> str:
    return f"answer to session {members['session']}; {_has(members, names)}"


def _marks(members: Mapping[str, object], names: Mapping[int, str]) -> str:
    probe = members.get("probe")
    return _has(members, names) + ("" if probe is None else f" (answers probe {probe})")


def _busy(members: Mapping[str, object], _names: Mapping[int, str]) -> str:
    return f"busy: be silent for {span(cast('int', members['retry_after_ms']))}"


def _desired(members: Mapping[str, object], _names: Mapping[int, str]) -> str:
    desired = cast("dict[str, dict[str, object]]", members["desired"])
    return "twin: " + (_listed(f"wishes {name} = {wish['value']}" for name, wish in desired.items()) or "nothing is wished")


def _has(members: Mapping[str, object], names: Mapping[int, str]) -> str:
    marks = [
        f"{_name(channel, names)} below {following} of boot {boot}" for boot, channel, following in _rows(members, "marks", 3)
    ]
    return f"has {_listed(marks)}" if marks else "has nothing yet"


UP: Final = {"birth": _birth, "death": _death, "probe": _probe, "anchor": _anchor, "twin": _reported}
DOWN: Final = {"session": _session, "marks": _marks, "busy": _busy, "twin": _desired}


def _name(channel: int, names: Mapping[int, str]) -> str:
    return LOSSES if channel == 0 else names.get(channel, f"channel {channel}")


def _rows(members: Mapping[str, object], name: str, width: int) -> list[list[int]]:
    rows = cast("list[list[int]]", members[name])
    return [row for row in rows if len(row) == width]


def _listed(items: Iterable[str]) -> str:
    every = list(items)
    return ", ".join(every[:LISTED_MAX]) + (f" and {len(every) - LISTED_MAX} more" if len(every) > LISTED_MAX else "")
