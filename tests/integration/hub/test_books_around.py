"""Presence, twins, events and the fixed schema, as ingest and the worker write them."""

import asyncio
import shutil

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool
from tests.integration.hub.harness import birth, database, frame, layout, losses, now_ms, on_hub, said

from seamline.contract import load_family
from seamline.hub import migrations
from seamline.hub.ingest.catalogue import Catalogue
from seamline.hub.migrations.upgrade import HEAD, current, upgrade
from seamline.hub.prepare import prepare
from seamline.hub.sites.schema import metadata
from seamline.hub.steps.presence import judge_presence
from seamline.hub.steps.tell import tell_gaps, tell_losses, tell_quarantine
from seamline.hub.steps.twins import send_wishes, tick_twins
from seamline.hub.twin import CONTRACTLESS, status
from seamline.hub.twin_service import Announcer, UnknownPropertyError, ValueRefusedError, set_desired
from seamline.hub.twin_store import twins_of


async def events(hub, step, *given):
    async with hub.stores() as (worker, _):
        await step(worker, Catalogue(hub.families), *given)
    return hub.rows("SELECT kind, boundary, owner, contact FROM event ORDER BY id")


PRESENCE = "SELECT session, unanswered, died_at IS NOT NULL, last_answered IS NOT NULL, last_end, publish_every_ms FROM presence"


@on_hub
async def test_presence_follows_births_frames_and_deaths(hub):
    hub.send("birth", birth(last_end="network", failures=[["refused", 2]]))
    await hub.settled()
    assert hub.one(PRESENCE) == (1, 0, False, False, "network", 60_000)
    hub.data(frame(layout(hub.family), 0, flags=1))
    await hub.until(lambda: hub.one(PRESENCE)[3], "the flag *heard* is written")
    hub.send("death", said())
    await hub.settled()
    assert hub.one(PRESENCE)[2]
    hub.send("birth", birth(session=2, uptime_ms=9_000))
    hub.send("death", said())
    await hub.settled()
    assert hub.one(PRESENCE)[:3] == (2, 0, False)


@on_hub
async def test_a_device_heard_before_its_birth_is_known(hub):
    hub.data(frame(layout(hub.family), 0))
    await hub.until(lambda: hub.rows("SELECT session FROM presence") == [(0,)], "presence without a session")


@on_hub
async def test_turning_deaf_lost_and_back_is_told_once_each_to_the_owner(hub):
    hub.send("birth", birth())
    await hub.settled()
    assert await events(hub, judge_presence, now_ms()) == []
    hub.send("probe", said(probe=3, unanswered=3, uptime_ms=2_000))
    await hub.settled()
    told = ("radio-broker", "firmware", "device@example.com")
    assert await events(hub, judge_presence, now_ms()) == [("deaf", *told)]
    assert await events(hub, judge_presence, now_ms()) == [("deaf", *told)]
    hub.send("death", said())
    await hub.settled()
    await events(hub, judge_presence, now_ms())
    hub.send("birth", birth(session=2, uptime_ms=9_000))
    await hub.settled()
    await events(hub, judge_presence, now_ms())
    later = await events(hub, judge_presence, now_ms() + 10 * 60_000)
    assert [kind for kind, *_ in later] == ["deaf", "lost", "online", "presumed_lost"]


@on_hub
async def test_presence_that_ingest_is_writing_is_judged_at_the_next_turn_and_not_waited_for(hub):
    hub.send("birth", birth())
    await hub.settled()
    hub.send("probe", said(probe=3, unanswered=3, uptime_ms=2_000))
    await hub.settled()
    with psycopg.connect(hub.dsn) as writing:
        writing.execute("UPDATE presence SET last_heard = now()")
        async with asyncio.timeout(10):
            assert await events(hub, judge_presence, now_ms()) == []
        writing.rollback()
    assert [kind for kind, *_ in await events(hub, judge_presence, now_ms())] == ["deaf"]


@on_hub
async def test_quarantine_losses_and_open_gaps_are_told_once(hub):
    of = layout(hub.family)
    hub.send("birth", birth())
    hub.data(frame(of, 0)[:-3], frame(of, 0)[:-4], frame(of, 5), losses(0, (1, 2, 1, 0, 3)))
    await hub.settled()
    await hub.until(lambda: hub.rows("SELECT 1 FROM presence WHERE last_heard IS NOT NULL"), "presence")
    for _ in range(2):
        await events(hub, tell_quarantine, now_ms())
        await events(hub, tell_losses, now_ms())
        told = await events(hub, tell_gaps, now_ms() + 60_000)
    assert [kind for kind, *_ in told] == ["quarantine", "loss"]
    hub.data(frame(of, 6))
    await hub.until(
        lambda: hub.rows(
            "SELECT 1 FROM presence WHERE last_heard > (SELECT to_timestamp((max(owed_since_ms) + 1) / 1e3) FROM ledger)"
        ),
        "heard since",
    )
    for _ in range(2):
        async with hub.stores() as (worker, _):
            await tell_gaps(worker, Catalogue(hub.families), hub.one("SELECT max(owed_since_ms) FROM ledger") + 60_001)
    assert [kind for (kind,) in hub.rows("SELECT kind FROM event ORDER BY id")] == ["quarantine", "loss", "gap"]
    assert hub.one("SELECT detail -> 'missing' FROM event WHERE kind = 'gap'") == [[3, 5]]


async def wish(hub, value, name="set_point"):
    connection = await psycopg.AsyncConnection.connect(hub.dsn)
    async with connection:
        return await set_desired(connection, Catalogue(hub.families), "dev", name, value, by="anna", now_ms=now_ms())


WISH = "SELECT version, delivered_at IS NOT NULL, seen_at IS NOT NULL, resolution FROM twin_desired"


@on_hub
async def test_a_wish_reaches_the_device_and_its_answer_resolves_it(hub):
    hub.send("birth", birth())
    await hub.settled()
    assert (await wish(hub, 2100)).state == "asked, not delivered"
    announcer = Announcer(hub.dsn, lambda: hub.broker, now_ms)
    assert await announcer.announce_twin("dev")
    await hub.until(lambda: hub.told("twin"), "the twin document")
    assert hub.told("twin")[0]["desired"] == {"set_point": {"value": 2100, "version": 1, "expires_ms": None}}
    assert hub.one(WISH) == (1, True, False, None)
    hub.send("twin", said(seen={"set_point": 1}, reported={}))
    await hub.settled()
    assert hub.one(WISH) == (1, True, True, None)
    report = {"value": 2100, "version": 1, "at_ms": 900, "based_on": 1, "fault": None}
    hub.send("twin", said(seen={"set_point": 1}, reported={"set_point": report}, session=1))
    await hub.settled()
    assert hub.one(WISH) == (1, True, True, "confirmed")
    hub.send("birth", birth(session=2, uptime_ms=5_000))
    await hub.settled()
    assert hub.told("session")[-1]["twin"] == {"desired": {}, "known": {"set_point": 1}}


@on_hub
async def test_a_birth_is_answered_with_everything_unresolved(hub):
    hub.send("birth", birth())
    await hub.settled()
    await wish(hub, 2100)
    hub.send("birth", birth(session=2, uptime_ms=5_000))
    await hub.settled()
    assert hub.told("session")[-1]["twin"]["desired"]["set_point"]["value"] == 2100
    assert hub.one(WISH) == (1, True, False, None)


@on_hub
async def test_a_wish_nobody_announced_is_sent_by_the_worker_and_again_when_it_is_not_seen(hub):
    hub.send("birth", birth())
    await hub.settled()
    await wish(hub, 2100)
    announcer = Announcer(hub.dsn, lambda: hub.broker, now_ms)
    async with hub.stores() as (worker, ingest):
        assert await send_wishes(worker, ingest, announcer, now_ms()) == 1
        assert await send_wishes(worker, ingest, announcer, now_ms()) == 0
        hub.send("birth", birth(session=1, uptime_ms=50_000))
        await hub.settled()
        with psycopg.connect(hub.dsn) as connection:
            connection.execute("UPDATE twin_desired SET delivered_at = delivered_at - interval '1 minute'")
        assert await send_wishes(worker, ingest, announcer, now_ms()) == 1


@on_hub
async def test_a_wish_expires_by_its_contract(hub):
    hub.send("birth", birth())
    await hub.settled()
    await wish(hub, 1, "child_lock")
    week_ms = 7 * 86_400_000
    async with hub.stores() as (worker, ingest):
        given = (worker, ingest, Catalogue(hub.families), Announcer(hub.dsn, lambda: hub.broker, now_ms))
        assert await tick_twins(*given, now_ms()) == 0
        assert await tick_twins(*given, now_ms() + week_ms) == 1
    assert hub.one(WISH)[3] == "expired"


@on_hub
async def test_a_wish_left_over_from_another_contract_is_refused_by_the_device_and_never_sent_again(hub):
    hub.send("birth", birth())
    await hub.settled()
    await wish(hub, 1, "child_lock")
    with psycopg.connect(hub.dsn) as connection:  # as if it had been asked of firmware that has the property
        connection.execute("UPDATE twin_desired SET property = 'eco_mode', expires_at = NULL")
    announcer = Announcer(hub.dsn, lambda: hub.broker, now_ms)
    async with hub.stores() as (worker, ingest):
        assert await send_wishes(worker, ingest, announcer, now_ms()) == 1
        report = {"value": None, "version": 1, "at_ms": 900, "based_on": 1, "fault": "unknown_property"}
        hub.send("twin", said(seen={"eco_mode": 1}, reported={"eco_mode": report}))
        await hub.settled()
        assert hub.one(WISH) == (1, True, True, "unknown_property")
        with psycopg.connect(hub.dsn) as connection:
            connection.execute("UPDATE twin_desired SET delivered_at = delivered_at - interval '1 minute', seen_at = NULL")
        hub.send("birth", birth(session=2, uptime_ms=5_000))
        await hub.settled()
        assert await send_wishes(worker, ingest, announcer, now_ms()) == 0
        assert hub.told("session")[-1]["twin"] == {"desired": {}, "known": {"eco_mode": 1}}
        (twin,) = (await twins_of(ingest, [1], lock=False))[1].values()
    found = status(twin, CONTRACTLESS, now_ms())
    assert (found.state, found.why) == ("rejected (fault)", "unknown_property")


@on_hub
async def test_a_wish_left_over_from_another_contract_expires_too(hub):
    hub.send("birth", birth())
    await hub.settled()
    await wish(hub, 1, "child_lock")
    with psycopg.connect(hub.dsn) as connection:
        connection.execute("UPDATE twin_desired SET property = 'eco_mode'")
    async with hub.stores() as (worker, ingest):
        given = (worker, ingest, Catalogue(hub.families), Announcer(hub.dsn, lambda: hub.broker, now_ms))
        assert await tick_twins(*given, now_ms() + 7 * 86_400_000) == 1
    assert hub.one(WISH)[3] == "expired"


@on_hub
async def test_wishes_the_contract_does_not_allow_are_refused(hub):
    hub.send("birth", birth())
    await hub.settled()
    with pytest.raises(ValueRefusedError, match="set_point: 9000 is not allowed; raw values from 500 to 3000"):
        await wish(hub, 9000)
    with pytest.raises(UnknownPropertyError, match="colour"):
        await wish(hub, 1, "colour")
    assert hub.rows("SELECT * FROM twin_desired") == []


@on_hub
async def test_a_spread_follows_the_fleets_size(hub):
    hub.send("birth", birth())
    await hub.settled()
    assert hub.told("session")[0]["spread_ms"] == 1_000


def fresh(ground, name):
    with psycopg.connect(ground.dsn, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {name}")
    return database(ground.dsn, name)


def test_the_migrations_build_exactly_the_schema_from_nothing(ground):

    dsn = fresh(ground, "migrated")
    assert current(dsn) is None
    upgrade(dsn)
    assert current(dsn) == HEAD
    assert ScriptDirectory(str(migrations.__path__[0])).get_current_head() == HEAD
    engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(dsn), poolclass=NullPool)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, metadata) == []


def test_several_hubs_starting_at_once_bring_a_database_up_once(ground, heater):
    dsn = fresh(ground, "together")

    async def all_at_once():
        families = [load_family(heater)]
        await asyncio.gather(*(prepare(dsn, families) for _ in range(4)))
        await prepare(dsn, families)

    asyncio.run(all_at_once())
    with psycopg.connect(dsn) as connection:
        assert connection.execute("SELECT count(*) FROM contract_version").fetchone() == (2,)
        assert connection.execute("SELECT count(*) FROM layout").fetchone() == (4,)


def test_an_older_hubs_table_is_widened_online_and_keeps_its_rows(ground, heater, tmp_path):

    dsn = fresh(ground, "widened")
    old = tmp_path / "heater"
    shutil.copytree(heater, old)
    for released in (old / "released").glob("1.3*"):
        released.unlink()
    shutil.copy(next((old / "released").glob("1.2*")), old / "contract.yaml")
    asyncio.run(prepare(dsn, [load_family(old)]))
    with psycopg.connect(dsn) as connection:
        connection.execute(
            "INSERT INTO r_heater_reading (device_no, incarnation, boot, seq, layout, arrival, uptime_ms, quality, revision, digest,"
            " power) VALUES (1, 1, 1, 0, 2, now(), 0, 0, 0, 0, 12)"
        )
        connection.execute("INSERT INTO device (id) VALUES ('dev')")
    asyncio.run(prepare(dsn, [load_family(heater)]))
    with psycopg.connect(dsn) as connection:
        assert connection.execute("SELECT power, set_point FROM r_heater_reading").fetchone() == (12, None)
        assert str(connection.execute("SELECT power FROM heater_reading").fetchone()[0]) == "1.2"
