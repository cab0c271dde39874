"""`seamline rig replay` and `seamline rig promote`: kept plans run again, and say what they cannot do any more."""

import json
import os
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.rig.broken_cores import forgets_its_boot

import seamline
from seamline.cli import exits, main
from seamline.contract import load_family
from seamline.rig.world import world
from seamline.rig.world.kept import Kept
from seamline.rig.world.plan import Fault, Kind, Plan, parse
from seamline.rig.world.run import contracts_digest

HEATER = Path(__file__).parents[3] / "examples" / "heater"
REBOOT = Plan(7, 1, 30_000, (Fault(15_000, Kind.POWER_CUT, 0, 1_000),))
ONCE = Kept(promise="boot-rises", what="boot 1 comes after boot 1", on="2026-11-21", code="0.0.1", reached=("power-cut",))


@pytest.fixture
def defective(monkeypatch):
    """Every world has cores that forget their boot."""
    honest = world.Parts
    monkeypatch.setattr(world, "Parts", lambda families: honest(families, make_core=forgets_its_boot))


def written(folder, name, plan):
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.json"
    path.write_text(plan if isinstance(plan, str) else plan.write())
    return path


# -- replay ----------------------------------------------------------------------------------------------------------------


def test_a_plan_that_holds_leaves_nothing_behind_unless_asked(capsys, tmp_path):
    path = written(tmp_path, "plan", REBOOT)
    assert main(["rig", "replay", str(path)]) == exits.OK
    assert "every promise held" in capsys.readouterr().out
    assert [each.name for each in tmp_path.iterdir()] == ["plan.json"]
    assert main(["rig", "replay", str(path), "--timeline", "--out", str(tmp_path / "seen")]) == exits.OK
    assert sorted(each.name for each in (tmp_path / "seen").iterdir()) == ["plan.html", "plan.txt"]


def test_a_plan_that_breaks_shows_what_happens_and_writes_it_beside_the_plan(capsys, defective, tmp_path):
    path = written(tmp_path, "plan", REBOOT)
    assert main(["rig", "replay", str(path)]) == exits.PROMISE_BROKEN
    text = capsys.readouterr().out
    assert "broken: boot-rises at 0:00:16.000, device 0" in text
    assert "power-cut: the power goes, for 1 s" in text
    assert path.with_suffix(".html").exists()


def test_the_answer_as_json_names_the_files_and_the_events(capsys, defective, tmp_path):
    path = written(tmp_path, "plan", REBOOT)
    assert main(["rig", "replay", str(path), "--json"]) == exits.PROMISE_BROKEN
    answer = json.loads(capsys.readouterr().out)
    assert (answer["verdict"], answer["broken"]["promise"]) == ("broken", "boot-rises")
    assert len(answer["events"]) == 32
    assert answer["page"] == str(path.with_suffix(".html"))


def test_a_folder_is_run_whole_whatever_single_plans_come_to(capsys, tmp_path):
    written(tmp_path, "a-holds", replace(REBOOT, kept=ONCE))
    written(tmp_path, "b-unfit", replace(REBOOT, kept=ONCE).write().replace('power-cut",', 'power-gone",'))
    written(tmp_path, "c-holds", Plan(1, 1, 10_000))
    assert main(["rig", "replay", str(tmp_path)]) == exits.WRONG_USE
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["held", "UNFIT", "held"]
    assert "once broke boot-rises on 2026-11-21" in lines[0]
    assert "unknown kind 'power-gone'" in lines[1]
    assert "it no longer fits this Seamline" in lines[1]
    assert "mend it by hand, or take it out" in lines[1]


def test_one_broken_plan_of_a_folder_breaks_it(capsys, defective, tmp_path):
    path = written(tmp_path, "a-breaks", REBOOT)
    written(tmp_path, "b-unfit", "{")
    assert main(["rig", "replay", str(tmp_path), "--json"]) == exits.PROMISE_BROKEN
    answer = json.loads(capsys.readouterr().out)
    assert [each["verdict"] for each in answer["plans"]] == ["broken", "unfit"]
    assert answer["plans"][0]["replay"] == f"seamline rig replay {path}"


def test_a_kept_plan_whose_faults_do_no_longer_what_they_did_says_so(capsys, tmp_path):
    path = written(tmp_path, "plan", replace(REBOOT, kept=replace(ONCE, reached=("power-cut", "cut-in-erase", "gone-mark"))))
    assert main(["rig", "replay", str(path)]) == exits.OK
    assert "its faults no longer do what they did: cut-in-erase, gone-mark not reached" in capsys.readouterr().out


def test_a_kept_plan_says_when_its_events_are_others(capsys, tmp_path):
    kept = replace(ONCE, events="beef", reached=())
    path = written(tmp_path, "plan", replace(REBOOT, code=seamline.__version__, kept=kept))
    assert main(["rig", "replay", str(path)]) == exits.OK
    assert "the events are others than when it was kept" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{}", "the plan's format is None"),
        ("{", "is no JSON"),
        ("[" * 100_000, "cannot be read: it is no JSON text"),
        (Plan(1, 1, 1000, code="0.0.0").write(), f"was drawn by Seamline 0.0.0, this is {seamline.__version__}"),
        (Plan(1, 1, 1000, contracts="beef").write(), "was drawn for the contracts beef"),
        (Plan(1, 1, 1000, (Fault(5, Kind.LINK_CUT, 4),)).write(), "fault 0: device is 4; a whole number in 0..0 is needed"),
        (REBOOT.write().replace("power-cut", "meteor"), "fault 0: unknown kind 'meteor'; known are link-cut"),
        (REBOOT.write().replace("15000", "-1"), "fault 0: at_ms is -1"),
        (REBOOT.write().replace('"lasts_ms": 1000', '"lasts_ms": 1000, "colour": 3'), "unknown member 'colour'"),
        (REBOOT.write().replace('"seed": 7', '"seed": 7, "seed": 8'), "the plan has the member 'seed' twice in one object"),
        (REBOOT.write().replace('"lasts_ms": 1000', '"lasts_ms": 1000, "at_ms": 1'), "the plan has the member 'at_ms' twice"),
        (replace(REBOOT, folder="nowhere").write(), "its contract"),
        (replace(REBOOT, folder=3).write(), "the plan: folder is 3; a text is needed"),
        (replace(REBOOT, core=["app.py:make"]).write(), "core is ['app.py:make']; a text is needed"),
        (replace(REBOOT, code=1).write(), "code is 1; a text is needed"),
    ],
)
def test_a_plan_that_cannot_be_run_is_wrong_use(text, says, capsys, tmp_path):
    path = written(tmp_path, "plan", text)
    assert main(["rig", "replay", str(path)]) == exits.WRONG_USE
    said = capsys.readouterr().err
    assert says in said
    assert str(path) in said
    assert said.count("\n") == 1


def test_a_plan_of_another_version_names_both_ways_out(capsys, tmp_path):
    path = written(tmp_path, "plan", Plan(1, 1, 1000, code="0.0.0"))
    assert main(["rig", "replay", str(path)]) == exits.WRONG_USE
    said = capsys.readouterr().err
    assert "take `code` out of it to run it all the same" in said
    assert f"seamline rig promote {path}" in said


@pytest.mark.parametrize("command", ["replay", "promote"])
def test_a_plan_that_is_not_there_is_wrong_use(command, capsys, tmp_path):
    assert main(["rig", command, str(tmp_path / "none.json")]) == exits.WRONG_USE
    assert "cannot be read: No such file or directory" in capsys.readouterr().err


def test_bytes_that_are_no_text_and_a_file_beyond_all_measure_are_refused(capsys, tmp_path, monkeypatch):
    path = tmp_path / "plan.json"
    path.write_bytes(b"\xff\xfe")
    assert main(["rig", "replay", str(path)]) == exits.WRONG_USE
    monkeypatch.setattr("seamline.cli.rig_plans.PLAN_BYTES_MAX", 1)
    assert main(["rig", "replay", str(path)]) == exits.WRONG_USE
    assert "that is no plan" in capsys.readouterr().err


def test_a_folder_without_plans_says_how_one_comes_there(capsys, tmp_path):
    assert main(["rig", "replay", str(tmp_path)]) == exits.WRONG_USE
    assert f"`seamline rig promote PLAN --to {tmp_path}`" in capsys.readouterr().err


# -- promote ---------------------------------------------------------------------------------------------------------------


def test_a_promoted_plan_says_what_it_broke_and_runs_on_every_version(capsys, defective, tmp_path):
    digest = contracts_digest([load_family(HEATER)])
    path = written(tmp_path, "plan", replace(REBOOT, code="0.0.0", contracts="beef"))
    folder = tmp_path / "rig"
    assert main(["rig", "promote", str(path), "--to", str(folder), "--why", "the slots were not read"]) == exits.OK
    (kept,) = folder.iterdir()
    assert kept.name == "boot-rises-7.json"
    assert f"seamline rig replay {folder}" in capsys.readouterr().out
    plan = parse(kept.read_text())
    assert (plan.code, plan.contracts, plan.faults) == ("", "", REBOOT.faults)
    assert (plan.kept.promise, plan.kept.code, plan.kept.contracts) == ("boot-rises", seamline.__version__, digest)
    assert plan.kept.why == "the slots were not read"
    assert "power-cut" in plan.kept.reached


def test_a_promoted_plan_is_a_regression_that_fails_again_and_holds_once_it_is_mended(capsys, monkeypatch, tmp_path):
    path, folder = written(tmp_path, "plan", REBOOT), tmp_path / "rig"
    with monkeypatch.context() as broken:
        honest = world.Parts
        broken.setattr(world, "Parts", lambda families: honest(families, make_core=forgets_its_boot))
        assert main(["rig", "promote", str(path), "--to", str(folder)]) == exits.OK
        assert main(["rig", "replay", str(folder)]) == exits.PROMISE_BROKEN
    before = sorted(folder.iterdir())
    assert main(["rig", "replay", str(folder)]) == exits.OK
    assert re.fullmatch(r"(?s).*held    boot-rises-7 \(once broke boot-rises on .*\)\n", capsys.readouterr().out)
    assert sorted(folder.iterdir()) == before == [folder / "boot-rises-7.json"], "a folder is run with a line each"


def test_a_plan_that_was_mended_meanwhile_keeps_what_it_once_broke(capsys, tmp_path):
    path = written(tmp_path, "plan", replace(REBOOT, kept=ONCE))
    assert main(["rig", "promote", str(path), "--to", str(tmp_path / "rig"), "--name", "slots"]) == exits.OK
    assert parse((tmp_path / "rig" / "slots.json").read_text()).kept == ONCE
    assert "it breaks nothing any more; it broke boot-rises on 2026-11-21" in capsys.readouterr().out


def test_a_plan_that_never_broke_anything_is_no_regression(capsys, tmp_path):
    path = written(tmp_path, "plan", REBOOT)
    assert main(["rig", "promote", str(path), "--to", str(tmp_path / "rig")]) == exits.WRONG_USE
    assert "breaks nothing here, and does not say what it once broke" in capsys.readouterr().err
    assert not (tmp_path / "rig").exists()


@pytest.mark.parametrize("name", ["Big", "a b", "../up", "", "-x", "x" * 81])
def test_a_name_that_is_none_is_refused(name, capsys, tmp_path):
    path = written(tmp_path, "plan", replace(REBOOT, kept=ONCE))
    assert main(["rig", "promote", str(path), "--to", str(tmp_path / "rig"), f"--name={name}"]) == exits.WRONG_USE
    assert "small letters, digits and hyphens" in capsys.readouterr().err


def test_a_name_that_is_taken_is_refused_and_the_same_plan_again_changes_nothing(capsys, tmp_path):
    path = written(tmp_path, "plan", replace(REBOOT, kept=ONCE))
    command = ["rig", "promote", str(path), "--to", str(tmp_path / "rig"), "--name", "slots"]
    assert main(command) == exits.OK
    assert main(command) == exits.OK
    written(tmp_path, "plan", replace(REBOOT, seed=8, kept=ONCE))
    assert main(command) == exits.WRONG_USE
    assert "is there already: choose another --name" in capsys.readouterr().err


def test_a_plan_for_a_product_goes_beside_its_contract_and_both_can_move(capsys, tmp_path, monkeypatch):
    shutil.copytree(HEATER, tmp_path / "product")
    plan = replace(REBOOT, folder=str(tmp_path / "product"), kept=ONCE)
    path = written(tmp_path, "plan", plan)
    assert main(["rig", "promote", str(path), "--name", "slots"]) == exits.OK
    kept = tmp_path / "product" / "rig" / "slots.json"
    assert parse(kept.read_text()).folder == ".."
    (tmp_path / "product").rename(tmp_path / "moved")
    monkeypatch.chdir(tmp_path / "moved")
    assert main(["rig", "run", "--contract", ".", "--seeds", "0", "--promoted"]) == exits.OK
    text = capsys.readouterr().out
    assert "held    slots (once broke boot-rises" in text
    assert "1 promoted plan was run, and no seed was asked for" in text
    assert "every promise held" not in text, "of a plan that held, the line above says so"


def test_a_plan_for_several_products_names_them_all(tmp_path):
    shutil.copytree(HEATER, tmp_path / "one")
    folders = os.pathsep.join([str(tmp_path / "one"), str(HEATER.parent / "labmeter")])
    path = written(tmp_path, "plan", replace(REBOOT, folder=folders, kept=ONCE))
    assert main(["rig", "promote", str(path), "--to", str(tmp_path / "rig"), "--name", "slots"]) == exits.OK
    assert parse((tmp_path / "rig" / "slots.json").read_text()).folder.startswith(f"../one{os.pathsep}")
    assert main(["rig", "replay", str(tmp_path / "rig")]) == exits.OK


def test_promoted_plans_run_before_the_seeds_and_count_in_the_verdict(capsys, defective, tmp_path):
    written(tmp_path / "rig", "slots", replace(REBOOT, kept=ONCE))
    command = ["rig", "run", "--seeds", "0", "--promoted", str(tmp_path / "rig")]
    assert main(command) == exits.PROMISE_BROKEN
    text = capsys.readouterr().out
    assert "BROKEN  slots: boot-rises" in text
    assert "a promoted plan breaks its promise again" in text
    assert main([*command, "--json"]) == exits.PROMISE_BROKEN
    answer = json.loads(capsys.readouterr().out)
    assert (answer["verdict"], answer["promoted"][0]["verdict"]) == ("broken", "broken")
