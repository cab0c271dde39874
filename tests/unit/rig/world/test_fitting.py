"""Bad days are fitted to a product: ruled out with the reason, or as long as its contract needs, with the states that it can reach."""

from dataclasses import replace
from pathlib import Path

import pytest

from seamline.contract import Family, load_family
from seamline.rig.world.fitting import FITS, fill_ms, fitted
from seamline.rig.world.marks import CATALOGUE
from seamline.rig.world.plan import Kind
from seamline.rig.world.scenarios import DAY_MS, DAYS, HOUR_MS

EXAMPLES = Path(__file__).parents[4] / "examples"
NAMES = ("heater", "labmeter", "trailcam")
RULED_OUT = {
    ("trailcam", "raw-counts"): "no version of the contract has a calibration that somebody could correct",
}


@pytest.fixture(scope="module")
def products():
    return {name: load_family(EXAMPLES / name) for name in NAMES}


def family_of(*contracts):
    layouts = {
        (layout.message_id, layout.version, layout.fingerprint): layout
        for contract in contracts
        for layout in (message.layout for message in contract.messages.values())
    }
    return Family(contracts[-1].product, {each.version: each for each in contracts}, contracts[-1], layouts)


def changed(family, **sections):
    """The family with other sections in every version."""
    return family_of(*(replace(each, **sections) for each in family.versions.values()))


def test_every_fit_is_of_a_day():
    assert set(FITS) <= set(DAYS)


@pytest.mark.parametrize("name", DAYS)
@pytest.mark.parametrize("product", NAMES)
def test_the_examples_can_have_every_day_but_those_that_their_contracts_rule_out(product, name, products):
    found = fitted(name, products[product])
    assert found.why_not == RULED_OUT.get((product, name), "")
    assert set(found.day.states) <= set(CATALOGUE)
    assert found.day.silent_ms >= DAYS[name].silent_ms
    assert (found.day.kinds, found.day.promises) == (DAYS[name].kinds, DAYS[name].promises)


def test_the_usual_days_of_a_product_that_sends_often_stay_as_they_are(products):
    assert {name for name in DAYS if fitted(name, products["heater"]).day != DAYS[name]} == set()


def test_a_fleet_of_one_version_is_not_mixed(products):
    assert (
        fitted("mixed-fleet", family_of(products["heater"].current)).why_not
        == "there is one version of the contract: no fleet is mixed"
    )


def test_versions_with_the_same_layouts_are_mixed_without_two_of_a_message(products):
    heater = products["heater"].current
    assert fitted("mixed-fleet", family_of(heater, replace(heater, version="1.3.1"))).day.states == ("upgraded",)


def test_what_has_no_settings_cannot_be_asked_for_one(products):
    assert "has a setting" in fitted("offline-toggle", changed(products["heater"], state={})).why_not


def test_a_commit_that_may_take_long_is_never_too_slow(products):
    family = products["heater"]
    timing = replace(family.current.timing, commit_budget_ms=20_000)
    assert fitted("slow-backend", changed(family, timing=timing)).why_not.startswith("the contract gives a commit 20000 ms")


def test_an_outbox_that_lasts_long_is_filled_by_a_longer_silence(products):
    assert fill_ms(products["heater"].current) < HOUR_MS // 2
    camera = products["trailcam"]
    full_ms = max(map(fill_ms, camera.versions.values()))
    assert 4 * HOUR_MS < full_ms < DAY_MS
    assert fitted("week-offline", camera).day.silent_ms == full_ms * 3 // 2


def test_a_death_that_comes_before_the_loss_is_presumed_is_what_is_shown(products):
    """The camera's broker notices after 30 minutes, its contract presumes a loss after 45."""
    assert fitted("two-day-fiction", products["trailcam"]).day.states == ("silent-two-days", "shown-lost")
    assert fitted("two-day-fiction", products["heater"]).day.states == ("silent-two-days", "shown-presumed-lost")


def test_a_silence_outlasts_the_presumed_loss(products):
    family = products["heater"]
    timing = replace(family.current.timing, presumed_lost_publishes=3 * 24 * 60)
    assert fitted("two-day-fiction", changed(family, timing=timing)).day.silent_ms > 3 * DAY_MS


def test_a_device_that_speaks_seldom_is_deaf_until_it_can_notice(products):
    found = fitted("online-but-deaf", products["trailcam"]).day
    assert found.silence is Kind.DEAF
    assert found.silent_ms > products["trailcam"].current.heartbeat_ms
    assert fitted("online-but-deaf", products["heater"]).day.silent_ms == 0
