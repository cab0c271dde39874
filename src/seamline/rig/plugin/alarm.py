"""Ends a call that does not return. The verdict does not depend on how busy the machine is: it is the call's own work that is bounded.

Where signals cannot do it (on Windows, and in threads) a call that never returns is never ended.
"""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import ClassVar, Final

WORK_S = 5.0
"""Of processor time in one call: a core takes a ten thousandth of it."""
WAIT_S = 30.0
"""Of time in one call, for who waits without working."""
AGAIN_S: Final = 1.0
"""It rings again after so long, should the core have caught it."""


class NeverReturns(BaseException):
    """A call has used up its time. No Exception: a core that catches everything would catch it."""


class Alarm:
    """Rings while a call runs. All alarms of a process share its timers: one call runs at a time."""

    _runs: ClassVar = False

    def __init__(self, work_s: float | None = None, wait_s: float | None = None) -> None:
        """Seconds of work and of waiting that a call may take; None: WORK_S, WAIT_S as they are then."""
        self._work_s: Final = work_s
        self._wait_s: Final = wait_s
        self._is_able = hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()
        if self._is_able:
            signal.signal(signal.SIGPROF, ring)
            signal.signal(signal.SIGALRM, ring)

    def set(self) -> None:
        """A call begins."""
        Alarm._runs = True
        if self._is_able:
            signal.setitimer(signal.ITIMER_PROF, WORK_S if self._work_s is None else self._work_s, AGAIN_S)
            signal.setitimer(signal.ITIMER_REAL, WAIT_S if self._wait_s is None else self._wait_s, AGAIN_S)

    def clear(self) -> None:
        """The call is over."""
        Alarm._runs = False
        if self._is_able:
            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.setitimer(signal.ITIMER_REAL, 0)

    @classmethod
    def runs(cls) -> bool:
        """Whether a call is going on."""
        return cls._runs


def ring(_number: int, _frame: FrameType | None) -> None:
    """What the timers' signals do. Raises NeverReturns."""
    if Alarm.runs():
        raise NeverReturns
