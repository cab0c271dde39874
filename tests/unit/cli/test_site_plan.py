"""`seamline site new`, `preview`, `cover` and `parts`: what is said, where it goes, and the exit codes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from seamline.cli import exits, main

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
    assert "4 things in EPSG:32632" in capsys.readouterr().out
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
