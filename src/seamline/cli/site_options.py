"""The grammar of `seamline site`; like the parser, it imports nothing that takes time."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from seamline.cli.path_options import takes_file, takes_folder
from seamline.cli.site_place_options import add_place
from seamline.cli.site_serve_options import add_serve

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
        takes_file(action)
    made.add_argument(
        "--crs", metavar="EPSG:CODE", help="the frame of coordinates of a drawing or table that does not name its own"
    )
    made.add_argument("--strict", action="store_true", help="exit 1 when anything was left out")
    _new(inner)
    _preview(inner)
    _cover(inner)
    add_place(inner)
    _network(inner)
    _parts(inner)
    _power(inner)
    _build(inner)
    _bom(inner)
    _draw(inner)
    _verify(inner)
    _diff(inner)
    _live(inner)
    add_serve(inner)


def _new(inner: Commands) -> None:
    text = "start a plan, with a comment at each decision"
    made: Parser = inner.add_parser("new", help=text, description=text[0].upper() + text[1:] + ".", allow_abbrev=False)
    made.set_defaults(run="seamline.cli.site_plan:new")
    folder = made.add_argument("folder", type=Path, metavar="DIR", help="where plan.yaml is written; made if it is not there")
    takes_folder(folder)
    survey = made.add_argument(
        "--survey", type=Path, metavar="FILE", help="your survey; it is copied beside the plan (default: a small one)"
    )
    takes_file(survey)


def _preview(inner: Commands) -> None:
    text = "list what each feature of a plan's survey became"
    made: Parser = inner.add_parser("preview", help=text, description=text[0].upper() + text[1:] + ".", allow_abbrev=False)
    made.set_defaults(run="seamline.cli.site_plan:preview")
    plan_argument(made)
    made.add_argument("--json", action="store_true", help="everything as one JSON document")
    made.add_argument("--strict", action="store_true", help="exit 1 when anything was left out or no rule says what it means")


def _cover(inner: Commands) -> None:
    text = "say what a plan's nodes see of its zones, and where not"
    made: Parser = inner.add_parser("cover", help=text, description=text[0].upper() + text[1:] + ".", allow_abbrev=False)
    made.set_defaults(run="seamline.cli.site_plan:cover")
    plan_argument(made)
    made.add_argument("--json", action="store_true", help="everything as one JSON document")
    out = made.add_argument("-o", "--out", type=Path, metavar="OUT", help="also write zones, blind spots and nodes as GeoJSON")
    takes_file(out)


def _network(inner: Commands) -> None:
    text = "say who hears whom, what goes dark with what, and how cables run"
    made: Parser = inner.add_parser("network", help=text, description=text[0].upper() + text[1:] + ".", allow_abbrev=False)
    made.set_defaults(run="seamline.cli.site_network:network")
    plan_argument(made)
    made.add_argument("--json", action="store_true", help="everything as one JSON document")


def _parts(inner: Commands) -> None:
    text = "list the catalogue: cameras, sensors, radios, batteries and the rest"
    made: Parser = inner.add_parser("parts", help=text, description=text[0].upper() + text[1:] + ".", allow_abbrev=False)
    made.set_defaults(run="seamline.cli.site_plan:parts")
    made.add_argument("kind", nargs="?", metavar="KIND", help="only parts of this kind, as camera")
    made.add_argument("--json", action="store_true", help="every figure with its source as one JSON document")
    plan = made.add_argument("--plan", type=Path, metavar="PLAN", help="with the parts of this plan")
    takes_file(plan)


def _build(inner: Commands) -> None:
    text = "write every document of a plan into a folder: drawings, schedules, bill of materials, maps"
    made: Parser = inner.add_parser("build", help=text, description=text[0].upper() + text[1:] + ".", allow_abbrev=False)
    made.set_defaults(run="seamline.cli.site_documents:build")
    plan_argument(made)
    out = made.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="the folder; one that was built before is replaced as a whole"
    )
    takes_folder(out)
    made.add_argument("--json", action="store_true", help="what was built as one JSON document")


def _bom(inner: Commands) -> None:
    text = "list what a plan needs to be bought, and what it costs"
    made: Parser = inner.add_parser("bom", help=text, description=text[0].upper() + text[1:] + ".", allow_abbrev=False)
    made.set_defaults(run="seamline.cli.site_documents:bom")
    plan_argument(made)
    made.add_argument("--json", action="store_true", help="everything as one JSON document")
    out = made.add_argument("-o", "--out", type=Path, metavar="OUT", help="also write it as CSV")
    takes_file(out)


def _draw(inner: Commands) -> None:
    text = "draw a plan: all sheets as PDF, or one of them as SVG"
    made: Parser = inner.add_parser("draw", help=text, description=text[0].upper() + text[1:] + ".", allow_abbrev=False)
    made.set_defaults(run="seamline.cli.site_documents:draw")
    plan_argument(made)
    out = made.add_argument("-o", "--out", type=Path, required=True, metavar="OUT", help="a file that ends in .pdf or .svg")
    takes_file(out)
    made.add_argument(
        "--sheet", metavar="NAME", help="which sheet an .svg is of, as topology or mounting/cam-1 (default: the first)"
    )


def _verify(inner: Commands) -> None:
    text = "prove that a folder of documents is whole and of one plan"
    made: Parser = inner.add_parser("verify", help=text, description=text[0].upper() + text[1:] + ".", allow_abbrev=False)
    made.set_defaults(run="seamline.cli.site_documents:verify")
    folder = made.add_argument("folder", type=Path, metavar="DIR", help="a folder that 'seamline site build' made")
    takes_folder(folder)
    plan = made.add_argument("--plan", type=Path, metavar="PLAN", help="also prove that it is of this plan as it is now")
    takes_file(plan)
    made.add_argument("--variant", metavar="NAME", help="of this variant (default: the one that the folder names)")
    made.add_argument("--rebuild", action="store_true", help="build the plan again, and hold every byte against it (with --plan)")
    made.add_argument("--json", action="store_true", help="everything as one JSON document")


def _diff(inner: Commands) -> None:
    text = "list what two plans or folders of documents differ in, and what that costs"
    made: Parser = inner.add_parser("diff", help=text, description=text[0].upper() + text[1:] + ".", allow_abbrev=False)
    made.set_defaults(run="seamline.cli.site_documents:diff")
    first = made.add_argument("first", metavar="A", help="a plan, PLAN@VARIANT, or a folder that was built")
    second = made.add_argument("second", metavar="B", help="the same, to be compared with A")
    for action in (first, second):
        takes_file(action)
    made.add_argument("--json", action="store_true", help="everything as one JSON document")


def _power(inner: Commands) -> None:
    text = (
        "say what a plan's nodes use, what feeds them, and whether it lasts; or how long a contract's product lasts on a battery"
    )
    made: Parser = inner.add_parser(
        "power",
        help="say what nodes use, what feeds them, and whether it lasts",
        description=text[0].upper() + text[1:] + ".",
        allow_abbrev=False,
    )
    made.set_defaults(run="seamline.cli.site_power:power")
    plan = made.add_argument(
        "plan", type=Path, nargs="?", metavar="PLAN", help="the plan's file, the folder of its plan.yaml, or PLAN@VARIANT"
    )
    takes_file(plan)
    made.add_argument("--variant", metavar="NAME", help="with this variant of the plan laid over it")
    made.add_argument("--terms", action="store_true", help="with every line of arithmetic and its source")
    made.add_argument("--size", action="store_true", help="also find the cheapest kit of the catalogue for each node on sun")
    made.add_argument("--json", action="store_true", help="everything as one JSON document")
    contract = made.add_argument(
        "--contract", type=Path, metavar="PRODUCT", help="without a plan: a product's folder or contract"
    )
    takes_folder(contract)
    made.add_argument("--battery", metavar="KIND:AH:V", help="with --contract: the battery, such as LiSOCl2:26Ah:3.6V")
    made.add_argument(
        "--temperature", type=float, default=20.0, metavar="CEL", help="with --battery: how cold it is (default 20)"
    )


def plan_argument(made: Parser) -> None:
    """Add what every command on a plan takes: the plan, and a variant of it."""
    plan = made.add_argument(
        "plan", type=Path, metavar="PLAN", help="the plan's file, the folder of its plan.yaml, or PLAN@VARIANT"
    )
    takes_file(plan)
    made.add_argument("--variant", metavar="NAME", help="with this variant of the plan laid over it")


def _live(inner: Commands) -> None:
    from seamline.cli.site_live_options import add_live

    add_live(inner)
