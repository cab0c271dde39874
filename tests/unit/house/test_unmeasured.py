"""What a module leaves unmeasured is missing from coverage's figures, with the processes that it starts, and nothing else is."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import coverage
import pytest

ROOT = Path(__file__).parents[3]
NAMES = ("before", "between", "after")
FUNCTION = """
def {name}():
    return "{name}"

def {name}_in_a_process():
    return "{name}, in a process"
"""
SETTINGS = "[tool.coverage.run]\nbranch = true\nsource_pkgs = ['probed']\nparallel = true\npatch = ['subprocess']\n"
MODULE = """
import subprocess, sys
import pytest
from probed import {name}

pytestmark = {mark}

def test_it():
    {name}()
    subprocess.run([sys.executable, "-c", "import probed; probed.{name}_in_a_process()"], check=True)
"""
LEFT_OUT = 'pytest.mark.usefixtures("unmeasured")'


@pytest.fixture
def checkout(tmp_path):
    """Three modules, the second of which is left out, and the code that they call."""
    (tmp_path / "probed.py").write_text("".join(FUNCTION.format(name=name) for name in NAMES))
    (tmp_path / "pyproject.toml").write_text(SETTINGS)
    shutil.copy(ROOT / "tests" / "conftest.py", tmp_path / "conftest.py")
    for number, name in enumerate(NAMES):
        text = MODULE.format(name=name, mark=LEFT_OUT if name == "between" else "[]")
        (tmp_path / f"test_{number}.py").write_text(text)
    return tmp_path


def test_a_module_is_left_out_and_its_neighbours_on_the_same_worker_are_measured(checkout):
    env = {name: value for name, value in os.environ.items() if not name.startswith(("COVERAGE_", "PYTEST_"))}
    env |= {"PYTHONPATH": str(checkout), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    command = [sys.executable, "-m", "coverage", "run", "-m", "pytest", "-p", "xdist.plugin", "-n", "1", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=checkout, env=env, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    measured = coverage.Coverage(data_file=str(checkout / ".coverage"), config_file=str(checkout / "pyproject.toml"))
    measured.combine([str(checkout)])
    code = (checkout / "probed.py").read_text().splitlines()
    ran = {code[number - 1].strip() for number in measured.get_data().lines(str(checkout / "probed.py"))}
    told = {line for line in ran if line.startswith("return")}
    assert told == {f'return "{name}{process}"' for name in ("before", "after") for process in ("", ", in a process")}
