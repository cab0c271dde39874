"""A story as text: a line a moment, in columns."""

from __future__ import annotations

from typing import Final

from seamline.rig.timeline.fault_words import told as fault_told
from seamline.rig.timeline.story import LATE_US, Message, Moment, Story, lane_of, who
from seamline.rig.timeline.words import counted, moment as at, span
from seamline.rig.world.plan import Fault

QUIET_US: Final = 10_000_000
"""A longer silence gets a line of its own."""
SIGNS: Final = {"up": "→ ", "down": "→ ", "fault": "▼ ", "mend": "▲ ", "broken": "✗ ", "commit": "■ ", "dark": "○ ", "boot": "● "}


def lines(story: Story, last: int | None = None) -> list[str]:
    """The timeline; `last`: only so many moments before the end."""
    moments = story.moments if last is None else story.moments[-last:]
    ways = {id(message.sent): message for message in story.messages}
    cells = [(at(each.at_us), who(each.lane), _said(each, ways.get(id(each)))) for each in moments]
    wide = max(len(who(lane)) for lane in story.lanes)
    told: list[str] = []
    left = len(story.moments) - len(moments)
    if left or not story.is_whole:
        told.append(f"… {left} earlier moments" if story.is_whole else "… earlier moments were not kept")
    before_us = moments[0].at_us if moments else 0
    for each, (time, name, text) in zip(moments, cells, strict=True):
        if each.at_us - before_us > QUIET_US:
            told.append(f"{'':12}  {'':{wide}}  … {span((each.at_us - before_us) / 1_000)} later")
        before_us = each.at_us
        told.append(f"{time:>12}  {name:{wide}}  {text}")
    return told


def document(story: Story) -> str:
    """The timeline as a file: what broke, the plan's faults, and everything that happened."""
    return "\n".join([*head(story), "", *lines(story), ""])


def head(story: Story) -> list[str]:
    """What it is a timeline of."""
    plan, broken = story.plan, story.broken
    told = [f"seed {plan.seed}, {counted(plan.present, 'device')}, {counted(plan.faults, 'fault')}, events {story.digest}"]
    if broken is not None:
        whom = "" if broken.device < 0 else f" (device {broken.device})"
        told.append(f"broken at {at(story.end_us)}{whom}: {broken}")
    return told + [f"  {_of_plan(fault)}" for fault in plan.faults]


def _of_plan(fault: Fault) -> str:
    lasts = span(fault.lasts_ms) if fault.lasts_ms else ""
    return f"{at(fault.at_ms * 1_000):>12}  {who(lane_of(fault))}: {fault_told(fault, lasts)}"


def _said(moment: Moment, way: Message | None) -> str:
    sign = "! " if moment.offends else SIGNS.get(moment.sort, "  ")
    if way is None:
        return sign + moment.what
    return f"{sign}{who(way.target)}: {moment.what}{became(way)}"


def became(way: Message) -> str:
    """What became of a message, where that is worth a word."""
    again = f" [comes {way.again + 1} times]" if way.again else ""
    if way.arrived_us is None:
        return f" [{way.why}]"
    took_us = way.arrived_us - way.sent.at_us
    return (f" [takes {span(took_us / 1_000)}]" if took_us > LATE_US else "") + again
