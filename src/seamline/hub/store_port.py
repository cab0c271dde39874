"""The port to the hub's database: all that ingest and the worker's steps ask of it, and all they may.

Statements are named; what each reads and writes is in `hub/sql`: `ingest.sql`, `worker.sql`, `calibration.sql`. Whatever keeps this protocol can be
driven by the same logic: `hub.store` runs the statements on PostgreSQL, `rig.world.memory_store` in virtual time on dictionaries,
and one conformance suite holds both (tests/integration/store). A store that never waits makes coroutines that complete at once,
which `hub.drive` runs without an event loop.

What can go wrong, told apart by what helps:

    AwayError      the database is away (or psycopg's errors of that kind, see `store.unavailable`): the same batch later
    FencedError    another worker was faster: throw memory away, read anew, redo
    anything else  the batch cannot be stored as it is
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    from psycopg.rows import TupleRow  # what a statement's columns are is said in SQL, so a row's types are nobody's here

    from seamline.hub.binary_copy import Writer
    from seamline.hub.decode import I64, Bools, Records
    from seamline.hub.valuing import Physical

Row: TypeAlias = Mapping[str, object]
"""A record for a statement that takes its rows as one parameter."""
Parameters: TypeAlias = Mapping[str, object]
"""`%(name)s` → integer, text, list of text, `params.Int8s`, or rows as JSON text."""


class FencedError(Exception):
    """Another worker has moved what this one held in memory: roll back, read anew, redo."""


class AwayError(OSError):
    """The database is away: nothing of the transaction is there, unless it failed in its commit."""


class Store(Protocol):
    """One connection: one transaction at a time; outside of one each statement is its own."""

    def transaction(self) -> AbstractAsyncContextManager[object]:
        """Everything inside is committed at its end, or nothing. One inside another is a savepoint."""
        ...

    async def all(self, name: str, parameters: Parameters | None = None, **names: str) -> Sequence[TupleRow]:
        """Run a query and return its rows.

        `names` fill the statement's `{…}` with the name of a table or a column, or with several, commas between them.
        """
        ...

    async def run(self, name: str, parameters: Parameters | None = None, **names: str) -> int:
        """Run a statement and return how many rows it touched."""
        ...

    async def exactly(self, name: str, count: int, parameters: Parameters) -> None:
        """Run a statement that must touch so many rows. Raises FencedError when another worker was there."""
        ...

    async def write(self, name: str, rows: Sequence[Row]) -> int:
        """Run a statement that takes its rows as the parameter `rows`; nothing happens without rows."""
        ...

    async def copy(
        self, writer: Writer, keys: Mapping[str, I64], dated: Bools, fields: Records, physical: Physical | None = None
    ) -> None:
        """Add records to the writer's reading table, column by column: arguments as of `Writer.rows`."""
        ...

    async def lease(self, kind: int, number: int) -> bool:
        """Take the lease (kind, number) until this connection ends; False while another connection has it."""
        ...

    async def close(self) -> None:
        """End the connection: what is not committed is rolled back, and its leases are free."""
        ...
