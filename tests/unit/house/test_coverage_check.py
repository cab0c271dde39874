"""The floors of coverage: a package below its own is named with what it misses, and one that is not there does not hold."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, strategies as st
from tools import coverage_check
from tools.coverage_check import FLOOR, FLOORS, Count, counts, judge, package_of

ROOT = Path(__file__).parents[3]


def report(**files):
    """Coverage's JSON report: path → (statements, of which ran, branches, of which ran)."""
    names = ("num_statements", "covered_lines", "num_branches", "covered_branches")
    return {"files": {path: {"summary": dict(zip(names, figures, strict=True))} for path, figures in files.items()}}


FULL = {f"src/seamline/{package}/__init__.py": (10, 10, 4, 4) for package in FLOORS}


@pytest.mark.parametrize(
    ("path", "package"),
    [
        ("src/seamline/hub/api/app.py", "hub"),
        ("src/seamline/contract/__init__.py", "contract"),
        ("/home/x/seamline/src/seamline/contract/codegen/c/x.py", "contract"),
        ("/home/x/seamline/src/seamline/__main__.py", None),
        ("src/seamline/__init__.py", None),
        ("elsewhere/hub/app.py", None),
    ],
)
def test_a_file_belongs_to_the_package_right_below_seamline(path, package):
    assert package_of(path) == package


def test_packages_at_their_floors_hold_and_have_a_line_each(capsys):
    document = report(**FULL, **{"src/seamline/hub/a.py": (90, 80, 10, 10), "src/seamline/__main__.py": (9, 0, 0, 0)})
    assert judge(counts(document)) == []
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(FLOORS) + 1
    assert "ok   hub         90.00 % of    100, at least 90 %" in lines


def test_one_missed_branch_is_too_much_where_everything_must_run(capsys):
    document = report(**FULL | {"src/seamline/device/frame.py": (9_999, 9_999, 9_999, 9_998)})
    assert judge(counts(document)) == ["device"]
    out = capsys.readouterr().out
    assert "FAIL device" in out
    assert "   1 missed in src/seamline/device/frame.py" in out


def test_what_misses_most_is_named_first_and_what_misses_nothing_not_at_all(capsys):
    document = report(
        **FULL,
        **{
            "src/seamline/hub/a.py": (10, 5, 0, 0),
            "src/seamline/hub/b.py": (10, 1, 0, 0),
            "src/seamline/hub/c.py": (10, 10, 0, 0),
        },
    )
    assert judge(counts(document)) == ["hub"]
    named = [line.split()[-1] for line in capsys.readouterr().out.splitlines() if "missed in" in line]
    assert named == ["src/seamline/hub/b.py", "src/seamline/hub/a.py"]


def test_a_package_that_was_not_measured_does_not_hold(capsys):
    assert judge(counts(report(**{"src/seamline/hub/a.py": (10, 10, 0, 0)}))) == sorted(FLOORS)
    assert judge({}) == sorted(FLOORS)


@given(st.lists(st.tuples(st.integers(0, 500), st.integers(0, 500)), max_size=6))
def test_counts_add_up_to_a_share_between_none_and_all(pairs):
    made = [Count(there + ran, ran) for there, ran in pairs]
    total = sum(made, Count())
    assert 0 <= total.percent <= 100
    assert total.missed == sum(there for there, _ in pairs)
    assert (total.percent == 100) == (total.missed == 0)


def test_every_package_has_a_floor_and_the_devices_is_everything():
    assert FLOORS["device"] == FLOORS["contract"] == 100
    assert 90 <= FLOOR <= 100


def test_what_was_measured_in_several_processes_is_joined(tmp_path, monkeypatch, capsys):
    package = tmp_path / "seamline" / "hub"
    package.mkdir(parents=True)
    (tmp_path / "seamline" / "__init__.py").touch()
    (package / "__init__.py").write_text("import sys\nif sys.argv[1:]:\n    told = 1\nelse:\n    told = 0\n")
    (tmp_path / "pyproject.toml").write_text('[tool.coverage.run]\nbranch = true\nparallel = true\nsource_pkgs = ["seamline"]\n')
    (tmp_path / "run.py").write_text("import seamline.hub\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(coverage_check, "ROOT", tmp_path)
    monkeypatch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)
    monkeypatch.delenv("COVERAGE_FILE", raising=False)
    for argument in ([], ["more"]):
        command = [sys.executable, "-m", "coverage", "run", "--rcfile=pyproject.toml", "run.py", *argument]
        subprocess.run(command, check=True, env={"PYTHONPATH": str(tmp_path), "PATH": "/usr/bin:/bin"})
    assert coverage_check.main() == 1
    out = capsys.readouterr().out
    assert "ok   hub        100.00 %" in out
    assert "FAIL device" in out


def test_without_anything_measured_the_remedy_is_named(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text("[tool.coverage.run]\nparallel = true\n")
    monkeypatch.setattr(coverage_check, "ROOT", tmp_path)
    assert coverage_check.main() == 2
    assert capsys.readouterr().err.endswith("; run `make test` first\n")


def test_a_chosen_part_of_the_tests_is_not_held_to_the_floors():
    def commands(*arguments):
        done = subprocess.run(["make", "-n", "test", *arguments], cwd=ROOT, capture_output=True, text=True, check=True)
        return done.stdout

    assert "coverage run -m pytest" in commands()
    assert "tools/coverage_check.py" in commands()
    chosen = commands("ARGS=-k ledger")
    assert "coverage" not in chosen
    assert "-k ledger" in chosen
