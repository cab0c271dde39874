"""Asks everything that a stage demands, and says of the rest that it was not asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import seamline
from seamline.contract import Family
from seamline.contract.codegen.map.page import system_map
from seamline.rig.gate import built, fleet, hardened, launched, locked, mapped, questions, regressions
from seamline.rig.gate.criteria import BUDGETS, CHECK, CODECS, EVOLUTION, FLEET, SURVIVES
from seamline.rig.gate.hardened import Keep
from seamline.rig.gate.runs import Bench, DayRuns, Effort, carry_out
from seamline.rig.gate.subject import Subject
from seamline.rig.gate.verdict import DayLine, Judgement, SeedRun, Stage, Verdict, not_judged
from seamline.rig.storm import StormPlan
from seamline.rig.storm.picture import svg
from seamline.rig.world.aims import reachable
from seamline.rig.world.marks import Marks
from seamline.rig.world.world import Parts


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for, and how: up to which stage, with what effort, and who hears of it.

    `keep` is given the plan of each day that breaks, and returns the line that repeats it. `go_on` says whether the rig may begin
    another run. `told` hears of each stage that begins, `ran` of each run and what broke in it. `core` is a user's own device core, by
    its name. `clock` gives seconds, for what a stage took; `when` and `command` are for the report.
    """

    stage: Stage
    keep: Keep
    effort: Effort = field(default_factory=Effort)
    go_on: Callable[[], bool] = lambda: True
    told: Callable[[str], None] = lambda _text: None
    ran: Callable[[DayRuns, SeedRun, str], None] = lambda _day, _run, _broken: None
    make_parts: Callable[[Sequence[Family]], Parts] | None = None
    core: str | None = None
    jobs: int = 1
    clock: Callable[[], float] | None = None
    when: str = ""
    command: str = ""


@dataclass(slots=True)
class _Found:
    """What has been found so far."""

    judgements: list[Judgement] = field(default_factory=list[Judgement])
    runs: list[DayRuns] = field(default_factory=list[DayRuns])
    storm: StormPlan | None = None


def judge(subject: Subject, request: Request) -> Verdict:
    """Judge a product up to a stage. Nothing is raised for what is wrong with the product: it is in the verdict."""
    found = _Found()
    took: list[tuple[Stage, float]] = []
    for stage in Stage:
        clock = None
        if _is_asked(stage, request):
            clock = request.clock
            request.told(f"{stage}: {stage.asks}")
        began_s = clock() if clock else 0
        ASK[stage](subject, request, found)
        if clock:
            took.append((stage, clock() - began_s))
    draft = subject.draft
    known = (draft.product, draft.version, draft.summary) if draft is not None else (subject.folder.resolve().name, "?", "")
    family = subject.family
    return Verdict(
        *known, request.stage, tuple(found.judgements),
        answers=questions.answered(subject, found.judgements, found.runs, found.storm),
        when=request.when, command=request.command, code=seamline.__version__,
        figures=tuple(_figures(found, family, request.effort)),
        days=tuple(_days(found)), took=tuple(took),
        pictures=() if found.storm is None else ((_caption(found.storm), svg(found.storm)),),
        system_map="" if family is None else system_map(family, family.current)["system-map.svg"],
    )  # fmt: skip


def _map(subject: Subject, _request: Request, found: _Found) -> None:
    found.judgements += mapped.judge(subject)


def _build(subject: Subject, request: Request, found: _Found) -> None:
    if _is_asked(Stage.BUILD, request):
        found.judgements += built.judge(subject)
    else:
        found.judgements += [not_judged(each, _later(Stage.BUILD)) for each in (CHECK, EVOLUTION, CODECS, BUDGETS)]


def _harden(subject: Subject, request: Request, found: _Found) -> None:
    family = subject.family
    if not _is_asked(Stage.HARDEN, request):
        found.judgements += hardened.unasked(_later(Stage.HARDEN))
        found.judgements += regressions.unasked(subject.folder, _later(Stage.HARDEN))
    elif family is None:
        reason = "the contract does not hold, so no device can be built from it"
        found.judgements += hardened.unasked(reason)
        found.judgements += regressions.unasked(subject.folder, reason)
    else:
        bench = _bench(subject, family, request)
        found.runs = carry_out(bench)
        found.judgements += hardened.judge(subject, found.runs, request.effort, request.keep)
        found.judgements += regressions.judge(subject, bench.parts(), request.core, request.go_on)


def _launch(subject: Subject, request: Request, found: _Found) -> None:
    if _is_asked(Stage.LAUNCH, request):
        judgements, found.storm = launched.judge(subject)
        found.judgements += judgements
        found.judgements.append(_at_fleet_size(subject, request, found))
    else:
        found.judgements += launched.unasked(_later(Stage.LAUNCH))
        found.judgements.append(not_judged(FLEET, _later(Stage.LAUNCH)))
    found.judgements += hardened.beyond_the_rig(subject)


def _at_fleet_size(subject: Subject, request: Request, found: _Found) -> Judgement:
    """The one world of the whole fleet: one seed of it is enough, since it draws nothing but the devices' own dice."""
    family = subject.family
    if family is None:
        return not_judged(FLEET, "the contract does not hold, so no device can be built from it", mend=CHECK.remedy)
    runs = fleet.carry_out(_bench(subject, family, request))
    found.runs.append(runs)
    return hardened.judge(subject, [runs], replace(request.effort, seeds=1), request.keep)[0]


def _bench(subject: Subject, family: Family, request: Request) -> Bench:
    return Bench(
        family, request.effort, str(subject.folder.resolve()), request.make_parts, request.go_on, request.ran, request.core, request.jobs
    )  # fmt: skip


def _lock(subject: Subject, request: Request, found: _Found) -> None:
    found.judgements += locked.judge(subject) if _is_asked(Stage.LOCK, request) else locked.unasked(_later(Stage.LOCK))


ASK: Final[dict[Stage, Callable[[Subject, Request, _Found], None]]] = {
    Stage.MAP: _map,
    Stage.BUILD: _build,
    Stage.HARDEN: _harden,
    Stage.LAUNCH: _launch,
    Stage.LOCK: _lock,
}


def _is_asked(stage: Stage, request: Request) -> bool:
    return stage.order <= request.stage.order


def _later(stage: Stage) -> str:
    return f"asked from the stage {stage} on"


def _caption(storm: StormPlan) -> str:
    return f"{storm.terms.devices:,} devices come back in the same second, by the contract's policies and by others, against its limits"


def _days(found: _Found) -> Iterator[DayLine]:
    """Every day that was judged, with its worlds where there were any."""
    runs = {each.name: tuple(each.seeds) for each in found.runs}
    for each in found.judgements:
        day, _, happens = each.criterion.title.removeprefix(SURVIVES).partition(": ")
        if each.criterion.title.startswith(SURVIVES):
            yield DayLine(day, happens, each, runs.get(day, ()))


def _figures(found: _Found, family: Family | None, effort: Effort) -> list[tuple[str, str]]:
    """The rig's runs in figures."""
    if not found.runs or family is None:
        return []
    marks = Marks()
    for day in found.runs:
        marks.add(day.marks)
    return [
        ("worlds run", f"{sum(len(day.seeds) for day in found.runs):,}"),
        ("device-hours", f"{sum(day.device_hours for day in found.runs):,.0f}"),
        ("faults", f"{sum(day.faults for day in found.runs):,}"),
        ("readings followed", f"{sum(day.readings for day in found.runs):,}"),
        ("rare states met", marks.share(reachable([family]))),
        ("devices a world", f"{effort.devices}"),
        *(
            ("devices at fleet size", f"{each.seeds[0].devices:,}")
            for each in found.runs
            if each.name == fleet.NAME and each.seeds
        ),
    ]
