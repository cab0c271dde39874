"""The console of a board: its lines, what is typed to it, its reset; it comes back when a USB line goes away with the power."""

from __future__ import annotations

import asyncio
import os
import termios
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from seamline.rig.board.errors import ConsoleError
from seamline.rig.board.lines import LineReader
from seamline.rig.board.tty import hold_reset, open_tty

READ_BYTES: Final = 65_536
REOPEN_EVERY_S: Final = 0.1
RESET_S: Final = 0.1
"""How long the reset line is held: a hundred times what an ESP32 needs."""
COMMAND_MARK: Final = "seam "

Heard = Callable[[str, int], None]
"""Called with each line and the Unix time in ms at which its end was read."""


class SerialConsole:
    """A tty by its path. Use `open`, then `close`."""

    def __init__(self, path: Path, heard: Heard, baud: int = 115_200) -> None:
        self._path = path
        self._baud = baud
        self._heard = heard
        self._reader = LineReader()
        self._handle = -1
        self._reopening: asyncio.TimerHandle | None = None
        self.away = 0
        """How often the line went away by itself and was opened again."""

    def open(self) -> None:
        """Open it and listen to what is said from now on. Raises ConsoleError."""
        self._open()
        termios.tcflush(self._handle, termios.TCIFLUSH)

    def _open(self) -> None:
        self._handle = open_tty(self._path, self._baud)
        asyncio.get_running_loop().add_reader(self._handle, self._readable)

    def close(self) -> None:
        """Let go of the line. Idempotent."""
        if self._reopening is not None:
            self._reopening.cancel()
        self._drop()

    def tell(self, command: str) -> None:
        """Send a command, e.g. `rest`; a line that is away hears nothing."""
        if self._handle >= 0:
            try:
                os.write(self._handle, f"{COMMAND_MARK}{command}\n".encode())
            except (BlockingIOError, OSError):
                return  # nobody there to read: whoever asked waits for the answer, and asks again

    async def reset(self) -> None:
        """Reset the board by its line. Raises ConsoleError where there is none."""
        try:
            hold_reset(self._handle, held=True)
            await asyncio.sleep(RESET_S)
            hold_reset(self._handle, held=False)
        except OSError as error:
            raise ConsoleError(
                f"console {self._path}: has no reset lines (DTR, RTS): switch the power instead (--relay)"
            ) from error

    def has_reset(self) -> bool:
        """Whether the line has the signals that reset a board."""
        try:
            hold_reset(self._handle, held=False)
        except OSError:
            return False
        return True

    def _readable(self) -> None:
        try:
            data = os.read(self._handle, READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._gone()
            return
        now_ms = time.time_ns() // 1_000_000
        for line in self._reader.feed(data):
            self._heard(line, now_ms)

    def _gone(self) -> None:
        """The line went with the board's power: open it as soon as it is there again."""
        self._drop()
        self.away += 1
        self._reader = LineReader()
        self._reopen_later()

    def _reopen_later(self) -> None:
        self._reopening = asyncio.get_running_loop().call_later(REOPEN_EVERY_S, self._reopen)

    def _reopen(self) -> None:
        try:
            self._open()
        except ConsoleError:
            self._reopen_later()

    def _drop(self) -> None:
        if self._handle >= 0:
            asyncio.get_running_loop().remove_reader(self._handle)
            os.close(self._handle)
            self._handle = -1
