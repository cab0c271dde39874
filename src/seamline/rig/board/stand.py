"""A stand for a simulated board: a pty in place of a serial adapter, and a switch that kills the process in place of a relay.

    python -m seamline.rig.board.stand run --tty PATH --switch SOCKET -- COMMAND…
    python -m seamline.rig.board.stand switch SOCKET on|off

The adapter has power of its own: the pty stays when the board goes. COMMAND has it as standard input and output. The stand ends,
and takes the board with it, when its own standard input does.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
import tty
from collections.abc import Sequence
from pathlib import Path
from typing import Final

WRONG_USE: Final = 2
FAILED: Final = 1
TIMEOUT_S: Final = 10.0
READ_BYTES: Final = 64


class Stand:
    """One board, off at first."""

    def __init__(self, path: Path, command: Sequence[str]) -> None:
        """`path` becomes a link to the board's tty."""
        self._command = list(command)
        self._path = path
        self._board: subprocess.Popen[bytes] | None = None
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        path.unlink(missing_ok=True)
        path.symlink_to(os.ttyname(self._slave))

    def switch(self, word: str) -> str:
        """Obey on or off; returns what to answer."""
        match word:
            case "on":
                self._on()
            case "off":
                self._off()
            case _:
                return f"on or off is needed, not {word!r}"
        return "ok"

    def close(self) -> None:
        """Take the power, and the tty away."""
        self._off()
        self._path.unlink(missing_ok=True)
        os.close(self._master)
        os.close(self._slave)

    def _on(self) -> None:
        if self._board is None or self._board.poll() is not None:
            self._board = subprocess.Popen(self._command, stdin=self._master, stdout=self._master, start_new_session=True)

    def _off(self) -> None:
        if self._board is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._board.pid, signal.SIGKILL)
            self._board.wait()
            self._board = None


def run(path: Path, switch: Path, command: Sequence[str]) -> int:
    """Serve the switch until standard input ends."""
    switch.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(switch))
        server.listen(4)
        stand = Stand(path, command)
        try:
            sys.stdout.write("ready\n")
            sys.stdout.flush()
            while True:
                readable, _, _ = select.select([server, sys.stdin], [], [])
                if sys.stdin in readable and not os.read(sys.stdin.fileno(), READ_BYTES):
                    return 0
                if server in readable:
                    _serve(server, stand)
        finally:
            stand.close()
            switch.unlink(missing_ok=True)


def _serve(server: socket.socket, stand: Stand) -> None:
    asker, _ = server.accept()
    with asker:
        asker.settimeout(TIMEOUT_S)
        with contextlib.suppress(OSError):  # who asked is gone, and with it whoever wanted to know
            word = asker.recv(READ_BYTES).decode("ascii", "replace").strip()
            try:
                answer = stand.switch(word)
            except OSError as error:
                answer = f"the board cannot start: {error.strerror or error}"
            asker.sendall(answer.encode())


def ask(switch: Path, word: str) -> str:
    """Have a stand switch; returns its answer. Raises OSError when none is there."""
    with socket.socket(socket.AF_UNIX) as asker:
        asker.settimeout(TIMEOUT_S)
        asker.connect(str(switch))
        asker.sendall(word.encode())
        return asker.recv(4096).decode("utf-8", "replace")


def main(arguments: Sequence[str]) -> int:
    """See the module."""
    match list(arguments):
        case ["run", "--tty", path, "--switch", switch, "--", *command] if command:
            return run(Path(path), Path(switch), command)
        case ["switch", switch, word]:
            try:
                answer = ask(Path(switch), word)
            except OSError as error:
                answer = f"no stand at {switch}: {error.strerror or error}"
            if answer == "ok":
                return 0
            sys.stderr.write(answer + "\n")
            return FAILED
        case _:
            sys.stderr.write(f"{(__doc__ or '').strip()}\n")
            return WRONG_USE


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
