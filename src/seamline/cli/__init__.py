"""The `seamline` command: parses, calls, prints. What it calls is imported only when it is called."""

from __future__ import annotations

import errno
import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import FrameType
from typing import Final

from seamline.cli.exits import BAD_INSTALLATION, OK, WRONG_USE, Refusal, ToldToEnd, code_of

UNWRITABLE: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})
"""What a write comes to on a full or failing disk."""
AGAIN_S: Final = 0.05


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line (default: this process's) and return its exit code (see `seamline.cli.exits`)."""
    undo: Callable[[], None] = _nothing
    try:
        undo = _hear_sigterm()
        code = _outcome(arguments)
        sys.stdout.flush()
    except BrokenPipeError:  # `seamline devices | head`: whoever read has enough
        _silence()
        return OK
    except KeyboardInterrupt as interrupt:
        return code_of(interrupt)
    except OSError as error:
        if error.errno not in UNWRITABLE:
            raise
        _complain(f"{_unwritten(error)} cannot be written: {error.strerror}")
        return BAD_INSTALLATION
    finally:
        undo()
    return code


def _outcome(arguments: Sequence[str] | None) -> int:
    """Run one command line; a refusal is told."""
    from seamline.cli.parser import build

    try:
        options = build().parse_args(arguments)
        return _run(options.run, options)
    except SystemExit as ended:  # argparse's own way out, after --help, --version or a wrong argument
        return ended.code if isinstance(ended.code, int) else WRONG_USE
    except Refusal as refusal:
        _complain(str(refusal))
        return refusal.code


def _run(target: str, options: object) -> int:
    """Import `module:function` and call it with the parsed options."""
    from importlib import import_module

    module, _, function = target.partition(":")
    command = getattr(import_module(module), function)
    code: object = command(options)
    return code if isinstance(code, int) else OK


def _hear_sigterm() -> Callable[[], None]:
    """Raise ToldToEnd at SIGTERM. Returns what undoes that; another thread than the first hears no signals, and need not."""
    try:
        before = signal.signal(signal.SIGTERM, _told_to_end)
    except ValueError:
        return _nothing
    hook, sys.unraisablehook = sys.unraisablehook, _raised_nowhere

    def undo() -> None:
        sys.unraisablehook = hook
        if before is not None:
            signal.signal(signal.SIGTERM, before)

    return undo


def _raised_nowhere(lost: sys.UnraisableHookArgs) -> None:
    """An interrupt in the middle of a callback (imports have some, and `__del__` is one) would be dropped there: it comes again."""
    if isinstance(lost.exc_value, KeyboardInterrupt):
        from threading import Timer

        number = signal.SIGTERM if isinstance(lost.exc_value, ToldToEnd) else signal.SIGINT
        Timer(AGAIN_S, os.kill, (os.getpid(), number)).start()
    else:
        sys.__unraisablehook__(lost)


def _told_to_end(_number: int, _frame: FrameType | None) -> None:
    raise ToldToEnd


def _nothing() -> None:
    pass


def _unwritten(error: OSError) -> str:
    """What could not be written: standard output, where another empty line cannot be, either."""
    try:
        print(flush=True)
    except OSError:
        _silence()
        return "standard output"
    return str(error.filename or "a file")


def _silence() -> None:
    """Throw away what standard output has not taken, and whatever would follow."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _complain(text: str) -> None:
    """Say on standard error, in one line, why the command did not do what was asked."""
    with suppress(OSError):
        print(f"seamline: {text}", file=sys.stderr)
