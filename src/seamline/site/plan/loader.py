"""Loads a plan: file, tree, variant, sections, cross-checks; the plan, or every problem at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final, TypeVar

from seamline.contract.collection import uncollected
from seamline.contract.keys import Keys
from seamline.contract.nodes import Mapping, Scalar
from seamline.contract.problems import ContractErrors, Language, Problem, Report, shown
from seamline.contract.reader import read_file
from seamline.contract.scalars import TEXT, integer_between
from seamline.site.catalogue.loader import check as check_catalogue, joined, load_catalogue, read_sections, shipped
from seamline.site.plan import devices, ground, supply
from seamline.site.plan.checks import check
from seamline.site.plan.model import Frame, NetworkWish, Plan, Prices, RoutePlan, Variant, Weather
from seamline.site.plan.overlay import idents_of, overlaid
from seamline.site.quantities import IDENT, LENGTH

PLAN: Final = Language("SP", "plan", "site", "format: 1")
FORMAT: Final = integer_between(1, 1)
CELL_M: Final = 0.5
"""The side of a grid's cells, when the plan does not say it."""
FILES_MAX: Final = 16
VARIANTS_MAX: Final = 64
VARIANT_KEYS: Final = (
    "title", "frame", "survey", "terrain", "grid", "zones", "catalogue", "mountings", "nodes", "gateways", "links", "network",
    "routes", "supplies", "kits", "profiles", "weather", "prices",
)  # fmt: skip

T = TypeVar("T")


def load_plan(path: Path | str, variant: str | None = None) -> Plan:
    """The plan in the file, with a variant laid over it. Raises ContractErrors with every problem of the plan and its catalogues."""
    plan, problems = read_plan(Path(path), variant)
    if plan is None or problems:
        raise ContractErrors(problems)
    return plan


@uncollected
def read_plan(path: Path, variant: str | None = None) -> tuple[Plan | None, tuple[Problem, ...]]:
    """The plan as far as it can be read, and its problems; with problems it holds placeholders."""
    report = Report(str(path), PLAN)
    root = read_file(path, report)
    if root is None:
        return None, report.problems
    idents = idents_of(root) if isinstance(root, Mapping) else ()
    if variant is not None and isinstance(root, Mapping):
        root = overlaid(root, variant, report)
    keys = Keys(report, root, "")
    if keys.broken:
        return None, report.problems
    reader = Reader(keys, path)
    plan = replace(reader.plan(variant), idents=idents)
    keys.done()
    check(plan, report)
    return plan, (*reader.others, *report.problems)


class Reader:
    """Reads the sections of one plan, in the order in which they need each other."""

    def __init__(self, keys: Keys, path: Path) -> None:
        self.keys = keys
        self.path = path
        self.others: tuple[Problem, ...] = ()
        """Problems of catalogue files."""
        self.catalogue = shipped()

    def section(self, name: str, read: Callable[[Keys], T], default: T) -> T:
        """A section that may be left out; its problems are noted under its name."""
        if not self.keys.has(name):
            return default
        self.keys.report.section = name
        found = read(self.keys.mapping(name))
        self.keys.report.section = ""
        return found

    def plan(self, variant: str | None) -> Plan:
        """The whole plan."""
        keys, report = self.keys, self.keys.report
        version = keys.one("format", FORMAT)
        names = self.keys.mapping("site")
        name, title = names.one("name", IDENT), names.maybe("title", TEXT)
        names.done()
        files = self.section("catalogue", self.read_catalogue, ())
        catalogue = self.catalogue
        mountings = self.section("mountings", lambda inner: devices.mountings(inner, catalogue), {})
        nodes = self.section("nodes", lambda inner: devices.nodes(inner, catalogue), {})
        gateways = self.section("gateways", lambda inner: devices.gateways(inner, catalogue), {})
        survey = self.keys.mapping("survey")
        surveyed = ground.survey(survey)
        terrain = self.section("terrain", ground.terrain, None)
        weather = self.section("weather", supply.weather, Weather())
        inputs = [file.path for file in surveyed.files] + [terrain.path if terrain else "", *files, weather.pvgis or ""]
        variants = self.section("variants", self.read_variants, {})
        if variant is not None and variant not in variants:
            fix = f"variants are: {', '.join(variants) or 'none'}"
            report.add("SL206", report.place("variants"), f"this plan has no variant {shown(variant)}", fix=fix)
        return Plan(
            file=self.path,
            format=version,
            name=name,
            title=title or name,
            frame=self.read_frame(),
            survey=surveyed,
            terrain=terrain,
            cell_m=self.section("grid", self.read_cell, CELL_M),
            zones=self.section("zones", lambda inner: ground.zones(inner, catalogue), {}),
            catalogue=catalogue,
            mountings=mountings,
            nodes=nodes,
            gateways=gateways,
            links=self.section("links", lambda inner: devices.links(inner, (*nodes, *gateways)), {}),
            network=self.section("network", lambda inner: devices.network(inner, catalogue, tuple(mountings)), NetworkWish()),
            routes=self.section("routes", lambda inner: supply.routes(inner, catalogue), RoutePlan()),
            supplies=self.section("supplies", lambda inner: supply.supplies(inner, catalogue), {}),
            kits=self.section("kits", lambda inner: supply.kits(inner, catalogue), {}),
            profiles=self.section("profiles", lambda inner: supply.profiles(inner, catalogue), {}),
            weather=weather,
            prices=self.section("prices", lambda inner: supply.prices(inner, catalogue), Prices()),
            variants=variants,
            variant=variant,
            inputs=tuple(dict.fromkeys(name for name in inputs if name)),
            places=report.places,
        )

    def read_frame(self) -> Frame:
        """`frame: auto`, or a mapping."""
        node = self.keys.maybe_node("frame")
        if node is None or (isinstance(node, Scalar) and node.text == "auto"):
            return Frame()
        return ground.frame(Keys(self.keys.report, node, "frame"))

    def read_cell(self, keys: Keys) -> float:
        """The grid's cell: an even number of centimetres, so that centres are whole ones."""
        cell = keys.one("cell", LENGTH)
        if round(cell * 100) % 2 or abs(cell * 100 - round(cell * 100)) > 1e-9:
            fix = "write an even number of centimetres, such as '50 cm'"
            keys.report.add("SL213", keys.report.place("grid.cell"), f"cells of {cell:g} m", fix=fix)
            cell = CELL_M
        keys.done()
        return cell

    def read_catalogue(self, keys: Keys) -> tuple[str, ...]:
        """The files of the catalogue, then the plan's own parts on top."""
        names = keys.words("files", TEXT, required=False)
        for name in names[:FILES_MAX]:
            self.catalogue, problems = load_catalogue(self.path.parent / name, self.catalogue)
            self.others += problems
        own = read_sections(keys)
        self.catalogue = joined(self.catalogue, own)
        check_catalogue(own, self.catalogue, keys.report, "catalogue.parts")
        keys.done()
        return names

    def read_variants(self, keys: Keys) -> dict[str, Variant]:
        """The names of variants; what they change is read when one is asked for."""
        found: dict[str, Variant] = {}
        for ident, inner in keys.each(IDENT, items_max=VARIANTS_MAX):
            found[ident] = Variant(ident, inner.either("title", TEXT, ident))
            for key in VARIANT_KEYS:
                inner.has(key)
            inner.done()
        return found
