"""Every endpoint that the OpenAPI document lists answers what is wrong as a problem document, with its status and a remedy."""

import json

import httpx
import pytest

from seamline.hub.api.app import create_app
from seamline.hub.api.context import ApiContext
from seamline.testing.api_server import serving
from seamline.testing.fleet_rows import name

DOCUMENT = create_app(ApiContext(dsn="")).openapi()
ENDPOINTS = [(method, path, said) for path, methods in DOCUMENT["paths"].items() for method, said in methods.items()]
LABELS = [f"{method} {path}" for method, path, _ in ENDPOINTS]
COEFFICIENTS = {"a": 1.129e-3, "b": 2.341e-4, "c": 8.775e-8}
SAID = {"by": "ana", "reason": "bench"}
PLAN = {
    "format": "seamline-site/1", "title": "", "hash": f"sha256:{'0' * 64}", "frame": {"lon": 0, "lat": 0, "convergence_deg": 0},
    "boundary": [], "things": [], "nodes": [], "zones": [], "remedies": [],
}  # fmt: skip
GOOD = {
    "places": {"json": {"device": "heater-1", **SAID}, "params": {"device": "heater-1", **SAID}},
    "sites": {"json": {"by": "ana", "document": PLAN}},
    "twin": {"json": {"value": 20, "by": "ana"}},
    "calibrations/": {"json": {"coefficients": COEFFICIENTS, "expected": 0, **SAID}},
    "calibrations": {"params": SAID, "content": json.dumps({"device": name(2), "product": "heater", "calibration": "room_ntc", "coefficients": COEFFICIENTS})},
}  # fmt: skip
"""By a part of the path: what an endpoint takes, the first that fits."""
DEVICE = name(2)


def filled(path, **parts):
    """The path with its parameters, those of a seeded device unless told."""
    return path.format(
        **{
            "device": DEVICE,
            "name": "set_point",
            "item": 1,
            "product": "heater",
            "version": "1.3.0",
            "site": "yard",
            "node": "gate",
            **parts,
        }
    )


def ask(url, method, path, **more):
    body = next(good for part, good in GOOD.items() if part in path) if method in {"put", "post", "delete"} else {}
    return httpx.request(method, f"{url}{path}", timeout=20, **body | more)


def is_problem(answer, status):
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert told["status"] == status
    assert told["title"]
    assert told["detail"]
    assert "Traceback" not in answer.text
    return told


@pytest.mark.parametrize(
    ("method", "path", "said"), [each for each in ENDPOINTS if "{device}" in each[1]], ids=lambda each: str(each)[:60]
)
def test_a_device_nobody_knows_is_not_found(served, method, path, said):
    is_problem(ask(served.url, method, filled(path, device="nobody")), 404)


@pytest.mark.parametrize("device", ["%00", "a%20b", "a" * 65, "é", "..%2F.."])
def test_what_can_be_no_devices_name_is_refused_and_never_searched_for_elsewhere(served, device):
    answer = httpx.get(f"{served.url}/api/devices/{device}", timeout=20)
    assert answer.status_code in {404, 422}
    is_problem(answer, answer.status_code)


BOUNDED = [
    (method, path, parameter["name"])
    for method, path, said in ENDPOINTS
    for parameter in said.get("parameters", [])
    if parameter["in"] == "query"
    and any(kind.get("type") == "integer" for kind in parameter["schema"].get("anyOf", [parameter["schema"]]))
]


@pytest.mark.parametrize("value", ["many", "-1", "1e3", str(2**70), "", "0x10"])
@pytest.mark.parametrize(("method", "path", "parameter"), BOUNDED)
def test_a_number_that_cannot_be_meant_is_refused_by_its_name(served, method, path, parameter, value):
    answer = ask(served.url, method, filled(path), params={parameter: value})
    if value == "-1" and answer.status_code == 200:
        assert parameter not in {"limit", "offset"}
        return
    told = is_problem(answer, 422)
    assert f"query.{parameter}" in told["detail"]
    assert told["remedy"] == "See /api/openapi.json for what is accepted."


@pytest.mark.parametrize(
    ("path", "parameters"),
    [
        ("/api/fleet", {"presence": "fine"}), ("/api/fleet", {"sort": "colour"}), ("/api/fleet", {"limit": 100_000}), ("/api/fleet", {"limit": 0}),
        (f"/api/devices/{DEVICE}/readings", {"order": "random"}), (f"/api/devices/{DEVICE}/readings", {"limit": 10**9}),
        ("/api/quarantine/first", {}),
    ],
)  # fmt: skip
def test_a_choice_that_is_none_is_refused(served, path, parameters):
    is_problem(httpx.get(f"{served.url}{path}", params=parameters, timeout=20), 422)


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"7", b"{}", b'{"value": 20}', b'{"by": "ana"}', b'{"value": 20, "by": 7}', b'{"value": 20, "by": ""}', b"\xff", b"[" * 5000],
    ids=["empty", "half", "list", "number", "no members", "by nobody", "no value", "by a number", "by no name", "no text", "depths"],
)  # fmt: skip
def test_a_wish_that_is_none_changes_nothing(served, body):
    url = f"{served.url}/api/devices/{DEVICE}/twin"
    before = httpx.get(url, timeout=20).json()
    answer = httpx.put(f"{url}/set_point", content=body, headers={"Content-Type": "application/json"}, timeout=20)
    is_problem(answer, answer.status_code)
    assert answer.status_code in {400, 422}
    assert [each["desired"] for each in httpx.get(url, timeout=20).json()] == [each["desired"] for each in before]


@pytest.mark.parametrize(("method", "path", "said"), ENDPOINTS, ids=LABELS)
def test_another_method_is_refused_and_the_right_ones_named(served, method, path, said):
    answer = ask(served.url, "patch", filled(path))
    is_problem(answer, 405)
    assert method.upper() in answer.headers["allow"]


@pytest.fixture(scope="module")
def adrift(family):
    """The API without its database."""
    with serving("host=/nonexistent dbname=seamline connect_timeout=1", family) as api:
        yield api


@pytest.mark.parametrize(("method", "path", "said"), ENDPOINTS, ids=LABELS)
def test_without_its_database_every_endpoint_says_when_to_ask_again(adrift, method, path, said):
    if "text/event-stream" in said["responses"]["200"]["content"]:  # a browser does not come back to a stream that was refused
        with httpx.stream(method, f"{adrift.url}{filled(path)}", timeout=20) as answer:
            assert "event: trouble" in next(chunk for chunk in answer.iter_text() if "event:" in chunk)
        return
    if "503" not in said["responses"]:
        assert ask(adrift.url, method, filled(path)).status_code == 200
        return
    answer = ask(adrift.url, method, filled(path))
    told = is_problem(answer, 503)
    assert int(answer.headers["retry-after"]) > 0
    assert told["remedy"]
