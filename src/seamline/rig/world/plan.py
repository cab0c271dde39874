"""The fault plan: everything that will go wrong, as data that can be kept, edited, shrunk and replayed.

A plan is JSON. With its seed (from which devices, networks and sensors draw their own streams) it says all there is to say about
a run: the same plan gives the same events on every machine. What it needs of the code it names: the plan's format, the version of
Seamline that drew it, and a digest of the contracts.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, cast

from seamline.rig.world.kept import Kept, KeptError, parse_kept

FORMAT: Final = "seamline-rig-plan/1"
DEVICES_MAX: Final = 1_000_000
FAULTS_MAX: Final = 1_000_000
DURATION_MS_MAX: Final = 366 * 86_400_000
SEED_MAX: Final = (1 << 63) - 1
MEMBERS: Final = frozenset(
    ("format", "code", "contracts", "folder", "seed", "devices", "only", "duration_ms", "faults", "kept", "core")
)
HOUSE: Final = -1
"""Stands for a device in what strikes no single one."""


class PlanError(ValueError):
    """A plan that cannot be run; the message names the place and what is needed."""


class Kind(StrEnum):
    """What can go wrong, and what people do meanwhile."""

    LINK_CUT = "link-cut"
    PUBLISH_CUT = "publish-cut"
    LOSSY = "lossy"
    DOUBLING = "doubling"
    REORDERING = "reordering"
    SLOW = "slow"
    PARTITION = "partition"
    DEAF = "deaf"
    MUTE = "mute"
    NAT = "nat"
    PORTAL = "portal"
    FLAPPING = "flapping"
    POWER_CUT = "power-cut"
    BROWNOUTS = "brownouts"
    FLASH_CUT = "flash-cut"
    ERASE = "erase"
    ROT = "rot"
    STOP = "stop"
    UPGRADE = "upgrade"
    EXPIRED = "credentials-expired"
    LATE_MAIL = "late-mail"
    WISH = "wish"
    TOUCH = "touch"
    DEAD_CLOCK = "dead-clock"
    CLOCK_STEP = "clock-step"
    CLOCK_OFF = "clock-off"
    CUT_ALL = "cut-all"
    REGION = "regional-power-cut"
    NTP_BLOCKED = "ntp-blocked"
    BROKER_DOWN = "broker-down"
    STREAM_LOST = "stream-lost"
    TAIL_LOST = "tail-lost"
    AUTH_AWAY = "auth-away"
    HUB_KILL = "hub-kill"
    DATABASE_AWAY = "database-away"
    DATABASE_SLOW = "database-slow"
    COMMIT_UNKNOWN = "commit-unknown"
    DISK_FULL = "disk-full"
    RESTORED = "database-restored"
    LATE_CONTRACT = "contract-late"
    CORRECTION = "correction"


@dataclass(frozen=True, slots=True)
class Spec:
    """What a kind takes: how long it lasts at least and at most (ms), and its numbers with their bounds."""

    what: str
    house: bool = False
    is_wish: bool = False
    """Nothing goes wrong: somebody asks for something."""
    is_mixed: bool = True
    """It is drawn where nobody says which kinds may be: in mixed plans."""
    lasts_ms: tuple[int, int] = (0, 0)
    numbers: Mapping[str, tuple[int, int]] = field(default_factory=dict[str, tuple[int, int]])
    scaled: frozenset[str] = frozenset()
    """Numbers that are drawn as a duration is: small ones as often as large ones."""


SPECS: Final[Mapping[Kind, Spec]] = {
    Kind.LINK_CUT: Spec("the live connection breaks"),
    Kind.PUBLISH_CUT: Spec("the connection breaks so long after the next message has left", numbers={"after_ms": (0, 120)}),
    Kind.LOSSY: Spec("messages are lost", lasts_ms=(5_000, 600_000), numbers={"permille": (20, 400)}),
    Kind.DOUBLING: Spec("messages come twice", lasts_ms=(5_000, 600_000), numbers={"permille": (50, 500)}),
    Kind.REORDERING: Spec("messages overtake each other", lasts_ms=(5_000, 600_000), numbers={"permille": (50, 500)}),
    Kind.SLOW: Spec("messages take longer", lasts_ms=(5_000, 600_000), numbers={"by_ms": (100, 8_000)}),
    Kind.PARTITION: Spec("nothing gets through, and nobody is told", lasts_ms=(500, 1_200_000)),
    Kind.DEAF: Spec("nothing comes down", lasts_ms=(500, 600_000)),
    Kind.MUTE: Spec("nothing gets up", lasts_ms=(500, 600_000)),
    Kind.NAT: Spec("the network forgets idle connections", lasts_ms=(60_000, 900_000), numbers={"idle_ms": (2_000, 50_000)}),
    Kind.PORTAL: Spec(
        "connects meet a portal (0) or a lying name server (1)", lasts_ms=(1_000, 900_000), numbers={"lie": (0, 1)}
    ),
    Kind.FLAPPING: Spec(
        "the network goes for so long and is back for so long, again and again",
        lasts_ms=(30_000, 1_200_000),
        numbers={"down_ms": (50, 20_000), "up_ms": (200, 75_000)},
    ),
    Kind.POWER_CUT: Spec("the power goes", lasts_ms=(50, 600_000)),
    Kind.BROWNOUTS: Spec(
        "without a network the power goes for so long and is back for so long, again and again",
        lasts_ms=(300_000, 3_600_000),
        numbers={"down_ms": (50, 20_000), "up_ms": (10_000, 600_000)},
        scaled=frozenset({"down_ms"}),
    ),
    Kind.FLASH_CUT: Spec(
        "the power goes at the flash operation after so many (0 before, 1 half way, 2 after it), and perhaps again (-1: not)",
        numbers={"operations": (0, 40), "how": (0, 2), "again": (-1, 6), "again_how": (0, 2)},
    ),
    Kind.ERASE: Spec("the power goes, and the flash is wiped", lasts_ms=(50, 60_000)),
    Kind.ROT: Spec(
        "the power goes, and a bit of the flash turns", lasts_ms=(50, 60_000), numbers={"place": (0, 63), "bit": (0, 4095)}
    ),
    Kind.STOP: Spec("the program ends in order and starts again", lasts_ms=(50, 60_000)),
    Kind.UPGRADE: Spec(
        "the program ends in order and another firmware starts", lasts_ms=(50, 60_000), numbers={"model": (0, 255)}
    ),
    Kind.EXPIRED: Spec(
        "the broker refuses a device's connects until its credentials are renewed (1: and ends its connection)",
        lasts_ms=(1_000, 1_200_000),
        numbers={"ends": (0, 1)},
    ),
    Kind.LATE_MAIL: Spec(
        "the documents of a device's wishes come so much later (0), or at once and then again (1)",
        lasts_ms=(10_000, 600_000),
        numbers={"by_ms": (500, 90_000), "twice": (0, 1)},
    ),
    Kind.WISH: Spec(
        "somebody asks for a setting: which, and where in its range (1: the device is told at once, 0: by the next step)",
        is_wish=True,
        numbers={"setting": (0, 31), "permille": (0, 1_000), "announced": (0, 1)},
    ),
    Kind.TOUCH: Spec(
        "somebody changes a setting at the device: which, and where in its range",
        is_wish=True,
        numbers={"setting": (0, 31), "permille": (0, 1_000)},
    ),
    Kind.DEAD_CLOCK: Spec("the power goes, and the clock restarts in 1970", lasts_ms=(50, 10_000)),
    Kind.CLOCK_STEP: Spec("time servers lie", lasts_ms=(60_000, 1_200_000), numbers={"by_ms": (-86_400_000, 86_400_000)}),
    Kind.CLOCK_OFF: Spec(
        "time servers are a little early (0) or late (1), and the device asks them",
        lasts_ms=(60_000, 1_200_000),
        numbers={"by_ms": (20_000, 600_000), "late": (0, 1)},
        scaled=frozenset({"by_ms"}),
    ),
    Kind.CUT_ALL: Spec("every connection breaks", house=True),
    Kind.REGION: Spec(
        "many devices lose their power at once", house=True, lasts_ms=(50, 120_000), numbers={"permille": (100, 1_000)}
    ),
    Kind.NTP_BLOCKED: Spec("no time server answers", house=True, lasts_ms=(60_000, 1_800_000)),
    Kind.BROKER_DOWN: Spec("the broker dies and comes back with its stream", house=True, lasts_ms=(500, 300_000)),
    Kind.STREAM_LOST: Spec("the broker dies and comes back without its stream", house=True, lasts_ms=(500, 300_000)),
    Kind.TAIL_LOST: Spec(
        "the broker's machine loses its power, and the broker its last messages",
        house=True,
        lasts_ms=(500, 300_000),
        numbers={"messages": (1, 40)},
    ),
    Kind.AUTH_AWAY: Spec("authorisation refuses every connect", house=True, lasts_ms=(1_000, 300_000)),
    Kind.HUB_KILL: Spec(
        "the hub is killed after so many more effects", house=True, lasts_ms=(200, 60_000), numbers={"effects": (0, 400)}
    ),
    Kind.DATABASE_AWAY: Spec("the database is away", house=True, lasts_ms=(500, 300_000)),
    Kind.DATABASE_SLOW: Spec(
        "each commit takes so much longer", house=True, lasts_ms=(5_000, 300_000), numbers={"by_ms": (100, 15_000)}
    ),
    Kind.COMMIT_UNKNOWN: Spec("commits are made, and their answers lost", house=True, numbers={"times": (1, 3)}),
    Kind.DISK_FULL: Spec(
        "the disk of the database (0) or of the broker (1) is full",
        house=True,
        lasts_ms=(1_000, 300_000),
        numbers={"whose": (0, 1)},
    ),
    Kind.RESTORED: Spec(
        "the database is away, and comes back as it was so long before",
        house=True,
        lasts_ms=(500, 60_000),
        numbers={"back_ms": (1_000, 600_000)},
    ),
    Kind.LATE_CONTRACT: Spec(
        "the newest contracts, so many, are registered only now", house=True, lasts_ms=(200, 5_000), numbers={"versions": (1, 2)}
    ),
    Kind.CORRECTION: Spec(
        "somebody gives a device coefficients: of which calibration, which ones, and for records of all times (0), measured from so"
        " long ago on (1), or until then (2)",
        is_wish=True,
        is_mixed=False,
        numbers={"which": (0, 31), "permille": (0, 1_000), "bound": (0, 2), "back_ms": (0, 1_800_000)},
    ),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """At `at_ms`, `kind` happens to the device with this index (HOUSE: to the house) and lasts `lasts_ms`."""

    at_ms: int
    kind: Kind
    device: int = HOUSE
    lasts_ms: int = 0
    numbers: Mapping[str, int] = field(default_factory=dict[str, int])

    def document(self) -> dict[str, object]:
        """As it stands in the JSON."""
        return {"at_ms": self.at_ms, "kind": str(self.kind), "device": self.device, "lasts_ms": self.lasts_ms, **self.numbers}

    def __str__(self) -> str:
        whom = "" if self.device == HOUSE else f" device {self.device}"
        more = "".join(f" {name}={value}" for name, value in self.numbers.items())
        return (
            f"{self.at_ms / 1000:9.1f} s {self.kind}{whom}"
            + (f" for {self.lasts_ms / 1000:.1f} s" if self.lasts_ms else "")
            + more
        )


@dataclass(frozen=True, slots=True)
class Plan:
    """One run. `only` names the devices that are there, by index; None: all of them. `folder`: the product (None: the example)."""

    seed: int
    devices: int
    duration_ms: int
    faults: Sequence[Fault] = ()
    only: tuple[int, ...] | None = None
    folder: str | None = None
    contracts: str = ""
    """Digest of the contracts it was drawn for; empty: any."""
    code: str = ""
    """Version of Seamline it was drawn by; empty: any."""
    kept: Kept | None = None
    """What it was kept for."""
    core: str | None = None
    """The user's core it was run with, by its name on the command line; None: Seamline's. Reading a plan loads no code."""

    @property
    def present(self) -> tuple[int, ...]:
        """The devices that are there, by index."""
        return tuple(range(self.devices)) if self.only is None else self.only

    def write(self) -> str:
        """As JSON, a fault a line."""
        head: dict[str, object] = {"format": FORMAT, "code": self.code, "contracts": self.contracts, "folder": self.folder}
        head |= {"seed": self.seed, "devices": self.devices, "only": None if self.only is None else list(self.only)}
        head["duration_ms"] = self.duration_ms
        if self.core is not None:
            head["core"] = self.core
        if self.kept is not None:
            head["kept"] = self.kept.document()
        lines = ",\n    ".join(json.dumps(fault.document()) for fault in self.faults)
        return json.dumps(head, indent=2)[:-2] + ',\n  "faults": [' + (f"\n    {lines}\n  " if lines else "") + "]\n}\n"


def parse(text: str) -> Plan:
    """Read a plan. Raises PlanError naming what is wrong."""
    try:
        document: object = json.loads(text, object_pairs_hook=_once)
    except PlanError:
        raise
    except ValueError as error:
        raise PlanError(f"the plan is no JSON: {error}") from None
    if not isinstance(document, dict):
        raise PlanError("the plan is no JSON object")
    members = cast("dict[str, object]", document)
    if members.get("format") != FORMAT:
        raise PlanError(f"the plan's format is {members.get('format')!r}, this version of Seamline runs {FORMAT!r}")
    unknown = sorted(set(members) - MEMBERS)
    if unknown:
        raise PlanError(f"the plan has an unknown member {unknown[0]!r}")
    try:
        kept = parse_kept(members.get("kept"))
    except KeptError as error:
        raise PlanError(str(error)) from None
    devices = _whole(members, "devices", 1, DEVICES_MAX, "the plan")
    only = members.get("only")
    listed = members.get("faults")
    if not isinstance(listed, list) or len(cast("list[object]", listed)) > FAULTS_MAX:
        raise PlanError(f"the plan's faults are no list of at most {FAULTS_MAX}")
    duration_ms = _whole(members, "duration_ms", 1, DURATION_MS_MAX, "the plan")
    faults = tuple(_fault(entry, place, devices) for place, entry in enumerate(cast("list[object]", listed)))
    _end_in_time(faults, duration_ms)
    return Plan(
        seed=_whole(members, "seed", 0, SEED_MAX, "the plan"),
        devices=devices,
        duration_ms=duration_ms,
        faults=faults,
        only=None if only is None else _present(only, devices),
        folder=_text(members, "folder"),
        contracts=_text(members, "contracts") or "",
        code=_text(members, "code") or "",
        kept=kept,
        core=_text(members, "core"),
    )


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """A JSON object. Raises PlanError when a member stands in it twice: whoever edits a plan means one of them."""
    members = dict(pairs)
    if len(members) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise PlanError(f"the plan has the member {twice!r} twice in one object: leave one of them")
    return members


def _end_in_time(faults: Sequence[Fault], duration_ms: int) -> None:
    """Raise PlanError when a fault goes on after the time for faults: then everything is to be well."""
    for place, fault in enumerate(faults):
        ends_ms = fault.at_ms + fault.lasts_ms
        if ends_ms > duration_ms:
            message = f"fault {place} ({fault.kind}) goes on until {ends_ms} ms, and the plan's duration_ms is {duration_ms}"
            raise PlanError(f"{message}: end it earlier, or make the plan longer")


def _fault(entry: object, place: int, devices: int) -> Fault:
    where = f"fault {place}"
    if not isinstance(entry, dict):
        raise PlanError(f"{where} is no JSON object")
    members = cast("dict[str, object]", entry)
    try:
        kind = Kind(str(members.get("kind")))
    except ValueError:
        raise PlanError(f"{where}: unknown kind {members.get('kind')!r}; known are {', '.join(Kind)}") from None
    spec = SPECS[kind]
    unknown = sorted(set(members) - {"at_ms", "kind", "device", "lasts_ms", *spec.numbers})
    if unknown:
        raise PlanError(f"{where} ({kind}) has an unknown member {unknown[0]!r}")
    low, high = (HOUSE, HOUSE) if spec.house else (0, devices - 1)
    return Fault(
        at_ms=_whole(members, "at_ms", 0, DURATION_MS_MAX, where),
        kind=kind,
        device=_whole({"device": members.get("device", HOUSE)}, "device", low, high, where),
        lasts_ms=_whole({"lasts_ms": members.get("lasts_ms", 0)}, "lasts_ms", 0, DURATION_MS_MAX, where),
        numbers={name: _whole(members, name, *bounds, where) for name, bounds in spec.numbers.items()},
    )


def _present(only: object, devices: int) -> tuple[int, ...]:
    listed = cast("list[object]", only) if isinstance(only, list) else []
    if not listed:
        raise PlanError("the plan's `only` is no list of device indices")
    present = tuple(_whole({"only": entry}, "only", 0, devices - 1, "the plan") for entry in listed)
    if len(set(present)) < len(present):
        raise PlanError("the plan's `only` names a device twice")
    return present


def _text(members: Mapping[str, object], name: str) -> str | None:
    value = members.get(name)
    if value is not None and not isinstance(value, str):
        raise PlanError(f"the plan: {name} is {value!r}; a text is needed")
    return value


def _whole(members: Mapping[str, object], name: str, low: int, high: int, where: str) -> int:
    value = members.get(name)
    if type(value) is not int or not low <= value <= high:
        raise PlanError(f"{where}: {name} is {value!r}; a whole number in {low}..{high} is needed")
    return value
