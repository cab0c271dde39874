"""The network of a whole plan: what the files say is what is worked out."""

import json
import math
from pathlib import Path

import pytest
from tests.unit.site.network.farm import GATEWAYS, farm

from seamline.site import SiteError
from seamline.site.network.additions import additions
from seamline.site.network.as_json import as_json
from seamline.site.network.on_site import candidates_of, node_mw, stations_of, supply_of, traffic_by_node, walls_of
from seamline.site.network.study import study
from seamline.site.network.traffic import DAY_S
from seamline.site.plan.model import PowerSource
from seamline.site.plan.site import Fixed

ALLOWED = "gateway: lora-gateway, gateway_mountings: [masts], relay: lora-868, relay_mountings: [masts]"


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    return study(farm(tmp_path_factory.mktemp("farm")))


def choosing(topology):
    """The change of the plan that lets gateways and relays be put on masts."""
    before = f"network: {{topology: {topology}, fade_margin: 10 dB, hops: 2"
    return (before, f"{before}, {ALLOWED}")


def test_nodes_with_radios_and_gateways_are_stations(plain):
    roles = {station.id: station.role for station in plain.stations}
    assert roles == {
        "soil-1": "node",
        "soil-2": "node",
        "indoors": "node",
        "in-silo": "node",
        "tracker": "node",
        "gw-1": "gateway",
    }


def test_every_way_is_found_and_says_how_it_passes_what_stands_there(plain):
    assert {ident: way.stations for ident, way in plain.ways.items()} == {
        "soil-1": ("soil-1", "gw-1"),
        "soil-2": ("soil-2", "gw-1"),
        "indoors": ("indoors", "gw-1"),
    }
    passed = {one.other("gw-1"): one.loss for one in plain.links}
    assert passed["soil-1"].over == ("silo",)
    assert passed["soil-2"].way == "clear"
    assert (passed["indoors"].through, passed["indoors"].penetration_db) == (("barn",), 6.0)
    assert passed["in-silo"].shut == ("silo",)


def test_who_is_not_heard_is_told_what_would_help_and_who_sends_elsewhere_is_named(plain):
    assert list(plain.unheard) == ["in-silo"]
    assert plain.unheard["in-silo"][0].kind == "raise"
    assert plain.outside == ("tracker",)
    assert "in-silo reaches no gateway" in plain.problems


def test_the_one_gateway_takes_all_with_it(plain):
    gateway = next(one for one in plain.failures if one.kind == "gateway")
    assert (gateway.what, set(gateway.dark)) == ("gw-1", {"soil-1", "soil-2", "indoors"})
    assert plain.failures[0].what == "box"  # the switch that feeds it takes its cameras too
    assert set(plain.failures[0].dark) == {"cam-1", "cam-2", "cam-far", "soil-1", "soil-2", "indoors"}


def test_air_time_comes_from_profiles_and_what_says_nothing_is_noted(plain):
    assert {load.station for load in plain.loads.radios} == {"soil-1", "indoors", "gw-1"}
    assert any("soil-2 names no product" in note for note in plain.notes)
    assert plain.loads.channels[0].rate == "sf7"


def test_cables_are_laid_and_what_cannot_be_is_said(plain):
    rows = {row.id: row for row in plain.wiring.rows}
    assert set(rows) == {"cam-1", "cam-2"}
    assert rows["cam-1"].metres == pytest.approx((20 + 1 + 4) * 1.1 + 4, abs=0.01)
    assert "put a switch or PoE extender" in rows["cam-2"].problems[0]
    assert set(plain.wiring.unroutable) == {"cam-far", "gw-1"}
    (budget,) = plain.budgets
    assert (budget.switch, budget.devices, budget.problems) == ("box", 4, ())


def test_the_document_for_programs_is_json_and_says_the_same(plain):
    document = json.loads(json.dumps(as_json(plain), allow_nan=False))
    assert document["problems"] == list(plain.problems)
    silo = next(one for one in document["links"] if one["b"] == "in-silo")
    assert (silo["loss_db"], silo["rate"], silo["shut"], silo["used"]) == (None, None, ["silo"], False)
    assert [station["way"] for station in document["stations"]][:2] == [["soil-1", "gw-1"], ["soil-2", "gw-1"]]
    assert document["choice"] is None
    assert document["cables"]["rows"][0]["from"] == "box"


def test_a_study_is_the_same_each_time(tmp_path, plain):
    assert as_json(study(farm(tmp_path))) == as_json(plain)


@pytest.mark.parametrize("topology", ["star", "mesh"])
def test_gateways_are_put_up_where_the_plan_allows_at_the_least_cost(tmp_path, topology):
    found = study(farm(tmp_path, choosing(topology), gateways="", topology=topology))
    assert found.choice.proven
    assert found.choice.unreachable == ("in-silo",)
    assert len(found.choice.chosen) == 1
    assert found.choice.cost == found.choice.bound == 24_500 + 15_000 + 3_450
    assert set(found.ways) == {"soil-1", "soil-2", "indoors"}
    assert found.stations[-1].id == found.choice.chosen[0]
    assert as_json(found)["choice"]["cost_cents"] == found.choice.cost


def test_where_the_gateway_stands_already_nothing_is_put_up(tmp_path):
    found = study(farm(tmp_path, choosing("star")))
    assert (found.choice.chosen, found.choice.cost) == ((), 0)


def test_candidates_have_their_place_height_and_price(tmp_path):
    notes = []
    found = candidates_of(farm(tmp_path, choosing("star")), notes)
    assert [one.station.role for one in found] == ["gateway", "gateway", "relay", "relay"]
    assert [one.cost for one in found] == [24_500 + 18_450] * 2 + [980 + 18_450] * 2
    places = [(one.station.antenna.x, one.station.antenna.y, one.station.antenna.height) for one in found[:2]]
    assert places == [pytest.approx((30, 60, 8), abs=0.02), pytest.approx((220, 190, 8), abs=0.02)]
    assert [radio.id for radio in found[0].station.radios] == ["lora-868"]


def test_a_mounting_without_a_part_is_noted(tmp_path):
    notes = []
    changed = ("hops: 2}", "hops: 2, gateway_mountings: [masts]}")
    assert candidates_of(farm(tmp_path, changed), notes) == ()
    assert "name one under network.gateway" in notes[0]


def test_nothing_is_put_up_where_nothing_may_be(tmp_path):
    site = farm(tmp_path, choosing("star"), ("{name: paddock, is: ignore}", "{name: paddock, is: exclusion}"))
    assert [round(one.station.antenna.x) for one in candidates_of(site, [])] == [30, 30]


@pytest.mark.parametrize(
    ("margin", "put_up", "cost"), [(40, None, 0), (45, "relay", 980 + 18_450), (50, "gateway", 24_500 + 18_450)]
)
def test_as_more_margin_is_asked_for_a_relay_does_and_then_only_a_gateway(tmp_path, margin, put_up, cost):
    asked = ("fade_margin: 10 dB", f"fade_margin: {margin} dB")
    found = study(farm(tmp_path, choosing("tree"), asked, topology="tree"))
    assert found.choice.chosen == ((f"{put_up} mast-2 at 220, 190, 8 m",) if put_up else ())
    assert (found.choice.cost, found.choice.bound, found.choice.proven) == (cost, cost, True)
    assert found.choice.unreachable == ("in-silo",)
    assert set(found.unheard) == {"in-silo"}
    assert {way.gateway for way in found.ways.values()} <= {"gw-1", *found.choice.chosen}


def test_wishes_of_the_plan_are_held_against_the_links(tmp_path):
    wishes = (
        "routes: {cable",
        "links:\n  a: {from: in-silo, to: gw-1}\n  b: {from: soil-1, to: gw-1, avoid: true}\n  c: {from: cam-1, to: cam-2, by: cable}\n\nroutes: {cable",
    )
    found = study(farm(tmp_path, wishes))
    assert found.broken == ("link a: in-silo and gw-1 do not hear each other with the fade margin",)
    assert "soil-1" not in found.ways
    assert "soil-1" in found.unheard
    assert "link c" in {row.id for row in found.wiring.rows}


def test_cables_that_the_plan_does_not_name_are_not_laid_and_noted(tmp_path):
    found = study(farm(tmp_path, ("cable: cat6-outdoor, ", "")))
    assert found.wiring.rows == ()
    assert [note for note in found.notes if "routes.cable" in note] == [
        "cables for ethernet are not laid: the plan names none; give routes.cable"
    ]


def test_a_switch_that_is_too_small_is_a_problem(tmp_path):
    found = study(farm(tmp_path, ("switch: poe-switch-8}", "switch: poe-switch-8, power: 20 W}")))
    assert any("box: the devices draw" in problem for problem in found.problems)
    doubtful = study(farm(tmp_path, ("switch: poe-switch-8}", "switch: poe-switch-8, power: 61.5 W}")))
    assert any("box: the devices reserve" in note for note in doubtful.notes)
    assert not any("box" in problem for problem in doubtful.problems)


def test_a_full_duty_cycle_and_a_full_channel_are_problems(tmp_path):
    found = study(farm(tmp_path, ("message: 20, messages: 24/d", "message: 2000, messages: 2000/d")))
    assert any("soil-1 sends" in problem and "1.00% are allowed" in problem for problem in found.problems)
    assert any("there is room for" in problem for problem in found.problems)


@pytest.mark.parametrize("stated", [-1, "thick", "nan"])
def test_a_wall_that_is_no_loss_is_refused(tmp_path, stated):
    with pytest.raises(SiteError, match="barn: wall_db is"):
        walls_of(farm(tmp_path, barn_db=stated))


def test_walls_may_be_text_in_the_survey_and_need_not_be_there(tmp_path):
    assert walls_of(farm(tmp_path, barn_db="4.5")) == {"barn": 4.5}
    assert walls_of(farm(tmp_path, barn_db=None)) == {}


def test_a_product_is_counted_by_its_contract_and_a_camera_by_its_video(tmp_path):
    product = Path("examples/heater").resolve()
    changed = (
        "radio: lora-868, power: {from: battery, kit: cell}}\n  indoors",
        f"radio: lora-868, product: {product}}}\n  indoors",
    )
    site = farm(tmp_path, changed)
    found = traffic_by_node(site, [])
    assert {stream.message for stream in found["soil-2"].streams} >= {"reading", "vitals"}
    (video,) = found["cam-1"].streams
    bitrate = site.plan.catalogue.parts["bullet-4mp"].bitrate_bps
    assert video.frame_bytes * video.frames_per_day == pytest.approx(bitrate / 8 * DAY_S)


def test_a_supply_that_is_not_named_is_the_nearest_of_its_kind(tmp_path):
    second = ("supplies:\n", "supplies:\n  far: {title: Other, place: {x: 280 m, y: 200 m}, kind: poe, switch: poe-switch-8}\n")
    site = farm(tmp_path, second)
    assert supply_of(site, PowerSource("poe"), Fixed(270, 190, 0)) == "far"
    assert supply_of(site, PowerSource("poe"), Fixed(10, 10, 0)) == "box"
    assert supply_of(site, PowerSource("poe", "far"), Fixed(10, 10, 0)) == "far"
    assert supply_of(site, PowerSource("dc"), Fixed(10, 10, 0)) is None


def test_a_node_that_observes_nothing_passes_on(tmp_path):
    relay = ("nodes:\n", "nodes:\n  repeater: {title: Relay, place: {x: 100 m, y: 60 m}, height: 8 m, radio: lora-868}\n")
    site = farm(tmp_path, relay, topology="tree")
    assert {station.id: station.role for station in stations_of(site)}["repeater"] == "relay"
    assert math.isfinite(study(site).links[0].margin_db)


def test_a_gateway_that_takes_fewer_than_lead_to_it_is_a_problem(tmp_path):
    part = "{kind: gateway, title: Tiny, source: an example, radios: [lora-868], uplinks: [ethernet], power: 5 W, nodes: 2}"
    small = ("prices: {budget", f"catalogue:\n  parts:\n    tiny: {part}\n\nprices: {{budget")
    found = study(farm(tmp_path, small, ("part: lora-gateway", "part: tiny")))
    assert found.broken == ("gw-1 takes 2 stations, and 3 lead to it: put up another gateway",)


def test_power_cables_have_their_drop_from_the_supplys_voltage(tmp_path):
    dc = (
        ("routes: {cable: cat6-outdoor,", "routes: {cable: cat6-outdoor, power_cable: ground-cable-1-5,"),
        ("kind: poe, switch: poe-switch-8}", "kind: dc, volts: 24 V}"),
        ("power: {from: poe, supply: box}}\n  cam-2", "power: {from: dc, supply: box}}\n  cam-2"),
        ("power: {from: poe}}\n  cam-far", "power: {from: dc}}\n  cam-far"),
        (
            "place: {x: 250 m, y: 190 m}, height: 4 m, part: bullet-4mp, lens: 4mm, power: {from: poe, supply: box}",
            "place: {x: 250 m, y: 190 m}, height: 4 m, part: bullet-4mp, lens: 4mm",
        ),
        ("uplink: ethernet, power: {from: poe}}", "uplink: ethernet}"),
    )
    rows = {row.id: row for row in study(farm(tmp_path, *dc)).wiring.rows}
    assert rows["cam-1"].use == "power"
    assert 0 < rows["cam-1"].drop_share < rows["cam-2"].drop_share


def test_a_wall_that_is_stated_otherwise_changes_the_path_through_it_and_no_other(tmp_path, plain):
    found = study(farm(tmp_path, barn_db=90.0))
    before, after = ({one.other("gw-1"): one.loss for one in case.links} for case in (plain, found))
    assert after["indoors"].penetration_db == 90.0
    assert "indoors" in found.unheard
    assert all(after[ident] == before[ident] for ident in ("soil-1", "soil-2", "in-silo"))


def test_a_larger_fade_margin_spares_nothing(tmp_path, plain):
    found = study(farm(tmp_path, ("fade_margin: 10 dB", "fade_margin: 32 dB")))
    before, after = ({one.other("gw-1"): one for one in case.links} for case in (plain, found))
    assert after["soil-2"].spare_db == pytest.approx(before["soil-2"].spare_db - 22)
    assert after["soil-1"].rate.name != before["soil-1"].rate.name
    assert after["soil-1"].loss == before["soil-1"].loss


@pytest.mark.parametrize(
    ("parts", "milliwatts"),
    [
        ("part: bullet-4mp, lens: 4mm", "bullet-4mp"),
        ("part: pir-12m, board: esp32-s3-board", ("pir-12m", "esp32-s3-board")),
        ("radio: lora-868", None),
    ],
)
def test_what_a_node_takes_is_what_its_parts_take(tmp_path, parts, milliwatts):
    probe = ("nodes:\n", f"nodes:\n  probe: {{title: Probe, place: {{x: 100 m, y: 60 m}}, height: 2 m, {parts}}}\n")
    site = farm(tmp_path, probe)
    known = site.plan.catalogue.parts
    node = site.nodes["probe"][0]
    if milliwatts is None:
        assert node_mw(site, node) is None
    elif isinstance(milliwatts, str):
        assert node_mw(site, node) == known[milliwatts].power_mw
    else:
        assert node_mw(site, node) == sum(known[name].active_mw or 0 for name in milliwatts)


def test_devices_that_are_there_already_take_ports_and_get_no_cable(tmp_path):
    there = (
        "lens: 4mm, power: {from: poe, supply: box}}\n  cam-2",
        "lens: 4mm, power: {from: poe, supply: box}, existing: true}\n  cam-2",
    )
    found = study(farm(tmp_path, there))
    assert "cam-1" not in {row.id for row in found.wiring.rows}
    assert found.budgets[0].devices == 4


@pytest.mark.parametrize("margin", [45, 50])
def test_with_what_was_put_up_in_the_plan_nothing_more_is(tmp_path, margin):
    asked = ("fade_margin: 10 dB", f"fade_margin: {margin} dB")
    site = farm(tmp_path, choosing("tree"), asked, topology="tree")
    before = study(site)
    lines = additions(site, before)
    section, *entries = lines
    assert len(entries) == 1
    kept = (f"{section}\n", f"{section}\n" + "\n".join(entries) + "\n")
    after = study(farm(tmp_path, choosing("tree"), asked, kept, topology="tree"))
    assert (after.choice.chosen, additions(site, after)) == ((), ())
    assert after.ways.keys() - before.ways.keys() == ({"relay-1"} if section == "nodes:" else set())
    assert {one.margin_db for one in after.links} == {one.margin_db for one in before.links}


def test_names_that_are_taken_are_not_given_again(tmp_path):
    taken = ("gw-1: {title", "gateway-1: {title")
    asked = ("fade_margin: 10 dB", "fade_margin: 50 dB")
    site = farm(tmp_path, choosing("tree"), asked, taken, topology="tree")
    assert additions(site, study(site))[1].startswith("  gateway-2: {title: gateway-2, part: lora-gateway, place: {x: 220.00 m")


def test_without_candidates_nothing_is_to_be_written(tmp_path, plain):
    assert additions(farm(tmp_path), plain) == ()


def test_where_nothing_hears_a_radio_the_gateway_that_would_is_named(tmp_path):
    lonely = study(farm(tmp_path, (GATEWAYS, "")))
    assert set(lonely.unheard) == {"soil-1", "soil-2", "indoors", "in-silo"}
    (remedy,) = lonely.unheard["soil-1"]
    assert remedy.text.startswith("nothing in the plan hears soil-1 by lora: add a gateway, such as lora-gateway, under gateways")
    assert "network.gateway_mountings" in remedy.text


def test_a_device_of_a_supply_that_there_is_not_is_told(tmp_path):
    before, after = "supplies:\n  box: {title: Switch, place: {x: 20 m, y: 40 m}, kind: poe, switch: poe-switch-8}\n", ""
    changes = [(before, after), ("power: {from: poe, supply: box}", "power: {from: poe}")]
    found = study(farm(tmp_path, *changes))
    told = [problem for problem in found.problems if "no such supply" in problem]
    assert [problem.split()[0] for problem in told] == ["cam-1", "cam-2", "cam-far", "gw-1"]
    assert told[0] == "cam-1 is fed by poe, and the plan has no such supply: add one under supplies"
