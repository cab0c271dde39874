"""The lines between the rig and a program are those of the table in `process`: each call is one, and each answer is read back."""

import gc
import json
import sys

import pytest
from hypothesis import given, strategies as st

from seamline.rig.plugin.named import named_core
from seamline.rig.plugin.process import LAST_WORDS, ProgramError, Programs, _effect, _short, document_of

CALLS = (
    (lambda core: core.start(1, "power_on", "1.3.0"), "start 1 power_on 1.3.0"),
    (lambda core: core.record(2, 4, b"\x01\xff"), "record 2 4 01ff"),
    (lambda core: core.record(3, 4, b""), "record 3 4 -"),
    (lambda core: core.stop(4), "stop 4"),
    (lambda core: core.connected(5), "connected 5"),
    (lambda core: core.connect_failed(6, "refused"), "failed 6 refused"),
    (lambda core: core.disconnected(7, "network"), "lost 7 network"),
    (lambda core: core.receive(8, "marks", b"{}"), "receive 8 marks 7b7d"),
    (lambda core: core.clock(9, 1_763_000_000_000, "ntp", 50), "clock 9 1763000000000 ntp 50"),
    (lambda core: core.report(10, "child_lock", value=True), "report 10 child_lock - true"),
    (lambda core: core.report(11, "set_point", 21.5, 0), "report 11 set_point 0 21.5"),
    (lambda core: core.tick(12), "tick 12"),
    (lambda core: core.books(), "books"),
)
ECHO = """
import sys
heard = open(sys.argv[1], "w")
for line in sys.stdin:
    heard.write(line)
    heard.flush()
    word = line.split()[0]
    if word not in {"core", "policy", "stored"}:
        if word == "record":
            print("number 7")
        if word == "books":
            print('books {"flight": 0, "bytes": 5}')
        print("publish data 0102\\nforget c1\\nconnect -\\napply set_point 3 [1, \\"a b\\"]\\ndone - live 9 2", flush=True)
"""
words = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=9)


@pytest.fixture
def echo(tmp_path, heater):
    """A program that writes down what it hears, as a core; and what it has heard."""
    (tmp_path / "echo.py").write_text(ECHO)
    dice = iter([0x01234567, 0x89ABCDEF])
    programs = Programs([sys.executable, "-S", str(tmp_path / "echo.py"), str(tmp_path / "heard")])
    core = programs.make(heater, "d00003", lambda: next(dice), {"c0": b"\x01\x02", "empty": b""})
    yield core, lambda: (tmp_path / "heard").read_text().splitlines()
    programs.end()


def test_a_program_is_told_who_it_is_and_then_one_line_for_each_call(echo, heater):
    core, heard = echo
    for call, _ in CALLS:
        call(core)
    first, policy, *rest = heard()
    assert first == f"core d00003 {0x0123456789ABCDEF}"
    assert json.loads(policy.removeprefix("policy ")) == document_of(heater)
    assert rest == ["stored c0 0102", "stored empty -", *(line for _, line in CALLS)]


def test_what_a_program_answers_is_what_the_call_gives(echo):
    core, _ = echo
    core.start(1, "power_on", "1.3.0")
    assert core.effects() == [
        ("publish", "data", b"\x01\x02"),
        ("forget", "c1"),
        ("connect", b""),
        ("apply", "set_point", [1, "a b"], 3),
    ]
    assert core.effects() == []
    assert (core.deadline(), core.state, core.incarnation, core.boot) == (None, "live", 9, 2)
    assert core.record(2, 1, b"") == 7
    assert core.books() == {"flight": 0, "bytes": 5}


def test_a_program_whose_core_nobody_has_any_more_is_ended(tmp_path, heater):
    (tmp_path / "echo.py").write_text("import sys\nsys.stdin.read()\n")
    programs = Programs([sys.executable, "-S", str(tmp_path / "echo.py")])
    core = programs.make(heater, "d00003", lambda: 7, {})
    process = core._process
    programs._of.clear()
    del core
    gc.collect()
    assert process.poll() is not None


@given(st.sampled_from(["publish", "persist"]), words, st.binary(min_size=1, max_size=20))
def test_effects_with_bytes_are_read_as_they_are_written(word, name, data):
    assert _effect(word, [name, data.hex()]) == (word, name, data)
    assert _effect(word, [name, "-"]) == (word, name, b"")


@pytest.mark.parametrize(
    "line",
    ["publish data", "publish", "connect", "connect 0", "forget", "apply a 1", "apply a x 1", "apply a 1 {", "explode now"],
)
def test_half_a_line_is_none(line):
    word, *parts = line.split(" ")
    with pytest.raises((ValueError, IndexError)):
        _effect(word, parts)


@given(st.integers(0, 3 * LAST_WORDS))
def test_a_line_is_shown_in_so_many_characters(length):
    shown = _short(b"x" * length + b"\r\n")
    assert len(shown) <= LAST_WORDS
    assert shown == (f"'{'x' * length}'" if length + 2 <= LAST_WORDS else "'" + "x" * (LAST_WORDS - 3) + "…'")


def test_the_last_line_of_a_program_that_ended_is_told_shortly(tmp_path, heater):
    (tmp_path / "ends.py").write_text(f"import sys\nsys.stderr.write('first\\n' + 'x' * {LAST_WORDS + 50})\nsys.exit(3)\n")
    core = Programs([sys.executable, "-S", str(tmp_path / "ends.py")]).make(heater, "d00003", lambda: 7, {})
    with pytest.raises(ProgramError) as found:
        core.start(0, "power_on", "1.3.0")
    assert str(found.value) == f"ended with code 3: {'x' * LAST_WORDS}"
    core.end()


# -- names -----------------------------------------------------------------------------------------------------------------


def test_the_neighbours_of_a_file_come_before_everything_else_of_their_name(tmp_path, monkeypatch):
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    (tmp_path / "colorsys.py").write_text("from seamline.device import Core as make\n")
    (tmp_path / "app.py").write_text("from colorsys import make\n")
    assert named_core(f"{tmp_path / 'app.py'}:make").factory.__name__ == "Core"
    monkeypatch.delitem(sys.modules, "colorsys")


def test_a_module_from_here_comes_before_an_installed_one(tmp_path, monkeypatch):
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    (tmp_path / "colorsys.py").write_text("from seamline.device import Core as make\n")
    monkeypatch.chdir(tmp_path)
    before = list(sys.path)
    assert named_core("colorsys:make").factory.__name__ == "Core"
    assert sys.path == before
    monkeypatch.delitem(sys.modules, "colorsys")
