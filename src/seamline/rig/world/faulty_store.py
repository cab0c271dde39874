"""Faults at the database's port: a store that is refused, loses the answer to its commit, is away, is slow, or dies under its hub.

A plan is data: each fault says which effects it hits, by their numbers (every statement, copy, begin and commit of every
connection is one effect, counted from 0) or by the world's time. The same plan on the same calls does the same.
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


@dataclass(frozen=True, slots=True)
class StoreFault:
    """One fault. It hits effects first..end-1 where they are given, and moments from..until-1, Unix ms, where those are."""

    kind: StoreFaultKind
    first: int | None = None
    end: int | None = None
    from_ms: int | None = None
    until_ms: int | None = None
    wait_ms: int = 0

    def hits(self, effect: int, now_ms: int) -> bool:
        """Whether it hits this effect at this moment."""
        return _within(effect, self.first, self.end) and _within(now_ms, self.from_ms, self.until_ms)


class StoreFaults:
    """A plan at work: counts the effects, and keeps what was hit in `fired`."""

    def __init__(self, plan: Sequence[StoreFault], now_ms: Callable[[], int]) -> None:
        self.plan: Final = tuple(plan)
        self.effects = 0
        self.fired: Final[list[tuple[int, str, StoreFaultKind]]] = []
        self._now_ms: Final = now_ms

    async def meet(self, what: str) -> StoreFaultKind | None:
        """Let the plan have its way with the next effect.

        Returns LOSE_COMMIT for a commit whose answer is to be lost. Raises AwayError, KilledError.
        """
        effect, self.effects = self.effects, self.effects + 1
        lost: StoreFaultKind | None = None
        for fault in self.plan:
            if not fault.hits(effect, self._now_ms()) or (fault.kind is StoreFaultKind.LOSE_COMMIT and what != "commit"):
                continue
            self.fired.append((effect, what, fault.kind))
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
                    lost = fault.kind
        return lost


class RefusedEffectError(AwayError):
    """The database is there and does not do it: no space, a standby, shutting down."""


class FaultyTransaction:
    """A transaction whose begin and commit are effects."""

    def __init__(self, store: FaultyStore, inner: AbstractAsyncContextManager[object]) -> None:
        self._store: Final = store
        self._inner: Final = inner

    async def __aenter__(self) -> None:
        await self._store.meet("begin")
        await self._inner.__aenter__()

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if kind is not None:
            await self._inner.__aexit__(kind, error, trace)
            return
        try:
            lost = await self._store.meet("commit")
        except BaseException as fault:
            await self._inner.__aexit__(type(fault), fault, fault.__traceback__)
            raise
        await self._inner.__aexit__(None, None, None)
        if lost is not None:
            await self._store.close()
            raise AwayError("commit: the connection was lost before the answer")


class FaultyStore:
    """Any store, under a plan of faults."""

    def __init__(self, store: Store, faults: StoreFaults) -> None:
        self._store: Final = store
        self._faults: Final = faults

    async def meet(self, what: str) -> StoreFaultKind | None:
        """Meet the plan; where it takes the connection away, that ends."""
        try:
            return await self._faults.meet(what)
        except RefusedEffectError:
            raise
        except (AwayError, KilledError):
            await self._store.close()
            raise

    def transaction(self) -> FaultyTransaction:
        """Everything inside is committed at its end, or nothing."""
        return FaultyTransaction(self, self._store.transaction())

    async def all(self, name: str, parameters: Parameters | None = None, **names: str) -> Sequence[TupleRow]:
        """Run a query and return its rows."""
        await self.meet(name)
        return await self._store.all(name, parameters, **names)

    async def run(self, name: str, parameters: Parameters | None = None, **names: str) -> int:
        """Run a statement and return how many rows it touched."""
        await self.meet(name)
        return await self._store.run(name, parameters, **names)

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
        return await self._store.write(name, rows)

    async def copy(
        self, writer: Writer, keys: Mapping[str, I64], dated: Bools, fields: Records, physical: Physical | None = None
    ) -> None:
        """Add records to the writer's reading table."""
        await self.meet("copy")
        await self._store.copy(writer, keys, dated, fields, physical)

    async def lease(self, kind: int, number: int) -> bool:
        """Take a lease until this connection ends."""
        await self.meet("lease")
        return await self._store.lease(kind, number)

    async def close(self) -> None:
        """End the connection."""
        await self._store.close()


def _within(value: int, low: int | None, end: int | None) -> bool:
    return (low is None or value >= low) and (end is None or value < end)
