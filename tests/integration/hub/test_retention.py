"""What is kept how long: whole days by arrival, to the day; custody that nobody has decided on for ever; and nobody waits for it."""

import contextlib
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

import psycopg
from psycopg import sql
from tests.integration.hub.harness import birth, frame, layout, on_hub, said

from seamline.hub import retention
from seamline.hub.retention import partition

TABLE = "r_heater_reading"
DAYS = 10
SHORTLY = sql.SQL("SET LOCAL lock_timeout = '50ms'")


def far_day():
    """A day of which no partition is there."""
    return datetime.now(UTC).date() + timedelta(days=100)


def names(*days):
    return [partition(TABLE, day) for day in days]


def around(day):
    """The days from the one before to the third after."""
    return [day + timedelta(days=ahead) for ahead in range(-1, 4)]


@contextlib.asynccontextmanager
async def kept(hub):
    """Make and drop partitions on a connection of the worker's."""
    async with hub.stores() as (worker, _):

        async def make(day):
            return await retention.make_ahead(worker.connection, [TABLE], day)

        async def drop(day):
            return await retention.drop_expired(worker.connection, [TABLE], day, DAYS)

        yield make, drop


def days_after(day, count):
    return day + timedelta(days=count)


@on_hub
async def test_the_days_from_yesterday_to_three_ahead_have_partitions_and_each_is_made_once(hub):
    day = far_day()
    async with kept(hub) as (make, _):
        assert await make(day) == names(*around(day))
        assert await make(day) == []
        assert await make(days_after(day, 2)) == names(days_after(day, 4), days_after(day, 5))


@on_hub
async def test_a_day_is_kept_until_its_last_arrival_is_older_than_asked_for(hub):
    day = far_day()
    async with kept(hub) as (make, drop):
        await make(day)
        before, *rest = names(*around(day))
        assert set(await drop(days_after(day, DAYS))) & {before, *rest} == {before}
        assert await drop(days_after(day, DAYS)) == []
        assert await drop(days_after(day, DAYS + 2)) == rest[:2]
        left = hub.rows("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = %s::regclass", TABLE)
        assert sorted(name for (name,) in left) == sorted([f"{TABLE}_default", *rest[2:]])


@on_hub
async def test_what_is_not_kept_by_days_is_deleted_by_age_but_never_custody_that_nobody_has_decided_on(hub):
    of = layout(hub.family)
    with psycopg.connect(hub.dsn) as connection:
        for (name,) in hub.rows("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = %s::regclass", TABLE):
            if not name.endswith("_default"):
                connection.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(name)))
    hub.send("birth", birth(contract="heater/9.9.9"))
    hub.send("anchor", said(at_ms=900, unix_ms=1_763_000_000_000, source="ntp", uncertainty_ms=20))
    hub.data(frame(of, 0), frame(of, 1, channel=77), frame(of, 2, flags=0x10)[:-1] + b"?")
    await hub.settled()
    held = {
        "rows without a partition": f"SELECT count(*) FROM {TABLE}_default",
        "events": "SELECT count(*) FROM event",
        "anchors": "SELECT count(*) FROM anchor",
        "evidence": "SELECT count(*) FROM quarantine WHERE NOT counted",
        "custody": "SELECT count(*) FROM quarantine WHERE counted",
    }
    last = hub.one("SELECT greatest(max(at), (SELECT max(arrival) FROM quarantine)) FROM event").astimezone(UTC).date()
    first = hub.one("SELECT min(at) FROM event").astimezone(UTC).date()
    async with kept(hub) as (_, drop):
        await drop(days_after(first, DAYS))
        assert all(hub.one(query) > 0 for query in held.values()), "the day that is kept longest is whole"
        await drop(days_after(last, DAYS + 1))
        assert [what for what, query in held.items() if hub.one(query) > 0] == ["custody"]
        hub.rows("UPDATE quarantine SET resolved_at = now() RETURNING 1")
        await drop(days_after(last, DAYS + 1))
        assert hub.one(held["custody"]) == 0


@on_hub
async def test_who_reads_a_table_is_not_waited_for_and_the_next_turn_does_what_is_left(hub):
    day = far_day()
    async with kept(hub) as (make, drop):
        await make(day)
        old, *_ = names(*around(day))
        with patch.object(retention, "_PATIENCE", SHORTLY), psycopg.connect(hub.dsn) as reader:
            reader.execute(sql.SQL("LOCK TABLE {} IN ACCESS SHARE MODE").format(sql.Identifier(old)))
            assert old not in await drop(days_after(day, DAYS))
            reader.execute(sql.SQL("LOCK TABLE {} IN ACCESS SHARE MODE").format(sql.Identifier(f"{TABLE}_default")))
            assert await make(days_after(day, 50)) == []
        assert await drop(days_after(day, DAYS)) == [old]
        assert await make(days_after(day, 50)) == names(*around(days_after(day, 50)))
