"""Coverage: counts, shares and blind spots against what can be worked out another way, cell by cell."""

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import shapely
from shapely.geometry import LineString, Point
from tests.unit.site.plan.planned import BARN, FIELD, MAST, PLOT, box, feature, line, site

from seamline.site import SiteError
from seamline.site.catalogue import shipped
from seamline.site.coverage import Coverer, cover
from seamline.site.coverage.geojson import as_geojson, as_json
from seamline.site.coverage.observing import Aim, able, observer_of
from seamline.site.coverage.zones import window
from seamline.site.plan import load_plan, resolve
from seamline.site.plan.model import Need
from seamline.site.plan.site import Fixed
from seamline.site.scene import Grid

YARD = Path(__file__).parents[4] / "examples" / "sites" / "yard"
PARTS = """
catalogue:
  parts:
    eye: {kind: camera, title: Eye, source: test, pixels: 1000 x 500, lenses: {wide: {hfov: 90 deg}, long: {hfov: 30 deg}}, range: 40 m}
    ear: {kind: sensor, title: Ear, source: test, senses: sound, range: 25 m}
    nose: {kind: sensor, title: Nose, source: test, senses: smell, range: 30 m, width: 120 deg}
    skin: {kind: sensor, title: Skin, source: test, senses: warmth, range: 30 m, width: 250 deg}
"""
CELL = "grid: {cell: 1 m}\n"


def zone(seen_by, *, target="0 m", more=""):
    return f"zones: {{field: {{area: {{feature: Field}}, target: {target}, seen_by: {seen_by}{more}}}}}\n"


def eyes(**aims):
    rows = (
        f"  {name}: {{part: {part}, place: {{lon: {8.5 + x / 1e4}, lat: {50 + y / 1e4}}}, height: 4 m, {rest}}}"
        for name, (part, x, y, rest) in aims.items()
    )
    return "nodes:\n" + "\n".join(rows) + "\n"


ONE_EAR = eyes(ear=("ear", 5, 1, ""))


def need_of(found, number=0, ident="field"):
    return found.zones[ident].needs[number]


def test_a_sensor_covers_what_is_in_range_and_not_behind_the_barn(tmp_path):
    found = site(tmp_path, PARTS + CELL + zone("{sensor: sound}") + ONE_EAR)
    got = cover(found)
    need = need_of(got)
    at = found.nodes["ear"][1]
    barn = found.thing("barn").geometry
    eye = Point(at.x, at.y)
    xs, ys = got.zones["field"].grid.centres()
    differing = 0
    for row, y in enumerate(ys):
        for column, x in enumerate(xs):
            if not got.zones["field"].inside[row, column]:
                continue
            in_range = math.hypot(x - at.x, y - at.y, 4.0) <= 25.0
            through = LineString([eye, (x, y)]).intersection(barn)
            # The line falls from 4 m to the ground, below the barn's 6 m all the way.
            expected = in_range and through.length < 1e-9
            differing += bool(need.counts[row, column]) is not expected
    assert differing <= 2, "only cells whose sight line grazes a corner, which stands on whole centimetres, may differ"


def test_figures_agree_with_each_other(tmp_path):
    found = site(
        tmp_path,
        PARTS
        + CELL
        + zone("{sensor: sound, k: 2, share: 50 %}")
        + eyes(a=("ear", 5, 1, ""), b=("ear", 3, 1, ""), c=("nose", 4, 1, "")),
    )
    got = cover(found)
    need, field = need_of(got), got.zones["field"]
    inside = field.inside
    assert need.cells == inside.sum() == sum(need.histogram)
    assert field.area_m2 == need.cells * 1.0
    assert need.covered == sum(need.histogram[2:])
    assert need.share == need.covered / need.cells
    assert set(need.seen) == {"a", "b"}, "a nose hears nothing"
    assert need.seen["a"] + need.seen["b"] == int(need.counts[inside].sum())
    assert sum(spot.cells for spot in need.blind) == need.cells - need.covered
    assert need.alone["a"] == need.covered == need.alone["b"]
    assert got.score == need.share
    for spot in need.blind:
        assert spot.area.area == pytest.approx(spot.area_m2)
        assert spot.area.is_valid
        assert spot.area.geom_type == "Polygon"
        assert max(cause.cells for cause in spot.causes) <= spot.cells
    assert [spot.cells for spot in need.blind] == sorted((spot.cells for spot in need.blind), reverse=True)


def test_cells_in_buildings_are_none_of_a_zones_unless_it_has_roofs(tmp_path):
    plain = cover(site(tmp_path, PARTS + CELL + zone("{sensor: sound}") + ONE_EAR)).zones["field"]
    roofs = cover(site(tmp_path, PARTS + CELL + zone("{sensor: sound}", more=", roofs: true") + ONE_EAR)).zones["field"]
    barn = site(tmp_path).thing("barn").geometry.area
    assert roofs.area_m2 - plain.area_m2 == pytest.approx(barn, rel=0.15)


def test_each_class_of_a_camera_is_a_level_of_one_mask(tmp_path):
    needs = "[{class: observe}, {class: detect}, {class: monitor}]"
    found = site(tmp_path, PARTS + CELL + zone(needs) + eyes(eye=("eye", 1, 0.6, "lens: wide, heading: 45 deg, tilt: 20 deg")))
    coverer = Coverer(found)
    got = coverer.cover()
    observe, detect, monitor = got.zones["field"].needs
    assert observe.covered < detect.covered <= monitor.covered
    assert (observe.need.px_per_m, detect.need.px_per_m) == (62.5, 25.0)
    assert len(coverer.zones["field"]._masks) == 1
    # Along the axis a metre covers 62.5 pixels up to 1000 / (2 tan 45 deg x 62.5) = 8 m.
    at = found.nodes["eye"][1]
    axis = np.array(
        [math.sin(math.radians(45)) * math.cos(math.radians(20)), math.cos(math.radians(45)) * math.cos(math.radians(20))]
    )
    xs, ys = got.zones["field"].grid.centres()
    depth = (xs[np.newaxis, :] - at.x) * axis[0] + (ys[:, np.newaxis] - at.y) * axis[1] + 4 * math.sin(math.radians(20))
    assert depth[observe.counts > 0].max() <= 8.0
    assert depth[detect.counts > 0].max() <= 20.0


@pytest.mark.parametrize(
    ("asked", "node", "kind", "what"),
    [
        ("{sensor: sound}", ("ear", 5, 1, ""), "obstruction", "barn"),
        ("{sensor: sound}", ("ear", 1, 1, ""), "range", "it"),
        ("{sensor: smell}", ("nose", 5, 1, "heading: 180 deg"), "field", "it"),
        ("{class: identify}", ("eye", 1, 1, "lens: wide, heading: 60 deg, tilt: 20 deg"), "density", "it"),
        ("{class: monitor}", ("eye", 2, 2, "lens: long, heading: 0 deg, tilt: 0 deg"), "near", "it"),
        ("{class: monitor}", ("ear", 2, 2, ""), "nobody", ""),
    ],
)
def test_a_blind_spot_names_its_cause(tmp_path, asked, node, kind, what):
    got = cover(site(tmp_path, PARTS + CELL + zone(asked) + eyes(it=node)))
    causes = [(cause.kind, cause.what) for spot in need_of(got).blind for cause in spot.causes]
    assert (kind, what) in causes
    if kind == "nobody":
        assert set(causes) == {("nobody", "")}


def test_without_the_obstruction_that_is_named_the_cells_are_seen(tmp_path):
    shed = feature("Shed", "Buildings", box(2, 2, 1, 1), height=5)
    tail = PARTS + CELL + zone("{sensor: sound}") + ONE_EAR
    found = site(tmp_path, tail, PLOT, BARN, FIELD, MAST, shed)
    with_both = need_of(cover(found))
    named = {}
    for spot in with_both.blind:
        for cause in spot.causes:
            if cause.kind == "obstruction":
                named[cause.what] = named.get(cause.what, 0) + cause.cells
    assert set(named) <= {"barn", "shed", "barn + shed"}
    for gone in ("barn", "shed"):
        # The barn's own floor must not count as newly seen: it was no cell of the zone.
        lighter = replace(found, solids=tuple(solid for solid in found.solids if solid.name != gone))
        seen = need_of(cover(lighter))
        same = cover(found).zones["field"].inside
        newly = int(((seen.counts > 0) & (with_both.counts == 0) & same).sum())
        assert newly == named.get(gone, 0)


def test_two_buildings_that_hide_a_cell_together_are_named_together(tmp_path):
    # One behind the other: what lies behind both is uncovered by neither alone.
    first, second = (
        feature("First", "Buildings", box(4, 2, 2, 0.3), height=6),
        feature("Second", "Buildings", box(4, 2.5, 2, 0.3), height=6),
    )
    got = cover(site(tmp_path, PARTS + CELL + zone("{sensor: sound}") + ONE_EAR, PLOT, first, second, FIELD))
    named = {cause.what for spot in need_of(got).blind for cause in spot.causes if cause.kind == "obstruction"}
    assert "first + second" in named


def test_what_if_changes_one_node_and_works_out_nothing_else(tmp_path):
    found = site(tmp_path, PARTS + CELL + zone("{sensor: sound}") + eyes(a=("ear", 5, 1, ""), b=("ear", 2, 3, "")))
    coverer = Coverer(found)
    before = coverer.cover()
    kept = dict(coverer.zones["field"]._masks)
    node, at = found.nodes["b"]
    moved = {**found.nodes, "b": (node, replace(at, x=at.x + 5.0))}
    after = coverer.cover(moved)
    assert len(coverer.zones["field"]._masks) == len(kept) + 1
    assert all(coverer.zones["field"]._masks[observer] is mask for observer, mask in kept.items())
    assert need_of(after).seen["a"] == need_of(before).seen["a"]
    assert need_of(after).seen["b"] != need_of(before).seen["b"]
    fresh = cover(replace(found, nodes=moved))
    assert np.array_equal(need_of(fresh).counts, need_of(after).counts)
    assert as_json(found, fresh) == as_json(found, after)
    assert need_of(coverer.cover(spots=False)).blind == ()


def test_weights_count_in_the_score(tmp_path):
    zones = "zones:\n  field: {area: {feature: Field}, seen_by: {sensor: sound}, weight: 3}\n  none: {area: {feature: Field}, seen_by: {class: detect}}\n"
    got = cover(site(tmp_path, PARTS + CELL + zones + ONE_EAR))
    assert got.score == pytest.approx(need_of(got).share * 3 / 4)
    assert not got.met
    assert cover(site(tmp_path, PARTS)).score == 1.0


def test_a_share_that_is_just_reached_is_met(tmp_path):
    got = cover(site(tmp_path, PARTS + CELL + zone("{sensor: sound, share: 0 %}") + ONE_EAR))
    assert got.met
    assert need_of(got).met


def slope(found, rise):
    xs, _ = found.grid.centres()
    return np.broadcast_to((xs - xs[0]) * rise, (found.grid.rows, found.grid.columns)).copy()


def test_over_terrain_a_ridge_hides_and_is_named(tmp_path):
    tail = PARTS + CELL + zone("{sensor: sound}") + eyes(ear=("ear", 3, 2.5, ""))
    flat = site(tmp_path, tail, PLOT, FIELD)
    xs, _ = flat.grid.centres()
    at = flat.nodes["ear"][1]
    ridge = np.where(np.abs(xs - (at.x + 8)) < 1.5, 12.0, 0.0)
    ground = np.broadcast_to(ridge, (flat.grid.rows, flat.grid.columns)).copy()
    found = replace(flat, ground=ground)
    assert need_of(cover(found)).covered < need_of(cover(flat)).covered
    assert "terrain" in {cause.kind for spot in need_of(cover(found)).blind for cause in spot.causes}
    assert "terrain" not in {cause.kind for spot in need_of(cover(flat)).blind for cause in spot.causes}


def test_on_a_level_plateau_everything_is_as_on_flat_ground(tmp_path):
    tail = PARTS + CELL + zone("{sensor: sound}", target="1 m") + ONE_EAR
    flat = site(tmp_path, tail)
    high = replace(flat, ground=np.full((flat.grid.rows, flat.grid.columns), 7.0))
    solids = tuple(replace(solid, top_cm=solid.top_cm + 700) for solid in flat.solids)
    raised = replace(high, solids=solids, nodes={"ear": (flat.nodes["ear"][0], replace(flat.nodes["ear"][1], ground=7.0))})
    assert np.array_equal(need_of(cover(raised)).counts, need_of(cover(flat)).counts)
    assert as_json(raised, cover(raised)) == as_json(flat, cover(flat))


def test_the_reach_is_the_kernels_mask_of_an_empty_site(tmp_path):
    for part, rest in (
        ("ear", ""),
        ("nose", "heading: 100 deg"),
        ("skin", "heading: 20 deg"),
        ("eye", "lens: wide, heading: 300 deg, tilt: 12 deg"),
        ("eye", "lens: long, heading: 45 deg, tilt: 30 deg"),
    ):
        found = site(
            tmp_path,
            PARTS
            + CELL
            + zone("[{sensor: sound}, {class: detect}, {class: observe}]", target="1 m")
            + eyes(it=(part, 4, 2, rest)),
            PLOT,
            FIELD,
        )
        coverer = Coverer(found)
        node, at = found.nodes["it"]
        aim = Aim(at.x, at.y, node.height_m, node.heading_deg, node.tilt_deg, node.lens)
        observer = observer_of(found.plan.catalogue.parts[part], aim, (25.0, 62.5))
        cells = coverer.zones["field"]
        assert np.array_equal(cells.reach(observer).level, cells.mask(observer))
        assert cells.mask(observer).any()


def test_a_part_that_does_not_observe_is_named():
    parts = shipped().parts
    with pytest.raises(SiteError, match="'lora-868' observes nothing"):
        observer_of(parts["lora-868"], Aim(0, 0, 1), ())
    with pytest.raises(SiteError, match="observes nothing with lens '7mm'"):
        observer_of(parts["dome-4mp"], Aim(0, 0, 1, lens="7mm"), ())


def test_a_sensor_meets_only_what_it_senses():
    parts = shipped().parts
    assert able(parts["pir-12m"], Need("sensor", "motion"))
    assert not able(parts["pir-12m"], Need("sensor", "smoke"))
    assert not able(parts["pir-12m"], Need("camera", "detect", px_per_m=25.0))
    assert able(parts["dome-4mp"], Need("camera", "detect", px_per_m=25.0))
    assert not able(parts["dome-4mp"], Need("sensor", "motion"))


def test_a_window_is_aligned_with_the_sites_grid():
    grid = Grid(100, 80, 10.0, 20.0, 0.5)
    part, offset = window(grid, shapely.box(15.2, 25.3, 19.9, 28.1), "z")
    assert offset == (10, 10)
    assert (part.west, part.south, part.columns, part.rows) == (15.0, 25.0, 10, 7)
    whole, offset = window(grid, shapely.box(-100, -100, 1000, 1000), "z")
    assert (whole, offset) == (grid, (0, 0))


def test_a_zone_with_too_many_cells_is_refused():
    with pytest.raises(SiteError, match="zone 'z' has 25,"):
        window(Grid(5000, 5010, 0.0, 0.0, 0.1), shapely.box(0, 0, 600, 600), "z")


def test_a_zone_inside_a_building_has_no_cells_and_is_met(tmp_path):
    inner = feature("Field", "Zones", box(4.5, 2.2, 1, 0.5))
    got = cover(site(tmp_path, PARTS + CELL + zone("{sensor: sound}") + ONE_EAR, PLOT, BARN, inner))
    assert (need_of(got).cells, need_of(got).share, need_of(got).met) == (0, 1.0, True)


def test_a_long_zone_of_many_spots_is_labelled_right(tmp_path):
    walls = [feature(f"Wall {at}", "Walls", line((1 + at, 2), (1 + at, 4))) for at in range(8)]
    found = site(tmp_path, PARTS + CELL + zone("{sensor: sound}") + eyes(ear=("ear", 4.5, 0.8, "")), PLOT, FIELD, *walls)
    need = need_of(cover(found))
    blind = cover(found).zones["field"].inside & (need.counts == 0)
    assert sum(spot.cells for spot in need.blind) == blind.sum()
    joined = shapely.union_all([spot.area for spot in need.blind])
    assert joined.area == pytest.approx(sum(spot.area_m2 for spot in need.blind))


def test_the_yard_is_covered_and_says_so_the_same_every_time():
    found = resolve(load_plan(YARD / "plan.yaml"))
    first, again = cover(found), cover(resolve(load_plan(YARD / "plan.yaml")))
    assert first.met
    assert json.dumps(as_json(found, first)) == json.dumps(as_json(found, again))
    fewer = resolve(load_plan(YARD / "plan.yaml", "fewer"))
    worse = cover(fewer)
    assert not worse.met
    assert worse.score < first.score
    shadows = {cause.what for spot in worse.zones["yard"].needs[0].blind for cause in spot.causes if cause.kind == "obstruction"}
    assert "container-stack-a" in shadows


def test_raising_an_obstruction_in_the_survey_changes_coverage(tmp_path):
    plan = (YARD / "plan.yaml").read_text(encoding="utf-8").replace("../../", f"{YARD.parents[1]}/")
    (tmp_path / "plan.yaml").write_text(plan, encoding="utf-8")
    (tmp_path / "survey.kml").write_bytes((YARD / "survey.kml").read_bytes())
    before = cover(resolve(load_plan(tmp_path / "plan.yaml")))
    text = (tmp_path / "survey.kml").read_text()
    assert text.count("<value>2.6</value>") == 1
    (tmp_path / "survey.kml").write_text(text.replace("<value>2.6</value>", "<value>7.8</value>"))
    after = cover(resolve(load_plan(tmp_path / "plan.yaml")))
    assert after.zones["yard"].needs[0].covered < before.zones["yard"].needs[0].covered
    assert after.zones["parking"].needs[0].covered == before.zones["parking"].needs[0].covered


def test_geojson_has_zones_spots_and_nodes_in_degrees():
    found = resolve(load_plan(YARD / "plan.yaml", "fewer"))
    document = as_geojson(found, cover(found))
    layers = [one["properties"]["layer"] for one in document["features"]]
    assert (layers.count("zone"), layers.count("node")) == (4, 7)
    assert layers.count("blind spot") > 4
    for one in document["features"]:
        west, south, east, north = shapely.geometry.shape(one["geometry"]).bounds
        assert 8.55 < west <= east < 8.56
        assert 50.02 < south <= north < 50.03
    json.dumps(document, allow_nan=False)
    cam = next(one["properties"] for one in document["features"] if one["properties"].get("id") == "cam-gate")
    assert cam["bearing_deg"] == pytest.approx(140 + found.frame.convergence(0, 0), abs=0.02)


def test_a_node_at_the_edge_of_the_world_is_refused(tmp_path):
    found = site(tmp_path, PARTS + CELL + zone("{sensor: sound}") + ONE_EAR)
    node, _ = found.nodes["ear"]
    with pytest.raises(SiteError, match="too far from the grid"):
        Coverer(found).cover({"ear": (node, Fixed(90_000.0, 0.0, 0.0))})
