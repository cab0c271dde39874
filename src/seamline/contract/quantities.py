"""Quantities of electricity, links and money: each kind reads one written word exactly, as in `scalars`."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import NamedTuple

from seamline.contract.scalars import Kind, ScalarError, amount

_UA = {"uA": 1, "mA": 1000, "A": 1_000_000}
_UAH = {"uAh": 1, "mAh": 1000, "Ah": 1_000_000}
_BITS = {"bit": 1, "kbit": 1000, "Mbit": 1_000_000}
_MONEY = re.compile(r"((?:0|[1-9][0-9]{0,8})(?:\.[0-9]{1,6})?) ([A-Z]{3})/([A-Za-z]{1,5})")


class Money(NamedTuple):
    """An amount of a currency (ISO 4217), for a size or a time that the key says."""

    amount: Decimal
    currency: str


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


CURRENT = Kind("SL110", "a current such as '80 mA'", current_ua, 0)
CHARGE = Kind("SL110", "a charge such as '2600 mAh'", charge_uah, 1)
BITRATE = Kind("SL110", "a link rate such as '40 kbit/s'", bits_per_second, 1)
PRICE_PER_MIB = _money("MiB")
PRICE_PER_MONTH = _money("month")
