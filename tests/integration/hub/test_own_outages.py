"""The hub says what keeps itself from hearing or storing, and holds it against no device."""

import signal
import time

import httpx
import psycopg
import pytest
from tests.integration.hub.harness import birth, frame, now_ms
from tests.integration.hub.hostile import Hostile
from tests.integration.hub.test_books_around import events, on_hub

from seamline.hub.presence import Outage
from seamline.hub.steps.presence import judge_presence
from seamline.testing.stack import stack
from seamline.testing.wait import until

WAIT_S = 60.0
BOUND_S = 15.0
"""An answer of health is due at once; its parts may take 5 s, and the machine may be shared."""


@pytest.fixture(scope="module")
def running(heater):
    """A whole stack that the tests of this file may hurt."""
    with stack(contracts=(heater,)) as ours:
        yield ours


@pytest.fixture
def health(running):
    def ask():
        return httpx.get(f"{running.url}/api/health", timeout=BOUND_S).json()

    until(lambda: ask()["status"] == "ok", "all is well", WAIT_S)
    return ask


def _fleet(running, device):
    page = httpx.get(f"{running.url}/api/fleet", params={"q": device.id}, timeout=BOUND_S).json()
    return page["rows"][0]


def _summary(running):
    return httpx.get(f"{running.url}/api/summary", timeout=BOUND_S).json()


def _heard_once(running, heater):
    """A device of which a word is due every 2 s; nothing comes of it any more."""
    device = Hostile(running, heater)
    device.good_birth(birth())
    with psycopg.connect(running.dsn, autocommit=True) as connection:
        connection.execute(
            "UPDATE presence SET publish_every_ms = 2000, answer_timeout_ms = 1000, presumed_lost_after_ms = 3600000"
            " WHERE device_no = (SELECT no FROM device WHERE id = %s)",
            (device.id,),
        )
    return device


def test_a_broker_that_hangs_is_said_and_no_device_is_called_silent_for_it(running, health, heater):
    device = _heard_once(running, heater)
    running.kill("broker", signal.SIGSTOP)
    try:
        asked = time.monotonic()
        until(lambda: health()["status"] == "degraded", "health says so", WAIT_S)
        told = health()
        assert told["broker"].startswith("away: no answer within")
        assert (told["database"], told["ingest"]) == ("ok", "unknown")
        (trouble,) = told["troubles"]
        assert "broker does not answer" in trouble["reason"]
        assert "seamline doctor" in trouble["remedy"]
        until(lambda: _fleet(running, device)["presence"] == "unknown", "nothing is known of the device", WAIT_S)
        row, summary = _fleet(running, device), _summary(running)
        assert row["why"].startswith("the hub itself has not been able to hear or store since ")
        assert summary["by_presence"]["unknown"] >= 1
        assert summary["troubles"][0]["since_ms"] <= now_ms() - (time.monotonic() - asked) * 1000 + BOUND_S * 1000
    finally:
        running.kill("broker", signal.SIGCONT)
    until(lambda: health()["status"] == "ok", "the broker is back", WAIT_S)
    until(lambda: _summary(running)["troubles"] == [], "the hub hears", WAIT_S)
    until(lambda: _fleet(running, device)["presence"] == "silent", "now the silence is the device's", WAIT_S)
    device.close()


def test_a_broker_that_died_is_said(running, health):
    with running.without("broker"):
        until(lambda: health()["broker"] != "ok", "health says so", WAIT_S)
        assert health()["status"] == "degraded"
    until(lambda: health()["status"] == "ok", "the broker is back", WAIT_S)


def test_a_database_that_refuses_writes_is_said_with_what_waits_and_no_device_is_called_silent_for_it(running, health, heater):
    device, other = _heard_once(running, heater), Hostile(running, heater)
    other.good_birth(birth())
    stored_ms = health()["stored_ms"]
    assert abs(now_ms() - stored_ms) < WAIT_S * 1000

    def refuse(setting):
        with psycopg.connect(running.dsn, autocommit=True) as connection:
            connection.execute("SET default_transaction_read_only = off")
            (name,) = connection.execute("SELECT quote_ident(current_database())").fetchone()
            connection.execute(f"ALTER DATABASE {name} {setting}")
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )

    refuse("SET default_transaction_read_only = on")
    try:
        other.say(frame(other.of, 0, [{"power": 7}]))
        until(lambda: "stuck or behind" in health()["ingest"], "health says so", WAIT_S)
        told = health()
        assert (told["status"], told["database"], told["broker"]) == ("degraded", "read-only", "ok")
        assert told["waiting_ms"] >= stored_ms
        assert told["stored_age_ms"] >= 0
        assert [one["reason"].split(" ", 2)[1] for one in told["troubles"]] == ["database", "hub"]
        until(lambda: _fleet(running, device)["presence"] == "unknown", "nothing is known of the device", WAIT_S)
        (trouble,) = _summary(running)["troubles"]
        assert trouble["since_ms"] == told["waiting_ms"]
    finally:
        refuse("RESET default_transaction_read_only")
    until(lambda: health()["status"] == "ok", "all is stored", WAIT_S)
    until(lambda: other.ledger()[:2] == (1, 1), "the row", WAIT_S)
    for one in (device, other):
        one.close()


@on_hub
async def test_a_device_that_the_hub_could_not_have_heard_is_announced_to_nobody(hub):
    hub.send("birth", birth())
    await hub.settled()
    assert await events(hub, judge_presence, now_ms()) == []
    later_ms = now_ms() + 10 * 60_000
    assert await events(hub, judge_presence, later_ms, Outage(later_ms - 9 * 60_000)) == []
    assert hub.rows("SELECT announced, check_at > to_timestamp(%s / 1e3) FROM presence", later_ms) == [("online", True)]
    again_ms = later_ms + 10_000
    over = Outage(later_ms - 9 * 60_000, again_ms)
    assert await events(hub, judge_presence, again_ms, over) == []
    gone_ms = again_ms + 10 * 60_000
    assert [kind for kind, *_ in await events(hub, judge_presence, gone_ms, over)] == ["presumed_lost"]
