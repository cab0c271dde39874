"""Every test of a target runs on each of the specimen families."""

import pytest
from tests.unit.contract.codegen.specimens import FAMILIES


@pytest.fixture(params=FAMILIES.values(), ids=FAMILIES)
def family(request):
    return request.param
