"""What a single value may be: each kind reads one written word exactly, or says what it wanted.

Quantities carry their unit, one space between (`10 s`, `512 KiB`, `50 ppm`), rates a slash (`800/s`). Numbers are
exact: integers or decimals without exponent, never floats.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Generic, TypeVar

T = TypeVar("T")

MS = {"ms": 1, "s": 1000, "min": 60_000, "h": 3_600_000, "d": 86_400_000}
"""Milliseconds in each unit of time."""
MONTH_MS = 30 * MS["d"]
"""A month in a contract is 30 days: lifetimes and budgets need a number, not a calendar."""
BYTES = {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
DURATION_MS_MAX = 1200 * MONTH_MS
"""A hundred years or so: larger is a typing error."""

_TIME_UNITS = {**MS, "month": MONTH_MS, "months": MONTH_MS}
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]{0,19})(\.[0-9]{1,20})?")
_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,19})|0x[0-9A-Fa-f]{1,16}")
_AMOUNT = re.compile(r"((?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,9})?) ([A-Za-z]{1,12})")
_UNIT = re.compile(r"[!-~]{1,32}")
_VERSION = re.compile(r"(0|[1-9][0-9]{0,4})\.(0|[1-9][0-9]{0,4})\.(0|[1-9][0-9]{0,4})")


class Duration(int):
    """Milliseconds as a file wrote them: a number like any other that remembers its words, so that messages say `16 months` and not 480 d."""

    text: str

    @classmethod
    def read(cls, ms: int, text: str) -> Duration:
        """Return the time of `ms` milliseconds that was written `text`."""
        made = cls(ms)
        made.text = text
        return made


class ScalarError(ValueError):
    """A value that is not of its kind; the message completes "'10 sec' ..."."""


@dataclass(frozen=True, slots=True)
class Kind(Generic[T]):
    """One kind of value: the code of its problem, how to read it, what stands in after a problem, and its words if it has but a few."""

    code: str
    wanted: str
    read: Callable[[str], T]
    placeholder: T
    may_be_quoted: bool = False
    choices: tuple[str, ...] = ()


@lru_cache(maxsize=256)  # a contract has the same few scales and limits in every field
def decimal(text: str) -> Decimal:
    """Read an exact decimal such as `-0.01`; no exponent, no sign `+`, at most 20 digits on each side."""
    if _DECIMAL.fullmatch(text) is None:
        msg = "is not a number such as 12 or -0.01"
        raise ScalarError(msg)
    return Decimal(text)


def integer_between(low: int, high: int) -> Kind[int]:
    """Return the kind of an integer in low..high, decimal or hexadecimal (`0x4F`)."""

    def read(text: str) -> int:
        if _INTEGER.fullmatch(text) is None:
            msg = f"is not an integer from {low} to {high}"
            raise ScalarError(msg)
        value = int(text, 16) if text.startswith("0x") else int(text)
        if not low <= value <= high:
            msg = f"is not between {low} and {high}"
            raise ScalarError(msg)
        return value

    return Kind("SL108", f"an integer from {low} to {high}", read, low)


def amount(text: str, units: Mapping[str, int], what: str) -> int:
    """Read `NUMBER UNIT` as a whole count of the smallest unit; raise ScalarError when it is not exact."""
    wanted = f"is not {what}"
    found = _AMOUNT.fullmatch(text)
    factor = None if found is None else units.get(found[2])
    if found is None or factor is None:
        raise ScalarError(wanted)
    value = Decimal(found[1]) * factor
    if value != int(value):
        msg = f"is not a whole number of {next(iter(units))}"
        raise ScalarError(msg)
    return int(value)


def duration_ms(text: str) -> Duration:
    """Read a duration in ms, s, min, h, d or months (30 d); result in ms, at least 1."""
    value = amount(text, _TIME_UNITS, "a duration such as '10 s', '5 min', '72 h' or '7 d'")
    if not 1 <= value <= DURATION_MS_MAX:
        msg = "is not between 1 ms and 1200 months"
        raise ScalarError(msg)
    return Duration.read(value, text)


def size_bytes(text: str) -> int:
    """Read a size in B, KiB, MiB or GiB; result in bytes, at least 1."""
    value = amount(text, BYTES, "a size such as '512 KiB' or '1.5 MiB'")
    if value < 1:
        msg = "is not at least 1 B"
        raise ScalarError(msg)
    return value


def ppm(text: str) -> int:
    """Read `50 ppm`; result in parts per million, 0 to 100,000."""
    value = amount(text, {"ppm": 1}, "a drift such as '50 ppm'")
    if value > 100_000:
        msg = "is not between 0 ppm and 100000 ppm"
        raise ScalarError(msg)
    return value


def per_second(text: str) -> int:
    """Read `800/s`; result per second, 1 to 9,999,999."""
    number, slash, unit = text.partition("/")
    if not slash or unit != "s" or re.fullmatch("[1-9][0-9]{0,6}", number) is None:
        msg = "is not a rate such as '800/s'"
        raise ScalarError(msg)
    return int(number)


def bytes_per_month(text: str) -> int:
    """Read a traffic budget such as `6 MiB/month`; result in bytes per 30 days."""
    size, slash, period = text.partition("/")
    factor = {"month": 1, "d": 30}.get(period)
    if not slash or factor is None:
        msg = "is not a budget such as '6 MiB/month' or '200 KiB/d'"
        raise ScalarError(msg)
    return size_bytes(size) * factor


def publishes(text: str) -> int:
    """Read `3 publishes`; 1 to 1000."""
    value = amount(text, {"publishes": 1, "publish": 1}, "a count such as '3 publishes'")
    if not 1 <= value <= 1000:
        msg = "is not between 1 and 1000 publishes"
        raise ScalarError(msg)
    return value


def boolean(text: str) -> bool:
    """Read `true` or `false`, nothing else."""
    if text not in {"true", "false"}:
        msg = "is not true or false"
        raise ScalarError(msg)
    return text == "true"


def version(text: str) -> str:
    """Read `MAJOR.MINOR.PATCH`."""
    if _VERSION.fullmatch(text) is None:
        msg = "is not a version such as 1.3.0"
        raise ScalarError(msg)
    return text


def version_key(text: str) -> tuple[int, int, int]:
    """Return a valid version as numbers, to compare by."""
    major, minor, patch = text.split(".")
    return int(major), int(minor), int(patch)


def unit(text: str) -> str:
    """Read a UCUM unit: printable ASCII without spaces, not a lone `-`."""
    if _UNIT.fullmatch(text) is None or text == "-":
        msg = "is not a unit in UCUM form, such as Cel, W or m/s2"
        raise ScalarError(msg)
    return text


def line(text: str) -> str:
    """Read text for people: not empty, no control characters; line breaks become spaces."""
    value = " ".join(text.split())
    if not value or not value.isprintable():
        msg = "is not text"
        raise ScalarError(msg)
    return value


def named(pattern: str, wanted: str, *, chars_max: int) -> Kind[str]:
    """Return the kind of a name that matches `pattern` and has at most `chars_max` characters."""
    compiled = re.compile(pattern)

    def read(text: str) -> str:
        if compiled.fullmatch(text) is None or len(text) > chars_max:
            msg = f"is not {wanted}"
            raise ScalarError(msg)
        return text

    return Kind("SL106", wanted, read, "_")


def word(*choices: str) -> Kind[str]:
    """Return the kind of a word out of a closed list."""
    listed = ", ".join(choices)

    def read(text: str) -> str:
        if text not in choices:
            msg = f"is not one of: {listed}" if "," in listed else f"is not {listed}"
            raise ScalarError(msg)
        return text

    wanted = f"one of {listed}" if "," in listed else listed
    return Kind("SL111", wanted, read, choices[0], choices=choices)


DECIMAL = Kind("SL109", "a number", decimal, Decimal(1))
DURATION: Kind[int] = Kind("SL110", "a duration such as '10 s'", duration_ms, 1)
SIZE = Kind("SL110", "a size such as '512 KiB'", size_bytes, 1)
PPM = Kind("SL110", "a drift such as '50 ppm'", ppm, 0)
RATE = Kind("SL110", "a rate such as '800/s'", per_second, 1)
BUDGET = Kind("SL110", "a budget such as '6 MiB/month'", bytes_per_month, 1)
PUBLISHES = Kind("SL110", "a count such as '3 publishes'", publishes, 1)
BOOLEAN = Kind("SL112", "true or false", boolean, placeholder=False)
VERSION = Kind("SL107", "a version such as 1.3.0", version, "0.0.0")
UNIT = Kind("SL113", "a UCUM unit", unit, "1", may_be_quoted=True)
TEXT = Kind("SL113", "text", line, "", may_be_quoted=True)
NAME = named("[a-z][a-z0-9_]*", "a name: a-z, 0-9 and '_', at most 32 characters", chars_max=32)
SHORT_NAME = named("[a-z][a-z0-9_]*", "a name: a-z, 0-9 and '_', at most 24 characters", chars_max=24)
LABEL = named("[a-z][a-z0-9_-]*", "a name: a-z, 0-9, '_' and '-', at most 48 characters", chars_max=48)
