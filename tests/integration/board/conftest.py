"""A hub at the pace of the boards, and a rig that drives what stands on the desk."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from seamline.contract import Family, load_family
from seamline.contract.pace import Pace
from seamline.rig.board.console import SerialConsole
from seamline.rig.board.desk import desk
from seamline.rig.board.port import BoardPort
from seamline.rig.board.proxy import open_proxy
from seamline.rig.board.relay import relay_of
from seamline.rig.board.session import Report, Session, Subject
from seamline.rig.board.timeserver import open_time
from seamline.rig.board.translate import translate
from seamline.rig.world.plan import Fault, Plan
from seamline.stack import Settings, Stack
from seamline.testing.stack import stack

FACTOR = 60
EVERY_MS_MAX = 500
PACE = Pace(FACTOR, EVERY_MS_MAX)
SLACK_MS = 500
"""How late the fastest line of three minutes may be read here, where the machine may be shared."""


@pytest.fixture(scope="session")
def family(heater: Path) -> Family:
    """The heater with all its versions, at the boards' pace."""
    return PACE.family(load_family(heater))


@pytest.fixture(scope="session")
def house(heater: Path) -> Iterator[Stack]:
    """Broker, database, authorisation and hub, at the boards' pace."""
    settings = Settings(http_port=0, hub={"pace_factor": FACTOR, "publish_every_ms_max": EVERY_MS_MAX})
    with stack(contracts=(heater,), settings=settings) as running:
        yield running


@dataclass(slots=True)
class Rig:
    """Drives one board. `flash` makes its command from (folder, broker's port, time server's port)."""

    house: Stack
    family: Family
    device: str
    folder: Path
    flash: object
    spoken: list[str] = field(default_factory=list)
    session: Session | None = None
    hears: object = None
    """(session, line) -> the line as the rig hears it, or None for one that is lost."""

    def run(self, *faults: Fault, lasts_ms: int, meanwhile=None) -> Report:
        return asyncio.run(self._run(Plan(1, 1, lasts_ms, faults), meanwhile))

    async def _run(self, plan, meanwhile):
        house = self.house
        with ExitStack() as desks:
            async with (
                asyncio.timeout(180),
                open_proxy(("127.0.0.1", 0), (house.mqtt_host, house.mqtt_port)) as way,
                open_time("127.0.0.1") as time,
            ):
                made = desks.enter_context(desk(self.folder, self.flash(self.folder, way.port, time.port)))
                layouts = list(self.family.layouts.values())
                contracts = list(self.family.versions.values())
                subject = Subject(self.device, contracts, layouts, house.dsn, str(made.console), SLACK_MS)
                self.session = Session(subject, self.spoken.append)
                port = BoardPort(SerialConsole(made.console, self._heard), way, relay_of(made.relay), time)
                beside = asyncio.create_task(meanwhile(self.session)) if meanwhile else None
                report = await self.session.run(port, lambda abilities: translate(plan, 0, abilities))
                if beside is not None:
                    await beside
                return report

    def _heard(self, line, read_ms):
        told = line if self.hears is None else self.hears(line)
        if told is not None:
            self.session.heard(told, read_ms)
