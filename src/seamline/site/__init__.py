"""Geometry in, plan out: zones, what sees them, where to put it, and what that costs. Pure functions of a plan.

    from seamline.site import Camera, Grid, Scene, Sensor, Solid

    scene = Scene(Grid(columns=400, rows=300, west=0.0, south=0.0, cell=0.5), [Solid.of(polygon, height=6.0, name="barn")])
    camera = Camera(x=12.0, y=30.0, height=4.5, heading=90.0, tilt=10.0, hfov=80.0, pixels=(2560, 1440), range=60.0)
    mask = scene.mask(camera, target=1.0)

Lengths are metres in a local frame (x to the east, y to the north), angles degrees; headings clockwise from north, tilt downwards.
"""

from __future__ import annotations

from seamline.site.observers import Camera, Field, Observer, Sensor
from seamline.site.scene import Grid, Scene, SiteError, Solid

__all__ = ["Camera", "Field", "Grid", "Observer", "Scene", "Sensor", "SiteError", "Solid"]
