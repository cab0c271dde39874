"""What `seamline rig run` and `rig replay` do with what broke: run it again, keep the smallest, and say it on a full disk, too."""

import errno
import json
from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.rig.broken_cores import forgets_its_boot, publishes_before_it_persists

import seamline
from seamline.cli import exits, main
from seamline.rig.world import world
from seamline.rig.world.plan import Fault, Kind, Plan, parse

RUN = ["rig", "run", "--seeds", "1", "--devices", "2", "--scenario", "regional-power-cut", "--seed", "1"]
REBOOT = Plan(7, 1, 30_000, (Fault(15_000, Kind.POWER_CUT, 0, 1_000),))
FULL = OSError(errno.ENOSPC, "No space left on device")


@pytest.fixture
def defective(monkeypatch):
    """Every world has cores that break a promise with their first frame."""
    honest = world.Parts
    monkeypatch.setattr(world, "Parts", lambda families: honest(families, make_core=publishes_before_it_persists))


@pytest.fixture
def full(monkeypatch):
    """A disk on which files with these endings find no room."""

    def fill(*endings):
        whole = Path.write_text

        def write_text(path, text, **options):
            if path.name.removesuffix(".new").endswith(endings):
                raise FULL
            return whole(path, text, **options)

        monkeypatch.setattr(Path, "write_text", write_text)

    return fill


def core_of(folder, body):
    """A core of one's own, whose `tick` does something beside."""
    path = folder / "app.py"
    path.write_text(
        "import os, random as dice\nfrom pathlib import Path\nfrom seamline.device import Core\n\nCALLS = []\n\n"
        f"class App(Core):\n    def tick(self, now_ms):\n{body}        super().tick(now_ms)\n"
    )
    return f"{path}:App"


# -- a core that does not do the same twice ----------------------------------------------------------------------------------

COUNTS = (
    "        calls = Path(__file__).with_suffix('.calls')\n"
    "        with calls.open('a') as file: file.write('.')\n"
    "        if calls.stat().st_size in (6, 15, 60, 200): raise ValueError('sometimes')\n"
)
ONCE = "        first = Path(__file__).with_suffix('.once')\n        if now_ms > 60_000 and not first.exists(): first.touch(); raise ValueError('once')\n"
LEAKS = "        CALLS.append(0)\n        if len(CALLS) == 20: raise ValueError('at the twentieth call')\n"


@pytest.mark.parametrize(
    ("body", "then"),
    [(COUNTS, "no-error: "), (ONCE, "no broken promise ("), (LEAKS, "no")],
    ids=["does as a file says", "holds the next time", "keeps what it does not persist"],
)
def test_a_core_that_is_not_deterministic_is_named_and_no_promise_is_blamed(body, then, capsys, tmp_path):
    core, out = core_of(tmp_path, body), tmp_path / "out"
    command = [*RUN, "--hours", "0.25", "--jobs", "1", "--shrink", "5s", "--out", str(out), "--core", core]
    assert main(command) == exits.BAD_INSTALLATION
    said = capsys.readouterr()
    assert "broken:" not in said.out
    assert "rig replay" not in said.out
    assert f"seamline: the core {core} is not deterministic: the same plan of seed 1 gave no-error: " in said.err
    assert f", and then {then}" in said.err
    assert "a core draws from the `random` that it is given" in said.err
    assert not out.exists(), "nothing is kept of it"


@pytest.mark.parametrize("command", ["replay", "promote"])
def test_a_plan_that_such_a_core_is_replayed_or_promoted_with_is_not_blamed_on_changed_code(command, capsys, tmp_path):
    core, path = core_of(tmp_path, COUNTS), tmp_path / "plan.json"
    path.write_text(replace(REBOOT, duration_ms=300_000).write())
    more = ["--to", str(tmp_path / "rig")] if command == "promote" else []
    assert main(["rig", command, str(path), "--core", core, *more]) == exits.BAD_INSTALLATION
    said = capsys.readouterr()
    assert said.out == ""
    assert "is not deterministic: the same plan of seed 7 gave" in said.err
    assert {each.name for each in tmp_path.iterdir()} <= {"app.py", "app.calls", "plan.json", "__pycache__"}


def test_an_error_that_names_its_process_is_the_same_error(capsys, tmp_path):
    core = core_of(tmp_path, "        if now_ms > 60_000: raise ValueError(f'in process {os.getpid()}, {dice.random()}')\n")
    assert (
        main([*RUN, "--hours", "0.25", "--shrink", "1s", "--out", str(tmp_path / "out"), "--core", core]) == exits.PROMISE_BROKEN
    )
    assert "broken: no-error at 0:01:" in capsys.readouterr().out


# -- the smallest is kept ----------------------------------------------------------------------------------------------------


def kept(capsys, folder, *more):
    assert main([*RUN, "--out", str(folder), *more]) == exits.PROMISE_BROKEN
    (path,) = folder.glob("*.json")
    return path, parse(path.read_text()), capsys.readouterr().out


def test_a_smaller_plan_of_an_earlier_run_stays_as_long_as_it_breaks_the_same(capsys, defective, monkeypatch, tmp_path):
    path, small, _ = kept(capsys, tmp_path)
    with monkeypatch.context() as hurried:
        hurried.setattr("seamline.rig.world.shrink.RUNS_MAX", 1)
        hurried.setattr("seamline.rig.world.shrink.shrink", lambda whole, *_, **__: whole)
        _, again, text = kept(capsys, tmp_path)
        assert (again.faults, again.only) == (small.faults, small.only)
        assert f"the smaller plan in {path} (0 faults, 1 device, " in text
        assert ") breaks it still, and stays" in text
        path.write_text(small.write().replace('"duration_ms": ', '"duration_ms": 1, "was": ').replace(' "was"', ' "_"'))
        _, again, text = kept(capsys, tmp_path)
        assert "the smaller plan" not in text, "what is no plan is replaced"
        assert len(again.faults) > 0
        path.write_text(small.write().replace(f'"duration_ms": {small.duration_ms}', '"duration_ms": 1'))
        whole = world.Parts
        hurried.setattr(world.World, "_settle", lambda _self: None)
        hurried.setattr(world.World, "_end", lambda _self: None)
        _, again, text = kept(capsys, tmp_path)
        assert whole is world.Parts
        assert ") breaks that no more, and is replaced" in text
        assert len(again.faults) > 0


# -- a full disk -------------------------------------------------------------------------------------------------------------


def test_a_plan_that_cannot_be_kept_is_told_after_the_verdict(capsys, defective, full, tmp_path):
    full(".json")
    assert main([*RUN, "--out", str(tmp_path)]) == exits.PROMISE_BROKEN
    said = capsys.readouterr()
    assert "broken: counted-first at " in said.out
    assert "rig replay" not in said.out
    assert said.err.splitlines()[-1] == (
        f"seamline: {tmp_path / '1-counted-first.json'} cannot be written: No space left on device; "
        "--seed 1 --seeds 1 draws the plan again, with the other options as they were"
    )
    assert main([*RUN, "--out", str(tmp_path), "--json"]) == exits.PROMISE_BROKEN
    broken = json.loads(capsys.readouterr().out)["broken"]
    assert (broken["promise"], broken["plan"], broken["replay"]) == ("counted-first", None, None)


def test_a_timeline_without_room_takes_neither_the_verdict_nor_the_line_that_repeats_it(capsys, defective, full, tmp_path):
    full(".html")
    assert main([*RUN, "--out", str(tmp_path)]) == exits.PROMISE_BROKEN
    said = capsys.readouterr()
    path = tmp_path / "1-counted-first.json"
    assert "broken: counted-first at " in said.out
    assert said.out.splitlines()[-2:] == [f"timeline {path.with_suffix('.txt')}", f"seamline rig replay {path}"]
    assert said.err.splitlines()[-1] == f"seamline: {path.with_suffix('.html')} cannot be written: No space left on device"


def test_a_replay_says_what_breaks_also_where_its_timeline_cannot_be_written(capsys, monkeypatch, full, tmp_path):
    path = tmp_path / "plan.json"
    path.write_text(REBOOT.write())
    full(".txt")
    with monkeypatch.context() as defect:
        honest = world.Parts
        defect.setattr(world, "Parts", lambda families: honest(families, make_core=forgets_its_boot))
        assert main(["rig", "replay", str(path), "--out", str(tmp_path / "out")]) == exits.PROMISE_BROKEN
    said = capsys.readouterr()
    assert "broken: boot-rises at 0:00:16.000, device 0" in said.out
    assert said.err == f"seamline: {tmp_path / 'out' / 'plan.txt'} cannot be written: No space left on device\n"
    assert main(["rig", "replay", str(path), "--timeline", "--out", str(tmp_path / "out")]) == exits.BAD_INSTALLATION
    assert "every promise held" in capsys.readouterr().out, (
        "a timeline that was asked for, and could not be written, is no success"
    )


def test_the_default_folder_is_tried_before_anything_runs_and_left_as_it_was(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    (tmp_path / "state").write_text("in the way")
    assert main(RUN) == exits.BAD_INSTALLATION
    said = capsys.readouterr()
    assert said.out == ""
    assert (
        said.err
        == f"seamline: {tmp_path}/state/seamline/rig cannot be written: Not a directory: name another folder with --out\n"
    )
    (tmp_path / "state").unlink()
    assert main([*RUN[:-1], "3"]) == exits.OK
    assert list(tmp_path.iterdir()) == [], f"{seamline.__version__} leaves nothing where nothing broke"


def test_ctrl_c_before_what_broke_was_run_again_says_what_is_known(capsys, defective, monkeypatch, tmp_path):
    def interrupted(*_args):
        raise KeyboardInterrupt

    monkeypatch.setattr("seamline.rig.world.run.run", interrupted)
    assert main([*RUN, "--jobs", "1", "--out", str(tmp_path)]) == exits.PROMISE_BROKEN
    assert "seamline: interrupted: seed 1 breaks counted-first: " in capsys.readouterr().err
