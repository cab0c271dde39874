"""A PostgreSQL of these tests' own, and the tables in memory beside it."""

from __future__ import annotations

import pytest
from tests.integration.store.grounds import MemoryGround, PostgresGround, make_template

from seamline.contract import load_family
from seamline.hub.tables import reading_tables
from seamline.testing.stack import stack


@pytest.fixture(scope="session")
def families(heater):
    """The heater, and a product with packed, missing and calibrated fields."""
    return [load_family(heater), load_family(heater.parent / "labmeter")]


@pytest.fixture(scope="session")
def postgres_dsn(families):
    with stack(children=("postgres",)) as running:
        yield make_template(running.dsn, "conformance", families)


@pytest.fixture(scope="session")
def postgres(postgres_dsn, families):
    layouts = [layout for family in families for layout in family.layouts.values()]
    ground = PostgresGround(postgres_dsn, [table.name for table in reading_tables(layouts)])
    yield ground
    ground.close()


@pytest.fixture(scope="session")
def memory(families):
    return MemoryGround(families)


@pytest.fixture(params=["postgresql", "memory"])
def ground(request):
    """Each of both, empty."""
    found = request.getfixturevalue({"postgresql": "postgres", "memory": "memory"}[request.param])
    found.reset()
    yield found
    found.reset()


@pytest.fixture
def both(postgres, memory):
    """Both, empty."""
    for found in (postgres, memory):
        found.reset()
    return postgres, memory
