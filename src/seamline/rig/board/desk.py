"""A desk without hardware: a stand with a simulated board, and the switch and console by which a run drives it like a real one."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from seamline.rig.board.errors import BoardError
from seamline.rig.board.simulated import Config

END_TIMEOUT_S: Final = 10.0
STAND: Final = "seamline.rig.board.stand"
BOARD: Final = "seamline.rig.board.simulated"
SOCKET_CHARS_MAX: Final = 100
"""A Unix socket's path has 107 bytes at most."""


@dataclass(frozen=True, slots=True)
class Desk:
    """How to drive what stands there."""

    console: Path
    relay: str
    """A command with {state}, as for CommandRelay."""
    log: Path
    """What the board said on standard error."""


@contextmanager
def desk(folder: Path, command: Sequence[str]) -> Generator[Desk]:
    """Put a stand up in `folder`, with a board that is `command`, off; at the end both are gone. Raises BoardError."""
    console, switch, log = folder / "tty", folder / "switch", folder / "board.log"
    if len(os.fsencode(switch)) > SOCKET_CHARS_MAX:
        raise BoardError(f"the folder's name {folder} is too long for a socket in it: name a shorter one")
    with log.open("ab") as said:
        stand = subprocess.Popen(
            [sys.executable, "-m", STAND, "run", "--tty", str(console), "--switch", str(switch), "--", *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
        )
    try:
        if stand.stdout is None or stand.stdout.readline() != b"ready\n":
            raise BoardError(f"the stand for the simulated board does not start; see {log}")
        yield Desk(console, f"{shlex.quote(sys.executable)} -m {STAND} switch {shlex.quote(str(switch))} {{state}}", log)
    finally:
        for pipe in (stand.stdin, stand.stdout):
            if pipe is not None:
                pipe.close()
        try:
            stand.wait(END_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            stand.kill()
            stand.wait()


@contextmanager
def simulated_desk(folder: Path, config: Config) -> Generator[Desk]:
    """A desk with the simulated board of simulated.py, flashed with `config`."""
    flashed = folder / "config.json"
    flashed.write_text(json.dumps(asdict(config), indent=2) + "\n", encoding="utf-8")
    with desk(folder, [sys.executable, "-m", BOARD, str(flashed)]) as made:
        yield made
