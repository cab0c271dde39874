"""A bad day on stage: a fleet on the real stack, a tape of what each device really sent and heard, and the verdict at the end."""

from __future__ import annotations

import asyncio
import json
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field

import psycopg

from seamline.agent.reasons import ConnectError
from seamline.contract import Family
from seamline.rig.device import Model, SimulatedDevice
from seamline.rig.fleet import Fleet, FleetPlan, open_fleet
from seamline.rig.verify import Verdict, verify
from seamline.stack import Stack

PATIENCE_S = 90.0
"""For what takes seconds: the machine may be shared."""


@dataclass(frozen=True, slots=True)
class Entry:
    """At the loop's time `at_s`: `dial`, `connected`, `failed`, `lost`, `close`, `up <kind>` or `dn <kind>`, with payload or reason."""

    at_s: float
    what: str
    payload: bytes = b""

    @property
    def said(self):
        """A control message's members."""
        return json.loads(self.payload)


@dataclass(slots=True)
class Tape:
    """What passed between one device and its broker, in order."""

    entries: list[Entry] = field(default_factory=list)

    def note(self, what: str, payload: bytes = b"") -> None:
        self.entries.append(Entry(asyncio.get_running_loop().time(), what, payload))

    def of(self, *whats: str) -> list[Entry]:
        return [entry for entry in self.entries if entry.what in whats]

    def count(self, what: str) -> int:
        return sum(entry.what == what for entry in self.entries)


class TapedPort:
    """A device's port that keeps a tape; `hears` False swallows every downlink, as a subscription that the network forgot."""

    def __init__(self, inner, tape: Tape) -> None:
        self._inner = inner
        self.tape = tape
        self.hears = True

    async def connect(self, will, timeout_ms, keep_alive_ms, on_message, on_lost):
        def heard(kind, payload):
            if self.hears:
                self.tape.note(f"dn {kind}", payload)
                on_message(kind, payload)

        def lost(reason):
            self.tape.note("lost", reason.encode())
            on_lost(reason)

        self.tape.note("dial")
        try:
            connection = await self._inner.connect(will, timeout_ms, keep_alive_ms, heard, lost)
        except ConnectError as error:
            self.tape.note("failed", error.reason.encode())
            raise
        self.tape.note("connected")
        return TapedConnection(connection, self.tape)


class TapedConnection:
    """See TapedPort."""

    def __init__(self, inner, tape: Tape) -> None:
        self._inner = inner
        self._tape = tape

    def publish(self, kind, payload):
        self._tape.note(f"up {kind}", payload)
        self._inner.publish(kind, payload)

    async def close(self):
        self._tape.note("close")
        await self._inner.close()

    def abort(self):
        self._tape.note("close")
        self._inner.abort()


@dataclass(slots=True)
class Scene:
    """A fleet, its tapes (by device, in order) and how to end it."""

    house: Stack
    family: Family
    fleet: Fleet
    taped: list[TapedPort]

    @property
    def devices(self) -> Sequence[SimulatedDevice]:
        return self.fleet.devices

    @property
    def tapes(self) -> list[Tape]:
        return [port.tape for port in self.taped]

    async def until(self, holds: Callable[[], object], what: str, timeout_s: float = PATIENCE_S) -> None:
        assert await self.fleet.until(lambda: bool(holds()), timeout_s), f"not within {timeout_s:g} s: {what}"

    async def lively(self) -> None:
        """Everybody is on, answered, and has had something of what it measured from now on taken over."""
        before = [device.truth.acknowledged for device in self.devices]
        await self.until(
            lambda: all(
                device.boot is not None and device.boot.answered and device.truth.acknowledged > count
                for device, count in zip(self.devices, before, strict=True)
            ),
            "every device delivers",
        )

    async def verdict(self) -> Verdict:
        """Stop measuring, deliver everything, and hold the database against the truth; fails unless every promise held."""
        self.fleet.rest()
        drained = await self.fleet.drained(PATIENCE_S)
        held = {device.id: device.held for device in self.devices if not device.settled}
        assert drained, f"still undelivered: {held}"
        layouts = list(self.family.layouts.values())
        verdict = await asyncio.to_thread(verify, self.house.dsn, self.fleet.truths, layouts)
        assert not verdict.problems, "\n".join(verdict.problems)
        sums = verdict.sums
        assert sums.numbered > 0
        assert (sums.owed, verdict.duplicates_stored, verdict.misdated, verdict.value_mismatches) == (0, 0, 0, 0)
        assert sums.numbered == sums.stored + sums.quarantined + sums.declined + sums.lost
        return verdict


@asynccontextmanager
async def scene(
    house: Stack, family: Family, models: Sequence[Model], name: str, devices: int, *, linked: bool = True, seed: int = 1
) -> AsyncIterator[Scene]:
    """The fleet, dark; ids begin with `name`."""
    async with open_fleet(house, models, FleetPlan(devices, seed, linked, name)) as fleet:
        taped = []
        for device in fleet.devices:
            port = TapedPort(device.port._inner, Tape())
            device.port._inner = port
            taped.append(port)
        yield Scene(house, family, fleet, taped)


@contextmanager
def locked(house: Stack, table: str = "ledger") -> Iterator[None]:
    """While this lasts, no commit of the hub gets through: it is as slow as we like."""
    with psycopg.connect(house.dsn) as connection:
        connection.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        yield


def query(house: Stack, text: str, *parameters: object) -> list[tuple]:
    """Rows of the hub's database."""
    with psycopg.connect(house.dsn) as connection:
        return connection.execute(text, parameters).fetchall()


def told(house: Stack, path: str):
    """What the API says."""
    with urllib.request.urlopen(f"{house.url}/api{path}", timeout=30) as answer:
        return json.load(answer)
