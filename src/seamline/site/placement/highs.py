"""Solves one mixed-integer program with HiGHS; `python -m seamline.site.placement.highs IN OUT` in a process that can be stopped.

HiGHS knows no way to be told to stop, so `solver` runs long programs as that process. One thread, one seed: the same answer each time.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Mapping
from typing import Protocol, cast

import numpy as np
import scipy.optimize
import scipy.sparse
from numpy.typing import NDArray

Real = NDArray[np.float64]
Make = Callable[..., object]
"""Of scipy, which has no types."""


class Result(Protocol):
    """What scipy's milp returns."""

    status: int
    x: Real | None
    mip_dual_bound: float | None
    message: str


def answer(given: Mapping[str, Real]) -> tuple[Real, Real]:
    """The variables (none when nothing was found); and scipy's status, the bound from below, and whether time ran out."""
    shape = (len(given["starts"]) - 1, len(given["objective"]))
    make, milp = cast("Make", scipy.sparse.csr_array), cast("Callable[..., Result]", scipy.optimize.milp)
    within, between = cast("Make", scipy.optimize.Bounds), cast("Make", scipy.optimize.LinearConstraint)
    rows = make((given["entries"], given["columns"], given["starts"]), shape=shape)
    nodes, seconds = (float(limit) for limit in given["limits"])
    options = {"node_limit": int(nodes), "mip_rel_gap": 0.0, "threads": 1, "random_seed": 0}
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Unrecognized options", RuntimeWarning)  # scipy passes them on, and says so
        found = milp(
            given["objective"],
            integrality=given["whole"],
            bounds=within(np.zeros(shape[1]), given["upper"]),
            constraints=between(rows, given["least"], given["most"]),
            options=options | ({"time_limit": seconds} if seconds > 0 else {}),
        )
    x = np.zeros(0) if found.x is None else found.x
    bound = -np.inf if found.mip_dual_bound is None else found.mip_dual_bound
    return x, np.array([found.status, bound, "time limit" in found.message.lower()], np.float64)


def main(source: str, target: str) -> None:
    """Read the program's arrays from one file, write the answer's to the other."""
    with np.load(source) as given:
        x, about = answer(cast("Mapping[str, Real]", given))
    np.savez(target, x=x, about=about)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
