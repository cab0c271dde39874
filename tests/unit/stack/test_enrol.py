"""`seamline device add`: certificates by name, told with the command that uses them."""

import json
import shlex
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from seamline.agent.node import prepare
from seamline.cli.parser import build
from seamline.contract import load
from seamline.hub.auth.snapshot import read_snapshot
from seamline.stack import enrol

EXAMPLES = Path(__file__).parents[3] / "examples"


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch):
    monkeypatch.delenv("SEAMLINE_STATE", raising=False)
    monkeypatch.delenv("SEAMLINE_SETTINGS", raising=False)


def ran_once(state, *folders, port=21_234):
    """A state directory from which a hub has run with these contracts."""
    state.mkdir(exist_ok=True)
    told = {"mqtt_port": port, "contracts": [str(folder) for folder in folders]}
    (state / "settings.json").write_text(json.dumps(told))
    return state


def commands(out):
    """What a shell reads in the output: the words of each command; comments are none."""
    lines = out.replace("\\\n", " ").splitlines()
    return [words for words in (shlex.split(line, comments=True) for line in lines) if words]


def test_a_device_gets_its_files_and_is_let_in(tmp_path, capsys):
    assert enrol.main(state=tmp_path / "s", product="heater", devices=["kitchen", "hall"], as_json=True) == 0
    first = json.loads(capsys.readouterr().out)
    assert [one["device"] for one in first] == ["kitchen", "hall"]
    assert all((tmp_path / "s").joinpath(one[name]).is_file() for one in first for name in ("cert", "key", "ca"))
    assert set(read_snapshot(tmp_path / "s" / "identities.jsonl")) == {"kitchen", "hall"}
    key = (tmp_path / "s").joinpath(first[0]["key"]).read_bytes()
    assert enrol.main(state=tmp_path / "s", product="heater", devices=["kitchen"]) == 0
    assert (tmp_path / "s").joinpath(first[0]["key"]).read_bytes() == key, "a second time changes nothing"


@pytest.mark.parametrize("product", ["heater", "labmeter", "trailcam"])
def test_the_command_that_is_told_is_taken_by_the_agent_as_it_stands(product, tmp_path, capsys):
    state = ran_once(tmp_path / "a 'state' of mine", *(EXAMPLES / name for name in ("heater", "labmeter", "trailcam")))
    assert enrol.main(state=state, product=product, devices=["kitchen", "hall"]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    for device, (program, *words) in zip(("kitchen", "hall"), commands(said.out), strict=True):
        assert program == "seamline"
        setup = prepare(build().parse_args(words))
        assert (setup.device, setup.contract.product) == (device, product)
        assert (setup.endpoint.host, setup.endpoint.port) == ("127.0.0.1", 21_234)


def test_of_several_kinds_of_readings_one_is_named_and_of_one_none():
    contract = load(EXAMPLES / "heater" / "contract.yaml")
    reading, vitals = contract.messages["reading"], contract.messages["vitals"]

    def told(**messages):
        return enrol.message_option(replace(contract, messages=messages))

    assert told(reading=reading, vitals=vitals) == ""
    assert told(one=reading, other=reading, vitals=vitals) == "--message one "
    assert told(vitals=vitals) == "--message vitals "


def test_the_port_is_that_of_the_stack_that_runs(tmp_path, capsys):
    state = ran_once(tmp_path / "s", EXAMPLES / "heater")
    (state / "run.json").write_text('{"mqtt_port": 22222}')
    assert enrol.main(state=state, product="heater", devices=["a"], as_json=True) == 0
    (one,) = json.loads(capsys.readouterr().out)
    assert one["url"] == "mqtts://127.0.0.1:22222"
    assert one["contract"] == str(EXAMPLES / "heater" / "contract.yaml")


def test_before_the_first_start_what_is_not_known_yet_is_said(tmp_path, capsys):
    assert enrol.main(state=tmp_path / "s", product="heater", devices=["a"]) == 0
    said = capsys.readouterr()
    assert "--contract CONTRACT --device a --url mqtts://127.0.0.1:PORT" in said.out
    assert said.err.startswith("seamline: CONTRACT and PORT cannot be named: no hub has served a contract from ")
    assert f"`seamline up --state {tmp_path / 's'} --contracts FOLDER`" in said.err


def test_a_product_that_is_not_served_gets_no_certificate(tmp_path, capsys):
    state = ran_once(tmp_path / "s", EXAMPLES / "heater", EXAMPLES / "labmeter")
    assert enrol.main(state=state, product="nosuch", devices=["zz"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(
        "seamline: --product nosuch: no contract that is served here is of it (there are heater, labmeter);"
    )
    assert "serve it first" in said.err
    assert not list(state.glob("ca/devices/*"))
    assert not (state / "identities.jsonl").exists()


def test_contracts_named_in_the_settings_count_before_the_first_start(tmp_path, capsys):
    state = tmp_path / "s"
    state.mkdir()
    (state / "seamline.toml").write_text(f'contracts = ["{EXAMPLES / "heater"}"]\n')
    assert enrol.main(state=state, product="trailcam", devices=["zz"]) == 2
    assert "(there are heater)" in capsys.readouterr().err
    assert enrol.main(state=state, product="heater", devices=["a"]) == 0
    assert capsys.readouterr().err.startswith("seamline: PORT cannot be named: ")


def test_a_served_folder_that_is_broken_since_is_named(tmp_path, capsys):
    folder = tmp_path / "heater"
    shutil.copytree(EXAMPLES / "heater", folder)
    state = ran_once(tmp_path / "s", folder)
    (folder / "contract.yaml").write_text("product: [\n")
    assert enrol.main(state=state, product="heater", devices=["a"]) == 2
    said = capsys.readouterr().err
    assert "(there are none that hold)" in said
    assert f"{folder} cannot be read: `seamline contract check {folder}`" in said


def test_an_id_that_no_topic_can_carry_is_refused_before_anything_is_written(tmp_path, capsys):
    assert enrol.main(state=tmp_path / "s", product="heater", devices=["good", "not good"]) == 2
    assert "'not good'" in capsys.readouterr().err
    assert not list((tmp_path / "s").glob("ca/devices/*"))


def test_a_state_directory_that_cannot_be_is_told(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert enrol.main(state=tmp_path / "file" / "s", product="heater", devices=["a"]) == 5
    assert str(tmp_path / "file") in capsys.readouterr().err
