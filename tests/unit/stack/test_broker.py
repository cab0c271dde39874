"""The broker's configuration, as text and as the server itself reads it."""

from __future__ import annotations

import subprocess

import pytest

from seamline.hub.auth.nkeys import key_pair
from seamline.stack.binaries import find_nats_server
from seamline.stack.broker import Broker, configuration, load_secrets
from seamline.stack.ca import DevelopmentCa
from seamline.stack.statedir import StateDir


@pytest.fixture(params=["plain", 'odd, "quoted" \\ é $HOME {x}'])
def broker(tmp_path, request):
    state = StateDir(tmp_path / request.param)
    state.make()
    DevelopmentCa(state)
    return Broker(state, 21_001, 21_002, load_secrets(state))


def test_the_server_accepts_the_configuration(broker, tmp_path):
    path = tmp_path / "nats.conf"
    path.write_text(configuration(broker), encoding="utf-8")
    done = subprocess.run([find_nats_server(), "-t", "-c", path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_it_listens_on_loopback_verifies_devices_and_trusts_the_issuer(broker):
    text = configuration(broker)
    assert 'listen: "127.0.0.1:21001"' in text
    assert 'listen: "127.0.0.1:21002"' in text
    assert "verify: true" in text
    assert f"issuer: {key_pair(broker.secrets.issuer_seed).public}" in text
    assert "max_payload: 1MB" in text


def test_secrets_are_made_once_and_differ(broker):
    made = broker.secrets
    assert load_secrets(broker.state) == made
    assert len({made.hub, made.auth, made.system}) == 3
    assert broker.state.path("secrets.json").stat().st_mode & 0o777 == 0o600


def test_addresses_carry_user_and_password(broker):
    assert broker.hub_url == f"nats://hub:{broker.secrets.hub}@127.0.0.1:21002"
