"""Compares two versions of a contract, or two layouts of a message: every difference, judged."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from seamline.contract.evolution.difference import Category, Difference, Direction
from seamline.contract.evolution.part import BOTH, Change, Verdict
from seamline.contract.evolution.spoken import written
from seamline.contract.evolution.walk import Found, changes, layout_changes

if TYPE_CHECKING:
    from seamline.contract.layout import Layout
    from seamline.contract.model import Contract
    from seamline.contract.problems import Span

Where: TypeAlias = "Callable[[str], Span]"
"""Says where a path of the contract is written."""

SAME_NUMBER = "SL306"
"""The rule of a layout that changes and keeps its number."""


def compare(
    old: Contract, new: Contract, *, old_place: Where | None = None, new_place: Where | None = None
) -> tuple[Difference, ...]:
    """Return every difference of two versions, in the order of the model. The same contract has none with itself."""
    firmware = {
        Direction.OLD_FIRMWARE: (old.version,),
        Direction.NEW_FIRMWARE: (new.version,),
        Direction.BOTH: (old.version, new.version) if old.version != new.version else (new.version,),
    }

    def difference(found: Found) -> Difference:
        where = old_place if found.change.new is None else new_place
        place = None if where is None else where(found.change.path)
        judged = _difference(found)
        return replace(judged, firmware=firmware[judged.direction], place=place)

    return tuple(map(difference, changes(old, new)))


def compare_layouts(old: Layout, new: Layout) -> tuple[Difference, ...]:
    """Return every difference of two layouts of one message, with what they say of enums and calibrations.

    Paths begin at the message (`fields.room.scale`).
    """
    return tuple(map(_difference, layout_changes(old, new)))


def against(current: Contract, released: Iterable[Contract], place: Where | None = None) -> tuple[Difference, ...]:
    """Return the differences of the contract from each of several versions, alike ones once with all the firmware they concern."""
    found: dict[Difference, dict[str, None]] = {}
    for contract in released:
        for each in compare(contract, current, new_place=place, old_place=place):
            firmware = found.setdefault(replace(each, firmware=()), {})
            firmware.update(dict.fromkeys(each.firmware))
    return tuple(replace(each, firmware=tuple(firmware)) for each, firmware in found.items())


def _difference(found: Found) -> Difference:
    part, change = found.part, found.change
    verdict, rule = part.judge(change), part.rule
    if part.category in {Category.WIRE, Category.MEANING} and _same_number(change):
        verdict, rule = _SAME_NUMBER, SAME_NUMBER
    return Difference(
        category=part.category,
        breaking=verdict.breaking,
        direction=verdict.direction,
        firmware=(),
        path=change.path,
        old=written(found.attribute, change.old),
        new=written(found.attribute, change.new),
        reason=verdict.reason,
        code=rule if verdict.breaking else None,
    )


_SAME_NUMBER = Verdict(
    breaking=True, direction=BOTH, reason="the layout keeps its number: frames of both would be taken for one another"
)


def _same_number(change: Change) -> bool:
    return change.layouts is not None and change.layouts[0].version == change.layouts[1].version
