"""Hub processes that begin after an outage of the whole host hold it against no device; time is moved in the database's rows."""

import asyncio

import httpx
from tests.integration.hub.harness import birth, now_ms

from seamline.hub.hearing import BEAT_MS, GRACE_MS, LOOK_MS
from seamline.testing.wait import until

HOUR_MS = 3_600_000
WAIT_S = 40.0
ALL_MOVED = (
    "UPDATE hearing SET since_ms = since_ms - %(ms)s, until_ms = until_ms - %(ms)s",
    "UPDATE presence SET born_at = born_at - %(ms)s * interval '1 ms', last_heard = last_heard - %(ms)s * interval '1 ms'",
    "UPDATE presence SET check_at = check_at - %(ms)s * interval '1 ms'",
    "UPDATE ingest_position SET at = at - %(ms)s * interval '1 ms'",
)
"""What the tables would be if that much time had passed since."""
SPANS = "SELECT since_ms, until_ms FROM hearing ORDER BY since_ms"


def heard_once(hub, url):
    """A device that is there, as its owner was told; nothing comes of it any more."""

    async def say():
        opened = await hub.open()
        await opened.until(
            lambda: _health(url)["ingest"] == "ok" and opened.rows("SELECT 1 FROM ingest_position"), "it reads", WAIT_S
        )
        opened.send("birth", birth())
        await opened.settled()
        opened.broker.close()
        await opened.broker.closed.wait()

    asyncio.run(say())
    until(lambda: hub.rows("SELECT announced FROM presence") == [("online",)], "it is told to be there", WAIT_S)


def _health(url):
    try:
        return httpx.get(f"{url}/api/health", timeout=WAIT_S).json()
    except httpx.HTTPError:
        return {"ingest": "not yet", "status": "not yet"}


def _device(url):
    (row,) = httpx.get(f"{url}/api/fleet", timeout=WAIT_S).json()["rows"]
    return row["presence"], row["why"]


def _moved(hub, ms):
    for statement in ALL_MOVED:
        with_ms = statement.replace("%(ms)s", str(ms))
        hub.rows(f"{with_ms} RETURNING 1")


def _judged_since(hub, at_ms):
    return hub.rows("SELECT 1 FROM presence WHERE check_at > to_timestamp(%s / 1e3)", at_ms) == [(1,)]


def test_after_an_hour_in_which_no_hub_lived_nobody_is_presumed_lost_for_it(role, hub):
    first = role("api,ingest,worker")
    heard_once(hub, first.url)
    until(lambda: hub.rows(SPANS), "it is written down that the hub hears", WAIT_S)
    first.kill()
    first.wait()
    _moved(hub, HOUR_MS)
    ((_, died_ms),) = hub.rows(SPANS)
    began_ms = now_ms()
    second = role("api,ingest,worker")
    until(lambda: len(hub.rows(SPANS)) == 2, "it is written down that the hub hears again", WAIT_S)
    back_ms = hub.rows(SPANS)[1][0]
    assert began_ms <= back_ms <= now_ms()
    until(lambda: _judged_since(hub, began_ms), "the device is judged", WAIT_S)
    assert hub.rows("SELECT kind FROM event") == []
    presence, why = _device(second.url)
    assert presence == "unknown"
    assert why.startswith("not heard since the hub itself could not hear or store, from ")
    assert (died_ms, back_ms) == hub.one("SELECT min(until_ms), max(since_ms) FROM hearing")
    second.kill()
    second.wait()
    hub.rows("UPDATE hearing SET since_ms = since_ms - %s RETURNING 1", HOUR_MS)  # as if it had heard all that time
    hub.rows("UPDATE presence SET check_at = to_timestamp(0) RETURNING 1")
    third = role("api,worker")
    until(lambda: hub.rows("SELECT kind FROM event") == [("presumed_lost",)], "now the silence is the device's", WAIT_S)
    assert _device(third.url)[0] == "presumed_lost"


def test_while_ingest_lives_in_any_process_the_hub_hears_and_a_worker_that_starts_knows_it(role, hub):
    first = role("ingest")
    until(lambda: hub.rows(SPANS), "it is written down that the hub hears", WAIT_S)
    ((since_ms, until_ms),) = hub.rows(SPANS)
    until(lambda: hub.one(SPANS)[1] > until_ms, "and again", WAIT_S)
    assert hub.one(SPANS)[0] == since_ms
    assert hub.one(SPANS)[1] - until_ms < GRACE_MS
    assert BEAT_MS + 2 * LOOK_MS < GRACE_MS
    cut = hub.rows("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'seamline listener'")
    assert cut == [(True,)]
    cut_ms = now_ms()
    until(lambda: hub.one(SPANS)[1] > cut_ms, "its connection is made anew", WAIT_S)
    role("worker")
    until(lambda: hub.one(SPANS)[1] > until_ms + 2 * GRACE_MS, "both hear", WAIT_S)
    assert len(hub.rows(SPANS)) == 1
    assert first.poll() is None
