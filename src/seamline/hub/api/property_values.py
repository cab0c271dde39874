"""A twin property's value as people write it (21.5, true, heating) and as it travels (2150, 1, 1). Pure functions."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import TypeAlias

from seamline.contract.layout import FieldType
from seamline.contract.model import Property
from seamline.hub.inputs import Value

Given: TypeAlias = bool | int | float | str


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
        steps = (Decimal(str(value)) - (prop.offset or Decimal(0))) / scale
        whole = steps.to_integral_value()
    except (InvalidOperation, OverflowError) as error:
        raise ValueRefusedError(f"'{prop.name}' is a number; not {value!r}.") from error
    if not steps.is_finite() or whole != steps:
        raise ValueRefusedError(f"'{prop.name}' goes in steps of {scale} {prop.unit or ''}".rstrip() + f"; not {value!r}.")
    return int(whole)


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
