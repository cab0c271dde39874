"""The heater: the example contract, its family, what the device core gets, compressed time."""

import json
import pickle
import subprocess
import sys
from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from seamline import contract as package
from seamline.contract import LOSSES, Boundary, FieldType, load, load_family, policy
from seamline.contract.acceleration import shrunk
from seamline.contract.limits import FRAME_BYTES_MAX
from seamline.contract.rules import RULES

HEATER = Path(__file__).parents[3] / "examples" / "heater"


@pytest.fixture(scope="module")
def family():
    return load_family(HEATER)


@pytest.fixture
def heater(family):
    return family.current


def test_the_family_holds_both_releases_oldest_first(family):
    assert (family.product, list(family.versions)) == ("heater", ["1.2.0", "1.3.0"])
    assert family.current == family.versions["1.3.0"]


def test_the_newer_layout_appends_one_field(family):
    old, new = (family.versions[version].messages["reading"].layout for version in ("1.2.0", "1.3.0"))
    assert (old.version, new.version) == (2, 3)
    assert new.fields[:-1] == old.fields
    assert new.fields[-1].name == "set_point"


def test_fingerprints_of_released_layouts_never_change(family):
    assert sorted(family.layouts) == [
        (0, 1, 3711488397),
        (1, 2, 1073612789),
        (1, 3, 1337427759),
        (2, 1, 3280956446),
    ]
    assert family.layouts[0, 1, LOSSES.fingerprint] is LOSSES


def test_one_release_buffers_in_ram_and_one_in_flash(family):
    assert [contract.buffer.store for contract in family.versions.values()] == ["ram", "flash"]


def test_a_family_without_releases_is_its_contract(tmp_path):
    (tmp_path / "contract.yaml").write_bytes((HEATER / "contract.yaml").read_bytes())
    assert list(load_family(tmp_path).versions) == ["1.3.0"]


def test_the_model_says_what_the_file_says(heater):
    reading = heater.messages["reading"]
    assert (reading.id, reading.sample_ms, reading.publish_every_ms) == (1, 10_000, 60_000)
    assert (reading.batch_max, reading.priority, reading.expires_ms) == (24, "normal", None)
    assert heater.messages["vitals"].sample_ms == 900_000
    assert heater.message_by_id[2] is heater.messages["vitals"]
    fields = {field.name: field for field in reading.layout.fields}
    assert fields["mode"].enum == {0: "off", 1: "heating", 2: "holding", 3: "fault"}
    assert (fields["mode"].enum_name, fields["mode"].type) == ("mode", FieldType.U8)
    assert fields["set_point"].raw_range == (500, 3000)
    assert fields["set_point"].physical(2150) == Decimal("21.50")
    assert fields["room"].calibration == "room_ntc"
    assert heater.boundaries["sensor-firmware"] == Boundary(
        "sensor-firmware", "firmware", "device@example.com", "a raw count every 10 s", "fault sensor_open"
    )
    assert heater.boundaries["radio-broker"].security.data == "personal"
    assert (heater.fleet.devices_max, heater.fleet.accept_rate, heater.fleet.recovery_ms) == (20_000, 800, 120_000)
    assert heater.timing.presumed_lost_publishes == 3
    assert heater.buffer.drop_first == ("vitals", "reading")
    assert heater.clock.sources == ("hub", "ntp")
    assert heater.faults[0x4F].name == "sensor_open"
    assert heater.faults[0x4F].latches
    assert heater.state["child_lock"].conflict == "device_wins"
    assert heater.commands["boost"].body["minutes"].raw_range == (5, 120)
    assert heater.commands["boost"].result == {"ends_at": "time"}
    assert heater.update.bytes_per_month == 6 << 20
    assert heater.identity.renew_at_ms < heater.identity.lifetime_ms
    assert heater.consumers["support"].reads == ("reading", "faults", "vitals")


def test_the_document_is_the_file_as_written(heater):
    assert heater.document["version"] == "1.3.0"
    assert heater.document["enums"] == {"mode": {"0": "off", "1": "heating", "2": "holding", "3": "fault"}}
    assert json.loads(json.dumps(heater.document)) == heater.document


def test_a_contract_can_be_sent_to_another_process(heater):
    assert pickle.loads(pickle.dumps(heater)) == heater


def test_the_device_core_gets_plain_numbers(heater):
    made = policy(heater)
    assert json.loads(json.dumps(made)) == made
    channels = made.pop("channels")
    assert made == {
        "product": "heater",
        "version": "1.3.0",
        "contract": "heater/1.3.0",
        "connect_timeout_ms": 15_000,
        "answer_timeout_ms": 12_000,
        "keep_alive_ms": 240_000,
        "backoff_base_ms": 2000,
        "backoff_cap_ms": 600_000,
        "backoff_reset_after_ms": 60_000,
        "spread_ms": 60_000,
        "drift_ppm": 50,
        "store": "flash",
        "capacity_bytes": 524_288,
        "flight_frames": 8,
        "stride": 256,
        "drop_first": [2, 1],
        "state": [{"name": "set_point"}, {"name": "child_lock"}],
    }
    assert channels == [
        {
            "id": 0, "name": "losses", "layout": 1, "fingerprint": 3711488397, "record_bytes": 24,
            "every_ms": 60_000, "batch_max": 24, "priority": 0, "expires_ms": 0,
        },
        {
            "id": 1, "name": "reading", "layout": 3, "fingerprint": 1337427759, "record_bytes": 16,
            "every_ms": 60_000, "batch_max": 24, "priority": 1, "expires_ms": 0,
        },
        {
            "id": 2, "name": "vitals", "layout": 1, "fingerprint": 3280956446, "record_bytes": 24,
            "every_ms": 900_000, "batch_max": 24, "priority": 2, "expires_ms": 0,
        },
    ]  # fmt: skip


def test_every_full_frame_fits_a_device(family):
    for contract in family.versions.values():
        for channel in policy(contract)["channels"]:
            assert 36 + channel["batch_max"] * channel["record_bytes"] <= FRAME_BYTES_MAX


def test_compressed_time_changes_waits_and_nothing_else(heater):
    fast = heater.accelerated(60)
    assert (fast.messages["reading"].sample_ms, fast.messages["reading"].publish_every_ms) == (166, 1000)
    assert fast.messages["vitals"].publish_every_ms == 15_000
    assert fast.fleet.recovery_ms == 2000
    assert fast.state["set_point"].confirm_within_ms == 2000
    assert fast.state["child_lock"].expires_ms == 10_080_000
    for name, message in heater.messages.items():
        assert fast.messages[name].layout is message.layout
    assert (fast.reference, fast.document, fast.clock) == (heater.reference, heater.document, heater.clock)


def test_compressed_time_shortens_expiry_too():
    base = load(Path(__file__).parent / "base.yaml")
    assert base.messages["light"].expires_ms == 604_800_000
    assert base.accelerated(60).messages["light"].expires_ms == 10_080_000


@settings(deadline=None)  # the first example loads the contract
@given(st.integers(1, 10**9))
def test_compressed_time_keeps_the_promises_of_the_contract(factor):
    contract = load_cached()
    fast = contract.accelerated(factor)
    timing = fast.timing
    assert timing.answer_timeout_ms > timing.network_ms + timing.commit_budget_ms
    assert timing.keep_alive_ms % 1000 == 0
    assert timing.keep_alive_ms > timing.answer_timeout_ms
    assert 0 < fast.backoff.base_ms <= fast.backoff.cap_ms
    for name, message in fast.messages.items():
        assert 0 < message.sample_ms <= message.publish_every_ms <= contract.messages[name].publish_every_ms


def test_time_that_stands_still_or_runs_backwards_is_refused(heater):
    assert heater.accelerated(1) == heater
    for factor in (0, -1):
        with pytest.raises(ValueError, match="at least 1"):
            heater.accelerated(factor)


@given(st.integers(1, 10**9), st.integers(1, 10**6), st.integers(1, 10**6))
def test_a_shrunk_wait_is_never_longer_and_never_below_its_floor(ms, factor, floor_ms):
    assert min(ms, floor_ms) <= shrunk(ms, factor, floor_ms) <= ms


def test_importing_the_contract_brings_in_nothing_heavy():
    script = """
import sys
before = set(sys.modules)
import seamline.contract as contract
print(*sys.modules.keys() - before)
contract.load, contract.Layout
print(*sys.modules.keys() - before)
"""
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    first, both = (set(line.split()) for line in run.stdout.splitlines())
    assert not first & {"yaml", "decimal", "dataclasses", "numpy", "pydantic", "asyncio", "seamline.contract.loader"}
    assert "seamline.contract.loader" in both
    assert not both & {"yaml", "numpy", "pydantic", "asyncio", "difflib", "seamline.hub"}


def test_every_exported_name_can_be_imported():
    for name in package.__all__:
        assert getattr(package, name).__module__.startswith("seamline.contract") or name == "LOSSES"
    with pytest.raises(AttributeError, match="nothing_such"):
        _ = package.nothing_such


def test_rules_are_in_order_and_say_why():
    assert list(RULES) == sorted(RULES)
    assert all(rule.title and rule.why.endswith(".") for rule in RULES.values())


@cache
def load_cached():
    """One load for all examples of a property."""
    return load(HEATER / "contract.yaml")
