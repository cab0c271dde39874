"""`seamline rig run`: what it prints, what it keeps of a failure, and how it ends."""

import json
import re
import shutil
from pathlib import Path

import pytest
from tests.unit.rig.broken_cores import publishes_before_it_persists

from seamline.cli import exits, main
from seamline.cli.rig_plans import origin
from seamline.contract import load_family
from seamline.rig import crew
from seamline.rig.fleet import FleetError
from seamline.rig.plugin import alarm
from seamline.rig.world import shrink, world
from seamline.rig.world.marks import CATALOGUE
from seamline.rig.world.plan import Kind
from seamline.rig.world.promises import ALWAYS, EVENTUALLY
from seamline.rig.world.scenarios import SCENARIOS

DOCS = Path(__file__).parents[3] / "docs"
HEATER = Path(__file__).parents[3] / "examples" / "heater"
CALM = ["--scenario", "regional-power-cut"]
"""Of this day one seed reaches every state."""
RUN = ["rig", "run", "--seeds", "1", "--devices", "2", *CALM, "--seed"]


def told(capsys):
    return capsys.readouterr().out


@pytest.fixture
def defective(monkeypatch):
    """Every world has cores that break a promise with their first frame."""
    honest = world.Parts
    monkeypatch.setattr(world, "Parts", lambda families: honest(families, make_core=publishes_before_it_persists))


# -- every promise held ----------------------------------------------------------------------------------------------------


def test_a_run_in_which_every_promise_holds_ends_well_and_names_the_marks_it_missed(capsys):
    assert main([*RUN, "3"]) == exits.OK
    text = told(capsys)
    assert re.match(r"seeds from 3@[0-9a-f]{8}: 2 devices \(heater\), 1 h each\n", text)
    assert "every promise held: 1 seeds, 2 device-hours" in text
    assert re.search(r"\n(\d) of \1 marks of the day regional-power-cut reached\n$", text)


def test_a_named_day_whose_states_never_came_is_unproved_and_fails_without_being_asked(capsys):
    day = ["rig", "run", "--seeds", "1", "--devices", "1", "--seed", "3", "--scenario", "mixed-fleet"]
    assert main(day) == exits.PROMISE_BROKEN
    text = told(capsys)
    assert "unproved: the day mixed-fleet was not met in all its states; every promise held: 1 seeds" in text
    assert "what makes the day mixed-fleet never came, so it is not proved: " in text
    assert main([*day, "--json"]) == exits.PROMISE_BROKEN
    answer = json.loads(told(capsys))
    assert (answer["verdict"], answer["ended"], answer["broken"]) == ("unproved", "seeds", None)
    assert "two-versions" in answer["missed"]


def test_the_answer_as_json_holds_every_figure_and_nothing_else_is_printed(capsys):
    assert main([*RUN, "3", "--json"]) == exits.OK
    answer = json.loads(told(capsys))
    assert (answer["verdict"], answer["ended"], answer["done"], answer["broken"]) == ("held", "seeds", 1, None)
    assert answer["runs"][0]["seed"] == 3
    assert answer["device_hours"] == 2
    assert answer["marks"]["link-cut"] > 0
    assert sum(answer["faults"].values()) > 0


def test_no_seed_is_begun_when_the_budget_is_used_up(capsys, monkeypatch):
    monkeypatch.setattr("seamline.cli.rig_progress.Progress.took_s", property(lambda _: 61.0))
    assert main(["rig", "run", "--seed", "3", "--budget", "1m"]) == exits.PROMISE_BROKEN
    assert "the budget is used up; unproved: rare states never came; no seed was run to its end" in told(capsys)
    assert main(["rig", "run", "--seed", "3", "--budget", "1m", "--excuse", "all"]) == exits.OK
    assert "the budget is used up; no seed was run to its end" in told(capsys)
    assert main([*RUN, "3", "--budget", "1m"]) == exits.PROMISE_BROKEN
    assert "the budget is used up; unproved: the day regional-power-cut was not met in all its states; no seed" in told(capsys)


def test_several_products_are_one_fleet(capsys, tmp_path):
    shutil.copytree(HEATER, tmp_path / "other")
    contract = tmp_path / "other" / "contract.yaml"
    contract.write_text(contract.read_text().replace("product: heater", "product: boiler"))
    shutil.rmtree(tmp_path / "other" / "released")
    assert main([*RUN, "3", "--contract", str(HEATER), str(tmp_path / "other")]) == exits.OK
    assert "2 devices (heater, boiler)" in told(capsys)


# -- a promise broke -------------------------------------------------------------------------------------------------------


def test_a_broken_promise_is_kept_as_a_small_plan_with_its_timeline_that_replay_repeats(capsys, defective, tmp_path):
    assert main([*RUN, "1", "--out", str(tmp_path)]) == exits.PROMISE_BROKEN
    text = told(capsys)
    (kept,) = tmp_path.glob("*.json")
    assert text.splitlines()[-1] == f"seamline rig replay {kept}"
    plan = json.loads(kept.read_text())
    assert (len(plan["only"]), plan["faults"]) == (1, [])
    assert plan["kept"]["promise"] == "counted-first"
    assert "✗ broken: counted-first" in text
    assert "✗ broken: counted-first" in kept.with_suffix(".txt").read_text()
    assert "counted-first is broken" in kept.with_suffix(".html").read_text()
    replayed = []
    for _ in range(2):
        assert main(["rig", "replay", str(kept)]) == exits.PROMISE_BROKEN
        replayed.append(told(capsys))
    assert replayed[0] == replayed[1]
    assert plan["kept"]["events"] in replayed[0]
    assert "others than when it was kept" not in replayed[0]


def test_what_broke_is_in_the_json_answer(capsys, defective, tmp_path):
    assert main([*RUN, "1", "--out", str(tmp_path), "--json"]) == exits.PROMISE_BROKEN
    answer = json.loads(told(capsys))
    assert (answer["verdict"], answer["ended"]) == ("broken", "broken")
    broken = answer["broken"]
    assert (broken["promise"], broken["faults"], broken["devices"], broken["seed"]) == ("counted-first", 0, 1, 1)
    assert {Path(broken[form]).suffix for form in ("plan", "page", "text")} == {".json", ".html", ".txt"}
    assert all(Path(broken[form]).exists() for form in ("plan", "page", "text"))


# -- a user's own core -----------------------------------------------------------------------------------------------------


def test_a_core_of_ones_own_is_run_named_kept_and_never_loaded_by_a_plan(capsys, tmp_path):
    (tmp_path / "app.py").write_text(
        "from seamline.device import Core\n\nclass App(Core):\n    def receive(self, now_ms, kind, payload):\n        raise ValueError('oh')\n"
    )
    core = f"{tmp_path / 'app.py'}:App"
    assert main([*RUN, "3", "--out", str(tmp_path), "--core", core]) == exits.PROMISE_BROKEN
    text = told(capsys)
    assert f"2 devices (heater) with {core}, 1 h each" in text
    assert "App raised ValueError: oh (app.py:5) when given a session from the hub" in text
    (plan,) = tmp_path.glob("*.json")
    assert text.splitlines()[-1] == f"seamline rig replay {plan} --core {core}"
    assert json.loads(plan.read_text())["core"] == core
    assert main(["rig", "replay", str(plan)]) == exits.WRONG_USE
    assert f"write --core {core} to run it so again, --core seamline for the core of Seamline" in capsys.readouterr().err
    capsys.readouterr()
    assert main(["rig", "replay", str(plan), "--core", "seamline"]) == exits.OK
    text = capsys.readouterr().out
    assert "the events are others than when it was kept: it ran with another core, as asked" in text
    assert "the code has changed" not in text
    assert main(["rig", "promote", str(plan), "--to", str(tmp_path / "kept"), "--core", core]) == exits.OK
    told(capsys)
    assert main(["rig", "replay", str(tmp_path / "kept"), "--core", core]) == exits.PROMISE_BROKEN
    assert re.match(r"BROKEN  no-error-\d+: no-error: ", told(capsys))


def test_a_core_that_never_returns_is_a_broken_promise_with_its_plan(capsys, monkeypatch, tmp_path):
    monkeypatch.setattr(alarm, "WORK_S", 0.1)
    (tmp_path / "app.py").write_text(
        "from seamline.device import Core\n\nclass App(Core):\n    def tick(self, now_ms):\n        while True: pass\n"
    )
    command = [*RUN, "3", "--jobs", "1", "--shrink", "1s", "--out", str(tmp_path), "--core", f"{tmp_path / 'app.py'}:App"]
    assert main(command) == exits.PROMISE_BROKEN
    text = told(capsys)
    assert "App never returned when ticked (app.py:4, tick)" in text
    assert "promised: a core returns from every call" in text


def test_a_core_that_ends_the_process_is_a_broken_promise_also_with_one_job(capsys, tmp_path):
    (tmp_path / "bye.py").write_text(
        "import os\nfrom seamline.device import Core\n\nclass Bye(Core):\n    def tick(self, now_ms):\n        os._exit(0)\n"
    )
    core = f"{tmp_path / 'bye.py'}:Bye"
    command = [*RUN, "3", "--jobs", "1", "--hours", "0.25", "--shrink", "1s", "--out", str(tmp_path), "--core", core]
    assert main(command) == exits.PROMISE_BROKEN
    text = told(capsys)
    assert f"with {core}, 0.25 h each" in text
    assert re.search(
        r"broken: no-error at 0:00:\d\d\.\d+, device [01]: \S+bye.py:Bye ended the process \(exit 0\) when ticked\n", text
    )
    (plan,) = tmp_path.glob("*.json")
    assert text.splitlines()[-1] == f"seamline rig replay {plan} --core {core}"


@pytest.mark.parametrize("core", ["app", "no.such.app:App", "missing.py:App", "exec:no-such-program", "json:dumps"])
def test_a_core_that_cannot_be_used_is_one_line_that_names_it(core, capsys):
    assert main([*RUN, "3", "--core", core]) == exits.WRONG_USE
    (line,) = capsys.readouterr().err.splitlines()
    assert core in line


# -- Ctrl-C ----------------------------------------------------------------------------------------------------------------


def test_ctrl_c_ends_with_what_is_known_so_far(capsys, monkeypatch):
    whole = crew._run

    def interrupted(task, seed, families, beat):
        if seed == 4:
            raise KeyboardInterrupt
        return whole(task, seed, families, beat)

    monkeypatch.setattr(crew, "_run", interrupted)
    command = ["rig", "run", "--seeds", "3", "--devices", "2", *CALM, "--seed", "3", "--jobs", "1"]
    assert main(command) == exits.INTERRUPTED
    assert "interrupted after 1 of 3 seeds; every promise held: 1 seeds" in told(capsys)
    assert main([*command, "--json"]) == exits.INTERRUPTED
    answer = json.loads(told(capsys))
    assert (answer["verdict"], answer["ended"], answer["done"]) == ("interrupted", "interrupted", 1)


def test_ctrl_c_while_a_plan_is_made_small_keeps_the_smallest_so_far(capsys, defective, monkeypatch, tmp_path):
    whole = shrink.shrink

    def interrupted(outcome, parts, hear, **limits):
        def hear_three(tried):
            hear(tried)
            if tried.runs == 3:
                raise KeyboardInterrupt

        return whole(outcome, parts, hear_three, **limits)

    monkeypatch.setattr(shrink, "shrink", interrupted)
    assert main([*RUN, "1", "--out", str(tmp_path)]) == exits.PROMISE_BROKEN
    assert "made small: run 3, " in told(capsys)
    assert len(list(tmp_path.glob("*.json"))) == 1


# -- bad input -------------------------------------------------------------------------------------------------------------


def test_a_bad_day_that_the_rig_does_not_make_says_why(capsys):
    assert main(["rig", "run", "--seed", "1", "--scenario", "captive-portal"]) == exits.WRONG_USE
    assert "the rig does not make this day: there are no updates yet; there are drop-mid-publish" in capsys.readouterr().err


@pytest.mark.parametrize("command", [["run", "--seeds", "1"], ["replay", "plan.json"]])
def test_a_folder_that_cannot_be_written_is_refused_before_anything_runs(command, capsys, tmp_path):
    (tmp_path / "file").write_text("in the way")
    assert main(["rig", *command, "--out", str(tmp_path / "file" / "out")]) == exits.BAD_INSTALLATION
    said = capsys.readouterr()
    assert said.out == ""
    assert "cannot be written: Not a directory" in said.err


def test_promoted_plans_that_are_not_there_are_refused(capsys, tmp_path):
    assert main([*RUN, "3", "--promoted", str(tmp_path / "none")]) == exits.WRONG_USE
    assert "there is no such folder; `seamline rig promote PLAN --to" in capsys.readouterr().err


def test_an_installation_without_its_example_says_so_and_what_to_do(capsys, monkeypatch):
    def missing(_name):
        raise FleetError("the example 'heater' is missing")

    monkeypatch.setattr("seamline.rig.demo.example", missing)
    assert main([*RUN, "3"]) == exits.BAD_INSTALLATION
    assert "the example 'heater' is missing; or name a product with --contract" in capsys.readouterr().err


def test_ctrl_c_before_the_first_seed_is_said(capsys, monkeypatch):
    def interrupted(_options):
        raise KeyboardInterrupt

    monkeypatch.setattr("seamline.cli.rig._asked", interrupted)
    assert main([*RUN, "3"]) == exits.INTERRUPTED
    assert "interrupted before the first seed was run: nothing is known" in capsys.readouterr().err


def test_an_unknown_scenario_names_those_there_are(capsys):
    assert main(["rig", "run", "--seed", "1", "--scenario", "meteor"]) == exits.WRONG_USE
    assert "partial-outage" in capsys.readouterr().err


def test_a_seed_of_another_version_says_so(capsys, monkeypatch):
    tag = origin([load_family(HEATER)])
    assert main([*RUN, f"3@{tag}"]) == exits.OK
    monkeypatch.setattr("seamline.__version__", "99.0")
    assert main([*RUN, f"3@{tag}"]) == exits.WRONG_USE
    text = capsys.readouterr().err
    assert "drawn by another version of Seamline or for other contracts" in text
    assert "write --seed 3 to run it all the same" in text


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--seed", "x"], "is no seed"),
        (["--seed", "-1"], "is no seed"),
        (["--seed", str(2**63)], "is no seed"),
        (["--seeds", "many"], "not a whole number"),
        (["--devices", "0"], "not between 1 and 100000"),
        (["--hours", "0"], "not between a minute (0.017) and 8760 hours"),
        (["--hours", "0.25.1"], "is no number of hours: write 1, or 0.25"),
        (["--jobs", "0"], "not between 1 and 256"),
        (["--budget", "5"], "write 90s, 5m or 2h"),
        (["--shrink", "soon"], "write 90s, 5m or 2h"),
    ],
)
def test_numbers_that_make_no_sense_are_refused_with_what_is_meant(arguments, says, capsys):
    assert main(["rig", "run", *arguments]) == exits.WRONG_USE
    assert says in capsys.readouterr().err


def test_a_run_of_nothing_is_refused_and_promises_nothing(capsys):
    assert main(["rig", "run", "--seeds", "0"]) == exits.WRONG_USE
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("seamline: --seeds 0 runs nothing: it is for --promoted plans alone; ")


def test_a_contract_without_fleet_numbers_is_refused_with_the_place_and_the_remedy(capsys, tmp_path):
    text = (HEATER / "contract.yaml").read_text()
    without = "".join(line for line in text.splitlines(keepends=True) if not line.startswith("fleet:"))
    assert without != text
    (tmp_path / "contract.yaml").write_text(without)
    assert main([*RUN, "1", "--contract", str(tmp_path)]) == exits.WRONG_USE
    said = capsys.readouterr().err
    assert f"{tmp_path}/contract.yaml:" in said
    assert "fleet" in said
    assert f"see: seamline contract check {tmp_path}" in said


def test_a_product_that_is_named_twice_is_refused(capsys):
    assert main([*RUN, "1", "--contract", str(HEATER), str(HEATER)]) == exits.WRONG_USE
    assert "the product heater is named twice" in capsys.readouterr().err


def test_a_folder_without_a_contract_is_refused(capsys, tmp_path):
    assert main([*RUN, "1", "--contract", str(tmp_path)]) == exits.WRONG_USE
    assert "cannot be read" in capsys.readouterr().err


# -- the documents ---------------------------------------------------------------------------------------------------------


def test_every_scenario_is_a_bad_day_and_documented():
    days, page = (DOCS / "bad-days.md").read_text(), (DOCS / "rig.md").read_text()
    for name in SCENARIOS:
        assert f"| `{name}` |" in days
        assert f"`{name}`" in page


def test_every_fault_and_promise_is_documented():
    page = (DOCS / "rig.md").read_text()
    missing = [name for name in (*Kind, *ALWAYS, *EVENTUALLY, *CATALOGUE) if f"`{name}`" not in page]
    assert missing == []
