"""The rig's traffic in other people's virtual time, without anything behind it: what the bookkeeping of events alone costs.

Each device says something so often, a network delays it, a hub gathers what came and answers, the network delays that. No bytes, no
state, no faults, no checks; as many messages and answers as the rig's run had.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Generator
from dataclasses import dataclass
from selectors import DefaultSelector, SelectorKey

LATENCY_S = 0.04
GATHER_S = 1.0


@dataclass(frozen=True)
class Traffic:
    """What a run carried."""

    devices: int
    seconds: float
    messages: int
    answers: int

    @property
    def each(self) -> int:
        """Messages of one device."""
        return max(1, round(self.messages / self.devices))

    @property
    def every_s(self) -> float:
        """Between two messages of one device."""
        return self.seconds / (self.each + 1)

    def first_s(self, device: int) -> float:
        """When a device begins, so that they come one after the other."""
        return self.every_s * device / self.devices

    def answered(self, number: int) -> bool:
        """Whether the message of this number is answered."""
        share = min(1.0, self.answers / self.messages)
        return int((number + 1) * share) > int(number * share)


class Heard:
    """What the hub gathered, and how many answers came back."""

    def __init__(self) -> None:
        self.waiting: list[int] = []
        self.answers = 0
        self.messages = 0

    def up(self, device: int) -> None:
        """A message has come."""
        self.waiting.append(device)
        self.messages += 1

    def take(self, traffic: Traffic) -> list[int]:
        """The devices to answer now."""
        first = self.messages - len(self.waiting)
        chosen = [device for at, device in enumerate(self.waiting) if traffic.answered(first + at)]
        self.waiting.clear()
        return chosen

    def down(self, _device: int) -> None:
        """An answer has come."""
        self.answers += 1


def by_simpy(traffic: Traffic) -> Heard:
    """Processes of SimPy. Raises ImportError without it."""
    import simpy  # noqa: PLC0415 - whoever has it not runs the others

    environment, heard = simpy.Environment(), Heard()

    def later(act: Callable[[int], None], device: int) -> Generator[simpy.Event]:
        yield environment.timeout(LATENCY_S)
        act(device)

    def device(index: int) -> Generator[simpy.Event]:
        yield environment.timeout(traffic.first_s(index))
        for _ in range(traffic.each):
            environment.process(later(heard.up, index))
            yield environment.timeout(traffic.every_s)

    def hub() -> Generator[simpy.Event]:
        while True:
            yield environment.timeout(GATHER_S)
            for index in heard.take(traffic):
                environment.process(later(heard.down, index))

    for index in range(traffic.devices):
        environment.process(device(index))
    environment.process(hub())
    environment.run(until=traffic.seconds + 2 * (GATHER_S + LATENCY_S))
    return heard


class VirtualSelector(DefaultSelector):
    """A selector for which waiting takes no time: it moves a clock."""

    def __init__(self) -> None:
        super().__init__()
        self.now_s = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[SelectorKey, int]]:
        """Let `timeout` pass; nothing has come from outside."""
        self.now_s += timeout or 0.0
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose time is its selector's."""

    def __init__(self) -> None:
        self._virtual = VirtualSelector()
        super().__init__(self._virtual)
        self._clock_resolution = 1e-9

    def time(self) -> float:
        """The selector's time."""
        return self._virtual.now_s


def by_asyncio(traffic: Traffic) -> Heard:
    """Tasks of asyncio on a loop in virtual time."""
    heard = Heard()

    async def device(loop: asyncio.AbstractEventLoop, index: int) -> None:
        await asyncio.sleep(traffic.first_s(index))
        for _ in range(traffic.each):
            loop.call_later(LATENCY_S, heard.up, index)
            await asyncio.sleep(traffic.every_s)

    async def hub(loop: asyncio.AbstractEventLoop) -> None:
        while True:
            await asyncio.sleep(GATHER_S)
            for index in heard.take(traffic):
                loop.call_later(LATENCY_S, heard.down, index)

    async def everything() -> None:
        loop = asyncio.get_running_loop()
        work: list[Coroutine[object, object, None]] = [device(loop, index) for index in range(traffic.devices)]
        async with asyncio.TaskGroup() as group:
            gathering = group.create_task(hub(loop))
            devices = [group.create_task(one) for one in work]
            await asyncio.wait(devices)
            await asyncio.sleep(2 * (GATHER_S + LATENCY_S))
            gathering.cancel()

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(everything())
    return heard


PEERS: dict[str, Callable[[Traffic], Heard]] = {"SimPy": by_simpy, "asyncio in virtual time": by_asyncio}


def measure(peer: Callable[[Traffic], Heard], traffic: Traffic) -> float:
    """CPU seconds of a peer. Raises ImportError, and ValueError when it carried something else."""
    began = time.process_time()
    heard = peer(traffic)
    took = time.process_time() - began
    if (
        heard.messages != traffic.each * traffic.devices
        or abs(heard.answers - min(traffic.answers, heard.messages)) > traffic.devices
    ):
        raise ValueError(f"{heard.messages} messages and {heard.answers} answers instead of {traffic}")
    return took
