"""The port to a device core: what the rig asks of one, and all that it may rely on. `seamline.device.Core` keeps it.

A core is made anew for each boot, of what the flash then holds; nothing else survives. Every `now_ms` is the uptime of that boot. A call
changes the core, and may leave *effects*: tuples that the rig carries out in their order, each before the next, as a driver does on
a board (`seamline.device.core`):

    ("persist", key, bytes)     ("forget", key)        flash; c0 and c1 are the counters as docs/wire.md has them, the rest is the core's
    ("connect", will)           ("close", reason)      the link
    ("publish", kind, bytes)                           to up/<device>/<kind>
    ("apply", property, value, version)                left to the rig, which obeys at once and calls `report`; a core that has its
                                                       own application leaves none, and says in its twin reports what it does

What a core says must keep docs/wire.md: the promises of the rig are about that.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias, runtime_checkable

from seamline.device import Policy
from seamline.device.shapes import Document, Effect, Random, Stored


@runtime_checkable
class DeviceCore(Protocol):
    """One device, from one boot to the end of its power."""

    @property
    def state(self) -> str:
        """offline, connecting, greeting or live."""
        ...

    @property
    def incarnation(self) -> int:
        """Of this boot; 0 before `start`."""
        ...

    @property
    def boot(self) -> int:
        """Of this boot; 0 before `start`."""
        ...

    def start(self, now_ms: int, reset: str, firmware: str) -> None:
        """Begin the boot, once."""
        ...

    def record(self, now_ms: int, channel: int, body: bytes) -> int:
        """Number one record, measured at `now_ms`, and take custody of it; returns its sequence: 0, 1, 2, … by channel and boot.

        An event beyond the contract's bound is only counted: -1.
        """
        ...

    def stop(self, now_ms: int) -> None:
        """The program ends in order, with this last call."""
        ...

    def connected(self, now_ms: int) -> None:
        """The link is up."""
        ...

    def connect_failed(self, now_ms: int, reason: str) -> None:
        """The connect did not succeed."""
        ...

    def disconnected(self, now_ms: int, reason: str) -> None:
        """The link ended."""
        ...

    def receive(self, now_ms: int, kind: str, payload: bytes) -> None:
        """A downlink came on dn/<device>/<kind>."""
        ...

    def clock(self, now_ms: int, unix_ms: int, source: str, uncertainty_ms: int) -> None:
        """The time was learnt."""
        ...

    def report(self, now_ms: int, prop: str, value: object, based_on: int | None = None) -> None:
        """A setting's value as it comes at boot, as somebody has just set it at the device, or as the rig applied it (`based_on`)."""
        ...

    def tick(self, now_ms: int) -> None:
        """Let time pass."""
        ...

    def effects(self) -> list[Effect]:
        """What to do now, drained, in order."""
        ...

    def deadline(self) -> int | None:
        """The uptime at which `tick` is due; None only before `start`."""
        ...

    def books(self) -> Document:
        """Its bounds: `flight`, `bytes`, `pending_losses` (a list), `channels` (by number, each with `held`)."""
        ...


CoreFactory: TypeAlias = Callable[[Policy, str, Random, Stored], DeviceCore]
"""Makes the core of a boot: of the contract's policy, the device's name, its random numbers of 32 bits, and what flash holds."""
