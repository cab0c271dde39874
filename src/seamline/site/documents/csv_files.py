"""The tables as CSV (RFC 4180) for spreadsheets and programs; the content's hash stands in a column of its own, in every row."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from typing import cast

from seamline.site.documents.bom import bom
from seamline.site.documents.design import Design
from seamline.site.documents.devices import Device, devices
from seamline.site.documents.views import CablesView

Cell = str | int | float | bool | None


def csv_files(design: Design) -> dict[str, bytes]:
    """All tables by their files' names."""
    content = design.content.hash
    return {f"{name}.csv": table(columns, rows, content) for name, columns, rows in tables(design)}


def tables(design: Design) -> Iterator[tuple[str, Sequence[str], Iterable[Sequence[Cell]]]]:
    """Name, columns and rows of each table; what was not worked out has no table."""
    yield "bom", BOM, bom_rows(design)
    yield "nodes", tuple(field.name for field in fields(Device)), map(device_row, devices(design))
    yield "coverage", COVERAGE, coverage_rows(design)
    if design.radio is not None:
        columns = ("a", "b", "radio", "rate", "metres", "loss_db", "margin_db", "spare_db", "used")
        yield "links", columns, ([getattr(link, column) for column in columns] for link in design.radio.links)
    if design.cables is not None:
        yield "cables", CABLES, cable_rows(design.cables)
    if design.power is not None:
        columns = ("node", "source", "daily_wh", "autonomy_d", "dark_share", "worst_month", "upper_bound", "met")
        rows = ([*(getattr(node, column) for column in columns), "; ".join(node.notes)] for node in design.power.nodes)
        yield "power", (*columns, "notes"), rows


def table(columns: Sequence[str], rows: Iterable[Sequence[Cell]], content: str) -> bytes:
    """A table in UTF-8; one without rows has one that holds the hash alone."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([*columns, "content"])
    given = [[*map(cell, row), content] for row in rows]
    writer.writerows(given or [["" for _ in columns] + [content]])
    return text.getvalue().encode()


def cell(value: Cell) -> str:
    """A value as text that no spreadsheet takes for a formula (OWASP, CSV injection)."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return f"'{value}" if value[:1] in {"=", "+", "-", "@", "\t", "\r"} else value
    return str(value)


BOM = ("kind", "part", "title", "maker", "model", "unit", "needed", "spares", "quantity", "price", "total", "currency", "price_from",
       "asked_by", "source")  # fmt: skip


def bom_rows(design: Design) -> Iterator[Sequence[Cell]]:
    """The lines of the bill of materials, its work, and its total."""
    found = bom(design)
    for line in found.lines:
        part = line.part
        yield (
            part.kind, part.id, part.title, part.maker, part.model, line.unit, line.needed, line.spares, line.quantity,
            decimal(line.price.cents if line.price else None), decimal(line.cents), found.currency, line.price_from, line.asked_by,
            part.source,
        )  # fmt: skip
    for work in found.works:
        yield (
            "labour", work.what, work.title, "", "", work.unit, round(float(work.quantity), 4), 0, round(float(work.quantity), 4),
            decimal(work.each.cents), decimal(work.cents), found.currency, work.origin, work.asked_by, work.origin,
        )  # fmt: skip
    lacks = "; ".join([*found.unpriced, *found.lacks])
    title = f"at least, without: {lacks}" if found.at_least else ""
    yield ("total", "", title, "", "", "", None, None, None, None, decimal(found.total.cents), found.currency, "", "", "")


def decimal(cents: int | None) -> str | None:
    """Cents as a decimal number."""
    return None if cents is None else f"{cents // 100}.{cents % 100:02d}"


def device_row(one: Device) -> Sequence[Cell]:
    """A device's fields; lists with spaces between."""
    values: Mapping[str, object] = {field.name: getattr(one, field.name) for field in fields(one)}
    return [
        " ".join(map(str, cast("tuple[object, ...]", value))) if isinstance(value, tuple) else number(value)
        for value in values.values()
    ]


def number(value: object) -> Cell:
    """A field as a cell: lengths and angles to the hundred-millionth, without noise of the arithmetic."""
    if isinstance(value, float):
        return round(value, 8)
    assert value is None or isinstance(value, (str, int, bool))  # noqa: S101  (the fields of Device)
    return value


COVERAGE = ("zone", "need", "of", "k", "edition", "px_per_m", "area_m2", "must_share", "share", "met", "blind_spots", "blind_m2")


def coverage_rows(design: Design) -> Iterator[Sequence[Cell]]:
    """A line for each need of each zone."""
    for zone in design.coverage.zones.values():
        for found in zone.needs:
            need = found.need
            blind = round(sum(spot.area_m2 for spot in found.blind), 2)
            yield (
                zone.zone, need.kind, need.of, need.k, need.edition, need.px_per_m, round(zone.area_m2, 2), need.share,
                round(found.share, 6), found.met, len(found.blind), blind,
            )  # fmt: skip


CABLES = ("id", "source", "device", "part", "use", "metres", "route_m", "lead_m", "drop_share", "lines", "problems")


def cable_rows(cables: CablesView) -> Iterator[Sequence[Cell]]:
    """The cable schedule, and what no route leads to."""
    for row in cables.rows:
        yield (
            row.id, row.source, row.device, row.part, row.use, row.metres, row.route_m, row.lead_m, row.drop_share,
            " ".join(row.lines), "; ".join(row.problems),
        )  # fmt: skip
    for ident, why in cables.unroutable.items():
        yield (ident, "", "", "", "", None, None, None, None, "", why)
