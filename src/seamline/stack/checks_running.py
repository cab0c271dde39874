"""What `doctor` looks at in a running stack: is every part reachable, and does the database keep its promises."""

from __future__ import annotations

import datetime as dt
import ipaddress
import os
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

import psycopg
from cryptography import x509

from seamline.hub.auth.config import ConfigError, read_config
from seamline.hub.auth.role import HEALTH
from seamline.stack.finding import Check, Finding, Verdict
from seamline.stack.natsline import ask
from seamline.stack.ports import LOOPBACK, is_free
from seamline.stack.statedir import read_object

if TYPE_CHECKING:
    from seamline.stack.settings import Settings

STREAM = "UP"
TIMEOUT_S = 2
CERTIFICATE_WARN = dt.timedelta(days=30)
# What must be on for "committed" to mean "still there after power loss".
DURABLE = ("fsync", "full_page_writes", "synchronous_commit")
START = "start it with `seamline up`"


def running(settings: Settings) -> Mapping[str, object]:
    """`run.json` of a stack that is alive; empty when none is."""
    run = read_object(settings.state_folder / "run.json")
    pid = run.get("pid")
    if not isinstance(pid, int) or pid <= 0:  # 0 and less would ask about groups of processes
        return {}
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return {}
    except PermissionError:
        return run
    return run


def parts(settings: Settings) -> frozenset[str]:
    """Names of the parts that the running stack runs."""
    pids = running(settings).get("pids")
    return frozenset(cast("dict[str, object]", pids)) if isinstance(pids, dict) else frozenset()


def check_ports(settings: Settings) -> Iterator[Finding]:
    """Whether the ports kept for this state directory can be listened on."""
    if running(settings):
        return
    kept = read_object(settings.state_folder / "ports.json")
    taken = [f"{port} ({name})" for name, port in kept.items() if isinstance(port, int) and not is_free(port)]
    if taken:
        remedy = "end what listens there, or others are chosen at the next start and devices must be told"
        yield Finding("ports", Verdict.WARN, f"taken on {LOOPBACK}: {', '.join(taken)}", remedy)
    else:
        yield Finding("ports", Verdict.OK, "those kept are free" if kept else "none chosen yet")


def check_certificate(settings: Settings) -> Iterator[Finding]:
    """How long the broker's certificate lasts."""
    path = settings.state_folder / "ca" / "server.pem"
    if not path.exists():
        yield Finding("certificates", Verdict.IDLE, "made at the first start")
        return
    try:
        left = x509.load_pem_x509_certificate(path.read_bytes()).not_valid_after_utc - dt.datetime.now(dt.UTC)
    except ValueError:
        yield Finding("certificates", Verdict.FAIL, f"{path} is no certificate", "restart: it is made anew at the start")
        return
    if left < CERTIFICATE_WARN:
        verdict = Verdict.FAIL if left < dt.timedelta(0) else Verdict.WARN
        yield Finding("certificates", verdict, f"the broker's has {left.days} days left", "restart: it is renewed at the start")
    else:
        yield Finding("certificates", Verdict.OK, f"the broker's lasts {left.days} days")


def check_stack(settings: Settings) -> Iterator[Finding]:
    """Whether a stack runs on this state directory."""
    run = running(settings)
    if run:
        yield Finding("stack", Verdict.OK, f"runs as process {run.get('pid')}")
    else:
        yield Finding("stack", Verdict.IDLE, "not running: broker, database and hub were not asked")


def check_broker(settings: Settings) -> Iterator[Finding]:
    """The broker's answer, and the stream that uplinks are kept in."""
    url = running(settings).get("nats_url")
    if not isinstance(url, str):
        return
    try:
        ask(url, "$JS.API.INFO", timeout_s=TIMEOUT_S)
    except OSError as error:
        place = urlsplit(url)
        yield Finding("broker", Verdict.FAIL, f"{place.hostname}:{place.port} does not answer: {error}", "see log/broker.log")
        return
    yield Finding("broker", Verdict.OK, "answers")
    if "hub" in parts(settings):
        answer = ask(url, f"$JS.API.STREAM.INFO.{STREAM}", timeout_s=TIMEOUT_S)
        if "error" in answer:
            found = f"{STREAM} is missing: what devices send is not kept"
            yield Finding("stream", Verdict.FAIL, found, "restart the hub, which makes it; see log/hub.log")
        else:
            yield Finding("stream", Verdict.OK, f"{STREAM} is there")


def check_authorisation(settings: Settings) -> Iterator[Finding]:
    """Whether somebody answers the broker when a device asks to be let in."""
    if "auth" not in parts(settings):
        return
    try:
        told = ask(read_config(settings.state_folder).auth_url, HEALTH, timeout_s=TIMEOUT_S)
    except (OSError, ConfigError) as error:
        found = f"nobody answers ({error}): no device is let in"
        yield Finding("authorisation", Verdict.FAIL, found, "see log/auth.log")
        return
    yield Finding("authorisation", Verdict.OK, f"answers, and knows {told.get('identities')} devices")


def check_database(settings: Settings) -> Iterator[Finding]:
    """The database's answer, and whether its commits survive a power loss."""
    address = running(settings).get("dsn") or settings.dsn
    if not isinstance(address, str) or not address:
        return
    try:
        with psycopg.connect(address, connect_timeout=TIMEOUT_S) as connection:
            asked = "select name, setting from pg_settings where name = any(%s)"
            values = dict(connection.execute(asked, [[*DURABLE, "server_version"]]).fetchall())
    except psycopg.Error as error:
        reason = str(error).strip().splitlines()[0]
        yield Finding("database", Verdict.FAIL, f"does not answer: {reason}", "see log/postgres.log, or the server of --dsn")
        return
    off = [name for name in DURABLE if values.get(name) in {"off", "local"}]
    if off:
        remedy = "turn it on: a custody mark promises that a committed record survives power loss"
        yield Finding("database", Verdict.FAIL, f"{', '.join(off)} is off", remedy)
    else:
        yield Finding("database", Verdict.OK, f"PostgreSQL {values['server_version']}, commits are durable")


def check_hub(settings: Settings) -> Iterator[Finding]:
    """The page and API."""
    url = running(settings).get("url")
    if not isinstance(url, str) or "hub" not in parts(settings):
        return
    if not ipaddress.ip_address(urlsplit(url).hostname or "").is_loopback:
        yield Finding("hub", Verdict.FAIL, f"{url} is open to others, and there are no accounts yet", "use loopback only")
    try:
        with urllib.request.urlopen(f"{url}/api/health", timeout=TIMEOUT_S):  # noqa: S310 - an address of our own making
            yield Finding("hub", Verdict.OK, f"answers at {url}")
    except (urllib.error.URLError, OSError) as error:
        yield Finding("hub", Verdict.FAIL, f"{url} does not answer: {error}", "see log/hub.log")


CHECKS: tuple[Check, ...] = (
    check_ports,
    check_certificate,
    check_stack,
    check_broker,
    check_authorisation,
    check_database,
    check_hub,
)
