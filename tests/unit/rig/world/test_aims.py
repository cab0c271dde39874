"""Every rare state has plans that aim at it, and what a contract rules out is said with the reason."""

from dataclasses import replace
from pathlib import Path

import pytest

from seamline.contract import Family, load_family
from seamline.rig.world import aims
from seamline.rig.world.aims import AIMS, EFFECTS_MAX, KILLS, MINUTE_MS, MOVED_MS, PLANS_MAX, Aim, Step, reachable, ruled_out
from seamline.rig.world.fitting import fitted, fitted_to
from seamline.rig.world.marks import CATALOGUE
from seamline.rig.world.plan import HOUSE, SPECS, Kind, parse
from seamline.rig.world.scenarios import DAYS, HOUR_MS

EXAMPLES = Path(__file__).parents[4] / "examples"
CALIBRATED = (
    "calibrated-unheard", "calibrated-late", "corrected", "correction-refused", "hub-killed-correcting", "revalued",
    "late-valued", "killed-in-pass", "corrected-in-pass", "rows-in-pass",
)  # fmt: skip
WISHED = (
    "wish-offline", "mail-late", "wish-expired", "wish-late", "wished", "wish-refused", "wish-confirmed", "wish-device-won",
    "touched", "hub-killed-asked",
)  # fmt: skip


@pytest.fixture(scope="module")
def products():
    return {name: load_family(EXAMPLES / name) for name in ("heater", "labmeter", "trailcam")}


def with_state(family, change):
    """The family with each setting changed; None takes it away."""
    versions = {}
    for version, contract in family.versions.items():
        state = {name: change(item) for name, item in contract.state.items()}
        versions[version] = replace(contract, state={name: item for name, item in state.items() if item is not None})
    return replace(family, versions=versions, current=versions[family.current.version])


def alone(family):
    """The newest version, and no other."""
    contract = family.current
    known = {message.layout.fingerprint for message in contract.messages.values()}
    layouts = {key: layout for key, layout in family.layouts.items() if not layout.message_id or layout.fingerprint in known}
    return Family(family.product, {contract.version: contract}, contract, layouts)


def test_every_state_has_an_aim_at_what_there_is():
    assert set(AIMS) == set(CATALOGUE)
    for aim in AIMS.values():
        assert bool(aim.kinds) + bool(aim.day) + bool(aim.story) == 1
        assert aim.day is None or aim.day in DAYS
    assert {name for name, aim in AIMS.items() if aim.day and name in DAYS[aim.day].states} >= {"corrected", "losses-declared"}


@pytest.mark.parametrize(
    ("product", "without"),
    [("heater", ()), ("labmeter", ("shown-presumed-lost",)), ("trailcam", (*CALIBRATED, "shown-presumed-lost"))],
)
def test_the_examples_come_to_every_state_but_those_that_their_contracts_rule_out(product, without, products):
    found = ruled_out([products[product]])
    assert set(found) == set(without)
    assert all(found.values())
    assert reachable([products[product]]) == tuple(name for name in CATALOGUE if name not in without)


def test_one_product_of_a_fleet_that_can_come_to_a_state_is_enough(products):
    assert ruled_out(products.values()) == {}
    assert set(ruled_out([products["trailcam"], products["trailcam"]])) == {*CALIBRATED, "shown-presumed-lost"}


def test_without_settings_nobody_wishes(products):
    found = ruled_out([with_state(products["heater"], lambda _item: None)])
    assert set(found) == set(WISHED)
    assert found["touched"] == "no version of the contract has a setting"


def test_a_wish_that_never_expires_and_a_cloud_that_always_wins_rule_out_one_state_each(products):
    heater = products["heater"]
    assert ruled_out([with_state(heater, lambda item: replace(item, expires_ms=None))]) == {
        "wish-expired": "the contract lets no wish expire"
    }
    assert ruled_out([with_state(heater, lambda item: replace(item, conflict="cloud_wins"))]) == {
        "wish-device-won": "by the contract the cloud wins every conflict"
    }


def test_one_version_is_never_upgraded_mixed_or_late(products):
    assert ruled_out([alone(products["heater"])]) == {
        "upgraded": "there is one version of the contract",
        "two-versions": "there is one version of the contract: no fleet is mixed",
        "released": "every version of the contract has the layouts of the first",
    }


def test_two_versions_with_one_layout_are_not_stored_side_by_side(products):
    one = alone(products["heater"])
    other = replace(one.current, version="1.99.0")
    family = replace(one, versions={**one.versions, other.version: other}, current=other)
    found = ruled_out([family])
    assert set(found) == {"two-versions", "released"}
    assert found["two-versions"] == "at the times and versions of the contract the day mixed-fleet is made without it"


# -- plans -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CATALOGUE)
def test_the_plans_that_aim_at_a_state_are_whole_plans_of_few_devices_and_the_same_each_time(name, products):
    families = [products["heater"]]
    aim = AIMS[name]
    seed = next(aim.seeds(1, families))
    plan = aim.plan(seed, families)
    assert plan.write() == aim.plan(seed, families).write()
    assert (plan.seed, plan.devices, plan.duration_ms) == (seed, aim.devices, aim.faults_ms(families))
    assert set(aim.kinds) <= {fault.kind for fault in plan.faults}
    assert tuple(parse(plan.write()).faults) == tuple(plan.faults)


def test_an_aim_at_kinds_skips_the_seeds_whose_swarm_leaves_one_out(products, monkeypatch):
    families = [products["heater"]]
    aim = Aim((Kind.HUB_KILL, Kind.PORTAL, Kind.ROT))
    seeds = list(aim.seeds(1, families))
    assert seeds == sorted(set(seeds))
    assert 20 < len(seeds) <= PLANS_MAX
    assert seeds[-1] - seeds[0] > 2 * len(seeds)
    monkeypatch.setattr(aims, "PLANS_MAX", 3)
    assert list(aim.seeds(1, families)) == [seed for seed in seeds if seed <= 3 * aims.SEEDS_A_PLAN][:3]
    assert list(Aim(story=KILLS).seeds(7, families)) == [7, 8, 9]


def test_a_day_is_as_long_as_the_product_needs(products):
    camera = [products["trailcam"]]
    aim = AIMS["losses-declared"]
    assert aim.faults_ms(camera) == HOUR_MS + fitted("week-offline", products["trailcam"]).day.silent_ms
    assert aim.plan(3, camera).duration_ms == aim.faults_ms(camera)


def test_a_story_comes_to_each_device_in_its_order_and_to_the_house_once():
    story = (Step(Kind.EXPIRED, MINUTE_MS, 1_000), Step(Kind.ERASE, 4 * MINUTE_MS, 70), Step(Kind.HUB_KILL, 2 * MINUTE_MS, 500))
    plan = Aim(story=story, devices=3).plan(5, [])
    assert [fault.at_ms for fault in plan.faults] == sorted(fault.at_ms for fault in plan.faults)
    for device in range(3):
        first, then = [fault for fault in plan.faults if fault.device == device]
        assert (first.kind, then.kind) == (Kind.EXPIRED, Kind.ERASE)
        assert MINUTE_MS <= first.at_ms < MINUTE_MS + MOVED_MS
        assert (first.lasts_ms, then.lasts_ms) == (1_000, 70)
        assert first.numbers["ends"] in {0, 1}
    (kill,) = [fault for fault in plan.faults if fault.device == HOUSE]
    assert kill.kind is Kind.HUB_KILL
    assert 0 <= kill.numbers["effects"] <= EFFECTS_MAX


def test_a_step_that_comes_again_and_again_does_so_until_the_end_and_none_outlasts_it():
    aim = Aim(story=(Step(Kind.ROT, MINUTE_MS, 5 * MINUTE_MS, every_ms=MINUTE_MS),), devices=2, duration_ms=10 * MINUTE_MS)
    faults = aim.plan(5, []).faults
    assert len(faults) == 18
    for minute in range(1, 10):
        assert sum(minute * MINUTE_MS <= fault.at_ms < (minute + 1) * MINUTE_MS for fault in faults) == 2
    assert max(fault.at_ms + fault.lasts_ms for fault in faults) == 10 * MINUTE_MS
    low, high = SPECS[Kind.ROT].numbers["bit"]
    assert max(fault.numbers["bit"] for fault in faults) > EFFECTS_MAX
    assert all(low <= fault.numbers["bit"] <= high for fault in faults)


# -- days fitted to several products ---------------------------------------------------------------------------------------


def test_a_day_of_a_fleet_is_as_long_as_its_slowest_product_needs(products):
    both = [products["heater"], products["trailcam"]]
    assert fitted_to("week-offline", both).day.silent_ms == fitted("week-offline", products["trailcam"]).day.silent_ms
    assert fitted_to("week-offline", both[:1]) == fitted("week-offline", products["heater"])


def test_a_day_that_one_product_can_have_the_fleet_can_have(products):
    both = [products["trailcam"], products["heater"]]
    assert fitted_to("raw-counts", both) == fitted("raw-counts", products["heater"])
    ruled = fitted_to("raw-counts", both[:1])
    assert ruled.why_not == "no version of the contract has a calibration that somebody could correct"


def test_the_states_of_a_fleets_day_are_those_of_any_of_its_products(products):
    both = [products["heater"], products["trailcam"]]
    assert fitted_to("two-day-fiction", both).day.states == ("silent-two-days", "shown-presumed-lost", "shown-lost")
    assert fitted_to("two-day-fiction", both[1:]).day.states == ("silent-two-days", "shown-lost")
