"""Every target generated, and every layout of every version there and back: packed as a board packs it, read as the cloud reads it."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from types import ModuleType
from typing import Final, Protocol, cast

from seamline.contract import Contract, Family, Layout
from seamline.contract.codegen import TARGETS, target
from seamline.device.frame import Frame, pack
from seamline.rig.gate.verdict import Evidence
from seamline.rig.world.streams import Stream
from seamline.rig.world.truth import Values

RECORDS_A_FRAME: Final = 24
"""As devices send them by default."""


class Disagreement(Exception):
    """A generated codec and the layout disagree; the text says where."""


class _Message(Protocol):
    """A channel of the generated MicroPython module."""

    channel: int
    fingerprint: int

    def pack(self, values: Mapping[str, int]) -> bytes: ...
    def unpack(self, body: bytes) -> Mapping[str, int]: ...


class _Codec(Protocol):
    """The generated NumPy module, as far as it is asked here."""

    def decode_rows(self, frames: Sequence[bytes]) -> list[tuple[int, str, int, int, int, dict[str, int]]]: ...
    def decode_list(self, frames: Sequence[bytes]) -> object: ...
    def encode(self, batch: object) -> tuple[bytes, object]: ...


def generated(family: Family) -> Iterator[Evidence]:
    """Compile the current contract for every target. Raises Disagreement when one cannot be."""
    told: list[str] = []
    for name in TARGETS:
        texts = target(name)(family, family.current)
        told.append(f"{name} ({len(texts)} file{'s' if len(texts) > 1 else ''}, {sum(map(len, texts.values()))} characters)")
    yield Evidence(f"{len(told)} targets compile: {', '.join(told)}")


def compared(family: Family) -> Iterator[Evidence]:
    """Send records of each version through the generated codecs. Raises Disagreement at the first one that comes back otherwise."""
    codec = cast("_Codec", _loaded(f"{family.product}_codec", "numpy", family, family.current))
    for version, contract in family.versions.items():
        device = _loaded(f"{family.product}_device", "micropython", family, contract)
        senders = [cast("_Message", each) for each in vars(device).values() if type(each).__name__ == "Message"]
        for message in contract.messages.values():
            sender = next((each for each in senders if each.fingerprint == message.layout.fingerprint), None)
            if sender is None:
                raise Disagreement(f"the MicroPython module of {version} has no {message.name}")
            count = _there_and_back(version, message.layout, sender, codec)
            text = (
                f"{version} {message.name}, layout {message.layout.version} ({message.layout.fingerprint:08x}): {count} records packed by"
                " the MicroPython module, read by the NumPy codec and packed again: the same values, the same bytes"
            )
            yield Evidence(text)


def _loaded(name: str, target_name: str, family: Family, contract: Contract) -> ModuleType:
    ((path, text),) = target(target_name)(family, contract).items()
    module = ModuleType(f"seamline_gate_{name}")
    sys.modules[module.__name__] = module  # dataclasses look there while they are made
    try:
        exec(compile(text, path, "exec"), vars(module))  # noqa: S102 - our own generated text is what is judged
    finally:
        del sys.modules[module.__name__]
    return module


def _there_and_back(version: str, layout: Layout, sender: _Message, codec: _Codec) -> int:
    """Send drawn values, the ends of their ranges among them; return how many records."""
    where = f"{version}, {layout.message}/{layout.version}"
    drawn = Values(layout, Stream(0, f"gate {layout.fingerprint:08x}", "values"))
    rows = [{name: column[at] for name, column in drawn.columns.items()} for at in range(len(drawn.bodies))]
    for values, body in zip(rows, drawn.bodies, strict=True):
        packed = _packed(where, sender, values)
        if packed != body:
            raise Disagreement(f"{where}: MicroPython packs {values} as {packed.hex()}, the layout as {body.hex()}")
        if sender.unpack(body) != values:
            raise Disagreement(f"{where}: MicroPython reads {sender.unpack(body)} from {body.hex()}, {values} was packed")
    frames = [_frame(layout, drawn.bodies[at : at + RECORDS_A_FRAME], at) for at in range(0, len(rows), RECORDS_A_FRAME)]
    read = codec.decode_rows(frames)
    if len(read) != len(rows):
        raise Disagreement(f"{where}: NumPy reads {len(read)} of {len(rows)} records")
    for (_, _, _, seq, _, found), values, body in zip(read, rows, drawn.bodies, strict=True):
        stored = dict(zip((place.name for place in layout.places), layout.stored(body), strict=True))
        if found != {name: raw for name, raw in stored.items() if raw is not None}:
            raise Disagreement(f"{where}: NumPy reads {found} in record {seq}, {values} was sent")
    blob, _ = codec.encode(codec.decode_list(frames))
    if blob != b"".join(frames):
        raise Disagreement(f"{where}: NumPy does not encode the bytes that it decoded")
    return len(rows)


def _packed(where: str, sender: _Message, values: Mapping[str, int]) -> bytes:
    try:
        return sender.pack(values)
    except ValueError as refused:
        raise Disagreement(f"{where}: MicroPython refuses {values}, which may be sent: {refused}") from None


def _frame(layout: Layout, bodies: Sequence[bytes], first: int) -> bytes:
    body = b"".join(at.to_bytes(4, "little") + each for at, each in enumerate(bodies))
    return pack(
        Frame(
            channel=layout.message_id, layout=layout.version, fingerprint=layout.fingerprint, incarnation=1, boot=1, first=first,
            count=len(bodies), epoch=0, uptime_ms=1000 + first, record_bytes=layout.record_bytes, body=body,
        )
    )  # fmt: skip
