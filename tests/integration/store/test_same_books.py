"""The production ingest and worker steps on both stores: the same lives give the same books, answers and tellings."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from tests.integration.hub.harness import frame
from tests.integration.store.batches import STEP_MS, WISHES, Turn, turns
from tests.integration.store.calls import NOW_MS
from tests.integration.store.grounds import repr_of
from tests.integration.store.test_store_conformance import in_columns

from seamline.hub.calibration_store import Added, add
from seamline.hub.ingest import work
from seamline.hub.ingest.catalogue import Catalogue
from seamline.hub.ingest.judge import judge
from seamline.hub.ingest.memory import Memory
from seamline.hub.ingest.reader import Position
from seamline.hub.ingest.sessions import Told
from seamline.hub.steps.presence import judge_presence
from seamline.hub.steps.redate import redate
from seamline.hub.steps.release import release
from seamline.hub.steps.revalue import revalue
from seamline.hub.steps.tell import tell_gaps, tell_losses, tell_quarantine
from seamline.hub.steps.twins import send_wishes, tick_twins
from seamline.hub.store_port import FencedError
from seamline.hub.twin_service import Announcer, UnknownPropertyError, ValueRefusedError, wish
from seamline.rig.world.tables import RefusedError

LATE_MS = 120_000
CURVE = {"c0": -40.0, "c1": 0.05, "c2": 0.0, "c3": 0.0}
NTC = {"a": 1.009249522e-3, "b": 2.378405444e-4, "c": 2.019202697e-7}


@dataclass
class Broker:
    """Takes downlinks down."""

    said: list = field(default_factory=list)
    closed: asyncio.Event = field(default_factory=asyncio.Event)

    def publish(self, messages):
        self.said += [(subject, bytes(payload)) for subject, payload in messages]


class Hub:
    """One ground's hub: what it answers is taken down."""

    def __init__(self, ground, families):
        self.ground, self.store, self.worker = ground, ground.store(), ground.store("worker")
        self.families, self.told, self.broker = families, Told(generation=3, fleet_devices=9), Broker()
        self.heard, self.seq, self.now_ms = [], 0, NOW_MS
        self.corrected = {}
        self.announcer = Announcer("", lambda: self.broker, lambda: self.now_ms)
        ground.run(self.store.run("start_position", {"partition": 0, "stream": "s", "seq": 0}))
        self.begin(Catalogue(map(without_the_newest, families)))

    def begin(self, catalogue):
        self.catalogue = catalogue
        self.parts = work.Parts(self.store, catalogue, Memory(), self.told)

    def commit(self, batch):
        judged = judge(batch, self.parts.memory.fleet, self.catalogue)
        place = work.Place(0, Position("s", self.seq), batch.seqs[-1], batch.stored_ns[-1])
        try:
            answers = self.ground.run(work.commit(self.parts, judged, place, self.now_ms))
        except (psycopg.Error, RefusedError, FencedError) as error:
            self.heard.append(getattr(error, "sqlstate", "fenced"))
            self.begin(self.catalogue)
            return
        self.seq = batch.seqs[-1]
        self.heard += list(answers.messages(self.parts.memory, self.now_ms))

    def step(self, name, at):
        late_ms = self.now_ms + LATE_MS
        steps = {
            "presence": lambda: judge_presence(self.worker, self.catalogue, late_ms),
            "redate": lambda: redate(self.worker, self.store, self.catalogue),
            "release": lambda: release(self.worker, self.store, self.catalogue),
            "quarantine": lambda: tell_quarantine(self.worker, self.catalogue, self.now_ms),
            "losses": lambda: tell_losses(self.worker, self.catalogue, self.now_ms),
            "gaps": lambda: tell_gaps(self.worker, self.catalogue, late_ms),
            "twins": lambda: tick_twins(self.worker, self.store, self.catalogue, self.announcer, late_ms),
            "wishes": lambda: send_wishes(self.worker, self.store, self.announcer, self.now_ms),
            "wish": lambda: self.wish(*WISHES[at % len(WISHES)]),
            "forget": self.forget,
            "correct": lambda: self.correct(at),
            "revalue": lambda: revalue(self.worker, rows_max=2),
        }
        self.heard.append((name, self.ground.run(steps[name]())))

    async def forget(self):
        """The hub starts anew, with every layout registered by now."""
        self.begin(Catalogue(self.families))

    async def correct(self, at):
        """Somebody corrects the coefficients of a device, heard or not: for good, from a moment on, or until it."""
        device, name = ("d1", "d2", "d4")[at % 3], ("element_ntc", "element_ntc", "room_ntc")[at % 3]
        numbers = CURVE | {"c0": -40.0 - at} if name == "element_ntc" else NTC
        bounds = ({}, {"from_ms": self.now_ms - 900}, {"to_ms": self.now_ms - 900})[at // 3 % 3]
        told = (numbers, bounds)
        wanted = Added(device, "heater", name, numbers, "anna", "bench 3", self.version(device, name, told), **bounds)
        store = self.ground.store("calibration")
        async with store.transaction():
            return await add(store, [wanted, replace(wanted, device="d3", expected=self.version("d3", name, told))])

    def version(self, device, name, told):
        """The newest version there is. What says the same as the newest adds none."""
        count, newest = self.corrected.get((device, name), (0, None))
        self.corrected[device, name] = (count + (told != newest), told)
        return count

    async def wish(self, name, value):
        try:
            return await wish(self.store, self.catalogue, "d1", name, value, by="anna", now_ms=self.now_ms)
        except (UnknownPropertyError, ValueRefusedError) as error:
            return type(error).__name__


def without_the_newest(family):
    """A family whose newest reading layout nobody has registered yet: frames of it wait in quarantine."""
    newest = max((one.version for one in family.layouts.values() if one.message == "reading"), default=0)
    known = {key: one for key, one in family.layouts.items() if (one.message, one.version) != ("reading", newest)}
    return replace(family, layouts=known)


def live(ground, families, story):
    """Run the story; what was answered, and every table."""
    ground.reset()
    hub = Hub(ground, families)
    for number, turn in enumerate(story):
        hub.now_ms = NOW_MS + number * STEP_MS
        ground.set_clock(hub.now_ms * 1000 + 321)
        if turn.restart:
            hub.begin(hub.catalogue)
        hub.commit(turn.batch(number))
        for at, step in enumerate(turn.steps):
            hub.step(step, number + at)
    tables = ground.dump()
    for event in tables["event"]:
        del event["id"]  # the order of a step's groups is nobody's promise
    tables["event"].sort(key=repr_of)
    return hub.heard, sorted(hub.broker.said), tables


def test_the_same_batches_give_the_same_books(both, families):
    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(turns(families[0]))
    def hold(story):
        real, made = (live(ground, families, story) for ground in both)
        assert made[0] == real[0]
        assert made[1] == real[1]
        for table, rows in real[2].items():
            assert in_columns(made[2][table], rows) == sorted(rows, key=repr_of), table

    hold()


def test_history_is_valued_anew_in_the_same_stretches(both, families):
    newest = max((one for one in families[0].layouts.values() if one.message == "reading"), key=lambda one: one.version)
    counted = [{"element": 1000 + at, "room": 2000 + at} for at in range(5)]
    head = {"incarnation": 7, "boot": 1, "uptime_ms": 9_000}
    found = []
    for ground in both:
        ground.reset()
        hub = Hub(ground, families)
        hub.begin(Catalogue(families))
        hub.commit(Turn([("d3", "data", frame(newest, 0, counted, **head))], [], restart=False).batch(0))
        hub.step("correct", 0)
        hub.commit(Turn([("d3", "data", frame(newest, 5, counted[:1], **head))], [], restart=False).batch(1))
        hub.step("correct", 3)
        hub.step("revalue", 0)
        tables = ground.dump()
        assert {(row["from_version"], row["to_version"], row["rows"]) for row in tables["revaluation"]} == {
            (None, 1, 5),
            (1, 2, 6),
        }
        assert all(row["finished_at"] is not None for row in tables["revaluation"])
        rows = sorted((row["seq"], row["_version_element_ntc"], row["_physical_element"]) for row in tables["r_heater_reading"])
        found.append((hub.heard, rows))
    assert found[0] == found[1]
    values = [-43.0 + 0.05 * (1000 + at) for at in (*range(5), 0)]
    assert found[0][1] == [(seq, 2, pytest.approx(value)) for seq, value in enumerate(values)]
