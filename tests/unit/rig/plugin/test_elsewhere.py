"""A core that ends its process ends a run, and not the command: the broken promise names the core, the device and the call."""

import multiprocessing
import signal
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from seamline.rig.crew import CrewError, Task, run_seeds
from seamline.rig.plugin import guard, hand
from seamline.rig.plugin.calls import Calls, call_of
from seamline.rig.plugin.elsewhere import Elsewhere, parts_apart
from seamline.rig.plugin.hand import LostError, exit_of, verdict_of
from seamline.rig.plugin.named import CoreError, parts_of
from seamline.rig.timeline.recording import record
from seamline.rig.world.apart import Ended, GivenUpError
from seamline.rig.world.plan import Plan
from seamline.rig.world.promises import BrokenPromise
from seamline.rig.world.run import run
from seamline.rig.world.shrink import shrink

HEATER = Path(__file__).parents[4] / "examples" / "heater"
PLAN = Plan(3, 2, 120_000)
GONE = LostError("ended the process (exit 0)", 12, 0)
KILLED = LostError("ended the process (SIGKILL)", 12, -9)


def core(folder, text, imports="import os"):
    """The name of a core whose `tick` does this."""
    (folder / "bye.py").write_text(
        f"{imports}\nfrom seamline.device import Core\n\nclass Bye(Core):\n    def tick(self, now_ms):\n        {text}\n"
    )
    return f"{folder / 'bye.py'}:Bye"


# -- counting --------------------------------------------------------------------------------------------------------------


def test_calls_are_counted_where_another_process_can_read_them():
    box, calls = multiprocessing.get_context("spawn").RawValue("Q", 7), Calls()
    calls.share(box)
    calls.begin()
    assert call_of(box) == 0
    for number in (1, 2, 3):
        assert calls.enter() is None
        assert (call_of(box), calls.number) == (number, number)
        calls.leave()
        assert (call_of(box), calls.number) == (0, number)


def test_a_run_ends_at_the_call_that_is_known_for_it_and_at_no_other():
    calls, ended = Calls(), Ended(2, "no-error", "ended the process (exit 0)")
    calls.begin(ended)
    assert calls.enter() is None
    calls.leave()
    assert calls.found is None
    assert calls.enter() is calls.found is ended
    calls.leave()
    assert calls.enter() is None
    calls.begin()
    assert calls.found is None


def test_the_core_is_not_entered_at_the_call_that_a_run_ends_at(guarded, monkeypatch):
    calls, ticked = Calls(), []
    monkeypatch.setattr(guard, "CALLS", calls)
    made = guarded(lambda *_: Ticks(ticked))
    calls.begin(Ended(2, "no-error", "ended the process (exit 7)"))
    made.tick(1)
    with pytest.raises(BrokenPromise, match=r"no-error: app.py:make ended the process \(exit 7\) when ticked") as broken:
        made.tick(2)
    assert (ticked, broken.value.device) == ([1], 3)


class Ticks:
    """Notes its ticks; has the rest of the port."""

    def __init__(self, ticked):
        self.tick = ticked.append

    def __getattr__(self, name):
        return lambda *_: None


# -- what a lost process means ---------------------------------------------------------------------------------------------


def test_a_core_that_ended_its_process_has_broken_a_promise():
    assert verdict_of(GONE, None, "bye.py:Bye", "seed 1") == Ended(12, "no-error", "ended the process (exit 0)")
    hung = LostError("never returned", 12, -9, hung=True)
    assert verdict_of(hung, None, "bye.py:Bye", "seed 1") == Ended(12, "yields", "never returned")


def test_who_is_killed_is_run_again_and_has_broken_a_promise_when_it_is_killed_in_the_same_call():
    assert verdict_of(KILLED, None, "bye.py:Bye", "seed 1") is None
    assert verdict_of(KILLED, KILLED, "bye.py:Bye", "seed 1").call == 12


@pytest.mark.parametrize(
    ("lost", "before", "name", "says"),
    [
        (GONE, None, None, r"^the process that ran seed 1 has ended by itself \(exit 0\)$"),
        (
            LostError("ended the process (exit 1)", 0, 1),
            None,
            "bye.py:Bye",
            r"seed 1 with bye.py:Bye has ended by itself \(exit 1\)$",
        ),
        (LostError("ended the process (SIGKILL)", 0, -9), None, None, r"\(SIGKILL\): is there memory for as many worlds"),
        (KILLED, LostError("ended the process (SIGKILL)", 5, -9), "bye.py:Bye", r"and in call 5 .*: is there memory"),
        (GONE, LostError("ended the process (exit 0)", 5, 0), "bye.py:Bye", "it does not do the same twice"),
    ],
)
def test_everything_else_names_the_seed_and_memory_only_where_it_was_killed(lost, before, name, says):
    with pytest.raises(CrewError, match=says):
        verdict_of(lost, before, name, "seed 1")


def test_how_a_process_ended_is_said_by_name():
    assert [exit_of(code) for code in (0, 7, -signal.SIGSEGV, -200, None)] == [
        "exit 0", "exit 7", "SIGSEGV", "signal 200", "it closed its pipe",
    ]  # fmt: skip


# -- real processes --------------------------------------------------------------------------------------------------------


def test_a_core_that_exits_breaks_a_promise_in_a_crew_of_one_and_the_plan_is_made_small(tmp_path, families):
    name = core(tmp_path, "os._exit(0)")
    (finished,) = run_seeds(Task((HEATER,), 2, 120_000, "drop-mid-publish", core=name), range(5, 7), 1, lambda _beats: None)
    assert finished.broken == f"no-error: {name} ended the process (exit 0) when ticked"
    parts = parts_apart(name, families)
    plan = Task((HEATER,), 2, 120_000, "drop-mid-publish", core=name).plan(5, families)
    parts.apart.remember(plan, finished.ended)
    whole = run(plan, parts)
    assert (str(whole.broken), whole.digest, whole.virtual_us) == (finished.broken, finished.digest, finished.virtual_us)
    small = shrink(whole, parts, runs_max=2)
    assert small.broken.promise == "no-error"
    assert len(small.plan.present) == 1
    recorded = record(small.plan, parts)
    assert (recorded.outcome.digest, str(recorded.outcome.broken)) == (small.digest, str(small.broken))
    assert any(event.what == "broken" for event in recorded.events)
    parts.apart.end()


def test_what_a_core_raises_and_does_is_the_same_in_a_process_of_its_own(tmp_path, families):
    name = core(tmp_path, "raise KeyboardInterrupt")
    apart = parts_apart(name, families)
    outcome = run(PLAN, apart)
    assert outcome.broken.what == f"{name} raised KeyboardInterrupt (bye.py:6) when ticked"
    name = core(tmp_path, "raise ValueError(now_ms)")
    assert run(PLAN, parts_of(name, families)).broken.promise == "no-error"
    apart.apart.end()


class Hurrying:
    """A clock that passes a minute each time it is read while a process lives that has written its number in a file."""

    def __init__(self, file):
        self.file = file
        self.ahead_s = 0

    def monotonic(self):
        written = self.file.read_text() if self.file.exists() else ""
        self.ahead_s += 60 if written.endswith("\n") and psutil.pid_exists(int(written)) else 0
        return time.monotonic() + self.ahead_s


def test_a_core_that_nothing_ends_from_inside_loses_its_process(tmp_path, families, monkeypatch):
    waits = tmp_path / "waits"
    blocked = f"""import os, pathlib, signal, time
def bye():
    signal.pthread_sigmask(signal.SIG_BLOCK, {{signal.SIGALRM, signal.SIGPROF}})
    pathlib.Path({str(waits)!r}).write_text(f"{{os.getpid()}}\\n")
    time.sleep(3600)"""
    monkeypatch.setattr(hand, "time", Hurrying(waits))
    parts = parts_apart(core(tmp_path, "bye()", blocked), families)
    outcome = run(PLAN, parts)
    assert (outcome.broken.promise, outcome.broken.what.partition(" ")[2]) == ("yields", "never returned when ticked")
    with pytest.raises(GivenUpError):
        run(replace(PLAN, seed=4), parts, go_on=lambda: False)
    parts.apart.end()


def test_what_a_core_prints_is_not_on_standard_output(tmp_path, families, capfd):
    parts = parts_apart(core(tmp_path, "print('tick', flush=True); super().tick(now_ms)"), families)
    assert run(Plan(3, 1, 120_000), parts).broken is None
    parts.apart.end()
    said = capfd.readouterr()
    assert (said.out, "tick\n" in said.err) == ("", True)


def test_a_core_that_ends_the_process_when_it_is_made_is_refused_with_its_name(tmp_path, families):
    (tmp_path / "gone.py").write_text("import os\nos._exit(4)\n")
    elsewhere = Elsewhere(f"{tmp_path / 'gone.py'}:Bye", families)
    with pytest.raises(CoreError, match=r"gone.py:Bye ended the process \(exit 4\) when it was found and made"):
        elsewhere.check()
