"""Broker, database and other hubs come and go; nothing acknowledged is lost, nothing is stored twice, devices are told to wait."""

import asyncio
import os
import shutil
import signal

import psycopg
import pytest
from tests.integration.hub.harness import birth, frame, layout, on_hub, said

from seamline.contract import load_family
from seamline.hub.ingest import partition as partition_module, work
from seamline.hub.ingest.busy import partition_of
from seamline.hub.ingest.judge import judge
from seamline.hub.ingest.memory import Memory
from seamline.hub.ingest.nats import connect as connect_broker
from seamline.hub.ingest.partition import Partition
from seamline.hub.ingest.reader import Batch, Position, consumers
from seamline.hub.store_port import FencedError
from seamline.testing.stack import stack
from seamline.testing.wait import until

PATIENCE_S = 30.0
ASKED_AGAIN_S = 0.25


@on_hub
async def test_the_broker_puts_a_device_where_we_think_it_does(hub):
    names = [f"device-{number:03d}_x" for number in range(40)]
    for name in names:
        hub.data(b"", device=name)
    await hub.kept()
    heard = {}
    for number in range(hub.partitions):
        for name in names:
            subject = f"up.{number}.{name}.data"
            info = await hub.broker.jetstream("STREAM.INFO.UP", {"subjects_filter": subject})
            if info["state"].get("subjects"):
                heard[name] = number
    assert heard == {name: partition_of(name.encode(), hub.partitions) for name in names}


@on_hub
async def test_while_the_database_is_away_births_and_probes_are_answered_busy_and_then_everything_is_stored(hub):
    of = layout(hub.family)
    hub.send("birth", birth())
    hub.data(frame(of, 0))
    await hub.settled()
    name = hub.dsn.rpartition("/")[2].partition("?")[0]
    admin = hub.dsn.replace(f"/{name}?", "/postgres?")
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false")
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
        hub.data(*(frame(of, at) for at in range(1, 20)))
        hub.send("birth", birth(session=2), device="other")
        await hub.until(lambda: hub.told("busy", "other"), "a birth is answered busy")
        hub.send("probe", said(probe=1, unanswered=0))
        await hub.until(lambda: hub.told("busy"), "a probe is answered busy")
        assert hub.told("busy")[0]["retry_after_ms"] >= 2_000
        assert hub.told("session", "other") == []
        connection.execute(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS true")
    await hub.settled()
    assert hub.ledger() == (20, 20, [], 20, 0, 0, 0, 0)
    assert hub.told("session", "other") != []


@on_hub
async def test_a_slow_commit_has_devices_told_to_wait(hub):
    hub.send("birth", birth())
    await hub.settled()
    with psycopg.connect(hub.dsn) as connection:
        connection.execute("LOCK TABLE ledger IN ACCESS EXCLUSIVE MODE")
        hub.data(frame(layout(hub.family), 0))
        await hub.until(lambda: hub.rows("SELECT 1 FROM pg_locks WHERE NOT granted"), "the commit waits")
        await asyncio.sleep(partition_module.SLOW_S)
        asked = 0
        async with asyncio.timeout(PATIENCE_S):
            while not hub.told("busy"):  # a device asks again, too: one that asks just before the hub listens is not heard
                asked += 1
                hub.send("probe", said(probe=asked, unanswered=asked - 1))
                await asyncio.sleep(ASKED_AGAIN_S)
        connection.rollback()
    await hub.settled()
    assert hub.ledger()[3] == 1
    await hub.until(lambda: hub.told("marks")[-1]["probe"] == asked, "the last probe is answered")


@on_hub
async def test_a_lost_database_connection_in_the_middle_of_a_batch_stores_it_once(hub):
    of = layout(hub.family)
    for at in range(0, 200, 4):
        hub.data(*(frame(of, at + step) for step in range(4)))
        hub.rows("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'seamline ingest%'")
        await hub.kept()
    await hub.settled()
    assert hub.ledger() == (200, 200, [], 200, 0, 0, 0, 0)
    assert hub.balanced()


@on_hub
async def test_a_stream_that_was_deleted_is_made_again_and_ingest_goes_on(hub):
    of = layout(hub.family)
    hub.data(frame(of, 0))
    await hub.settled()
    await hub.broker.jetstream("STREAM.DELETE.UP")
    hub.sent = 0
    await hub.until(hub.has_stream, "the stream is back")
    hub.data(frame(of, 1))
    await hub.settled()
    assert hub.ledger()[3] == 2


@on_hub
async def test_a_consumer_that_was_deleted_is_made_again_where_the_commit_was(hub):
    of = layout(hub.family)
    hub.data(*(frame(of, at) for at in range(10)))
    await hub.settled()
    for number in range(hub.partitions):
        for name in await consumers(hub.broker, number):
            await hub.broker.jetstream(f"CONSUMER.DELETE.UP.{name}")
    hub.data(*(frame(of, at) for at in range(10, 20)))
    await hub.settled()
    assert hub.ledger() == (20, 20, [], 20, 0, 0, 0, 0)


@on_hub
async def test_a_database_restored_from_backup_gets_a_new_generation_and_what_it_lost(hub):
    of = layout(hub.family)
    hub.send("birth", birth())
    hub.data(*(frame(of, at) for at in range(10)))
    await hub.settled()
    before = hub.told("session")[-1]["generation"]
    await hub.stop()
    backup = {table: hub.rows(f"SELECT * FROM {table}") for table in ("ledger", "ingest_position", "device")}
    await hub.start()
    hub.data(*(frame(of, at) for at in range(10, 25)))
    await hub.settled()
    await hub.stop()
    with psycopg.connect(hub.dsn) as connection:
        connection.execute("DELETE FROM r_heater_reading WHERE seq >= 10")
        for table, rows in backup.items():
            connection.execute(f"DELETE FROM {table}")
            for row in rows:
                marks = ", ".join(["%s"] * len(row))
                connection.execute(f"INSERT INTO {table} OVERRIDING SYSTEM VALUE VALUES ({marks})", row)
    hub.downlinks.clear()
    await hub.start()
    await hub.settled()
    assert hub.ledger() == (25, 25, [], 25, 0, 0, 0, 0)
    assert hub.balanced()
    hub.send("birth", birth(session=2))
    await hub.settled()
    assert hub.told("session")[-1]["generation"] > before
    assert "generation" in {kind for (kind,) in hub.rows("SELECT kind FROM event")}


@on_hub
async def test_two_workers_on_one_partition_store_everything_once(hub):
    of = layout(hub.family)

    async def no_lease(self):
        if self.commits.parts is None:
            connection = await partition_module.connect_database(self.config.dsn, "ingest rogue")
            self.commits.begin(partition_module.PostgresStore(connection))
        return self.commits.parts

    original = Partition._database
    Partition._database = no_lease
    try:
        rogues = [
            Partition(hub.config(number), hub.running[0][0]._catalogue, hub.running[0][0]._told, lambda: 1) for number in (0, 1)
        ]
        tasks = [asyncio.create_task(rogue.run()) for rogue in rogues]
        for at in range(0, 300, 3):
            hub.data(*(frame(of, at + step) for step in range(3)))
            await hub.broker.ping()
        await hub.kept()
        await hub.until(lambda: (hub.ledger() or (0,))[0] == 300, "everything is stored")
        for rogue in rogues:
            rogue.stop()
        await asyncio.gather(*tasks)
    finally:
        Partition._database = original
    assert hub.ledger()[:4] == (300, 300, [], 300)
    assert hub.balanced()


@on_hub
async def test_the_second_worker_is_fenced_by_the_place_in_the_stream(hub):
    of = layout(hub.family)
    hub.data(frame(of, 0))
    await hub.settled()
    number = partition_of(b"dev", hub.partitions)
    partition = hub.running[number][0]
    await hub.stop()

    batch = Batch([f"up.{number}.dev.data".encode()], [frame(of, 1)], [99], [1_790_000_000 * 10**9])
    async with hub.stores() as (_, ingest):
        parts = work.Parts(ingest, partition._catalogue, Memory(), partition._told)
        stale = work.Place(number, Position(partition.commits.position.created, 0), 99, batch.stored_ns[-1])
        with pytest.raises(FencedError):
            await work.commit(parts, judge(batch, parts.memory.fleet, partition._catalogue), stale, 1)
    assert hub.ledger()[3] == 1


@pytest.mark.slow
def test_the_hub_killed_with_sigkill_at_random_moments_stores_everything_once(heater):

    of = layout(load_family(heater))
    with stack(contracts=(heater,), children=("broker", "postgres", "hub")) as running:

        async def load():
            broker = await connect_broker(running.nats_url, "test")
            for turn in range(3):
                for at in range(turn * 200, turn * 200 + 200):
                    broker.publish([(f"up.dev{number}.data", frame(of, at)) for number in range(5)])
                    if at % 10 == 0:
                        await broker.ping()
                pid = running.pid("hub")
                os.kill(pid, signal.SIGKILL)
                await asyncio.to_thread(
                    until, lambda gone=pid: running.pid("hub") not in {None, gone}, "the hub is started again", 30
                )
            broker.close()

        asyncio.run(load())

        def stored():
            with psycopg.connect(running.dsn) as connection:
                return connection.execute("SELECT array_agg(mark), array_agg(stored) FROM ledger").fetchone()

        until(lambda: stored() == ([600] * 5, [600] * 5), "everything is stored", 60)
        with psycopg.connect(running.dsn) as connection:
            keys = connection.execute(
                "SELECT count(*), count(DISTINCT (device_no, incarnation, boot, seq)) FROM r_heater_reading"
            ).fetchone()
        assert keys == (3000, 3000)


@pytest.mark.slow
def test_a_broker_that_lost_the_end_of_its_stream_with_its_power_is_read_on_at_once(heater, tmp_path):
    """Its sequences begin anew below the committed place; what comes there is as new as anything, also what the hub comes late to."""
    of = layout(load_family(heater))
    kept = tmp_path / "kept"

    def running(*children):
        return stack(contracts=(heater,), children=("broker", "postgres", *children), state=tmp_path / "state")

    def files(broker):
        return broker.state.path("broker") / "jetstream"

    def lose(broker):
        shutil.rmtree(files(broker))
        shutil.copytree(kept, files(broker))

    def sent(broker, first, end):
        async def send():
            connection = await connect_broker(broker.nats_url, "test")
            connection.publish([("up.dev0.data", frame(of, at)) for at in range(first, end)])
            await connection.ping()
            connection.close()

        asyncio.run(send())

    def stored(hub, end):
        with psycopg.connect(hub.dsn, autocommit=True) as connection:
            until(lambda: connection.execute("SELECT stored FROM ledger").fetchone() == (end,), f"{end} are stored", 30)
            assert connection.execute("SELECT count(*) FROM event WHERE kind = 'generation'").fetchone() == (0,)

    with running("hub") as hub:
        sent(hub, 0, 20)
        stored(hub, 20)
        with hub.without("broker"):
            shutil.copytree(files(hub), kept)
        sent(hub, 20, 40)
        stored(hub, 40)
        with hub.without("broker"):
            lose(hub)
        sent(hub, 40, 45)
        stored(hub, 45)
    with running() as broker:
        with broker.without("broker"):
            lose(broker)
        sent(broker, 45, 80)
    with running("hub") as hub:
        stored(hub, 80)
