"""What a device's code must know of the contract's values: which may be sent, and the names of their members."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from seamline.contract.layout import Field, OutOfRange, Value
from seamline.contract.model import Contract
from seamline.contract.standard import LOSSES


@dataclass(frozen=True, slots=True)
class Sendable:
    """Raw values that `Layout.pack` takes: those in one of `runs` (both ends included) without bits outside `mask`."""

    runs: tuple[tuple[int, int], ...]
    mask: int | None = None

    @property
    def low(self) -> int:
        """The lowest value."""
        return self.runs[0][0]

    @property
    def high(self) -> int:
        """The highest value."""
        return self.runs[-1][1]

    @property
    def gaps(self) -> tuple[tuple[int, int], ...]:
        """What lies between the runs, both ends included."""
        return tuple((left[1] + 1, right[0] - 1) for left, right in zip(self.runs, self.runs[1:], strict=False))


def sendable(field: Field) -> Sendable:
    """Return what may be sent in a field."""
    if field.out_of_range is not OutOfRange.REJECT:
        return Sendable(((field.type.low, field.type.high),))
    if field.enum is not None:
        return Sendable(tuple(_runs(sorted(field.enum))))
    return Sendable((field.raw_range,), None if field.flags is None else field.flags_mask)


def _runs(numbers: Iterable[int]) -> Iterable[tuple[int, int]]:
    """Join neighbours."""
    runs: list[tuple[int, int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1] = runs[-1][0], number
        else:
            runs.append((number, number))
    return runs


def named_members(contract: Contract) -> dict[str, dict[int, str]]:
    """Return the members of each enum, and the flags of each set as their bits' values, that a value of the contract has."""
    found: dict[str, dict[int, str]] = {}
    for value in _values(contract):
        if value.enum is not None and value.enum_name is not None:
            found.setdefault(value.enum_name, dict(sorted(value.enum.items())))
        if value.flags is not None and value.flags_name is not None:
            found.setdefault(value.flags_name, {1 << bit: name for bit, name in sorted(value.flags.items())})
    return found


def _values(contract: Contract) -> Iterator[Value]:
    yield from LOSSES.fields
    for message in contract.messages.values():
        yield from message.layout.fields
    yield from contract.state.values()
    for command in contract.commands.values():
        yield from command.body.values()
