"""A story as one HTML file that needs nothing else: no network, no script. Light and dark follow the reader's system."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from importlib.resources import files
from typing import Final

import seamline
from seamline.rig.timeline.fault_words import told
from seamline.rig.timeline.overview import overview
from seamline.rig.timeline.rows import Grid, Row, drawn, heads, rows_of
from seamline.rig.timeline.story import Story, lane_of, who
from seamline.rig.timeline.words import moment as at, span
from seamline.rig.world.plan import Fault
from seamline.rig.world.promises import ALWAYS, EVENTUALLY

FAULTS_MAX: Final = 10
"""So many faults are listed on top."""


def page(story: Story, replay: str = "") -> str:
    """The page; `replay`: the line that runs the plan again."""
    rows = rows_of(story)
    style = files("seamline.rig.timeline").joinpath("page.css").read_text(encoding="utf-8")
    numbers = {id(row.moment): number for number, row in enumerate(rows) if not row.is_arrival}
    title = "every promise held" if story.broken is None else f"{story.broken.promise} is broken"
    left = len(story.moments) - sum(not row.is_arrival for row in rows)
    grid = Grid.of(story)
    start = "scroll" if story.broken is None else "scroll from-end"
    return "\n".join(
        [
            '<!doctype html><html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">',
            f"<title>{escape(title)}: seed {story.plan.seed}</title>",
            f"<style>{style}{_filters(story)}</style></head><body>",
            _header(story, title, replay, rows),
            f'<section><h2>The whole run</h2><div class="strip">{overview(story, numbers)}</div>{_legend()}</section>',
            f'<section class="rows"><h2>Step by step</h2>{_choice(story)}{_left(left, story)}',
            f'<div class="{start}" tabindex="0" role="region" aria-label="Step by step">',
            f'<div class="table" style="--lanes:{grid.width}px">{heads(grid)}<ol>',
            *drawn(grid, rows),
            "</ol></div></div></section>",
            f"<footer>Seamline {seamline.__version__} · events {story.digest}</footer></body></html>",
            "",
        ]
    )


def _header(story: Story, title: str, replay: str, rows: Sequence[Row]) -> str:
    plan, broken = story.plan, story.broken
    facts = {
        "seed": str(plan.seed),
        "devices": ", ".join(str(index) for index in plan.present)
        if len(plan.present) <= len(story.devices)
        else f"{len(plan.present):,}",
        "virtual time": at(story.end_us),
        "faults": f"{len(plan.faults)}",
    }
    listed = "".join(f"<div><dt>{name}</dt><dd>{escape(text)}</dd></div>" for name, text in facts.items())
    said = ""
    if broken is not None:
        whom = "the hub" if broken.device < 0 else f"device {broken.device}"
        promise = (ALWAYS | EVENTUALLY).get(broken.promise, broken.promise)
        said = f'<p class="what"><b>{whom}</b>, at {at(story.end_us)}: {escape(broken.what)}</p>'
        said += f'<p class="promise">Promised: {escape(promise)}.</p>{_links(rows)}'
    again = f'<p class="replay"><code>{escape(replay)}</code></p>' if replay else ""
    state = "held" if broken is None else "broken"
    return f'<header class="{state}"><h1>{escape(title)}</h1>{said}<dl>{listed}</dl>{_faults(story)}{again}</header>'


def _faults(story: Story) -> str:
    happened = [fault for fault in story.plan.faults if fault.at_ms * 1_000 <= story.end_us]
    if not happened:
        return '<p class="promise">No fault is needed.</p>'
    listed = happened[:FAULTS_MAX]
    rows = "".join(_fault(fault) for fault in listed)
    left = len(happened) - len(listed)
    return f'<ul class="faults">{rows}' + (f"<li>and {left} more</li>" if left else "") + "</ul>"


def _fault(fault: Fault) -> str:
    text = told(fault, span(fault.lasts_ms) if fault.lasts_ms else "")
    return f"<li><time>{at(fault.at_ms * 1_000)}</time><b>{who(lane_of(fault))}</b><span>{escape(text)}</span></li>"


def _legend() -> str:
    shown = (
        ("live", "connected"), ("dark", "no power"), ("fault", "a fault goes on"), ("up", "up"), ("down", "down"),
        ("commit", "commit"), ("settling", "faults are over, all must be delivered"), ("broken", "the promise breaks"),
    )  # fmt: skip
    return '<p class="legend">' + "".join(f'<span><i class="{sort}"></i>{text}</span>' for sort, text in shown) + "</p>"


def _choice(story: Story) -> str:
    """A box to tick for each device, where there is a choice; the style sheet does the rest."""
    if len(story.devices) < 2:
        return ""
    boxes = "".join(f'<label><input type="checkbox" id="show{index}" checked> device {index}</label>' for index in story.devices)
    hidden = len(story.plan.present) - len(story.devices)
    return f'<p class="choice">{boxes}' + (f" <span>{hidden:,} more devices are not shown</span>" if hidden > 0 else "") + "</p>"


def _filters(story: Story) -> str:
    return "".join(
        f"body:has(#show{index}:not(:checked)) li.d{index}:not(.broken){{display:none}}"
        for index in story.devices
        if len(story.devices) > 1
    )


def _left(left: int, story: Story) -> str:
    if left:
        return f'<p class="promise">{left:,} earlier moments are only in the strip above and in the text.</p>'
    return "" if story.is_whole else '<p class="promise">Earlier moments were not kept.</p>'


def _links(rows: Sequence[Row]) -> str:
    """Where to look: at the break, and at what is part of it."""
    told = [f'<a href="#m{number}">where it breaks</a>' for number, row in enumerate(rows) if row.moment.sort == "broken"]
    waits = [number for number, row in enumerate(rows) if row.moment.offends]
    if waits:
        told.append(f'<a href="#m{waits[0]}">the first of the {len(waits):,} waits that it is about</a>, each marked below')
    return f'<p class="promise">Go to {", or to ".join(told)}.</p>' if told else ""
