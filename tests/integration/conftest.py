"""The real stack, once a session, for every integration test that does not break it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from seamline.stack import Stack
from seamline.testing.stack import PARTS, stack

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def heater() -> Path:
    """The example contract's folder."""
    return REPOSITORY / "examples" / "heater"


@pytest.fixture(scope="session")
def parts() -> Iterator[Stack]:
    """Broker, database and authorisation, without the hub."""
    with stack(children=PARTS) as running:
        yield running


@pytest.fixture(scope="session")
def whole(heater: Path) -> Iterator[Stack]:
    """Everything, the hub included. Tests leave it running and use device ids of their own."""
    with stack(contracts=(heater,)) as running:
        yield running
