"""Reads a file with GDAL, in a process of its own: `python -m seamline.site.survey.ogr_reader FILE`, its answer is JSON.

Not to be imported: what its process may do (which drivers, how much memory) is said in its environment before it starts, and an answer
is taken from it as from a stranger. See `ogr`.
"""

from __future__ import annotations

import base64
import json
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, TextIO, cast

import numpy as np
import pyogrio
import pyogrio.raw
from numpy.typing import NDArray
from pyogrio.errors import DataLayerError, DataSourceError

Shapes = Sequence[bytes | None]
Columns = Sequence[NDArray[np.generic]]
Answer = tuple[Mapping[str, object], object, Shapes, Columns]

ROWS_MAX: Final = 5_000_000
MEMORY_MAX: Final = 4 * 1024**3
"""Bytes of address space, of which GDAL and its libraries take some 1.5 GB before they read anything."""
ANSWER_MAX: Final = 1024**3
"""Letters: 5,000,000 vertices take 160 million, and what is said of them rarely as much."""


def layers_of(path: str) -> Iterator[dict[str, object]]:
    """Each layer: its name, frame (well-known text or a code, None: unknown), fields, geometries (WKB), values, and GDAL's warnings."""
    listed = cast("NDArray[np.object_]", pyogrio.list_layers(path))  # pyright: ignore[reportUnknownMemberType] - untyped
    for layer, kind in cast("Sequence[tuple[str, str | None]]", list(listed)):
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            if kind is None:
                about = cast("Mapping[str, object]", pyogrio.read_info(path, layer=layer))  # pyright: ignore[reportUnknownMemberType] - untyped
                yield {"layer": layer, "flat": True, "rows": about["features"]}
                continue
            meta, shapes, columns = read(path, layer)
        fields = [str(field) for field in cast("NDArray[np.object_]", meta["fields"])]
        yield {
            "layer": layer,
            "crs": meta["crs"],
            "fields": fields,
            "shapes": [None if one is None else base64.b64encode(one).decode() for one in shapes],
            "columns": [plain(one) for one in columns],
            "warnings": sorted({str(one.message) for one in told}),
        }


def read(path: str, layer: str) -> tuple[Mapping[str, object], Shapes, Columns]:
    """What pyogrio says of a layer, its shapes, and its columns."""
    raw = cast("Callable[..., Answer]", pyogrio.raw.read)
    meta, _, shapes, columns = raw(path, layer=layer, max_features=ROWS_MAX, datetime_as_string=True)
    return meta, shapes, columns


def plain(column: NDArray[np.generic]) -> list[object]:
    """A column's values as JSON has them: bytes as their length, and nothing for what is no number."""
    values = cast("list[object]", column.tolist())
    return [plain_value(value) for value in values]


def plain_value(value: object) -> object:
    """One value as JSON has it."""
    if isinstance(value, float) and not np.isfinite(value):
        return None
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    if isinstance(value, np.ndarray):
        return plain(cast("NDArray[np.generic]", value))
    return value if value is None or isinstance(value, (str, int, float, bool)) else str(value)


def bound_memory() -> None:
    """Limit this process, where the system can."""
    if sys.platform != "win32":
        import resource  # noqa: PLC0415 - not on Windows

        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MAX if hard == resource.RLIM_INFINITY else min(MEMORY_MAX, hard), hard))


def tell(paths: Sequence[str], out: TextIO, most: int) -> None:
    """Write each layer of each file as a line; ValueError before the lines together have more letters than `most`."""
    told = 0
    for path in paths:
        for layer in layers_of(path):
            line = json.dumps(layer, allow_nan=False) + "\n"
            told += len(line)
            if told > most:
                raise ValueError(f"it holds more than {most:,} bytes; divide the survey")
            out.write(line)


def main(paths: Sequence[str]) -> int:
    """Write one layer a line; 1, with the reason on standard error, when GDAL cannot read a file."""
    bound_memory()
    try:
        tell(paths, sys.stdout, ANSWER_MAX)
    except (DataSourceError, DataLayerError, ValueError, MemoryError) as error:
        sys.stderr.write(f"{str(error) or type(error).__name__}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
