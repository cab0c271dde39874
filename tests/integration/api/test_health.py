"""Health says what is wrong and what helps; a hub that cannot hear calls no device silent for it."""

import contextlib
import os
import signal

import httpx
import psutil

from seamline.hub.hearing import GRACE_MS
from seamline.hub.presence import State
from seamline.testing.api_server import serving
from seamline.testing.wait import until


def test_an_api_without_a_broker_says_that_there_is_none_to_ask(api):
    told = api.get("/health").json()
    assert (told["status"], told["database"], told["broker"], told["ingest"]) == ("ok", "ok", "not configured", "unknown")
    assert told["troubles"] == []


def test_a_broker_that_is_away_is_a_trouble_with_a_remedy(deaf):
    _, client = deaf
    told = client.get("/health").json()
    assert (told["status"], told["database"], told["broker"], told["ingest"]) == (
        "degraded",
        "ok",
        "away: not connected",
        "unknown",
    )
    (trouble,) = told["troubles"]
    assert trouble["reason"] == "The broker does not answer (not connected)."
    assert "seamline doctor" in trouble["remedy"]


def test_a_database_that_is_away_is_a_trouble_and_health_answers_still(family):
    with serving("postgresql://nobody@127.0.0.1:1/nothing", family) as served:
        told = httpx.get(f"{served.url}/api/health", timeout=30).json()
    assert told["status"] == "degraded"
    assert told["database"].startswith("away: ")
    assert [one["reason"] for one in told["troubles"]] == [f"The hub cannot use its database ({told['database']})."]


def _tell(processes, number):
    for process in processes:
        with contextlib.suppress(ProcessLookupError):  # a backend that has ended meanwhile
            os.kill(process, number)


def test_a_database_that_hangs_holds_health_up_for_a_bounded_time(database, api):
    assert api.get("/health").json()["database"] == "ok"
    stopped = [database.pid("postgres"), *(one.pid for one in psutil.Process(database.pid("postgres")).children(recursive=True))]
    try:
        _tell(stopped, signal.SIGSTOP)
        for _ in range(3):
            told = httpx.get(f"{api.base_url}health", timeout=30).json()
            assert told["database"].startswith("away: no answer within")
            assert told["status"] == "degraded"
    finally:
        _tell(stopped, signal.SIGCONT)
    until(lambda: api.get("/health").json()["status"] == "ok", "the database is back", 30)


def test_while_the_hub_cannot_hear_an_overdue_device_is_unknown_and_what_was_known_before_stays(deaf, fleet):
    served, client = deaf
    before = client.get("/summary").json()
    assert (before["troubles"], before["by_presence"]["unknown"]) == ([], 0)
    from_ms = before["now_ms"]
    served.clock.ahead_ms = 10 * 60_000
    summary = client.get("/summary").json()
    counts = summary["by_presence"]
    assert (counts["online"], counts["unknown"] > 0) == (0, True)
    for same in (State.SILENT, State.PRESUMED_LOST, State.LOST, State.NEVER):
        assert client.get("/fleet", params={"q": fleet.examples[same]}).json()["rows"][0]["presence"] == same
    (trouble,) = summary["troubles"]
    assert trouble["since_ms"] <= from_ms
    row = client.get("/fleet", params={"q": fleet.examples[State.ONLINE]}).json()["rows"][0]
    assert row["presence"] == "unknown"
    assert row["why"].startswith("the hub itself has not been able to hear or store since ")
    assert client.get("/fleet", params={"presence": "unknown", "sort": "presence"}).json()["total"] == counts["unknown"]


def test_a_moment_without_the_broker_is_no_outage(deaf):
    served, client = deaf
    client.get("/summary")
    served.clock.ahead_ms = GRACE_MS // 2
    assert client.get("/summary").json()["troubles"] == []
