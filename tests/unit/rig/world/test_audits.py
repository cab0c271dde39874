"""What the rig holds twins, events and settings against: each lie in the tables is found."""

import pytest
from hypothesis import given, strategies as st

from seamline.rig.world.plan import Fault, Kind, Plan
from seamline.rig.world.promises import BrokenPromise
from seamline.rig.world.settings import Said, Settings, raw_value
from seamline.rig.world.tables_rows import EventRow
from seamline.rig.world.world import Parts, World

WISH = Fault(100_000, Kind.WISH, 0, 0, {"setting": 1, "permille": 300, "announced": 1})


@pytest.fixture
def world(families):
    made = World(Plan(4, 1, 300_000, (WISH,)), Parts(families))
    assert made.run().broken is None
    return made


def only(table):
    ((key, row),) = table.rows.items()
    return key, row


def found(world, promise):
    with pytest.raises(BrokenPromise) as broken:
        world.audits.committed()
    assert broken.value.promise == promise
    return str(broken.value)


def test_a_wish_whose_version_falls_is_found(world):
    desired = world.hub.database.tables.twin_desired
    key, row = only(desired)
    desired.put(key, {**row, "version": 0})
    assert "wish 0 comes after wish 1" in found(world, "versions")


def test_a_version_that_means_two_values_is_found(world):
    desired = world.hub.database.tables.twin_desired
    key, row = only(desired)
    desired.put(key, {**row, "value": row["value"] + 1})
    assert "then for" in found(world, "versions")


def test_a_wish_that_is_called_confirmed_without_the_devices_word_is_found(world):
    desired = world.hub.database.tables.twin_desired
    key, row = only(desired)
    desired.put(key, {**row, "version": 9, "value": 777, "resolution": None, "seen_at": None})
    world.audits.committed()
    desired.put(key, {**row, "version": 9, "value": 777, "resolution": "confirmed", "seen_at": None})
    assert "the device never said so" in found(world, "twin-honest")


def test_a_wish_that_is_shown_as_delivered_without_the_devices_word_is_found(world):
    desired = world.hub.database.tables.twin_desired
    key, row = only(desired)
    assert row["seen_at"] is not None  # the device said so, of this one
    desired.put(key, {**row, "version": row["version"] + 1, "resolution": None})
    assert "never said that it has it" in found(world, "twin-honest")


def test_a_value_that_the_device_did_not_say_is_found(world):
    tables = world.hub.database.tables
    key, _ = only(tables.twin_desired)
    row = tables.twin_reported.rows[key]
    tables.twin_reported.put(key, {**row, "version": row["version"] + 1, "value": 1})
    assert "did not say" in found(world, "twin-honest")


def test_a_report_that_goes_back_is_found(world):
    tables = world.hub.database.tables
    key, _ = only(tables.twin_desired)
    row = tables.twin_reported.rows[key]
    tables.twin_reported.put(key, {**row, "version": row["version"] - 1})
    assert "comes after" in found(world, "versions")


def test_a_wish_that_stays_open_and_a_twin_that_lags_are_not_settled(world):
    tables = world.hub.database.tables
    key, row = only(tables.twin_desired)
    assert world.audits.unsettled() == ""
    tables.twin_desired.put(key, {**row, "version": 2, "resolution": None, "seen_at": None})
    assert "asked, not delivered" in world.audits.unsettled()
    world.devices[0].settings.values[key[1]] = 1
    with pytest.raises(BrokenPromise, match="twins-converged: holds"):
        world.audits.end("at once")


def test_an_event_that_tells_of_what_was_not_lost_is_found(world):
    event = world.hub.database.tables.event
    event.put(99, EventRow(99, 0, 1, "loss", None, None, None, {"records": 3}))
    with pytest.raises(BrokenPromise, match="told-once: 0 records of loss, and the events tell of 3"):
        world.audits.end("at once")


def test_a_step_with_work_left_is_found(world):
    boot = world.hub.database.tables.boot
    key, row = next(iter(boot.rows.items()))
    boot.put(key, row.but(redate_from_ms=0))
    assert world.audits.unsettled() == "redate"
    with pytest.raises(BrokenPromise, match="caught-up"):
        world.audits.end("at once")


def test_settings_survive_another_firmware_and_not_an_erased_memory():
    settings = Settings({"a": 1, "b": 2})
    settings.values["a"] = 5
    settings.run_on({"a": 1, "c": 3})
    assert settings.values == {"a": 5, "c": 3}
    settings.reset()
    assert settings.values == {"a": 1, "c": 3}
    settings.say((7, 1, "a"), Said(0, 1, None))
    assert settings.has_said((7, 1, "a"), Said(0, True, None))
    assert not settings.has_said((7, 2, "a"), Said(0, 1, None))


@given(st.integers(0, 1_000))
def test_a_value_so_far_into_its_range_is_allowed(families, permille):
    for item in families[0].current.state.values():
        assert item.allows(raw_value(item, permille))


# -- whose mail it is ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "says"),
    [("twin", "is told to have set_point at 1250, wish 1, and nobody asked that of it"), ("marks", "which it never was")],
)
def test_what_is_about_another_device_is_found(kind, says, families):
    world = World(Plan(4, 2, 300_000, (WISH,)), Parts(families))
    send = world.broker.send

    def astray(device, sent, payload):
        send(device, sent, payload)
        if (device, sent) == (0, kind):
            send(1, sent, payload)

    world.broker.send = astray
    broken = world.run().broken
    assert broken is not None
    assert (broken.promise, broken.device) == ("own-mail", 1)
    assert says in broken.what
