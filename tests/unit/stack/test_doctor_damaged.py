"""`doctor` on what is damaged, about to end, or half there: a finding with its remedy each time, and never a traceback."""

from __future__ import annotations

import datetime as dt
import itertools
import json
import os

import pytest
from cryptography import x509
from hypothesis import HealthCheck, given, settings as hypothesis, strategies as st

from seamline.stack import Settings, ca as ca_module, checks_machine, checks_running, doctor
from seamline.stack.ca import DevelopmentCa
from seamline.stack.errors import StackError
from seamline.stack.finding import Finding, Verdict
from seamline.stack.statedir import StateDir, write_object


@pytest.fixture
def state(tmp_path, monkeypatch):
    monkeypatch.delenv("SEAMLINE_STATE", raising=False)
    made = StateDir(tmp_path / "state")
    made.make()
    return made


def only(check, state, **more):
    (finding,) = check(Settings(state=state.root, **more))
    return finding


@pytest.mark.parametrize(
    ("life", "verdict"),
    [
        (dt.timedelta(days=100), Verdict.OK),
        (dt.timedelta(days=20), Verdict.WARN),
        (dt.timedelta(seconds=-1), Verdict.FAIL),
    ],
)
def test_a_certificate_near_its_end_or_past_it_is_found(state, monkeypatch, life, verdict):
    monkeypatch.setattr(ca_module, "BACKDATED", dt.timedelta(days=400))
    monkeypatch.setattr(ca_module, "LEAF_LIFE", life)
    DevelopmentCa(state)
    finding = only(checks_running.check_certificate, state)
    assert finding.verdict is verdict
    assert bool(finding.remedy) == (verdict is not Verdict.OK)


@pytest.mark.parametrize("content", [b"", b"nonsense", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
def test_a_torn_certificate_is_found_and_mended_at_the_next_start(state, content, capsys):
    DevelopmentCa(state)
    path = state.path("ca", "server.pem")
    path.write_bytes(content)
    finding = only(checks_running.check_certificate, state)
    assert finding == Finding("certificates", Verdict.FAIL, f"{path} is no certificate", "restart: it is made anew at the start")
    assert doctor.main(state=state.root) == 5
    DevelopmentCa(state)
    assert only(checks_running.check_certificate, state).verdict is Verdict.OK
    assert x509.load_pem_x509_certificate(path.read_bytes())


def test_before_the_first_start_there_is_nothing_to_find(state):
    assert only(checks_running.check_certificate, state).verdict is Verdict.IDLE
    assert only(checks_running.check_stack, state).verdict is Verdict.IDLE
    assert only(checks_running.check_ports, state).found == "none chosen yet"
    for check in (
        checks_running.check_broker,
        checks_running.check_authorisation,
        checks_running.check_database,
        checks_running.check_hub,
    ):
        assert list(check(Settings(state=state.root))) == []


def test_a_page_open_to_others_is_a_failure_even_when_it_answers(state):
    run = {"pid": os.getpid(), "pids": {"hub": os.getpid()}, "url": "http://192.0.2.1:1"}
    write_object(state.path("run.json"), run)
    first, *_ = itertools.islice(checks_running.check_hub(Settings(state=state.root)), 1)
    assert first.verdict is Verdict.FAIL
    assert first.found == "http://192.0.2.1:1 is open to others, and there are no accounts yet"


def test_a_given_database_is_asked_too_and_its_silence_named(state):
    write_object(state.path("run.json"), {"pid": os.getpid()})
    finding = only(checks_running.check_database, state, dsn="postgresql://x@127.0.0.1:1/y?connect_timeout=1")
    assert (finding.verdict, finding.remedy) == (Verdict.FAIL, "see log/postgres.log, or the server of --dsn")
    assert "\n" not in finding.found


@pytest.mark.parametrize("name", ["run.json", "ports.json"])
@pytest.mark.parametrize("content", ["{", "[]", "\xff"])
def test_a_damaged_file_of_ours_is_a_finding_that_names_it(state, name, content, capsys):
    state.path(name).write_bytes(content.encode("latin-1"))
    state.path(name).chmod(0o600)
    assert doctor.main(state=state.root, as_json=True) == 5
    failed = [one for one in json.loads(capsys.readouterr().out)["checks"] if one["verdict"] == "fail"]
    assert failed
    assert all(name in one["found"] for one in failed)


@pytest.mark.parametrize("pid", [None, "7", 0, -1, 2**22 + 1, 2**70, 1.5])
def test_a_run_file_that_names_no_living_process_means_nothing_runs(state, pid):
    write_object(state.path("run.json"), {"pid": pid, "url": "http://127.0.0.1:1", "pids": {"hub": 1}})
    assert only(checks_running.check_stack, state).verdict is Verdict.IDLE


KIND = st.none() | st.booleans() | st.integers(-5, 2**40) | st.text(max_size=5) | st.lists(st.integers(), max_size=2)


@hypothesis(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(
    st.dictionaries(
        st.sampled_from(["pid", "pids", "nats_url", "dsn", "mqtt_port"]), KIND | st.dictionaries(st.text(max_size=4), KIND)
    )
)
def test_no_run_file_breaks_the_examination(state, run):
    asked = {name for name in ("nats_url", "dsn") if isinstance(run.get(name), str)}  # no address of any kind is to be asked
    write_object(state.path("run.json"), {name: value for name, value in run.items() if name not in asked})
    for one in doctor.examine(Settings(state=state.root), checks_running.CHECKS):
        assert one.found


def test_a_state_directory_that_cannot_be_made_is_found(tmp_path):
    (tmp_path / "file").write_text("")
    (finding,) = checks_machine.check_state(Settings(state=tmp_path / "file" / "state"))
    assert finding.verdict is Verdict.FAIL
    assert finding.found.endswith("file is not writable")


def test_a_state_directory_to_be_made_is_no_trouble(tmp_path):
    assert next(iter(checks_machine.check_state(Settings(state=tmp_path / "a" / "b")))).found.endswith("a/b, to be made")


def test_a_state_directory_of_another_user_is_found(state, monkeypatch):
    monkeypatch.setattr("os.geteuid", lambda: os.getuid() + 1)
    first, *_ = checks_machine.check_state(Settings(state=state.root))
    assert (first.verdict, first.remedy) == (Verdict.FAIL, "choose another with --state")


def test_with_a_database_of_ones_own_no_socket_is_looked_at(state):
    assert list(checks_machine.check_socket(Settings(state=state.root, dsn="postgresql://x/y"))) == []


def test_a_clock_that_cannot_be_asked_is_not_complained_of(monkeypatch):
    monkeypatch.setattr(checks_machine, "clock_synchronised", lambda: None)
    assert [one.verdict for one in checks_machine.check_clock(Settings())] == [Verdict.OK]


def test_lines_for_people_carry_the_remedy_below_what_was_found():
    findings = [Finding("a", Verdict.OK, "good"), Finding("b", Verdict.FAIL, "bad", "mend it")]
    assert list(doctor.table(findings)) == ["ok    a: good", "fail  b: bad", "      → mend it"]


def test_a_check_that_meets_trouble_does_not_hide_the_others():
    def check_first(_settings):
        raise StackError("broken")

    def check_second_thing(_settings):
        yield Finding("second thing", Verdict.OK, "good")

    first, second = doctor.examine(Settings(), [check_first, check_second_thing])
    assert (first.name, first.verdict, second.verdict) == ("first", Verdict.FAIL, Verdict.OK)
