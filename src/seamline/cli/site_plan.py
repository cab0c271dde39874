"""`seamline site new`, `preview`, `cover` and `parts`: a plan, what its survey becomes, what its nodes see."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from seamline.cli.exits import OK, PROMISE_BROKEN, BadInstallation, PromiseBroken, WrongUse
from seamline.cli.extras import module_of
from seamline.cli.screen import Column, number, show, table
from seamline.cli.site_said import plan_said
from seamline.cli.words import quantity
from seamline.shares import percent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seamline.site.catalogue import Part
    from seamline.site.coverage import BlindSpot, Cause, Coverage
    from seamline.site.plan import Plan, Site
    from seamline.site.plan.site import Thing

SPOTS_SHOWN = 5
"""Blind spots of a need that are listed; --json has all."""
CAUSES_SHOWN = 3
NOTES_SHOWN = 10
"""Notes on a survey of which nothing can be used."""


def planned(path: Path, variant: str | None) -> Plan:
    """The plan in a file or a folder, or its variant (`PLAN@VARIANT`); PromiseBroken with every problem."""
    file, variant = plan_said(path, variant)
    module_of("seamline.site.plan", "site")
    from seamline.contract.problems import ContractErrors
    from seamline.site.plan import load_plan

    try:
        return load_plan(file, variant)
    except ContractErrors as errors:
        raise PromiseBroken(str(errors)) from None


def resolved(path: Path, variant: str | None) -> Site:
    """The site of a plan; PromiseBroken with every problem."""
    plan = planned(path, variant)
    from seamline.contract.problems import ContractErrors
    from seamline.site.plan import resolve

    try:
        return resolve(plan)
    except ContractErrors as errors:
        raise PromiseBroken(str(errors)) from None


def new(options: argparse.Namespace) -> int:
    """Write a first plan with a comment at each decision, and a small survey when none is given; exit 1 when the given cannot be used."""
    module_of("seamline.site.plan", "site")
    from seamline.site.plan.starter import starter

    folder: Path = options.folder
    survey: Path | None = options.survey
    if survey is not None and not survey.is_file():
        raise WrongUse(f"{survey}: there is no such survey")
    lacks = "" if survey is None else lacking(survey)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in starter(folder.resolve().name, survey):
            with (folder / name).open("xb") as file:
                file.write(data)
    except FileExistsError as error:
        raise WrongUse(f"{error.filename} is there already, and stays as it is") from None
    except OSError as error:
        raise BadInstallation(f"{folder}: cannot be written: {error.strerror or error}") from None
    show(f"wrote {folder / 'plan.yaml'}: what to decide is said beside each line. Then:")
    show(f"  seamline site preview {folder}")
    show(f"  seamline site cover {folder}")
    if lacks:
        show(f"but first: {lacks}")
    return OK


def lacking(survey: Path) -> str:
    """What a plan must add to a survey before it can be read, or nothing; PromiseBroken when it cannot be read or nothing of it be used."""
    from seamline.site.survey import SurveyError, UnnamedFrame, read

    try:
        found = read(survey)
    except UnnamedFrame:
        return f'{survey.name} does not name its frame; in plan.yaml, write {{path: ..., crs: "EPSG:xxxx"}} for it'
    except SurveyError as error:
        raise PromiseBroken(str(error)) from None
    if found.is_used_up:
        notes = "".join(f"\n  {note}" for note in found.notes[:NOTES_SHOWN])
        raise PromiseBroken(f"{survey}: nothing of it can be used:{notes}")
    return ""


def preview(options: argparse.Namespace) -> int:
    """List what each feature of the survey became, and every note; exit 1 when --strict and something was left out."""
    site = resolved(options.plan, options.variant)
    if options.json:
        write_json(preview_json(site))
    else:
        rows = [(thing.id, thing.meaning.value, height_of(thing), size_of(thing), thing.origin) for thing in site.things]
        columns = [Column("thing", elastic=True), Column("meaning"), number("height"), number("size"), Column("from")]
        table(columns, rows)
        show()
        east, north = site.frame.anchor
        things, notes = quantity(len(site.things), "thing"), quantity(len(site.notes), "note")
        show(f"{things} in {site.frame.crs}, local (0, 0) at {east:.10g}, {north:.10g}; {notes}")
        tell_notes(site)
    left_out = any(note.kind in {"left out", "unmatched"} for note in site.notes)
    return PROMISE_BROKEN if options.strict and left_out else OK


def cover(options: argparse.Namespace) -> int:
    """Say what the nodes see of each zone, and where not; exit 1 when a need is not met."""
    site = resolved(options.plan, options.variant)
    from seamline.site.coverage import cover as covered
    from seamline.site.coverage.geojson import as_geojson, as_json

    coverage = covered(site)
    if options.out is not None:
        from seamline.cli.site import replace

        text = json.dumps(as_geojson(site, coverage), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        replace(options.out, text)
    if options.json:
        write_json(as_json(site, coverage))
    else:
        tell_coverage(site, coverage)
        tell_notes(site)
    return OK if coverage.met else PROMISE_BROKEN


def parts(options: argparse.Namespace) -> int:
    """List the catalogue that is shipped, or a plan's."""
    module_of("seamline.site.catalogue", "site")
    from seamline.site.catalogue import shipped

    catalogue = shipped() if options.plan is None else planned(options.plan, None).catalogue
    found = [part for part in catalogue.parts.values() if options.kind in {None, part.kind}]
    if not found:
        known = ", ".join(dict.fromkeys(part.kind for part in catalogue.parts.values()))
        raise WrongUse(f"no part is a {options.kind!r}; kinds are: {known}")
    if options.json:
        write_json({"parts": [part_json(part) for part in found]})
        return OK
    columns = [Column("part"), Column("kind"), Column("title", elastic=True), Column("source", elastic=True)]
    table(columns, [(part.id, part.kind, part.title, part.source) for part in found])
    return OK


def tell_coverage(site: Site, coverage: Coverage) -> None:
    """Each need in a line, then the largest blind spots of those that are not met."""
    rows: list[tuple[str, ...]] = []
    for ident, zone in coverage.zones.items():
        for found in zone.needs:
            need = found.need
            what = f"{need.of} ({need.px_per_m:g} px/m)" if need.px_per_m is not None else need.of
            asked, share = f"{need.share * 100:g}%", percent(found.share)
            rows.append((ident, what, str(need.k), asked, share, f"{zone.area_m2:.0f} m²", "met" if found.met else "NOT MET"))
    columns = [
        Column("zone", elastic=True),
        Column("seen by"),
        number("k"),
        number("asked"),
        number("covered"),
        number("area"),
        Column(""),
    ]
    table(columns, rows)
    for ident, zone in coverage.zones.items():
        for found in zone.needs:
            if found.blind and not found.met:
                tell_spots(f"{ident}, {found.need.of}", found.blind)
    show()
    title = f" ({site.plan.variants[site.plan.variant].title})" if site.plan.variant else ""
    met = "every need is met" if coverage.met else "not every need is met"
    show(f"{site.plan.title}{title}: {percent(coverage.score)} covered by weight, {quantity(len(site.nodes), 'node')}; {met}")


def tell_spots(what: str, spots: Sequence[BlindSpot]) -> None:
    """The largest blind spots, each with what causes it."""
    show()
    show(f"Blind in {what}: {sum(spot.area_m2 for spot in spots):.1f} m² in {quantity(len(spots), 'spot')}")
    for spot in spots[:SPOTS_SHOWN]:
        # What stands in the way can be moved or raised above: it comes first.
        causes = sorted(spot.causes, key=lambda cause: (cause.kind not in {"obstruction", "terrain"}, -cause.cells))
        show(f"  {spot.area_m2:8.1f} m²  {'; '.join(cause_text(cause) for cause in causes[:CAUSES_SHOWN])}")


def cause_text(cause: Cause) -> str:
    """A cause in words."""
    texts = {
        "obstruction": f"behind {cause.what}",
        "terrain": "behind the ground",
        "range": f"out of {cause.what}'s range",
        "near": f"below {cause.what}'s picture",
        "field": f"beside {cause.what}'s picture",
        "density": f"too few pixels from {cause.what}",
        "nobody": "nothing in the plan could see it",
    }
    return f"{texts[cause.kind]} ({cause.area_m2:.1f} m²)"


def tell_notes(site: Site) -> None:
    """Every note, to standard error."""
    for note in site.notes:
        sys.stderr.write(f"  {note}\n")


def preview_json(site: Site) -> object:
    """What `preview` says, for programs."""
    return {
        "site": site.plan.name,
        "frame": {"crs": site.frame.crs, "anchor": list(site.frame.anchor)},
        "boundary_m2": round(site.boundary.area, 2),
        "things": [
            {
                "id": thing.id,
                "meaning": thing.meaning.value,
                "name": thing.name,
                "folder": thing.folder,
                "file": thing.file,
                "line": thing.line,
                "geometry": thing.geometry.geom_type,
                "height_m": thing.height_m,
                "rule": None if thing.rule is None else str(thing.rule),
            }
            for thing in site.things
        ],
        "notes": [{"kind": note.kind, "where": note.where, "what": note.what, "remedy": note.remedy} for note in site.notes],
    }


def part_json(part: Part) -> object:
    """A part with all that is known of it."""
    from dataclasses import asdict

    return {"kind": part.kind, **asdict(part)}


def height_of(thing: Thing) -> str:
    """A thing's height in a table."""
    return "" if thing.height_m is None else f"{thing.height_m:g} m"


def size_of(thing: Thing) -> str:
    """How large a thing is in a table."""
    if thing.geometry.geom_type.endswith("Polygon"):
        return f"{thing.geometry.area:.1f} m²"
    return f"{thing.geometry.length:.1f} m" if thing.geometry.length > 0 else ""


def write_json(document: object) -> None:
    """A document to standard output."""
    sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False) + "\n")
