"""Writes the source: one codec a message, and the parts that every product has."""

from __future__ import annotations

from collections.abc import Iterator

from seamline.contract.codegen.c.parts import BACKOFF, BIG_ORDER, CLEAR, EVENTS, FAULT_LOOKUP, FRAME, ORDER, TOPIC, named
from seamline.contract.codegen.c.pieces import c_type, literal, refusals, string, width
from seamline.contract.codegen.c.symbols import Codec, Column, Symbols
from seamline.contract.layout import OFFSET_BYTES, FieldType, Order
from seamline.contract.meanings import SEVERITIES
from seamline.device.frame import MAGIC_VERSION

_BYTE = 8
_U32_MAX = 0xFFFF_FFFF
_ALWAYS = frozenset({(Order.LITTLE, 16), (Order.LITTLE, 32)})
"""What the frame's head is written with."""


def source(symbols: Symbols) -> str:
    """Return the text of `<product>.c`."""
    contract, prefix = symbols.contract, symbols.prefix
    parts = [FRAME, TOPIC, BACKOFF, EVENTS, *([FAULT_LOOKUP] if contract.faults else [])]
    backoff = contract.backoff
    macros = [
        f"#define BACKOFF_{name}_MS ((uint32_t){literal(min(value, _U32_MAX))})"
        for name, value in (("BASE", backoff.base_ms), ("CAP", backoff.cap_ms))
    ]
    sections = [
        f"/* The device's half of the contract {contract.reference}. */",
        f'#include "{prefix}.h"',
        "\n".join(macros),
        named(ORDER, prefix).rstrip(),
        *_integers(symbols),
        *_bits(symbols),
        *([CLEAR.rstrip()] if any(map(_cleared, symbols.codecs)) else []),
        *(["\n".join(_faults(symbols))] if contract.faults else []),
        *(named(part, prefix).rstrip() for part in parts),
        *("\n".join(_codec(symbols, codec)) for codec in symbols.codecs),
    ]
    return "\n\n".join(sections) + "\n"


def _faults(symbols: Symbols) -> Iterator[str]:
    faults = symbols.contract.faults
    yield named("const @fault_t @faults[@@FAULTS] = {", symbols.prefix)
    for code, fault in sorted(faults.items()):
        severity, latches = SEVERITIES.index(fault.severity), "true" if fault.latches else "false"
        yield f"    {{{string(fault.name)}, {string(fault.layer)}, 0x{code:02x}u, {severity}u, {latches}}},"
    yield "};"


def _whole(column: Column) -> bool:
    """Say whether a field is made of whole bytes on bytes' boundaries."""
    return column.place.bit % _BYTE == 0 and column.place.bits % _BYTE == 0


def _cleared(codec: Codec) -> bool:
    """Say whether a record must be zero before its values are written."""
    end = 0
    for column in codec.columns:
        if column.has is not None or not _whole(column) or column.place.bit != end:
            return True
        end += column.place.bits * (column.field.count or 1)
    return end != -(-codec.layout.body_bits // _BYTE) * _BYTE


def _integers(symbols: Symbols) -> Iterator[str]:
    """Yield the stores and loads of integers of whole bytes that are needed."""
    needed = set(_ALWAYS)
    for codec in symbols.codecs:
        needed |= {(codec.layout.order, item.place.bits) for item in codec.columns if _whole(item) and item.place.bits > _BYTE}
    if any(order is Order.BIG and bits == width(bits) for order, bits in needed):
        yield BIG_ORDER.rstrip()
    for order, bits in sorted(needed):
        name, kind, last = f"{order[0]}e{bits}", f"uint{width(bits)}_t", bits // _BYTE - 1
        shifts = [_BYTE * (index if order is Order.LITTLE else last - index) for index in range(last + 1)]
        stores = [
            f"    to[{index}] = (uint8_t){f'(value >> {shift})' if shift else 'value'};" for index, shift in enumerate(shifts)
        ]
        wide = f"uint{max(32, width(bits))}_t"
        value = " | ".join(f"({wide})from[{index}]{f' << {shift}' if shift else ''}" for index, shift in enumerate(shifts))
        loads = [f"    return ({kind})({value});" if kind != wide else f"    return {value};"]
        if bits == width(bits):
            agree = f"#if {order.upper()}_FIRST"
            stores = [agree, "    __builtin_memcpy(to, &value, sizeof value);", "#else", *stores, "#endif"]
            copied = [f"    {kind} value;", "    __builtin_memcpy(&value, from, sizeof value);", "    return value;"]
            loads = [agree, *copied, "#else", *loads, "#endif"]
        yield "\n".join([f"static inline void store_{name}(uint8_t *to, {kind} value)", "{", *stores, "}"])
        yield "\n".join([f"static inline {kind} load_{name}(const uint8_t *from)", "{", *loads, "}"])


def _bits(symbols: Symbols) -> Iterator[str]:
    """Yield the loops that write and read bits anywhere, for each order that has such places."""
    odd = [(codec.layout.order, column.place.bits) for codec in symbols.codecs for column in codec.columns if not _whole(column)]
    odd += [(codec.layout.order, 1) for codec in symbols.codecs if codec.layout.presence is not None]
    kind = _bits_type(symbols)
    for order in sorted({order for order, _ in odd}):
        shift, mask = ("index", "1u << bit % 8u") if order is Order.LITTLE else ("bits - 1u - index", "0x80u >> bit % 8u")
        name = f"{order[0]}e_bits"
        yield f"""\
static void store_{name}(uint8_t *to, unsigned bit, unsigned bits, {kind} value)
{{
    for (unsigned index = 0; index < bits; index++, bit++) {{
        if ((value >> ({shift}) & 1u) != 0u) {{
            to[bit / 8u] = (uint8_t)(to[bit / 8u] | {mask});
        }}
    }}
}}

static {kind} load_{name}(const uint8_t *from, unsigned bit, unsigned bits)
{{
    {kind} value = 0;
    for (unsigned index = 0; index < bits; index++, bit++) {{
        if ((from[bit / 8u] & ({mask})) != 0u) {{
            value |= ({kind})1u << ({shift});
        }}
    }}
    return value;
}}"""


def _bits_type(symbols: Symbols) -> str:
    """Return the type that holds every value which is not of whole bytes."""
    bits = [column.place.bits for codec in symbols.codecs for column in codec.columns if not _whole(column)]
    return f"uint{width(max(32, *bits, 0))}_t"


def _codec(symbols: Symbols, codec: Codec) -> Iterator[str]:
    layout = codec.layout
    which = (f"0x{MAGIC_VERSION:02x}u", "0", f"{layout.message_id}u", f"{layout.version}u", f"0x{layout.fingerprint:08x}u")
    head = ", ".join((*which, *("0",) * 7, literal(layout.record_bytes)))
    yield f"const {symbols.prefix}_frame_t {codec.frame} = {{{head}}};"
    yield from ("", f"bool {codec.valid}(const {codec.type} *value)", "{", *_valid(codec), "}")
    yield from ("", f"bool {codec.pack}(uint8_t *record, uint32_t offset_ms, const {codec.type} *value)", "{")
    yield from (
        f"    if (!{codec.valid}(value)) {{",
        "        return false;",
        "    }",
        *_pack(symbols, codec),
        "    return true;",
        "}",
    )
    yield from ("", f"bool {codec.unpack}({codec.type} *value, uint32_t *offset_ms, const uint8_t *record)", "{")
    yield from (*_unpack(symbols, codec), f"    return {codec.valid}(value);", "}")


def _guarded(column: Column, line: str, *, first: str = "") -> Iterator[str]:
    """Yield the statement of a member, in a loop over an array, and behind `first` only where an optional one is there."""
    lines = line.split("\n")
    if column.field.count is not None:
        lines = [f"for (unsigned i = 0; i < {column.field.count}u; i++) {{", *(f"    {line}" for line in lines), "}"]
    if column.has is not None:
        lines = [f"if (value->{column.has}) {{", *(f"    {line}" for line in (first, *lines) if line), "}"]
    yield from (f"    {line}" for line in lines)


def _item(column: Column) -> str:
    return f"value->{column.member}" + ("" if column.field.count is None else "[i]")


def _valid(codec: Codec) -> Iterator[str]:
    asked = False
    for column in codec.columns:
        conditions = refusals(_item(column), column.field)
        if conditions:
            asked = True
            yield from _guarded(column, f"if ({' || '.join(conditions)}) {{\n    return false;\n}}")
    if not asked:
        yield "    (void)value;"
    yield "    return true;"


def _at(column: Column) -> str:
    """Return the byte of the record that is a field, or where its bits are as arguments."""
    place, counted = column.place, column.field.count is not None
    if _whole(column) and place.bits == _BYTE:
        return f"record[{OFFSET_BYTES + place.bit // _BYTE}{' + i' if counted else ''}]"
    if _whole(column):
        return f"record + {OFFSET_BYTES + place.bit // _BYTE}" + (f" + {place.bits // _BYTE}u * i" if counted else "")
    return f"record + {OFFSET_BYTES}, {place.bit}u" + (f" + {place.bits}u * i" if counted else "") + f", {place.bits}u"


def _pack(symbols: Symbols, codec: Codec) -> Iterator[str]:
    layout, order, kind = codec.layout, codec.layout.order[0], _bits_type(symbols)
    cleared = _cleared(codec)
    if cleared:
        yield f"    clear(record + {OFFSET_BYTES}, {layout.body_bytes}u);"
    yield "    store_le32(record, offset_ms);"
    for column in codec.columns:
        bits, item, signed = column.place.bits, _item(column), column.field.type.signed
        said = f"store_{order}e_bits(record + {OFFSET_BYTES}, {column.place.presence_bit}u, 1u, 1u);"
        if not _whole(column):
            store = f"store_{order}e_bits({_at(column)}, ({kind}){item});"
        elif bits == _BYTE:
            store = f"{_at(column)} = {f'(uint8_t){item}' if signed else item};"
        else:
            store = f"store_{order}e{bits}({_at(column)}, {f'(uint{width(bits)}_t){item}' if signed else item});"
        yield from _guarded(column, store, first=said)
    if not cleared:
        for byte in range(OFFSET_BYTES + layout.body_bits // _BYTE, layout.record_bytes):
            yield f"    record[{byte}] = 0;"


def _unpack(symbols: Symbols, codec: Codec) -> Iterator[str]:
    order, kind = codec.layout.order[0], _bits_type(symbols)
    if codec.layout.presence is not None:
        yield "    clear(value, sizeof *value);"
    yield "    *offset_ms = load_le32(record);"
    for column in codec.columns:
        bits, of = column.place.bits, column.field.type
        if column.has is not None:
            bit = column.place.presence_bit
            yield f"    value->{column.has} = load_{order}e_bits(record + {OFFSET_BYTES}, {bit}u, 1u) != 0u;"
        if not _whole(column):
            raw, carrier = f"load_{order}e_bits({_at(column)})", kind
        elif bits == _BYTE:
            raw, carrier = _at(column), "uint8_t"
        else:
            raw, carrier = f"load_{order}e{bits}({_at(column)})", f"uint{width(bits)}_t"
        yield from _guarded(column, f"{_item(column)} = {_converted(raw, carrier, of)};")


def _converted(raw: str, carrier: str, kind: FieldType) -> str:
    """Return a raw value as its member's type; two's complement of odd widths is extended without leaving the range."""
    wanted = c_type(kind)
    if kind.signed and kind.bits != width(kind.bits):
        whole, half = f"int{max(32, width(kind.bits))}_t", 1 << kind.bits - 1
        extended = f"({whole})({raw} ^ {literal(half)}) - {half}"
        return f"({wanted})({extended})"
    return raw if wanted == carrier else f"({wanted}){raw}"
