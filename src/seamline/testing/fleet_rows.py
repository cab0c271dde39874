"""A fleet written straight into the hub's schema: every presence, and books that balance.

For tests of what is computed from rows (API, pages), and for their pictures; that ingest writes such rows is tested there.
Times are Unix ms. `device_story` gives one of the devices a past.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Final, LiteralString

import psycopg
from psycopg import AsyncConnection, Cursor, sql

from seamline.contract import Family
from seamline.hub.migrations.upgrade import upgrade
from seamline.hub.presence import State
from seamline.hub.tables import register

INCARNATION: Final = 0x5EA31234
CHANNEL: Final = 1
READING_MS: Final = 10_000
PUBLISH_MS: Final = 60_000
ANSWER_MS: Final = 12_000
PRESUMED_LOST_MS: Final = 180_000

# share of the fleet, and how long ago it was heard, s
SHARES: Final[Mapping[State, tuple[float, tuple[int, int]]]] = {
    State.ONLINE: (0.90, (0, 55)),
    State.SILENT: (0.03, (80, 170)),
    State.DEAF: (0.02, (0, 40)),
    State.LOST: (0.02, (200, 40_000)),
    State.PRESUMED_LOST: (0.02, (400, 400_000)),
    State.NEVER: (0.01, (0, 0)),
}


@dataclass(frozen=True, slots=True)
class SeededFleet:
    """What was written: how many devices, and one device of each presence by name."""

    devices: int
    examples: Mapping[State, str]


def at(ms: int) -> datetime:
    """Return a Unix time in ms as the database takes it."""
    return datetime.fromtimestamp(ms / 1000, UTC)


def name(number: int) -> str:
    """Return the name of the device of this number, from 0."""
    return f"heater-{number:05d}"


def prepare(dsn: str, family: Family) -> None:
    """Bring the schema up to date and register a product's layouts."""
    upgrade(dsn)
    with ThreadPoolExecutor(1) as aside:  # the caller's thread may have an event loop of its own (Playwright's)
        aside.submit(lambda: asyncio.run(_register(dsn, family))).result()


async def _register(dsn: str, family: Family) -> None:
    async with await AsyncConnection.connect(dsn, autocommit=True) as connection:
        await register(connection, [family])
        await connection.execute("INSERT INTO hub_meta VALUES ('generation', '1') ON CONFLICT DO NOTHING")


def clear(dsn: str) -> None:
    """Forget every device, reading and frame; layouts and contracts stay."""
    kept = ["alembic_version", "layout", "contract_version", "hub_meta"]
    with psycopg.connect(dsn, autocommit=True) as connection:
        found = connection.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p')"
            " AND NOT relispartition AND relname <> ALL (%s)",
            (kept,),
        ).fetchall()
        names = sql.SQL(", ").join(sql.Identifier(str(table)) for (table,) in found)
        connection.execute(sql.SQL("TRUNCATE {} RESTART IDENTITY").format(names))


def seed(dsn: str, count: int, now_ms: int, seed_number: int = 7) -> SeededFleet:
    """Write `count` devices as they would be at `now_ms`, in the shares of `SHARES`."""
    draw = Random(seed_number)  # noqa: S311 (the same fleet every time)
    states = [state for state, (share, _) in SHARES.items() for _ in range(round(share * count))]
    states = (states + [State.ONLINE] * count)[:count]
    draw.shuffle(states)
    examples: dict[State, str] = {}
    devices: list[Sequence[object]] = []
    presences: list[Sequence[object]] = []
    ledgers: list[Sequence[object]] = []
    for number, state in enumerate(states):
        examples[state] = name(number)
        version = "1.2.0" if draw.random() < 0.3 else "1.3.0"
        known = at(now_ms - 86_400_000)
        devices.append((name(number), "heater", f"heater/{version}", version, "active", INCARNATION, 1, known))
        if state is State.NEVER:
            continue
        heard_ms = now_ms - draw.randint(*(second * 1000 for second in SHARES[state][1]))
        presences.append(_presence(number + 1, state, heard_ms, draw))
        ledgers += _books(number + 1, state, heard_ms, draw)
    with psycopg.connect(dsn) as connection, connection.cursor() as cursor:
        copy(cursor, "device (id, product, contract, firmware, state, incarnation, boot, created_at)", devices)
        copy(
            cursor,
            "presence (device_no, session, incarnation, boot, born_at, last_heard, last_answered, died_at, unanswered,"
            " last_end, failures, publish_every_ms, answer_timeout_ms, presumed_lost_after_ms)",
            presences,
        )
        copy(
            cursor,
            "ledger (device_no, incarnation, boot, channel, mark, high, upper, stored, quarantined, declined, lost,"
            " duplicates, version, owed_since_ms, first_arrival, last_arrival)",
            ledgers,
        )
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("ANALYZE device, presence, ledger")
    return SeededFleet(count, examples)


def copy(cursor: Cursor, target: LiteralString, rows: Iterable[Sequence[object]]) -> None:
    """Copy rows into `table (columns)`."""
    with cursor.copy(sql.SQL("COPY {} FROM STDIN").format(sql.SQL(target))) as into:
        for row in rows:
            into.write_row(row)


def publish(dsn: str) -> None:
    """Let every online device whose time has come (about a publish after its last) send six readings now."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(
            "WITH due AS (UPDATE presence SET last_heard = now(), last_answered = now()"
            "   WHERE died_at IS NULL AND unanswered = 0"
            "     AND last_heard BETWEEN now() - interval '70 s' AND now() - interval '55 s' RETURNING device_no)"
            " UPDATE ledger SET mark = mark + 6, high = high + 6, upper = upper + 6, stored = stored + 6, last_arrival = now()"
            " FROM due WHERE due.device_no = ledger.device_no AND channel = %s AND gaps = '{}'",
            (CHANNEL,),
        )


def number_of(connection: psycopg.Connection, device: str) -> int:
    """Return the number a device has in the database; raises LookupError."""
    found = connection.execute("SELECT no FROM device WHERE id = %s", (device,)).fetchone()
    if found is None:
        raise LookupError(f"no device '{device}' was seeded")
    return int(found[0])


def _presence(number: int, state: State, heard_ms: int, draw: Random) -> Sequence[object]:
    deaf, lost = state is State.DEAF, state is State.LOST
    answered_ms = heard_ms - (draw.randint(80_000, 300_000) if deaf else draw.randint(0, 3_000))
    died = at(heard_ms + 500) if lost else None
    failures = json.dumps([["network", 2]] if lost else [])
    born = at(min(heard_ms, answered_ms) - 7_200_000)
    heard = (born, at(heard_ms), at(answered_ms), died, 3 if deaf else 0, "network" if lost else None, failures)
    return (number, 1, INCARNATION, 1, *heard, PUBLISH_MS, ANSWER_MS, PRESUMED_LOST_MS)


def _books(number: int, state: State, heard_ms: int, draw: Random) -> Iterator[Sequence[object]]:
    stored, lost, quarantined = draw.randint(500, 9_000), draw.choice([0] * 12 + [6, 31]), draw.choice([0] * 30 + [2])
    high = stored + lost + quarantined
    away = state in {State.LOST, State.PRESUMED_LOST, State.DEAF}
    owed = draw.randint(6, 400) if away else draw.choice([0] * 9 + [6])
    since_ms = heard_ms - 30_000 if owed else None
    arrivals = at(heard_ms - 3_600_000), at(heard_ms)
    counts = stored, quarantined, 0, lost, draw.randint(0, 9)
    yield (number, INCARNATION, 1, CHANNEL, high, high, high + owed, *counts, 1, since_ms, *arrivals)
    yield (number, INCARNATION, 1, CHANNEL + 1, 40, 40, None, 40, 0, 0, 0, 0, 1, None, *arrivals)
