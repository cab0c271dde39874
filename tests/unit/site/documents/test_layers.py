"""GeoJSON and KML: the same features in both, read back by our own readers without a note."""

import csv
import io
import json
from dataclasses import replace

import pytest
import shapely
from shapely.geometry import MultiPolygon

from seamline.site.documents.blind import spots
from seamline.site.documents.csv_files import cell, decimal, table
from seamline.site.documents.devices import devices
from seamline.site.documents.layers import LAYERS, items
from seamline.site.survey import read
from seamline.site.survey.geojson import read_geojson
from seamline.site.survey.kml import read_kml


@pytest.fixture(scope="module")
def laid(designed):
    return items(designed)


def test_every_layer_that_the_yard_has_is_there(laid, designed):
    counted = {layer: sum(item.layer == layer for item in laid) for layer in LAYERS}
    assert counted == {
        "boundary": 1, "survey": 3, "route": 1, "zone": 2, "seen": 3, "blind": len(list(spots(designed.coverage))), "field": 4,
        "supply": 1, "device": 5, "link": 1, "cable": 2,
    }  # fmt: skip
    assert len({(item.layer, item.id) for item in laid}) == len(laid)


def test_geojson_is_read_back_as_it_was_written(yard_files, laid, designed):
    survey = read_geojson(yard_files["yard.geojson"], "yard.geojson")
    assert survey.notes == ()
    assert len(survey.features) == len(laid)
    for feature, item in zip(survey.features, laid, strict=True):
        assert feature.properties["layer"] == item.layer
        assert feature.properties["name"] == item.name
        assert feature.properties["id"] == f"{item.layer}/{item.id}"
        assert feature.geometry.equals_exact(shapely.orient_polygons(item.geometry), 1e-8)
    document = json.loads(yard_files["yard.geojson"])
    assert document["seamline"]["content"] == designed.content.hash


def test_kml_goes_back_to_survey_tools_with_nothing_left_out(yard_files, laid, designed, tmp_path):
    survey = read_kml(yard_files["yard.kml"], "yard.kml")
    assert survey.notes == ()
    assert len(survey.features) == len(laid)
    for feature, item in zip(survey.features, laid, strict=True):
        assert feature.properties["name"] == item.name
        assert feature.properties["folder"].endswith(item.layer)
        assert feature.properties["id"] == f"{item.layer}.{item.id}"
        assert shapely.get_coordinates(feature.geometry, include_z=True) == pytest.approx(
            shapely.get_coordinates(shapely.orient_polygons(item.geometry), include_z=True), abs=1e-8, nan_ok=True
        )
        assert feature.properties["content"] == designed.content.hash
        for name, value in item.properties.items():
            if value is not None:
                shown = str(value).lower() if isinstance(value, bool) else str(value)
                assert str(feature.properties[name]) == shown.strip(), name
    (tmp_path / "yard.kml").write_bytes(yard_files["yard.kml"])
    assert len(read(tmp_path / "yard.kml", None).features) == len(laid)


def test_devices_keep_their_height_above_the_ground_in_kml(yard_files):
    survey = read_kml(yard_files["yard.kml"], "yard.kml")
    camera = next(feature for feature in survey.features if feature.properties["id"] == "device.cam-1")
    assert camera.geometry.z == 5.0
    assert camera.properties["unit"] == "seamline:unit:yard/cam-1"
    assert b"relativeToGround" in yard_files["yard.kml"]


def test_what_is_seen_and_what_is_blind_fill_the_zones_that_have_a_need(laid, designed):
    for zone in designed.coverage.zones.values():
        for need in zone.needs:
            seen = [item for item in laid if item.layer == "seen" and item.properties["zone"] == zone.zone]
            mine = [item.geometry for item in seen if item.properties["by"] == need.need.kind]
            blind = [spot.blind.area for spot in spots(designed.coverage) if spot.zone == zone.zone and spot.need == need.need]
            seen_m2 = sum(designed.site.frame.to_local(area).area for area in mine)
            assert seen_m2 + sum(area.area for area in blind) == pytest.approx(int(zone.inside.sum()), rel=1e-6)


def test_names_of_blind_spots_are_unique(designed):
    names = [spot.name for spot in spots(designed.coverage)]
    assert len(set(names)) == len(names)
    assert {name.rpartition("-")[2] for name in names if name.startswith("lanes")} == {"detect", "motion"}
    assert [spot.name for spot in spots(designed.coverage, "sensor")] == [name for name in names if name.endswith("motion")]


def test_the_sector_of_a_sensor_all_around_is_a_ring_about_it(designed, laid):
    field = next(item for item in laid if item.id == "pir-1-field")
    assert not isinstance(field.geometry, MultiPolygon)
    detector = next(one for one in devices(designed) if one.id == "pir-1")
    local = designed.site.frame.to_local(field.geometry)
    assert local.distance(shapely.Point(detector.x, detector.y)) < 1e-3
    assert local.area == pytest.approx(12**2 * 3.14159 / 4, rel=0.01)


def rows_of(data):
    return list(csv.DictReader(io.StringIO(data.decode())))


def test_each_row_of_each_table_carries_the_content(yard_files, designed):
    names = {name for name in yard_files if name.endswith(".csv")}
    assert names == {"bom.csv", "nodes.csv", "coverage.csv", "links.csv", "cables.csv", "power.csv"}
    for name in names:
        assert {row["content"] for row in rows_of(yard_files[name])} == {designed.content.hash}
        assert yard_files[name].count(b"\r\n") == yard_files[name].count(b"\n")


def test_the_tables_say_what_the_design_says(yard_files, designed):
    nodes = {row["id"]: row for row in rows_of(yard_files["nodes.csv"])}
    assert list(nodes) == ["cam-1", "cam-2", "pir-1", "old-cam", "gw-1"]
    assert (nodes["cam-1"]["x"], nodes["cam-1"]["height_m"], nodes["cam-1"]["mount"]) == ("38.0", "5.0", "wall-arm")
    assert (nodes["gw-1"]["heading_deg"], nodes["old-cam"]["existing"]) == ("", "yes")
    bill = rows_of(yard_files["bom.csv"])
    assert bill[-1]["total"] == "1790.15"
    assert bill[-1]["title"] == "at least, without: charger-small"
    cables = rows_of(yard_files["cables.csv"])
    assert [row["metres"] for row in cables] == [str(row.metres) for row in designed.cables.rows]
    coverage = rows_of(yard_files["coverage.csv"])
    assert [(row["zone"], row["of"]) for row in coverage] == [("gate", "recognise"), ("lanes", "detect"), ("lanes", "motion")]


def test_a_table_without_rows_still_carries_the_content():
    assert rows_of(table(("a", "b"), [], "sha256:x")) == [{"a": "", "b": "", "content": "sha256:x"}]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (True, "yes"),
        (False, "no"),
        (1.5, "1.5"),
        (-3, "-3"),
        ("=1+1", "'=1+1"),
        ("@x", "'@x"),
        ("plain", "plain"),
        ("-x", "'-x"),
    ],
)
def test_a_cell_is_never_a_formula(value, text):
    assert cell(value) == text


def test_cents_are_decimals():
    assert [decimal(value) for value in (None, 0, 5, 12_345)] == [None, "0.00", "0.05", "123.45"]


def test_a_feature_without_a_line_names_its_file_alone(designed):
    things = tuple(replace(thing, line=0) for thing in designed.site.things)
    laid = items(replace(designed, site=replace(designed.site, things=things)))
    named = {item.properties["from"] for item in laid if item.layer == "survey"}
    assert named == {thing.file for thing in things}
