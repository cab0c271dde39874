"""A console on a tty gives every whole line, takes commands, and comes back when its tty does."""

import asyncio
import os
import time
import tty

import pytest

from seamline.rig.board import console as module, tty as ttys
from seamline.rig.board.console import SerialConsole
from seamline.rig.board.errors import ConsoleError


class Adapter:
    """The other end of a pty, behind a link that can be taken away and given back."""

    def __init__(self, path):
        self.path = path
        self.plug()

    def plug(self):
        self.master, self.slave = os.openpty()
        tty.setraw(self.slave)
        os.set_blocking(self.master, False)
        self.path.symlink_to(os.ttyname(self.slave))

    def unplug(self):
        self.path.unlink()
        os.close(self.slave)
        os.close(self.master)

    def say(self, data):
        os.write(self.master, data)

    def told(self):
        try:
            return os.read(self.master, 4096)
        except BlockingIOError:
            return b""


@pytest.fixture
def adapter(tmp_path):
    made = Adapter(tmp_path / "tty")
    yield made
    made.unplug()


class Ears:
    def __init__(self):
        self.lines = []
        self.news = asyncio.Event()

    def __call__(self, line, read_ms):
        assert abs(read_ms - time.time() * 1000) < 60_000
        self.lines.append(line)
        self.news.set()

    async def until(self, holds):
        async with asyncio.timeout(20):
            while not holds():
                self.news.clear()
                await self.news.wait()


def run(body):
    async def limited():
        async with asyncio.timeout(30):
            await body()

    asyncio.run(limited())


def test_lines_come_whole_and_commands_go_out_as_they_are_typed(adapter):
    async def body():
        ears = Ears()
        console = SerialConsole(adapter.path, ears)
        adapter.say(b"said before anybody listened\n")
        console.open()
        adapter.say(b"one\r\ntw")
        await ears.until(lambda: ears.lines)
        adapter.say(b"o\n")
        await ears.until(lambda: len(ears.lines) == 2)
        assert ears.lines == ["one\r", "two"]
        console.tell("rest")
        loop = asyncio.get_running_loop()
        readable = loop.create_future()
        loop.add_reader(adapter.master, readable.set_result, None)
        await readable
        loop.remove_reader(adapter.master)
        assert adapter.told() == b"seam rest\n"
        console.close()
        console.close()
        console.tell("rest")  # nobody hears it, and nothing happens

    run(body)


def test_nothing_that_is_heard_is_echoed_back(adapter):
    async def body():
        ears = Ears()
        console = SerialConsole(adapter.path, ears)
        console.open()
        adapter.say(b"one\n")
        await ears.until(lambda: ears.lines)
        assert adapter.told() == b""
        console.close()

    run(body)


def test_a_tty_that_goes_away_with_the_power_is_opened_again_when_it_is_back(adapter, monkeypatch):
    monkeypatch.setattr(module, "REOPEN_EVERY_S", 0.01)

    async def body():
        ears = Ears()
        console = SerialConsole(adapter.path, ears)
        console.open()
        adapter.say(b"one\nhalf a li")
        await ears.until(lambda: ears.lines)
        adapter.unplug()
        async with asyncio.timeout(20):
            while not console.away:
                await asyncio.sleep(0.01)
        console.tell("lost")
        adapter.plug()
        adapter.say(b"two\n")
        await ears.until(lambda: len(ears.lines) == 2)
        assert ears.lines == ["one", "two"]  # the half line went with the power
        assert console.away == 1
        console.close()

    run(body)


def test_closing_ends_the_wait_for_a_tty_that_is_away(adapter, monkeypatch):
    monkeypatch.setattr(module, "REOPEN_EVERY_S", 0.01)

    async def body():
        console = SerialConsole(adapter.path, Ears())
        console.open()
        adapter.unplug()
        async with asyncio.timeout(20):
            while not console.away:
                await asyncio.sleep(0.01)
        console.close()
        assert console._reopening.cancelled()
        adapter.plug()

    run(body)


def test_a_pty_has_no_reset_line_and_says_what_to_use_instead(adapter):
    async def body():
        console = SerialConsole(adapter.path, Ears())
        console.open()
        assert not console.has_reset()
        with pytest.raises(ConsoleError, match=r"has no reset lines \(DTR, RTS\): switch the power instead \(--relay\)"):
            await console.reset()
        console.close()

    run(body)


def test_a_board_is_reset_by_holding_rts_with_dtr_let_go(adapter, monkeypatch):
    """A pty has no such lines, so what the kernel would be asked is looked at."""
    asked = []
    monkeypatch.setattr(ttys.fcntl, "ioctl", lambda handle, request, lines: asked.append((request, lines)))
    monkeypatch.setattr(module, "RESET_S", 0.0)

    async def body():
        console = SerialConsole(adapter.path, Ears())
        console.open()
        assert console.has_reset()
        asked.clear()
        await console.reset()
        console.close()

    run(body)
    take, drop = ttys.termios.TIOCMBIS, ttys.termios.TIOCMBIC
    assert asked == [(drop, ttys.DTR), (take, ttys.RTS), (drop, ttys.DTR), (drop, ttys.RTS)]


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("/dev/no-such-tty", "console /dev/no-such-tty: No such file or directory; is the board plugged in"),
        ("/dev/null", "console /dev/null: Inappropriate ioctl for device; it is no serial line"),
        ("/", "console /: Is a directory; check the cable, or name another --console"),
    ],
)
def test_what_is_no_console_is_named_with_the_remedy(path, says):
    async def body():
        with pytest.raises(ConsoleError) as told:
            SerialConsole(path, Ears()).open()
        assert str(told.value).startswith(says)

    run(body)


def test_a_speed_that_no_line_has_is_refused(adapter):
    async def body():
        with pytest.raises(ConsoleError, match="a console of 31250 baud: there are 9600, "):
            SerialConsole(adapter.path, Ears(), 31_250).open()

    run(body)
