"""JSON Schema and AsyncAPI: valid by their own schemas, and they take what the contract allows and nothing else.

`asyncapi-3.0.0.schema.json` is the AsyncAPI Initiative's schema (npm @asyncapi/specs 6.11.1, Apache-2.0), without its descriptions.
"""

import json
from pathlib import Path

import jsonschema_rs
import pytest
from hypothesis import given, settings, strategies as st
from tests.unit.contract.codegen.specimens import EVERYTHING, HEATER

from seamline.contract.codegen.asyncapi import asyncapi
from seamline.contract.codegen.jsonschema import schemas

ASYNCAPI = json.loads((Path(__file__).parent / "asyncapi-3.0.0.schema.json").read_text(encoding="utf-8"))


def loaded(family):
    return {path.split("/")[1].removesuffix(".json"): json.loads(text) for path, text in schemas(family, family.current).items()}


def accepts(schema, document):
    return jsonschema_rs.Draft202012Validator(schema).is_valid(document)


def test_every_schema_is_a_schema_of_the_2020_12_dialect(family):
    for schema in loaded(family).values():
        assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
        jsonschema_rs.meta.validate(schema)


def physical(place, raw):
    field = place.field
    if field.enum is not None:
        return field.enum[raw]
    if field.flags is not None:
        return [name for bit, name in field.flags.items() if raw >> bit & 1]
    if field.type.value == "bool":
        return bool(raw)
    value = field.physical(raw)
    return int(value) if field.scale is None and field.offset is None else float(value)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_a_record_of_any_version_satisfies_its_schema(data):
    family = data.draw(st.sampled_from([HEATER, EVERYTHING]))
    layout = data.draw(st.sampled_from(sorted(family.layouts.values(), key=lambda one: (one.message, one.version))))
    if layout.message == "losses":
        return
    record = {}
    for place in layout.places:
        low, high = place.field.raw_range
        raws = (
            st.sampled_from(sorted(place.field.enum)) if place.field.enum else st.integers(low, high).filter(place.field.allows)
        )
        if place.field.flags is not None:
            raws = st.integers(0, place.field.type.high).map(lambda raw, mask=place.field.flags_mask: raw & mask)
        record[place.name] = physical(place, data.draw(raws))
    assert accepts(loaded(family)[layout.message], record)


def test_what_a_layout_lacks_may_be_null_or_absent_and_what_all_have_may_not():
    schema = loaded(HEATER)["reading"]
    whole = {"room": 1, "element": 2, "power": 3.5, "mode": "off", "set_point": None}
    assert accepts(schema, whole)
    assert accepts(schema, {key: value for key, value in whole.items() if key != "set_point"})
    assert not accepts(schema, {**whole, "power": None})
    assert not accepts(schema, {key: value for key, value in whole.items() if key != "room"})


@pytest.mark.parametrize("wrong", [{"power": 3001}, {"mode": "holiday"}, {"room": 1.5}, {"set_point": 4}, {"colour": 1}])
def test_a_record_outside_the_contract_is_refused(wrong):
    whole = {"room": 1, "element": 2, "power": 3.5, "mode": "off", "set_point": 20}
    assert not accepts(loaded(HEATER)["reading"], {**whole, **wrong})


def test_values_that_are_kept_whatever_they_are_have_no_bounds_but_the_types():
    properties = loaded(EVERYTHING)["scan"]["properties"]
    assert properties["kept"] == {"type": ["string", "null"]}
    assert properties["shade"]["enum"] == ["warm", "cold", None]
    assert properties["bits"]["items"] == {"type": "string"}
    assert properties["counts_0"] == {"type": "integer", "minimum": 0, "maximum": 1023}
    assert properties["alarm"]["items"] == {"enum": ["hot", "door open"]}
    assert loaded(HEATER)["reading"]["properties"]["room"]["x-unit"] == "1"  # a raw count, whatever it becomes


def test_state_and_commands_are_checked_as_they_travel():
    found = loaded(EVERYTHING)
    assert accepts(found["state"], {"level": 200, "lamp": 300, "on": 1})
    assert not accepts(found["state"], {"lamp": 2})
    assert not accepts(found["state"], {"level": 201})
    assert accepts(found["commands"], {"blink": {"times": 3}})
    assert not accepts(found["commands"], {"blink": {"times": 10}})
    assert not accepts(found["commands"], {"blink": {"times": 3}, "reset": {}})
    assert not accepts(found["commands"], {})


def document(family):
    return json.loads(asyncapi(family, family.current)["asyncapi.json"])


def test_the_asyncapi_document_is_valid_by_the_official_schema(family):
    assert [error.message for error in jsonschema_rs.Draft7Validator(ASYNCAPI).iter_errors(document(family))] == []


def test_a_damaged_asyncapi_document_is_not():
    broken = document(HEATER)
    broken["operations"]["send_data"]["action"] = "shout"
    assert not jsonschema_rs.Draft7Validator(ASYNCAPI).is_valid(broken)


def test_its_channels_are_the_topics_of_the_wire(family):
    addresses = {channel["address"] for channel in document(family)["channels"].values()}
    up = {f"up/{{device}}/{name}" for name in ("data", "birth", "death", "anchor", "probe", "twin")}
    assert addresses == up | {f"dn/{{device}}/{name}" for name in ("session", "marks", "busy", "twin")}


def test_every_reference_in_it_has_its_target(family):
    whole = document(family)

    def references(node):
        if isinstance(node, dict):
            yield from [node["$ref"]] if "$ref" in node else []
            node = list(node.values())
        for item in node if isinstance(node, list) else []:
            yield from references(item)

    for reference in references(whole):
        found = whole
        for key in reference.removeprefix("#/").split("/"):
            found = found[key]


def test_its_payload_schemas_are_schemas(family):
    components = document(family)["components"]
    payloads = [message["payload"] for message in components["messages"].values()] + list(components["schemas"].values())
    for payload in payloads:
        if "schema" in payload:
            jsonschema_rs.meta.validate({"$schema": "https://json-schema.org/draft/2020-12/schema", **payload["schema"]})
