"""The hub as processes: what they say when they cannot start, how they wait, share the work, and stop."""

import asyncio
import json
import signal
import socket

import httpx
import psycopg
import pytest
from tests.integration.hub.harness import birth, frame, layout

from seamline.hub.ingest.busy import partition_of
from seamline.hub.ingest.nats import connect
from seamline.testing.wait import until


@pytest.mark.parametrize(
    ("settings", "code", "words"),
    [
        ({"contracts": ["/nowhere"]}, 2, "/nowhere/contract.yaml"),
        ({"hub": {"partitions": 0}}, 2, "hub.partitions is 0"),
        ({"hub": {"colour": 1}}, 2, "colour"),
        ({"dsn": ""}, 2, "dsn is missing"),
    ],
)
def test_wrong_settings_end_it_with_one_message(role, settings, code, words):
    process = role("ingest", **settings)
    assert process.wait(30) == code
    said = process.stderr.read()
    assert words in said
    assert "Traceback" not in said


def test_a_port_that_is_taken_ends_it_with_the_port(role):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        process = role("api", http_port=port)
        assert process.wait(30) == 1
        said = process.stderr.read()
    assert f"127.0.0.1:{port}: the API cannot listen there" in said
    assert "Traceback" not in said


def test_a_database_of_a_newer_hub_ends_it_with_the_reason(role, hub):
    with psycopg.connect(hub.dsn) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    process = role("ingest")
    assert process.wait(30) == 1
    said = process.stderr.read()
    assert "9999" in said
    assert "newer" in said


def test_a_stop_by_sigterm_is_clean(role):
    process = role("api,ingest,worker")
    until(lambda: _answers(process.url), "the API", 30)
    process.send_signal(signal.SIGTERM)
    assert process.wait(15) == 0


def test_with_the_database_away_from_the_start_devices_are_told_to_wait_and_the_api_says_so(role, ground, hub):
    process = role("api,ingest,worker", dsn=hub.dsn.replace("host=", "host=%2Fnowhere"))
    until(lambda: _answers(process.url), "the API", 30)
    told = httpx.get(f"{process.url}/api/health").json()
    assert told["database"] != "ok"

    async def ask():
        broker = await connect(ground.nats_url, "test")
        heard = asyncio.Event()
        broker.subscribe("dn.dev.busy", lambda *_: heard.set())
        async with asyncio.timeout(20):
            while not heard.is_set():
                broker.publish([("up.dev.birth", json.dumps(birth()).encode())])
                await asyncio.sleep(0.1)
        broker.close()
        await broker.closed.wait()

    asyncio.run(ask())
    process.send_signal(signal.SIGTERM)
    assert process.wait(15) == 0


def test_two_processes_share_the_partitions_and_store_everything_once(role, hub):
    for number in (0, 1):
        role("ingest", "--partitions", str(number))

    async def load():
        opened = await hub.open()
        of = layout(hub.family)
        await opened.until(lambda: len(opened.rows("SELECT 1 FROM ingest_position")) == 2, "both read", 30)
        for at in range(50):
            for device in range(8):
                opened.data(frame(of, at), device=f"dev{device}")
        await opened.kept()
        await opened.until(
            lambda: opened.rows("SELECT count(*), min(mark), max(mark) FROM ledger") == [(8, 50, 50)], "all is stored", 30
        )
        assert opened.balanced()
        opened.broker.close()
        await opened.broker.closed.wait()

    asyncio.run(load())
    assert {partition_of(f"dev{device}".encode(), 2) for device in range(8)} == {0, 1}


def _answers(url):
    try:
        return httpx.get(f"{url}/api/health").status_code in {200, 503}
    except httpx.HTTPError:
        return False
