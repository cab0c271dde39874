"""`PLAN@VARIANT`: every command on a plan understands it, and it means what `--variant` means."""

import json
import shutil
import webbrowser
from pathlib import Path

import pytest

from seamline.cli import exits, main
from seamline.cli.exits import WrongUse
from seamline.cli.site_said import plan_said
from seamline.planner import server

YARD = Path(__file__).parents[3] / "examples" / "sites" / "yard"


def run(*arguments):
    return main(["site", *map(str, arguments)])


@pytest.fixture
def folder(tmp_path):
    """The yard in a folder of its own, with an @ in its name."""
    return Path(shutil.copytree(YARD, tmp_path / "yard@home"))


def test_a_plan_a_folder_and_a_variant_of_either(folder):
    plan = folder / "plan.yaml"
    assert plan_said(plan) == (plan, None)
    assert plan_said(folder) == (plan, None)
    assert plan_said(f"{plan}@fewer") == (plan, "fewer")
    assert plan_said(f"{folder}@fewer") == (plan, "fewer")
    assert plan_said(folder, "fewer") == (plan, "fewer")
    assert plan_said(f"{folder}@fewer", "fewer") == (plan, "fewer")


def test_two_variants_are_refused(folder):
    with pytest.raises(WrongUse, match="names variant fewer, and --variant names more"):
        plan_said(f"{folder}@fewer", "more")


@pytest.mark.parametrize("name", ["@fewer", "plan.yaml@", "none.yaml"])
def test_what_names_no_plan_or_no_variant_is_a_name(name):
    assert plan_said(name) == (Path(name), None)


@pytest.mark.parametrize("command", [("preview",), ("cover",), ("network",), ("power",), ("bom",), ("place", "--count", "1")])
def test_a_command_says_the_same_of_it_as_with_the_option(command, capsys):
    first = run(command[0], f"{YARD}@fewer", *command[1:], "--json")
    of_name = json.loads(capsys.readouterr().out)
    assert run(command[0], YARD, "--variant", "fewer", *command[1:], "--json") == first
    assert without_time(json.loads(capsys.readouterr().out)) == without_time(of_name)


def without_time(document):
    """What is said, but for how long it took."""
    return {key: value for key, value in document.items() if "second" not in key}


def test_documents_are_built_drawn_and_proven_of_it(tmp_path, capsys):
    out = tmp_path / "out"
    assert run("build", f"{YARD}@fewer", "--out", out) == exits.PROMISE_BROKEN  # one camera less does not meet the needs
    assert json.loads((out / "manifest.json").read_text("utf-8"))["variant"] == "fewer"
    assert run("verify", out, "--plan", f"{YARD}@fewer") == exits.OK
    assert run("draw", f"{YARD}@fewer", "-o", tmp_path / "all.pdf") == exits.OK
    assert (tmp_path / "all.pdf").read_bytes() == (out / "site.pdf").read_bytes()
    assert run("verify", out, "--plan", f"{YARD}@fewer", "--variant", "more") == exits.WRONG_USE
    assert "give one of them" in capsys.readouterr().err


def test_a_variant_that_the_plan_has_not_is_named(capsys):
    assert run("cover", f"{YARD}@none") == exits.PROMISE_BROKEN
    assert "variants are: fewer" in capsys.readouterr().err


def test_placement_does_not_write_a_variant_into_the_plan_itself(folder, capsys):
    before = (folder / "plan.yaml").read_bytes()
    assert run("place", f"{folder}@fewer", "--count", "1", "--write") == exits.WRONG_USE
    assert "--write-variant NAME" in capsys.readouterr().err
    assert (folder / "plan.yaml").read_bytes() == before


def test_the_planner_opens_with_it(monkeypatch, capsys):
    served, shown = [], []

    def interrupted(path, listener):
        served.append(path)
        listener.close()
        raise KeyboardInterrupt

    monkeypatch.setattr(server, "run", interrupted)
    monkeypatch.setattr(webbrowser, "open", shown.append)
    assert run("serve", f"{YARD}@fewer", "--port", "0", "--open") == exits.OK
    assert served == [YARD / "plan.yaml"]
    assert shown[0].endswith("/?variant=fewer")
    assert shown[0] in capsys.readouterr().out
    assert run("serve", f"{YARD}@none", "--port", "0") == exits.PROMISE_BROKEN
