"""Exit codes of the `seamline` command, the same for every subcommand, and the errors that lead to them.

Refusal            something a person can mend; carries the exit code and one line
  PromiseBroken    1  a promise did not hold, or what was asked for is not there
  WrongUse         2  wrong arguments
  MissingExtra     3  this installation lacks an extra; the line names what to install
  Unreachable      4  the hub, or a part of it that is needed, cannot be reached
  BadInstallation  5  an installation problem; `seamline doctor` says more
KeyboardInterrupt 130  Ctrl-C
  ToldToEnd      143  SIGTERM
"""

from __future__ import annotations

from typing import ClassVar, Final

OK: Final = 0
PROMISE_BROKEN: Final = 1
WRONG_USE: Final = 2
MISSING_EXTRA: Final = 3
UNREACHABLE: Final = 4
BAD_INSTALLATION: Final = 5
INTERRUPTED: Final = 130  # 128 + SIGINT, as shells count
TERMINATED: Final = 143  # 128 + SIGTERM


class Refusal(Exception):
    """A command's end that a person can mend: its text is one line with the remedy."""

    code: ClassVar[int] = PROMISE_BROKEN


class PromiseBroken(Refusal):
    """A promise did not hold, or what was asked for does not exist."""


class WrongUse(Refusal):
    """Arguments that cannot be meant."""

    code: ClassVar[int] = WRONG_USE


class MissingExtra(Refusal):
    """This installation was made without an extra that the command needs."""

    code: ClassVar[int] = MISSING_EXTRA


class Unreachable(Refusal):
    """The hub, or a part of it that is needed for the answer, cannot be reached."""

    code: ClassVar[int] = UNREACHABLE


class BadInstallation(Refusal):
    """Something about this installation or its state directory is wrong."""

    code: ClassVar[int] = BAD_INSTALLATION


class ToldToEnd(KeyboardInterrupt):
    """SIGTERM: a command ends by it as by Ctrl-C, with an exit code of its own."""


def code_of(interrupt: KeyboardInterrupt) -> int:
    """The exit code of a command that was ended so."""
    return TERMINATED if isinstance(interrupt, ToldToEnd) else INTERRUPTED
