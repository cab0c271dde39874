"""What the horizon decides is what judging each sight line by itself gives: no cell differs, on any ground, from anywhere.

The other kernel is built of the same sources with the horizon left out (-DWIDEST=1): each cell's sight line is marched alone.
"""

import random
from types import SimpleNamespace

import numpy as np
import pytest
import wasmtime
from tools.kernel import build

from seamline.site import Camera, Grid, Scene, Sensor, visibility

KINDS = ("hills", "noise", "rough", "steps", "flat", "slope", "valley", "crater")
SCENES = 320


def ground_of(kind, columns, rows, draw):
    """Ground in metres; `steps` has banks, `slope` lies in the sight lines of an observer on it, `valley` has walls and pebbles."""
    ys, xs = np.mgrid[0:rows, 0:columns].astype(float)
    hills = 6 * np.sin(xs / 31) + 5 * np.cos(ys / 23) + 2 * np.sin((xs + ys) / 9)
    made = {
        "hills": lambda: hills,
        "noise": lambda: draw.normal(0, 1, xs.shape),
        "rough": lambda: hills + draw.normal(0, 0.1, xs.shape),
        "steps": lambda: 3 * ((xs // 13 + ys // 9) % 3),
        "flat": lambda: np.zeros(xs.shape),
        "slope": lambda: 0.3 * xs + 0.07 * ys,
        "valley": lambda: np.abs(xs - columns / 2) * 0.4 + draw.normal(0, 0.03, xs.shape),
        "crater": lambda: np.hypot(xs - columns / 2, ys - rows / 2) * 0.2 % 5,
    }
    return made[kind]()


def scene_of(seed):
    """A scene, an observer in or beside it and the height of the targets."""
    draw, kind = random.Random(seed), KINDS[seed % len(KINDS)]
    columns, rows = draw.randint(2, 120), draw.randint(2, 120)
    if seed % 5 == 0:
        columns, rows = draw.randint(2, 8), draw.randint(2, 300)
    cell = draw.choice([0.02, 0.5, 1.0, 1.0, 2.5, 10.0])
    grid = Grid(columns, rows, draw.choice([0.0, -columns * cell / 2]), draw.choice([0.0, -3 * cell]), cell)
    ground = ground_of(kind, columns, rows, np.random.default_rng(seed)) * draw.choice([0.05, 0.3, 1.0, 1.0, 3.0])
    beyond = draw.choice([0, 0, 0, 1])
    x = grid.west + draw.uniform(-beyond, 1 + beyond) * columns * cell
    y = grid.south + draw.uniform(-beyond, 1 + beyond) * rows * cell
    if draw.random() < 0.4:  # on a line of centres, or on a centre
        x = (round((x * 100 - grid.first[0]) / grid.step) * grid.step + grid.first[0]) / 100
        if draw.random() < 0.5:
            y = (round((y * 100 - grid.first[1]) / grid.step) * grid.step + grid.first[1]) / 100
    height, far = draw.choice([0.0, 0.05, 1.5, 5.0, 30.0]), cell * max(columns, rows)
    if draw.random() < 0.6:
        width = draw.choice([60.0, 200.0, 360.0, 360.0])
        observer = Sensor(
            x=x, y=y, height=height, range=far * draw.choice([0.3, 0.7, 2]), heading=draw.uniform(0, 360), width=width
        )
    else:
        observer = Camera(
            x=x, y=y, height=height, heading=draw.uniform(0, 360), tilt=draw.uniform(-20, 60), hfov=draw.uniform(10, 120),
            pixels=(2560, 1440), range=2 * far, densities=(25.0,),
        )  # fmt: skip
    return Scene(grid, (), ground), observer, draw.choice([0.0, 0.0, 0.05, 1.0, 1.7, 10.0])


@pytest.fixture(scope="module")
def alone():
    """Answers as the kernel without the horizon gives them."""
    engine = wasmtime.Engine()
    module = wasmtime.Module(engine, build("-DWIDEST=1"))
    patch = pytest.MonkeyPatch()
    patch.setattr(visibility, "module", lambda: (engine, module))
    try:
        kernels = [visibility.Kernel(())]
    finally:
        patch.undo()

    def mask(scene, observer, targets):
        field = observer.field()
        eye = scene.ground_at(field.x, field.y) + field.z
        return kernels[0].see(scene.grid.cells, field, eye, 0, (scene.ground, targets))

    yield SimpleNamespace(mask=mask)
    kernels.clear()  # its store goes before its module
    module.close()
    engine.close()


@pytest.mark.parametrize("first", range(0, SCENES, 40))
def test_no_cell_differs_from_its_own_sight_line(alone, first):
    seen = hidden = 0
    for seed in range(first, first + 40):
        scene, observer, target = scene_of(seed)
        got = scene.mask(observer, target)
        want = alone.mask(scene, observer, scene.ground + round(target * 100))
        assert (got == want).all(), (seed, np.argwhere(got != want)[:5].tolist())
        seen, hidden = seen + int((want > 0).sum()), hidden + int((want == 0).sum())
    assert min(seen, hidden) > 10_000, "both answers are asked for"


@pytest.mark.parametrize("kind", KINDS)
def test_no_cell_differs_over_many_blocks(alone, kind):
    grid = Grid(420, 390, -200.0, -150.0, 1.0)
    scene = Scene(grid, (), ground_of(kind, 420, 390, np.random.default_rng(7)))
    for x, y, height, target in ((3.3, 41.07, 5.0, 1.0), (-180.5, 200.5, 40.0, 0.0)):
        observer = Sensor(x=x, y=y, height=height, range=450.0)
        got = scene.mask(observer, target)
        assert (got == alone.mask(scene, observer, scene.ground + round(target * 100))).all()


@pytest.mark.parametrize("distance", [3.0, 60.0, 320.0, 335.0])
def test_an_observer_far_off_fine_cells_sees_as_its_sight_lines_say(alone, distance):
    """From 327 m off, cells of 2 cm are closer together than the rays."""
    grid = Grid(100, 90, 0.0, 0.0, 0.02)
    seen = hidden = 0
    for kind in KINDS:
        scene = Scene(grid, (), ground_of(kind, 100, 90, np.random.default_rng(3)) * 0.02)
        for x, y in ((-distance, 0.7), (1.3, 1.8 + distance), (2.0 + distance, -distance)):
            observer = Sensor(x=x, y=y, height=0.1, range=1000.0)
            want = alone.mask(scene, observer, scene.ground + 2)
            assert (scene.mask(observer, 0.02) == want).all(), (kind, x, y)
            seen, hidden = seen + int((want > 0).sum()), hidden + int((want == 0).sum())
    assert min(seen, hidden) > 1_000, "both answers are asked for"


def test_targets_below_the_ground_are_hidden_by_it(alone):
    """A roof may lie below the ground of a slope; targets in it are then asked for."""
    grid = Grid(90, 70, 0.0, 0.0, 1.0)
    scene = Scene(grid, (), ground_of("hills", 90, 70, None))
    targets = scene.ground + np.where(np.indices(scene.ground.shape).sum(axis=0) % 3, 150, -40).astype(np.int32)
    observer = Sensor(x=41.2, y=30.9, height=12.0, range=200.0)
    field = observer.field()
    eye = scene.ground_at(field.x, field.y) + field.z
    kernel = visibility.Kernel(())
    got = kernel.see(grid.cells, field, eye, 0, (scene.ground, targets))
    assert (got == alone.mask(scene, observer, targets)).all()
    assert not got[targets < scene.ground].any()
    assert got[targets > scene.ground].any()


@pytest.mark.parametrize("kind", ["hills", "rough", "steps"])
def test_no_cell_differs_where_targets_are_not_all_alike(alone, kind):
    """Roofs stand higher over their ground than what is beside them."""
    grid = Grid(210, 190, 0.0, 0.0, 1.0)
    scene = Scene(grid, (), ground_of(kind, 210, 190, np.random.default_rng(5)))
    targets = scene.ground + np.random.default_rng(6).integers(0, 600, scene.ground.shape, np.int32)
    observer = Sensor(x=101.2, y=90.9, height=4.0, range=160.0)
    field = observer.field()
    eye = scene.ground_at(field.x, field.y) + field.z
    got = visibility.Kernel(()).see(grid.cells, field, eye, 0, (scene.ground, targets))
    assert (got == alone.mask(scene, observer, targets)).all()
    assert 1_000 < int(got.sum()) < 40_000, "both answers are asked for"


def test_an_eye_below_the_ground_sees_nothing_of_it():
    grid = Grid(60, 60, 0.0, 0.0, 1.0)
    scene = Scene(grid, (), ground_of("hills", 60, 60, None))
    field = Sensor(x=30.2, y=30.1, height=0.0, range=80.0).field()
    eye = scene.ground_at(field.x, field.y) - 10
    assert not visibility.Kernel(()).see(grid.cells, field, eye, 0, (scene.ground, scene.ground)).any()


def test_ground_and_targets_are_copied_again_when_they_may_have_changed():
    grid = Grid(40, 30, 0.0, 0.0, 1.0)
    field = Sensor(x=5.0, y=15.0, height=2.0, range=60.0).field()
    ground, wall = np.zeros((30, 40), np.int32), np.zeros((30, 40), np.int32)
    wall[:, 20] = 900
    kernel = visibility.Kernel(())

    def seen(own, targets):
        return int((kernel.see(grid.cells, field, 200, 0, (own, targets)) > 0).sum())

    assert seen(ground, ground + 100) == 1200
    assert seen(wall, wall + 100) == 21 * 30
    kept, raised = wall.copy(), wall + 2_000
    kept.flags.writeable = raised.flags.writeable = False
    assert seen(kept, raised) == seen(kept, raised) == 1200
    assert seen(kept, kept + 100) == 21 * 30
    low = ground + 100
    low.flags.writeable = False
    assert seen(ground, low) == 1200
    ground[:, 20] = 900
    assert seen(ground, low) < 21 * 30
