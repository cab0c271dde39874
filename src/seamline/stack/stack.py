"""A whole Seamline on this machine: broker, database, authorisation and hub as children of this process."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Generator, Iterable
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from seamline.hub.auth.config import FILE as AUTH_FILE, AuthConfig, write_form
from seamline.hub.auth.role import HEALTH as AUTH_HEALTH
from seamline.hub.auth.snapshot import IdentityState
from seamline.stack.broker import DEVICE_ACCOUNT, Broker, broker_child, load_secrets
from seamline.stack.ca import Credentials, DevelopmentCa
from seamline.stack.child import ChildSpec
from seamline.stack.childlog import note
from seamline.stack.database import check_reachable, postgres_child
from seamline.stack.errors import ChildError, StackError
from seamline.stack.natsline import ask
from seamline.stack.ports import LOOPBACK, PortClaims, choose_ports
from seamline.stack.postgres import Postgres, drop_socket_folder, open_postgres
from seamline.stack.settings import Settings, check
from seamline.stack.statedir import StateDir, write_object
from seamline.stack.storage_watch import StorageWatch
from seamline.stack.supervisor import ChildView, Supervisor

READY_POLL_S = 0.01
HEALTH_TIMEOUT_S = 2.0
LOG_LINES_SHOWN = 5
# A child that ended this often before it was ever ready will not become ready.
EARLY_ENDS_MAX = 4

Part = TypeVar("Part")


class Stack:
    """Starts, watches and stops the parts; also issues device certificates.

    A context manager, plain and asynchronous. Everything that can be wrong is a StackError with place and remedy.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        """Nothing is touched before `start`. Raises SettingsError."""
        self.settings: Settings = check(settings or Settings())
        self.state: StateDir = StateDir(self.settings.state_folder)
        self._claims: PortClaims = PortClaims()
        self._supervisor: Supervisor = Supervisor(self.state.path("run"), restarted=self._noted)
        self._specs: dict[str, ChildSpec] = {}
        self._ca: DevelopmentCa | None = None
        self._broker: Broker | None = None
        self._postgres: Postgres | None = None
        self._http_port: int = 0
        self._storage: StorageWatch | None = None

    def start(self) -> Self:
        """Start everything and wait until it is ready. On failure nothing is left running."""
        self.state.make()
        self.state.lock()
        try:
            self.state.path("run.json").unlink(missing_ok=True)
            self._prepare()
            for spec in self._children():
                self._specs[spec.name] = spec
                self._supervisor.start(spec)
            self.wait_ready(self.settings.ready_timeout_s)
            self._write_run()
            self._watch_storage()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Stop everything in order (hub, auth, broker, database). Idempotent."""
        if not self.state.locked:
            return
        self.state.path("run.json").unlink(missing_ok=True)
        order = ("hub", "auth", "broker", "postgres")
        if self._storage is not None:
            self._storage.stop()
        try:
            self._supervisor.stop([name for name in order if name in self._specs])
        finally:
            self._supervisor.close()
            self._specs.clear()
            if self._postgres is not None:
                drop_socket_folder(self._postgres)
            self._claims.release()
            self.state.unlock()

    def kill_all(self) -> None:
        """SIGKILL to every child at once: the impatient end. `stop` still tidies up."""
        self._supervisor.kill_all()

    def wait_ready(self, timeout_s: float = 30.0) -> None:
        """Wait until every child does its work. Raises ChildError naming the one that does not, and its last words."""
        deadline = time.monotonic() + timeout_s
        for name, spec in self._specs.items():
            before = self._supervisor.view(name).starts
            while not (self._supervisor.view(name).pid and spec.ready()):
                view = self._supervisor.view(name)
                if time.monotonic() > deadline or view.starts - before >= EARLY_ENDS_MAX:
                    raise ChildError(self._not_ready(spec, view, timeout_s))
                time.sleep(READY_POLL_S)

    def pid(self, name: str) -> int | None:
        """A child's process id; None while it is down. Raises KeyError for a child this stack does not have."""
        return self._supervisor.view(name).pid

    @property
    def children(self) -> tuple[str, ...]:
        """Names of the parts this stack runs, in the order of their start."""
        return tuple(self._specs)

    def log(self, name: str) -> Path:
        """A part's log. Raises KeyError."""
        return self._specs[name].log

    def view(self, name: str) -> ChildView:
        """A child as it is now: process id, number of starts, why it last ended."""
        return self._supervisor.view(name)

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> None:
        """Send a child a signal; when it ends of it, it is started again."""
        self._supervisor.signal(name, number)

    @contextlib.contextmanager
    def without(self, name: str) -> Generator[None]:
        """Keep a child stopped for the block; after it the child is started again, and ready. Raises KeyError, StackError."""
        spec = self._specs[name]
        self._supervisor.stop([name])
        try:
            yield
        finally:
            self._supervisor.start(spec)
            self._noted(name)
            self.wait_ready(self.settings.ready_timeout_s)

    def issue(self, product: str, devices: Iterable[str]) -> dict[str, Credentials]:
        """Certificates for devices, new or as issued before; they may connect from now on."""
        wanted = list(devices)
        self.ca.issue(product, wanted)
        return {device: self.ca.credentials(device) for device in wanted}

    def lend(self, product: str, devices: Iterable[str]) -> dict[str, bytes]:
        """A new key and certificate for each simulated device, as one PEM text, kept nowhere; they may connect from now on."""
        return self.ca.lend(product, devices)

    def credentials(self, device: str) -> Credentials:
        """Where an issued device's certificate and key are. Raises KeyError."""
        return self.ca.credentials(device)

    def ban(self, device: str) -> None:
        """Cut a device's live connection and let it in no more. Raises KeyError."""
        self.ca.set_state(device, IdentityState.BANNED)

    def unban(self, device: str) -> None:
        """Let a banned device in again. Raises KeyError."""
        self.ca.set_state(device, IdentityState.ACTIVE)

    @property
    def ca(self) -> DevelopmentCa:
        """The development CA, from `start` on."""
        return _started(self._ca)

    @property
    def ca_file(self) -> Path:
        """What devices trust the broker by."""
        return self.ca.ca_file

    @property
    def url(self) -> str:
        """The page and API."""
        return f"http://{LOOPBACK}:{self._http_port}"

    @property
    def http_port(self) -> int:
        """The port of page and API."""
        return self._http_port

    @property
    def mqtt_host(self) -> str:
        """Where devices connect."""
        return LOOPBACK

    @property
    def mqtt_port(self) -> int:
        """Where devices connect, with their certificate."""
        return _started(self._broker).mqtt_port

    @property
    def nats_url(self) -> str:
        """The broker's client port, as the hub's user. Holds a password."""
        return _started(self._broker).hub_url

    @property
    def broker(self) -> Broker:
        """The embedded broker: ports, users, passwords."""
        return _started(self._broker)

    @property
    def postgres(self) -> Postgres:
        """The embedded database: folder, socket, user."""
        return _started(self._postgres)

    @property
    def dsn(self) -> str:
        """The database, the embedded or the given one."""
        return self.settings.dsn or _started(self._postgres).dsn

    def _prepare(self) -> None:
        """Everything children need before they start: ports, secrets, certificates, the roles' settings."""
        wanted = self.settings
        ports = choose_ports(self.state, self._claims, {"mqtt": wanted.mqtt_port, "nats": wanted.nats_port})
        if wanted.http_port == 0:
            self._http_port = self._claims.any_port()
        else:
            self._http_port = self._claims.next_port(wanted.http_port, 1 if wanted.http_port_fixed else 100)
        self._ca = DevelopmentCa(self.state)
        self._broker = Broker(self.state, ports["mqtt"], ports["nats"], load_secrets(self.state))
        if wanted.dsn:
            check_reachable(wanted.dsn)
        elif "postgres" in wanted.children:
            self._postgres = open_postgres(self.state)
        made = self._broker.secrets
        auth = AuthConfig(
            auth_url=self._broker.auth_url,
            system_url=self._broker.url("system", made.system),
            account=DEVICE_ACCOUNT,
            issuer_seed=made.issuer_seed,
            identities=str(self._ca.snapshot_file),
        )
        write_object(self.state.path(AUTH_FILE), write_form(auth))
        write_object(self.state.path("settings.json"), self._role_settings())

    def _role_settings(self) -> dict[str, object]:
        """What the roles read: `settings.json`, mode 0600, for the broker's address holds a password."""
        has_database = bool(self.settings.dsn) or self._postgres is not None
        return {
            "format": 1,
            "nats_url": self.nats_url,
            "nats_system_url": self.broker.url("system", self.broker.secrets.system),
            "dsn": self.dsn if has_database else "",
            "http_host": LOOPBACK,
            "http_port": self._http_port,
            "mqtt_host": LOOPBACK,
            "mqtt_port": self.mqtt_port,
            "ca_file": str(self.ca_file),
            "contracts": [str(folder.expanduser().absolute()) for folder in self.settings.contracts],
            "hub": dict(self.settings.hub),
        }

    def _children(self) -> list[ChildSpec]:
        """The chosen children, in the order they start."""
        makers: dict[str, Callable[[], ChildSpec]] = {
            "broker": lambda: broker_child(_started(self._broker)),
            "auth": self._auth_child,
            "postgres": lambda: postgres_child(_started(self._postgres)),
            "hub": self._hub_child,
        }
        chosen = set(self.settings.children) - ({"postgres"} if self.settings.dsn else set[str]())
        return [make() for name, make in makers.items() if name in chosen]

    def _auth_child(self) -> ChildSpec:
        return ChildSpec("auth", self._role_command("auth"), self.state.path("log", "auth.log"), self._auth_answers)

    def _auth_answers(self) -> bool:
        """Whether the role started last is the one that answers; one that hangs, or waits for the broker, does not."""
        try:
            told = ask(self.broker.auth_url, AUTH_HEALTH)
        except OSError:
            return False
        return told.get("pid") == self.pid("auth")

    def _hub_child(self) -> ChildSpec:
        return ChildSpec(
            "hub",
            self._role_command("api,ingest,worker"),
            self.state.path("log", "hub.log"),
            ready=lambda: _answers(f"{self.url}/api/health"),
            raise_open_files=True,
        )

    def _role_command(self, roles: str) -> tuple[str, ...]:
        state = ("--state", str(self.state.root))
        if roles == "auth":
            return (sys.executable, "-m", "seamline.hub.auth", *state)
        return (sys.executable, "-m", "seamline", "hub", "--role", roles, *state)

    def _watch_storage(self) -> None:
        if "broker" not in self._specs:
            return
        url = self.broker.url("system", self.broker.secrets.system)
        self._storage = StorageWatch(url, self.state.path("broker"), self.log("broker"), self._restart_broker)
        self._storage.start()

    def _restart_broker(self) -> None:
        with contextlib.suppress(ChildError):  # it is down: on its way up already
            self._supervisor.signal("broker", signal.SIGTERM)

    def _not_ready(self, spec: ChildSpec, view: ChildView, timeout_s: float) -> str:
        try:
            lines = spec.log.read_text(encoding="utf-8", errors="replace").splitlines()[-LOG_LINES_SHOWN:]
        except OSError:
            lines = []
        why = f"ended {view.starts} times ({view.last_end})" if view.last_end else f"not ready within {timeout_s:g} s"
        return "\n  ".join([f"{spec.name}: {why}; its last words in {spec.log}:", *lines])

    def _noted(self, _name: str) -> None:
        """A child was started again: `run.json`, if it is written already, names its new process."""
        if self.state.path("run.json").exists():
            try:
                self._write_run()
            except StackError as error:
                note(self.state.path("log", "stack.log"), str(error))

    def _write_run(self) -> None:
        run = {
            "url": self.url,
            "mqtt_host": LOOPBACK,
            "mqtt_port": self.mqtt_port,
            "nats_url": self.nats_url,
            "dsn": self.dsn if self.settings.dsn or self._postgres else "",
            "ca_file": str(self.ca_file),
            "pid": os.getpid(),
            "pids": {name: self.pid(name) for name in self._supervisor.names},
        }
        write_object(self.state.path("run.json"), run)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        return await asyncio.to_thread(self.start)

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await asyncio.to_thread(self.stop)


def _started(part: Part | None) -> Part:
    if part is None:
        raise StackError("the stack is not started, or was told to run without this part")
    return part


def _answers(url: str) -> bool:
    """Whether an HTTP GET is answered with success."""
    try:
        with urllib.request.urlopen(url, timeout=HEALTH_TIMEOUT_S) as answer:  # noqa: S310 - our own http:// address
            return answer.status == 200
    except (urllib.error.URLError, OSError, ValueError):
        return False
