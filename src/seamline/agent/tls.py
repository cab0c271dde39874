"""Mutual TLS for devices: one context a certificate, and little memory a connection.

A device's name is its certificate's subject, so contexts cannot be shared between devices. TLS 1.2 is the floor because
stock MicroPython boards do not speak 1.3 yet.
"""

import ssl
from asyncio import sslproto
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

# asyncio gives each TLS connection a read buffer of this size and touches all of it: 256 KiB by default, which is 300 kB a
# connection in all. A TLS record carries at most 16 KiB, and a bigger message is simply read in several turns.
LEAN_BUFFER_BYTES = 16 * 1024


class TlsError(ValueError):
    """A certificate, key or authority that cannot be used; the message names the file."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a device connects to. `tls` is None for plain MQTT, which only tests use."""

    host: str
    port: int
    tls: ssl.SSLContext | None = None


def lean_buffers() -> None:
    """Shrink asyncio's TLS read buffer for every later connection of this process (a fleet of thousands needs it)."""
    buffer_owner: type[object] = sslproto.SSLProtocol
    if not isinstance(getattr(buffer_owner, "max_size", None), int):
        message = "this Python's asyncio.sslproto has no SSLProtocol.max_size: the TLS buffers cannot be shrunk"
        raise TlsError(message)
    setattr(buffer_owner, "max_size", LEAN_BUFFER_BYTES)  # noqa: B010  # typeshed does not know it


def device_context(ca: Path, cert: Path, key: Path) -> ssl.SSLContext:
    """Return the client context of one device. Raises TlsError, naming the file that is missing or does not fit."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # No session tickets: they would hold memory for a resumption that mutual TLS here never uses.
    context.options |= ssl.OP_NO_TICKET
    for what, path in (("--ca", ca), ("--cert", cert), ("--key", key)):
        if not path.is_file():
            message = f"{what} {path}: no such file"
            raise TlsError(message)
    try:
        context.load_verify_locations(cafile=ca)
    except ssl.SSLError as error:
        message = f"--ca {ca}: not a PEM certificate ({error.reason or error})"
        raise TlsError(message) from error
    except OSError as error:
        message = f"--ca {ca}: {error.strerror or error}"
        raise TlsError(message) from error
    try:
        context.load_cert_chain(cert, key)
    except ssl.SSLError as error:
        message = f"--cert {cert} with --key {key}: not a certificate and its key ({error.reason or error})"
        raise TlsError(message) from error
    except OSError as error:
        message = f"--cert {cert} with --key {key}: {error.strerror or error}"
        raise TlsError(message) from error
    return context


def parse_url(url: str) -> tuple[str, int, bool]:
    """Split `mqtts://host[:port]` (or `mqtt://`) into host, port and whether TLS is used. Raises TlsError."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        message = f"{url!r}: {error}"
        raise TlsError(message) from error
    if parts.scheme not in {"mqtt", "mqtts"} or not parts.hostname:
        message = f"{url!r} is not a broker's address: write mqtts://HOST:PORT"
        raise TlsError(message)
    secure = parts.scheme == "mqtts"
    return parts.hostname, port or (8883 if secure else 1883), secure
