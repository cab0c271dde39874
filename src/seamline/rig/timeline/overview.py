"""The strip above a page's rows: every lane over the whole run, true to time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from typing import Final

from seamline.rig.timeline.story import Span, Story, who
from seamline.rig.timeline.words import moment as at, span

WIDTH: Final = 1_000
LABEL: Final = 92
LANE: Final = 22
TOP: Final = 8
STEPS_S: Final = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 43_200, 86_400, 604_800)
TICKS_MAX: Final = 8


def overview(story: Story, rows: Mapping[int, int]) -> str:
    """The strip as SVG; `rows` says which row of the page shows a moment, by its identity."""
    height = TOP + LANE * len(story.lanes)
    parts = [f'<svg class="overview" viewBox="0 0 {WIDTH} {height + 24}" role="img" aria-label="The whole run, true to time">']
    parts += _settling(story, height)
    places = {lane: TOP + LANE * number for number, lane in enumerate(story.lanes)}
    for lane, y in places.items():
        parts.append(f'<text class="lane" x="{LABEL - 10}" y="{y + 15}">{who(lane)}</text>')
        parts.append(f'<line class="life" x1="{LABEL}" x2="{WIDTH}" y1="{y + 11}" y2="{y + 11}"/>')
    parts += [_span(story, each, places[each.lane]) for each in story.spans if each.lane in places]
    parts += _ticks(story, places, rows)
    parts += _axis(story, height)
    return "".join([*parts, "</svg>"])


def _x(story: Story, at_us: int) -> float:
    return round(LABEL + (WIDTH - LABEL - 4) * at_us / max(1, story.end_us), 1)


def _span(story: Story, each: Span, y: int) -> str:
    left, right = _x(story, each.from_us), _x(story, each.until_us)
    top, high = (y + 9, 4) if each.sort == "live" else (y + 3, LANE - 6)
    lasts = span((each.until_us - each.from_us) / 1_000)
    title = f"{who(each.lane)}: {each.what}, {at(each.from_us)} to {at(each.until_us)} ({lasts})"
    size = f'x="{left}" y="{top}" width="{max(1.5, right - left):.1f}" height="{high}"'
    return f'<rect class="{each.sort}" {size}><title>{escape(title)}</title></rect>'


def _ticks(story: Story, places: Mapping[str, int], rows: Mapping[int, int]) -> Iterator[str]:
    """A stroke for each moment, once for those that would lie on each other."""
    seen: set[tuple[str, str, int]] = set()
    for moment in story.moments:
        x, y = _x(story, moment.at_us), places.get(moment.lane, TOP)
        key = (moment.lane, moment.sort, int(x))
        if key in seen and moment.sort != "broken":
            continue
        seen.add(key)
        if moment.sort == "broken":
            bottom = TOP + LANE * len(places)
            stroke = f'<line class="tick broken" x1="{x}" x2="{x}" y1="2" y2="{bottom}"/><circle class="broken" cx="{x}" cy="{y + 11}" r="5"/>'
        else:
            stroke = f'<line class="tick {moment.sort}" x1="{x}" x2="{x}" y1="{y + 5}" y2="{y + 17}"/>'
        title = f"<title>{escape(f'{at(moment.at_us)} {who(moment.lane)}: {moment.what}')}</title>"
        row = rows.get(id(moment))
        yield f"<g>{title}{stroke}</g>" if row is None else f'<a href="#m{row}">{title}{stroke}</a>'


def _settling(story: Story, height: int) -> Iterator[str]:
    from_us = story.plan.duration_ms * 1_000
    if from_us < story.end_us:
        left = _x(story, from_us)
        title = "<title>faults are over, nothing is measured any more: everything must be delivered</title>"
        yield f'<rect class="settling" x="{left}" y="0" width="{WIDTH - left:.1f}" height="{height}">{title}</rect>'


def _axis(story: Story, height: int) -> Iterator[str]:
    end_s = story.end_us / 1_000_000
    step_s = next((step for step in STEPS_S if end_s / step <= TICKS_MAX), STEPS_S[-1])
    for number in range(int(end_s // step_s) + 1):
        x = _x(story, number * step_s * 1_000_000)
        yield f'<line class="axis" x1="{x}" x2="{x}" y1="{height}" y2="{height + 5}"/>'
        yield f'<text class="axis" x="{x}" y="{height + 18}">{span(number * step_s * 1_000) if number else "0"}</text>'
