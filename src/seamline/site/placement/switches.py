"""Further switches: where a supply takes as many as its devices need (`switches: auto`), a candidate may force another one.

The price of a switch is no candidate's own. So the question is asked for each number of further switches that could be worth it, with the
ports and watts of just so many, and the cheapest of all is the answer; its bound is the lowest of theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Final

from seamline.site.catalogue.parts import Switch
from seamline.site.network.on_site import budgets_of
from seamline.site.network.switching import SWITCHES_MAX
from seamline.site.placement.advice import on_limit
from seamline.site.placement.answer import Answer
from seamline.site.placement.on_site import Bought, Question, price_of, work_of
from seamline.site.placement.problem import Problem
from seamline.site.placement.writing import names
from seamline.site.plan.site import Fixed, Site

ASKED_MAX: Final = 8
"""How many numbers of further switches are asked for at most, over all supplies."""

Solve = Callable[[Problem, int | None], Answer]
"""Answers a problem within a budget."""


@dataclass(frozen=True, slots=True)
class Auto:
    """A supply that takes as many switches as it needs.

    `present` are needed by what stands, which takes so many ports and milliwatts; the price of another is `cents`, of which `work` is
    work. `power_mw` is what the supply itself gives, where that is known.
    """

    supply: str
    part: str
    ports: int
    budget_mw: float
    present: int
    devices: int
    draws_mw: float
    power_mw: float | None
    cents: int
    work: int

    def rooms(self, more: int) -> Mapping[str, int]:
        """What is left for candidates with so many more switches; see Feeding.rooms."""
        ports, watts = ports_of(self.supply), watts_of(self.supply)
        wholes = self._wholes(self.present + more)
        return {ports: max(0, int(wholes[ports] - self.devices)), watts: max(0, int(wholes[watts] - self.draws_mw))}

    @property
    def boundless(self) -> Mapping[str, int]:
        """The same with as many as there may be."""
        return self.rooms(SWITCHES_MAX - self.present)

    @property
    def most(self) -> Mapping[str, float]:
        """What as many as there may be have in all, also for what stands."""
        return self._wholes(SWITCHES_MAX)

    def _wholes(self, count: int) -> Mapping[str, float]:
        watts = self.budget_mw * count if self.power_mw is None else min(self.power_mw, self.budget_mw * count)
        return {ports_of(self.supply): self.ports * count, watts_of(self.supply): watts}


def ports_of(supply: str) -> str:
    """The name of the pool of a switch's free ports."""
    return f"ports of {supply}"


def watts_of(supply: str) -> str:
    """The name of the pool of what a supply has left, in milliwatts."""
    return f"power of {supply}"


def autos_of(site: Site, notes: list[str]) -> tuple[Auto, ...]:
    """The supplies of a site that take as many switches as they need, beside what stands."""
    found: list[Auto] = []
    for budget in budgets_of(site):
        supply, _ = site.supplies[budget.switch]
        part = site.plan.catalogue.parts.get(supply.switch or "")
        if supply.switches is None and isinstance(part, Switch):
            work = round(work_of(site, part))
            found.append(
                Auto(
                    supply=supply.id,
                    part=part.id,
                    ports=part.ports,
                    budget_mw=part.budget_mw,
                    present=budget.switches,
                    devices=budget.devices,
                    draws_mw=budget.draws_mw,
                    power_mw=supply.power_mw,
                    cents=price_of(site, part, notes) + work,
                    work=work,
                )
            )
    return tuple(found)


def with_switches(
    asked: Question, standing: Site, answer: Answer, solve: Solve, *, budget: int | None
) -> tuple[Question, Answer]:
    """An answer with the further switches that it takes, or a better one that takes fewer; `standing` has what stands.

    `answer` is of as many switches as there may be. Money decides where it is what is kept low, or is limited.
    """
    autos = autos_of(standing, [])
    most = pieces(asked, standing, answer, autos)
    if not any(most):
        return asked, answer
    by_cost = answer.question == "cover" and answer.price == "cost"
    limited = answer.question == "best" and budget is not None
    if by_cost:
        answer, more = cheapest(asked, standing, answer, solve, autos, most)
    elif limited:
        answer, more = affordable(asked, standing, answer, solve, autos, budget or 0)
    else:
        more = most
    bought = tuple(
        Bought(auto.supply, auto.part, number, number * auto.cents, number * auto.work)
        for auto, number in zip(autos, more, strict=True)
        if number
    )
    cost = answer.cost + sum(one.cents for one in bought)
    advice = [one for one in answer.advice if one.relax != "budget" or limited]
    if answer.question == "cover" and budget is not None and cost > budget:
        advice.append(on_limit("budget", budget, cost, answer.bound if by_cost else None))
    return replace(asked, bought=bought), replace(answer, cost=cost, advice=tuple(advice))


def cheapest(
    asked: Question, standing: Site, answer: Answer, solve: Solve, autos: Sequence[Auto], most: Sequence[int]
) -> tuple[Answer, Sequence[int]]:
    """The cheapest cover with its switches, its value and bound with theirs; and how many more each supply takes."""
    best, taken = answer, most
    total = answer.value + price(autos, most)
    # Whoever takes more of one supply's than `most` pays at least that one's more, whatever the others.
    bound = answer.bound + min(auto.cents * (number + 1) for auto, number in zip(autos, most, strict=True))
    bound = min(bound, answer.bound + price(autos, most))
    for more in fewer(most):
        if more is None:
            bound = min(bound, answer.bound)
            break
        found = solve(within(asked.problem, autos, more), None)
        if held(asked, found) != held(asked, answer):
            # With so few it is shown to be impossible only where more suffice for all that is asked for.
            is_sure = found.is_impossible and not answer.is_impossible
            bound = bound if is_sure else min(bound, answer.bound + price(autos, more))
            continue
        bound = min(bound, found.bound + price(autos, more))
        takes = pieces(asked, standing, found, autos)
        if found.value + price(autos, takes) < total:
            best, taken, total = found, takes, found.value + price(autos, takes)
    stop = "" if total == bound else best.stop or "work"
    return replace(best, value=total, bound=bound, stop=stop), taken


def affordable(
    asked: Question, standing: Site, answer: Answer, solve: Solve, autos: Sequence[Auto], budget: int
) -> tuple[Answer, Sequence[int]]:
    """The best coverage for a budget that pays its switches too; and how many more each supply takes."""
    best: Answer | None = None
    taken: Sequence[int] = ()
    bounds: list[tuple[int, int]] = []
    most = pieces(asked, standing, answer, autos)
    if len(autos) > 1:
        bounds.append((answer.least_lack, -answer.bound))
    for more in [*fewer(most), tuple(most)]:
        if more is None:
            bounds.append((answer.least_lack, -answer.bound))
            continue
        left = budget - price(autos, more)
        if left < 0:
            continue
        problem = asked.problem if more == tuple(most) else within(asked.problem, autos, more)
        found = solve(problem, left)
        bounds.append((found.least_lack, -found.bound))
        takes = pieces(asked, standing, found, autos)
        if found.cost + price(autos, takes) <= budget and (
            best is None or (found.lacks, -found.value) < (best.lacks, -best.value)
        ):
            best, taken = found, takes
    if best is None:  # switches do not always share out as their ports and watts together say: do without them
        best, taken = solve(closed(asked.problem, autos), budget), (0,) * len(autos)
        bounds.append((answer.least_lack, -answer.bound))
    least = min(one for one, _ in bounds)
    bound = max(best.value, *(-one for _, one in bounds))
    is_sure = best.value == bound and best.lacks == least
    return replace(best, bound=bound, least_lack=min(least, best.lacks), stop="" if is_sure else best.stop or "work"), taken


def fewer(most: Sequence[int]) -> Iterator[tuple[int, ...] | None]:
    """Every lower number of further switches, the fewest first; None for those that are too many to ask for."""
    found = [one for one in product(*(range(number + 1) for number in most)) if one != tuple(most)]
    yield from found[:ASKED_MAX]
    if len(found) > ASKED_MAX:
        yield None


def price(autos: Sequence[Auto], more: Sequence[int]) -> int:
    """What so many further switches cost."""
    return sum(auto.cents * number for auto, number in zip(autos, more, strict=True))


def within(problem: Problem, autos: Sequence[Auto], more: Sequence[int]) -> Problem:
    """The problem with the ports and watts of so many further switches."""
    rooms = {name: room for auto, number in zip(autos, more, strict=True) for name, room in auto.rooms(number).items()}
    groups = tuple(replace(group, at_most=rooms.get(group.name, group.at_most)) for group in problem.groups)
    return replace(problem, groups=groups)


def closed(problem: Problem, autos: Sequence[Auto]) -> Problem:
    """The problem without anyone who draws from these supplies."""
    pools = {name for auto in autos for name in auto.boundless}
    groups = tuple(replace(group, at_most=0) if group.name in pools else group for group in problem.groups)
    return replace(problem, groups=groups)


def held(asked: Question, answer: Answer) -> tuple[int, ...]:
    """How much of each goal an answer has, as far as it is asked for; without goals, how many cells have what they need."""
    has = answer.counts >= asked.problem.need
    if not asked.problem.goals:
        return (int(has.sum()),)
    return tuple(min(goal.least, int(has[goal.cells].sum())) for goal in asked.problem.goals)


def pieces(asked: Question, standing: Site, answer: Answer, autos: Sequence[Auto]) -> tuple[int, ...]:
    """How many further switches each supply takes for an answer, as the network shares its devices out."""
    ids = names(asked.site.plan, len(answer.chosen))
    nodes = dict(standing.nodes)
    for number, ident in zip(answer.chosen, ids, strict=True):
        spot = asked.candidate(number)[0].spot
        nodes[ident] = (asked.node(number, ident), Fixed(spot.x, spot.y, 0.0))
    plan = replace(standing.plan, nodes={ident: node for ident, (node, _) in nodes.items()})
    count = {budget.switch: budget.switches for budget in budgets_of(replace(standing, plan=plan, nodes=nodes))}
    return tuple(max(0, count.get(auto.supply, auto.present) - auto.present) for auto in autos)
