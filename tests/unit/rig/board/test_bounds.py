"""Numbers and handles of the board's rig: the contract's pace, a relay's words, lines that are let go, faults that interleave."""

import os
import pty
from dataclasses import replace
from types import SimpleNamespace

import pytest
from hypothesis import given, strategies as st

from seamline.rig.board import tty
from seamline.rig.board.errors import ConsoleError
from seamline.rig.board.manners import LATE_MS, Manners, Pace
from seamline.rig.board.proxy import BrokerProxy
from seamline.rig.board.relay import SPOKEN
from seamline.rig.board.session import Report
from seamline.rig.board.translate import Abilities, translate
from seamline.rig.world.plan import Fault, Kind, Plan

PACE = Pace(base_ms=1_000, cap_ms=60_000, reset_after_ms=60_000, spread_ms=10_000)


def test_the_pace_is_the_contracts_back_off_and_half_its_recovery(heater):
    contract = heater.current
    backoff, fleet = contract.backoff, contract.fleet
    changed = replace(
        contract, backoff=replace(backoff, base_ms=11, cap_ms=22, reset_after_ms=33), fleet=replace(fleet, recovery_ms=88)
    )
    assert Pace.of(changed) == Pace(base_ms=11, cap_ms=22, reset_after_ms=33, spread_ms=44)


@pytest.mark.parametrize(("told_ms", "window_ms"), [(0, 20_000), (4_000, 20_000), (30_000, 60_000)])
def test_after_a_boot_a_board_may_take_twice_the_widest_spread_that_it_was_ever_told(told_ms, window_ms):
    for late_ms, complaints in ((window_ms + LATE_MS, 0), (window_ms + LATE_MS + 1, 1)):
        manners = Manners(PACE)
        if told_ms:
            manners.heard("live", 5, told_ms)
        manners.booted(0)
        manners.heard("dial", late_ms, 0)
        assert len(manners.problems) == complaints
        assert manners.shares == []


def test_a_wait_that_a_single_board_takes_once_is_judged_by_its_length_alone():
    short, long = Manners(PACE), Manners(PACE)
    short.shares, long.shares = [0.0], [0.5]
    assert short.verdict() == ["connects without waiting: of 1 waits none took more than 0.0% of its window"]
    assert long.verdict() == []


@pytest.mark.parametrize("is_on", [True, False])
def test_an_lcus_relay_is_told_its_number_its_state_and_their_sum(is_on):
    start, number, state, total = SPOKEN["lcus"][is_on]
    assert (start, number, state) == (0xA0, 1, int(is_on))
    assert total == (start + number + state) % 256


def test_a_line_that_cannot_be_used_is_not_kept_open(tmp_path, monkeypatch):
    (tmp_path / "no-tty").write_text("")
    closed, close = [], os.close
    monkeypatch.setattr(tty.os, "close", lambda handle: closed.append(handle) or close(handle))
    with pytest.raises(ConsoleError, match="it is no serial line"):
        tty.open_tty(tmp_path / "no-tty", 115_200)
    assert len(closed) == 1


def test_a_read_from_an_open_line_waits_for_nothing():
    ours, theirs = pty.openpty()
    handle = tty.open_tty(os.ttyname(theirs), 115_200)
    try:
        control = tty.termios.tcgetattr(handle)[6]
        assert [
            int.from_bytes(each) if isinstance(each, bytes) else each
            for each in (control[tty.termios.VMIN], control[tty.termios.VTIME])
        ] == [0, 0]
    finally:
        for each in (handle, ours, theirs):
            os.close(each)


class Link:
    """Writes down what a proxy asks of its link."""

    def __init__(self):
        self.cuts = 0

    def __getattr__(self, name):
        return lambda *_given, **_named: None

    def cut(self):
        self.cuts += 1


@pytest.mark.parametrize(("up", "down"), [(False, False), (True, False), (False, True), (True, True)])
def test_mending_breaks_a_connection_that_was_stalled_in_either_direction(up, down):
    link = Link()
    proxy = BrokerProxy(link)
    if up or down:
        proxy.stall(up=up, down=down)
    proxy.mend()
    assert link.cuts == (up or down)
    proxy.mend()
    assert link.cuts == (up or down)


@given(st.integers(0, 4_000), st.integers(1, 1_000))
def test_what_happens_between_two_flaps_is_done_between_them(at_ms, lasts_ms):
    flapping = Fault(1_000, Kind.FLAPPING, 0, 2_000, {"down_ms": 100, "up_ms": 200})
    faults = sorted((flapping, Fault(at_ms, Kind.DEAF, 0, lasts_ms)), key=lambda fault: fault.at_ms)
    steps = translate(Plan(1, 1, 60_000, tuple(faults)), 0, Abilities()).steps
    assert [step.at_ms for step in steps] == sorted(step.at_ms for step in steps)
    assert sum(step.fault is Kind.DEAF for step in steps) == 1


def test_a_run_without_a_fault_says_so():
    sums = SimpleNamespace(numbered=1, stored=1, quarantined=0, declined=0, lost=0, owed=0)
    report = SimpleNamespace(
        verdict=SimpleNamespace(sums=sums), done={}, boots=1, dials=2, busy=3, missed=[], unmet=[], problems=[], lines={},
        course=SimpleNamespace(told=list),
    )  # fmt: skip
    assert Report.told(report)[0] == "1 boots, 2 connects, 3 times told to wait; no faults"
    report.done = {"slow": 2, "deaf": 1}
    assert Report.told(report)[0].endswith("; 1 × deaf, 2 × slow")
