"""`seamline contract new`, `release`, `retire` and `diff`: a product's life from its first line to its last device."""

import json
import subprocess
import sys

import pytest

from seamline.cli import exits, main

DAY = ("--date", "2026-11-21")


@pytest.fixture
def product(tmp_path, capsys):
    """A product with 0.1.0 released, and 0.2.0 being written."""
    folder = tmp_path / "pump"
    assert main(["contract", "new", str(folder)]) == exits.OK
    assert main(["contract", "release", str(folder), *DAY]) == exits.OK
    change(folder, ("version: 0.1.0", "version: 0.2.0"))
    capsys.readouterr()
    return folder


def change(folder, *pieces):
    path = folder / "contract.yaml"
    text = path.read_text()
    for old, new in pieces:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text)


def test_a_new_contract_holds_and_is_never_overwritten(tmp_path, capsys):
    folder = tmp_path / "pump"
    assert main(["contract", "new", str(folder)]) == exits.OK
    text = (folder / "contract.yaml").read_text()
    assert "product: pump\n" in text
    assert main(["contract", "check", str(folder)]) == exits.OK
    (folder / "contract.yaml").write_text("mine")
    assert main(["contract", "new", str(folder)]) == exits.WRONG_USE
    assert (folder / "contract.yaml").read_text() == "mine"
    assert main(["contract", "new", str(tmp_path / "x"), "--product", "valve"]) == exits.OK
    assert "product: valve\n" in (tmp_path / "x" / "contract.yaml").read_text()
    capsys.readouterr()


@pytest.mark.parametrize("name", ["Pump", "seamline", "a b", "x: y", "1"])
def test_a_name_that_is_none_writes_nothing(name, tmp_path, capsys):
    assert main(["contract", "new", str(tmp_path / "x"), "--product", name]) == exits.WRONG_USE
    assert "cannot be a product's name" in capsys.readouterr().err
    assert not (tmp_path / "x").exists()


def test_a_folder_that_cannot_be_made_is_said(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert main(["contract", "new", str(tmp_path / "file" / "pump")]) == exits.BAD_INSTALLATION
    assert capsys.readouterr().err.count("\n") == 1


def test_a_release_says_what_it_wrote_and_the_second_nothing(product, capsys):
    assert main(["contract", "release", str(product), *DAY]) == exits.OK
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("pump/0.2.0 is released (fingerprint ")
    assert [line.rpartition("/")[2] for line in said[1:]] == ["0.2.0.yaml", "registry.jsonl"]
    assert main(["contract", "release", str(product)]) == exits.OK
    assert "was released before; nothing changed" in capsys.readouterr().out


def test_a_version_is_in_the_field_from_its_release_on(product, capsys):
    for released, field in ((False, "0.1.0"), (True, "0.1.0, 0.2.0")):
        if released:
            main(["contract", "release", str(product), *DAY])
            capsys.readouterr()
        assert main(["contract", "check", str(product)]) == exits.OK
        assert capsys.readouterr().out == f"pump/0.2.0: no problem; in the field: {field}\n"


def test_a_refused_release_names_every_problem(product, capsys):
    change(product, ("conflict: cloud_wins", "conflict: newest"))
    assert main(["contract", "release", str(product), *DAY]) == exits.PROMISE_BROKEN
    said = capsys.readouterr()
    assert "SL323 state.interval.conflict: cloud_wins → newest breaks both ways (0.1.0, 0.2.0)" in said.out
    assert said.err == f"seamline: {product} is not released: it has 1 problem\n"
    assert not (product / "released" / "0.2.0.yaml").exists()


def test_a_place_that_cannot_be_written_is_said(product, capsys):
    (product / "released" / ".0.2.0.yaml.new").mkdir()
    assert main(["contract", "release", str(product), *DAY]) == exits.BAD_INSTALLATION
    assert "cannot be written" in capsys.readouterr().err


def test_a_version_is_retired_when_the_fleet_has_no_device_of_it(product, hub, capsys):
    retire = ["contract", "retire", str(product), "0.1.0", "--fleet", hub.url, *DAY]
    for counts, extra, text in (
        ({"pump/0.1.0": 3, "pump/0.2.0": 9}, [], "0.1.0 stays in the field: 3 devices have it"),
        ({"pump/0.2.0": 9, "unknown": 2}, [], "2 of the hub's devices have never said their version"),
    ):
        hub.answers["/api/summary"] = (200, {"by_contract": counts})
        assert main([*retire, *extra]) == exits.PROMISE_BROKEN
        assert text in capsys.readouterr().err
    assert main([*retire, "--despite-unheard"]) == exits.OK
    assert capsys.readouterr().out == "pump/0.1.0 has left the field: no device of the fleet has it\n"
    change(product, ("conflict: cloud_wins", "conflict: newest"))
    assert main(["contract", "check", str(product)]) == exits.OK
    assert "in the field: none" in capsys.readouterr().out


def test_a_folder_with_problems_retires_nothing(product, hub, capsys):
    change(product, ("jitter: full", "jitter: none"))
    assert main(["contract", "retire", str(product), "0.1.0", "--fleet", hub.url]) == exits.PROMISE_BROKEN
    assert "0.1.0 stays in the field: the folder has 1 problem" in capsys.readouterr().err


def test_a_date_is_a_date(product, capsys):
    assert main(["contract", "release", str(product), "--date", "tomorrow"]) == exits.WRONG_USE
    assert "'tomorrow' is no date: write 2026-11-21" in capsys.readouterr().err


def test_a_difference_is_told_by_category_with_its_verdict(product, capsys):
    change(product, ("conflict: cloud_wins", "conflict: newest"), ("layout: 1 ", "layout: 2 "))
    assert main(["contract", "diff", f"{product}@0.1.0", str(product)]) == exits.PROMISE_BROKEN
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line in {"WIRE", "MEANING", "BEHAVIOUR", "SOURCE"}] == ["WIRE", "BEHAVIOUR", "SOURCE"]
    assert any(line.startswith("breaking  state.interval.conflict  cloud_wins → newest") for line in lines)
    assert lines[-1] == "pump/0.1.0 → pump/0.2.0: 3 differences, 1 breaking"


def test_a_difference_as_json_has_its_place(product, capsys):
    file = str(product / "released" / "0.1.0.yaml")
    assert main(["contract", "diff", file, f"{product}@0.2.0", "--json"]) == exits.OK
    said = json.loads(capsys.readouterr().out)
    (each,) = said["differences"]
    assert (said["old"], said["new"]) == ("pump/0.1.0", "pump/0.2.0")
    assert (each["category"], each["path"], each["breaking"], each["firmware"]) == ("source", "version", False, ["0.2.0"])
    assert each["place"]["file"] == str(product / "contract.yaml")


def test_a_contract_does_not_differ_from_itself(product, capsys):
    assert main(["contract", "diff", str(product), str(product)]) == exits.OK
    assert capsys.readouterr().out.splitlines()[-1] == "pump/0.2.0 → pump/0.2.0: 0 differences, none breaking"


def test_what_cannot_be_compared_is_said(product, capsys):
    assert main(["contract", "diff", f"{product}@0.7.0", str(product)]) == exits.PROMISE_BROKEN
    assert "has no version 0.7.0; released are 0.1.0, contract.yaml is 0.2.0" in capsys.readouterr().err
    assert main(["contract", "diff", "nowhere.yaml", str(product)]) == exits.PROMISE_BROKEN
    assert "SL002" in capsys.readouterr().out


def test_the_whole_way_as_a_user_goes_it(tmp_path):
    def seamline(*words):
        done = subprocess.run(
            [sys.executable, "-m", "seamline", "contract", *words], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert "Traceback" not in done.stderr
        return done.returncode

    assert seamline("new", "pump") == exits.OK
    assert seamline("release", "pump", *DAY) == exits.OK
    assert seamline("check", "pump", "--format", "sarif") == exits.OK
    change(tmp_path / "pump", ("version: 0.1.0", "version: 0.2.0"), ("scale: 0.01", "scale: 0.1"), ("[-40, 85]", "[-40, 80]"))
    assert seamline("check", "pump") == exits.PROMISE_BROKEN
    assert seamline("diff", "pump@0.1.0", "pump/contract.yaml") == exits.PROMISE_BROKEN
