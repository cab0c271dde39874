"""A stand is a real process with a real pty: its switch starts and kills, and everything ends with whoever put it up."""

import asyncio
import os
import shlex
import signal
import subprocess
import sys

import pytest

from seamline.rig.board import desk as desks, stand
from seamline.rig.board.console import SerialConsole
from seamline.rig.board.desk import desk
from seamline.rig.board.errors import BoardError, RelayError
from seamline.rig.board.relay import relay_of
from seamline.testing.wait import until

PARROT = "import os, sys\nprint('up', os.getpid(), flush=True)\nfor line in sys.stdin: print('heard', line, end='', flush=True)"


class Ears:
    def __init__(self):
        self.lines = []
        self.news = asyncio.Event()

    def __call__(self, line, read_ms):
        self.lines.append(line)
        self.news.set()

    async def until(self, holds):
        async with asyncio.timeout(30):
            while not holds():
                self.news.clear()
                await self.news.wait()


def gone(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_the_switch_gives_power_and_takes_it_and_the_console_outlives_both(tmp_path):
    async def body():
        async with asyncio.timeout(60):
            with desk(tmp_path, [sys.executable, "-c", PARROT]) as made:
                power, ears = relay_of(made.relay), Ears()
                console = SerialConsole(made.console, ears)
                console.open()
                pids = []
                for boots in (1, 2):
                    await power.switch(on=True)
                    await power.switch(on=True)  # it is on already
                    await ears.until(lambda boots=boots: sum(line.startswith("up") for line in ears.lines) == boots)
                    pids.append(int(ears.lines[-1].split()[1]))
                    console.tell("rest")
                    await ears.until(lambda: ears.lines[-1] == "heard seam rest")
                    await power.switch(on=False)
                    await power.switch(on=False)
                    assert gone(pids[-1])
                assert console.away == 0
                assert pids[0] != pids[1]
                console.close()

    asyncio.run(body())
    assert not (tmp_path / "tty").is_symlink()
    assert not (tmp_path / "switch").exists()


def test_a_stand_takes_its_board_with_it(tmp_path):
    async def body():
        async with asyncio.timeout(60):
            with desk(tmp_path, [sys.executable, "-c", PARROT]) as made:
                ears = Ears()
                console = SerialConsole(made.console, ears)
                console.open()
                await relay_of(made.relay).switch(on=True)
                await ears.until(lambda: ears.lines)
                console.close()
                return int(ears.lines[0].split()[1])

    pid = asyncio.run(body())
    until(lambda: gone(pid), "the board is gone")


def test_a_board_that_cannot_start_is_told_through_the_relay(tmp_path):
    with desk(tmp_path, ["/no/such/program"]) as made, pytest.raises(RelayError, match="the board cannot start: No such file"):
        asyncio.run(relay_of(made.relay).switch(on=True))


def test_a_board_that_ended_by_itself_starts_again(tmp_path):
    async def body():
        async with asyncio.timeout(60):
            with desk(tmp_path, [sys.executable, "-c", "print('up')"]) as made:
                ears = Ears()
                console = SerialConsole(made.console, ears)
                console.open()
                power = relay_of(made.relay)
                await power.switch(on=True)
                await ears.until(lambda: ears.lines)
                while len(ears.lines) < 2:
                    await power.switch(on=True)
                console.close()
                assert set(ears.lines) == {"up"}

    asyncio.run(body())


def test_a_folder_with_too_long_a_name_is_refused(tmp_path):
    with pytest.raises(BoardError, match="too long for a socket"), desk(tmp_path / ("x" * 120), ["true"]):
        pass


def test_a_stand_that_does_not_start_is_told_with_where_it_said_why(tmp_path, monkeypatch):
    monkeypatch.setattr(desks, "STAND", "seamline.rig.board.no_such_stand")
    with pytest.raises(BoardError, match=r"does not start; see .*board\.log"), desk(tmp_path, ["true"]):
        pass
    assert "no_such_stand" in (tmp_path / "board.log").read_text()


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["switch", "/no/such/socket", "on"], 1, "no stand at /no/such/socket: No such file"),
        (["dance"], 2, "python -m seamline.rig.board.stand run"),
        (["run", "--tty", "a", "--switch", "b", "--"], 2, "COMMAND"),
    ],
)
def test_wrong_use_of_a_stand_is_told(arguments, code, says, capsys):
    assert stand.main(arguments) == code
    assert says in capsys.readouterr().err


def test_a_switch_knows_on_and_off_only(tmp_path):
    with desk(tmp_path, ["true"]) as made:
        command = [word.replace("{state}", "sideways") for word in shlex.split(made.relay)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (1, "on or off is needed, not 'sideways'\n")


def test_a_stand_is_what_it_says_in_this_process_too(tmp_path):
    made = stand.Stand(tmp_path / "tty", [sys.executable, "-c", "import signal; signal.pause()"])
    assert (tmp_path / "tty").resolve().is_char_device()
    assert made.switch("up") == "on or off is needed, not 'up'"
    assert made.switch("on") == "ok"
    board = made._board
    assert made.switch("on") == "ok"
    assert made._board is board
    assert made.switch("off") == "ok"
    assert board.returncode == -signal.SIGKILL
    made.close()
    assert not (tmp_path / "tty").is_symlink()
