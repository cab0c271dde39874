"""Writes the libFuzzer target of a product: whatever bytes come, opening and reading them stays within bounds.

What is read is written again: a record that was valid must give its own bytes, apart from gaps and absent values.
"""

from __future__ import annotations

from collections.abc import Iterator

from seamline.contract.codegen.c.symbols import Codec, Symbols
from seamline.contract.model import Contract


def fuzz_target(contract: Contract) -> str:
    """Return the C source of the target."""
    symbols = Symbols(contract)
    prefix = contract.product
    lines = [
        f'#include "{prefix}.h"',
        "#include <stdlib.h>",
        "#include <string.h>",
        "",
        "int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);",
    ]
    for number, codec in enumerate(symbols.codecs):
        lines += _again(number, codec)
    lines += ["int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)", "{", f"    {prefix}_frame_t head;"]
    lines += [f"    (void){prefix}_frame_open(&head, data, size);"]
    lines += [f"    read_{number}(data, size);" for number in range(len(symbols.codecs))]
    return "\n".join([*lines, "    return 0;", "}", ""])


def _again(number: int, codec: Codec) -> Iterator[str]:
    size = codec.layout.record_bytes
    yield from (f"static void read_{number}(const uint8_t *data, size_t size)", "{", f"    {codec.type} value, other;")
    yield from (f"    uint8_t *record = malloc({size}u), again[{size}];", "    uint32_t offset_ms, other_ms;")
    yield from (f"    memset(record, 0, {size}u);", f"    memcpy(record, data, size < {size}u ? size : {size}u);")
    yield f"    bool sound = {codec.unpack}(&value, &offset_ms, record);"
    yield from ("    free(record);", f"    if (sound != {codec.pack}(again, offset_ms, &value)) {{", "        abort();", "    }")
    yield f"    if (sound && (!{codec.unpack}(&other, &other_ms, again) || other_ms != offset_ms)) {{"
    yield from ("        abort();", "    }")
    for column in codec.columns:
        same = f"memcmp(&value.{column.member}, &other.{column.member}, sizeof value.{column.member}) == 0"
        yield from (f"    if (sound && !({same})) {{", "        abort();", "    }")
    yield from ("}", "")
