"""Devices as strangers see them: a third-party MQTT client, one certificate each."""

from __future__ import annotations

import itertools
import ssl
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import paho.mqtt.client as paho
import pytest

from seamline.stack import Credentials, Stack
from seamline.testing.wait import until

CONNECT_S = 10


@dataclass
class Device:
    """An MQTT client and everything that happened to it."""

    client: paho.Client
    answers: list[str] = field(default_factory=list)
    ends: list[str] = field(default_factory=list)
    granted: dict[int, str] = field(default_factory=dict)
    acknowledged: set[int] = field(default_factory=set)
    messages: list[tuple[str, bytes]] = field(default_factory=list)

    def connected(self) -> Device:
        until(lambda: self.answers or self.ends, "an answer to the connect")
        assert self.answers[:1] == ["Success"], (self.answers, self.ends)
        return self

    def refused(self) -> str:
        until(lambda: self.answers or self.ends, "an answer to the connect")
        assert "Success" not in self.answers
        return (self.answers or self.ends)[0]

    def subscribe(self, topic: str, qos: int = 0) -> str:
        _, mid = self.client.subscribe(topic, qos)
        until(lambda: mid in self.granted, f"an answer to the subscription to {topic}")
        return self.granted[mid]

    def publish(self, topic: str, payload: bytes) -> None:
        mid = self.client.publish(topic, payload, qos=1).mid
        until(lambda: mid in self.acknowledged, f"an acknowledgement of {topic}")

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


@pytest.fixture
def connect() -> Iterator[Callable[..., Device]]:
    """Connect a device: `connect(stack, client_id, credentials=its own, …)`; gone at the end of the test."""
    opened: list[Device] = []

    def make(
        stack: Stack, client_id: str, credentials: Credentials | None = None, *, anonymous=False, will=None, keep_alive_s=60
    ) -> Device:
        client = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id=client_id, protocol=paho.MQTTv311)
        own = None if anonymous else credentials or stack.credentials(client_id)
        client.tls_set(str(stack.ca_file), str(own.cert) if own else None, str(own.key) if own else None, ssl.CERT_REQUIRED)
        client.reconnect_delay_set(1, 1)
        if will:
            client.will_set(*will)
        device = Device(client)
        client.on_connect = lambda _c, _u, _f, reason, _p: device.answers.append(str(reason))
        client.on_disconnect = lambda _c, _u, _f, reason, _p: device.ends.append(str(reason))
        client.on_subscribe = lambda _c, _u, mid, reasons, _p: device.granted.update({mid: str(reasons[0])})
        client.on_publish = lambda _c, _u, mid, _r, _p: device.acknowledged.add(mid)
        client.on_message = lambda _c, _u, message: device.messages.append((message.topic, message.payload))
        opened.append(device)
        try:
            client.connect(stack.mqtt_host, stack.mqtt_port, keepalive=keep_alive_s)
        except (OSError, ssl.SSLError) as error:
            device.ends.append(str(error))
            return device
        client.loop_start()
        return device

    yield make
    for device in opened:
        device.close()


_numbers = itertools.count()


@pytest.fixture
def names() -> Callable[[int], list[str]]:
    """Device ids nobody used before in this run."""
    run = uuid.uuid4().hex[:6]
    return lambda count: [f"d{next(_numbers)}-{run}" for _ in range(count)]
