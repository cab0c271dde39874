"""Devices that ask in vain: after which question, and when, one may not be shown as online."""

from types import SimpleNamespace

import pytest

from seamline.hub.presence import State
from seamline.rig.world.deaf_audit import AFTER_MS, TOLD_MS, DeafAudit
from seamline.rig.world.heap import MS
from seamline.rig.world.plan import HOUSE, Fault, Kind
from seamline.rig.world.promises import BrokenPromise

NOW_MS = 2_000_000
TIMEOUT_MS = 12_000
ASKED_AGO_MS = 20_000


def device(in_vain=3, ago_ms=ASKED_AGO_MS, is_connected=True):
    watch = SimpleNamespace(in_vain=in_vain, asked_ms=NOW_MS - ago_ms)
    timing = SimpleNamespace(answer_timeout_ms=TIMEOUT_MS)
    model = SimpleNamespace(contract=SimpleNamespace(timing=timing))
    return SimpleNamespace(index=2, watch=watch, uptime_ms=NOW_MS, model=model, link=SimpleNamespace(is_connected=is_connected))


def look(seen, *faults, shown=State.ONLINE, stored_ms=NOW_MS - ASKED_AGO_MS):
    DeafAudit(faults).look(seen, shown, NOW_MS * MS, stored_ms * MS)


@pytest.mark.parametrize("kind", [Kind.DEAF, Kind.CLOCK_STEP, Kind.WISH])
def test_a_device_that_asked_in_vain_is_not_online(kind):
    with pytest.raises(BrokenPromise, match="deaf-shown: is shown as online, and has asked 3 times in vain, last 20000 ms ago"):
        look(device(), Fault(NOW_MS - 300_000, kind, 2, 300_000))


@pytest.mark.parametrize(
    "seen",
    [device(in_vain=2), device(ago_ms=TOLD_MS), device(is_connected=False), SimpleNamespace(watch=None)],
    ids=["asked twice", "asked just now", "without a link", "dark"],
)
def test_before_that_it_may_be(seen):
    look(seen)


def test_one_that_is_shown_as_deaf_is_right():
    look(device(), shown=State.DEAF)


def test_a_question_that_never_came_tells_nobody():
    look(device(), stored_ms=NOW_MS - ASKED_AGO_MS - 10_000)


ASKING_MS = 7 * TIMEOUT_MS + ASKED_AGO_MS
"""Since the first of three questions at the earliest."""


@pytest.mark.parametrize(
    "fault",
    [
        Fault(NOW_MS - 1_000, Kind.LOSSY, 2, 60_000),
        Fault(NOW_MS - ASKING_MS - 30_000, Kind.SLOW, 2, 30_000),
        Fault(NOW_MS - ASKING_MS - AFTER_MS, Kind.HUB_KILL, HOUSE, 0),
    ],
    ids=["lossy now", "slow when it asked first", "a hub that had been killed"],
)
def test_what_stood_in_the_way_excuses_it(fault):
    look(device(), fault)


@pytest.mark.parametrize(
    "fault",
    [Fault(NOW_MS - ASKING_MS - 30_001, Kind.SLOW, 2, 30_000), Fault(NOW_MS - 1_000, Kind.LOSSY, 1, 60_000)],
    ids=["it was over", "another device's"],
)
def test_what_did_not_does_not(fault):
    with pytest.raises(BrokenPromise):
        look(device(), fault)
