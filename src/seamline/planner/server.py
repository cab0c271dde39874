"""Runs the planner on the loopback interface until told to stop."""

from __future__ import annotations

import asyncio
import socket
import time
from pathlib import Path
from typing import Final

import uvicorn

from seamline.planner.app import create_app

SHUTDOWN_S: Final = 2


def listening(port: int) -> socket.socket:
    """A socket on 127.0.0.1 (`port` 0: any free one); raises OSError."""
    # the protocol is named, or asyncio leaves Nagle's delay on (as in `hub.api.server.bind`)
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
        listener.listen()
    except OSError:
        listener.close()
        raise
    return listener


def server(path: Path, pages: Path | None = None) -> uvicorn.Server:
    """A server of one plan; set its `should_exit` to end it."""
    app = create_app(path, lambda: time.time_ns() // 1_000_000, pages)
    return uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False, timeout_graceful_shutdown=SHUTDOWN_S))


def run(path: Path, listener: socket.socket) -> None:
    """Serve until Ctrl-C."""
    asyncio.run(server(path).serve(sockets=[listener]))
