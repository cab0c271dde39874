"""Watches a world while it runs. A world that nobody watches pays nothing for it: the watcher puts itself where the world looks anyway.

Four places are enough. The trace keeps its last events, here all of them that fit. The broker tells a listener of each message that it
has stored, and is asked to send each downlink. A mark's count moves when something rare happens, and each wait is counted. What is seen there goes into the
trace's events, in order, under names that no event of the world has; the hash over the events is not touched.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from seamline.rig.world.broker import Message
from seamline.rig.world.pacing import Waits
from seamline.rig.world.plan import Plan
from seamline.rig.world.trace import Event
from seamline.rig.world.world import Outcome, Parts, World

EVENTS_MAX: Final = 300_000
"""Kept of a run, the last ones: some hundred MB at most."""
STORED: Final = "broker stored "
"""And the partition, the message's sequence and its kind; the data are its payload."""
SENT: Final = "hub sent "
"""And the kind of the downlink; the data are its payload."""
MARK: Final = "mark "
"""And its name."""
WAIT: Final = "wait "
"""And after what, how long it was and from what window it was drawn (ms); the device is that of the connect just before."""

Names = dict[int, dict[int, str]]
"""What the channels of each device are called."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A run, and everything that happened in it, as far back as was kept."""

    outcome: Outcome
    events: tuple[Event, ...]
    names: Names
    is_whole: bool
    """Whether nothing was left out at the beginning."""


def record(plan: Plan, parts: Parts) -> Recorded:
    """Run a plan and keep what happens. The outcome is that of a run that nobody watches."""
    if parts.apart is not None:
        return parts.apart.do(record, plan)
    world = World(plan, parts)
    events: deque[Event] = deque(maxlen=EVENTS_MAX)
    _watch(world, events)
    outcome = world.run()
    world.marks.counts = dict(world.marks.counts)  # plain ones: they may go to another process
    names = {
        index: {message.id: name for name, message in device.model.contract.messages.items()}
        for index, device in world.devices.items()
    }
    return Recorded(outcome, tuple(events), names, len(events) < EVENTS_MAX)


class _Counts(dict[str, int]):
    """Counts of marks that say when they move."""

    def __init__(self, counts: dict[str, int], moved: Callable[[str], None]) -> None:
        super().__init__(counts)
        self._moved = moved

    def __setitem__(self, name: str, count: int) -> None:
        if count > self.get(name, 0):
            self._moved(name)
        super().__setitem__(name, count)


class _Waits(Waits):
    """The fleet's waits, told one by one."""

    def __init__(self, told: Callable[[str, int, int], None]) -> None:
        super().__init__()
        self._told = told

    def add(self, cause: str, wait_ms: int, window_ms: int) -> None:
        self._told(cause, wait_ms, window_ms)
        super().add(cause, wait_ms, window_ms)


def _watch(world: World, events: deque[Event]) -> None:
    heap, broker = world.heap, world.broker
    world.trace.last = events
    listen, send = broker.listen, broker.send

    def stored(partition: int, message: Message) -> None:
        events.append(Event(heap.now_us, message.device, f"{STORED}{partition} {message.seq} {message.kind}", message.payload))
        listen(partition, message)

    def sent(device: int, kind: str, payload: bytes) -> None:
        events.append(Event(heap.now_us, device, SENT + kind, payload))
        send(device, kind, payload)

    def waited(cause: str, wait_ms: int, window_ms: int) -> None:
        events.append(Event(heap.now_us, -1, f"{WAIT}{cause} {wait_ms} {window_ms}", b""))

    def moved(name: str) -> None:
        events.append(Event(heap.now_us, -1, MARK + name, b""))

    world.around.waits = _Waits(waited)
    broker.listen = stored
    broker.send = sent
    world.marks.counts = _Counts(world.marks.counts, moved)
