"""The generated SQL on a real PostgreSQL: it runs, and makes the tables that the hub makes."""

import asyncio
from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql as text
from tests.unit.contract.codegen.specimens import BARE, EVERYTHING, FAMILIES, HEATER, family_of

from seamline.contract.codegen.sql import sql
from seamline.hub.prepare import prepare
from seamline.stack import Stack
from seamline.testing.stack import stack

OURS = (
    "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relname LIKE 'r\\_%'"
    " AND (NOT relispartition OR relname LIKE '%\\_default')"
)
"""The tables without their days: those are made by the hub as time goes by."""
COLUMNS = (
    "SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns"
    f" WHERE table_name IN ({OURS}) ORDER BY table_name, ordinal_position"
)
INDEXES = f"SELECT tablename, indexdef FROM pg_indexes WHERE tablename IN ({OURS}) ORDER BY 1, 2"


@pytest.fixture(scope="module")
def server() -> Iterator[Stack]:
    with stack(children=("postgres",)) as running:
        yield running


@pytest.fixture
def fresh(server, request):
    """Makes databases, by name, that are gone afterwards."""
    made = []

    def make(name):
        with psycopg.connect(server.dsn, autocommit=True) as connection:
            connection.execute(text.SQL("CREATE DATABASE {}").format(text.Identifier(name)))
        made.append(name)
        return psycopg.conninfo.make_conninfo(server.dsn, dbname=name)

    yield make
    for name in made:
        with psycopg.connect(server.dsn, autocommit=True) as connection:
            connection.execute(text.SQL("DROP DATABASE {} WITH (FORCE)").format(text.Identifier(name)))


def run(dsn, *texts):
    with psycopg.connect(dsn) as connection:
        for one in texts:
            connection.execute(one)


def shape(dsn):
    with psycopg.connect(dsn) as connection:
        return connection.execute(COLUMNS).fetchall(), connection.execute(INDEXES).fetchall()


@pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES)
def test_the_generated_tables_are_those_the_hub_makes(fresh, family):
    generated, made = fresh("generated"), fresh("made")
    run(generated, sql(family, family.current)["tables.sql"])
    asyncio.run(prepare(made, [family]))
    assert shape(generated) == shape(made)
    assert shape(generated)[0]


@pytest.mark.parametrize("family", [HEATER, EVERYTHING], ids=["heater", "everything"])
def test_the_steps_from_version_to_version_end_where_the_newest_tables_begin(fresh, family):
    first, last = list(family.versions.values())
    old = family_of(first)
    grown, whole = fresh("grown"), fresh("whole")
    steps = sql(family, last)[f"evolve/{first.version}-{last.version}.sql"]
    run(grown, sql(old, first)["tables.sql"], steps)
    run(whole, sql(family, last)["tables.sql"])
    columns, indexes = shape(grown)
    expected, expected_indexes = shape(whole)
    assert sorted(columns) == sorted(expected)
    assert indexes == expected_indexes


def test_every_column_has_a_comment(fresh):
    dsn = fresh("commented")
    run(dsn, sql(BARE, BARE.current)["tables.sql"])
    with psycopg.connect(dsn) as connection:
        rows = connection.execute(
            "SELECT attname, col_description(attrelid, attnum) FROM pg_attribute"
            " WHERE attrelid = 'r_lamp_vitals'::regclass AND attnum > 0"
        ).fetchall()
    assert [name for name, comment in rows if not comment] == []
    assert ("rssi", "raw dBm; -128 to 20 dBm") in rows
