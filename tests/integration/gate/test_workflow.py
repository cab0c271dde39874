"""The workflow of examples/ci: what it runs is run here, and what it uploads and shows is there afterwards."""

import os
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
    assert (checkout / "summary.md").read_text().startswith("## ✅ heater 1.3.0 passes `build`")
    kept = checkout / step("Keep")["with"]["path"]
    assert {file.name for file in kept.iterdir()} == {"gate.html", "gate.xml", "gate.md", "gate.json"}
    assert f"--body-file {kept.name}/gate.md" in step("Comment")["run"]


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


def test_what_tells_of_a_failure_runs_after_one():
    assert all("always()" in step(name)["if"] for name in ("Summary", "Comment", "Keep"))


def test_it_may_comment_and_nothing_else():
    assert WORKFLOW["permissions"] == {"contents": "read", "pull-requests": "write"}


def test_what_it_installs_is_what_the_gate_needs():
    assert "seamline[hub]" in step("Install")["run"]
    assert {"heater"} == {WORKFLOW["env"]["PRODUCT"]}
