"""The hub as a process: the roles `ingest`, `worker` and `api`, together or apart (`auth` is `seamline.hub.auth`).

    python -m seamline.hub.role --state DIR --role api,ingest,worker [--partitions 0,1]

It stops cleanly on SIGTERM and SIGINT: the batch in hand is finished, nothing else is waited for. What is away at the start
(broker, database) is waited for; what is wrong (settings, contracts, a database that is too new) ends it with one message.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import psycopg

from seamline.contract import ContractErrors, Family, load_family
from seamline.hub.ingest.catalogue import Catalogue
from seamline.hub.settings import HubSettings, HubSettingsError, read

log: Final = logging.getLogger("seamline.hub")

ROLES: Final = ("api", "ingest", "worker")
OK, FAILED, WRONG_USE = 0, 1, 2
START_RETRY_S: Final = 0.2


def main(state: Path | None, roles: Sequence[str], partitions: Sequence[int] = ()) -> int:
    """Run the roles until told to stop. Returns an exit code; says what is wrong on standard error."""
    if list(roles) == ["auth"]:
        from seamline.hub.auth.role import main as auth  # noqa: PLC0415 - its own process, its own imports

        return auth(state)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        settings = replace(read(state), work=tuple(partitions))
        families = tuple(load_family(folder) for folder in settings.contracts)
    except (HubSettingsError, ContractErrors) as error:
        sys.stderr.write(f"{error}\n")
        return WRONG_USE
    return _loop(_run(settings, families, frozenset(roles)))


def _loop(running: asyncio.Future[int] | object) -> int:
    """Run in uvloop where there is one."""
    try:
        import uvloop  # noqa: PLC0415
    except ImportError:
        return asyncio.run(running)  # type: ignore[arg-type]
    return uvloop.run(running)  # type: ignore[arg-type]


async def _run(settings: HubSettings, families: Sequence[Family], roles: frozenset[str]) -> int:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    catalogue = Catalogue(families)
    if not await _prepared(settings, families, stopping):
        return OK
    from seamline.hub.processes import run_roles  # noqa: PLC0415 - the roles' own imports come after the schema is there

    await run_roles(settings, catalogue, roles, stopping)
    return OK


async def _prepared(settings: HubSettings, families: Sequence[Family], stopping: asyncio.Event) -> bool:
    """Bring the database up: schema, contracts, partitions. Waits for it; False when stopped meanwhile."""
    from seamline.hub.prepare import prepare  # noqa: PLC0415

    while not stopping.is_set():
        try:
            await prepare(settings.dsn, families)
        except psycopg.OperationalError as error:
            log.warning("waiting for the database: %s", str(error).strip())
            await asyncio.sleep(START_RETRY_S)
        else:
            return True
    return False


def now_ms() -> int:
    """The host's clock, Unix ms."""
    return time.time_ns() // 1_000_000


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
