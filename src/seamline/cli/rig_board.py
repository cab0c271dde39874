"""`seamline rig board run`: a real board, or a simulated one, through faults and to a verdict."""

from __future__ import annotations

import argparse
import re
from typing import TYPE_CHECKING

from seamline.cli.exits import OK, PROMISE_BROKEN, BadInstallation, Unreachable, WrongUse
from seamline.cli.screen import show, show_json

if TYPE_CHECKING:
    from seamline.contract import Family
    from seamline.rig.board.launch import Address, Hub, Wanted
    from seamline.rig.board.session import Report
    from seamline.rig.world.plan import Plan
    from seamline.rig.world.scenarios import Day

DEVICE = re.compile(r"[A-Za-z0-9_-]{1,64}")
SIMULATED_PACE = 10
SIMULATED_EVERY_MS_MAX = 2_000


def run(options: argparse.Namespace) -> int:
    """Run; 1 when a promise did not hold, or the scenario was not met."""
    from seamline.cli.rig_plans import needs_hub

    needs_hub()
    import asyncio

    import psycopg

    from seamline.rig.board.errors import BoardError
    from seamline.rig.board.launch import course_of, own_hub
    from seamline.rig.board.translate import COMMANDS, Abilities
    from seamline.stack import StackError

    wanted = _wanted(options)
    try:
        course_of(wanted, Abilities(relay=True, reset=True, obeys=frozenset(COMMANDS.values()), time=True))
        if options.broker is not None:
            return _told(asyncio.run(_run(wanted, _hub(options), options)), options)
        if not options.json:
            show("starting broker, database and hub")
        with own_hub(options.state, wanted) as hub:
            return _told(asyncio.run(_run(wanted, hub, options)), options)
    except BoardError as error:
        raise BadInstallation(str(error)) from None
    except StackError as error:
        raise BadInstallation(f"{error} (a hub that runs there already: --broker HOST:PORT)") from None
    except psycopg.OperationalError as error:
        raise Unreachable(f"the hub's database: {str(error).strip().splitlines()[-1]}; name it with --dsn") from None


async def _run(wanted: Wanted, hub: Hub, options: argparse.Namespace) -> Report:
    from seamline.rig.board.launch import run as run_board

    def say(text: str) -> None:
        if not options.json:
            show(text)

    return await run_board(wanted, hub, say)


def _wanted(options: argparse.Namespace) -> Wanted:
    from seamline.cli.rig_plans import families_of
    from seamline.rig.board.launch import Wanted

    if not DEVICE.fullmatch(options.device):
        raise WrongUse(f"--device {options.device!r}: 1 to 64 of A-Z a-z 0-9 _ -")
    if options.simulated and options.broker is not None:
        raise WrongUse("--simulated needs a certificate of a hub that this command starts: leave --broker out")
    if options.simulated and options.relay is not None:
        raise WrongUse("--simulated has a switch of its own: leave --relay out")
    family: Family = families_of([options.contract], "--contract")[0]
    plan = _plan(options)
    listen: Address = ("127.0.0.1", 0) if options.simulated else options.listen
    time: Address | None = ("127.0.0.1", 0) if options.simulated else options.time
    return Wanted(
        device=options.device,
        folder=options.contract.resolve(),
        family=family,
        seconds=options.seconds,
        console=options.console,
        baud=options.baud,
        relay=options.relay,
        listen=listen,
        time_listen=time,
        plan=plan,
        place=options.place,
        day=None if plan is not None else _day(options.scenario),
        scenario="" if plan is not None else options.scenario,
        seed=options.seed,
        pace=SIMULATED_PACE if options.simulated else 1,
        publish_every_ms_max=SIMULATED_EVERY_MS_MAX if options.simulated else 0,
    )


def _plan(options: argparse.Namespace) -> Plan | None:
    """Read the plan; its versions of code and contract do not matter to a board."""
    from seamline.rig.world.plan import PlanError, parse

    if options.plan is None:
        return None
    try:
        plan = parse(options.plan.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise WrongUse(f"{options.plan} cannot be read: {error}") from None
    except PlanError as error:
        raise WrongUse(f"{options.plan}: {error}") from None
    if options.place is not None and options.place not in plan.present:
        raise WrongUse(f"--as {options.place}: the plan has the devices {_few(plan.present)}")
    return plan


def _few(present: tuple[int, ...]) -> str:
    return ", ".join(map(str, present[:8])) + (" …" if len(present) > 8 else "")


def _day(name: str) -> Day:
    from seamline.rig.world.scenarios import DAYS

    day = DAYS.get(name)
    if day is None:
        raise WrongUse(f"--scenario {name}: there are {', '.join(DAYS)}")
    return day


def _hub(options: argparse.Namespace) -> Hub:
    """The hub that runs already: its database is given, or that of the state directory."""
    from seamline.hub.settings import HubSettingsError, read
    from seamline.rig.board.launch import Hub

    if options.dsn is not None:
        return Hub(options.broker, options.dsn)
    try:
        return Hub(options.broker, read(options.state).dsn)
    except HubSettingsError as error:
        raise WrongUse(f"--broker without --dsn: {error}") from None


def _told(report: Report, options: argparse.Namespace) -> int:
    if options.json:
        show_json(report.document())
    else:
        for line in report.told():
            show(line)
    return OK if report.holds else PROMISE_BROKEN
