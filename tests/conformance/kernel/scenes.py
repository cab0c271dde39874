"""Scenes for every place where the kernel runs, and their masks as Python gets them."""

import dataclasses
import hashlib
import random
from importlib.resources import files

import numpy as np
from tests.unit.site.oracle import random_solid

from seamline.site import Camera, Grid, Scene, Sensor

MODULE = files("seamline.site.kernel").joinpath("visibility.wasm")


GRID = Grid(60, 50, -15.0, -12.5, 0.5)


def hills(draw):
    """Ground for GRID: waves of a metre or two, in numbers that every machine works out alike."""
    ys, xs = np.mgrid[0 : GRID.rows, 0 : GRID.columns]
    a, b, c = (draw.randrange(7, 23) for _ in range(3))
    return ((xs * a + ys * b) % 97 + (xs * c) % 41) / 60


def scenes(count=60):
    """(Scene, observers, target's height), drawn from fixed seeds."""
    for seed in range(count):
        draw = random.Random(seed)
        solids = [solid for solid in (random_solid(draw, snapped=bool(seed % 2)) for _ in range(12)) if solid]
        scene = Scene(GRID, solids, hills(draw) if seed % 3 == 0 else None)
        x, y, height = draw.uniform(-12, 12), draw.uniform(-12, 12), draw.choice([1.5, 3.0, 6.0])
        heading = draw.uniform(0, 360)
        yield scene, draw.choice([0.0, 1.0, 3.0]), [
            Sensor(x=x, y=y, height=height, range=draw.uniform(3, 40), heading=heading, width=draw.choice([90.0, 200.0, 360.0])),
            Camera(
                x=x, y=y, height=height, heading=heading, tilt=draw.uniform(0, 45), hfov=draw.uniform(20, 110), pixels=(2560, 1440),
                range=60.0, densities=(25.0, 62.5, 125.0),
            ),
        ]  # fmt: skip


def as_json():
    """The scenes as masks.mjs takes them."""
    told = []
    for scene, target, observers in scenes():
        grid = scene.grid
        fields = [dataclasses.asdict(observer.field()) for observer in observers]
        for field in fields:
            field["eye"] = scene.ground_at(field["x"], field["y"]) + field["z"]
        solids = [{"rings": solid.rings, "top": solid.top_cm} for solid in scene.solids]
        ground = None if scene.ground is None else scene.ground.ravel().tolist()
        told.append({"grid": grid.cells, "solids": solids, "ground": ground, "target": round(target * 100), "fields": fields})
    return told


def python_hash():
    """SHA-256 over all masks, one after the other."""
    found = hashlib.sha256()
    for scene, target, observers in scenes():
        for observer in observers:
            found.update(scene.mask(observer, target).tobytes())
    return found.hexdigest()
