"""Holds what the hub shows of devices that ask in vain: a device whose questions came through and were not answered is not online.

How often and when a device asked, its watch has seen; that the last question came, the broker knows, and that nothing was in the way
of those before it, the plan says. A device asks after its contract's answer timeout, again, and after twice that (docs/wire.md); the
third question tells of the two before it.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Final

from seamline.hub.presence import DEAF_UNANSWERED, State
from seamline.rig.world.device import Device
from seamline.rig.world.heap import MS
from seamline.rig.world.plan import HOUSE, SPECS, Fault, Kind
from seamline.rig.world.promises import BrokenPromise

TOLD_MS: Final = 8_000
"""Within this the last question is in the database: a slow network's way, a batch, and a row that is written once a second."""
EARLY_MS: Final = 1_000
"""A device's uptime may be so much off since it asked."""
AFTER_MS: Final = 300_000
"""So long after a fault of the house everything it did to the stream has been made up for."""
HARMLESS: Final = frozenset({Kind.DEAF, Kind.CLOCK_STEP, Kind.CLOCK_OFF, Kind.NTP_BLOCKED})
"""Faults that stand in no question's way."""


class DeafAudit:
    """The devices of a world that nobody answers."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        """`faults`: of the plan."""
        self.faults: Final = faults
        self._in_the_way: Final[dict[int, array[int]]] = {}
        """By device: when its questions may not have come through, from and until, in ms, one after the other."""
        for fault in faults:
            if fault.kind not in HARMLESS and not SPECS[fault.kind].is_wish:
                until_ms = fault.at_ms + fault.lasts_ms + (AFTER_MS if fault.device == HOUSE else 0)
                self._in_the_way.setdefault(fault.device, array("q")).extend((fault.at_ms, until_ms))

    def look(self, device: Device, shown: State, now_us: int, stored_us: int) -> None:
        """The hub, which has nothing in its way, shows the device as `shown`; the broker stored its last word at `stored_us`.

        Raises BrokenPromise.
        """
        watch = device.watch
        if shown is not State.ONLINE or watch is None or watch.in_vain <= DEAF_UNANSWERED or not device.link.is_connected:
            return
        since_ms = device.uptime_ms - watch.asked_ms
        timeout_ms = device.model.contract.timing.answer_timeout_ms
        asking_ms = timeout_ms * ((1 << watch.in_vain) - 1) + since_ms
        has_come = (now_us - stored_us) // MS <= since_ms + EARLY_MS
        if has_come and since_ms > TOLD_MS and self._came_through(device.index, now_us // MS - asking_ms, now_us // MS):
            what = f"is shown as online, and has asked {watch.in_vain} times in vain, last {since_ms} ms ago"
            raise BrokenPromise("deaf-shown", what, device.index)

    def _came_through(self, device: int, from_ms: int, until_ms: int) -> bool:
        strikes = [*self._in_the_way.get(device, ()), *self._in_the_way.get(HOUSE, ())]
        return all(at_ms > until_ms or ended_ms < from_ms for at_ms, ended_ms in zip(strikes[::2], strikes[1::2], strict=True))
