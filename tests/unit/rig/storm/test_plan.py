"""The plan: its figures, its verdict against the contract, and advice that has been tried out."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from tests.unit.rig.storm.conftest import EXAMPLES

from seamline.contract import load_family
from seamline.rig.storm import POLICIES, StormError, plan
from seamline.rig.storm.advice import UNLIMITED, advise, smallest_spread_ms
from seamline.rig.storm.figures import POINTS_MAX, TRIES_SHOWN, figures_of, limits_of, seconds
from seamline.rig.storm.simulate import run
from seamline.rig.storm.terms import terms_of

OURS = ["told", "declared"]


@pytest.fixture(scope="module")
def whole(heater):
    return plan(heater)


@pytest.fixture(scope="module")
def narrow(heater):
    """The heater with a broker for a twentieth of its fleet."""
    return replace(heater, fleet=replace(heater.fleet, accept_rate=40))


@pytest.fixture(scope="module")
def crowded(narrow):
    """Four times the fleet that this is for."""
    return plan(narrow, 10_000, policies=())


def test_the_examples_fleet_comes_back_within_its_limits(whole):
    assert whole.within_limits
    assert whole.reasons == ()
    assert whole.advice == ()
    for name in OURS:
        figures = whole.of(name)
        assert figures.within
        assert figures.last_ms < 120_000
        assert (figures.attempts_max, figures.given_up, figures.turned_away) == (1, 0, 0)
        assert figures.offered_peak <= 800


def test_without_a_first_spread_no_policy_keeps_to_the_limits(whole):
    for figures in whole.policies:
        if not figures.ours:
            assert "broker" in [limit.name for limit in figures.limits if not limit.held], figures.name
            assert figures.broker_peak > 100 * whole.of("told").broker_peak


def test_at_twice_the_fleet_a_fixed_retry_is_far_behind_the_spread(heater):
    made = plan(heater, 40_000, policies=("fixed",))
    told, fixed = made.of("told"), made.of("fixed")
    assert told.within
    assert fixed.last_ms is None or fixed.last_ms > 2 * told.last_ms
    assert fixed.attempts_median > 5
    assert fixed.wasted > 0.3


def test_what_does_not_hold_is_said_with_figure_and_limit(crowded):
    assert not crowded.within_limits
    said = "\n".join(crowded.reasons)
    assert "fleet.recovery allows 120 s" in said
    assert "a broker that accepts 40/s (fleet.accept_rate)" in said
    assert all(
        reason.startswith(("Seamline, the spread the hub tells", "Seamline, the contract's own")) for reason in crowded.reasons
    )


def test_each_alternative_of_the_advice_makes_it_hold(narrow, crowded):
    numbers = {
        "fleet.accept_rate": lambda contract, text: replace(
            contract, fleet=replace(contract.fleet, accept_rate=int(text.removesuffix("/s")))
        ),
        "fleet.recovery": lambda contract, text: replace(
            contract, fleet=replace(contract.fleet, recovery_ms=1_000 * int(text.removesuffix(" s")))
        ),
        "fleet.messages_rate": lambda contract, text: replace(
            contract, fleet=replace(contract.fleet, messages_rate=int(text.removesuffix("/s")))
        ),
        "buffer.flight_frames": lambda contract, text: replace(
            contract, buffer=replace(contract.buffer, flight_frames=int(text))
        ),
    }
    assert len(crowded.advice) == 2
    assert {changes[0].path for changes in crowded.advice} == {"fleet.accept_rate", "fleet.recovery"}
    for changes in crowded.advice:
        changed = narrow
        for change in changes:
            assert change.now != change.to
            changed = numbers[change.path](changed, change.to)
        assert plan(changed, 10_000, policies=()).within_limits, [str(change) for change in changes]


def test_the_advice_is_not_far_above_what_arithmetic_asks(crowded):
    """SL206: a fleet needs twice its size by its accept rate; nothing less could do, and not much more is asked."""
    to = {change.path: change.to for changes in crowded.advice for change in changes}
    assert 0.6 * 10_000 / 60 <= int(to["fleet.accept_rate"].removesuffix("/s")) <= 1.3 * 10_000 / 60
    assert 0.6 * 20_000 / 40 <= int(to["fleet.recovery"].removesuffix(" s")) <= 1.3 * 20_000 / 40


def test_a_hub_that_is_too_slow_is_told_apart_from_the_broker():
    contract = load_family(EXAMPLES / "heater").current
    slow = replace(contract, fleet=replace(contract.fleet, messages_rate=8_000))
    made = plan(slow, policies=())
    assert [limit.name for one in made.policies for limit in one.limits if not limit.held] == ["hub", "hub"]
    assert "8,000 messages/s (fleet.messages_rate)" in made.reasons[0]
    assert sorted({change.path for changes in made.advice for change in changes}) == [
        "buffer.flight_frames",
        "fleet.messages_rate",
    ]


def test_there_is_no_advice_where_none_of_the_numbers_is_what_is_wrong(make_terms):
    """A hub that answers nobody in time, however many messages it takes."""
    assert advise(make_terms(50, answer_timeout_ms=10), 0) == ()


def test_the_smallest_spread_holds_and_a_much_smaller_one_does_not(make_terms):
    terms = make_terms(4_000, accept_rate=80, recovery_ms=120_000, connect_timeout_ms=5_000)
    smallest = smallest_spread_ms(terms, 1)
    assert 10_000 < smallest <= 60_000
    for spread_ms, holds in ((smallest, True), (smallest // 2, False)):
        storm = run(POLICIES["told"], replace(terms, told_spread_ms=spread_ms), 1)
        assert bool(storm.given_up == 0 and 0 <= storm.back_ms.max() <= 120_000) is holds
        assert figures_of(storm, terms).within is holds


def test_there_is_no_smallest_spread_for_a_fleet_that_is_too_large(make_terms):
    assert smallest_spread_ms(make_terms(20_000, accept_rate=10), 0) is None


def test_a_long_spread_that_leaves_no_time_for_answers_is_not_taken_for_the_only_one(make_terms):
    terms = make_terms(200, accept_rate=1_000, recovery_ms=20_000)
    assert smallest_spread_ms(terms, 0) == 0 or smallest_spread_ms(terms, 0) <= 1_000


@given(st.sampled_from(list(POLICIES.values())), st.integers(2, 400), st.integers(2, 100), st.integers(0, 2**31))
@settings(max_examples=25, deadline=None)
def test_figures_sum_a_storm_up_and_add_nothing(make_terms, policy, devices, accept_rate, seed):
    terms = make_terms(devices, accept_rate=accept_rate)
    storm = run(policy, terms, seed)
    figures = figures_of(storm, terms)
    back = np.sort(storm.back_ms[storm.back_ms >= 0])
    assert figures.back_share == len(back) / devices
    ranks = [figures.back_p50_ms, figures.back_p95_ms, figures.back_p99_ms, figures.last_ms]
    known = [rank for rank in ranks if rank is not None]
    assert known == sorted(known)
    assert (figures.last_ms is not None) == (len(back) == devices)
    assert sum(figures.attempts) == devices
    assert sum(tries * count for tries, count in enumerate(figures.attempts)) == min(
        int(storm.attempts.sum()), int(np.minimum(storm.attempts, TRIES_SHOWN).sum())
    )
    assert figures.attempts_median <= figures.attempts_p99 <= figures.attempts_max
    assert figures.accepted_peak <= devices
    curves = figures.curves
    lengths = {len(row) for row in (curves.offered, curves.accepted, curves.broker, curves.hub, curves.back)}
    assert len(lengths) == 1
    assert lengths.pop() <= POINTS_MAX
    assert sum(curves.offered) * curves.step_ms / 1_000 == pytest.approx(storm.attempts.sum(), rel=0.02, abs=len(curves.offered))
    assert curves.back == tuple(sorted(curves.back))
    assert curves.back[-1] == pytest.approx(figures.back_share, abs=1e-4)
    assert figures.within == (not figures.reasons)


def test_tries_are_not_held_while_somebody_is_away(make_terms):
    terms = make_terms(1_000, accept_rate=20, tries_max=10, recovery_ms=120_000)
    (short, whole) = (run(POLICIES["told"], terms, 1, until_ms=until_ms) for until_ms in (5_000, None))
    limits = {limit.name: limit for limit in limits_of(short, terms)}
    assert short.attempts.max() <= 10
    assert not limits["tries"].held
    assert limits["tries"].text == "a device tried 1 times, and not everybody is back; fleet.tries_max allows 10"
    assert limits["recovery"].text.endswith("devices are not back after 5 s; fleet.recovery allows 120 s")
    assert (whole.back_ms >= 0).all()
    assert {limit.name: limit.held for limit in limits_of(whole, terms)}["tries"] == (whole.attempts.max() <= 10)


def test_a_storm_that_was_given_up_says_so_wherever_it_is_judged(given_up):
    """Each device of the fixed policy tries less often than the contract allows, and would for ever."""
    fixed = given_up.of("fixed")
    assert fixed.attempts_max <= given_up.terms.tries_max
    assert [limit.name for limit in fixed.limits if not limit.held] == ["recovery", "broker", "tries"]
    assert fixed.given_up_words == "given up after 8 attempts each"
    assert "devices are not back after 65.8 s, given up after 8 attempts each; fleet.recovery allows 120 s" in fixed.reasons[0]
    assert [one["given_up_after"] for one in given_up.document()["policies"]] == [8, 8, 8, 8]
    assert "fleet.tries_max allows 10" in given_up.reasons[2]


def test_a_storm_that_was_watched_to_its_end_says_nothing_of_giving_up(whole):
    assert [one.given_up_words for one in whole.policies] == [""] * len(whole.policies)
    assert {one["given_up_after"] for one in whole.document()["policies"]} == {None}


def test_the_busiest_second_is_over_any_second_and_not_over_those_of_the_clock(make_terms):
    terms = make_terms(300, accept_rate=10**6, told_spread_ms=0)
    figures = figures_of(run(POLICIES["told"], terms, 1), terms)
    assert figures.offered_peak == 300


def test_a_plan_is_json_with_its_verdict(crowded):
    document = json.loads(json.dumps(crowded.document()))
    assert document["format"] == "seamline-storm/1"
    assert document["within_limits"] is False
    assert [one["name"] for one in document["policies"]] == OURS
    assert document["advice"][0][0]["path"].startswith("fleet.")


def test_the_products_own_policies_are_always_there(heater):
    assert [one.name for one in plan(heater, 100, 0, policies=()).policies] == OURS
    assert [one.name for one in plan(heater, 100, 0, policies=("fixed",)).policies] == [*OURS, "fixed"]
    with pytest.raises(KeyError):
        plan(heater, 100, 0, policies=()).of("fixed")


def test_bad_arguments_are_refused(heater):
    with pytest.raises(StormError, match="policy"):
        plan(heater, policies=("often",))
    with pytest.raises(StormError, match="devices"):
        plan(heater, 0)


def test_every_example_comes_back_within_its_limits_after_a_power_cut():
    """Dark devices measure nothing: they bring no backlog."""
    for folder in sorted(EXAMPLES.iterdir()):
        if (folder / "contract.yaml").exists():
            assert plan(load_family(folder).current, outage_ms=0, policies=()).within_limits, folder.name


def test_a_fleet_of_a_million_is_back_at_a_rate_for_a_million(heater):
    """Its terms are those of the example, times fifty."""
    million = replace(heater, fleet=replace(heater.fleet, devices_max=1_000_000, accept_rate=40_000, messages_rate=2_500_000))
    storm = run(POLICIES["told"], terms_of(million), 0)
    assert (storm.back_ms >= 0).all()
    assert storm.attempts.max() == 1
    assert storm.back_ms.max() < 40_000


@pytest.mark.parametrize(
    ("ms", "text"), [(1_000, "1 s"), (1_500, "1.5 s"), (89_999, "90.0 s"), (90_001, "91 s"), (5_000_000, "5,000 s")]
)
def test_times_are_written_as_a_contract_writes_them(ms, text):
    assert seconds(ms) == text


def test_a_search_without_a_hub_is_not_stopped_by_its_numbers(make_terms):
    assert run(POLICIES["told"], make_terms(100, messages_rate=UNLIMITED), 0).answer_ms <= 126
