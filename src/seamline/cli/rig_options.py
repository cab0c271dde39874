"""The grammar of `seamline rig …`."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import TYPE_CHECKING

from seamline.cli.path_options import takes_file, takes_folder
from seamline.cli.rig_board_options import add as add_board
from seamline.cli.rig_storm_options import add as add_storm
from seamline.cli.values import duration, number, product_folder

if TYPE_CHECKING:
    from seamline.cli.parser import Commands, Parser

JOBS_MAX = 256
SEED_MAX = 2**62
HOURS_MAX = 8_760


def add(commands: Commands) -> None:
    """Add the commands."""
    text = "run fleets and the hub under faults in virtual time, and repeat what broke"
    group = commands.add_parser("rig", help=text, description=text[0].upper() + text[1:] + ".", allow_abbrev=False)
    inner = group.add_subparsers(metavar="WHAT", required=True)
    _run(inner)
    _replay(inner)
    _promote(inner)
    add_board(inner)
    add_storm(inner)


def seed(text: str) -> tuple[int, str]:
    """Convert `123`, or `123@1f2e3d4c` as a run prints it: the seed, and what it was drawn for."""
    found = re.fullmatch(r"(\d{1,20})(?:@([0-9a-f]{8}))?", text)
    if not found or int(found[1]) > SEED_MAX:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no seed: write a number up to {SEED_MAX}, or 123@1f2e3d4c as a run prints it"
        )
    return int(found[1]), found[2] or ""


def hours(text: str) -> float:
    """Convert hours, also parts of one: at least a minute, at most a year."""
    if not re.fullmatch(r"\d{1,5}(\.\d{1,6})?", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of hours: write 1, or 0.25")
    value = float(text)
    if not 1 <= value * 60 <= HOURS_MAX * 60:
        raise argparse.ArgumentTypeError(f"{text} is not between a minute (0.017) and {HOURS_MAX} hours")
    return int(value) if value.is_integer() else value


def _run(inner: Commands) -> None:
    made = _command(inner, "run", "seamline.cli.rig:run", "draw fault plans from seeds and run them until a promise breaks")
    made.add_argument("--seeds", type=number(0, 1_000_000), default=20, metavar="N", help="so many seeds (default 20)")
    made.add_argument("--seed", type=seed, metavar="SEED", help="the first of them (default: a new one)")
    made.add_argument("--budget", type=duration, metavar="TIME", help="begin no seed after so long: 90s, 5m, 1h")
    made.add_argument("--devices", type=number(1, 100_000), default=8, metavar="N", help="devices in each world (default 8)")
    made.add_argument(
        "--hours", type=hours, default=1, metavar="N", help="virtual hours until faults end (default 1); 0.25 is a quarter"
    )
    made.add_argument("--scenario", metavar="NAME", help="only the faults of this bad day, e.g. partial-outage")
    text = "rare states whose absence fails no run, e.g. portal; all: nor any other, and no plans aim at them"
    made.add_argument("--excuse", nargs="+", default=(), metavar="MARK", help=text)
    text = "the products, each a folder with its contract.yaml (default: the heater)"
    _folder(made, "--contract", text, type=product_folder, nargs="+")
    text = "first run the promoted plans in this folder (default: rig/ beside the contract)"
    _folder(made, "--promoted", text, type=Path, nargs="?", const=True)
    text = "processes (default: one a core); the result does not depend on it"
    made.add_argument("--jobs", type=number(1, JOBS_MAX), metavar="N", help=text)
    core(made)
    text = "look for a smaller plan for so long at most (default 60s)"
    made.add_argument("--shrink", type=duration, default=60, metavar="TIME", help=text)
    _folder(made, "--out", "where a plan that fails is kept, with its timeline (default: by XDG)", type=Path)
    _json(made)


def _replay(inner: Commands) -> None:
    made = _command(inner, "replay", "seamline.cli.rig_replay:replay", "run kept plans again, exactly, and show what happens")
    plans = made.add_argument("plans", type=Path, nargs="+", metavar="PLAN", help="a plan's file, or a folder of them")
    takes_file(plans)
    _folder(made, "--out", "where the timeline is written (default: beside the plan)", type=Path)
    made.add_argument("--timeline", action="store_true", help="write it also when every promise holds")
    core(made)
    _json(made)


def _promote(inner: Commands) -> None:
    made = _command(inner, "promote", "seamline.cli.rig_promote:promote", "keep a plan as a named regression")
    plan = made.add_argument("plan", type=Path, metavar="PLAN", help="the plan's file")
    takes_file(plan)
    made.add_argument("--name", metavar="NAME", help="what it is called (default: by its promise and seed)")
    _folder(made, "--to", "the folder (default: rig/ beside the contract, else rig/ here)", type=Path)
    made.add_argument("--why", default="", metavar="TEXT", help="what it was about; stays with the plan")
    core(made)


def _command(inner: Commands, name: str, run: str, text: str) -> Parser:
    made = inner.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".", allow_abbrev=False)
    made.set_defaults(run=run)
    return made


def _folder(made: Parser, name: str, text: str, **more: object) -> None:
    action = made.add_argument(name, metavar="DIR" if name != "--contract" else "FOLDER", help=text, **more)  # pyright: ignore[reportArgumentType] - what argparse takes
    takes_folder(action)


def core(made: Parser) -> None:
    """Add `--core`."""
    text = "your own device logic: MODULE:FACTORY, PATH.py:FACTORY, or 'exec:PROGRAM …' (docs/rig.md)"
    made.add_argument("--core", metavar="CORE", help=text)


def _json(made: Parser) -> None:
    made.add_argument("--json", action="store_true", help="print the answer as one JSON document")
