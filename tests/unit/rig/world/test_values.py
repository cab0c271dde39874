"""Coefficients that are corrected in the world: history is valued anew whatever is killed when, and what is not is found."""

from __future__ import annotations

import numpy as np
import pytest

from seamline.contract.calibration import physical
from seamline.hub.binary_copy import Writer
from seamline.hub.calibration_store import Added, add
from seamline.hub.calibrations import of_layouts
from seamline.hub.columns import Decoder
from seamline.hub.drive import drive
from seamline.hub.ingest.catalogue import Catalogue
from seamline.hub.params import Int8s
from seamline.hub.steps.redate import redate
from seamline.hub.steps.revalue import revalue
from seamline.rig.world.coefficients import sensors_of
from seamline.rig.world.draw import draw
from seamline.rig.world.faulty_store import FaultyStore, KilledError, StoreFaults
from seamline.rig.world.memory_store import STATEMENTS, MemoryDatabase, MemoryStore
from seamline.rig.world.plan import SPECS, Fault, Kind, Plan
from seamline.rig.world.scenarios import CHASE_MS, DAYS
from seamline.rig.world.world import Parts, World

QUARTER_HOUR_MS = 900_000
EVER, FROM, UNTIL = range(3)


def correction(at_ms, device=0, *, permille=500, bound=EVER, back_ms=0, which=0):
    numbers = {"which": which, "permille": permille, "bound": bound, "back_ms": back_ms}
    return Fault(at_ms, Kind.CORRECTION, device, 0, numbers)


def world_of(families, *faults, devices=2, seed=4):
    return World(Plan(seed, devices, QUARTER_HOUR_MS, tuple(sorted(faults, key=lambda fault: fault.at_ms))), Parts(families))


def held(world):
    outcome = world.run()
    assert outcome.broken is None
    return outcome.marks.counts


def broken(world):
    outcome = world.run()
    assert outcome.broken is not None
    return outcome.broken


def passes(world):
    rows = world.hub.database.tables.revaluation.rows.values()
    return [(row["from_version"], row["to_version"], row["rows"] > 0, row["finished_at"] is not None) for row in rows]


def test_a_correction_values_history_anew_and_what_comes_afterwards_with_it(families):
    world = world_of(families, correction(300_000), correction(500_000, permille=900))
    marks = held(world)
    assert (marks["calibrated-late"], marks["corrected"]) == (1, 1)
    assert passes(world) == [(None, 1, True, True), (1, 2, True, True)]
    name = min(of_layouts(families[0].layouts.values()))
    given = world.hub.database.tables.calibration.rows[1, "heater", name, 2]["coefficients"]
    for sheet in world.hub.database.tables.readings["r_heater_reading"].sheets.values():
        for at in sheet.of_device(1).tolist():
            row = sheet.row(at)
            wanted = physical(of_layouts([sheet.layout])[name], given, row["element"])
            assert row["_physical_element"] == pytest.approx(wanted)
            assert row["_version_element_ntc"] == 2


def test_a_correction_with_a_bound_leaves_alone_what_lies_beyond_it(families):
    world = world_of(families, correction(200_000), correction(600_000, bound=FROM, back_ms=120_000, permille=10))
    held(world)
    versions = [row.get("_version_element_ntc") for row in world.hub.database.tables.readings["r_heater_reading"].rows()]
    assert {1, 2} <= set(versions)


def test_who_was_never_heard_needs_no_pass(families):
    world = world_of(families, correction(1))
    marks = held(world)
    assert marks["calibrated-unheard"] == 1
    assert passes(world) == []


def test_a_correction_that_the_database_refuses_is_not_there(families):
    away = Fault(200_000, Kind.DATABASE_AWAY, -1, 20_000)
    world = world_of(families, away, correction(210_000))
    assert held(world)["correction-refused"] == 1
    assert world.hub.database.tables.calibration.rows == {}


@pytest.mark.parametrize("effects", range(0, 60, 6))
def test_a_hub_that_is_killed_in_the_midst_of_a_pass_goes_on_and_counts_each_record_once(families, effects):
    world = world_of(families, correction(600_000), Fault(600_100, Kind.HUB_KILL, -1, 500, {"effects": effects}))
    world.hub.background.revalue_rows = 3
    held(world)
    assert passes(world) == [(None, 1, True, True)]


def test_a_restored_database_knows_what_it_was_valued_with(families):
    restored = Fault(500_000, Kind.RESTORED, -1, 2_000, {"back_ms": 150_000})
    world = world_of(families, correction(300_000), correction(400_000, permille=900), restored, correction(600_000, permille=5))
    marks = held(world)
    assert marks["database-restored"] == 1
    assert [row["version"] for row in world.hub.database.tables.calibration.rows.values()] == [1, 2]


# -- what is not done is found -----------------------------------------------------------------------------------------

HISTORY = (correction(300_000), correction(500_000, permille=900))


def spoilt(name, spoil):
    """The statements of the stores, one of the worker's of which spoils something after it did what it should."""
    inner = STATEMENTS["worker"][name]

    def planted(base, given, names):
        found = inner(base, given, names)
        spoil(base)
        return found

    return {**STATEMENTS, "worker": {**STATEMENTS["worker"], name: planted}}


def readings(base):
    return next(sheet for sheet in base.readings["r_heater_reading"].sheets.values() if sheet.is_valued)


def another_count(base):
    readings(base).fields["element"][0] += 1


def another_value(base):
    readings(base).physical("_physical_element")[0] += 0.001


def another_version(base):
    sheet = readings(base)
    sheet.revalue(0, {"_version_element_ntc": 0, "_physical_element": float("nan")})


def another_figure(base):
    for row in base.revaluation.rows.values():
        row["rows"] += 1


def no_trace(base):
    for number in list(base.revaluation.rows):
        base.revaluation.remove(number)


@pytest.mark.parametrize(
    ("name", "spoil", "promise"),
    [
        ("revalue", another_count, "physical"),
        ("revalue", another_value, "physical"),
        ("finished", another_version, "in-force"),
        ("passed", another_figure, "on-record"),
        ("finished", no_trace, "on-record"),
    ],
)
def test_a_pass_that_spoils_something_is_found(families, monkeypatch, name, spoil, promise):
    world = world_of(families, *HISTORY, devices=1)
    monkeypatch.setattr("seamline.rig.world.memory_store.STATEMENTS", spoilt(name, spoil))
    assert broken(world).promise == promise


def test_a_correction_that_is_not_worked_off_is_found(families, monkeypatch):
    async def idle(_store, _rows_max=None):
        return 0

    monkeypatch.setattr("seamline.hub.steps.turns.revalue", idle)
    found = broken(world_of(families, *HISTORY, devices=1))
    assert found.promise == "caught-up"
    assert "revalue" in found.what


# -- dates that are revised --------------------------------------------------------------------------------------------

T_MS = 1_790_000_000_000
AGO_MS = 600_000


def redated_world(families):
    """A boot whose rows came now, and as an anchor says were measured ten minutes ago: other coefficients held then."""
    database = MemoryDatabase(lambda: T_MS * 1000, families)
    store, adding = MemoryStore(database.connect()), MemoryStore(database.connect(), "calibration")
    layout = max((one for one in families[0].layouts.values() if one.message == "reading"), key=lambda one: one.version)
    drive(adding.write("known_devices", [{"device": "d1", "product": "heater"}]))
    same = {"incarnation": 7, "boot": 1, "arrival": T_MS * 1000}
    keys = {name: np.full(3, value) for name, value in {"device_no": 1, **same}.items()}
    keys |= {"seq": np.arange(3), "uptime_ms": np.arange(3) * 1_000}
    keys |= {name: np.zeros(3, np.int64) for name in ("measured", "error_ms", "quality", "revision", "digest")}
    drive(store.copy(Writer(layout), keys, np.zeros(3, np.bool_), np.zeros(3, Decoder(layout).dtype)))
    of_boot = {"device_no": 1, "incarnation": 7, "boot": 1}
    said = {"at_ms": 0, "unix_ms": T_MS - AGO_MS, "source": "ntp", "uncertainty_ms": 20, "received_ms": T_MS}
    drive(store.write("add_anchors", [{**of_boot, **said, "accepted": True, "why": None}]))
    drive(store.write("boots", [{**of_boot, "first_ms": T_MS, "last_ms": T_MS, "redate_from_ms": 0}]))
    ledger = {"channel": 1, "mark": 3, "high": 3, "gaps": [], "stored": 3, "quarantined": 0, "declined": 0, "lost": 0}
    drive(store.write("write_rows", [{**of_boot, **ledger, "duplicates": 0, "version": 1, "was": 0, "arrival": 1}]))
    sensor = sensors_of([layout])["element_ntc"]
    first = Added("d1", "heater", "element_ntc", sensor.sheet(500), "anna", "bench")
    second = Added("d1", "heater", "element_ntc", sensor.sheet(900), "anna", "bench", 1, from_ms=T_MS - AGO_MS // 2)
    for wanted in (first, second):
        drive(add(adding, [wanted]))
    worker = MemoryStore(database.connect(), "worker")
    while drive(revalue(worker)):
        pass
    return database


def versions(database):
    return [row["_version_element_ntc"] for row in database.tables.readings["r_heater_reading"].rows()]


def redated(database, families, kill_after=None):
    faults = StoreFaults()
    if kill_after is not None:
        faults.kill_after(kill_after)
    connection = database.connect()
    stores = [FaultyStore(MemoryStore(connection, file), faults) for file in ("worker", "ingest")]
    try:
        return drive(redate(*stores, Catalogue(families)))
    except KilledError:
        return None
    finally:
        connection.close()


def test_records_whose_date_moves_over_a_bound_have_other_coefficients_whenever_the_hub_is_killed(families):
    killed = 0
    for effects in range(40):
        database = redated_world(families)
        assert versions(database) == [2, 2, 2]
        is_killed = redated(database, families, effects) is None
        killed += is_killed
        redated(database, families)
        worker = MemoryStore(database.connect(), "worker")
        while database.tables.revaluation.waiting:
            drive(revalue(worker))
        assert versions(database) == [1, 1, 1], f"killed after {effects} effects"
        if not is_killed:
            break
    assert killed > 3


# -- plans -------------------------------------------------------------------------------------------------------------


def test_corrections_are_drawn_where_they_are_asked_for_and_from_a_stream_of_their_own():
    everything = [kind for kind in Kind if SPECS[kind].is_mixed]
    for seed in range(10):
        without, beside = draw(seed, 8, 3_600_000), draw(seed, 8, 3_600_000, [*everything, Kind.CORRECTION])
        assert [fault for fault in beside.faults if fault.kind is not Kind.CORRECTION] == list(without.faults)
    spec = SPECS[Kind.CORRECTION]
    drawn = [fault for seed in range(20) for fault in draw(seed, 8, 3_600_000, [Kind.CORRECTION]).faults]
    assert {fault.numbers["bound"] for fault in drawn} == {EVER, FROM, UNTIL}
    assert all(low <= fault.numbers[name] <= high for fault in drawn for name, (low, high) in spec.numbers.items())


def test_on_the_day_of_raw_counts_many_a_correction_is_followed_at_once():
    day, followed = DAYS["raw-counts"], 0
    for seed in range(10):
        faults = day.plan(seed, 5, 1_800_000).faults
        assert list(faults) == sorted(faults, key=lambda fault: fault.at_ms)
        asked = [fault for fault in faults if fault.kind is Kind.CORRECTION]
        followed += sum(
            one.device == other.device
            and one.numbers["which"] == other.numbers["which"]
            and 0 <= other.at_ms - one.at_ms < CHASE_MS
            for one in asked
            for other in asked
            if one is not other
        )
    assert followed > 10


def test_the_same_device_asked_again_for_nothing_new_adds_nothing(families):
    database = redated_world(families)
    worker = MemoryStore(database.connect(), "worker")
    asked = {"devices": Int8s([1]), "reason": "late rows", "dated": False}
    assert drive(worker.run("ask_again", asked)) == 1
    assert drive(revalue(worker)) == 0
    assert [row["to_version"] for row in database.tables.revaluation.rows.values()] == [1, 2]
