"""A real PostgreSQL with a seeded fleet, and the API over it."""

import httpx
import pytest

from seamline.contract import load_family
from seamline.hub.api.context import unix_ms
from seamline.hub.hearing import Hearing
from seamline.testing import device_story, fleet_rows
from seamline.testing.api_server import serving
from seamline.testing.stack import stack

DEVICES = 300
STORIED = fleet_rows.name(2)


@pytest.fixture(scope="session")
def family(heater):
    return load_family(heater)


@pytest.fixture(scope="session")
def database(family):
    with stack(children=("postgres",)) as running:
        fleet_rows.prepare(running.dsn, family)
        yield running


@pytest.fixture
def fleet(database, family):
    """The seeded fleet, anew for each test; the device `STORIED` has a past."""
    now_ms = unix_ms()
    fleet_rows.clear(database.dsn)
    seeded = fleet_rows.seed(database.dsn, DEVICES, now_ms)
    device_story.story(database.dsn, STORIED, family, now_ms)
    return seeded


@pytest.fixture
def deaf(database, family, fleet):
    """The API of a hub whose broker is away from now on."""
    with (
        serving(database.dsn, family, hearing=lambda clock: Hearing(lambda: None, clock)) as served,
        httpx.Client(base_url=f"{served.url}/api", timeout=30) as client,
    ):
        yield served, client


@pytest.fixture
def served(database, family, fleet):
    with serving(database.dsn, family) as api:
        yield api


@pytest.fixture
def api(served):
    with httpx.Client(base_url=f"{served.url}/api", timeout=10) as client:
        yield client
