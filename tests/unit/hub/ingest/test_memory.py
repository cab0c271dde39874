"""What ingest keeps in memory: slots that stay what they were, columns that grow, and the numbers of a contract."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, strategies as st
from tests.integration.hub.harness import birth, frame
from tests.unit.hub.ingest.stage import NOW_MS, marks

from seamline.hub.drive import drive
from seamline.hub.events import event
from seamline.hub.ingest import memory, meter
from seamline.hub.ingest.catalogue import ANSWER_TIMEOUT_MS, PUBLISH_EVERY_MS, Catalogue, Terms, layout_key
from seamline.hub.ingest.commits import COUNT_EVERY_MS
from seamline.hub.ingest.memory import KINDS, NEVER_MS, UNKNOWN_KIND, Clocks, Fleet, Keys, Memory
from seamline.hub.ingest.meter import Meter
from seamline.hub.presence import PresenceRow

U32 = st.integers(0, 2**32 - 1)
KEYS = st.lists(st.tuples(st.integers(0, 60_000), U32, U32, st.integers(0, 255)), min_size=1, max_size=30)


def columns(rows):
    return [np.array(column, np.int64) for column in zip(*rows, strict=True)]


@given(KEYS, KEYS)
def test_a_ledger_key_keeps_its_slot_and_different_keys_have_different_ones(first, second):
    keys = Keys()
    one, two = (keys.slots(*columns(rows)).tolist() for rows in (first, second))
    slots = dict(zip([*first, *second], [*one, *two], strict=True))
    assert len(set(slots.values())) == len(slots) == len(keys)
    assert keys.slots(*columns(first)).tolist() == one
    for key, slot in slots.items():
        assert (keys.device[slot], keys.incarnation[slot], keys.boot[slot], keys.channel[slot]) == key
        assert (keys.clock[slot], bool(keys.known[slot])) == (-1, False)


def test_forgetting_a_device_forgets_all_of_its_keys_and_no_others():
    keys = Keys()
    slots = keys.slots(*columns([(1, 7, 1, 1), (1, 7, 2, 1), (2, 7, 1, 1)]))
    keys.known[slots] = True
    keys.forget_device(1)
    assert keys.known[slots].tolist() == [False, False, True]
    keys.forget_device(99)


@given(st.lists(st.tuples(st.integers(0, 3), U32, st.integers(1, 5)), min_size=1, max_size=30))
def test_a_boot_keeps_its_slot_and_is_found_by_its_incarnation(boots):
    clocks = Clocks()
    slots = {boot: clocks.slot(*boot) for boot in boots}
    for boot, slot in slots.items():
        assert clocks.slot(*boot) == slot == clocks.find(*boot)
        assert (clocks.device[slot], clocks.incarnation[slot], clocks.boot[slot]) == boot
        assert (clocks.began_before_ms[slot], clocks.first_ms[slot], bool(clocks.known[slot])) == (NEVER_MS, NEVER_MS, False)
        assert set(clocks.of(*boot[:2])) == {other for key, other in slots.items() if key[:2] == boot[:2]}
    assert clocks.find(9, 9, 9) is None
    assert clocks.of(9, 9) == []


@pytest.mark.parametrize("many", [1, 1_024, 1_025, 5_000])
def test_columns_grow_and_keep_what_is_in_them(many):
    fleet = Fleet()
    for at in range(many):
        slot = fleet.slot(f"d{at}")
        fleet.no[slot], fleet.dirty[slot] = at + 1, at % 2 == 0
    assert fleet.no[:many].tolist() == list(range(1, many + 1))
    assert fleet.dirty[:many].tolist() == [at % 2 == 0 for at in range(many)]
    assert fleet.used == many
    assert [fleet.slot(f"d{at}") for at in range(many)] == list(range(many))


@pytest.mark.parametrize("kind", [*KINDS, b"nonsense", b"data.more"])
def test_a_subject_is_a_device_and_a_kind(kind):
    fleet = Fleet()
    fleet.slot("first")
    code = fleet.code(b"up.3.dev-1." + kind)
    assert (fleet.devices[code >> 3].id, code & 7) == ("dev-1", KINDS.get(kind, UNKNOWN_KIND))
    assert fleet.codes([b"up.3.dev-1." + kind] * 2).tolist() == [code, code]


@given(st.lists(st.sampled_from(["a", "b", "c"]), max_size=8))
def test_subjects_seen_for_the_first_time_in_a_batch_have_their_codes_at_once(names):
    subjects = [f"up.0.{name}.twin".encode() for name in names]
    fleet = Fleet()
    codes = fleet.codes(subjects)
    assert [fleet.devices[code >> 3].id for code in codes.tolist()] == names
    assert fleet.codes(subjects).tolist() == codes.tolist()


@pytest.mark.parametrize(("devices", "keys", "full"), [(3, 4, False), (4, 4, True), (3, 5, True)])
def test_memory_is_full_past_its_bounds_of_devices_and_of_keys(monkeypatch, devices, keys, full):
    monkeypatch.setattr(memory, "DEVICES_MAX", 3)
    monkeypatch.setattr(memory, "KEYS_MAX", 4)
    found = Memory()
    for at in range(devices):
        found.fleet.slot(f"d{at}")
    found.keys.slots(*columns([(0, 7, boot, 1) for boot in range(1, keys + 1)]))
    assert found.full is full


def test_a_full_memory_is_thrown_away_and_ingest_goes_on_as_before(stage, monkeypatch):
    monkeypatch.setattr(memory, "DEVICES_MAX", 1)
    stage.take(("data", frame(stage.reading, 0), "a"))
    kept = stage.commits.parts
    stage.take(("data", frame(stage.reading, 0), "b"))
    assert stage.commits.parts is not kept
    assert stage.commits.parts.memory.fleet.devices == []
    assert marks(stage.take(("data", frame(stage.reading, 1), "a")), "a") == {(1, 1): 2}


# -- devices -----------------------------------------------------------------------------------------------------------------------


def test_when_a_device_was_heard_is_written_within_a_second(stage):
    stage.take(("birth", birth()))
    stage.now_ms = NOW_MS + 999
    stage.take(("data", frame(stage.reading, 0)))
    assert stage.presence()["last_heard"] == NOW_MS * 1000
    stage.now_ms = NOW_MS + 1_000
    stage.take(("data", frame(stage.reading, 1)))
    assert stage.presence()["last_heard"] == (NOW_MS + 1_000) * 1000


def test_what_was_heard_and_not_written_is_written_by_a_flush(stage):
    stage.take(("birth", birth()))
    stage.now_ms = NOW_MS + 500
    stage.take(("data", frame(stage.reading, 0, flags=1)))
    assert stage.presence()["last_answered"] is None
    drive(stage.commits.flush(stage.commits.parts))
    presence = stage.presence()
    assert (presence["last_heard"], presence["last_answered"]) == ((NOW_MS + 500) * 1000, (NOW_MS + 500) * 1000)


def test_presence_follows_every_word_of_a_batch_in_its_order(stage):
    stage.take(("birth", birth()), ("death", {**birth(), "uptime_ms": 1_000}))
    assert stage.presence()["died_at"] == (NOW_MS + 1) * 1000
    stage.take(("data", frame(stage.reading, 0)), ("birth", birth(session=2)))
    assert (stage.presence()["died_at"], stage.presence()["session"]) == (None, 2)
    stage.take(("birth", birth(session=3)), ("death", {**birth(session=2), "uptime_ms": 1_000}))
    assert (stage.presence()["died_at"], stage.presence()["session"]) == (None, 3)


@pytest.mark.parametrize(("flags", "heard"), [(0, False), (1, True)])
def test_only_a_frame_that_says_so_shows_that_the_device_hears_us(stage, flags, heard):
    stage.take(("birth", birth()), ("data", frame(stage.reading, 0, flags=flags)))
    presence = stage.presence()
    assert presence["last_heard"] == (NOW_MS + 1) * 1000
    assert (presence["last_answered"] is not None) is heard


def test_a_frame_that_is_no_custody_shows_nothing_of_the_kind(stage):
    damaged = frame(stage.reading, 0, flags=1)[:-3]
    stage.take(("birth", birth()), ("data", damaged))
    assert (stage.presence()["last_answered"], stage.presence()["last_heard"]) == (None, (NOW_MS + 1) * 1000)


def test_a_frame_that_was_heard_before_the_process_began_anew_still_counts(stage):
    stage.take(("birth", birth()), ("data", frame(stage.reading, 0, flags=1)))
    stage.start()
    slot_row = stage.presence()
    stage.take(("birth", birth(session=2)))
    assert stage.presence()["last_answered"] == slot_row["last_answered"]
    assert isinstance(stage.commits.parts.memory.fleet.devices[0].presence, PresenceRow)


def test_the_fleet_is_counted_every_ten_seconds_at_most(stage):
    stage.told.fleet_devices = 0
    for name in "abc":
        stage.take(("birth", birth(), name))
    drive(stage.commits.count(stage.store()))
    assert stage.told.fleet_devices == 3
    stage.take(("birth", birth(), "d"))
    drive(stage.commits.count(stage.store()))
    assert stage.told.fleet_devices == 3
    stage.now_ms += COUNT_EVERY_MS + 1
    drive(stage.commits.count(stage.store()))
    assert stage.told.fleet_devices == 4


def test_messages_and_batches_are_counted_as_they_are_committed(stage):
    stage.take(("birth", birth()), ("data", frame(stage.reading, 0)))
    stage.take(("data", frame(stage.reading, 1)))
    assert (stage.meter.messages, stage.meter.batches) == (3, 2)
    assert set(stage.meter.stages_s) == {"judge", "commit"}
    assert stage.commits.position.seq == 3


def test_the_times_of_a_stage_add_up_also_when_it_fails(monkeypatch):
    now_s = iter([1.0, 1.5, 10.0, 10.25, 20.0, 22.0])
    monkeypatch.setattr(meter, "time", SimpleNamespace(perf_counter=lambda: next(now_s)))
    found = Meter()
    with found.time("judge"):
        pass
    with pytest.raises(ZeroDivisionError), found.time("judge"):
        raise ZeroDivisionError
    with found.time("commit"):
        pass
    assert found.stages_s == {"judge": 0.75, "commit": 2.0}


# -- what contracts say --------------------------------------------------------------------------------------------------------------


def test_the_numbers_are_those_of_the_version_a_device_named_of_its_products_newest_or_the_defaults(families):
    catalogue = Catalogue(families)
    named, newer, foreign = (catalogue.terms(name) for name in ("heater/1.3.0", "heater/9.0.0", "toaster/1.0.0"))
    assert (named.drift_ppm, named.error_max_ms, named.publish_every_ms) == (50, 2_000, 60_000)
    assert (named.answer_timeout_ms, named.presumed_lost_after_ms, named.accept_rate) == (12_000, 180_000, 800)
    assert (named.spread_ms, named.known, sorted(named.policies)) == (60_000, True, ["child_lock", "set_point"])
    assert newer == catalogue.terms(families[0].current.reference)
    assert foreign == catalogue.terms(None) == Terms()
    assert (foreign.publish_every_ms, foreign.answer_timeout_ms, foreign.known) == (PUBLISH_EVERY_MS, ANSWER_TIMEOUT_MS, False)
    assert [catalogue.registered(name) for name in ("heater/1.3.0", "heater/9.0.0")] == [True, False]
    assert catalogue.contract("heater/9.0.0") is families[0].current
    assert (catalogue.contract(None), catalogue.contract("toaster/1.0.0")) == (None, None)


def test_products_have_numbers_and_seamlines_own_is_zero(families):
    other = replace(families[0], product="toaster", layouts={})
    catalogue = Catalogue([*families, other, *families])
    assert [catalogue.product_code(name) for name in ("seamline", "heater", "toaster", None, "kettle")] == [0, 1, 2, -1, -2]


def test_a_boundary_is_found_by_who_consumes_it(families):
    catalogue = Catalogue(families)
    found = [catalogue.boundary("heater", consumer).name for consumer in ("broker", "hub", "app", "broker", "nobody")]
    assert found == ["radio-broker", "broker-hub", "hub-app", "radio-broker", "sensor-firmware"]
    assert (catalogue.boundary("toaster", "hub"), catalogue.boundary(None, "hub")) == (None, None)
    row = event(catalogue, at_ms=5, device=3, product="heater", kind="gap", detail={"a": 1}, boundary="hub")
    assert (row["boundary"], row["owner"], row["contact"]) == ("broker-hub", "platform", "platform@example.com")
    assert (row["at_ms"], row["device_no"], row["kind"], row["detail"]) == (5, 3, "gap", {"a": 1})
    assert event(catalogue, at_ms=5, device=None, product=None, kind="gap", detail={})["owner"] is None


@given(st.integers(0, 255), st.integers(0, 255), U32)
def test_what_a_frame_says_of_its_layout_is_one_number_and_no_other_frames(message, version, fingerprint):
    key = layout_key(message, version, fingerprint)
    assert (key >> 40, key >> 32 & 0xFF, key & 0xFFFF_FFFF) == (message, version, fingerprint)
