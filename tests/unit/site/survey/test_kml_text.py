"""Elements where KML has only text: the text is read, and a note names them."""

import pytest

from seamline.site.survey.kml import read_kml

FILE = '<kml xmlns:xi="http://www.w3.org/2001/XInclude" xmlns:gx="g"><Document>{}</Document></kml>'
POINT = "<Point><coordinates>1,2</coordinates></Point>"
INCLUDED = '\n<xi:include href="file:///etc/passwd"/>'


def placed(body):
    return f"<Placemark>{body}{POINT}</Placemark>"


def track(body):
    return f"<Placemark><gx:Track>{body}<gx:coord>1 2 3</gx:coord></gx:Track></Placemark>"


SCHEMA = "<ExtendedData><SchemaData>{}</SchemaData></ExtendedData>"
ARRAY = SCHEMA.format('<SimpleArrayData name="h"><value>1{}</value></SimpleArrayData>')
RING = "<Polygon><outerBoundaryIs><LinearRing>{}</LinearRing></outerBoundaryIs></Polygon>"
HOLDERS = {
    "a name": ("name", placed("<name>a{}</name>")),
    "a description": ("description", placed("<description>a{}</description>")),
    "a folder's name": ("name", f"<Folder><name>a{{}}</name>{placed('')}</Folder>"),
    "the address of a style": ("styleUrl", placed("<styleUrl>#s{}</styleUrl>")),
    "a time": ("when", placed("<TimeStamp><when>2026{}</when></TimeStamp>")),
    "the begin of a time": ("begin", placed("<TimeSpan><begin>2026{}</begin></TimeSpan>")),
    "a value": ("value", placed('<ExtendedData><Data name="h"><value>1{}</value></Data></ExtendedData>')),
    "bare simple data": ("SimpleData", placed('<ExtendedData><SimpleData name="h">1{}</SimpleData></ExtendedData>')),
    "simple data": ("SimpleData", placed(SCHEMA.format('<SimpleData name="h">1{}</SimpleData>'))),
    "an array": ("value", placed(ARRAY)),
    "a track's array": ("value", track(ARRAY)),
    "a track's time": ("when", track("<when>2026{}</when>")),
    "a track's place": ("coord", "<Placemark><gx:Track><gx:coord>1 2 3{}</gx:coord></gx:Track></Placemark>"),
    "a setting": ("extrude", f"<Placemark>{POINT.replace('<Point>', '<Point><extrude>1{}</extrude>')}</Placemark>"),
    "places": ("coordinates", "<Placemark><Point><coordinates>1,2{}</coordinates></Point></Placemark>"),
    "a ring's places": (
        "coordinates",
        f"<Placemark>{RING.format('<coordinates>0,0 1,0 1,1 0,0{}</coordinates>')}</Placemark>",
    ),
    "a model's place": (
        "longitude",
        "<Placemark><Model><Location><longitude>1{}</longitude><latitude>2</latitude></Location></Model></Placemark>",
    ),
}


@pytest.mark.parametrize("what", HOLDERS)
def test_an_element_where_only_text_is_read_is_named(what):
    holder, body = HOLDERS[what]
    survey = read_kml(FILE.format(body.format(INCLUDED)).encode(), "survey")
    plain = read_kml(FILE.format(body.format("")).encode(), "survey")
    said = ("left out", f"<include> in a <{holder}>: only text is read there", 2, 1)
    assert said in [(note.kind, note.what, note.line, note.count) for note in survey.notes]
    assert len(survey.notes) == len(plain.notes) + 1
    assert [(one.geometry.wkt, one.properties) for one in survey.features] == [
        (one.geometry.wkt, one.properties) for one in plain.features
    ]


def test_the_text_of_elements_in_a_text_is_kept_and_each_is_named_with_how_often_it_comes():
    body = placed("<description>a <b>b <i>c</i></b><b>d</b></description>")
    survey = read_kml(FILE.format(body).encode(), "survey")
    assert survey.features[0].properties["description"] == "a b cd"
    assert [str(note) for note in survey.notes] == [
        "line 1: left out: <b> in a <description>: only text is read there (2 times)",
        "line 1: left out: <i> in a <description>: only text is read there",
    ]


def test_what_is_no_data_in_schema_data_is_named():
    body = placed(f"<ExtendedData><SchemaData>{INCLUDED}</SchemaData></ExtendedData>")
    survey = read_kml(FILE.format(body).encode(), "survey")
    assert [str(note) for note in survey.notes] == ["line 2: left out: <include> in the schema data of a placemark: not known"]
