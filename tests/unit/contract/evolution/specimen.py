"""A contract with something in every part of the model, made from the model's own types, and its single changes."""

import dataclasses
import types
import typing
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from enum import Enum

from seamline.contract.evolution.part import Derived
from seamline.contract.evolution.table import TABLE
from seamline.contract.inferred import Inferred
from seamline.contract.layout import Field, FieldType, Layout, LayoutError, Reserved
from seamline.contract.model import Contract, Message

FIELD = {"type": FieldType.U16, "enum": None, "enum_name": None, "flags": None, "flags_name": None, "calibrated": True}
OTHER_TYPE = {FieldType.U16: FieldType.U32, FieldType.U32: FieldType.U16}


def hints_of(model):
    """Return the types of a class's attributes, also of those that its module imports for the type checker only."""
    return typing.get_type_hints(model, localns={"Inferred": Inferred})


def classes(root):
    """Yield every dataclass that the model of `root` is made of."""
    found = []

    def visit(hint):
        if dataclasses.is_dataclass(hint) and hint not in found:
            found.append(hint)
            hints = hints_of(hint)
            for field in dataclasses.fields(hint):
                if field.init:
                    visit(hints[field.name])
        for inner in typing.get_args(hint):
            visit(inner)

    visit(root)
    return found


def sample(hint, number=1):  # noqa: PLR0911 - one line for each kind of hint
    """Return a value of the hinted type; another `number` gives another value."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in {typing.Union, types.UnionType}:
        return sample(next(each for each in arguments if each is not type(None)), number)
    if origin is tuple:
        return tuple(sample(each, number) for each in arguments if each is not Ellipsis)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {sample(arguments[0], number): sample(arguments[1], number)}
    if dataclasses.is_dataclass(hint):
        return specimen(hint, number)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return list(hint)[number % len(hint)]
    if isinstance(hint, type) and issubclass(hint, tuple):
        return hint(*(sample(each, number) for each in typing.get_type_hints(hint).values()))
    makers = {str: f"word_{number}", bool: bool(number % 2), int: number, Decimal: Decimal(number)}
    return makers.get(hint, {})


def specimen(model, number=1):
    """Return an object of the model with every attribute given."""
    if model is Layout:
        return layout(number)
    hints = hints_of(model)
    given = {field.name: sample(hints[field.name], number) for field in dataclasses.fields(model) if field.init}
    if "raw_range" in hints:
        given |= FIELD | {"range": (Decimal(1), Decimal(9))}
    if model is Message:
        given |= {"at_most": None}  # an event's bound says what lies between two, and then no period does
    if model is Contract:
        given |= {"version": f"{number}.0.0", "document": {}}
    return model(**given)


def layout(number):
    fields = (
        field("first", calibration="word_1", calibration_form="linear"),
        field("second", inferred=Inferred("m", "1.0.0", "third")),
        field("third"),
    )
    return Layout(product="p", message="m", message_id=1, version=number, fields=fields, reserved=(Reserved(1, 8),))


def field(name, **given):
    members = {
        "name": name,
        "type": FieldType.U16,
        "unit": "Cel",
        "quantity": "temperature",
        "scale": Decimal(1),
        "offset": Decimal(1),
    }
    return Field(**(members | {"since": "1.0.0", "count": 1, "range": (Decimal(1), Decimal(9))} | given))


def another(value, hint):  # noqa: PLR0911 - one line for each kind of value
    """Return a value of the same type that differs; of a mapping or list of things, one without its last."""
    if isinstance(value, FieldType):
        return OTHER_TYPE[value]
    if value is None:
        return sample(hint)
    if isinstance(value, Enum):
        members = list(type(value))
        return members[(members.index(value) + 1) % len(members)]
    if isinstance(value, bool):
        return not value
    if isinstance(value, (int, Decimal)):
        return value + 8
    if isinstance(value, str):
        return f"{value}_other"
    if isinstance(value, Mapping) and not any(map(dataclasses.is_dataclass, value.values())):
        return {key: another(inner, type(inner)) for key, inner in value.items()}
    if isinstance(value, Mapping):
        return dict(list(value.items())[:-1])
    if isinstance(value, tuple) and hasattr(value, "_replace"):
        return value._replace(**{value._fields[0]: another(value[0], type(value[0]))})
    if isinstance(value, tuple) and not any(map(dataclasses.is_dataclass, value)):
        return tuple(another(each, type(each)) for each in value)
    return value[:-1] if isinstance(value, tuple) else None


def changed(model):
    """Yield `(class, attribute, changed object)` for every attribute of the object and of all inside it, one at a time."""
    hints = hints_of(type(model))
    for item in dataclasses.fields(model):
        name = item.name
        value = getattr(model, name)
        if not item.init or isinstance(TABLE[type(model).__name__][name], Derived):
            continue
        if not dataclasses.is_dataclass(value) or type(None) in typing.get_args(hints[name]):
            yield type(model).__name__, name, replace(model, **{name: another(value, hints[name])})
        for where, what, inner in inside(value):
            with suppress(LayoutError):  # some single changes make no layout, as an optional field before the others
                yield where, what, replace(model, **{name: inner})


def inside(value):
    """Yield the same of everything inside one value."""
    if dataclasses.is_dataclass(value):
        yield from changed(value)
    elif isinstance(value, Mapping):
        for key, each in value.items():
            for where, what, inner in inside(each):
                yield where, what, {**value, key: inner}
    elif isinstance(value, tuple):
        for index, each in enumerate(value):
            for where, what, inner in inside(each):
                yield where, what, (*value[:index], inner, *value[index + 1 :])


CONTRACT = replace(specimen(Contract), messages={"m": replace(specimen(Message), name="m", id=1)})
