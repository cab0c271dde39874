"""A day's doings come from the contract, counted as its own rules count them."""

from dataclasses import replace
from pathlib import Path

import pytest

from seamline.contract import load
from seamline.contract.checks.life import charge_a_day_uah
from seamline.contract.checks.traffic import month_bytes
from seamline.contract.model import Wait
from seamline.site.power.figures import PowerError
from seamline.site.power.periods import periods, stated_battery_wh, stated_load

EXAMPLES = Path(__file__).parents[4] / "examples"


@pytest.fixture(scope="module", params=["heater", "labmeter", "trailcam"])
def contract(request):
    return load(EXAMPLES / request.param / "contract.yaml")


@pytest.fixture(scope="module")
def trailcam():
    return load(EXAMPLES / "trailcam" / "contract.yaml")


def test_the_bytes_of_a_day_are_those_that_the_contract_is_judged_by(contract):
    day = periods(replace(contract, update=None, timing=replace(contract.timing, further={})))
    assert day.bytes_a_day * 30 == pytest.approx(month_bytes(contract), rel=1e-12)


def test_every_message_is_sampled_and_published_once_in_its_period(contract):
    day = periods(contract)
    assert [sampling.message for sampling in day.samplings] == list(contract.messages)
    for sampling, message in zip(day.samplings, contract.messages.values(), strict=True):
        assert sampling.times == pytest.approx(86_400_000 / message.sample_ms)
        assert contract.reference in sampling.source
    assert day.contract == contract.reference


def test_an_events_bound_is_marked_as_one(trailcam):
    found = {exchange.name: exchange for exchange in periods(trailcam).exchanges}
    sighting = found["publish sighting"]
    assert sighting.bound
    assert sighting.times == 96
    assert "at_most 96/d" in sighting.source
    watch = found["publish watch"]
    assert not watch.bound
    assert watch.times == 96  # every 15 min; one record each
    assert "sample 15 min" in watch.source


def test_batches_share_a_frame(trailcam):
    watch = trailcam.messages["watch"]
    batched = replace(watch, publish_every_ms=8 * watch.sample_ms)
    contract = replace(trailcam, messages={**trailcam.messages, "watch": batched})
    found = next(exchange for exchange in periods(contract).exchanges if exchange.name == "publish watch")
    assert found.times == 12
    assert found.up > 8 * watch.layout.record_bytes


def test_the_update_budget_is_spread_over_the_month(trailcam):
    update = next(exchange for exchange in periods(trailcam).exchanges if exchange.name == "update")
    assert update.down == trailcam.update.bytes_per_month / 30
    assert update.up == 0
    assert "update.bytes" in update.source
    assert not [e for e in periods(replace(trailcam, update=None)).exchanges if e.name == "update"]


def test_a_keep_alive_is_sent_only_where_nothing_else_is(trailcam):
    assert not [e for e in periods(trailcam).exchanges if e.name == "keep-alive"]  # a frame each 15 min, keep-alive 20 min
    eager = replace(trailcam, timing=replace(trailcam.timing, keep_alive_ms=300_000))
    ping = next(e for e in periods(eager).exchanges if e.name == "keep-alive")
    assert ping.times == 288
    assert "timing.keep_alive 5 min" in ping.source


def test_a_products_own_probes_count(trailcam):
    probe = Wait("uplink_probe", "firmware", "modem-broker", "period", 3_600_000)
    other = Wait("judged_again", "firmware", "modem-broker", "timeout", 1000)
    timing = replace(trailcam.timing, further={"uplink_probe": probe, "judged_again": other})
    names = {e.name: e for e in periods(replace(trailcam, timing=timing)).exchanges}
    assert names["probe uplink_probe"].times == 24
    assert "probe judged_again" not in names


def test_the_stated_load_is_the_charge_that_the_contract_is_judged_by(trailcam):
    found = stated_load(trailcam, 3.6)
    assert found.watt_hours == pytest.approx(charge_a_day_uah(trailcam.power) / 1e6 * 3.6)
    assert any("power.states.looking.daily" in term.source for term in found.terms)
    assert stated_battery_wh(trailcam, 3.6) == pytest.approx(20.8 * 3.6)


def test_without_states_or_battery_there_is_no_stated_load(trailcam):
    with pytest.raises(PowerError, match=r"has no power\.states"):
        stated_load(replace(trailcam, power=None), 3.6)
    with pytest.raises(PowerError, match="is this in mV"):
        stated_load(trailcam, 3600.0)
    assert stated_battery_wh(replace(trailcam, power=None), 3.6) is None


def test_a_month_of_frames_counts_also_what_is_rarer_than_a_day(trailcam):
    rare = replace(trailcam.messages["watch"], sample_ms=7 * 86_400_000, publish_every_ms=7 * 86_400_000)
    found = next(
        e
        for e in periods(replace(trailcam, messages={**trailcam.messages, "watch": rare})).exchanges
        if e.name == "publish watch"
    )
    assert found.times == pytest.approx(5 / 30)  # the fifth begins within the month
    assert periods(trailcam).frames_a_day == pytest.approx(96 + 96 + 4)
