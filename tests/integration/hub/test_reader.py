"""Reading the stream: in order, within bounds, once, whatever the broker does."""

import asyncio

import pytest
from tests.integration.hub.harness import frame, layout, on_hub

from seamline.hub.ingest.busy import partition_of
from seamline.hub.ingest.nats import JetStreamError, NatsError, connect
from seamline.hub.ingest.reader import Limits, Position, Reader, consumers, ensure_stream, holds, unix_ns


async def reader_of(hub, limits=None, seq=0):
    await hub.stop()
    reader = Reader(hub.broker, 0, limits or Limits())
    await reader.attach(Position("", seq))
    return reader


async def read_on(reader):
    """Read for half a minute: a pull that met the deletion is lost without a word; the one after its expiry is told."""
    async with asyncio.timeout(30):
        while True:
            await reader.next(0.5)


def devices_of_partition_0(hub, count):
    names = (f"d{number}" for number in range(10_000))
    return [name for name in names if partition_of(name.encode(), hub.partitions) == 0][:count]


@on_hub
async def test_messages_come_in_the_streams_order_with_sequence_and_time(hub):
    (name,) = devices_of_partition_0(hub, 1)
    reader = await reader_of(hub)
    for at in range(500):
        hub.send("data", b"%d" % at, name)
    await hub.kept()
    got = []
    while len(got) < 500:
        batch = await reader.next(5)
        assert len(batch) > 0
        got += batch.payloads
        assert batch.seqs == sorted(batch.seqs)
        assert batch.stored_ns == sorted(batch.stored_ns)
        reader.acknowledge(batch)
    assert got == [b"%d" % at for at in range(500)]


@on_hub
async def test_what_is_read_ahead_stays_within_its_bounds_though_nobody_takes_it(hub):
    names = devices_of_partition_0(hub, 5)
    limits = Limits(batch_messages=50, batch_bytes=1 << 20, ahead_messages=200)
    reader = await reader_of(hub, limits)
    for _ in range(100):
        for name in names:
            hub.send("data", bytes(30_000), name)
    await hub.kept()
    total = len((await reader.next(5)).payloads)
    await hub.until(reader._ended.is_set, "what is read ahead is there")
    for _ in range(20):
        await hub.broker.ping()
    assert total + len(reader._ahead) <= 200 + 50
    while total < 500:
        batch = await reader.next(5)
        assert 0 < len(batch) <= 50
        assert batch.bytes == sum(map(len, batch.payloads)) <= 1 << 20
        assert len(reader._ahead) <= 200
        total += len(batch)
    assert reader._ahead.bytes == 0


@on_hub
async def test_reading_goes_on_behind_the_committed_place(hub):
    (name,) = devices_of_partition_0(hub, 1)
    for at in range(20):
        hub.send("data", b"%d" % at, name)
    await hub.kept()
    reader = await reader_of(hub, seq=15)
    batch = await reader.next(5)
    assert batch.seqs[0] == 16


@on_hub
async def test_a_broken_consumer_is_told_and_not_waited_for(hub):
    reader = await reader_of(hub)
    await hub.broker.jetstream(f"CONSUMER.DELETE.UP.{reader.consumer}")
    with pytest.raises(NatsError, match="ingest-0"):
        await read_on(reader)


@on_hub
async def test_a_reader_whose_place_was_taken_is_told_and_takes_nothing_more(hub):
    (name,) = devices_of_partition_0(hub, 1)
    first = await reader_of(hub)
    other = await connect(hub.nats_url, "other")
    second = Reader(other, 0, Limits())
    assert await second.attach(Position("", 0)) == 0
    assert list(await consumers(hub.broker, 0)) == [second.consumer]
    for at in range(100):
        hub.send("data", b"%d" % at, name)
    await hub.kept()
    with pytest.raises(NatsError, match=first.consumer):
        await read_on(first)
    got = []
    while len(got) < 100:
        got += (await second.next(5)).payloads
    assert got == [b"%d" % at for at in range(100)]
    other.close()


@on_hub
async def test_what_is_behind_a_message_that_another_took_is_not_given_out(hub):
    (name,) = devices_of_partition_0(hub, 1)
    reader = await reader_of(hub)
    hub.send("data", b"taken", name)
    await hub.kept()
    other = await connect(hub.nats_url, "other")
    taken = asyncio.Event()
    other.subscribe("_INBOX.other", lambda *_: taken.set())
    other.write(b"PUB $JS.API.CONSUMER.MSG.NEXT.UP.%b _INBOX.other 1\r\n1\r\n" % reader.consumer.encode())
    await taken.wait()
    for at in range(10):
        hub.send("data", b"%d" % at, name)
    await hub.kept()
    with pytest.raises(NatsError, match="delivery 1 is missing"):
        await read_on(reader)
    assert await (await reader_of(hub)).next(5)
    other.close()


@on_hub
async def test_a_new_reader_learns_how_far_the_one_before_it_had_acknowledged(hub):
    (name,) = devices_of_partition_0(hub, 1)
    reader = await reader_of(hub)
    for at in range(7):
        hub.send("data", b"%d" % at, name)
    await hub.kept()
    batch = await reader.next(5)
    while batch.seqs[-1] < 7:
        batch = await reader.next(5)
    reader.acknowledge(batch)
    await hub.broker.ping()
    assert await Reader(hub.broker, 0, Limits()).attach(Position("", 0)) == 7


@on_hub
async def test_the_stream_keeps_its_messages_when_the_number_of_partitions_changes(hub):
    for number in range(20):
        hub.send("data", b"x", f"d{number}")
    await hub.kept()
    created = await ensure_stream(hub.broker, 4)
    assert await ensure_stream(hub.broker, 4) == created
    assert (await hub.broker.jetstream("STREAM.INFO.UP"))["state"]["messages"] == 20
    for number in range(20):
        hub.send("data", b"x", f"d{number}")
    await hub.kept()
    found = (await hub.broker.jetstream("STREAM.INFO.UP", {"subjects_filter": "up.3.>"}))["state"]["subjects"]
    assert found


@on_hub
async def test_a_refused_login_and_a_refused_request_say_why(hub):
    with pytest.raises(NatsError, match="refused"):
        await connect(hub.nats_url.replace("hub:", "nobody:"), "test")
    with pytest.raises(NatsError, match="is away"):
        await connect("nats://127.0.0.1:1", "test")
    with pytest.raises(JetStreamError, match="not found"):
        await hub.broker.jetstream("STREAM.INFO.NONE")


@on_hub
async def test_the_stream_is_asked_for_the_message_at_the_committed_place(hub):
    of = layout(hub.family)
    hub.data(*(frame(of, at) for at in range(5)))
    await hub.settled()
    await hub.stop()
    seq, stored_ns = hub.one("SELECT seq, stored_ns FROM ingest_position WHERE seq > 0")
    assert seq == 5
    assert await holds(hub.broker, seq, stored_ns)
    assert not await holds(hub.broker, seq, stored_ns + 1)
    assert not await holds(hub.broker, seq - 1, stored_ns)
    await hub.broker.jetstream("STREAM.MSG.DELETE.UP", {"seq": 4})
    assert not await holds(hub.broker, 4, stored_ns)
    await hub.broker.jetstream("STREAM.PURGE.UP", {"seq": 5})
    assert await holds(hub.broker, 4, stored_ns)
    await hub.broker.jetstream("STREAM.PURGE.UP")
    assert await holds(hub.broker, seq, stored_ns)
    assert not await holds(hub.broker, seq + 1, stored_ns)
    await hub.broker.jetstream("STREAM.DELETE.UP")
    with pytest.raises(JetStreamError, match="not found"):
        await holds(hub.broker, seq, stored_ns)


@on_hub
async def test_a_stream_with_another_message_at_the_committed_place_is_read_from_its_start(hub):
    of = layout(hub.family)
    hub.data(*(frame(of, at) for at in range(3)))
    await hub.settled()
    await hub.stop()
    hub.rows("UPDATE ingest_position SET stored_ns = stored_ns - 1 RETURNING 1")
    hub.rows("DELETE FROM r_heater_reading RETURNING 1")
    hub.rows("DELETE FROM ledger RETURNING 1")
    await hub.start()
    await hub.settled()
    assert hub.ledger()[:4] == (3, 3, [], 3)
    assert hub.rows("SELECT 1 FROM event WHERE kind = 'generation'") == []


@pytest.mark.parametrize(
    ("time", "wanted"),
    [
        ("2026-11-22T16:58:18Z", 1_795_366_698_000_000_000),
        ("2026-11-22T16:58:18.5Z", 1_795_366_698_500_000_000),
        ("2026-11-22T16:58:18.123456789Z", 1_795_366_698_123_456_789),
        ("2026-11-22T16:58:18.000000001Z", 1_795_366_698_000_000_001),
    ],
)
def test_the_brokers_times_are_read_to_the_nanosecond(time, wanted):
    assert unix_ns(time) == wanted
