"""Load for bench/ingest.py, in its own process: raw MQTT 3.1.1 over loopback, so cheap that it measures the hub and not itself.

    python bench/mqtt_load.py PORT DEVICES MESSAGES WINDOW LAYOUT_HEX

Every device is a connection that publishes frames of one record at QoS 1, in order, with at most WINDOW unacknowledged.
Packets of a device differ only in packet id, sequence and uptime, which NumPy patches for a whole window at once. Prints a JSON
line with the seconds it took and its CPU seconds.
"""

from __future__ import annotations

import json
import selectors
import socket
import sys
import time
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from seamline.contract import load_family
from seamline.contract.layout import Layout

FAMILY = "examples/heater"
INCARNATION = 1
SAMPLE_MS = 100
PACKET_IDS = 60_000
ONE_LENGTH_BYTE = 127
DEADLINE_S = 240.0


def device_id(number: int) -> str:
    """The id of a device; all of one length, so that packets are too."""
    return f"bench-{number:05d}"


def reading(version: int) -> Layout:
    """The reading layout of a version of the example contract."""
    layouts = load_family(FAMILY).layouts.values()
    return next(one for one in layouts if one.message == "reading" and one.version == version)


def packets(device: int, layout: Layout, count: int) -> NDArray[np.void]:
    """`count` PUBLISH packets of a device as a structured array, sequence numbers from 0."""
    topic = f"up/{device_id(device)}/data".encode()
    body = layout.pack({one.name: one.raw_range[0] for one in layout.fields})
    size = 2 + len(topic) + 2 + 32 + layout.record_bytes
    if size > ONE_LENGTH_BYTE:
        raise SystemExit(f"{layout.message}: packets of {size} bytes need a longer length field than this generator writes")
    kind = np.dtype(
        [
            ("fixed", "u1"), ("length", "u1"), ("topic_length", ">u2"), ("topic", f"S{len(topic)}"), ("id", ">u2"),
            ("magic", "u1"), ("flags", "u1"), ("channel", "u1"), ("layout", "u1"), ("fingerprint", "<u4"),
            ("incarnation", "<u4"), ("boot", "<u4"), ("first", "<u4"), ("count", "<u2"), ("epoch", "<u2"),
            ("uptime", "<u4"), ("uptime_high", "<u2"), ("record", "<u2"), ("offset", "<u4"), ("body", f"V{len(body)}"),
        ]
    )  # fmt: skip
    made = np.zeros(count, kind)
    made["fixed"], made["length"], made["topic_length"], made["topic"] = 0x32, size, len(topic), topic
    made["magic"], made["channel"], made["layout"] = 0xA1, layout.message_id, layout.version
    made["fingerprint"], made["incarnation"], made["boot"] = layout.fingerprint, INCARNATION, 1
    made["count"], made["record"], made["body"] = 1, layout.record_bytes, np.void(body)
    number = np.arange(count)
    made["id"], made["first"], made["uptime"] = number % PACKET_IDS + 1, number, number * SAMPLE_MS
    return made


@dataclass(slots=True)
class Client:
    """One device's connection."""

    socket: socket.socket
    data: memoryview
    packet_bytes: int
    messages: int
    sent: int = 0  # messages handed to the socket
    acknowledged: int = 0
    rest: memoryview = field(default_factory=lambda: memoryview(b""))
    odd: int = 0  # bytes of an acknowledgement cut in two

    def push(self, window: int) -> None:
        """Send as much as the window and the socket take."""
        while True:
            if not self.rest:
                upto = min(self.messages, self.acknowledged + window)
                if upto <= self.sent:
                    return
                self.rest = self.data[self.sent * self.packet_bytes : upto * self.packet_bytes]
                self.sent = upto
            try:
                count = self.socket.send(self.rest)
            except BlockingIOError:
                return
            self.rest = self.rest[count:]

    def pull(self) -> bool:
        """Count acknowledgements; true when all messages are."""
        try:
            received = len(self.socket.recv(65_536))
        except BlockingIOError:
            return False
        if not received:
            raise SystemExit(f"the broker hung up after {self.acknowledged} of {self.messages} messages: too much in flight")
        got = self.odd + received
        self.acknowledged += got // 4
        self.odd = got % 4
        return self.acknowledged >= self.messages


def connect(port: int, device: int, layout: Layout, messages: int) -> Client:
    """Connect as a device."""
    made = socket.create_connection(("127.0.0.1", port))
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    name = device_id(device).encode()
    tail = b"\x00\x04MQTT\x04\x02\x00\x00" + len(name).to_bytes(2, "big") + name
    made.sendall(b"\x10" + bytes([len(tail)]) + tail)
    if (answer := made.recv(4)) != b"\x20\x02\x00\x00":
        raise SystemExit(f"{device_id(device)} is refused: {answer.hex()}")
    made.settimeout(0)
    data = packets(device, layout, messages)
    return Client(made, memoryview(data.tobytes()), data.itemsize, messages)


def run(clients: list[Client], window: int) -> float:
    """Publish everything; returns the seconds from the first byte to the last acknowledgement."""
    selector = selectors.DefaultSelector()
    for client in clients:
        selector.register(client.socket, selectors.EVENT_READ, client)
    started = time.perf_counter()
    for client in clients:
        client.push(window)
    waiting = len(clients)
    while waiting:
        if time.perf_counter() - started > DEADLINE_S:
            left = [(one.sent, len(one.rest), one.acknowledged) for one in clients if one.acknowledged < one.messages]
            raise SystemExit(f"{waiting} devices wait for acknowledgements: (sent, unsent bytes, acknowledged) {left[:5]}")
        for key, _ in selector.select(1.0):
            client = key.data
            if client.pull():
                selector.unregister(client.socket)
                waiting -= 1
            else:
                client.push(window)
    return time.perf_counter() - started


def main() -> None:
    """Connect everyone, wait for a line on standard input, publish."""
    port, devices, messages, window = (int(word) for word in sys.argv[1:5])
    layouts = [reading(2), reading(3)]
    each = messages // devices
    clients = [connect(port, number, layouts[number % 2], each) for number in range(devices)]
    print("ready", flush=True)
    sys.stdin.readline()
    before = time.process_time()
    seconds = run(clients, window)
    print(json.dumps({"seconds": seconds, "cpu_s": time.process_time() - before, "messages": each * devices}), flush=True)


if __name__ == "__main__":
    main()
