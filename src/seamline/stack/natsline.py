"""One question to a NATS server over a plain socket: for health checks, which want no client library and no event loop.

Source: the NATS client protocol (INFO, CONNECT, SUB, PUB, MSG, lines ended by CR LF).
"""

from __future__ import annotations

import json
import secrets
import socket
from collections.abc import Mapping
from typing import BinaryIO, cast
from urllib.parse import urlsplit

TIMEOUT_S = 1.0
CHUNK = 65_536


class AskError(ConnectionError):
    """The server refused the login or the question, or has nobody to answer it."""


def ask(url: str, subject: str, payload: bytes = b"", timeout_s: float = TIMEOUT_S) -> Mapping[str, object]:
    """The JSON object answered to one request. `url` is `nats://user:password@host:port`.

    Raises OSError (AskError, TimeoutError, …) when there is no answer.
    """
    parts = urlsplit(url)
    inbox = f"_INBOX.{secrets.token_hex(8)}"
    hello = {
        "verbose": False,
        "pedantic": False,
        "user": parts.username,
        "pass": parts.password,
        "name": "seamline-health",
    }
    with socket.create_connection((parts.hostname or "127.0.0.1", parts.port or 4222), timeout_s) as wire:
        wire.sendall(
            f"CONNECT {json.dumps(hello)}\r\nSUB {inbox} 1\r\nPUB {subject} {inbox} {len(payload)}\r\n".encode()
            + payload
            + b"\r\n"
        )
        with wire.makefile("rb") as lines:
            for line in lines:
                if line.startswith(b"-ERR"):
                    raise AskError(line.decode("utf-8", "replace").strip())
                if line.startswith(b"MSG "):
                    answer = _parsed(line, lines)
                    if isinstance(answer, dict):
                        return cast("Mapping[str, object]", answer)
                    break
    raise AskError(f"{subject}: no usable answer")


def _parsed(line: bytes, lines: BinaryIO) -> object:
    """The JSON that follows a MSG line; None when it is none, as when the server is killed while it answers."""
    try:
        parsed: object = json.loads(lines.read(int(line.split()[-1])))
    except (ValueError, RecursionError):
        return None
    return parsed
