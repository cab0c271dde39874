"""The grammar of `seamline site place`; it imports nothing that takes time."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from seamline.cli.path_options import takes_file
from seamline.cli.values import number

if TYPE_CHECKING:
    from seamline.cli.parser import Commands, Parser

TEXT = "choose where to put nodes: the best coverage for a number or budget, or the cheapest that cover what is asked for"


def cents(text: str) -> int:
    """An amount of money in hundredths: `1200`, `1200.50`."""
    whole, _, part = text.partition(".")
    if not whole.isdecimal() or (part and not part.isdecimal()) or len(part) > 2:
        raise argparse.ArgumentTypeError(f"{text!r} is no amount of money; write it as 1200 or 1200.50")
    return 100 * int(whole) + int(part.ljust(2, "0") or 0)


def add_place(inner: Commands) -> None:
    """Add `seamline site place`."""
    made: Parser = inner.add_parser("place", help=TEXT, description=TEXT[0].upper() + TEXT[1:] + ".", allow_abbrev=False)
    made.set_defaults(run="seamline.cli.site_place:place")
    plan = made.add_argument("plan", type=Path, metavar="PLAN", help="the plan file, with its mountings and zones")
    takes_file(plan)
    made.add_argument("--count", type=number(0, 10_000), metavar="N", help="at most so many new nodes")
    made.add_argument("--budget", type=cents, metavar="AMOUNT", help="new nodes for at most so much, e.g. 2500.00")
    made.add_argument(
        "--no-shares",
        action="store_true",
        help="with --count and --budget: what covers most, whatever the needs' shares (by default they come first)",
    )
    made.add_argument(
        "--all",
        action="store_true",
        help="cover all that can be covered, as cheaply as possible",
    )
    made.add_argument(
        "--needs",
        action="store_true",
        help="cover the share that each need asks for, as cheaply as possible (default without --count and --budget)",
    )
    made.add_argument(
        "--fewest", action="store_true", help="the same (or with --all, all) with as few nodes as possible, whatever they cost"
    )
    made.add_argument("--fresh", action="store_true", help="choose planned nodes anew too; those that exist stay")
    made.add_argument("--variant", metavar="NAME", help="of the plan's variants")
    made.add_argument("--json", action="store_true", help="print one JSON document instead of a table")
    made.add_argument("--write", action="store_true", help="add the chosen nodes to the plan file")
    made.add_argument("--write-variant", metavar="NAME", help="add them to the plan file as a variant of this name")
    made.add_argument("--seconds", type=number(1, 86_400), default=30, metavar="S", help="let HiGHS try so long (default 30)")
    made.add_argument(
        "--jobs", type=number(1, 64), default=1, metavar="N", help="processes that see for the candidates (default 1)"
    )
