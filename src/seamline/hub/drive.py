"""Coroutines without an event loop: the hub's logic awaits nothing but its store, and a store need not wait.

`drive` completes a coroutine whose store never waits. A store in virtual time waits by `await Pause(ms)`; whoever drives its
coroutines takes them as `Driven`, and resumes each when its time has come, in an order of his choosing.
"""

from __future__ import annotations

from collections.abc import Coroutine, Generator
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Pause:
    """What a coroutine waits for: so many ms of its driver's time."""

    wait_ms: int

    def __await__(self) -> Generator[Pause, None, None]:
        """Hand itself to the driver; go on when resumed."""
        yield self


class NotDrivenError(RuntimeError):
    """A coroutine awaits what only an event loop, or a driver in virtual time, can give."""


class Driven(Generic[T]):
    """A coroutine on its way. `resume` it until it is done."""

    def __init__(self, coroutine: Coroutine[object, None, T]) -> None:
        self._coroutine: Final = coroutine
        self._result: tuple[T] | None = None

    @property
    def done(self) -> bool:
        """Whether it has returned."""
        return self._result is not None

    @property
    def result(self) -> T:
        """What it returned. Raises NotDrivenError while it is on its way."""
        if self._result is None:
            raise NotDrivenError("the coroutine has not returned yet")
        return self._result[0]

    def resume(self) -> Pause | None:
        """Go on until it waits (for what) or returns (None). Raises whatever it raises, NotDrivenError for a foreign await."""
        try:
            waits = self._coroutine.send(None)
        except StopIteration as returned:
            self._result = (returned.value,)
            return None
        if not isinstance(waits, Pause):
            self.abandon()
            raise NotDrivenError(f"{self._coroutine!r} awaits {waits!r}: it needs an event loop")
        return waits

    def abandon(self) -> None:
        """End it where it waits, as a kill would: only its `finally` and `async with` blocks still run."""
        self._coroutine.close()


def drive(coroutine: Coroutine[object, None, T]) -> T:
    """Run a coroutine that never waits, and return its result. Raises NotDrivenError when it does."""
    driven = Driven(coroutine)
    waits = driven.resume()
    if waits is not None:
        driven.abandon()
        raise NotDrivenError(f"{coroutine!r} waits {waits.wait_ms} ms: resume it in virtual time")
    return driven.result
