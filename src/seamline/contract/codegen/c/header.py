"""Writes the header: constants, types, prototypes."""

from __future__ import annotations

from collections.abc import Iterator

from seamline.contract.codegen.c.parts import FAULT_FUNCTIONS, FAULT_TYPE, FUNCTIONS, TYPES, named
from seamline.contract.codegen.c.pieces import c_range, c_type, comment, literal, meaning, string
from seamline.contract.codegen.c.symbols import Codec, Column, Symbols
from seamline.contract.codegen.senders import named_members, sendable
from seamline.contract.codegen.wire import DEVICE_ID_CHARS_MAX, FRAME_FLAGS, TOPICS
from seamline.contract.device_policy import policy
from seamline.contract.layout import Value
from seamline.contract.limits import FRAME_BYTES_MAX
from seamline.contract.meanings import SEVERITIES
from seamline.contract.messages import PRIORITIES
from seamline.device.frame import HEADER_BYTES


def header(symbols: Symbols) -> str:
    """Return the text of `<product>.h`."""
    contract, guard = symbols.contract, symbols.macro("H")
    types = TYPES + ("\n" + FAULT_TYPE if contract.faults else "")
    functions = FUNCTIONS + ("\n" + FAULT_FUNCTIONS if contract.faults else "")
    sections = [
        f"/* The device's half of the contract {contract.reference}. */",
        f"#ifndef {guard}\n#define {guard}\n\n#include <stdbool.h>\n#include <stddef.h>\n#include <stdint.h>",
        '#ifdef __cplusplus\nextern "C" {\n#endif',
        *("\n".join(lines) for lines in _constants(symbols) if lines),
        named(types, symbols.prefix).rstrip(),
        named(functions, symbols.prefix).rstrip(),
        *("\n".join(_message(symbols, codec)) for codec in symbols.codecs),
        "#ifdef __cplusplus\n}\n#endif",
        "#endif",
    ]
    return "\n\n".join(sections) + "\n"


def _define(name: str, value: str, about: str = "") -> str:
    return f"#define {name} {value}" + (f" {comment(about)}" if about else "")


def _constants(symbols: Symbols) -> Iterator[list[str]]:
    contract, macro = symbols.contract, symbols.macro
    yield [_define(macro("CONTRACT"), string(contract.reference))]
    yield [
        _define(macro("FRAME_HEAD_BYTES"), literal(HEADER_BYTES)),
        _define(macro("FRAME_BYTES_MAX"), literal(FRAME_BYTES_MAX), "the longest frame a device sends"),
        *(_define(macro("FRAME", name), f"0x{bit:02x}u", about) for name, bit, about in FRAME_FLAGS),
        _define(macro("DEVICE_ID_CHARS_MAX"), literal(DEVICE_ID_CHARS_MAX)),
    ]
    yield [_define(macro("TOPIC", name), string(pattern), about) for name, pattern, about in TOPICS]
    yield list(_policy(symbols))
    yield [_define(macro("PRIORITY", word), literal(number)) for number, word in enumerate(PRIORITIES)]
    yield [_define(macro("SEVERITY", word), literal(number)) for number, word in enumerate(SEVERITIES)]
    yield [
        _define(macro("FAULTS"), literal(len(contract.faults))),
        *(_define(macro("FAULT", fault.name), f"0x{code:02x}u", fault.meaning) for code, fault in contract.faults.items()),
    ]
    yield list(_members(symbols))
    for name, value in contract.state.items():
        yield [_define(macro("STATE", name), string(name), meaning(value)), *_limits(symbols, ("STATE", name), value)]
    for name, command in contract.commands.items():
        lines = [_define(macro("COMMAND", name), string(name))]
        lines.append(_define(macro("COMMAND", name, "DEADLINE_MS"), literal(command.deadline_ms)))
        for item, value in command.body.items():
            lines += _limits(symbols, ("COMMAND", name, item), value)
        yield lines


def _policy(symbols: Symbols) -> Iterator[str]:
    contract, macro = symbols.contract, symbols.macro
    document = policy(contract)
    timing = contract.timing
    numbers = {key: value for key, value in document.items() if isinstance(value, int)}
    numbers |= {"network_ms": timing.network_ms, "commit_budget_ms": timing.commit_budget_ms}
    numbers["presumed_lost_publishes"] = timing.presumed_lost_publishes
    for key, value in numbers.items():
        owner = timing.owners.get(key.removesuffix("_ms"))
        yield _define(macro(key), literal(value), f"owner: {owner}" if owner else "")
    yield _define(macro("STORE_FLASH"), literal(int(contract.buffer.store == "flash")), "what waits for custody survives a reset")
    order = ", ".join(literal(contract.messages[name].id) for name in contract.buffer.drop_first)
    yield _define(macro("DROP_FIRST"), f"{{{order}}}", "channels, the first to be dropped first")


def _members(symbols: Symbols) -> Iterator[str]:
    for kind, members in named_members(symbols.contract).items():
        for raw, name in members.items():
            yield _define(symbols.macro(kind, name), literal(raw))


def _limits(symbols: Symbols, words: tuple[str, ...], value: Value) -> Iterator[str]:
    """Yield the ends of a raw range that is narrower than the member's type."""
    if value.enum is None and value.flags is None and value.raw_range != c_range(value.type):
        for word, end in zip(("MIN", "MAX"), value.raw_range, strict=True):
            number = literal(end, signed=value.type.signed)
            yield _define(symbols.macro(*words, word), f"({number})" if number.startswith("-") else number)


def _message(symbols: Symbols, codec: Codec) -> Iterator[str]:
    layout, message = codec.layout, codec.message
    place = layout.message

    def constant(word: str, value: str) -> str:
        return _define(symbols.macro(place, word), value)

    yield f"/* Message {place}, layout {layout.version}. */"
    yield constant("CHANNEL", literal(layout.message_id))
    yield constant("LAYOUT", literal(layout.version))
    yield constant("FINGERPRINT", f"0x{layout.fingerprint:08x}u")
    yield constant("RECORD_BYTES", literal(layout.record_bytes))
    if message is not None:
        yield constant("SAMPLE_MS", literal(message.sample_ms))
        yield constant("EVERY_MS", literal(message.publish_every_ms))
        yield constant("BATCH_MAX", literal(message.batch_max))
        yield constant("PRIORITY", literal(PRIORITIES.index(message.priority)))
        yield constant("EXPIRES_MS", literal(message.expires_ms or 0))
        if message.at_most is not None:
            yield constant("EVENTS_MAX", literal(message.at_most.events))
            yield constant("EVENTS_PER_MS", literal(message.at_most.per_ms))
    for column in codec.columns:
        allowed = sendable(column.field)
        if (allowed.low, allowed.high) == column.field.raw_range:
            yield from _limits(symbols, (place, column.field.name), column.field)
    yield from ("", "typedef struct {", *(line for column in codec.columns for line in _member(column)), f"}} {codec.type};", "")
    yield f"extern const {symbols.prefix}_frame_t {codec.frame};"
    yield "/* Whether every value may be sent. */"
    yield f"bool {codec.valid}(const {codec.type} *value);"
    yield f"/* Write a record of {layout.record_bytes} bytes; false, and nothing written, when a value may not be sent. */"
    yield f"bool {codec.pack}(uint8_t *record, uint32_t offset_ms, const {codec.type} *value);"
    yield f"/* Read a record of {layout.record_bytes} bytes; false when a value could not have been sent. */"
    yield f"bool {codec.unpack}({codec.type} *value, uint32_t *offset_ms, const uint8_t *record);"


def _member(column: Column) -> Iterator[str]:
    field = column.field
    if column.has is not None:
        yield f"    bool {column.has};"
    items = "" if field.count is None else f"[{field.count}]"
    about = meaning(field)
    yield f"    {c_type(field.type)} {column.member}{items};" + (f" {comment(about)}" if about else "")
