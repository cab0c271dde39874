"""Schemathesis asks whatever the OpenAPI document allows: nothing may fail in another way than documented."""

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance

from seamline.hub.api.app import create_app
from seamline.hub.api.context import ApiContext
from seamline.testing.fleet_rows import name

ENDLESS = "/api/fleet/events"  # tested by itself
IN_WORDS = {"PUT /api/sites/{site}"}
"""What a body must be beyond its schema (masks that fit their zones, names that exist) is said in words; test_sites has it."""


@schemathesis.serializer("application/x-ndjson")
def _lines(_, value):
    """Lines go as they are."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")


document = schemathesis.openapi.from_dict(create_app(ApiContext(dsn="")).openapi())
ASKED = [
    pytest.param(operation, device, id=f"{operation.label} {device or 'any'}")
    for operation in (found.ok() for found in document.get_all_operations())
    if operation.path != ENDLESS
    for device in (None, name(2))
    if device is None or "{device}" in operation.path
]


@pytest.mark.parametrize(("operation", "device"), ASKED)
def test_no_question_is_answered_otherwise_than_documented(served, operation, device):
    @settings(
        max_examples=15,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
        derandomize=True,
        database=None,
    )
    @given(case=operation.as_strategy())
    def ask(case):
        if device is not None:
            case.path_parameters["device"] = device
        lines = "application/x-ndjson" in (case.media_type or "")  # what a line is, the document can only say in words
        in_words = lines or operation.label in IN_WORDS
        case.call_and_validate(base_url=served.url, excluded_checks=[positive_data_acceptance] if in_words else [])

    ask()
