"""The bad days by name: which of the seven questions each belongs to, and what happens.

docs/bad-days.md has the whole table; `rig.world.scenarios` says which of them the rig makes (`DAYS`), by which states a day has come,
and what the others wait for (`OPEN`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, NamedTuple

from seamline.rig.world.scenarios import OPEN

if TYPE_CHECKING:
    from seamline.contract import Contract


class About(NamedTuple):
    """A bad day: the question it belongs to, and what happens."""

    question: int
    happens: str


UPDATES: Final = "there are no updates in this version of Seamline"
IDENTITY: Final = "Seamline has no factory, claiming or renewal yet"
COMMANDS: Final = "commands are not on the wire yet"
SCREENS: Final = "nothing that reads every screen exists yet"
WEAR: Final = "there are no reboot reasons, wear trends or link quality for each device yet"
RAISED: Final = "firmware cannot raise or clear a fault on the wire yet, and no screen shows the readings around one"
UNDESCRIBED: Final = "it is no bad day that Seamline describes"
ELSEWHERE: Final = "Seamline's own tests prove it, the rig does not make it for a product"

ABOUT: Final[Mapping[str, About]] = {
    "drop-mid-publish": About(6, "the connection dies inside a publish; the device sends again"),
    "slow-backend": About(6, "the hub takes longer than the device waits"),
    "rate-limited": About(5, "the hub says busy, come back later"),
    "online-but-deaf": About(4, "the device publishes and hears nothing"),
    "lying-network": About(6, "captive portal, name servers that lie, forgetful NAT, no NTP"),
    "fault-traced": About(6, "the firmware raises a fault"),
    "power-cut-anywhere": About(2, "power is cut at any flash operation of an update"),
    "captive-portal": About(2, "a new image is healthy, but cannot report it"),
    "mixed-fleet": About(7, "every version in the field at once"),
    "factory-run": About(3, "thousands of units are made, some twice"),
    "reset-and-resale": About(3, "factory reset, return, sale to another account"),
    "claim-leaked": About(3, "the shared claim certificate is stolen"),
    "expired-offline": About(3, "a device was off for longer than its certificate lives"),
    "offline-toggle": About(4, "a setting and a command are sent to a device that is offline"),
    "two-day-fiction": About(4, "the device has been silent for two days"),
    "regional-power-cut": About(5, "a whole region comes back in the same second"),
    "week-offline": About(6, "the buffer fills"),
    "erased-counter": About(3, "flash is wiped; boot and sequence start again"),
    "born-in-1970": About(6, "the clock restarts at the epoch"),
    "raw-counts": About(6, "a coefficient is corrected later"),
    "partial-outage": About(6, "database, hub, broker or network away; any process killed"),
    "site-cut-off": About(6, "a site loses the cloud for days"),
    "weak-signal": About(2, "30 % loss while an image is downloaded"),
    "bad-release": About(2, "a firmware passes its self-test and crashes later"),
    "wearing-out": About(6, "brown-outs, cuts in flash operations, bits that turn"),
    "node-goes-dark": About(4, "a camera or sensor dies"),
    "cable-pulled": About(2, "the cable comes out during flashing"),
}

EVERYTHING: Final = "everything-at-once"
"""The name under which plans of all kinds of fault run: no bad day of the table, the mixture of them all."""


PARTS: Final[Mapping[str, str]] = {
    "offline-toggle": COMMANDS, "two-day-fiction": SCREENS, "wearing-out": WEAR, "fault-traced": RAISED,
}  # fmt: skip
"""The days of the table that are proved in part, and what is missing."""


def part_of(name: str, contract: Contract | None) -> tuple[str, ...]:
    """What of a day nobody can prove yet, for a product; a contract without commands misses none."""
    if name not in PARTS or (name == "offline-toggle" and contract is not None and not contract.commands):
        return ()
    return (PARTS[name],)


def about(name: str) -> About:
    """Return what is known of a day, also of one that nobody described."""
    return ABOUT.get(name, About(6, name.replace("-", " ")))


def waits_for(name: str) -> str:
    """Say why the rig does not make a day."""
    if name in PARTS and name not in OPEN:
        return f"{ELSEWHERE}; {PARTS[name]}"
    return OPEN.get(name, ELSEWHERE if name in ABOUT else UNDESCRIBED)
