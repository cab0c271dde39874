"""A serial line by its path, raw, with the reset lines of the usual development board. Only the standard library."""

from __future__ import annotations

import errno
import fcntl
import os
import struct
import termios
from pathlib import Path
from typing import Final

from seamline.rig.board.errors import ConsoleError

BAUDS: Final = {
    rate: int(getattr(termios, f"B{rate}"))
    for rate in (9_600, 19_200, 38_400, 57_600, 115_200, 230_400, 460_800, 921_600)
    if hasattr(termios, f"B{rate}")
}
REMEDIES: Final = {
    errno.ENOENT: "is the board plugged in, and is this its path (ls /dev/tty*)?",
    errno.EACCES: "give this user the right to it, e.g. by the group dialout",
    errno.EBUSY: "another program has it open",
    errno.ENOTTY: "it is no serial line",
}
DTR: Final = struct.pack("i", termios.TIOCM_DTR)
RTS: Final = struct.pack("i", termios.TIOCM_RTS)


def open_tty(path: Path, baud: int) -> int:
    """Open a tty, raw and without waiting, both reset lines let go; returns its descriptor. Raises ConsoleError with the remedy."""
    if baud not in BAUDS:
        raise ConsoleError(f"a console of {baud} baud: there are {', '.join(map(str, BAUDS))}")
    try:
        handle = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise _explained(path, error) from error
    try:
        _make_raw(handle, BAUDS[baud])
    except (OSError, termios.error) as error:
        os.close(handle)
        cause = error if isinstance(error, OSError) else OSError(*error.args)
        raise _explained(path, cause) from error
    _release(handle)
    return handle


def hold_reset(handle: int, *, held: bool) -> None:
    """Hold the board in reset by RTS with DTR let go, as the auto-reset circuits of ESP32 boards understand it, or let it run.

    Raises OSError for a line without such signals, e.g. a pty.
    """
    fcntl.ioctl(handle, termios.TIOCMBIC, DTR)
    fcntl.ioctl(handle, termios.TIOCMBIS if held else termios.TIOCMBIC, RTS)


def _make_raw(handle: int, speed: int) -> None:
    """8 data bits, no parity, no flow control, no echo; and no reset when it is closed."""
    flags = termios.tcgetattr(handle)
    iflag, oflag, lflag = 0, 0, 0
    cflag = termios.CS8 | termios.CREAD | termios.CLOCAL
    control = flags[6]
    control[termios.VMIN], control[termios.VTIME] = 0, 0
    termios.tcsetattr(handle, termios.TCSANOW, [iflag, oflag, cflag, lflag, speed, speed, control])


def _release(handle: int) -> None:
    """Let go of both lines: Linux takes both when it opens a port, and some boards stay in reset by that."""
    try:
        hold_reset(handle, held=False)
    except OSError:
        return  # a line without them: a pty, a USB device that has none


def _explained(path: Path, error: OSError) -> ConsoleError:
    remedy = REMEDIES.get(error.errno or 0, "check the cable, or name another --console")
    return ConsoleError(f"console {path}: {error.strerror or error}; {remedy}")
