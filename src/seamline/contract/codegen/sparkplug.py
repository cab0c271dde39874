"""Sparkplug B: the metrics that an edge node and a device of this product announce in NBIRTH and DBIRTH.

A metric is a column of a message (`reading/power`) or a twin property (`state/NAME`), with its physical value; a calibrated
field is announced as the raw count. Aliases come from message id and column, so that a newer layout keeps those of the older.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from seamline.contract.codegen.columns import streams
from seamline.contract.codegen.json_text import Json, Object, number, text
from seamline.contract.family import Family
from seamline.contract.field_types import FieldType
from seamline.contract.layout import Value
from seamline.contract.model import Contract

DATATYPES = {
    "Int8": 1, "Int16": 2, "Int32": 3, "Int64": 4, "UInt8": 5, "UInt16": 6, "UInt32": 7, "UInt64": 8,
    "Float": 9, "Double": 10, "Boolean": 11, "String": 12,
}  # fmt: skip
"""Sparkplug 3.0.0, section 6.4.16: names and numbers of the data types used here."""
_ALIASES_A_MESSAGE = 1 << 16
_STATE_ALIAS = 256 * _ALIASES_A_MESSAGE
"""Above every message id."""


def sparkplug(family: Family, contract: Contract) -> Mapping[str, str]:
    """The target `sparkplug`: `sparkplug.json`."""
    node: list[Json] = [
        {"name": "bdSeq", "datatype": "Int64", "datatypeId": DATATYPES["Int64"]},
        {"name": "Node Control/Rebirth", "datatype": "Boolean", "datatypeId": DATATYPES["Boolean"]},
    ]
    document: Object = {
        "namespace": "spBv1.0",
        "product": contract.product,
        "version": contract.version,
        "NBIRTH": {"metrics": node},
        "DBIRTH": {"metrics": [*_columns(family), *_state(contract)]},
    }
    return {"sparkplug.json": text(document)}


def _columns(family: Family) -> Iterator[Object]:
    for stream in streams(family):
        for at, column in enumerate(stream.columns):
            metric = _metric(f"{stream.message}/{column.name}", stream.message_id * _ALIASES_A_MESSAGE + at, column.field)
            yield metric if column.always else {**metric, "isNullable": True}


def _state(contract: Contract) -> Iterator[Object]:
    for at, item in enumerate(contract.state.values()):
        yield {**_metric(f"state/{item.name}", _STATE_ALIAS + at, item), "writable": True}


def _metric(name: str, alias: int, value: Value) -> Object:
    datatype = _datatype(value)
    properties: Object = {}
    if value.unit is not None and not value.calibrated:
        properties["engUnit"] = value.unit
    if value.range is not None and not value.calibrated:
        properties["engLow"], properties["engHigh"] = map(number, value.range)
    metric: Object = {"name": name, "alias": alias, "datatype": datatype, "datatypeId": DATATYPES[datatype]}
    return {**metric, "properties": properties} if properties else metric


def _datatype(value: Value) -> str:
    if value.type is FieldType.BOOL:
        return "Boolean"
    if value.enum is not None:
        return "String"
    if value.scale is not None or value.offset is not None:
        return "Double"
    bits = next(bits for bits in (8, 16, 32, 64) if value.type.bits <= bits)
    return f"{'Int' if value.type.signed else 'UInt'}{bits}"
