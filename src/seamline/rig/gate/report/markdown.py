"""The verdict as Markdown for a pull request or a job's summary: what is lacking first, then the seven answers in a table."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from seamline.rig.gate.verdict import Answer, Evidence, Judgement, Outcome, Stage, Verdict

MARKS: Final = {
    Outcome.PASSED: "✅", Outcome.IN_PART: "🌓", Outcome.FAILED: "❌", Outcome.NOT_JUDGED: "⚪", Outcome.NOT_APPLICABLE: "➖",
}  # fmt: skip
EVIDENCE_SHOWN: Final = 12
"""Of each criterion that is lacking: a comment is to be read."""
CHARACTERS_MAX: Final = 60_000
"""A comment on GitHub may have 65,536 characters."""
_UNNAMED: Final = re.compile(r"[^A-Za-z0-9_]+")
"""What no product's name has; a folder's may, where the contract cannot be read."""
_SPECIAL: Final = re.compile(r"([\\`*_\[\]<>|#~])")


def rendered(verdict: Verdict) -> str:
    """Return the text, at most CHARACTERS_MAX characters of it."""
    text = "\n".join([*_head(verdict), *_lacking(verdict), *_answers(verdict), *_stages(verdict), *_foot(verdict)]) + "\n"
    if len(text) <= CHARACTERS_MAX:
        return text
    return text[:CHARACTERS_MAX].rpartition("\n")[0] + "\n\n… and more: see the HTML report.\n"


def marker(verdict: Verdict) -> str:
    """The first line, which nobody sees: the comment of a product's gate is found again by it."""
    return f"<!-- seamline gate {_UNNAMED.sub('-', verdict.product)} -->"


def _head(verdict: Verdict) -> Iterator[str]:
    yield marker(verdict)
    mark, word = ("✅", "passes") if verdict.passes else ("❌", "does not pass")
    yield f"## {mark} {_safe(verdict.product)} {_safe(verdict.version)} {word} `{verdict.stage}`"
    yield ""
    counts = ", ".join(f"{verdict.count(outcome)} {outcome}" for outcome in verdict.told)
    yield f"{len(verdict.demanded)} criteria: {counts}."
    yield ""


def _lacking(verdict: Verdict) -> Iterator[str]:
    for each in verdict.lacking:
        criterion = each.criterion
        yield f"### {MARKS[each.outcome]} {_safe(criterion.title)}"
        yield ""
        yield f"`{criterion.id}`: {_safe(each.reason)}"
        yield ""
        for evidence in each.evidence[:EVIDENCE_SHOWN]:
            yield f"- {_said(evidence)}"
            if evidence.replay:
                yield f"  {_code(evidence.replay)}"
        if len(each.evidence) > EVIDENCE_SHOWN:
            yield f"- … and {len(each.evidence) - EVIDENCE_SHOWN} more"
        yield f"- Remedy: {_safe(each.remedy)}"
        yield ""


def _answers(verdict: Verdict) -> Iterator[str]:
    yield "| | question | standing | proof |"
    yield "|---|---|---|---|"
    for each in verdict.answers:
        yield f"| {each.number} | {_safe(each.question)} | {each.standing}{_open(each)} | {_proof(each)} |"
    yield ""


def _open(each: Answer) -> str:
    return "".join(f"<br>{each.open_is}: {_safe(text)}" for text in each.open)


def _proof(each: Answer) -> str:
    return "<br>".join(
        f"{MARKS[one.outcome]} `{one.criterion.id}`" + (f" ({_safe(one.missing)})" if one.part else "") for one in each.proof
    )


def _stages(verdict: Verdict) -> Iterator[str]:
    for stage in Stage:
        found = verdict.at(stage)
        asked = stage.order <= verdict.stage.order
        outcomes = [each.outcome for each in found]
        owed = len(found) - outcomes.count(Outcome.NOT_APPLICABLE)
        part = outcomes.count(Outcome.IN_PART)
        passes = f"{sum(each.holds for each in found)} of {owed} passed" + (f", {part} of them in part" if part else "")
        summary = passes if asked else "asked later"
        yield f"<details><summary><b>{stage}</b>: {stage.asks} ({summary})</summary>"
        yield ""
        for each in found:
            yield f"- {_line(each)}"
        yield ""
        yield "</details>"
    yield ""


def _line(each: Judgement) -> str:
    told = [_safe(text) for text in (each.reason, each.missing) if text]
    scale = f" ({_safe(each.scale)})" if each.scale else ""
    return f"{MARKS[each.outcome]} `{each.criterion.id}` {_safe(each.criterion.title)}{scale}" + (
        f": {'; '.join(told)}" if told else ""
    )


def _foot(verdict: Verdict) -> Iterator[str]:
    if verdict.figures:
        yield "; ".join(f"{name}: {value}" for name, value in verdict.figures) + "."
        yield ""
    if verdict.command:
        yield f"Again: {_code(verdict.command)} (Seamline {_safe(verdict.code)})"


def _said(evidence: Evidence) -> str:
    head = f"{_code(evidence.where)} " if evidence.place is not None else ""
    code = f"{evidence.code} " if evidence.code else ""
    return f"{head}{code}{_safe(evidence.text)}"


def _code(text: str) -> str:
    """Text as code on one line, in a fence that is longer than any in it (CommonMark section 6.1)."""
    told = " ".join(text.split())
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", told)), default=0))
    return f"{fence} {told} {fence}" if "`" in told else f"`{told}`"


def _safe(text: str) -> str:
    """Text that Markdown leaves as it is, on one line."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))
