"""Why a connect failed is told in the few words that the wire knows."""

import socket
import ssl

import pytest

from seamline.agent.reasons import CONNECT_REASONS, END_REASONS, ConnectError, classify, ended


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ConnectionRefusedError(111, "Connection refused"), "network"),
        (OSError(101, "Network is unreachable"), "network"),
        (ConnectionResetError(104, "reset"), "network"),
        (TimeoutError(), "timeout"),
        (socket.gaierror(-2, "Name or service not known"), "dns"),
        (ssl.SSLCertVerificationError(1, "self-signed"), "tls"),
        (ssl.SSLError(1, "alert"), "tls"),
        (ConnectError("refused", "not authorised"), "refused"),
    ],
)
def test_errors_are_classified(error: Exception, reason: str) -> None:
    assert classify(error).reason == reason
    assert reason in CONNECT_REASONS


def test_the_end_of_a_session_is_told_from_its_cause() -> None:
    assert ended(None, pings_unanswered=False) == "server_closed"
    assert ended(ConnectionResetError(), pings_unanswered=False) == "network"
    assert ended(None, pings_unanswered=True) == "keep_alive"
    assert {"server_closed", "network", "keep_alive"} <= END_REASONS
