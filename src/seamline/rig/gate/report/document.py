"""The verdict as one JSON document, for programs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from seamline.rig.gate.verdict import Answer, DayLine, Evidence, Judgement, Outcome, Stage, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

FORMAT: Final = "seamline-gate/1"


def rendered(verdict: Verdict) -> str:
    """Return the document as text."""
    return json.dumps(document(verdict), indent=2, ensure_ascii=False) + "\n"


def document(verdict: Verdict) -> dict[str, object]:
    """Return the document: the verdict, every criterion with its evidence, the seven answers, and the bad days' worlds."""
    return {
        "format": FORMAT,
        "product": verdict.product,
        "version": verdict.version,
        "stage": str(verdict.stage),
        "passes": verdict.passes,
        "when": verdict.when,
        "seamline": verdict.code,
        "command": verdict.command,
        "counts": {str(outcome): verdict.count(outcome) for outcome in Outcome},
        "stages": {str(stage): _stage(verdict, stage) for stage in Stage},
        "criteria": [_judgement(verdict, each) for each in verdict.judgements],
        "questions": [_answer(each) for each in verdict.answers],
        "days": [_day(each) for each in verdict.days],
        "figures": dict(verdict.figures),
    }


def _stage(verdict: Verdict, stage: Stage) -> dict[str, object]:
    outcomes = [each.outcome for each in verdict.at(stage)]
    counts = {str(outcome): outcomes.count(outcome) for outcome in Outcome}
    return {"asked": stage.order <= verdict.stage.order, **counts}


def _judgement(verdict: Verdict, each: Judgement) -> dict[str, object]:
    criterion = each.criterion
    return {
        "id": criterion.id, "stage": str(criterion.stage), "question": criterion.question, "title": criterion.title,
        "demanded": criterion.stage.order <= verdict.stage.order, "outcome": str(each.outcome), "reason": each.reason,
        "missing": list(each.part), "devices": each.scale or None, "remedy": each.remedy, "evidence": [_evidence(one) for one in each.evidence],
    }  # fmt: skip


def _evidence(each: Evidence) -> Mapping[str, object]:
    place = None if each.place is None else each.place._asdict()
    return {"text": each.text, "place": place, "code": each.code or None, "replay": each.replay or None}


def _answer(each: Answer) -> dict[str, object]:
    return {
        "number": each.number, "question": each.question, "standing": str(each.standing),
        "says": [_evidence(one) for one in each.says],
        "proof": {one.criterion.id: str(one.outcome) for one in each.proof}, "not_provable_yet": list(each.open),
    }  # fmt: skip


def _day(each: DayLine) -> dict[str, object]:
    worlds = [
        {
            "seed": one.number, "faults": one.faults, "device_hours": round(one.device_hours, 2), "readings": one.readings,
            "held": one.held, "devices": one.devices,
        }
        for one in each.seeds
    ]  # fmt: skip
    judgement = each.judgement
    known: dict[str, object] = {"missing": list(judgement.part), "devices": judgement.scale or None}
    return {"name": each.name, "outcome": str(judgement.outcome), **known, "worlds": worlds}
