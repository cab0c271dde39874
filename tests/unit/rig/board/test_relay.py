"""The power is switched when a relay says so; a relay that cannot is named with what it said."""

import asyncio
import os
import shlex
import sys
import tty

import pytest

from seamline.rig.board import relay
from seamline.rig.board.errors import RelayError
from seamline.rig.board.relay import SPOKEN, CommandRelay, SerialRelay, relay_of


def python(program):
    return f"{shlex.quote(sys.executable)} -c {shlex.quote(program)} {{state}}"


def test_a_command_is_told_the_state_and_done_when_the_switch_returns(tmp_path):
    switched = tmp_path / "switched"
    one = relay_of(python(f"import sys; open({str(switched)!r}, 'a').write(sys.argv[1] + ' ')"))

    async def body():
        await one.switch(on=False)
        await one.switch(on=True)

    asyncio.run(body())
    assert isinstance(one, CommandRelay)
    assert switched.read_text() == "off on "


def test_no_shell_reads_the_command(tmp_path):
    trap = tmp_path / "trap"
    asyncio.run(relay_of(python("pass") + f" ; touch {trap}").switch(on=True))
    assert not trap.exists()


@pytest.mark.parametrize(
    ("template", "says"),
    [
        ("uhubctl -a off", "does not say where on or off goes"),
        ("uhubctl 'oops {state}", "No closing quotation"),
    ],
)
def test_a_template_that_cannot_switch_is_refused_at_once(template, says):
    with pytest.raises(RelayError, match=says):
        relay_of(template)


@pytest.mark.parametrize(
    ("template", "says"),
    [
        ("no-such-program-here {state}", "cannot run: no-such-program-here on: No such file"),
        (python("import sys; sys.exit(3)"), "failed with exit code 3: .*: it said nothing"),
        (python("print('no hub found'); raise SystemExit(1)"), "exit code 1: .*: no hub found"),
    ],
)
def test_a_command_that_fails_is_told_with_its_last_words(template, says):
    with pytest.raises(RelayError, match=says):
        asyncio.run(relay_of(template).switch(on=True))


def test_a_command_that_hangs_is_stopped(monkeypatch):
    monkeypatch.setattr(relay, "TIMEOUT_S", 0.2)
    with pytest.raises(RelayError, match=r"took longer than 0\.2 s and was stopped"):
        asyncio.run(relay_of(python("import signal; signal.pause()")).switch(on=True))


@pytest.mark.parametrize("protocol", SPOKEN)
def test_a_serial_relay_is_told_in_its_own_words(protocol):
    master, slave = os.openpty()
    tty.setraw(slave)
    one = relay_of(f"{protocol}:{os.ttyname(slave)}")
    assert isinstance(one, SerialRelay)
    for on in (True, False):
        asyncio.run(one.switch(on=on))
        assert os.read(master, 64) == SPOKEN[protocol][on]
    os.close(master)
    os.close(slave)


def test_a_serial_relay_that_is_not_there_is_named():
    with pytest.raises(RelayError, match="relay: console /dev/no-such-tty: No such file"):
        asyncio.run(relay_of("lcus:/dev/no-such-tty").switch(on=True))
