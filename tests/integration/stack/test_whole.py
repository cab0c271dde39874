"""The whole stack with its hub: locked out nobody, left nothing."""

from __future__ import annotations

import json
import urllib.request

import psutil
import pytest

from seamline.testing.stack import stack
from seamline.testing.wait import until


@pytest.fixture(scope="module")
def mortal(heater):
    """A whole stack that the tests of this file may hurt."""
    with stack(contracts=(heater,)) as running:
        yield running


def test_the_hub_answers_where_run_json_says(mortal):
    run = json.loads(mortal.state.path("run.json").read_text())
    assert run["url"] == mortal.url
    assert set(run["pids"]) == {"broker", "auth", "postgres", "hub"}
    with urllib.request.urlopen(f"{run['url']}/api/health", timeout=5) as answer:
        assert answer.status == 200


def test_the_first_start_asks_for_no_database_that_is_not_there_yet(mortal):
    for name in ("hub", "postgres"):
        assert "does not exist" not in mortal.log(name).read_text()


def test_a_dead_hub_locks_nobody_out_and_comes_back(mortal, connect, names):
    before, after = names(2)
    mortal.issue("heater", [before, after])
    device = connect(mortal, before).connected()
    mortal.kill("hub")
    connect(mortal, after).connected()
    mortal.wait_ready()
    device.publish(f"up/{before}/data", b"not a frame")
    assert not device.ends


def test_everything_the_hub_started_ends_with_it(heater):
    with stack(contracts=(heater,)) as running:
        family = [*psutil.Process(running.pid("hub")).children(recursive=True), psutil.Process(running.pid("hub"))]
    until(lambda: not any(process.is_running() for process in family), "the end of the hub and its processes")
