"""The verdict for a terminal: what is lacking with its evidence, a line for each stage, and how the seven questions stand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from seamline.rig.gate.verdict import Judgement, Outcome, Stage, Verdict

EVIDENCE_SHOWN: Final = 8
"""Of each criterion; the reports have all of it."""


def rendered(verdict: Verdict) -> str:
    """Return the text."""
    parts = (_lacking, _stages, _in_part, _ruled_out, _scales, _answers)
    return "\n".join([*(line for part in parts for line in part(verdict)), "", _last(verdict)])


def _lacking(verdict: Verdict) -> Iterator[str]:
    for each in verdict.lacking:
        yield f"{each.outcome.upper()} {each.criterion.id}: {each.criterion.title}"
        yield f"  {each.reason}"
        yield from _shown(each)
        yield f"  remedy: {each.remedy}"
        yield ""


def _shown(each: Judgement) -> Iterator[str]:
    for evidence in each.evidence[:EVIDENCE_SHOWN]:
        yield f"    {evidence}"
        if evidence.replay:
            yield f"    {evidence.replay}"
    if len(each.evidence) > EVIDENCE_SHOWN:
        yield f"    and {len(each.evidence) - EVIDENCE_SHOWN} more"


def _stages(verdict: Verdict) -> Iterator[str]:
    told = {stage: _held(verdict, stage) for stage in Stage}
    width = max(map(len, told.values()))
    for stage, held in told.items():
        yield f"{stage:7} {held:{width}}  {stage.asks}"


def _held(verdict: Verdict, stage: Stage) -> str:
    if stage.order > verdict.stage.order:
        return "not asked yet"
    found = verdict.at(stage)
    outcomes = [each.outcome for each in found]
    part = outcomes.count(Outcome.IN_PART)
    held = f"{sum(each.holds for each in found):2} of {len(found) - outcomes.count(Outcome.NOT_APPLICABLE):2} passed"
    return held + (f", {part} of them in part" if part else "")


def _ruled_out(verdict: Verdict) -> Iterator[str]:
    for each in verdict.demanded:
        if each.outcome is Outcome.NOT_APPLICABLE:
            yield f"not applicable: {each.criterion.id}: {each.reason}"


def _in_part(verdict: Verdict) -> Iterator[str]:
    for each in verdict.demanded:
        if each.part:
            yield f"{each.outcome}: {each.criterion.id}: {each.missing}"


def _scales(verdict: Verdict) -> Iterator[str]:
    """The days by the number of devices that they had: most have the same."""
    scales: dict[str, list[str]] = {}
    for each in verdict.demanded:
        if each.scale:
            scales.setdefault(each.scale, []).append(each.criterion.id)
    for scale, names in scales.items():
        yield f"with {scale}: {', '.join(names)}"


def _answers(verdict: Verdict) -> Iterator[str]:
    yield ""
    for each in verdict.answers:
        yield f"{each.number} {each.standing:15} {each.question}"
        if each.failing:
            yield f"                  failing: {', '.join(each.failing)}"
        for text in each.open:
            yield f"                  {each.open_is}: {text}"


def _last(verdict: Verdict) -> str:
    word = "passes" if verdict.passes else "does not pass"
    counts = ", ".join(f"{verdict.count(outcome)} {outcome}" for outcome in verdict.told)
    return f"{verdict.reference} {word} {verdict.stage}: {counts}"
