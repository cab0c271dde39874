"""Carries a course out: what each step does to the board when it begins, and undoes when it ends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Final

from seamline.rig.board.port import BoardPort
from seamline.rig.board.translate import Deed, Step
from seamline.rig.board.witness import Witness
from seamline.rig.world.plan import Kind

Undo = Callable[[], Awaitable[None]]
Until = Callable[[Callable[[], bool], float], Awaitable[bool]]
BOOT_TIMEOUT_S: Final = 15.0
STALLS: Final = {Deed.STALL_BOTH: (True, True), Deed.STALL_UP: (True, False), Deed.STALL_DOWN: (False, True)}


class Deeds:
    """One board's faults. `done` counts them by kind; `missed` says what a board that was off could not be told."""

    def __init__(self, port: BoardPort, witness: Witness, until: Until) -> None:
        """`until`: waits until lines of the console make something true, at most so many seconds; returns whether it is."""
        self._port = port
        self._witness = witness
        self._until = until
        self._dark = 0
        self._boots = 0
        """How many boots there had been when the power came on."""
        self._overlapping: Counter[Deed] = Counter()
        self.done: Counter[Kind] = Counter()
        self.missed: list[str] = []

    async def power(self, *, on: bool) -> None:
        """Give or take the power, unless somebody else still keeps it off. Raises RelayError."""
        relay = self._port.relay
        if relay is None:
            return
        self._dark = max(0, self._dark + (-1 if on else 1))
        if not self._dark or not on:
            self._boots = len(self._witness.boots)
            await relay.switch(on=not self._dark)

    async def begin(self, step: Step) -> Undo | None:
        """Do it; returns how to undo it when its time is over. Raises BoardError."""
        console = self._port.console
        match step.deed:
            case Deed.POWER:
                await self.power(on=False)
                self.done[step.fault] += 1
                return lambda: self.power(on=True)
            case Deed.RESET | Deed.ERASE | Deed.STOP if not await self._listens():
                why = "was off" if self._dark else "had not booted yet"
                self.missed.append(f"{step.fault} at {step.at_ms / 1000:.1f} s: the board {why}")
                return None
            case Deed.RESET:
                await console.reset()
            case Deed.CUT_IN_PUBLISH:
                self._port.way.cut_in_publish()
            case Deed.ERASE | Deed.STOP:
                self._witness.expect_erased |= step.deed is Deed.ERASE
                console.tell(step.deed)
            case Deed.TIME_STEP | Deed.TIME_BLOCKED:
                undo = self._time(step)
                self.done[step.fault] += 1
                return undo
            case _:
                undo = self._network(step)
                self.done[step.fault] += 1
                return undo
        self.done[step.fault] += 1
        return None

    async def mend(self) -> None:
        """End everything: the network works, time is told, the power is on. Raises RelayError."""
        self._port.way.mend()
        if self._port.time is not None:
            self._port.time.mend()
        self._overlapping.clear()
        if self._dark:
            self._dark = 1
            await self.power(on=True)

    async def _listens(self) -> bool:
        """Whether the board is on and has booted; one that is about to is waited for."""
        return not self._dark and await self._until(lambda: len(self._witness.boots) > self._boots, BOOT_TIMEOUT_S)

    def _network(self, step: Step) -> Undo | None:
        way, deed = self._port.way, step.deed
        if deed in STALLS:
            up, down = STALLS[deed]
            way.stall(up=up, down=down)
            return _later(lambda: way.stall(up=up, down=down, ends=True))
        if step.cuts:
            way.cut()
        match deed:
            case Deed.REFUSE:
                way.refuse()
                return _later(lambda: way.refuse(ends=True))
            case Deed.SLOW:
                way.slow(step.number)
                return self._last_of(deed, lambda: way.slow(0))
            case Deed.NAT:
                way.forget_idle(step.number)
                return self._last_of(deed, lambda: way.forget_idle(None))
            case Deed.PORTAL:
                way.portal(on=True)
                return self._last_of(deed, lambda: way.portal(on=False))
            case _:
                return None

    def _time(self, step: Step) -> Undo | None:
        server = self._port.time
        if server is None:
            return None
        if step.deed is Deed.TIME_BLOCKED:
            server.block()
            return _later(lambda: server.block(ends=True))
        server.step(step.number)
        return self._last_of(step.deed, lambda: server.step(0))

    def _last_of(self, deed: Deed, undo: Callable[[], None]) -> Undo:
        """Undo when the last of those that overlap ends."""
        self._overlapping[deed] += 1

        async def end() -> None:
            self._overlapping[deed] -= 1
            if self._overlapping[deed] <= 0:
                undo()

        return end


def _later(undo: Callable[[], None]) -> Undo:
    async def end() -> None:
        undo()

    return end
