"""What a supervised child is: how to start it, tell that it is ready, and stop it."""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path


class User(StrEnum):
    """As whom a child runs: as we do, or as an unprivileged user (see launch.py)."""

    KEEP = "keep"
    NAMESPACE = "namespace"
    SETUID = "setuid"


def nothing(_alive: int) -> None:
    """The preparation of a child that needs none."""


@dataclass(frozen=True, slots=True)
class ChildSpec:
    """A child process.

    `prepare` runs before each start, in the supervisor's thread, once no process of an earlier start is left; it is given
    the descriptor of the child's lock, for whatever it starts itself to inherit (see orphans.py). `ready`
    answers whether the child does its work now; it must return within a second or two and raise nothing.
    `stop_signal` asks for a clean end; `orphan_signal` is what it gets when the supervisor dies.
    """

    name: str
    argv: tuple[str, ...]
    log: Path
    ready: Callable[[], bool]
    prepare: Callable[[int], None] = nothing
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    folder: Path | None = None
    user: User = User.KEEP
    raise_open_files: bool = False
    stop_signal: signal.Signals = signal.SIGTERM
    stop_timeout_s: float = 5.0
    orphan_signal: signal.Signals = signal.SIGKILL


@dataclass(frozen=True, slots=True)
class Backoff:
    """How long to wait before a child is started again: doubling, forgotten once it stayed up for a while."""

    base_s: float = 0.2
    cap_s: float = 5.0
    stable_s: float = 10.0

    def wait_s(self, failures: int) -> float:
        """The wait after the `failures`-th early end in a row, from 1."""
        return min(self.cap_s, self.base_s * 2.0 ** (min(failures, 32) - 1))
