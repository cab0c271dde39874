"""How fast a scene is seen: `python bench/coverage.py [--quick]`, beside gdal_viewshed in the same run.

    camera     70 degrees wide, on 1,000 x 1,000 cells of 1 m with 200 buildings, as far as the scene reaches (500 m)
    sensor     all around, 500 m, in the same scene
    terrain    the same sensor over hills, without buildings
    rough      the same hills with 10 cm of noise from cell to cell, as a raw survey has

Peers: the program gdal_viewshed, from the start of its process to its file, and the same function of libgdal in this process, on a
raster in memory; both on the same scene as a raster of heights. They know no field of view: a camera is a sensor of its range to them.
Times are the best of several runs, ours and libgdal's by turns; `wrong` is the share of cells within range in which the peer differs from the exact answer. The
figures of the last line, which is JSON, are masks a second; their ratio is to libgdal in this process, the ratio to the program stands
beside it in the table. Peers that are not installed (Debian: gdal-bin) are named and left out.
"""

from __future__ import annotations

import argparse
import ctypes
import ctypes.util
import json
import math
import random
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from shapely.affinity import rotate
from shapely.geometry import box

from seamline.site import Camera, Grid, Observer, Scene, Sensor, Solid

SIDE = 1000
GRID = Grid(SIDE, SIDE, -SIDE / 2, -SIDE / 2, 1.0)
EYE_M, TARGET_M, RANGE_M = 5.0, 1.0, 500.0
SENSOR = Sensor(x=0.5, y=0.5, height=EYE_M, range=RANGE_M)
CAMERA = Camera(
    x=0.5, y=0.5, height=EYE_M, heading=40.0, tilt=8.0, hfov=70.0, pixels=(2560, 1440), range=RANGE_M, densities=(25.0,)
)
Heights = NDArray[np.float32]


def yard() -> tuple[Scene, Heights]:
    """200 buildings on flat ground; and as heights of cells."""
    draw = random.Random(1)
    solids: list[Solid] = []
    heights = np.zeros((SIDE, SIDE), np.float32)
    while len(solids) < 200:
        x, y, width, depth = draw.uniform(-490, 490), draw.uniform(-490, 490), draw.uniform(8, 30), draw.uniform(8, 30)
        if math.hypot(x, y) < 40:
            continue  # the observer stands free
        footprint, height = (
            rotate(box(x - width / 2, y - depth / 2, x + width / 2, y + depth / 2), draw.uniform(0, 90)),
            draw.choice([3, 6, 9, 15]),
        )
        solids.append(Solid.of(footprint, height))
        inside = GRID.within(footprint)
        heights[inside] = np.maximum(heights[inside], height)
    return Scene(GRID, solids), heights


def hills(noise_m: float = 0.0) -> tuple[Scene, Heights]:
    """Hills of 20 m, and the deviation of what each cell has of its own."""
    ys, xs = np.mgrid[0:SIDE, 0:SIDE]
    ground = 10 * np.sin(xs / 60) + 8 * np.cos(ys / 45) + 3 * np.sin((xs + ys) / 17)
    ground += np.random.default_rng(1).normal(0, noise_m, ground.shape)
    return Scene(GRID, (), ground), ground.astype(np.float32)


class Gdal:
    """gdal_viewshed as a program and as a function, on one raster of heights (north up, as GDAL has it)."""

    def __init__(self, folder: Path, heights: Heights) -> None:
        self.file = folder / "heights.bil"
        heights[::-1].tofile(self.file)
        header = {"NROWS": SIDE, "NCOLS": SIDE, "NBANDS": 1, "NBITS": 32, "PIXELTYPE": "FLOAT", "BYTEORDER": "I", "LAYOUT": "BIL"}
        header |= {"ULXMAP": -SIDE / 2 + 0.5, "ULYMAP": SIDE / 2 - 0.5, "XDIM": 1, "YDIM": 1}
        self.file.with_suffix(".hdr").write_text("".join(f"{key} {value}\n" for key, value in header.items()))
        self.out = folder / "seen.tif"

    def by_program(self) -> NDArray[np.bool_]:
        """What the program says, read back with libgdal."""
        options = ["-ox", "0.5", "-oy", "0.5", "-oz", str(EYE_M), "-tz", str(TARGET_M), "-md", str(RANGE_M), "-cc", "0", "-q"]
        subprocess.run(["gdal_viewshed", *options, str(self.file), str(self.out)], check=True, capture_output=True)
        return np.zeros((0, 0), bool)

    def by_function(self, library: ctypes.CDLL) -> NDArray[np.bool_]:
        """What GDALViewshedGenerate says, from a raster in memory to a raster in memory; (rows, columns) of the raster it made."""
        number, pointer, text = ctypes.c_double, ctypes.c_void_p, ctypes.c_char_p
        generate = library.GDALViewshedGenerate
        generate.restype = pointer
        edge, normal = 2, 1
        made = generate(
            pointer(self._band(library)), text(b"MEM"), text(b""), None, number(0.5), number(0.5), number(EYE_M), number(TARGET_M),
            number(255), number(0), number(0), number(-1), number(0), edge, number(RANGE_M), None, None, normal, None,
        )  # fmt: skip
        columns, rows = library.GDALGetRasterXSize(pointer(made)), library.GDALGetRasterYSize(pointer(made))
        found = np.zeros((rows, columns), np.uint8)
        band = pointer(library.GDALGetRasterBand(pointer(made), 1))
        library.GDALRasterIO(band, 0, 0, 0, columns, rows, found.ctypes.data_as(pointer), columns, rows, 1, 0, 0)
        library.GDALClose(pointer(made))
        return found[::-1] > 0

    def _band(self, library: ctypes.CDLL) -> int:
        """The band of the heights, read into memory once."""
        if not hasattr(self, "_dataset"):
            source = library.GDALOpen(str(self.file).encode(), 0)
            driver = library.GDALGetDriverByName(b"MEM")
            copied = library.GDALCreateCopy(ctypes.c_void_p(driver), b"", ctypes.c_void_p(source), 0, None, None, None)
            library.GDALClose(ctypes.c_void_p(source))
            self._dataset = copied
        return int(library.GDALGetRasterBand(ctypes.c_void_p(self._dataset), 1))


def libgdal() -> ctypes.CDLL | None:
    """The system's libgdal, ready; None without one."""
    name = ctypes.util.find_library("gdal")
    if name is None:
        return None
    library = ctypes.CDLL(name)
    for function in ("GDALOpen", "GDALGetRasterBand", "GDALGetDriverByName", "GDALCreateCopy"):
        getattr(library, function).restype = ctypes.c_void_p
    library.GDALAllRegister()
    return library


def best_ms(runs: int, *tasks: Callable[[], object]) -> list[float]:
    """The shortest of several runs of each task, in milliseconds; by turns, so that other work on the machine slows all alike."""
    best = [math.inf] * len(tasks)
    for _ in range(runs):
        for at, task in enumerate(tasks):
            began = time.perf_counter()
            task()
            best[at] = min(best[at], time.perf_counter() - began)
    return [1000 * seconds for seconds in best]


def wrong(ours: NDArray[np.bool_], theirs: NDArray[np.bool_]) -> float:
    """The share of the cells within range in which a peer's raster, clipped to its range, differs."""
    middle, rows, columns = SIDE // 2, *theirs.shape
    south, west = max(0, middle - rows // 2), max(0, middle - columns // 2)
    part = ours[south : south + rows, west : west + columns]
    ys, xs = np.mgrid[0:SIDE, 0:SIDE][:, south : south + part.shape[0], west : west + part.shape[1]]
    near = np.hypot(xs - middle, ys - middle) < RANGE_M - 2
    return float((part != theirs[: part.shape[0], : part.shape[1]])[near].mean())


def measure(name: str, scene: Scene, observer: Observer, gdal: Gdal, runs: int) -> tuple[float, float | None, float | None]:
    """Ours, the function's and the program's milliseconds; prints a row of the table."""
    library = libgdal()
    peers = [lambda: gdal.by_function(library)] if library else []
    ours, *others = best_ms(runs, lambda: scene.mask(observer, TARGET_M), *peers)
    function = others[0] if others else None
    program = best_ms(3, gdal.by_program)[0] if shutil.which("gdal_viewshed") else None
    differs = wrong(scene.mask(SENSOR, TARGET_M) > 0, gdal.by_function(library)) if library else None
    cells = [f"{ours:12.3f}"]
    cells += [f"{time_ms:12.2f}{time_ms / ours:8.1f}" if time_ms else f"{'-':>12}{'-':>8}" for time_ms in (function, program)]
    print(f"{name:10}{''.join(cells)}{f'{100 * differs:9.2f} %' if differs is not None else '-':>12}")
    return ours, function, program


def main() -> None:
    """Measure everything; print a table, then the JSON line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer runs: a few seconds")
    runs = 10 if parser.parse_args().quick else 50
    figures: dict[str, dict[str, object]] = {}
    print(f"{'ms a mask':10}{'seamline':>12}{'libgdal':>12}{'ratio':>8}{'program':>12}{'ratio':>8}{'wrong':>12}")
    with tempfile.TemporaryDirectory() as folder:
        scene, heights = yard()
        flat = Gdal(Path(folder), heights)
        rows = {"camera": measure("camera", scene, CAMERA, flat, runs), "sensor": measure("sensor", scene, SENSOR, flat, runs)}
        for name, noise_m in (("terrain", 0.0), ("rough", 0.1)):
            scene, heights = hills(noise_m)
            rows[name] = measure(name, scene, SENSOR, Gdal(Path(folder), heights), runs)
    for name, (ours, function, program) in rows.items():
        peer = ("libgdal", function) if function else ("gdal_viewshed", program)
        ratio = round(peer[1] / ours, 2) if peer[1] else None
        figures[name] = {"value": round(1000 / ours, 1), "unit": "masks/s", "against": peer[0], "ratio": ratio}
    print(json.dumps({"bench": "coverage", "figures": figures}))


if __name__ == "__main__":
    main()
