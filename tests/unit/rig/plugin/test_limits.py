"""What a user's core may take, and what is done when it takes more: the alarm's timers, and a process that was lost."""

import signal
from dataclasses import replace

import pytest
from tests.unit.rig.plugin import cores

from seamline.device import Core
from seamline.rig.plugin import alarm, elsewhere as processes
from seamline.rig.plugin.alarm import AGAIN_S, Alarm
from seamline.rig.plugin.elsewhere import HURRY, TRIES, Elsewhere
from seamline.rig.plugin.guard import SHOWN
from seamline.rig.plugin.hand import LostError, verdict_of
from seamline.rig.world.apart import CrewError, Ended
from seamline.rig.world.plan import Plan
from seamline.rig.world.promises import BrokenPromise
from seamline.rig.world.run import run

PLAN = Plan(3, 2, 120_000)
GONE = LostError("ended the process (exit 0)", 12, 0)
KILLED = LostError("ended the process (SIGKILL)", 12, -9)
ENDED = Ended(12, "no-error", GONE.how)
TIMERS = {signal.ITIMER_PROF: "WORK_S", signal.ITIMER_REAL: "WAIT_S"}


@pytest.mark.parametrize(("own", "limits"), [((None, None), (5.0, 30.0)), ((0.5, None), (0.5, 30.0)), ((None, 7.0), (5.0, 7.0))])
def test_a_call_is_ended_by_its_work_and_by_its_wait_and_again_should_it_catch_that(own, limits):
    made = Alarm(*own)
    made.set()
    try:
        found = {timer: signal.getitimer(timer) for timer in TIMERS}
    finally:
        made.clear()
    for (left_s, again_s), limit_s in zip(found.values(), limits, strict=True):
        assert limit_s / 2 < left_s <= limit_s + 0.1
        assert again_s == AGAIN_S < limit_s * 3


def test_limits_that_change_hold_for_the_next_call(monkeypatch):
    made = Alarm()
    for timer, name in TIMERS.items():
        monkeypatch.setattr(alarm, name, 99.0)
        made.set()
        assert 98.0 < signal.getitimer(timer)[0] <= 99.1
        made.clear()


def test_an_alarm_that_was_never_set_ends_nothing():
    assert not Alarm.runs()
    alarm.ring(signal.SIGALRM, None)
    made = Alarm()
    made.set()
    assert Alarm.runs()
    with pytest.raises(alarm.NeverReturns):
        alarm.ring(signal.SIGALRM, None)
    made.clear()
    assert not Alarm.runs()


@pytest.mark.parametrize("length", [SHOWN - 2, SHOWN - 1, 10_000])
def test_what_a_core_gives_is_shown_in_so_many_characters(length, guarded):
    kind = type("Nonsense", (Core,), {"deadline": lambda _self: "x" * (length - 2)})
    with pytest.raises(BrokenPromise) as found:
        guarded(kind).deadline()
    shown = found.value.what.removeprefix("app.py:make gives ").removesuffix(" for its deadline; a whole number is needed")
    assert len(shown) == min(length, SHOWN)
    assert shown.endswith("…") == (length > SHOWN)


def test_the_line_of_an_error_is_the_last_of_the_cores_own(guarded):
    class Deep(Core):
        def tick(self, now_ms):
            self._inner(now_ms)

        def _inner(self, now_ms):
            int(f"no number at {now_ms}")

    line = Deep._inner.__code__.co_firstlineno + 1
    with pytest.raises(BrokenPromise, match=rf"\(test_limits\.py:{line}\) when ticked"):
        guarded(Deep).tick(1)


def test_an_error_inside_seamlines_own_code_names_no_line_of_it(guarded):
    with pytest.raises(BrokenPromise) as found:
        guarded(Core).record(1, 4_711, b"")
    assert ".py:" not in found.value.what.removeprefix("app.py:make ")


def test_a_core_that_never_returns_is_named_by_the_function_that_was_called(guarded):
    core = guarded(cores.NeverReturns)
    core._alarm = Alarm(work_s=0.05)
    with pytest.raises(BrokenPromise, match=r"never returned when ticked \(cores\.py:\d+, tick\)"):
        core.tick(1)


# -- processes that are lost -----------------------------------------------------------------------------------------------


@pytest.fixture
def apart(monkeypatch):
    """A process whose answers are given, and what it was asked for."""

    def make(*answers):
        made, asked, left = Elsewhere("bye.py:Bye", []), [], list(answers)

        def answer(message, patience, _go_on):
            asked.append((message[2], patience))
            said = left.pop(0)
            if isinstance(said, LostError):
                raise said
            return said

        monkeypatch.setattr(made, "_answer", answer)
        return made, asked

    return make


def test_a_plan_that_lost_its_process_is_run_again_up_to_the_call_that_lost_it(apart):
    made, asked = apart(GONE, ("result", ENDED))
    assert made.do(run, PLAN) == "result"
    assert [ended for ended, _ in asked] == [None, ENDED]


def test_what_a_plan_ended_with_is_known_when_it_is_run_another_time_and_of_no_other_plan(apart):
    made, asked = apart(("first", ENDED), ("again", ENDED), ("other", None))
    told = [made.do(run, plan) for plan in (PLAN, PLAN, replace(PLAN, seed=4))]
    assert told == ["first", "again", "other"]
    assert [ended for ended, _ in asked] == [None, ENDED, None]


def test_a_run_that_held_leaves_nothing_to_remember(apart):
    made, asked = apart(("first", None), ("again", None))
    made.remember(PLAN, None)
    assert [made.do(run, PLAN) for _ in range(2)] == ["first", "again"]
    assert [ended for ended, _ in asked] == [None, None]


def test_a_core_that_ended_once_and_not_again_is_refused(apart):
    made, _ = apart(("result", None))
    made.remember(PLAN, ENDED)
    with pytest.raises(CrewError, match=r"ended the process \(exit 0\) in call 12 of seed 3, and not when it was run again"):
        made.do(run, PLAN)


def test_a_process_that_is_killed_again_and_again_is_given_up(apart):
    calls = [LostError("ended the process (SIGKILL)", 12, -9) for _ in range(TRIES)]
    made, asked = apart(*calls)
    with pytest.raises(CrewError, match=f"the process that ran seed 3 with bye.py:Bye was lost {TRIES} times"):
        made.do(run, PLAN)
    assert len(asked) == TRIES


def test_a_plan_that_is_made_small_gives_a_call_less_time(apart):
    made, asked = apart(("first", None), ("again", None))
    made.do(run, PLAN)
    made.do(run, PLAN, hurry=True)
    assert [patience for _, patience in asked] == [(alarm.WORK_S, alarm.WAIT_S), HURRY]
    assert all(short < long for short, long in zip(HURRY, (alarm.WORK_S, alarm.WAIT_S), strict=True))


@pytest.mark.parametrize(("lost", "before"), [(KILLED, GONE), (GONE, LostError("ended the process (exit 1)", 11, 1))])
def test_a_core_that_ended_otherwise_before_does_not_do_the_same_twice(lost, before):
    with pytest.raises(CrewError, match=f"in call 12 of seed 3, and in call {before.call} when it was run before"):
        verdict_of(lost, before, "bye.py:Bye", "seed 3")


def test_nobody_waits_for_an_answer_that_nobody_wants_any_more():
    class Silent:
        def __init__(self):
            self.pipe, self.looked = self, []

        def poll(self, _beat_s):
            return False

        def check(self, wait_s):
            self.looked.append(wait_s)

    silent, left = Silent(), iter([True, True, False])
    with pytest.raises(processes.GivenUpError):
        processes._said(silent, 9.0, lambda: next(left))
    assert silent.looked == [9.0] * 3
