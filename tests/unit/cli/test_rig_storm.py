"""`seamline rig storm`: the table, the verdict with its exit code, the picture, and one clear error for what cannot be meant."""

import json
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from seamline.cli import exits, main

EXAMPLES = Path(__file__).parents[3] / "examples"
HEATER = str(EXAMPLES / "heater")
SMALL = ["rig", "storm", HEATER, "--devices", "500", "--outage", "0"]


@pytest.fixture
def crowded(tmp_path):
    """The folder of a product whose broker is far too slow for its fleet."""
    text = (EXAMPLES / "heater" / "contract.yaml").read_text(encoding="utf-8")
    assert "accept_rate: 800/s" in text
    (tmp_path / "contract.yaml").write_text(text.replace("accept_rate: 800/s", "accept_rate: 40/s"), encoding="utf-8")
    return ["rig", "storm", str(tmp_path), "--devices", "6000", "--outage", "0", "--policy", "fixed"]


def test_the_table_has_a_row_for_each_policy_and_the_verdict_follows(capsys):
    assert main(SMALL) == exits.OK
    said = capsys.readouterr().out
    assert "500 devices of heater/1.3.0 come back in the same second" in said
    for title in (
        "Seamline, the spread the hub tells",
        "Seamline, the contract's own spread",
        "full jitter, no first spread",
        "every 5 s",
    ):
        assert title in said
    assert "The smallest first-reconnect spread that holds is" in said
    assert "Given up" not in said
    assert said.rstrip().endswith("Within the contract's limits.")


def test_a_storm_that_does_not_hold_says_what_to_change_and_fails(capsys):
    """The contract check refuses such a contract (SL206); here it holds for its own fleet and is asked about a larger one."""
    assert main(["rig", "storm", HEATER, "--devices", "90000", "--outage", "0", "--policy", "fixed"]) == exits.PROMISE_BROKEN
    said = capsys.readouterr().out
    assert "Not within the contract's limits:" in said
    assert "first-reconnect spread that holds" in said
    assert "90,000 devices" in said
    assert "Change fleet.accept_rate: " in said
    assert "Change fleet.recovery: " in said
    assert "instead of 800/s" in said


def test_a_storm_that_was_given_up_says_so_below_the_table(capsys, monkeypatch):
    monkeypatch.setattr(sys.modules["seamline.rig.storm.plan"], "smallest_spread_ms", lambda *_: None)
    monkeypatch.setattr(sys.modules["seamline.rig.storm.plan"], "advise", lambda *_: ())
    assert main(["rig", "storm", HEATER, "--devices", "200000", "--outage", "0", "--policy", "fixed"]) == exits.PROMISE_BROKEN
    said = capsys.readouterr().out
    (row,) = [line for line in said.splitlines() if line.startswith("every 5 s ")]
    assert row.endswith("no: recovery, broker, tries")
    ours = "Seamline, the spread the hub tells; Seamline, the contract's own spread"
    assert f"\nGiven up after 8 attempts each, before everybody was back: {ours}; every 5 s.\n" in said


def test_where_no_spread_holds_that_is_said(capsys, monkeypatch):
    monkeypatch.setattr(sys.modules["seamline.rig.storm.plan"], "smallest_spread_ms", lambda *_: None)
    assert main([*SMALL, "--policy", "fixed"]) == exits.OK
    assert "There is no first-reconnect spread that holds; the hub tells " in capsys.readouterr().out


def test_a_contract_that_does_not_hold_is_refused_with_its_place(capsys, crowded):
    assert main(crowded) == exits.WRONG_USE
    said = capsys.readouterr().err
    assert "contract.yaml:" in said
    assert "SL206" in said


def test_a_contract_without_fleet_numbers_is_refused_with_its_place(capsys, tmp_path):
    lines = (EXAMPLES / "heater" / "contract.yaml").read_text(encoding="utf-8").splitlines(keepends=True)
    (tmp_path / "contract.yaml").write_text("".join(line for line in lines if not line.startswith("fleet:")), encoding="utf-8")
    assert main(["rig", "storm", str(tmp_path)]) == exits.WRONG_USE
    said = capsys.readouterr().err
    assert "contract.yaml:2:1 SL102" in said
    assert "'fleet'" in said


def test_json_is_one_document(capsys):
    assert main([*SMALL, "--policy", "fixed", "--json"]) == exits.OK
    document = json.loads(capsys.readouterr().out)
    assert document["format"] == "seamline-storm/1"
    assert document["terms"]["devices"] == 500
    assert [one["name"] for one in document["policies"]] == ["told", "declared", "fixed"]


def test_the_seed_is_said_and_changes_the_waits(capsys):
    told = []
    for seed in ("1", "2"):
        assert main([*SMALL, "--policy", "fixed", "--json", "--seed", seed]) == exits.OK
        told.append(json.loads(capsys.readouterr().out))
    assert [document["seed"] for document in told] == [1, 2]
    assert told[0]["policies"][1]["last_ms"] != told[1]["policies"][1]["last_ms"]


@pytest.mark.parametrize("name", ["storm.svg", "storm.html"])
def test_the_picture_is_written_where_it_is_asked_for(capsys, tmp_path, name):
    path = tmp_path / name
    assert main([*SMALL, "--out", str(path)]) == exits.OK
    assert f"drawn: {path}" in capsys.readouterr().out
    drawn = path.read_text(encoding="utf-8")
    assert "500 devices of heater/1.3.0" in drawn
    if name.endswith(".svg"):
        ET.fromstring(drawn)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--devices", "0"], "0 is not between 1 and 10000000"),
        (["--devices", "-4"], "-4 is not between"),
        (["--devices", "many"], "'many' is not a whole number"),
        (["--outage", "5y"], "'5y' is no length of time"),
        (["--policy", "often"], "policy: 'often' is not known; there are told, declared"),
        (["--out", "storm.png"], "storm.png: end its name in .svg or .html"),
    ],
)
def test_what_cannot_be_meant_is_one_line(capsys, options, said):
    try:
        code = main(["rig", "storm", HEATER, *options])
    except SystemExit as end:
        code = end.code
    assert code == exits.WRONG_USE
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


def test_a_folder_without_a_contract_is_named(capsys, tmp_path):
    assert main(["rig", "storm", str(tmp_path)]) == exits.WRONG_USE
    assert f"{tmp_path}/contract.yaml:1:1" in capsys.readouterr().err


def test_a_picture_that_cannot_be_written_is_an_installation_problem(capsys, tmp_path):
    assert main([*SMALL, "--policy", "fixed", "--out", str(tmp_path / "no" / "storm.svg")]) == exits.BAD_INSTALLATION
    assert "the picture cannot be written" in capsys.readouterr().err


def test_without_numpy_the_extra_is_named(capsys, monkeypatch):
    for name in [name for name in sys.modules if name.startswith("seamline.rig.storm")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "numpy", None)
    assert main(SMALL) == exits.MISSING_EXTRA
    assert "pip install 'seamline[hub]'" in capsys.readouterr().err
