"""Starting and ending: in every way a process may be started or killed, nothing is left and nothing is half made."""

from __future__ import annotations

import asyncio
import json
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil
import psycopg
import pytest

from seamline.stack import Settings, Stack, StackError, StateError, doctor
from seamline.stack.launch import NOBODY
from seamline.stack.ports import is_free
from seamline.testing.stack import PARTS, stack
from seamline.testing.wait import until

SOURCE = Path(__file__).resolve().parents[3] / "src"
HOLD = Path(__file__).with_name("hold.py")
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(SOURCE), "PYTHONDONTWRITEBYTECODE": "1"}


class Held:
    """A stack in a process of its own."""

    def __init__(self, state, *prefix, **environment):
        self.process = subprocess.Popen(
            [*prefix, sys.executable, HOLD, state],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**ENVIRONMENT, **environment},
        )

    def told(self):
        line = self.process.stdout.readline()
        assert line, "the stack's process ended without a word"
        return json.loads(line)

    def end(self):
        self.process.communicate()
        return self.process.returncode

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def folder():
    """A short-named folder that other users may reach, unlike pytest's own."""
    made = Path(tempfile.mkdtemp(prefix="seam-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


def of_state(state):
    """Every process that has to do with a state directory."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid() and (str(state) in " ".join(process.cmdline()) or str(state) in process.cwd()):
                found.append(process.pid)
        except psutil.Error:
            continue
    return found


def test_nothing_is_left_when_the_stacks_process_is_killed_and_the_next_one_starts_at_once(folder):
    state = folder / "state"
    with Held(state) as first:
        told = first.told()
        family = psutil.Process(told["pid"]).children(recursive=True)
        assert {process.pid for process in family} >= set(told["pids"].values())
        assert len(family) > 6  # the database's own processes are among them
        first.process.kill()
        first.process.wait()
        with Held(state) as second:
            assert second.told()["starts"] == 2
            until(lambda: not any(process.is_running() for process in family), "the end of the first stack's processes")
            assert second.end() == 0
    until(lambda: not of_state(state), "the end of everything")


def test_nothing_is_left_when_the_stacks_process_is_killed_while_it_starts(folder):
    state = folder / "state"
    for wait_s in (0.25, 0.35, 0.45, 0.6, 0.8):
        with Held(state) as held:
            with pytest.raises(subprocess.TimeoutExpired):
                held.process.wait(wait_s)
            held.process.kill()
        until(lambda: not of_state(state), "the end of everything")
    with Held(state) as last:
        assert last.told()["starts"] >= 1
        assert last.end() == 0
    assert not list((state / "postgres").glob("new-*"))


def test_a_cluster_whose_making_was_cut_short_is_made_anew(folder):
    state = folder / "state"
    half = state / "postgres" / "new-1" / "base"
    half.mkdir(parents=True)
    (half / "torn").write_bytes(b"\0" * 100)
    with stack(children=("postgres",), state=state) as running, psycopg.connect(running.dsn) as connection:
        assert connection.execute("select 1").fetchone() == (1,)
    assert not half.exists()


def test_two_stacks_run_at_once_and_a_state_directory_is_never_shared(folder):
    with stack(children=PARTS, state=folder / "a") as first, stack(children=PARTS, state=folder / "b") as second:
        assert len({first.mqtt_port, second.mqtt_port, first.http_port, second.http_port}) == 4
        with pytest.raises(StateError, match=rf"in use by another stack \(process {os.getpid()}\)"):
            Stack(Settings(state=folder / "a", children=PARTS)).start()
        with psycopg.connect(first.dsn) as connection:
            assert connection.execute("select 1").fetchone() == (1,)


def test_a_stack_ends_cleanly_and_fast_and_leaves_no_process(folder):
    with stack(children=PARTS, state=folder / "s") as running:
        ports = (running.mqtt_port, running.broker.nats_port)
        idle = psycopg.connect(running.dsn)
    assert not of_state(folder)
    assert all(is_free(port) for port in ports)
    assert not (folder / "s" / "run.json").exists()
    assert "database system is shut down" in (folder / "s" / "log" / "postgres.log").read_text()
    idle.close()


def test_run_json_names_the_processes_and_follows_a_restart(folder):
    with stack(children=("broker",), state=folder) as running:
        path = folder / "run.json"
        assert json.loads(path.read_text())["pids"] == {"broker": running.pid("broker")}
        assert path.stat().st_mode & 0o777 == 0o600
        running.kill("broker")
        running.wait_ready()
        until(lambda: json.loads(path.read_text())["pids"] == {"broker": running.pid("broker")}, "the new number")


def test_a_stack_works_inside_an_event_loop(folder):
    async def run():
        async with Stack(Settings(state=folder, http_port=0, children=("broker",))) as running:
            return running.pid("broker")

    assert asyncio.run(run())


def ordinary():
    """What turns a command into an ordinary user's, and that user's number; nothing is needed when we are one."""
    if os.geteuid() != 0:
        return [], os.geteuid()
    drop = ["setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups", "--no-new-privs"]
    reach = "import os, psycopg, sys; sys.exit(not os.access(sys.executable, os.X_OK))"
    if subprocess.run([*drop, sys.executable, "-c", reach], capture_output=True, check=False).returncode == 0:
        return drop, NOBODY
    # The environment lies in a home others may not enter: let the user pass through, and write nowhere.
    return [*drop, "--inh-caps", "-all,+dac_read_search", "--ambient-caps", "-all,+dac_read_search"], NOBODY


def test_an_ordinary_user_can_run_it(folder):
    prefix, user = ordinary()
    if prefix:
        os.chown(folder, user, user)
    with Held(folder / "state", *prefix, HOME=str(folder)) as held:
        told = held.told()
        assert "error" not in told, told
        assert told["uid"] == user
        assert held.end() == 0
    assert not of_state(folder)


def test_a_user_without_a_name_can_run_it(folder):
    nameless = next(number for number in range(61_000, 62_000) if not has_name(number))
    become = ["unshare", "--user", f"--map-user={nameless}", f"--map-group={nameless}"]
    with Held(folder / "state", *become, HOME=str(folder)) as held:
        told = held.told()
        assert "error" not in told, told
        assert held.end() == 0
    assert not of_state(folder)


def has_name(number):
    try:
        pwd.getpwuid(number)
    except KeyError:
        return False
    return True


def test_it_runs_where_user_namespaces_are_forbidden_and_the_data_is_found_where_they_are_not(monkeypatch):
    monkeypatch.setattr("seamline.stack.postgres.namespaces_allowed", lambda: False)
    closed = Path(tempfile.mkdtemp(prefix="seam-"))  # 0700: nobody else may enter, as with /root
    try:
        with stack(children=("postgres",), state=closed / "state") as running:
            user = Path(f"/proc/{running.pid('postgres')}").stat().st_uid
            assert user == (NOBODY if os.geteuid() == 0 else os.geteuid())
            with psycopg.connect(running.dsn) as connection:
                connection.execute("create table kept as select 5 as n")
            running.kill("postgres")
            running.wait_ready()
        monkeypatch.undo()
        with stack(children=("postgres",), state=closed / "state") as running, psycopg.connect(running.dsn) as connection:
            assert connection.execute("select n from kept").fetchone() == (5,)
    finally:
        shutil.rmtree(closed)


def test_a_state_directory_with_a_long_and_odd_name_works(folder):
    state = folder / ("long, odd " * 12 + "é'\"") / "state"
    with stack(children=PARTS, state=state) as running:
        with psycopg.connect(running.dsn) as connection:
            assert connection.execute("select 1").fetchone() == (1,)
        sockets = Path(running.postgres.sockets)
        assert sockets.stat().st_mode & 0o777 == 0o700
        running.kill("postgres")
        running.wait_ready()
    assert not sockets.exists()


def test_an_external_database_is_used_as_given(folder, parts):
    given = Settings(dsn=parts.dsn, http_port=0)
    with stack(children=PARTS, state=folder, settings=given) as running:
        assert running.dsn == parts.dsn
        assert "postgres" not in running.children


def test_missing_rights_are_one_clear_error_and_nothing_is_made(folder):
    prefix, _ = ordinary()
    closed = folder / "closed"
    closed.mkdir(mode=0o555)
    with Held(closed / "state", *prefix, HOME=str(folder)) as held:
        error = held.told()["error"]
        assert error == f"{closed}/state: not writable for this user: choose another folder with --state"
    assert not list(closed.iterdir())


FULL = """
import os, sys, tempfile
from pathlib import Path
from seamline.stack import Settings, Stack, StackError
from seamline.testing.stack import PARTS

state = Path(sys.argv[1]) / "full"
try:
    Stack(Settings(state=state, http_port=0, children=PARTS)).start()
    print("started")
except StackError as error:
    print(error)
print(sorted(str(path.relative_to(state)) for path in state.glob("postgres/*")))
"""


def test_a_full_disk_is_one_clear_error_and_nothing_is_half_made(folder):
    disk = folder / "disk"
    disk.mkdir()
    inside = f'mount -t tmpfs -o size=8m none "{disk}" && exec "{sys.executable}" -c "$FULL" "{disk}"'
    alone = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--user", "--map-root-user", "--mount"]
    done = subprocess.run(
        [*alone, "sh", "-c", inside],
        capture_output=True,
        text=True,
        env={**ENVIRONMENT, "FULL": FULL},
        check=False,
    )
    said = done.stdout.splitlines()
    assert said[0].endswith(
        "/full/postgres: no space left to make the database: free some, or choose another folder with --state"
    ), (said, done.stderr)
    assert said[-1] == "[]"


def test_a_port_somebody_else_has_is_one_clear_error(folder, parts):
    with pytest.raises(StateError, match=rf"port {parts.mqtt_port} \(mqtt\) is taken"):
        Stack(Settings(state=folder, mqtt_port=parts.mqtt_port, children=("broker",))).start()


def test_a_part_that_cannot_start_is_named_with_its_last_words(folder, monkeypatch):
    broken = folder / "nats-server"
    broken.write_text("#!/bin/sh\necho no such luck\nexit 3\n")
    broken.chmod(0o755)
    monkeypatch.setenv("SEAMLINE_NATS_SERVER", str(broken))
    with pytest.raises(StackError, match=r"(?s)broker: ended \d times \(exit code 3\).*no such luck"):
        Stack(Settings(state=folder / "s", http_port=0, children=("broker",))).start()
    assert not of_state(folder / "s")


def test_the_database_is_reachable_through_a_private_socket_only(parts):
    process = psutil.Process(parts.pid("postgres"))
    listening = [one for one in process.net_connections() if one.status == psutil.CONN_LISTEN]
    assert not [one for one in listening if one.family.name in {"AF_INET", "AF_INET6"}]
    with psycopg.connect(parts.dsn) as connection:
        values = dict(connection.execute("select name, setting from pg_settings").fetchall())
    assert (values["listen_addresses"], values["fsync"], values["synchronous_commit"]) == ("", "on", "on")
    assert values["unix_socket_permissions"] == "0700"


def test_the_broker_listens_on_loopback_only_and_may_open_as_many_files_as_the_system_allows(parts):
    process = psutil.Process(parts.pid("broker"))
    listening = {one.laddr for one in process.net_connections() if one.status == psutil.CONN_LISTEN}
    assert {address.ip for address in listening} == {"127.0.0.1"}
    assert {address.port for address in listening} == {parts.mqtt_port, parts.broker.nats_port}
    soft, hard = process.rlimit(psutil.RLIMIT_NOFILE)
    assert soft == hard


def test_secrets_are_readable_by_their_owner_only(parts):
    root = parts.state.root
    assert root.stat().st_mode & 0o777 == 0o700
    secret = ["secrets.json", "auth.json", "settings.json", "ca/ca.key", "ca/server.key", "broker/nats.conf"]
    assert {name: oct((root / name).stat().st_mode & 0o777) for name in secret} == dict.fromkeys(secret, "0o600")


def test_a_database_of_another_major_version_is_refused_by_name(folder):
    with stack(children=("postgres",), state=folder / "s"):
        pass
    path = folder / "s" / "postgres" / "data" / "PG_VERSION"
    path.write_text("14\n")
    with pytest.raises(StateError, match=r"made by PostgreSQL 14, but this is \d+: name the programs of 14"):
        Stack(Settings(state=folder / "s", http_port=0, children=("postgres",))).start()


def test_an_external_database_that_does_not_answer_is_one_clear_error_without_its_password(folder):
    with pytest.raises(StateError, match=r"the database of --dsn does not answer: .*refused") as caught:
        Stack(Settings(state=folder / "s", http_port=0, dsn="postgresql://ann:secret@127.0.0.1:1/x")).start()
    assert "secret" not in str(caught.value)


def test_doctor_finds_a_running_stack_sound_and_a_dead_part_of_it_wrong(folder, capsys):
    with stack(children=PARTS, state=folder / "s") as running:
        running.issue("heater", ["d1"])
        assert doctor.main(state=folder / "s", as_json=True) == 0
        found = {one["name"]: one for one in json.loads(capsys.readouterr().out)["checks"]}
        assert found["broker"]["verdict"] == "ok"
        assert found["database"]["found"].endswith("commits are durable")
        assert found["authorisation"]["found"].startswith("answers, and knows ")
        with psycopg.connect(running.dsn, autocommit=True) as connection:
            connection.execute("alter database seamline set synchronous_commit = off")
        running.kill("auth", signal.SIGSTOP)
        assert doctor.main(state=folder / "s", as_json=True) == 5
        running.kill("auth", signal.SIGCONT)
        found = {one["name"]: one for one in json.loads(capsys.readouterr().out)["checks"]}
        assert found["authorisation"]["verdict"] == "fail"
        assert found["database"]["found"] == "synchronous_commit is off"


UP = """
import signal, sys
from pathlib import Path
from seamline.stack import Settings
from seamline.stack.up import run

print(run(Settings(state=Path(sys.argv[1]), http_port=0, children=("broker", "postgres", "auth")), lambda text: print(text, flush=True)))
"""


def start_up(state):
    process = subprocess.Popen([sys.executable, "-c", UP, state], stdout=subprocess.PIPE, text=True, env=ENVIRONMENT)
    lines = [process.stdout.readline() for _ in range(3)]
    assert lines[0].startswith("Seamline is running: http://127.0.0.1:"), lines
    return process


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_up_ends_cleanly_on_a_signal(folder, number):
    process = start_up(folder / "s")
    process.send_signal(number)
    out, _ = process.communicate(timeout=30)
    assert out.splitlines() == ["ending; Ctrl-C again to force it", "0"]
    assert not of_state(folder / "s")


def test_up_says_when_a_part_was_started_again(folder):
    process = start_up(folder / "s")
    os.kill(json.loads((folder / "s" / "run.json").read_text())["pids"]["broker"], signal.SIGKILL)
    assert process.stdout.readline().startswith("broker ended (SIGKILL) and was started again; its log: ")
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)


def test_a_second_interrupt_forces_the_end_though_a_part_hangs(folder):
    process = start_up(folder / "s")
    broker = json.loads((folder / "s" / "run.json").read_text())["pids"]["broker"]
    os.kill(broker, signal.SIGSTOP)  # will not obey SIGTERM
    process.send_signal(signal.SIGINT)
    assert process.stdout.readline().startswith("ending")
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert "did not stop" not in (folder / "s" / "log" / "broker.log").read_text()  # else it was given its ten seconds
    assert not of_state(folder / "s")


def test_anything_but_loopback_is_refused_with_the_reason(folder):
    with pytest.raises(StackError, match="loopback only, for there are no accounts yet"):
        Stack(Settings(state=folder, http_host="0.0.0.0"))
