"""The yard of yard.py, worked out once for all tests that only look at it."""

import pytest
from tests.unit.site.documents import yard

from seamline.site.documents.folder import documents, place, sheets
from seamline.site.documents.work import design


@pytest.fixture(scope="session")
def yard_plan(tmp_path_factory):
    return yard.write(tmp_path_factory.mktemp("yard"))


@pytest.fixture(scope="session")
def designed(yard_plan):
    return design(yard_plan)


@pytest.fixture(scope="session")
def yard_sheets(designed):
    return sheets(designed)


@pytest.fixture(scope="session")
def yard_files(designed):
    return documents(designed)


@pytest.fixture
def built(yard_files, tmp_path):
    """A folder of the yard's documents that a test may spoil."""
    place(yard_files, tmp_path / "built")
    return tmp_path / "built"
