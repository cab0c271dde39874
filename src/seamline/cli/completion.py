"""`seamline completion`: a script that teaches a shell to complete this command."""

from __future__ import annotations

import argparse

import shtab

from seamline.cli.exits import OK
from seamline.cli.parser import build


def completion(options: argparse.Namespace) -> int:
    """Print the script for the shell that was asked for."""
    print(shtab.complete(build(), options.shell))
    return OK
