"""What owners are told of: a device's presence as its readers see it, a new incarnation, and dates that its anchors give."""

import pytest

from seamline.rig.world.promises import BrokenPromise
from seamline.rig.world.tables_rows import EventRow
from seamline.rig.world.told_audit import ToldAudit


@pytest.fixture
def tables(ran):
    return ran.hub.database.tables


@pytest.fixture
def number(tables):
    return next(iter(tables.device.rows.values()))["no"]


def happened(tables, device, kind, **detail):
    number = max(tables.event.rows, default=0) + 1
    tables.event.put(number, EventRow(number, 0, device, kind, None, None, None, detail))
    return number


def test_what_readers_are_shown_and_owners_are_not_told_is_found(tables, number):
    told = ToldAudit(tables)
    assert "the last that its owner was told is None" in told.untold(number, "deaf")
    made = [happened(tables, number, "deaf"), happened(tables, number, "quarantine"), happened(tables, None, "lost")]
    assert told.untold(number, "deaf") == ""
    assert "its owner was told is deaf" in told.untold(number, "lost")
    made.append(happened(tables, number, "lost"))
    assert told.untold(number, "lost") == ""
    for one in made:
        tables.event.remove(one)
    told.restored()
    assert told.untold(number, "lost")


def test_of_a_device_that_is_there_or_silent_nobody_need_be_told(tables, number):
    told = ToldAudit(tables)
    assert told.untold(number, "online") == told.untold(number, "silent") == told.untold(number, None) == ""


def test_a_new_incarnation_that_nobody_is_told_of_is_found(tables, number):
    told = ToldAudit(tables)
    assert told.unnamed() is None
    key, row = next((key, row) for key, row in tables.boot.rows.items() if row.firmware is not None)
    other = (key[0], key[1] ^ 1, key[2])
    tables.boot.put(other, row.but(incarnation=key[1] ^ 1))
    assert told.unnamed() == (number, "was born in 2 incarnations, and events tell of 0 new ones")
    made = happened(tables, number, "new-incarnation", incarnation=key[1] ^ 1)
    assert told.unnamed() is None
    tables.event.remove(made)
    tables.boot.remove(other)


def test_a_record_that_the_anchors_of_its_boot_do_not_date_is_found(ran):
    ran.audits.steps.dated()
    sheet = next(sheet for table in ran.hub.database.tables.readings.values() for sheet in table.sheets.values() if sheet.used)
    column = sheet.column("quality")
    before = int(column[0])
    column[0] = 0
    with pytest.raises(BrokenPromise, match="has no date by the boot's") as broken:
        ran.audits.steps.dated()
    assert (broken.value.promise, broken.value.device) == ("dates", 0)
    column[0] = before
