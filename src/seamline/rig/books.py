"""What the database says about a fleet, read for the verdict: rows are streamed, the rest is small."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple, cast

import psycopg
from psycopg import sql

from seamline.contract import Layout
from seamline.hub.reading_columns import READING_COLUMNS, field_column, reading_table

ROWS_A_FETCH: Final = 5000
Span = tuple[int, int]
"""First sequence and one past the last."""


class RowKey(NamedTuple):
    """A stream as the database names it."""

    device_no: int
    incarnation: int
    boot: int
    channel: int


class FoldKey(NamedTuple):
    """The boots of an incarnation whose books are summed up."""

    device_no: int
    incarnation: int
    channel: int


@dataclass(slots=True)
class Counts:
    """The classes of the ledger, summed over boots."""

    stored: int = 0
    quarantined: int = 0
    declined: int = 0
    lost: int = 0
    duplicates: int = 0

    def add(self, counts: Sequence[int]) -> None:
        """Add (stored, quarantined, declined, lost, duplicates)."""
        self.stored += counts[0]
        self.quarantined += counts[1]
        self.declined += counts[2]
        self.lost += counts[3]
        self.duplicates += counts[4]


@dataclass(slots=True)
class HubBooks:
    """The hub's own books, and the ranges behind them."""

    device_no: dict[str, int] = field(default_factory=dict[str, int])
    current: dict[int, int] = field(default_factory=dict[int, int])
    """The incarnation a device has now, by device_no."""
    counts: defaultdict[FoldKey, Counts] = field(default_factory=lambda: defaultdict[FoldKey, Counts](Counts))
    marks: dict[RowKey, int] = field(default_factory=dict[RowKey, int])
    closed: dict[tuple[int, int], int] = field(default_factory=dict[tuple[int, int], int])
    """Boots below this are over, by (device_no, incarnation)."""
    lost: defaultdict[FoldKey, list[tuple[int, int, Span]]] = field(
        default_factory=lambda: defaultdict[FoldKey, list[tuple[int, int, Span]]](list)
    )
    """(first boot, one past the last boot, span of each)."""
    quarantined: defaultdict[RowKey, list[Span]] = field(default_factory=lambda: defaultdict[RowKey, list[Span]](list))
    refused: int = 0

    def lost_spans(self, key: RowKey) -> list[Span]:
        """Return what of one stream is in the class lost."""
        ranges = self.lost.get(FoldKey(key.device_no, key.incarnation, key.channel), [])
        return [span for first, end, span in ranges if first <= key.boot < end]


class StoredRow(NamedTuple):
    """One row of a reading table; times in Unix ms, `values` in the order of the table's fields."""

    key: RowKey
    sequence: int
    layout: int
    uptime_ms: int
    arrival_ms: int
    measured_ms: float | None
    error_ms: int | None
    values: tuple[int | None, ...]


def read_books(connection: psycopg.Connection, devices: Sequence[str]) -> HubBooks:
    """Read everything about these devices but their rows. Other devices of the same database are left alone."""
    books = HubBooks()
    query = "SELECT id, no, incarnation FROM device WHERE id = ANY (%s)"
    for device_id, number, incarnation in _rows(connection, query, devices):
        books.device_no[cast("str", device_id)] = cast("int", number)
        if incarnation is not None:
            books.current[cast("int", number)] = cast("int", incarnation)
    numbers = list(books.device_no.values())
    _read_counts(connection, books, numbers)
    query = "SELECT device_no, incarnation, closed FROM incarnation WHERE device_no = ANY (%s)"
    for number, incarnation, closed in _integers(connection, query, numbers):
        books.closed[number, incarnation] = closed
    query = "SELECT device_no, incarnation, channel, boot, boots, first, count FROM loss WHERE device_no = ANY (%s)"
    for number, incarnation, channel, boot, boots, first, count in _integers(connection, query, numbers):
        books.lost[FoldKey(number, incarnation, channel)].append((boot, boot + boots, (first, first + count)))
    query = (
        "SELECT device_no, incarnation, boot, channel, first, count FROM quarantine"
        " WHERE device_no = ANY (%s) AND counted AND resolved_at IS NULL"
    )
    for number, incarnation, boot, channel, first, count in _integers(connection, query, numbers):
        books.quarantined[RowKey(number, incarnation, boot, channel)].append((first, first + count))
    query = "SELECT coalesce(sum(count), 0)::int8 FROM refused WHERE device_id = ANY (%s)"
    books.refused = next(_integers(connection, query, devices))[0]
    return books


def _read_counts(connection: psycopg.Connection, books: HubBooks, numbers: Sequence[int]) -> None:
    query = (
        "SELECT device_no, incarnation, boot, channel, mark, stored, quarantined, declined, lost, duplicates"
        " FROM ledger WHERE device_no = ANY (%s)"
    )
    for number, incarnation, boot, channel, mark, *counts in _integers(connection, query, numbers):
        books.marks[RowKey(number, incarnation, boot, channel)] = mark
        books.counts[FoldKey(number, incarnation, channel)].add(counts)
    query = (
        "SELECT device_no, incarnation, channel, stored, quarantined, declined, lost, duplicates"
        " FROM ledger_fold WHERE device_no = ANY (%s)"
    )
    for number, incarnation, channel, *counts in _integers(connection, query, numbers):
        books.counts[FoldKey(number, incarnation, channel)].add(counts)


class ReadingTable:
    """One message's table, with the field columns that the layouts of a family need."""

    def __init__(self, layouts: Sequence[Layout]) -> None:
        """`layouts`: all of one product's message, whatever version."""
        first = layouts[0]
        self.channel = first.message_id
        self.name = reading_table(first.product, first.message)
        self.fields = tuple(dict.fromkeys(each.name for layout in layouts for each in layout.places))
        self._places: Mapping[int, tuple[tuple[int, ...], tuple[int, ...]]] = {
            layout.version: self._split(layout) for layout in layouts
        }

    def places(self, layout: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return where a row has the layout's fields, in their order, and where it must have nothing."""
        return self._places[layout]

    def _split(self, layout: Layout) -> tuple[tuple[int, ...], tuple[int, ...]]:
        own = [self.fields.index(each.name) for each in layout.places]
        return tuple(own), tuple(place for place in range(len(self.fields)) if place not in own)

    def rows(self, connection: psycopg.Connection, numbers: Sequence[int]) -> Iterator[StoredRow]:
        """Stream every row of these devices."""
        columns = ["device_no", "incarnation", "boot", "seq", "layout", "uptime_ms", "arrival", "measured", "error_ms"]
        unknown = set(columns) - {name for name, _ in READING_COLUMNS}
        if unknown:
            message = f"reading tables have no {', '.join(sorted(unknown))} any more"
            raise LookupError(message)
        times = {"arrival", "measured"}
        wanted = [
            sql.SQL("(extract(epoch FROM {}) * 1000)::float8").format(sql.Identifier(name))
            if name in times
            else sql.Identifier(name)
            for name in columns
        ] + [sql.Identifier(field_column(name)) for name in self.fields]
        with connection.cursor(name="verdict") as cursor:
            cursor.itersize = ROWS_A_FETCH
            query = sql.SQL("SELECT {} FROM {} WHERE device_no = ANY (%s)")
            cursor.execute(query.format(sql.SQL(", ").join(wanted), sql.Identifier(self.name)), (list(numbers),))
            for row in cursor:
                yield self._row(row)

    def _row(self, row: tuple[object, ...]) -> StoredRow:
        number, incarnation, boot, sequence, layout, uptime_ms = cast("tuple[int, ...]", row[:6])
        arrival_ms, measured_ms, error_ms = cast("tuple[float, float | None, int | None]", row[6:9])
        key = RowKey(number, incarnation, boot, self.channel)
        values = cast("tuple[int | None, ...]", row[9:])
        return StoredRow(key, sequence, layout, uptime_ms, int(arrival_ms), measured_ms, error_ms, values)


def tables_of(layouts: Sequence[Layout]) -> list[ReadingTable]:
    """Return one table a message."""
    grouped: dict[tuple[str, str], list[Layout]] = {}
    for layout in layouts:
        grouped.setdefault((layout.product, layout.message), []).append(layout)
    return [ReadingTable(group) for group in grouped.values()]


def _rows(connection: psycopg.Connection, query: str, which: Sequence[object]) -> Iterator[tuple[object, ...]]:
    yield from cast("Iterator[tuple[object, ...]]", iter(connection.execute(query.encode(), (list(which),))))


def _integers(connection: psycopg.Connection, query: str, which: Sequence[object]) -> Iterator[tuple[int, ...]]:
    yield from cast("Iterator[tuple[int, ...]]", _rows(connection, query, which))
