"""A broker and a database of these tests' own: they delete the stream, and stop and cut both."""

from __future__ import annotations

import asyncio
import itertools
import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from tests.integration.hub.harness import Hub, database

from seamline.contract import load_family
from seamline.hub.prepare import prepare
from seamline.stack import Stack
from seamline.testing.stack import stack

_numbers = itertools.count()


@pytest.fixture(scope="session")
def ground() -> Iterator[Stack]:
    with stack(children=("broker", "postgres")) as running:
        yield running


@pytest.fixture(scope="session")
def template(ground: Stack, heater: Path) -> str:
    """A database brought up once, to be copied."""
    with psycopg.connect(ground.dsn, autocommit=True) as connection:
        connection.execute("CREATE DATABASE template_hub")
    asyncio.run(prepare(database(ground.dsn, "template_hub"), [load_family(heater)]))
    return "template_hub"


@pytest.fixture
def hub(ground: Stack, heater: Path, template: str) -> Iterator[Hub]:
    name = f"hub{next(_numbers)}"
    with psycopg.connect(ground.dsn, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    yield Hub(ground.nats_url, database(ground.dsn, name), (heater,))
    with psycopg.connect(ground.dsn, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def free_port():
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        return made.getsockname()[1]


@pytest.fixture
def role(ground, heater, hub, tmp_path):
    """Start roles on this test's database: `role(roles, *arguments, **settings)`; killed at the end."""
    started = []

    def start(roles, *arguments, **settings):
        told = {"nats_url": ground.nats_url, "dsn": hub.dsn, "http_port": free_port(), "contracts": [str(heater)], **settings}
        state = tmp_path / f"state{len(started)}"
        state.mkdir()
        (state / "settings.json").write_text(json.dumps(told))
        command = [sys.executable, "-m", "seamline.hub.role", "--state", str(state), "--role", roles, *arguments]
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        process.url = f"http://127.0.0.1:{told['http_port']}"
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        process.stderr.close()
