"""When each device was heard and when it heard us: true in memory at once, in the database within a second, over any restart."""

from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st
from tests.integration.hub.harness import birth, frame, said
from tests.unit.hub.ingest.stage import NOW_MS, Stage

from seamline.contract import load_family
from seamline.hub.drive import drive
from seamline.hub.ingest.devices import BEHIND_MS, written_ms
from seamline.hub.presence import PresenceRow

FAMILIES = [load_family(Path(__file__).parents[4] / "examples" / "heater")]
DEVICES = ("a", "b", "c")
U32, MS = st.integers(0, 2**32 - 1), st.integers(NOW_MS - 10**9, NOW_MS + 10**9)

PRESENCE = st.builds(
    PresenceRow,
    incarnation=U32,
    boot=U32,
    session=U32,
    born_ms=MS,
    last_heard_ms=MS,
    last_answered_ms=st.none() | MS,
    died_ms=st.none() | MS,
    unanswered=st.integers(-1, 8),
    last_end=st.none() | st.sampled_from(["deaf", "network"]),
    failures=st.lists(st.tuples(st.sampled_from(["dns", "refused", "tls"]), st.integers(1, 9)), max_size=3).map(tuple),
)
WORDS = st.lists(
    st.tuples(
        st.sampled_from(DEVICES),
        st.sampled_from(["frame", "frame that heard us", "damaged frame that heard us", "no frame"]),
        st.sampled_from([1, 10, 400, 999, 1_000, 1_001, 5_000]),
        st.sampled_from(["", "", "batch", "batch", "restart", "flush"]),
    ),
    max_size=16,
)
"""Data of a device, how many ms later the next comes, and what happens behind it."""


def data(stage, device, word, at):
    whole = frame(stage.reading, at, flags=1 if "heard us" in word else 0)
    return ("data", {"damaged frame that heard us": whole[:-8], "no frame": b"hello"}.get(word, whole), device)


def heard(stage, device):
    """When a device was heard and when it heard us, in ms, as the database has it."""
    row = stage.presence(device)
    return row["last_heard"] // 1000, None if row["last_answered"] is None else row["last_answered"] // 1000


@settings(max_examples=60)
@given(WORDS)
def test_the_database_is_never_a_second_behind_and_a_flush_makes_it_true(words):
    stage = Stage(FAMILIES)
    truth, batch = {}, []
    for at, (device, word, later_ms, then) in enumerate(words):
        batch.append(data(stage, device, word, at))
        before = truth.get(device, (0, None))[1]
        truth[device] = (
            stage.now_ms + len(batch) - 1,
            (stage.now_ms + len(batch) - 1 if word == "frame that heard us" else before),
        )
        if then or at == len(words) - 1:
            stage.take(*batch)
            batch = []
            for known, (heard_ms, _) in truth.items():
                assert heard_ms - BEHIND_MS < heard(stage, known)[0] <= heard_ms
            stage.now_ms += later_ms
        if then in {"flush", "restart"}:
            drive(stage.commits.flush(stage.commits.parts))
            assert {known: heard(stage, known) for known in truth} == truth
        if then == "restart":
            stage.start()
    drive(stage.commits.flush(stage.commits.parts))
    assert {known: heard(stage, known) for known in truth} == truth


def test_a_device_whose_frames_come_before_any_birth_has_a_presence_without_a_session(stage):
    stage.take(("data", frame(stage.reading, 0)), ("data", frame(stage.reading, 1)))
    row = stage.presence()
    assert (row["session"], row["incarnation"], row["boot"]) == (0, 0, 0)
    assert (row["born_at"], row["last_heard"], row["last_answered"]) == ((NOW_MS + 1) * 1000, (NOW_MS + 1) * 1000, None)


@settings(max_examples=60)
@given(st.lists(PRESENCE, min_size=1, max_size=3))
def test_a_presence_that_is_written_is_what_the_next_process_reads(rows):
    stage = Stage(FAMILIES)
    stage.take(*[("birth", birth(), device) for device in DEVICES[: len(rows)]])
    drive(stage.commits.parts.devices.write(list(enumerate(rows))))
    stage.start()
    judged = stage.take(*[("gossip", b"", device) for device in DEVICES[: len(rows)]])
    assert judged == []
    assert len(stage.tables.device.rows) == len(rows)
    loaded = stage.commits.parts
    drive(loaded.devices._load(DEVICES[: len(rows)]))
    fleet = loaded.memory.fleet
    for slot, row in enumerate(rows):
        assert loaded.devices.current(slot) == row
        assert (fleet.session[slot], fleet.written_ms[slot], bool(fleet.dirty[slot])) == (row.session, written_ms(row), False)


@pytest.mark.parametrize("anew", [False, True], ids=["the same process", "a new process"])
@pytest.mark.parametrize("word", ["frame", "frame that heard us"])
def test_any_word_of_a_device_that_died_is_written_at_once(stage, anew, word):
    stage.take(("birth", birth()), ("death", said()))
    assert stage.presence()["died_at"] == (NOW_MS + 1) * 1000
    if anew:
        stage.start()
    stage.take(data(stage, "dev", word, 0))
    row = stage.presence()
    assert (row["died_at"], row["last_heard"]) == (None, (NOW_MS + 2) * 1000)


def test_what_a_device_heard_before_it_asked_again_answers_no_later_question(stage):
    stage.take(("birth", birth()), data(stage, "dev", "frame that heard us", 0))
    stage.take(("probe", {**said(heard_ms=900), "probe": 1, "unanswered": 2}))
    assert stage.presence()["unanswered"] == 2
    stage.now_ms += BEHIND_MS
    stage.take(data(stage, "dev", "frame", 1))
    assert stage.presence()["unanswered"] == 2, "it was heard, and hears us no better than before"
    stage.take(data(stage, "dev", "frame that heard us", 2))
    stage.now_ms += BEHIND_MS
    stage.take(data(stage, "dev", "frame", 3))
    assert stage.presence()["unanswered"] == 0


def test_a_device_is_one_row_however_many_of_its_messages_come_first_and_whoever_else_is_new(stage):
    stage.take(("data", frame(stage.reading, 0), "a"))
    stage.take(
        ("data", frame(stage.reading, 0), "b"),
        ("data", frame(stage.reading, 1), "a"),
        ("birth", birth(), "c"),
        ("birth", birth(), "b"),
    )
    assert sorted(stage.tables.device.rows) == ["a", "b", "c"]
    assert len({stage.no(device) for device in DEVICES}) == 3
    assert [stage.ledger(device=device).stored for device in "ab"] == [2, 1]


def test_what_was_heard_and_is_not_written_yet_is_in_what_the_next_control_message_writes(stage):
    stage.take(("birth", birth()))
    stage.take(data(stage, "dev", "frame that heard us", 0))
    assert stage.presence()["last_answered"] is None
    stage.take(("death", said()))
    row = stage.presence()
    assert (row["last_answered"], row["died_at"]) == ((NOW_MS + 1) * 1000, (NOW_MS + 2) * 1000)
