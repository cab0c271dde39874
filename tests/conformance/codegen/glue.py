"""Writes the C between the runner and a product's generated code: takes values, calls, gives what came out."""

from __future__ import annotations

from collections.abc import Iterator

from tests.conformance.codegen.cases import UNTOUCHED

from seamline.contract.codegen.c.pieces import c_type
from seamline.contract.codegen.c.symbols import Codec, Column, Symbols
from seamline.contract.model import Contract


def glue(contract: Contract) -> str:
    """Return `glue.c` for a contract."""
    symbols = Symbols(contract)
    lines = [f'#include "{contract.product}.h"', '#include "runner.h"', ""]
    for number, codec in enumerate(symbols.codecs):
        lines += [*_pack(number, codec), *_unpack(number, codec)]
    lines += ["void answer(uint8_t message)", "{", "    bool unpacks = take8() != 0u;", "    switch (message) {"]
    for number in range(len(symbols.codecs)):
        call = f"unpacks ? unpack_{number}() : pack_{number}()"
        lines += [f"    case {number}:", f"        {call};", "        break;"]
    return "\n".join([*lines, "    default:", "        break;", "    }", "}", ""])


def _each(column: Column, line: str) -> str:
    if column.field.count is None:
        return f"    {line.replace('@', f'value.{column.member}')}"
    return f"    for (unsigned i = 0; i < {column.field.count}u; i++) {{ {line.replace('@', f'value.{column.member}[i]')} }}"


def _pack(number: int, codec: Codec) -> Iterator[str]:
    yield from (f"static void pack_{number}(void)", "{", f"    {codec.type} value;")
    yield f"    uint8_t record[{codec.layout.record_bytes}];"
    yield "    uint32_t offset_ms = (uint32_t)take(4);"
    yield f"    for (size_t i = 0; i < sizeof record; i++) {{ record[i] = 0x{UNTOUCHED:02x}u; }}"
    for column in codec.columns:
        if column.has is not None:
            yield f"    value.{column.has} = take8() != 0u;"
        yield _each(column, f"@ = ({c_type(column.field.type)})take(8);")
    yield from (f"    give8({codec.pack}(record, offset_ms, &value));", "    give_bytes(record, sizeof record);", "}", "")


def _unpack(number: int, codec: Codec) -> Iterator[str]:
    yield from (f"static void unpack_{number}(void)", "{", f"    {codec.type} value;")
    yield f"    uint8_t record[{codec.layout.record_bytes}];"
    yield from ("    uint32_t offset_ms;", "    take_bytes(record, sizeof record);")
    yield from (f"    give8({codec.unpack}(&value, &offset_ms, record));", "    give(offset_ms, 4);")
    for column in codec.columns:
        if column.has is not None:
            yield f"    give8(value.{column.has});"
        yield _each(column, "give((uint64_t)@, 8);")
    yield from ("}", "")
