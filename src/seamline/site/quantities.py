"""Quantities as plans and catalogues write them: a number, one space, a unit (`6 m`, `350 mW`, `-137 dBm`, `189.00 EUR`).

As in a contract, what is written is read exactly or refused with what was wanted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final, TypeVar, cast

from seamline.contract.scalars import DECIMAL, Kind, ScalarError, decimal, named, word
from seamline.site.money import Money

LANGUAGE_CODE: Final = "SL110"
"""A problem of a quantity; a plan's report gives it its own letters."""
_AMOUNT = re.compile(r"(-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,9})?) ([A-Za-z%/]{1,12})")
_MONEY = re.compile(r"(0|[1-9][0-9]{0,9})(\.[0-9]{2})? ([A-Z]{3})")
_PIXELS = re.compile(r"([1-9][0-9]{0,4}) x ([1-9][0-9]{0,4})")
_SIZE = re.compile(r"([0-9.]{1,8}) x ([0-9.]{1,8}) x ([0-9.]{1,8}) mm")

W = TypeVar("W", bound=str)
Units = Mapping[str, Decimal]


def units(**factors: str) -> Units:
    """Units with their factors to the unit that a value is kept in."""
    return {name: Decimal(factor) for name, factor in factors.items()}


_METRES = units(m="1", cm="0.01", mm="0.001", km="1000")
_MILLIWATTS = units(W="1000", mW="1", uW="0.001", kW="1000000")
_MILLIJOULES = units(J="1000", mJ="1", uJ="0.001")
_MILLIWATT_HOURS = units(Wh="1000", mWh="1", kWh="1000000")
_HERTZ = units(Hz="1", kHz="1000", MHz="1000000", GHz="1000000000")
_SECONDS = units(s="1", ms="0.001", min="60", h="3600", d="86400")
_BIT_RATES = {name: Decimal(factor) for name, factor in (("bit/s", 1), ("kbit/s", 1000), ("Mbit/s", 1_000_000))}
_PER_TIME = {"d": 1, "h": 24, "min": 1440}
_RATE = re.compile(r"((?:0|[1-9][0-9]{0,8})(?:\.[0-9]{1,6})?)/(d|h|min)")
_SHARE = re.compile(r"((?:0|[1-9][0-9]{0,2})(?:\.[0-9]{1,6})?) %")
_PER_KELVIN = re.compile(r"(0(?:\.[0-9]{1,6})?|[1-9](?:\.[0-9]{1,6})?) %/K")


def quantity(table: Units, example: str, low: float, high: float, *, above: bool = False) -> Kind[float]:
    """A kind of number with a unit of `table`, kept in the unit whose factor is 1, from `low` (or, with `above`, above it) to `high`."""
    wanted = f"written with its unit, such as '{example}'"

    def read(text: str) -> float:
        found = _AMOUNT.fullmatch(text)
        factor = None if found is None else table.get(found[2])
        if found is None or factor is None:
            raise ScalarError(f"is not {wanted}")
        value = float(Decimal(found[1]) * factor)
        if not low <= value <= high or (above and value == low):
            least, most = (f"{bound:g} {unit_of(table)}" for bound in (low, high))
            raise ScalarError(f"is not {'above ' + least if above else 'at least ' + least} and at most {most}")
        return value

    return Kind(LANGUAGE_CODE, f"'{example}'", read, max(low, min(high, 1.0)))


def unit_of(table: Units) -> str:
    """The unit that values of a table are kept in."""
    return next((name for name, factor in table.items() if factor == 1), "")


def money(text: str) -> Money:
    """Read `189 EUR` or `189.50 EUR`."""
    found = _MONEY.fullmatch(text)
    if found is None:
        raise ScalarError("is not an amount such as '189.50 EUR'")
    return Money(int(found[1]) * 100 + int((found[2] or ".00")[1:]), found[3])


def share(text: str) -> float:
    """Read `95 %` as 0.95."""
    found = _SHARE.fullmatch(text)
    if found is None or Decimal(found[1]) > 100:
        raise ScalarError("is not a share from 0 % to 100 %")
    return float(Decimal(found[1]) / 100)


def per_kelvin(text: str) -> float:
    """Read `0.4 %/K` as 0.004."""
    found = _PER_KELVIN.fullmatch(text)
    if found is None:
        raise ScalarError("is not a loss such as '0.4 %/K'")
    return float(Decimal(found[1]) / 100)


def per_day(text: str) -> float:
    """Read `300/d`, `12/h` or `2/min` as so many a day."""
    found = _RATE.fullmatch(text)
    if found is None:
        raise ScalarError("is not a rate such as '300/d', '12/h' or '2/min'")
    return float(Decimal(found[1]) * _PER_TIME[found[2]])


def choice(words: Sequence[W]) -> Kind[W]:
    """A word out of a closed list, as the type that the list is of."""
    plain = word(*words)

    def read(text: str) -> W:
        return words[words.index(cast("W", plain.read(text)))]

    return Kind(plain.code, plain.wanted, read, words[0], choices=tuple(words))


def pixels(text: str) -> tuple[int, int]:
    """Read `2560 x 1440`."""
    found = _PIXELS.fullmatch(text)
    if found is None:
        raise ScalarError("is not a size such as '2560 x 1440'")
    return int(found[1]), int(found[2])


def millimetres(text: str) -> tuple[float, float, float]:
    """Read `200 x 150 x 80 mm`."""
    found = _SIZE.fullmatch(text)
    if found is None:
        raise ScalarError("is not a size such as '200 x 150 x 80 mm'")
    first, second, third = (float(decimal(found[at])) for at in (1, 2, 3))
    return first, second, third


def number(low: float, high: float) -> Kind[float]:
    """A plain number from `low` to `high`."""

    def read(text: str) -> float:
        value = float(decimal(text))
        if not low <= value <= high:
            raise ScalarError(f"is not between {low:g} and {high:g}")
        return value

    return Kind(DECIMAL.code, f"a number from {low:g} to {high:g}", read, max(low, min(high, 1.0)))


IDENT = named("[a-z0-9][a-z0-9_-]*", "a name: a-z, 0-9, '_' and '-', at most 48 characters", chars_max=48)
LENS = named("[a-z0-9][a-z0-9._-]*", "a name: a-z, 0-9, '.', '_' and '-', at most 48 characters", chars_max=48)
METRES = quantity(_METRES, "6 m", 0.0, 20_000.0)
LENGTH = quantity(_METRES, "6 m", 0.0, 20_000.0, above=True)
OFFSET = quantity(_METRES, "-12.5 m", -20_000.0, 20_000.0)
OFFSET_FAR = quantity(_METRES, "450000 m", -20_000_000.0, 20_000_000.0)
HEADING = quantity(units(deg="1"), "90 deg", 0.0, 360.0)
TILT = quantity(units(deg="1"), "15 deg", -90.0, 90.0)
NARROW = quantity(units(deg="1"), "98 deg", 0.0, 179.0, above=True)
FIELD = quantity(units(deg="1"), "98 deg", 0.0, 360.0, above=True)
POWER = quantity(_MILLIWATTS, "350 mW", 0.0, 1e9)
SLEEP = quantity(units(uW="1", mW="1000", W="1000000"), "80 uW", 0.0, 1e9)
ENERGY = quantity(_MILLIJOULES, "105 mJ", 0.0, 1e9)
ENERGY_UJ = quantity(units(uJ="1", mJ="1000", J="1000000"), "17 uJ", 0.0, 1e12)
CAPACITY = quantity(_MILLIWATT_HOURS, "96 Wh", 0.0, 1e9, above=True)
FREQUENCY = quantity(_HERTZ, "868.1 MHz", 0.0, 1e12, above=True)
LEVEL = quantity(units(dBm="1"), "-137 dBm", -200.0, 60.0)
GAIN = quantity({"dBi": Decimal(1), "dB": Decimal(1)}, "2.1 dBi", -30.0, 60.0)
DECIBEL = quantity(units(dB="1"), "10 dB", 0.0, 100.0)
BIT_RATE = quantity(_BIT_RATES, "250 kbit/s", 0.0, 1e12, above=True)
TEMPERATURE = quantity(units(Cel="1"), "-20 Cel", -100.0, 200.0)
VOLTS = quantity(units(V="1"), "12 V", 0.0, 1000.0, above=True)
SECONDS = quantity(_SECONDS, "10 min", 0.0, 86_400.0)
DAYS = quantity(units(d="1"), "5 d", 0.0, 3650.0)
RESISTANCE = quantity({"ohm/km": Decimal(1)}, "93.8 ohm/km", 0.0, 1e6)
SHARE = Kind(LANGUAGE_CODE, "'95 %'", share, 1.0)
PER_KELVIN = Kind(LANGUAGE_CODE, "'0.4 %/K'", per_kelvin, 0.0)
PER_DAY = Kind(LANGUAGE_CODE, "'300/d'", per_day, 1.0)
LATENCY = quantity(units(ms="1", s="1000", us="0.001"), "12 ms", 0.0, 1e9)
PICOJOULES = quantity(units(pJ="1", nJ="1000"), "12 pJ", 0.0, 1e9)
PER_SECOND = quantity({"MAC/s": Decimal(1), "MMAC/s": Decimal(1_000_000)}, "20 MMAC/s", 0.0, 1e15)
LONGITUDE = number(-180.0, 180.0)
LATITUDE = number(-90.0, 90.0)
FACTOR = number(0.0, 1000.0)
CURRENCY = named("[A-Z]{3}", "a currency of ISO 4217, as EUR", chars_max=3)
MONEY = Kind(LANGUAGE_CODE, "an amount such as '189.50 EUR'", money, Money(0, "EUR"))
PIXELS = Kind(LANGUAGE_CODE, "'2560 x 1440'", pixels, (1, 1))
MILLIMETRES = Kind(LANGUAGE_CODE, "'200 x 150 x 80 mm'", millimetres, (1.0, 1.0, 1.0))
