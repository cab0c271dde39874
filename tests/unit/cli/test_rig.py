"""`seamline rig`: what it prints, where it keeps a plan, and how it says that a plan cannot be run."""

import json
import re
from pathlib import Path

import pytest
from tests.unit.rig.world import planted

import seamline
from seamline.cli import exits, main
from seamline.rig.world import world
from seamline.rig.world.plan import Kind, Plan
from seamline.rig.world.promises import ALWAYS, EVENTUALLY
from seamline.rig.world.scenarios import SCENARIOS

DOCS = Path(__file__).parents[3] / "docs"
RUN = ["rig", "run", "--seeds", "1", "--devices", "2", "--seed"]


def test_a_run_in_which_every_promise_holds_ends_well_and_names_the_marks_it_missed(capsys):
    assert main([*RUN, "3"]) == exits.OK
    told = capsys.readouterr().out
    assert "seed 3: " in told
    assert "every promise held: 1 seeds" in told
    assert re.search(r"\d+ of \d+ marks reached; never: ", told)


def test_marks_that_were_never_reached_fail_where_that_is_asked(capsys):
    assert main([*RUN, "3", "--all-marks"]) == exits.PROMISE_BROKEN


def test_a_broken_promise_is_kept_as_a_small_plan_that_replay_repeats(capsys, monkeypatch, tmp_path):
    honest = world.Parts
    monkeypatch.setattr(world, "Parts", lambda families: honest(families, make_core=planted.publishes_before_it_persists))
    assert main([*RUN, "1", "--out", str(tmp_path)]) == exits.PROMISE_BROKEN
    last = capsys.readouterr().out.splitlines()[-1]
    (kept,) = tmp_path.glob("*.json")
    assert last == f"seamline rig replay {kept}"
    assert json.loads(kept.read_text())["only"] in ([0], [1])
    told = []
    for _ in range(2):
        assert main(["rig", "replay", str(kept)]) == exits.PROMISE_BROKEN
        told.append(capsys.readouterr().out)
    assert told[0] == told[1]
    assert "counted-first" in told[0]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{}", "the plan's format is None"),
        (Plan(1, 1, 1000, code="0.0.0").write(), f"was drawn by Seamline 0.0.0, this is {seamline.__version__}"),
        (Plan(1, 1, 1000, contracts="beef").write(), "was drawn for the contracts beef"),
    ],
)
def test_a_plan_that_cannot_be_run_is_wrong_use(text, says, capsys, tmp_path):
    path = tmp_path / "plan.json"
    path.write_text(text)
    assert main(["rig", "replay", str(path)]) == exits.WRONG_USE
    assert says in capsys.readouterr().err


def test_a_plan_that_is_not_there_is_wrong_use(capsys, tmp_path):
    assert main(["rig", "replay", str(tmp_path / "none.json")]) == exits.WRONG_USE
    assert "cannot be read" in capsys.readouterr().err


def test_an_unknown_scenario_names_those_there_are(capsys):
    assert main([*RUN, "1", "--scenario", "meteor"]) == exits.WRONG_USE
    assert "partial-outage" in capsys.readouterr().err


def test_every_scenario_is_a_bad_day_and_documented():
    days, page = (DOCS / "bad-days.md").read_text(), (DOCS / "rig.md").read_text()
    for name in SCENARIOS:
        assert f"| `{name}` |" in days
        assert f"`{name}`" in page


def test_every_fault_and_promise_is_documented():
    page = (DOCS / "rig.md").read_text()
    missing = [name for name in (*Kind, *ALWAYS, *EVENTUALLY) if f"`{name}`" not in page]
    assert missing == []
