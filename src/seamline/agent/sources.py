"""Where a node's readings come from: a command run each period, a file read each period, or the lines of stdin."""

import asyncio
import contextlib
import os
import stat
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final, Protocol

LINE_BYTES_MAX: Final = 65_536
LEFT_S: Final = 1.0
"""How long the output of a command that was stopped may stay open: a child that made itself a session of its own keeps it."""


class SourceError(Exception):
    """A source that gave nothing this time; the text says why."""


class Sampler(Protocol):
    """Gives one line when asked."""

    async def sample(self, timeout_s: float) -> str:
        """Return the line of now. Raises SourceError."""
        ...


class CommandSampler:
    """Runs a shell command and takes the last line it prints. One that is not done in time is killed with its children."""

    def __init__(self, command: str) -> None:
        self._command = command

    async def sample(self, timeout_s: float) -> str:
        """See Sampler.sample."""
        try:
            process = await asyncio.create_subprocess_shell(
                self._command, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, start_new_session=True
            )
        except OSError as error:
            message = f"the command cannot be started: {error.strerror or error}"
            raise SourceError(message) from error
        is_done = False
        try:
            async with asyncio.timeout(timeout_s):
                output = await _tail(process.stdout)
                await process.wait()
                is_done = True
        except TimeoutError as error:
            message = f"the command took longer than its period of {timeout_s:g} s and was stopped"
            raise SourceError(message) from error
        finally:
            if not is_done:  # the shell may have ended, and a child in the background still hold its output
                _kill_group(process.pid)
                await process.wait()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(LEFT_S):
                        await _tail(process.stdout)
        if process.returncode:
            message = f"the command ended with exit code {process.returncode}"
            raise SourceError(message)
        return _last_line(output, "the command printed")


class FileSampler:
    """Takes the last line of a file that something else keeps writing."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def sample(self, timeout_s: float) -> str:  # noqa: ARG002  # a local file has no time limit
        """See Sampler.sample."""
        return await asyncio.to_thread(self._read)

    def _read(self) -> str:
        try:
            with self._path.open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(max(0, size - LINE_BYTES_MAX))
                tail = file.read(LINE_BYTES_MAX)
        except OSError as error:
            message = f"{self._path}: {error.strerror or error}"
            raise SourceError(message) from error
        return _last_line(tail, f"{self._path} holds")


async def stdin_lines() -> AsyncIterator[str]:
    """Yield the non-empty lines of stdin as they come. A line longer than LINE_BYTES_MAX is cut there, and then is no JSON."""
    if not _waitable(sys.stdin.fileno()):
        while line := await asyncio.to_thread(sys.stdin.buffer.readline, LINE_BYTES_MAX):
            if text := _text(line):
                yield text
        return
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=LINE_BYTES_MAX)
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    try:
        while line := await _read_line(reader):
            if text := _text(line):
                yield text
    finally:
        transport.close()


def _waitable(number: int) -> bool:
    """Whether the loop can wait for this file: a plain file and /dev/null never keep anybody waiting, and epoll refuses them."""
    mode = os.fstat(number).st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or os.isatty(number)


async def _tail(stream: asyncio.StreamReader | None) -> bytes:
    """Read to the end and keep the last LINE_BYTES_MAX bytes: a command that prints without end must not fill the memory."""
    tail = b""
    while stream is not None and (data := await stream.read(LINE_BYTES_MAX)):
        tail = (tail + data)[-LINE_BYTES_MAX:]
    return tail


async def _read_line(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readuntil(b"\n")
    except asyncio.IncompleteReadError as error:
        return error.partial
    except asyncio.LimitOverrunError as error:
        return await reader.readexactly(max(1, error.consumed))


def _last_line(data: bytes, what: str) -> str:
    lines = [text for line in data[-LINE_BYTES_MAX:].splitlines() if (text := _text(line))]
    if not lines:
        message = f"{what} nothing"
        raise SourceError(message)
    return lines[-1]


def _text(line: bytes) -> str:
    return line.decode("utf-8", errors="replace").strip()


def _kill_group(pid: int) -> None:
    try:
        os.killpg(pid, 9)
    except ProcessLookupError:
        return
