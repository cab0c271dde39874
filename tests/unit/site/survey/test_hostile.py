"""Files that mean harm, or cannot be meant: one clear error, quickly, and nothing outside of the file is touched."""

import io
import json
import struct
import zipfile

import pytest

from seamline.site.survey import SurveyError, formats, kmz, read
from seamline.site.survey.geojson import as_geojson

PLACE = "<Placemark><name>p</name><Point><coordinates>{}</coordinates></Point></Placemark>"
KML = '<?xml version="1.0"?>\n<kml xmlns="http://www.opengis.net/kml/2.2"><Document>{}</Document></kml>'
BOMB = (
    "<!DOCTYPE kml [<!ENTITY a 'aaaaaaaaaa'>"
    + "".join(f"<!ENTITY {b} '&{a};&{a};&{a};&{a};'>" for a, b in zip("abcdefghij", "bcdefghijk", strict=True))
    + "]>"
)


def zipped(entries, **options):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, **options) as archive:
        for name, data in entries:
            archive.writestr(name, data)
    return made.getvalue()


def lying_zip():
    """An archive whose header says that its file is small."""
    data = bytearray(zipped([("doc.kml", KML.format(PLACE.format("1,2") * 2000))]))
    for signature, at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        place = data.index(signature) + at
        struct.pack_into("<I", data, place, 64)
    return bytes(data)


def encrypted():
    """An archive that says its file is encrypted."""
    data = bytearray(zipped([("doc.kml", "<kml/>")]))
    for signature, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(signature) + at] |= 1
    return bytes(data)


HOSTILE = {
    "an entity bomb": (f'<?xml version="1.0"?>{BOMB}<kml><Document><name>&k;</name></Document></kml>'.encode(), "DOCTYPE"),
    "an external entity": (b'<!DOCTYPE kml [<!ENTITY x SYSTEM "file:///etc/passwd">]><kml><Document><name>&x;</name></Document></kml>', "DOCTYPE"),
    "a doctype in UTF-16": ("<!DOCTYPE kml [<!ENTITY x 'y'>]><kml/>".encode("utf-16"), "DOCTYPE"),
    "a doctype behind a long comment": (b"<!--" + b" " * 9000 + b"-->\n<!DOCTYPE kml [<!ENTITY x 'y'>]><kml><Document><name>&x;</name></Document></kml>", "DOCTYPE"),
    "a VRT in KML clothing": (b'<OGRVRTDataSource><OGRVRTLayer name="x"><SrcDataSource>/etc/passwd</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>', "<OGRVRTDataSource>, not <kml>"),
    "a web page": (b"<html><body>Please log in</body></html>", "<html>, not <kml>"),
    "folders without end": (b"<kml>" + b"<Folder>" * 150 + b"</Folder>" * 150 + b"</kml>", "more than 100 deep"),
    "elements without end": (b"<kml><Placemark>" + b"<x>" * 1000 + b"</x>" * 1000 + b"</Placemark></kml>", "broken XML|depth"),
    "a cut file": (KML.format(PLACE.format("1,2"))[:-40].encode(), "broken XML"),
    "nothing": (b"", "empty"),
    "half a letter of UTF-16": ("<kml/>".encode("utf-16") + b"x", "UTF-16"),
    "noise": (bytes(range(256)) * 8, "neither KML"),
    "a zip bomb": (zipped([("doc.kml", b"<kml>" + b" " * 50_000_000)]), "an attack, or no survey"),
    "an archive that lies about sizes": (lying_zip(), "larger than|cannot be unpacked"),
    "a path out of an archive": (zipped([("doc.kml", "<kml/>"), ("../../../etc/cron.d/x.kml", "<kml/>")]), "points out of its archive"),
    "a path out of an archive by backslashes": (zipped([("a\\..\\..\\doc.kml", "<kml/>")]), "points out of its archive"),
    "an absolute path in an archive": (zipped([("/etc/passwd", "root:"), ("doc.kml", "<kml/>")]), "points out of its archive"),
    "a drive in an archive": (zipped([("C:/doc.kml", "<kml/>")]), "points out of its archive"),
    "a text without end": (b"<kml>\n<name>" + b"8,50 " * 2_100_000 + b"</name></kml>", "more than 10,000,000 letters; thin"),
    "an archive without a survey": (zipped([("photo.jpg", b"x")]), "no .kml file in it"),
    "a broken archive": (zipped([("doc.kml", b"<kml/>")])[:-20], "no KMZ"),
    "JSON that is no survey": (b'{"type": "Topology"}', "none of GeoJSON's"),
    "JSON that is a list": (b"[1, 2]", "an object with a type"),
    "broken JSON": (b'{"type": "Feature",\n "geometry": }', ":2:"),
    "JSON without end": (b'{"a":' * 100_000, "no JSON"),
    "JSON whose features are none": (b'{"type": "FeatureCollection", "features": 7}', "none of GeoJSON's"),
    "half a letter of UTF-16 without a mark": ("<kml/>".encode("utf-16-le") + b"x", "UTF-16"),
    "a KMZ with a password": (encrypted(), "encrypted"),
    "JSON in Latin-1": ('{"type": "Feature", "properties": {"name": "Höhe"}}'.encode("latin-1"), "UTF-8"),
    "projected GeoJSON": (json.dumps({"type": "FeatureCollection", "crs": {"type": "name", "properties": {"name": "EPSG:25832"}}, "features": []}).encode(), "convert it"),
}  # fmt: skip


@pytest.mark.parametrize("what", HOSTILE)
def test_a_file_that_means_harm_is_refused(tmp_path, what):
    data, says = HOSTILE[what]
    file = tmp_path / "survey.kmz"
    file.write_bytes(data)
    with pytest.raises(SurveyError, match=says) as refused:
        read(file)
    assert "root:" not in str(refused.value)
    assert len(str(refused.value)) < 600


@pytest.mark.parametrize(
    ("coordinates", "says"),
    [
        ("nan,2", "no numbers"),
        ("inf,2", "no numbers"),
        ("48.1,111.5", "longitude comes first"),
        ("5000000,450000", "are these metres"),
        ("", "too few places"),
        ("rubbish", "no numbers"),
    ],
)
def test_a_place_that_is_none_is_left_out_and_the_next_is_read(tmp_path, coordinates, says):
    file = tmp_path / "survey.kml"
    file.write_text(KML.format(PLACE.format(coordinates) + "\n" + PLACE.format("11.5,48.1")))
    survey = read(file)
    assert [feature.geometry.wkt for feature in survey.features] == ["POINT (11.5 48.1)"]
    assert any(says in note.what and note.kind == "left out" and note.line == 2 for note in survey.notes)


def test_more_vertices_than_a_survey_has_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("seamline.site.survey.kml.VERTICES_MAX", 100)
    file = tmp_path / "cloud.kml"
    line = (
        "<Placemark><LineString><coordinates>"
        + " ".join(f"{k / 100},1" for k in range(101))
        + "</coordinates></LineString></Placemark>"
    )
    file.write_text(KML.format(line))
    with pytest.raises(SurveyError, match="more than 100 vertices"):
        read(file)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(SurveyError, match=r"gone\.kml: No such file"):
        read(tmp_path / "gone.kml")


def test_an_altitude_that_is_no_number_is_left_out(tmp_path):
    file = tmp_path / "survey.kml"
    file.write_text(KML.format(PLACE.format("11.5,48.1,inf")))
    survey = read(file)
    assert survey.features[0].geometry.wkt == "POINT (11.5 48.1)"
    assert [(note.kind, note.what, note.line) for note in survey.notes] == [("left out", "altitudes that are no numbers", 2)]
    json.dumps(as_geojson(survey), allow_nan=False)


def test_more_files_than_a_survey_has_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(kmz, "ENTRIES_MAX", 3)
    file = tmp_path / "many.kmz"
    file.write_bytes(zipped([(f"{at}.kml", "<kml/>") for at in range(4)]))
    with pytest.raises(SurveyError, match="more than 3 files in one archive"):
        read(file)


def test_a_file_larger_than_a_survey_is_refused_before_it_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(formats, "BYTES_MAX", 10)
    file = tmp_path / "large.kml"
    file.write_bytes(b"<kml>" + b" " * 6)
    with pytest.raises(SurveyError, match=r"11 bytes; the most is 10\. Divide the survey"):
        read(file)


@pytest.mark.parametrize("data", [b"<kml/>", b'{"type": "Point", "coordinates": [1, 2]}', zipped([("doc.kml", "<kml/>")])])
def test_a_format_in_degrees_takes_no_other_frame(tmp_path, data):
    file = tmp_path / "survey"
    file.write_bytes(data)
    with pytest.raises(SurveyError, match="in longitude and latitude by its format; leave --crs out"):
        read(file, "EPSG:25832")


def test_prefixes_without_end_are_refused(tmp_path):
    file = tmp_path / "prefixes.kml"
    file.write_text("<kml><Document>" + "".join(f"<p{at}:x/>" for at in range(20)) + "</Document></kml>")
    with pytest.raises(SurveyError, match="Namespace prefix p8 on x is not defined"):
        read(file)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("<kml><Document><Placemark><name>a</na", "survey.kml:1:37: this is no KML: expected '>'"),
        (
            "<kml><Document>\0\0</Document></kml>",
            "survey.kml:1:15: this is no KML: Invalid character: Char 0x0 out of allowed range",
        ),
    ],
)
def test_what_is_wrong_with_xml_is_one_line_that_says_the_place_once(body, says):
    with pytest.raises(SurveyError) as raised:
        formats.read_text(body.encode(), "survey.kml", None)
    assert str(raised.value) == says
