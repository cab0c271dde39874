"""Runs the application on the loopback interface until told to stop."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

import uvicorn

from seamline.hub.api.app import create_app
from seamline.hub.api.context import ApiContext

SHUTDOWN_S: Final = 3
"""How long open answers may take to end; event streams end at once."""


BACKLOG: Final = 128
"""Connections that may wait; they do so from `bind` on, before the server accepts them."""


class NotLoopbackError(ValueError):
    """The API was asked to listen where others could reach it, and there are no accounts yet."""

    def __init__(self, host: str) -> None:
        """Say which address, and what to do instead."""
        super().__init__(
            f"the API does not listen on '{host}': it has no accounts yet, so anyone there could change devices. "
            "Use 127.0.0.1 and reach it from elsewhere by an SSH tunnel."
        )


def bind(host: str, port: int) -> socket.socket:
    """Return a listening socket on a loopback address (`port` 0: any free one); raises NotLoopbackError, OSError."""
    try:
        address = ipaddress.ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError as error:
        raise NotLoopbackError(host) from error
    if not address.is_loopback:
        raise NotLoopbackError(host)
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
    # asyncio turns Nagle's delay off only where the protocol is named: without it, each short answer waits 40 ms for an ACK
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((str(address), port))
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


async def serve(context: ApiContext, listener: socket.socket) -> None:
    """Serve until `context.stopping` is set, then end streams and answers; takes no signals of its own."""
    config = uvicorn.Config(
        create_app(context), log_level="warning", access_log=False, lifespan="on", timeout_graceful_shutdown=SHUTDOWN_S
    )
    server = _Quiet(config)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_stop(server, context.stopping))
        try:
            await server.serve(sockets=[listener])
        finally:
            context.stopping.set()


class _Quiet(uvicorn.Server):
    """A server that leaves signals to the process it runs in."""

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Capture nothing."""
        yield


async def _stop(server: uvicorn.Server, stopping: asyncio.Event) -> None:
    await stopping.wait()
    server.should_exit = True
