"""The verdict has teeth: whatever is wrong in the database is found, and a database that is right is not blamed."""

import asyncio
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from seamline.contract import load_family
from seamline.contract.layout import OFFSET_BYTES
from seamline.rig.fleet import Fleet, FleetPlan, models_of, open_fleet
from seamline.rig.truth import DeviceTruth, StreamKey
from seamline.rig.verify import Verdict, verify
from seamline.stack import Stack

DEVICES = 4
RECORDS_A_DEVICE = 6


@dataclass
class Measured:
    """A small fleet's truth, all of it delivered, and the database it went to."""

    dsn: str
    truths: list[DeviceTruth]
    layouts: list

    def verdict(self) -> Verdict:
        return verify(self.dsn, self.truths, self.layouts)

    def after(self, statement: str, *parameters: object) -> Verdict:
        """Return the verdict as it would be after a change of the database; the change is undone."""
        with closing(psycopg.connect(self.dsn)) as connection:
            numbers = "SELECT no FROM device WHERE id LIKE 'verdict-%%'"
            changed = connection.execute(statement.replace("OURS", f"device_no IN ({numbers})"), parameters).rowcount
            assert changed > 0, "the test's own statement changed nothing"
            try:
                return verify(self.dsn, self.truths, self.layouts, connection=connection)
            finally:
                connection.rollback()


async def measure(stack: Stack, family) -> list[DeviceTruth]:
    async with open_fleet(
        stack, models_of(family, 100, publish_every_ms_max=300), FleetPlan(DEVICES, 5, prefix="verdict")
    ) as fleet:
        fleet.power_on()
        assert await fleet.until(lambda: enough(fleet), 30)
        fleet.devices[0].power_cut(0.0)  # a second boot, so that ended boots are in the books
        before = fleet.tally.numbered
        assert await fleet.until(lambda: fleet.tally.numbered > before + DEVICES * RECORDS_A_DEVICE, 30)
        fleet.rest()
        assert await fleet.drained(30)
        return [device.truth for device in fleet.devices]


def enough(fleet: Fleet) -> bool:
    return all(device.truth.acknowledged >= RECORDS_A_DEVICE for device in fleet.devices)


@pytest.fixture(scope="module")
def measured(whole: Stack, heater: Path) -> Measured:
    family = load_family(heater)
    truths = asyncio.run(measure(whole, family))
    return Measured(whole.dsn, truths, list(family.layouts.values()))


def kinds(verdict: Verdict) -> set[str]:
    return set(verdict.cases)


def test_a_database_that_is_right_is_not_blamed(measured: Measured) -> None:
    verdict = measured.verdict()
    assert verdict.problems == []
    sums = verdict.sums
    assert sums.numbered == sums.stored + sums.lost
    assert sums.stored >= DEVICES * RECORDS_A_DEVICE
    assert (sums.owed, sums.quarantined, sums.declined) == (0, 0, 0)
    assert sums.numbered == sum(truth.numbered + sum(truth.declared.values()) for truth in measured.truths)
    assert set(verdict.by_version) == {"1.2.0", "1.3.0"}


ONE = "ctid = (SELECT ctid FROM r_heater_reading WHERE OURS LIMIT 1) AND tableoid = (SELECT tableoid FROM r_heater_reading WHERE OURS LIMIT 1)"


@pytest.mark.parametrize("column", ["room", "power", "mode", "uptime_ms"])
def test_a_changed_value_is_found(measured: Measured, column: str) -> None:
    verdict = measured.after(f"UPDATE r_heater_reading SET {column} = {column} + 1 WHERE {ONE}")
    assert verdict.value_mismatches == 1
    assert kinds(verdict) == {"stored values that differ from the measured"}


def test_a_value_that_an_older_layout_lacks_must_be_missing(measured: Measured) -> None:
    verdict = measured.after("UPDATE r_heater_reading SET set_point = 0 WHERE layout = 2 AND OURS")
    assert verdict.value_mismatches > 0


def test_a_missing_row_is_owed_and_the_ledger_is_blamed(measured: Measured) -> None:
    verdict = measured.after(f"DELETE FROM r_heater_reading WHERE {ONE}")
    assert "ledger rows that miscount" in kinds(verdict)
    assert verdict.sums.owed == 1 or "records of an ended boot in no class" in kinds(verdict)


def test_a_row_stored_twice_is_found(measured: Measured) -> None:
    verdict = measured.after(f"INSERT INTO r_heater_reading SELECT * FROM r_heater_reading WHERE {ONE}")
    assert verdict.duplicates_stored == 1
    assert "records stored twice" in kinds(verdict)


def test_a_row_that_nobody_measured_is_found(measured: Measured) -> None:
    verdict = measured.after(f"UPDATE r_heater_reading SET seq = seq + 100000 WHERE {ONE}")
    assert "rows that no device measured" in kinds(verdict)


def test_a_date_beyond_its_bound_is_found(measured: Measured) -> None:
    verdict = measured.after(f"UPDATE r_heater_reading SET measured = measured - interval '1 hour' WHERE {ONE}")
    assert verdict.misdated == 1
    assert kinds(verdict) == {"dates beyond their error bound"}


def test_a_record_stored_and_lost_is_in_two_classes(measured: Measured) -> None:
    verdict = measured.after(
        "INSERT INTO loss (device_no, incarnation, boot, boots, channel, first, count, reason)"
        f" SELECT device_no, incarnation, boot, 1, 1, seq, 1, 'power_loss' FROM r_heater_reading WHERE {ONE}"
    )
    assert kinds(verdict) == {"records in two classes", "ledger rows that miscount"}


def with_another_incarnation(measured: Measured, acknowledged: int) -> Verdict:
    """The verdict on a device that also measured three records under an incarnation which the hub has never heard of."""
    (first, *others) = measured.truths
    also = DeviceTruth(first.device)
    also.streams |= first.streams
    also.declared |= first.declared
    layout, version = next((stream.layout, stream.version) for stream in first.streams.values())
    erased = also.stream(StreamKey(1, 1, layout.message_id), layout, version)
    for uptime_ms in range(3):
        erased.append(uptime_ms, 0, bytes(layout.record_bytes - OFFSET_BYTES))
    erased.acknowledged = acknowledged
    return verify(measured.dsn, [also, *others], measured.layouts)


def test_records_erased_before_their_incarnation_said_a_word_are_lost_not_owed(measured: Measured) -> None:
    verdict = with_another_incarnation(measured, acknowledged=0)
    assert (verdict.lost_beyond_knowing, verdict.sums.owed) == (3, 0)
    assert verdict.problems == []


def test_records_that_were_acknowledged_and_are_nowhere_are_owed(measured: Measured) -> None:
    verdict = with_another_incarnation(measured, acknowledged=3)
    assert (verdict.lost_beyond_knowing, verdict.sums.owed) == (0, 3)


def test_what_bounds_over_state_is_told_apart_from_what_was_lost(measured: Measured) -> None:
    both = "SELECT device_no, lost FROM ledger UNION ALL SELECT device_no, lost FROM ledger_fold"
    ours = f"SELECT sum(lost)::int8 FROM ({both}) AS books JOIN device d ON d.no = device_no WHERE d.id LIKE 'verdict-%'"
    with psycopg.connect(measured.dsn) as connection:
        ((told,),) = connection.execute(ours).fetchall()
    verdict = measured.verdict()
    assert told == verdict.sums.lost + verdict.overstated
    more = measured.after("UPDATE ledger_fold SET lost = lost + 5, numbered = numbered + 5 WHERE OURS")
    assert more.overstated > verdict.overstated


def test_a_device_nobody_heard_of_is_named(measured: Measured) -> None:
    verdict = measured.after("UPDATE device SET id = 'gone' WHERE id = 'verdict-0001'")
    assert "devices the hub has never heard of" in kinds(verdict)
    assert verdict.sums.owed > 0
