"""Plans that were promoted beside a contract (`seamline rig promote`): what once broke holds from then on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from shlex import quote
from typing import Final

from seamline.rig.gate.criteria import REGRESSIONS
from seamline.rig.gate.subject import Subject
from seamline.rig.gate.verdict import Evidence, Judgement, failed, not_judged, passed
from seamline.rig.world.plan import PlanError, parse
from seamline.rig.world.run import run
from seamline.rig.world.world import Outcome, Parts

BESIDE: Final = "rig"
"""The folder of promoted plans beside a contract."""


def plans_of(folder: Path) -> list[Path]:
    """Return the plans that were promoted, by name."""
    return sorted((folder / BESIDE).glob("*.json"))


def judge(subject: Subject, parts: Parts, core: str | None, go_on: Callable[[], bool]) -> list[Judgement]:
    """Run every promoted plan with the parts that `core` names; nothing where there is none."""
    found = plans_of(subject.folder)
    evidence: list[Evidence] = []
    broken: list[str] = []
    for at, path in enumerate(found):
        if not go_on():
            return [not_judged(REGRESSIONS, f"the budget ended after {at} of {len(found)} promoted plans", *evidence)]
        try:
            plan = parse(path.read_text(encoding="utf-8"))
            if plan.core is not None and core is None:
                return [not_judged(REGRESSIONS, f"{path} was promoted with the core {plan.core}: give --core", *evidence)]
            outcome = run(plan, parts)
        except (PlanError, OSError, UnicodeDecodeError) as error:
            return [not_judged(REGRESSIONS, f"{path} cannot be run: {error}", *evidence)]
        evidence.append(_evidence(path, outcome, core))
        broken += [path.stem] if outcome.broken is not None else []
    if broken:
        return [failed(REGRESSIONS, f"{', '.join(broken)} broke again", *evidence)]
    return [passed(REGRESSIONS, *evidence)] if evidence else []


def unasked(folder: Path, reason: str) -> list[Judgement]:
    """Say that nobody looked, where there is something to look at."""
    return [not_judged(REGRESSIONS, reason)] if plans_of(folder) else []


def _evidence(path: Path, outcome: Outcome, core: str | None) -> Evidence:
    if outcome.broken is not None:
        named = "" if core is None else f" --core {quote(core)}"
        return Evidence(f"{path.stem}: {outcome.broken}", replay=f"seamline rig replay {quote(str(path))}{named}")
    return Evidence(f"{path.stem}: {len(outcome.plan.faults)} faults, every promise held")
