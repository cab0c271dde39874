"""Bad day `raw-counts`: devices send raw ADC counts; each has coefficients of its own, and some are corrected later.

Physical values with units, raw counts kept; a corrected coefficient re-values history, with an audit row.
"""

from __future__ import annotations

import asyncio
import time

import psycopg
import pytest
from tests.integration.bad_days.scene import PATIENCE_S, query, scene, told

from seamline.contract.calibration import physical
from seamline.rig.calibrations import Sheets
from seamline.rig.fleet import models_of
from seamline.rig.verify import Verdict

ROWS = """
    SELECT device.id, r.boot, r.seq, room, element, digest FROM r_heater_reading r
    JOIN device ON no = device_no WHERE device.id LIKE %s ORDER BY 1, 2, 3
"""
VALUES = """
    SELECT r.seq, r.room, _raw_room, _version_room_ntc FROM heater_reading r WHERE device = %s ORDER BY boot, seq
"""
PASSES = """
    SELECT calibration, from_version, to_version, by, reason, rows, finished_at IS NOT NULL,
           first_measured <= last_measured FROM revaluation JOIN device ON no = device_no WHERE device.id = %s ORDER BY revaluation.id
"""
HISTORY = 40_000
STUCK = 23_456


def proved(house, sheets):
    """Every stored value is what the sheets give for its count, and every correction has its audit row."""
    verdict = Verdict()
    sheets.check(house.dsn, verdict)
    return verdict.problems


def until(holds, what, timeout_s=PATIENCE_S):
    deadline = time.monotonic() + timeout_s
    while not (found := holds()):
        assert time.monotonic() < deadline, f"not within {timeout_s:g} s: {what}"
        time.sleep(0.05)
    return found


def test_counts_become_physical_values_and_a_corrected_coefficient_revalues_history_while_the_fleet_measures(house, family):
    async def day():
        async with scene(house, family, models_of(family, 60, publish_every_ms_max=500), "counts", 6) as stage:
            ids = [device.id for device in stage.devices]
            late = ids[-1]
            sheets = Sheets.of("heater", family.layouts.values(), ids, seed=3)
            kept_back = {key: sheets.versions.pop(key) for key in [key for key in sheets.versions if key[0] == late]}
            sheets.bring_in(house.url)
            stage.fleet.power_on()
            await stage.lively()
            before = query(house, ROWS, "counts-%")
            assert {row[0] for row in before} == set(ids)
            assert all(value is None and version is None for _, value, _, version in query(house, VALUES, late))
            assert query(house, PASSES, ids[1]) == [], "who was calibrated before he was heard needs no history valued anew"

            sheets.versions.update(kept_back)
            Sheets("heater", sheets.layouts, sheets.calibrations, kept_back).bring_in(
                house.url
            )  # from the service, a little late
            await sheets.correct(house.url, (ids[0], "room_ntc"))
            await stage.lively()
            await stage.verdict()
            assert await sheets.settled(house.dsn)
            assert proved(house, sheets) == []

            after = query(house, ROWS, "counts-%")
            assert set(before) <= set(after), "raw counts are kept as they were"
            ((name, first, second, by, reason, rows, finished, ordered),) = query(house, PASSES, ids[0])
            assert (name, first, second, by, reason, finished, ordered) == ("room_ntc", 1, 2, "the rig", "corrected", True, True)
            assert 0 < rows <= len(query(house, VALUES, ids[0]))
            assert [row[:3] for row in query(house, PASSES, late)] == [("element_ntc", None, 1), ("room_ntc", None, 1)]
            shown_by_the_api(house, sheets, ids[0])

    asyncio.run(day())


def shown_by_the_api(house, sheets, device):
    view = told(house, f"/devices/{device}/readings?limit=1")
    units = {field["name"]: (field["unit"], field["calibration"]) for field in view["fields"]}
    assert (units["room"], units["element"]) == (("Cel", "room_ntc"), ("Cel", "element_ntc"))
    (row,) = view["rows"]
    calibration, coefficients = sheets.calibrations["room_ntc"], sheets.versions[device, "room_ntc"]
    assert row["values"]["room"] == pytest.approx(physical(calibration, coefficients[1], row["raw"]["room"]))
    assert row["versions"] == {"room_ntc": 2, "element_ntc": 1}
    (room,) = [one for one in told(house, f"/devices/{device}/calibrations") if one["name"] == "room_ntc"]
    assert [one["version"] for one in room["versions"]] == [2, 1]
    assert [(one["to_version"], one["by"]) for one in room["revaluations"]] == [(2, "the rig")]


def a_proof_that_can_fail(house, sheets, no):
    """One value, one version or one coefficient changed by hand is found."""
    for statement, back, says in (
        (
            "_physical_room = _physical_room + 0.001",
            "_physical_room = _physical_room - 0.001",
            "physical values that the coefficients",
        ),
        ("_version_room_ntc = NULL", "_version_room_ntc = 1", "physical values that the coefficients"),
    ):
        for change, found in ((statement, 1), (back, 0)):
            with psycopg.connect(house.dsn) as connection:
                connection.execute(f"UPDATE r_heater_reading SET {change} WHERE device_no = %s AND seq = 77", (no,))
            problems = proved(house, sheets)
            assert len(problems) == found
            assert all(says in problem for problem in problems)
    with psycopg.connect(house.dsn) as connection:
        connection.execute(
            "UPDATE calibration SET coefficients = coefficients || '{\"a\": 1}' WHERE device_no = %s AND name = 'room_ntc'", (no,)
        )
    assert any("coefficients that nobody gave" in problem for problem in proved(house, sheets))


def history(house, device):
    """A device with a history of its own, as ingest would have stored it before anybody knew its coefficients."""
    with psycopg.connect(house.dsn) as connection:
        ((no,),) = connection.execute("INSERT INTO device (id, product) VALUES (%s, 'heater') RETURNING no", (device,)).fetchall()
        connection.execute(
            "INSERT INTO r_heater_reading (device_no, incarnation, boot, seq, layout, arrival, uptime_ms, measured, error_ms, quality,"
            " revision, digest, room, element, power, mode, set_point)"
            " SELECT %s, 7, 1, at, 3, now(), at * 1000, now() - (%s - at) * interval '1 s', 50, 2, 0, at, 500 + at %% 3000, 1000, 0, 0, 2000"
            " FROM generate_series(0, %s - 1) AS at",
            (no, HISTORY, HISTORY),
        )
        connection.execute(
            "INSERT INTO ledger (device_no, incarnation, boot, channel, mark, high, stored) VALUES (%s, 7, 1, 1, %s, %s, %s)",
            (no, HISTORY, HISTORY, HISTORY),
        )
    return no


def test_a_hub_killed_in_the_midst_of_revaluing_goes_on_and_counts_each_row_once(house, family):
    device = "counts-killed"
    no = history(house, device)
    layouts = list(family.layouts.values())
    sheets = Sheets.of("heater", layouts, [device], seed=9)
    progress = "SELECT rows FROM revaluation WHERE device_no = %s AND calibration = 'room_ntc' AND finished_at IS NULL"
    with psycopg.connect(house.dsn) as holding:
        holding.execute("SELECT FROM r_heater_reading WHERE device_no = %s AND seq = %s FOR UPDATE", (no, STUCK))
        sheets.bring_in(house.url)
        stuck = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'seamline worker' AND wait_event_type = 'Lock'"
        until(lambda: query(house, stuck) == [(1,)], "the pass is in the midst of the history")
        house.kill("hub")
        until(lambda: query(house, stuck) == [(0,)], "its transaction is gone")
    house.wait_ready()
    ((rows, *_),) = query(house, "SELECT sum(rows) FROM revaluation WHERE device_no = %s", no) or [(0,)]
    assert int(rows) < 2 * HISTORY, "it was killed before its end"
    assert asyncio.run(sheets.settled(house.dsn))
    assert query(house, progress, no) == []
    assert query(house, PASSES, device) == [
        (name, None, 1, "the rig", "as measured in the factory", HISTORY, True, True) for name in ("element_ntc", "room_ntc")
    ]
    assert proved(house, sheets) == []
    a_proof_that_can_fail(house, sheets, no)
    assert query(house, "SELECT count(DISTINCT digest) FROM r_heater_reading WHERE device_no = %s", no) == [(HISTORY,)]
