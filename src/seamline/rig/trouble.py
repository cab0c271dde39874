"""What ends a demo that is nobody's broken promise: the installation's own trouble, with the remedy."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import psycopg

from seamline.rig.fleet import FleetError
from seamline.stack import StackError

KINDS = (StackError, FleetError, OSError, psycopg.Error)


def told(error: BaseException, state: Path | None) -> str | None:
    """Say what the matter is, a database's complaint in one line; None where an error, or one in a group, is a fault of ours.

    Tasks that fail together come as a group; the first stands for all. `state` is the folder that was asked for.
    """
    found = list(_single(error))
    if not found or not all(isinstance(each, KINDS) for each in found):
        return None
    first = found[0]
    if not isinstance(first, psycopg.Error):
        return str(first) or type(first).__name__
    text = " ".join(str(first).split()) or type(first).__name__
    where = "the temporary directory" if state is None else str(state)
    remedy = "free some room, or choose another folder with --state"
    return f"the database failed ({text}): look whether {where} is on a full disk; {remedy}"


def _single(error: BaseException) -> Iterator[BaseException]:
    """The error, or those of a group and of the groups in it."""
    if not isinstance(error, BaseExceptionGroup):
        yield error
        return
    for each in cast("BaseExceptionGroup[BaseException]", error).exceptions:
        yield from _single(each)
