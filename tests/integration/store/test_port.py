"""What the port promises, on each store: transactions, savepoints, fencing, leases, and faults that a plan puts there."""

from __future__ import annotations

import asyncio
import contextlib
import json
from pathlib import Path

import psycopg
import pytest
from hypothesis import given, settings, strategies as st
from tests.integration.hub.harness import birth, frame, layout, said
from tests.integration.store.calls import NOW_MS

from seamline.contract import load_family
from seamline.hub.drive import Driven, NotDrivenError, Pause, drive
from seamline.hub.ingest import work
from seamline.hub.ingest.catalogue import Catalogue
from seamline.hub.ingest.commits import Commits
from seamline.hub.ingest.judge import judge
from seamline.hub.ingest.memory import Memory
from seamline.hub.ingest.meter import Meter
from seamline.hub.ingest.reader import Batch, Position
from seamline.hub.ingest.sessions import Told
from seamline.hub.store import unavailable
from seamline.hub.store_port import AwayError, FencedError
from seamline.rig.world.faulty_store import FaultyStore, KilledError, StoreFault, StoreFaultKind, StoreFaults
from seamline.rig.world.memory_store import MemoryDatabase, MemoryStore
from seamline.rig.world.tables import RefusedError

HEATER = Path(__file__).parents[3] / "examples" / "heater"
START = {"partition": 0, "stream": "s", "seq": 0}
MOVE = {"partition": 0, "stream": "s", "expected": 0, "seq": 9, "stored_ns": NOW_MS * 1_000_000}


def place(ground):
    """Stream, sequence, and when its message was taken; the last only where that is known."""
    (*rows,) = ground.run(ground.store().all("position", {"partition": 0}))
    return [tuple(cell for cell in row if cell is not None) for row in rows]


async def unasked(_seq, _stored_ns):
    """Whether a stream from which nothing was committed holds what was."""
    raise AssertionError


def test_what_a_transaction_did_is_there_after_its_end_and_not_after_an_error(ground):
    store = ground.store()

    async def begin_and_fail():
        async with store.transaction():
            await store.run("start_position", START)
            raise LookupError

    with pytest.raises(LookupError):
        ground.run(begin_and_fail())
    assert place(ground) == []

    async def begin():
        async with store.transaction():
            await store.run("start_position", START)

    ground.run(begin())
    assert place(ground) == [("s", 0)]


def test_an_inner_transaction_is_a_savepoint(ground):
    store = ground.store()

    async def nest():
        async with store.transaction():
            await store.run("new_devices", {"ids": ["outer"]})
            with contextlib.suppress(LookupError):
                async with store.transaction():
                    await store.run("new_devices", {"ids": ["inner"]})
                    raise LookupError
            await store.run("new_devices", {"ids": ["after"]})

    ground.run(nest())
    found = ground.run(store.all("devices", {"ids": ["outer", "inner", "after"]}))
    assert {(row[0], row[1]) for row in found} == {("outer", 1), ("after", 3)}


def test_after_a_refused_statement_a_transaction_takes_no_other_and_leaves_nothing(ground):
    store = ground.store()

    async def swallow():
        async with store.transaction():
            await store.run("new_devices", {"ids": ["a"]})
            with pytest.raises((psycopg.Error, RefusedError)) as first:
                await store.write("add_events", [{"at_ms": NOW_MS, "detail": {}}])
            with pytest.raises((psycopg.Error, RefusedError)) as second:
                await store.run("new_devices", {"ids": ["b"]})
            return first.value.sqlstate, second.value.sqlstate

    assert ground.run(swallow()) == ("23502", "25P02")
    assert ground.run(store.all("devices", {"ids": ["a", "b"]})) == []


def test_a_statement_that_touches_other_than_it_must_is_fenced(ground):
    store = ground.store()
    ground.run(store.run("start_position", START))
    ground.run(store.exactly("advance", 1, MOVE))
    with pytest.raises(FencedError):
        ground.run(store.exactly("advance", 1, MOVE))
    assert place(ground) == [("s", 9, MOVE["stored_ns"])]
    ground.run(store.run("start_position", START))
    assert place(ground) == [("s", 0)]


def test_a_lease_belongs_to_one_connection_until_that_ends(ground):
    one, other = ground.connect(), ground.connect()
    assert ground.run(one.lease(1, 2))
    assert ground.run(one.lease(1, 2))
    assert not ground.run(other.lease(1, 2))
    assert ground.run(other.lease(1, 3))
    ground.run(one.close())
    assert ground.run(other.lease(1, 2)) or ground.name == "postgresql"  # a backend takes a moment to end
    ground.run(other.close())


def test_a_closed_connection_is_away_and_has_kept_nothing(ground):
    ground.store()
    store = ground.connect()

    async def cut():
        async with store.transaction():
            await store.run("start_position", START)
            await store.close()
            await store.run("advance", MOVE)

    with pytest.raises((psycopg.Error, AwayError)) as away:
        ground.run(cut())
    assert unavailable(away.value)
    with pytest.raises((psycopg.Error, AwayError)) as still:
        ground.run(store.all("generation"))
    assert unavailable(still.value)
    assert place(ground) == []


def faulty(ground, *plan, now_ms=lambda: 0):
    faults = StoreFaults(plan, now_ms)
    ground.store()
    return FaultyStore(ground.connect(), faults), faults


async def begin_in(store):
    async with store.transaction():
        await store.run("start_position", START)


@pytest.mark.parametrize("effect", [0, 1, 2])
@pytest.mark.parametrize("kind", [StoreFaultKind.REFUSE, StoreFaultKind.AWAY, StoreFaultKind.KILL])
def test_a_fault_before_any_effect_of_a_transaction_leaves_nothing(ground, kind, effect):
    store, faults = faulty(ground, StoreFault(kind, first=effect, end=effect + 1))
    with pytest.raises(KilledError if kind is StoreFaultKind.KILL else AwayError):
        ground.run(begin_in(store))
    assert faults.fired == [(effect, ("begin", "start_position", "commit")[effect], kind)]
    assert place(ground) == []
    if kind is StoreFaultKind.REFUSE:
        ground.run(begin_in(store))
        assert place(ground) == [("s", 0)]
    ground.run(store.close())


def test_a_lost_commit_fails_after_having_been_made(ground):
    store, _ = faulty(ground, StoreFault(StoreFaultKind.LOSE_COMMIT))
    with pytest.raises(AwayError) as lost:
        ground.run(begin_in(store))
    assert unavailable(lost.value)
    assert place(ground) == [("s", 0)]


def test_a_database_is_away_for_as_long_as_the_plan_says(ground):
    clock = [0]
    away = StoreFault(StoreFaultKind.AWAY, from_ms=100, until_ms=200)
    store, faults = faulty(ground, away, now_ms=lambda: clock[0])
    ground.run(begin_in(store))
    clock[0] = 100
    with pytest.raises(AwayError):
        ground.run(store.run("start_position", START))
    clock[0] = 200
    again = FaultyStore(ground.connect(), faults)
    ground.run(again.run("start_position", {**START, "seq": 5}))
    assert place(ground) == [("s", 5)]
    ground.run(again.close())


class World:
    """One hub on tables in memory."""

    def __init__(self, families, *plan):
        self.catalogue = Catalogue(families)
        self.database = MemoryDatabase(lambda: NOW_MS * 1000, families)
        self.faults = StoreFaults(plan, lambda: 0)
        drive(MemoryStore(self.database.connect()).run("start_position", START))
        of = layout(families[0])
        said = [("birth", str(birth()).replace("'", '"').replace("None", "null").encode())]
        said += [("data", frame(of, first, [{}, {}])) for first in (0, 2, 7)]
        self.batch = Batch(
            [f"up.0.dev.{kind}".encode() for kind, _ in said],
            [payload for _, payload in said],
            [1, 2, 3, 4],
            [NOW_MS * 1_000_000] * 4,
        )

    def commit(self, seq=0):
        """The coroutine that stores the batch, on a connection of its own."""
        store = FaultyStore(MemoryStore(self.database.connect()), self.faults)
        parts = work.Parts(store, self.catalogue, Memory(), Told())
        judged = judge(self.batch, parts.memory.fleet, self.catalogue)
        return work.commit(parts, judged, work.Place(0, Position("s", seq), 4, NOW_MS * 1_000_000), NOW_MS)

    def ledger(self):
        return {key[3]: (row["mark"], row["high"], row["stored"]) for key, row in self.database.tables.ledger.rows.items()}


def test_a_batch_is_committed_without_event_loop_or_database(families):
    world = World(families)
    answers = drive(world.commit())
    assert world.ledger() == {1: (4, 9, 6)}
    assert answers.sessions
    assert len(world.database.tables.readings["r_heater_reading"]) == 6
    with pytest.raises(RuntimeError, match="no running event loop"):
        asyncio.get_running_loop()


def test_a_hub_killed_between_any_two_effects_of_a_batch_stores_it_once_when_it_comes_back(families):
    whole = World(families)
    drive(whole.commit())
    assert whole.faults.effects > 10
    for effect in range(whole.faults.effects):
        world = World(families, StoreFault(StoreFaultKind.KILL, first=effect, end=effect + 1))
        with pytest.raises(KilledError):
            drive(world.commit())
        assert world.ledger() == {}
        assert len(world.database.tables.readings["r_heater_reading"]) == 0
        drive(world.commit())
        assert world.ledger() == whole.ledger()


def test_a_batch_whose_commit_was_lost_is_fenced_when_it_is_tried_again(families):
    world = World(families, StoreFault(StoreFaultKind.LOSE_COMMIT))
    with pytest.raises(AwayError):
        drive(world.commit())
    with pytest.raises(FencedError):
        drive(world.commit())
    assert world.ledger() == {1: (4, 9, 6)}


def test_a_slow_store_waits_in_its_drivers_time_and_others_wait_for_its_transaction(families):
    world = World(families, StoreFault(StoreFaultKind.SLOW, first=1, end=2, wait_ms=40))
    slow = Driven(world.commit())
    assert slow.resume() == Pause(40)
    rival = Driven(world.commit())
    assert rival.resume() == Pause(1)
    assert rival.resume() == Pause(1)
    assert slow.resume() is None
    assert slow.result.sessions
    with pytest.raises(FencedError):
        rival.resume()
    assert world.ledger() == {1: (4, 9, 6)}


def test_a_coroutine_abandoned_in_its_transaction_leaves_nothing_and_lets_others_go_on(families):
    world = World(families, StoreFault(StoreFaultKind.SLOW, first=5, end=6, wait_ms=40))
    slow = Driven(world.commit())
    assert slow.resume() == Pause(40)
    slow.abandon()
    assert world.ledger() == {}
    drive(world.commit())
    assert world.ledger() == {1: (4, 9, 6)}


class PickyStore(MemoryStore):
    """A store that does not take the record of one sequence."""

    async def copy(self, writer, keys, dated, fields, physical=None):
        if 7 in keys["seq"]:
            raise RefusedError("22003", "out of range")
        await super().copy(writer, keys, dated, fields, physical)


def test_a_message_that_cannot_be_stored_is_found_and_all_others_are_stored_without_event_loop(families):
    world, told, said = World(families), Told(), []
    commits = Commits(0, world.catalogue, told, lambda: NOW_MS, Meter())
    store = PickyStore(world.database.connect())
    assert drive(commits.attach(store, Position("s", 0), unasked)) == Position("s", 0)
    drive(commits.begin_at(store, 0))
    drive(commits.take(commits.begin(store), world.batch, said.extend))
    tables = world.database.tables
    assert commits.position == Position("s", 4)
    assert [row["reason"] for row in tables.quarantine.rows.values()] == ["poison"]
    assert {key[3]: (row["stored"], row["quarantined"]) for key, row in tables.ledger.rows.items()} == {1: (4, 2)}
    assert {subject for subject, _ in said} == {"dn.dev.session", "dn.dev.marks"}
    drive(commits.flush(commits.parts))
    drive(commits.end())
    assert commits.parts is None


@settings(max_examples=60)
@given(
    spoken=st.lists(
        st.tuples(st.sampled_from(["dev", "other"]), st.integers(1, 2_500), st.sampled_from([0, 0x02]), st.booleans()),
        min_size=1,
        max_size=12,
    )
)
def test_after_any_commit_the_database_is_less_than_a_second_behind_with_when_each_device_was_heard(spoken):
    families = [load_family(HEATER)]
    world, at_ms, heard_ms = World(families), NOW_MS, {}
    commits = Commits(0, world.catalogue, Told(), lambda: at_ms, Meter())
    store = MemoryStore(world.database.connect())
    drive(commits.attach(store, Position("s", 0), unasked))
    parts = commits.begin(store)
    for number, (device, gap_ms, flags, dies) in enumerate([("dev", 0, 0, None), ("other", 1, 0, None), *spoken]):
        at_ms += gap_ms
        kind, payload = "data", frame(layout(families[0]), number, [{}], flags=flags)
        if dies is not False:
            kind, payload = ("death", said()) if dies else ("birth", birth())
            payload = json.dumps(payload).encode()
        if not dies:
            heard_ms[device] = at_ms
        batch = Batch([f"up.0.{device}.{kind}".encode()], [payload], [commits.position.seq + 1], [at_ms * 1_000_000])
        drive(commits.take(parts, batch, lambda _: None))
        tables = world.database.tables
        shown = {key: tables.presence.rows[row["no"]] for key, row in tables.device.rows.items()}
        assert (shown[device]["died_at"] is None) is not dies
        for key, row in shown.items():
            assert row["died_at"] or heard_ms[key] - 1_000 < row["last_heard"] // 1_000 <= heard_ms[key]


def test_after_a_restore_an_open_wish_has_a_version_that_no_device_has_seen(ground):
    """One that is settled keeps when it was: it is what the device did."""
    store, seen_ms = ground.store(), NOW_MS - 1_000
    wish = {"device_no": 1, "value": 1, "version": 7, "asked_by": "ann", "asked_ms": NOW_MS - 9_000, "known": 0}
    wish |= {"known_in": 0, "expires_ms": None, "sent_ms": seen_ms, "seen_ms": seen_ms}
    settled = {"property": "settled", "resolved_ms": NOW_MS, "resolution": "confirmed"}
    open_one = {"property": "open", "resolved_ms": None, "resolution": None}

    async def restored():
        await store.write("write_desired", [{**wish, **open_one}, {**wish, **settled}])
        await store.run("next_wishes")
        await store.run("raise_wishes")
        return [row[0] for row in await store.all("wishes_above")]

    (above,) = ground.run(restored())
    rows = {row["property"]: row for row in ground.dump()["twin_desired"]}
    assert above > 7
    assert {row["version"] for row in rows.values()} == {above}
    assert rows["open"]["seen_at"] is None
    assert rows["open"]["delivered_at"] is None
    assert rows["settled"]["seen_at"] is not None
    assert rows["settled"]["delivered_at"] is not None


def test_a_restored_database_gets_a_later_generation(families):
    world, told = World(families), Told()
    commits = Commits(0, world.catalogue, told, lambda: NOW_MS, Meter())
    store = MemoryStore(world.database.connect())
    drive(commits.attach(store, Position("s", 0), unasked))
    drive(commits.begin_at(store, 0))
    before = told.generation
    drive(commits.begin_at(store, 5))
    assert told.generation > before
    assert [row["kind"] for row in world.database.tables.event.rows.values()] == ["generation"]


def test_what_needs_an_event_loop_is_not_driven():
    with pytest.raises(NotDrivenError, match="event loop"):
        drive(asyncio.sleep(0))


def test_what_waits_is_not_driven_to_its_end_at_once():
    async def wait():
        await Pause(3)

    with pytest.raises(NotDrivenError, match="3 ms"):
        drive(wait())
