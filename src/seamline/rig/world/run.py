"""Runs plans: one, or a seed after another within a budget."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from hashlib import blake2b

import seamline
from seamline.contract import Family
from seamline.rig.world.draw import draw
from seamline.rig.world.plan import Kind, Plan, PlanError
from seamline.rig.world.world import Outcome, Parts, World


def contracts_digest(families: Iterable[Family]) -> str:
    """A hash over every version of every contract, as written."""
    documents = [contract.document for family in families for contract in family.versions.values()]
    return blake2b(json.dumps(documents, sort_keys=True).encode(), digest_size=8).hexdigest()


def plan_of(
    seed: int,
    devices: int,
    duration_ms: int,
    families: Sequence[Family],
    kinds: Sequence[Kind] | None = None,
    folder: str | None = None,
) -> Plan:
    """The plan that a seed draws for these contracts."""
    drawn = draw(seed, devices, duration_ms, kinds)
    return replace(drawn, contracts=contracts_digest(families), folder=folder, code=seamline.__version__)


def check(plan: Plan, families: Sequence[Family]) -> None:
    """Raise PlanError when this code or these contracts are not those that the plan was drawn for."""
    if plan.code and plan.code != seamline.__version__:
        message = f"the plan was drawn by Seamline {plan.code}, this is {seamline.__version__}: its events would be others"
        raise PlanError(f"{message}; take `code` out of it to run it all the same")
    digest = contracts_digest(families)
    if plan.contracts and plan.contracts != digest:
        message = f"the plan was drawn for the contracts {plan.contracts}, these are {digest}: its events would be others"
        raise PlanError(f"{message}; take `contracts` out of it to run it all the same")


def run(plan: Plan, parts: Parts, *, hurry: bool = False, go_on: Callable[[], bool] = lambda: True) -> Outcome:
    """Run one plan, where its parts are. In another process (see Apart) it can hurry, and be given up.

    Raises GivenUpError, and CrewError where that process is lost.
    """
    return World(plan, parts).run() if parts.apart is None else parts.apart.do(run, plan, hurry=hurry, go_on=go_on)


def run_all(plans: Iterable[Plan], parts: Parts, *, go_on: Callable[[], bool] = lambda: True) -> Iterator[Outcome]:
    """Run plans one after the other while `go_on`; the first that breaks a promise is the last."""
    for plan in plans:
        if not go_on():
            return
        outcome = run(plan, parts)
        yield outcome
        if outcome.broken is not None:
            return
