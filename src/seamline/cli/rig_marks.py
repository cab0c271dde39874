"""The rare states that the runs of `seamline rig run` have to reach: which they are, plans that aim at those that never came, what is said."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from seamline.cli.exits import WrongUse

if TYPE_CHECKING:
    from seamline.contract import Family

ALL: Final = "all"
"""In the place of names: none of them fails a run."""


@dataclass(frozen=True, slots=True)
class Demands:
    """What runs have to reach. `ruled_out` are the states that the contracts cannot come to, with the reasons."""

    states: tuple[str, ...]
    ruled_out: Mapping[str, str]
    excused: frozenset[str] = frozenset()
    """Those whose absence fails no run."""

    def missed(self, marks: Mapping[str, int]) -> list[str]:
        """Those that never came."""
        return [name for name in self.states if not marks.get(name)]

    def owed(self, marks: Mapping[str, int]) -> list[str]:
        """Those of them whose absence fails the run."""
        return [name for name in self.missed(marks) if name not in self.excused]


def demands(scenario: str | None, families: Sequence[Family], excused: Collection[str]) -> Demands:
    """What runs of these products have to reach: a bad day's own states, or the whole catalogue. Raises WrongUse."""
    from seamline.rig.world.aims import ruled_out
    from seamline.rig.world.fitting import fitted_to
    from seamline.rig.world.marks import CATALOGUE, unknown

    for name in unknown(set(excused) - {ALL}):
        close = difflib.get_close_matches(name, CATALOGUE, n=3)
        near = f"did you mean {' or '.join(close)}?" if close else "docs/rig.md has the list"
        raise WrongUse(f"--excuse {name}: no rare state has this name; {near}")
    if scenario is None:
        without = ruled_out(families)
        states = tuple(name for name in CATALOGUE if name not in without)
    else:
        fit = fitted_to(scenario, families)
        if fit.why_not:
            raise WrongUse(f"--scenario {scenario}: these products cannot have this day: {fit.why_not}")
        states, without = fit.day.states, {}
    return Demands(states, without, frozenset(states) if ALL in excused else frozenset(excused))


def told(scenario: str | None, demanded: Demands, marks: Mapping[str, int]) -> str:
    """Which rare states came, of those that these runs had to reach."""
    missed = demanded.missed(marks)
    reached, never = f"{len(demanded.states) - len(missed)} of {len(demanded.states)} marks", ", ".join(missed)
    if scenario is not None:
        lacking = f"; what makes the day {scenario} never came, so it is not proved: {never}" if missed else ""
        return f"{reached} of the day {scenario} reached{lacking}"
    count = len(demanded.ruled_out)
    without = f"; {count} more the contract rules out (--json says why)" if count else ""
    return f"{reached} reached{f'; never: {never}' if missed else ''}{without}"
