"""Asks the hub that runs on this machine to take something."""

import urllib.error
import urllib.request
from typing import Final

REQUEST_TIMEOUT_S: Final = 30.0
REFUSALS: Final = range(400, 500)


class RefusedError(RuntimeError):
    """The hub does not take it; says why."""


def send(url: str, method: str, kind: str, body: bytes) -> None:
    """Ask the hub on this machine. Raises RefusedError for what it does not take, OSError while it is away."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    request = urllib.request.Request(url, body, {"Content-Type": kind}, method=method)  # noqa: S310  # the stack's own address
    try:
        with opener.open(request, timeout=REQUEST_TIMEOUT_S) as answer:
            answer.read()
    except urllib.error.HTTPError as error:
        with error:
            said = f"{method} {url}: {error.code} {error.read(2_000).decode('utf-8', 'replace')}"
            raise (RefusedError if error.code in REFUSALS else OSError)(said) from error
