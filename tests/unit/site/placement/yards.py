"""Yards of discs, the same on every machine."""

import numpy as np

from seamline.site.placement import Sight


def yard(candidates=60, cells=400, seed=3, wide=30):
    """Discs on a square, thrown by a fixed generator of its own, so that no library's draws decide."""
    state, places = seed, []
    for _ in range(2 * candidates):
        state = (state * 1103515245 + 12345) % 2**31
        places.append(state / 2**31)
    side = round(cells**0.5)
    ys, xs = np.divmod(np.arange(side * side), side)
    at = np.array(places).reshape(candidates, 2) * side
    return Sight.of((xs - at[:, :1]) ** 2 + (ys - at[:, 1:]) ** 2 < wide)
