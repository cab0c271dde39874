"""What presence asks of the database: a device is read when it is new here, and written when the database is a second behind."""

from collections import Counter

import pytest
from hypothesis import given, strategies as st
from tests.integration.hub.harness import birth, frame, said
from tests.unit.hub.ingest.cut_store import CutStore
from tests.unit.hub.ingest.stage import NOW_MS, STREAM, Stage

from seamline.hub.drive import drive
from seamline.hub.ingest.devices import Devices, presence_row, written_ms
from seamline.hub.ingest.memory import Memory
from seamline.hub.ingest.reader import Position
from seamline.hub.presence import PresenceRow

SECOND_MS = 1_000
PRESENCE = {"devices", "new_devices", "heard", "presence"}
"""The statements that presence is read and written with."""


class Counted(Stage):
    """A hub whose statements are counted."""

    def start(self):
        super().start()
        self.counted = CutStore(self.database.connect(), 10**9)
        drive(self.commits.attach(self.counted, Position(STREAM, self.seq), self.holds))
        self.parts = self.commits.begin(self.counted)
        return self

    def asks(self, *messages):
        """How often each of these statements is run for a batch."""
        self.counted.done.clear()
        self.take(*messages)
        return {name: times for name, times in Counter(self.counted.done).items() if name in PRESENCE}

    def flushes(self):
        self.counted.done.clear()
        drive(self.commits.flush(self.commits.parts))
        return self.counted.done


@pytest.fixture
def stage(families):
    return Counted(families)


def data(stage, first, device="dev", **head):
    return ("data", frame(stage.reading, first, **head), device)


def test_a_new_device_is_looked_for_made_and_read(stage):
    assert stage.asks(data(stage, 0)) == {"devices": 2, "new_devices": 1, "presence": 1, "heard": 1}


def test_a_device_that_is_known_is_not_read_again_whatever_it_sends(stage):
    stage.take(("birth", birth()))
    assert stage.asks(data(stage, 0)) == {}
    assert stage.asks(("probe", {**said(), "probe": 1, "unanswered": 0})) == {"presence": 1}
    assert stage.asks(("death", said()), data(stage, 1)) == {"presence": 1}


@pytest.mark.parametrize("message", ["data", "birth"])
def test_a_device_that_only_the_database_knows_is_read_once_and_not_made(stage, message):
    stage.take(("birth", birth()))
    stage.start()
    asked = stage.asks(data(stage, 0) if message == "data" else ("birth", birth()))
    assert (asked["devices"], asked.get("new_devices")) == (1, None)


def test_of_a_batch_only_those_who_are_new_are_read(stage):
    stage.take(("birth", birth(), "a"))
    assert stage.asks(data(stage, 0, "a"), data(stage, 0, "b"), data(stage, 1, "a"))["devices"] == 2
    assert stage.asks(data(stage, 2, "a"), data(stage, 1, "b")) == {}


@pytest.mark.parametrize(("later_ms", "writes"), [(SECOND_MS - 1, {}), (SECOND_MS, {"heard": 1})])
def test_what_is_heard_is_written_when_the_database_is_a_whole_second_behind(stage, later_ms, writes):
    stage.take(("birth", birth()))
    stage.now_ms = NOW_MS + later_ms
    assert stage.asks(data(stage, 0)) == writes


def test_what_was_written_counts_for_the_next_second(stage):
    stage.take(("birth", birth()))
    for at in range(1, 4):
        stage.now_ms = NOW_MS + at * SECOND_MS
        assert stage.asks(data(stage, 2 * at)) == {"heard": 1}
        stage.now_ms += SECOND_MS // 2
        assert stage.asks(data(stage, 2 * at + 1)) == {}


@pytest.mark.parametrize("heard", [False, True], ids=["frames", "frames that heard us"])
def test_only_whom_the_database_is_behind_with_is_written(stage, heard):
    stage.take(("birth", birth(), "a"))
    stage.now_ms = NOW_MS + SECOND_MS - 2
    stage.take(("birth", birth(), "b"))
    flags = 1 if heard else 0
    stage.take(data(stage, 0, "b", flags=flags), data(stage, 0, "a", flags=flags))
    assert [stage.presence(device)["last_heard"] // 1000 - NOW_MS for device in "ab"] == [SECOND_MS, SECOND_MS - 2]
    assert [stage.presence(device)["last_answered"] is not None for device in "ab"] == [heard, False]


def test_a_flush_writes_what_is_new_and_nothing_twice(stage):
    stage.take(("birth", birth()))
    assert stage.flushes() == []
    stage.take(data(stage, 0))
    assert stage.flushes().count("heard") == 1
    assert stage.flushes() == []


def test_who_was_never_born_is_written_whole_and_then_like_anyone(stage):
    assert stage.asks(data(stage, 0))["presence"] == 1
    assert stage.flushes() == []
    stage.now_ms = NOW_MS + SECOND_MS
    assert stage.asks(data(stage, 1)) == {"heard": 1}


TIMES = st.integers(0, 6)
ROWS = st.builds(
    PresenceRow,
    incarnation=st.just(7),
    boot=st.just(2),
    session=st.integers(0, 3),
    born_ms=st.just(0),
    last_heard_ms=TIMES,
    last_answered_ms=st.none() | TIMES,
    died_ms=st.none() | TIMES,
    unanswered=st.integers(-1, 3),
)


@given(ROWS, TIMES, TIMES)
def test_the_presence_now_is_the_row_and_every_word_since_and_never_older(row, heard_ms, answered_ms):
    memory = Memory()
    fleet, slot = memory.fleet, memory.fleet.slot("dev")
    fleet.devices[slot].presence = row
    fleet.heard_ms[slot], fleet.answered_ms[slot] = max(heard_ms, answered_ms), answered_ms
    now = Devices(None, None, memory).current(slot)
    answers = answered_ms > (row.last_answered_ms or 0)
    words = [answered_ms] * answers + [fleet.heard_ms[slot]] * bool(fleet.heard_ms[slot] > row.last_heard_ms)
    lives = row.died_ms is not None and any(word_ms > row.died_ms for word_ms in words)
    assert now == row._replace(
        last_heard_ms=max(row.last_heard_ms, *words, 0),
        last_answered_ms=answered_ms if answers else row.last_answered_ms,
        unanswered=0 if answers else row.unanswered,
        died_ms=None if lives else row.died_ms,
    )


def test_of_a_device_without_a_row_nothing_is_known():
    memory = Memory()
    assert Devices(None, None, memory).current(memory.fleet.slot("dev")) is None


@pytest.mark.parametrize(("died_ms", "known_ms"), [(None, 40), (40, 0), (0, 0)])
def test_of_the_dead_the_database_knows_no_last_word(died_ms, known_ms):
    assert written_ms(PresenceRow(7, 1, 1, 20, 40, died_ms=died_ms)) == known_ms


def test_a_row_of_the_database_has_the_contracts_own_numbers(stage):
    terms = stage.catalogue.terms("heater/1.3.0")
    row = presence_row(3, PresenceRow(7, 2, 5, 20, 40, 30, 50, 1, "deaf", (("dns", 2), ("tls", 1))), terms)
    assert row == {
        "device_no": 3,
        "session": 5,
        "incarnation": 7,
        "boot": 2,
        "born_ms": 20,
        "last_heard_ms": 40,
        "last_answered_ms": 30,
        "died_ms": 50,
        "unanswered": 1,
        "last_end": "deaf",
        "failures": [["dns", 2], ["tls", 1]],
        "publish_every_ms": 60_000,
        "answer_timeout_ms": 12_000,
        "presumed_lost_after_ms": 180_000,
    }
