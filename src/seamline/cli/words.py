"""How numbers, times and ages are said in a terminal. Nothing is ever shown without its age or its date's quality."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

NOTHING: Final = "–"
STEPS_S: Final = ((86_400, "d"), (3600, "h"), (60, "min"))
# The presence claims, worst last, and the sign that says the same without colour.
SIGNS: Final = {"online": "●", "deaf": "◐", "silent": "○", "lost": "×", "presumed_lost": "?", "never": "·", "unknown": "-"}
COLOURS: Final = {"online": "32", "deaf": "35", "silent": "33", "lost": "31", "presumed_lost": "31", "never": "2", "unknown": "2"}


def span(ms: int | None) -> str:
    """Say a duration in ms in its one or two largest units: `840 ms`, `12 s`, `3 min 20 s`, `2 d 4 h`."""
    if ms is None:
        return NOTHING
    if abs(ms) < 1000:
        return f"{ms} ms"
    sign, whole_s = ("-" if ms < 0 else ""), abs(ms) // 1000
    for index, (unit_s, unit) in enumerate(STEPS_S):
        if whole_s >= unit_s:
            smaller_s, smaller = (*STEPS_S, (1, "s"))[index + 1]
            rest = whole_s % unit_s // smaller_s
            return f"{sign}{whole_s // unit_s} {unit}" + (f" {rest} {smaller}" if rest else "")
    return f"{sign}{whole_s} s"


def ago(at_ms: int | None, now_ms: int | None) -> str:
    """Say how long before `now_ms` (the hub's clock) something was; `never` when it was not."""
    if at_ms is None:
        return "never"
    return f"{span(max(0, now_ms - at_ms))} ago" if now_ms is not None else stamp(at_ms)


def age(ms: int | None) -> str:
    """Say an age in ms; `never` when there is none."""
    return "never" if ms is None else f"{span(ms)} ago"


def stamp(unix_ms: int | None, *, fine: bool = False) -> str:
    """Say a Unix time in ms as UTC, to the second, or to the millisecond when `fine`."""
    if unix_ms is None:
        return NOTHING
    try:
        text = datetime.fromtimestamp(unix_ms / 1000, UTC).isoformat(sep=" ", timespec="milliseconds")
    except (OverflowError, ValueError, OSError):
        return f"{unix_ms} ms"
    return text.removesuffix("+00:00") if fine else text[:19]


def counted(number: int | None) -> str:
    """Say a count with thousands apart."""
    return NOTHING if number is None else f"{number:,}"


def quantity(number: int, one: str, many: str | None = None) -> str:
    """Say how many of something there are: `1 node`, `1,200 nodes`; `many` is the plural where it is not `one` with an s."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def sequence(first: int, count: int) -> str:
    """Say a run of numbers, both ends in it."""
    return f"{first}" if count <= 1 else f"{first}–{first + count - 1}"


def incarnation(number: int | None) -> str:
    """Say an incarnation as the eight hex digits it is known by."""
    return NOTHING if number is None else f"{number:08x}"


def value(given: object) -> str:
    """Say one value of a reading or of the twin."""
    if given is None:
        return NOTHING
    if isinstance(given, bool):
        return "true" if given else "false"
    if isinstance(given, float):
        return f"{given:.10g}"
    return str(given)


def claimed(word: str) -> str:
    """Say a presence claim: *lost* is what records are, a device is offline."""
    return "offline" if word == "lost" else word.replace("_", " ")


def presence(word: str | None) -> str:
    """Say a presence claim with its sign."""
    known = word or "never"
    return f"{SIGNS.get(known, '!')} {claimed(known)}"
