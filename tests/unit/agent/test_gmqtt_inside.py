"""What is read of gmqtt's inside is there, and its own reconnects are off."""

import asyncio
import socket

import gmqtt
from gmqtt.mqtt import connection as gmqtt_connection
from gmqtt.mqtt.connection import MQTTConnection
from gmqtt.mqtt.protocol import MQTTProtocol
from gmqtt.mqtt.utils import ConnectionState, IdGenerator

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


def test_a_connect_cancelled_between_handshake_and_bookkeeping_ends_quietly() -> None:
    async def act() -> None:
        complaints: list[dict[str, object]] = []
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _loop, context: complaints.append(context))
        ours, theirs = socket.socketpair()
        made = gmqtt_connection.MQTTProtocol(connection_state=ConnectionState(), id_generator=IdGenerator())
        transport, _ = await loop.create_connection(lambda: made, sock=ours)
        reading = made._read_loop_future
        transport.abort()  # what asyncio does when the connect is cancelled here
        await asyncio.gather(reading, return_exceptions=True)
        await asyncio.sleep(0)
        theirs.close()
        assert complaints == []
        assert reading.done()

    asyncio.run(act())
