"""What can be wrong with an installation; every message names the place and the remedy.

    StackError         the stack cannot start or go on
      SettingsError    a settings file or SEAMLINE_* variable that cannot be obeyed
      StateError       the state directory cannot be used (rights, another stack, full disk)
      BinaryError      a program that is needed was not found
      ChildError       a child process did not become ready, or does not stay up

Anything else that is raised is a fault of ours.
"""

from __future__ import annotations


class StackError(Exception):
    """The stack cannot start or go on; the message names the place and the remedy."""


class SettingsError(StackError):
    """A settings file or SEAMLINE_* variable that cannot be obeyed."""


class StateError(StackError):
    """The state directory cannot be used."""


class BinaryError(StackError):
    """A program that is needed was not found."""


class ChildError(StackError):
    """A child process did not become ready, or does not stay up."""
