"""How every command ends: on a full disk, before a reader who has enough, and by SIGTERM."""

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from seamline.cli import exits, main
from seamline.rig import crew

ROOT = Path(__file__).parents[3]
SEAMLINE = [sys.executable, "-m", "seamline"]
STORM = ["rig", "storm", "examples/heater", "--devices", "50"]
RUN = ["rig", "run", "--seeds", "200", "--seed", "3", "--devices", "2", "--scenario", "regional-power-cut"]


def environment(**more):
    return {name: text for name, text in os.environ.items() if name != "PYTHONUNBUFFERED"} | more


# -- what cannot be written ------------------------------------------------------------------------------------------------


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a file that is always full")
@pytest.mark.parametrize("more", [{}, {"PYTHONUNBUFFERED": "1"}], ids=["buffered", "unbuffered"])
@pytest.mark.parametrize("command", [STORM, [*STORM, "--json"], ["contract", "explain", "SL203"]], ids=" ".join)
def test_an_output_without_room_is_one_line_and_no_broken_promise(command, more):
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*SEAMLINE, *command], stdout=full, stderr=subprocess.PIPE, text=True, check=False, cwd=ROOT, env=environment(**more)
        )
    assert done.returncode == exits.BAD_INSTALLATION
    assert done.stderr == "seamline: standard output cannot be written: No space left on device\n"


def test_a_reader_who_has_enough_is_no_error():
    ours, theirs = os.pipe()
    os.close(ours)
    done = subprocess.run(
        [*SEAMLINE, *STORM], stdout=theirs, stderr=subprocess.PIPE, text=True, check=False, cwd=ROOT, env=environment()
    )
    os.close(theirs)
    assert (done.returncode, done.stderr) == (exits.OK, "")


def test_another_file_without_room_is_named_and_any_other_error_is_a_bug(monkeypatch, capsys):
    error = OSError(errno.ENOSPC, "No space left on device", "some.file")

    def fails(_options):
        raise error

    monkeypatch.setattr("seamline.cli.rig_storm.storm", fails)
    assert main(STORM) == exits.BAD_INSTALLATION
    assert capsys.readouterr().err == "seamline: some.file cannot be written: No space left on device\n"
    error = FileNotFoundError(errno.ENOENT, "No such file or directory", "some.file")
    with pytest.raises(FileNotFoundError):
        main(STORM)


# -- SIGTERM ---------------------------------------------------------------------------------------------------------------


def test_sigterm_ends_a_run_with_what_is_known_so_far(capsys, monkeypatch):
    whole, before = crew._run, signal.getsignal(signal.SIGTERM)

    def told(task, seed, families, beat):
        if seed == 4:
            signal.raise_signal(signal.SIGTERM)
        return whole(task, seed, families, beat)

    monkeypatch.setattr(crew, "_run", told)
    assert main([*RUN, "--jobs", "1"]) == exits.TERMINATED
    assert "interrupted after 1 of 200 seeds; " in capsys.readouterr().out
    assert main([*RUN, "--jobs", "1", "--json"]) == exits.TERMINATED
    assert '"verdict": "interrupted"' in capsys.readouterr().out
    assert signal.getsignal(signal.SIGTERM) is before


def test_sigterm_before_the_first_seed_is_said(capsys, monkeypatch):
    monkeypatch.setattr("seamline.cli.rig._asked", lambda _options: signal.raise_signal(signal.SIGTERM))
    assert main(RUN) == exits.TERMINATED
    assert "interrupted before the first seed was run: nothing is known" in capsys.readouterr().err


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, exits.TERMINATED), (signal.SIGINT, exits.INTERRUPTED)])
def test_a_signal_in_a_callback_is_not_dropped(number, code, monkeypatch, capsys):
    class Callback:
        def __del__(self):
            signal.raise_signal(number)

    def waits(_options):
        Callback()
        signal.sigtimedwait((), 10)

    monkeypatch.setattr("seamline.cli.rig_storm.storm", waits)
    hook = sys.unraisablehook
    assert main(STORM) == code
    assert capsys.readouterr().err == ""
    assert sys.unraisablehook is hook


@pytest.mark.parametrize("whom", [os.kill, os.killpg], ids=["the command", "its group"])
@pytest.mark.parametrize(
    ("command", "stream", "said"),
    [
        ([*RUN, "--jobs", "2"], "stdout", "interrupted after "),
        (["gate", "examples/heater", "--jobs", "2"], "stderr", "interrupted: there is no verdict, and nothing was written"),
    ],
    ids=["run", "gate"],
)
def test_sigterm_leaves_no_traceback_of_any_process(command, stream, said, whom):
    process = subprocess.Popen(
        [*SEAMLINE, *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT,
        env=environment(PYTHONUNBUFFERED="1"), start_new_session=True,
    )  # fmt: skip
    told = getattr(process, stream)
    begun = "seeds from " if stream == "stdout" else "harden"
    while begun not in told.readline():
        assert process.poll() is None
    whom(process.pid, signal.SIGTERM)  # its processes are just being started
    out, err = process.communicate(timeout=60)
    assert process.returncode == exits.TERMINATED, err
    assert said in (out if stream == "stdout" else err) or "nothing is known" in err
    assert "Traceback" not in err


def test_ctrl_c_while_the_grammar_is_loaded_is_no_traceback(monkeypatch):
    def interrupted():
        raise KeyboardInterrupt

    monkeypatch.setattr("seamline.cli.parser.build", interrupted)
    assert main(["--version"]) == exits.INTERRUPTED
