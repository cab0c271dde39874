"""`seamline rig run --core` and `seamline gate --core` name a core that does not do the same twice, also where every promise holds."""

import shutil
from pathlib import Path

import pytest

from seamline.cli import exits, main
from seamline.rig.gate import runs

HEATER = Path(__file__).parents[3] / "examples" / "heater"
CLOCK = "import time\nfrom seamline.device import Core\n\ndef make(policy, name, random, stored):\n    return Core(policy, name, lambda: time.time_ns() & 0xFFFFFFFF, stored)\n"
RUN = ["rig", "run", "--devices", "2", "--scenario", "regional-power-cut", "--seed", "1", "--shrink", "1s"]


@pytest.fixture
def core(tmp_path):
    (tmp_path / "app.py").write_text(CLOCK)
    return f"{tmp_path / 'app.py'}:make"


@pytest.mark.parametrize(("seeds", "told"), [("1", 1), ("3", 2)])
def test_a_run_of_seeds_that_all_hold_runs_one_of_them_again(seeds, told, core, capsys, tmp_path):
    assert main([*RUN, "--seeds", seeds, "--jobs", "1", "--out", str(tmp_path / "out"), "--core", core]) == exits.BAD_INSTALLATION
    said = capsys.readouterr()
    assert f"seamline: the core {core} is not deterministic: the same plan of seed {told} gave no broken promise (" in said.err
    assert "every promise held" not in said.out
    assert not (tmp_path / "out").exists()


def test_a_core_that_draws_from_what_it_is_given_is_judged_as_always(capsys, tmp_path):
    (tmp_path / "app.py").write_text(CLOCK.replace("lambda: time.time_ns() & 0xFFFFFFFF", "random"))
    command = [*RUN, "--seeds", "2", "--jobs", "1", "--out", str(tmp_path / "out"), "--core", f"{tmp_path / 'app.py'}:make"]
    assert main(command) == exits.OK
    assert "every promise held: 2 seeds" in capsys.readouterr().out


def test_the_gate_runs_one_plan_again(core, capsys, monkeypatch, tmp_path):
    every = runs.days
    monkeypatch.setattr(runs, "days", lambda family: [day for day in every(family) if day.name == "regional-power-cut"])
    product = shutil.copytree(HEATER, tmp_path / "heater")
    command = [
        "gate",
        str(product),
        "--stage",
        "harden",
        "--seeds",
        "2",
        "--devices",
        "2",
        "--hours",
        "1",
        "--jobs",
        "1",
        "--core",
        core,
    ]
    assert main(command) == exits.BAD_INSTALLATION
    said = capsys.readouterr()
    assert f"the core {core} is not deterministic: the same plan of seed 2 gave no broken promise (" in said.err
