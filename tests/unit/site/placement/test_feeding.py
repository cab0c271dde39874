"""Power as a constraint: who can be fed by cable or kit, what that costs and draws, and what says so when nobody can."""

import json
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from tests.unit.site.placement.test_on_site import PLAN, SURVEY

from seamline.cli import main
from seamline.planner.desk import NO_CHANGES, Changes, Desk, NodeState
from seamline.planner.placing import Search
from seamline.site.frame import SiteError
from seamline.site.network.study import study
from seamline.site.placement.advice import barred_by_reason
from seamline.site.placement.feeding import Feeding, excess, rooms_of
from seamline.site.placement.on_site import question
from seamline.site.placement.placing import Wish, asked, left_standing, placed
from seamline.site.placement.problem import Obstacle
from seamline.site.plan import load_plan, resolve
from seamline.site.plan.model import PowerSource
from seamline.site.power.plan_power import site_power

FED = """
supplies:
  hall: {place: {x: 85 m, y: 68 m}, kind: poe, switch: poe-switch-8, power: 120 W}
  low: {place: {x: 85 m, y: 68 m}, kind: dc, volts: 12 V, power: 60 W}

routes:
  cable: cat6-outdoor
  power_cable: ground-cable-1-5
  snap: 12 m
  lines:
    ring: [{x: 85 m, y: 68 m}, {x: 66 m, y: 68 m}, {x: 66 m, y: 95 m}, {x: 120 m, y: 95 m}]

kits:
  small: {battery: li-ion-18650-2p, panel: solar-5w, autonomy: 2 d}
  large: {battery: lfp-12v-50ah, batteries: 8, panel: solar-100w, panels: 8, autonomy: 2 d}
  cell: {battery: lithium-d-2p, autonomy: 30 d}

weather:
  temperatures: [1 Cel, 2 Cel, 5 Cel, 9 Cel, 14 Cel, 17 Cel, 19 Cel, 18 Cel, 14 Cel, 9 Cel, 4 Cel, 2 Cel]
"""
PRICES = "  parts: {bullet-8mp: 300.00 EUR, pole-strap: 20.00 EUR"
MORE_PRICES = (
    PRICES + ", cat6-outdoor: 1.00 EUR, ground-cable-1-5: 2.00 EUR, solar-5w: 20.00 EUR, li-ion-18650-2p: 15.00 EUR, "
    "lithium-d-2p: 38.00 EUR"
)


def plan_of(folder, *, masts="{from: poe}", walls="{from: poe}", edits=()):
    """The lot of the other tests, fed."""
    (folder / "survey.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": SURVEY}), encoding="utf-8")
    text = PLAN.replace(PRICES, MORE_PRICES) + FED
    for old, new in (
        ("    with: [pole-strap]\n", f"    with: [pole-strap]\n    power: {masts}\n" if masts else "    with: [pole-strap]\n"),
        ("    spacing: 12 m\n", f"    spacing: 12 m\n    power: {walls}\n" if walls else "    spacing: 12 m\n"),
        *edits,
    ):
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    path = folder / "plan.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def site_of(folder, **options):
    return resolve(load_plan(plan_of(folder, **options)))


def own(found, mounting):
    """The numbers of a mounting's offers."""
    return [at + len(found.nodes) for at, offer in enumerate(found.offers) if offer.mounting == mounting]


def test_a_cable_is_as_long_as_the_network_lays_it_and_its_price_is_the_candidates(tmp_path):
    site = site_of(tmp_path)
    found = asked(site)
    chosen = [number for number in own(found, "masts") if number not in found.problem.barred][::7]
    nodes = {f"n{number}": found.node(number, f"n{number}") for number in chosen}
    at = {ident: found.candidate(number)[0].spot for ident, number in zip(nodes, chosen, strict=True)}
    wired = replace(
        site,
        plan=replace(site.plan, nodes=nodes),
        nodes={ident: (node, replace(site.supplies["hall"][1], x=at[ident].x, y=at[ident].y)) for ident, node in nodes.items()},
    )
    rows = {row.id: row for row in study(wired).wiring.rows}
    assert set(rows) == set(nodes)
    for ident, number in zip(nodes, chosen, strict=True):
        offer = found.offers[number - len(found.nodes)]
        assert rows[ident].problems == ()
        assert offer.feed.cents <= round(rows[ident].metres * 100) + 1, "a shared trench is no shorter than the shortest way"
        assert found.problem.cost[number] == offer.one.option.cents + offer.feed.cents
        assert offer.feed.power == PowerSource("poe", "hall")


def test_who_is_too_far_from_every_route_is_barred_with_the_distance(tmp_path):
    found = asked(site_of(tmp_path, edits=(("  snap: 12 m", "  snap: 4 m"),)))
    told = {one.reason: one for one in barred_by_reason(found.problem)}
    far = told["no power: more than 4 m from every cable route"]
    assert far.limit == 4.0
    assert 4.0 < far.nearest <= far.farthest
    assert far.candidates == sum(isinstance(one, Obstacle) and one.reason == far.reason for one in found.problem.barred.values())
    wider = asked(site_of(tmp_path, edits=(("  snap: 12 m", f"  snap: {far.farthest + 0.01:.2f} m"),)))
    assert far.reason not in {one.reason for one in barred_by_reason(wider.problem)}
    assert len(wider.problem.barred) < len(found.problem.barred)


LONG = (("ring: [{x: 85 m, y: 68 m}, {x: 66 m, y: 68 m}, ", "ring: [{x: 85 m, y: 68 m}, {x: 85 m, y: 1 m}, {x: 66 m, y: 1 m}, {x: 66 m, y: 68 m}, "),)  # fmt: skip


def test_who_needs_more_cable_than_ethernet_bears_is_barred_and_told_how_much(tmp_path):
    found = asked(site_of(tmp_path, edits=LONG))
    (far,) = (one for one in barred_by_reason(found.problem) if "of cable" in one.reason)
    assert far.reason == "no power within 100 m of cable"
    assert (far.limit, far.unit) == (100.0, "m")
    assert far.nearest > 100
    assert far.text.startswith(f"{far.candidates} candidates: no power within 100 m of cable (it would take ")
    assert far.text.endswith("put a switch or PoE extender on the way")


def test_an_answer_that_lacks_cells_says_which_constraint_would_have_to_give_and_by_how_much(tmp_path):
    _, answer = placed(site_of(tmp_path, edits=LONG), Wish())
    barred = [advice.text for advice in answer.advice if advice.relax == "barred"]
    assert any("it would take" in text and "instead of 100 m: put a switch" in text for text in barred)


def test_without_routes_or_a_supply_nobody_is_fed(tmp_path):
    start, end = FED.index("  lines:"), FED.index("kits:")
    found = asked(site_of(tmp_path, edits=((FED[start:end], "\n"),)))
    assert {one.reason for one in barred_by_reason(found.problem)} >= {"no power: the plan has no route for its cable"}
    none = asked(site_of(tmp_path, masts="{from: dc, supply: low}", edits=(("{place: {x: 85 m, y: 68 m}, kind: poe", "{place: {x: 5 m, y: 5 m}, kind: poe"),)))  # fmt: skip
    reasons = {one.reason for one in barred_by_reason(none.problem)}
    assert "no power: supply hall is more than 12 m from every cable route" in reasons


def test_a_route_that_leads_elsewhere_feeds_nobody(tmp_path):
    cut = (("    ring: [{x: 85 m, y: 68 m}, {x: 66 m, y: 68 m}, ", "    stub: [{x: 85 m, y: 68 m}, {x: 84 m, y: 68 m}]\n    ring: [{x: 66 m, y: 68 m}, "),)  # fmt: skip
    reasons = {one.reason for one in barred_by_reason(asked(site_of(tmp_path, edits=cut)).problem)}
    assert "no power: no cable route leads there from hall" in reasons


def test_a_supply_of_a_kind_that_the_plan_has_not_is_said_and_a_socket_is_taken_to_be_there(tmp_path):
    found = asked(site_of(tmp_path, masts="{from: mains}"))
    assert not set(own(found, "masts")) & {one for one, why in found.problem.barred.items() if "power" in str(why)}
    assert any("a socket is taken to be there" in note for note in found.notes)
    dc = (("  low: {place: {x: 85 m, y: 68 m}, kind: dc, volts: 12 V, power: 60 W}\n", ""),)
    reasons = [one.reason for one in barred_by_reason(asked(site_of(tmp_path, masts="{from: dc}", edits=dc)).problem)]
    assert "no power: the plan has no supply of dc" in reasons


def test_a_mounting_that_says_no_power_is_not_judged_and_that_is_said(tmp_path):
    found = asked(site_of(tmp_path, masts=None))
    assert "mounting masts says no power: whether a device there could be fed is not judged" in found.notes
    assert all(offer.feed is None for offer in found.offers if offer.mounting == "masts")


def test_a_switch_feeds_no_more_than_its_ports_and_watts(tmp_path):
    site = site_of(tmp_path, edits=(("power: 120 W}", "power: 40 W}"),))
    found, answer = placed(site, Wish(question="best", count=6))
    draws = [dict(found.offers[number - len(found.nodes)].feed.draws) for number in answer.chosen]
    assert 0 < sum(draw["power of hall"] for draw in draws) <= 40_000
    assert len(answer.chosen) == 2, "each takes more than 13 W"
    wide, more = placed(site_of(tmp_path), Wish(question="best", count=6))
    assert wide.problem.worth(more.counts) > found.problem.worth(answer.counts)
    assert sum(dict(wide.offers[number - len(wide.nodes)].feed.draws)["ports of hall"] for number in more.chosen) <= 8


PLANNED = "    heading: 315 deg\n    tilt: 15 deg\n"


def test_what_stands_has_its_port_already_and_a_fresh_plan_gives_it_back(tmp_path):
    edits = ((PLANNED, PLANNED + "    power: {from: poe, supply: hall}\n"), ("power: 120 W}", "power: 20 W}"))
    site = site_of(tmp_path, edits=edits)
    assert rooms_of(site)["ports of hall"] == 7
    assert rooms_of(left_standing(site))["ports of hall"] == 8
    reasons = {one.reason: one for one in barred_by_reason(asked(site).problem)}
    full = reasons["no power: supply hall has too little left"]
    assert full.limit == 20.0
    assert full.nearest > 20.0
    assert full.reason not in {one.reason for one in barred_by_reason(asked(site, fresh=True).problem)}


def test_a_switch_without_a_free_port_says_how_many_it_would_take(tmp_path):
    site = site_of(tmp_path)
    feeding = Feeding(site, lambda _one, _mounting: None)
    feeding.rooms["ports of hall"] = 0
    found = question(site, power=feeding)
    (full,) = (one for one in barred_by_reason(found.problem) if "free port" in one.reason)
    assert (full.limit, full.nearest, full.unit) == (8, 9, "ports")
    assert "(it would take 9 ports)" in full.text


def test_a_switch_that_gives_no_such_class_says_so(tmp_path):
    site = site_of(tmp_path)
    parts = {**site.plan.catalogue.parts}
    parts["poe-switch-8"] = replace(parts["poe-switch-8"], port_mw=5_000.0)
    weak = replace(site, plan=replace(site.plan, catalogue=replace(site.plan.catalogue, parts=parts)))
    (one,) = (one for one in barred_by_reason(asked(weak).problem) if "class" in one.reason)
    assert one.reason.startswith("no power: bullet-8mp needs class")


def test_a_long_line_of_low_voltage_is_barred_by_what_it_loses(tmp_path):
    found = asked(site_of(tmp_path, masts="{from: dc, supply: low}"))
    (lost,) = (one for one in barred_by_reason(found.problem) if "voltage" in one.reason)
    assert (lost.limit, lost.unit) == (5.0, "%")
    assert lost.nearest > 5.0


def test_a_kit_that_lasts_feeds_and_one_that_does_not_is_barred_with_its_days(tmp_path):
    found = asked(site_of(tmp_path, masts="{from: battery, kit: cell}"))
    (short,) = (one for one in barred_by_reason(found.problem) if "kit cell" in one.reason)
    assert short.reason == "no power: kit cell does not last for the 30 d that it must"
    assert (short.limit, short.unit) == (30.0, "d")
    assert short.nearest < 30.0
    again = asked(site_of(tmp_path, masts="{from: battery, kit: cell}", edits=(("autonomy: 30 d", f"autonomy: {short.nearest / 2:.3f} d"),)))  # fmt: skip
    assert not any("kit cell" in one.reason for one in barred_by_reason(again.problem))
    number = next(one for one in own(again, "masts") if one not in again.problem.barred)
    node = again.node(number, "n")
    assert node.power == PowerSource("battery", None, "cell")
    (alone,) = site_power(replace(again.site, plan=replace(again.site.plan, nodes={"n": node})), {}).nodes
    assert alone.met is True
    assert again.offers[number - len(again.nodes)].feed.cents == 3_800


def test_a_kit_that_goes_dark_is_barred_and_a_clear_sky_is_no_proof(tmp_path):
    reasons = [one.reason for one in barred_by_reason(asked(site_of(tmp_path, masts="{from: solar, kit: small}")).problem)]
    assert any(reason.startswith("no power: on kit small it goes dark on ") for reason in reasons)
    warm = (("[1 Cel, 2 Cel, 5 Cel, 9 Cel,", "[9 Cel, 9 Cel, 9 Cel, 9 Cel,"), ("9 Cel, 4 Cel, 2 Cel]", "9 Cel, 9 Cel, 9 Cel]"))
    large = asked(site_of(tmp_path, masts="{from: solar, kit: large}", edits=warm))
    assert any("an upper bound: whether it lasts is not sure" in note for note in large.notes)


def test_of_several_ways_each_that_could_be_taken_is_offered_once_and_only_one_is_built(tmp_path):
    found = asked(site_of(tmp_path, masts="[{from: poe}, {from: battery, kit: cell}]", edits=(("autonomy: 30 d", "autonomy: 1 d"),)))  # fmt: skip
    masts = [found.offers[number - len(found.nodes)] for number in own(found, "masts")]
    by_place = {}
    for offer in masts:
        by_place.setdefault((offer.one.observer(), offer.one.spot), []).append(offer)
    fed = [offers for offers in by_place.values() if offers[0].feed]
    assert fed
    for offers in fed:
        cents = [offer.feed.cents for offer in offers]
        assert cents == sorted(cents)
        assert offers[-1].feed.draws == () or len(offers) == 1, "what draws nothing and costs no more makes the others needless"
    _, answer = placed(found.site, Wish(question="best", count=4))
    places = [found.candidate(number)[0] for number in answer.chosen]
    assert len({(one.spot, one.heading) for one in places}) == len(places)


def test_nobody_that_is_barred_is_ever_chosen_and_what_is_chosen_can_be_fed(tmp_path):
    for wish in (Wish(question="best", count=3), Wish(), Wish(question="all"), Wish(fewest=True, fresh=True)):
        found, answer = placed(site_of(tmp_path, edits=LONG), wish)
        assert not set(answer.chosen) & set(found.problem.barred)
        assert all(found.offers[number - len(found.nodes)].feed for number in answer.chosen)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(snap=st.integers(1, 20), more=st.integers(1, 20), watts=st.integers(10, 120), further=st.integers(0, 60))
def test_to_relax_a_constraint_never_makes_the_best_worse(tmp_path, snap, more, watts, further):
    site = site_of(tmp_path)

    def value(snap_m, power_w):
        supply, at = site.supplies["hall"]
        plan = replace(site.plan, routes=replace(site.plan.routes, snap_m=snap_m))
        fed = {**site.supplies, "hall": (replace(supply, power_mw=power_w * 1000.0), at)}
        found, answer = placed(replace(site, plan=plan, supplies=fed), Wish(question="best", count=2, shares=False))
        assert not set(answer.chosen) & set(found.problem.barred)
        return answer

    strict, easy = value(snap, watts), value(snap + more, watts + further)
    assert easy.bound >= strict.value
    if strict.is_proven and easy.is_proven:
        assert easy.value >= strict.value


@pytest.mark.parametrize(
    ("wish", "options"),
    [
        ({"question": "best", "count": 2}, ["--count", "2"]),
        ({"question": "best", "budget": 90_000}, ["--budget", "900"]),
        ({}, []),
        ({"fewest": True, "fresh": True}, ["--fewest", "--fresh"]),
        ({"question": "all"}, ["--all"]),
    ],
)
def test_the_page_and_the_command_give_the_same_answer(tmp_path, capsys, wish, options):
    path = plan_of(tmp_path, masts="[{from: poe}, {from: battery, kit: cell}]", edits=LONG)
    gateway = "\ngateways:\n  gw: {part: thread-border-router, place: {x: 66 m, y: 54 m}, height: 2 m}\n"
    text = path.read_text(encoding="utf-8").replace("with: [pole-strap]", "with: [pole-strap, thread-802154]")
    path.write_text(text.replace("thread-802154]\n", "thread-802154]\n    board: nucleo-l4r5\n") + gateway, encoding="utf-8")
    page = Search(Desk(path), NO_CHANGES, Wish(**wish)).run()
    main(["site", "place", str(path), "--json", *options])
    told = json.loads(capsys.readouterr().out)
    places = ("id", "part", "lens", "height_m", "heading_deg", "tilt_deg", "cents")
    assert [[node[name] for name in places] for node in page["nodes"]] == [
        [node[name] for name in places] for node in told["chosen"]
    ]
    assert [node["power"] and node["power"]["kind"] for node in page["nodes"]] == [
        node["power"] and node["power"]["from"] for node in told["chosen"]
    ]
    assert page["advice"] == [one["text"] for one in told["advice"]]
    common = set(page) & set(told) - {"advice"}
    assert {name: page[name] for name in common} == {name: told[name] for name in common}
    assert {"value", "bound", "barred", "needs", "notes", "candidates", "proven"} <= common
    assert page["barred"]


def test_a_chosen_node_is_written_with_all_that_feeds_it_and_the_power_command_agrees(tmp_path, capsys):
    path = plan_of(tmp_path)
    assert main(["site", "place", str(path), "--count", "1", "--write"]) == 0
    assert ", on hall" in capsys.readouterr().out
    plan = load_plan(path)
    assert plan.nodes["placed-1"].power == PowerSource("poe", "hall")
    found = site_power(resolve(plan))
    assert found.switches[0].devices == 1
    assert found.switches[0].refusals == ()


def test_a_node_put_on_the_page_keeps_what_its_mounting_says_and_what_feeds_it(tmp_path):
    desk = Desk(plan_of(tmp_path, edits=(("    spacing: 12 m\n", "    spacing: 12 m\n    board: nucleo-l4r5\n"),)))
    state = NodeState(
        id="new", x=85.0, y=68.0, height_m=4.0, heading_deg=0.0, tilt_deg=20.0, lens="4mm", part="bullet-8mp",
        mounting="walls", power=PowerSource("poe", "hall"),
    )  # fmt: skip
    node, _ = desk.nodes(Changes((state,)))["new"]
    assert (node.board, node.power) == ("nucleo-l4r5", PowerSource("poe", "hall"))
    assert rooms_of(desk.changed(Changes((state,))))["ports of hall"] == 7
    for wrong, words in (
        ({"mounting": "moon"}, "no mounting 'moon'"),
        ({"power": PowerSource("poe", "low")}, "no supply or kit"),
        ({"power": PowerSource("poe")}, "no supply or kit"),
        ({"power": PowerSource("battery", None, "none")}, "no supply or kit"),
    ):
        with pytest.raises(SiteError, match=words):
            desk.nodes(Changes((replace(state, **wrong),)))


def test_what_lacks_least_is_what_is_named():
    near, far = Obstacle("a", limit=100, enough=110), Obstacle("b", limit=3, enough=1)
    assert min((far, Obstacle("c"), near), key=excess) is near
    assert excess(Obstacle("c"))[0]


def test_a_cable_without_a_price_is_noted_and_counts_as_free(tmp_path):
    found = asked(site_of(tmp_path, edits=((", cat6-outdoor: 1.00 EUR", ""),)))
    assert "cat6-outdoor has no price: it counts as free; give one under prices" in found.notes
    assert {offer.feed.cents for offer in found.offers if offer.feed} == {0}
