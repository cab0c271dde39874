"""A design in figures that can be compared: section, thing, field. It is written into each folder, so that folders can be compared too."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Final, cast

from seamline.site.documents.blind import causes_text, need_text, spots
from seamline.site.documents.bom import bom
from seamline.site.documents.csv_files import number
from seamline.site.documents.design import Design
from seamline.site.documents.devices import devices
from seamline.site.frame import SiteError

Figure = str | int | float | bool | None
Fields = Mapping[str, Figure]
Section = Mapping[str, Fields]
Summary = Mapping[str, Section]
"""Section, then the thing's id, then its fields."""

SECTIONS: Final = (
    "survey",
    "devices",
    "coverage",
    "blind spots",
    "links",
    "failures",
    "cables",
    "power",
    "parts",
    "labour",
    "total",
    "absent",
)
DEVICE: Final = (
    "role",
    "part",
    "x",
    "y",
    "height_m",
    "heading_deg",
    "tilt_deg",
    "lens",
    "board",
    "radio",
    "power",
    "product",
    "existing",
)


def summary(design: Design) -> Summary:
    """The figures of a design."""
    found: dict[str, Section] = {
        "survey": dict(_survey(design)),
        "devices": {
            **{one.id: {name: number(getattr(one, name)) for name in DEVICE} for one in devices(design)},
            **{
                one.id: {"role": one.role, "part": one.part, "x": one.x, "y": one.y, "height_m": one.height_m}
                for one in (design.radio.put_up if design.radio else ())
            },
        },
        "coverage": dict(_coverage(design)),
        "blind spots": dict(_blind(design)),
        "links": dict(_links(design)),
        "failures": dict(_failures(design)),
        "cables": dict(_cables(design)),
        "power": dict(_power(design)),
        "parts": dict(_parts(design)),
        "labour": dict(_labour(design)),
        "total": {"all": _total(design)},
        "absent": {absent.what: {"why": absent.why} for absent in design.absent},
    }
    return {name: found[name] for name in SECTIONS}


def _survey(design: Design) -> Iterator[tuple[str, Fields]]:
    for thing in design.site.things:
        area = round(thing.geometry.area, 2) or None
        yield thing.id, {"meaning": thing.meaning.value, "height_m": thing.height_m, "area_m2": area}


def _coverage(design: Design) -> Iterator[tuple[str, Fields]]:
    for zone in design.coverage.zones.values():
        for found in zone.needs:
            blind = round(sum(spot.area_m2 for spot in found.blind), 2)
            yield (
                f"{zone.zone}, {need_text(found.need)}",
                {"share": round(found.share, 6), "met": found.met, "blind_m2": blind, "area_m2": round(zone.area_m2, 2)},
            )


def _blind(design: Design) -> Iterator[tuple[str, Fields]]:
    for spot in spots(design.coverage):
        yield spot.name, {"area_m2": round(spot.blind.area_m2, 2), "causes": causes_text(spot.blind, most=5)}


def _links(design: Design) -> Iterator[tuple[str, Fields]]:
    for link in design.radio.links if design.radio else ():
        yield link.ends, {"rate": link.rate, "margin_db": link.margin_db, "used": link.used}


def _failures(design: Design) -> Iterator[tuple[str, Fields]]:
    for one in design.radio.failures if design.radio else ():
        yield f"{one.kind} {one.what}", {"dark": ", ".join(one.dark)}
    for switch in design.cables.switches if design.cables and not design.radio else ():
        if switch.dark:
            yield f"{'switch' if switch.count == 1 else 'supply'} {switch.id}", {"dark": ", ".join(switch.dark)}


def _cables(design: Design) -> Iterator[tuple[str, Fields]]:
    for row in design.cables.rows if design.cables else ():
        yield row.id, {"from": row.source, "part": row.part, "metres": row.metres, "problems": "; ".join(row.problems)}
    for ident, why in design.cables.unroutable.items() if design.cables else ():
        yield ident, {"problems": why}


def _power(design: Design) -> Iterator[tuple[str, Fields]]:
    for node in design.power.nodes if design.power else ():
        yield (
            node.node,
            {
                "daily_wh": node.daily_wh,
                "autonomy_d": node.autonomy_d,
                "dark_share": node.dark_share,
                "met": node.met,
                "answers": "; ".join(answer.answer for answer in node.answers),
            },
        )


def _parts(design: Design) -> Iterator[tuple[str, Fields]]:
    for line in bom(design).lines:
        price = None if line.price is None else line.price.cents
        yield line.part.id, {"quantity": line.quantity, "unit": line.unit, "price_cents": price, "cents": line.cents}


def _labour(design: Design) -> Iterator[tuple[str, Fields]]:
    """Work by what it is done to; the mountings of what the network puts up by their own names."""
    found: dict[str, tuple[float, str, int]] = {}
    for work in bom(design).works:
        quantity, _, cents = found.get(work.what, (0.0, work.unit, 0))
        found[work.what] = (round(quantity + float(work.quantity), 4), work.unit, cents + work.cents)
    for what, (quantity, unit, cents) in found.items():
        yield what, {"quantity": quantity, "unit": unit, "cents": cents}


def _total(design: Design) -> Fields:
    found = bom(design)
    left = None if found.left is None else found.left.cents
    return {"cents": found.total.cents, "currency": found.currency, "at_least": found.at_least, "left_cents": left}


def written(design: Design) -> bytes:
    """The summary as JSON."""
    plan = design.plan
    about = {"site": plan.name, "title": plan.title, "variant": plan.variant, "content": design.content.hash}
    text = json.dumps({**about, "summary": summary(design)}, ensure_ascii=False, indent=1, allow_nan=False)
    return f"{text}\n".encode()


def read_summary(data: bytes, name: str) -> Summary:
    """The summary in a file; SiteError when it is none."""
    try:
        document: object = json.loads(data)
    except ValueError as error:
        raise SiteError(f"{name}: this is no JSON: {error}") from None
    found = cast("Mapping[str, object]", document).get("summary") if isinstance(document, dict) else None
    if not isinstance(found, dict) or not all(_is_section(cast("dict[str, object]", found).get(name)) for name in SECTIONS):
        raise SiteError(f"{name}: this is no summary of a site; build the folder anew")
    return cast("Summary", found)


def _is_section(value: object) -> bool:
    """Whether this is things with fields."""
    if not isinstance(value, dict):
        return False
    return all(
        isinstance(fields, dict)
        and all(one is None or isinstance(one, (str, int, float)) for one in cast("dict[str, object]", fields).values())
        for fields in cast("dict[str, object]", value).values()
    )
