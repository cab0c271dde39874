"""Holds what the hub was told of time against what each device's clock was told: no anchor stays lost on the way."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from seamline.device.clock import Clock
from seamline.rig.world.device import Device
from seamline.rig.world.tables_hub import Tables


class AnchorAudit:
    """The anchors of a world. A core that has not Seamline's clock is not looked into."""

    def __init__(self, tables: Tables, devices: Iterable[Device]) -> None:
        self._tables: Final = tables
        self._devices: Final = tuple(devices)

    def untold(self) -> tuple[int, str] | None:
        """A device with an anchor that the hub does not have, the newest of its source: (its index, which)."""
        for device in self._devices:
            core, row = device.core, self._tables.device.rows.get(device.name)
            clock = getattr(core, "_clock", None)
            if core is None or row is None or not isinstance(clock, Clock):
                continue
            for at_ms, told_ms, source, _ in clock.anchors():
                if (row["no"], core.incarnation, core.boot, at_ms, told_ms, source) not in self._tables.anchor.rows:
                    return device.index, f"was told the time by {source} at uptime {at_ms} ms, and the hub does not know it"
        return None
