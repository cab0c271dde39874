"""The embedded broker: a NATS server with its MQTT listener, configured for mutual TLS and the authorisation callout.

Listens on loopback only: MQTT with client certificates for devices, plain NATS with passwords for the hub's roles.
Accounts: SYS (the server's own), AUTH (carries authorisation requests), DEV (devices, hub, JetStream).
"""

from __future__ import annotations

import secrets
import signal
from dataclasses import dataclass
from pathlib import Path

from seamline.hub.auth.nkeys import Role, key_pair, new_seed
from seamline.stack.binaries import find_nats_server
from seamline.stack.child import ChildSpec
from seamline.stack.natsline import ask
from seamline.stack.ports import LOOPBACK
from seamline.stack.statedir import StateDir, read_object, write_object, write_private

DEVICE_ACCOUNT = "DEV"
# With no `auth` role running, a new connection fails after this; live ones stay.
AUTH_TIMEOUT_S = 4
# A fleet that comes back at once waits for its turn: 10,000 handshakes at 1,000 a second.
TLS_TIMEOUT_S = 15
STOP_TIMEOUT_S = 10.0
# Each stream bounds itself. Left to itself the server takes 3/4 of what is free at its start, and with less than a stream's bound
# free it refuses to make the stream, or to load the one it has.
STORE_MAX = "1TB"


@dataclass(frozen=True, slots=True)
class BrokerSecrets:
    """Passwords of the roles' static users, and the seed of the key that signs grants."""

    hub: str
    auth: str
    system: str
    issuer_seed: str


@dataclass(frozen=True, slots=True)
class Broker:
    """Where the embedded broker listens, and how the roles reach it."""

    state: StateDir
    mqtt_port: int
    nats_port: int
    secrets: BrokerSecrets

    def url(self, user: str, password: str) -> str:
        """The address for one of the static users."""
        return f"nats://{user}:{password}@{LOOPBACK}:{self.nats_port}"

    @property
    def hub_url(self) -> str:
        """The address for the hub, in the devices' account."""
        return self.url("hub", self.secrets.hub)

    @property
    def auth_url(self) -> str:
        """The address for the `auth` role, in the account that carries authorisation requests."""
        return self.url("auth", self.secrets.auth)


def load_secrets(state: StateDir) -> BrokerSecrets:
    """The secrets of this state directory, made at first use and kept in `secrets.json` (0600)."""
    path = state.path("secrets.json")
    kept = read_object(path)
    names = ("hub", "auth", "system")
    made: dict[str, object] = {name: kept.get(name) or secrets.token_urlsafe(24) for name in names}
    made["issuer_seed"] = kept.get("issuer_seed") or new_seed(Role.ACCOUNT)
    if made != kept:
        write_object(path, made)
    texts = {name: str(value) for name, value in made.items()}
    return BrokerSecrets(texts["hub"], texts["auth"], texts["system"], texts["issuer_seed"])


def _text(value: object) -> str:
    """A quoted string of the server's configuration language: UTF-8, with two characters escaped."""
    escaped = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def configuration(broker: Broker) -> str:
    """The server's configuration file. Holds passwords: write it for its owner only."""
    made = broker.secrets
    ca = broker.state.path("ca")
    return f"""\
# Written by seamline at each start; changes are lost.
server_name: seamline
listen: "{LOOPBACK}:{broker.nats_port}"
max_payload: 1MB
logtime_utc: true
jetstream {{ store_dir: {_text(broker.state.path("broker"))}, max_file_store: {STORE_MAX} }}
accounts {{
  SYS: {{ users: [ {{ user: system, password: {_text(made.system)} }} ] }}
  AUTH: {{ users: [ {{ user: auth, password: {_text(made.auth)} }} ] }}
  {DEVICE_ACCOUNT}: {{ jetstream: enabled, users: [ {{ user: hub, password: {_text(made.hub)} }} ] }}
}}
system_account: SYS
authorization {{
  timeout: {AUTH_TIMEOUT_S}
  auth_callout {{ issuer: {key_pair(made.issuer_seed).public}, account: AUTH, auth_users: [ system, auth, hub ] }}
}}
mqtt {{
  listen: "{LOOPBACK}:{broker.mqtt_port}"
  tls {{
    cert_file: {_text(ca / "server.pem")}
    key_file: {_text(ca / "server.key")}
    ca_file: {_text(ca / "ca.pem")}
    verify: true
    timeout: {TLS_TIMEOUT_S}
  }}
}}
"""


def probe(broker: Broker) -> bool:
    """Whether the broker answers a login, with JetStream ready. The server opens MQTT before the port asked here."""
    try:
        answer = ask(broker.hub_url, "$JS.API.INFO")
    except OSError:
        return False
    return "error" not in answer


def broker_child(broker: Broker) -> ChildSpec:
    """The broker as a child. Writes its configuration; raises BinaryError, StateError."""
    program = find_nats_server()
    path: Path = broker.state.path("broker", "nats.conf")
    write_private(path, configuration(broker).encode())
    return ChildSpec(
        name="broker",
        argv=(str(program), "--config", str(path)),
        log=broker.state.path("log", "broker.log"),
        ready=lambda: probe(broker),
        raise_open_files=True,
        stop_signal=signal.SIGTERM,
        stop_timeout_s=STOP_TIMEOUT_S,
        orphan_signal=signal.SIGTERM,
    )
