"""Aims at the rare states of `marks.py`: of which faults, or of which day, plans are made that reach one soon.

Mixed plans reach most of them by themselves; those that take one effect in hundreds, a day of their own, or more seeds than were run, get
plans of little else. What a contract rules out (a wish where nothing can be wished for) is not asked of its fleet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple

from seamline.hub.calibrations import of_layouts
from seamline.rig.world.draw import draw
from seamline.rig.world.fitting import fitted, fitted_to
from seamline.rig.world.marks import CATALOGUE
from seamline.rig.world.plan import HOUSE, SPECS, Fault, Kind, Plan
from seamline.rig.world.scenarios import DAYS, HOUR_MS
from seamline.rig.world.streams import Stream

if TYPE_CHECKING:
    from seamline.contract import Family

PLANS_MAX: Final = 60
"""After so many plans that aim at it, a state is out of reach."""
SEEDS_A_PLAN: Final = 20
"""So many seeds are looked at for each plan that has every kind it is to have: swarms leave some out."""
MINUTE_MS: Final = 60_000
MOVED_MS: Final = 120_000
"""A step of a story comes so much later at most, for each device on its own."""
EFFECTS_MAX: Final = 60
"""Of a story: effects of the hub until it is killed, at most."""


class Step(NamedTuple):
    """A step of a story: this fault, for the house or for each device, once, or again and again from then on."""

    kind: Kind
    at_ms: int
    lasts_ms: int = 0
    every_ms: int = 0


@dataclass(frozen=True, slots=True)
class Aim:
    """What plans are made of that reach a rare state: these kinds of fault alone, a bad day, or a story that each device meets."""

    kinds: tuple[Kind, ...] = ()
    day: str | None = None
    story: tuple[Step, ...] = ()
    devices: int = 8
    """A rare state takes one or two, and luck."""
    duration_ms: int = HOUR_MS

    def plan(self, seed: int, families: Sequence[Family]) -> Plan:
        """The plan of a seed."""
        if self.day is not None:
            return fitted_to(self.day, families).day.plan(seed, self.devices, self.duration_ms)
        if not self.story:
            return draw(seed, self.devices, self.duration_ms, self.kinds)
        stream = Stream(seed, "plan", "story")
        faults = [fault for step in self.story for fault in _told(step, self.devices, self.duration_ms, stream)]
        faults.sort(key=lambda fault: (fault.at_ms, fault.kind, fault.device))
        return Plan(seed, self.devices, self.duration_ms, tuple(faults))

    def faults_ms(self, families: Sequence[Family]) -> int:
        """Virtual time until faults end."""
        return self.duration_ms + (0 if self.day is None else fitted_to(self.day, families).day.silent_ms)

    def seeds(self, first: int, families: Sequence[Family]) -> Iterator[int]:
        """The seeds from this one on whose plans have every kind that they are to have; as many as are worth a try."""
        looked = range(first, first + SEEDS_A_PLAN * PLANS_MAX)
        kinds = set(self.kinds)
        whole = (seed for seed in looked if kinds <= {fault.kind for fault in self.plan(seed, families).faults})
        return islice(whole, PLANS_MAX)


def _told(step: Step, devices: int, duration_ms: int, stream: Stream) -> Iterator[Fault]:
    """The faults of a step of a story."""
    spec = SPECS[step.kind]
    for from_ms in range(step.at_ms, duration_ms, step.every_ms) if step.every_ms else (step.at_ms,):
        for device in (HOUSE,) if spec.house else range(devices):
            at_ms = from_ms + stream.below(min(MOVED_MS, step.every_ms or MOVED_MS))
            highest = {"effects": EFFECTS_MAX}
            numbers = {
                name: stream.between(low, min(high, highest.get(name, high))) for name, (low, high) in spec.numbers.items()
            }
            if at_ms < duration_ms:
                yield Fault(at_ms, step.kind, device, min(step.lasts_ms, duration_ms - at_ms), numbers)


def _by(*kinds: Kind) -> Aim:
    return Aim(kinds)


def _on(day: str) -> Aim:
    return Aim(day=day)


KILLS: Final = (
    Step(Kind.HUB_KILL, MINUTE_MS, 1_000, every_ms=MINUTE_MS),
    Step(Kind.WISH, MINUTE_MS, every_ms=2 * MINUTE_MS),
    Step(Kind.CUT_ALL, 5 * MINUTE_MS, every_ms=10 * MINUTE_MS),
)
"""The hub is killed again and again, while people ask for settings."""
ROTTING: Final = (Step(Kind.ROT, MINUTE_MS, MINUTE_MS // 2, every_ms=MINUTE_MS // 3),)
"""Bit after bit of the flash turns, until one slot of the counters goes after the other."""
UNHEARD: Final = (
    Step(Kind.EXPIRED, 10 * MINUTE_MS, 20 * MINUTE_MS),
    Step(Kind.ERASE, 13 * MINUTE_MS, 100),
    Step(Kind.POWER_CUT, 22 * MINUTE_MS, 100),
)
"""Nobody hears a device when its memory is wiped, nor when its power goes after that: the boot between has nothing to be dated by."""

AIMS: Final[Mapping[str, Aim]] = {
    "power-cut": _by(Kind.POWER_CUT),
    "cut-in-erase": _by(Kind.FLASH_CUT),
    "cut-in-program": _by(Kind.FLASH_CUT),
    "cut-in-recovery": _by(Kind.FLASH_CUT),
    "counters-lost": Aim(story=ROTTING),
    "slot-lost": _by(Kind.FLASH_CUT),
    "flash-rot": _by(Kind.ROT),
    "booted-with-records": _by(Kind.STOP),
    "upgraded": _by(Kind.UPGRADE),
    "stopped": _by(Kind.STOP),
    "link-cut": _by(Kind.LINK_CUT),
    "uplink-lost": _by(Kind.LOSSY),
    "downlink-lost": _by(Kind.LOSSY),
    "doubled": _by(Kind.DOUBLING),
    "reordered": _by(Kind.REORDERING),
    "held-back": _by(Kind.PARTITION),
    "connect-failed": _by(Kind.EXPIRED),
    "portal": _by(Kind.PORTAL),
    "flapped": _by(Kind.FLAPPING),
    "nat-forgot": _by(Kind.NAT),
    "keep-alive-expired": _by(Kind.PARTITION),
    "takeover": _by(Kind.POWER_CUT),
    "late-death": _by(Kind.NAT),
    "deaf": _on("online-but-deaf"),
    "connect-timeout": _by(Kind.PARTITION),
    "resent": _on("drop-mid-publish"),
    "probed": _by(Kind.SLOW),
    "busy": _on("rate-limited"),
    "losses-declared": _on("week-offline"),
    "broker-down": _by(Kind.BROKER_DOWN),
    "stream-lost": _by(Kind.STREAM_LOST),
    "tail-lost": _by(Kind.TAIL_LOST),
    "hub-killed": _by(Kind.HUB_KILL),
    "partitioned": _by(Kind.PARTITION),
    "two-outages": _on("partial-outage"),
    "hub-killed-before": _by(Kind.HUB_KILL),
    "hub-killed-between": Aim(story=KILLS),
    "hub-killed-answering": Aim(story=KILLS),
    "hub-killed-in-step": Aim(story=KILLS),
    "hub-killed-asked": Aim(story=KILLS),
    "step-without-database": _by(Kind.DATABASE_AWAY),
    "hub-stopped": _by(Kind.LATE_CONTRACT),
    "redelivered": _by(Kind.HUB_KILL),
    "database-away": _on("partial-outage"),
    "commit-unknown": _by(Kind.COMMIT_UNKNOWN),
    "slow-commit": _on("slow-backend"),
    "duplicate": _on("drop-mid-publish"),
    "clock-lied": _by(Kind.DEAD_CLOCK),
    "cut-mid-publish": _by(Kind.PUBLISH_CUT),
    "busy-obeyed": _on("rate-limited"),
    "failures-told": _on("lying-network"),
    "time-from-hub": _by(Kind.DEAD_CLOCK, Kind.NTP_BLOCKED),
    "wish-offline": _on("offline-toggle"),
    "mail-late": _by(Kind.LATE_MAIL, Kind.WISH),
    "wish-expired": _by(Kind.WISH, Kind.PARTITION),
    "wish-late": _on("offline-toggle"),
    "two-versions": _on("mixed-fleet"),
    "age-shown": _by(Kind.PARTITION),
    "silent-two-days": Aim(day="two-day-fiction", devices=2),
    "region-recovered": _on("regional-power-cut"),
    "undated": Aim(story=UNHEARD),
    "redated": _by(Kind.LINK_CUT, Kind.LOSSY, Kind.POWER_CUT),
    "contract-late": _by(Kind.LATE_CONTRACT),
    "released": _by(Kind.LATE_CONTRACT),
    "disk-full": _by(Kind.DISK_FULL),
    "broker-full": _by(Kind.DISK_FULL),
    "database-restored": _by(Kind.RESTORED),
    "restore-with-holes": _by(Kind.RESTORED, Kind.STREAM_LOST, Kind.TAIL_LOST),
    "credentials-expired": _by(Kind.EXPIRED),
    "wished": _by(Kind.WISH),
    "calibrated-unheard": Aim((Kind.CORRECTION,), duration_ms=2 * MINUTE_MS),
    "calibrated-late": _on("raw-counts"),
    "corrected": _on("raw-counts"),
    "correction-refused": _on("raw-counts"),
    "hub-killed-correcting": _on("raw-counts"),
    "revalued": _on("raw-counts"),
    "late-valued": _on("raw-counts"),
    "killed-in-pass": _on("raw-counts"),
    "corrected-in-pass": _on("raw-counts"),
    "rows-in-pass": _on("raw-counts"),
    "wish-refused": _by(Kind.WISH, Kind.DATABASE_AWAY),
    "wish-confirmed": _by(Kind.WISH),
    "wish-device-won": _by(Kind.WISH, Kind.TOUCH, Kind.PARTITION),
    "touched": _by(Kind.TOUCH),
    "shown-online": _by(Kind.LINK_CUT),
    "shown-deaf": _on("online-but-deaf"),
    "shown-silent": _by(Kind.PARTITION),
    "shown-lost": _by(Kind.PARTITION),
    "shown-presumed-lost": Aim(day="two-day-fiction", devices=2),
    "shown-unknown": _on("partial-outage"),
    "deaf-with-age": _on("online-but-deaf"),
    "deaf-recovered": _on("online-but-deaf"),
}
"""For every state of the catalogue, by its name."""


# -- what a contract rules out ---------------------------------------------------------------------------------------------


def ruled_out(families: Iterable[Family]) -> dict[str, str]:
    """The states that none of these products can come to, each with the reason."""
    all_of = tuple(families)
    found: dict[str, str] = {}
    for name in CATALOGUE:
        reasons = [_why_not(name, family) for family in all_of]
        if all(reasons):
            found[name] = reasons[0]
    return found


def reachable(families: Iterable[Family]) -> tuple[str, ...]:
    """The states that a fleet of these products can come to, in the catalogue's order."""
    without = ruled_out(families)
    return tuple(name for name in CATALOGUE if name not in without)


def _why_not(name: str, family: Family) -> str:
    """Why a product cannot come to a state; empty: it can."""
    day = AIMS[name].day
    if day is not None:
        fit = fitted(day, family)
        if fit.why_not:
            return fit.why_not
        if name in DAYS[day].states and name not in fit.day.states:
            return f"at the times and versions of the contract the day {day} is made without it"
    return next((need.why_not for need in NEEDS if name in need.states and not need.has(family)), "")


class _Need(NamedTuple):
    """What a contract must have for some states."""

    states: frozenset[str]
    has: Callable[[Family], bool]
    why_not: str


def _has_settings(family: Family) -> bool:
    return any(contract.state for contract in family.versions.values())


def _has_devices_that_win(family: Family) -> bool:
    return any(item.conflict != "cloud_wins" for contract in family.versions.values() for item in contract.state.values())


def _has_wishes_that_expire(family: Family) -> bool:
    return any(item.expires_ms is not None for contract in family.versions.values() for item in contract.state.values())


def _has_versions(family: Family) -> bool:
    return len(family.versions) > 1


def _has_calibrations(family: Family) -> bool:
    return bool(of_layouts(family.layouts.values()))


def _has_late_layouts(family: Family) -> bool:
    oldest = next(iter(family.versions.values()))
    known = {message.layout.fingerprint for message in oldest.messages.values()}
    return any(layout.message_id and layout.fingerprint not in known for layout in family.layouts.values())


NEEDS: Final = (
    _Need(
        frozenset(name for name in CATALOGUE if name.startswith("wish")) | {"touched", "mail-late", "hub-killed-asked"},
        _has_settings,
        "no version of the contract has a setting",
    ),
    _Need(frozenset({"wish-expired"}), _has_wishes_that_expire, "the contract lets no wish expire"),
    _Need(frozenset({"wish-device-won"}), _has_devices_that_win, "by the contract the cloud wins every conflict"),
    _Need(frozenset({"calibrated-unheard"}), _has_calibrations, "no version of the contract has a calibration"),
    _Need(frozenset({"upgraded"}), _has_versions, "there is one version of the contract"),
    _Need(frozenset({"released"}), _has_late_layouts, "every version of the contract has the layouts of the first"),
)
"""The first that is not there says why a state is ruled out."""
