"""What is asked, stage by stage. Ids stay: reports of different days are compared by them."""

from __future__ import annotations

from typing import Final

from seamline.rig.gate.bad_days import EVERYTHING, about
from seamline.rig.gate.verdict import Criterion, Stage

SURVIVES: Final = "survives "
"""How the title of a bad day begins."""
OWNERS: Final = Criterion(
    "map.owners", Stage.MAP, 1, "every boundary and every wait has an owner who can be reached",
    "name an owner with a team and a contact for each boundary",
)  # fmt: skip
SEAMS: Final = Criterion(
    "map.seams", Stage.MAP, 1, "the seams lead from the device to who reads it",
    "describe the handoffs from the device to the broker, to the hub, and to who reads: each as FROM-TO",
)  # fmt: skip
FAILURES: Final = Criterion(
    "map.failures", Stage.MAP, 6, "every boundary says what it promises, and what happens when that fails",
    "write on_failure: what the other side sees and does",
)  # fmt: skip
CHECK: Final = Criterion(
    "build.check", Stage.BUILD, 6, "the contract breaks no rule", "mend what `seamline contract check` lists; `explain` says why"
)
EVOLUTION: Final = Criterion(
    "build.evolution", Stage.BUILD, 7, "nothing in the field breaks with this version",
    "keep what devices rely on, give the new thing another name, or retire the version",
)  # fmt: skip
CODECS: Final = Criterion(
    "build.codecs", Stage.BUILD, 7, "everything is generated, and every version's records come back as they were sent",
    "report this: a generated codec disagrees with the layout",
)  # fmt: skip
BUDGETS: Final = Criterion(
    "build.budgets", Stage.BUILD, 6, "what is reckoned fits what is declared",
    "send less or less often, or declare more of what it takes",
)  # fmt: skip
STORM: Final = Criterion(
    "launch.storm", Stage.LAUNCH, 5, "the whole fleet is back within its recovery time, and the cloud within its limits",
    "raise fleet.recovery, accept more connects, or sell fewer devices",
)  # fmt: skip
FLEET: Final = Criterion(
    "launch.fleet", Stage.LAUNCH, 5,
    f"{SURVIVES}regional-power-cut at fleet size: everybody loses power at once, each with its real device core",
    "run the replay line; raise fleet.recovery, or accept more connects",
)  # fmt: skip
PROOFS: Final = Criterion(
    "launch.proofs",
    Stage.LAUNCH,
    6,
    "every boundary names the bad days that prove it",
    "write proven_by: the bad days that it survives",
)
FROZEN: Final = Criterion(
    "lock.frozen", Stage.LOCK, 1, "every version in the field is frozen, and as it was released",
    "release with `seamline contract release`; restore what was edited from version control",
)  # fmt: skip
WORKING_COPY: Final = Criterion(
    "lock.working-copy", Stage.LOCK, 1, "contract.yaml is a released version, or one that breaks nothing",
    "release it, or take back what breaks the field",
)  # fmt: skip
DEPARTURES: Final = Criterion(
    "lock.departures", Stage.LOCK, 7, "a version has left the field only because no device has it",
    "give --fleet URL, so that the devices are counted; update those that are left",
)  # fmt: skip

FIXED: Final = (
    OWNERS,
    SEAMS,
    FAILURES,
    CHECK,
    EVOLUTION,
    CODECS,
    BUDGETS,
    STORM,
    FLEET,
    PROOFS,
    FROZEN,
    WORKING_COPY,
    DEPARTURES,
)


REGRESSIONS: Final = Criterion(
    "harden.regressions", Stage.HARDEN, 6, "what once broke, and was promoted, holds", "run the replay line; mend what came back"
)
REPLAY: Final = "run the replay line, which repeats what happened event by event; where a day has not come, give more --seeds"


def of_day(name: str, *, made: bool) -> Criterion:
    """The criterion of a bad day: at harden when the rig makes it, else at launch, where a day that nobody can make is a day unproven."""
    found = about(name)
    if made:
        return Criterion(f"harden.{name}", Stage.HARDEN, found.question, f"{SURVIVES}{name}: {found.happens}", REPLAY)
    remedy = "prove it elsewhere and say where, until the rig can make it"
    return Criterion(f"launch.{name}", Stage.LAUNCH, found.question, f"{SURVIVES}{name}: {found.happens}", remedy)


MIXTURE: Final = Criterion(
    f"harden.{EVERYTHING}", Stage.HARDEN, 6, f"{SURVIVES}{EVERYTHING}: faults of every kind, mixed as seeds draw them",
    REPLAY,
)  # fmt: skip
