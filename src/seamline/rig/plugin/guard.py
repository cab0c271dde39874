"""Stands between the world and a core that somebody else wrote: an error of the core's is named, with the call that it came from.

Texts are the same in every run of a plan: they have no addresses, no folders, and of a call that never returned not the line that it was
interrupted at.
"""

from __future__ import annotations

import signal
import sysconfig
import traceback
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Final, TypeVar

import seamline
from seamline.device import OVER_RATE, Policy
from seamline.device.shapes import Document, Effect, Random, Stored
from seamline.rig.plugin.alarm import Alarm, NeverReturns
from seamline.rig.plugin.calls import CALLS
from seamline.rig.plugin.effect_shapes import fault_of
from seamline.rig.plugin.port import CoreFactory, DeviceCore
from seamline.rig.plugin.process import ProgramError
from seamline.rig.plugin.raised import ADDRESS, told_of
from seamline.rig.world.apart import Ended
from seamline.rig.world.promises import BrokenPromise

NOT_THEIRS: Final = (Path(seamline.__file__).parent, Path(sysconfig.get_paths()["stdlib"]))
MEMBERS: Final = tuple(name for name in vars(DeviceCore) if not name.startswith("_"))
PROPERTIES: Final = frozenset(("state", "incarnation", "boot"))
STATES: Final = ("offline", "connecting", "greeting", "live")
SHOWN: Final = 120
"""Characters of what a core gave back."""

Given = TypeVar("Given")


class Guarded:
    """A core whose every call is watched. Raises BrokenPromise where the core raises anything at all."""

    def __init__(
        self, name: str, factory: CoreFactory, alarm: Alarm, policy: Policy, device: str, random: Random, stored: Stored
    ) -> None:
        """`name` is the core's on the command line, `device` the device's: a letter and its index."""
        self._name: Final = name
        self._device: Final = int(device[1:])
        self._alarm: Final = alarm
        self._bounded: Final = frozenset(number for number, channel in policy.channels.items() if channel.events_max)
        core = self._call("it is made", factory, policy, device, random, dict(stored))
        lacking = self._call("it is looked at", lacks, core)
        if lacking:
            raise self._broken(f"makes {_shown(core)}, which is no core: it has no {', '.join(lacking)}")
        self._core: Final = core

    # -- what it is ----------------------------------------------------------------------------------------------------

    @property
    def state(self) -> str:
        """See DeviceCore."""
        state = self._call("asked for its state", lambda: self._core.state)
        if state not in STATES:
            raise self._broken(f"says it is {_shown(state)}, and not one of {', '.join(STATES)}")
        return state

    @property
    def incarnation(self) -> int:
        """See DeviceCore."""
        return self._whole("incarnation", self._call("asked for its incarnation", lambda: self._core.incarnation))

    @property
    def boot(self) -> int:
        """See DeviceCore."""
        return self._whole("boot", self._call("asked for its boot", lambda: self._core.boot))

    def deadline(self) -> int | None:
        """See DeviceCore."""
        due_ms = self._call("asked for its deadline", self._core.deadline)
        return None if due_ms is None else self._whole("deadline", due_ms)

    def books(self) -> Document:
        """See DeviceCore."""
        books = self._call("asked for its books", self._core.books)
        shapes = {"flight": int, "bytes": int, "pending_losses": list, "channels": dict}
        if type(books) is not dict or any(type(books.get(name)) is not shape for name, shape in shapes.items()):
            raise self._broken(f"gives {_shown(books)} for its books; flight, bytes, pending_losses and channels are needed")
        return books

    def effects(self) -> list[Effect]:
        """See DeviceCore."""
        effects = self._call("asked for its effects", self._core.effects)
        if type(effects) is not list:
            raise self._broken(f"gives {_shown(effects)} for its effects; a list is needed")
        for effect in effects:
            fault = fault_of(effect)
            if fault:
                raise self._broken(f"asks for {_shown(effect)}, {fault}")
        return effects

    # -- what it is told -----------------------------------------------------------------------------------------------

    def start(self, now_ms: int, reset: str = "power_on", firmware: str = "0") -> None:
        """See DeviceCore."""
        self._call(f"started ({reset})", self._core.start, now_ms, reset, firmware)

    def record(self, now_ms: int, channel: int, body: bytes) -> int:
        """See DeviceCore."""
        number = self._call(f"given a record of channel {channel}", self._core.record, now_ms, channel, body)
        return OVER_RATE if number == OVER_RATE and channel in self._bounded else self._whole("number of a record", number)

    def stop(self, now_ms: int) -> None:
        """See DeviceCore."""
        self._call("stopped", self._core.stop, now_ms)

    def connected(self, now_ms: int) -> None:
        """See DeviceCore."""
        self._call("told that its link is up", self._core.connected, now_ms)

    def connect_failed(self, now_ms: int, reason: str) -> None:
        """See DeviceCore."""
        self._call(f"told that its connect failed ({reason})", self._core.connect_failed, now_ms, reason)

    def disconnected(self, now_ms: int, reason: str) -> None:
        """See DeviceCore."""
        self._call(f"told that its link ended ({reason})", self._core.disconnected, now_ms, reason)

    def receive(self, now_ms: int, kind: str, payload: bytes) -> None:
        """See DeviceCore."""
        self._call(f"given a {kind} from the hub", self._core.receive, now_ms, kind, payload)

    def clock(self, now_ms: int, unix_ms: int, source: str, uncertainty_ms: int) -> None:
        """See DeviceCore."""
        self._call(f"told the time ({source})", self._core.clock, now_ms, unix_ms, source, uncertainty_ms)

    def report(self, now_ms: int, prop: str, value: object, based_on: int | None = None) -> None:
        """See DeviceCore."""
        self._call(f"told that {prop} is {value!r}", self._core.report, now_ms, prop, value, based_on)

    def tick(self, now_ms: int) -> None:
        """See DeviceCore."""
        self._call("ticked", self._core.tick, now_ms)

    # -- watching ------------------------------------------------------------------------------------------------------

    def _call(self, when: str, method: Callable[..., Given], *arguments: object) -> Given:
        """Do one thing with the core. Raises BrokenPromise."""
        ended = CALLS.enter()
        if ended is not None:
            CALLS.leave()
            raise self._ended(ended, when)
        self._alarm.set()
        try:
            return method(*arguments)
        except NeverReturns as error:
            CALLS.found = Ended(CALLS.number, "yields", "never returned", _function(error.__traceback__))
            raise self._ended(CALLS.found, when) from None
        except ProgramError as error:
            raise self._broken(f"{error} when {when}") from error
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt) and signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
                raise  # it may be the user's; a process that ignores Ctrl-C has it from the core
            raise self._broken(f"raised {told_of(error)}{_line(error.__traceback__)} when {when}") from error
        finally:
            self._alarm.clear()
            CALLS.leave()

    def _whole(self, what: str, value: object) -> int:
        if type(value) is not int or value < 0:
            raise self._broken(f"gives {_shown(value)} for its {what}; a whole number is needed")
        return value

    def _ended(self, ended: Ended, when: str) -> BrokenPromise:
        return BrokenPromise(ended.promise, f"{self._name} {ended.how} when {when}{ended.where}", self._device)

    def _broken(self, what: str) -> BrokenPromise:
        return BrokenPromise("no-error", f"{self._name} {what}", self._device)


def lacks(core: object) -> list[str]:
    """Which parts of the port an object does not have."""
    return [name for name in MEMBERS if not (hasattr(core, name) if name in PROPERTIES else callable(getattr(core, name, None)))]


def _shown(value: object) -> str:
    """What it is, in few characters and without an address."""
    text = ADDRESS.sub("", repr(value))
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


def _line(trace: TracebackType | None) -> str:
    """The last line of the core's own code, ` (app.py:12)`; nothing where there is none."""
    theirs = [frame for frame in traceback.extract_tb(trace) if _is_theirs(frame.filename)]
    return f" ({Path(theirs[-1].filename).name}:{theirs[-1].lineno})" if theirs else ""


def _function(trace: TracebackType | None) -> str:
    """The function of the core's own code that was called first, by where it begins."""
    while trace is not None:
        code = trace.tb_frame.f_code
        if _is_theirs(code.co_filename):
            return f" ({Path(code.co_filename).name}:{code.co_firstlineno}, {code.co_name})"
        trace = trace.tb_next
    return ""


def _is_theirs(file: str) -> bool:
    return not any(Path(file).is_relative_to(folder) for folder in NOT_THEIRS)
