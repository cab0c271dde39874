"""Target `micropython`: `<product>.py`, one module for boards, without imports, within what tools/device_lint.py allows.

`POLICY` is what `seamline.device.Core` takes, `READING.pack(values)` makes the body that its `record` takes. The same text
runs on CPython, so a program for a board can be tested on a desk.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from seamline.contract.codegen.names import Names
from seamline.contract.codegen.senders import named_members, sendable
from seamline.contract.codegen.wire import DEVICE_ID_CHARS_MAX, TOPICS
from seamline.contract.device_policy import policy
from seamline.contract.layout import Layout, Order, Place
from seamline.contract.meanings import SEVERITIES
from seamline.contract.messages import PRIORITIES
from seamline.contract.model import Contract
from seamline.contract.standard import LOSSES

if TYPE_CHECKING:
    from seamline.contract.codegen import Texts
    from seamline.contract.family import Family

_FUNCTIONS = '''\
class Message:
    """A channel: `pack` makes the body of a record (without its offset), `unpack` takes one apart."""

    def __init__(self, name, channel, layout, fingerprint, record_bytes, big, columns):
        self.name = name
        self.channel = channel
        self.layout = layout
        self.fingerprint = fingerprint
        self.record_bytes = record_bytes
        self.big = big  # order of the bits: network order, or least significant first
        self.columns = columns  # name, first bit, bits, signed, presence bit or None, allowed runs, allowed bits or None

    def pack(self, values):
        """The body's bytes; `values`: raw whole numbers by column. Raises ValueError for what may not be sent."""
        body = bytearray(self.record_bytes - 4)
        given = 0
        said = {}
        for name, bit, bits, _, presence, runs, mask in self.columns:
            there = name in values
            if said.setdefault(presence, presence is None or there) != there:
                raise ValueError(f"{self.name}: {name} is missing")
            if not there:
                continue
            given += 1
            if presence is not None:
                _put(body, presence, 1, 1, self.big)
            _put(body, bit, bits, self._checked(name, values[name], runs, mask), self.big)
        if given != len(values):
            raise ValueError(f"{self.name}: there is a value that the message does not have")
        return bytes(body)

    def _checked(self, name, raw, runs, mask):
        if type(raw) is bool:
            raw = int(raw)
        if type(raw) is int and (mask is None or raw >= 0 and raw & mask == raw):
            for low, high in runs:
                if low <= raw <= high:
                    return raw
        raise ValueError(f"{self.name}: {name} is {raw!r}; allowed are {runs if mask is None else mask}")

    def unpack(self, body):
        """The raw values by column, absent ones left out; ranges are not checked. Raises ValueError on a wrong length."""
        if len(body) != self.record_bytes - 4:
            raise ValueError(f"{self.name}: {len(body)} bytes are no body of {self.record_bytes - 4}")
        values = {}
        for name, bit, bits, signed, presence, _, _ in self.columns:
            if presence is None or _get(body, presence, 1, self.big):
                raw = _get(body, bit, bits, self.big)
                values[name] = raw - (1 << bits) if signed and raw >> (bits - 1) else raw
        return values


def _put(body, bit, bits, raw, big):
    """Write `bits` bits at `bit` into zeros."""
    if raw < 0:
        raw += 1 << bits
    while bits > 0:
        room = 8 - bit % 8
        part = min(room, bits)
        bits -= part
        if big:
            body[bit // 8] |= (raw >> bits & (1 << part) - 1) << room - part
        else:
            body[bit // 8] |= (raw & (1 << part) - 1) << 8 - room
            raw >>= part
        bit += part


def _get(body, bit, bits, big):
    """The `bits` bits at `bit`, as a number from 0."""
    raw = 0
    done = 0
    while done < bits:
        room = 8 - bit % 8
        part = min(room, bits - done)
        if big:
            raw = raw << part | body[bit // 8] >> room - part & (1 << part) - 1
        else:
            raw |= (body[bit // 8] >> 8 - room & (1 << part) - 1) << done
        done += part
        bit += part
    return raw


def topic(pattern, device):
    """The pattern with the device's id for its `+`. Raises ValueError for what is no id."""
    allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"
    if not 1 <= len(device) <= DEVICE_ID_CHARS_MAX or not all(letter in allowed for letter in device):
        raise ValueError(f"{device!r} is no device id: 1 to {DEVICE_ID_CHARS_MAX} of A-Z a-z 0-9 _ -")
    return pattern.replace("+", device)


def backoff_ms(tries, random):
    """Delay in ms after `tries` failures before this one, full jitter; `random`: 32 bits of this device's own stream."""
    window_ms = min(POLICY["backoff_cap_ms"], POLICY["backoff_base_ms"] << min(tries, 32))
    return random * (window_ms + 1) >> 32
'''
FIXED = (
    *("CONTRACT", "POLICY", "NETWORK_MS", "COMMIT_BUDGET_MS", "PRESUMED_LOST_PUBLISHES", "DEVICE_ID_CHARS_MAX", "FAULTS"),
    *("COMMANDS", "Message", "topic", "backoff_ms", "_put", "_get", *(f"TOPIC_{name}" for name, _, _ in TOPICS)),
    *(f"PRIORITY_{word}".upper() for word in PRIORITIES),
    *(f"SEVERITY_{word}".upper() for word in SEVERITIES),
)
"""Names that are the same for every product."""


def generate(_family: Family, contract: Contract) -> Texts:
    """Return the module of one version of the contract."""
    names = Names(FIXED)
    sections = [
        f'"""The device\'s half of the contract {contract.reference}."""',
        "\n".join(_constants(contract)),
        "\n".join(_policy(contract)),
        "\n".join(_faults(contract, names)),
        "\n".join(_members(contract, names)),
    ]
    messages = [_message(layout, names) for layout in (LOSSES, *(message.layout for message in contract.messages.values()))]
    text = "\n\n".join([*filter(None, sections), "\n" + _FUNCTIONS, *messages])
    return {f"{contract.product}.py": text + "\n"}


def _constants(contract: Contract) -> Iterator[str]:
    yield f"CONTRACT = {contract.reference!a}"
    yield f"NETWORK_MS = {contract.timing.network_ms}"
    yield f"COMMIT_BUDGET_MS = {contract.timing.commit_budget_ms}"
    yield f"PRESUMED_LOST_PUBLISHES = {contract.timing.presumed_lost_publishes}"
    yield f"DEVICE_ID_CHARS_MAX = {DEVICE_ID_CHARS_MAX}"
    for name, pattern, about in TOPICS:
        yield f"TOPIC_{name} = {pattern!a}  # {about}"
    for number, word in enumerate(PRIORITIES):
        yield f"PRIORITY_{word.upper()} = {number}"
    for number, word in enumerate(SEVERITIES):
        yield f"SEVERITY_{word.upper()} = {number}"


def _policy(contract: Contract) -> Iterator[str]:
    yield "POLICY = {  # what seamline.device.Core takes"
    yield from (f"    {key!a}: {value!a}," for key, value in policy(contract).items())
    yield "}"
    yield "COMMANDS = {  # name: deadline in ms"
    yield from (f"    {name!a}: {command.deadline_ms}," for name, command in contract.commands.items())
    yield "}"


def _faults(contract: Contract, names: Names) -> Iterator[str]:
    for code, fault in contract.faults.items():
        yield f"{names.claim(f'FAULT_{fault.name}'.upper())} = 0x{code:02X}"
    yield "FAULTS = {  # code: name, layer, severity, latches"
    for code, fault in contract.faults.items():
        row = (fault.name, fault.layer, SEVERITIES.index(fault.severity), fault.latches)
        yield f"    0x{code:02X}: {row!a},"
    yield "}"


def _members(contract: Contract, names: Names) -> Iterator[str]:
    """Yield the members of every enum and set of flags that a value has, once each."""
    for kind, members in named_members(contract).items():
        for raw, name in members.items():
            yield f"{names.claim(f'{kind}_{name}'.upper())} = {raw}"


def _message(layout: Layout, names: Names) -> str:
    name = names.claim(layout.message.upper())
    head = f"{name} = Message({layout.message!a}, {layout.message_id}, {layout.version}, 0x{layout.fingerprint:08X}"
    rows = [f"    {_column(place)}," for place in layout.places]
    return "\n".join([f"{head}, {layout.record_bytes}, {layout.order is Order.BIG}, (", *rows, "))"])


def _column(place: Place) -> str:
    allowed = sendable(place.field)
    return ascii((place.name, place.bit, place.bits, place.field.type.signed, place.presence_bit, allowed.runs, allowed.mask))
