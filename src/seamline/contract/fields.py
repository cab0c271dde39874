"""What one number of a record means: its type, its physical value, what may be sent, and what becomes of the rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Context, Decimal, Inexact
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING

from seamline.contract.field_types import FieldType

if TYPE_CHECKING:
    from seamline.contract.inferred import Inferred

_EXACT = Context(prec=100, traps=[Inexact])
"""A u64 (20 digits) times a scale (40 digits) plus an offset (40 digits) always fits."""


class LayoutError(ValueError):
    """Values that a layout does not allow, or bytes that are not its record. Names field, value, allowed."""


class OutOfRange(StrEnum):
    """What becomes of a value outside what its field allows."""

    REJECT = "reject"
    """It is not sent; a record that has it all the same goes to quarantine."""
    MISSING = "missing"
    """It is stored as a missing value."""
    KEEP = "keep"
    """It is stored as it is."""


def shortest(number: Decimal | int) -> str:
    """Return the shortest exact decimal form, without exponent: `0.10` is `0.1`, `-0` is `0`."""
    text = format(Decimal(number), "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text


@lru_cache(maxsize=1024)  # a long contract has few different ranges, and asks for each more than once
def _raw_range(physical: tuple[Decimal, Decimal], scale: Decimal, offset: Decimal) -> tuple[int, int]:
    """Return the lowest and the highest raw value whose physical one lies in the range."""
    scale_top, scale_bottom = scale.as_integer_ratio()
    ends: list[tuple[int, int]] = []  # exact fractions: numerator, denominator > 0
    for limit in physical:
        top, bottom = _EXACT.subtract(limit, offset).as_integer_ratio()
        top, bottom = top * scale_bottom, bottom * scale_top
        ends.append((-top, -bottom) if bottom < 0 else (top, bottom))
    (below, below_by), (above, above_by) = ends if scale > 0 else reversed(ends)
    return -(-below // below_by), above // above_by


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A number with a meaning: raw integer on the wire, physical value `raw * scale + offset` in `unit`.

    `range` is in physical units. `raw_range` is what may be sent: the type's limits narrowed by `range`, by the
    members of an enum or of flags (bit to name), and not narrowed where a calibration (known only per device) lies
    between raw and physical. `quantity` names what is measured, such as `temperature`.
    """

    name: str
    type: FieldType
    scale: Decimal | None = None
    offset: Decimal | None = None
    unit: str | None = None
    quantity: str | None = None
    range: tuple[Decimal, Decimal] | None = None
    enum: Mapping[int, str] | None = field(default=None, hash=False)
    enum_name: str | None = None
    flags: Mapping[int, str] | None = field(default=None, hash=False)
    flags_name: str | None = None
    calibrated: bool = False
    raw_range: tuple[int, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "raw_range", self._allowed())

    def _allowed(self) -> tuple[int, int]:
        low, high = self.type.low, self.type.high
        if self.enum is not None:
            return min(self.enum), max(self.enum)
        if self.flags is not None:
            return 0, self.flags_mask
        if self.range is None or self.calibrated:
            return low, high
        first, last = _raw_range(self.range, self.scale or Decimal(1), self.offset or Decimal(0))
        return max(low, first), min(high, last)

    @property
    def flags_mask(self) -> int:
        """Every declared flag's bit set; 0 for a value that is no set of flags."""
        return sum(1 << bit for bit in self.flags or ())

    @property
    def limited(self) -> bool:
        """Whether a record can hold a raw value that the contract does not allow."""
        if self.raw_range != (self.type.low, self.type.high) or self.type is FieldType.BOOL:
            return True
        return self.enum is not None and len(self.enum) <= self.type.high - self.type.low

    def physical(self, raw: int) -> Decimal:
        """Return the exact physical value of a raw one; for a calibrated value this is the raw count."""
        value = Decimal(raw)
        if self.scale is not None:
            value = _EXACT.multiply(value, self.scale)
        return value if self.offset is None else _EXACT.add(value, self.offset)

    def allows(self, raw: int) -> bool:
        """Say whether `raw` is a value that the contract allows."""
        low, high = self.raw_range
        if not low <= raw <= high:
            return False
        if self.enum is not None:
            return raw in self.enum
        return self.flags is None or not raw & ~self.flags_mask

    def check(self, raw: object) -> int:
        """Return `raw` when it is an integer that may be sent; raise LayoutError otherwise."""
        if not isinstance(raw, int):
            msg = f"field '{self.name}': {raw!r} is not an integer"
            raise LayoutError(msg)
        if not self.allows(raw):
            msg = f"field '{self.name}': {raw} is not allowed; allowed is {self._allowed_text()}"
            raise LayoutError(msg)
        return int(raw)

    def _allowed_text(self) -> str:
        if self.enum is not None:
            return ", ".join(f"{raw} ({name})" for raw, name in sorted(self.enum.items()))
        if self.flags is not None:
            return f"any sum of {', '.join(f'{1 << bit} ({name})' for bit, name in sorted(self.flags.items()))}"
        low, high = self.raw_range
        text = f"{low} to {high}"
        if self.scale is None and self.offset is None:
            return text
        ends = sorted((self.physical(low), self.physical(high)))
        return f"{text} ({shortest(ends[0])} to {shortest(ends[1])} {self.unit or ''}".rstrip() + ")"


@dataclass(frozen=True, slots=True, kw_only=True)
class Field(Value):
    """One value of a record, or `count` of them in a row (None: no array).

    `calibration` names it; `calibration_form` is its kind with its fixed terms. An `optional` field may be absent from
    a record; then its value is missing. `inferred` says which model guessed the value; None for what was measured.
    """

    calibration: str | None = None
    calibration_form: str | None = None
    since: str | None = None
    count: int | None = None
    optional: bool = False
    out_of_range: OutOfRange = OutOfRange.REJECT
    inferred: Inferred | None = None

    @property
    def may_miss(self) -> bool:
        """Whether a record of the layout may lack a value here."""
        return self.optional or (self.out_of_range is OutOfRange.MISSING and self.limited)

    def check(self, raw: object) -> int:
        """Return `raw` when it is an integer that may be sent; raise LayoutError otherwise.

        Only `reject` narrows what may be sent; with the other two it is whatever the type holds.
        """
        if self.out_of_range is OutOfRange.REJECT or not isinstance(raw, int):
            return Value.check(self, raw)
        if not self.type.low <= raw <= self.type.high:
            msg = f"field '{self.name}': {raw} is not allowed; {self.type.value} holds {self.type.low} to {self.type.high}"
            raise LayoutError(msg)
        return int(raw)

    def canonical(self) -> str:
        """Return the field's line of the canonical layout, without the line end."""
        low, high = self.range or (None, None)
        calibration = None
        if self.calibration is not None:
            calibration = ":".join(part for part in (self.calibration, self.calibration_form) if part)
        numbers = [None if n is None else shortest(n) for n in (self.scale, self.offset)]
        limits = [None if n is None else shortest(n) for n in (low, high)]
        columns = [self.name, self.type.value, *numbers, self.unit, *limits, calibration, self._members()]
        return " ".join(["-" if column is None else column for column in columns] + self._marks())

    def _members(self) -> str | None:
        for mark, members in (("", self.enum), ("flags:", self.flags)):
            if members is not None:
                return mark + ",".join(f"{raw}={name}" for raw, name in sorted(members.items()))
        return None

    def _marks(self) -> list[str]:
        """What only newer layouts have stands behind the columns, so that older texts stay what they are."""
        marks = [] if self.count is None else [f"count={self.count}"]
        if self.optional:
            marks.append("optional")
        if self.out_of_range is not OutOfRange.REJECT:
            marks.append(f"out_of_range={self.out_of_range}")
        if self.quantity is not None:
            marks.append(f"quantity={self.quantity}")
        if self.inferred is not None:
            marks.append(f"inferred={self.inferred.model}:{self.inferred.version}:{self.inferred.confidence}")
        return marks
