"""The rows of a page: one a moment, with a small drawing of all lanes at that moment, and what happened in words.

Each row draws its own piece of every lane, so a row can be left out, as the filter by device does, and the others still fit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Final

from seamline.rig.timeline.story import BROKER, HUB, Message, Moment, Span, Story, who
from seamline.rig.timeline.text import QUIET_US, became
from seamline.rig.timeline.words import moment as at, span

ROWS_MAX: Final = 800
"""Moments on a page, the last ones before the end."""
LANES: Final = 620
"""Pixels for all lanes: with the times and the words beside them they fit a page of 1,200."""
LANE: Final = (44, 92)
NAMED: Final = 72
"""Narrower lanes have short names."""
CHARACTER: Final = 5.2
"""Pixels of one, in a label."""
LABEL_MIN: Final = 4
HIGH: Final = 26
MIDDLE: Final = HIGH // 2 + 3
SIGNS: Final = {"fault": "▼", "mend": "▲", "commit": "■", "mark": "◆", "up": "✉", "down": "✉"}
ROUND: Final = {"boot": 5, "dark": 5, "link": 3, "broken": 7}
"""Radius of what is drawn as a dot."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: a moment, and the message that is sent or comes at it."""

    at_us: int
    moment: Moment
    message: Message | None = None
    is_arrival: bool = False


def rows_of(story: Story) -> list[Row]:
    """The rows of a page: every moment, and the arrival of a message that took its time; of a long story the last ones.

    What is among what broke the promise has a row, however early it was.
    """
    ways = {id(message.sent): message for message in story.messages}
    earlier, kept = story.moments[:-ROWS_MAX], story.moments[-ROWS_MAX:]
    first_us = kept[0].at_us if kept else 0
    shown = [*(moment for moment in earlier if moment.offends), *kept]
    rows = [Row(moment.at_us, moment, ways.get(id(moment))) for moment in shown]
    rows += [
        Row(message.arrived_us, message.sent, message, is_arrival=True)
        for message in story.messages
        if message.arrived_us is not None and message.is_late and message.sent.at_us >= first_us
    ]
    return sorted(rows, key=lambda row: (row.at_us, row.moment.sort == "broken"))


@dataclass(frozen=True, slots=True)
class Grid:
    """Where the lanes of a story are drawn, worked out once for all rows."""

    story: Story
    lanes: tuple[str, ...]
    lane: int
    """Pixels of one."""
    middles: dict[str, int] = field(default_factory=dict[str, int])
    spans: dict[str, list[Span]] = field(default_factory=dict[str, list[Span]])

    @classmethod
    def of(cls, story: Story) -> Grid:
        """Lay a story's lanes out: as wide as there is room for."""
        lanes = story.lanes
        low, high = LANE
        lane = max(low, min(high, LANES // len(lanes)))
        middles = {name: lane * number + lane // 2 for number, name in enumerate(lanes)}
        spans: dict[str, list[Span]] = {name: [] for name in lanes}
        for each in story.spans:
            if each.lane in spans:
                spans[each.lane].append(each)
        return cls(story, lanes, lane, middles, spans)

    @property
    def width(self) -> int:
        """Pixels of all lanes."""
        return self.lane * len(self.lanes)


def drawn(grid: Grid, rows: Sequence[Row]) -> Iterator[str]:
    """The rows as HTML."""
    before_us = rows[0].at_us if rows else 0
    for number, row in enumerate(rows):
        if row.at_us - before_us > QUIET_US:
            later = span((row.at_us - before_us) / 1_000)
            yield f'<li class="quiet"><time></time>{_lanes(grid, (before_us + row.at_us) // 2, "quiet")}<p>{later} later</p></li>'
        before_us = row.at_us
        yield _row(grid, number, row)


def heads(grid: Grid) -> str:
    """The lanes' names, above the rows."""
    short = grid.lane < NAMED
    names = "".join(
        f'<span style="width:{grid.lane}px" title="{who(lane)}">{_short(lane) if short else who(lane)}</span>'
        for lane in grid.lanes
    )
    return f'<div class="heads"><span class="when">time</span>{names}<span class="words">what happens</span></div>'


def _short(lane: str) -> str:
    return {"d": "dev ", "n": "net "}[lane[0]] + lane[1:] if lane not in {BROKER, HUB} else lane


def _row(grid: Grid, number: int, row: Row) -> str:
    moment = row.moment
    whose = "" if moment.device < 0 else f" d{moment.device}"
    drawing = _lanes(grid, row.at_us, moment.sort, _arrow(grid, row))
    classes = f"{moment.sort}{whose}" + (" arrival" if row.is_arrival else "") + (" offends" if moment.offends else "")
    return f'<li class="{classes}" id="m{number}"><time>{at(row.at_us)}</time>{drawing}<p>{_words(row)}</p></li>'


def _words(row: Row) -> str:
    moment, message = row.moment, row.message
    text = escape(moment.what)
    if message is None:
        return f'<b class="{moment.sort}">{who(moment.lane)}</b> {text}'
    if row.is_arrival:
        took = span(((message.arrived_us or 0) - message.sent.at_us) / 1_000)
        return f'<b class="{moment.sort}">{who(message.target)}</b> gets it after {took}: {text}'
    fate = became(message)
    return f'<b class="{moment.sort}">{who(message.source)} → {who(message.target)}</b> {text}' + (
        f' <i class="{"late" if message.arrived_us is not None else "lost"}">{escape(fate.strip())}</i>' if fate else ""
    )


def _lanes(grid: Grid, at_us: int, sort: str, arrow: str = "") -> str:
    """All lanes at one moment; lines are as high as the row, whose words may take several lines."""
    lane_px = grid.lane
    parts = [f'<svg class="row" width="{grid.width}" height="{HIGH}" aria-hidden="true">']
    for lane, x in grid.middles.items():
        now = [each for each in grid.spans[lane] if each.from_us <= at_us <= each.until_us]
        faults = [each.what for each in now if each.sort == "fault" and each.until_us > each.from_us]
        if faults:
            title = f"<title>{who(lane)}: {escape(', '.join(faults))}</title>"
            parts.append(f'<rect class="fault" x="{x - lane_px // 2 + 4}" width="{lane_px - 8}" height="100%">{title}</rect>')
        parts.append(f'<line class="{_life(now, lane, sort)}" x1="{x}" x2="{x}" y1="0" y2="100%"/>')
    return "".join([*parts, arrow, "</svg>"])


def _life(now: Sequence[Span], lane: str, sort: str) -> str:
    if sort == "quiet":
        return "life quiet"
    sorts = {each.sort for each in now}
    if "dark" in sorts:
        return "life dark"
    return "life live" if "live" in sorts or lane in {BROKER, HUB} else "life"


def _arrow(grid: Grid, row: Row) -> str:
    moment, message, places = row.moment, row.message, grid.middles
    if message is None:
        x = places.get(moment.lane, 0)
        line = (
            f'<line class="way commit" x1="{places[BROKER]}" x2="{x}" y1="{MIDDLE}" y2="{MIDDLE}"/>'
            if moment.sort == "commit"
            else ""
        )
        if moment.sort in ROUND:
            return f'<circle class="sign {moment.sort}" cx="{x}" cy="{MIDDLE}" r="{ROUND[moment.sort]}"/>'
        return f'{line}<text class="sign {moment.sort}" x="{x}" y="{MIDDLE + 5}">{SIGNS[moment.sort]}</text>'
    source, target = places[message.source], places[message.target]
    network = places.get(f"n{moment.device}", target)
    if row.is_arrival:
        return f'<circle class="end {moment.sort}" cx="{network}" cy="{MIDDLE}" r="3"/>{_line(network, target, moment.sort, arrow=True)}'
    start = f'<circle class="end {moment.sort}" cx="{source}" cy="{MIDDLE}" r="2.5"/>{_labelled(grid, moment, source, network)}'
    if message.arrived_us is None:
        return f'{start}{_line(source, network, moment.sort + " lost")}<text class="sign lost" x="{network}" y="{MIDDLE + 5}">✗</text>'
    if message.is_late:
        return (
            f'{start}{_line(source, network, moment.sort)}<circle class="held {moment.sort}" cx="{network}" cy="{MIDDLE}" r="3"/>'
        )
    return start + _line(source, target, moment.sort, arrow=True)


def _labelled(grid: Grid, moment: Moment, source: int, network: int) -> str:
    """The message's name on its arrow, as far as there is room up to the next lane that it crosses."""
    room = abs(network - source) if moment.sort == "up" else grid.lane
    letters = int(room / CHARACTER)
    if letters < LABEL_MIN:
        return ""
    x = (source + network) // 2 if moment.sort == "up" else source - grid.lane // 2
    return f'<text class="label" x="{x}" y="{MIDDLE - 4}">{_label(moment, letters)}</text>'


def _line(source: int, target: int, sort: str, *, arrow: bool = False) -> str:
    ahead = 4 if target > source else -4
    head = f'<path class="head {sort}" d="M{target},{MIDDLE}l{-2 * ahead},-4v8z"/>' if arrow else ""
    return f'<line class="way {sort}" x1="{source}" x2="{target - (ahead if arrow else 0)}" y1="{MIDDLE}" y2="{MIDDLE}"/>{head}'


def _label(moment: Moment, letters: int) -> str:
    text = (
        moment.what.removeprefix("again: ")
        .partition(":")[0]
        .partition(" of ")[0]
        .partition(";")[0]
        .removeprefix("has ")
        .removeprefix("answer to ")
    )
    text = text.partition(" below ")[0] + " ✓" if moment.sort == "down" and " below " in text else text
    return escape(text if len(text) <= letters else text[: letters - 1] + "…")
