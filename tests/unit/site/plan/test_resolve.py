"""A plan and its survey become a site; whatever was mended, left out or is doubtful is said, with a remedy."""

import json

import numpy as np
import pytest
import shapely
from shapely.geometry import Point
from tests.unit.site.plan.planned import (
    BARN,
    CAMERA,
    FIELD,
    HEAD,
    MAST,
    PLOT,
    box,
    feature,
    line,
    point,
    problems,
    site,
    survey,
    written,
)

from seamline.contract.problems import ContractErrors
from seamline.site.plan import load_plan, resolve
from seamline.site.plan.model import Meaning

NODE = f"nodes:\n  cam: {CAMERA}\n"


def notes_of(found):
    return [(note.kind, note.what) for note in found.notes]


def one_note(found):
    (note,) = found.notes
    assert note.remedy
    return note.kind, note.what


def test_a_site_is_in_metres_of_its_utm_zone_from_whole_hundreds_on(tmp_path):
    found = site(tmp_path, NODE)
    assert (found.frame.crs, found.frame.code) == ("EPSG:32632", 32632)
    assert all(part % 100 == 0 for part in found.frame.anchor)
    west, south, east, north = found.boundary.bounds
    assert 0 <= west < 100
    assert 0 <= south < 100
    assert east - west == pytest.approx(71.7, abs=0.5)
    assert north - south == pytest.approx(55.6, abs=0.5)
    node, at = found.nodes["cam"]
    mast = found.thing("mast")
    assert (at.x, at.y) == pytest.approx((mast.geometry.x, mast.geometry.y))
    assert found.notes == ()
    assert node.height_m == 5.0


def test_solids_zones_and_grid_are_those_of_the_survey(tmp_path):
    found = site(tmp_path, "zones: {field: {area: {feature: Field}, seen_by: {class: detect}}}\n")
    (solid,) = found.solids
    assert (solid.name, solid.top_cm) == ("barn", 600)
    assert solid.footprint.area == pytest.approx(found.thing("barn").geometry.area, abs=0.5)
    assert found.zones["field"].area.equals(found.thing("field").geometry)
    grid = found.grid
    assert (grid.west / grid.cell) % 1 == 0
    assert grid.west <= found.boundary.bounds[0] < grid.west + grid.cell
    assert grid.west + grid.columns * grid.cell >= found.boundary.bounds[2]
    assert found.ground is None


def test_an_anchor_that_is_given_is_local_zero(tmp_path):
    found = site(tmp_path, "frame: {epsg: 25832, anchor: {east: 464100 m, north: 5538700 m}}\n")
    auto = site(tmp_path)
    assert found.frame.anchor == (464100.0, 5538700.0)
    assert np.allclose(
        np.array(found.frame.anchor) + found.boundary.bounds[:2], np.array(auto.frame.anchor) + auto.boundary.bounds[:2]
    )


def test_an_origin_makes_a_frame_of_its_own(tmp_path):
    found = site(tmp_path, "frame: {origin: {lon: 8.5, lat: 50.0}}\n")
    assert found.boundary.bounds[:2] == pytest.approx((0.0, 0.0), abs=1e-6)
    assert found.frame.code is None


def test_a_frame_that_is_not_made_for_the_place_is_refused(tmp_path):
    (problem,) = problems(written(tmp_path, "frame: {epsg: 2000}\n"))
    assert (problem.code, problem.span.line) == ("SP301", len(HEAD.splitlines()) + 1)
    assert "not made for a site at 8.5" in problem.message


def test_a_frame_that_is_named_finds_out_a_survey_whose_axes_are_exchanged_throughout(tmp_path):
    mast = feature("Mast", "Masts", {"type": "Point", "coordinates": [50.0, 8.5]})
    assert site(tmp_path, "", mast).frame.code == 32639  # it agrees with itself: nothing can be said
    (problem,) = problems(written(tmp_path, "frame: {epsg: 25832}\n", mast))
    assert problem.message.endswith("are longitude and latitude exchanged in the survey?")


def test_without_a_boundary_what_lies_about_everything_is_taken_and_said(tmp_path):
    found = site(tmp_path, "", BARN, FIELD, MAST, feature("Hut", "Buildings", point(0, 0)))
    kinds = notes_of(found)
    assert kinds[0] == ("doubt", "no feature means 'boundary'; what lies 10 m about all others is taken")
    assert found.boundary.contains(found.thing("field").geometry)
    assert ("left out", "Point 'Hut': a Point is no area") in kinds


def test_a_survey_without_meaning_is_refused(tmp_path):
    (problem,) = problems(written(tmp_path, "", feature("A", "Elsewhere", point(0, 0))))
    assert (problem.code, problem.fix) == ("SP301", "'seamline site convert FILE -o -' shows what a file of the survey has")
    assert "no feature of the survey has a meaning" in problem.message
    assert [note.partition(";")[0] for _, note in problem.related] == [
        "survey.geojson: unmatched: Point 'A': no rule says what it means"
    ]


def test_metres_that_are_taken_for_degrees_are_said_where_nothing_is_left_of_the_survey(tmp_path):
    metres = [
        feature(name, "Masts", {"type": "Point", "coordinates": [464000.0 + at, 5538000.0]}) for at, name in enumerate("AB")
    ]
    (problem,) = problems(written(tmp_path, "", *metres))
    assert problem.code == "SP301"
    assert [note.partition(";")[0] for _, note in problem.related] == [
        f"survey.geojson: left out: feature {at}: a place that is not on earth" for at in range(2)
    ]
    assert "are these metres?" in str(problem.render())


def test_of_many_notes_on_a_survey_without_meaning_the_first_are_shown_and_the_others_counted(tmp_path):
    (problem,) = problems(written(tmp_path, "", *(feature(f"A{at}", "Elsewhere", point(at, 0)) for at in range(13))))
    assert len(problem.related) == 11
    assert problem.related[-1][1] == "and 3 more"


def test_a_survey_that_cannot_be_read_is_named_with_its_line_in_the_plan(tmp_path):
    path = written(tmp_path)
    (tmp_path / "survey.geojson").write_text("nonsense", encoding="utf-8")
    (problem,) = problems(path)
    assert (problem.code, problem.span.line) == ("SP302", 4)
    assert "neither KML" in problem.message


CHANGED = [
    # a feature besides the plot, what is noted of it, and whether it is a thing of the site
    pytest.param(feature("Shed", "Buildings", box(1, 1, 1, 1)), "left out", "it has no property 'height'", False, id="no-height"),
    pytest.param(feature("Shed", "Buildings", box(1, 1, 1, 1), height=0), "left out", "its height is 0 m: it would hide nothing", False, id="zero-height"),
    pytest.param(feature("Shed", "Buildings", box(1, 1, 1, 1), height="-2,5"), "left out", "-2.5 m: it would hide nothing", False, id="negative-height"),
    pytest.param(feature("Shed", "Buildings", box(1, 1, 1, 1), height="high"), "left out", "'high', which is no length", False, id="word-height"),
    pytest.param(feature("Shed", "Buildings", box(1, 1, 1, 1), height=950), "doubt", "it is 950 m high", True, id="tall"),
    pytest.param(feature("Wall", "Walls", line((1, 1), (2, 1))), "repaired", "taken as a wall 0.2 m thick", True, id="wall"),
    pytest.param(feature("Pole", "Walls", point(1, 1)), "left out", "a Point is no area", False, id="pole"),
    pytest.param(feature("Area", "Zones", line((1, 1), (2, 1), (2, 2), (1, 2))), "repaired", "its ring was open by 11.1", True, id="open-ring"),
    pytest.param(feature("Area", "Zones", line((1, 1), (2, 1), (2, 2), (1, 1))), "repaired", "the ring was drawn as a line", True, id="closed-line"),
    pytest.param(feature("Area", "Zones", line((1, 1), (2, 2), (2, 1), (1, 2))), "repaired", "crosses itself", True, id="crossing-line"),
    pytest.param(feature("Area", "Zones", line((1, 1), (2, 1))), "left out", "a LineString is no area", False, id="line-zone"),
    pytest.param(feature("Area", "Zones", line((1, 1), (2, 1), (3, 1), (1, 1))), "left out", "its area is 0.00", False, id="flat-ring"),
    pytest.param(feature("Area", "Zones", box(1, 1, 0.0001, 0.0001)), "left out", "its area is 0.0000 m2", False, id="speck"),
    pytest.param(feature("Area", "Zones", box(8, 1, 4, 1)), "doubt", "of the zone lie outside the boundary", True, id="zone-out"),
    pytest.param(feature("Hut", "Masts", point(11, 1)), "doubt", "it lies outside the boundary, by 7.", True, id="outside"),
    pytest.param(feature("Hut", "Masts", box(1, 1, 1, 1)), "repaired", "a place within a Polygon is taken", True, id="mast-area"),
    pytest.param(feature("Duct", "Ducts", box(1, 1, 1, 1)), "repaired", "the edge of an area is taken", True, id="route-area"),
    pytest.param(feature("Duct", "Ducts", point(1, 1)), "left out", "a Point is no route", False, id="route-point"),
    pytest.param(feature("Camera", "Devices", point(1, 1)), "doubt", "is none of the plan's nodes", True, id="device"),
    pytest.param(feature("Thing", "Whatever", point(1, 1)), "unmatched", "no rule says what it means", False, id="unmatched"),
    pytest.param(feature("Hut", "Masts", {"type": "Point", "coordinates": [50.0001, 8.5001]}), "left out", "it lies 6,124 km", False, id="swapped"),
    pytest.param(feature("Hut", "Masts", {"type": "Point", "coordinates": [9.5, 50.0]}), "left out", "it lies 71 km from the site", False, id="far"),
    pytest.param(
        feature("Area", "Zones", {"type": "Polygon", "coordinates": [[[8.5001, 50.0001], [8.5002, 50.0002], [8.5002, 50.0001], [8.5001, 50.0002], [8.5001, 50.0001]]]}),
        "repaired", "self-intersection", True, id="crossing-polygon",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("added", "kind", "what", "kept"), CHANGED)
def test_what_is_doubtful_about_a_feature_is_said_with_a_remedy(tmp_path, added, kind, what, kept):
    found = site(tmp_path, "", PLOT, added)
    got, text = one_note(found)
    assert got == kind
    assert what in text
    assert (len(found.things) == 2) is kept
    assert all(thing.geometry.is_valid for thing in found.things)


def test_what_is_exchanged_is_called_so(tmp_path):
    found = site(tmp_path, "", PLOT, feature("Hut", "Masts", {"type": "Point", "coordinates": [50.0001, 8.5001]}))
    assert found.notes[0].remedy == "longitude and latitude are exchanged: correct them in the survey"


def test_degrees_taken_for_metres_are_called_so(tmp_path):
    table = "name,folder,x,y\nM 7,Masts,8.5001,50.0001\n"
    (tmp_path / "masts.csv").write_text(table, encoding="utf-8")
    head = HEAD.replace("[survey.geojson]", "[survey.geojson, {path: masts.csv, crs: 'EPSG:25832'}]")
    found = site(tmp_path, "", PLOT, head=head)
    notes = [note for note in found.notes if note.kind == "left out"]
    assert [note.where for note in notes] == ["masts.csv:2"]
    assert notes[0].remedy == "its degrees are taken for metres of EPSG:25832: leave 'crs' out, or name the right frame"


def test_files_of_several_frames_come_together(tmp_path):
    auto = site(tmp_path)
    x, y = auto.frame.anchor[0] + 30.0, auto.frame.anchor[1] + 20.0
    (tmp_path / "masts.csv").write_text(f"name,folder,x,y\nM 7,Masts,{x},{y}\n", encoding="utf-8")
    head = HEAD.replace("[survey.geojson]", "[survey.geojson, {path: masts.csv, crs: 'EPSG:25832'}]")
    found = site(tmp_path, "", head=head)
    assert found.thing("m-7").geometry.distance(Point(30.0, 20.0)) < 0.01


def test_a_boundary_that_is_drawn_as_a_line_is_closed(tmp_path):
    ring = feature("Plot", "Boundary", line((0, 0), (10, 0), (10, 5), (0, 5)))
    found = site(tmp_path, "", ring)
    assert found.boundary.area == pytest.approx(71.7 * 55.6, rel=0.01)
    assert one_note(found)[0] == "repaired"


def test_a_boundary_that_encloses_nothing_is_refused(tmp_path):
    (problem,) = problems(written(tmp_path, "", feature("Plot", "Boundary", point(0, 0))))
    assert (problem.code, "encloses nothing" in problem.message) == ("SP301", True)


def test_a_site_of_another_size_is_refused(tmp_path):
    far = feature("Plot 2", "Boundary", {"type": "Point", "coordinates": [18.5, 50.0]})
    (problem,) = problems(written(tmp_path, "", PLOT, far))
    assert "the site reaches 715 km" in problem.message


def test_ids_are_names_made_unique(tmp_path):
    found = site(tmp_path, "", PLOT, MAST, MAST, feature("", "Masts", point(1, 1)), feature("Mäst / 1", "Masts", point(1, 2)))
    assert [thing.id for thing in found.things] == ["plot", "mast", "mast-2", "mast-3", "m-st-1"]


def test_heights_in_feet_become_metres(tmp_path):
    found = site(tmp_path, "", PLOT, feature("Shed", "Buildings", box(1, 1, 1, 1), HEIGHT="20 ft"))
    assert found.thing("shed").height_m == pytest.approx(6.096)


def test_a_default_height_is_taken_and_said(tmp_path):
    head = HEAD.replace("{property: height}", "{property: height, default: 4 m}")
    found = site(tmp_path, "", PLOT, feature("Shed", "Buildings", box(1, 1, 1, 1), height="?"), head=head)
    assert one_note(found) == ("doubt", "Polygon 'Shed': its height is '?', which is no length; 4 m is taken")
    assert found.solids[0].top_cm == 400


@pytest.mark.parametrize(
    ("place", "code", "message", "fix"),
    [
        ("{feature: Masst}", "SP304", "no feature of the survey is named 'Masst'", "write 'Mast'"),
        ("{feature: '*'}", "SP304", "4 features are named '*'", "write folder and name"),
        ("{lon: 50, lat: 8.5}", "SP303", "km from the site", "exchanged"),
        ("{x: 19000 m, y: 0 m}", "SP303", "19 km from the site", "degrees taken for metres"),
        ("{lon: 99, lat: 0}", "SP303", "is nowhere in EPSG:32632", "in degrees"),
    ],
)
def test_a_place_that_is_nowhere_is_named(tmp_path, place, code, message, fix):
    others = (
        PLOT,
        feature("A", "Zones", box(1, 1, 1, 1)),
        feature("B", "Zones", box(1, 1, 1, 1)),
        feature("C", "Zones", box(1, 1, 1, 1)),
    )
    if "Masst" in place:
        others = (PLOT, MAST)
    found = problems(written(tmp_path, NODE.replace("{feature: Mast}", place), *others))
    assert [problem.code for problem in found] == [code]
    assert message in found[0].message
    assert fix in found[0].fix
    assert found[0].span.line > len(HEAD.splitlines())


def test_a_folder_tells_features_of_one_name_apart(tmp_path):
    others = (PLOT, MAST, feature("Mast", "Devices", point(3, 3)))
    found = site(tmp_path, NODE.replace("{feature: Mast}", "{feature: Devices/Mast}"), *others)
    assert found.nodes["cam"][1].x == pytest.approx(found.things[2].geometry.x)


@pytest.mark.parametrize(
    ("area", "code", "message"),
    [
        ("{feature: Nothing}", "SP304", "no area of the survey is named 'Nothing'"),
        ("{feature: Mast}", "SP304", "no area of the survey is named 'Mast'"),
        ("{ring: [[8.5, 50], [8.5001, 50], [8.5002, 50]]}", "SP305", "encloses nothing"),
        ("{ring: [[50, 8.5], [50, 8.6], [50.1, 8.6]]}", "SP303", "far from the site"),
    ],
)
def test_an_area_that_is_nowhere_is_named(tmp_path, area, code, message):
    (found,) = problems(written(tmp_path, f"zones: {{z: {{area: {area}, seen_by: {{class: detect}}}}}}\n"))
    assert found.code == code
    assert message in found.message


def test_a_zone_of_several_features_is_all_of_them(tmp_path):
    others = (
        PLOT,
        feature("Lot A", "Zones", box(1, 1, 1, 1)),
        feature("Lot B", "Zones", box(3, 1, 1, 1)),
        feature("Lot roof", "Buildings", box(7, 1, 1, 1), height=3),
    )
    found = site(tmp_path, "zones: {z: {area: {feature: 'lot*'}, seen_by: {class: detect}}}\n", *others)
    assert len(shapely.get_parts(found.zones["z"].area)) == 2


def test_a_ring_that_crosses_itself_is_what_it_encloses(tmp_path):
    found = site(
        tmp_path,
        "zones: {z: {area: {local: [[10 m, 10 m], [20 m, 20 m], [20 m, 10 m], [10 m, 20 m]]}, seen_by: {class: detect}}}\n",
    )
    assert found.zones["z"].area.area == pytest.approx(50.0)


def test_a_node_inside_a_building_is_doubted(tmp_path):
    found = site(tmp_path, NODE.replace("{feature: Mast}", "{lon: 8.5005, lat: 50.00025}"))
    assert one_note(found)[1].startswith("cam is inside 'barn', 1.0 m below its top")
    assert not site(tmp_path, NODE.replace("{feature: Mast}", "{lon: 8.5005, lat: 50.00025}").replace("5 m", "7 m")).notes


def test_a_node_outside_or_in_the_water_is_doubted(tmp_path):
    out = NODE.replace("{feature: Mast}", "{lon: 8.4999, lat: 50.00025}")
    assert one_note(site(tmp_path, out))[1] == "cam is outside the boundary"
    pond = feature("Pond", "Water", box(0, 0, 1, 1))
    assert one_note(site(tmp_path, NODE, PLOT, MAST, pond))[1] == "cam is where nothing may be placed"
    assert site(tmp_path, NODE, PLOT, MAST, pond).exclusion.area > 0
    assert not site(tmp_path, NODE.replace("tilt: 12 deg", "tilt: 12 deg, existing: true"), PLOT, MAST, pond).notes


def test_a_node_stands_for_the_surveys_device(tmp_path):
    device = feature("Old", "Devices", point(2, 2))
    assert not site(tmp_path, NODE.replace("{feature: Mast}", "{feature: Old}"), PLOT, device).notes


def test_routes_are_the_surveys_and_the_plans(tmp_path):
    tail = "routes: {lines: {new: [{x: 1 m, y: 1 m}, {feature: Mast}], none: [{feature: Mast}, {feature: Mast}]}}\n"
    found = site(tmp_path, tail, PLOT, MAST, feature("Duct", "Ducts", line((1, 1), (2, 1))))
    assert [route.geom_type for route in found.routes] == ["LineString", "LineString"]


def test_a_variant_changes_what_it_names_and_nothing_else(tmp_path):
    tail = (
        NODE
        + "  other: "
        + CAMERA
        + "\nvariants:\n  high: {title: Higher, nodes: {cam: {height: 9 m}, other: removed}, grid: {cell: 1 m}}\n"
    )
    path = written(tmp_path, tail)
    plain, high = load_plan(path), load_plan(path, "high")
    assert (plain.variant, plain.nodes["cam"].height_m, len(plain.nodes), plain.cell_m) == (None, 5.0, 2, 0.5)
    assert (high.variant, high.nodes["cam"].height_m, list(high.nodes), high.cell_m) == ("high", 9.0, ["cam"], 1.0)
    assert high.nodes["cam"].lens == "4mm"
    assert high.variants["high"].title == "Higher"
    assert high.places["nodes.cam.height"].line == path.read_text().count("\n")
    assert resolve(high).grid.cell == 1.0


@pytest.mark.parametrize(
    ("variant", "name", "code", "message"),
    [
        ("v: {nodes: {ghost: removed}}", "v", "SP206", "there is no 'ghost' to be removed"),
        ("v: {site: {name: other}}", "v", "SP101", "unknown key 'site' in 'variants.v'"),
        ("v: {nodes: {cam: {lens: 99mm}}}", "v", "SP214", "no lens '99mm'"),
        ("v: {title: V}", "w", "SP206", "this plan has no variant 'w'"),
        ("v: 5", "v", "SP103", "'variants.v' is a single value"),
    ],
)
def test_a_variant_that_cannot_be_meant_is_named(tmp_path, variant, name, code, message):
    found = problems(written(tmp_path, NODE + f"variants:\n  {variant}\n"), name)
    assert [problem.code for problem in found] == [code]
    assert message in found[0].message


def test_meanings_are_matched_by_file_geometry_and_properties_too(tmp_path):
    head = HEAD[: HEAD.index("    - ")] + (
        "    - {folder: Boundary, is: boundary}\n"
        "    - {file: '*.kml', is: ignore}\n"
        "    - {properties: {kind: 'tow*', storeys: '2'}, is: building, height: 6 m}\n"
        "    - {geometry: point, is: mast}\n"
        "    - {geometry: polygon, is: zone}\n"
    )
    things = (
        PLOT,
        feature("A", "x", box(1, 1, 1, 1), Kind="Tower", storeys=2),
        feature("B", "x", box(3, 1, 1, 1), kind="tower"),
        MAST,
    )
    found = site(tmp_path, "", *things, head=head)
    assert [thing.meaning for thing in found.things] == [Meaning.BOUNDARY, Meaning.BUILDING, Meaning.ZONE, Meaning.MAST]
    assert str(found.things[1].rule).endswith("plan.yaml:8:7")


def test_a_grid_that_is_too_fine_for_the_site_is_refused(tmp_path):
    wide = feature(
        "Plot", "Boundary", {"type": "Polygon", "coordinates": [[[8.4, 50], [8.6, 50], [8.6, 50.05], [8.4, 50.05], [8.4, 50]]]}
    )
    (found,) = problems(written(tmp_path, "grid: {cell: 2 cm}\n", wide))
    assert found.code == "SP306"
    assert "too large" in found.message


def test_the_notes_of_the_reader_are_notes_of_the_site(tmp_path):
    path = written(tmp_path)
    document = json.loads((tmp_path / "survey.geojson").read_text())
    document["features"].append({"type": "Feature", "geometry": None, "properties": {}})
    (tmp_path / "survey.geojson").write_text(json.dumps(document), encoding="utf-8")
    (note,) = resolve(load_plan(path)).notes
    assert (note.kind, note.where) == ("left out", "survey.geojson")
    assert str(note).startswith("survey.geojson: left out: ")


def test_a_solid_that_is_higher_than_the_kernel_reaches_is_left_out(tmp_path):
    found = site(tmp_path, "", PLOT, feature("Tower", "Buildings", box(1, 1, 1, 1), height=6000))
    assert [kind for kind, _ in notes_of(found)] == ["doubt", "left out"]
    assert not found.solids


def test_an_unknown_thing_is_no_thing(tmp_path):
    with pytest.raises(KeyError):
        site(tmp_path).thing("nothing")


def test_the_survey_alone_may_change(tmp_path):
    path = written(tmp_path)
    before = resolve(load_plan(path)).solids[0].top_cm
    survey(tmp_path, PLOT, feature("Barn", "Buildings", box(4, 2, 2, 1), height=7.25))
    assert (before, resolve(load_plan(path)).solids[0].top_cm) == (600, 725)


def test_errors_come_as_one(tmp_path):
    tail = "nodes: {a: {place: {feature: X}, height: 1 m}, b: {place: {feature: Y}, height: 1 m}}\n"
    with pytest.raises(ContractErrors) as caught:
        resolve(load_plan(written(tmp_path, tail)))
    assert len(caught.value.problems) == 2
