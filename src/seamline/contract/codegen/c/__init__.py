"""Target `c`: `<product>.h` and `<product>.c` in C99, for any processor whose bytes have eight bits.

Integers only, no heap, nothing from the C library (a compiler may make a loop a call of memset). What is written is what `Layout.pack` writes, on every
processor; tests/conformance/codegen holds that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from seamline.contract.codegen.c.header import header
from seamline.contract.codegen.c.source import source
from seamline.contract.codegen.c.symbols import Symbols

if TYPE_CHECKING:
    from seamline.contract.codegen import Texts
    from seamline.contract.family import Family
    from seamline.contract.model import Contract


def generate(_family: Family, contract: Contract) -> Texts:
    """Return header and source of one version of the contract."""
    symbols = Symbols(contract)
    return {f"{contract.product}.h": header(symbols), f"{contract.product}.c": source(symbols)}
