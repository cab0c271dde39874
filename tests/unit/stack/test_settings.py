"""Settings: defaults, file, environment; nothing unknown and nothing impossible is taken silently."""

from __future__ import annotations

from pathlib import Path

import pytest

from seamline.stack import Settings, SettingsError, load_settings
from seamline.stack.settings import READERS, check


@pytest.fixture
def load(tmp_path):
    def make(toml=None, **environ):
        if toml is not None:
            (tmp_path / "seamline.toml").write_text(toml)
        return load_settings(environ={"SEAMLINE_STATE": str(tmp_path), **environ})

    return make


def test_every_setting_can_be_read_from_a_file():
    assert set(READERS) == set(Settings.__slots__)


def test_defaults_stand_alone(load, tmp_path):
    assert load() == Settings(state=tmp_path)


def test_the_file_is_obeyed_and_the_environment_goes_over_it(load, tmp_path):
    toml = (
        'http_port = 9000\nmqtt_port = 8883\ncontracts = ["heater", "/abs"]\nchildren = ["broker"]\nhub = {retention_days = 7}\n'
    )
    made = load(toml, SEAMLINE_MQTT_PORT="8884", SEAMLINE_READY_TIMEOUT_S="1.5", SEAMLINE_HTTP_PORT_FIXED="true")
    assert (made.http_port, made.mqtt_port, made.ready_timeout_s, made.http_port_fixed) == (9000, 8884, 1.5, True)
    assert made.contracts == (tmp_path / "heater", Path("/abs"))
    assert (made.children, made.hub) == (("broker",), {"retention_days": 7})


def test_lists_in_variables_are_parted_as_paths_and_names_are(load):
    made = load(SEAMLINE_CONTRACTS="/a:/b", SEAMLINE_CHILDREN="broker,auth")
    assert made.contracts == (Path("/a"), Path("/b"))
    assert made.children == ("broker", "auth")


def test_a_state_directory_on_the_command_line_goes_over_all_and_brings_its_own_file(load, tmp_path):
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "seamline.toml").write_text("http_port = 7777\n")
    (tmp_path / "seamline.toml").write_text("http_port = 6666\n")
    made = load_settings(mine, environ={"SEAMLINE_STATE": str(tmp_path)})
    assert (made.state, made.http_port) == (mine, 7777)


def test_a_file_elsewhere_is_named_by_a_variable(load, tmp_path):
    other = tmp_path / "other.toml"
    other.write_text("http_port = 1234\n")
    assert load(SEAMLINE_SETTINGS=str(other)).http_port == 1234
    with pytest.raises(SettingsError, match=r"none\.toml: cannot be read"):
        load(SEAMLINE_SETTINGS=str(tmp_path / "none.toml"))


def test_variables_of_other_parts_are_left_alone(load, tmp_path):
    assert load(SEAMLINE_URL="http://x", SEAMLINE_TEST_NO_SKIPS="1") == Settings(state=tmp_path)


@pytest.mark.parametrize(
    ("toml", "environ", "message"),
    [
        ("htp_port = 1\n", {}, r"seamline\.toml: unknown setting htp_port; known are children, contracts"),
        (None, {"SEAMLINE_HTP_PORT": "1"}, "SEAMLINE_HTP_PORT: unknown setting htp_port"),
        ("http_port = 'x'\n", {}, r"seamline\.toml: http_port cannot be 'x'"),
        ("http_port = true\n", {}, "http_port cannot be True"),
        ("http_port = 80.5\n", {}, "http_port cannot be 80.5"),
        ("contracts = [1]\n", {}, r"contracts cannot be \[1\]"),
        ("hub = 3\n", {}, "hub cannot be 3"),
        (None, {"SEAMLINE_MQTT_PORT": "many"}, "SEAMLINE_MQTT_PORT: mqtt_port cannot be 'many'"),
        (None, {"SEAMLINE_READY_TIMEOUT_S": "inf"}, "ready_timeout_s cannot be 'inf'"),
        (None, {"SEAMLINE_READY_TIMEOUT_S": "soon"}, "ready_timeout_s cannot be 'soon'"),
        (None, {"SEAMLINE_HTTP_PORT_FIXED": "maybe"}, "http_port_fixed cannot be 'maybe'"),
        ("http_port = \n", {}, r"seamline\.toml: not TOML: .*line 1"),
    ],
)
def test_what_cannot_be_obeyed_is_named_with_its_place(load, toml, environ, message):
    with pytest.raises(SettingsError, match=message):
        load(toml, **environ)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (Settings(http_host="0.0.0.0"), "loopback only, for there are no accounts yet"),
        (Settings(http_port=70_000), "http_port 70000: a port from 1 to 65535"),
        (Settings(mqtt_port=-1), "mqtt_port -1"),
        (Settings(children=("broker", "kitchen")), "children kitchen: known are broker, postgres, auth, hub"),
        (Settings(dsn="mysql://x"), "dsn: a postgresql:// URL expected"),
        (Settings(mqtt_url="mqtts://broker:8883"), "mqtt_url: a broker of your own is not supported yet"),
        (Settings(contracts=(Path("/nonexistent/x"),)), "contracts: /nonexistent/x does not exist"),
    ],
)
def test_what_cannot_work_is_refused_before_anything_starts(settings, message):
    with pytest.raises(SettingsError, match=message):
        check(settings)
