"""`seamline device add`: certificates by name, told with the command that uses them."""

import json

from seamline.hub.auth.snapshot import read_snapshot
from seamline.stack import enrol


def test_a_device_gets_its_files_and_is_let_in(tmp_path, capsys, monkeypatch):
    monkeypatch.delenv("SEAMLINE_STATE", raising=False)
    assert enrol.main(state=tmp_path / "s", product="heater", devices=["kitchen", "hall"], as_json=True) == 0
    first = json.loads(capsys.readouterr().out)
    assert [one["device"] for one in first] == ["kitchen", "hall"]
    assert all((tmp_path / "s").joinpath(one[name]).is_file() for one in first for name in ("cert", "key", "ca"))
    assert set(read_snapshot(tmp_path / "s" / "identities.jsonl")) == {"kitchen", "hall"}
    key = (tmp_path / "s").joinpath(first[0]["key"]).read_bytes()
    assert enrol.main(state=tmp_path / "s", product="heater", devices=["kitchen"]) == 0
    assert (tmp_path / "s").joinpath(first[0]["key"]).read_bytes() == key, "a second time changes nothing"
    assert "seamline agent run --contract CONTRACT --device kitchen" in capsys.readouterr().out


def test_an_id_that_no_topic_can_carry_is_refused_before_anything_is_written(tmp_path, capsys):
    assert enrol.main(state=tmp_path / "s", product="heater", devices=["good", "not good"]) == 2
    assert "'not good'" in capsys.readouterr().err
    assert not list((tmp_path / "s").glob("ca/devices/*"))


def test_a_state_directory_that_cannot_be_is_told(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert enrol.main(state=tmp_path / "file" / "s", product="heater", devices=["a"]) == 5
    assert str(tmp_path / "file") in capsys.readouterr().err
