"""Which constraint stands in the way of an answer, and by how much it would have to give."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from seamline.site.placement.problem import Obstacle, Problem
from seamline.site.placement.sight import Whole

Constraint = Literal["budget", "count", "need", "share", "barred", "groups", "candidates"]
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


@dataclass(frozen=True, slots=True)
class Shut:
    """Candidates that one constraint bars.

    Where it has a figure, `limit` is it, and the first of them could be built if it were `nearest`, the last if it were `farthest`, in
    `unit`; `relax` says what would help.
    """

    reason: str
    candidates: int
    relax: str = ""
    limit: float | None = None
    nearest: float | None = None
    farthest: float | None = None
    unit: str = ""

    @property
    def text(self) -> str:
        """In words."""
        ways = "1 candidate" if self.candidates == 1 else f"{self.candidates:,} candidates"
        if self.limit is None or self.nearest is None or self.farthest is None:
            return f"{ways}: {self.reason}" + (f": {self.relax}" if self.relax else "")
        amounts = dict.fromkeys(amount(found, self.unit) for found in (self.nearest, self.farthest))
        return f"{ways}: {self.reason} (it would take {' to '.join(amounts)}): {self.relax}"


def barred_by_reason(problem: Problem) -> tuple[Shut, ...]:
    """Whom each constraint bars, counted; by the reason's words."""
    found: dict[str, list[Obstacle]] = {}
    for candidate in range(len(problem.sees)):
        told = obstacle_of(problem, candidate)
        if told is not None:
            found.setdefault(told.reason, []).append(told)
    return tuple(shut_of(told) for _, told in sorted(found.items()))


def obstacle_of(problem: Problem, candidate: int) -> Obstacle | None:
    """Why a candidate cannot be built; None when it can."""
    told = problem.barred.get(candidate)
    if isinstance(told, Obstacle):
        return told
    why = problem.why_barred(candidate)
    return Obstacle(why) if why else None


def shut_of(told: Sequence[Obstacle]) -> Shut:
    """Obstacles of one reason, together."""
    first = told[0]
    enough = sorted((one.enough for one in told if one.enough is not None), key=lambda found: abs(found - (first.limit or 0)))
    if first.limit is None or not enough:
        return Shut(first.reason, len(told), first.relax)
    return Shut(first.reason, len(told), first.relax, first.limit, enough[0], enough[-1], first.unit)


def amount(found: float, unit: str) -> str:
    """A figure with its unit, to a tenth where that says more."""
    return f"{found:.0f} {unit}" if abs(found) >= 100 or unit == "ports" else f"{found:.3g} {unit}"


def on_cells(problem: Problem, unseen: Whole, short: Whole, could: Whole) -> list[Advice]:
    """What would let cells be covered that cannot be."""
    found: list[Advice] = []
    lacking = np.zeros(problem.sees.width, np.bool_)
    lacking[unseen] = lacking[short] = True
    reasons: dict[str, list[tuple[int, Obstacle]]] = {}
    for candidate in range(len(problem.sees)):
        told = obstacle_of(problem, candidate)
        if told is not None and lacking[problem.sees.row(candidate)].any():
            reasons.setdefault(told.reason, []).append((candidate, told))
    for why, barred in sorted(reasons.items()):
        helped = int((lacking & (problem.sees.seen_by(one for one, _ in barred) > 0)).sum())
        text = f"{helped:,} cells that lack an observer are seen by {len(barred):,} candidates that cannot be built: {why}"
        found.append(Advice("barred", text + give(problem, lacking, barred), enough=len(barred), cells=helped))
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


def give(problem: Problem, lacking: NDArray[np.bool_], barred: Sequence[tuple[int, Obstacle]]) -> str:
    """By how much a constraint would have to give for the first and for the last of the lacking cells to have one observer more."""
    first = barred[0][1]
    if first.limit is None:
        return f": {first.relax}" if first.relax else ""
    least = np.full(len(lacking), np.inf)
    for one, told in barred:
        if told.enough is not None:
            cells = problem.sees.row(one)
            least[cells] = np.minimum(least[cells], abs(told.enough - first.limit))
    over = least[lacking & np.isfinite(least)]
    if not len(over):
        return f": {first.relax}"
    sign = 1 if any(told.enough is not None and told.enough > first.limit for _, told in barred) else -1
    some, every = (amount(first.limit + sign * float(found), first.unit) for found in (over.min(), over.max()))
    far = some if some == every else f"{some} for the first of them and {every} for all"
    return f"; it would take {far} instead of {amount(first.limit, first.unit)}: {first.relax}"


def on_rules(problem: Problem, excluded: Whole, *, is_sure: bool) -> Advice:
    """Cells that cannot be covered together with the others, because candidates exclude each other or lack a link."""
    lacking = np.zeros(problem.sees.width, np.bool_)
    lacking[excluded] = True
    seers = set(problem.sees.owners[lacking[problem.sees.cells]].tolist())
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


def on_goals(problem: Problem, counts: Whole, *, alone: bool, is_sure: bool) -> list[Advice]:
    """What keeps goals from being met; `alone`: each was met as far as it can be by itself."""
    found: list[Advice] = []
    for goal in problem.goals:
        reached = int((counts >= problem.need)[goal.cells].sum())
        if reached >= goal.least:
            continue
        share, wanted = (math.floor(1000 * part / len(goal.cells)) / 10 for part in (reached, goal.least))
        if alone:
            text = f"{goal.name}: no more than {share:g}% can be covered, {wanted:g}% is asked for: lower the share, or add candidates"
        else:
            sure = "cannot be" if is_sure else "was not"
            text = f"{goal.name}: {share:g}% is covered of {wanted:g}%; more {sure} together with the others: candidates exclude each other"
        found.append(Advice("share", text, least=reached, enough=reached, cells=goal.least - reached))
    return found


def on_short(problem: Problem, counts: Whole, could: Whole) -> list[Advice]:
    """Which goals lack cells; `could` (cells): how many of those that can be built see each."""
    found: list[Advice] = []
    standing = problem.sees.seen_by(problem.existing)
    for goal in problem.goals:
        reached = int((counts >= problem.need)[goal.cells].sum())
        most = int((standing + could >= problem.need)[goal.cells].sum())
        if reached >= goal.least:
            continue
        share, wanted, all_of_it = (math.floor(1000 * part / len(goal.cells)) / 10 for part in (reached, goal.least, most))
        lacks = "1 cell" if goal.least - reached == 1 else f"{goal.least - reached:,} cells"
        text = f"{goal.name}: {share:g}% is covered of {wanted:g}% asked for, {lacks} short"
        if most < goal.least:
            text += f"; no more than {all_of_it:g}% can be covered: lower the share, or add candidates"
        found.append(Advice("share", text, least=reached, enough=most, cells=goal.least - reached))
    return found


def on_limit(
    what: Literal["budget", "count"],
    limit: int,
    found: int,
    least: int | None,
    *,
    whose: str = "the cover found takes",
    besides: int | None = None,
) -> Advice:
    """A budget or count that the cover found does not keep; `least`: no cover keeps a lower one, if that is known.

    `besides`: how much more it takes of the other of the two.
    """
    say, other = (money, nodes) if what == "budget" else (nodes, money)
    text = f"{whose} {say(found)}, {say(found - limit)} more than the {what} allows"
    if besides is not None:
        text += f" ({other(abs(besides))} {'more' if besides >= 0 else 'less'} than this answer)"
    if least is not None and least == found:
        text += "; none takes less"
    elif least is not None and least > limit:
        text += f"; none takes less than {say(least)}"
    else:
        text += "; whether a smaller one exists is not known"
    return Advice(what, text, least=least, enough=found)


def on_too_dear(problem: Problem, budget: int) -> list[Advice]:
    """By how much a budget lacks for the cheapest candidate that would see more than what stands; nothing when it is enough for one."""
    lacking = problem.sees.seen_by(problem.existing) < problem.need
    useful = [one for one in problem.free.tolist() if lacking[problem.sees.row(one)].any()]
    if not useful:
        return []
    cheapest = min(useful, key=lambda one: int(problem.cost[one]))
    cost = int(problem.cost[cheapest])
    if cost <= budget:
        return []
    text = f"the budget of {money(budget)} is {money(cost - budget)} short of the cheapest candidate that would see more, {money(cost)}"
    # One of those that it needs a link to must be bought with it, unless one stands.
    is_alone = cheapest not in problem.links or not set(problem.existing).isdisjoint(problem.links[cheapest])
    return [Advice("budget", text, least=cost, enough=cost if is_alone else None)]


def money(cents: int) -> str:
    """Cents as people write them."""
    return f"{cents / 100:,.2f}"


def nodes(number: int) -> str:
    """A number of nodes."""
    return f"{number} node" if number == 1 else f"{number:,} nodes"
