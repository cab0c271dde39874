"""Placement of a whole plan: from its mountings to nodes in its file."""

import json
from dataclasses import replace

import numpy as np
import pytest
from shapely.geometry import Point

from seamline.cli import main
from seamline.site import SiteError
from seamline.site.coverage import cover as coverage
from seamline.site.placement import best, cover
from seamline.site.placement.on_site import question
from seamline.site.placement.reaching import Hearing
from seamline.site.placement.varying import with_variant_on
from seamline.site.placement.writing import inserted, names, with_nodes, with_variant
from seamline.site.plan import load_plan, resolve

# Local metres count from whole 100 m of the UTM zone: the plot's south-western corner is at 63, 51.
PLAN = """\
format: 1
site: {name: lot}
survey:
  files: [survey.geojson]
  rules:
    - {name: Plot, is: boundary}
    - {name: Hall, is: building, height: 6 m}
    - {name: "Mast *", is: mast, height: 6 m}
    - {name: Lawn, is: exclusion}
grid: {cell: 1 m}

zones:
  lot:
    area: {boundary: whole}
    target: 1 m
    seen_by: {class: observe, share: 90 %}
  gate:
    area: {local: [[66 m, 54 m], [78 m, 54 m], [78 m, 64 m], [66 m, 64 m]]}
    target: 1.5 m
    seen_by:
      - {class: recognise}
      - {class: detect, k: 2}
    weight: 2.5

mountings:
  masts:
    where: masts
    parts: [bullet-8mp]
    heights: [5.5 m]
    headings: 45 deg
    tilts: [15 deg]
    lenses: [4mm, 6mm]
    with: [pole-strap]
    cost: 100.00 EUR
  walls:
    where: walls
    features: "Hall"
    parts: [bullet-8mp]
    heights: [4 m]
    spacing: 12 m
    headings: 45 deg
    tilts: [20 deg]
    lenses: [4mm]

nodes:
  cam-old:
    part: bullet-8mp
    lens: 4mm
    place: {x: 66 m, y: 54 m}
    height: 4 m
    heading: 45 deg
    tilt: 15 deg
    existing: true
  cam-planned:
    part: bullet-8mp
    lens: 4mm
    place: {x: 124 m, y: 55 m}
    height: 4 m
    heading: 315 deg
    tilt: 15 deg

prices:
  currency: EUR
  parts: {bullet-8mp: 300.00 EUR, pole-strap: 20.00 EUR}
"""
DEGREES = (1 / 71_600, 1 / 111_200)  # of a metre to the east and to the north, at this latitude


def feature(name, *corners):
    places = [[8.55 + x * DEGREES[0], 50.02 + y * DEGREES[1]] for x, y in corners]
    geometry = (
        {"type": "Point", "coordinates": places[0]}
        if len(places) == 1
        else {"type": "Polygon", "coordinates": [[*places, places[0]]]}
    )
    return {"type": "Feature", "properties": {"name": name}, "geometry": geometry}


def rectangle(name, west, south, east, north):
    return feature(name, (west, south), (east, south), (east, north), (west, north))


SURVEY = [
    rectangle("Plot", 0, 0, 64, 48),
    rectangle("Hall", 20, 18, 44, 30),
    feature("Mast 1", (8, 40)),
    feature("Mast 2", (58, 42)),
    feature("Mast 3", (50, 8)),
    rectangle("Lawn", 48, 6, 52, 10),
]


def lot(folder):
    (folder / "survey.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": SURVEY}), encoding="utf-8")
    plan = folder / "plan.yaml"
    plan.write_text(PLAN, encoding="utf-8")
    return plan


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    return question(resolve(load_plan(lot(tmp_path_factory.mktemp("lot")))))


@pytest.fixture
def plan(tmp_path):
    return lot(tmp_path)


def edited(plan, old, new):
    text = plan.read_text(encoding="utf-8")
    assert old in text
    plan.write_text(text.replace(old, new), encoding="utf-8")
    return question(resolve(load_plan(plan)))


def test_cells_are_those_of_each_need_and_nodes_stand(asked):
    needs = [(zone.id, need.of) for zone, need in asked.needs]
    assert len(needs) == len(set(needs)) == len(asked.views)
    assert asked.problem.sees.width == sum(len(view.cells) for view in asked.views)
    assert asked.nodes == tuple(name for name, (node, _) in asked.site.nodes.items() if node.part)
    assert asked.problem.existing == tuple(range(len(asked.nodes)))
    assert (asked.problem.cost[: len(asked.nodes)] == 0).all()
    assert (asked.problem.cost[len(asked.nodes) :] > 0).all()


def test_shares_are_those_that_coverage_finds(asked):
    found = coverage(asked.site)
    ours = {(zone.id, need.of): share for zone, need, share in asked.shares(asked.problem.sees.seen_by(asked.problem.existing))}
    assert ours == {(ident, need.need.of): need.share for ident, zone in found.zones.items() for need in zone.needs}
    assert 0 < min(ours.values()) < max(ours.values()) <= 1


def test_heavier_zones_have_heavier_cells(asked):
    start, weights = 0, {}
    for view, (zone, _) in zip(asked.views, asked.needs, strict=True):
        weights[zone.id] = set(asked.problem.weight[start : start + len(view.cells)].tolist())
        start += len(view.cells)
    cell_cm2 = asked.site.grid.step**2
    assert weights == {zone.id: {round(cell_cm2 * zone.weight)} for zone, _ in asked.needs}


def test_no_candidate_stands_in_a_building_and_those_in_exclusions_are_barred(asked):
    for number in range(len(asked.nodes), len(asked.problem.sees)):
        one, mounting = asked.candidate(number)
        assert one.option.name.partition(":")[0] in mounting.parts
        assert (number in asked.problem.barred) == asked.site.exclusion.intersects(Point(one.spot.x, one.spot.y))


def test_more_nodes_cover_no_less_and_shares_are_what_the_counts_say(asked):
    before = list(asked.shares(asked.problem.sees.seen_by(asked.problem.existing)))
    answer = best(asked.problem, count=2)
    after = list(asked.shares(answer.counts))
    assert all(now >= was for (_, _, was), (_, _, now) in zip(before, after, strict=True))
    assert sum(now for *_, now in after) > sum(was for *_, was in before)
    assert answer.bound >= answer.value > asked.problem.worth(asked.problem.sees.seen_by(asked.problem.existing))


def test_a_chosen_candidate_as_a_node_of_the_plan_sees_the_same(asked, plan):
    answer = best(asked.problem, count=2)
    nodes = [asked.node(number, f"new-{number}") for number in answer.chosen]
    plan.write_text(with_nodes(plan.read_text(encoding="utf-8"), nodes), encoding="utf-8")
    again = question(resolve(load_plan(plan)))
    rows = [again.problem.sees.row(again.nodes.index(node.id)) for node in nodes]
    for row, number in zip(rows, answer.chosen, strict=True):
        assert row.tolist() == asked.problem.sees.row(number).tolist()


def test_fresh_keeps_only_what_exists(asked):
    assert asked.nodes == ("cam-old", "cam-planned")
    assert question(asked.site, fresh=True).nodes == ("cam-old",)


def test_a_most_of_a_mounting_is_kept(plan):
    asked = edited(plan, "    where: masts\n", "    where: masts\n    most: 1\n")
    answer = best(asked.problem, count=4)
    assert sum(asked.candidate(number)[1].id == "masts" for number in answer.chosen) <= 1


GATEWAY = """
gateways:
  gw:
    part: thread-border-router
    place: {x: 66 m, y: 54 m}
    height: 2 m
"""


def test_candidates_whose_radio_no_gateway_hears_are_barred_and_those_chosen_have_theirs(plan):
    text = (
        plan.read_text(encoding="utf-8").replace("    with: [pole-strap]\n", "    with: [pole-strap, thread-802154]\n") + GATEWAY
    )
    plan.write_text(text, encoding="utf-8")
    site = resolve(load_plan(plan))
    near, far = (Hearing(one).bar for one in (site, with_margin(site, 200.0)))
    open_ones, shut = question(site, bar=near), question(site, bar=far)
    masts = [number for number in range(2, len(shut.problem.sees)) if shut.candidate(number)[1].id == "masts"]
    assert set(masts) - set(open_ones.problem.barred)
    assert {shut.problem.why_barred(number) for number in masts} >= {
        "no gateway or relay of the plan hears its radio with the fade margin"
    }
    assert set(shut.problem.barred) == set(masts), "walls bring no radio"
    node = open_ones.node(next(iter(set(masts) - set(open_ones.problem.barred))), "new")
    assert (node.radio, node.with_parts) == ("thread-802154", ("pole-strap",))
    plan.write_text(with_nodes(text, [node]), encoding="utf-8")
    assert load_plan(plan).nodes["new"].radio == "thread-802154"


def with_margin(site, fade_margin_db):
    network = replace(site.plan.network, fade_margin_db=fade_margin_db)
    return replace(site, plan=replace(site.plan, network=network))


def test_without_a_gateway_no_link_is_judged(asked):
    assert question(asked.site, bar=Hearing(asked.site).bar).problem.barred == asked.problem.barred


def test_a_mounting_without_anything_to_mount_on_is_noted(plan):
    asked = edited(plan, 'features: "Hall"', 'features: "Nothing*"')
    assert asked.notes == ("mounting walls: the survey has no such walls; it gives no candidates",)


def test_points_and_roof_edges_are_spots_too(plan):
    new = "    where: points\n    points: [{x: 84 m, y: 62 m}, {lon: 8.5502, lat: 50.0201}, {feature: Mast 1}]\n"
    asked = edited(plan, "    where: masts\n", new)
    assert len({one.spot for one, name in zip(asked.found, asked.mountings, strict=True) if name == "masts"}) == 3
    asked = edited(plan, "    where: walls\n", "    where: roof-edges\n")
    high = [one for one, name in zip(asked.found, asked.mountings, strict=True) if name == "walls"]
    assert all(one.spot.above > 0 and one.observer().height == one.spot.above + one.height for one in high)


def test_a_plan_without_mountings_cannot_be_placed(plan):
    text = plan.read_text(encoding="utf-8")
    start, end = text.index("\nmountings:"), text.index("\nnodes:")
    plan.write_text(text[:start] + text[end:], encoding="utf-8")
    with pytest.raises(SiteError, match="mountings"):
        question(resolve(load_plan(plan)))


def test_all_that_can_be_covered_is_at_a_price_that_is_the_least(asked):
    answer = cover(replace(asked.problem, goals=()))
    assert answer.bound <= answer.value == answer.cost
    could = np.minimum(asked.problem.need, asked.problem.sees.seen_by([*asked.problem.existing, *asked.problem.free.tolist()]))
    assert (answer.counts >= could).sum() == asked.problem.sees.width - len(answer.excluded)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a: 1\n", "a: 1\n\nnodes:\n  x: 1\n"),
        ("nodes:\n  a: 1\nb: 2\n", "nodes:\n  a: 1\n  x: 1\nb: 2\n"),
        ("nodes:   # all\n    a: 1\n\n\n# end\nb: 2\n", "nodes:   # all\n    a: 1\n    x: 1\n\n\n# end\nb: 2\n"),
        ("nodes:\n  # none yet\nb: 2\n", "nodes:\n  # none yet\n  x: 1\nb: 2\n"),
        ("nodes:\n", "nodes:\n  x: 1\n"),
    ],
)
def test_lines_go_to_the_end_of_their_section_and_the_rest_stays(text, wanted):
    assert inserted(text, "nodes", ["x: 1"]) == wanted
    assert inserted(text, "nodes", []) == text


def test_a_section_in_braces_is_left_alone():
    with pytest.raises(SiteError, match="write it as a block"):
        inserted("nodes: {a: 1}\n", "nodes", ["x: 1"])


def test_a_variant_of_nothing_is_only_a_title():
    assert with_variant("a: 1\n", "v", 'the "new" one', [], []) == 'a: 1\n\nvariants:\n  v:\n    title: "the \\"new\\" one"\n'


def test_the_command_prints_bound_and_gap_and_writes_what_it_chose(plan, capsys):
    assert main(["site", "place", str(plan), "--count", "1", "--write"]) == 0
    told = capsys.readouterr()
    assert "1 new node, " in told.out
    assert "proven optimal" in told.out or "bound" in told.out
    assert "1 node written among its nodes" in told.err
    assert "placed-1" in load_plan(plan).nodes
    assert main(["site", "place", str(plan), "--count", "1", "--write"]) == 0
    assert "placed-2" in load_plan(plan).nodes


def test_the_command_writes_a_variant_that_takes_planned_nodes_out(plan, capsys):
    before = load_plan(plan)
    assert main(["site", "place", str(plan), "--budget", "1000.00", "--fresh", "--write-variant", "cheap", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["cost_cents"] <= 100_000
    assert told["gap"] == round(abs(told["value"] - told["bound"]) / told["bound"], 6)
    assert load_plan(plan).nodes == before.nodes
    variant = load_plan(plan, "cheap")
    assert set(variant.nodes) == {"cam-old", *(one["id"] for one in told["chosen"])}
    assert main(["site", "place", str(plan), "--count", "1", "--write-variant", "cheap"]) == 2


def test_the_command_says_what_stands_in_the_way_of_all(plan, capsys):
    assert main(["site", "place", str(plan), "--all", "--fewest", "--budget", "50"]) == 1
    assert "more than the budget allows" in capsys.readouterr().out


@pytest.mark.parametrize(
    "options",
    [["--write", "--fresh"], ["--write", "--write-variant", "x"], ["--all", "--needs"], ["--write", "--variant", "x"]],
)
def test_options_that_contradict_each_other_are_wrong_use(options, capsys):
    assert main(["site", "place", "plan.yaml", *options]) == 2
    assert capsys.readouterr().err


@pytest.mark.parametrize("amount", ["-1", "1.234", "ten", "1.x"])
def test_an_amount_of_money_is_written_with_two_places_at_most(amount):
    assert main(["site", "place", "plan.yaml", "--budget", amount]) == 2


def test_what_is_written_has_ids_that_no_variant_has(plan):
    assert main(["site", "place", str(plan), "--count", "1", "--write-variant", "opt"]) == 0
    assert main(["site", "place", str(plan), "--count", "1", "--write"]) == 0
    assert "placed-1" in load_plan(plan, "opt").nodes
    assert "placed-2" in load_plan(plan).nodes
    assert "placed-1" not in load_plan(plan).nodes
    plan.write_text(plan.read_text("utf-8").replace("variants:\n", "variants:\n  less: {nodes: {placed-2: removed}}\n"), "utf-8")
    assert names(load_plan(plan, "less"), 2) == ["placed-3", "placed-4"]


def test_a_variant_written_on_a_variant_has_its_changes_too(plan):
    """What was shown is what is written: the first variant's own node, what it changes and takes out, and the new nodes."""
    text = plan.read_text("utf-8")
    first = '  first:\n    title: "One: more"\n    grid: {cell: 2 m}\n    survey:\n      files: [survey.geojson]\n    nodes:\n'
    first += "      cam-old: {tilt: 20 deg}\n      own: {part: bullet-4mp, lens: 4mm, place: {x: 70 m, y: 58 m}, height: 4 m}\n"
    plan.write_text(f"{text}\nvariants:\n{first}", "utf-8")
    before = load_plan(plan, "first")
    assert main(["site", "place", f"{plan}@first", "--count", "1", "--write-variant", "second"]) == 0
    after = load_plan(plan, "second")
    assert load_plan(plan, "first").nodes == before.nodes
    assert {ident: node for ident, node in after.nodes.items() if ident != "placed-1"} == before.nodes
    assert "placed-1" in after.nodes
    assert (after.cell_m, after.survey) == (2.0, before.survey)
    assert after.variants["second"].title == "One: more; 1 node placed"
    assert main(["site", "place", f"{plan}@second", "--count", "1", "--fresh", "--write-variant", "third"]) == 0
    assert set(load_plan(plan, "third").nodes) == {"cam-old", "placed-2"}


def test_what_a_variant_takes_out_stays_out_of_one_on_it():
    text = 'nodes:\n  a: {x: 1}\n  b: {x: 2}\nvariants:\n  one: {nodes: removed, "zones": {z: [[1, "2, 3"], {k: []}]}}\n'
    new = with_variant_on(text, "one", "two", "Two", [], ["b"])
    assert new.removeprefix(text) == (
        '  two:\n    title: "Two"\n    "zones":\n      z:\n        - - 1\n          - "2, 3"\n        - k: []\n'
        "    nodes:\n      a: removed\n      b: removed\n"
    )


def test_a_variant_that_went_meanwhile_is_told():
    with pytest.raises(SiteError, match="no variant 'one' any more"):
        with_variant_on("nodes:\n  a: 1\n", "one", "two", "Two", [], [])


@pytest.mark.parametrize("name", ["_", "", "two words", "Ä"])
def test_a_variants_name_that_is_none_is_refused_before_the_search(plan, name, capsys):
    before = plan.read_bytes()
    assert main(["site", "place", str(plan), "--count", "1", "--write-variant", name]) == 2
    told = capsys.readouterr().err
    assert "give a name: a-z, 0-9" in told
    assert "variants are" not in told
    assert plan.read_bytes() == before
