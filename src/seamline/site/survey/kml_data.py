"""What KML says about a placemark beside its shape: extended data, schema data with types, arrays along a track."""

from __future__ import annotations

import math
from typing import Final

from seamline.site.survey.feature import Notes, Value
from seamline.site.survey.kml_xml import Element, child, local, text_of, text_only

INTEGERS: Final = frozenset({"int", "uint", "short", "ushort", "long"})


class ExtendedData:
    """Reads data elements. Schemas may come after the data that they describe: `settle` gives late ones their types."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes
        self._schemas: dict[str, dict[str, str]] = {}
        self._late: list[tuple[str, dict[str, Value], dict[str, str]]] = []

    def schema(self, element: Element) -> None:
        """A Schema with the types of its fields."""
        fields = (one for one in element if local(one) in {"SimpleField", "SimpleArrayField"})
        types = {one.get("name", ""): one.get("type", "string") for one in fields}
        for key in {element.get("id", ""), element.get("name", "")} - {""}:
            self._schemas.setdefault(key, types)

    def read(self, element: Element, into: dict[str, Value]) -> None:
        """The values of an ExtendedData element; one never takes the place of another of the same name."""
        for one in element:
            kind = local(one)
            if kind == "Data":
                put(into, one.get("name", ""), text_only(child(one, "value"), self._notes))
            elif kind == "SchemaData":
                self._of_schema(one, into)
            elif kind == "SimpleData":
                put(into, one.get("name", ""), text_only(one, self._notes))
            elif kind and not len(one):
                put(into, kind, text_of(one))
            elif kind:
                self._notes.left_out(f"<{kind}> in the extended data of a placemark: not known", one.sourceline or 0)

    def arrays(self, element: Element) -> dict[str, list[str]]:
        """The arrays in a track's extended data, as texts."""
        found: dict[str, list[str]] = {}
        for data in element:
            for one in data:
                if local(one) == "SimpleArrayData":
                    found[one.get("name", "")] = [text_only(value, self._notes) for value in one if local(value) == "value"]
        return found

    def typed_array(self, key: str, texts: list[str]) -> Value:
        """An array's values as the schema that knows it types them; as texts when one of them is not of that type."""
        kind = next((types[key] for types in self._schemas.values() if key in types), "string")
        if kind not in INTEGERS | {"float", "double"}:
            return texts
        values = [typed(text, kind) for text in texts]
        numbers: list[float] = [value for value in values if isinstance(value, (int, float))]
        return numbers if len(numbers) == len(texts) else texts

    def _of_schema(self, element: Element, into: dict[str, Value]) -> None:
        schema = element.get("schemaUrl", "").rpartition("#")[2]
        types = self._schemas.get(schema)
        untyped: dict[str, str] = {}
        for one in element:
            kind, key = local(one), one.get("name", "")
            if kind == "SimpleData":
                used = put(into, key, typed(text_only(one, self._notes), (types or {}).get(key, "string")))
                untyped[used] = key
            elif kind == "SimpleArrayData":
                put(into, key, [text_only(value, self._notes) for value in one])
            elif kind:
                self._notes.left_out(f"<{kind}> in the schema data of a placemark: not known", one.sourceline or 0)
        if types is None and untyped:
            self._late.append((schema, into, untyped))

    def settle(self) -> None:
        """Give the values of schemas that came after them their types."""
        for schema, into, untyped in self._late:
            types = self._schemas.get(schema, {})
            for used, key in untyped.items():
                into[used] = typed(str(into[used]), types.get(key, "string"))


def typed(text: str, kind: str) -> Value:
    """A value of the type that a schema gives; as text when it is not of it, or no number that JSON can write."""
    try:
        if kind in INTEGERS:
            return int(text)
        if kind in {"float", "double"} and math.isfinite(number := float(text)):
            return number
    except ValueError:
        return text
    return text.lower() in {"1", "true"} if kind == "bool" and text.lower() in {"0", "1", "true", "false"} else text


def put(into: dict[str, Value], key: str, value: Value) -> str:
    """Add a property, as `key_2` when another value has its name already; the name that it got."""
    used, at = key, 1
    while used in into and into[used] != value:
        at += 1
        used = f"{key}_{at}"
    into[used] = value
    return used
