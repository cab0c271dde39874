"""The verdict as one HTML file: no script, nothing to load, light and dark, for a keyboard, a screen reader and a printer."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from html import escape
from typing import Final

from seamline.rig.gate.report.style import CSS, MARKS
from seamline.rig.gate.verdict import Answer, DayLine, Evidence, Judgement, Outcome, SeedRun, Stage, Standing, Verdict

KINDS: Final = {
    Outcome.PASSED: "passed", Outcome.IN_PART: "part", Outcome.FAILED: "failed", Outcome.NOT_JUDGED: "unjudged", Outcome.NOT_APPLICABLE: "apart",
}  # fmt: skip
STANDINGS: Final = {
    Standing.PROVEN: "passed", Standing.PARTLY: "part", Standing.OPEN: "later", Standing.UNPROVABLE: "unjudged", Standing.BROKEN: "failed",
}  # fmt: skip
WORDS: Final = {
    "passed": "passed",
    "part": "passed in part",
    "failed": "failed",
    "unjudged": "not judged",
    "later": "not asked yet",
    "apart": "not applicable",
}
LACKING_EVIDENCE: Final = 20
"""Shown of what is lacking at the top; the rest is below."""


def rendered(verdict: Verdict) -> str:
    """Return the page as text."""
    word = "passes" if verdict.passes else "does not pass"
    title = f"{verdict.product} {verdict.version} {word} {verdict.stage}"
    parts = [
        "<!doctype html>",
        '<html lang="en">',
        "<head>",
        '<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(title)}</title>",
        f"<style>{CSS}</style>",
        "</head>",
        "<body>",
        '<a class="skip" href="#questions">Skip to the seven questions</a>',
        '<main class="sheet">',
        *_head(verdict),
        *_way(verdict),
        *_lacking(verdict),
        *_questions(verdict),
        *_days(verdict),
        *_pictures(verdict),
        *_criteria(verdict),
        *_foot(verdict),
        "</main>",
        "</body>",
        "</html>",
        "",
    ]
    return "\n".join(parts)


def _mark(kind: str, words: str = "") -> str:
    """A mark with its meaning for who does not see it; empty words where the text beside it says the same."""
    label = f'role="img" aria-label="{escape(words)}"' if words else 'aria-hidden="true"'
    return f'<svg class="mark {kind}" viewBox="0 0 24 24" {label}>{MARKS[kind]}</svg>'


def _kind(verdict: Verdict, each: Judgement) -> str:
    later = each.criterion.stage.order > verdict.stage.order
    return "later" if later and each.outcome is Outcome.NOT_JUDGED else KINDS[each.outcome]


def _head(verdict: Verdict) -> Iterator[str]:
    told = " · ".join(
        part
        for part in ("Seamline gate", verdict.when.replace("T", " "), f"Seamline {verdict.code}" if verdict.code else "")
        if part
    )
    yield f'<p class="about">{escape(told)}</p>'
    yield f'<h1>{escape(verdict.product)} <span class="version">{escape(verdict.version)}</span></h1>'
    yield f'<p class="summary">{escape(verdict.summary)}</p>'
    kind, word = ("passed", "Passes") if verdict.passes else ("failed", "Does not pass")
    passed, demanded = verdict.count(Outcome.PASSED), len(verdict.demanded)
    rest = [(verdict.count(outcome), str(outcome)) for outcome in Outcome if outcome is not Outcome.PASSED]
    others = "".join(f", {count} {what}" for count, what in rest if count)
    later = len(verdict.judgements) - demanded
    asked = f". {later} more are asked at later stages" if later else ""
    yield f'<div class="verdict {kind}">{_mark(kind)}<div>'
    yield f"<strong>{word} the stage “{verdict.stage}”</strong>"
    yield f"<p>{passed} of {demanded} criteria passed{others}{asked}.</p></div></div>"


def _way(verdict: Verdict) -> Iterator[str]:
    yield '<ol class="way" aria-label="Stages">'
    for stage in Stage:
        found = verdict.at(stage)
        outcomes = [each.outcome for each in found]
        owed = len(found) - outcomes.count(Outcome.NOT_APPLICABLE)
        part = outcomes.count(Outcome.IN_PART)
        count = f"{sum(each.holds for each in found)} of {owed} passed" + (f", {part} of them in part" if part else "")
        if stage.order > verdict.stage.order:
            kind, count = "later", f"{len(found)} criteria, not asked yet"
        elif Outcome.FAILED in outcomes:
            kind = "failed"
        else:
            kind = "unjudged" if Outcome.NOT_JUDGED in outcomes else "part" if part else "passed"
        here = ' aria-current="step"' if stage is verdict.stage else ""
        asked = ' <span class="asked">asked for</span>' if stage is verdict.stage else ""
        yield f'<li class="{kind}"{here}>{_mark(kind, WORDS[kind])}<b>{stage}{asked}</b>'
        yield f'<span class="asks">{escape(stage.asks)}</span><span class="count">{count}</span></li>'
    yield "</ol>"


def _lacking(verdict: Verdict) -> Iterator[str]:
    if verdict.passes:
        return
    yield '<section aria-labelledby="lacking"><h2 id="lacking">What is lacking</h2>'
    yield f"<p>Until these hold, {escape(verdict.product)} is not ready for “{verdict.stage}”.</p>"
    for each in verdict.lacking:
        kind = KINDS[each.outcome]
        yield f'<article class="lacking {kind}"><h3>{_mark(kind, WORDS[kind])} {escape(each.criterion.title)}</h3>'
        yield f'<p class="reason">{escape(each.reason)}</p>'
        yield from _evidence(each.evidence[:LACKING_EVIDENCE], len(each.evidence) - LACKING_EVIDENCE)
        yield f'<p class="remedy">Remedy: {escape(each.remedy)}.</p></article>'
    yield "</section>"


def _evidence(found: tuple[Evidence, ...], more: int = 0) -> Iterator[str]:
    if not found:
        return
    yield '<ul class="evidence">'
    for each in found:
        yield f"<li>{_said(each)}</li>"
        if each.replay:
            yield f'<li><code class="replay">{escape(each.replay)}</code></li>'
    if more > 0:
        yield f"<li>… and {more} more</li>"
    yield "</ul>"


def _said(each: Evidence) -> str:
    code = f'<span class="code">{escape(each.code)}</span> ' if each.code else ""
    where = f' <span class="where">{escape(each.where)}</span>' if each.place is not None else ""
    return f"{code}{escape(each.text)}{where}"


def _questions(verdict: Verdict) -> Iterator[str]:
    yield '<section aria-labelledby="questions"><h2 id="questions">The seven questions</h2>'
    yield "<p>What the contract says, what was judged of it, and what nobody can prove yet.</p>"
    for each in verdict.answers:
        yield from _question(verdict, each)
    yield "</section>"


def _question(verdict: Verdict, each: Answer) -> Iterator[str]:
    yield f'<article class="question" aria-labelledby="q{each.number}"><div class="number" aria-hidden="true">{each.number}</div><div>'
    yield f'<h3 id="q{each.number}">{escape(each.question)}</h3>'
    yield '<ul class="says">'
    for one in each.says:
        yield f"<li>{_said(one)}</li>"
    yield "</ul>"
    for text in each.open:
        yield f'<p class="cannot"><b>{each.open_is.capitalize()}:</b> {escape(text)}.</p>'
    kind = STANDINGS[each.standing]
    yield f'</div><div class="proof"><p class="standing {kind}">{_mark(kind)}{each.standing}</p><ul>'
    for one in each.proof:
        kind = _kind(verdict, one)
        yield (
            f'<li class="{kind}">{_mark(kind, WORDS[kind])}<a href="#{escape(one.criterion.id)}" title="{escape(one.criterion.title)}">'
            f"{escape(one.criterion.id)}</a>{_missing(one)}</li>"
        )
    yield "</ul></div></article>"


def _missing(each: Judgement) -> str:
    return f'<span class="missing">{escape(each.missing)}</span>' if each.part else ""


def _days(verdict: Verdict) -> Iterator[str]:
    if not verdict.figures:
        return
    yield '<section aria-labelledby="days"><h2 id="days">The bad days</h2>'
    yield "<p>The real device core and the hub’s real ingest, in virtual time, under faults drawn from seeds. Every promise is checked at every step.</p>"
    yield '<dl class="figures">'
    for name, value in verdict.figures:
        yield f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>"
    yield '</dl><div class="scroll" role="region" aria-label="Bad days" tabindex="0"><table>'
    yield (
        '<thead><tr><th scope="col">bad day</th><th scope="col">what happens</th><th scope="col">seeds</th><th scope="col" class="n">devices</th>'
        '<th scope="col" class="n">faults</th><th scope="col" class="n">device-hours</th><th scope="col" class="n">readings</th></tr></thead><tbody>'
    )
    for each in verdict.days:
        yield _day(verdict, each)
    yield "</tbody></table></div>"
    yield (
        '<p class="legend"><span><span class="seeds"><i></i></span>a world in which every promise held</span>'
        '<span><span class="seeds"><i class="quiet"></i></span>one without a fault, which proves nothing</span>'
        '<span><span class="seeds"><i class="broken"></i></span>one that broke a promise</span>'
        f"<span>{_mark('part')} what can be asked of it holds; what is missing stands with it</span></p></section>"
    )


def _day(verdict: Verdict, each: DayLine) -> str:
    kind = _kind(verdict, each.judgement)
    head = (
        f'<th scope="row">{_mark(kind, WORDS[kind])}<a href="#{escape(each.judgement.criterion.id)}">{escape(each.name)}</a></th>'
    )
    if not each.seeds:
        return (
            f'<tr>{head}<td class="happens">{escape(each.happens)}</td><td colspan="5">{escape(each.judgement.reason)}</td></tr>'
        )
    faults, hours = sum(one.faults for one in each.seeds), sum(one.device_hours for one in each.seeds)
    cells = "".join(
        f'<td class="n">{value}</td>'
        for value in (f"{faults:,}", f"{hours:,.0f}", f"{sum(one.readings for one in each.seeds):,}")
    )
    happens = f'<td class="happens">{escape(each.happens)}{_missing(each.judgement)}</td>'
    scale = each.judgement.scale.removesuffix(" devices")
    return f'<tr>{head}{happens}<td>{_seeds(each.seeds)}</td><td class="n">{escape(scale)}</td>{cells}</tr>'


def _seeds(seeds: tuple[SeedRun, ...]) -> str:
    """A square for each world; for who does not see them, their number."""
    held = sum(one.held for one in seeds)
    squares = "".join(
        f'<i class="{"broken" if not one.held else "" if one.faults else "quiet"}" title="seed {one.number}: {one.faults} faults"></i>'
        for one in seeds
    )
    return f'<div class="seeds" role="img" aria-label="{held} of {len(seeds)} worlds held">{squares}</div>'


def _pictures(verdict: Verdict) -> Iterator[str]:
    named = [*verdict.pictures]
    if verdict.system_map:
        named.append(
            (f"The system map of {verdict.reference}: tiers, boundaries with their owners, and waits", verdict.system_map)
        )
    for at, (caption, svg) in enumerate(named):
        heading = "The map" if svg is verdict.system_map else "The storm"
        data = b64encode(svg.encode()).decode()
        yield f'<section aria-labelledby="picture{at}"><h2 id="picture{at}">{heading}</h2><figure class="picture">'
        yield f'<img alt="{escape(caption)}" src="data:image/svg+xml;base64,{data}">'
        yield f"<figcaption>{escape(caption)}.</figcaption></figure></section>"


def _criteria(verdict: Verdict) -> Iterator[str]:
    yield '<section aria-labelledby="criteria"><h2 id="criteria">Every criterion</h2>'
    yield "<p>What was asked, what was looked at, and what came of it. Nothing passes without evidence.</p>"
    for stage in Stage:
        found = verdict.at(stage)
        later = "" if stage.order <= verdict.stage.order else ", not asked yet"
        yield f'<div class="stage-title"><h3>{stage}</h3><span>{escape(stage.asks)}{later}</span></div>'
        for each in found:
            yield from _criterion(verdict, each)
    yield "</section>"


def _criterion(verdict: Verdict, each: Judgement) -> Iterator[str]:
    kind = _kind(verdict, each)
    told = "; ".join(part for part in (each.reason, each.missing, each.scale) if part)
    reason = f'<span class="reason">{escape(told)}</span>' if told else ""
    yield f'<details id="{escape(each.criterion.id)}"{" open" if kind == "failed" else ""}><summary>{_mark(kind, WORDS[kind])}'
    yield f'<span class="title">{escape(each.criterion.title)} <code>{escape(each.criterion.id)}</code>{reason}</span></summary>'
    yield from _evidence(each.evidence)
    if each.outcome in {Outcome.FAILED, Outcome.NOT_JUDGED}:
        yield f'<p class="evidence">Remedy: {escape(each.remedy)}.</p>'
    yield "</details>"


def _foot(verdict: Verdict) -> Iterator[str]:
    yield "<footer>"
    if verdict.command:
        yield f'<p>The same verdict again:</p><code class="replay">{escape(verdict.command)}</code>'
    yield "<p>One file, nothing loaded from elsewhere. The same contract, seeds and code give the same verdict.</p></footer>"
