"""What `seamline rig board run` does: opens a hub or joins one, puts the port together, draws or reads the plan, and runs."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncGenerator, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from seamline.contract import Family
from seamline.contract.pace import Pace
from seamline.rig.board.console import SerialConsole
from seamline.rig.board.days import NOT_ON_DESK, ON_DESK, DeskDay
from seamline.rig.board.desk import simulated_desk
from seamline.rig.board.errors import BoardError
from seamline.rig.board.port import BoardPort
from seamline.rig.board.proxy import BrokerProxy, open_proxy
from seamline.rig.board.relay import relay_of
from seamline.rig.board.session import Report, Say, Session, Subject
from seamline.rig.board.simulated import Config
from seamline.rig.board.timeserver import TimeServer, open_time
from seamline.rig.board.translate import Abilities, Course, translate
from seamline.rig.world.draw import draw
from seamline.rig.world.plan import Plan
from seamline.rig.world.scenarios import Day
from seamline.stack import Settings, Stack

DRAWN_MS: Final = 3_600_000
"""A plan is drawn for an hour, and then run as fast as wished."""
DRAWS_MAX: Final = 64
"""A mix may leave every kind out; then the next seed is taken."""

Address = tuple[str, int]


class NothingToDoError(BoardError):
    """A plan of which a board can do nothing."""


@dataclass(frozen=True, slots=True)
class Hub:
    """The hub that a board meets: its broker, its database, and, where the hub is ours, the board's certificate."""

    broker: Address
    dsn: str
    stack: Stack | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the command line gives. Without `console` the board is a simulated one. `plan` or `day` says what goes wrong.

    `scenario` is the name of the day.
    """

    device: str
    folder: Path
    family: Family
    seconds: float
    console: Path | None = None
    baud: int = 115_200
    relay: str | None = None
    listen: Address = ("127.0.0.1", 0)
    time_listen: Address | None = None
    plan: Plan | None = None
    place: int | None = None
    day: Day | None = None
    scenario: str = ""
    seed: int = 0
    pace: int = 1
    publish_every_ms_max: int = 0

    @property
    def on_desk(self) -> DeskDay | None:
        """What makes the day on a desk, where it is a named one."""
        return ON_DESK.get(self.scenario)

    @property
    def hurry(self) -> Pace:
        """How much faster than its contract the board lives."""
        return Pace(self.pace, self.publish_every_ms_max)


@contextmanager
def own_hub(state: Path | None, wanted: Wanted) -> Generator[Hub]:
    """Start broker, database and hub for the board's product. Raises StackError."""
    hub: Mapping[str, object] = (
        {"pace_factor": wanted.pace, "publish_every_ms_max": wanted.publish_every_ms_max} if wanted.hurry != Pace() else {}
    )
    with Stack(Settings(state=state, http_port=0, contracts=(wanted.folder,), hub=hub)) as stack:
        yield Hub((stack.mqtt_host, stack.mqtt_port), stack.dsn, stack)


async def run(wanted: Wanted, hub: Hub, say: Say) -> Report:
    """Run one board against a hub. Raises BoardError, psycopg.Error."""
    async with open_proxy(wanted.listen, hub.broker) as way, _time(wanted) as time:
        say(f"the board connects to port {way.port} of {wanted.listen[0]}")
        if hub.stack is not None:
            issued = await asyncio.to_thread(hub.stack.issue, wanted.family.product, [wanted.device])
            credentials = issued[wanted.device]
            say(f"its certificate is {credentials.cert}, its key {credentials.key}, and it trusts {hub.stack.ca_file}")
        if wanted.console is not None:
            return await _drive(wanted, hub, say, way, time, wanted.console, wanted.relay)
        with tempfile.TemporaryDirectory(prefix="seamline-board-") as folder:
            config = _flashed(wanted, hub, Path(folder), way, time)
            with simulated_desk(Path(folder), config) as desk:
                return await _drive(wanted, hub, say, way, time, desk.console, desk.relay)


async def _drive(
    wanted: Wanted, hub: Hub, say: Say, way: BrokerProxy, time: TimeServer | None, console: Path, relay: str | None
) -> Report:
    family = wanted.family
    versions = {contract.reference: wanted.hurry.contract(contract) for contract in (*family.versions.values(), family.current)}
    subject = Subject(wanted.device, list(versions.values()), list(family.layouts.values()), hub.dsn, str(console))
    session = Session(subject, say, wanted.on_desk)
    power = relay_of(relay) if relay is not None else None
    port = BoardPort(SerialConsole(console, session.heard, wanted.baud), way, power, time)
    return await session.run(port, lambda abilities: course_of(wanted, abilities))


def course_of(wanted: Wanted, abilities: Abilities) -> Course:
    """Translate the plan, or draw one with what makes its day, as far as this board can do it. Raises NothingToDoError."""
    if wanted.plan is not None:
        place = wanted.plan.present[0] if wanted.place is None else wanted.place
        return _something(_scaled(wanted.plan, place, abilities, wanted.seconds), "the plan")
    day, on_desk, seeds = wanted.day, wanted.on_desk, range(wanted.seed, wanted.seed + DRAWS_MAX)
    _can_be_met(wanted.scenario, on_desk, abilities)
    plans = (draw(seed, 1, DRAWN_MS) if day is None else day.plan(seed, 1, DRAWN_MS) for seed in seeds)
    courses = [_scaled(plan, 0, abilities, wanted.seconds) for plan in plans]
    fit = (course for course in courses if (course.steps if on_desk is None else on_desk.is_in(course)))
    course = _something(next(fit, courses[0]), "the scenario")
    return course if on_desk is None else on_desk.noticed(course, wanted.hurry.contract(wanted.family.current))


def _can_be_met(scenario: str, day: DeskDay | None, abilities: Abilities) -> None:
    """Refuse a day of which this desk can do nothing but what goes with it."""
    reasons = [NOT_ON_DESK[scenario]] if scenario in NOT_ON_DESK else [] if day is None else day.reasons(abilities)
    if reasons:
        raise NothingToDoError(f"what makes the scenario {scenario} cannot be done to this board: {'; '.join(reasons)}")


def _scaled(plan: Plan, place: int, abilities: Abilities, seconds: float) -> Course:
    return translate(plan, place, abilities, plan.duration_ms / 1000 / seconds)


def _something(course: Course, what: str) -> Course:
    if not course.steps:
        reasons = "; ".join(dict.fromkeys(f"{kind}: {why}" for kind, why, _ in course.left_out)) or "it has no faults"
        raise NothingToDoError(f"{what} has nothing that can be done to this board: {reasons}")
    return course


def _flashed(wanted: Wanted, hub: Hub, folder: Path, way: BrokerProxy, time: TimeServer | None) -> Config:
    """What a simulated board is flashed with. Raises BoardError where nobody can give it a certificate."""
    if hub.stack is None:
        raise BoardError("a simulated board needs a certificate of the rig's own hub: leave --broker out, or name a --console")
    issued = hub.stack.credentials(wanted.device)
    return Config(
        device=wanted.device,
        contract=str(wanted.folder),
        state=str(folder / "flash"),
        host=wanted.listen[0],
        port=way.port,
        ca=str(hub.stack.ca_file),
        cert=str(issued.cert),
        key=str(issued.key),
        pace=wanted.pace,
        publish_every_ms_max=wanted.publish_every_ms_max,
        ntp_host=wanted.listen[0],
        ntp_port=time.port if time is not None else 0,
    )


@asynccontextmanager
async def _time(wanted: Wanted) -> AsyncGenerator[TimeServer | None]:
    """The rig's time server, where the board asks one."""
    if wanted.time_listen is None:
        yield None
        return
    async with open_time(*wanted.time_listen) as server:
        yield server
