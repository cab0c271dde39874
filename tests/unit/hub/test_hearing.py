"""When a moment without an answer becomes an outage, and when it is over: the look, with a broker that answers what it is told to."""

import asyncio
import json

import pytest

from seamline.hub.hearing import GRACE_MS, LOOK_MS, Hearing, Known, Place
from seamline.hub.ingest.nats import NO_MESSAGE, NO_STREAM, JetStreamError, NatsError
from seamline.hub.presence import Outage

T0 = 1_763_000_000_000
CREATED = "2025-11-13T02:13:20Z"


class Broker:
    """A connection of two partitions: `kept` are the messages, (sequence, partition, arrival in ms from T0)."""

    def __init__(self):
        self.now_ms = T0
        self.kept = []
        self.error = None
        self.hangs = False
        self.health = b'{"data": {"status": "ok"}}'
        self.asked = 0

    async def jetstream(self, call, body=None):
        self.asked += 1
        if self.hangs:
            await asyncio.Event().wait()
        if self.error is not None:
            raise self.error
        if call == "STREAM.INFO.UP":
            return {"created": CREATED, "state": {"last_seq": max((seq for seq, *_ in self.kept), default=0)}}
        for seq, partition, at_ms in self.kept:
            if seq >= body["seq"] and body["next_by_subj"] == f"up.{partition}.>":
                return {"message": {"seq": seq, "time": f"2025-11-13T02:13:{20 + at_ms // 1000:02}.{at_ms % 1000:03}000123Z"}}
        raise JetStreamError(NO_MESSAGE, "no message found")

    async def request(self, subject, payload, timeout_s=5.0):
        assert (subject, json.loads(payload)) == ("$SYS.REQ.SERVER.PING.HEALTHZ", {})
        return self.health


@pytest.fixture
def broker():
    return Broker()


@pytest.fixture
def look(broker):
    hearing = Hearing(lambda: broker, lambda: broker.now_ms, lambda: broker)

    def at(ms, *places):
        broker.now_ms = T0 + ms
        return asyncio.run(hearing.look(Known([Place(*place) for place in places])))

    return at


def test_all_is_well_while_everything_kept_is_committed(broker, look):
    broker.kept = [(1, 0, 1_000), (2, 1, 2_000)]
    found = look(40_000, (0, CREATED, 1, T0 + 1_100), (1, CREATED, 2, T0 + 2_100))
    assert (found.broker, found.waiting_ms, found.stored_ms, found.outage) == (None, None, T0 + 2_100, None)


def test_what_has_waited_for_longer_than_the_grace_is_an_outage_since_its_arrival_until_it_is_stored(broker, look):
    broker.kept = [(1, 0, 1_000), (2, 1, 2_000), (3, 0, 3_000)]
    places = (0, CREATED, 1, T0 + 1_100), (1, CREATED, 2, T0 + 2_100)
    brief = look(3_000 + GRACE_MS, *places)
    assert (brief.waiting_ms, brief.outage) == (T0 + 3_000, None)
    assert look(3_001 + GRACE_MS + LOOK_MS, *places).outage == Outage(T0 + 3_000)
    assert look(40_000, (0, CREATED, 3, T0 + 39_000), places[1]).outage == Outage(T0 + 3_000, T0 + 40_000)


def test_a_backlog_that_is_being_read_is_one_outage_from_its_beginning(broker, look):
    broker.kept = [(1, 0, 1_000), (2, 0, 5_000)]
    assert look(30_000, (0, CREATED, 0, T0)).outage == Outage(T0 + 1_000)
    assert look(33_000, (0, CREATED, 1, T0 + 32_000)).outage == Outage(T0 + 1_000)


def test_places_in_another_stream_are_none(broker, look):
    broker.kept = [(1, 0, 1_000)]
    assert look(30_000, (0, "an older stream", 9, T0)).waiting_ms == T0 + 1_000


def test_a_stream_that_is_not_there_yet_has_nothing_to_store(broker, look):
    broker.error = JetStreamError(NO_STREAM, "stream not found")
    assert look(60_000).broker is None


@pytest.mark.parametrize("error", [NatsError("gone"), JetStreamError(10039, "JetStream not enabled")])
def test_a_broker_that_is_away_is_an_outage_since_all_was_last_well(broker, look, error):
    assert look(1_000).outage is None
    broker.error = error
    found = look(1_000 + GRACE_MS)
    assert (found.broker, found.waiting_ms, found.outage) == (str(error), None, None)
    assert look(1_001 + GRACE_MS + LOOK_MS).outage == Outage(T0 + 1_000)
    broker.error = None
    assert look(60_000).outage == Outage(T0 + 1_000, T0 + 60_000)


def test_an_outage_does_not_end_with_a_broker_that_has_gone_meanwhile(broker, look):
    broker.kept = [(1, 0, 1_000), (2, 0, 5_000)]
    look(30_000, (0, CREATED, 0, T0))
    broker.error = NatsError("gone")
    assert look(33_000, (0, CREATED, 1, T0 + 32_000)).outage == Outage(T0 + 1_000)


def test_a_broker_whose_disk_is_full_answers_and_is_no_good(broker, look):
    broker.health = b'{"data": {"status": "error", "error": "stream UP: write error: no space left on device"}}'
    assert look(1_000).broker == "it stores nothing more: stream UP: write error: no space left on device"


@pytest.mark.parametrize("health", [b"NATS/1.0 503\r\n\r\n", b'{"error": {}}', b'{"data": {"error": "a consumer is behind"}}'])
def test_other_words_of_the_server_are_not_taken_for_a_full_disk(broker, look, health):
    broker.health = health
    assert look(1_000).broker is None


def test_a_hub_without_a_connection_says_so():
    found = asyncio.run(Hearing(lambda: None, lambda: T0).look(Known()))
    assert found.broker == "not connected"


def test_a_broker_that_hangs_is_given_up_in_time(broker, look, monkeypatch):
    monkeypatch.setattr("seamline.hub.hearing.ASK_S", 0.01)
    broker.hangs = True
    found = look(1_000)
    assert found.broker == "no answer within 0.01 s"


def test_many_who_ask_at_once_are_told_the_same_by_one_look(broker):
    hearing = Hearing(lambda: broker, lambda: broker.now_ms)

    async def ask():
        return await asyncio.gather(*(hearing.look(Known()) for _ in range(20)))

    assert len({id(one) for one in asyncio.run(ask())}) == 1
    assert broker.asked == 1
    broker.now_ms += LOOK_MS
    asyncio.run(hearing.look(Known()))
    assert broker.asked == 2
