"""A core of somebody else's: what it raises, gives or never returns from is one error that names it and the call."""

import re
import signal
import threading

import pytest
from tests.unit.rig.plugin import cores

from seamline.device import Core
from seamline.rig.plugin.alarm import Alarm, ring
from seamline.rig.plugin.port import DeviceCore
from seamline.rig.world.promises import BrokenPromise

QUICK = {"work_s": 0.05, "wait_s": 0.2}


def broken(act):
    with pytest.raises(BrokenPromise) as found:
        act()
    assert found.value.device == 3
    return found.value


def hurried(core):
    """The same core, and little patience with it from now on."""
    core._alarm = Alarm(**QUICK)
    return core


def test_seamlines_core_keeps_the_port(heater, guarded):
    assert isinstance(Core(heater, "d", lambda: 7, {}), DeviceCore)
    assert isinstance(guarded(Core), DeviceCore)


def test_a_core_that_keeps_the_port_passes_through(guarded):
    core = guarded(Core)
    assert (core.state, core.boot, core.deadline()) == ("offline", 0, None)
    core.start(0, "power_on", "1.3.0")
    assert core.effects()[0][:2] == ("persist", "c1")
    assert core.incarnation > 0
    core.report(5, "child_lock", value=True)
    core.clock(6, 1_763_000_000_000, "ntp", 50)
    core.tick(core.deadline())
    assert core.effects()[0][0] == "connect"
    core.connect_failed(core.deadline(), "refused")
    core.tick(core.deadline())
    now_ms = core.deadline()
    core.connected(now_ms - 1)
    assert core.state == "greeting"
    core.receive(now_ms, "marks", b"{}")
    core.disconnected(now_ms, "network")
    core.stop(now_ms)
    assert core.books()["flight"] == 0


def test_an_error_names_core_line_and_call_and_has_no_address(guarded):
    core = guarded(cores.RaisesOnWishes)
    found = broken(lambda: core.receive(1, "session", b"{}"))
    assert found.promise == "no-error"
    line = cores.RaisesOnWishes.receive.__code__.co_firstlineno + 2
    told = (
        f"app.py:make raised ValueError: no such mode, says <object object> (cores.py:{line}) when given a session from the hub"
    )
    assert found.what == told


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ValueError("no such mode\nthere are two:\nheat, off"), "ValueError: no such mode …"),
        (ValueError("\n\nno such mode\n"), "ValueError: no such mode"),
        (ValueError(), "ValueError"),
        (SyntaxError("bad", ("app.py", 1, 2, "x =", 1, 3)), "SyntaxError: bad"),
        (ExceptionGroup("two\nthings", [ValueError("a"), KeyError("b")]), "ExceptionGroup: two …"),
    ],
)
def test_an_error_keeps_its_type_however_long_its_message_is(error, told, guarded):
    error.add_note("a note\nof two lines")

    class Raises(Core):
        def tick(self, _now_ms):
            raise error

    assert re.match(
        rf"app\.py:make raised {re.escape(told)} \(test_guard\.py:\d+\) when ticked$",
        broken(lambda: guarded(Raises).tick(1)).what,
    )


def test_an_exit_is_an_error_as_any_other(guarded):
    line = cores.Exits.connected.__code__.co_firstlineno + 1
    told = f"app.py:make raised SystemExit: 3 (cores.py:{line}) when told that its link is up"
    assert broken(lambda: guarded(cores.Exits).connected(1)).what == told


def test_ctrl_c_is_no_error_of_the_core(guarded):
    class Stopped(Core):
        def tick(self, _now_ms):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        guarded(Stopped).tick(1)


@pytest.mark.parametrize("kind", [cores.NeverReturns, cores.WaitsForEver], ids=["computes", "waits"])
def test_a_call_that_never_returns_is_ended_and_named_by_its_function(kind, guarded):
    core = hurried(guarded(kind))
    found = broken(lambda: core.tick(1))
    line = kind.tick.__code__.co_firstlineno
    assert (found.promise, found.what) == ("yields", f"app.py:make never returned when ticked (cores.py:{line}, tick)")


def test_the_alarm_rings_for_no_call_that_is_over():
    alarm = Alarm(**QUICK)
    alarm.set()
    alarm.clear()
    assert signal.getitimer(signal.ITIMER_REAL) == signal.getitimer(signal.ITIMER_PROF) == (0.0, 0.0)
    ring(signal.SIGALRM, None)


def test_an_alarm_still_rings_when_another_was_made_after_it(guarded):
    core = hurried(guarded(cores.NeverReturns))
    guarded(Core, Alarm())
    assert broken(lambda: core.tick(1)).promise == "yields"


def test_in_a_thread_nothing_is_ended_and_nothing_is_disturbed():
    made = []
    thread = threading.Thread(target=lambda: made.append(Alarm()))
    thread.start()
    thread.join()
    (alarm,) = made
    alarm.set()
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    alarm.clear()


def test_what_is_no_core_says_what_it_lacks(guarded):
    assert broken(lambda: guarded(cores.HasNoBooks)).what.endswith("which is no core: it has no books")
    found = broken(lambda: guarded(cores.none)).what
    assert found.startswith("app.py:make makes None, which is no core: it has no state, incarnation, boot, start, record")


def test_a_factory_that_fails_is_named(guarded):
    told = broken(lambda: guarded(cores.divides)).what
    assert re.fullmatch(r"app\.py:make raised ZeroDivisionError: .* \(cores\.py:\d+\) when it is made", told)


@pytest.mark.parametrize(
    "effects",
    [
        "connect",
        [("publish", "data")],
        [("publish", "data", "text")],
        [("persist", b"key", b"data")],
        [["forget", "key"]],
        [("explode",)],
        [()],
        [(7, "x")],
        [("apply", "set_point", 7, "2")],
        [("publish", "data", "x" * 1_000)],
    ],
)
def test_nonsense_for_effects_is_shown_shortly(effects, guarded):
    class Nonsense(Core):
        def effects(self):
            return effects

    told = broken(guarded(Nonsense).effects).what
    assert told.startswith(("app.py:make asks for ", "app.py:make gives "))
    assert len(told) < 260


@pytest.mark.parametrize(
    ("effect", "says"),
    [
        (("persist", "c1", "text"), "asks for ('persist', 'c1', 'text'), whose data is of type str; bytes are needed"),
        (("persist", b"c1", b""), "whose key is of type bytes; a str is needed"),
        (("forget", 7), "whose key is of type int; a str is needed"),
        (("connect", None), "whose will is of type NoneType; bytes are needed"),
        (("close", None), "whose reason is of type NoneType; a str is needed"),
        (("publish", "data", bytearray(2)), "whose data is of type bytearray; bytes are needed"),
        (("apply", "set_point", 7, "2"), "whose version is of type str; an int is needed"),
        (("publish", "data"), "with 1 of what follows its name; needed are kind, data"),
        (["forget", "key"], "which is a list; a tuple is needed"),
        (("explode",), "which is no effect; there are persist, forget, connect, close, publish, apply"),
        ((), "which is no effect; there are persist"),
    ],
)
def test_an_effect_that_cannot_be_used_says_what_is_needed(effect, says, guarded):
    kind = type("Nonsense", (Core,), {"effects": lambda _self: [effect]})
    assert says in broken(guarded(kind).effects).what


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("deadline", "soon", "gives 'soon' for its deadline; a whole number is needed"),
        ("deadline", True, "gives True for its deadline"),
        ("deadline", -1, "gives -1 for its deadline"),
        ("books", [], "gives [] for its books"),
        ("books", {"flight": 0, "bytes": 0, "pending_losses": 0, "channels": {}}, "for its books; flight, bytes"),
    ],
)
def test_nonsense_for_an_answer_is_shown(name, value, says, guarded):
    kind = type("Nonsense", (Core,), {name: lambda _self: value})
    assert says in broken(getattr(guarded(kind), name)).what


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("state", "dreaming", "says it is 'dreaming', and not one of offline, connecting, greeting, live"),
        ("boot", None, "gives None for its boot"),
        ("incarnation", 1.5, "gives 1.5 for its incarnation"),
    ],
)
def test_nonsense_for_a_property_is_shown(name, value, says, guarded):
    kind = type("Nonsense", (Core,), {name: property(lambda _self: value)})
    core = guarded(kind)
    assert says in broken(lambda: getattr(core, name)).what


def test_nonsense_for_a_number_is_shown(guarded, heater):
    class Nonsense(Core):
        def record(self, _now_ms, _channel, _body):
            return None

    assert "gives None for its number of a record" in broken(lambda: guarded(Nonsense).record(1, 1, b"")).what
