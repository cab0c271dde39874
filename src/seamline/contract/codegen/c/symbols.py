"""Every name that the generated C gives away, decided once for header and source."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from seamline.contract.codegen.names import C_WORDS, Names
from seamline.contract.layout import Field, Layout, Place
from seamline.contract.model import Contract, Message
from seamline.contract.standard import LOSSES

_WIDTHS = ("fast8", "fast16", "fast32", "fast64", "least8", "least16", "least32", "least64")
STDINT = tuple(name for width in _WIDTHS for name in (f"int_{width}_t", f"uint_{width}_t"))
"""Types of <stdint.h> that a product called `int` could hit."""
FIXED_TYPES = ("frame_t", "backoff_t", "allowance_t", "fault_t")
FIXED_FUNCTIONS = (
    *("crc32", "frame_close", "frame_open", "topic", "backoff_uniform", "backoff_after_failure", "backoff_after_session"),
    *("backoff_stable", "event_take", "faults", "fault"),
)


@dataclass(frozen=True, slots=True)
class Column:
    """One field of a message as a member of its struct; `has` is the member that says whether an optional one is there."""

    field: Field
    place: Place
    member: str
    has: str | None


@dataclass(frozen=True, slots=True)
class Codec:
    """One message: its names and members. `macro` is what its constants begin with."""

    layout: Layout
    message: Message | None
    type: str
    macro: str
    frame: str
    valid: str
    pack: str
    unpack: str
    columns: tuple[Column, ...]


class Symbols:
    """The names of one product: `macro` for constants, one scope for everything else."""

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        self.prefix = contract.product
        self.macros = Names()
        self._names = Names(STDINT)
        for name in (*FIXED_TYPES, *FIXED_FUNCTIONS):
            self._names.claim(f"{self.prefix}_{name}")
        layouts = [(LOSSES, None), *((message.layout, message) for message in contract.messages.values())]
        self.codecs = tuple(self._codec(layout, message) for layout, message in layouts)

    def macro(self, *words: str) -> str:
        """Claim a constant's name."""
        return self.macros.claim("_".join((self.prefix, *words)).upper())

    def _codec(self, layout: Layout, message: Message | None) -> Codec:
        base = f"{self.prefix}_{layout.message}"
        claim = self._names.claim
        return Codec(
            layout,
            message,
            type=claim(f"{base}_t"),
            macro=base.upper(),
            frame=claim(f"{base}_frame"),
            valid=claim(f"{base}_valid"),
            pack=claim(f"{base}_pack"),
            unpack=claim(f"{base}_unpack"),
            columns=tuple(_columns(layout)),
        )


def _columns(layout: Layout) -> Iterator[Column]:
    names = Names(C_WORDS)
    members = names.claim_all(field.name for field in layout.fields)
    has = names.claim_all((field.name for field in layout.fields if field.optional), lambda name: f"has_{name}")
    first = {place.field.name: place for place in reversed(layout.places)}
    for field in layout.fields:
        yield Column(field, first[field.name], members[field.name], has.get(field.name))
