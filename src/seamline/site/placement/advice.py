"""Which constraint stands in the way of an answer, and by how much it would have to give."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from seamline.site.placement.problem import Problem
from seamline.site.placement.sight import Whole

Constraint = Literal["budget", "count", "need", "barred", "groups", "candidates"]
NAMED: Final = 3
"""How many groups a message names."""


@dataclass(frozen=True, slots=True)
class Advice:
    """A constraint that stands in the way: `relax` names it, `text` says by how much and for what.

    `least`: no less suffices, in cents or nodes; `enough`: this much is known to; None where neither is a number. `cells`: how many
    cells it is about.
    """

    relax: Constraint
    text: str
    least: int | None = None
    enough: int | None = None
    cells: int = 0


def on_cells(problem: Problem, unseen: Whole, short: Whole, could: Whole) -> list[Advice]:
    """What would let cells be covered that cannot be."""
    found: list[Advice] = []
    lacking = np.zeros(problem.sees.width, np.bool_)
    lacking[unseen] = lacking[short] = True
    reasons: dict[str, list[int]] = {}
    for candidate in range(len(problem.sees)):
        why = problem.why_barred(candidate)
        if why and lacking[problem.sees.row(candidate)].any():
            reasons.setdefault(why, []).append(candidate)
    for why, barred in sorted(reasons.items()):
        helped = int((lacking & (problem.sees.seen_by(barred) > 0)).sum())
        text = f"{helped:,} cells that lack an observer are seen by {len(barred):,} candidates that cannot be built: {why}"
        found.append(Advice("barred", text, enough=len(barred), cells=helped))
    hopeless = unseen[problem.sees.seen_by(range(len(problem.sees)))[unseen] == 0]
    if len(hopeless):
        text = f"{len(hopeless):,} cells are seen by no candidate: add candidates there, or take these cells out of the zone"
        found.append(Advice("candidates", text, cells=len(hopeless)))
    for need in np.unique(problem.need[short]):
        these = short[problem.need[short] == need]
        most = int(could[these].min())
        text = (
            f"{len(these):,} cells need {need} observers, and only {most} or more can see them: ask for {most}, or add candidates"
        )
        found.append(Advice("need", text, least=most, enough=most, cells=len(these)))
    return found


def on_rules(problem: Problem, excluded: Whole, *, is_sure: bool) -> Advice:
    """Cells that cannot be covered together with the others, because candidates exclude each other or lack a link."""
    seers = {one for cell in excluded[:1000] for one in problem.sees.turned.row(int(cell)).tolist()}
    groups = [group.name or f"of candidate {group.members[0]}" for group in problem.groups if seers.intersection(group.members)]
    named = ", ".join(groups[:NAMED]) + (f" and {len(groups) - NAMED:,} more" if len(groups) > NAMED else "")
    why = f"candidates exclude each other (groups {named})" if groups else "candidates lack the link they need"
    sure = (
        "cannot be covered together with all others"
        if is_sure
        else "were not covered together with all others, nor shown to be impossible"
    )
    text = f"{len(excluded):,} cells {sure}: {why}; allow more there, or add candidates"
    return Advice("groups", text, cells=len(excluded))


def on_limit(what: Literal["budget", "count"], limit: int, found: int, least: int | None) -> Advice:
    """A budget or count that the cover found does not keep; `least`: no cover keeps a lower one, if that is known."""
    say = money if what == "budget" else nodes
    text = f"the cover found takes {say(found)}, {say(found - limit)} more than the {what} allows"
    if least is not None and least == found:
        text += "; none takes less"
    elif least is not None and least > limit:
        text += f"; none takes less than {say(least)}"
    else:
        text += "; whether a smaller one exists is not known"
    return Advice(what, text, least=least, enough=found)


def money(cents: int) -> str:
    """Cents as people write them."""
    return f"{cents / 100:,.2f}"


def nodes(number: int) -> str:
    """A number of nodes."""
    return f"{number} node" if number == 1 else f"{number:,} nodes"
