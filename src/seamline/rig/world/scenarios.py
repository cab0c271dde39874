"""Named mixes of faults: the bad days of docs/bad-days.md that this world can make, and what each is made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from seamline.rig.world.plan import Kind

SCENARIOS: Final[Mapping[str, tuple[Kind, ...]]] = {
    "drop-mid-publish": (Kind.LINK_CUT, Kind.CUT_ALL, Kind.LOSSY, Kind.DOUBLING, Kind.REORDERING),
    "slow-backend": (Kind.DATABASE_SLOW, Kind.COMMIT_UNKNOWN, Kind.SLOW),
    "rate-limited": (Kind.DATABASE_AWAY, Kind.DATABASE_SLOW, Kind.AUTH_AWAY),
    "online-but-deaf": (Kind.DEAF, Kind.MUTE, Kind.NAT),
    "lying-network": (Kind.PORTAL, Kind.NAT, Kind.NTP_BLOCKED, Kind.CLOCK_STEP),
    "mixed-fleet": (Kind.UPGRADE, Kind.STOP, Kind.POWER_CUT),
    "regional-power-cut": (Kind.REGION, Kind.CUT_ALL),
    "week-offline": (Kind.PARTITION, Kind.BROKER_DOWN, Kind.POWER_CUT),
    "erased-counter": (Kind.ERASE, Kind.ROT, Kind.FLASH_CUT),
    "born-in-1970": (Kind.DEAD_CLOCK, Kind.CLOCK_STEP, Kind.NTP_BLOCKED, Kind.POWER_CUT),
    "partial-outage": (
        Kind.BROKER_DOWN,
        Kind.STREAM_LOST,
        Kind.HUB_KILL,
        Kind.DATABASE_AWAY,
        Kind.COMMIT_UNKNOWN,
        Kind.AUTH_AWAY,
        Kind.PARTITION,
    ),
    "wearing-out": (Kind.FLASH_CUT, Kind.ROT, Kind.POWER_CUT, Kind.DEAD_CLOCK),
}
"""A name says which faults are drawn, and that every promise of the world holds under them; not yet the day's own promise."""
