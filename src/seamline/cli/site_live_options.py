"""The grammar of the `seamline site` commands that ask a running hub; it imports nothing that takes time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seamline.cli.parser import reads, said
from seamline.cli.site_options import plan_argument

if TYPE_CHECKING:
    from seamline.cli.parser import Commands, Parser


def add_live(inner: Commands) -> None:
    """Add `seamline site publish`, `bind`, `release` and `live`."""
    made = reads(inner, "publish", "seamline.cli.site_live:publish", "put a plan in force: its places wait for devices")
    plan_argument(made)
    made.add_argument("--by", required=True, metavar="WHO", help="who publishes it")
    made = reads(inner, "bind", "seamline.cli.site_live:bind", "say which device stands at a place of a published plan")
    _place(made)
    made.add_argument("device", metavar="ID", help="the device's name")
    made.add_argument("--replaces", metavar="ID", help="the device that stands there now")
    made.add_argument(
        "--expected", action="store_true", help="the device has not been heard of yet: it is mounted before it speaks"
    )
    said(made)
    made = reads(inner, "release", "seamline.cli.site_live:release", "take a device from its place")
    _place(made)
    made.add_argument("device", metavar="ID", help="the device that stands there")
    said(made)
    made = reads(inner, "live", "seamline.cli.site_live:live", "planned against installed against alive, and what is covered now")
    made.add_argument("site", nargs="?", metavar="SITE", help="the site's name (default: list the sites)")


def _place(made: Parser) -> None:
    made.add_argument("site", metavar="SITE", help="the site's name, as the plan has it")
    made.add_argument("node", metavar="PLACE", help="the place: the node's name in the plan")
