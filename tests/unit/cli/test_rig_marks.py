"""`seamline rig run` fails when a rare state never came: plans aim at it first, and what a contract rules out is not asked for."""

import json

import pytest
from tests.unit.rig.broken_cores import publishes_before_it_persists

from seamline.cli import exits, main
from seamline.cli.rig_progress import Progress
from seamline.rig import crew
from seamline.rig.world import aims, world
from seamline.rig.world.aims import Aim
from seamline.rig.world.marks import CATALOGUE
from seamline.rig.world.plan import Kind

ONE = ["rig", "run", "--seeds", "1", "--devices", "1", "--seed", "3", "--hours", "0.1", "--jobs", "1"]


def told(capsys):
    return capsys.readouterr().out


def but(*names):
    """Excuses every state but these."""
    return ["--excuse", *(name for name in CATALOGUE if name not in names)]


@pytest.fixture
def asked(monkeypatch):
    """What each world was run for: the state aimed at and the seed."""
    runs = []
    whole = crew._run

    def noting(task, seed, parts, beat):
        runs.append((task.aim, seed))
        return whole(task, seed, parts, beat)

    monkeypatch.setattr(crew, "_run", noting)
    return runs


def test_a_state_that_mixed_seeds_missed_is_aimed_at_until_it_is_reached(capsys, asked):
    assert main([*ONE, *but("late-mail", "portal", "shown-online"), "--json"]) == exits.OK
    answer = json.loads(told(capsys))
    assert asked[0] == (None, 3)
    assert {aim for aim, _ in asked[1:]} == {"portal"}  # one device is shown online in any case
    assert (answer["verdict"], answer["ended"], answer["done"]) == ("held", "seeds", 1)
    assert [(each["mark"], each["seed"]) for each in answer["aimed"]] == asked[1:]
    assert answer["marks"]["portal"] > 0


def test_a_state_out_of_reach_fails_the_run_and_is_named(capsys, asked, monkeypatch):
    monkeypatch.setitem(aims.AIMS, "portal", Aim((Kind.LINK_CUT,)))
    monkeypatch.setattr(aims, "PLANS_MAX", 2)
    assert main([*ONE, *but("portal")]) == exits.PROMISE_BROKEN
    text = told(capsys)
    assert "unproved: rare states never came; every promise held: 1 seeds and 2 plans aimed at rare states, " in text
    assert "never: " in text
    assert "portal" in text
    assert [aim for aim, _ in asked] == [None, "portal", "portal"]
    assert main([*ONE, *but("portal"), "--json"]) == exits.PROMISE_BROKEN
    assert json.loads(told(capsys))["verdict"] == "unproved"


def test_all_states_may_be_excused_and_then_nothing_is_aimed_at(capsys, asked):
    assert main([*ONE, "--excuse", "all"]) == exits.OK
    text = told(capsys)
    assert "unproved" not in text
    assert "every promise held: 1 seeds, " in text
    assert "; never: " in text
    assert asked == [(None, 3)]


def test_a_states_excuse_that_is_none_names_those_that_are_near(capsys):
    assert main([*ONE, "--excuse", "hub-kiled"]) == exits.WRONG_USE
    assert "--excuse hub-kiled: no rare state has this name; did you mean hub-killed or " in capsys.readouterr().err
    assert main([*ONE, "--excuse", "xyzzy"]) == exits.WRONG_USE
    assert "no rare state has this name; docs/rig.md has the list" in capsys.readouterr().err


def test_what_the_contract_rules_out_is_not_asked_for_and_said(capsys, tmp_path):
    folder = str(tmp_path / "pump")
    assert main(["contract", "new", folder]) == exits.OK
    told(capsys)
    assert main([*ONE, "--contract", folder, "--excuse", "all"]) == exits.OK
    text = told(capsys)
    assert "more the contract rules out (--json says why)" in text
    assert main([*ONE, "--contract", folder, "--excuse", "all", "--json"]) == exits.OK
    answer = json.loads(told(capsys))
    assert answer["ruled_out"]["wish-device-won"] == "by the contract the cloud wins every conflict"
    assert not set(answer["missed"]) & set(answer["ruled_out"])
    assert main([*ONE, "--contract", folder, "--scenario", "raw-counts"]) == exits.WRONG_USE
    assert "--scenario raw-counts: these products cannot have this day: no version of the contract" in capsys.readouterr().err


def test_a_plan_with_an_aim_that_breaks_a_promise_is_kept_as_any_other(capsys, asked, monkeypatch, tmp_path):
    honest, made = world.Parts, []

    def defective_but_for_seeds(families):
        """The second ones are those that seeds are run with; before come those of the search for a smaller plan."""
        made.append(families)
        return honest(families) if len(made) == 2 else honest(families, make_core=publishes_before_it_persists)

    monkeypatch.setattr(world, "Parts", defective_but_for_seeds)
    assert main([*ONE, *but("portal"), "--out", str(tmp_path)]) == exits.PROMISE_BROKEN
    text = told(capsys)
    (kept,) = tmp_path.glob("*.json")
    assert "✗ broken: counted-first" in text
    assert text.splitlines()[-1] == f"seamline rig replay {kept}"
    assert [aim for aim, _ in asked] == [None, "portal"]
    assert main(["rig", "replay", str(kept)]) == exits.PROMISE_BROKEN
    assert "others than when it was kept" not in told(capsys)


@pytest.mark.parametrize(("took_s", "worlds"), [(0.0, [None, None, "portal"]), (50.0, ["portal", None, None])])
def test_a_part_of_the_budget_is_left_for_states_that_are_owed(took_s, worlds, asked, monkeypatch):
    """At the start all seeds come first; from three quarters on the states that are owed do, and then what is left of the seeds."""
    monkeypatch.setattr(Progress, "took_s", property(lambda _: took_s))
    monkeypatch.setitem(aims.AIMS, "portal", Aim((Kind.PORTAL,), devices=1))
    two = ["rig", "run", "--seeds", "2", "--devices", "1", "--seed", "3", "--hours", "0.1", "--jobs", "1", "--budget", "1m"]
    assert main([*two, *but("portal")]) == exits.OK
    assert [aim for aim, _ in asked][: len(worlds)] == worlds


def test_progress_tells_which_state_is_aimed_at_and_counts_seeds_alone(capsys):
    progress = Progress(20, 8, 3_600_000, ("portal",))
    progress.aims("portal", 2, 7_200_000)
    assert "0 of 20 seeds done; a plan that aims at portal under way" in progress.line([crew.Beat(4, 3_600_000_000)])
    assert "2.0 device-hours" in progress.line([crew.Beat(4, 3_600_000_000)])
    finished = crew.Finished(4, "", 0, 1.5, 0, {"portal": 1}, {"portal": 1})
    progress.finished(finished)
    assert (progress.done, progress.device_hours, progress.marks["portal"]) == (0, 1.5, 1)
    progress.aims("", 8, 3_600_000)
    progress.finished(finished)
    assert progress.done == 1
