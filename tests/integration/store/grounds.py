"""Two databases under one clock that stands still unless it is set: PostgreSQL, and the tables in memory."""

from __future__ import annotations

import asyncio
import json
from decimal import Decimal

import psycopg
from tests.integration.hub.harness import database

from seamline.hub.drive import drive
from seamline.hub.prepare import prepare
from seamline.hub.statements import trusted
from seamline.hub.store import PostgresStore, connect
from seamline.rig.world.memory_store import MemoryDatabase, MemoryStore
from seamline.rig.world.tables import RefusedError

START_US = 1_790_000_000_123_456
"""The clocks' start: not a whole millisecond."""
FIXED = (
    "device", "hub_meta", "ingest_position", "hearing", "ledger", "ledger_fold", "incarnation", "loss", "anchor", "boot", "presence",
    "quarantine", "refused", "event", "twin_desired", "twin_reported", "calibration", "revaluation",
)  # fmt: skip
NUMBERED = {
    "device": "no",
    "loss": "id",
    "anchor": "id",
    "quarantine": "id",
    "event": "id",
    "calibration": "serial",
    "revaluation": "id",
}
CLOCK = """
    CREATE SCHEMA virtual;
    CREATE FUNCTION virtual.now() RETURNS timestamptz LANGUAGE sql STABLE
        AS $$ SELECT to_timestamp(current_setting('seamline.now_us')::int8 / 1e6) $$;
    CREATE FUNCTION virtual.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE
        AS $$ SELECT to_timestamp(current_setting('seamline.now_us')::int8 / 1e6) $$;
"""
"""Functions that stand before PostgreSQL's own on the search path."""


def make_template(dsn, name, families):
    """A database brought up as the hub does, whose clock can be set."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    own = database(dsn, name)
    asyncio.run(prepare(own, families))
    with psycopg.connect(own, autocommit=True) as connection:
        connection.execute(CLOCK)
        clocked = connection.execute(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public' AND column_default = 'now()'"
        ).fetchall()
        for table, column in clocked:
            connection.execute(f'ALTER TABLE "{table}" ALTER "{column}" SET DEFAULT virtual.now()')
        connection.execute(f"ALTER DATABASE {name} SET search_path = virtual, public, pg_catalog")
        connection.execute(f"ALTER DATABASE {name} SET seamline.now_us = '{START_US}'")
    return own


class PostgresGround:
    """The hub's statements on PostgreSQL."""

    name = "postgresql"

    def __init__(self, dsn, readings):
        self._dsn = dsn
        self._readings = readings
        self._loop = asyncio.new_event_loop()
        self._connections = []
        self._sql = psycopg.connect(dsn, autocommit=True)

    def store(self, file="ingest"):
        """The statements of a file, on a connection shared by all files."""
        if not self._connections:
            self.connect()
        return PostgresStore(self._connections[0], file)

    def connect(self):
        """Another session; returns its ingest statements."""
        self._connections.append(self.run(connect(self._dsn, "conformance")))
        return PostgresStore(self._connections[-1])

    def run(self, coroutine):
        return self._loop.run_until_complete(coroutine)

    def set_clock(self, now_us):
        for connection in self._connections:
            self.run(connection.execute("SELECT set_config('seamline.now_us', %s, false)", (str(now_us),)))

    def reset(self):
        for connection in self._connections[1:]:
            self.run(connection.close())
        del self._connections[1:]
        tables = (*FIXED, *self._readings)
        deletes = "; ".join(f"DELETE FROM {table}" for table in tables)
        numbers = "; ".join(
            f"SELECT setval(pg_get_serial_sequence('{table}', '{column}'), 1, false)" for table, column in NUMBERED.items()
        )
        self._sql.execute(trusted(f"{deletes}; {numbers}"))
        self.set_clock(START_US)

    def calibrate(self, rows):
        """Coefficients come from elsewhere: (device number, name, version, since when in Unix µs or None)."""
        for no, name, version, since_us in rows:
            self._sql.execute(
                "INSERT INTO calibration (device_no, product, name, version, coefficients, valid_from, by, reason)"
                " VALUES (%s, 'heater', %s, %s, '{\"gain\": 1.5}', to_timestamp(%s::int8 / 1e6), 'anna', 'bench')",
                (no, name, version, since_us),
            )

    def dump(self):
        """Every row of every table, by column."""
        found = {}
        for table in (*FIXED, *self._readings):
            cursor = self._sql.execute(trusted(f"SELECT * FROM {table}"))
            names = [column.name for column in cursor.description]
            found[table] = in_order(dict(zip(names, map(plain, row), strict=True)) for row in cursor)
        return found

    def close(self):
        for connection in self._connections:
            self.run(connection.close())
        self._sql.close()
        self._loop.close()


class MemoryGround:
    """The same statements on tables in memory."""

    name = "memory"

    def __init__(self, families):
        self._families = families
        self.reset()

    def store(self, file="ingest"):
        return MemoryStore(self._connection, file)

    def connect(self):
        return MemoryStore(self.database.connect())

    def run(self, coroutine):
        return drive(coroutine)

    def set_clock(self, now_us):
        self._now_us = now_us

    def reset(self):
        self._now_us = START_US
        self.database = MemoryDatabase(lambda: self._now_us, self._families)
        self._connection = self.database.connect()

    def calibrate(self, rows):
        tables = self.database.tables
        for no, name, version, since_us in rows:
            whose = {"device_no": no, "product": "heater", "name": name, "version": version, "by": "anna", "reason": "bench"}
            serial = tables.numbers["calibration"].draw()
            valid = {"serial": serial, "coefficients": {"gain": 1.5}, "valid_from": since_us, "valid_to": None}
            tables.calibration.put((no, "heater", name, version), {**whose, **valid, "made_at": self._now_us})

    def dump(self):
        tables = self.database.tables
        found = {
            table: in_order(dict(row) for row in getattr(tables, table).rows.values()) for table in FIXED if table != "hub_meta"
        }
        found["hub_meta"] = [{"key": key, "value": value} for key, value in tables.hub_meta.rows.items()]
        for name, table in tables.readings.items():
            columns = dict.fromkeys(name for row in table.rows() for name in row)
            found[name] = in_order({column: row.get(column) for column in columns} for row in table.rows())
        return found

    def close(self):
        pass


def plain(value):
    """A cell as both show it: times in Unix µs, whole numbers as integers, bytes as bytes."""
    if isinstance(value, Decimal):
        return int(value)
    if isinstance(value, memoryview):
        return bytes(value)
    if hasattr(value, "tzinfo"):
        return round(value.timestamp() * 1e6)
    return value


def in_order(rows):
    return sorted(rows, key=repr_of)


def repr_of(row):
    """Something to sort by that does not depend on the order of columns, nor of what JSON has in it."""
    return json.dumps(row, sort_keys=True, default=repr)


def outcome(ground, coroutine):
    """What a call gives: its rows, its count, or why it was refused."""
    try:
        found = ground.run(coroutine)
    except psycopg.Error as error:
        return ("refused", error.sqlstate)
    except RefusedError as error:
        return ("refused", error.sqlstate)
    if isinstance(found, list):
        return [tuple(map(plain, row)) for row in found]
    return found
