"""Fields: what cameras and sensors could see of empty ground, against their own geometry in floats; and what cannot be meant."""

import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from seamline.site import Camera, Grid, Scene, Sensor, SiteError

GRID = Grid(80, 60, -20.0, -15.0, 0.5)
EMPTY = Scene(GRID)
EDGE = 1e-4
"""How near to the edge of a field, as the sine of an angle or as a share of a depth, floats and whole numbers may disagree."""


def rays(camera, target):
    """Of every cell: depth along the axis, and how far right and up of it, in metres."""
    xs, ys = np.meshgrid(*GRID.centres())
    dx, dy, dz = xs - camera.x, ys - camera.y, target - camera.height
    heading, tilt = math.radians(camera.heading), math.radians(camera.tilt)
    ahead, right = dx * math.sin(heading) + dy * math.cos(heading), dx * math.cos(heading) - dy * math.sin(heading)
    return ahead * math.cos(tilt) - dz * math.sin(tilt), right, ahead * math.sin(tilt) + dz * math.cos(tilt)


cameras = st.builds(
    Camera,
    x=st.integers(-1500, 1500).map(lambda cm: cm / 100),
    y=st.integers(-1200, 1200).map(lambda cm: cm / 100),
    height=st.integers(150, 1500).map(lambda cm: cm / 100),
    heading=st.floats(-360, 360),
    tilt=st.floats(-20, 90),
    hfov=st.floats(5, 170),
    vfov=st.none() | st.floats(5, 150),
    pixels=st.sampled_from([(1920, 1080), (2592, 1944), (640, 640)]),
    range=st.sampled_from([8.0, 25.0, 500.0]),
    densities=st.sampled_from([(), (40.0,), (20.0, 125.0, 250.0)]),
)


@given(cameras, st.sampled_from([0.0, 1.0, 1.8]))
@settings(deadline=None, max_examples=150)
def test_a_camera_sees_what_its_picture_shows(camera, target):
    mask = EMPTY.mask(camera, target)
    depth, right, up = rays(camera, target)
    across, above = camera.half_angles
    away = np.hypot(np.hypot(depth, right), up)
    margins = [np.tan(across) * depth - np.abs(right), np.tan(above) * depth - np.abs(up), depth, camera.range - away]
    inside = np.min([margin / np.maximum(away, 1) for margin in margins], axis=0)
    assert (mask[inside > EDGE] > 0).all()
    assert (mask[inside < -EDGE] == 0).all()
    levels = np.zeros(mask.shape, int)
    clear = np.abs(inside) > EDGE
    for density in camera.densities:
        reached = camera.pixels[0] / (2 * np.tan(across) * np.maximum(depth, 1e-9))
        levels += reached >= density
        clear &= np.abs(reached / density - 1) > EDGE
    seen = clear & (mask > 0)
    assert (mask[seen] == 1 + levels[seen]).all()


@given(st.floats(-360, 360), st.floats(1, 360), st.floats(1, 30))
@settings(deadline=None, max_examples=150)
def test_a_sensor_sees_its_sector(heading, width, reach):
    sensor = Sensor(x=1.0, y=2.0, height=1.5, range=reach, heading=heading, width=width)
    mask = EMPTY.mask(sensor, 0.5)
    xs, ys = np.meshgrid(*GRID.centres())
    dx, dy = xs - sensor.x, ys - sensor.y
    off = np.abs((np.degrees(np.arctan2(dx, dy)) - heading + 180) % 360 - 180)
    away = np.sqrt(dx**2 + dy**2 + 1.0)
    clear = (np.abs(away - reach) > 0.01) & ((np.abs(off - width / 2) > 0.02) | (width == 360))
    assert ((mask > 0)[clear] == ((away < reach) & (off <= width / 2))[clear]).all()


def test_a_sensor_sees_the_edges_of_its_sector_whatever_its_width():
    for width in (90.0, 180.0, 270.0):
        grid = Grid(4, 4, -2.0, -2.0, 1.0)
        sensor = Sensor(x=0.5, y=0.5, height=0.0, range=10.0, heading=45.0, width=width)
        mask = Scene(grid).mask(sensor)
        assert mask[3, 2], "straight to the north of it"
        assert mask[2, 3], "straight to the east of it"


REFUSED = [
    (lambda: Sensor(x=0, y=0, height=1, range=0), "range is 0 m"),
    (lambda: Sensor(x=0, y=0, height=1, range=math.nan), "range is nan m"),
    (lambda: Sensor(x=0, y=0, height=1, range=5, width=361), "361 degrees"),
    (lambda: Camera(x=0, y=0, height=1, heading=0, tilt=0, hfov=180, pixels=(1, 1), range=5), "below 180"),
    (lambda: Camera(x=0, y=0, height=1, heading=0, tilt=0, hfov=90, vfov=0, pixels=(1, 1), range=5), "below 180"),
    (lambda: Camera(x=0, y=0, height=1, heading=0, tilt=0, hfov=90, pixels=(0, 1), range=5), "at least 1"),
    (lambda: Camera(x=0, y=0, height=1, heading=0, tilt=91, hfov=90, pixels=(1, 1), range=5), "90 is down"),
    (lambda: Camera(x=0, y=0, height=1, heading=0, tilt=0, hfov=90, pixels=(1, 1), range=0), "range is 0 m"),
    (lambda: Camera(x=0, y=0, height=1, heading=0, tilt=0, hfov=90, pixels=(1, 1), range=5, densities=(0,)), "above 0"),
    (lambda: EMPTY.mask(Sensor(x=math.inf, y=0, height=1, range=5)), "give it in metres"),
    (lambda: EMPTY.mask(Sensor(x=0, y=0, height=6000, range=5)), "another unit"),
    (lambda: EMPTY.mask(Sensor(x=450000, y=5000000, height=6, range=5)), "same frame"),
    (lambda: EMPTY.mask(Sensor(x=0, y=0, height=6, range=5), -1.0), "below it nothing is seen"),
]


@pytest.mark.parametrize(("made", "says"), REFUSED, ids=range(len(REFUSED)))
def test_what_cannot_be_meant_is_refused(made, says):
    with pytest.raises(SiteError, match=says):
        made()
