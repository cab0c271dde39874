"""The state directory: private, locked, and written whole or not at all."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from seamline.agent.node import default_state as agent_state
from seamline.hub.settings import HubSettingsError, read
from seamline.stack.errors import StateError
from seamline.stack.statedir import StateDir, read_object, storage_error, write_object, write_private
from seamline.state_home import default_state


def test_the_default_follows_the_environment(monkeypatch):
    monkeypatch.setenv("HOME", "/home/ann")
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    monkeypatch.delenv("SEAMLINE_STATE", raising=False)
    assert default_state() == Path("/home/ann/.local/state/seamline")
    monkeypatch.setenv("XDG_STATE_HOME", "relative/is/to/be/ignored")
    assert default_state() == Path("/home/ann/.local/state/seamline")
    monkeypatch.setenv("XDG_STATE_HOME", "/var/state")
    assert default_state() == Path("/var/state/seamline")
    monkeypatch.setenv("SEAMLINE_STATE", "~/mine")
    assert default_state() == Path("/home/ann/mine")


def test_hub_and_agent_ignore_a_relative_folder_too(monkeypatch):
    monkeypatch.setenv("HOME", "/home/ann")
    monkeypatch.setenv("XDG_STATE_HOME", "relative/is/to/be/ignored")
    monkeypatch.delenv("SEAMLINE_STATE", raising=False)
    with pytest.raises(HubSettingsError, match=r"^/home/ann/\.local/state/seamline/settings\.json"):
        read(None)
    assert agent_state("node-1") == Path("/home/ann/.local/state/seamline/agent/node-1")


def test_it_is_made_private_and_an_open_one_is_closed(tmp_path):
    state = StateDir(tmp_path / "a" / "state")
    state.make()
    assert state.root.stat().st_mode & 0o777 == 0o700
    state.root.chmod(0o755)
    state.make()
    assert state.root.stat().st_mode & 0o777 == 0o700


def test_it_is_held_by_one_at_a_time(tmp_path):
    first, second = StateDir(tmp_path), StateDir(tmp_path)
    first.make()
    first.lock()
    with pytest.raises(StateError, match=f"in use by another stack .process {os.getpid()}.*--state"):
        second.lock()
    first.unlock()
    second.lock()
    second.unlock()


def test_a_file_in_its_place_is_a_clear_error(tmp_path):
    (tmp_path / "state").write_text("")
    with pytest.raises(StateError, match="state: File exists"):
        StateDir(tmp_path / "state").make()


def test_a_private_file_is_replaced_whole(tmp_path):
    path = tmp_path / "secret"
    write_private(path, b"one")
    write_private(path, b"two")
    assert path.read_bytes() == b"two"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("text", ["{", "[]", "1", "\xff"])
def test_a_damaged_object_is_named_with_its_remedy(tmp_path, text):
    path = tmp_path / "ports.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(StateError, match=r"ports\.json: not .*JSON.*remove the file"):
        read_object(path)


def test_an_object_is_read_as_written(tmp_path):
    write_object(tmp_path / "x.json", {"a": 1})
    assert read_object(tmp_path / "x.json") == {"a": 1}
    assert read_object(tmp_path / "none.json") == {}


@pytest.mark.parametrize(
    ("number", "message"),
    [
        (errno.ENOSPC, "/s: no space left: free some, or choose another folder with --state"),
        (errno.EDQUOT, "/s: no space left: free some, or choose another folder with --state"),
        (errno.EROFS, "/s: not writable for this user: choose another folder with --state"),
        (errno.EIO, "/s: Input/output error"),
    ],
)
def test_what_a_disk_says_becomes_one_clear_error(number, message):
    assert str(storage_error(OSError(number, os.strerror(number)), Path("/s"))) == message
