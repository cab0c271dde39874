"""The local frame of a site: metres east and north of its anchor, and the way back to longitude and latitude."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, cast

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Proj, Transformer
from pyproj.exceptions import CRSError, ProjError
from shapely.geometry.base import BaseGeometry

from seamline.site.frame import SiteError
from seamline.site.survey.shapes import without_altitude

ANCHOR_STEP_M: Final = 100.0
"""An anchor that is not given lies on whole hundreds, so that a boundary drawn a little differently moves nothing."""

BESIDE_DEG: Final = 3.0


@dataclass(frozen=True)
class LocalFrame:
    """A projected frame (`crs`: a code or PROJ text) and the anchor in it, in metres; `code` is its EPSG code, if it has one."""

    crs: str
    anchor: tuple[float, float] = (0.0, 0.0)
    code: int | None = field(default=None, compare=False)

    @cached_property
    def _there(self) -> Transformer:
        return Transformer.from_crs("EPSG:4326", self.crs, always_xy=True)

    @cached_property
    def _back(self) -> Transformer:
        return Transformer.from_crs(self.crs, "EPSG:4326", always_xy=True)

    def local(self, lon: float, lat: float) -> tuple[float, float]:
        """Metres east and north of the anchor; SiteError where the frame does not reach."""
        moved = self._moved(np.array([[lon, lat]]))
        if not np.isfinite(moved).all():
            raise SiteError(f"{lon:g}, {lat:g} is nowhere in {self.crs}; are longitude and latitude exchanged?")
        return float(moved[0, 0]), float(moved[0, 1])

    def degrees(self, x: float, y: float) -> tuple[float, float]:
        """Longitude and latitude, on nine places (a tenth of a millimetre)."""
        lon, lat = self._turned(np.array([[x, y]]))[0]
        return float(lon), float(lat)

    def to_local(self, geometry: BaseGeometry) -> BaseGeometry:
        """A geometry in degrees as one in local metres, flat."""
        flat = without_altitude(geometry)
        return shapely.transform(flat, self._moved)

    def to_local_all(self, geometries: Sequence[BaseGeometry]) -> list[BaseGeometry]:
        """Many geometries in degrees as flat ones in local metres, at once."""
        flat = np.array([without_altitude(geometry) for geometry in geometries], dtype=object)
        return list(shapely.transform(flat, self._moved)) if len(flat) else []

    def to_degrees(self, geometry: BaseGeometry) -> BaseGeometry:
        """A geometry in local metres as one in degrees."""
        return shapely.transform(geometry, self._turned)

    def convergence(self, x: float, y: float) -> float:
        """Degrees from true north to the frame's north, clockwise, at a place: a compass bearing is a heading plus this."""
        lon, lat = self.degrees(x, y)
        return float(Proj(self.crs).get_factors(lon, lat).meridian_convergence)

    def _moved(self, places: NDArray[np.float64]) -> NDArray[np.float64]:
        found = self._there.transform(places[:, 0], places[:, 1])
        east, north = cast("Sequence[NDArray[np.float64]]", found)
        return np.column_stack([east - self.anchor[0], north - self.anchor[1]])

    def _turned(self, places: NDArray[np.float64]) -> NDArray[np.float64]:
        found = self._back.transform(places[:, 0] + self.anchor[0], places[:, 1] + self.anchor[1])
        lon, lat = cast("Sequence[NDArray[np.float64]]", found)
        return np.round(np.column_stack([lon, lat]), 9)


def utm_of(lon: float, lat: float) -> int:
    """The EPSG code of the UTM zone of a place; SiteError near the poles, where UTM ends (84 N, 80 S)."""
    if not -80 <= lat <= 84:
        raise SiteError(f"UTM does not reach latitude {lat:g}; name a frame: 'frame: {{epsg: ...}}' or an origin")
    zone = int((lon + 180) // 6) % 60 + 1
    if 56 <= lat < 64 and 3 <= lon < 12:
        zone = 32  # Norway
    elif lat >= 72 and 0 <= lon < 42:
        zone = next(number for number, east in ((31, 9), (33, 21), (35, 33), (37, 42)) if lon < east)  # Svalbard
    return (32600 if lat >= 0 else 32700) + zone


def projected(code: int) -> str:
    """The name of a projected frame in metres; SiteError when the register has none of that code."""
    try:
        crs = CRS.from_epsg(code)
    except (CRSError, ProjError):
        raise SiteError(f"EPSG:{code} is no frame of coordinates of the register") from None
    units = {axis.unit_name for axis in crs.axis_info[:2]}
    if not crs.is_projected or units != {"metre"}:
        raise SiteError(f"EPSG:{code} ({crs.name}) is not in metres; name a projected frame, as 25832")
    return f"EPSG:{code}"


def made_for(code: int, lon: float, lat: float) -> bool:
    """Whether a frame of the register is meant for a place, or for one within three degrees (a neighbouring zone)."""
    area = CRS.from_epsg(code).area_of_use
    if area is None:
        return True
    wide = (lon - (area.west - BESIDE_DEG)) % 360 <= (area.east - area.west) % 360 + 2 * BESIDE_DEG
    return wide and area.south - BESIDE_DEG <= lat <= area.north + BESIDE_DEG


def tangent(lon: float, lat: float) -> str:
    """A frame of its own about an origin: a transverse Mercator with scale 1 there."""
    return f"+proj=tmerc +lat_0={lat:.9f} +lon_0={lon:.9f} +k=1 +x_0=0 +y_0=0 +datum=WGS84 +units=m +no_defs +type=crs"


def anchor_of(west: float, south: float) -> tuple[float, float]:
    """The anchor for a boundary whose south-western corner is there."""
    return float(np.floor(west / ANCHOR_STEP_M) * ANCHOR_STEP_M), float(np.floor(south / ANCHOR_STEP_M) * ANCHOR_STEP_M)
