"""Row codecs to measure against: each packs and unpacks one reading of ten numbers, in its own format, as its documents say is fast.

A peer is made from the fields' names and `struct` letters. One whose package is missing raises ImportError. Their packages are in the
dependency group `bench`.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass

# ruff: noqa: PLC0415 - a peer's package is asked for when the peer is, so that a missing one can be told

Values = dict[str, int]
SIZES = {"B": 8, "H": 16, "I": 32, "Q": 64, "b": 8, "h": 16, "i": 32, "q": 64}


@dataclass(frozen=True)
class Peer:
    """How a peer packs one reading, unpacks one, and shows what it unpacked as a dict."""

    pack: Callable[[Values], bytes]
    unpack: Callable[[bytes], object]
    shown: Callable[[object], Values]


def with_struct(names: Sequence[str], codes: str) -> Peer:
    """The standard library: a tuple a row."""
    layout = struct.Struct(f"<{codes}")
    pack, unpack = layout.pack, layout.unpack
    return Peer(lambda row: pack(*row.values()), unpack, lambda got: dict(zip(names, got, strict=True)))


def with_msgspec(names: Sequence[str], _codes: str) -> Peer:
    """msgspec: MessagePack into a typed Struct, written as an array."""
    import msgspec

    kind = msgspec.defstruct("Reading", [(name, int) for name in names], array_like=True, gc=False)
    encode, decode = msgspec.msgpack.Encoder().encode, msgspec.msgpack.Decoder(kind).decode
    return Peer(lambda row: encode(kind(*row.values())), decode, msgspec.structs.asdict)


def with_protobuf(names: Sequence[str], codes: str) -> Peer:
    """Google's protobuf on its C runtime (upb): varints, sint for signed."""
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

    kinds = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(name="reading.proto", package="bench", syntax="proto3")
    message = file.message_type.add(name="Reading")
    for number, (name, code) in enumerate(zip(names, codes, strict=True), 1):
        kind = kinds.TYPE_UINT64 if code.isupper() else kinds.TYPE_SINT64
        message.field.add(name=name, number=number, type=kind, label=kinds.LABEL_OPTIONAL)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    made = message_factory.GetMessageClass(pool.FindMessageTypeByName("bench.Reading"))
    return Peer(
        lambda row: made(**row).SerializeToString(), made.FromString, lambda got: {name: getattr(got, name) for name in names}
    )


def with_cantools(names: Sequence[str], codes: str) -> Peer:
    """cantools: a CAN FD message, raw values without scaling."""
    import cantools

    signals, bit = [], 0
    for name, code in zip(names, codes, strict=True):
        sign = "+" if code.isupper() else "-"
        signals.append(f' SG_ {name} : {bit}|{SIZES[code]}@1{sign} (1,0) [0|0] "" Vector__XXX')
        bit += SIZES[code]
    dbc = 'VERSION ""\n\nBU_:\n\nBO_ 1 Reading: {} Vector__XXX\n{}\n'.format(bit // 8, "\n".join(signals))
    message = cantools.database.load_string(dbc, "dbc", strict=False).get_message_by_name("Reading")
    return Peer(
        lambda row: message.encode(row, scaling=False, strict=False),
        lambda data: message.decode(data, decode_choices=False, scaling=False),
        dict,
    )


def with_construct(names: Sequence[str], codes: str) -> Peer:
    """construct, compiled."""
    import construct

    words = {
        "B": "Int8ul",
        "H": "Int16ul",
        "I": "Int32ul",
        "Q": "Int64ul",
        "b": "Int8sl",
        "h": "Int16sl",
        "i": "Int32sl",
        "q": "Int64sl",
    }
    fields = (name / getattr(construct, words[code]) for name, code in zip(names, codes, strict=True))
    layout = construct.Struct(*fields).compile()
    return Peer(layout.build, layout.parse, lambda got: {name: got[name] for name in names})


def with_kaitaistruct(names: Sequence[str], codes: str) -> Peer:
    """kaitaistruct: a class as its compiler writes it; it reads only."""
    from kaitaistruct import KaitaiStream, KaitaiStruct

    words = {code: f"read_{'u' if code.isupper() else 's'}{size // 8}{'le' if size > 8 else ''}" for code, size in SIZES.items()}
    body = "\n".join(f"        self.{name} = self._io.{words[code]}()" for name, code in zip(names, codes, strict=True))
    text = (
        "class Reading(KaitaiStruct):\n    def __init__(self, _io):\n        super().__init__(_io)\n        self._read()\n\n"
        f"    def _read(self):\n{body}\n"
    )
    made: dict[str, Callable[..., object]] = {}
    exec(text, {"KaitaiStruct": KaitaiStruct}, made)  # noqa: S102 - the class its compiler would have written to a file
    reading, layout = made["Reading"], struct.Struct(f"<{codes}")
    return Peer(
        lambda row: layout.pack(*row.values()),
        lambda data: reading(KaitaiStream(io.BytesIO(data))),
        lambda got: {name: getattr(got, name) for name in names},
    )


def with_fastavro(names: Sequence[str], _codes: str) -> Peer:
    """Fastavro without a container: a schema both sides know."""
    import fastavro

    fields = [{"name": name, "type": "long"} for name in names]
    schema = fastavro.parse_schema({"type": "record", "name": "Reading", "fields": fields})

    def pack(row: Values) -> bytes:
        out = io.BytesIO()
        fastavro.schemaless_writer(out, schema, row)
        return out.getvalue()

    return Peer(pack, lambda data: fastavro.schemaless_reader(io.BytesIO(data), schema), dict)


PEERS: dict[str, Callable[[Sequence[str], str], Peer]] = {
    "struct": with_struct,
    "msgspec": with_msgspec,
    "protobuf": with_protobuf,
    "cantools": with_cantools,
    "construct": with_construct,
    "kaitaistruct": with_kaitaistruct,
    "fastavro": with_fastavro,
}
READ_ONLY = frozenset({"kaitaistruct"})
"""Those that cannot pack."""
