"""The `seamline` command: parses, calls, prints. What it calls is imported only when it is called."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from seamline.cli.exits import INTERRUPTED, Refusal


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line (default: this process's) and return its exit code (see `seamline.cli.exits`)."""
    from seamline.cli.parser import build

    try:
        options = build().parse_args(arguments)
        return _run(options.run, options)
    except SystemExit as ended:  # argparse's own way out, after --help, --version or a wrong argument
        return ended.code if isinstance(ended.code, int) else 2
    except Refusal as refusal:
        _complain(str(refusal))
        return refusal.code
    except BrokenPipeError:  # `seamline devices | head`: whoever read has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return INTERRUPTED


def _run(target: str, options: object) -> int:
    """Import `module:function` and call it with the parsed options."""
    from importlib import import_module

    module, _, function = target.partition(":")
    command = getattr(import_module(module), function)
    code: object = command(options)
    sys.stdout.flush()
    return code if isinstance(code, int) else 0


def _complain(text: str) -> None:
    """Say on standard error, in one line, why the command did not do what was asked."""
    print(f"seamline: {text}", file=sys.stderr)
