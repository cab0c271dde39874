"""The last step before a child's program: what it prepares holds in the program, and a failure is one line and a code."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys

import pytest

from seamline.stack.launch import EXIT_LAUNCH, NOBODY
from seamline.stack.namespace import namespaces_allowed
from seamline.stack.supervisor import LAUNCH

PYTHON = (sys.executable, "-I", "-S")


def launched(*program: str, parent: int | None = None, number: int = 9, options: tuple[str, ...] = (), **more):
    told = ("--parent", str(os.getpid() if parent is None else parent), "--signal", str(number), *options)
    return subprocess.run([*PYTHON, str(LAUNCH), *told, "--", *program], capture_output=True, text=True, check=False, **more)


def test_the_program_takes_over_with_its_arguments_environment_and_streams(tmp_path):
    said = launched(
        "/bin/sh", "-c", 'cat; echo "$1 $WHO"; pwd; exit 7', "sh", "a b", input="in ", env={"WHO": "me"}, cwd=tmp_path
    )
    assert (said.returncode, said.stdout, said.stderr) == (7, f"in a b me\n{tmp_path}\n", "")


def test_the_process_becomes_the_program_and_is_not_its_parent():
    with subprocess.Popen(
        [*PYTHON, str(LAUNCH), "--parent", str(os.getpid()), "--signal", "9", "--", "/bin/sh", "-c", "echo $$"],
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert int(process.communicate()[0]) == process.pid


@pytest.mark.parametrize(
    ("program", "why"), [("/nonexistent/program", "No such file or directory"), ("/etc/passwd", "Permission denied")]
)
def test_a_program_that_cannot_be_started_is_one_line_and_its_own_code(program, why):
    said = launched(program)
    assert said.returncode == EXIT_LAUNCH
    assert said.stdout == ""
    assert said.stderr.startswith(f"cannot start {program}: ")
    assert why in said.stderr
    assert said.stderr.count("\n") == 1


def test_nothing_is_started_for_a_parent_that_is_gone(tmp_path):
    said = launched("/bin/sh", "-c", f"touch '{tmp_path}/started'", parent=2**22 + 1)
    assert said.returncode == EXIT_LAUNCH
    assert not list(tmp_path.iterdir())


def test_the_program_dies_of_the_given_signal_when_its_parent_does(tmp_path):
    """A parent starts the program and is killed; the program says which signal reached it."""
    read, write = os.pipe()
    child = "trap 'echo told; exit' TERM; echo ready; while :; do read -t 0.05 x <> /dev/null; done"
    parent = (
        "import os, subprocess, sys, time\n"
        f"child = subprocess.Popen([*{PYTHON!r}, {str(LAUNCH)!r}, '--parent', str(os.getpid()), '--signal', '15', '--',\n"
        f"    '/bin/bash', '-c', {child!r}], stdout={write})\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", parent], pass_fds=(write,)) as process:
        os.close(write)
        with os.fdopen(read, "rb") as said:
            assert said.readline() == b"ready\n"
            process.send_signal(signal.SIGKILL)
            assert said.readline() == b"told\n"


def test_the_limit_of_open_files_is_raised_as_far_as_it_goes():
    soft, hard = 64, resource.getrlimit(resource.RLIMIT_NOFILE)[1]

    def low() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    kept = launched("/bin/bash", "-c", "ulimit -Sn", preexec_fn=low)
    raised = launched("/bin/bash", "-c", "ulimit -Sn", options=("--open-files", "raise"), preexec_fn=low)
    assert kept.stdout == "64\n"
    assert raised.stdout.strip() in {str(hard), "unlimited"}


WHO = "import os; print(os.getuid(), os.getgid(), os.getgroups() or [])"


def refused(said: subprocess.CompletedProcess[str]) -> bool:
    return (said.returncode, said.stdout, said.stderr.count("\n")) == (EXIT_LAUNCH, "", 1) and said.stderr.startswith(
        "cannot start "
    )


def test_in_a_namespace_the_program_is_nobody_and_its_files_stay_ours(tmp_path):
    said = launched(*PYTHON, "-c", f"{WHO}; open('made', 'w')", options=("--user", "namespace"), cwd=tmp_path)
    if not namespaces_allowed():
        assert refused(said)
        return
    assert said.returncode == 0, said.stderr
    assert said.stdout.split()[:2] == [str(NOBODY), str(NOBODY)]
    assert (tmp_path / "made").stat().st_uid == os.geteuid()


LOOK = """
import os, sys
print(os.getuid(), os.getgid(), os.getgroups(), open(sys.argv[1]).read())
try:
    os.chown(sys.argv[1], 1, 1)
except PermissionError:
    print("may not give it away")
"""


def test_as_nobody_for_real_the_program_reads_behind_closed_folders_and_has_no_other_right(tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    (closed / "file").write_text("inside")
    said = launched(*PYTHON, "-c", LOOK, str(closed / "file"), options=("--user", "setuid"))
    if os.geteuid() != 0:
        assert refused(said)
        return
    assert said.returncode == 0, said.stderr
    assert said.stdout.splitlines() == [f"{NOBODY} {NOBODY} [] inside", "may not give it away"]
