"""Programs are found where they are, and where they are not the message says what to do."""

from __future__ import annotations

import pytest

from seamline.stack.binaries import find_nats_server, find_postgres, version_of
from seamline.stack.errors import BinaryError


def test_the_environments_own_programs_are_found_and_tell_their_versions():
    assert version_of(find_nats_server()).startswith("v2.")
    assert int(version_of(find_postgres().postgres).split(".")[0]) >= 15


def test_a_program_named_by_variable_that_is_not_there_is_an_error_with_the_remedy(monkeypatch):
    monkeypatch.setenv("SEAMLINE_NATS_SERVER", "/nonexistent/nats-server")
    monkeypatch.setenv("SEAMLINE_POSTGRES_BIN", "/nonexistent")
    with pytest.raises(BinaryError, match=r"nats-server not found \(/nonexistent/nats-server.*pip install"):
        find_nats_server()
    with pytest.raises(BinaryError, match=r"PostgreSQL's programs not found \(/nonexistent\).*--dsn"):
        find_postgres()


def test_without_wheels_programs_on_path_are_taken(monkeypatch, tmp_path):
    for name in ("nats-server", "postgres", "initdb"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("sys.executable", "/nonexistent/python")
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    assert find_nats_server() == tmp_path / "nats-server"
    assert find_postgres().folder == tmp_path


def test_a_program_that_does_not_run_is_an_error(tmp_path):
    broken = tmp_path / "nats-server"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    with pytest.raises(BinaryError, match="does not run on this machine"):
        version_of(broken)
