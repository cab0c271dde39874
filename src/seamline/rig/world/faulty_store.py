"""Faults at the effects of a hub: killed between any two of them, its database away, slow or full, a commit's answer lost.

Every statement, begin, commit and release of a savepoint is an *effect*, over all connections of one hub, and so is every message
that it sends; they are counted from 0. A fault says which effects it hits, by their numbers or by the world's time. Faults are there
from the beginning (a plan, as data), or come and go as the world has it. The same faults on the same calls do the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType
from typing import TYPE_CHECKING, Final

from seamline.hub.binary_copy import Writer
from seamline.hub.decode import I64, Bools, Records
from seamline.hub.drive import Pause
from seamline.hub.store_port import AwayError, FencedError, Parameters, Row, Store
from seamline.hub.valuing import Physical

if TYPE_CHECKING:
    from psycopg.rows import TupleRow

COMMIT: Final = "commit"


class StoreFaultKind(StrEnum):
    """What can happen to an effect."""

    REFUSE = "refuse"
    """It is refused before it is done, as by a full disk; the connection stays."""
    AWAY = "away"
    """The connection ends before it is done: what the transaction did is rolled back."""
    LOSE_COMMIT = "lose_commit"
    """A commit is made, and the connection ends before the answer. Other effects are not hit."""
    SLOW = "slow"
    """It is done `wait_ms` later, in the driver's time."""
    KILL = "kill"
    """The hub dies before it is done: KilledError, which nothing of the hub catches."""


class KilledError(BaseException):
    """The hub was killed here: its driver drops everything that it had in memory."""


class RefusedEffectError(AwayError):
    """The database is there and does not do it: no space, a standby, shutting down."""


class LostAnswerError(AwayError):
    """The commit was made, and its answer lost."""


@dataclass(frozen=True, slots=True)
class StoreFault:
    """One fault. It hits effects first..end-1 where they are given, and moments from..until-1, Unix ms, where those are.

    With `times` it is over when it has hit so often.
    """

    kind: StoreFaultKind
    first: int | None = None
    end: int | None = None
    from_ms: int | None = None
    until_ms: int | None = None
    wait_ms: int = 0
    times: int | None = None

    def hits(self, effect: int, now_ms: int) -> bool:
        """Whether it hits this effect at this moment."""
        return _within(effect, self.first, self.end) and _within(now_ms, self.from_ms, self.until_ms)


@dataclass(slots=True, eq=False)
class _Going:
    """A fault that goes on, and how often it has hit."""

    fault: StoreFault
    hits: int = 0


class StoreFaults:
    """The faults of one hub's effects: counts those, and keeps what was hit in `fired`."""

    def __init__(self, plan: Sequence[StoreFault] = (), now_ms: Callable[[], int] = lambda: 0) -> None:
        self.effects = 0
        self.fired: Final[list[tuple[int, str, StoreFaultKind]]] = []
        self._now_ms: Final = now_ms
        self._going: list[_Going] = []
        for fault in plan:
            self.begin(fault)

    # -- as the world has it -------------------------------------------------------------------------------------------

    def begin(self, fault: StoreFault) -> None:
        """Have a fault from the next effect on. A kill comes before whatever else hits the same effect."""
        going = _Going(fault)
        if fault.kind is StoreFaultKind.KILL:
            self._going.insert(0, going)
        else:
            self._going.append(going)

    def end(self, *kinds: StoreFaultKind) -> None:
        """End every fault of these kinds."""
        self._going = [going for going in self._going if going.fault.kind not in kinds]

    def kill_after(self, effects: int) -> None:
        """Strike when so many more effects have happened; a kill that was to come is forgotten."""
        self.end(StoreFaultKind.KILL)
        first = self.effects + effects
        self.begin(StoreFault(StoreFaultKind.KILL, first, first + 1, times=1))

    def goes_on(self, kind: StoreFaultKind) -> bool:
        """Whether a fault of a kind is still there."""
        return any(going.fault.kind is kind for going in self._going)

    # -- as the hub meets it -------------------------------------------------------------------------------------------

    def send(self) -> None:
        """The hub is about to send a message, or to acknowledge one. Raises KilledError; no other fault is in its way."""
        effect, self.effects = self.effects, self.effects + 1
        for going in self._going:
            if going.fault.kind is StoreFaultKind.KILL and going.fault.hits(effect, self._now_ms()):
                self._hit(going, effect, "send")
                raise KilledError(f"killed before a message is sent, effect {effect}")

    async def meet(self, what: str) -> bool:
        """Let the faults have their way with the next effect on the database; returns whether a commit's answer is to be lost.

        Raises AwayError, KilledError.
        """
        effect, self.effects = self.effects, self.effects + 1
        return await self._meet(what, effect) if self._going else False

    async def _meet(self, what: str, effect: int) -> bool:
        lost = False
        for going in tuple(self._going):
            fault = going.fault
            if not fault.hits(effect, self._now_ms()) or (fault.kind is StoreFaultKind.LOSE_COMMIT and what != COMMIT):
                continue
            self._hit(going, effect, what)
            match fault.kind:
                case StoreFaultKind.SLOW:
                    await Pause(fault.wait_ms)
                case StoreFaultKind.KILL:
                    raise KilledError(f"killed before {what}, effect {effect}")
                case StoreFaultKind.REFUSE:
                    raise RefusedEffectError(f"{what}: refused, effect {effect}")
                case StoreFaultKind.AWAY:
                    raise AwayError(f"{what}: the connection is lost, effect {effect}")
                case StoreFaultKind.LOSE_COMMIT:
                    lost = True
        return lost

    def _hit(self, going: _Going, effect: int, what: str) -> None:
        going.hits += 1
        self.fired.append((effect, what, going.fault.kind))
        if going.hits == going.fault.times:
            self._going.remove(going)


class FaultyTransaction:
    """A transaction whose begin and end are effects."""

    def __init__(self, store: FaultyStore, inner: AbstractAsyncContextManager[object]) -> None:
        self._store: Final = store
        self._inner: Final = inner

    async def __aenter__(self) -> None:
        await self._store.meet("begin")
        await self._inner.__aenter__()
        self._store.depth += 1

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._store.depth -= 1
        if kind is not None:
            await self._inner.__aexit__(kind, error, trace)
            return
        try:
            lost = await self._store.meet("release" if self._store.depth else COMMIT)
        except BaseException as fault:
            await self._inner.__aexit__(type(fault), fault, fault.__traceback__)
            raise
        await self._inner.__aexit__(None, None, None)
        if lost:
            await self._store.close()
            raise LostAnswerError("commit: the connection was lost before the answer")


class FaultyStore:
    """Any store, under faults."""

    def __init__(self, store: Store, faults: StoreFaults) -> None:
        self.inner: Final = store
        self.depth = 0
        """Transactions that are open, one in another."""
        self._faults: Final = faults

    async def meet(self, what: str) -> bool:
        """Meet the faults; where they take the connection away, that ends."""
        try:
            return await self._faults.meet(what)
        except RefusedEffectError:
            raise
        except (AwayError, KilledError):
            await self.inner.close()
            raise

    def transaction(self) -> FaultyTransaction:
        """Everything inside is committed at its end, or nothing."""
        return FaultyTransaction(self, self.inner.transaction())

    async def all(self, name: str, parameters: Parameters | None = None, **names: str) -> Sequence[TupleRow]:
        """Run a query and return its rows."""
        await self.meet(name)
        return await self.inner.all(name, parameters, **names)

    async def run(self, name: str, parameters: Parameters | None = None, **names: str) -> int:
        """Run a statement and return how many rows it touched."""
        await self.meet(name)
        return await self.inner.run(name, parameters, **names)

    async def exactly(self, name: str, count: int, parameters: Parameters) -> None:
        """Run a statement that must touch so many rows. Raises FencedError when another worker was there."""
        touched = await self.run(name, parameters)
        if touched != count:
            raise FencedError(f"{name}: {touched} rows instead of {count}")

    async def write(self, name: str, rows: Sequence[Row]) -> int:
        """Run a statement that takes its rows as one parameter; nothing happens without rows."""
        if not rows:
            return 0
        await self.meet(name)
        return await self.inner.write(name, rows)

    async def copy(
        self, writer: Writer, keys: Mapping[str, I64], dated: Bools, fields: Records, physical: Physical | None = None
    ) -> None:
        """Add records to the writer's reading table."""
        await self.meet("copy")
        await self.inner.copy(writer, keys, dated, fields, physical)

    async def lease(self, kind: int, number: int) -> bool:
        """Take a lease until this connection ends."""
        await self.meet("lease")
        return await self.inner.lease(kind, number)

    async def close(self) -> None:
        """End the connection."""
        await self.inner.close()


def _within(value: int, low: int | None, end: int | None) -> bool:
    return (low is None or value >= low) and (end is None or value < end)
