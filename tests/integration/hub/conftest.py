"""A broker and a database of these tests' own: they delete the stream, and stop and cut both."""

from __future__ import annotations

import asyncio
import itertools
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
