"""A device whose power goes again and again while it has no network, as in a house whose fuse trips, router and all."""

from __future__ import annotations

from typing import Final

from seamline.rig.world.device import Device
from seamline.rig.world.heap import MS, Heap


class Brownouts:
    """One such time of a device, from now until `end`: dark first, then up, and never with a network."""

    def __init__(self, device: Device, heap: Heap, down_ms: int, up_ms: int) -> None:
        self._device: Final = device
        self._heap: Final = heap
        self._down_us: Final = down_ms * MS
        self._up_us: Final = up_ms * MS
        device.link.weather.away += 1
        self._fall()

    def end(self) -> None:
        """The network is back. A device that is dark comes back when its time is over."""
        self._timer.cancel()
        self._device.link.weather.away -= 1

    def _fall(self) -> None:
        self._device.power_cut(self._down_us, "brownout")
        self._timer = self._heap.after(self._down_us + self._up_us, self._fall)
