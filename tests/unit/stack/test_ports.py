"""Ports: kept, claimed, and never in the range the system gives to outgoing connections."""

from __future__ import annotations

import socket

import pytest

from seamline.stack.errors import StateError
from seamline.stack.ports import PORT_MAX, PORT_MIN, PortClaims, choose_ports, is_free
from seamline.stack.statedir import StateDir, read_object


@pytest.fixture
def claims(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    opened = []

    def make():
        opened.append(PortClaims())
        return opened[-1]

    yield make
    for one in opened:
        one.release()


@pytest.fixture
def state(tmp_path):
    made = StateDir(tmp_path / "state")
    made.make()
    return made


@pytest.fixture
def listener():
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_port_somebody_listens_on_is_not_free(listener):
    assert not is_free(listener)


def test_a_claimed_port_is_nobody_elses_until_released(claims):
    first, second = claims(), claims()
    port = first.any_port()
    assert PORT_MIN <= port <= PORT_MAX
    assert not first.claim(port)
    assert not second.claim(port)
    first.release()
    assert second.claim(port)


def test_the_wanted_port_or_the_next_free_one(claims):
    base = claims().any_port()
    one, other = claims(), claims()
    taken = one.next_port(base)
    assert other.next_port(base) > taken > base
    with pytest.raises(StateError, match=f"no free port from {base} on"):
        claims().next_port(base, 1)


def test_ports_are_kept_for_the_next_time(state, claims):
    first = claims()
    chosen = choose_ports(state, first, {"mqtt": 0, "nats": 0})
    first.release()
    assert choose_ports(state, claims(), {"mqtt": 0, "nats": 0}) == chosen == read_object(state.path("ports.json"))


def test_a_kept_port_that_is_taken_is_replaced(state, claims):
    first = claims()
    chosen = choose_ports(state, first, {"mqtt": 0})
    assert choose_ports(state, claims(), {"mqtt": 0}) != chosen


def test_a_wanted_port_that_is_taken_is_a_clear_error(state, claims, listener):
    with pytest.raises(StateError, match=rf"port {listener} \(mqtt\) is taken on 127\.0\.0\.1: free it, or set mqtt_port"):
        choose_ports(state, claims(), {"mqtt": listener})


def test_a_folder_of_claims_that_is_not_ours_is_no_reason_to_stop(tmp_path, claims):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    one = claims()
    one._folder.symlink_to(elsewhere)
    assert one.any_port()
    assert not list(elsewhere.iterdir())
