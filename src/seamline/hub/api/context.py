"""What the API needs from the process that runs it, and nothing else."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from seamline.contract.model import Contract
from seamline.hub.hearing import Hearing

DEADLINE_S: Final = 3.0
"""How long a request waits for a database connection before it answers 503."""

CONNECTIONS_MAX: Final = 6
"""Most database connections the API holds at once."""


@dataclass(frozen=True, slots=True)
class RawFrame:
    """One uplink as the broker keeps it: stream position, arrival (Unix ms), topic kind and bytes."""

    stream_seq: int
    arrived_ms: int
    kind: str
    payload: bytes


class FrameSource(Protocol):
    """Where recent uplinks of a device are read from."""

    async def recent(self, device: str, limit: int) -> list[RawFrame]:
        """Return at most `limit` latest data frames, newest first; raises `ConnectionError` when the broker is away."""
        ...


def unix_ms() -> int:
    """Return the host's clock in Unix ms."""
    return time.time_ns() // 1_000_000


def no_contract(reference: str) -> Contract | None:
    """Know no contract: twins are then shown raw and cannot be asked."""
    del reference
    return None


async def _nobody_to_tell(device: str) -> None:
    """Deliver nothing: the downlink's own poll finds the wish."""
    del device


@dataclass(frozen=True, slots=True)
class ApiContext:
    """The running hub, as the API sees it.

    `dsn` names the database; `frames` and `hearing` are None when no broker is at hand; `contract(reference)` gives the contract a
    device names at birth (`heater/1.3.0`) or None; `asked(device)` is called after a wish for a device's twin was committed;
    `stopping`, once set, ends event streams and the server; `pages` is the folder of built pages, None for those shipped in the
    package.
    """

    dsn: str
    frames: FrameSource | None = None
    hearing: Hearing | None = None
    contract: Callable[[str], Contract | None] = no_contract
    asked: Callable[[str], Awaitable[None]] = _nobody_to_tell
    now_ms: Callable[[], int] = unix_ms
    pages: Path | None = None
    connections_max: int = CONNECTIONS_MAX
    deadline_s: float = DEADLINE_S
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
