"""What exporters write, read as KML's specification means it; nothing is dropped without a note."""

import json
import re

import pytest
import shapely
from shapely.geometry import shape
from tests.unit.site.survey.corpus_file import CASES, CORPUS, stored, text_of

from seamline.site.survey import read


def expected_of(case):
    return json.loads((CORPUS / f"{case}.geojson").read_text(encoding="utf-8"))


def without_order(found):
    """A repaired shape may begin its rings elsewhere in another version of GEOS."""
    features = [{**one, "geometry": shapely.to_wkt(shape(one["geometry"]).normalize(), 9)} for one in found["features"]]
    return {**found, "features": features}


def test_the_corpus_is_large_and_each_file_has_its_answer():
    assert len(CASES) >= 120
    assert {file.stem for file in CORPUS.glob("*.geojson")} == set(CASES)


@pytest.mark.parametrize("case", CASES)
def test_a_file_is_read_as_it_is_meant(tmp_path, case):
    file = tmp_path / "survey"
    file.write_bytes(stored(case))
    found, expected = json.loads(text_of(read(file))), expected_of(case)
    if any(note["what"].endswith(" is kept") for note in expected["notes"]):
        found, expected = without_order(found), without_order(expected)
    assert found == expected


@pytest.mark.parametrize("case", CASES)
def test_what_is_expected_is_geojson_that_is_valid(case):
    for feature in expected_of(case)["features"]:
        geometry = shape(feature["geometry"])
        assert geometry.is_valid
        assert shapely.orient_polygons(geometry).equals_exact(geometry)


@pytest.mark.parametrize("case", [case for case in CASES if not case.endswith(".kmz")])
def test_every_placemark_is_in_the_result_or_in_a_note(case):
    expected = expected_of(case)
    placemarks = re.findall(r"</(?:\w+:)?Placemark>|<Placemark/>", (CORPUS / f"{case}.kml").read_text(encoding="utf-8"))
    assert len(expected["features"]) == len(placemarks) or expected["notes"]
