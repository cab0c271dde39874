"""Tables in memory: what is due when, what was written since, a full disk, a backup."""

import pytest
from hypothesis import given, strategies as st

from seamline.hub.drive import drive
from seamline.hub.store import unavailable
from seamline.rig.world.backup import Backup
from seamline.rig.world.memory_store import MemoryDatabase, MemoryStore
from seamline.rig.world.tables import NO_SPACE, Journal, NoSpaceError, Table
from seamline.rig.world.tables_rows import EventRow

NOW_US = 1_800_000_000_000_000


def timed(journal=None):
    return Table(journal or Journal(), when=lambda row: row["at"])


@given(st.lists(st.tuples(st.integers(0, 5), st.one_of(st.none(), st.integers(0, 20))), max_size=40), st.integers(0, 20))
def test_what_is_due_is_what_a_search_through_all_rows_finds(writes, now):
    table = timed()
    for key, at in writes:
        table.put(key, {"at": at})
        assert table.first_due() == min((row["at"] for row in table.rows.values() if row["at"] is not None), default=None)
    due = {key: row["at"] for key, row in table.rows.items() if row["at"] is not None and row["at"] <= now}
    assert set(table.due_until(now)) == due.keys()
    assert [due[key] for key in table.due_until(now)] == sorted(due.values())


@given(
    st.dictionaries(st.integers(0, 5), st.none() | st.integers(0, 20)),
    st.dictionaries(st.integers(0, 5), st.none() | st.integers(0, 20)),
)
def test_rows_put_together_are_put_and_taken_back_like_each_alone(before, now):
    both = []
    for put in (lambda table, rows: [table.put(key, row) for key, row in rows.items()], Table.put_all):
        journal = Journal()
        table = Table(journal, lambda key, _: key % 2, lambda row: row["at"] is None, lambda row: row["at"])
        table.changed = {}
        put(table, {key: {"at": at} for key, at in before.items()})
        mark, seen = len(journal.undo), []
        put(table, {key: {"at": at} for key, at in now.items()})
        for _ in range(2):
            owned = [sorted(key for key, _ in table.of(owner)) for owner in (0, 1)]
            seen.append(
                (dict(table.rows), set(table.waiting), owned, table.first_due(), set(table.due_until(9)), set(table.drain()))
            )
            journal.back_to(mark)
        both.append(seen)
    assert both[0] == both[1]
    assert both[1][1][0] == {key: {"at": at} for key, at in before.items()}


def test_what_is_taken_back_is_due_when_it_was_before():
    journal = Journal()
    table = timed(journal)
    table.put("a", {"at": 5})
    mark = len(journal.undo)
    table.put("a", {"at": 9})
    journal.back_to(mark)
    assert table.due_until(6) == ["a"]


def test_what_was_written_is_told_once_also_when_it_was_taken_back():
    journal = Journal()
    table = timed(journal)
    table.put("unwatched", {"at": 1})
    assert table.drain() == []
    table.changed = {}
    table.put("a", {"at": 1})
    table.put("a", {"at": 2})
    journal.back_to(1)
    assert table.drain() == ["a"]
    assert table.drain() == []


@pytest.fixture
def database(families):
    return MemoryDatabase(lambda: NOW_US, families)


def new_devices(database, *names):
    return drive(MemoryStore(database.connect()).run("new_devices", {"ids": list(names)}))


def test_a_full_disk_refuses_what_is_written_by_its_sqlstate_and_reads_on(database):
    new_devices(database, "d1")
    database.tables.journal.is_full = True
    with pytest.raises(NoSpaceError) as refused:
        new_devices(database, "d2")
    assert refused.value.sqlstate == NO_SPACE == "53100"
    assert unavailable(refused.value)
    assert drive(MemoryStore(database.connect()).all("devices_total")) == [(1,)]
    database.tables.journal.is_full = False
    assert new_devices(database, "d2") == 1


def test_a_transaction_on_a_full_disk_leaves_nothing(database):
    store = MemoryStore(database.connect())

    async def two_statements():
        async with store.transaction():
            await store.run("new_devices", {"ids": ["d1"]})
            database.tables.journal.is_full = True
            await store.run("new_devices", {"ids": ["d2"]})

    with pytest.raises(NoSpaceError):
        drive(two_statements())
    assert not database.tables.device.rows


def test_a_restore_brings_back_rows_and_identity_numbers(database):
    new_devices(database, "d1")
    backup = Backup(database.tables)
    new_devices(database, "d2", "d3")
    backup.restore(database.tables)
    assert [row["id"] for row in database.tables.device.rows.values()] == ["d1"]
    new_devices(database, "d4")
    assert database.tables.device.rows["d4"]["no"] == 2


def test_after_a_restore_wishes_count_on_above_every_version_that_was_given(database):
    store = MemoryStore(database.connect())
    assert drive(store.all("wishes_above")) == []
    drive(store.run("next_wishes"))
    ((above,),) = drive(store.all("wishes_above"))
    assert above == NOW_US // 1_000_000 - 1_700_000_000
    drive(store.run("next_wishes"))
    assert drive(store.all("wishes_above")) == [(above,)]


def test_a_compact_row_reads_as_any_other_by_name():
    row = EventRow(1, 2, None, "loss", None, None, None, {"records": 3})
    assert (row["kind"], row["device_no"], len(row)) == ("loss", None, 8)
    assert dict(row) == {
        "id": 1, "at": 2, "device_no": None, "kind": "loss", "boundary": None, "owner": None, "contact": None, "detail": {"records": 3}
    }  # fmt: skip
    with pytest.raises(KeyError):
        row["told"]
