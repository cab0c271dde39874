"""`seamline site build`, `bom`, `draw`, `verify` and `diff`: what is generated from a plan, and the proof that it is of that plan."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from seamline.cli.exits import OK, PROMISE_BROKEN, PromiseBroken, WrongUse
from seamline.cli.extras import module_of
from seamline.cli.screen import Column, number, show, show_json, table
from seamline.cli.site_said import plan_said
from seamline.cli.words import quantity

if TYPE_CHECKING:
    from seamline.site.documents.bom import Bom
    from seamline.site.documents.design import Design
    from seamline.site.documents.summary import Summary
    from seamline.site.placement.restoring import Restoring

T = TypeVar("T")


def build(options: argparse.Namespace) -> int:
    """Write every document of a plan into a folder of its own."""
    found = designed(options.plan, options.variant)
    from seamline.site.documents.bom import bom as bill
    from seamline.site.documents.folder import documents, place

    files = asked(lambda: documents(found))
    written(lambda: place(files, options.out), options.out)
    told = bill(found)
    remedy = None if found.coverage.met else restored(found)
    kept = OK if found.coverage.met and not told.over_budget else PROMISE_BROKEN
    if options.json:
        show_json(
            {
                "content": found.content.hash,
                "files": list(files),
                "coverage_met": found.coverage.met,
                "to_meet": None if remedy is None else remedy.as_json(),
                "total_cents": told.total.cents,
                "currency": told.currency,
                "at_least": told.at_least,
                "absent": [str(absent) for absent in found.absent],
            }
        )
        return kept
    drawn_up = quantity(len(files) - 1, "document")
    show(f"{options.out}: {drawn_up} of {found.plan.file} and their manifest, content {found.content.hash}")
    show(f"coverage: {'every need is met' if found.coverage.met else 'not every need is met; see the maps'}")
    if remedy is not None:
        show(f"  to meet them: {remedy}")
    show(f"cost: {told.verdict}")
    for absent in found.absent:
        show(f"not in it: {absent}")
    return kept


def bom(options: argparse.Namespace) -> int:
    """List what is to be bought; exit 1 when it is known to cost more than the budget."""
    found = designed(options.plan, options.variant)
    from seamline.site.documents.bom import bom as bill
    from seamline.site.documents.csv_files import BOM, bom_rows, table as as_csv

    told = bill(found)
    if options.out is not None:
        data = as_csv(BOM, bom_rows(found), found.content.hash)
        written(lambda: whole(options.out, data), options.out)
    if options.json:
        show_json(bom_json(told, found.content.hash))
    else:
        rows = [
            (
                line.part.kind,
                line.part.id,
                line.part.title,
                f"{line.quantity} {line.unit}",
                str(line.spares),
                str(line.price) if line.price else line.price_from,
                "" if line.cents is None else f"{line.cents // 100}.{line.cents % 100:02d}",
                line.asked_by,
            )
            for line in told.lines
        ]
        rows += [
            (
                "labour",
                work.what,
                work.title,
                work.amount,
                "",
                str(work.each),
                f"{work.cents // 100}.{work.cents % 100:02d}",
                work.origin,
            )
            for work in told.works
        ]
        columns = [
            Column("kind"),
            Column("part"),
            Column("what it is", elastic=True),
            number("buy"),
            number("spares"),
            number("each"),
        ]
        table([*columns, number("together"), Column("asked for by", elastic=True)], rows)
        show()
        show(told.verdict)
        if told.unpriced:
            show(f"without a price: {', '.join(told.unpriced)}")
        for lack in told.lacks:
            show(f"not in the total: {lack}")
    return PROMISE_BROKEN if told.over_budget else OK


def bom_json(told: Bom, content: str) -> dict[str, object]:
    """The bill of materials as JSON."""
    lines = [
        {
            "kind": line.part.kind,
            "part": line.part.id,
            "title": line.part.title,
            "unit": line.unit,
            "needed": line.needed,
            "spares": line.spares,
            "quantity": line.quantity,
            "price_cents": None if line.price is None else line.price.cents,
            "cents": line.cents,
            "price_from": line.price_from,
            "source": line.part.source,
            "origins": [{"what": one.what, "where": one.where, "quantity": one.quantity} for one in line.origins],
        }
        for line in told.lines
    ]
    return {
        "content": content,
        "lines": lines,
        "labour": [
            {
                "of": work.what,
                "title": work.title,
                "quantity": float(work.quantity),
                "unit": work.unit,
                "price_cents": work.each.cents,
                "cents": work.cents,
                "source": work.origin,
            }
            for work in told.works
        ],
        "total_cents": told.total.cents,
        "currency": told.currency,
        "at_least": told.at_least,
        "unpriced": list(told.unpriced),
        "lacks": list(told.lacks),
        "budget_cents": None if told.budget is None else told.budget.cents,
    }


def draw(options: argparse.Namespace) -> int:
    """Write all sheets as one PDF, or one sheet as SVG, by the ending of the file."""
    out: Path = options.out
    if out.suffix.lower() not in {".pdf", ".svg"}:
        raise WrongUse(f"{out}: a drawing's name ends in .pdf (all sheets) or .svg (one of them)")
    if options.sheet is not None and out.suffix.lower() == ".pdf":
        raise WrongUse("--sheet is for an .svg; a .pdf has all sheets")
    found = designed(options.plan, options.variant)
    from seamline.site.documents.folder import sheets
    from seamline.site.documents.pdf import pdf
    from seamline.site.documents.svg import svg

    drawn = asked(lambda: sheets(found))
    content = found.content.hash
    if out.suffix.lower() == ".pdf":
        data = pdf(drawn, found.plan.title, content)
    else:
        named = {sheet.name: sheet for sheet in drawn}
        sheet = named.get(options.sheet or drawn[0].name)
        if sheet is None:
            raise WrongUse(f"there is no sheet {options.sheet!r}; there are: {', '.join(named)}")
        data = svg(sheet, content, f"seamline site {found.plan.name}")
    written(lambda: whole(out, data), out)
    sys.stderr.write(f"{out}: {drawing_said(out, options.sheet, [sheet.name for sheet in drawn])}\n")
    return OK


def drawing_said(out: Path, asked_for: str | None, names: Sequence[str]) -> str:
    """Which sheets are in a file; of one that nobody named, which there are besides."""
    if out.suffix.lower() == ".pdf":
        return f"{quantity(len(names), 'sheet')}: {', '.join(names)}"
    if asked_for is not None or len(names) == 1:
        return f"sheet {asked_for or names[0]}"
    return f"sheet {names[0]}, the first; there are also, with --sheet: {', '.join(names[1:])}"


def verify(options: argparse.Namespace) -> int:
    """Say whether a folder is whole, of one plan and, with --plan, of that plan as it is now; exit 1 when it is not."""
    if options.rebuild and options.plan is None:
        raise WrongUse("--rebuild needs the plan that is built again: --plan PLAN")
    module_of("seamline.site.documents.work", "site")
    from seamline.site.documents.content import content_of
    from seamline.site.documents.manifest import read_manifest, verify as verified
    from seamline.site.plan import load_plan

    current = files = None
    if options.plan is not None:
        file, named = plan_said(options.plan, options.variant)
        variant = named or asked(lambda: read_manifest(options.folder)).variant
        current = asked(lambda: content_of(load_plan(file, variant)))
        files = rebuilt(file, variant) if options.rebuild else None
    found = asked(lambda: verified(options.folder, current, files))
    if options.json:
        findings = [{"file": one.file, "kind": one.kind, "why": one.why} for one in found.findings]
        show_json(
            {"content": found.content, "site": found.site, "variant": found.variant, "holds": found.holds, "findings": findings}
        )
    else:
        for finding in found.findings:
            show(str(finding))
        against = "" if current is None else f", {'of' if found.holds else 'held against'} {options.plan} as it is now"
        against += ", built again" * (files is not None)
        wrong = "whole" if found.holds else f"{len(found.findings)} not as they should be"
        show(f"{options.folder}: {quantity(found.files, 'document')} of {found.site}, {found.content}: {wrong}{against}")
    return OK if found.holds else PROMISE_BROKEN


def rebuilt(file: Path, variant: str | None) -> dict[str, bytes]:
    """Every document of a plan, as `build` would write it."""
    found = designed(file, variant)
    from seamline.site.documents.folder import documents

    return asked(lambda: documents(found))


def diff(options: argparse.Namespace) -> int:
    """List what the second plan or folder has that the first has not, and what that costs."""
    module_of("seamline.site.documents.work", "site")
    from seamline.site.documents.changes import difference

    (_, before), (after, now) = summary_of(options.first), summary_of(options.second)
    found = difference(before, now)
    remedy = None if after is None or after.coverage.met else restored(after)
    if options.json:
        show_json({**found.as_json(), "to_meet": None if remedy is None else remedy.as_json()})
        return OK
    for line in found.lines():
        show(line)
    if remedy is not None:
        show(f"to meet the needs again: {remedy}")
    return OK


def restored(found: Design) -> Restoring | None:
    """What would meet the needs of a plan that are not met; None where it names no mountings to choose from."""
    from seamline.site.placement.restoring import restoring

    return asked(lambda: restoring(found.site))


def summary_of(said: str) -> tuple[Design | None, Summary]:
    """The figures of a plan, of one of its variants (`PLAN@VARIANT`), each with its design, or of a folder that was built."""
    from seamline.site.documents.folder import SUMMARY
    from seamline.site.documents.manifest import MANIFEST, verify as verified
    from seamline.site.documents.summary import read_summary, summary

    path = Path(said)
    if (path / MANIFEST).is_file():
        wrong = [finding for finding in asked(lambda: verified(path)).findings if finding.file == SUMMARY]
        if wrong:
            raise PromiseBroken(f"{path / wrong[0].file}: {wrong[0].kind}: {wrong[0].why}; build the folder anew")
        return None, asked(lambda: read_summary((path / SUMMARY).read_bytes(), str(path / SUMMARY)))
    found = designed(path, None)
    return found, summary(found)


def designed(path: Path, variant: str | None) -> Design:
    """The design of a plan or of its variant (`PLAN@VARIANT`); PromiseBroken with everything that is wrong with it."""
    file, variant = plan_said(path, variant)
    module_of("seamline.site.documents.work", "site")
    module_of("seamline.site.documents.mounting", "site")
    from seamline.site.documents.work import design

    return asked(lambda: design(file, variant))


def asked(make: Callable[[], T]) -> T:
    """What is made, or PromiseBroken with the reason why it cannot be."""
    from seamline.contract.problems import ContractErrors
    from seamline.site.frame import SiteError

    try:
        return make()
    except (ContractErrors, SiteError) as error:
        raise PromiseBroken(str(error)) from None


def written(write: Callable[[], None], path: Path) -> None:
    """Write something; WrongUse where that cannot be, PromiseBroken where it must not be."""
    try:
        asked(write)
    except OSError as error:
        raise WrongUse(f"{path}: cannot be written: {error.strerror or error}") from None


def whole(path: Path, data: bytes) -> None:
    """Write a file whole, or leave what was there; `-` is standard output."""
    if str(path) == "-":
        sys.stdout.buffer.write(data)
        return
    import os
    import tempfile

    with tempfile.NamedTemporaryFile(dir=path.absolute().parent, prefix=f".{path.name}.", delete=False) as file:
        made = Path(file.name)
        try:
            file.write(data)
        except OSError:
            made.unlink()
            raise
    umask = os.umask(0)
    os.umask(umask)
    made.chmod(0o666 & ~umask)
    made.replace(path)
