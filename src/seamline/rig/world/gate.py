"""The hub's way to its database with everything that happens on it: a kill at any effect, an absence, an answer that is lost.

Every statement, every commit and every message that the hub sends is an *effect*, and passes the gate before it happens. A kill is
set as a number of effects; it strikes between two of them, wherever that is: inside a transaction, between the commit and
the first answer, or in the middle of the answers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Final

from seamline.hub.binary_copy import Writer
from seamline.hub.decode import I64, Bools, Records
from seamline.hub.store_port import AwayError, Parameters, Row
from seamline.rig.world.memory_store import MemoryStore, MemoryTransaction

if TYPE_CHECKING:
    from psycopg.rows import TupleRow

    from seamline.hub.valuing import Physical


class Killed(BaseException):
    """The hub's process is gone, in the middle of whatever it did. Nothing that catches errors may catch it."""


class Gate:
    """What stands between the hub and its effects."""

    __slots__ = ("_left", "away", "commits_unknown", "effects", "in_transaction")

    def __init__(self) -> None:
        self.away = False
        self.commits_unknown = 0
        """So many commits more are made and their answers lost."""
        self.in_transaction = False
        self.effects = 0
        self._left: int | None = None

    def kill_after(self, effects: int) -> None:
        """Strike when so many more effects have happened."""
        self._left = effects

    def spare(self) -> None:
        """Forget a kill that has not happened."""
        self._left = None

    @property
    def armed(self) -> bool:
        """Whether a kill is still to come."""
        return self._left is not None

    def effect(self) -> None:
        """One more effect is about to happen. Raises Killed."""
        self.effects += 1
        if self._left is not None:
            if self._left <= 0:
                self._left = None
                raise Killed
            self._left -= 1

    def ask(self) -> None:
        """A statement is about to run. Raises Killed, AwayError."""
        self.effect()
        if self.away:
            raise AwayError("the database is away")


class GatedTransaction:
    """A transaction whose commit is an effect too."""

    def __init__(self, inner: MemoryTransaction, gate: Gate) -> None:
        self._inner: Final = inner
        self._gate: Final = gate
        self._outermost = False

    async def __aenter__(self) -> None:
        self._gate.ask()
        await self._inner.__aenter__()
        self._outermost, self._gate.in_transaction = not self._gate.in_transaction, True

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if not self._outermost:
            await self._inner.__aexit__(kind, error, trace)
            return
        self._gate.in_transaction = False
        if kind is None:
            try:
                self._gate.ask()
            except BaseException as struck:
                await self._inner.__aexit__(type(struck), struck, struck.__traceback__)
                raise
        await self._inner.__aexit__(kind, error, trace)
        if kind is None and self._gate.commits_unknown > 0:
            self._gate.commits_unknown -= 1
            raise AwayError("the connection broke while the commit was answered")


class GatedStore:
    """`hub.store_port.Store` behind a gate."""

    def __init__(self, inner: MemoryStore, gate: Gate) -> None:
        self.inner: Final = inner
        self._gate: Final = gate

    def transaction(self) -> GatedTransaction:
        """See Store."""
        return GatedTransaction(self.inner.transaction(), self._gate)

    async def all(self, name: str, parameters: Parameters | None = None, **names: str) -> Sequence[TupleRow]:
        """See Store."""
        self._gate.ask()
        return await self.inner.all(name, parameters, **names)

    async def run(self, name: str, parameters: Parameters | None = None, **names: str) -> int:
        """See Store."""
        self._gate.ask()
        return await self.inner.run(name, parameters, **names)

    async def exactly(self, name: str, count: int, parameters: Parameters) -> None:
        """See Store."""
        self._gate.ask()
        await self.inner.exactly(name, count, parameters)

    async def write(self, name: str, rows: Sequence[Row]) -> int:
        """See Store."""
        if rows:
            self._gate.ask()
        return await self.inner.write(name, rows)

    async def copy(
        self, writer: Writer, keys: Mapping[str, I64], dated: Bools, fields: Records, physical: Physical | None = None
    ) -> None:
        """See Store."""
        self._gate.ask()
        await self.inner.copy(writer, keys, dated, fields, physical)

    async def lease(self, kind: int, number: int) -> bool:
        """See Store."""
        self._gate.ask()
        return await self.inner.lease(kind, number)

    async def close(self) -> None:
        """See Store."""
        await self.inner.close()
