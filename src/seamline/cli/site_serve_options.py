"""The grammar of `seamline site serve`; it imports nothing that takes time."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from seamline.cli.path_options import takes_file
from seamline.cli.values import number

if TYPE_CHECKING:
    from seamline.cli.parser import Commands, Parser

PORT: Final = 8090


def add_serve(inner: Commands) -> None:
    """Add `seamline site serve`."""
    text = "plan in the browser: move nodes on a map and see at once what they cover"
    made: Parser = inner.add_parser("serve", help=text, description=text[0].upper() + text[1:] + ".", allow_abbrev=False)
    made.set_defaults(run="seamline.cli.site_serve:serve")
    plan = made.add_argument(
        "plan", type=Path, metavar="PLAN", help="the plan's file, the folder of its plan.yaml, or PLAN@VARIANT"
    )
    takes_file(plan)
    made.add_argument(
        "--port", type=number(0, 65_535), default=PORT, metavar="N", help=f"where on 127.0.0.1 (default {PORT}; 0: any free port)"
    )
    made.add_argument("--open", action="store_true", help="open it in the browser")
