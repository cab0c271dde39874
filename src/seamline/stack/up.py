"""`seamline up`: the whole stack in the foreground, until Ctrl-C."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import FrameType

from seamline.contract.problems import Problem
from seamline.stack.errors import SettingsError, StackError
from seamline.stack.served import problems_in
from seamline.stack.settings import Settings, check, load_settings
from seamline.stack.stack import Stack

EXIT_OK, EXIT_BROKEN, EXIT_WRONG_USE, EXIT_INSTALLATION = 0, 1, 2, 5
ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
LOOK_S = 0.5


def settings_of(
    *,
    state: Path | None = None,
    contracts: Sequence[Path] = (),
    port: int | None = None,
    mqtt_port: int | None = None,
    dsn: str | None = None,
) -> Settings:
    """Settings from defaults, file, environment, and over all of them what the command line says.

    Raises SettingsError.
    """
    settings = load_settings(state)
    if contracts:
        settings = replace(settings, contracts=tuple(contracts))
    if port is not None:
        settings = replace(settings, http_port=port)
    if mqtt_port is not None:
        settings = replace(settings, mqtt_port=mqtt_port)
    if dsn is not None:
        settings = replace(settings, dsn=dsn)
    return settings


@contextmanager
def interruptible(impatient: Callable[[], None]) -> Generator[None]:
    """Within: the first signal to end raises KeyboardInterrupt, any further one calls `impatient`."""
    seen = False

    def end(_number: int, _frame: FrameType | None) -> None:
        nonlocal seen
        if seen:
            impatient()
            return
        seen = True
        raise KeyboardInterrupt

    before = {number: signal.signal(number, end) for number in ENDS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def run(settings: Settings, say: Callable[[str], None], stop: threading.Event | None = None) -> int:
    """Run a stack until a signal comes or `stop` is set. Returns the exit code; raises StackError when it cannot start."""
    stack = Stack(settings)
    ended = stop or threading.Event()
    with interruptible(stack.kill_all):
        try:
            stack.start()
            say(f"Seamline is running: {stack.url}")
            say(f"  devices connect to {stack.mqtt_host}:{stack.mqtt_port} (MQTT 3.1.1, TLS both ways, CA {stack.ca_file})")
            say(f"  state is kept in {stack.state.root}; Ctrl-C ends it")
            _watch(stack, say, ended)
        except KeyboardInterrupt:
            say("ending; Ctrl-C again to force it")
        finally:
            stack.stop()
    return EXIT_OK


def _watch(stack: Stack, say: Callable[[str], None], ended: threading.Event) -> None:
    """Say when a part ended and is started again, until `ended`."""
    starts = {name: stack.view(name).starts for name in stack.children}
    while not ended.wait(LOOK_S):
        for name in stack.children:
            view = stack.view(name)
            if view.starts != starts[name]:
                starts[name] = view.starts
                say(f"{name} ended ({view.last_end}) and was started again; its log: {stack.log(name)}")


def main(
    *,
    state: Path | None = None,
    contracts: Sequence[Path] = (),
    port: int | None = None,
    mqtt_port: int | None = None,
    dsn: str | None = None,
) -> int:
    """The command. Nothing is started or written before settings and contracts are known to be right.

    Exit codes: 0 ended on request, 1 a contract that does not hold, 2 settings that cannot be obeyed, 5 an installation problem.
    """
    try:
        settings = check(settings_of(state=state, contracts=contracts, port=port, mqtt_port=mqtt_port, dsn=dsn))
        problems = problems_in(settings.contracts)
        if problems:
            _complain(problems)
            return EXIT_BROKEN
        return run(settings, _say)
    except SettingsError as error:
        sys.stderr.write(f"seamline: {error}\n")
        return EXIT_WRONG_USE
    except StackError as error:
        sys.stderr.write(f"seamline: {error}\n")
        return EXIT_INSTALLATION


def _complain(problems: Sequence[Problem]) -> None:
    """Say what is wrong with the contracts, as `seamline contract check` does, on standard error."""
    for problem in problems:
        sys.stderr.write(problem.render() + "\n")
    count = f"{len(problems)} problem{'s' if len(problems) > 1 else ''} in the contracts"
    sys.stderr.write(f"seamline: nothing was started: {count}; `seamline contract explain CODE` says more about each code\n")


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
