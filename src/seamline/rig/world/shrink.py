"""Makes a plan that fails as small as it will go, and still fail in the same promise.

Devices and faults go by halves, quarters and so on (delta debugging: Zeller and Hildebrandt, "Simplifying and isolating
failure-inducing input", 2002). What is left is made plain: faults are shorter, milder and come earlier, and the run ends sooner. The
random streams of what is left stay what they were, so nothing else changes with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from seamline.rig.world.apart import GivenUpError
from seamline.rig.world.plan import HOUSE, SPECS, Fault, Kind, Plan
from seamline.rig.world.run import run
from seamline.rig.world.world import Outcome, Parts

RUNS_MAX: Final = 250
"""Runs that shrinking may take; a plan is small long before, or will not get smaller."""
FIRST_FAULT_MS: Final = 15_000
"""Faults are not moved before this: devices are switched on within ten seconds, and connect."""
ALONE_AT_MS: Final = (1_000, 8_000, 30_000)
"""While devices are switched on, while they open their first sessions, and while they measure."""
ALONE_OF_MAX: Final = 8
WORTH_OF_100: Final = 80
KILLS_SCANNED: Final = 32
"""Effects of the hub: those of a commit and its answers, or two."""
MILD: Final = frozenset(("permille", "by_ms", "times", "messages", "operations", "effects"))
"""Numbers of a fault that say how much; the others say which, or how."""

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Try:
    """One plan was tried, for whoever watches: how many there were, the smallest run that fails, and whether it is this one."""

    runs: int
    best: Outcome
    is_smaller: bool


def shrink(
    outcome: Outcome,
    parts: Parts,
    told: Callable[[Try], None] = lambda _try: None,
    *,
    go_on: Callable[[], bool] = lambda: True,
    runs_max: int = RUNS_MAX,
) -> Outcome:
    """A smaller run that breaks the same promise: fewer devices, fewer faults, less time. Runs at most `runs_max` plans.

    `told` hears of each try; when `go_on` says no, the smallest so far is the result. An outcome that broke nothing comes back as it is.
    """
    return outcome if outcome.broken is None else _Shrinking(outcome, parts, told, go_on, runs_max).run()


def size(plan: Plan) -> tuple[int, int, int, int]:
    """What is to be small, in this order: faults, devices, virtual time, and how long faults last in all (both ms)."""
    return len(plan.faults), len(plan.present), plan.duration_ms, sum(fault.lasts_ms for fault in plan.faults)


class _Shrinking:
    """The smallest failing run so far."""

    def __init__(
        self, outcome: Outcome, parts: Parts, told: Callable[[Try], None], go_on: Callable[[], bool], runs_max: int
    ) -> None:
        self._best = outcome
        self._promise: Final = "" if outcome.broken is None else outcome.broken.promise
        self._parts: Final = parts
        self._told: Final = told
        self._go_on: Final = go_on
        self._runs_left = runs_max
        self._runs_max: Final = runs_max
        self._tried: Final[set[str]] = {outcome.plan.write()}

    def run(self) -> Outcome:
        """Try everything that makes a plan smaller, until nothing does."""
        self._cut_short()
        self._culprit_alone()
        self._half_as_long()
        self._fewer_kinds()
        before = None
        while (before is None or _is_worth_more(before, size(self._best.plan))) and not self._is_over:
            before = size(self._best.plan)
            self._fewer_devices()
            self._fewer_faults()
            self._killed_elsewhere()
            self._one_alone()
            self._plainer_faults()
            self._sooner()
        return self._best

    @property
    def _is_over(self) -> bool:
        return self._runs_left <= 0 or not self._go_on()

    # -- what is tried -------------------------------------------------------------------------------------------------

    def _cut_short(self) -> None:
        """Leave out what comes after the moment at which the promise broke."""
        plan, end_ms = self._best.plan, self._best.virtual_us // 1000 + 1
        if end_ms < plan.duration_ms:
            self._try(_ended(plan, end_ms))

    def _culprit_alone(self) -> None:
        """Keep only the device that the promise was broken to."""
        broken = self._best.broken
        if broken is not None and broken.device in self._best.plan.present:
            self._try(_with_devices(self._best.plan, (broken.device,)))

    def _half_as_long(self) -> None:
        """Halve the time while that helps: whatever is tried then takes half as long, too."""
        while self._try(_ended(self._best.plan, (self._best.plan.duration_ms + 1) // 2)):
            continue

    def _fewer_kinds(self) -> None:
        """Take out all faults of some kinds: of all, of half of them, and so on."""
        for kept in _fewer(lambda: sorted({fault.kind for fault in self._best.plan.faults})):
            plan = self._best.plan
            if not self._try(replace(plan, faults=tuple(fault for fault in plan.faults if fault.kind in kept))) and self._is_over:
                return

    def _killed_elsewhere(self) -> None:
        """Leave devices out, and have the hub killed sooner: its effects are counted, and those of fewer devices are fewer."""
        plan = self._best.plan
        kills = [place for place, fault in enumerate(plan.faults) if fault.kind is Kind.HUB_KILL]
        if not kills or len(plan.faults) > ALONE_OF_MAX:
            return
        for few in (1, 2, len(plan.present) // 2):
            if 0 < few < len(self._best.plan.present) and self._killed_among(_concerned(self._best)[:few]):
                return

    def _killed_among(self, kept: Sequence[int]) -> bool:
        """Try every early kill with these devices alone."""
        plan = _with_devices(self._best.plan, sorted(kept))
        for place, fault in enumerate(plan.faults):
            if fault.kind is Kind.HUB_KILL:
                for effects in range(min(fault.numbers["effects"], KILLS_SCANNED)):
                    killed = _numbered(fault, "effects", effects)
                    if self._try(replace(plan, faults=(*plan.faults[:place], killed, *plan.faults[place + 1 :]))):
                        return True
        return False

    def _fewer_faults(self) -> None:
        for kept in _fewer(lambda: self._best.plan.faults):
            if not self._try(replace(self._best.plan, faults=tuple(kept))) and self._is_over:
                return

    def _fewer_devices(self) -> None:
        for kept in _fewer(lambda: self._best.plan.present):
            if kept and not self._try(_with_devices(self._best.plan, kept)) and self._is_over:
                return

    def _one_alone(self) -> None:
        """Try a single fault, also at other times: some are there only to have another one meet the right moment."""
        plan = self._best.plan
        if not 1 < len(plan.faults) <= ALONE_OF_MAX:
            return
        for fault in reversed(plan.faults):
            for at_ms in (fault.at_ms, *ALONE_AT_MS):
                alone = replace(fault, at_ms=at_ms)
                ends_ms = max(plan.duration_ms, at_ms + max(1, fault.lasts_ms))
                if self._try(replace(plan, faults=(alone,), duration_ms=ends_ms)):
                    return

    def _plainer_faults(self) -> None:
        """Have each fault be as short and as mild as it may be, or half as much, while that helps."""
        for place in range(len(self._best.plan.faults)):
            fault = self._best.plan.faults[place]
            low_ms = min(fault.lasts_ms, SPECS[fault.kind].lasts_ms[0])
            self._lower(place, fault.lasts_ms, low_ms, lambda fault, value: replace(fault, lasts_ms=value))
            for name, value in fault.numbers.items():
                if name in MILD and value > (low := max(0, SPECS[fault.kind].numbers[name][0])):
                    self._lower(place, value, low, lambda fault, value, name=name: _numbered(fault, name, value))
            if fault.kind is Kind.FLASH_CUT and fault.numbers["again"] >= 0:
                self._try_fault(place, _numbered(self._best.plan.faults[place], "again", -1))

    def _sooner(self) -> None:
        """Begin with the first fault, leave no long waits between faults, and end when the last is over, or sooner."""
        for place in range(len(self._best.plan.faults)):
            faults = self._best.plan.faults
            before_ms = faults[place - 1].at_ms if place else 0
            idle_ms = faults[place].at_ms - max(before_ms, FIRST_FAULT_MS)
            for take_ms in (idle_ms, idle_ms // 2, idle_ms // 4):
                if take_ms > 0 and self._try(_earlier(self._best.plan, place, take_ms)):
                    break
        self._shorter()

    def _shorter(self) -> None:
        """End as early as the promise still breaks: between the last fault's beginning and what is known to do."""
        plan = self._best.plan
        low_ms = max((fault.at_ms for fault in plan.faults), default=0) + 1
        while low_ms < self._best.plan.duration_ms - 1_000 and not self._is_over:
            middle_ms = (low_ms + self._best.plan.duration_ms) // 2
            if not self._try(_ended(self._best.plan, middle_ms)):
                low_ms = middle_ms + 1

    # -- how it is tried -----------------------------------------------------------------------------------------------

    def _lower(self, place: int, value: int, low: int, change: Callable[[Fault, int], Fault]) -> None:
        """Lower one number of a fault: to its least, else by halves of what is above that."""
        least = low
        while value > least and not self._is_over:
            if self._try_fault(place, change(self._best.plan.faults[place], least)):
                return
            if value - least < max(2, value // 8):
                return
            least = (least + value) // 2

    def _try_fault(self, place: int, fault: Fault) -> bool:
        faults = self._best.plan.faults
        return self._try(replace(self._best.plan, faults=(*faults[:place], fault, *faults[place + 1 :])))

    def _try(self, plan: Plan) -> bool:
        """Run a plan, and keep it when it breaks the same promise."""
        text = plan.write()
        if text in self._tried or self._is_over:
            return False
        self._tried.add(text)
        self._runs_left -= 1
        try:
            outcome = run(plan, self._parts, hurry=self._promise == "yields", go_on=self._go_on)
        except GivenUpError:
            return False
        is_smaller = outcome.broken is not None and outcome.broken.promise == self._promise
        if is_smaller:
            self._best = outcome
        self._told(Try(self._runs_max - self._runs_left, self._best, is_smaller))
        return is_smaller


def _is_worth_more(before: tuple[int, int, int, int], now: tuple[int, int, int, int]) -> bool:
    """Whether the last round took something out, or a good part of the time; else another one is not worth its runs."""
    return now[:2] < before[:2] or now[2] < before[2] * WORTH_OF_100 // 100 or now[3] < before[3] * WORTH_OF_100 // 100


def _concerned(outcome: Outcome) -> list[int]:
    """The devices that are there: first whose promise was broken, then those that faults strike."""
    struck = {fault.device for fault in outcome.plan.faults}
    culprit = -1 if outcome.broken is None else outcome.broken.device
    return sorted(outcome.plan.present, key=lambda device: (device != culprit, device not in struck, device))


def _with_devices(plan: Plan, kept: Sequence[int]) -> Plan:
    struck = {HOUSE, *kept}
    faults = tuple(fault for fault in plan.faults if fault.device in struck)
    return replace(plan, only=tuple(kept), faults=faults)


def _ended(plan: Plan, end_ms: int) -> Plan:
    """The plan with its end so early. No fault goes on after it: what must hold in the end holds only without faults."""
    kept = (fault for fault in plan.faults if fault.at_ms < end_ms)
    faults = tuple(replace(fault, lasts_ms=min(fault.lasts_ms, end_ms - fault.at_ms)) for fault in kept)
    return replace(plan, duration_ms=end_ms, faults=faults)


def _earlier(plan: Plan, place: int, by_ms: int) -> Plan:
    """The plan with one fault, those after it, and its end so much earlier."""
    moved = tuple(replace(fault, at_ms=fault.at_ms - by_ms) for fault in plan.faults[place:])
    ends_ms = max(fault.at_ms + max(1, fault.lasts_ms) for fault in (*plan.faults[:place], *moved))
    return replace(plan, faults=(*plan.faults[:place], *moved), duration_ms=max(plan.duration_ms - by_ms, ends_ms))


def _numbered(fault: Fault, name: str, value: int) -> Fault:
    return replace(fault, numbers={**fault.numbers, name: value})


def _fewer(items: Callable[[], Sequence[Item]]) -> Iterator[list[Item]]:
    """What is left without one half, quarter, … of the items; `items` is asked anew each time, for a try may have been kept."""
    part = len(items())
    while items() and part:
        at = 0
        while at < len(items()):
            now = items()
            yield [*now[:at], *now[at + part :]]
            if len(items()) == len(now):
                at += part
        part //= 2
