"""`seamline site convert`: exit codes, where the result goes, what is said meanwhile."""

import json
import os
import stat
import sys

import pytest

from seamline.cli import exits, main

PLACE = "<Placemark><name>Tor</name><Point><coordinates>{}</coordinates></Point></Placemark>"
ONE = PLACE.format("11.5,48.1")
KML = "<kml><Document>{}</Document></kml>"


@pytest.fixture
def survey(tmp_path):
    def make(body=ONE):
        file = tmp_path / "survey.kml"
        file.write_text(KML.format(body), encoding="utf-8")
        return file

    return make


def convert(*arguments):
    return main(["site", "convert", *map(str, arguments)])


def test_a_survey_becomes_geojson_and_is_counted(survey, tmp_path, capsys):
    out = tmp_path / "out.geojson"
    assert convert(survey(ONE * 2), "-o", out) == exits.OK
    written = json.loads(out.read_text(encoding="utf-8"))
    assert [feature["properties"] for feature in written["features"]] == [{"name": "Tor"}] * 2
    told = capsys.readouterr()
    assert not told.out
    assert told.err == f"{tmp_path / 'survey.kml'}: 2 features (2 Point)\n"


def test_standard_output_gets_the_result_and_nothing_else(survey, capsys):
    assert convert(survey(ONE.replace("Tor", "Törchen 📡")), "-o", "-") == exits.OK
    told = capsys.readouterr()
    assert json.loads(told.out)["features"][0]["properties"]["name"] == "Törchen 📡"
    assert "1 feature (1 Point)" in told.err


def test_nothing_is_called_nothing(survey, tmp_path, capsys):
    assert convert(survey(""), "-o", tmp_path / "out.geojson") == exits.OK
    assert "0 features (nothing)" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("body", "strict", "code", "note"),
    [
        (PLACE.format("x") + ONE, False, exits.OK, "line 1: left out: places that are no numbers"),
        (PLACE.format("x") + ONE, True, exits.PROMISE_BROKEN, "line 1: left out: places that are no numbers"),
        (PLACE.format("x"), True, exits.PROMISE_BROKEN, "line 1: left out: Point with too few places"),
        (PLACE.format("11,48"), True, exits.OK, None),
        (
            "<Placemark><LinearRing><coordinates>0,0 1,0 1,1</coordinates></LinearRing></Placemark>",
            True,
            exits.OK,
            "repaired: a ring",
        ),
    ],
)
def test_strict_is_about_what_was_left_out(survey, tmp_path, capsys, body, strict, code, note):
    out = tmp_path / "out.geojson"
    assert convert(survey(body), "-o", out, *(["--strict"] if strict else [])) == code
    assert out.exists()  # the result is written all the same
    lines = capsys.readouterr().err.splitlines()[1:]
    assert any(note in line for line in lines) if note else not lines


def test_a_survey_of_which_nothing_is_left_breaks_the_promise_and_says_why(tmp_path, capsys):
    metres, out = tmp_path / "metres.geojson", tmp_path / "out.geojson"
    metres.write_text('{"type": "Point", "coordinates": [464000, 5538000]}', encoding="utf-8")
    assert convert(metres, "-o", out) == exits.PROMISE_BROKEN
    counted, why, told = capsys.readouterr().err.splitlines()
    assert counted == f"{metres}: 0 features (nothing)"
    assert why.endswith("a place that is not on earth; are these metres?")
    assert "nothing of it can be used" in told


def test_the_notes_are_in_the_result_too(survey, tmp_path):
    out = tmp_path / "out.geojson"
    convert(survey(PLACE.format("x")), "-o", out)
    assert json.loads(out.read_text())["notes"][0] == {
        "kind": "left out",
        "what": "places that are no numbers",
        "line": 1,
        "count": 1,
    }


def test_a_file_that_cannot_be_read_breaks_the_promise_and_writes_nothing(tmp_path, capsys):
    out = tmp_path / "out.geojson"
    assert convert(tmp_path / "gone.kml", "-o", out) == exits.PROMISE_BROKEN
    assert "gone.kml: No such file" in capsys.readouterr().err
    assert not out.exists()


def test_what_was_there_stays_when_the_survey_cannot_be_read(tmp_path):
    out, bad = tmp_path / "out.geojson", tmp_path / "bad.kml"
    out.write_text("before")
    bad.write_text("<kml><Document>")
    assert convert(bad, "-o", out) == exits.PROMISE_BROKEN
    assert out.read_text() == "before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.kml", "out.geojson"]


def test_a_place_where_nothing_can_be_written_is_wrong_use(survey, tmp_path, capsys):
    assert convert(survey(), "-o", tmp_path / "no" / "such" / "out.geojson") == exits.WRONG_USE
    assert "no file can be written there" in capsys.readouterr().err


def test_a_folder_is_no_place_for_a_file_and_leaves_nothing_behind(survey, tmp_path):
    (tmp_path / "out").mkdir()
    assert convert(survey(), "-o", tmp_path / "out") == exits.WRONG_USE
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "survey.kml"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps rights otherwise")
def test_the_result_may_be_read_by_whom_the_umask_lets(survey, tmp_path):
    out = tmp_path / "out.geojson"
    before = os.umask(0o027)
    try:
        convert(survey(), "-o", out)
    finally:
        os.umask(before)
    assert stat.S_IMODE(out.stat().st_mode) == 0o640


@pytest.mark.parametrize("arguments", [[], ["a.kml"], ["-o", "x"], ["a.kml", "b.kml", "-o", "x"], ["a.kml", "-o", "x", "--crs"]])
def test_wrong_arguments_are_wrong_use(arguments, capsys):
    assert convert(*arguments) == exits.WRONG_USE
    told = capsys.readouterr()
    assert not told.out
    assert told.err.count("\n") == 1


def test_a_table_takes_the_frame_that_is_named(tmp_path, capsys):
    table, out = tmp_path / "points.csv", tmp_path / "out.geojson"
    table.write_text("x,y\n500000,5500000\n")
    assert convert(table, "-o", out) == exits.PROMISE_BROKEN
    assert "--crs EPSG:xxxx" in capsys.readouterr().err
    assert convert(table, "-o", out, "--crs", "EPSG:25832") == exits.OK
    assert json.loads(out.read_text())["features"][0]["geometry"]["coordinates"] == pytest.approx([9.0, 49.652542924])


@pytest.mark.parametrize(
    ("place", "told"),
    [
        ("48.1,11.5", "doubt: Point 'Tor': it lies 5,388 km from the others; longitude and latitude are exchanged: correct them in the survey"),
        ("25.0,48.1", "doubt: Point 'Tor': it lies 1,003 km from the others; is it in another frame than the file says?"),
        ("24.9,48.1", None),
        ("11.6,48.2", None),
    ],
)  # fmt: skip
def test_a_feature_far_from_all_others_is_doubted_and_kept(place, told, survey, tmp_path, capsys):
    out = tmp_path / "out.geojson"
    assert convert(survey(ONE * 4 + PLACE.format(place)), "-o", out, "--strict") == exits.OK
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].endswith("5 features (5 Point)")
    assert lines[1:] == ([] if told is None else [f"  line 1: {told}"])
    written = json.loads(out.read_text(encoding="utf-8"))
    assert len(written["features"]) == 5
    assert [note["kind"] for note in written.get("notes", [])] == (["doubt"] if told else [])
