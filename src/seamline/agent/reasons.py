"""Why a connect failed or a session ended, in the few words the wire knows.

The reasons travel in the next birth (`failures`, `last_end`), so that support can tell a closed port from a bad certificate
from a network that lies, long after the fact.
"""

import asyncio
import socket
import ssl
from typing import Final

REFUSED: Final = "refused"  # the broker answered, and said no
TLS: Final = "tls"  # a certificate, a name or a handshake that does not fit
TIMEOUT: Final = "timeout"  # nobody answered in the contract's time
DNS: Final = "dns"  # the name has no address
NETWORK: Final = "network"  # no route, port closed, connection reset
SERVER_CLOSED: Final = "server_closed"  # the other side ended a live session in order
KEEP_ALIVE: Final = "keep_alive"  # pings went unanswered

CONNECT_REASONS: Final = frozenset({REFUSED, TLS, TIMEOUT, DNS, NETWORK, SERVER_CLOSED})
END_REASONS: Final = frozenset({SERVER_CLOSED, KEEP_ALIVE, NETWORK})


class ConnectError(Exception):
    """A connection did not come about. `reason` is one of CONNECT_REASONS; `detail` is for people."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


def classify(error: BaseException) -> ConnectError:
    """Name the reason of a failed connect; an error that was classified before stays as it is."""
    if isinstance(error, ConnectError):
        return error
    return ConnectError(_reason(error), f"{type(error).__name__}: {error}" if str(error) else type(error).__name__)


def _reason(error: BaseException) -> str:
    match error:
        case ssl.SSLError() | ssl.CertificateError():
            return TLS
        case socket.gaierror():
            return DNS
        case TimeoutError() | asyncio.TimeoutError():
            return TIMEOUT
        case _:
            return NETWORK


def ended(error: BaseException | None, *, pings_unanswered: bool) -> str:
    """Name why a live session ended: `error` is what the transport reported, None for an orderly close."""
    if pings_unanswered:
        return KEEP_ALIVE
    return SERVER_CLOSED if error is None else NETWORK
