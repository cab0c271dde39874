"""The supervisor, with children of a few lines."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from seamline.stack.child import Backoff, ChildSpec
from seamline.stack.childlog import keep_log_small, note
from seamline.stack.errors import ChildError, StateError
from seamline.stack.orphans import claim_alive, holders
from seamline.stack.supervisor import Supervisor, describe_exit
from seamline.testing.wait import until

QUICK = Backoff(base_s=0.01, cap_s=0.04, stable_s=10.0)


@pytest.fixture
def supervisor(tmp_path):
    made = Supervisor(tmp_path, QUICK)
    yield made
    made.close()


def child(folder, name, code, **more):
    more.setdefault("stop_timeout_s", 1.0)
    return ChildSpec(name, (sys.executable, "-I", "-S", "-c", code), folder / f"{name}.log", lambda: True, **more)


STAY = "import signal; print('up', flush=True); signal.pause()"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True)\nwhile True: signal.pause()"


def up(folder, name, times=1):
    until(lambda: (folder / f"{name}.log").read_text().count("up\n") >= times, f"{name} to be up")


def test_a_child_that_dies_is_started_again_and_its_end_is_remembered(tmp_path, supervisor):
    supervisor.start(child(tmp_path, "a", STAY))
    up(tmp_path, "a")
    first = supervisor.view("a").pid
    os.kill(first, signal.SIGKILL)
    until(lambda: supervisor.view("a").starts == 2, "the second start")
    view = supervisor.view("a")
    assert view.pid not in {None, first}
    assert view.last_end == "SIGKILL"
    assert "supervisor: a ended: SIGKILL; starting again in 0.0 s" in (tmp_path / "a.log").read_text()


def test_a_child_that_cannot_live_is_tried_ever_more_slowly(tmp_path, supervisor):
    supervisor.start(child(tmp_path, "a", "import sys; print('up', flush=True); sys.exit(3)"))
    until(lambda: supervisor.view("a").starts >= 5, "five starts")
    assert supervisor.view("a").last_end == "exit code 3"
    lines = [line for line in (tmp_path / "a.log").read_text().splitlines() if "starting again" in line]
    assert [line.rpartition(" in ")[2] for line in lines[:4]] == ["0.0 s"] * 4


def test_back_off_doubles_to_its_cap():
    assert [Backoff().wait_s(failures) for failures in (1, 2, 3, 4, 5, 6, 1000)] == [0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]


def test_children_stop_in_the_order_asked_the_next_only_when_the_one_before_is_gone(tmp_path, supervisor):
    order = tmp_path / "order"
    slow = f"import signal, sys, time\nsignal.signal(signal.SIGTERM, lambda *_: (time.sleep(0.1), open({str(order)!r}, 'a').write(sys.argv[1]), sys.exit(0)))\nprint('up', flush=True)\nwhile True: signal.pause()"
    for name in "abc":
        spec = child(tmp_path, name, slow)
        supervisor.start(ChildSpec(spec.name, (*spec.argv, name), spec.log, spec.ready))
        up(tmp_path, name)
    supervisor.stop(["b", "c"])
    supervisor.stop()
    assert order.read_text() == "bca"


def test_a_child_that_does_not_stop_in_time_is_killed(tmp_path, supervisor):
    supervisor.start(child(tmp_path, "a", STUBBORN, stop_timeout_s=0.1))
    up(tmp_path, "a")
    supervisor.stop()
    assert supervisor.view("a").pid is None
    assert "did not stop within 0.1 s: killed" in (tmp_path / "a.log").read_text()


def test_what_a_child_forked_goes_with_it(tmp_path, supervisor):
    code = f"import os\nif os.fork() == 0: os.setsid()\n{STUBBORN}"
    supervisor.start(child(tmp_path, "a", code, stop_timeout_s=0.1))
    up(tmp_path, "a", times=2)
    assert len(holders(tmp_path / "a.alive")) == 2
    supervisor.stop()
    until(lambda: not holders(tmp_path / "a.alive"), "the end of both")


def test_a_child_is_not_started_while_something_of_its_last_start_lives(tmp_path, supervisor):
    code = f"import os\nif os.fork() == 0: os.setsid()\n{STUBBORN}"
    supervisor.start(child(tmp_path, "a", code))
    up(tmp_path, "a", times=2)
    first = set(holders(tmp_path / "a.alive"))
    supervisor.signal("a", signal.SIGKILL)
    until(lambda: supervisor.view("a").starts == 2, "the second start")
    up(tmp_path, "a", times=4)
    assert not first & set(holders(tmp_path / "a.alive"))


def test_preparation_comes_before_each_start(tmp_path, supervisor):
    prepared = []
    supervisor.start(child(tmp_path, "a", STAY, prepare=lambda alive: prepared.append(os.fstat(alive).st_ino)))
    supervisor.signal("a", signal.SIGKILL)
    until(lambda: supervisor.view("a").starts == 2, "the second start")
    assert prepared == [(tmp_path / "a.alive").stat().st_ino] * 2


def test_a_preparation_that_fails_is_told_and_the_child_is_not_tried_again(tmp_path, supervisor):
    def full(_alive):
        raise StateError("no space left")

    with pytest.raises(StateError, match="no space left"):
        supervisor.start(child(tmp_path, "a", STAY, prepare=full))
    assert supervisor.view("a").starts == 0


def test_a_preparation_that_fails_later_is_tried_again(tmp_path, supervisor):
    outcomes = iter([None, StateError("away"), None])

    def prepare(_alive):
        outcome = next(outcomes)
        if outcome is not None:
            raise outcome

    supervisor.start(child(tmp_path, "a", STAY, prepare=prepare))
    supervisor.signal("a", signal.SIGKILL)
    until(lambda: supervisor.view("a").starts == 2, "the second start")
    assert supervisor.view("a").last_end == "away"


def test_restarts_are_told(tmp_path):
    told = []
    supervisor = Supervisor(tmp_path, QUICK, told.append)
    try:
        supervisor.start(child(tmp_path, "a", STAY))
        supervisor.signal("a", signal.SIGKILL)
        until(lambda: told == ["a"], "the word of the restart")
    finally:
        supervisor.close()


def test_a_child_that_is_down_cannot_be_signalled(tmp_path, supervisor):
    supervisor.start(child(tmp_path, "a", STAY))
    supervisor.stop()
    with pytest.raises(ChildError, match="a: not running, cannot be sent SIGTERM"):
        supervisor.signal("a", signal.SIGTERM)


def test_a_program_that_is_none_is_a_child_that_ends(tmp_path, supervisor):
    program = tmp_path / "text"
    program.write_text("no program\n")
    program.chmod(0o700)
    supervisor.start(ChildSpec("a", (str(program),), tmp_path / "a.log", lambda: True))
    until(lambda: supervisor.view("a").starts >= 2, "a second try")
    assert f"cannot start {program}: [Errno 8] Exec format error" in (tmp_path / "a.log").read_text()


def test_kill_all_ends_everything_at_once_and_for_good(tmp_path, supervisor):
    for name in "ab":
        supervisor.start(child(tmp_path, name, STUBBORN))
        up(tmp_path, name)
    supervisor.kill_all()
    until(lambda: [supervisor.view(name).pid for name in "ab"] == [None, None], "the end of both")
    supervisor.stop()
    assert "did not stop" not in (tmp_path / "a.log").read_text() + (tmp_path / "b.log").read_text()
    assert [supervisor.view(name).starts for name in "ab"] == [1, 1]


def test_leftovers_of_a_dead_supervisor_are_ended_before_a_start(tmp_path):
    path = tmp_path / "x.alive"
    code = "import fcntl, sys, signal\nf = open(sys.argv[1], 'w')\nfcntl.flock(f, fcntl.LOCK_EX)\nprint('up', flush=True)\nsignal.pause()"
    left = subprocess.Popen([sys.executable, "-c", code, path], stdout=subprocess.PIPE)
    assert left.stdout.readline() == b"up\n"
    assert holders(path) == [left.pid]
    os.close(claim_alive(path))
    assert left.wait(10) == -signal.SIGKILL
    left.stdout.close()


def test_exits_are_told_in_words():
    assert [describe_exit(code) for code in (0, 3, -9, -99)] == ["exit code 0", "exit code 3", "SIGKILL", "signal 99"]


def test_a_log_is_bounded_while_its_writer_goes_on(tmp_path):
    log = tmp_path / "a.log"
    with log.open("ab", buffering=0) as writer:
        writer.write(b"x" * 100)
        keep_log_small(log, 100)
        assert log.stat().st_size == 100
        writer.write(b"y")
        keep_log_small(log, 100)
        writer.write(b"z")
    assert log.read_bytes() == b"z"
    assert (tmp_path / "a.log.1").read_bytes() == b"x" * 100 + b"y"


def test_a_log_that_cannot_be_written_stops_nobody(tmp_path):
    note(tmp_path / "none" / "a.log", "lost")
    keep_log_small(tmp_path / "none" / "a.log")


def unstartable(supervisor, spec):
    """What a start says that cannot be; nothing is left that would be tried again."""
    with pytest.raises(ChildError) as told:
        supervisor.start(spec)
    assert supervisor.view("a").pid is None
    return str(told.value)


def test_a_program_that_is_not_there_is_one_clear_error_with_place_and_remedy(tmp_path, supervisor):
    program = tmp_path / "gone"
    said = unstartable(supervisor, ChildSpec("a", (str(program),), tmp_path / "a.log", lambda: True))
    assert said == f"a: {program}: no such program: install it again, or name another one in the settings"


def test_a_program_that_may_not_be_run_is_one_clear_error_with_place_and_remedy(tmp_path, supervisor):
    program = tmp_path / "locked"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o600)
    said = unstartable(supervisor, ChildSpec("a", (str(program),), tmp_path / "a.log", lambda: True))
    assert said == f"a: {program}: not a program this user may run: mend its rights (chmod +x)"


def test_a_python_or_a_folder_that_is_gone_is_named(tmp_path, supervisor, monkeypatch):
    spec = ChildSpec("a", (sys.executable,), tmp_path / "a.log", lambda: True, folder=tmp_path / "no such folder")
    assert unstartable(supervisor, spec) == f"a: {spec.folder}: No such file or directory: install seamline again"
    spec = child(tmp_path, "a", STAY)
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    assert unstartable(supervisor, spec) == "a: /no/such/python: No such file or directory: install seamline again"


def test_a_log_that_cannot_be_written_is_named(tmp_path, supervisor):
    with pytest.raises(StateError, match=r"no-folder/a\.log"):
        supervisor.start(ChildSpec("a", (sys.executable,), tmp_path / "no-folder" / "a.log", lambda: True))


def test_a_program_that_goes_away_while_the_child_runs_is_tried_again_until_it_is_back(tmp_path, supervisor):
    program = tmp_path / "program"
    program.symlink_to("/bin/sleep")
    supervisor.start(ChildSpec("a", (str(program), "600"), tmp_path / "a.log", lambda: True))
    program.unlink()
    supervisor.signal("a", signal.SIGKILL)
    until(lambda: "no such program" in supervisor.view("a").last_end, "the error")
    program.symlink_to("/bin/sleep")
    until(lambda: supervisor.view("a").pid, "the program is back")
