"""The bad days of docs/bad-days.md that this world can make: what each is made of, what it promises, and what proves that it was.

A day's promises are those of the world; the ones that carry the day are named. They mean something only where the day was really
met: its states are marks (`marks.py`), and a set of runs that never reached one of them has not proved the day.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from seamline.rig.world.draw import draw
from seamline.rig.world.marks import Marks
from seamline.rig.world.plan import HOUSE, SPECS, Fault, Kind, Plan
from seamline.rig.world.streams import Stream

HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS
CHASE_MS: Final = 1_500
"""As long as a pass over a short history takes, in small steps."""
TOGETHER: Final = (Kind.BROKER_DOWN, Kind.DATABASE_AWAY, Kind.PARTITION)
"""What is away from the moment its fault begins: any two of them meet."""
OUTAGE_PARTS: Final = 32
"""An outage that comes in any case lasts at least so small a part of the day, and at most two of them."""
CHASE_EFFECTS: Final = 60
"""Effects of the hub until it is killed, at most: so many does such a pass have."""


@dataclass(frozen=True, slots=True)
class Day:
    """One bad day. With `silent_ms` one device in two meets `silence` for so long, and the run is that much longer.

    With `chase` many a correction is followed within moments by one of these: another one of the same, or the end of the hub. What is
    `surely` there comes in each plan whatever else was drawn: one after the other, then two of TOGETHER and the end of the hub at once.
    """

    kinds: tuple[Kind, ...]
    promises: tuple[str, ...]
    states: tuple[str, ...]
    silent_ms: int = 0
    silence: Kind = Kind.POWER_CUT
    chase: tuple[Kind, ...] = ()
    surely: tuple[Kind, ...] = ()

    def plan(self, seed: int, devices: int, duration_ms: int) -> Plan:
        """The day's plan of a seed."""
        drawn = draw(seed, devices, duration_ms, self.kinds)
        if self.chase:
            return replace(drawn, faults=tuple(sorted([*drawn.faults, *self._chased(drawn)], key=_when)))
        if self.surely:
            return replace(drawn, faults=tuple(sorted([*drawn.faults, *self._outages(drawn)], key=_when)))
        if not self.silent_ms:
            return drawn
        stream = Stream(seed, "plan", "silence")
        chosen = stream.some(range(devices), max(1, devices // 2))
        at_ms = stream.between(duration_ms // 4, duration_ms // 2)
        silences = [Fault(at_ms, self.silence, device, self.silent_ms) for device in chosen]
        return Plan(seed, devices, duration_ms + self.silent_ms, tuple(sorted([*drawn.faults, *silences], key=_when)))

    def _chased(self, plan: Plan) -> Iterator[Fault]:
        """What follows the plan's corrections."""
        stream = Stream(plan.seed, "plan", "chase")
        for fault in plan.faults:
            at_ms = fault.at_ms + stream.below(CHASE_MS)
            if fault.kind is not Kind.CORRECTION or stream.chance(500) or at_ms >= plan.duration_ms:
                continue
            kind = stream.pick(self.chase)
            if kind is Kind.CORRECTION:
                yield replace(fault, at_ms=at_ms, numbers={**fault.numbers, "permille": stream.below(1_001)})
            else:
                spec = SPECS[kind]
                lasts_ms = min(stream.between(*spec.lasts_ms), CHASE_MS, plan.duration_ms - at_ms)
                numbers = {name: stream.between(low, min(high, CHASE_EFFECTS)) for name, (low, high) in spec.numbers.items()}
                yield Fault(at_ms, kind, lasts_ms=lasts_ms, numbers=numbers)

    def _outages(self, plan: Plan) -> Iterator[Fault]:
        """What comes in any case, each in a stretch of the day of its own."""
        stream = Stream(plan.seed, "plan", "outages")
        stretch_ms, part_ms = plan.duration_ms // (len(self.surely) + 2), plan.duration_ms // OUTAGE_PARTS
        pair = stream.some(TOGETHER, 2)
        whens = [(kind, number * stretch_ms) for number, kind in enumerate(self.surely, 1)]
        whens += [(kind, (len(self.surely) + 1) * stretch_ms) for kind in (*pair, Kind.HUB_KILL)]
        for kind, from_ms in whens:
            spec = SPECS[kind]
            at_ms = from_ms + (0 if kind in pair else stream.below(max(1, part_ms // 2)))
            lasts_ms = min(stream.between(part_ms, 2 * part_ms), spec.lasts_ms[1], plan.duration_ms - at_ms)
            numbers = {name: stream.between(low, min(high, CHASE_EFFECTS)) for name, (low, high) in spec.numbers.items()}
            yield Fault(at_ms, kind, HOUSE if spec.house else stream.below(plan.devices), lasts_ms, numbers)

    def unproved(self, marks: Marks) -> tuple[str, ...]:
        """The day's states that these runs never reached: as long as there is one, the day is not proved."""
        return tuple(state for state in self.states if not marks.counts[state])


DAYS: Final[Mapping[str, Day]] = {
    "drop-mid-publish": Day(
        (Kind.PUBLISH_CUT, Kind.PUBLISH_CUT, Kind.LINK_CUT, Kind.CUT_ALL, Kind.LOSSY, Kind.DOUBLING, Kind.REORDERING),
        ("stored-once", "values", "sent-again", "nothing-owed"),
        ("cut-mid-publish", "resent", "duplicate"),
    ),
    "slow-backend": Day(
        (Kind.DATABASE_SLOW, Kind.DATABASE_SLOW, Kind.COMMIT_UNKNOWN, Kind.SLOW),
        ("stored-once", "books"),
        ("slow-commit", "commit-unknown"),
    ),
    "rate-limited": Day(
        (Kind.DATABASE_AWAY, Kind.DATABASE_AWAY, Kind.DATABASE_SLOW, Kind.AUTH_AWAY, Kind.AUTH_AWAY, Kind.CUT_ALL, Kind.CUT_ALL),
        ("busy-obeyed", "paced", "jitter"),
        ("busy", "busy-obeyed"),
    ),
    "online-but-deaf": Day(
        (Kind.DEAF, Kind.DEAF, Kind.MUTE, Kind.NAT),
        ("presence", "online"),
        ("deaf", "deaf-with-age", "deaf-recovered"),
    ),
    "lying-network": Day(
        (Kind.PORTAL, Kind.PORTAL, Kind.NAT, Kind.NTP_BLOCKED, Kind.CLOCK_STEP, Kind.FLAPPING),
        ("failures-told", "paced", "jitter", "dates", "online"),
        ("portal", "failures-told", "time-from-hub", "nat-forgot"),
    ),
    "mixed-fleet": Day(
        (Kind.UPGRADE, Kind.STOP, Kind.POWER_CUT, Kind.LATE_CONTRACT),
        ("values", "stored-once", "nothing-owed"),
        ("upgraded", "two-versions"),
    ),
    "regional-power-cut": Day((Kind.REGION, Kind.REGION, Kind.CUT_ALL), ("recovery", "jitter", "online"), ("region-recovered",)),
    "week-offline": Day(
        (Kind.PARTITION, Kind.BROKER_DOWN, Kind.POWER_CUT, Kind.POWER_CUT),
        ("nothing-owed", "stored-once", "books", "bounded", "told-once"),
        ("losses-declared", "held-back"),
        silent_ms=2 * HOUR_MS,
        silence=Kind.PARTITION,
    ),
    "erased-counter": Day(
        (Kind.ERASE, Kind.ERASE, Kind.ROT, Kind.FLASH_CUT), ("stored-once", "boot-rises", "values"), ("counters-lost",)
    ),
    "born-in-1970": Day(
        (Kind.DEAD_CLOCK, Kind.DEAD_CLOCK, Kind.CLOCK_STEP, Kind.NTP_BLOCKED, Kind.POWER_CUT),
        ("dates", "nothing-owed"),
        ("clock-lied", "time-from-hub"),
    ),
    "offline-toggle": Day(
        (Kind.WISH, Kind.WISH, Kind.TOUCH, Kind.PARTITION, Kind.PARTITION, Kind.POWER_CUT, Kind.DEAF, Kind.LATE_MAIL),
        ("twins-converged", "twin-honest", "versions", "applied-once"),
        ("wish-offline", "wish-late", "wish-confirmed"),
    ),
    "two-day-fiction": Day((), ("presence",), ("silent-two-days", "shown-presumed-lost"), silent_ms=2 * DAY_MS + 600_000),
    "raw-counts": Day(
        (
            Kind.CORRECTION,
            Kind.CORRECTION,
            Kind.CORRECTION,
            Kind.HUB_KILL,
            Kind.DATABASE_AWAY,
            Kind.COMMIT_UNKNOWN,
            Kind.DISK_FULL,
            Kind.LATE_CONTRACT,
            Kind.DEAD_CLOCK,
            Kind.NTP_BLOCKED,
            Kind.PARTITION,
        ),
        ("physical", "in-force", "on-record", "values", "caught-up"),
        ("corrected", "revalued", "killed-in-pass", "corrected-in-pass"),
        chase=(Kind.CORRECTION, Kind.CORRECTION, Kind.HUB_KILL, Kind.HUB_KILL, Kind.COMMIT_UNKNOWN),
    ),
    "partial-outage": Day(
        (
            Kind.BROKER_DOWN,
            Kind.STREAM_LOST,
            Kind.HUB_KILL,
            Kind.DATABASE_AWAY,
            Kind.COMMIT_UNKNOWN,
            Kind.AUTH_AWAY,
            Kind.PARTITION,
            Kind.DISK_FULL,
        ),
        ("acknowledged-is-durable", "stored-once", "caught-up", "nothing-owed"),
        ("broker-down", "database-away", "hub-killed", "partitioned", "two-outages"),
        surely=(Kind.BROKER_DOWN, Kind.DATABASE_AWAY, Kind.PARTITION, Kind.HUB_KILL),
    ),
    "wearing-out": Day(
        (Kind.FLASH_CUT, Kind.ROT, Kind.POWER_CUT, Kind.DEAD_CLOCK),
        ("boot-rises", "counted-first", "stored-once"),
        ("slot-lost", "flash-rot"),
    ),
}
"""By the name in docs/bad-days.md. Of `wearing-out` and `offline-toggle` only what is built by now: no wear trend, no commands."""

SCENARIOS: Final[Mapping[str, tuple[Kind, ...]]] = {name: day.kinds for name, day in DAYS.items()}
"""The faults of each day."""

OPEN: Final[Mapping[str, str]] = {
    "power-cut-anywhere": "there are no updates yet",
    "captive-portal": "there are no updates yet",
    "factory-run": "identities are not made in a factory yet",
    "reset-and-resale": "devices are not claimed yet",
    "claim-leaked": "there is no claim certificate yet",
    "expired-offline": "credentials are not renewed yet; a broker that refuses until they are is the fault `credentials-expired`",
    "site-cut-off": "there is no control node yet",
    "weak-signal": "there are no updates yet",
    "bad-release": "there are no rollouts yet",
    "cable-pulled": "there is no flashing over USB yet",
}
"""Bad days whose part of the system does not exist yet, and what is missing. A day leaves when it gets its scenario or its test."""


def _when(fault: Fault) -> tuple[int, str, int]:
    return fault.at_ms, fault.kind, fault.device
