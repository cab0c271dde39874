"""A plan file is read strictly: what is right becomes values, what is wrong is named with its place and a remedy."""

from pathlib import Path

import pytest
from tests.unit.site.plan.planned import CAMERA, HEAD, problems, written

from seamline.contract.problems import ContractErrors
from seamline.site.catalogue import Money
from seamline.site.plan import load_plan, read_plan
from seamline.site.plan.model import Area, Frame, Height, Meaning, Need, Place, PowerSource, Work

ROOT = Path(__file__).parents[4]
WHOLE = """
frame: {epsg: 25832, anchor: {east: 464000 m, north: 5538000 m}}
grid: {cell: 20 cm}
catalogue:
  parts:
    probe: {kind: sensor, title: Probe, source: "assumed", senses: soil, range: 12 m, price: 40 EUR}
zones:
  field:
    title: The field
    area: {feature: Field}
    target: 50 cm
    seen_by: [{class: recognise, k: 2, share: 90 %}, {sensor: soil}]
    weight: 2.5
  whole: {area: {boundary: whole}, seen_by: {class: perceive}, roofs: true}
  corner: {area: {ring: [[8.5, 50.0], [8.5001, 50.0], [8.5001, 50.0001], [8.5, 50.0]]}, seen_by: {sensor: soil}}
  local: {area: {local: [[1 m, 1 m], [9 m, 1 m], [9 m, 900 cm]]}, seen_by: {sensor: soil}}
mountings:
  masts: {where: masts, parts: [bullet-4mp, probe], heights: [3 m, 4 m], headings: 15 deg, tilts: [10 deg, -5 deg], cost: 80.50 EUR, most: 4,
          power: [{from: poe, supply: hall}, {from: solar, kit: small}], board: esp32-s3-board, accelerator: ndp9120-module, profile: slow}
  spots: {where: points, parts: [probe], heights: [1 m], points: [{x: 1 m, y: 2 m}, {lon: 8.5, lat: 50}], with: [box-small, box-small],
          power: {from: mains}}
nodes:
  cam: {title: North, part: bullet-4mp, lens: 6mm, place: {lon: 8.5, lat: 50.0001}, height: 4 m, heading: 360 deg, tilt: -3 deg,
        power: {from: poe, supply: hall}, with: [wall-arm]}
  sensor-1: {part: probe, place: {x: 10 m, y: -2.5 m}, height: 0 m, board: esp32-s3-board, accelerator: ndp9120-module, radio: lora-868,
        power: {from: solar, kit: small}, profile: slow, existing: true}
  relay: {place: {feature: Mast}, height: 4 m, radio: lora-868}
gateways:
  gw: {part: lora-gateway, place: {feature: Mast}, height: 6 m, uplink: ethernet, power: {from: mains, supply: board}}
links:
  spine: {from: relay, to: gw}
  no: {from: sensor-1, to: gw, avoid: true, by: cable}
network: {topology: tree, fade_margin: 12 dB, hops: 3, relay: lora-868, relay_mountings: [masts], gateway: lora-gateway}
routes: {cable: cat6-outdoor, power_cable: ground-cable-1-5, slack: 5 %, ends: 1 m, snap: 2 m, lines: {a: [{x: 0 m, y: 0 m}, {x: 5 m, y: 0 m}]}}
supplies:
  hall: {place: {x: 1 m, y: 1 m}, kind: poe, switch: poe-switch-8, power: 90 W}
  board: {place: {x: 1 m, y: 1 m}, kind: mains, volts: 230 V}
kits:
  small: {battery: lfp-12v-12ah, batteries: 2, panel: solar-20w, converter: mppt-100-30, azimuth: 170 deg, tilt: 60 deg, autonomy: 5 d}
profiles:
  slow: {states: {asleep: 23 h, looking: 10 min}, work: [{workload: vww, runs: 2/h, where: local}], message: 24, messages: 96/d}
weather: {temperatures: [1 Cel, 2 Cel, 5 Cel, 9 Cel, 14 Cel, 17 Cel, 19 Cel, 19 Cel, 15 Cel, 10 Cel, 5 Cel, 2 Cel]}
prices: {currency: EUR, budget: 900.00 EUR, spares: 10 %, labour: 55 EUR, parts: {bullet-4mp: 150 EUR}}
"""


def test_everything_that_a_plan_can_say_becomes_a_value(tmp_path):
    plan = load_plan(written(tmp_path, WHOLE))
    assert (plan.name, plan.title, plan.cell_m, plan.frame) == (
        "test",
        "test",
        0.2,
        Frame("epsg", 25832, anchor_m=(464000.0, 5538000.0)),
    )
    assert plan.survey.rules[0].meaning is Meaning.BOUNDARY
    assert plan.survey.rules[1].height == Height(property="height")
    assert plan.zones["field"].needs == (Need("camera", "recognise", 2, 0.9, "2015", 125.0), Need("sensor", "soil"))
    assert plan.zones["field"].target_m == 0.5
    assert plan.zones["whole"].area == Area("boundary")
    assert plan.zones["whole"].needs[0].edition == "2025"
    assert len(plan.zones["corner"].area.ring) == 3
    assert plan.zones["local"].area.ring[2] == (9.0, 9.0)
    masts, spots = plan.mountings.values()
    assert (masts.heights_m, masts.tilts_deg, masts.heading_step_deg, masts.count_max) == ((3.0, 4.0), (10.0, -5.0), 15.0, 4)
    assert masts.cost == Money(8050, "EUR")
    assert masts.power == (PowerSource("poe", "hall"), PowerSource("solar", None, "small"))
    assert (masts.board, masts.accelerator, masts.profile) == ("esp32-s3-board", "ndp9120-module", "slow")
    assert spots.with_parts == ("box-small", "box-small")
    assert (spots.power, spots.board, spots.product) == ((PowerSource("mains"),), None, None)
    assert spots.points == (Place("local", x_m=1.0, y_m=2.0), Place("lonlat", lon=8.5, lat=50.0))
    cam, sensor, relay = plan.nodes.values()
    assert (cam.heading_deg, cam.tilt_deg, cam.power, cam.with_parts) == (0.0, -3.0, PowerSource("poe", "hall"), ("wall-arm",))
    assert sensor.existing
    assert sensor.power == PowerSource("solar", None, "small")
    assert relay.part is None
    assert plan.links["no"].avoid
    assert (plan.network.topology, plan.network.hops_max, plan.network.relay_mountings) == ("tree", 3, ("masts",))
    assert plan.routes.lines["a"][1] == Place("local", x_m=5.0, y_m=0.0)
    assert (plan.kits["small"].panels, plan.kits["small"].autonomy_d) == (1, 5.0)
    assert plan.profiles["slow"].seconds_per_day == {"asleep": 82800.0, "looking": 600.0}
    assert plan.profiles["slow"].work == (Work("vww", 48.0, "local"),)
    assert len(plan.weather.temperatures_c) == 12
    assert (plan.prices.spares_share, plan.prices.labour_hour) == (0.1, Money(5500, "EUR"))
    assert plan.catalogue.parts["probe"].price == Money(4000, "EUR")
    assert plan.inputs == ("survey.geojson",)


def test_places_in_the_file_are_kept(tmp_path):
    plan = load_plan(written(tmp_path, f"nodes:\n  cam: {CAMERA}\n"))
    assert plan.places["nodes.cam"].line == len(HEAD.splitlines()) + 2
    assert str(plan.places["survey.rules.0"]).endswith("plan.yaml:6:7")


def test_a_plan_without_what_may_be_left_out_holds(tmp_path):
    plan = load_plan(written(tmp_path))
    assert (plan.frame, plan.cell_m, plan.nodes, plan.terrain, plan.variant) == (Frame(), 0.5, {}, None, None)
    assert plan.prices.currency == "EUR"


NODE = "nodes:\n  cam: {part: bullet-4mp, lens: 4mm, place: {feature: Mast}, height: 5 m"
ZONE = "zones:\n  z: {area: {boundary: whole}, seen_by: "
MOUNT = "mountings: {{m: {{where: masts, parts: [dome-4mp], heights: [4 m], {}}}}}\n"
WRONG = [
    # what is written, the code, a part of the message, a part of the remedy
    ("nodez: {}\n", "SP101", "unknown key 'nodez'", "write 'nodes'"),
    ("format: 1\n", "SP009", "'format' is given twice", "keep one"),
    ("grid: {cell: 0.5}\n", "SP110", "'grid.cell': '0.5' is not written with its unit", "6 m"),
    ("grid: {cell: 5m}\n", "SP110", "'5m'", "write 5 m"),
    ("grid: {cell: 25 cm}\n", "SP213", "cells of 0.25 m", "even number of centimetres"),
    ("frame: {epsg: 25832, origin: {lon: 1, lat: 2}}\n", "SP207", "names two frames", "keep"),
    ("frame: {epsg: 99999}\n", "SP108", "99999", "integer"),
    ("frame: [1]\n", "SP103", "'frame' is a list", "mapping"),
    ("frame: {epsg: 4326}\n", "SP301", "not in metres", "a frame in metres"),
    ("frame: {epsg: 2000}\n", "SP301", "", "a frame in metres"),
    ("terrain: {path: none.tif}\n", "SP220", "no file 'none.tif'", "correct the path"),
    ("weather: {pvgis: none.csv}\n", "SP220", "no file 'none.csv'", "correct the path"),
    ("weather: {temperatures: [1 Cel]}\n", "SP218", "1 months", "January first"),
    ("weather: {temperatures: 1 Cel}\n", "SP218", "0 months", "January first"),
    (ZONE + "{class: regognise}}\n", "SP211", "'regognise' is no class", "recognise"),
    (ZONE + "{class: recognise, edition: 2025}}\n", "SP211", "'recognise' is no class", "perceive"),
    (ZONE + "{class: recognise, edition: 2019}}\n", "SP211", "'2019' is no edition", "2015, 2025"),
    (ZONE + "{}}\n", "SP102", "has no 'class'", "add 'class"),
    (ZONE + "{class: detect, share: 120 %}}\n", "SP110", "'120 %'", "95 %"),
    (ZONE + "{class: detect, k: 0}}\n", "SP108", "'0'", "integer from 1 to 8"),
    ("zones:\n  z: {area: {boundary: whole}}\n", "SP102", "has no 'seen_by'", "class: observe"),
    ("zones:\n  z: {area: {}, seen_by: {class: detect}}\n", "SP207", "names no area", "feature: NAME"),
    (
        "zones:\n  z: {area: {feature: A, boundary: whole}, seen_by: {class: detect}}\n",
        "SP207",
        "more than one area",
        "feature: NAME",
    ),
    ("zones:\n  z: {area: {ring: [[8, 50], [9, 50]]}, seen_by: {class: detect}}\n", "SP208", "2 corners", "at least 3"),
    ("zones:\n  z: {area: {ring: [[8, 50], [9], [9, 51]]}, seen_by: {class: detect}}\n", "SP103", "not a pair", "[8.5, 50.1]"),
    (
        "zones:\n  z: {area: {ring: [[50, 190], [9, 50], [9, 51]]}, seen_by: {class: detect}}\n",
        "SP109",
        "'190'",
        "number from -90",
    ),
    ("zones:\n  z: {area: {local: [[8, 50], [9, 1], [9, 51]]}, seen_by: {class: detect}}\n", "SP110", "a corner of", "-12.5 m"),
    (NODE + ", power: {from: solar}}\n", "SP212", "needs a kit", "add 'kit: NAME'"),
    (NODE + ", power: {from: battery, supply: x, kit: k}}\n", "SP212", "has no supply", "remove it"),
    (NODE + ", power: {from: mains, kit: x}}\n", "SP212", "has no kit", "remove it"),
    (NODE + ", power: {from: poe, supply: hall}}\n", "SP115", "'hall' is not a supply of this plan", "supplies are: none"),
    (NODE + ", power: {from: battery, kit: big}}\n", "SP115", "'big' is not a kit of this plan", "kits are: none"),
    (NODE + ", power: {from: sun}}\n", "SP111", "'sun' is not one of", "one of mains"),
    (NODE + ", profile: lazy}\n", "SP115", "'lazy' is not a profile", "profiles are: none"),
    (NODE + ", product: nowhere}\n", "SP222", "no contract that holds", "seamline contract check"),
    (NODE + ", radio: bullet-4mp}\n", "SP203", "a camera, not a radio", "lora-868"),
    (NODE + ", with: [glue]}\n", "SP203", "'glue' is not a part", "site parts"),
    (NODE + ", tilt: 100 deg}\n", "SP110", "at most 90 deg", "15 deg"),
    (NODE + ", colour: red}\n", "SP101", "unknown key 'colour'", "known here"),
    (
        "nodes: {cam: {part: bullet-4mp, place: {feature: Mast}, height: 5 m}}\n",
        "SP214",
        "does not say its lens",
        "4mm, 6mm, 12mm",
    ),
    (
        "nodes: {cam: {part: bullet-4mp, lens: 9mm, place: {feature: Mast}, height: 5 m}}\n",
        "SP214",
        "no lens '9mm'",
        "4mm, 6mm, 12mm",
    ),
    ("nodes: {cam: {part: pir-12m, lens: 9mm, place: {feature: Mast}, height: 5 m}}\n", "SP214", "it is a sensor", "remove it"),
    (
        "nodes: {cam: {part: box-small, place: {feature: Mast}, height: 5 m}}\n",
        "SP203",
        "neither a camera nor a sensor",
        "bullet-4mp",
    ),
    ("nodes: {cam: {place: {}, height: 5 m}}\n", "SP207", "does not say where", "lon: 8.5"),
    ("nodes: {cam: {place: {x: 1 m, feature: Mast}, height: 5 m}}\n", "SP207", "in more than one way", "lon: 8.5"),
    ("nodes: {cam: {place: {lon: 100, lat: 200}, height: 5 m}}\n", "SP109", "'200' is not between -90 and 90", "number"),
    ("nodes: {cam: {place: {x: 1, y: 2 m}, height: 5 m}}\n", "SP110", "'1' is not written with its unit", "m"),
    ("nodes: {Cam: {place: {x: 1 m, y: 2 m}, height: 5 m}}\n", "SP106", "'Cam' is not a name", "cam"),
    (
        "gateways: {gw: {part: lora-868, place: {feature: Mast}, height: 5 m}}\n",
        "SP203",
        "a radio, not a gateway",
        "lora-gateway",
    ),
    ("gateways: {gw: {place: {feature: Mast}, height: 5 m}}\n", "SP102", "has no 'part'", "add 'part"),
    ("links: {l: {from: a, to: b}}\n", "SP115", "'a' is not a node or gateway of this plan", "declared are: none"),
    ("network: {relay_mountings: [masts]}\n", "SP115", "'masts' is not a mounting of this plan", "none"),
    ("mountings: {m: {where: masts, parts: [box-small], heights: [4 m]}}\n", "SP203", "neither a camera", "bullet"),
    (
        "mountings: {m: {where: masts, parts: [dome-4mp], heights: [4 m], headings: 0 deg}}\n",
        "SP213",
        "less than 1 degree",
        "15 deg",
    ),
    (MOUNT.format("power: {from: poe, supply: hall}"), "SP115", "'hall' is not a supply of this plan", "supplies are: none"),
    (
        MOUNT.format("power: [{from: mains}, {from: solar, kit: sun}]"),
        "SP115",
        "'sun' is not a kit of this plan",
        "kits are: none",
    ),
    (MOUNT.format("power: {from: solar}"), "SP212", "power from solar needs a kit", "add 'kit: NAME'"),
    (MOUNT.format("power: {from: poe, kit: sun}"), "SP212", "power from poe has no kit", "remove it"),
    (MOUNT.format("power: {from: steam}"), "SP111", "'steam' is not one of", "poe"),
    (MOUNT.format("power: poe"), "SP103", "'mountings.m.power'", "mapping"),
    (MOUNT.format("power: [poe]"), "SP103", "'mountings.m.power.0'", "mapping"),
    (MOUNT.format("power: []"), "SP104", "'mountings.m.power' is an empty list", ""),
    (MOUNT.format("board: wall-arm"), "SP203", "'wall-arm'", "boards are"),
    (MOUNT.format("profile: slow"), "SP115", "'slow' is not a profile of this plan", "profiles are: none"),
    (MOUNT.format("product: nowhere"), "SP222", "the product in 'nowhere' has no contract that holds", "contract check nowhere"),
    ("mountings: {m: {where: points, parts: [dome-4mp], heights: [4 m]}}\n", "SP102", "has no 'points'", "points"),
    ("mountings: {m: {where: moon, parts: [dome-4mp], heights: [4 m]}}\n", "SP111", "'moon' is not one of", "masts"),
    ("routes: {lines: {a: [{x: 1 m, y: 1 m}]}}\n", "SP208", "has 1 places", "at least 2"),
    ("supplies: {s: {place: {x: 1 m, y: 1 m}, kind: poe}}\n", "SP216", "gives PoE by no switch", "switch: NAME"),
    ("kits: {k: {battery: solar-5w}}\n", "SP203", "a panel, not a battery", "lfp"),
    ("kits: {k: {battery: lfp-12v-12ah, panels: 2}}\n", "SP216", "counts panels and names none", "panel: NAME"),
    ("profiles: {p: {states: {a: 20 h, b: 5 h}}}\n", "SP217", "more than 24 h a day", "shorten"),
    ("profiles: {p: {work: [{workload: chess, runs: 1/d}]}}\n", "SP115", "'chess' is not a workload of this plan", "kws"),
    ("profiles: {p: {work: [{workload: kws, runs: 1}]}}\n", "SP110", "is not a rate", "300/d"),
    ("prices: {parts: {ghost: 1 EUR}}\n", "SP203", "'ghost' is not a part", "correct the name"),
    ("prices: {budget: 100 USD}\n", "SP223", "100.00 USD is not in EUR", "give it in EUR"),
    ("prices: {budget: 10.5 EUR}\n", "SP110", "'10.5 EUR' is not an amount", "189.50 EUR"),
    ("prices: {currency: Euro}\n", "SP106", "'Euro'", "EUR"),
    ("catalogue: {files: [none.yaml]}\n", "SP002", "cannot be read", "check the path"),
    (
        "catalogue: {parts: {x: {kind: camera, title: X, pixels: 10 x 10, lenses: {a: {hfov: 90 deg}}, range: 5 m}}}\n",
        "SP201",
        "part 'x' names no source for: pixels, lenses, range",
        "generic: true",
    ),
    ("catalogue: {parts: {x: {kind: toaster, title: X}}}\n", "SP111", "'toaster' is not one of", "camera"),
    ("variants: {v: {nodez: {}}}\n", "SP101", "unknown key 'nodez'", "nodes"),
]


@pytest.mark.parametrize(("tail", "code", "message", "fix"), WRONG, ids=[f"{at}-{row[1]}" for at, row in enumerate(WRONG)])
def test_what_is_wrong_is_named_with_its_place_and_a_remedy(tmp_path, tail, code, message, fix):
    found = [problem for problem in problems(written(tmp_path, tail)) if problem.code == code]
    assert found, [str(problem) for problem in problems(written(tmp_path, tail))]
    assert message in found[0].message
    assert fix in (found[0].fix or "")
    where = str(found[0].span)
    assert (":1:1" not in where) or code == "SP002"


RULES = [
    ('    - {folder: "A", is: building}\n', "SP209", "a rule for 'building' has no height"),
    ("    - {folder: A, is: zone, filled: true}\n", "SP224", "'filled' says nothing of a rule for 'zone'"),
    ("    - {is: zone}\n    - {name: B, is: mast}\n", "SP210", "no feature comes to this rule"),
    ("    - {is: castle}\n", "SP111", "'castle' is not one of"),
    ("    - {is: mast, geometry: circle}\n", "SP111", "'circle' is not one of"),
    ("    - {is: mast, properties: {kind: ''}}\n", "SP113", "is not text"),
    ("    - {is: building, height: {default: 3 m}}\n", "SP102", "has no 'property'"),
    ("    - {is: building, height: -3 m}\n", "SP110", "above 0 m"),
]


@pytest.mark.parametrize(("rules", "code", "message"), RULES, ids=[f"{at}-{row[1]}" for at, row in enumerate(RULES)])
def test_a_rule_that_cannot_be_meant_is_named(tmp_path, rules, code, message):
    head = HEAD[: HEAD.index("    - ")] + rules
    found = [problem for problem in problems(written(tmp_path, head=head)) if problem.code == code]
    assert found
    assert message in found[0].message


def test_a_plan_that_is_missing_or_no_mapping_is_named(tmp_path):
    with pytest.raises(ContractErrors, match=r"SP002 cannot be read"):
        load_plan(tmp_path / "none.yaml")
    (tmp_path / "plan.yaml").write_text("- 1\n", encoding="utf-8")
    with pytest.raises(ContractErrors, match="SP103 the file is a list"):
        load_plan(tmp_path / "plan.yaml")
    (tmp_path / "plan.yaml").write_text("", encoding="utf-8")
    with pytest.raises(ContractErrors, match="start with 'format: 1'"):
        load_plan(tmp_path / "plan.yaml")


def test_all_problems_come_at_once_and_in_the_order_of_the_file(tmp_path):
    path = written(tmp_path, "grid: {cell: 5}\nkits: {k: {battery: nothing}}\nprices: {budget: 5}\n")
    plan, found = read_plan(path)
    assert plan is not None
    assert [problem.code for problem in found] == ["SP110", "SP203", "SP110"]
    assert [problem.span.line for problem in found] == sorted(problem.span.line for problem in found)


def test_a_node_and_a_gateway_of_one_name_are_refused(tmp_path):
    tail = "nodes: {a: {place: {feature: Mast}, height: 1 m}}\ngateways: {a: {part: lora-gateway, place: {feature: Mast}, height: 1 m}}\n"
    (found,) = problems(written(tmp_path, tail))
    assert (found.code, found.message) == ("SP219", "'a' is a node and a gateway")
    assert found.related[0][1] == "the node"


def test_a_link_to_itself_is_refused(tmp_path):
    tail = "nodes: {a: {place: {feature: Mast}, height: 1 m}}\nlinks: {l: {from: a, to: a}}\n"
    assert [problem.code for problem in problems(written(tmp_path, tail))] == ["SP215"]


def test_power_must_be_what_the_supply_gives(tmp_path):
    tail = "supplies: {s: {place: {x: 1 m, y: 1 m}, kind: mains}}\nkits: {k: {battery: lfp-12v-12ah}}\n"
    (found,) = problems(written(tmp_path, tail + NODE + ", power: {from: poe, supply: s}}\n"))
    assert (found.code, found.fix) == ("SP212", "write 'from: mains'")
    (found,) = problems(written(tmp_path, tail + NODE + ", power: {from: solar, kit: k}}\n"))
    assert (found.code, found.message) == ("SP212", "kit 'k' has no panel")


def test_the_states_of_a_profile_are_those_of_the_products_contract(tmp_path):
    product = ROOT / "examples" / "trailcam"
    tail = NODE + f", product: {product}, profile: p}}\nprofiles: {{p: {{states: {{asleep: 20 h, dreaming: 1 h}}}}}}\n"
    (found,) = problems(written(tmp_path, tail))
    assert (found.code, found.message) == ("SP221", "'dreaming' is no power state of the product")
    assert "asleep, looking, talking" in found.fix
    assert found.related[0][1] == "product trailcam"


def test_prices_of_used_parts_are_in_the_plans_currency(tmp_path):
    parts = "catalogue: {parts: {probe: {kind: sensor, title: P, source: s, senses: soil, range: 1 m, price: 4 USD}}}\n"
    assert not problems(written(tmp_path, parts))
    node = "nodes: {a: {part: probe, place: {feature: Mast}, height: 1 m}}\n"
    assert [problem.code for problem in problems(written(tmp_path, parts + node))] == ["SP223"]
    assert not problems(written(tmp_path, parts + node + "prices: {parts: {probe: 3.90 EUR}}\n"))
