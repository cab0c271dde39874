"""One question over the broker's own protocol: an answer, or an OSError that says why there is none."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import types

import pytest

from seamline.stack import storage_watch
from seamline.stack.natsline import AskError, ask
from seamline.stack.storage_watch import ROOM_BYTES, StorageWatch


@contextlib.contextmanager
def server(*replies: bytes):
    """A listener that says hello, waits for each connection's question and gives the next reply; yields (url, asked)."""
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve():
            for reply in replies:
                peer, _ = listener.accept()
                with peer:
                    peer.sendall(b'INFO {"server_id":"x"}\r\n')
                    told = b""
                    while not told.endswith(b"\r\n") or b"PUB " not in told or told.endswith(b"PUB \r\n"):
                        told += peer.recv(65_536)
                    asked.append(told)
                    peer.sendall(reply)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"nats://hub:secret@127.0.0.1:{listener.getsockname()[1]}", asked
        thread.join()


def message(document: object) -> bytes:
    payload = document if isinstance(document, bytes) else json.dumps(document).encode()
    return b"PING\r\nMSG _INBOX.x 1 %d\r\n%s\r\n" % (len(payload), payload)


def test_the_answer_is_the_object_that_was_sent():
    with server(message({"a": [1, "é"]})) as (url, asked):
        assert ask(url, "some.subject", b"{}") == {"a": [1, "é"]}
    login, subscription, question, payload = asked[0].decode().split("\r\n")[:4]
    assert json.loads(login.removeprefix("CONNECT "))["pass"] == "secret"
    inbox = subscription.split()[1]
    assert question == f"PUB some.subject {inbox} 2"
    assert payload == "{}"


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (b"-ERR 'Authorization Violation'\r\n", "Authorization Violation"),
        (b"", "no usable answer"),
        (b"PING\r\n", "no usable answer"),
        (message(b"[1]"), "no usable answer"),
        (message(b"not json"), "no usable answer"),
        (message(b"\xff\xfe"), "no usable answer"),
        (b"MSG _INBOX.x 1 many\r\n", "no usable answer"),
        (b"MSG _INBOX.x 1 500\r\n{", "no usable answer"),
        (message(b"[" * 50_000), "no usable answer"),
    ],
)
def test_whatever_else_comes_is_one_kind_of_error(reply, why):
    with server(reply) as (url, _), pytest.raises(AskError, match=why):
        ask(url, "some.subject")


def test_a_server_that_says_nothing_is_given_up():
    with socket.create_server(("127.0.0.1", 0)) as listener, pytest.raises(TimeoutError):
        ask(f"nats://127.0.0.1:{listener.getsockname()[1]}", "x", timeout_s=0.05)


FULL = message({"data": {"error": "JetStream stream 'DEV > UP' write error: no space left on device"}})
WELL = message({"data": {"status": "ok"}})
OTHER = message({"data": {"error": "JetStream is not current with the meta leader"}})


@pytest.fixture
def watched(tmp_path, monkeypatch):
    """A watch with room as `free` says: returns (make, restarts, log)."""
    free = types.SimpleNamespace(free=0)
    monkeypatch.setattr(storage_watch.shutil, "disk_usage", lambda _folder: free)
    restarts: list[int] = []
    log = tmp_path / "broker.log"
    return free, restarts, log, lambda url: StorageWatch(url, tmp_path, log, lambda: restarts.append(1))


def test_a_broker_shut_by_a_full_disk_is_started_anew_once_there_is_room_and_not_before(watched):
    free, restarts, log, make = watched
    with server(FULL, FULL, FULL, WELL) as (url, _):
        watch = make(url)
        watch.look()
        watch.look()
        assert restarts == []
        assert log.read_text().count("cannot store what devices send") == 1, "said once, not every two seconds"
        free.free = ROOM_BYTES
        watch.look()
        assert restarts == [1]
        assert "there is room again" in log.read_text()
        watch.look()
    assert restarts == [1]


def test_other_complaints_of_the_brokers_are_not_ours(watched):
    free, restarts, log, make = watched
    free.free = ROOM_BYTES
    with server(WELL, OTHER, message({"data": []}), message({})) as (url, _):
        watch = make(url)
        for _ in range(4):
            watch.look()
    assert restarts == []
    assert not log.exists()


def test_the_watch_goes_on_when_the_broker_is_away_or_talks_nonsense(watched, monkeypatch):
    monkeypatch.setattr(storage_watch, "EVERY_S", 0.01)
    free, restarts, _, make = watched
    free.free = ROOM_BYTES
    with server(b"", message(b"nonsense"), FULL) as (url, asked):
        watch = make(url)
        watch.start()
        while len(asked) < 3 or not restarts:
            watch._thread.join(0.01)
            assert watch._thread.is_alive()
        watch.stop()
        watch.stop()
    assert not watch._thread.is_alive()
    assert restarts == [1]
