"""How checks write quantities: exactly where a person wrote them, rounded where they were computed."""

from __future__ import annotations

from seamline.contract.scalars import BYTES, MS, Duration

DAY_MS = MS["d"]
YEAR_DAYS = 365


def spoken(ms: int) -> str:
    """Return a duration as the file wrote it, or one that was computed in its largest whole unit: 90000 is `90 s`."""
    if isinstance(ms, Duration):
        return ms.text
    for unit in ("d", "h", "min", "s"):
        if ms >= MS[unit] and not ms % MS[unit]:
            return f"{ms // MS[unit]} {unit}"
    return f"{ms} ms"


def size(count: int) -> str:
    """Return a size in the largest unit it fills, with at most two decimals: 1572864 is `1.5 MiB`."""
    for unit in ("GiB", "MiB", "KiB"):
        if count >= BYTES[unit]:
            return f"{count / BYTES[unit]:.2f}".rstrip("0").rstrip(".") + f" {unit}"
    return f"{count} B"


def sizes_apart(first: int, second: int) -> tuple[str, str]:
    """Return two different sizes in words that differ: in bytes where rounding makes them one."""
    words = size(first), size(second)
    return (f"{first} B", f"{second} B") if words[0] == words[1] else words


def rounded(ms: float) -> str:
    """Return a computed duration for people: days from two days on, else whole seconds upwards."""
    if ms >= 2 * DAY_MS:
        return f"{ms / DAY_MS:.1f} d"
    return f"{-(-ms // MS['s']):.0f} s"
