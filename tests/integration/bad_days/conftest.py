"""The stack that bad days hurt: one a session, whole again before each test; devices have ids of their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from seamline.contract import Family, load_family
from seamline.stack import Stack
from seamline.testing.stack import stack


@pytest.fixture(scope="session")
def family(heater: Path) -> Family:
    """The heater with all its versions."""
    return load_family(heater)


@pytest.fixture(scope="session")
def mortal_house(heater: Path) -> Iterator[Stack]:
    """Broker, database, authorisation and hub, for tests that may kill them."""
    with stack(contracts=(heater,)) as running:
        yield running


@pytest.fixture
def house(mortal_house: Stack) -> Stack:
    """The stack, ready."""
    mortal_house.wait_ready()
    return mortal_house
