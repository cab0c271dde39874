"""What is seen, worked out the slow way, twice: in fractions without any rounding, and with shapely's predicates.

Neither shares a line or an idea with the kernel: they look along every single sight line.
"""

import math
import random
from fractions import Fraction
from itertools import pairwise

import numpy as np
import shapely
from shapely.geometry import Polygon

from seamline.site import Solid


def hidden_exactly(solid, eye, target, cell):
    """Whether the open segment from `eye` (x, y, z) to `cell` (x, y) at height `target` meets the solid's interior; centimetres."""
    (ox, oy, oz), top = eye, solid.top_cm
    dx, dy = cell[0] - ox, cell[1] - oy
    cuts = {Fraction(0), Fraction(1)}
    if target != oz:
        cuts.add(Fraction(top - oz, target - oz))
    for ring in solid.rings:
        for (ax, ay), (bx, by) in zip(ring, ring[1:] + ring[:1], strict=True):
            ex, ey = bx - ax, by - ay
            if across := dx * ey - dy * ex:
                cuts.add(Fraction((ax - ox) * ey - (ay - oy) * ex, across))
            if length := dx * dx + dy * dy:
                cuts.add(Fraction((ax - ox) * dx + (ay - oy) * dy, length))
    cuts = sorted(cut for cut in cuts if 0 <= cut <= 1)
    middles = ((a + b) / 2 for a, b in pairwise(cuts))
    return any(oz + (target - oz) * t < top and in_interior(solid.rings, ox + dx * t, oy + dy * t) for t in middles)


def in_interior(rings, x, y):
    odd = False
    for ring in rings:
        for (ax, ay), (bx, by) in zip(ring, ring[1:] + ring[:1], strict=True):
            side = (bx - ax) * (y - ay) - (by - ay) * (x - ax)
            if side == 0 and min(ax, bx) <= x <= max(ax, bx) and min(ay, by) <= y <= max(ay, by):
                return False
            if (ay > y) != (by > y) and (side > 0) == (by > ay):
                odd = not odd
    return odd


def hidden_by_shapely(solid, eye, target, xs, ys):
    """The same for a whole grid (rows, columns) of centres; only the ends of the window of a segment are rounded, as floats are."""
    (ox, oy, oz), top = eye, solid.top_cm
    x, y = np.meshgrid(xs, ys)
    first, last = 0.0, 1.0
    if oz >= top and target >= top:
        return np.zeros(x.shape, bool)
    if oz >= top:
        first = (oz - top) / (oz - target)
    elif target > top:
        last = (top - oz) / (target - oz)
    ends = [np.stack([ox + (x - ox) * t, oy + (y - oy) * t], axis=-1) for t in (first, last)]
    lines = shapely.linestrings(np.stack(ends, axis=-2))
    if first == 1:
        return np.zeros(x.shape, bool)
    footprint = shapely.transform(solid.footprint, lambda metres: np.rint(metres * 100))
    shapely.prepare(footprint)
    touched = shapely.intersects(footprint, lines)
    found = np.zeros(x.shape, bool)
    found[touched] = shapely.relate_pattern(lines[touched], footprint, "T********")
    return found


def random_solid(draw: random.Random, *, snapped: bool):
    """A box, with or without a court or a wing, or a star; None when it came to nothing. `snapped`: corners every half metre."""
    place = (lambda v: round(v * 2) / 2) if snapped else (lambda v: round(v, 2))
    cx, cy, w, h = draw.uniform(-10, 10), draw.uniform(-10, 10), draw.uniform(0.5, 5), draw.uniform(0.5, 5)

    def box(west, south, east, north):
        corners = ((west, south), (east, south), (east, north), (west, north))
        return Polygon([(place(cx + x * w), place(cy + y * h)) for x, y in corners])

    if draw.random() < 0.5:
        shape = box(-1, -1, 1, 1)
        if draw.random() < 0.4:
            shape = shape.difference(box(-0.5, -0.5, 0.5, 0.5))
        if draw.random() < 0.3:
            shape = shape.union(box(0, 0, 3, 0.3))
    else:
        turns = [2 * math.pi * k / 7 for k in range(draw.randint(3, 7))]
        shape = Polygon(
            [(place(cx + draw.uniform(0.8, 5) * math.cos(t)), place(cy + draw.uniform(0.8, 5) * math.sin(t))) for t in turns]
        )
    if not shape.is_valid or shape.is_empty or shape.area < 0.01:
        return None
    return Solid.of(shape, draw.choice([1.0, 2.5, 3.0, 4.0, 7.0]))
