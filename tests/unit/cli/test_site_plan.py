"""`seamline site new`, `preview`, `cover` and `parts`: what is said, where it goes, and the exit codes."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from seamline.cli import exits, main
from seamline.site.plan import load_plan, resolve

YARD = Path(__file__).parents[3] / "examples" / "sites" / "yard"


def run(*arguments):
    return main(["site", *map(str, arguments)])


@pytest.fixture
def started(tmp_path, capsys):
    folder = tmp_path / "My Site"
    assert run("new", folder) == exits.OK
    assert "seamline site preview" in capsys.readouterr().out
    return folder


def test_a_new_plan_loads_previews_and_is_covered(started, capsys):
    assert sorted(path.name for path in started.iterdir()) == ["plan.yaml", "survey.geojson"]
    assert "name: my-site" in (started / "plan.yaml").read_text(encoding="utf-8")
    assert run("preview", started, "--strict") == exits.OK
    told = capsys.readouterr().out
    assert "4 things in EPSG:32632" in told
    assert "survey.geojson:0" not in told
    assert run("cover", started / "plan.yaml") == exits.OK
    told = capsys.readouterr()
    assert "every need is met" in told.out
    assert not told.err


def test_a_new_plan_leaves_what_is_there_alone(started, capsys):
    before = (started / "plan.yaml").read_bytes()
    assert run("new", started) == exits.WRONG_USE
    assert "is there already" in capsys.readouterr().err
    assert (started / "plan.yaml").read_bytes() == before


def test_a_new_plan_of_an_own_survey(tmp_path, capsys):
    survey = tmp_path / "my survey.kml"
    survey.write_bytes((YARD / "survey.kml").read_bytes())
    assert run("new", tmp_path / "site", "--survey", survey) == exits.OK
    text = (tmp_path / "site" / "plan.yaml").read_text(encoding="utf-8")
    assert 'files: ["my survey.kml"]' in text
    assert "Mast 1" not in text
    assert run("preview", tmp_path / "site") == exits.OK
    told = capsys.readouterr()
    assert "warehouse" in told.out
    assert "unmatched" in told.err
    assert run("preview", tmp_path / "site", "--strict") == exits.PROMISE_BROKEN


def test_a_survey_that_is_not_there_is_named(tmp_path, capsys):
    assert run("new", tmp_path / "site", "--survey", tmp_path / "none.kml") == exits.WRONG_USE
    assert "there is no such survey" in capsys.readouterr().err
    assert not (tmp_path / "site").exists()


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("trunc.kml", "<kml><Document><Placemark><name>a</na", "trunc.kml:1:37: this is no KML: expected '>'"),
        ("metres.geojson", '{"type": "Point", "coordinates": [464000, 5538000]}', "are these metres?"),
    ],
)
def test_a_survey_that_cannot_be_used_starts_no_plan(tmp_path, capsys, name, data, says):
    (tmp_path / name).write_text(data, encoding="utf-8")
    assert run("new", tmp_path / "site", "--survey", tmp_path / name) == exits.PROMISE_BROKEN
    assert says in capsys.readouterr().err
    assert not (tmp_path / "site").exists()


def test_a_survey_that_names_no_frame_starts_a_plan_that_must_name_it(tmp_path, capsys):
    (tmp_path / "points.csv").write_text("x,y\n500000,5500000\n", encoding="utf-8")
    assert run("new", tmp_path / "site", "--survey", tmp_path / "points.csv") == exits.OK
    assert "but first: points.csv does not name its frame" in capsys.readouterr().out


def test_the_first_plans_place_in_metres_lies_in_its_own_site(started):
    text = (started / "plan.yaml").read_text(encoding="utf-8")
    place = re.search(r"or (\{x: .*? m\})", text)
    assert place is not None
    (started / "plan.yaml").write_text(text.replace("{feature: Mast 1}", place[1]), encoding="utf-8")
    site = resolve(load_plan(started / "plan.yaml"))
    _, at = site.nodes["cam-1"]
    mast = site.thing("mast-1").geometry
    assert (at.x, at.y) == pytest.approx((mast.x, mast.y), abs=0.1)
    assert not site.notes


@pytest.mark.parametrize("command", ["preview", "cover"])
def test_metres_taken_for_degrees_are_said_by_every_command_on_the_plan(started, capsys, command):
    (started / "survey.geojson").write_text('{"type": "Point", "coordinates": [464000, 5538000]}', encoding="utf-8")
    assert run(command, started) == exits.PROMISE_BROKEN
    told = capsys.readouterr().err
    assert "SP301" in told
    assert "survey.geojson: left out: feature 0: a place that is not on earth; are these metres?" in told
    assert "preview" not in told


def test_a_folder_that_cannot_be_made_is_named(tmp_path, capsys):
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert run("new", tmp_path / "file" / "site") == exits.BAD_INSTALLATION
    assert "cannot be written" in capsys.readouterr().err


def test_preview_as_json_has_everything(capsys):
    assert run("preview", YARD, "--json") == exits.OK
    document = json.loads(capsys.readouterr().out)
    assert document["site"] == "yard"
    warehouse = next(thing for thing in document["things"] if thing["id"] == "warehouse")
    assert (warehouse["meaning"], warehouse["height_m"], warehouse["file"]) == ("building", 9.5, "survey.kml")
    assert warehouse["rule"].endswith(":14:7")
    assert document["notes"][0]["kind"] == "repaired"
    assert document["boundary_m2"] == pytest.approx(9600, rel=0.002)


def test_cover_lists_needs_and_where_they_are_not_met(capsys):
    assert run("cover", YARD, "--variant", "fewer") == exits.PROMISE_BROKEN
    told = capsys.readouterr()
    assert "NOT MET" in told.out
    assert "behind container-stack-a" in told.out
    assert "One camera less" in told.out
    assert "not every need is met" in told.out
    assert "a line is taken as a wall" in told.err


def test_cover_as_json_and_geojson(tmp_path, capsys):
    out = tmp_path / "cover.geojson"
    assert run("cover", YARD, "--json", "-o", out) == exits.OK
    document = json.loads(capsys.readouterr().out)
    assert document["met"]
    assert [zone["id"] for zone in document["zones"]] == ["gate", "docks", "yard", "parking"]
    assert document["zones"][1]["needs"][1]["k"] == 2
    written = json.loads(out.read_text(encoding="utf-8"))
    assert {feature["properties"]["layer"] for feature in written["features"]} == {"zone", "blind spot", "node"}


def test_a_plan_with_problems_shows_them_all(tmp_path, capsys):
    (tmp_path / "plan.yaml").write_text(
        "format: 1\nsite: {name: x}\nsurvey: {files: [none.kml]}\ngrid: {cell: 5}\n", encoding="utf-8"
    )
    assert run("cover", tmp_path) == exits.PROMISE_BROKEN
    told = capsys.readouterr().err
    assert f"{tmp_path / 'plan.yaml'}:3:18 SP220" in told
    assert "SP110" in told
    assert "fix: " in told


def test_a_survey_with_problems_shows_where_the_plan_asks(tmp_path, capsys):
    (tmp_path / "none.kml").write_text("nothing", encoding="utf-8")
    (tmp_path / "plan.yaml").write_text("format: 1\nsite: {name: x}\nsurvey: {files: [none.kml]}\n", encoding="utf-8")
    assert run("preview", tmp_path) == exits.PROMISE_BROKEN
    assert "SP302" in capsys.readouterr().err


def test_parts_are_listed_by_kind(capsys):
    assert run("parts", "camera") == exits.OK
    told = capsys.readouterr().out
    assert "dome-4mp" in told
    assert "lora-868" not in told
    assert run("parts", "--plan", YARD) == exits.OK
    assert "lora-868" in capsys.readouterr().out
    assert run("parts", "radio", "--json") == exits.OK
    lora = next(part for part in json.loads(capsys.readouterr().out)["parts"] if part["id"] == "lora-868")
    assert (lora["kind"], lora["rates"][0]["sensitivity_dbm"], lora["sources"]["antenna"]) == (
        "radio",
        -124.0,
        "half-wave dipole",
    )
    assert run("parts", "toaster") == exits.WRONG_USE
    assert "kinds are: board, accelerator, camera" in capsys.readouterr().err


def test_what_is_said_does_not_hang_on_the_seed_of_hashes():
    told = set()
    for seed in ("0", "4711"):
        command = [sys.executable, "-m", "seamline", "site", "cover", str(YARD), "--json"]
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        told.add(subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout)
    assert len(told) == 1
