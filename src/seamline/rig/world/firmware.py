"""A firmware in the field: a contract version as its cores are built with it, and sensors that say what its layouts can carry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from seamline.contract import Contract, FieldType, Layout, Message, Property, policy
from seamline.device import Policy
from seamline.rig.world.event_bound import Events
from seamline.rig.world.heap import MS
from seamline.rig.world.streams import Stream
from seamline.rig.world.truth import VALUES, Line, Values

SMALL_OUTBOX_BYTES: Final = 3_072
"""A few minutes of readings."""


@dataclass(frozen=True, slots=True)
class Model:
    """A firmware in the field: a contract version, what its cores are built with, and what its sensors read. Shared."""

    contract: Contract
    policy: Policy
    values: Mapping[int, Values]
    settings: Mapping[str, object]
    other: Model | None = None
    """The same firmware built with the other kind of outbox, and a small one: an hour's outage fills it."""

    @classmethod
    def of(cls, contract: Contract) -> Model:
        """The model of a contract."""
        store = "ram" if contract.buffer.store == "flash" else "flash"
        return cls._of(contract, cls._of(contract, None, store=store, capacity_bytes=SMALL_OUTBOX_BYTES))

    @classmethod
    def _of(cls, contract: Contract, other: Model | None, **changes: object) -> Model:
        values = {message.id: values_of(message.layout) for message in contract.messages.values()}
        settings = {item.name: _factory_setting(item) for item in contract.state.values()}
        return cls(contract, Policy(policy(contract) | changes), values, settings, other)


class Sensor:
    """One message of one device: when it is read next, and what it says then."""

    __slots__ = ("_step", "_turn", "bodies", "channel", "due_us", "events", "every_us", "line", "period_us", "values")

    def __init__(self, message: Message, values: Values, stream: Stream) -> None:
        """Nothing was read yet."""
        self.channel = message.id
        self.period_us = message.sample_ms * MS
        self.events: Events | None = None
        """Those of a message that is sent on events: then it is read when one comes."""
        if message.at_most is not None:
            self.events = Events(message.at_most, message.sample_ms, Stream(stream.u64(), f"channel {message.id}", "events"))
        self.every_us = message.publish_every_ms * MS
        self.values = values
        self.bodies = values.bodies
        self.due_us = 0
        self.line: Line | None = None
        self._turn = stream.below(VALUES)
        self._step = stream.between(1, VALUES - 1)

    def read(self) -> int:
        """Which of its values it says now."""
        self._turn = (self._turn + self._step) % VALUES
        return self._turn


@lru_cache(maxsize=256)
def values_of(layout: Layout) -> Values:
    """What sensors of a layout may read: the same in every world."""
    return Values(layout, Stream(0, f"layout {layout.fingerprint:08x}", "values"))


def _factory_setting(item: Property) -> object:
    """What a property is out of the box: the middle of what it may be, or off."""
    low, high = item.raw_range
    return False if item.type is FieldType.BOOL else (low + high) // 2
