"""What was probably meant by a value that cannot be read: the nearest one that can, or nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches
from typing import TypeVar

from seamline.contract.scalars import Kind, ScalarError, decimal

T = TypeVar("T")

_CHARS_MAX = 40
_TOGETHER = re.compile(r"([0-9.]+) *([A-Za-z]+)")
_RATE = re.compile(r"(.*[^ ]) *(?:/|per) *([A-Za-z]+)")
_UNITS = {
    **dict.fromkeys(("sec", "secs", "second", "seconds", "S"), "s"),
    **dict.fromkeys(("mins", "minute", "minutes"), "min"),
    **dict.fromkeys(("hr", "hrs", "hour", "hours", "H"), "h"),
    **dict.fromkeys(("day", "days", "D"), "d"),
    **dict.fromkeys(("msec", "msecs", "millisecond", "milliseconds"), "ms"),
    **dict.fromkeys(("bytes", "byte"), "B"),
    **dict.fromkeys(("kib", "Ki"), "KiB"),
    **dict.fromkeys(("mib", "Mi"), "MiB"),
    "mo": "months",
    "ma": "mA",
    "mah": "mAh",
    "kbps": "kbit/s",
    "PPM": "ppm",
}
"""Other ways to write the units of the language. Those that could be two of them (`m`, `kB`) are left out: nobody should guess."""
_TRUTH = {**dict.fromkeys(("yes", "on", "y"), "true"), **dict.fromkeys(("no", "off", "n"), "false")}
_ZEROS = ("", ".0", ".0.0")


def mended(kind: Kind[T], text: str) -> str | None:
    """Return what `text` probably should have been, which `kind` reads, or None."""
    if len(text) > _CHARS_MAX or kind.may_be_quoted:  # of a text nobody knows what was meant
        return None
    for candidate in _candidates(kind, text):
        try:
            kind.read(candidate)
        except ScalarError:
            continue
        return candidate
    return None


def _candidates(kind: Kind[T], text: str) -> Iterator[str]:
    yield text  # right as it stands when only its quotes are wrong
    yield from _quantities(text)
    rate = _RATE.fullmatch(text)
    if rate is not None:
        amounts = (rate[1], *_quantities(rate[1]))
        yield from (f"{amount}/{_UNITS.get(rate[2], rate[2])}" for amount in amounts)
    yield _TRUTH.get(text.lower(), text.lower())
    yield re.sub("[^a-z0-9]+", "_", text.lower()).strip("_")
    yield from (f"{text.removeprefix('v')}{zeros}" for zeros in _ZEROS)
    yield from _plain(text)
    yield from get_close_matches(text.lower(), kind.choices, n=1)


def _quantities(text: str) -> Iterator[str]:
    """Put the one space between number and unit, and the language's word for the unit."""
    found = _TOGETHER.fullmatch(text)
    if found is not None:
        yield f"{found[1]} {found[2]}"
        yield f"{found[1]} {_UNITS.get(found[2], found[2])}"


def _plain(text: str) -> Iterator[str]:
    """Write a number out that has an exponent."""
    number, mark, exponent = text.lower().partition("e")
    if mark and re.fullmatch("[+-]?[0-9]{1,2}", exponent):
        try:
            yield format(decimal(number).scaleb(int(exponent)), "f")
        except ScalarError:
            return
