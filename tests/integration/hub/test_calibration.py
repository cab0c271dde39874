"""Raw counts are valued as they are stored, and history anew when coefficients are added; the counts themselves never change."""

import functools
from contextlib import asynccontextmanager

import pytest
from tests.integration.hub.harness import birth, frame, layout, losses, on_hub

from seamline.contract.calibration import physical
from seamline.hub import calibration_store
from seamline.hub.calibration_store import Added, ConflictError, Outcome
from seamline.hub.calibrations import of_layouts
from seamline.hub.ingest.values import CALIBRATIONS_LOCK
from seamline.hub.steps import revalue as step
from seamline.hub.steps.revalue import revalue
from seamline.hub.store import PostgresStore, connect

NTC = {"a": 1.009249522e-3, "b": 2.378405444e-4, "c": 2.019202697e-7}
CURVE = {"c0": -40.0, "c1": 0.05, "c2": 0.0, "c3": 0.0}
STEEPER = CURVE | {"c1": 0.06}
ROWS = "SELECT seq, element, _physical_element, _version_element_ntc FROM r_heater_reading ORDER BY seq"


@asynccontextmanager
async def connected(hub):
    async with await connect(hub.dsn, "test") as connection:
        yield connection


async def add(hub, *wanted):
    async with connected(hub) as connection, connection.transaction():
        return await calibration_store.add(PostgresStore(connection, "calibration"), wanted)


def given(coefficients, expected=0, *, name="element_ntc", device="dev", **bounds):
    return Added(device, "heater", name, coefficients, "anna", "bench 3", expected, **bounds)


async def revalued(hub):
    async with connected(hub) as connection:
        while await revalue(PostgresStore(connection, "worker")) or hub.rows("SELECT FROM revaluation WHERE finished_at IS NULL"):
            pass


def in_short_stretches(test):
    """`on_hub`, with passes of seven rows a transaction and two transactions a turn."""

    @functools.wraps(test)
    def run(hub):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(step, "ROWS_MAX", 7)
            patch.setattr(step, "STRETCHES_MAX", 2)
            on_hub(test)(hub)

    return run


def counts(*elements):
    return [{"element": element, "room": 2048} for element in elements]


def straight(coefficients, *elements):
    return [coefficients["c0"] + coefficients["c1"] * element for element in elements]


@on_hub
async def test_counts_are_valued_as_they_are_stored_with_the_devices_own_coefficients(hub):
    await add(hub, given(CURVE), given(STEEPER, device="other"), given(NTC, name="room_ntc"))
    for device in ("dev", "other", "third"):
        hub.send("birth", birth(), device)
        hub.data(frame(layout(hub.family), 0, counts(1000, 2000)), device=device)
    await hub.settled()
    found = hub.rows(
        "SELECT device, _raw_element, element, _version_element_ntc, room, _version_room_ntc FROM heater_reading ORDER BY device, seq"
    )
    ntc = of_layouts([layout(hub.family)])["room_ntc"]
    assert found[:2] == [
        ("dev", element, pytest.approx(value), 1, pytest.approx(physical(ntc, NTC, 2048)), 1)
        for element, value in zip((1000, 2000), straight(CURVE, 1000, 2000), strict=True)
    ]
    assert found[2:4] == [
        ("other", 1000, pytest.approx(20.0), 1, None, None),
        ("other", 2000, pytest.approx(80.0), 1, None, None),
    ]
    assert found[4:] == [("third", 1000, None, None, None, None), ("third", 2000, None, None, None, None)]
    assert hub.rows("SELECT FROM revaluation") == [], "nothing was stored before"


@on_hub
async def test_a_correction_revalues_history_with_an_audit_row_and_leaves_the_counts(hub):
    await add(hub, given(CURVE))
    hub.data(frame(layout(hub.family), 0, counts(1000, 2000, 65_535)))
    await hub.settled()
    before = hub.rows("SELECT seq, element, digest, xmin::text FROM r_heater_reading ORDER BY seq")
    await add(hub, given(STEEPER, 1))
    hub.data(frame(layout(hub.family), 3, counts(1000)))
    await hub.settled()
    assert [row[3] for row in hub.rows(ROWS)] == [1, 1, 1, 2], "what comes from now on has the new coefficients at once"
    await revalued(hub)
    values = straight(STEEPER, 1000, 2000, 65_535, 1000)
    assert hub.rows(ROWS) == [
        (seq, element, pytest.approx(value), 2)
        for seq, (element, value) in enumerate(zip((1000, 2000, 65_535, 1000), values, strict=True))
    ]
    assert [row[:3] for row in hub.rows("SELECT seq, element, digest FROM r_heater_reading ORDER BY seq")][:3] == [
        row[:3] for row in before
    ]
    audit = "SELECT calibration, from_version, to_version, by, reason, rows, finished_at IS NOT NULL, first_measured <= last_measured FROM revaluation"
    assert hub.rows(audit) == [("element_ntc", 1, 2, "anna", "bench 3", 3, True, True)]


@on_hub
async def test_history_from_before_the_first_coefficients_is_valued_by_them(hub):
    hub.data(frame(layout(hub.family), 0, counts(1000)))
    await hub.settled()
    assert hub.rows(ROWS) == [(0, 1000, None, None)]
    await add(hub, given(CURVE))
    await revalued(hub)
    assert hub.rows(ROWS) == [(0, 1000, pytest.approx(10.0), 1)]
    assert hub.rows("SELECT from_version, to_version, rows FROM revaluation") == [(None, 1, 1)]


@on_hub
async def test_a_replaced_sensor_leaves_alone_what_the_old_one_measured(hub):
    await add(hub, given(CURVE))
    hub.data(*(frame(layout(hub.family), at, counts(1000), uptime_ms=1_000 * at) for at in range(4)))
    await hub.settled()
    newest_ms = hub.one("SELECT (max(extract(epoch FROM coalesce(measured, arrival))) * 1000)::int8 FROM r_heater_reading")
    replaced_ms = newest_ms + 1
    await add(hub, given(STEEPER, 1, from_ms=replaced_ms))
    hub.data(frame(layout(hub.family), 4, counts(1000), uptime_ms=60_000))
    await hub.settled()
    await revalued(hub)
    assert [row[3] for row in hub.rows(ROWS)] == [1, 1, 1, 1, 2]
    await add(hub, given(CURVE | {"c0": -41.0}, 2, to_ms=replaced_ms))
    await revalued(hub)
    assert [row[3] for row in hub.rows(ROWS)] == [3, 3, 3, 3, 2], "the old sensor is corrected, the new one is not"
    assert [row[0] for row in hub.rows("SELECT rows FROM revaluation ORDER BY id")] == [0, 4]


@on_hub
async def test_rows_whose_date_moves_over_a_bound_are_valued_anew(hub):
    hub.data(frame(layout(hub.family), 0, counts(1000)))
    await hub.settled()
    moment = hub.one("SELECT (extract(epoch FROM coalesce(measured, arrival)) * 1000)::int8 FROM r_heater_reading")
    await add(hub, given(CURVE))
    await add(hub, given(STEEPER, 1, to_ms=moment - 100_000))
    await revalued(hub)
    assert [row[3] for row in hub.rows(ROWS)] == [1]
    async with hub.stores() as (worker, _):
        await worker.connection.execute("UPDATE r_heater_reading SET measured = arrival - interval '10 min'")
        asked = {"devices": [1], "reason": "dates revised", "dated": True}
        assert await worker.run("ask_again", asked) == 1
        assert await worker.run("ask_again", asked) == 0, "it is asked for already"
    await revalued(hub)
    assert [row[3] for row in hub.rows(ROWS)] == [2]
    assert hub.rows("SELECT by, reason, rows FROM revaluation ORDER BY id DESC LIMIT 1") == [("hub", "dates revised", 1)]


@in_short_stretches
async def test_two_corrections_in_a_row_end_at_the_second_each_with_its_own_audit(hub):
    hub.data(*(frame(layout(hub.family), 10 * at, counts(*range(1000, 1010))) for at in range(5)))
    await hub.settled()
    await add(hub, given(CURVE))
    await add(hub, given(STEEPER, 1))
    await revalued(hub)
    assert [row[3] for row in hub.rows(ROWS)] == [2] * 50
    assert hub.rows("SELECT from_version, to_version, rows FROM revaluation ORDER BY id") == [(None, 1, 50), (1, 2, 50)]


@in_short_stretches
async def test_a_pass_that_is_broken_off_goes_on_where_it_was_and_counts_each_row_once(hub):
    hub.data(*(frame(layout(hub.family), 10 * at, counts(*range(1000, 1010))) for at in range(5)))
    await hub.settled()
    await add(hub, given(CURVE))
    async with connected(hub) as connection:
        await revalue(PostgresStore(connection, "worker"))
        assert hub.one("SELECT rows FROM revaluation") == 14
        async with connection.transaction(force_rollback=True):  # killed before its commit
            await revalue(PostgresStore(connection, "worker"))
    assert hub.one("SELECT rows FROM revaluation") == 14
    await revalued(hub)
    assert hub.one("SELECT rows FROM revaluation") == 50
    assert [row[3] for row in hub.rows(ROWS)] == [1] * 50


@on_hub
async def test_batches_and_corrections_at_the_same_time_leave_no_row_with_an_old_version(hub):
    version = 0
    for at in range(30):
        hub.data(frame(layout(hub.family), at, counts(1000)))
        if at % 3 == 0:
            await add(hub, given(CURVE | {"c0": float(at)}, version))
            version += 1
    await hub.settled()
    await revalued(hub)
    assert [row[3] for row in hub.rows(ROWS)] == [version] * 30


@on_hub
async def test_adding_is_all_or_nothing_and_doing_it_again_changes_nothing(hub):
    first = [given(CURVE, device="one"), given(NTC, device="two", name="room_ntc")]
    assert await add(hub, *first) == Outcome(2, 0)
    assert await add(hub, *first) == Outcome(0, 2)
    with pytest.raises(ConflictError) as refused:
        await add(hub, given(CURVE, device="three"), given(STEEPER, device="one"))
    assert {place: newest.version for place, newest in refused.value.found.items()} == {1: 1}
    assert hub.rows("SELECT id, product FROM device ORDER BY id") == [("one", "heater"), ("two", "heater")]
    with pytest.raises(ConflictError):
        await add(hub, given(CURVE, 4, device="four"))
    assert await add(hub, given(STEEPER, 1, device="one")) == Outcome(1, 0)
    assert hub.rows("SELECT version FROM calibration ORDER BY serial") == [(1,), (1,), (2,)]


@on_hub
async def test_where_no_field_is_calibrated_a_batch_waits_for_nobody(hub):
    hub.send("birth", birth())
    async with connected(hub) as connection, connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock(%s)", (CALIBRATIONS_LOCK,))
        hub.data(frame(layout(hub.family, "vitals", 1), 0, [{}]), losses(0, (1, 1, 1, 0, 1)))
        await hub.settled()
    assert hub.one("SELECT count(*) FROM r_heater_vitals") == 1
