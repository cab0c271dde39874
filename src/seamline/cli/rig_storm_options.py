"""The grammar of `seamline rig storm`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from seamline.cli.path_options import takes_file, takes_folder
from seamline.cli.values import duration, number, product_folder

if TYPE_CHECKING:
    from seamline.cli.parser import Commands


def add(inner: Commands) -> None:
    """Add `storm` to the commands of `seamline rig`."""
    text = "plan for the whole fleet that comes back in the same second"
    made = inner.add_parser("storm", help=text, description=text[0].upper() + text[1:] + ".", allow_abbrev=False)
    made.set_defaults(run="seamline.cli.rig_storm:storm")
    folder = made.add_argument(
        "folder", type=product_folder, metavar="FOLDER", help="the product's folder, with its contract.yaml"
    )
    takes_folder(folder)
    made.add_argument("--devices", type=number(1, 10_000_000), metavar="N", help="so many (default: the contract's devices_max)")
    text = "how long they measured without a connection: 0, 90s, 2h, 3d (default: the contract's buffer.outage)"
    made.add_argument("--outage", type=_outage_ms, metavar="TIME", help=text)
    text = "show this policy beside the product's own (more than once: several; default: all)"
    made.add_argument("--policy", action="append", metavar="NAME", help=text)
    made.add_argument("--seed", type=number(0, 2**62), default=0, metavar="N", help="draw the waits from this seed (default 0)")
    out = made.add_argument("--out", type=Path, metavar="FILE", help="draw it there: .svg or .html")
    takes_file(out)
    made.add_argument("--json", action="store_true", help="print one JSON document instead of a table")


def _outage_ms(text: str) -> int:
    return 0 if text == "0" else duration(text) * 1_000
