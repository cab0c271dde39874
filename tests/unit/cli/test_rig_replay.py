"""`seamline rig replay` of several plans: a timeline of each, where one is asked for."""

import errno
import json
from pathlib import Path

import pytest
from tests.unit.rig.broken_cores import forgets_its_boot

from seamline.cli import exits, main
from seamline.rig.world import world
from seamline.rig.world.plan import Fault, Kind, Plan

BREAKS = Plan(7, 1, 30_000, (Fault(15_000, Kind.POWER_CUT, 0, 1_000),))
HOLDS = Plan(7, 1, 20_000)


@pytest.fixture
def defective(monkeypatch):
    """Every world has cores that forget their boot."""
    honest = world.Parts
    monkeypatch.setattr(world, "Parts", lambda families: honest(families, make_core=forgets_its_boot))


@pytest.fixture
def plans(tmp_path):
    """A folder of two plans, of which a core that forgets its boot breaks one."""
    folder = tmp_path / "plans"
    folder.mkdir()
    (folder / "breaks.json").write_text(BREAKS.write())
    (folder / "holds.json").write_text(HOLDS.write())
    return folder


def names(folder):
    return sorted(each.name for each in folder.iterdir())


def test_a_folder_gets_no_timeline_unless_asked(capsys, defective, plans):
    assert main(["rig", "replay", str(plans)]) == exits.PROMISE_BROKEN
    assert names(plans) == ["breaks.json", "holds.json"]
    assert "text" not in capsys.readouterr().out


def test_with_timeline_each_plan_of_a_folder_has_its_own_beside_it(capsys, defective, plans):
    assert main(["rig", "replay", str(plans), "--timeline"]) == exits.PROMISE_BROKEN
    assert names(plans) == ["breaks.html", "breaks.json", "breaks.txt", "holds.html", "holds.json", "holds.txt"]
    assert "boot-rises" in (plans / "breaks.txt").read_text()
    assert "boot-rises" not in (plans / "holds.txt").read_text()
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["BROKEN", "seamline", "text", "page", "held", "text", "page"]
    assert f"        text  {plans / 'holds.txt'}" in lines


def test_with_out_alone_only_what_breaks_has_one_and_it_lies_there(capsys, defective, plans, tmp_path):
    out = tmp_path / "seen"
    files = [str(plans / name) for name in ("breaks.json", "holds.json")]
    assert main(["rig", "replay", *files, "--out", str(out), "--json"]) == exits.PROMISE_BROKEN
    assert names(out) == ["breaks.html", "breaks.txt"]
    assert names(plans) == ["breaks.json", "holds.json"]
    broken, held = json.loads(capsys.readouterr().out)["plans"]
    assert (broken["text"], broken["page"]) == (str(out / "breaks.txt"), str(out / "breaks.html"))
    assert held.keys() & {"text", "page"} == set()


def test_with_both_all_lie_there(plans, tmp_path):
    assert main(["rig", "replay", str(plans), "--timeline", "--out", str(tmp_path / "seen")]) == exits.OK
    assert names(tmp_path / "seen") == ["breaks.html", "breaks.txt", "holds.html", "holds.txt"]


def test_two_plans_of_one_name_are_refused_where_their_timelines_would_meet(capsys, plans, tmp_path):
    other = tmp_path / "other" / "holds.json"
    other.parent.mkdir()
    other.write_text(HOLDS.write())
    command = ["rig", "replay", str(plans), str(other), "--timeline"]
    assert main([*command, "--out", str(tmp_path / "seen")]) == exits.WRONG_USE
    said = capsys.readouterr()
    assert f"the timelines of {plans / 'holds.json'} and {other} would have the same name" in said.err
    assert (said.out, (tmp_path / "seen").exists()) == ("", False)
    assert main(command) == exits.OK
    assert names(other.parent) == ["holds.html", "holds.json", "holds.txt"]
    assert main(["rig", "replay", str(other), str(other), "--timeline", "--out", str(tmp_path / "seen")]) == exits.OK


def test_a_timeline_without_room_stops_no_other_plan_and_is_no_success(capsys, monkeypatch, plans, tmp_path):
    whole = Path.write_text

    def write_text(path, text, **options):
        if "breaks.txt" in path.name:
            raise OSError(errno.ENOSPC, "No space left on device")
        return whole(path, text, **options)

    monkeypatch.setattr(Path, "write_text", write_text)
    command = ["rig", "replay", str(plans), "--timeline", "--out", str(tmp_path / "seen")]
    assert main(command) == exits.BAD_INSTALLATION
    said = capsys.readouterr()
    assert said.err == f"seamline: {tmp_path / 'seen' / 'breaks.txt'} cannot be written: No space left on device\n"
    assert [line.split()[0] for line in said.out.splitlines()] == ["held", "held", "text", "page"]
    assert main([*command, "--json"]) == exits.BAD_INSTALLATION
    assert json.loads(capsys.readouterr().out)["verdict"] == "held"
    (plans / "unfit.json").write_text("{")
    assert main(command) == exits.WRONG_USE


def test_what_breaks_breaks_also_where_its_timeline_has_no_room(capsys, defective, plans, tmp_path):
    (tmp_path / "seen").mkdir()
    (tmp_path / "seen" / "breaks.txt").mkdir()
    assert main(["rig", "replay", str(plans), "--out", str(tmp_path / "seen")]) == exits.PROMISE_BROKEN
    said = capsys.readouterr()
    assert "breaks.txt cannot be written" in said.err
    assert "BROKEN  breaks: boot-rises" in said.out
