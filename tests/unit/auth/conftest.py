"""A CA in a folder, and requests as the broker words them."""

from __future__ import annotations

import base64
import json

import pytest

from seamline.stack.ca import DevelopmentCa
from seamline.stack.statedir import StateDir


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    state = StateDir(tmp_path_factory.mktemp("authority"))
    state.make()
    made = DevelopmentCa(state)
    made.issue("heater", ["dev-1", "dev-2", "dev-3"])
    return made


def encode(claims):
    def part(value):
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=")

    return b".".join((part({"typ": "JWT", "alg": "ed25519-nkey"}), part(claims), b"c2lnbmVk"))


@pytest.fixture(scope="session")
def claims_of(authority):
    """Claims of the request for a connection: as NATS 2.15 sends them for an MQTT client."""

    def make(client_id="dev-1", certificate="dev-1", *, kind="mqtt", connection=7, **top):
        pem = authority.credentials(certificate).cert.read_text() if certificate else None
        tls = {"version": "1.3", "cipher": "TLS_AES_128_GCM_SHA256"}
        if pem:
            tls["verified_chains"] = [[pem, authority.ca_file.read_text()]]
        return {
            "aud": "nats-authorization-request",
            "iss": "NSERVER",
            "sub": "AACCOUNT",
            **top,
            "nats": {
                "server_id": {"name": "seamline", "host": "127.0.0.1", "id": "NSERVER", "version": "2.15.1"},
                "user_nkey": "UCONNECTION",
                "client_info": {"host": "127.0.0.1", "id": connection, "kind": "Client", "type": kind, "mqtt_id": client_id},
                "connect_opts": {"protocol": 1},
                "client_tls": tls,
                "type": "authorization_request",
                "version": 2,
            },
        }

    return make


@pytest.fixture(scope="session")
def token_of(claims_of):
    return lambda *arguments, **named: encode(claims_of(*arguments, **named))
