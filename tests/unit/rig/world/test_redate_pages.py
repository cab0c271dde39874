"""Dating anew, a hundred boots in a statement: it comes to the same however few rows are looked at in one."""

import numpy as np
import pytest

from seamline.hub.binary_copy import Writer
from seamline.hub.columns import Decoder
from seamline.hub.drive import drive
from seamline.hub.ingest.catalogue import Catalogue
from seamline.hub.steps import redate
from seamline.rig.world.memory_store import MemoryDatabase, MemoryStore

NOW_MS = 1_800_000_000_000
BEGAN_MS = NOW_MS - 100_000
ROWS = {1: 11, 2: 2, 3: 0}
"""Rows of each boot: one every second."""
ERROR_MS = 20


@pytest.fixture
def database(families):
    """One device whose boots were heard and anchored, with rows that have no date yet."""
    found = MemoryDatabase(lambda: NOW_MS * 1000, families)
    store = MemoryStore(found.connect())
    drive(store.run("new_devices", {"ids": ["d1"]}))
    whose = {"device_no": 1, "incarnation": 7}
    born = {**whose, "product": "heater", "contract": "heater/1.3.0", "firmware": "1.3.0", "boot": 3}
    drive(store.write("born_devices", [born]))
    drive(store.write("boots", [{**whose, "boot": boot, "redate_from_ms": 0, "uptime_ms": 20_000} for boot in ROWS]))
    anchors = [
        {
            **whose,
            "boot": boot,
            "at_ms": 0,
            "unix_ms": began_ms(boot),
            "source": "ntp",
            "uncertainty_ms": ERROR_MS,
            "received_ms": NOW_MS,
            "accepted": True,
        }
        for boot in ROWS
    ]
    drive(store.write("add_anchors", anchors))
    for boot, count in ROWS.items():
        if count:
            add_rows(store, families[0], boot, count)
    return found


def began_ms(boot):
    return BEGAN_MS + boot * 25_000


def add_rows(store, family, boot, count):
    layout = next(one for one in family.layouts.values() if one.message == "reading")
    fields = np.zeros(count, Decoder(layout).dtype)

    def same(value):
        return np.full(count, value, np.int64)

    keys = {
        "device_no": same(1),
        "incarnation": same(7),
        "boot": same(boot),
        "seq": np.arange(count),
        "arrival": same(NOW_MS * 1000),
        "uptime_ms": np.arange(count) * 1000,
        "measured": same(0),
        "error_ms": same(0),
        "quality": same(0),
        "revision": same(0),
        "digest": same(0),
    }
    drive(store.copy(Writer(layout), keys, np.zeros(count, np.bool_), fields))


def run(database, families):
    connection = database.connect()
    return drive(redate.redate(MemoryStore(connection, "worker"), MemoryStore(connection), Catalogue(families)))


def dates(database):
    """(boot, sequence) → (Unix µs, revision)."""
    rows = [row for table in database.tables.readings.values() for row in table.rows()]
    return {(row["boot"], row["seq"]): (row["measured"], row["revision"]) for row in rows}


@pytest.mark.parametrize(("few", "most"), [(200, 5_000), (3, 4), (11, 4), (1, 1), (2, 11)])
def test_every_row_of_every_boot_is_dated_once_however_few_are_looked_at_together(database, families, monkeypatch, few, most):
    monkeypatch.setattr(redate, "ROWS_FEW", few)
    monkeypatch.setattr(redate, "ROWS_MAX", most)
    assert run(database, families) == sum(ROWS.values())
    wanted = {(boot, at): (began_ms(boot) * 1000 + at * 1_000_000, 1) for boot, count in ROWS.items() for at in range(count)}
    assert dates(database) == wanted
    assert not database.tables.boot.waiting


def test_rows_that_are_dated_as_well_already_stay_as_they_are(database, families):
    run(database, families)
    before = dates(database)
    drive(MemoryStore(database.connect()).write("boots", [{"device_no": 1, "incarnation": 7, "boot": 1, "redate_from_ms": 0}]))
    assert run(database, families) == 0
    assert dates(database) == before


def test_only_rows_from_the_uptime_on_are_looked_at(database, families):
    row = {"device_no": 1, "incarnation": 7, "boot": 1}
    table = database.tables.boot
    for key, old in list(table.rows.items()):
        table.put(key, old.but(redate_from_ms=5_000 if key[2] == row["boot"] else None))
    assert run(database, families) == 6
    assert {at for (boot, at), date in dates(database).items() if date[0] is not None} == {5, 6, 7, 8, 9, 10}


def test_a_boot_of_which_something_new_was_heard_meanwhile_stays_due(database, families, monkeypatch):
    revisions = redate._revisions

    def heard_meanwhile(rows, *about):
        key = (1, 7, 2)
        table = database.tables.boot
        table.put(key, table.rows[key].but(redate_version=table.rows[key].redate_version + 1))
        return revisions(rows, *about)

    monkeypatch.setattr(redate, "_revisions", heard_meanwhile)
    run(database, families)
    assert list(database.tables.boot.waiting) == [(1, 7, 2)]
