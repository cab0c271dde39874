"""Reads heights off a GeoTIFF with GDAL, in a process of its own: the job comes as JSON, heights go out as bytes. Imports none of ours.

Not to be imported: what its process may do is said in its environment before it starts, and an answer is taken from it as from a
stranger. See `terrain`.

    {"path": ..., "crs": null or a code, "frame": the frame of the places, "first": [x, y], "step": metres, "columns": n, "rows": n}

It answers with one line of JSON about the file, and then columns x rows doubles, the southern row first; NaN where there is no height.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Final, Protocol, cast

import numpy as np
import rasterio
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError, ProjError
from rasterio.errors import RasterioError
from rasterio.windows import Window

PIXELS_MAX: Final = 100_000_000
MEMORY_MAX: Final = 4 * 1024**3
"""Bytes of address space, as for surveys."""
UNITS: Final = {
    "": 1.0,
    "m": 1.0,
    "metre": 1.0,
    "meter": 1.0,
    "metres": 1.0,
    "meters": 1.0,
    "ft": 0.3048,
    "foot": 0.3048,
    "feet": 0.3048,
}
"""Metres in a unit of height; the international foot (1959), the US survey foot differs by 2 parts in a million."""
US_FEET: Final = frozenset({"us survey foot", "us_survey_foot", "ftus", "us-ft"})

Doubles = NDArray[np.float64]


class Raster(Protocol):
    """What is used of rasterio's dataset."""

    crs: object
    count: int
    width: int
    height: int
    nodata: float | None
    units: Sequence[str | None]
    scales: Sequence[float]
    offsets: Sequence[float]

    @property
    def transform(self) -> Sequence[float]:
        """The affine transform: a, b, c, d, e, f."""
        ...

    def read(self, band: int, *, window: Window, masked: bool) -> np.ma.MaskedArray[tuple[int, int], np.dtype[np.float64]]:
        """A window of a band."""
        ...


class Unfit(ValueError):
    """A file that cannot be used as terrain; the message says why."""


def frame_of(raster: Raster, given: str | None) -> CRS:
    """The raster's own frame, or the given one where it has none."""
    own = None if raster.crs is None else str(cast("object", getattr(raster.crs, "to_wkt")()))  # noqa: B009 - untyped
    if not own and given is None:
        raise Unfit("it does not say which frame it is in; name it: 'crs: EPSG:xxxx'")
    if own and given is not None:
        raise Unfit("it names its frame itself; leave 'crs' out")
    try:
        return CRS.from_user_input(own or given)  # pyright: ignore[reportUnknownMemberType] - its stub
    except (CRSError, ProjError):
        raise Unfit(f"its frame is not known to PROJ: {(own or given or '')[:80]!r}") from None


def metres_in(raster: Raster) -> float:
    """How many metres one unit of the band's heights is."""
    unit = (raster.units[0] or "").strip().casefold()
    if unit in US_FEET:
        return 1200 / 3937
    if unit not in UNITS:
        raise Unfit(f"its heights are in {unit!r}; give them in metres")
    return UNITS[unit]


def pixels_of(raster: Raster, columns: Doubles, rows: Doubles) -> Doubles:
    """Heights at places given as fractions of columns and rows, bilinear between the pixels' centres; NaN outside and at holes."""
    known = np.isfinite(columns) & np.isfinite(rows)
    inside = known & (columns >= 0) & (rows >= 0) & (columns <= raster.width) & (rows <= raster.height)
    found = np.full(columns.shape, np.nan)
    if not inside.any():
        return found
    # Centres lie at halves; beyond the outermost centres the height is theirs.
    across = np.clip(columns[inside] - 0.5, 0, raster.width - 1)
    down = np.clip(rows[inside] - 0.5, 0, raster.height - 1)
    west, north = int(across.min()), int(down.min())
    wide, high = int(across.max()) + 2 - west, int(down.max()) + 2 - north
    wide, high = min(wide, raster.width - west), min(high, raster.height - north)
    if wide * high > PIXELS_MAX:
        raise Unfit(
            f"the site covers {wide:,} x {high:,} pixels of it; the most is {PIXELS_MAX:,}. Resample it to the plan's cells"
        )
    block = raster.read(1, window=Window(west, north, wide, high), masked=True)  # pyright: ignore[reportCallIssue] - untyped
    heights = np.where(np.ma.getmaskarray(block), np.nan, np.ma.getdata(block).astype(np.float64))
    found[inside] = bilinear(heights, across - west, down - north)
    return found


def bilinear(heights: Doubles, across: Doubles, down: Doubles) -> Doubles:
    """Between the four neighbours; one of no weight may be a hole."""
    column, row = across.astype(np.int64), down.astype(np.int64)
    east, south = np.minimum(column + 1, heights.shape[1] - 1), np.minimum(row + 1, heights.shape[0] - 1)
    right, below = across - column, down - row
    total = np.zeros(across.shape)
    for r, weight_r in ((row, 1 - below), (south, below)):
        for c, weight_c in ((column, 1 - right), (east, right)):
            weight = weight_r * weight_c
            total += np.where(weight == 0, 0.0, heights[r, c] * weight)
    return total


def sampled(raster: Raster, job: Mapping[str, object]) -> tuple[Mapping[str, object], Doubles]:
    """Heights at all centres of the grid, and what is to be said of the file."""
    if raster.count < 1:
        raise Unfit("it has no band")
    frame, unit = frame_of(raster, cast("str | None", job["crs"])), metres_in(raster)
    transformer = Transformer.from_crs(str(job["frame"]), frame, always_xy=True)
    a, b, c, d, e, f = cast("Sequence[float]", tuple(raster.transform)[:6])
    size = a * e - b * d
    if size == 0 or not np.isfinite([a, b, c, d, e, f]).all():
        raise Unfit("it has no place on the map: its pixels have no size")
    first, step = cast("Sequence[float]", job["first"]), cast("float", job["step"])
    wide, high = cast("int", job["columns"]), cast("int", job["rows"])
    xs, ys = np.meshgrid(first[0] + np.arange(wide) * step, first[1] + np.arange(high) * step)
    east, north = cast("tuple[Doubles, Doubles]", transformer.transform(xs, ys))
    east, north = east - c, north - f
    heights = pixels_of(raster, (e * east - b * north) / size, (a * north - d * east) / size)
    heights = (heights * raster.scales[0] + raster.offsets[0]) * unit
    about = {"frame": frame.name, "pixel": [abs(a), abs(e)], "unit": unit, "nodata": str(raster.nodata), "bands": raster.count}
    return about, heights


def opened(path: str) -> AbstractContextManager[Raster]:
    """The file, as a GeoTIFF and nothing else."""
    return cast("AbstractContextManager[Raster]", rasterio.open(path, driver="GTiff"))  # pyright: ignore[reportUnknownMemberType] - untyped


def bound_memory() -> None:
    """Limit this process, where the system can."""
    if sys.platform != "win32":
        import resource  # noqa: PLC0415 - not on Windows

        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MAX if hard == resource.RLIM_INFINITY else min(MEMORY_MAX, hard), hard))


def main(text: str) -> int:
    """Do one job; 1, with the reason on standard error, when the file cannot be used."""
    bound_memory()
    job = cast("Mapping[str, object]", json.loads(text))
    try:
        with opened(str(job["path"])) as raster:
            about, heights = sampled(raster, job)
    except (RasterioError, ValueError, MemoryError, OSError) as error:
        sys.stderr.write(f"{str(error) or type(error).__name__}\n")
        return 1
    sys.stdout.buffer.write(json.dumps(about).encode() + b"\n")
    sys.stdout.buffer.write(np.ascontiguousarray(heights, dtype="<f8").tobytes())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
