"""Bad days: parts killed with SIGKILL, one at a time; what was stored stays stored, and everything comes back."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from pathlib import Path

import nats
import psutil
import psycopg
import pytest
from nats.js.api import StorageType, StreamConfig

from seamline.hub.auth.config import read_config
from seamline.hub.auth.role import HEALTH, AuthRole
from seamline.stack import Settings
from seamline.stack.natsline import ask
from seamline.testing.stack import PARTS, stack
from seamline.testing.wait import until

STREAM = "PROOF"


@pytest.fixture(scope="module")
def mortal():
    """A stack that the tests of this file may hurt."""
    with stack(children=PARTS) as running:
        running.issue("heater", [f"m{number}" for number in range(20)])
        yield running


def with_stream(stack, act):
    async def run():
        client = await nats.connect(stack.nats_url)
        try:
            return await act(client.jetstream())
        finally:
            await client.close()

    return asyncio.run(run())


async def make_stream(jetstream):
    await jetstream.add_stream(StreamConfig(name=STREAM, subjects=["up.*.data"], storage=StorageType.FILE))


async def count_stream(jetstream):
    return (await jetstream.stream_info(STREAM)).state.messages


def test_what_the_broker_acknowledged_survives_its_death(mortal, connect):
    with_stream(mortal, make_stream)
    device = connect(mortal, "m0").connected()
    for number in range(50):
        device.publish("up/m0/data", b"%d" % number)
    port, before = mortal.mqtt_port, mortal.pid("broker")
    mortal.kill("broker")
    mortal.wait_ready()
    assert mortal.pid("broker") != before
    assert mortal.mqtt_port == port
    assert with_stream(mortal, count_stream) >= 50
    until(lambda: len(device.answers) > 1, "the device's return by itself")
    device.publish("up/m0/data", b"after")


def test_the_role_lets_devices_in_again_after_the_brokers_death(mortal, connect):
    mortal.kill("broker")
    mortal.wait_ready()
    connect(mortal, "m1").connected()


def test_what_the_database_committed_survives_its_death(mortal):
    with psycopg.connect(mortal.dsn) as connection:
        connection.execute("create table proof (n int primary key)")
        connection.execute("insert into proof select generate_series(1, 1000)")
    open_transaction = psycopg.connect(mortal.dsn)
    open_transaction.execute("insert into proof values (0)")
    mortal.kill("postgres")
    mortal.wait_ready()
    with psycopg.connect(mortal.dsn) as connection:
        assert connection.execute("select count(*), min(n) from proof").fetchone() == (1000, 1)
        connection.execute("drop table proof")
    open_transaction.close()


def test_a_part_taken_away_is_away_until_it_is_given_back_ready(mortal):
    before = mortal.pid("postgres")
    with mortal.without("postgres"):
        assert mortal.pid("postgres") is None
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(mortal.dsn)
    assert mortal.pid("postgres") not in {None, before}
    with psycopg.connect(mortal.dsn) as connection:
        assert connection.execute("select 1").fetchone() == (1,)


def test_a_database_comes_back_though_a_backend_of_the_dead_one_hangs(mortal):
    with psycopg.connect(mortal.dsn) as connection:
        backend = connection.info.backend_pid
        os.kill(backend, signal.SIGSTOP)
        mortal.kill("postgres")
        mortal.wait_ready()
        until(lambda: not psutil.pid_exists(backend), "the end of the hanging backend")
    with psycopg.connect(mortal.dsn) as connection:
        assert connection.execute("select 1").fetchone() == (1,)


def test_a_database_comes_back_though_its_old_number_was_given_to_another_process(mortal):
    data = mortal.state.path("postgres", "data")
    lines = (data / "postmaster.pid").read_text().splitlines()
    lines[0] = str(os.getpid())  # alive, and no postmaster
    os.kill(mortal.pid("postgres"), signal.SIGSTOP)
    (data / "postmaster.pid").write_text("\n".join(lines) + "\n")
    mortal.kill("postgres")
    mortal.wait_ready()
    assert (data / "postmaster.pid").read_text().splitlines()[0] == str(mortal.pid("postgres"))


def test_a_database_comes_back_though_its_number_was_half_written(mortal):
    data = mortal.state.path("postgres", "data")
    os.kill(mortal.pid("postgres"), signal.SIGSTOP)
    (data / "postmaster.pid").write_text("")
    mortal.kill("postgres")
    mortal.wait_ready()


def test_killed_again_and_again_the_database_leaks_no_shared_memory(mortal):
    def segments():
        return len(Path("/proc/sysvipc/shm").read_text().splitlines())

    mortal.kill("postgres")
    mortal.wait_ready()
    before = segments()
    for _ in range(3):
        mortal.kill("postgres")
        mortal.wait_ready()
    assert segments() <= before + 1


def test_live_connections_outlast_the_death_of_authorisation_and_new_ones_come_after(mortal, connect):
    device = connect(mortal, "m2").connected()
    mortal.kill("auth")
    device.publish("up/m2/data", b"without")
    mortal.wait_ready()
    connect(mortal, "m3").connected()
    assert not device.ends


def test_a_ban_while_authorisation_is_away_is_obeyed_when_it_is_back(mortal, connect):
    device = connect(mortal, "m4").connected()
    mortal.kill("auth", signal.SIGSTOP)
    mortal.ban("m4")
    mortal.kill("auth")
    mortal.wait_ready()
    until(lambda: device.ends, "the cut", timeout_s=5)
    assert connect(mortal, "m4").refused()


def who_answers(stack):
    try:
        return ask(stack.broker.auth_url, HEALTH)["pid"]
    except OSError:
        return None


def test_a_second_authoriser_answers_while_the_first_hangs(mortal, connect):
    role, loop, stop = AuthRole(read_config(mortal.state.root)), asyncio.new_event_loop(), asyncio.Event()
    thread = threading.Thread(target=loop.run_until_complete, args=(role.run(stop),))
    thread.start()
    try:
        mortal.kill("auth", signal.SIGSTOP)
        until(lambda: who_answers(mortal) == os.getpid(), "the second authoriser's answer")
        for number in range(5, 15):
            connect(mortal, f"m{number}").connected()
    finally:
        mortal.kill("auth", signal.SIGCONT)
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        loop.close()


def test_data_and_ports_are_kept_over_a_clean_stop(tmp_path, connect):
    folder = tmp_path / "kept"
    told = Settings(http_port=0)
    with stack(children=PARTS, state=folder, settings=told) as first:
        first.issue("heater", ["k1"])
        ports = (first.mqtt_port, first.broker.nats_port)
        with psycopg.connect(first.dsn) as connection:
            connection.execute("create table kept as select 7 as n")
        with_stream(first, make_stream)
        connect(first, "k1").connected().publish("up/k1/data", b"x")
        certificate = first.credentials("k1").cert.read_bytes()
    with stack(children=PARTS, state=folder, settings=told) as second:
        second.issue("heater", ["k1"])
        assert (second.mqtt_port, second.broker.nats_port) == ports
        assert second.credentials("k1").cert.read_bytes() == certificate
        with psycopg.connect(second.dsn) as connection:
            assert connection.execute("select n from kept").fetchone() == (7,)
        assert with_stream(second, count_stream) == 1
