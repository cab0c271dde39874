"""What a device's name is used for without its knowing reaches the broker, or is known not to have been sent."""

import asyncio

from seamline.rig.ports import FaultyPort


class Wire:
    """A connection that keeps what is published."""

    def __init__(self):
        self.published = []

    def publish(self, kind, payload):
        self.published.append((kind, payload))

    def abort(self):
        pass


class Network:
    """A port whose connections can be lost."""

    def __init__(self):
        self.wires = []
        self.lose = []

    async def connect(self, _will, _timeout_ms, _keep_alive_ms, _on_message, on_lost):
        self.wires.append(Wire())
        self.lose.append(on_lost)
        return self.wires[-1]


def test_nothing_is_injected_into_a_lost_connection():
    async def play():
        network, reasons = Network(), []
        port = FaultyPort(network)
        await port.connect(b"", 1, 1, lambda *_: None, reasons.append)
        assert port.inject("data", b"garbage")
        network.lose[0]("network")
        return port.inject("data", b"more"), reasons, network.wires[0].published

    assert asyncio.run(play()) == (False, ["network"], [("data", b"garbage")])


def test_what_is_kept_is_published_again_after_each_connect():
    async def play():
        network = Network()
        port = FaultyPort(network)
        await port.connect(b"", 1, 1, lambda *_: None, lambda _: None)
        port.inject("data", b"once")
        port.inject("data", b"frame", kept=True)
        await port.connect(b"", 1, 1, lambda *_: None, lambda _: None)
        return network.wires[1].published

    assert asyncio.run(play()) == [("data", b"frame")]
