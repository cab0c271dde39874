"""What is read of gmqtt's inside is there, and its own reconnects are off."""

import asyncio

import gmqtt
from gmqtt.mqtt.connection import MQTTConnection
from gmqtt.mqtt.protocol import MQTTProtocol

from seamline.agent.gmqtt_client import NEVER_RECONNECT, Client


class Nobody:
    """Events that nobody wants."""

    def received(self, topic: str, payload: bytes) -> None: ...

    def granted(self, granted: int) -> None: ...

    def disconnected(self) -> None: ...


def test_the_attributes_that_are_read_exist() -> None:
    async def act() -> None:
        client = gmqtt.Client("x")
        assert client._connection is None
        assert isinstance(MQTTProtocol.closed, property)
        names = MQTTConnection.__init__.__code__.co_names
        assert {"_transport", "_protocol", "_last_data_in"} <= set(names)

    asyncio.run(act())


def test_a_refused_or_lost_connection_is_never_made_again_by_gmqtt() -> None:
    async def act() -> None:
        client = Client("x", "up/x/death", b"{}", Nobody())
        inner = client._gmqtt
        inner._is_active = True
        assert inner._connection_state.config["reconnect_retries"] == NEVER_RECONNECT
        assert not inner._allow_reconnect()

    asyncio.run(act())


def test_a_client_that_never_connected_can_be_asked_and_aborted() -> None:
    async def act() -> None:
        client = Client("x", "up/x/death", b"{}", Nobody())
        client.abort()
        assert client.cause() is None
        assert client.silent_s() == 0.0

    asyncio.run(act())
