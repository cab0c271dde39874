"""The workflow of examples/ci: what it runs is run here, and what it uploads and shows is there afterwards."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[3]
WORKFLOW = yaml.safe_load((ROOT / "examples" / "ci" / "github-actions.yml").read_text())
STEPS = WORKFLOW["jobs"]["gate"]["steps"]


def step(name):
    (found,) = (each for each in STEPS if each.get("name", "").startswith(name))
    return found


def run(script, folder, **env):
    """Run a step as GitHub does: bash, ending at the first command that fails."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    given = {
        **os.environ,
        "PATH": path,
        "PRODUCT": "heater",
        "FLEET": "",
        "GITHUB_STEP_SUMMARY": str(folder / "summary.md"),
        **env,
    }
    return subprocess.run(
        ["bash", "-eo", "pipefail", "-c", script], cwd=folder, env=given, capture_output=True, text=True, check=False
    )


@pytest.fixture
def checkout(tmp_path):
    (tmp_path / "heater").symlink_to(ROOT / "examples" / "heater")
    return tmp_path


def test_the_gate_passes_and_its_report_is_where_the_steps_look_for_it(checkout):
    done = run(step("Gate")["run"], checkout, STAGE="build")
    assert done.returncode == 0, done.stderr
    assert "heater/1.3.0 passes build" in done.stdout
    assert run(step("Summary")["run"], checkout).returncode == 0
    told = (checkout / "summary.md").read_text()
    assert told.startswith("<!-- seamline gate heater -->\n## ✅ heater 1.3.0 passes `build`\n")
    kept = checkout / step("Keep")["with"]["path"]
    assert {file.name for file in kept.iterdir()} == {"gate.html", "gate.xml", "gate.md", "gate.json"}


def test_a_product_that_does_not_pass_fails_the_step_and_leaves_the_report(checkout):
    (checkout / "broken").mkdir()
    text = (ROOT / "examples" / "heater" / "contract.yaml").read_text()
    (checkout / "broken" / "contract.yaml").write_text(text.replace("capacity: 512 KiB", "capacity: 64 KiB"))
    done = run(step("Gate")["run"], checkout, PRODUCT="broken", STAGE="build")
    assert done.returncode == 1
    assert "SL208" in done.stdout
    assert "does not pass `build`" in (checkout / "gate-report" / "gate.md").read_text()
    annotated = run(step("Annotate")["run"], checkout, PRODUCT="broken")
    assert annotated.returncode == 0
    assert annotated.stdout.startswith("::error file=broken/contract.yaml,line=")


# -- which steps run -------------------------------------------------------------------------------------------------------


def runs(name, folder, *, event="pull_request", head="me/products", failed=False):
    """Whether GitHub would run a step: its condition has the operators and functions that are named here, and no others."""
    text = step(name).get("if", "success()").replace("&&", " and ").replace("||", " or ")
    payload = {"pull_request": {"head": {"repo": {"full_name": head}}}} if event == "pull_request" else {}
    for path in re.findall(r"github(?:\.\w+)+", text):
        value = {"event_name": event, "repository": "me/products", "event": payload}
        for part in path.split(".")[1:]:
            value = (value or {}).get(part)
        text = text.replace(path, repr(value), 1)
    known = {
        "always": lambda: True,
        "success": lambda: not failed,
        "hashFiles": lambda pattern: "".join(str(path) for path in folder.glob(pattern.replace("/**", "/**/*"))),
    }
    return bool(eval(text, {"__builtins__": {}}, known))


@pytest.fixture
def reported(tmp_path):
    (tmp_path / "gate-report").mkdir()
    (tmp_path / "gate-report" / "gate.md").write_text("<!-- seamline gate heater -->\n## told\n")
    return tmp_path


def test_what_tells_of_a_failure_runs_after_one(reported):
    assert all(runs(name, reported, failed=True) for name in ("Summary", "Comment", "Keep"))
    assert not runs("Gate", reported, failed=True)


def test_a_gate_that_wrote_no_report_is_the_only_step_that_fails(checkout):
    done = run(step("Gate")["run"], checkout, PRODUCT="nowhere", STAGE="build")
    assert done.returncode == 2
    assert "nowhere" in done.stderr
    assert not any(runs(name, checkout, failed=True) for name in ("Summary", "Comment", "Keep"))


def test_only_a_pull_request_from_the_own_repository_gets_a_comment(reported):
    assert runs("Comment", reported)
    assert not runs("Comment", reported, head="stranger/products")
    assert not runs("Comment", reported, head=None)
    assert not runs("Comment", reported, event="push")
    assert all(runs(name, reported, head="stranger/products") for name in ("Summary", "Keep"))


def test_a_comment_that_fails_fails_no_job_and_a_gate_that_fails_does():
    assert [each["name"] for each in STEPS if each.get("continue-on-error")] == ["Comment"]


# -- the comment -----------------------------------------------------------------------------------------------------------

GH = '''#!{python}
"""`gh`, as far as the step uses it: lists comments through jq where there is one, and notes everything else."""
import json, os, pathlib, shutil, subprocess, sys

here = pathlib.Path(__file__).parent
asked = sys.argv[1:]
if "--jq" not in asked:
    with open(here / "done.jsonl", "a") as done:
        done.write(json.dumps(asked) + "\\n")
    sys.exit()
assert asked[:3] == ["api", "--paginate", "repos/me/products/issues/7/comments"], asked
comments, program = (here / "comments.json").read_text(), asked[asked.index("--jq") + 1]
if shutil.which("jq"):
    sys.exit(subprocess.run(["jq", "-r", program], input=comments, text=True).returncode)
for each in json.loads(comments):
    if each["user"]["login"] == "github-actions[bot]":
        print(each["id"], each["body"].split("\\n")[0].rstrip("\\r"))
'''
BOT = "github-actions[bot]"
NEW = ["pr", "comment", "7", "--body-file", "gate-report/gate.md"]


def edit(number):
    path = f"repos/me/products/issues/comments/{number}"
    return ["api", "--silent", "--method", "PATCH", path, "--field", "body=@gate-report/gate.md"]


@pytest.mark.parametrize(
    ("comments", "does"),
    [
        ([], NEW),
        ([(1, BOT, "## coverage: 90 %")], NEW),
        ([(1, BOT, "<!-- seamline gate pump -->\n## pump"), (2, "somebody", "<!-- seamline gate heater -->\n## heater")], NEW),
        ([(1, BOT, "it says\n<!-- seamline gate heater -->")], NEW),
        ([(1, BOT, "<!-- seamline gate heater -->\n## heater"), (2, BOT, "## coverage: 90 %")], edit(1)),
        ([(1, BOT, "<!-- seamline gate pump -->\n## pump"), (2, BOT, "<!-- seamline gate heater -->\r\n## heater")], edit(2)),
    ],
    ids=["none", "another workflow's", "of others", "within", "its own, not the last", "its own, as a browser sends it"],
)
def test_the_comment_of_this_products_gate_is_edited_and_no_other(comments, does, reported, tmp_path):
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    (bin_ / "gh").write_text(GH.replace("{python}", sys.executable))
    (bin_ / "gh").chmod(0o755)
    listed = [{"id": number, "user": {"login": who}, "body": body} for number, who, body in comments]
    (bin_ / "comments.json").write_text(json.dumps(listed))
    path = f"{bin_}{os.pathsep}{os.environ['PATH']}"
    given = {"PATH": path, "NUMBER": "7", "GITHUB_REPOSITORY": "me/products", "OURS": step("Comment")["env"]["OURS"]}
    done = run(step("Comment")["run"], reported, **given)
    assert (done.returncode, done.stderr) == (0, "")
    assert [json.loads(line) for line in (bin_ / "done.jsonl").read_text().splitlines()] == [does]


def test_it_may_comment_and_nothing_else():
    assert WORKFLOW["permissions"] == {"contents": "read", "pull-requests": "write"}


def test_what_it_installs_is_what_the_gate_needs():
    assert "seamline[hub]" in step("Install")["run"]
    assert {"heater"} == {WORKFLOW["env"]["PRODUCT"]}
