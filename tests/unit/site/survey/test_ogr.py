"""GeoPackage, Shapefile and DXF, in a process of its own; the files are written here, by GDAL."""

import io
import os
import subprocess
import sys
import zipfile
from types import SimpleNamespace

import numpy as np
import pyogrio.raw
import pytest
import shapely
from shapely.geometry import LineString, Point, Polygon, box

from seamline.site.survey import SurveyError, formats, ogr, ogr_reader, read

pytestmark = pytest.mark.filterwarnings("ignore:'crs' was not provided:UserWarning")  # of pyogrio, when it writes

BARN = box(500_000, 5_500_000, 500_020, 5_500_010)
"""On the central meridian of UTM 32 (9 degrees east), in metres."""
WEST, SOUTH = 9.0, 49.652542924
"""Of the barn, in degrees: by PROJ's command line program `cs2cs EPSG:25832 EPSG:4326`."""


def write(path, shapes, crs, *, kind="Polygon", layer=None, append=False, **columns):
    coded = np.array([None if one is None else shapely.to_wkb(one) for one in shapes], dtype=object)
    fields = [np.array(values, dtype=object if isinstance(values[0], str) else None) for values in columns.values()]
    pyogrio.raw.write(path, coded, fields, list(columns), geometry_type=kind, crs=crs, layer=layer, append=append)
    return path


def shapefile(folder, crs="EPSG:25832"):
    return write(folder / "yard.shp", [BARN], crs, height=[6.5], name=["Scheune"])


def archive(path, files, under=""):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for file in files:
            made.write(file, under + file.name)
    return path


def drawing(path, *entities):
    lines = ["0", "SECTION", "2", "ENTITIES", *[part for entity in entities for part in entity], "0", "ENDSEC", "0", "EOF", ""]
    path.write_text("\n".join(lines))
    return path


WALL = ["0", "LINE", "8", "WALLS", "10", "500000", "20", "5500000", "30", "0", "11", "500020", "21", "5500000", "31", "0"]


def stands_at_the_barn(feature):
    assert feature.geometry.bounds[:2] == pytest.approx((WEST, SOUTH), abs=1e-8)


def test_all_layers_of_a_geopackage_come_in_degrees_each_with_its_name(tmp_path):
    file = write(tmp_path / "site.gpkg", [BARN], "EPSG:25832", layer="buildings", height=[6.5], lit=[True], made=["2024"])
    write(file, [Point(11, 48, 500)], "EPSG:4326", kind="Point Z", layer="masts", append=True, n=[3])
    barn, mast = read(file).features
    stands_at_the_barn(barn)
    assert barn.properties == {"height": 6.5, "lit": True, "made": "2024", "layer": "buildings"}
    assert mast.geometry.wkt == "POINT Z (11 48 500)"
    assert mast.properties == {"n": 3, "layer": "masts"}


def test_altitudes_stay_as_they_are_when_places_move(tmp_path):
    file = write(
        tmp_path / "a.gpkg",
        [LineString([(500_000, 5_500_000, 5), (500_020, 5_500_000, 7.25)])],
        "EPSG:25832",
        kind="LineString Z",
    )
    (line,) = read(file).features
    assert shapely.get_coordinates(line.geometry, include_z=True)[:, 2].tolist() == [5, 7.25]
    stands_at_the_barn(line)


def test_features_without_geometry_and_tables_without_places_are_noted(tmp_path):
    file = write(tmp_path / "a.gpkg", [BARN, None], "EPSG:25832", layer="b", n=[1, 2])
    pyogrio.raw.write(file, None, [np.array([1, 2, 3])], ["k"], layer="prices", geometry_type=None, append=True)
    survey = read(file)
    assert len(survey.features) == 1
    assert [str(note) for note in survey.notes] == [
        "left out: layer 'b': features without geometry, or of a kind that is not known",
        "left out: layer 'prices': a table without places, 3 rows",
    ]


def test_a_frame_that_is_not_sharp_is_said(tmp_path):
    file = write(tmp_path / "a.gpkg", [Point(400_000, 300_000)], "EPSG:27700", kind="Point")
    survey = read(file)
    assert survey.features[0].geometry.x == pytest.approx(-2.0, abs=0.01)
    assert any(note.kind == "repaired" and "OSGB36 / British National Grid" in note.what for note in survey.notes)


def test_a_self_crossing_polygon_is_mended_and_said(tmp_path):
    bow_tie = Polygon([(500_000, 5_500_000), (500_010, 5_500_010), (500_010, 5_500_000), (500_000, 5_500_010)])
    survey = read(write(tmp_path / "a.gpkg", [bow_tie], "EPSG:25832"))
    assert survey.features[0].geometry.is_valid
    assert survey.notes[0].kind == "repaired"


def test_places_where_a_frame_does_not_reach_are_left_out(tmp_path):
    survey = read(
        write(tmp_path / "a.gpkg", [Point(1e30, 1e30), Point(500_000, 5_500_000)], "EPSG:25832", kind="Point", n=[1, 2])
    )
    assert [feature.properties["n"] for feature in survey.features] == [2]
    assert any("not on earth" in note.what for note in survey.notes)


@pytest.mark.parametrize("suffix", [".shp", ".shx"])
def test_a_shapefile_is_read_with_the_files_beside_it(tmp_path, suffix):
    (barn,) = read(shapefile(tmp_path).with_suffix(suffix)).features
    stands_at_the_barn(barn)
    assert barn.properties == {"height": 6.5, "name": "Scheune"}


@pytest.mark.parametrize("under", ["", "export/2024/"])
def test_a_zipped_shapefile_is_read_where_it_lies(tmp_path, under):
    made = shapefile(tmp_path)
    file = archive(tmp_path / "yard.zip", [made.with_suffix(end) for end in (".shp", ".shx", ".dbf", ".prj")], under)
    (barn,) = read(file).features
    stands_at_the_barn(barn)


def test_a_zip_with_kml_in_it_is_a_kmz_by_another_name(tmp_path):
    kml = tmp_path / "a.kml"
    kml.write_text("<kml><Placemark><Point><coordinates>1,2</coordinates></Point></Placemark></kml>")
    assert len(read(archive(tmp_path / "survey.zip", [kml])).features) == 1


def test_a_file_without_a_frame_asks_for_one_and_takes_it(tmp_path):
    file = shapefile(tmp_path, crs=None)
    with pytest.raises(SurveyError, match=r"layer 'yard': its coordinates \(from 500000.0 5500000.0 .*--crs EPSG:xxxx"):
        read(file)
    stands_at_the_barn(read(file, "EPSG:25832").features[0])


def test_a_file_with_a_frame_does_not_take_another(tmp_path):
    with pytest.raises(SurveyError, match="names its frame itself; leave --crs out"):
        read(shapefile(tmp_path), "EPSG:31467")


@pytest.mark.parametrize(
    ("crs", "says"),
    [
        ("EPSG:1", "'EPSG:1' is no frame"),
        ("x" * 100, r"x\.\.\.' is no frame"),
        ('LOCAL_CS["Site grid",UNIT["metre",1]]', "'Site grid' does not lie anywhere on earth"),
    ],
)
def test_a_frame_that_is_none_is_refused(tmp_path, crs, says):
    with pytest.raises(SurveyError, match=says):
        read(shapefile(tmp_path, crs=None), crs)


def test_a_drawing_asks_for_its_frame_and_says_what_it_passed_over(tmp_path):
    file = drawing(tmp_path / "plan.dxf", WALL, ["0", "ACAD_PROXY_ENTITY", "8", "0"], ["0", "ACAD_PROXY_ENTITY", "8", "0"])
    with pytest.raises(SurveyError, match="--crs EPSG:xxxx"):
        read(file)
    survey = read(file, "EPSG:25832")
    (wall,) = survey.features
    stands_at_the_barn(wall)
    assert wall.properties["Layer"] == "WALLS"
    assert [str(note) for note in survey.notes] == ["left out: ACAD_PROXY_ENTITY of the drawing: not known (2 times)"]


FIT = ["0", "SPLINE", "8", "Beete", "70", "8", "71", "3", "72", "0", "73", "0", "74", "2"]
FIT += ["11", "500000", "21", "5500000", "31", "0", "11", "500010", "21", "5500010", "31", "0"]


def test_a_spline_that_gdal_cannot_read_is_left_out_and_the_rest_is_read(tmp_path):
    survey = read(drawing(tmp_path / "plan.dxf", FIT, WALL, FIT), "EPSG:25832")
    (wall,) = survey.features
    stands_at_the_barn(wall)
    what = "layer 'Beete': a SPLINE of fit points without control points; make it a polyline in the drawing"
    assert [str(note) for note in survey.notes] == [f"left out: {what} (2 times)"]


def test_where_in_gdal_a_message_was_made_is_not_said(tmp_path, monkeypatch):
    told = "/opt/build/gdal/ogr/ogrdxflayer.cpp, 2290: error at line 7 of plan.dxf"
    monkeypatch.setattr(ogr.subprocess, "run", lambda *_, **__: SimpleNamespace(returncode=1, stderr=told.encode()))
    with pytest.raises(SurveyError, match=r"plan\.dxf: GDAL cannot read it: error at line 7 of plan\.dxf$"):
        read(drawing(tmp_path / "plan.dxf", WALL), "EPSG:25832")


def test_a_height_model_is_sent_to_the_plan(tmp_path):
    file = tmp_path / "heights.tif"
    file.write_bytes(b"II*\x00" + bytes(100))
    with pytest.raises(SurveyError, match=r"a GeoTIFF is no survey but terrain: name it in the plan"):
        read(file)


def test_degrees_in_a_drawing_may_be_said_to_be_degrees(tmp_path):
    line = ["0", "LINE", "8", "0", "10", "11.5", "20", "48.1", "11", "11.6", "21", "48.1"]
    (found,) = read(drawing(tmp_path / "a.dxf", line), "EPSG:4326").features
    assert found.geometry.bounds == (11.5, 48.1, 11.6, 48.1)


def test_a_broken_file_is_refused_with_the_reason(tmp_path):
    file = tmp_path / "a.gpkg"
    file.write_bytes(b"SQLite format 3\x00" + b"x" * 5000)
    with pytest.raises(SurveyError, match=r"a\.gpkg: GDAL cannot read it: "):
        read(file)


def test_a_file_of_places_without_end_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(ogr, "VERTICES_MAX", 4)
    with pytest.raises(SurveyError, match="more than 4 vertices"):
        read(shapefile(tmp_path))


def test_a_file_that_takes_for_ever_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(ogr, "SECONDS_MAX", 0.001)
    with pytest.raises(SurveyError, match="was not done with it"):
        read(shapefile(tmp_path))


def test_a_vrt_which_names_other_files_is_not_read(tmp_path):
    made = shapefile(tmp_path)
    vrt = tmp_path / "a.vrt"
    vrt.write_text(
        f'<OGRVRTDataSource><OGRVRTLayer name="yard"><SrcDataSource>{made}</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>'
    )
    free = {key: value for key, value in os.environ.items() if key not in {"GDAL_SKIP", "OGR_SKIP"}}
    command = [sys.executable, "-m", "seamline.site.survey.ogr_reader", str(vrt)]
    assert subprocess.run(command, env=free, capture_output=True, check=False).returncode == 0
    with pytest.raises(SurveyError, match="GDAL cannot read it"):
        list(ogr.answer(vrt, [str(vrt)]))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_the_process_that_reads_cannot_take_all_memory():
    code = "from seamline.site.survey.ogr_reader import bound_memory; bound_memory(); bytearray(8 << 30)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.endswith("MemoryError\n")


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("../../etc/yard.shp", b"\x00\x00\x27\x0a", "points out of its archive"),
        ("yard.shp", b"<OGRVRTDataSource/>", "is no Shapefile"),
        ("yard.shp", b"\x00\x00\x27\x0a" + b"\0" * 50_000_000, "would grow to 50,000,004 bytes"),
    ],
)
def test_a_zip_that_means_harm_is_refused(tmp_path, name, data, says):
    file = tmp_path / "yard.zip"
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archived:
        archived.writestr(name, data)
    file.write_bytes(made.getvalue())
    with pytest.raises(SurveyError, match=says):
        read(file)


def test_an_encrypted_member_is_refused(tmp_path):
    file = archive(tmp_path / "yard.zip", [shapefile(tmp_path)])
    data = bytearray(file.read_bytes())
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(signature) + flags] |= 1
    file.write_bytes(data)
    with pytest.raises(SurveyError, match="encrypted; export it without a password"):
        read(file)


def test_altitudes_that_are_no_numbers_are_left_out(tmp_path):
    survey = read(write(tmp_path / "a.gpkg", [Point(9, 48, float("nan"))], "EPSG:4326", kind="Point Z"))
    assert survey.features[0].geometry.wkt == "POINT (9 48)"
    assert any("altitudes" in note.what for note in survey.notes)


def test_warnings_of_gdal_are_notes(tmp_path, monkeypatch):
    layer = {"layer": "a", "crs": "EPSG:4326", "fields": [], "columns": [], "shapes": [None, "AAAA"], "warnings": ["odd"]}
    monkeypatch.setattr(ogr, "answer", lambda *_: iter([layer]))
    survey = ogr.read_ogr(tmp_path / "a.gpkg", [], None)
    assert [(note.what, note.count) for note in survey.notes] == [
        ("layer 'a': odd", 1),
        ("layer 'a': features without geometry, or of a kind that is not known", 2),
    ]


def test_the_reading_process_tells_layers_as_json_has_them(tmp_path):
    file = write(tmp_path / "a.gpkg", [BARN, None], "EPSG:25832", layer="b", n=[1.5, float("nan")], day=["2024", "2025"])
    pyogrio.raw.write(file, None, [np.array([1])], ["k"], layer="t", geometry_type=None, append=True)
    barns, prices = ogr_reader.layers_of(str(file))
    assert barns["crs"] == "EPSG:25832"
    assert barns["fields"] == ["n", "day"]
    assert barns["columns"] == [[1.5, None], ["2024", "2025"]]
    assert [one is None for one in barns["shapes"]] == [False, True]
    assert prices == {"layer": "t", "flat": True, "rows": 1}


@pytest.mark.parametrize(
    ("value", "written"),
    [(b"abc", "3 bytes"), (float("inf"), None), (np.array([1, 2]), [1, 2]), (None, None), (True, True), (1 + 2j, "(1+2j)")],
)
def test_values_that_json_does_not_have_are_told_in_words(value, written):
    assert ogr_reader.plain_value(value) == written


def test_an_archive_of_many_files_is_measured_as_a_whole(tmp_path, monkeypatch):
    made = shapefile(tmp_path)
    file = archive(tmp_path / "yard.zip", [made, made.with_suffix(".dbf")])
    monkeypatch.setattr(formats, "BYTES_MAX", file.stat().st_size)
    with pytest.raises(SurveyError, match=r"it would grow to more than .* divide the survey"):
        read(file)


def test_the_reading_process_says_no_more_than_it_may(tmp_path):
    file = str(shapefile(tmp_path))
    out = io.StringIO()
    ogr_reader.tell([file], out, 100_000)
    with pytest.raises(ValueError, match="divide the survey"):
        ogr_reader.tell([file, file], io.StringIO(), len(out.getvalue()))
    assert out.getvalue().count("\n") == 1
