"""What looks at a site: cameras with a picture, sensors with a range; and the field that each could see if nothing stood there."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal, Protocol

from seamline.site.frame import HEIGHT_CM, UNIT, SiteError, centimetres

Plane = tuple[int, int, int, int]
"""(x, y, z, c): holds where x * dx + y * dy + z * dz + c >= 0, with dx, dy and dz in centimetres from the observer."""
Vector = tuple[float, float, float]

MARGIN_RAD: Final = 1e-3
"""How much wider than the field the two upright planes stand that only say which solids matter."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field of view from (x, y), `z` above the ground, in centimetres.

    In it is what lies within `range_cm`, within every plane, and not within all `cuts`. `levels` are planes too: a target that is seen counts those that it is within.
    """

    x: int
    y: int
    z: int
    range_cm: int
    planes: tuple[Plane, ...] = ()
    cuts: tuple[Plane, ...] = ()
    levels: tuple[Plane, ...] = ()


class Observer(Protocol):
    """A thing that sees. Its field says what it could see were the site empty."""

    def field(self) -> Field:
        """The field of view."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensor:
    """Sees equally well in its range (m, in space), in all directions or in a sector of `width` degrees about `heading`.

    With a `sight` other than `line`, nothing hides from it: `none` senses all in its range on the level, `point` the cell it stands in.
    """

    x: float
    y: float
    height: float
    range: float
    heading: float = 0.0
    width: float = 360.0
    sight: Literal["line", "none", "point"] = "line"

    def __post_init__(self) -> None:
        if not self.range > 0:
            raise SiteError(f"a sensor's range is {self.range:g} m; it must be above 0")
        if not 0 < self.width <= 360:
            raise SiteError(f"a sensor's sector is {self.width:g} degrees wide; it must be above 0 and at most 360")

    def field(self) -> Field:
        """See Observer."""
        x, y, z = centimetres(self.x, "a sensor's x"), centimetres(self.y, "a sensor's y"), eye_height(self.height)
        reach = centimetres(self.range, "a sensor's range")
        if self.width == 360:
            return Field(x, y, z, reach)
        half = math.radians(self.width) / 2
        heading = math.radians(self.heading)
        if self.width <= 180:
            return Field(x, y, z, reach, planes=upright(heading, half))
        # What is left out is a sector of less than half a turn behind it; its edges are still seen.
        behind = upright(heading + math.pi, math.pi - half)
        return Field(x, y, z, reach, cuts=tuple((px, py, pz, c - 1) for px, py, pz, c in behind))


@dataclass(frozen=True, slots=True, kw_only=True)
class Camera:
    """A pinhole camera: `hfov` degrees wide, `pixels` (columns, rows), looking along `heading`, `tilt` degrees downwards.

    `densities` are pixel densities (px/m, across the picture, at the target's distance along the axis), such as the classes of
    IEC 62676-4; a cell's level is how many of them it reaches. `range` limits what it sees at all (m, in space).
    """

    x: float
    y: float
    height: float
    heading: float
    tilt: float
    hfov: float
    pixels: tuple[int, int]
    range: float
    vfov: float | None = None
    densities: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if not 0 < self.hfov < 180 or (self.vfov is not None and not 0 < self.vfov < 180):
            raise SiteError(f"a camera's field is {self.hfov:g} by {self.vfov} degrees; both must be above 0 and below 180")
        if min(self.pixels) < 1:
            raise SiteError(f"a camera has {self.pixels[0]} by {self.pixels[1]} pixels; both must be at least 1")
        if not -90 <= self.tilt <= 90:
            raise SiteError(f"a camera is tilted by {self.tilt:g} degrees; -90 is up, 90 is down")
        if not self.range > 0:
            raise SiteError(f"a camera's range is {self.range:g} m; it must be above 0")
        if any(not density > 0 for density in self.densities):
            raise SiteError(f"a pixel density must be above 0; these are {self.densities}")

    @property
    def half_angles(self) -> tuple[float, float]:
        """Half the field across and upright, in radians; without `vfov`, pixels are square."""
        across = math.radians(self.hfov) / 2
        if self.vfov is not None:
            return across, math.radians(self.vfov) / 2
        return across, math.atan(math.tan(across) * self.pixels[1] / self.pixels[0])

    def depth_of(self, density: float) -> float:
        """How far along the axis a metre still covers `density` pixels, in metres."""
        return self.pixels[0] / (2 * math.tan(self.half_angles[0]) * density)

    def field(self) -> Field:
        """See Observer."""
        x, y, z = centimetres(self.x, "a camera's x"), centimetres(self.y, "a camera's y"), eye_height(self.height)
        reach = centimetres(self.range, "a camera's range")
        across, above = self.half_angles
        heading, tilt = math.radians(self.heading), math.radians(self.tilt)
        forward = (math.sin(heading) * math.cos(tilt), math.cos(heading) * math.cos(tilt), -math.sin(tilt))
        right = (math.cos(heading), -math.sin(heading), 0.0)
        up = (math.sin(heading) * math.sin(tilt), math.cos(heading) * math.sin(tilt), math.cos(tilt))
        planes = [
            plane(mixed(forward, math.sin(angle), side, sign * math.cos(angle)))
            for angle, side in ((across, right), (above, up))
            for sign in (1, -1)
        ]
        depths = (round(self.depth_of(density) * 100 * UNIT) for density in self.densities)
        nearer = plane(mixed(forward, -1.0, right, 0.0))
        levels = tuple((*nearer[:3], depth) for depth in depths)
        return Field(x, y, z, reach, tuple(planes) + flanks(heading, tilt, across, above), (), levels)


def eye_height(metres: float) -> int:
    """An observer's height, in centimetres."""
    return centimetres(metres, "an observer's height", HEIGHT_CM - 1)


def upright(heading: float, half: float) -> tuple[Plane, Plane]:
    """Two upright planes through the observer, between which lies what is within `half` of `heading` (radians, half <= pi / 2)."""
    left, right = heading - half, heading + half
    return (
        (round(math.cos(left) * UNIT), round(-math.sin(left) * UNIT), 0, 0),
        (round(-math.cos(right) * UNIT), round(math.sin(right) * UNIT), 0, 0),
    )


def flanks(heading: float, tilt: float, across: float, above: float) -> tuple[Plane, ...]:
    """Upright planes that hold the whole field, when it is narrow enough: they cut nothing, but show which solids do not matter."""
    widest = 0.0
    for upwards in (-above, above):
        # A corner of the picture, in the upright plane along the heading and across it.
        ahead = math.cos(tilt) + math.tan(upwards) * math.sin(tilt)
        if ahead <= 0:
            return ()  # it looks straight down, or behind itself
        widest = max(widest, math.atan2(math.tan(across), ahead))
    half = widest + MARGIN_RAD
    return upright(heading, half) if half < math.pi / 2 else ()


def mixed(a: Vector, by_a: float, b: Vector, by_b: float) -> Vector:
    """The sum of two vectors, each with its factor."""
    return (a[0] * by_a + b[0] * by_b, a[1] * by_a + b[1] * by_b, a[2] * by_a + b[2] * by_b)


def plane(normal: Vector) -> Plane:
    """The plane through the observer with this normal."""
    x, y, z = (round(part * UNIT) for part in normal)
    return (x, y, z, 0)
