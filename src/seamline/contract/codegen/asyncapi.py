"""AsyncAPI 3.0: the topics of docs/wire.md as this product uses them, from the device's side, with the schema of each payload."""

from __future__ import annotations

from collections.abc import Mapping

from seamline.contract.codegen.columns import streams
from seamline.contract.codegen.json_text import Json, Object, text
from seamline.contract.codegen.jsonschema import DIALECT, raw, record
from seamline.contract.codegen.wire_schemas import downlinks, uplinks
from seamline.contract.family import Family
from seamline.contract.model import Contract

_SCHEMA_FORMAT = f"application/schema+json;version={DIALECT.split('/')[-2]}"
_DEVICE: Object = {
    "device": {"description": "Id of the device: its certificate's common name, [A-Za-z0-9_-], at most 64 characters."}
}


def asyncapi(family: Family, contract: Contract) -> Mapping[str, str]:
    """The target `asyncapi`: `asyncapi.json`."""
    values: Object = {item.name: raw(item) for item in contract.state.values()}
    up, down = uplinks(contract.reference, values), downlinks(values)
    channels: Object = {"data": _channel("up/{device}/data", {"frame": _reference("messages", "frame")})}
    operations: Object = {"send_data": _operation("send", "data", "frame", 1)}
    messages: Object = {"frame": _frame(family)}
    for action, prefix, schemas, qos in (("send", "up", up, 1), ("receive", "dn", down, 0)):
        for name, schema in schemas.items():
            called = f"{prefix}_{name}"
            channels[called] = _channel(f"{prefix}/{{device}}/{name}", {called: _reference("messages", called)})
            operations[f"{action}_{name}"] = _operation(action, called, called, qos)
            messages[called] = _message(called, schema)
    document: Object = {
        "asyncapi": "3.0.0",
        "info": {"title": contract.product, "version": contract.version, "description": contract.summary},
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": operations,
        "components": {"messages": messages, "schemas": _records(family)},
    }
    return {"asyncapi.json": text(document)}


def _reference(kind: str, name: str) -> Object:
    return {"$ref": f"#/components/{kind}/{name}"}


def _channel(address: str, messages: Object) -> Object:
    return {"address": address, "messages": messages, "parameters": _DEVICE}


def _operation(action: str, channel: str, message: str, qos: int) -> Object:
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{channel}"},
        "messages": [{"$ref": f"#/channels/{channel}/messages/{message}"}],
        "bindings": {"mqtt": {"qos": qos, "retain": False}},
    }


def _message(name: str, schema: Object) -> Object:
    payload: Object = {"schemaFormat": _SCHEMA_FORMAT, "schema": schema}
    return {"name": name, "summary": schema["description"], "contentType": "application/json", "payload": payload}


def _frame(family: Family) -> Object:
    """The binary frame; what its records decode to is under components/schemas."""
    layouts: list[Json] = [
        {
            "message": layout.message,
            "messageId": layout.message_id,
            "layout": layout.version,
            "fingerprint": f"{layout.fingerprint:08x}",
            "recordBytes": layout.record_bytes,
        }
        for _, layout in sorted(family.layouts.items())
    ]
    payload: Object = {"type": "string", "format": "binary", "minLength": 32, "maxLength": 65_536}
    summary = "Records of one layout and one boot, packed: a header of 32 bytes, then the records."
    return {
        "name": "frame",
        "summary": summary,
        "contentType": "application/octet-stream",
        "payload": payload,
        "x-layouts": layouts,
    }


def _records(family: Family) -> Object:
    found: Object = {}
    for stream in streams(family):
        found[stream.message] = {"schemaFormat": _SCHEMA_FORMAT, "schema": record(stream)}
    return found
