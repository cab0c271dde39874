"""A node as an observer: what its part and lens make of its place, height, heading and tilt."""

from __future__ import annotations

from dataclasses import dataclass

from seamline.site.catalogue.parts import Camera as CameraPart, Catalogue, Part, Sensor as SensorPart
from seamline.site.frame import SiteError
from seamline.site.observers import Camera, Observer, Sensor
from seamline.site.plan.model import Need, Node
from seamline.site.plan.site import Fixed


@dataclass(frozen=True, slots=True)
class Aim:
    """How a device is mounted: metres in the local frame and above the ground, degrees."""

    x: float
    y: float
    height: float
    heading: float = 0.0
    tilt: float = 0.0
    lens: str | None = None


def aim_of(node: Node, at: Fixed) -> Aim:
    """A node's aim."""
    return Aim(at.x, at.y, node.height_m, node.heading_deg, node.tilt_deg, node.lens)


def observer_of(part: Part, aim: Aim, densities: tuple[float, ...]) -> Observer:
    """What a part sees when it is aimed so; a camera tells the pixel densities (px/m, from coarse to fine) apart."""
    if isinstance(part, SensorPart):
        return Sensor(
            x=aim.x,
            y=aim.y,
            height=aim.height,
            range=part.range_m,
            heading=aim.heading,
            width=part.width_deg,
            sight=part.sight,
        )
    lens = part.lens(aim.lens) if isinstance(part, CameraPart) else None
    if not isinstance(part, CameraPart) or lens is None:
        raise SiteError(f"{part.id!r} observes nothing with lens {aim.lens!r}; name a camera with its lens, or a sensor")
    return Camera(
        x=aim.x,
        y=aim.y,
        height=aim.height,
        heading=aim.heading,
        tilt=aim.tilt,
        hfov=lens.hfov_deg,
        vfov=lens.vfov_deg,
        pixels=part.pixels,
        range=part.range_m,
        densities=densities,
    )


def part_of(node: Node, catalogue: Catalogue) -> Part | None:
    """The camera or sensor of a node; None for one that does not observe."""
    return None if node.part is None else catalogue.parts[node.part]


def able(part: Part, need: Need) -> bool:
    """Whether a part is of the kind that a need asks for."""
    if need.kind == "sensor":
        return isinstance(part, SensorPart) and part.senses == need.of
    return isinstance(part, CameraPart)
