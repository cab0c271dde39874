"""A part of the contract's model, and how a change of it is judged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from seamline.contract.evolution.difference import Category, Direction

if TYPE_CHECKING:
    from seamline.contract.layout import Layout
    from seamline.contract.model import Contract

OLD, NEW, BOTH = Direction.OLD_FIRMWARE, Direction.NEW_FIRMWARE, Direction.BOTH


class Verdict(NamedTuple):
    """Whether a change breaks something that worked, for which pair of firmware and cloud, and why or why not."""

    breaking: bool
    direction: Direction
    reason: str


@dataclass(frozen=True, slots=True)
class Change:
    """A value that differs: `old` or `new` is None where there is none. `before` and `after` are the model objects around it.

    `versions` are the two contracts, None while only two layouts are compared; `layouts` are the two layouts around a value of a
    message's records, None elsewhere.
    """

    path: str
    old: object
    new: object
    before: object
    after: object
    versions: tuple[Contract, Contract] | None = None
    layouts: tuple[Layout, Layout] | None = None


Judge: TypeAlias = Callable[[Change], Verdict]


@dataclass(frozen=True, slots=True)
class Part:
    """How one attribute of the model is judged.

    `key` is its name in the file where that is another (`publish.every`); `rule` is the code that a breaking change offends.
    A part that `restates` what another part of the contract says is compared only where that other part is not at hand. `implied`
    says of an object whether its value here follows from another part, so that its file does not have it.
    """

    category: Category
    judge: Judge
    key: str | None = None
    rule: str | None = None
    restates: bool = False
    implied: Callable[[object], bool] = field(default=lambda _: False)


@dataclass(frozen=True, slots=True)
class Derived:
    """An attribute that follows from others; `source` names them. It is not compared, they are."""

    source: str


def breaks(direction: Direction, reason: str) -> Judge:
    """Return a judge to whom every change is breaking."""
    verdict = Verdict(breaking=True, direction=direction, reason=reason)
    return lambda _: verdict


def holds(direction: Direction, reason: str) -> Judge:
    """Return a judge to whom no change is breaking."""
    verdict = Verdict(breaking=False, direction=direction, reason=reason)
    return lambda _: verdict


def either(added: Judge, removed: Judge, changed: Judge | None = None) -> Judge:
    """Return a judge for a thing that is added, removed, or (by `removed`'s words when not given) changed."""

    def judge(change: Change) -> Verdict:
        if change.old is None:
            return added(change)
        return removed(change) if change.new is None or changed is None else changed(change)

    return judge
