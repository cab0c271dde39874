"""Switches that give a board its power and take it: a command of the user's, or a relay on a serial line."""

from __future__ import annotations

import asyncio
import os
import shlex
import termios
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Protocol

from seamline.rig.board.errors import ConsoleError, RelayError
from seamline.rig.board.tty import open_tty

TIMEOUT_S: Final = 30.0
"""uhubctl takes a few seconds where a hub answers slowly."""
PLACE: Final = "{state}"
RELAY_BAUD: Final = 9_600
SPOKEN: Final[Mapping[str, Mapping[bool, bytes]]] = {
    "lines": {True: b"on\n", False: b"off\n"},
    # LCUS-1 and its many copies, one relay on a CH340: start, number, state, sum.
    "lcus": {True: bytes([0xA0, 1, 1, 0xA2]), False: bytes([0xA0, 1, 0, 0xA1])},
}
"""What a serial relay is sent, by the protocol's name."""


class Relay(Protocol):
    """Has the board's power in its hand."""

    async def switch(self, *, on: bool) -> None:
        """Give or take the power; it is so when this returns. Raises RelayError."""
        ...


class CommandRelay:
    """Runs a command of the user's, in which {state} is on or off: `uhubctl -l 1-1 -p 2 -a {state}`. No shell is involved."""

    def __init__(self, template: str) -> None:
        """Raises RelayError for a template that cannot switch."""
        try:
            self._words = shlex.split(template)
        except ValueError as error:
            raise RelayError(f"--relay {template!r}: {error}") from error
        if not any(PLACE in word for word in self._words):
            raise RelayError(f"--relay {template!r} does not say where on or off goes: write {PLACE}, as in 'uhubctl -a {PLACE}'")

    async def switch(self, *, on: bool) -> None:
        """See Relay."""
        command = [word.replace(PLACE, "on" if on else "off") for word in self._words]
        told = shlex.join(command)
        try:
            process = await asyncio.create_subprocess_exec(
                *command, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
            )
        except OSError as error:
            raise RelayError(f"the relay's command cannot run: {told}: {error.strerror or error}") from error
        try:
            async with asyncio.timeout(TIMEOUT_S):
                output, _ = await process.communicate()
        except TimeoutError:
            process.kill()
            await process.wait()
            raise RelayError(f"the relay's command took longer than {TIMEOUT_S:g} s and was stopped: {told}") from None
        if process.returncode:
            said = output.decode("utf-8", "replace").strip().splitlines()
            why = said[-1] if said else "it said nothing"
            raise RelayError(f"the relay's command failed with exit code {process.returncode}: {told}: {why}")


class SerialRelay:
    """A relay on a serial line that understands one of SPOKEN."""

    def __init__(self, protocol: str, path: Path) -> None:
        self._words = SPOKEN[protocol]
        self._path = path

    async def switch(self, *, on: bool) -> None:
        """See Relay."""
        await asyncio.to_thread(self._write, self._words[on])

    def _write(self, words: bytes) -> None:
        try:
            handle = open_tty(self._path, RELAY_BAUD)
        except ConsoleError as error:
            raise RelayError(f"relay: {error}") from error
        try:
            os.write(handle, words)
            termios.tcdrain(handle)
        except (OSError, termios.error) as error:
            raise RelayError(f"relay {self._path}: {error.args[-1]}; check its cable") from error
        finally:
            os.close(handle)


def relay_of(text: str) -> Relay:
    """Return the relay that `lines:/dev/tty…`, `lcus:/dev/tty…` or a command with {state} names. Raises RelayError."""
    protocol, colon, path = text.partition(":")
    if colon and protocol in SPOKEN:
        return SerialRelay(protocol, Path(path))
    return CommandRelay(text)
