"""A partition's worker in virtual time: production's `Commits`, and what is around it."""

from itertools import count

import pytest

from seamline.hub.ingest.commits import Commits
from seamline.rig.world.broker import Broker
from seamline.rig.world.heap import MS, SECOND, Heap
from seamline.rig.world.hub import BATCH_US, commit
from seamline.rig.world.marks import Marks
from seamline.rig.world.plan import Fault, Kind, Plan
from seamline.rig.world.run import run
from seamline.rig.world.streams import Stream
from seamline.rig.world.world import Parts, World

FIVE_MINUTES_MS = 300_000


def test_batches_are_committed_by_what_runs_in_production(families, monkeypatch):
    taken = count()
    whole = Commits.take

    async def counted(self, parts, batch, say):
        next(taken)
        await whole(self, parts, batch, say)

    monkeypatch.setattr(Commits, "take", counted)
    world = World(Plan(2, 3, FIVE_MINUTES_MS), Parts(families))
    assert world.run().broken is None
    assert next(taken) == world.hub.meter.batches > 10
    assert world.hub.meter.messages == world.broker.stored


def test_a_plant_that_changes_nothing_changes_no_event(families):
    plan = Plan(2, 3, FIVE_MINUTES_MS, (Fault(90_000, Kind.HUB_KILL, -1, 2_000, {"effects": 12}),))
    assert run(plan, Parts(families, commit=commit)).digest == run(plan, Parts(families)).digest


@pytest.mark.parametrize("error", [KeyError("no such device"), ZeroDivisionError()], ids=repr)
def test_an_error_of_the_hubs_own_breaks_a_promise_although_production_would_set_the_message_aside(families, error):
    turn = count(1)

    def stumbles(parts, batch, place, now_ms, catalogue):
        if next(turn) == 3:
            raise error
        return commit(parts, batch, place, now_ms, catalogue)

    outcome = run(Plan(2, 2, FIVE_MINUTES_MS), Parts(families, commit=stumbles))
    assert outcome.broken is not None
    assert outcome.broken.promise == "no-error"
    assert type(error).__name__ in outcome.broken.what
    assert outcome.broken.__cause__ is error


def test_a_hub_that_finds_its_database_away_takes_the_same_batch_again(families):
    faults = (Fault(60_000, Kind.DATABASE_AWAY, -1, 20_000), Fault(120_000, Kind.DATABASE_AWAY, -1, 200))
    outcome = run(Plan(4, 4, FIVE_MINUTES_MS, faults), Parts(families))
    assert outcome.broken is None
    assert outcome.marks.counts["database-away"] >= 2
    assert outcome.rows == outcome.numbered


def test_what_a_hub_logs_is_not_written_to_the_terminal(families, capfd):
    plan = Plan(4, 3, FIVE_MINUTES_MS, (Fault(60_000, Kind.TAIL_LOST, -1, 2_000, {"messages": 30}),))
    outcome = run(plan, Parts(families))
    assert outcome.marks.counts["tail-lost"] == 1
    assert capfd.readouterr() == ("", "")


@pytest.fixture
def broker():
    broker = Broker(Heap(), Marks(), Stream(1, "broker", "will"), ["a", "b"], 1)
    for payload in (b"1", b"2", b"3"):
        broker.publish(0, "data", payload)
    return broker


def test_a_reader_learns_how_far_the_one_before_had_acknowledged(broker):
    assert broker.consume(0, 0) == 0
    broker.acknowledge(0, 2)
    assert broker.consume(0, 2) == 2
    assert [message.payload for message in broker.stream(0)] == [b"3"]


def test_a_broker_without_its_files_knows_no_acknowledgement(broker):
    broker.acknowledge(0, 2)
    broker.crash(lose_stream=True)
    broker.restart()
    assert broker.consume(0, 0) == 0
    assert not broker.stream(0)


@pytest.mark.parametrize("came", [0, 2, 3, 9])
def test_whatever_has_come_since_the_stream_lost_its_end_is_read(families, came):
    world = World(Plan(2, 2, FIVE_MINUTES_MS), Parts(families))
    hub, broker = world.hub, world.broker
    for device in world.devices.values():
        device.power_on()
    hub.start()
    world.heap.run(90 * SECOND)
    assert hub.caught_up
    broker.crash(lose_tail=3)
    hub.broker_lost()
    broker.restart()
    left, generation, read = broker.stored, hub.told.generation, hub.meter.messages
    for _ in range(came):
        broker.publish(0, "probe", b"")
    hub.broker_back()
    world.heap.run(92 * SECOND)
    assert hub.caught_up
    assert hub.meter.messages - read == broker.stored - left >= came
    assert hub.told.generation == generation


def test_a_database_that_knows_less_than_was_acknowledged_begins_a_new_generation(families):
    world = World(Plan(2, 2, FIVE_MINUTES_MS), Parts(families))
    hub, tables = world.hub, world.hub.database.tables
    for device in world.devices.values():
        device.power_on()
    hub.start()
    world.heap.run(90 * SECOND)
    before = hub.told.generation
    for row in list(tables.ingest_position.rows):
        known = {**tables.ingest_position.rows[row], "seq": 1, "stored_ns": None}
        tables.ingest_position.rows[row] = known
    hub.kill_after(0, 2_000 * MS)
    world.heap.run(170 * SECOND)
    assert hub.is_up
    assert hub.told.generation > before


@pytest.mark.parametrize("linger_us", [200 * MS, 2_500 * MS])
def test_a_hub_that_was_idle_waits_for_more_after_the_first_message_as_long_as_it_gathers(families, linger_us):
    world = World(Plan(2, 1, FIVE_MINUTES_MS), Parts(families))
    world.hub.linger_us = linger_us
    for device in world.devices.values():
        device.power_on()
    world.hub.start()
    world.heap.run(100 * SECOND)
    partition, batches = world.broker.partition(0), world.hub.meter.batches
    assert world.hub.caught_up
    world.broker.publish(0, "probe", b"")
    world.heap.run(world.heap.now_us + linger_us - 1)
    assert len(world.broker.stream(partition)) == 1
    assert world.hub.meter.batches == batches
    world.heap.run(world.heap.now_us + 100 * MS)
    assert not world.broker.stream(partition)
    assert world.hub.meter.batches == batches + 1


def test_a_hub_keeps_up_while_each_message_waits_no_longer_than_its_batch_takes(families):
    world = World(Plan(2, 1, FIVE_MINUTES_MS), Parts(families))
    for device in world.devices.values():
        device.power_on()
    world.hub.start()
    world.heap.run(100 * SECOND)
    assert world.hub.caught_up
    world.hub.weather(away=True)
    world.broker.publish(0, "probe", b"")
    world.heap.run(world.heap.now_us + BATCH_US)
    assert world.hub.caught_up
    world.heap.run(world.heap.now_us + 1)
    assert not world.hub.caught_up
    world.hub.weather(away=False)
    world.heap.run(world.heap.now_us + 60 * SECOND)
    assert world.hub.caught_up
    world.hub.die("hub-stopped")
    assert not world.hub.caught_up
