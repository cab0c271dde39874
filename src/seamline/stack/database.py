"""The embedded database as a supervised child, and what a database of either kind must answer."""

from __future__ import annotations

import signal

import psycopg

from seamline.stack.binaries import POSTGRES_MAJOR_MIN, find_postgres
from seamline.stack.child import ChildSpec
from seamline.stack.cluster import ENVIRONMENT, check_version, drop_stale_pid, make_cluster
from seamline.stack.errors import StateError
from seamline.stack.postgres import PORT, Postgres, list_item

CONNECT_TIMEOUT_S = 2
# Fast shutdown writes a checkpoint; how long that takes is the disk's affair.
STOP_TIMEOUT_S = 30.0

OPTIONS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "port": str(PORT),
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "max_connections": "60",
    "shared_buffers": "128MB",
    "max_wal_size": "1GB",
    "min_wal_size": "80MB",
    "wal_compression": "pglz",
    "checkpoint_timeout": "10min",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "logging_collector": "off",
    "restart_after_crash": "on",
}


def check_reachable(dsn: str) -> None:
    """Try a database that was given by address. Raises StateError with the server's reason, never the password."""
    try:
        with psycopg.connect(dsn, connect_timeout=CONNECT_TIMEOUT_S) as connection:
            version = connection.info.server_version // 10_000
    except psycopg.Error as error:
        reason = (str(error).strip().splitlines() or ["no reason given"])[0]
        raise StateError(f"the database of --dsn does not answer: {reason}: start it, or mend the address") from None
    if version < POSTGRES_MAJOR_MIN:
        raise StateError(f"the database of --dsn is PostgreSQL {version}: {POSTGRES_MAJOR_MIN} or newer is needed")


def probe(postgres: Postgres) -> bool:
    """Whether the database takes a query."""
    try:
        with psycopg.connect(postgres.dsn, connect_timeout=CONNECT_TIMEOUT_S) as connection:
            return connection.execute("select 1").fetchone() == (1,)
    except psycopg.OperationalError:
        return False


def postgres_child(postgres: Postgres) -> ChildSpec:
    """The database as a child. Raises BinaryError, StateError."""
    binaries = find_postgres()
    options = {**OPTIONS, "unix_socket_directories": list_item(postgres.sockets)}

    def prepare(alive: int) -> None:
        make_cluster(postgres, alive)
        check_version(postgres)
        drop_stale_pid(postgres)

    return ChildSpec(
        name="postgres",
        argv=(
            str(binaries.postgres),
            *("-D", str(postgres.data)),
            *(word for name, value in options.items() for word in ("-c", f"{name}={value}")),
        ),
        log=postgres.state.path("log", "postgres.log"),
        ready=lambda: probe(postgres),
        prepare=prepare,
        environment=ENVIRONMENT,
        user=postgres.user,
        stop_signal=signal.SIGINT,
        stop_timeout_s=STOP_TIMEOUT_S,
        # Immediate shutdown: ends within moments whatever its clients do; the log is replayed at the next start.
        orphan_signal=signal.SIGQUIT,
    )
