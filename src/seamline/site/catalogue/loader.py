"""Loads catalogues: the one that is shipped, files beside a plan, and a plan's own parts. What comes later replaces what has its id."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final, TypeVar

from seamline.contract.keys import Keys, one
from seamline.contract.nodes import Node
from seamline.contract.problems import ContractErrors, Language, Problem, Report
from seamline.contract.reader import read_file, read_text
from seamline.contract.scalars import TEXT, integer_between
from seamline.site.catalogue.figures import part
from seamline.site.catalogue.parts import Board, Catalogue, DensityClass, DensityTable, Gateway, Part, Radio, Workload
from seamline.site.quantities import IDENT, number

CATALOGUE: Final = Language("SP", "catalogue", "site", "format: 1")
PARTS_MAX: Final = 10_000
CLASSES_MAX: Final = 32
FORMAT: Final = integer_between(1, 1)
MACS: Final = integer_between(1, 10**15)
BYTES: Final = integer_between(0, 10**12)
DENSITY: Final = number(0.1, 100_000.0)
NOTHING: Final = Catalogue({}, {}, {})

P = TypeVar("P", bound=Part)


@cache
def shipped() -> Catalogue:
    """The catalogue that comes with Seamline; once a process."""
    found = NOTHING
    folder = files("seamline.site.catalogue.data")
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.name.endswith(".yaml"):
            report = Report(entry.name, CATALOGUE)
            found = joined(found, read_all(read_text(entry.read_text("utf-8"), report), report))
            refuse(report.problems)
    report = Report("catalogue", CATALOGUE)
    check(found, found, report)
    refuse(report.problems)
    return found


def load_catalogue(path: Path, known: Catalogue) -> tuple[Catalogue, tuple[Problem, ...]]:
    """The catalogue of a file on top of `known`, and the problems of that file."""
    report = Report(str(path), CATALOGUE)
    own = read_all(read_file(path, report), report)
    found = joined(known, own)
    check(own, found, report)
    return found, report.problems


def refuse(problems: tuple[Problem, ...]) -> None:
    """Raise ContractErrors when there are problems."""
    if problems:
        raise ContractErrors(problems)


def read_all(root: Node | None, report: Report) -> Catalogue:
    """Read a whole catalogue file; problems go to the report."""
    if root is None:
        return NOTHING
    keys = Keys(report, root, "")
    keys.one("format", FORMAT)
    found = read_sections(keys)
    keys.done()
    return found


def read_sections(keys: Keys) -> Catalogue:
    """Read `parts`, `workloads` and `densities`, each of which may be left out."""
    parts: dict[str, Part] = {}
    workloads: dict[str, Workload] = {}
    densities: dict[str, DensityTable] = {}
    if keys.has("parts"):
        inner = keys.mapping("parts")
        for ident, _, node in inner.entries(IDENT, items_max=PARTS_MAX):
            parts[ident] = part(Keys(keys.report, node, inner.inside(ident)), node, ident)
    if keys.has("workloads"):
        for ident, found in keys.mapping("workloads").each(IDENT, items_max=PARTS_MAX):
            workloads[ident] = workload(found, ident)
    if keys.has("densities"):
        for edition, found in keys.mapping("densities").each(TEXT, items_max=CLASSES_MAX):
            densities[edition] = density_table(found, edition)
    return Catalogue(parts, workloads, densities)


def workload(keys: Keys, ident: str) -> Workload:
    """Read a workload."""
    found = Workload(
        ident,
        title=keys.one("title", TEXT),
        macs=keys.one("macs", MACS),
        input_bytes=keys.one("input", BYTES),
        output_bytes=keys.one("output", BYTES),
        source=keys.one("source", TEXT),
    )
    keys.done()
    return found


def density_table(keys: Keys, edition: str) -> DensityTable:
    """Read a standard's classes, from coarse to fine."""
    source, inner = keys.one("source", TEXT), keys.mapping("classes")
    classes = [
        DensityClass(name, one(keys.report, node, DENSITY, f"'{inner.inside(name)}'"))
        for name, _, node in inner.entries(IDENT, items_max=CLASSES_MAX)
    ]
    keys.done()
    return DensityTable(edition, source, tuple(sorted(classes, key=lambda found: found.px_per_m)))


def joined(first: Catalogue, then: Catalogue) -> Catalogue:
    """Both; of what has one id the later."""
    return Catalogue({**first.parts, **then.parts}, {**first.workloads, **then.workloads}, {**first.densities, **then.densities})


def check(own: Catalogue, whole: Catalogue, report: Report, path: str = "parts") -> None:
    """Report references of `own` parts to parts and workloads that `whole` does not have."""
    for found in own.parts.values():
        if isinstance(found, Gateway):
            for name in found.radios:
                refer(name, whole.parts, Radio, report, f"{path}.{found.id}.radios")
        if isinstance(found, Board):
            for measured in found.inferences:
                if measured.workload not in whole.workloads:
                    place = report.place(f"{path}.{found.id}.inferences.{measured.workload}")
                    fix = f"known are: {', '.join(whole.workloads) or 'none'}"
                    report.add("SL204", place, f"{measured.workload!r} is not a workload of the catalogue", fix=fix)


def refer(name: str, parts: Mapping[str, Part], kind: type[P], report: Report, place: str) -> P | None:
    """The part of that name and kind; None, and a problem at `place`, when there is none."""
    found = parts.get(name)
    if isinstance(found, kind):
        return found
    known = sorted(ident for ident, other in parts.items() if isinstance(other, kind))
    fix = f"{kind.kind}s are: {', '.join(known[:12]) or 'none'}{', ...' if len(known) > 12 else ''}"
    what = "not a part of the catalogue" if found is None else f"a {found.kind}, not a {kind.kind}"
    report.add("SL203", report.place(place), f"{name!r} is {what}", fix=fix)
    return None
