"""Parameters for set-wise statements: arrays of integers as PostgreSQL's binary arrays, straight from NumPy.

A statement that takes a thousand rows as ten arrays costs one round trip; made from Python lists it would cost a dump of each
number. Rows with nulls and nested values go as one JSON parameter instead (`rows`), for `jsonb_to_recordset`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import numpy as np
from psycopg.abc import AdaptContext, Buffer
from psycopg.adapt import Dumper
from psycopg.pq import Format

from seamline.hub.decode import I64

INT8_OID: Final = 20
INT8_ARRAY_OID: Final = 1016

_ELEMENT: Final = np.dtype([("length", ">i4"), ("value", ">i8")])
_ARRAY_HEAD: Final = np.dtype([("dimensions", ">i4"), ("nulls", ">i4"), ("oid", ">u4"), ("size", ">i4"), ("low", ">i4")])


class Int8s:
    """An int8[] parameter."""

    __slots__ = ("values",)

    def __init__(self, values: I64 | Sequence[int]) -> None:
        self.values: Final = np.asarray(values, np.int64)


class Int8sDumper(Dumper):
    """Dumps Int8s in binary."""

    format = Format.BINARY
    oid = INT8_ARRAY_OID

    def dump(self, obj: Int8s) -> Buffer:
        """PostgreSQL's array_recv form."""
        count = len(obj.values)
        if count == 0:
            return np.array((0, 0, INT8_OID, 0, 0), _ARRAY_HEAD).tobytes()[:12]
        elements = np.empty(count, _ELEMENT)
        elements["length"], elements["value"] = 8, obj.values
        return np.array((1, 0, INT8_OID, count, 1), _ARRAY_HEAD).tobytes() + elements.tobytes()


def adapt(context: AdaptContext) -> None:
    """Teach a connection the parameter types of this module."""
    context.adapters.register_dumper(Int8s, Int8sDumper)


def rows(records: Iterable[Mapping[str, object]]) -> str:
    """Rows as one JSON array, for `jsonb_to_recordset`."""
    return json.dumps(list(records), separators=(",", ":"))
