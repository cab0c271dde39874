"""Files of the corpus, damaged: whatever comes of one can be written, or there is one clear refusal."""

import json

from hypothesis import HealthCheck, given, settings, strategies as st
from tests.unit.site.survey.corpus_file import CASES, stored

from seamline.site.survey import SurveyError, formats
from seamline.site.survey.geojson import as_geojson
from seamline.site.survey.kml import read_kml

FILES = [stored(case) for case in CASES if not case.endswith(".kmz")]
PIECES = st.sampled_from(
    [
        b"",
        b"<",
        b">",
        b"&",
        b"\0",
        b"\xff",
        b",",
        b" ",
        b"nan",
        b"1e999",
        b"-",
        b"<Placemark>",
        b"</Folder>",
        b"<x/>",
        b"<!DOCTYPE a>",
    ]
)
SPOTS = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 12), PIECES), min_size=1, max_size=4)
TEXTS = ["1,2", "1,2,3", "1", ",", "x,y", "nan,1", "inf,1,2", "181,0", "1,2,3,4", "0,0", "1;2", "-1.5e0,.5,", "1,,2", "５,６"]


def damaged(data, spots):
    for share, length, piece in spots:
        at = int(share * len(data))
        data = data[:at] + piece + data[at + length :]
    return data


def writes(survey):
    text = json.dumps(as_geojson(survey), ensure_ascii=False, allow_nan=False)
    again = formats.read_text(text.encode(), "again", None)
    assert len(again.features) == len(survey.features)


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(FILES), SPOTS)
def test_a_damaged_file_is_read_or_refused(data, spots):
    try:
        survey = read_kml(damaged(data, spots), "survey")
    except SurveyError:
        return
    writes(survey)


@settings(max_examples=200)
@given(
    st.sampled_from(["Point", "LineString", "LinearRing", "Polygon"]),
    st.lists(st.sampled_from(TEXTS), max_size=6),
    st.sampled_from([" ", "\n", ", ", " ,", ";", "  "]),
)
def test_whatever_stands_for_places_is_read_or_noted(kind, texts, between):
    inner = f"<coordinates>{between.join(texts)}</coordinates>"
    inner = f"<outerBoundaryIs><LinearRing>{inner}</LinearRing></outerBoundaryIs>" if kind == "Polygon" else inner
    survey = read_kml(f"<kml><Placemark><{kind}>{inner}</{kind}></Placemark></kml>".encode(), "survey")
    assert survey.features or survey.notes
    writes(survey)
