"""A twin property's value as people write it (21.5, true, heating) and as it travels (2150, 1, 1). Pure functions."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Final, TypeAlias

from seamline.contract.layout import FieldType
from seamline.contract.model import Property
from seamline.hub.inputs import Value

Given: TypeAlias = bool | int | float | str
DIGITS_MAX: Final = 60
"""Of a value before the point: a u64 has 20, a scale 40."""


class ValueRefusedError(ValueError):
    """A value the property cannot take; says what it takes."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What may be asked for, in physical units; None where a choice is made instead."""

    low: float | None
    high: float | None
    step: float | None


def limits(prop: Property) -> Limits:
    """Return the physical range and step of a property."""
    if prop.enum is not None or prop.type is FieldType.BOOL:
        return Limits(None, None, None)
    low, high = sorted(float(prop.physical(raw)) for raw in prop.raw_range)
    return Limits(low, high, abs(float(prop.scale or 1)))


def to_raw(prop: Property, value: Given) -> int:
    """Return the integer that travels; raises ValueRefusedError or LayoutError, naming what is allowed."""
    if prop.enum is not None:
        named = {name: raw for raw, name in prop.enum.items()}
        if value not in named:
            raise ValueRefusedError(f"'{prop.name}' is one of {', '.join(named)}; not {value!r}.")
        return named[str(value)]
    if prop.type is FieldType.BOOL:
        if not isinstance(value, bool):
            raise ValueRefusedError(f"'{prop.name}' is true or false; not {value!r}.")
        return int(value)
    if isinstance(value, bool):
        raise ValueRefusedError(f"'{prop.name}' is a number; not {value!r}.")
    return prop.check(_steps(prop, value))


def _steps(prop: Property, value: float | str) -> int:
    scale = prop.scale or Decimal(1)
    try:
        given = Decimal(str(value))
    except InvalidOperation as error:
        raise ValueRefusedError(f"'{prop.name}' is a number; not {value!r}.") from error
    # A number such as 1e999999 would be built digit by digit before its range refuses it.
    if given.is_finite() and given.adjusted() > DIGITS_MAX:
        raise ValueRefusedError(f"'{prop.name}' cannot be so large; not {value!r}.")
    steps = (given - (prop.offset or Decimal(0))) / scale if given.is_finite() else Decimal("NaN")
    if steps.is_nan() or steps != steps.to_integral_value():
        raise ValueRefusedError(f"'{prop.name}' goes in steps of {scale} {prop.unit or ''}".rstrip() + f"; not {value!r}.")
    return int(steps)


def shown(prop: Property | None, raw: Value) -> float | int | str | bool | None:
    """Return a travelled value as people read it; as it is where the contract is not known or it is not a number."""
    if prop is None or raw is None or isinstance(raw, str):
        return raw
    if prop.enum is not None:
        return prop.enum.get(int(raw), str(raw))
    if prop.type is FieldType.BOOL:
        return bool(raw)
    physical = prop.physical(int(raw))
    return int(physical) if physical == int(physical) else float(physical)
