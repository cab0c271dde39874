"""Further switches in an answer's price, and the bill of materials beside what placement reckoned."""

import json
from dataclasses import replace

import pytest
from tests.unit.site.placement.test_feeding import own, plan_of

from seamline.cli import main
from seamline.site.placement.advice import barred_by_reason
from seamline.site.placement.bill import billed
from seamline.site.placement.placing import Wish, asked, placed
from seamline.site.placement.switches import ASKED_MAX, Auto, affordable, autos_of, cheapest, fewer, pieces
from seamline.site.plan import load_plan, resolve

SUPPLY = "kind: poe, switch: poe-switch-8, power: 120 W}"
TINY = "catalogue:\n  parts:\n    tiny: {kind: switch, title: T, source: s, ports: %d, budget: 40 W, port: 30 W, price: %s EUR}\n\nprices:\n"
WORK = "  labour: 60.00 EUR\n  hours: {camera: 60 min, cable: 3 min, switch: 90 min}\n  spares: 10 %\n  parts: {"


def site_of(folder, *, price="200.00", ports=1, said="auto", edits=(), **fed):
    """A lot with needs that can be met, and a supply whose switches have so few ports."""
    changes = [
        (SUPPLY, f"kind: poe, switch: tiny, switches: {said}}}"),
        ("prices:\n", TINY % (ports, price)),
        ("seen_by: {class: observe, share: 90 %}", "seen_by: {class: observe, share: 85 %}"),
        ("      - {class: recognise}\n", "      - {class: recognise, share: 60 %}\n"),
        ("      - {class: detect, k: 2}\n", "      - {class: detect, k: 2, share: 60 %}\n"),
    ]
    return resolve(load_plan(plan_of(folder, edits=[*changes, *edits], **fed)))


def test_further_switches_are_in_the_price_and_in_the_bill(tmp_path):
    found, answer = placed(site_of(tmp_path), Wish())
    assert answer.is_met
    assert sum(one.pieces for one in found.bought) == len(answer.chosen) - 1 > 0, "one stands, of one port"
    own_cents = int(found.problem.cost[list(answer.chosen)].sum())
    assert answer.cost == answer.value == own_cents + 20_000 * sum(one.pieces for one in found.bought)
    assert answer.bound <= answer.value
    bill = billed(found, answer)
    assert not {"further switches", "parts"} & {one.why for one in bill.differences}
    assert bill.cents == answer.cost + sum(one.cents for one in bill.differences)


@pytest.mark.parametrize(("price", "more"), [("1.00", True), ("900.00", False)])
def test_a_dearer_way_without_a_further_switch_is_taken_when_the_switch_costs_more(tmp_path, price, more):
    strong = [("volts: 12 V, power: 60 W", "volts: 48 V, power: 600 W")]
    both = "[{from: poe}, {from: dc}]"
    found, answer = placed(site_of(tmp_path, price=price, edits=strong, masts=both, walls=both), Wish())
    assert answer.is_met
    assert bool(found.bought) is more
    assert any(found.offers[one - len(found.nodes)].feed.power.kind == "dc" for one in answer.chosen) is not more
    assert answer.bound <= answer.value == answer.cost


def test_a_budget_pays_its_switches_too(tmp_path):
    site = site_of(tmp_path, price="300.00")
    found, answer = placed(site, Wish(question="best", budget=130_000, shares=False))
    assert answer.cost <= 130_000
    assert answer.cost == int(found.problem.cost[list(answer.chosen)].sum()) + sum(one.cents for one in found.bought)
    _, wide = placed(site, Wish(question="best", budget=400_000, shares=False))
    assert wide.bound >= answer.value
    assert answer.value <= answer.bound


def test_a_fixed_number_of_switches_stays_the_limit(tmp_path):
    found, answer = placed(site_of(tmp_path, said="1"), Wish(question="best", count=5, shares=False))
    assert found.bought == ()
    assert len(answer.chosen) == 1


def test_the_bill_names_every_difference_and_the_command_prints_it(tmp_path, capsys):
    site = site_of(tmp_path, edits=[("  parts: {", WORK)])
    found, answer = placed(site, Wish(question="best", count=1, shares=False))
    bill = billed(found, answer)
    told = {one.why: one.cents for one in bill.differences}
    assert bill.reckoned == answer.cost
    assert "parts" not in told
    assert told["spares"] > 0
    assert abs(told.get("cable along shared trenches, in whole metres", 0)) <= 100, "one cable: it is only rounded up"
    on_mast = answer.chosen[0] in own(found, "masts")
    assert told.get("mountings' own cost, which the bill does not have", 0) == (-10_000 if on_mast else 0)
    camera, hour = 30_000 + 2_000 * on_mast + 10_000 * on_mast, 6_000
    assert int(found.problem.cost[answer.chosen[0]]) > camera + hour, "and the cable"
    assert main(["site", "place", str(site.plan.file), "--count", "1", "--no-shares"]) == 0
    assert f"  the bill of materials grows by {bill.cents / 100:,.2f} EUR:\n" in capsys.readouterr().out
    assert main(["site", "place", str(site.plan.file), "--count", "1", "--no-shares", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["bill"]["cents"] == bill.cents
    assert sum(one["cents"] for one in document["bill"]["differences"]) == bill.cents - document["cost_cents"]


def test_what_is_not_shown_to_be_impossible_with_fewer_switches_bounds_the_price(tmp_path):
    site = site_of(tmp_path)
    found, answer = placed(site, Wish())
    plain = replace(answer, value=answer.value - sum(one.cents for one in found.bought))
    autos, most = autos_of(site, []), (1,)
    lacking = replace(plain, counts=plain.counts * 0, is_impossible=True)
    bounds = [
        cheapest(found, site, replace(plain, bound=plain.value, is_impossible=told), lambda *_: lacking, autos, most)[0].bound
        for told in (False, True)
    ]
    assert bounds == [plain.value + 20_000, plain.value]


def test_where_no_number_of_switches_fits_the_budget_nothing_takes_one(tmp_path):
    site = site_of(tmp_path)
    found, whole = placed(site, Wish(question="best", budget=400_000, shares=False))
    autos = autos_of(site, [])
    rooms = []

    def solve(problem, _budget):
        room = {group.name: group.at_most for group in problem.groups}["ports of hall"]
        rooms.append(room)
        return replace(whole, chosen=() if not room else whole.chosen, cost=0 if not room else 400_000)

    answer, taken = affordable(found, site, whole, solve, autos, 400_000)
    assert (answer.chosen, answer.cost, taken) == ((), 0, (0,))
    assert not any(pieces(found, site, answer, autos))
    assert rooms[-1] == 0
    assert answer.bound >= whole.bound


def test_power_that_limits_further_switches_is_what_is_said_to_lack(tmp_path):
    fed = "    heading: 315 deg\n    tilt: 15 deg\n"
    edits = [
        (fed, fed + "    power: {from: poe, supply: hall}\n"),
        ("switches: auto}", "switches: auto, power: 20 W}"),
        ("budget: 40 W", "budget: 16 W"),
    ]
    (full,) = (one for one in barred_by_reason(asked(site_of(tmp_path, edits=edits)).problem) if "too little left" in one.reason)
    assert full.limit == 20.0
    assert full.nearest > 20.0


def test_every_lower_number_is_asked_for_and_not_too_many():
    assert list(fewer((2, 1))) == [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0)]
    assert list(fewer((0,))) == []
    many = list(fewer((9, 9)))
    assert many[-1] is None
    assert len(many) == ASKED_MAX + 1


@pytest.mark.parametrize(("power_mw", "watts"), [(None, 75_000), (50_000.0, 45_000)])
def test_room_grows_with_each_switch_as_far_as_the_supply_gives(power_mw, watts):
    auto = Auto(
        supply="hall",
        part="tiny",
        ports=2,
        budget_mw=40_000,
        present=1,
        devices=1,
        draws_mw=5_000,
        power_mw=power_mw,
        cents=1,
        work=0,
    )
    assert auto.rooms(1) == {"ports of hall": 3, "power of hall": watts}
    assert auto.rooms(0)["ports of hall"] == 1
