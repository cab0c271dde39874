"""The port: everything a rig can do to a board, and nothing more. Any of it can be replaced by one's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from seamline.rig.board.relay import Relay


class Console(Protocol):
    """What the board says and is told. Lines go to whoever made it; see console.Heard."""

    def open(self) -> None:
        """Listen. Raises ConsoleError."""
        ...

    def close(self) -> None:
        """Let go. Idempotent."""
        ...

    def tell(self, command: str) -> None:
        """Send a command, without waiting for an answer."""
        ...

    def has_reset(self) -> bool:
        """Whether `reset` can work."""
        ...

    async def reset(self) -> None:
        """Reset the board. Raises ConsoleError."""
        ...


class Way(Protocol):
    """The board's way to its broker, that can fail; see proxy.BrokerProxy. Overlapping faults end one by one."""

    def cut(self) -> None:
        """Break the live connection."""
        ...

    def cut_in_publish(self) -> None:
        """Break the connection in the midst of the next message that the board sends."""
        ...

    def stall(self, *, up: bool, down: bool, ends: bool = False) -> None:
        """Swallow one direction or both."""
        ...

    def refuse(self, *, ends: bool = False) -> None:
        """Let no new connection through."""
        ...

    def slow(self, each_way_ms: int) -> None:
        """Hold every byte back."""
        ...

    def forget_idle(self, idle_ms: int | None) -> None:
        """Forget idle connections, silently."""
        ...

    def portal(self, *, on: bool) -> None:
        """Answer in the broker's place."""
        ...

    def mend(self) -> None:
        """End every fault."""
        ...


class Time(Protocol):
    """The time server that a board asks."""

    def step(self, by_ms: int) -> None:
        """Lie by so much; 0 ends it."""
        ...

    def block(self, *, ends: bool = False) -> None:
        """Answer nobody."""
        ...

    def mend(self) -> None:
        """Tell the time again."""
        ...


@dataclass(frozen=True, slots=True)
class BoardPort:
    """A board on the rig. Without a relay its power is its own; without `time` nobody lies to it about the time."""

    console: Console
    way: Way
    relay: Relay | None = None
    time: Time | None = None
