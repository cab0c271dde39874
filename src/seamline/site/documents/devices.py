"""Where each device of a design goes, in every form that someone on a ladder or a program needs it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from seamline.site.catalogue.parts import Camera, Catalogue, Mast, Mount, Sensor
from seamline.site.documents.design import Design
from seamline.site.plan.model import Gateway, Node, PowerSource
from seamline.site.plan.site import Fixed

Role = Literal["camera", "sensor", "relay", "gateway"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A node or a gateway at its place: local metres, degrees, metres above the ground there.

    `heading_deg` is from the frame's north, `bearing_deg` from true north; both None for what looks nowhere in particular.
    """

    id: str
    title: str
    role: Role
    x: float
    y: float
    lon: float
    lat: float
    ground_m: float
    height_m: float
    heading_deg: float | None
    bearing_deg: float | None
    tilt_deg: float | None
    lens: str | None
    width_deg: float | None
    range_m: float | None
    part: str | None
    board: str | None
    radio: str | None
    mount: tuple[str, ...]
    with_parts: tuple[str, ...]
    power: str
    product: str | None
    existing: bool
    unit: str
    """What the QR code of the unit says."""


def devices(design: Design) -> tuple[Device, ...]:
    """All nodes, then all gateways, in the plan's order."""
    nodes = [_node(design, node, fixed) for node, fixed in design.site.nodes.values()]
    gateways = [_gateway(design, gateway, fixed) for gateway, fixed in design.site.gateways.values()]
    return (*nodes, *gateways)


def unit_of(design: Design, ident: str) -> str:
    """What the QR code of a unit says: the place that the plan gives it, as `seamline:unit:SITE/NODE`."""
    return f"seamline:unit:{design.plan.name}/{ident}"


def _node(design: Design, node: Node, fixed: Fixed) -> Device:
    part = design.plan.catalogue.parts.get(node.part or "")
    lon, lat = design.site.frame.degrees(fixed.x, fixed.y)
    role, lens, width, reach = "relay", None, None, None
    if isinstance(part, Camera):
        found = part.lens(node.lens) or part.lenses[0]
        role, lens, width, reach = "camera", found.name, found.hfov_deg, part.range_m
    elif isinstance(part, Sensor):
        role, width, reach = "sensor", part.width_deg, part.range_m
    looks = width is not None and width < 360
    bearing = round((node.heading_deg + design.site.frame.convergence(fixed.x, fixed.y)) % 360, 1) % 360
    return Device(
        id=node.id,
        title=node.title,
        role=role,
        x=fixed.x,
        y=fixed.y,
        lon=lon,
        lat=lat,
        ground_m=fixed.ground + design.site.level,
        height_m=node.height_m,
        heading_deg=node.heading_deg if looks else None,
        bearing_deg=bearing if looks else None,
        tilt_deg=node.tilt_deg if isinstance(part, Camera) else None,
        lens=lens,
        width_deg=width,
        range_m=reach,
        part=node.part,
        board=node.board,
        radio=node.radio,
        mount=_mounts(design.plan.catalogue, node.with_parts),
        with_parts=node.with_parts,
        power=power_text(node.power),
        product=node.product,
        existing=node.existing,
        unit=unit_of(design, node.id),
    )


def _gateway(design: Design, gateway: Gateway, fixed: Fixed) -> Device:
    lon, lat = design.site.frame.degrees(fixed.x, fixed.y)
    return Device(
        id=gateway.id,
        title=gateway.title,
        role="gateway",
        x=fixed.x,
        y=fixed.y,
        lon=lon,
        lat=lat,
        ground_m=fixed.ground + design.site.level,
        height_m=gateway.height_m,
        heading_deg=None,
        bearing_deg=None,
        tilt_deg=None,
        lens=None,
        width_deg=None,
        range_m=None,
        part=gateway.part,
        board=None,
        radio=None,
        mount=_mounts(design.plan.catalogue, gateway.with_parts),
        with_parts=gateway.with_parts,
        power=power_text(gateway.power),
        product=None,
        existing=gateway.existing,
        unit=unit_of(design, gateway.id),
    )


def _mounts(catalogue: Catalogue, with_parts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(ident for ident in with_parts if isinstance(catalogue.parts.get(ident), (Mount, Mast)))


def power_text(power: PowerSource | None) -> str:
    """What feeds a device, in words; that the plan says nothing is said too."""
    if power is None:
        return "not planned"
    if power.kit is not None:
        return f"{power.kind}, kit {power.kit}"
    if power.supply:
        return f"{power.kind} from {power.supply}"
    return f"{power.kind}, nearest {'supply or socket' if power.kind == 'mains' else 'supply'}"
