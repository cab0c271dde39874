"""What an earlier start left behind is found by the lock it holds, given its time, and ended; the disk's refusals are named."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys

import pytest
from hypothesis import given, strategies as st

from seamline.stack import orphans
from seamline.stack.errors import ChildError, StateError
from seamline.stack.orphans import claim_alive, holders, kill
from seamline.stack.statedir import StateDir, read_object, storage_error, write_object, write_private

HOLDS = """
import fcntl, os, signal, sys
handle = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT)
fcntl.flock(handle, fcntl.LOCK_EX)
print("held", flush=True)
signal.pause()
"""


@pytest.fixture
def left(tmp_path):
    """A process that holds the lock of a child."""
    path = tmp_path / "child.alive"
    with subprocess.Popen([sys.executable, "-c", HOLDS, path], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        yield path, process
        process.kill()


def test_who_holds_a_lock_is_found_and_we_are_not_among_them(left):
    path, process = left
    with path.open("rb"):
        assert holders(path) == [process.pid]


def test_a_leftover_is_killed_and_its_lock_taken(left):
    path, process = left
    handle = claim_alive(path)
    assert process.wait() == -signal.SIGKILL
    os.close(handle)
    assert holders(path) == []


def test_a_leftover_that_ends_by_itself_in_its_time_is_not_killed(left):
    path, process = left
    process.send_signal(signal.SIGTERM)
    os.close(claim_alive(path, grace_s=30.0))
    assert process.wait() == -signal.SIGTERM


def test_a_leftover_that_nobody_can_end_is_an_error_that_names_it(left, monkeypatch):
    path, process = left
    monkeypatch.setattr(orphans, "ORPHANS_TIMEOUT_S", 0.05)
    monkeypatch.setattr(orphans, "kill", lambda _pids: None)
    with pytest.raises(ChildError, match=rf"child\.alive: processes of an earlier start do not end: \[{process.pid}\]"):
        claim_alive(path)


def test_a_process_that_is_gone_already_is_passed_over():
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    kill([gone.pid])


def test_a_lock_that_cannot_be_made_is_the_disks_refusal(tmp_path):
    with pytest.raises(StateError, match=r"child\.alive: No such file or directory"):
        claim_alive(tmp_path / "nowhere" / "child.alive")


@pytest.mark.parametrize(
    ("number", "says"),
    [
        (errno.ENOSPC, "no space left: free some, or choose another folder with --state"),
        (errno.EDQUOT, "no space left: free some"),
        (errno.EACCES, "not writable for this user: choose another folder with --state"),
        (errno.EPERM, "not writable for this user"),
        (errno.EROFS, "not writable for this user"),
        (errno.EIO, "Input/output error"),
    ],
)
def test_each_refusal_of_the_disk_names_the_file_and_what_helps(number, says, tmp_path):
    named = storage_error(OSError(number, os.strerror(number), str(tmp_path / "f")), tmp_path)
    assert str(named).startswith(f"{tmp_path / 'f'}: {says}")
    assert str(storage_error(OSError(number, os.strerror(number)), tmp_path)).startswith(f"{tmp_path}: ")


def test_a_file_that_cannot_take_its_place_leaves_nothing_behind(tmp_path):
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "inside").write_text("")
    with pytest.raises(StateError):
        write_private(tmp_path / "taken", b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]
    with pytest.raises(StateError, match="No such file"):
        write_private(tmp_path / "nowhere" / "file", b"new")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.text(), JSON, max_size=6))
def test_an_object_is_read_as_it_was_written(tmp_path_factory, value):
    path = tmp_path_factory.mktemp("object") / "kept.json"
    write_object(path, value)
    assert read_object(path) == value


def test_an_object_that_cannot_be_read_is_the_disks_refusal(tmp_path):
    with pytest.raises(StateError, match="Is a directory"):
        read_object(tmp_path)


def test_a_lock_file_that_cannot_be_made_is_the_disks_refusal(tmp_path):
    state = StateDir(tmp_path / "state")
    with pytest.raises(StateError, match="lock: No such file or directory"):
        state.lock()
    assert not state.locked
    state.unlock()


def test_a_folder_of_another_user_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("os.geteuid", lambda: os.getuid() + 1)
    with pytest.raises(StateError, match=f"belongs to user {os.getuid()}: choose another folder with --state"):
        StateDir(tmp_path / "state").make()
