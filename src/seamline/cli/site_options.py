"""The grammar of `seamline site`; like the parser, it imports nothing that takes time."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from seamline.cli.parser import FILE

if TYPE_CHECKING:
    from seamline.cli.parser import Commands, Parser


def add(commands: Commands) -> None:
    """Add `seamline site`."""
    text = "surveys and plans of sites"
    group = commands.add_parser("site", help=text, description=text[0].upper() + text[1:] + ".", allow_abbrev=False)
    inner: Commands = group.add_subparsers(metavar="WHAT", required=True)
    made: Parser = inner.add_parser(
        "convert",
        help="read a survey and write it as GeoJSON",
        description="Read a survey and write it as GeoJSON, with a note on everything that was repaired or left out.",
        allow_abbrev=False,
    )
    made.set_defaults(run="seamline.cli.site:convert")
    survey = made.add_argument(
        "survey", type=Path, metavar="IN", help="KML, KMZ, GeoJSON, GeoPackage, Shapefile, DXF or CSV, by what it holds"
    )
    out = made.add_argument(
        "-o", "--out", type=Path, required=True, metavar="OUT", help="the GeoJSON file; - for standard output"
    )
    for action in (survey, out):
        action.complete = FILE  # pyright: ignore[reportAttributeAccessIssue] - shtab's protocol
    made.add_argument(
        "--crs", metavar="EPSG:CODE", help="the frame of coordinates of a drawing or table that does not name its own"
    )
    made.add_argument("--strict", action="store_true", help="exit 1 when anything was left out")
