"""The real stack for tests: started in a second in a folder of its own, and gone afterwards.

    from seamline.testing.stack import stack

    with stack(contracts=(folder,)) as running:
        running.issue("heater", ["dev-1"])

Nothing is faked: broker, database, authorisation and hub are the processes that a product runs.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from seamline.stack import Settings, Stack
from seamline.stack.settings import CHILDREN

PARTS = ("broker", "postgres", "auth")


@contextmanager
def stack(
    *,
    children: Sequence[str] = CHILDREN,
    contracts: Sequence[Path] = (),
    state: Path | None = None,
    settings: Settings | None = None,
) -> Generator[Stack]:
    """A running stack. `children` chooses its parts; `PARTS` is everything below the hub.

    Without `state` it lives in a temporary folder, removed at the end; a given folder is kept. Ports are free ones.
    Raises StackError when it does not start.
    """
    folder = state or Path(tempfile.mkdtemp(prefix="seamline-test-"))
    told = replace(
        settings or Settings(http_port=0),
        state=folder,
        children=tuple(children),
        contracts=tuple(contracts) or (settings.contracts if settings else ()),
    )
    try:
        with Stack(told) as running:
            yield running
    finally:
        if state is None:
            shutil.rmtree(folder, ignore_errors=True)
