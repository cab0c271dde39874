"""A contract with the places of its parts: where its file writes what."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from seamline.contract.loader import finished, read
from seamline.contract.problems import Span

if TYPE_CHECKING:
    from seamline.contract.model import Contract


class Placed(NamedTuple):
    """A contract, and where its file writes a path such as `timing.network`, or the nearest thing around it."""

    contract: Contract
    place: Callable[[str], Span]


def placed(path: Path) -> Placed:
    """Return the contract in a file. Raises ContractErrors with every problem found."""
    contract, report = read(path)
    return Placed(finished(contract, report), report.place)
