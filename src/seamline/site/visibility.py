"""The visibility kernel (kernel/visibility.c), run as WebAssembly: the same module, and the same bits, as in a browser."""

from __future__ import annotations

import ctypes
import weakref
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.resources import files
from typing import Final, cast

import numpy as np
import wasmtime
from numpy.typing import NDArray

from seamline.site.observers import Field

Rings = Sequence[Sequence[tuple[int, int]]]

Cells = tuple[int, int, int, int, int]
"""Columns, rows, x and y of the first centre, and the step from one to the next."""

Terrain = tuple[NDArray[np.int32], NDArray[np.int32]]
"""The heights of the ground and of the targets: (rows, columns), of the centres; what lies between is bilinear."""

PAGE: Final = 1 << 16
BLOCKS: Final = (4, 16, 64)
"""The kernel's blocks of terrain, in patches."""
BEYOND: Final = 64
"""Bytes that the kernel may read beyond the ground turned: it takes numbers by fours."""


@cache
def module() -> tuple[wasmtime.Engine, wasmtime.Module]:
    """The compiled kernel; once a process."""
    engine = wasmtime.Engine()
    made = wasmtime.Module(engine, files("seamline.site.kernel").joinpath("visibility.wasm").read_bytes())
    # Freed while the interpreter is whole: what is left to its very end finds wasmtime's own modules gone.
    for part in (engine, made):
        weakref.finalize(part, part.close)
    return engine, made


class Memory:
    """The kernel's memory: numbers are put one after the other, from `base` on."""

    def __init__(self, store: wasmtime.Store, memory: wasmtime.Memory, base: int) -> None:
        self._store = store
        self._memory = memory
        self.base = base

    def room(self, size: int) -> int:
        """`size` bytes at a multiple of 8; returns the address."""
        at = -(-self.base // 8) * 8
        self.base = at + size
        missing = self.base - self._memory.data_len(self._store)
        if missing > 0:
            self._memory.grow(self._store, -(-missing // PAGE))
        return at

    def bytes(self, at: int, size: int) -> NDArray[np.uint8]:
        """A view on `size` bytes, good until room is asked for."""
        address = ctypes.cast(self._memory.data_ptr(self._store), ctypes.c_void_p).value or 0
        return np.ctypeslib.as_array((ctypes.c_uint8 * size).from_address(address + at))

    def put(self, numbers: NDArray[np.int32] | NDArray[np.int64]) -> int:
        """Copy numbers in; returns their address."""
        at = self.room(numbers.nbytes)
        self.write(at, numbers)
        return at

    def write(self, at: int, numbers: NDArray[np.int32] | NDArray[np.int64]) -> None:
        """Copy numbers to an address where there is room."""
        raw = np.ascontiguousarray(numbers).view(np.uint8).ravel()
        self.bytes(at, raw.size)[:] = raw


class Kernel:
    """One kernel with its solids: rings in whole centimetres, outer ones counter-clockwise, and the height of the top."""

    def __init__(self, solids: Iterable[tuple[Rings, int]]) -> None:
        engine, compiled = module()
        self._store = wasmtime.Store(engine)
        weakref.finalize(self, self._store.close)
        exports = wasmtime.Instance(self._store, compiled, []).exports(self._store)
        memory, base = cast("wasmtime.Memory", exports["memory"]), cast("wasmtime.Global", exports["__heap_base"])
        self._see, self._survey = cast("wasmtime.Func", exports["see"]), cast("wasmtime.Func", exports["survey"])
        self._memory = Memory(self._store, memory, int(base.value(self._store)))
        points: list[tuple[int, int]] = []
        rings: list[tuple[int, int]] = []
        bodies: list[tuple[int, ...]] = []
        crossings = 0
        for body, top in solids:
            first = len(rings)
            for ring in body:
                rings.append((len(points), len(ring)))
                points.extend(ring)
            own = np.array([point for ring in body for point in ring], np.int64)
            low, high = own.min(axis=0), own.max(axis=0)
            bodies.append((first, len(body), top, int(low[0]), int(low[1]), int(high[0]), int(high[1])))
            crossings = max(crossings, 2 * len(own))
        self._solids = len(bodies)
        tables = (np.array(table, np.int32) for table in (bodies, rings, points))
        self._tables = [self._memory.put(table) for table in tables]
        self._crossings = self._memory.room(4 * crossings)
        self._fixed = self._memory.base
        self._kept: tuple[Terrain, list[int]] | None = None
        self._surveyed = False

    def see(self, grid: Cells, field: Field, eye: int, target: int, terrain: Terrain | None = None) -> NDArray[np.uint8]:
        """The mask of a grid: (rows, columns), 0 or 1 + levels; the observer at height `eye`, targets at height `target`.

        Over terrain every cell has a ground and a target of its own. Arrays that cannot be written to are kept: asked with the same
        ones again, the kernel does not copy them. All in centimetres; see the C source.
        """
        columns, rows = grid[:2]
        heights = [0] * (2 + len(BLOCKS) + 1 + 3) if terrain is None else self._heights(columns, rows, terrain)
        kept = self._memory.base
        planes = self._memory.put(np.array([*field.planes, *field.cuts, *field.levels], np.int64))
        spans, mask = self._memory.room(8 * rows), self._memory.room(rows * columns)
        counts = (len(field.planes), len(field.cuts), len(field.levels), self._solids)
        job = [*grid, field.x, field.y, eye, target, field.range_cm, *counts]
        job += [planes, *self._tables, spans, self._crossings, mask, *heights]
        at = self._memory.put(np.array(job, np.int32))
        if terrain is not None and not self._surveyed:
            self._survey(self._store, at)
            self._surveyed = True
        self._see(self._store, at)
        found = self._memory.bytes(mask, rows * columns).reshape(rows, columns).copy()
        self._memory.base = kept
        return found

    def _heights(self, columns: int, rows: int, terrain: Terrain) -> list[int]:
        """Where ground, targets, blocks and the ground turned stand in memory, and the `lift`; copied in unless they are there."""
        if self._kept is None or not unchanged(self._kept[0][0], terrain[0]):
            self._memory.base = self._fixed
            places = [self._memory.put(np.asarray(table, np.int32)) for table in terrain]
            blocks = (max(0, (columns - 2) // size + 1) * max(0, (rows - 2) // size + 1) for size in BLOCKS)
            places += [self._memory.room(4 * count) for count in blocks]
            places += [self._memory.room(4 * rows * columns + BEYOND), *lift_of(terrain)]
            self._surveyed = False
        else:
            places = self._kept[1]
            if not unchanged(self._kept[0][1], terrain[1]):
                self._memory.write(places[1], np.asarray(terrain[1], np.int32))
                places[-3:] = lift_of(terrain)
        self._kept = terrain, places
        return places


def lift_of(terrain: Terrain) -> list[int]:
    """How far all targets stand over their ground, -1 when not all alike; the lowest and the highest target."""
    ground, targets = terrain
    lift = int(targets.flat[0]) - int(ground.flat[0])
    alike = lift >= 0 and bool((targets - ground == lift).all())
    return [lift if alike else -1, int(targets.min()), int(targets.max())]


def unchanged(kept: NDArray[np.int32], asked: NDArray[np.int32]) -> bool:
    """Whether an array is the one that was kept, and cannot have been written to since."""
    return kept is asked and not asked.flags.writeable
