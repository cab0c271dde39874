"""The hub as a process: the roles `ingest`, `worker` and `api`, together or apart (`auth` is `seamline.hub.auth`).

    python -m seamline.hub.role --state DIR --role api,ingest,worker [--partitions 0,1]

It stops cleanly on SIGTERM and SIGINT: the batch in hand is finished, nothing else is waited for. What is away at the start
(broker, database) is waited for; what is wrong (settings, contracts, a database that is too new) ends it with one message.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import logging
import os
import signal
import sys
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, cast

from seamline.contract import ContractErrors, Family, load_family
from seamline.hub.settings import HubSettings, HubSettingsError, read

log: Final = logging.getLogger("seamline.hub")

ROLES: Final = ("api", "ingest", "worker")
OK, FAILED, WRONG_USE = 0, 1, 2
COLLECT_AFTER: Final = (20_000, 20, 20)
"""The garbage collector's thresholds: by Python's own, reading a fleet of 10,000 anew spends half of its time in the collector."""


def main(state: Path | None, roles: Sequence[str], partitions: Sequence[int] = ()) -> int:
    """Run the roles until told to stop. Returns an exit code; says what is wrong on standard error."""
    if list(roles) == ["auth"]:
        from seamline.hub.auth.role import main as auth  # noqa: PLC0415 - its own process, its own imports

        return auth(state)
    gc.set_threshold(*COLLECT_AFTER)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        settings = replace(read(state), work=tuple(partitions))
        families = tuple(settings.pace.family(load_family(folder)) for folder in settings.contracts)
    except (HubSettingsError, ContractErrors) as error:
        sys.stderr.write(f"seamline: {error}\n")
        return WRONG_USE
    return _runner()(_run(settings, families, frozenset(roles)))


async def _run(settings: HubSettings, families: Sequence[Family], roles: frozenset[str]) -> int:
    from seamline.hub.prepare import StartError  # noqa: PLC0415 - the database's client, after settings are known to be right
    from seamline.hub.processes import run_roles  # noqa: PLC0415

    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    told: list[str] = []
    try:
        await run_roles(settings, families, roles, stopping)
    except* StartError as errors:
        told = _texts(errors)
    for text in told:
        sys.stderr.write(f"{text}\n")
    return FAILED if told else OK


def _texts(errors: BaseExceptionGroup[BaseException]) -> list[str]:
    """What the errors of a group, and of groups in it, say."""
    nested = [
        _texts(cast("BaseExceptionGroup[BaseException]", one)) if isinstance(one, BaseExceptionGroup) else [str(one)]
        for one in errors.exceptions
    ]
    return [text for texts in nested for text in texts]


def _runner() -> Callable[[Coroutine[None, None, int]], int]:
    """Uvloop's where it is installed."""
    try:
        import uvloop  # noqa: PLC0415
    except ImportError:
        return asyncio.run
    return uvloop.run


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m seamline.hub.role", description=__doc__)
    parser.add_argument("--state", type=Path, default=None)
    parser.add_argument("--role", default=",".join(ROLES))
    parser.add_argument("--partitions", default="", help="partitions of this process, by commas; all by default")
    return parser.parse_args()


if __name__ == "__main__":
    given = _arguments()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    sys.exit(main(given.state, given.role.split(","), [int(part) for part in given.partitions.split(",") if part]))
