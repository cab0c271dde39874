"""JSON Schema 2020-12: decoded records, twin state and commands.

A decoded record holds physical values under the columns' names: enum members by name, flags as a list of names, and the raw count
where only a device's calibration could tell more. State and commands hold the raw integers that travel.
"""

from __future__ import annotations

from collections.abc import Mapping

from seamline.contract.codegen.columns import Column, Stream, streams
from seamline.contract.codegen.json_text import Json, Object, number, strings, text
from seamline.contract.codegen.wording import duration, guessed, limits, phrase
from seamline.contract.family import Family
from seamline.contract.field_types import FieldType
from seamline.contract.layout import OutOfRange, Value
from seamline.contract.model import Command, Contract

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schemas(family: Family, contract: Contract) -> Mapping[str, str]:
    """The target `jsonschema`: `schemas/<message>.json`, `schemas/state.json`, `schemas/commands.json`."""
    found = {f"schemas/{stream.message}.json": record(stream) for stream in streams(family)}
    if contract.state:
        found["schemas/state.json"] = _headed(f"State of {contract.product}", state(contract))
    if contract.commands:
        found["schemas/commands.json"] = _headed(f"Commands of {contract.product}", _commands(contract))
    return {path: text(schema) for path, schema in found.items()}


def _headed(title: str, body: Object) -> Object:
    return {"$schema": DIALECT, "title": title, **body}


def record(stream: Stream) -> Object:
    """Return the schema of a decoded record, whatever layout it came in: what a layout lacks may be null or left out."""
    properties: Object = {column.name: physical(column) for column in stream.columns}
    required: list[Json] = [column.name for column in stream.columns if column.always]
    body: Object = {"type": "object", "properties": properties, "required": required, "additionalProperties": False}
    return _headed(f"{stream.product} {phrase(stream.message)}", body)


def physical(column: Column) -> Object:
    """Return the schema of a column's physical value."""
    field = column.field
    found = _physical(field, open_=field.out_of_range is OutOfRange.KEEP)
    if not column.always:
        found["type"] = [found["type"], "null"]
        if "enum" in found:
            found["enum"] = [*strings(tuple((field.enum or {}).values())), None]
    if field.unit is not None:
        found["x-unit"] = "1" if field.calibrated else field.unit
    if field.since is not None:
        found["x-since"] = field.since
    if field.calibration is not None:
        found["description"] = f"Raw count; the device's {field.calibration} gives {field.unit or 'the value'}."
    if field.inferred is not None:
        found["description"] = f"{guessed(field.inferred).capitalize()}."
    return found


def _physical(value: Value, *, open_: bool) -> Object:
    if value.enum is not None:
        return {"type": "string"} if open_ else {"type": "string", "enum": strings(tuple(value.enum.values()))}
    if value.flags is not None:
        items: Object = {"type": "string"} if open_ else {"enum": strings(value.flags)}
        return {"type": "array", "items": items, "uniqueItems": True}
    if value.type is FieldType.BOOL:
        return {"type": "boolean"}
    whole = value.scale is None and value.offset is None
    ends = sorted(map(value.physical, (value.type.low, value.type.high) if open_ else value.raw_range))
    return {"type": "integer" if whole else "number", "minimum": number(ends[0]), "maximum": number(ends[1])}


def raw(value: Value) -> Object:
    """Return the schema of a value as it travels: an integer, with its meaning as annotations."""
    low, high = value.raw_range
    found: Object = {"type": "integer", "minimum": low, "maximum": high}
    if value.enum is not None:
        found = {"oneOf": [{"const": key, "title": value.enum[key]} for key in sorted(value.enum)]}
    about = limits(value)
    if about:
        found["description"] = f"Allowed: {about}."
    for name, item in (("x-scale", value.scale), ("x-offset", value.offset)):
        if item is not None:
            found[name] = str(item)
    if value.unit is not None:
        found["x-unit"] = value.unit
    return found


def state(contract: Contract) -> Object:
    """Return the schema of property values by name, each as it travels."""
    properties: Object = {item.name: {**raw(item), "x-conflict": item.conflict} for item in contract.state.values()}
    return {"type": "object", "properties": properties, "additionalProperties": False}


def command(order: Command) -> Object:
    """Return the schema of one command's body."""
    body: Object = {name: raw(value) for name, value in order.body.items()}
    required: list[Json] = list(order.body)
    about = f"Done within {duration(order.deadline_ms)}, or not at all."
    return {"type": "object", "description": about, "properties": body, "required": required, "additionalProperties": False}


def _commands(contract: Contract) -> Object:
    """Return the schema of one order: exactly one command by name, with its body."""
    properties: Object = {order.name: command(order) for order in contract.commands.values()}
    one: Object = {"type": "object", "properties": properties, "additionalProperties": False}
    return {**one, "minProperties": 1, "maxProperties": 1}
