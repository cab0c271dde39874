"""A broker and a database of these tests' own: they delete the stream, and stop and cut both."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from seamline.stack import Stack
from seamline.testing.stack import stack
from tests.integration.hub.harness import Hub, database

_numbers = itertools.count()


@pytest.fixture(scope="session")
def ground() -> Iterator[Stack]:
    with stack(children=("broker", "postgres")) as running:
        yield running


@pytest.fixture
def hub(ground: Stack, heater: Path) -> Iterator[Hub]:
    name = f"hub{next(_numbers)}"
    with psycopg.connect(ground.dsn, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    yield Hub(ground.nats_url, database(ground.dsn, name), (heater,))
    with psycopg.connect(ground.dsn, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
