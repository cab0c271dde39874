"""Quantities of electricity, links and money: each kind reads one written word exactly, as in `scalars`."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import NamedTuple

from seamline.contract.scalars import MS, Kind, ScalarError, amount

_UA = {"uA": 1, "mA": 1000, "A": 1_000_000}
_UAH = {"uAh": 1, "mAh": 1000, "Ah": 1_000_000}
_BITS = {"bit": 1, "kbit": 1000, "Mbit": 1_000_000}
_RATE_UNITS = ("s", "min", "h", "d")
_RATE = re.compile(f"([1-9][0-9]{{0,6}})/({'|'.join(_RATE_UNITS)})")
_MONEY = re.compile(r"((?:0|[1-9][0-9]{0,8})(?:\.[0-9]{1,6})?) ([A-Z]{3})/([A-Za-z]{1,5})")


class Money(NamedTuple):
    """An amount of a currency (ISO 4217), for a size or a time that the key says."""

    amount: Decimal
    currency: str


class EventRate(NamedTuple):
    """At most `events` in any `per_ms`, in the mean: all of them may come at once."""

    events: int
    per_ms: int

    def __str__(self) -> str:
        """As the file writes it, `10/h`; one of compressed time, which no file has, as `10 in 60000 ms`."""
        unit = next((unit for unit in _RATE_UNITS if MS[unit] == self.per_ms), None)
        return f"{self.events} in {self.per_ms} ms" if unit is None else f"{self.events}/{unit}"

    @property
    def spacing_ms(self) -> int:
        """The time from one event to the next when they come evenly, at the rate; at least 1."""
        return self.per_ms // self.events

    def spaced(self, spacing_ms: int) -> EventRate:
        """Return the rate of as many events that are `spacing_ms` apart."""
        return EventRate(self.events, self.events * spacing_ms)


def event_rate(text: str) -> EventRate:
    """Read a bound of events such as `10/h`: per s, min, h or d, at most one a millisecond."""
    found = _RATE.fullmatch(text)
    if found is None:
        msg = "is not a bound such as '10/h', '1/min' or '3/d'"
        raise ScalarError(msg)
    rate = EventRate(int(found[1]), MS[found[2]])
    if rate.events > rate.per_ms:
        msg = "is more than one in a millisecond"
        raise ScalarError(msg)
    return rate


def current_ua(text: str) -> int:
    """Read a current such as `80 mA`; result in µA."""
    return amount(text, _UA, "a current such as '80 mA' or '20 uA'")


def charge_uah(text: str) -> int:
    """Read a charge such as `2600 mAh`; result in µAh, at least 1."""
    value = amount(text, _UAH, "a charge such as '2600 mAh'")
    if value < 1:
        msg = "is not at least 1 uAh"
        raise ScalarError(msg)
    return value


def bits_per_second(text: str) -> int:
    """Read a link rate such as `40 kbit/s`; result in bit/s, at least 1."""
    size, _, period = text.partition("/")
    value = amount(size, _BITS, "a link rate such as '40 kbit/s'") if period == "s" else 0
    if value < 1:
        msg = "is not a link rate such as '40 kbit/s'"
        raise ScalarError(msg)
    return value


def _money(per: str) -> Kind[Money]:
    wanted = f"a price such as '0.10 EUR/{per}'"

    def read(text: str) -> Money:
        found = _MONEY.fullmatch(text)
        if found is None or found[3] != per:
            msg = f"is not {wanted}"
            raise ScalarError(msg)
        return Money(Decimal(found[1]), found[2])

    return Kind("SL110", wanted, read, Money(Decimal(0), "EUR"))


EVENT_RATE = Kind("SL110", "a bound such as '10/h'", event_rate, EventRate(1, MS["h"]))
CURRENT = Kind("SL110", "a current such as '80 mA'", current_ua, 0)
CHARGE = Kind("SL110", "a charge such as '2600 mAh'", charge_uah, 1)
BITRATE = Kind("SL110", "a link rate such as '40 kbit/s'", bits_per_second, 1)
PRICE_PER_MIB = _money("MiB")
PRICE_PER_MONTH = _money("month")
