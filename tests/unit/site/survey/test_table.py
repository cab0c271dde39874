"""Tables of points, as instruments and spreadsheets write them."""

import pytest

from seamline.site.survey import SurveyError, read, table


def survey_of(tmp_path, text, crs=None, encoding="utf-8"):
    file = tmp_path / "points.csv"
    file.write_bytes(text.encode(encoding))
    return read(file, crs)


def places(survey):
    return [feature.geometry.wkt for feature in survey.features]


@pytest.mark.parametrize(
    "text",
    [
        "lon,lat\n11.5,48.1\n",
        "name,Latitude,Longitude\na,48.1,11.5\n",
        "lat;lng\n48,1;11,5\n",
        "X\tlon\tlat\r\n1\t11.5\t48.1\r\n",
        "\ufeffLON , LAT\n 11.5 , 48.1 \n\n  ,\n",
        "lat_deg|lon_deg\n48.1|11.5\n",
        '"lon","lat (deg)"\n"11.5","48.1"\n',
    ],
)
def test_degrees_are_found_by_the_names_of_their_columns(tmp_path, text):
    survey = survey_of(tmp_path, text)
    assert places(survey) == ["POINT (11.5 48.1)"]
    assert not survey.notes


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_names_come_whole_in_any_encoding(tmp_path, encoding):
    survey = survey_of(tmp_path, "lon;lat;Höhe;z\n11,5;48,1;3 m;512,5\n", encoding=encoding)
    assert places(survey) == ["POINT Z (11.5 48.1 512.5)"]
    assert survey.features[0].properties == {"Höhe": "3 m"}
    assert survey.features[0].line == 2


@pytest.mark.parametrize("names", ["x;y", "E;N", "Easting [m];Northing [m]", "Rechtswert;Hochwert", "east;north"])
def test_metres_need_a_frame_and_are_carried_over(tmp_path, names):
    text = f"{names};z\n500000,0;5500000,0;12,5\n"
    with pytest.raises(SurveyError, match="a frame that it does not name; say which: --crs EPSG:xxxx"):
        survey_of(tmp_path, text)
    (point,) = survey_of(tmp_path, text, "EPSG:25832").features
    assert point.geometry.coords[0] == pytest.approx((9.0, 49.652542924, 12.5), abs=1e-8)


def test_degrees_of_another_datum_may_be_named(tmp_path):
    (point,) = survey_of(tmp_path, "lon,lat\n11.5,48.1\n", "EPSG:4258").features
    assert point.geometry.coords[0] == pytest.approx((11.5, 48.1), abs=1e-7)


def test_rows_that_are_no_places_are_noted_with_the_first_line(tmp_path):
    survey = survey_of(tmp_path, "lon,lat,n\n11,48,1\nx,48,2\n12\nnan,1,3\n13,49,4,5\n14,95,6\n15,50\n")
    assert places(survey) == ["POINT (11 48)", "POINT (13 49)", "POINT (15 50)"]
    assert [str(note) for note in survey.notes] == [
        "line 3: left out: rows whose place is no number (3 times)",
        "line 6: left out: cells after the last named column",
        "line 7: left out: feature 'without a name': a place that is not on earth; is the frame another?",
    ]


def test_metres_taken_for_degrees_are_left_out(tmp_path):
    survey = survey_of(tmp_path, "name,lon,lat\na,500000,5500000\n")
    assert not survey.features
    assert "feature 'a': a place that is not on earth; is the frame another?" in survey.notes[0].what


def test_altitudes_of_some_rows_do_not_disturb_the_others(tmp_path):
    assert places(survey_of(tmp_path, "lon,lat,ele\n1,2,3\n1,2,\n")) == ["POINT Z (1 2 3)", "POINT (1 2)"]


def test_columns_without_names_keep_their_numbers(tmp_path):
    assert survey_of(tmp_path, "lon,lat,,b\n1,2,x,y\n").features[0].properties == {"column 3": "x", "b": "y"}


def test_a_table_without_rows_has_no_features(tmp_path):
    assert survey_of(tmp_path, "lon,lat\n").features == []
    assert survey_of(tmp_path, "x,y\n", "EPSG:25832").features == []


@pytest.mark.parametrize("text", ["a,b\n1,2\n", "1,2\n3,4\n", "lon\n1\n", "hello\n", "lon,lat\0\n"])
def test_a_text_that_names_no_places_is_no_survey(tmp_path, text):
    with pytest.raises(SurveyError, match="neither KML"):
        survey_of(tmp_path, text)


def test_more_points_than_a_survey_has_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(table, "VERTICES_MAX", 2)
    with pytest.raises(SurveyError, match="more than 2 points"):
        survey_of(tmp_path, "lon,lat\n" + "1,2\n" * 3)


def test_a_cell_without_end_is_refused_with_its_line(tmp_path):
    with pytest.raises(SurveyError, match=r"points\.csv:2: field larger than"):
        survey_of(tmp_path, "lon,lat,a\n1,2," + "x" * 200_000 + "\n")
