"""What a storm comes to: the figures that are shown and judged, and the limits of the contract they are held against."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from seamline.rig.storm.draws import I64
from seamline.rig.storm.simulate import Course, Storm
from seamline.rig.storm.terms import SECOND_MS, Terms

POINTS_MAX: Final = 240
"""Of a curve: more than that are not told apart on a screen."""
TRIES_SHOWN: Final = 64
"""Of the distribution of attempts; who tried more often counts with the last."""


@dataclass(frozen=True, slots=True)
class Curves:
    """A storm over time: a value for each `step_ms`, rates a second, depths as the highest of the step, `back` as a share."""

    step_ms: int
    offered: tuple[float, ...]
    accepted: tuple[float, ...]
    broker: tuple[int, ...]
    hub: tuple[int, ...]
    back: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit of the contract: the number that sets it, what it asks, and whether it held."""

    name: str
    path: str
    held: bool
    text: str


@dataclass(frozen=True, slots=True)
class Figures:
    """One policy's storm. Times in ms from the moment the power is back, None for what did not come about while it was watched."""

    name: str
    title: str
    ours: bool
    spread_ms: int
    watched_ms: int
    given_up_after: int | None
    """Attempts of a device, on the average, when watching was given up with devices still away; None: it was not."""
    back_share: float
    back_p50_ms: int | None
    back_p95_ms: int | None
    back_p99_ms: int | None
    last_ms: int | None
    attempts_median: int
    attempts_p99: int
    attempts_max: int
    attempts: tuple[int, ...]
    """How many devices tried so often, from no try on."""
    offered_peak: int
    """Connects begun in the busiest second."""
    accepted_peak: int
    broker_peak: int
    """The most connects in hand at once."""
    broker_wait_ms: int
    given_up: int
    turned_away: int
    wasted: float
    hub_peak: int
    answer_ms: int
    repeated: int
    told_busy: int
    drained_ms: int | None
    limits: tuple[Limit, ...]
    curves: Curves

    @property
    def within(self) -> bool:
        """Whether every limit held."""
        return all(limit.held for limit in self.limits)

    @property
    def given_up_words(self) -> str:
        """`given up after 8 attempts each`; empty where it was watched to its end."""
        return given_up_words(self.given_up_after)

    @property
    def reasons(self) -> tuple[str, ...]:
        """What did not hold, in words."""
        return tuple(limit.text for limit in self.limits if not limit.held)


def figures_of(storm: Storm, terms: Terms) -> Figures:
    """Sum a storm up."""
    back = np.sort(storm.back_ms[storm.back_ms >= 0])
    course = storm.course
    attempts = np.sort(storm.attempts)
    return Figures(
        name=storm.policy.name,
        title=storm.policy.title,
        ours=storm.policy.ours,
        spread_ms=storm.spread_ms,
        watched_ms=storm.watched_ms,
        given_up_after=storm.given_up_after,
        back_share=len(back) / terms.devices,
        back_p50_ms=_rank(back, terms.devices, 50),
        back_p95_ms=_rank(back, terms.devices, 95),
        back_p99_ms=_rank(back, terms.devices, 99),
        last_ms=_rank(back, terms.devices, 100),
        attempts_median=int(attempts[(terms.devices - 1) // 2]),
        attempts_p99=int(attempts[-(-terms.devices * 99 // 100) - 1]),
        attempts_max=int(attempts[-1]),
        attempts=tuple(np.bincount(np.minimum(attempts, TRIES_SHOWN)).tolist()),
        offered_peak=_busiest_second(course.offered, course.slot_ms),
        accepted_peak=_busiest_second(course.accepted, course.slot_ms),
        broker_peak=int(course.broker_depth.max()),
        broker_wait_ms=storm.broker_wait_ms,
        given_up=storm.given_up,
        turned_away=storm.turned_away,
        wasted=storm.wasted,
        hub_peak=int(course.hub_depth.max()),
        answer_ms=storm.answer_ms,
        repeated=storm.repeated,
        told_busy=storm.told_busy,
        drained_ms=storm.drained_ms,
        limits=limits_of(storm, terms),
        curves=_curves(storm, terms),
    )


def limits_of(storm: Storm, terms: Terms) -> tuple[Limit, ...]:
    """Hold a storm against the contract."""
    back = storm.back_ms
    away = int((back < 0).sum())
    last_ms = int(back.max())
    if away:
        stopped = f", {given_up_words(storm.given_up_after)}" if storm.given_up_after is not None else ""
        came = f"{away:,} of {terms.devices:,} devices are not back after {seconds(storm.watched_ms)}{stopped}"
    else:
        came = f"the last device is back after {seconds(last_ms)}"
    failed = storm.given_up + storm.turned_away
    tries = int(storm.attempts.max())
    return (
        Limit(
            "recovery",
            "fleet.recovery",
            not away and last_ms <= terms.recovery_ms,
            f"{came}; fleet.recovery allows {seconds(terms.recovery_ms)}",
        ),
        Limit(
            "broker",
            "fleet.accept_rate",
            not failed,
            f"{failed:,} connects failed at a broker that accepts {terms.accept_rate:,}/s (fleet.accept_rate):"
            f" {storm.given_up:,} timed out, {storm.turned_away:,} were turned away",
        ),
        Limit(
            "tries",
            "fleet.tries_max",
            not away and tries <= terms.tries_max,
            f"a device tried {tries} times{', and not everybody is back' if away else ''}; fleet.tries_max allows {terms.tries_max}",
        ),
        Limit(
            "hub",
            "fleet.messages_rate",
            storm.answer_ms <= terms.answer_timeout_ms,
            f"an answer took {seconds(storm.answer_ms)} from a hub that takes {terms.messages_rate:,} messages/s"
            f" ({_origin(terms)}); timing.answer_timeout is {seconds(terms.answer_timeout_ms)}",
        ),
    )


def given_up_words(after: int | None) -> str:
    """How watching a storm ended, where that was before it did."""
    return "" if after is None else f"given up after {after} attempts each"


def seconds(ms: int) -> str:
    """A time as a contract would write it: seconds, with a digit behind the point below a minute and a half."""
    return f"{ms / SECOND_MS:.1f} s" if ms < 90_000 and ms % SECOND_MS else f"{-(-ms // SECOND_MS):,} s"


def _origin(terms: Terms) -> str:
    return (
        "fleet.messages_rate"
        if terms.rate_is_measured
        else "as one ingest process was measured; the contract says no messages_rate"
    )


def _rank(back: I64, devices: int, percent: int) -> int | None:
    """When so many percent of the fleet were back."""
    place = -(-devices * percent // 100) - 1
    return int(back[place]) if place < len(back) else None


def _busiest_second(counts: I64, slot_ms: int) -> int:
    """The most in a second; of longer slots, the mean over the fullest."""
    width = max(1, SECOND_MS // slot_ms)
    total = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])
    if len(counts) <= width:
        return int(total[-1])
    most = int((total[width:] - total[:-width]).max())
    return most if slot_ms <= SECOND_MS else most * SECOND_MS // slot_ms


def _curves(storm: Storm, terms: Terms) -> Curves:
    course: Course = storm.course
    count = len(course.offered)
    last_ms = int(storm.back_ms.max()) if (storm.back_ms >= 0).any() else 0
    length = max(count, -(-(last_ms + 1) // course.slot_ms))
    each = -(-length // POINTS_MAX)
    points = -(-length // each)
    step_ms = each * course.slot_ms

    def binned(row: I64) -> I64:
        padded = np.zeros(points * each, np.int64)
        padded[:count] = row
        return padded.reshape(points, each)

    back = np.bincount(storm.back_ms[storm.back_ms >= 0] // step_ms, minlength=points)[:points]
    return Curves(
        step_ms=step_ms,
        offered=_rounded(binned(course.offered).sum(axis=1) * (SECOND_MS / step_ms)),
        accepted=_rounded(binned(course.accepted).sum(axis=1) * (SECOND_MS / step_ms)),
        broker=tuple(binned(course.broker_depth).max(axis=1).tolist()),
        hub=tuple(binned(course.hub_depth).max(axis=1).tolist()),
        back=_rounded(np.cumsum(back) / terms.devices, 5),
    )


def _rounded(values: np.ndarray[tuple[int], np.dtype[np.float64]], digits: int = 1) -> tuple[float, ...]:
    return tuple(round(float(value), digits) for value in values)
