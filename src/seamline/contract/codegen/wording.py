"""How a contract's numbers are said to people: durations, sizes, ranges, types; the same words in every document."""

from __future__ import annotations

from decimal import Decimal

from seamline.contract.hardware import Power
from seamline.contract.inferred import Inferred
from seamline.contract.layout import Value, shortest
from seamline.contract.model import Message
from seamline.contract.scalars import BYTES, MONTH_MS, MS

_TIME = (("months", MONTH_MS), ("d", MS["d"]), ("h", MS["h"]), ("min", MS["min"]), ("s", MS["s"]), ("ms", 1))
_SIZE = tuple(reversed(BYTES.items()))
_SYMBOLS = {"Cel": "°C", "[degF]": "°F", "deg": "°", "Ohm": "Ω", "kOhm": "kΩ", "By": "B", "1": ""}
"""UCUM codes that people write otherwise."""


def duration(ms: int) -> str:
    """Say a time exactly, in the largest unit that divides it: `72 h` is `3 d`, `90000` is `90 s`."""
    unit, factor = next(item for item in _TIME if ms % item[1] == 0 and (item[0] != "months" or ms > item[1]))
    return f"{ms // factor} {unit}"


def size(count: int) -> str:
    """Say a number of bytes with at most two decimals: `1.5 MiB`."""
    unit, factor = next(item for item in _SIZE if count >= item[1] or item[1] == 1)
    return f"{shortest(round(Decimal(count) / factor, 2))} {unit}"


def current(ua: int) -> str:
    """Say a current in µA: `45 µA`, `350 mA`, `1.2 A`."""
    return _electric(ua, (("A", 1_000_000), ("mA", 1000), ("µA", 1)))


def charge(uah: int) -> str:
    """Say a charge in µAh: `20.8 Ah`, `600 mAh`."""
    return _electric(uah, (("Ah", 1_000_000), ("mAh", 1000), ("µAh", 1)))


def _electric(count: int, units: tuple[tuple[str, int], ...]) -> str:
    """Say a count of the last unit exactly, in the first one that it reaches."""
    unit, factor = next(item for item in units if count >= item[1] or item[1] == 1)
    return f"{shortest(Decimal(count) / factor)} {unit}"


def supply(power: Power) -> str:
    """Say what a device is fed by: `mains`, `battery, 20.8 Ah for 24 months`."""
    if power.battery is None:
        return power.source
    return f"{power.source}, {charge(power.battery.capacity_uah)} for {duration(power.battery.life_ms)}"


def pace(message: Message) -> str:
    """Say when records are made and sent. A batch of one is full, and so leaves, as soon as it is made."""
    if message.at_most is not None:
        leaves = (
            f"within {duration(message.publish_every_ms)}" if message.publish_every_ms and message.batch_max > 1 else "at once"
        )
        return f"sent on an event, at most {message.at_most}, {leaves}"
    if message.batch_max == 1:
        return f"one every {duration(message.sample_ms)} at most in the mean, sent at once"
    sent = f"sent every {duration(message.publish_every_ms)}"
    return sent if message.sample_ms == message.publish_every_ms else f"sampled every {duration(message.sample_ms)}, {sent}"


def grouped(number: int) -> str:
    """Say a count with its thousands apart, by a narrow no-break space: `20 000`."""
    return f"{number:,}".replace(",", "\u202f")


def symbol(unit: str | None) -> str:
    """Say a UCUM unit as people write it; empty when there is none."""
    return "" if unit is None else _SYMBOLS.get(unit, unit.replace("u", "µ", 1) if unit in {"us", "uV", "uA", "um"} else unit)


def limits(value: Value) -> str:
    """Say which physical values are allowed: `5 to 30 °C`, the members of an enum, or an empty text."""
    if value.enum is not None:
        return ", ".join(f"{raw} {name}" for raw, name in sorted(value.enum.items()))
    if value.range is None:
        return ""
    low, high = (shortest(limit) for limit in value.range)
    return f"{low} to {high} {symbol(value.unit)}".rstrip()


def guessed(source: Inferred) -> str:
    """Say that a model guessed the value: which, in which version, and which field holds how sure it was."""
    return f"inferred by {source.model} {source.version}, confidence in {source.confidence}"


def phrase(name: str) -> str:
    """Say a name of the file as words: `answer_timeout` is `answer timeout`."""
    return name.replace("_", " ")


def listed(items: tuple[str, ...]) -> str:
    """Join with commas and a last `and`."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}" if items else ""
