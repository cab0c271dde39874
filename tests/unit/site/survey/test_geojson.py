"""GeoJSON: what is written is read as it was; what others write is read, or noted."""

import json

import pytest
import shapely
from hypothesis import HealthCheck, given, settings, strategies as st
from shapely.geometry import GeometryCollection, LineString, MultiLineString, MultiPoint, MultiPolygon, Point, box

from seamline.site.survey import Feature, Survey, SurveyError, formats, geojson, read
from seamline.site.survey.geojson import as_geojson, read_geojson

LONGITUDES = st.integers(-180_000_000_000, 180_000_000_000).map(lambda number: number / 1e9)
LATITUDES = st.integers(-90_000_000_000, 90_000_000_000).map(lambda number: number / 1e9)
ALTITUDES = st.integers(-10_000_000, 10_000_000).map(lambda number: number / 1e3)
SIDES = st.integers(1, 1000).map(lambda number: number / 1e3)


@st.composite
def rectangles(draw):
    """Rectangles, some with a hole."""
    west, south = draw(st.integers(-179, 178)), draw(st.integers(-89, 88))
    outer = box(west, south, west + draw(SIDES), south + draw(SIDES))
    if not draw(st.booleans()):
        return outer
    return outer.difference(shapely.affinity.scale(outer, 0.5, 0.5))


def placed(draw_altitude):
    return st.tuples(LONGITUDES, LATITUDES, ALTITUDES) if draw_altitude else st.tuples(LONGITUDES, LATITUDES)


FLAT, HIGH = placed(draw_altitude=False), placed(draw_altitude=True)
POINTS = (FLAT | HIGH).map(Point)
LINES = st.lists(FLAT, min_size=2, max_size=6, unique=True).map(LineString) | st.lists(
    HIGH, min_size=2, max_size=6, unique_by=lambda place: place[:2]
).map(LineString)
SIMPLE = POINTS | LINES | rectangles()
SHAPES = (
    SIMPLE
    | st.lists(FLAT, min_size=1, max_size=4).map(MultiPoint)
    | st.lists(st.lists(FLAT, min_size=2, max_size=4, unique=True), min_size=1, max_size=3).map(MultiLineString)
    | st.just(MultiPolygon([box(0, 0, 1, 1), box(2, 2, 3, 3)]))
    | st.lists(FLAT.map(Point) | rectangles(), min_size=1, max_size=3).map(GeometryCollection)
)
WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
VALUES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | WORDS
    | st.lists(WORDS, max_size=3)
)
FEATURES = st.builds(Feature, SHAPES, st.dictionaries(WORDS, VALUES, max_size=4))


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(FEATURES, max_size=4))
def test_what_is_written_is_read_again_as_it_was(features):
    written = json.dumps(as_geojson(Survey(features, ())), ensure_ascii=False, allow_nan=False).encode()
    again = formats.read_text(written, "survey", None)
    assert not again.notes
    assert [feature.properties for feature in again.features] == [feature.properties for feature in features]
    for one, other in zip(again.features, features, strict=True):
        assert one.geometry.normalize().equals_exact(other.geometry.normalize(), 1e-9)
        assert one.geometry.has_z == other.geometry.has_z


@settings(max_examples=100)
@given(
    st.recursive(
        st.none() | st.floats() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    )
)
def test_whatever_a_property_is_it_can_be_written(value):
    data = json.dumps(
        {"type": "Feature", "geometry": {"type": "Point", "coordinates": [1, 2]}, "properties": {"x": value}}
    ).encode()
    (feature,) = read_geojson(data, "survey").features
    json.dumps(as_geojson(Survey([feature], ())), ensure_ascii=False, allow_nan=False).encode()


def collection(*features):
    return json.dumps({"type": "FeatureCollection", "features": list(features)}).encode()


def feature(geometry, **more):
    return {"type": "Feature", "geometry": geometry, "properties": {}, **more}


POINT = {"type": "Point", "coordinates": [1, 2]}


@pytest.mark.parametrize(
    ("geometry", "says"),
    [
        (None, "it has no geometry"),
        ({"type": "Point", "coordinates": []}, "its geometry is empty"),
        ({"type": "Point", "coordinates": ["a", "b"]}, "its geometry cannot be read"),
        ({"type": "Circle", "coordinates": [1, 2]}, "its geometry cannot be read"),
        ({"type": "Polygon", "coordinates": [[[1, 2], [3, 4]]]}, "its geometry cannot be read"),
        ({"type": "Point", "coordinates": [500000, 5500000]}, "a place that is not on earth; are these metres?"),
        ({"type": "Point", "coordinates": [1e400, 2]}, "a place that is not on earth"),
        ({"type": "Point", "coordinates": [float("nan"), 2]}, "a coordinate that is no number"),
        ({"type": "LineString", "coordinates": [[1, 2], [float("nan"), 3], [3, 4]]}, "a coordinate that is no number"),
        (
            {"type": "Polygon", "coordinates": [[[float("nan"), 0], [1, 0], [1, 1], [float("nan"), 0]]]},
            "a coordinate that is no number",
        ),
        ({"type": "LineString", "coordinates": [[1, 2]]}, "its geometry cannot be read (point array"),
        ("Point", "its geometry cannot be read"),
        (7, "its geometry cannot be read"),
    ],
)
def test_a_feature_that_is_none_is_noted_and_the_next_is_read(geometry, says):
    survey = read_geojson(collection(feature(geometry), feature(POINT)), "survey")
    assert [one.geometry.wkt for one in survey.features] == ["POINT (1 2)"]
    assert [str(note).startswith(f"left out: feature 0: {says}") for note in survey.notes] == [True]


def test_things_that_are_no_features_are_noted():
    survey = read_geojson(collection(7, "x", None), "survey")
    assert [note.what for note in survey.notes] == [f"feature {at}: it is no object" for at in range(3)]


def test_an_altitude_that_is_no_number_is_left_out():
    survey = read_geojson(b'{"type": "LineString", "coordinates": [[1, 2, 3], [2, 3, NaN]]}', "survey")
    assert survey.features[0].geometry.wkt == "LINESTRING (1 2, 2 3)"
    assert "its altitudes" in survey.notes[0].what


def test_the_id_of_a_feature_is_kept_and_takes_no_other_place():
    survey = read_geojson(collection(feature(POINT, id=7), feature(POINT, id="a", properties={"id": 1})), "survey")
    assert [one.properties for one in survey.features] == [{"id": 7}, {"id": 1, "id_2": "a"}]


def test_properties_that_cannot_be_written_are_said():
    data = b'{"type": "Feature", "geometry": {"type": "Point", "coordinates": [1, 2]}, "properties": {"a": NaN, "b": "\\ud83d", "c": [1e999]}}'
    survey = read_geojson(data, "survey")
    assert survey.features[0].properties == {"a": None, "b": "\ufffd", "c": [None]}
    assert [note.kind for note in survey.notes] == ["left out", "repaired", "left out"]


@pytest.mark.parametrize("name", ["urn:ogc:def:crs:OGC:1.3:CRS84", "EPSG:4326"])
def test_the_old_way_to_say_degrees_is_understood(name):
    data = json.dumps(
        {"type": "FeatureCollection", "crs": {"type": "name", "properties": {"name": name}}, "features": [feature(POINT)]}
    )
    assert len(read_geojson(data.encode(), "survey").features) == 1


def test_rings_turn_as_the_standard_says():
    survey = read_geojson(b'{"type": "Polygon", "coordinates": [[[0, 0], [0, 1], [1, 1], [0, 0]]]}', "survey")
    assert as_geojson(survey)["features"][0]["geometry"]["coordinates"][0][1] == [1.0, 1.0]


def test_more_vertices_than_a_survey_has_are_refused(monkeypatch):
    monkeypatch.setattr(geojson, "VERTICES_MAX", 2)
    with pytest.raises(SurveyError, match="more than 2 vertices"):
        read_geojson(b'{"type": "MultiPoint", "coordinates": [[0, 0], [0, 1], [1, 1]]}', "survey")


def test_a_file_of_too_many_places_is_refused_by_its_text_before_it_fills_the_memory(monkeypatch):
    monkeypatch.setattr(geojson, "VERTICES_MAX", 2)
    with pytest.raises(SurveyError, match="more than 2 vertices"):
        read_geojson(b'{"type": "MultiPoint", "coordinates": [[0, 0], [ -0.5, 1], [\n 1, 1], and this would be no JSON', "survey")
    ring = b'{"type": "Feature", "properties": {"of": ["a", "b", "c"]}, "geometry": {"type": "LineString", "coordinates": [[0, 0], [1, 1]]}}'
    assert len(read_geojson(ring, "survey").features) == 1


def test_a_file_with_a_mark_is_read(tmp_path):
    file = tmp_path / "a.json"
    file.write_bytes(b"\xef\xbb\xbf" + json.dumps(POINT).encode())
    assert len(read(file).features) == 1


OPEN = [[0, 0], [1, 0], [1, 1]]
CLOSED = [[2, 2], [3, 2], [3, 3], [2, 2]]


@pytest.mark.parametrize(
    ("geometry", "rings_open"),
    [
        ({"type": "Polygon", "coordinates": [OPEN]}, 1),
        ({"type": "Polygon", "coordinates": [CLOSED]}, 0),
        ({"type": "Polygon", "coordinates": [[[2, 2, 1], [3, 2, 1], [3, 3, 1], [2, 2, 7]]]}, 0),
        ({"type": "MultiPolygon", "coordinates": [[OPEN], [CLOSED], [[[5, 5], [6, 5], [6, 6]]]]}, 2),
        ({"type": "GeometryCollection", "geometries": [{"type": "Polygon", "coordinates": [OPEN]}, POINT]}, 1),
        ({"type": "LineString", "coordinates": OPEN}, 0),
    ],
)
def test_a_ring_that_is_left_open_is_closed_and_noted(geometry, rings_open):
    survey = read_geojson(collection(feature(geometry)), "survey")
    notes = [(note.kind, note.what, note.count) for note in survey.notes]
    assert notes == ([("repaired", "feature 0: a ring that was left open: closed", rings_open)] if rings_open else [])
    shapes = getattr(survey.features[0].geometry, "geoms", [survey.features[0].geometry])
    assert all(part.exterior.is_ring for part in shapes if part.geom_type == "Polygon")
