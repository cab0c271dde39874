"""`seamline gate`: exit codes, where reports and plans go, what is told meanwhile, and what cannot be meant."""

import errno
import io
import json
import re
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from seamline.cli import exits, main
from seamline.cli.gate import Progress
from seamline.cli.gate_options import STAGES
from seamline.rig.gate import judge, runs
from seamline.rig.gate.bad_days import EVERYTHING
from seamline.rig.gate.verdict import Stage

HEATER = Path(__file__).parents[3] / "examples" / "heater"
SPOILT = f"{HEATER.parents[1] / 'tests' / 'unit' / 'rig' / 'world' / 'planted.py'}:publishes_before_it_persists"
BUILD = ["gate", str(HEATER), "--stage", "build"]


@pytest.fixture
def one_day(monkeypatch):
    """Only the mixture of faults runs."""
    monkeypatch.setattr(runs, "days", lambda _family: [runs.DayRuns(EVERYTHING, None)])


def harden(*more):
    return ["gate", str(HEATER), "--seeds", "1", "--devices", "2", "--hours", "1", "--jobs", "1", *more]


def test_the_stages_are_those_of_the_gate():
    assert list(STAGES) == list(Stage)


def test_a_product_that_passes_ends_well_and_says_so_last(capsys):
    assert main(BUILD) == exits.OK
    told = capsys.readouterr()
    assert told.out.splitlines()[-1] == "heater/1.3.0 passes build: 7 passed, 0 failed, 0 not judged"
    assert told.err.splitlines() == [f"{stage}: {stage.asks}" for stage in (Stage.MAP, Stage.BUILD)]


def test_a_product_that_does_not_pass_is_a_broken_promise_with_the_place(capsys, tmp_path):
    text = (HEATER / "contract.yaml").read_text()
    (tmp_path / "contract.yaml").write_text(text.replace("capacity: 512 KiB", "capacity: 64 KiB"))
    assert main(["gate", str(tmp_path), "--stage", "build"]) == exits.PROMISE_BROKEN
    assert re.search(r"contract\.yaml:\d+:\d+ SL208 an outage of 72 h makes", capsys.readouterr().out)


def test_a_folder_gets_every_report_and_a_file_its_own(capsys, tmp_path):
    assert main([*BUILD, "--report", str(tmp_path / "out"), str(tmp_path / "one.xml")]) == exits.OK
    made = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file())
    assert made == ["one.xml", "out/gate.html", "out/gate.json", "out/gate.md", "out/gate.xml"]
    assert f"wrote {tmp_path / 'one.xml'}" in capsys.readouterr().out


def test_json_is_one_document_and_nothing_else(capsys):
    assert main([*BUILD, "--json"]) == exits.OK
    found = json.loads(capsys.readouterr().out)
    assert (found["product"], found["stage"], found["passes"]) == ("heater", "build", True)
    assert found["command"] == f"seamline gate {HEATER} --stage build --seed 1 --devices 8"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["gate", "nowhere"], "nowhere is no folder"),
        ([*BUILD, "--report", "gate.pdf"], "--report gate.pdf: a file ends in .html, .xml, .md, .json"),
        ([*BUILD, "--stage", "ship"], "invalid choice: 'ship'"),
        ([*BUILD, "--budget", "soon"], "'soon' is no length of time"),
    ],
)
def test_what_cannot_be_meant_is_wrong_use(arguments, says, capsys):
    assert main(arguments) == exits.WRONG_USE
    assert says in capsys.readouterr().err


def test_a_report_that_cannot_be_written_is_a_problem_of_the_installation_before_anything_is_judged(capsys, tmp_path):
    (tmp_path / "file").write_text("")
    assert main([*BUILD, "--report", str(tmp_path / "file" / "gate.html")]) == exits.BAD_INSTALLATION
    said = capsys.readouterr()
    assert said.err == f"seamline: the report cannot be written to {tmp_path / 'file' / 'gate.html'}: Not a directory\n"


def test_a_report_that_cannot_be_written_is_named_as_it_was_asked_for(capsys, tmp_path, monkeypatch):
    def refused(**given):
        raise FileNotFoundError(errno.ENOENT, "No such file or directory", str(given["dir"] / "tmpxyz"))

    monkeypatch.setattr(sys.modules["seamline.cli.gate"], "TemporaryFile", refused)
    assert main([*BUILD, "--report", str(tmp_path / "deep" / "report")]) == exits.BAD_INSTALLATION
    said = capsys.readouterr().err
    assert said == f"seamline: the report cannot be written to {tmp_path / 'deep' / 'report'}: No such file or directory\n"


def test_a_disk_that_is_full_by_the_end_takes_no_verdict_away_and_keeps_no_half_report(capsys, tmp_path, monkeypatch):
    def full(_fresh, _path):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    assert main([*BUILD, "--report", str(tmp_path)]) == exits.BAD_INSTALLATION
    said = capsys.readouterr()
    assert f"the report cannot be written to {tmp_path}: No space left on device" in said.err
    assert "build" in said.out
    assert list(tmp_path.iterdir()) == []


def test_the_line_that_repeats_a_day_works_for_a_folder_that_was_named_from_here(one_day, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(HEATER.parent)
    command = ["gate", HEATER.name, "--seeds", "1", "--devices", "1", "--hours", "1", "--core", SPOILT]
    assert main([*command, "--report", str(tmp_path)]) == exits.PROMISE_BROKEN
    capsys.readouterr()
    (kept,) = (tmp_path / "plans").glob("*.json")
    assert main(["rig", "replay", str(kept), "--core", SPOILT]) == exits.PROMISE_BROKEN
    assert "broken: " in capsys.readouterr().out


def test_a_day_that_breaks_is_kept_beside_the_report_and_its_line_repeats_it(one_day, capsys, monkeypatch, tmp_path):
    assert main(harden("--report", str(tmp_path), "--core", SPOILT)) == exits.PROMISE_BROKEN
    (kept,) = (tmp_path / "plans").glob("*.json")
    told = capsys.readouterr()
    assert f"    seamline rig replay {kept} --core {SPOILT}\n" in told.out
    assert "looking for a smaller plan" in told.err
    assert f"seamline rig replay {kept}" in (tmp_path / "gate.md").read_text()
    assert main(["rig", "replay", str(kept), "--core", SPOILT]) == exits.PROMISE_BROKEN
    assert main(["rig", "replay", str(kept)]) == exits.WRONG_USE
    assert f"was run with a core of yours: write --core {SPOILT} to run it so again" in capsys.readouterr().err
    assert main(["rig", "replay", str(kept), "--core", "seamline"]) == exits.OK


@pytest.mark.parametrize("core", ["nothing", "nothing.py:make", f"{SPOILT}d"])
def test_a_core_that_cannot_be_used_ends_before_anything_runs(core, capsys):
    assert main(harden("--core", core)) == exits.WRONG_USE
    told = capsys.readouterr()
    assert told.out == ""
    assert f"--core {core}" in told.err or f"--core '{core}'" in told.err


def test_the_verdict_does_not_depend_on_the_number_of_processes(one_day, capsys):
    found = []
    for jobs in ("1", "2"):
        assert main(["gate", str(HEATER), "--seeds", "2", "--devices", "1", "--hours", "1", "--json", "--jobs", jobs]) == exits.OK
        found.append({**json.loads(capsys.readouterr().out), "when": ""})
    assert found[0] == found[1]


def test_a_budget_alone_demands_one_world_of_each_day(one_day, capsys):
    assert main(["gate", str(HEATER), "--devices", "2", "--hours", "1", "--budget", "1s", "--json"]) == exits.OK
    (day,) = (each for each in json.loads(capsys.readouterr().out)["days"] if each["worlds"])
    assert day["name"] == EVERYTHING


def test_an_interruption_leaves_no_report_and_one_line(one_day, capsys, monkeypatch, tmp_path):
    def interrupted(_bench):
        raise KeyboardInterrupt

    monkeypatch.setattr(judge, "carry_out", interrupted)
    assert main(harden("--report", str(tmp_path / "out"))) == exits.INTERRUPTED
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.splitlines()[-1] == "interrupted: there is no verdict, and nothing was written"
    assert not (tmp_path / "out").exists()


def test_a_fleet_is_asked_for_what_is_in_the_field(hub, capsys):
    hub.answers["/api/summary"] = (200, {"by_contract": {"heater/1.3.0": 12, "unknown": 2}})
    assert main([*BUILD, "--fleet", hub.url]) == exits.OK
    hub.answers["/api/summary"] = (200, {"by_contract": {"heater/1.1.9": 3}})
    assert main([*BUILD, "--fleet", hub.url]) == exits.PROMISE_BROKEN
    assert "SL324" in capsys.readouterr().out


def test_a_fleet_that_does_not_answer_is_no_empty_fleet():
    assert main([*BUILD, "--fleet", "http://127.0.0.1:9"]) == exits.UNREACHABLE


class Terminal(io.StringIO):
    def isatty(self):
        return True


def ran(progress, hours=8.0, broken=None):
    progress.ran(SimpleNamespace(name="a-day"), SimpleNamespace(device_hours=hours, number=1), broken or "")


def test_progress_is_one_line_that_is_redrawn_on_a_terminal():
    out = Terminal()
    progress = Progress(out, clock=lambda: 0.0)
    ran(progress)
    ran(progress)
    progress.say("done")
    assert out.getvalue() == "\r\x1b[K  1 worlds, 8 device-hours, a-day\r\x1b[K  2 worlds, 16 device-hours, a-day\r\x1b[Kdone\n"


def test_progress_is_a_line_now_and_then_elsewhere():
    out, times = io.StringIO(), iter([0.0, 1.0, 6.0, 7.0])
    progress = Progress(out, clock=lambda: next(times))
    for _ in range(3):
        ran(progress)
    assert out.getvalue() == "  2 worlds, 16 device-hours, a-day\n"


def test_progress_tells_of_what_breaks_at_once():
    out = io.StringIO()
    ran(Progress(out, clock=lambda: 0.0), broken="deadline: it sleeps")
    assert out.getvalue() == "  a-day, seed 1: deadline: it sleeps; looking for a smaller plan\n"
