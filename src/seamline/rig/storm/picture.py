"""The storm as a picture: a row of three small charts for each policy, on the same scales, and its verdict in words.

The SVG is text of ours alone, the same for the same plan, and reads on light and dark ground.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from math import log10
from typing import Final

from seamline.rig.storm.figures import Figures, seconds
from seamline.rig.storm.plan import StormPlan

WIDTH: Final = 1_080
HEAD: Final = 96
ROW: Final = 132
FOOT: Final = 34
CHART: Final = (296, 66)
"""Width and height of a chart's field."""
LEFT: Final = (54, 400, 746)
"""Where the three charts of a row begin."""
TICKS: Final = (1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1_200, 1_800, 3_600, 7_200, 14_400, 28_800, 86_400)
"""Seconds between two marks of the time's axis."""
HEADINGS: Final = (
    ("connects a second", (("offered", "begun"), ("accepted", "accepted"))),
    ("waiting", (("broker", "connects at the broker"), ("hub", "messages at the hub"))),
    ("back", (("back", "share of the fleet"),)),
)
STYLE: Final = """
.storm { font: 12px system-ui, sans-serif; --ink: #1c2330; --soft: #5d6778; --line: #d5dae2; --ground: #ffffff;
  --offered: #d2571b; --accepted: #1a6fb5; --broker: #1a6fb5; --hub: #8a5a00; --back: #14804a; --limit: #b3123b;
  --good: #14804a; --bad: #b3123b }
@media (prefers-color-scheme: dark) { .storm { --ink: #e6e9ef; --soft: #a3adbd; --line: #3a4352; --ground: #161b24;
  --offered: #ff9d66; --accepted: #6cb8f5; --broker: #6cb8f5; --hub: #e0b050; --back: #5fcf94; --limit: #ff7d9c;
  --good: #5fcf94; --bad: #ff7d9c } }
.storm .ground { fill: var(--ground) } .storm text { fill: var(--ink) } .storm .soft { fill: var(--soft); font-size: 11px }
.storm .title { font-size: 17px; font-weight: 600 } .storm .name { font-weight: 600; font-size: 13px }
.storm .good { fill: var(--good); font-weight: 600 } .storm .bad { fill: var(--bad); font-weight: 600 }
.storm .grid { stroke: var(--line); fill: none } .storm .limit { stroke: var(--limit); stroke-dasharray: 5 3; fill: none }
.storm .limits { fill: var(--limit); font-size: 11px }
.storm path { fill: none; stroke-width: 1.6; stroke-linejoin: round }
""" + "\n".join(
    f".storm .{name} {{ stroke: var(--{name}) }} .storm text.{name} {{ fill: var(--{name}); stroke: none; font-size: 11px }}"
    for name in ("offered", "accepted", "broker", "hub", "back")
)


def svg(plan: StormPlan) -> str:
    """Draw a plan. Rates and depths are on a logarithmic scale, the same in every row."""
    height = HEAD + ROW * len(plan.policies) + FOOT
    scales = _Scales(plan)
    size = f'viewBox="0 0 {WIDTH} {height}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="storm" {size} role="img" aria-label="{escape(_summary(plan))}">',
        f"<style>{STYLE}</style>",
        f'<rect class="ground" width="{WIDTH}" height="{height}"/>',
        _text(16, 28, f"{plan.terms.devices:,} devices of {plan.product} come back in the same second", "title"),
        _text(16, 48, _verdict(plan), "good" if plan.within_limits else "bad"),
        *_legend(plan),
    ]
    for row, figures in enumerate(plan.policies):
        parts.extend(_row(figures, plan, scales, HEAD + row * ROW))
    parts.append(_text(16, height - 12, _terms(plan), "soft"))
    parts.append("</svg>\n")
    return "\n".join(parts)


def page(plan: StormPlan) -> str:
    """The picture on an HTML page of its own, with every reason and the changes that would do."""
    listed = "".join(f"<li>{escape(reason)}</li>" for reason in plan.reasons)
    changes = "".join(f"<li>{escape(sentence)}</li>" for sentence in advice_sentences(plan))
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>Storm: {escape(plan.product)}</title>"
        "<style>:root{color-scheme:light dark}body{margin:16px auto;max-width:1120px;font:14px/1.5 system-ui,sans-serif}"
        "svg{width:100%;height:auto}</style></head><body>\n"
        + svg(plan)
        + (f"<h2>What does not hold</h2><ul>{listed}</ul>\n" if listed else "")
        + (f"<h2>What to change</h2><ul>{changes}</ul>\n" if changes else "")
        + "</body></html>\n"
    )


def advice_sentences(plan: StormPlan) -> list[str]:
    """What to change, a sentence an alternative; one that says so where no single number is what is wrong."""
    if plan.within_limits:
        return []
    if not plan.advice:
        return [
            "No change of accept_rate, recovery, messages_rate or flight_frames alone makes it hold: the fleet is too large for it."
        ]
    sentences = [f"change {' and '.join(str(change) for change in changes)}" for changes in plan.advice]
    return [sentence[0].upper() + sentence[1:] + "." for sentence in sentences]


class _Scales:
    """Where a value lies in a chart's field, from its left and its top."""

    def __init__(self, plan: StormPlan) -> None:
        terms, policies = plan.terms, plan.policies
        longest_ms = max(len(one.curves.back) * one.curves.step_ms for one in policies)
        self.until_ms: Final = max(longest_ms, terms.recovery_ms) * 21 // 20
        """Every curve has room up to the moment that its caption names."""
        self.rate_max: Final = _ceiling([terms.accept_rate, *(int(max(one.curves.offered)) for one in policies)])
        self.depth_max: Final = _ceiling([100, *(max(*one.curves.broker, *one.curves.hub) for one in policies)])

    def x(self, ms: float) -> float:
        return CHART[0] * min(1.0, ms / self.until_ms)

    def y(self, value: float, most: float) -> float:
        """On the logarithmic scale from 1 to `most`; less than 1 lies on the ground."""
        return CHART[1] * (1 - log10(max(1.0, value)) / log10(most))


def _row(figures: Figures, plan: StormPlan, scales: _Scales, top: int) -> list[str]:
    terms, curves = plan.terms, figures.curves
    field = top + 26
    verdict = "within limits" if figures.within else "not within limits: " + ", ".join(_short(figures))
    parts = [
        _text(16, top + 14, figures.title, "name"),
        _text(LEFT[0] + 264, top + 14, verdict, "good" if figures.within else "bad"),
        _text(WIDTH - 38, top + 14, _numbers(figures), "soft", "end"),
    ]
    for place, left in enumerate(LEFT):
        parts.append(f'<g transform="translate({left} {field})">')
        parts.extend(_time_axis(scales, last=place == 0))
        if place == 0:
            parts.extend(_log_axis(scales.rate_max, scales))
            parts.append(_level(scales.y(terms.accept_rate, scales.rate_max)))
            parts.append(
                _curve("offered", [scales.y(value, scales.rate_max) for value in curves.offered], curves.step_ms, scales)
            )
            parts.append(
                _curve("accepted", [scales.y(value, scales.rate_max) for value in curves.accepted], curves.step_ms, scales)
            )
        elif place == 1:
            parts.extend(_log_axis(scales.depth_max, scales))
            parts.append(_curve("hub", [scales.y(value, scales.depth_max) for value in curves.hub], curves.step_ms, scales))
            parts.append(_curve("broker", [scales.y(value, scales.depth_max) for value in curves.broker], curves.step_ms, scales))
        else:
            parts.extend(_share_axis())
            x = scales.x(terms.recovery_ms)
            parts.append(f'<path class="limit" d="M{x:.1f} 0V{CHART[1]}"/>')
            parts.append(_curve("back", [CHART[1] * (1 - share) for share in curves.back], curves.step_ms, scales))
        parts.append("</g>")
    return parts


def _curve(name: str, heights: Sequence[float], step_ms: int, scales: _Scales) -> str:
    """One line; it ends where the picture does."""
    points: list[str] = []
    for place, y in enumerate(heights):
        at_ms = (place + 0.5) * step_ms
        if at_ms > scales.until_ms:
            break
        points.append(f"{scales.x(at_ms):.1f} {y:.1f}")
    return f'<path class="{name}" d="M{" L".join(points)}"/>'


def _level(y: float) -> str:
    return f'<path class="limit" d="M0 {y:.1f}H{CHART[0]}"/>'


def _time_axis(scales: _Scales, *, last: bool) -> list[str]:
    width, height = CHART
    step_s = next((step for step in TICKS if scales.until_ms <= step * 6_500), TICKS[-1])
    parts = [f'<path class="grid" d="M0 0V{height}H{width}"/>']
    for second in range(0, scales.until_ms // 1_000 + 1, step_s):
        x = scales.x(second * 1_000)
        parts.append(f'<path class="grid" d="M{x:.1f} {height}v3"/>')
        unit = " s" if last and second == 0 else ""
        parts.append(_text(x, height + 14, f"{second:,}{unit}", "soft", "middle"))
    return parts


def _log_axis(most: float, scales: _Scales) -> list[str]:
    parts: list[str] = []
    decades = round(log10(most))
    for power in range(0, decades + 1, max(1, -(-decades // 3))):
        y = scales.y(10**power, most)
        parts.append(f'<path class="grid" d="M-3 {y:.1f}h3"/>')
        parts.append(_text(-6, y + 4, _count(10**power), "soft", "end"))
    return parts


def _share_axis() -> list[str]:
    return [_text(-6, CHART[1] * (1 - share) + 4, f"{share:.0%}", "soft", "end") for share in (0, 0.5, 1)]


def _legend(plan: StormPlan) -> list[str]:
    parts: list[str] = []
    for left, (heading, curves) in zip(LEFT, HEADINGS, strict=True):
        parts.append(_text(left, 72, heading, "name"))
        x = left
        for name, words in curves:
            parts.append(f'<path class="{name}" d="M{x} 84h16"/>')
            parts.append(_text(x + 20, 88, words, name))
            x += 32 + 6.2 * len(words)
    limits = (f"accept_rate {plan.terms.accept_rate:,}/s", "", f"recovery {seconds(plan.terms.recovery_ms)}")
    for left, words in zip(LEFT, limits, strict=True):
        if words:
            x = left + CHART[0] - 6.2 * len(words)
            parts.append(f'<path class="limit" d="M{x - 20:.1f} 84h16"/>')
            parts.append(_text(left + CHART[0], 88, words, "limits", "end"))
    return parts


def _numbers(figures: Figures) -> str:
    if figures.last_ms is not None:
        back = f"all back after {seconds(figures.last_ms)}"
    else:
        back = f"{figures.back_share:.1%} back after {seconds(figures.watched_ms)}"
    attempts = figures.given_up_words or f"attempts each {figures.attempts_median}"
    return f"{back}, {attempts} (most {figures.attempts_max})"


def _short(figures: Figures) -> list[str]:
    words = {"recovery": "recovery", "broker": "connects fail", "tries": "tries", "hub": "answers come late"}
    return [words[limit.name] for limit in figures.limits if not limit.held]


def _verdict(plan: StormPlan) -> str:
    if plan.within_limits:
        return f"Within the contract's limits: everybody is back within {seconds(plan.terms.recovery_ms)}, and no connect fails."
    broken = sorted({limit.path for one in plan.policies if one.ours for limit in one.limits if not limit.held})
    return f"Not within the contract's limits: {', '.join(broken)}."


def _summary(plan: StormPlan) -> str:
    rows = "; ".join(f"{one.title}: {_numbers(one)}" for one in plan.policies)
    return f"{plan.terms.devices} devices of {plan.product} come back in the same second. {_verdict(plan)} {rows}"


def _terms(plan: StormPlan) -> str:
    terms = plan.terms
    return (
        f"Connect timeout {seconds(terms.connect_timeout_ms)}, back-off {seconds(terms.base_ms)} to {seconds(terms.cap_ms)}; the hub"
        f" takes {terms.messages_rate:,} messages/s; each device brings {terms.backlog_frames:,} frames; seed {plan.seed}."
        " Rates and depths are logarithmic."
    )


def _ceiling(values: Sequence[int]) -> int:
    """The power of ten above all of them."""
    most = 10
    while most < max(values):
        most *= 10
    return most


def _count(value: int) -> str:
    for unit, word in ((1_000_000, "M"), (1_000, "k")):
        if value >= unit:
            return f"{value // unit:,}{word}"
    return str(value)


def _text(x: float, y: float, words: str, kind: str, anchor: str = "start") -> str:
    where = "" if anchor == "start" else f' text-anchor="{anchor}"'
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}"{where}>{escape(words)}</text>'
