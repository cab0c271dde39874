"""The hub's background steps in the world: they run, they are killed, and what they do not do is found."""

import pytest

from seamline.hub.steps import turns
from seamline.rig.world.plan import Fault, Kind, Plan
from seamline.rig.world.run import run
from seamline.rig.world.world import Parts, World

QUARTER_HOUR_MS = 900_000


def world_of(families, *faults, devices=2, duration_ms=QUARTER_HOUR_MS, seed=4):
    return World(Plan(seed, devices, duration_ms, tuple(sorted(faults, key=lambda fault: fault.at_ms))), Parts(families))


def held(world):
    outcome = world.run()
    assert outcome.broken is None
    return outcome.marks.counts


WISH = {"setting": 1, "permille": 300, "announced": 0}
AWAY = Fault(60_000, Kind.POWER_CUT, 0, 300_000)
LATE_WISH = Fault(120_000, Kind.WISH, 0, 0, WISH)


def test_a_wish_nobody_announced_reaches_a_device_that_comes_back(families):
    world = world_of(families, AWAY, LATE_WISH)
    marks = held(world)
    assert marks["wish-offline"] == marks["wished"] == marks["wish-confirmed"] == 1
    tables = world.hub.database.tables
    ((key, wish),) = tables.twin_desired.rows.items()
    assert wish["resolution"] == "confirmed"
    assert world.devices[0].settings.values[key[1]] == wish["value"] == tables.twin_reported.rows[key]["value"]


def test_a_change_at_the_device_is_shown_and_a_later_wish_for_it_is_obeyed(families):
    touch = Fault(100_000, Kind.TOUCH, 0, 0, {"setting": 1, "permille": 900})
    marks = held(world_of(families, touch, Fault(200_000, Kind.WISH, 0, 0, WISH)))
    assert marks["touched"] == marks["wish-confirmed"] == 1


def test_a_device_without_power_is_told_of_and_told_of_again_when_it_is_back(families):
    world = world_of(families, Fault(200_000, Kind.POWER_CUT, 0, 400_000))
    marks = held(world)
    assert marks["shown-lost"]
    kinds = [event["kind"] for event in world.hub.database.tables.event.rows.values() if event["device_no"] is not None]
    assert "lost" in kinds
    assert "online" in kinds[kinds.index("lost") :]


def test_what_was_stored_without_a_date_is_dated_later(families):
    faults = [Fault(90_000, Kind.STREAM_LOST, -1, 500), Fault(60_000, Kind.LOSSY, 0, 200_000, {"permille": 400})]
    hits = 0
    for seed in range(6):
        hits += held(world_of(families, *faults, seed=seed, devices=3))["redated"]
    assert hits


def test_frames_of_a_version_that_is_registered_later_become_rows(families):
    late = Fault(400_000, Kind.LATE_CONTRACT, -1, 1_000, {"versions": 1})
    world = world_of(families, late, devices=4)
    marks = held(world)
    assert marks["contract-late"] == 1
    assert marks["released"]
    rows = world.hub.database.tables.quarantine.rows.values()
    assert all(row["resolved_at"] is not None for row in rows if row["reason"] == "unregistered")


@pytest.mark.parametrize("effects", range(0, 40, 3))
def test_the_hub_killed_between_any_two_effects_of_a_step_leaves_nothing_half_done(families, effects):
    kills = [Fault(at_ms, Kind.HUB_KILL, -1, 1_000, {"effects": effects}) for at_ms in (119_900, 370_000, 500_000)]
    marks = held(world_of(families, AWAY, LATE_WISH, Fault(480_000, Kind.POWER_CUT, 1, 60_000), *kills))
    assert sum(times for mark, times in marks.items() if mark.startswith("hub-killed-")) == 3


def test_steps_wait_for_a_database_that_is_away_and_for_a_full_disk(families):
    away = Fault(100_000, Kind.DATABASE_AWAY, -1, 60_000)
    full = Fault(300_000, Kind.DISK_FULL, -1, 60_000, {"whose": 0})
    marks = held(world_of(families, away, full, Fault(310_000, Kind.WISH, 0, 0, WISH)))
    assert marks["step-without-database"]
    assert marks["disk-full"] == marks["wish-refused"] == 1


def test_a_broker_without_room_takes_nothing_and_devices_send_again(families):
    full = Fault(100_000, Kind.DISK_FULL, -1, 300_000, {"whose": 1})
    marks = held(world_of(families, full))
    assert marks["broker-full"]
    assert marks["deaf"]


def test_a_device_with_expired_credentials_backs_off_and_comes_back_when_they_are_renewed(families):
    marks = held(world_of(families, Fault(100_000, Kind.EXPIRED, 0, 300_000, {"ends": 1})))
    assert marks["credentials-expired"] == 1
    assert marks["connect-failed"] > 3
    assert marks["failures-told"] == 1


def test_a_restored_database_has_everything_back_that_the_stream_holds(families):
    restored = Fault(400_000, Kind.RESTORED, -1, 2_000, {"back_ms": 300_000})
    world = world_of(families, restored, Fault(200_000, Kind.WISH, 0, 0, WISH))
    marks = held(world)
    assert marks["database-restored"] == 1
    assert marks["redelivered"]
    assert not marks["restore-with-holes"]
    kinds = [event["kind"] for event in world.hub.database.tables.event.rows.values()]
    assert "generation" in kinds


def test_what_a_restored_database_and_a_lost_stream_both_lack_is_excused_and_nothing_else(families):
    faults = [Fault(300_000, Kind.STREAM_LOST, -1, 500), Fault(400_000, Kind.RESTORED, -1, 2_000, {"back_ms": 300_000})]
    world = world_of(families, *faults)
    marks = held(world)
    assert marks["restore-with-holes"] == 1
    lines = [line for device in world.devices.values() for line in device.truth.lines.values()]
    assert any(line.excused for line in lines)
    assert all(line.excused <= line.acknowledged for line in lines)


async def does_nothing(*_given):
    return 0


@pytest.mark.parametrize(
    ("step", "promise", "faults"),
    [
        ("judge_presence", "presence", [Fault(200_000, Kind.POWER_CUT, 0, 400_000)]),
        ("send_wishes", "twins-converged", [Fault(200_000, Kind.WISH, 0, 0, WISH)]),
        ("tell_losses", "caught-up", [Fault(200_000, Kind.POWER_CUT, 0, 1_000)]),
    ],
)
def test_a_step_that_does_nothing_is_found(families, monkeypatch, step, promise, faults):
    monkeypatch.setattr(turns, step, does_nothing)
    outcome = run(Plan(4, 2, QUARTER_HOUR_MS, tuple(faults)), Parts(families))
    assert outcome.broken is not None
    assert outcome.broken.promise == promise


def test_a_step_that_raises_is_found(families, monkeypatch):
    async def raises(*_given):
        raise LookupError("no such column")

    monkeypatch.setattr(turns, "judge_presence", raises)
    outcome = run(Plan(4, 1, 60_000), Parts(families))
    assert outcome.broken.promise == "no-error"
    assert "no such column" in str(outcome.broken)
