"""`seamline contract check` and `explain`: each problem at its place, in the form that was asked for."""

import json
import subprocess
import sys
from pathlib import Path

import jsonschema_rs
import pytest

from seamline.cli import exits, main
from seamline.contract.rules import RULES

BASE = (Path(__file__).parents[1] / "contract" / "base.yaml").read_text(encoding="utf-8")
EXAMPLES = Path(__file__).parents[3] / "examples"
PLACE = {
    "type": "object",
    "required": ["artifactLocation", "region"],
    "properties": {
        "artifactLocation": {"required": ["uri"], "properties": {"uri": {"type": "string", "format": "uri-reference"}}},
        "region": {
            "required": ["startLine", "startColumn", "endLine", "endColumn"],
            "additionalProperties": {"type": "integer", "minimum": 1},
        },
    },
}
LOCATION = {"required": ["physicalLocation"], "properties": {"physicalLocation": PLACE}}
TEXT = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string", "minLength": 1}}}
SARIF = {
    "type": "object",
    "required": ["version", "runs"],
    "properties": {
        "version": {"const": "2.1.0"},
        "runs": {
            "minItems": 1,
            "items": {
                "required": ["tool", "results"],
                "properties": {
                    "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
                    "tool": {
                        "required": ["driver"],
                        "properties": {
                            "driver": {
                                "required": ["name"],
                                "properties": {"rules": {"items": {"required": ["id"], "properties": {"shortDescription": TEXT, "help": TEXT}}}},
                            }
                        },
                    },
                    "results": {
                        "items": {
                            "required": ["message"],
                            "properties": {
                                "message": TEXT,
                                "level": {"enum": ["none", "note", "warning", "error"]},
                                "ruleIndex": {"type": "integer", "minimum": 0},
                                "locations": {"items": LOCATION},
                                "relatedLocations": {"items": LOCATION},
                            },
                        }
                    },
                },
            },
        },
    },
}  # fmt: skip
"""What SARIF 2.1.0 (OASIS, appendix "schema") requires of the parts that are written here."""


@pytest.fixture
def broken(tmp_path):
    """A contract with two mistakes: a fleet that cannot come back, and a device less patient than the hub."""
    path = tmp_path / "a, b.yaml"
    path.write_text(BASE.replace("value: 12 s", "value: 7 s").replace("recovery: 60 s", "recovery: 19 s"), encoding="utf-8")
    return path


def test_what_holds_is_said_in_a_line(capsys):
    assert main(["contract", "check", str(EXAMPLES / "heater"), str(EXAMPLES / "heater" / "contract.yaml")]) == exits.OK
    assert capsys.readouterr().out.splitlines() == [
        "heater/1.3.0: no problem; in the field: 1.2.0, 1.3.0",
        "heater/1.3.0: no problem in this file",
    ]


def test_problems_are_told_with_place_code_fix_and_related_places(broken, capsys):
    assert main(["contract", "check", str(broken)]) == exits.PROMISE_BROKEN
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(f"{broken}:9:")
    assert " SL206 " in lines[0]
    assert lines[1].startswith("    fix: ")
    assert " SL203 " in lines[2]
    assert lines[3].startswith(f"    {broken}:")
    assert lines[-1] == "2 problems; `seamline contract explain CODE` says more about each code"


def test_a_missing_path_is_a_problem_and_no_traceback(tmp_path, capsys):
    assert main(["contract", "check", str(tmp_path / "nothing.yaml")]) == exits.PROMISE_BROKEN
    assert "SL002" in capsys.readouterr().out


def test_json_holds_every_problem(broken, capsys):
    assert main(["contract", "check", "--format", "json", str(broken)]) == exits.PROMISE_BROKEN
    first, second = json.loads(capsys.readouterr().out)["problems"]
    assert (first["code"], first["file"], first["line"]) == ("SL206", str(broken), 9)
    assert second["related"][0].keys() == {"file", "line", "column", "end_line", "end_column", "message"}
    assert main(["contract", "check", "--format", "json", str(EXAMPLES / "heater")]) == exits.OK
    assert json.loads(capsys.readouterr().out) == {"problems": []}


def test_github_annotations_escape_what_would_end_them(broken, capsys):
    assert main(["contract", "check", "--format", "github", str(broken)]) == exits.PROMISE_BROKEN
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith(f"::error file={str(broken).replace(',', '%2C')},line=9,col=")
    assert ",title=SL206::" in first
    assert "%0Afix: " in second


@pytest.mark.parametrize("absolute", [True, False])
def test_sarif_has_what_its_schema_requires(absolute, broken, capsys, monkeypatch):
    monkeypatch.chdir(broken.parent)
    assert main(["contract", "check", "--format", "sarif", str(broken) if absolute else broken.name]) == exits.PROMISE_BROKEN
    log = json.loads(capsys.readouterr().out)
    jsonschema_rs.validate(SARIF, log)
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [rules[each["ruleIndex"]]["id"] for each in run["results"]] == [each["ruleId"] for each in run["results"]]
    uri = run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == (broken.as_uri() if absolute else "a%2C%20b.yaml")


def test_the_fleet_decides_what_is_in_the_field(hub, capsys, tmp_path):
    (tmp_path / "contract.yaml").write_text(BASE, encoding="utf-8")
    for by_contract, code, text in (
        ({"lamp/2.1.0": 4, "unknown": 1, "torch/1.0.0": 2}, exits.OK, "lamp/2.1.0: no problem; in the field: 2.1.0 (4)"),
        ({"lamp/2.0.0": 4}, exits.PROMISE_BROKEN, "SL324 devices in the field have 2.0.0 (4 of them)"),
    ):
        hub.answers["/api/summary"] = (200, {"by_contract": by_contract})
        assert main(["contract", "check", str(tmp_path), "--fleet", hub.url]) == code
        assert text in capsys.readouterr().out


@pytest.mark.parametrize("answer", [{}, {"by_contract": []}, {"by_contract": {"lamp/1.0.0": "many"}}])
def test_a_hub_that_does_not_count_is_not_a_fleet_of_none(answer, hub, capsys, tmp_path):
    (tmp_path / "contract.yaml").write_text(BASE, encoding="utf-8")
    hub.answers["/api/summary"] = (200, answer)
    assert main(["contract", "check", str(tmp_path), "--fleet", hub.url]) == exits.UNREACHABLE
    assert "does not say how many devices" in capsys.readouterr().err


def test_checking_starts_without_what_it_does_not_need(tmp_path):
    (tmp_path / "lamp.yaml").write_text(BASE, encoding="utf-8")
    heavy = ("numpy", "psycopg", "asyncio", "http.client", "urllib.request", "shtab", "difflib", "seamline.contract.codegen")
    program = (
        f"import sys; from seamline.cli import main; code = main(['contract', 'check', {str(tmp_path / 'lamp.yaml')!r}]); "
        f"found = set({heavy!r}) & set(sys.modules); sys.exit(str(found) if found else code)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("code", RULES)
def test_every_rule_is_explained(code, capsys):
    assert main(["contract", "explain", code.lower()]) == exits.OK
    said = capsys.readouterr().out
    assert said.startswith(f"{code}: {RULES[code].title}\n")
    assert ("Breaks it:" in said) == bool(RULES[code].bad)
    assert main(["contract", "explain", code, "--json"]) == exits.OK
    assert json.loads(capsys.readouterr().out)["why"] == RULES[code].why


def test_all_rules_are_listed(capsys):
    assert main(["contract", "explain"]) == exits.OK
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == list(RULES)


@pytest.mark.parametrize(
    ("code", "text"), [("SL2O3", "did you mean SL"), ("203", None), ("SL9999", "lists them all"), ("banana", "lists them all")]
)
def test_an_unknown_code_names_the_nearest(code, text, capsys):
    assert main(["contract", "explain", code]) == exits.PROMISE_BROKEN
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert text is None or text in said
    assert text is not None or "SL203" in said
