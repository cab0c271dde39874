"""The port `hub.store_port.Store` without a database: the same statements on tables in memory, in virtual time.

`MemoryDatabase` is what survives a hub: tables and leases. `MemoryConnection` is one session of it, with its transactions;
`MemoryStore` runs the statements of one SQL file on a connection, as `hub.store.PostgresStore` does.

One transaction works at a time, and others wait for its end in their driver's time (`hub.drive`): stricter than PostgreSQL,
which lets them run beside each other until they touch the same row. What it does is what PostgreSQL may do, never more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Final

from seamline.contract import Family
from seamline.hub.binary_copy import Writer
from seamline.hub.decode import I64, Bools, Records
from seamline.hub.drive import Pause
from seamline.hub.store import STATEMENT_TIMEOUT_MS
from seamline.hub.store_port import AwayError, FencedError, Parameters, Row
from seamline.hub.valuing import Physical
from seamline.rig.world.memory_store_calibration import CALIBRATION, REVALUATION
from seamline.rig.world.memory_store_devices import DEVICES
from seamline.rig.world.memory_store_evidence import EVIDENCE
from seamline.rig.world.memory_store_hearing import HEARING
from seamline.rig.world.memory_store_ledger import LEDGER, Result, Statement
from seamline.rig.world.memory_store_revalue import ADDING, REVALUING
from seamline.rig.world.memory_store_worker import WORKER
from seamline.rig.world.tables import FAILED_TRANSACTION, RefusedError
from seamline.rig.world.tables_hub import Tables
from seamline.rig.world.tables_recordset import cast_rows, shapes

if TYPE_CHECKING:
    from psycopg.rows import TupleRow

STATEMENTS: Final[Mapping[str, Mapping[str, Statement]]] = {
    "ingest": {**LEDGER, **DEVICES, **EVIDENCE, **CALIBRATION},
    "worker": {**WORKER, **REVALUATION, **REVALUING},
    "calibration": ADDING,
    "hearing": HEARING,
}
"""By SQL file and name."""

SHAPES: Final = {file: shapes(file) for file in STATEMENTS}
"""By SQL file and name: what the rows that a statement takes are like."""

WAIT_MS: Final = 1
"""How often a connection looks whether the transaction before it has ended."""


class MemoryDatabase:
    """Tables and leases. `clock_us` is the database's clock, Unix µs."""

    def __init__(self, clock_us: Callable[[], int], families: Iterable[Family] = ()) -> None:
        self.tables: Final = Tables(clock_us)
        self.leases: Final[dict[tuple[int, int], MemoryConnection]] = {}
        self.holder: MemoryConnection | None = None
        self.tables.register(families)
        self.tables.journal.undo.clear()

    def connect(self) -> MemoryConnection:
        """A new session."""
        return MemoryConnection(self)


class MemoryConnection:
    """One session: its transaction, its savepoints, its leases."""

    def __init__(self, database: MemoryDatabase) -> None:
        self.database: Final = database
        self.closed = False
        self.failed = False
        self._savepoints: Final[list[int]] = []

    async def begin(self) -> None:
        """Begin a transaction, or a savepoint within one."""
        await self.turn()
        if not self._savepoints:
            self.database.holder = self
            self.database.tables.now_us = self.database.tables.clock_us()
        elif self.failed:
            raise RefusedError(FAILED_TRANSACTION, "current transaction is aborted")
        self._savepoints.append(len(self.database.tables.journal.undo))

    def end(self, *, keep: bool) -> None:
        """End the innermost one: keep what it did, or take it back."""
        if self.closed:
            return
        mark = self._savepoints.pop()
        if not keep or self.failed:
            self.database.tables.journal.back_to(mark)
        self.failed = self.failed and bool(self._savepoints) and keep
        if not self._savepoints:
            self._release()

    async def turn(self) -> None:
        """Wait until no other connection is in a transaction. Raises AwayError when that takes too long, or it is closed."""
        waited_ms = 0
        while self.database.holder not in {None, self}:
            if waited_ms >= STATEMENT_TIMEOUT_MS:
                raise AwayError(f"another transaction is open for {STATEMENT_TIMEOUT_MS} ms")
            await Pause(WAIT_MS)
            waited_ms += WAIT_MS
        if self.closed:
            raise AwayError("the connection is closed")

    async def execute(self, statement: Callable[[], Result]) -> Result:
        """Run a statement: in the transaction, or as one of its own. Raises RefusedError; then nothing of it is done."""
        if self.closed or self.database.holder not in {None, self}:
            await self.turn()
        if self.failed:
            raise RefusedError(FAILED_TRANSACTION, "current transaction is aborted")
        tables = self.database.tables
        mark = len(tables.journal.undo)
        if not self._savepoints:
            tables.now_us = tables.clock_us()
        try:
            return statement()
        except Exception:
            tables.journal.back_to(mark)
            self.failed = bool(self._savepoints)
            raise
        finally:
            if not self._savepoints:
                tables.journal.undo.clear()

    def lease(self, kind: int, number: int) -> bool:
        """Take a lease, unless another connection has it."""
        return self.database.leases.setdefault((kind, number), self) is self

    def close(self) -> None:
        """End at once: roll back, let go of leases."""
        if self.closed:
            return
        if self._savepoints:
            self.database.tables.journal.back_to(self._savepoints[0])
            self._savepoints.clear()
            self._release()
        self.closed = True
        for lease in [lease for lease, holder in self.database.leases.items() if holder is self]:
            del self.database.leases[lease]

    def _release(self) -> None:
        self.failed = False
        self.database.tables.journal.undo.clear()
        self.database.holder = None


class MemoryTransaction:
    """`async with`: committed at its end, or taken back."""

    def __init__(self, connection: MemoryConnection) -> None:
        self._connection: Final = connection

    async def __aenter__(self) -> None:
        await self._connection.begin()

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if kind is None and self._connection.closed:
            raise AwayError("the connection is closed")
        self._connection.end(keep=kind is None)


class MemoryStore:
    """The statements of one SQL file on a connection."""

    def __init__(self, connection: MemoryConnection, file: str = "ingest") -> None:
        self.connection: Final = connection
        self._statements: Final = STATEMENTS[file]
        self._shapes: Final = SHAPES[file]

    def transaction(self) -> MemoryTransaction:
        """Everything inside is committed at its end, or nothing."""
        return MemoryTransaction(self.connection)

    async def all(self, name: str, parameters: Parameters | None = None, **names: str) -> Sequence[TupleRow]:
        """Run a query and return its rows."""
        found = await self._execute(name, parameters, names)
        if isinstance(found, int):
            raise TypeError(f"{name} returns no rows")
        return found

    async def run(self, name: str, parameters: Parameters | None = None, **names: str) -> int:
        """Run a statement and return how many rows it touched."""
        found = await self._execute(name, parameters, names)
        return found if isinstance(found, int) else len(found)

    async def exactly(self, name: str, count: int, parameters: Parameters) -> None:
        """Run a statement that must touch so many rows. Raises FencedError when another worker was there."""
        touched = await self.run(name, parameters)
        if touched != count:
            raise FencedError(f"{name}: {touched} rows instead of {count}")

    async def write(self, name: str, rows: Sequence[Row]) -> int:
        """Run a statement that takes its rows as one parameter; nothing happens without rows."""
        return await self.run(name, {"rows": rows}) if rows else 0

    async def copy(
        self, writer: Writer, keys: Mapping[str, I64], dated: Bools, fields: Records, physical: Physical | None = None
    ) -> None:
        """Add records to the writer's reading table."""
        table = self.connection.database.tables.readings[writer.table]

        def append() -> int:
            table.append(writer.layout, keys, dated, fields, physical)
            return len(fields)

        await self.connection.execute(append)

    async def lease(self, kind: int, number: int) -> bool:
        """Take a lease until this connection ends."""
        await self.connection.turn()
        return self.connection.lease(kind, number)

    async def close(self) -> None:
        """End the connection."""
        self.connection.close()

    async def _execute(self, name: str, parameters: Parameters | None, names: Mapping[str, str]) -> Result:
        statement, tables = self._statements[name], self.connection.database.tables
        given, shape = parameters or {}, self._shapes.get(name)

        def work() -> Result:
            cast = given if shape is None else {**given, "rows": cast_rows(given["rows"], shape)}
            return statement(tables, cast, names)

        return await self.connection.execute(work)
