"""A process that runs worlds, and what is known of it once it is gone."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from types import FrameType
from typing import TYPE_CHECKING, Final, cast

from seamline.rig.plugin import alarm
from seamline.rig.plugin.calls import Box, call_of
from seamline.rig.plugin.process import leave_no_program
from seamline.rig.world.apart import CrewError, Ended

if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess

END_S: Final = 5.0
"""A process that was told to end has so long."""
GRACE_S: Final = 3.0
"""A call that has used up its time is first ended from inside; who holds out against that loses the process so much later."""
KILLED: Final = -9
MEMORY: Final = ": is there memory for as many worlds at once? (see --jobs)"

Patience = tuple[float, float]
"""Seconds that a call of a core may work, and wait."""


class LostError(Exception):
    """The process is gone, or was ended because it hung."""

    def __init__(self, how: str, call: int, code: int | None, *, hung: bool = False) -> None:
        """`call` is the call into a user's core that was going on; 0: none."""
        super().__init__(how)
        self.how: Final = how
        self.call: Final = call
        self.was_killed: Final = code == KILLED and not hung
        self.hung: Final = hung


class Hand:
    """One process. What it is given besides its arguments: its end of a pipe, and the box in which it counts its calls."""

    def __init__(self, target: Callable[..., None], *arguments: object) -> None:
        context = multiprocessing.get_context("spawn")  # a fork would take this process's threads and locks along
        ours, theirs = context.Pipe()
        self.pipe: Final = cast("Connection[object, object]", ours)  # Windows' pipes do the same
        self.box: Final = cast("Box", context.RawValue(ctypes.c_uint64, 0))
        self.process: Final[BaseProcess] = context.Process(target=target, args=(*arguments, theirs, self.box), daemon=True)
        with sigterm_later(), _deaf_to_ctrl_c():
            self.process.start()
        theirs.close()
        self._seen = 0
        self._since_s = time.monotonic()

    def receive(self) -> object:
        """The next message; waits for it. Raises LostError."""
        try:
            return self.pipe.recv()
        except (EOFError, OSError):
            raise self._lost() from None

    def send(self, message: object) -> None:
        """Give it a message. Raises LostError."""
        try:
            self.pipe.send(message)
        except OSError:
            raise self._lost() from None

    def check(self, wait_s: float) -> None:
        """Look whether it lives. Raises LostError when it does not, or is in one call of the core for longer than `wait_s`."""
        if self.process.exitcode is not None and not self.pipe.poll():
            raise self._lost()
        now_s, seen = time.monotonic(), self.box.value
        if seen != self._seen or not call_of(self.box):
            self._seen, self._since_s = seen, now_s
        elif now_s - self._since_s > wait_s + min(GRACE_S, wait_s / 2):
            call = call_of(self.box)
            self.process.kill()
            self.process.join(END_S)
            raise LostError("never returned", call, self.process.exitcode, hung=True)

    def end(self) -> None:
        """End it; what it does is not wanted any more."""
        self.process.terminate()
        self.process.join(END_S)
        if self.process.exitcode is None:
            self.process.kill()
            self.process.join(END_S)
        self.pipe.close()

    def _lost(self) -> LostError:
        self.process.join(END_S)
        code = self.process.exitcode
        return LostError(f"ended the process ({exit_of(code)})", call_of(self.box), code)


def exit_of(code: int | None) -> str:
    """How a process ended, in words."""
    if code is None:
        return "it closed its pipe"
    if code >= 0:
        return f"exit {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"


def verdict_of(lost: LostError, before: LostError | None, core: str | None, what: str) -> Ended | None:
    """Where the run is to end when it is run again; None: as it was, for it may have been killed by chance.

    `before`: how it was lost already; `what` ran. Raises CrewError where no promise of the core was broken.
    """
    gone = f"the process that ran {what}{'' if core is None else f' with {core}'} has ended by itself ({lost.how})"
    if core is None or not lost.call:
        raise CrewError(gone.replace("ended the process (", "").replace("))", ")") + (MEMORY if lost.was_killed else ""))
    if lost.was_killed and before is None:
        return None
    if before is not None and (not before.was_killed or before.call != lost.call):
        message = f"the core {core} {lost.how} in call {lost.call} of {what}, and in call {before.call} when it was run before"
        raise CrewError(message + (MEMORY if lost.was_killed else ": it does not do the same twice"))
    return Ended(lost.call, "yields" if lost.hung else "no-error", lost.how)


def behave() -> None:
    """What a process of the rig does first: it leaves Ctrl-C to the process that began it, and leaves no program behind.

    What a core prints goes to standard error: standard output is the command's, and with `--json` one document.
    """
    with suppress(OSError):  # closed
        os.dup2(2, 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _told_to_end)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})  # see sigterm_later


def set_patience(patience: Patience) -> None:
    """Give calls into cores so much time."""
    alarm.WORK_S, alarm.WAIT_S = patience


def _told_to_end(number: int, _frame: FrameType | None) -> None:
    leave_no_program()
    signal.signal(number, signal.SIG_DFL)
    signal.raise_signal(number)


@contextmanager
def sigterm_later() -> Generator[None]:
    """SIGTERM waits until a process has been begun, in both: one that got half of what it is to do would end in a traceback."""
    if not hasattr(signal, "pthread_sigmask") or threading.current_thread() is not threading.main_thread():
        yield
        return
    resource_tracker.ensure_running()  # begun with a process, it would let SIGTERM in again
    told: list[int] = []
    handler = signal.signal(signal.SIGTERM, lambda number, _frame: told.append(number))  # another thread may hear it
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})  # the process begins with it
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        signal.signal(signal.SIGTERM, signal.SIG_DFL if handler is None else handler)
        if told:
            signal.raise_signal(signal.SIGTERM)


@contextmanager
def _deaf_to_ctrl_c() -> Generator[None]:
    """What is started meanwhile never hears Ctrl-C, which a terminal sends to all: the first process decides."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
