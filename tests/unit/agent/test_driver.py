"""The driver executes what the core asks for, in order, durable first, and nothing after the power has gone."""

import asyncio
import json
import struct
from collections.abc import Callable, Coroutine, Sequence

import pytest
from tests.unit.agent.memory import Json, MemoryBroker, MemoryConnection, MemoryPort, answer_birth

from seamline.agent.driver import Driver, DriverEndedError, Times, held_records
from seamline.agent.store import Change, MemoryStore, StoreError
from seamline.device import Core

POLICY: Json = {
    "product": "probe",
    "version": "1.0.0",
    "contract": "probe/1.0.0",
    "connect_timeout_ms": 20,
    "answer_timeout_ms": 2000,
    "keep_alive_ms": 60_000,
    "backoff_base_ms": 1,
    "backoff_cap_ms": 5,
    "backoff_reset_after_ms": 1000,
    "spread_ms": 0,
    "drift_ppm": 50,
    "store": "flash",
    "capacity_bytes": 65536,
    "flight_frames": 4,
    "drop_first": [1],
    "channels": [
        {"id": 0, "name": "losses", "layout": 1, "fingerprint": 1, "record_bytes": 24, "every_ms": 10, "batch_max": 16, "priority": 0, "expires_ms": 0},
        {"id": 1, "name": "x", "layout": 1, "fingerprint": 2, "record_bytes": 8, "every_ms": 5, "batch_max": 4, "priority": 1, "expires_ms": 0},
    ],
    "state": [{"name": "set_point"}],
}  # fmt: skip


class SlowStore(MemoryStore):
    """Writes when told to, as a card does."""

    __slots__ = ("pending",)

    def __init__(self) -> None:
        super().__init__()
        self.pending: list[tuple[list[Change], asyncio.Future[None]]] = []

    def write(self, changes: Sequence[Change]) -> asyncio.Future[None]:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.pending.append((list(changes), future))
        return future

    def finish(self) -> None:
        changes, future = self.pending.pop(0)
        super().write(changes)
        future.set_result(None)


class Bench:
    """One device on a bench: core, driver, memory broker, and a hub that answers births."""

    def __init__(self, group: asyncio.TaskGroup, store: MemoryStore | None = None, *, deaf: bool = False) -> None:
        self.broker = MemoryBroker(on_publish=None if deaf else self.hub)
        self.store = store or MemoryStore()
        self.failures: list[BaseException] = []
        self.applied: list[tuple[str, object, int]] = []
        self.policy = POLICY | {"answer_timeout_ms": 5} if deaf else POLICY
        self.group = group
        self.boot()

    def boot(self) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        self.core = Core(self.policy, "probe-1", lambda: 7, self.store.load())
        self.driver = Driver(
            self.core,
            MemoryPort(self.broker),
            self.store,
            Times(20, 60_000),
            lambda: int((loop.time() - began) * 1000),
            failed=self.failures.append,
            apply=self._apply,
        )
        self.driver.start(self.group, "power_on", "1.0.0")

    def hub(self, connection: MemoryConnection, kind: str, payload: bytes) -> None:
        if kind == "birth":
            connection.send("session", answer_birth(json.loads(payload)))

    def _apply(self, name: str, value: object, version: int) -> None:
        self.applied.append((name, value, version))
        self.driver.poke(lambda now_ms: self.core.report(now_ms, name, value, version))


def run(body: Callable[[asyncio.TaskGroup], Coroutine[None, None, None]]) -> None:
    async def limited() -> None:
        async with asyncio.timeout(10), asyncio.TaskGroup() as group:
            await body(group)

    asyncio.run(limited())


async def until(holds: Callable[[], object]) -> None:
    while not holds():
        await asyncio.sleep(0.001)


def body(value: int) -> bytes:
    return struct.pack("<I", value)


def test_a_record_reaches_the_broker_and_is_let_go_at_the_mark() -> None:
    async def act(group: asyncio.TaskGroup) -> None:
        bench = Bench(group)
        assert bench.driver.record(1, body(41)) == 0
        await until(lambda: "data" in bench.broker.kinds())
        assert held_records(bench.core.books()) == 1
        birth = bench.broker.documents("birth")[0]
        marks = {
            "incarnation": birth["incarnation"],
            "session": birth["session"],
            "marks": [[birth["boot"], 1, 1]],
            "probe": None,
        }
        bench.broker.live.send("marks", marks)
        await until(lambda: held_records(bench.core.books()) == 0)
        await bench.driver.close()
        assert bench.broker.goodbyes == 1
        assert bench.broker.kinds()[-1] == "death", "the broker keeps the will to itself after a goodbye"
        assert bench.broker.documents("death")[0]["session"] == birth["session"]
        assert bench.failures == []

    run(act)


def test_nothing_is_said_before_what_it_leans_on_is_durable() -> None:
    async def act(group: asyncio.TaskGroup) -> None:
        store = SlowStore()
        bench = Bench(group, store)
        await until(lambda: store.pending)
        await asyncio.sleep(0.05)  # the first connect has long been due
        assert bench.broker.connections == []
        durable_at: dict[str, set[str]] = {}

        def note(connection: MemoryConnection, kind: str, payload: bytes) -> None:
            durable_at.setdefault(kind, set(store.entries))
            bench.hub(connection, kind, payload)

        bench.broker.on_publish = note
        bench.driver.record(1, body(1))
        while "data" not in durable_at:
            if store.pending:
                store.finish()
            await asyncio.sleep(0.001)
        assert any(key.startswith("c") for key in durable_at["birth"])
        assert any(key.startswith("o") for key in durable_at["data"])
        bench.driver.cut()

    run(act)


def test_records_are_taken_while_a_write_is_under_way() -> None:
    async def act(group: asyncio.TaskGroup) -> None:
        store = SlowStore()
        bench = Bench(group, store)
        assert [bench.driver.record(1, body(value)) for value in range(9)] == list(range(9))
        await until(lambda: store.pending)
        assert len(store.pending) == 1
        bench.driver.cut()

    run(act)


def test_a_store_that_fails_ends_the_driver_and_is_reported() -> None:
    async def act(group: asyncio.TaskGroup) -> None:
        store = SlowStore()
        bench = Bench(group, store)
        await until(lambda: store.pending)
        store.pending[0][1].set_exception(StoreError("state /x cannot be written: No space left on device"))
        await until(lambda: bench.failures)
        assert isinstance(bench.failures[0], StoreError)
        with pytest.raises(DriverEndedError):
            bench.driver.record(1, body(1))

    run(act)


def test_a_lost_connection_is_made_again_and_its_reason_told() -> None:
    async def act(group: asyncio.TaskGroup) -> None:
        bench = Bench(group)
        await until(lambda: "anchor" in bench.broker.kinds())
        bench.broker.live.drop("server_closed")
        await until(lambda: len(bench.broker.documents("birth")) == 2)
        assert bench.broker.documents("birth")[1]["last_end"] == "server_closed"
        assert json.loads(bench.broker.wills[0])["session"] == 1
        bench.driver.cut()

    run(act)


@pytest.mark.parametrize("reason", ["refused", "tls", "timeout", "dns", "network"])
def test_failed_connects_are_counted_by_reason_in_the_next_birth(reason: str) -> None:
    async def act(group: asyncio.TaskGroup) -> None:
        bench = Bench(group)
        bench.broker.refuse = reason
        await until(lambda: bench.broker.attempts >= 3)
        bench.broker.refuse = None
        await until(lambda: bench.broker.documents("birth"))
        [[told, count]] = bench.broker.documents("birth")[0]["failures"]
        assert told == reason
        assert count == bench.broker.attempts - 1
        bench.driver.cut()

    run(act)


def test_an_unanswered_device_closes_as_deaf_and_comes_back() -> None:
    async def act(group: asyncio.TaskGroup) -> None:
        bench = Bench(group, deaf=True)
        await until(lambda: len(bench.broker.connections) == 2)
        await until(lambda: len(bench.broker.documents("birth")) > 4)
        assert bench.broker.documents("birth")[-1]["last_end"] == "deaf"
        assert bench.broker.goodbyes >= 1
        bench.driver.cut()

    run(act)


def test_after_a_power_cut_nothing_is_sent_written_or_heard() -> None:
    async def act(group: asyncio.TaskGroup) -> None:
        bench = Bench(group)
        await until(lambda: "anchor" in bench.broker.kinds())
        bench.driver.record(1, body(1))
        connection = bench.broker.live
        bench.driver.cut()
        writes, published = bench.store.writes, list(bench.broker.published)
        connection.send("marks", {"nonsense": 1})
        await asyncio.sleep(0.05)  # the batch would have been due after 5 ms
        assert (bench.store.writes, bench.broker.published) == (writes, published)
        assert len(bench.broker.wills) == 1

    run(act)


def test_a_power_cut_while_writing_leaves_no_error_behind() -> None:
    async def act(group: asyncio.TaskGroup) -> None:
        store = SlowStore()
        bench = Bench(group, store)
        await until(lambda: store.pending)
        bench.driver.cut()
        store.pending[0][1].set_exception(StoreError("too late to matter"))
        await asyncio.sleep(0)
        assert bench.failures == []

    run(act)


def test_a_power_cut_while_connecting_leaves_nothing_open() -> None:
    async def act(group: asyncio.TaskGroup) -> None:
        bench = Bench(group)
        bench.broker.refuse = "timeout"
        await asyncio.sleep(0.02)
        bench.driver.cut()
        await asyncio.sleep(0)
        assert bench.broker.connections == []

    run(act)


def test_a_sealed_batch_outlives_the_power_and_is_sent_by_the_next_boot() -> None:
    async def act(group: asyncio.TaskGroup) -> None:
        bench = Bench(group)
        for value in range(4):  # a full batch: sealed at once, and in flash from then on
            bench.driver.record(1, body(value))
        bench.driver.cut()
        assert bench.broker.published == []
        bench.boot()
        await until(lambda: "data" in bench.broker.kinds())
        birth = bench.broker.documents("birth")[0]
        assert birth["held"] == [[1, 1, 0, 4]]
        assert birth["boot"] == 2
        bench.driver.cut()

    run(act)


def test_a_wish_is_applied_and_answered() -> None:
    async def act(group: asyncio.TaskGroup) -> None:
        bench = Bench(group)
        await until(lambda: "anchor" in bench.broker.kinds())
        wish = {"desired": {"set_point": {"value": 2150, "version": 3, "expires_ms": None}}, "known": {}}
        bench.broker.live.send("twin", wish)
        await until(lambda: any("set_point" in str(each["reported"]) for each in bench.broker.documents("twin")))
        assert bench.applied == [("set_point", 2150, 3)]
        bench.driver.cut()

    run(act)


def test_an_error_in_the_core_is_reported_and_not_swallowed() -> None:
    async def act(group: asyncio.TaskGroup) -> None:
        bench = Bench(group)
        await until(lambda: bench.driver.is_connected)

        def broken(now_ms: int, kind: str, payload: bytes) -> None:
            raise ZeroDivisionError

        bench.core.receive = broken
        bench.broker.live.send("twin", {})
        await until(lambda: bench.failures)
        assert isinstance(bench.failures[0], ZeroDivisionError)
        assert not bench.driver.is_connected

    run(act)


def test_an_effect_the_driver_does_not_know_is_an_error() -> None:
    async def act(group: asyncio.TaskGroup) -> None:
        bench = Bench(group)
        await until(lambda: bench.driver.is_connected)
        bench.core.effects = lambda: [("explode", 1)]
        bench.driver.poke(lambda _now_ms: None)
        assert "explode" in str(bench.failures[0])

    run(act)
