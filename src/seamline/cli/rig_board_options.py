"""The grammar of `seamline rig board`."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import TYPE_CHECKING

from seamline.cli.path_options import takes_file, takes_folder
from seamline.cli.values import number, product_folder, seconds

if TYPE_CHECKING:
    from seamline.cli.parser import Commands


def add(inner: Commands) -> None:
    """Add `board` to the commands of `seamline rig`."""
    text = "a real board on a desk, or a simulated one"
    group = inner.add_parser("board", help=text, description=text[0].upper() + text[1:] + ".", allow_abbrev=False)
    commands = group.add_subparsers(metavar="WHAT", required=True)
    text = "drive a board through faults, and hold the hub's books against what it says"
    made = commands.add_parser("run", help=text, description=text[0].upper() + text[1:] + ".", allow_abbrev=False)
    made.set_defaults(run="seamline.cli.rig_board:run")
    contract = made.add_argument("--contract", type=product_folder, required=True, metavar="FOLDER", help="the board's product")
    takes_folder(contract)
    made.add_argument("--device", required=True, metavar="ID", help="the board's name: A-Z a-z 0-9 _ -")
    board = made.add_mutually_exclusive_group(required=True)
    console = board.add_argument("--console", type=Path, metavar="TTY", help="its serial console, e.g. /dev/ttyUSB0")
    takes_file(console)
    board.add_argument("--simulated", action="store_true", help="no board: a process with the real device core on a pty")
    made.add_argument("--baud", type=number(9_600, 921_600), default=115_200, metavar="N", help="of the console (default 115200)")
    text = "switches its power: a command with {state}, or lines:TTY, or lcus:TTY"
    made.add_argument("--relay", metavar="RELAY", help=text)
    faults = made.add_mutually_exclusive_group(required=True)
    plan = faults.add_argument("--plan", type=Path, metavar="PLAN", help="a plan of the rig; one device of it is the board")
    takes_file(plan)
    faults.add_argument("--scenario", metavar="NAME", help="draw the faults of this bad day, e.g. online-but-deaf")
    made.add_argument("--seed", type=number(0, 2**62), default=1, metavar="N", help="draw from this seed (default 1)")
    made.add_argument(
        "--as", dest="place", type=number(0, 10**6), metavar="N", help="which device of the plan (default: the first)"
    )
    text = "how long the faults take, whatever the plan says (default 120; a drawn plan is of an hour)"
    made.add_argument("--seconds", type=seconds, default=120.0, metavar="S", help=text)
    text = "where the board connects (default 127.0.0.1:8884): the proxy before the broker"
    made.add_argument("--listen", type=address, default=("127.0.0.1", 8884), metavar="HOST:PORT", help=text)
    text = "also be the board's time server (SNTP), which can lie"
    made.add_argument("--time", type=address, metavar="HOST:PORT", help=text)
    text = "the broker of a hub that runs already (default: start one)"
    made.add_argument("--broker", type=address, metavar="HOST:PORT", help=text)
    text = "that hub's database (default: that of the state directory)"
    made.add_argument("--dsn", metavar="URL", help=text)
    state = made.add_argument("--state", type=Path, metavar="DIR", help="state directory (default: $SEAMLINE_STATE, else by XDG)")
    takes_folder(state)
    made.add_argument("--json", action="store_true", help="print the result as one JSON document")


def address(text: str) -> tuple[str, int]:
    """Convert `HOST:PORT`."""
    host, colon, port = text.rpartition(":")
    if not colon or not host or not re.fullmatch(r"\d{1,5}", port) or int(port) > 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} is no address: write HOST:PORT, e.g. 0.0.0.0:8884")
    return host, int(port)
