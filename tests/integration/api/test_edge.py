"""What holds for every answer: problems with remedies, loopback only, caching, no database no blank."""

import asyncio
import json
import socket
from pathlib import Path

import httpx
import pytest

from seamline.hub.api.app import create_app
from seamline.hub.api.context import ApiContext
from seamline.hub.api.server import NotLoopbackError, bind
from seamline.planner import server as planner
from seamline.testing.api_server import serving
from seamline.testing.fleet_rows import name
from seamline.testing.wait import until

OPENAPI = Path(__file__).resolve().parents[3] / "frontend" / "openapi.json"


def test_the_committed_openapi_document_is_the_applications():
    document = create_app(ApiContext(dsn="")).openapi()
    fresh = json.dumps(document, indent=1, sort_keys=True) + "\n"
    assert OPENAPI.read_text(encoding="utf-8") == fresh, "run: python tools/openapi.py"


@pytest.mark.parametrize("path", ["/devices/nobody", "/devices/nobody/readings", "/quarantine/999", "/nothing"])
def test_what_is_not_there_is_a_problem_document(api, path):
    answer = api.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"]


def test_an_unknown_message_names_those_there_are(api):
    answer = api.get(f"/devices/{name(2)}/readings", params={"message": "weather"})
    assert answer.status_code == 404
    assert answer.json()["remedy"] == "Registered: reading, vitals."


def test_unchanged_answers_are_not_sent_again(api):
    first = api.get(f"/devices/{name(2)}/ledger")
    again = api.get(f"/devices/{name(2)}/ledger", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]


def test_large_answers_are_compressed_and_every_answer_tells_the_hubs_time(api, served):
    served.clock.ahead_ms = 3_600_000
    answer = api.get("/fleet/columns")
    assert answer.headers["content-encoding"] == "gzip"
    assert abs(int(answer.headers["seamline-time-ms"]) - served.clock()) < 60_000


def test_another_hosts_name_is_refused_so_that_no_foreign_page_can_rebind_to_us(served):
    answer = httpx.get(f"{served.url}/api/summary", headers={"Host": "rebound.example"})
    assert answer.status_code == 421
    assert "127.0.0.1" in answer.json()["remedy"]


def test_a_foreign_page_cannot_ask_for_changes(served):
    url = f"{served.url}/api/devices/{name(2)}/twin/set_point"
    answer = httpx.put(url, json={"value": 20, "by": "evil"}, headers={"Origin": "http://evil.example"})
    assert answer.status_code == 403


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "::", "example.com"])
def test_listening_elsewhere_than_on_loopback_is_refused_with_the_reason(host):
    with pytest.raises(NotLoopbackError, match="no accounts yet"):
        bind(host, 0)


def test_without_a_database_every_question_is_answered_with_when_to_ask_again(family):
    with serving("host=/nonexistent dbname=seamline connect_timeout=1", family) as api:
        answer = httpx.get(f"{api.url}/api/summary", timeout=10)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
        assert answer.json()["title"] == "Database away"
        health = httpx.get(f"{api.url}/api/health", timeout=10)
        assert (health.status_code, health.json()["status"]) == (200, "degraded")
        assert httpx.get(api.url, timeout=10).status_code in {200, 503}, "the page itself needs no database"


def test_a_database_that_comes_back_is_used_again(api, database):
    assert api.get("/summary").status_code == 200
    database.kill("postgres")
    until(lambda: api.get(f"/devices/{name(2)}").status_code == 200, "the API answers again", 30)


def test_pages_may_load_nothing_from_elsewhere(served):
    policy = httpx.get(served.url).headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy


@pytest.mark.parametrize("listening", [lambda: bind("127.0.0.1", 0), lambda: planner.listening(0)], ids=["hub", "planner"])
def test_short_answers_are_sent_at_once(listening):
    """The server's connections do not wait for the acknowledgement of what was sent before."""

    async def accepted(listener):
        found = asyncio.get_running_loop().create_future()

        def connected(_, writer):
            found.set_result(writer.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        async with await asyncio.start_server(connected, sock=listener):
            _, writer = await asyncio.open_connection(*listener.getsockname()[:2])
            try:
                return await found
            finally:
                writer.close()

    assert asyncio.run(accepted(listening()))
