"""The planner on a port of its own, in a thread."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from seamline.planner.server import listening, server

JOIN_S = 10.0
"""How long it may take to end; its own limit is 2 s."""


@contextmanager
def planning(plan: Path, pages: Path | None = None) -> Generator[str]:
    """Serve the planner of a plan's file; gives its address."""
    listener = listening(0)
    running = server(plan, pages)
    thread = threading.Thread(target=lambda: asyncio.run(running.serve(sockets=[listener])), name="planner", daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        running.should_exit = True
        thread.join(JOIN_S)
        listener.close()
