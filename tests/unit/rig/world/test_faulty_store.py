"""Faults at a hub's effects: which they strike, in which order, and when they are over. Stores under them: tests/integration/store."""

import pytest
from hypothesis import given, strategies as st

from seamline.hub.drive import drive
from seamline.hub.store_port import AwayError
from seamline.rig.world.faulty_store import (
    FaultyStore,
    KilledError,
    LostAnswerError,
    StoreFault,
    StoreFaultKind as Kind,
    StoreFaults,
)
from seamline.rig.world.memory_store import MemoryDatabase, MemoryStore

START = {"partition": 0, "stream": "s", "seq": 0}


def store_under(faults):
    return FaultyStore(MemoryStore(MemoryDatabase(lambda: 0).connect()), faults)


async def twice_nested(store):
    async with store.transaction():
        await store.run("start_position", START)
        async with store.transaction():
            await store.run("start_position", START)


def test_statements_begins_releases_and_the_commit_are_effects():
    faults = StoreFaults([StoreFault(Kind.SLOW, first=0, end=0)])
    drive(twice_nested(store_under(faults)))
    assert faults.effects == 6  # begin, statement, savepoint, statement, release, commit
    assert faults.fired == []


@given(after=st.integers(0, 40), sends=st.lists(st.booleans(), min_size=50, max_size=60))
def test_a_kill_strikes_after_exactly_so_many_effects_whatever_they_are(after, sends):
    faults = StoreFaults()
    drive(faults.meet("before"))
    faults.kill_after(after)
    for send in sends[:after]:
        faults.send() if send else drive(faults.meet("statement"))
    with pytest.raises(KilledError):
        faults.send() if sends[after] else drive(faults.meet("statement"))
    assert not faults.goes_on(Kind.KILL)
    faults.send()


def test_a_later_kill_takes_the_place_of_one_that_was_to_come():
    faults = StoreFaults()
    faults.kill_after(1)
    faults.kill_after(2)
    faults.send()
    faults.send()
    with pytest.raises(KilledError):
        faults.send()


def test_a_kill_that_is_ended_does_not_strike():
    faults = StoreFaults()
    faults.kill_after(0)
    faults.end(Kind.KILL)
    faults.send()
    drive(faults.meet("statement"))


def test_a_kill_comes_before_an_absence_that_was_there_first():
    faults = StoreFaults()
    faults.begin(StoreFault(Kind.AWAY))
    faults.kill_after(0)
    with pytest.raises(KilledError):
        drive(faults.meet("statement"))


def test_messages_leave_while_the_database_is_away():
    faults = StoreFaults()
    faults.begin(StoreFault(Kind.AWAY))
    faults.send()
    with pytest.raises(AwayError):
        drive(faults.meet("statement"))
    faults.end(Kind.AWAY)
    drive(faults.meet("statement"))


@pytest.mark.parametrize("times", [1, 2, 3])
def test_so_many_commits_lose_their_answers_and_the_next_does_not(times):
    faults = StoreFaults()
    faults.begin(StoreFault(Kind.LOSE_COMMIT, times=times))
    for _ in range(times):
        assert faults.goes_on(Kind.LOSE_COMMIT)
        with pytest.raises(LostAnswerError):
            drive(twice_nested(store_under(faults)))
    drive(twice_nested(store_under(faults)))
    assert [what for _, what, _ in faults.fired] == ["commit"] * times


def test_two_faults_of_the_same_words_are_two():
    faults = StoreFaults()
    for _ in range(2):
        faults.begin(StoreFault(Kind.LOSE_COMMIT, times=1))
    assert drive(faults.meet("commit"))
    assert not faults.goes_on(Kind.LOSE_COMMIT)
    assert not drive(faults.meet("commit"))


def test_a_lost_commit_is_made_and_its_connection_is_over():
    store = store_under(StoreFaults([StoreFault(Kind.LOSE_COMMIT)]))
    with pytest.raises(LostAnswerError):
        drive(twice_nested(store))
    with pytest.raises(AwayError):
        drive(store.all("position", {"partition": 0}))
    assert store.inner.connection.database.tables.ingest_position.rows


def test_a_refused_savepoint_leaves_nothing_of_its_transaction():
    faults = StoreFaults([StoreFault(Kind.REFUSE, first=2, end=3)])
    store = store_under(faults)
    with pytest.raises(AwayError):
        drive(twice_nested(store))
    assert store.depth == 0
    assert drive(store.all("position", {"partition": 0})) == []
