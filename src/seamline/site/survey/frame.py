"""From a survey's own frame (metres east and north, another datum) to longitude and latitude."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, cast

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError, ProjError
from shapely.geometry.base import BaseGeometry

from seamline.site.survey.feature import Notes, SurveyError, UnnamedFrame

SHARP_M: Final = 1.0
"""How far off a frame may put a place without a note."""


def frame_named(text: str, name: str) -> CRS:
    """The frame of a code (`EPSG:25832`) or of well-known text; SurveyError when there is none, or it lies nowhere on earth."""
    try:
        found = CRS.from_user_input(text)  # pyright: ignore[reportUnknownMemberType] - its stub
    except (CRSError, ProjError):
        raise SurveyError(
            f"{name}: {shortened(text)!r} is no frame of coordinates; name one by its code, as EPSG:25832"
        ) from None
    if found.is_engineering or not (found.is_projected or found.is_geographic or found.is_bound or found.is_compound):
        raise UnnamedFrame(
            f"{name}: {shortened(found.name)!r} does not lie anywhere on earth; say which frame it is: --crs EPSG:xxxx"
        )
    return found


def to_degrees(geometries: Sequence[BaseGeometry], frame: CRS, notes: Notes) -> list[BaseGeometry]:
    """The same places in longitude and latitude (WGS 84), altitudes as they are; a note when that is not known to the metre."""
    transformer = Transformer.from_crs(frame, "EPSG:4326", always_xy=True, allow_ballpark=True)
    # Infinite where the frame does not reach: the reader leaves such places out.
    moved = shapely.transform(np.array(geometries, dtype=object), lambda places: moved_by(transformer, places), include_z=False)
    accuracy = transformer.accuracy
    if frame.to_epsg() != 4326 and not 0 <= accuracy <= SHARP_M:
        known = f"to within {accuracy:g} m" if accuracy >= 0 else "to within an unknown distance"
        notes.repaired(f"places carried over from {frame.name} to WGS 84, {known}")
    flat = cast("Sequence[BaseGeometry]", list(moved))
    return [with_altitude(one, was) if was.has_z else one for one, was in zip(flat, geometries, strict=True)]


def moved_by(transformer: Transformer, places: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n, 2) of one frame as (n, 2) degrees, on nine places as they are written."""
    east, north = cast("tuple[NDArray[np.float64], NDArray[np.float64]]", transformer.transform(places[:, 0], places[:, 1]))
    return np.column_stack([east, north])


def with_altitude(flat: BaseGeometry, was: BaseGeometry) -> BaseGeometry:
    """A flat shape with the altitudes that it had before it was moved."""
    heights = shapely.get_coordinates(was, include_z=True)[:, 2]
    raised: BaseGeometry = shapely.force_3d(flat)  # pyright: ignore[reportUnknownMemberType] - its stub
    return shapely.transform(raised, lambda places: np.column_stack([places[:, :2], heights]), include_z=True)


def shortened(text: str) -> str:
    """A text that fits in a message."""
    return text if len(text) <= 60 else f"{text[:57]}..."
