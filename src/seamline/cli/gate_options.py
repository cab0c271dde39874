"""The grammar of `seamline gate`; like the parser, it imports nothing that takes time."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from seamline.cli.path_options import takes_file, takes_folder
from seamline.cli.rig_options import JOBS_MAX, core
from seamline.cli.values import duration, number, product_folder

if TYPE_CHECKING:
    from seamline.cli.parser import Parser

STAGES = ("map", "build", "harden", "launch", "lock")


def add_options(made: Parser) -> None:
    """Add what `seamline gate` takes."""
    folder = made.add_argument(
        "folder", type=product_folder, metavar="FOLDER", help="the product's folder, with its contract.yaml"
    )
    takes_folder(folder)
    made.add_argument("--stage", choices=STAGES, default="harden", help="how much is asked (default harden)")
    made.add_argument("--seeds", type=number(1, 100_000), metavar="N", help="so many worlds of each bad day (default 4)")
    made.add_argument("--seed", type=number(0, 2**62), default=1, metavar="N", help="the first of them (default 1)")
    made.add_argument("--budget", type=duration, metavar="TIME", help="begin no world after so long: 90s, 5m, 1h")
    made.add_argument("--devices", type=number(1, 100_000), default=8, metavar="N", help="devices in each world (default 8)")
    made.add_argument(
        "--together", type=number(1, 1_000_000), metavar="N", help="devices at most in the world at fleet size (default 10000)"
    )
    made.add_argument("--hours", type=number(1, 8_760), metavar="N", help="virtual hours of faults (default: by the contract)")
    made.add_argument(
        "--jobs", type=number(1, JOBS_MAX), metavar="N", help="processes (default: one a core); the verdict does not depend on it"
    )
    core(made)
    made.add_argument("--fleet", metavar="URL", help="ask this hub which versions its devices have, not the registry")
    report = made.add_argument(
        "--report", type=Path, nargs="+", action="extend", default=[], metavar="PATH",
        help="write reports: a folder gets all, a file what it ends in (.html, .xml, .md, .json)",
    )  # fmt: skip
    takes_file(report)
    made.add_argument("--json", action="store_true", help="print one JSON document instead of text")
