"""Waiting for a database that is away: noticed soon when it comes back, and no flood in the log when it does not."""

import asyncio
import itertools
import logging

import psycopg
import pytest
from hypothesis import given, strategies as st

from seamline.hub import processes
from seamline.hub.patience import FIRST_S, LONGEST_S, REMIND_S, SHARE, Patience
from seamline.hub.settings import HubSettings

AWAY = 'connection to server at "127.0.0.1", port 1 failed: Connection refused\n\tIs the server running on that host?\n'
LINE = 'connection to server at "127.0.0.1", port 1 failed: Connection refused; Is the server running on that host?'


def test_pauses_grow_to_the_longest_and_are_never_more_than_a_share_of_the_wait():
    patience, waited_s, pauses = Patience(), 0.0, []
    for _ in range(200):
        pauses.append(patience.pause_s())
        assert pauses[-1] <= max(FIRST_S, waited_s * SHARE) + 1e-9
        waited_s += pauses[-1]
    assert (pauses[0], pauses[-1]) == (FIRST_S, LONGEST_S)
    assert pauses == sorted(pauses)


def test_the_same_reason_is_told_once_in_one_line_and_then_rarely():
    patience, waited_s, told = Patience(), 0.0, []
    while waited_s < 3_600:
        told += [line for line in [patience.told(AWAY)] if line]
        waited_s += patience.pause_s()
    assert told[0] == LINE
    assert told[1].startswith(f"{LINE} (for 6")
    assert 3_600 / (REMIND_S + LONGEST_S) - 1 < len(told) <= 3_600 / REMIND_S + 1


@given(st.lists(st.sampled_from(["a", "b"]), min_size=1, max_size=20))
def test_each_change_of_reason_is_told_at_once(reasons):
    patience = Patience()
    for before, reason in itertools.pairwise(["", *reasons]):
        told = patience.told(reason)
        patience.pause_s()
        assert told.startswith(reason) if reason != before else told == ""


def test_an_error_without_words_is_told_too():
    assert Patience().told(" \n") == "no reason given"


class _Tries:
    """Prepares at the last of so many tries."""

    def __init__(self, failures):
        self.left = failures

    async def __call__(self, _dsn, _families):
        if self.left:
            self.left -= 1
            raise psycopg.OperationalError(AWAY)


@pytest.fixture
def paused(monkeypatch):
    """How long was waited, without waiting."""
    seen = []

    async def pause(_stopping, seconds):
        seen.append(seconds)

    monkeypatch.setattr(processes, "pause", pause)
    return seen


def test_a_hub_without_its_database_logs_once_and_goes_on_when_it_is_there(monkeypatch, paused, caplog):
    monkeypatch.setattr(processes, "prepare", _Tries(40))
    start = processes.Start()
    with caplog.at_level(logging.WARNING, processes.log.name):
        asyncio.run(processes._prepare(HubSettings("nats://x", "postgresql://x"), (), start, asyncio.Event()))
    assert start.tried.is_set()
    assert start.done.is_set()
    assert len(paused) == 40
    assert [record.getMessage() for record in caplog.records] == [f"waiting for the database: {LINE}"]
