"""The ground under a site, from a GeoTIFF: read by GDAL in a process of its own, resampled to the site's cells."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final, cast

import numpy as np
from numpy.typing import NDArray

from seamline.site.frame import SiteError
from seamline.site.plan.local import LocalFrame
from seamline.site.plan.model import Terrain
from seamline.site.scene import Grid
from seamline.site.survey.ogr import SKIPPED

SECONDS_MAX: Final = 120
CELLS_MAX: Final = 16_000_000
"""Cells of a site with terrain: 4 km square with cells of 1 m."""
HOLES_MAX: Final = 0.05
"""The share of cells without height that is filled; with more, the terrain is another place's."""
READ_MAX: Final = 2
"""Files that were read stay in memory, 128 MB each at most."""
MAGIC: Final = (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")
"""TIFF 6.0 and BigTIFF, of both byte orders."""

READER: Final = Path(__file__).with_name("terrain_reader.py")
"""Run as a file, without what the package about it would import."""
ENVIRONMENT: Final = {
    "GDAL_SKIP": SKIPPED,
    "PROJ_NETWORK": "OFF",
    "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": "{none}",
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    "GDAL_PAM_ENABLED": "NO",
}
"""No file but the one that is named is read, and nothing of the network."""

Heights = NDArray[np.float64]
Job = Mapping[str, object]
Ask = Callable[[Job], tuple[Mapping[str, object], Heights]]


@dataclass(frozen=True, slots=True)
class Relief:
    """The ground's heights (rows, columns), from `level` metres above the terrain's datum on; None: flat. `filled` cells had none."""

    grid: Grid
    heights: Heights | None = None
    level: float = 0.0
    filled: int = 0
    hole: tuple[float, float] | None = None
    """The centre of the first cell that was filled."""
    frame: str = ""

    def at(self, x: float, y: float) -> float:
        """The ground at a place; beyond the outermost centres that of the nearest of them."""
        if self.heights is None:
            return 0.0
        xs, ys = self.grid.centres()
        column = min(max((x - float(xs[0])) / self.grid.cell, 0.0), self.grid.columns - 1.0)
        row = min(max((y - float(ys[0])) / self.grid.cell, 0.0), self.grid.rows - 1.0)
        west, south = min(int(column), max(self.grid.columns - 2, 0)), min(int(row), max(self.grid.rows - 2, 0))
        east, north = min(west + 1, self.grid.columns - 1), min(south + 1, self.grid.rows - 1)
        corners = self.heights[[[south, south], [north, north]], [[west, east], [west, east]]]
        across = corners[:, 0] + (corners[:, 1] - corners[:, 0]) * (column - west)
        return float(across[0] + (across[1] - across[0]) * (row - south))


def relief_of(grid: Grid, frame: LocalFrame, terrain: Terrain, path: Path, ask: Ask | None = None) -> Relief:
    """The ground under every cell; SiteError when the file is no terrain, or not of this place. `ask` reads it, by default `asked`."""
    if grid.columns * grid.rows > CELLS_MAX:
        raise SiteError(
            f"a site of {grid.columns * grid.rows:,} cells with terrain; the most is {CELLS_MAX:,}. Enlarge 'grid.cell'"
        )
    checked(path)
    about, found = (ask or asked)(job_of(grid, frame, terrain.crs, path))
    raw = found.reshape(grid.rows, grid.columns)
    missing = ~np.isfinite(raw)
    holes = int(missing.sum())
    if holes > HOLES_MAX * raw.size:
        raise SiteError(
            f"{path}: no height in {holes / raw.size:.0%} of the site's cells (outside it, or nodata {about['nodata']}); "
            "does it cover the site? Fill its holes"
        )
    heights = filled(raw) if holes else raw
    level = float(np.floor(heights.min()))
    xs, ys = grid.centres()
    row, column = np.argwhere(missing)[0].tolist() if holes else (0, 0)
    hole = (float(xs[column]), float(ys[row])) if holes else None
    return Relief(grid, np.round(heights - level, 2), level, holes, hole, str(about["frame"]))


def filled(raw: Heights) -> Heights:
    """Holes filled from their edges inwards, each cell with the mean of its neighbours that have a height."""
    found = raw.copy()
    while (missing := ~np.isfinite(found)).any():
        padded = np.pad(found, 1, constant_values=np.nan)
        around = np.stack([padded[:-2, 1:-1], padded[2:, 1:-1], padded[1:-1, :-2], padded[1:-1, 2:]])
        known = np.isfinite(around)
        count = known.sum(axis=0)
        mean = np.where(known, around, 0.0).sum(axis=0) / np.maximum(count, 1)
        now = missing & (count > 0)
        found[now] = mean[now]
    return found


def job_of(grid: Grid, frame: LocalFrame, crs: str | None, path: Path) -> Job:
    """What the reading process is asked."""
    x, y = grid.centres()
    return {
        "path": str(path.absolute()),
        "crs": crs,
        "frame": frame.crs,
        "first": [float(x[0]) + frame.anchor[0], float(y[0]) + frame.anchor[1]],
        "step": grid.cell,
        "columns": grid.columns,
        "rows": grid.rows,
    }


def asked(job: Job) -> tuple[Mapping[str, object], Heights]:
    """What the reading process says of a file, and the heights that it finds (all cells, row after row; not to be written to).

    A plan is resolved again and again while it is worked on: the same file and cells are read once.
    """
    path = Path(str(job["path"]))
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256")
        for beside in (path.with_suffix(".tfw"), path.with_suffix(".tifw"), path.with_suffix(".prj"), Path(f"{path}.aux.xml")):
            digest.update(beside.read_bytes() if beside.is_file() else b"")
    except OSError as error:
        raise SiteError(f"{path}: it cannot be used as terrain: {error.strerror or error}") from None
    return _asked(json.dumps(job), digest.hexdigest())


@lru_cache(maxsize=READ_MAX)
def _asked(job: str, digest: str) -> tuple[Mapping[str, object], Heights]:  # noqa: ARG001 - part of the key
    path = cast("Job", json.loads(job))["path"]
    try:
        done = subprocess.run(
            [sys.executable, "-P", str(READER), job],
            env={**os.environ, **ENVIRONMENT},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SECONDS_MAX,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise SiteError(f"{path}: GDAL was not done with it in {SECONDS_MAX} s; cut it to the site") from None
    if done.returncode:
        told = done.stderr.decode(errors="replace").strip().splitlines()
        why = told[-1] if told else f"its process ended with {done.returncode}"
        raise SiteError(f"{path}: it cannot be used as terrain: {why[:300]}")
    line, _, data = done.stdout.partition(b"\n")
    heights = np.frombuffer(data, dtype="<f8").astype(np.float64)
    heights.flags.writeable = False
    return cast("Mapping[str, object]", json.loads(line)), heights


def checked(path: Path) -> None:
    """SiteError when the file is no TIFF."""
    try:
        with path.open("rb") as file:
            head = file.read(4)
    except OSError as error:
        raise SiteError(f"{path}: cannot be read: {error.strerror or error}") from None
    if head not in MAGIC:
        raise SiteError(f"{path}: this is no GeoTIFF; terrain must be one, with heights in metres")
