"""Names of generated code that a newer version no longer has: what was written with them does not build any more.

A difference of SOURCE, which is never breaking in the field: no device compiles. It needs the code of both versions, so it is asked
for where people compare versions, not where a contract is checked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

from seamline.contract.codegen import target
from seamline.contract.evolution.difference import Category, Difference, Direction
from seamline.contract.family import Family

if TYPE_CHECKING:
    from seamline.contract.model import Contract

_QUIET: Final = re.compile(r'/\*.*?\*/|"(?:[^"\\]|\\.)*"', re.DOTALL)
"""Comments and strings of C, which name nothing."""
_WORD: Final = re.compile(r"\b[A-Za-z_]\w*")
_TOP: Final = re.compile(r"^(?:def |class )?([A-Za-z]\w*)(?: =|\(|:)", re.MULTILINE)
"""What a Python module defines for others; names with a leading `_` are its own."""


def lost_names(old: Contract, new: Contract) -> tuple[Difference, ...]:
    """Return a difference for each kind of device code in which names of `old` are gone in `new`, with those names in order."""
    return tuple(_differences(old, new))


def _differences(old: Contract, new: Contract) -> Iterator[Difference]:
    for kind, names in NAMES.items():
        kept = set(names(new))
        lost = [name for name in dict.fromkeys(names(old)) if name not in kept]
        if lost:
            yield Difference(
                category=Category.SOURCE,
                breaking=False,
                direction=Direction.NEW_FIRMWARE,
                firmware=(new.version,),
                path=f"gen.{kind}",
                old=", ".join(lost),
                new=None,
                reason="firmware that is written with these names must be changed before it builds again",
            )


def _c(contract: Contract) -> list[str]:
    return _WORD.findall(_QUIET.sub(" ", _text(contract, "c", "h")))


def _micropython(contract: Contract) -> list[str]:
    return _TOP.findall(_text(contract, "micropython", "py"))


def _text(contract: Contract, name: str, suffix: str) -> str:
    """Return the generated file that declares the names; both targets look at the one version only."""
    alone = Family(contract.product, {contract.version: contract}, contract, {})
    return target(name)(alone, contract)[f"{contract.product}.{suffix}"]


NAMES: Final[dict[str, Callable[[Contract], list[str]]]] = {"c": _c, "micropython": _micropython}
"""Target to the names that its code offers, in their order."""
