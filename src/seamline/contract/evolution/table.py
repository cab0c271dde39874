"""Every part of the contract's model, and how a difference in it is judged. A test holds the table complete.

Three questions decide. Would bytes or numbers that are stored, on their way or waiting be read as something else? Would a side do what
the other does not expect, with harm? Does the other side notice by a number that is made for it (a layout's, a contract's version)? A
difference that is noticed, or harms nobody, is compatible.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from seamline.contract.evolution import table_behaviour, table_meaning, table_wire
from seamline.contract.evolution.difference import Category
from seamline.contract.evolution.part import BOTH, Derived, Part, breaks

Table: TypeAlias = Mapping[str, Mapping[str, Part | Derived]]

TABLE: Table = {**table_wire.PARTS, **table_meaning.PARTS, **table_behaviour.PARTS}
"""Class of the model to its attributes to how they are judged."""

UNCLASSIFIED = Part(Category.MEANING, breaks(BOTH, "nobody has said that it may change"))
"""A part of the model that the table does not know is breaking: the safe side."""


def parts_of(model: type) -> Mapping[str, Part | Derived]:
    """Return the parts of one class of the model."""
    return TABLE.get(model.__name__, {})
