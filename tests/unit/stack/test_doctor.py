"""`doctor` on a machine with nothing running: each trouble is found, named and given its remedy."""

from __future__ import annotations

import json
import resource
import types

import pytest

from seamline.stack import Settings, checks_machine, checks_running, doctor
from seamline.stack.finding import Finding, Verdict
from seamline.stack.ports import PortClaims
from seamline.stack.statedir import StateDir, write_object


@pytest.fixture
def state(tmp_path, monkeypatch):
    monkeypatch.delenv("SEAMLINE_STATE", raising=False)
    made = StateDir(tmp_path / "state")
    made.make()
    return made


def only(check, settings):
    (finding,) = check(settings)
    return finding


def test_a_sound_installation_has_exit_code_zero_and_says_so(state, capsys):
    assert doctor.main(state=state.root) == 0
    out = capsys.readouterr().out
    assert "ok    python" in out
    assert out.endswith("nothing is wrong\n")


def test_findings_are_one_json_document(state, capsys):
    assert doctor.main(state=state.root, as_json=True) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["ok"] is True
    assert {"python", "broker program", "database program", "state directory"} <= {one["name"] for one in document["checks"]}


def test_a_failed_check_has_exit_code_five_and_a_remedy(state, capsys):
    state.root.chmod(0o755)
    assert doctor.main(state=state.root) == 5
    out = capsys.readouterr().out
    assert f"fail  state directory: {state.root} is open to other users\n      → chmod 700 {state.root}\n" in out
    assert out.endswith("something is wrong, see above\n")


def test_settings_that_cannot_be_read_are_a_finding(state, capsys):
    state.path("seamline.toml").write_text("colour = 1\n")
    assert doctor.main(state=state.root) == 5
    assert "fail  settings:" in capsys.readouterr().out


def test_missing_programs_are_found(state, monkeypatch):
    monkeypatch.setenv("SEAMLINE_NATS_SERVER", "/nonexistent")
    monkeypatch.setenv("SEAMLINE_POSTGRES_BIN", "/nonexistent")
    settings = Settings(state=state.root)
    assert only(checks_machine.check_broker_program, settings).verdict is Verdict.FAIL
    assert only(checks_machine.check_database_program, settings).verdict is Verdict.FAIL
    given = Settings(state=state.root, dsn="postgresql://x/y")
    assert only(checks_machine.check_database_program, given).verdict is Verdict.IDLE


@pytest.mark.parametrize(("version", "verdict"), [("v2.9.25", Verdict.FAIL), ("v2.10.0", Verdict.OK), ("v2.15.1", Verdict.OK)])
def test_a_broker_too_old_for_authorisation_is_found(state, monkeypatch, version, verdict):
    monkeypatch.setattr(checks_machine, "version_of", lambda _program: version)
    assert only(checks_machine.check_broker_program, Settings(state=state.root)).verdict is verdict


def test_a_database_too_old_is_found(state, monkeypatch):
    monkeypatch.setattr(checks_machine, "version_of", lambda _program: "14.11")
    finding = only(checks_machine.check_database_program, Settings(state=state.root))
    assert (finding.verdict, finding.remedy) == (Verdict.FAIL, "use PostgreSQL 15 or newer")


def test_missing_packages_are_found(state, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "nats" else object())
    assert only(checks_machine.check_python, Settings()) == Finding(
        "packages", Verdict.FAIL, "missing: nats", "pip install 'seamline[hub]'"
    )


@pytest.mark.parametrize(("free", "verdict"), [(1 << 20, Verdict.FAIL), (1 << 30, Verdict.WARN), (1 << 40, Verdict.OK)])
def test_a_disk_that_is_nearly_full_is_found(state, monkeypatch, free, verdict):
    monkeypatch.setattr("shutil.disk_usage", lambda _path: types.SimpleNamespace(free=free))
    assert only(checks_machine.check_space, Settings(state=state.root)).verdict is verdict


def test_secrets_open_to_others_are_found(state):
    state.path("secrets.json").write_text("{}")
    state.path("secrets.json").chmod(0o644)
    assert only(checks_machine.check_state, Settings(state=state.root)).found == "open to other users: secrets.json"


@pytest.mark.parametrize(("hard", "verdict"), [(1024, Verdict.WARN), (20_000, Verdict.OK), (resource.RLIM_INFINITY, Verdict.OK)])
def test_a_low_limit_of_open_files_is_found(monkeypatch, hard, verdict):
    monkeypatch.setattr("resource.getrlimit", lambda _which: (256, hard))
    assert only(checks_machine.check_open_files, Settings()).verdict is verdict


def test_a_clock_that_cannot_be_is_found(monkeypatch):
    monkeypatch.setattr("time.time", lambda: 0.0)
    assert only(checks_machine.check_clock, Settings()).verdict is Verdict.FAIL


def test_a_clock_nobody_keeps_right_is_a_warning(monkeypatch):
    monkeypatch.setattr(checks_machine, "clock_synchronised", lambda: False)
    assert only(checks_machine.check_clock, Settings()).verdict is Verdict.WARN


def test_a_path_too_long_for_a_socket_is_a_warning(tmp_path):
    assert only(checks_machine.check_socket, Settings(state=tmp_path / ("x" * 100))).verdict is Verdict.WARN


def test_a_kept_port_that_was_taken_is_found(state):
    claims = PortClaims()
    port = claims.any_port()
    try:
        write_object(state.path("ports.json"), {"mqtt": port})
        assert only(checks_running.check_ports, Settings(state=state.root)).verdict is Verdict.OK
    finally:
        claims.release()


def test_parts_that_do_not_answer_are_found(state):
    write_object(
        state.path("run.json"),
        {
            "pid": 1,
            "pids": {"broker": 1, "auth": 1, "hub": 1},
            "nats_url": "nats://hub:x@127.0.0.1:1",
            "dsn": "postgresql://x@127.0.0.1:1/y",
            "url": "http://127.0.0.1:1",
        },
    )
    findings = {one.name: one for one in doctor.examine(Settings(state=state.root), checks_running.CHECKS)}
    assert {name for name, one in findings.items() if one.verdict is Verdict.FAIL} == {
        "broker",
        "authorisation",
        "database",
        "hub",
    }
    assert all(one.remedy for one in findings.values() if one.verdict is Verdict.FAIL)


def test_a_run_file_left_by_a_dead_stack_counts_as_nothing_running(state):
    write_object(state.path("run.json"), {"pid": 2**22 + 1, "url": "http://127.0.0.1:1"})
    findings = list(doctor.examine(Settings(state=state.root), checks_running.CHECKS))
    assert not [one for one in findings if one.verdict is Verdict.FAIL]


def test_a_check_that_breaks_off_is_a_finding(state):
    def check_moon(_settings):
        raise OSError("out of reach")

    assert list(doctor.examine(Settings(state=state.root), [check_moon])) == [
        Finding("moon", Verdict.FAIL, "out of reach", "see the message")
    ]
