"""What an event says in words, for pages and the command line: a title and one sentence. Pure functions of the event.

Times are told as spans before the event, so that they need no time zone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, cast

Detail = Mapping[str, object]

TITLES: Final = {
    "online": "Online again",
    "deaf": "Deaf",
    "lost": "Offline",
    "presumed_lost": "Presumed lost",
    "loss": "Records lost",
    "gap": "Records missing",
    "quarantine": "Quarantine",
    "stale-birth": "Birth refused",
    "new-incarnation": "Counts anew",
    "unregistered-contract": "Contract not registered",
    "generation": "Database restored",
}
_CLAIMS: Final = {"lost": "offline", "presumed_lost": "presumed lost"}
_UNITS: Final = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))
_RANGES_SHOWN: Final = 3


def title(kind: str) -> str:
    """What happened, in a word or two; a kind that is not known here says its own name."""
    return TITLES.get(kind, kind.replace("_", " ").replace("-", " ").capitalize())


def sentence(kind: str, at_ms: int, detail: object) -> str:
    """What is known of an event of `kind` at `at_ms` (Unix ms), as one or two sentences; empty when nothing is."""
    if not isinstance(detail, Mapping):
        return "" if detail is None else str(detail)
    told = cast("Detail", detail)
    words = _SENTENCES.get(kind)
    try:
        return _plainly(told) if words is None else words(at_ms, told)
    except (KeyError, TypeError, ValueError):  # another version of the hub wrote it
        return _plainly(told)


def span(ms: int) -> str:
    """A duration in its one or two largest units: `840 ms`, `12 s`, `3 min 20 s`."""
    if ms < 1_000:
        return f"{max(0, ms)} ms"
    left, parts = ms // 1_000, list[str]()
    for seconds, unit in _UNITS:
        if left >= seconds and len(parts) < 2:
            parts.append(f"{left // seconds} {unit}")
        elif parts:
            break
        left %= seconds
    return " ".join(parts)


def _presence(at_ms: int, it: Detail) -> str:
    heard, answered = f"Last heard {_before(at_ms, it['heard_ms'])}", it["answered_ms"]
    us = "it had never heard us" if answered is None else f"it last heard us {_before(at_ms, answered)}"
    return f"{_capital(_said(it['why']))}. {heard}; {us}.{_was(it)}"


def _back(_: int, it: Detail) -> str:
    return f"It speaks, and it hears us.{_was(it)}"


def _loss(_: int, it: Detail) -> str:
    # A power cut leaves only a bound of what had been numbered.
    most = "At most " if it["reason"] == "power_loss" else ""
    return f"{most}{_count(it['records'], 'record')} of channel {_said(it['channel'])} lost: {_words(it['reason'])}."


def _gap(at_ms: int, it: Detail) -> str:
    pairs = [(int(first), int(end)) for first, end in cast("Sequence[Sequence[int]]", it["missing"])]
    shown = [f"{first}" if end == first + 1 else f"{first}–{end - 1}" for first, end in pairs[:_RANGES_SHOWN]]
    more = f" and {_count(len(pairs) - len(shown), 'range')} more" if len(pairs) > len(shown) else ""
    since = span(at_ms - _int(it["since_ms"]))
    return f"Records {', '.join(shown)}{more} of boot {_said(it['boot'])}, channel {_said(it['channel'])}, have been missing for {since}."


def _quarantine(_: int, it: Detail) -> str:
    records = f" with {_count(it['records'], 'record')}" if it["records"] else ""
    why = f": {_said(it['detail'])}" if it.get("detail") else ""
    return f"{_count(it['frames'], 'frame')}{records} kept in quarantine, {_words(it['reason'])}{why}."


def _stale(_: int, it: Detail) -> str:
    return f"It announced boot {_said(it['boot'])} of incarnation {_hex(it['incarnation'])}, which a newer one has ended."


def _anew(_: int, it: Detail) -> str:
    return f"Its counters were lost: it numbers from boot {_said(it['boot'])} of incarnation {_hex(it['incarnation'])}; before, {_hex(it['was'])}."


def _unregistered(_: int, it: Detail) -> str:
    return f"It speaks {_said(it['contract'])} since boot {_said(it['boot'])}, which this hub does not have: its records wait in quarantine."


def _generation(_: int, it: Detail) -> str:
    gone = _int(it["acknowledged"]) - _int(it["committed"])
    return f"Partition {_said(it['partition'])} is {_count(gone, 'message')} behind what devices were told: they are asked to send again."


_SENTENCES: Final[Mapping[str, Callable[[int, Detail], str]]] = {
    "online": _back,
    "deaf": _presence,
    "lost": _presence,
    "presumed_lost": _presence,
    "loss": _loss,
    "gap": _gap,
    "quarantine": _quarantine,
    "stale-birth": _stale,
    "new-incarnation": _anew,
    "unregistered-contract": _unregistered,
    "generation": _generation,
}


def _was(it: Detail) -> str:
    before = it.get("was")
    return f" Before, it was {_CLAIMS.get(_said(before), before)}." if before else ""


def _before(at_ms: int, then_ms: object) -> str:
    return f"{span(at_ms - _int(then_ms))} before"


def _plainly(it: Detail) -> str:
    """Names and values, without brackets and braces."""
    told = "; ".join(f"{_words(name)} {_value(value)}" for name, value in it.items())
    return f"{_capital(told)}." if told else ""


def _value(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{_words(name)} {_value(one)}" for name, one in cast("Detail", value).items())
    if isinstance(value, list):
        return ", ".join(map(_value, cast("list[object]", value)))
    return "unknown" if value is None else _words(value) if isinstance(value, str) else str(value)


def _int(value: object) -> int:
    if not isinstance(value, int):
        raise TypeError(value)
    return value


def _said(value: object) -> str:
    """A word or a number as it is."""
    if not isinstance(value, str | int):
        raise TypeError(value)
    return str(value)


def _hex(value: object) -> str:
    return f"{_int(value):08x}"


def _count(value: object, one: str) -> str:
    number = _int(value)
    return f"{number:,} {one if number == 1 else one + 's'}"


def _words(value: object) -> str:
    return _said(value).replace("_", " ")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
