"""TypeScript: types of decoded records, state, commands and faults, for a page or a service that reads them as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from seamline.contract.codegen.columns import Column, streams
from seamline.contract.codegen.wording import guessed, limits, symbol
from seamline.contract.family import Family
from seamline.contract.field_types import FieldType
from seamline.contract.layout import OutOfRange, Value
from seamline.contract.model import Contract


def typescript(family: Family, contract: Contract) -> Mapping[str, str]:
    """The target `typescript`: `contract.ts`."""
    parts = [
        f"export const product = {_literal(contract.product)} as const;",
        f"export const version = {_literal(contract.version)} as const;",
        *_members(contract),
        *_records(family),
        *_state(contract),
        *_commands(contract),
        *_faults(contract),
    ]
    return {"contract.ts": "\n\n".join(parts) + "\n"}


def _literal(value: str) -> str:
    """A string literal; JSON's are JavaScript's, apart from two line ends."""
    return json.dumps(value)


def _name(*words: str) -> str:
    """An exported type's name: `heater_reading` is `HeaterReading`."""
    return "".join(part[:1].upper() + part[1:] for word in words for part in word.replace("-", "_").split("_"))


def _comment(text: str) -> str:
    return f"/** {text.replace('*/', '* /')} */"


def _members(contract: Contract) -> Iterator[str]:
    for name, members in contract.enums.items():
        lines = "\n".join(f"  {raw}: {_literal(word)}," for raw, word in sorted(members.items()))
        yield f"export const {_name('enum', name)} = {{\n{lines}\n}} as const;"
    for name, members in contract.flags.items():
        lines = "\n".join(f"  {bit}: {_literal(word)}," for bit, word in sorted(members.items()))
        yield f"export const {_name('flags', name)} = {{\n{lines}\n}} as const;"


def _union(words: tuple[str, ...]) -> str:
    return " | ".join(map(_literal, words))


def _type(value: Value, *, open_: bool = False) -> str:
    """The type of a physical value. 64-bit integers become `number`, as JSON.parse makes them."""
    if value.enum is not None:
        return "string" if open_ else _union(tuple(value.enum.values()))
    if value.flags is not None:
        return "string[]" if open_ else f"({_union(tuple(value.flags.values()))})[]"
    return "boolean" if value.type is FieldType.BOOL else "number"


def _about(value: Value) -> str:
    unit = symbol(value.unit)
    parts = [f"in {unit}" if unit else "", limits(value) if value.enum is None else ""]
    return "; ".join(filter(None, parts))


def _property(column: Column) -> list[str]:
    field = column.field
    about = f"raw count of {field.calibration}" if field.calibration is not None else _about(field)
    source = "" if field.inferred is None else guessed(field.inferred)
    about = "; ".join(filter(None, (about, source, f"since {field.since}" if field.since else "")))
    comment = [f"  {_comment(about)}"] if about else []
    kind = _type(field, open_=field.out_of_range is OutOfRange.KEEP)
    return [*comment, f"  {column.name}: {kind};" if column.always else f"  {column.name}?: {kind} | null;"]


def _records(family: Family) -> Iterator[str]:
    found = streams(family)
    for stream in found:
        lines = "\n".join(line for column in stream.columns for line in _property(column))
        numbers = ", ".join(str(layout.version) for layout in stream.layouts)
        about = _comment(f"Message {stream.message_id}, layouts {numbers}: physical values.")
        yield f"{about}\nexport interface {_name('record', stream.message)} {{\n{lines}\n}}"
    lines = "\n".join(f"  {stream.message}: {_name('record', stream.message)};" for stream in found)
    yield f"export interface Records {{\n{lines}\n}}"


def _state(contract: Contract) -> Iterator[str]:
    lines: list[str] = []
    for item in contract.state.values():
        about = "; ".join(filter(None, (_about(item), f"in conflict {item.conflict}")))
        lines += [f"  {_comment(about)}", f"  {item.name}: {_type(item)};"]
    yield "\n".join(["export interface State {", *lines, "}"])


def _commands(contract: Contract) -> Iterator[str]:
    lines: list[str] = []
    for order in contract.commands.values():
        body = " ".join(f"{name}: {_type(value)};" for name, value in order.body.items())
        result = " ".join(f"{name}: {'boolean' if kind == 'bool' else 'number'};" for name, kind in order.result.items())
        outcome = _union(order.outcomes)
        lines.append(f"  {order.name}: {{ body: {{ {body} }}; outcome: {outcome}; result: {{ {result} }} }};")
    yield "\n".join(["export interface Commands {", *lines, "}"])


def _faults(contract: Contract) -> Iterator[str]:
    yield (
        'export interface Fault {\n  code: number;\n  name: string;\n  severity: "info" | "warning" | "error" | "critical";\n'
        "  layer: string;\n  latches: boolean;\n  meaning: string;\n  cause: string | null;\n  user: string | null;\n"
        "  support: string | null;\n}"
    )
    lines: list[str] = []
    for fault in sorted(contract.faults.values(), key=lambda fault: fault.code):
        keys = ("code", "name", "severity", "layer", "latches", "meaning", "cause", "user", "support")
        members = ", ".join(f"{key}: {json.dumps(getattr(fault, key))}" for key in keys)
        lines.append(f"  {fault.code}: {{ {members} }},")
    yield "\n".join(["export const faults: Readonly<Record<number, Fault>> = {", *lines, "};"])
