"""`seamline contract gen` and `map`: files as the contract says, written only where they differ."""

from pathlib import Path

import pytest

from seamline.cli import exits, main
from seamline.cli.contract_stamp import stamped
from seamline.contract import load
from seamline.contract.codegen import TARGETS
from seamline.contract.evolution.fingerprint import fingerprint

HEATER = Path(__file__).parents[3] / "examples" / "heater"


def gen(target, out, *more):
    return main(["contract", "gen", target, str(HEATER), "--out", str(out), *more])


def test_what_is_generated_is_stamped_and_not_written_again(tmp_path, capsys):
    assert gen("sql", tmp_path) == exits.OK
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert files
    for path in files:
        assert f"heater/1.3.0, contract fingerprint {fingerprint(load(HEATER / 'contract.yaml'))}" in path.read_text()
    before = {path: path.stat().st_mtime_ns for path in files}
    capsys.readouterr()
    assert gen("sql", tmp_path) == exits.OK
    assert {path: path.stat().st_mtime_ns for path in files} == before
    assert "nothing changed" in capsys.readouterr().out


def test_check_writes_nothing_and_names_what_differs(tmp_path, capsys):
    assert gen("sql", tmp_path, "--check") == exits.PROMISE_BROKEN
    assert not list(tmp_path.iterdir())
    assert gen("sql", tmp_path) == exits.OK
    assert gen("sql", tmp_path, "--check") == exits.OK
    (edited, *_) = (path for path in tmp_path.rglob("*") if path.is_file())
    edited.write_text(edited.read_text() + "\n")
    capsys.readouterr()
    assert gen("sql", tmp_path, "--check") == exits.PROMISE_BROKEN
    assert f"differs: {edited}" in capsys.readouterr().out


@pytest.mark.parametrize("target", TARGETS)
def test_every_target_can_be_generated_of_every_version(target, tmp_path, capsys):
    assert gen(target, tmp_path / "now") == exits.OK
    assert gen(target, tmp_path / "then", "--version", "1.2.0") == exits.OK
    assert any(path.is_file() for path in (tmp_path / "then").rglob("*"))
    capsys.readouterr()


def test_what_is_not_there_is_said(tmp_path, capsys):
    assert gen("fortran", tmp_path) == exits.WRONG_USE
    assert f"the targets are: {', '.join(TARGETS)}" in capsys.readouterr().err
    assert gen("sql", tmp_path, "--version", "9.9.9") == exits.PROMISE_BROKEN
    assert "heater has no version 9.9.9; there are: 1.2.0, 1.3.0" in capsys.readouterr().err
    assert main(["contract", "gen", "sql", str(tmp_path), "--out", str(tmp_path)]) == exits.PROMISE_BROKEN
    assert "nothing was generated" in capsys.readouterr().err


def test_a_place_that_cannot_be_written_is_said(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert gen("sql", tmp_path / "file") == exits.BAD_INSTALLATION
    assert "cannot be written" in capsys.readouterr().err


def test_the_map_is_drawn_to_a_file_or_printed(tmp_path, capsys):
    out = tmp_path / "docs" / "heater.svg"
    assert main(["contract", "map", str(HEATER), "--out", str(out)]) == exits.OK
    assert "<svg" in out.read_text()
    capsys.readouterr()
    assert main(["contract", "map", str(HEATER), "--format", "mermaid"]) == exits.OK
    assert "heater/1.3.0" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "text", "line", "begins"),
    [
        ("a.h", "int a;\n", 0, "/* heater/1.3.0"),
        ("a.py", "a = 1\n", 0, "# heater/1.3.0"),
        ("a.svg", '<?xml version="1.0"?>\n<svg/>\n', 1, "<!-- heater/1.3.0"),
        ("a.html", "<!doctype html>\n<p>\n", 1, "<!-- heater/1.3.0"),
        ("a.mmd", "flowchart LR\n", 0, "%% heater/1.3.0"),
    ],
)
def test_the_stamp_is_a_comment_where_the_file_allows_one(name, text, line, begins):
    result = stamped(name, text, load(HEATER / "contract.yaml"))
    lines = result.splitlines()
    assert lines[line].startswith(begins)
    assert [each for at, each in enumerate(lines) if at != line] == text.splitlines()


def test_json_has_no_stamp():
    assert stamped("a.json", "{}", load(HEATER / "contract.yaml")) == "{}"
