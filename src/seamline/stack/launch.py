"""The last step before a child's program: `python -I -S launch.py OPTIONS -- PROGRAM ARGUMENT…`, standard library only.

A program of its own, because what it does (resource limits, another user, a signal at the parent's death) must happen in the
child, and nothing but exec is safe between fork and exec in a process with threads. It becomes the program by exec, so the
child's process id is the program's.

    --parent PID   leave at once when PID is no longer the parent
    --signal N     the signal the child gets when its parent (the thread that started it) dies; Linux only
    --open-files raise   raise the limit of open files to the hard limit
    --user HOW     `keep`, or become an unprivileged user: `namespace` (nothing on disk changes hands) or `setuid`
"""

from __future__ import annotations

import ctypes
import os
import resource
import struct
import sys

# <linux/prctl.h>, <linux/sched.h>, <linux/capability.h>, <linux/securebits.h>
PR_SET_PDEATHSIG = 1
PR_SET_KEEPCAPS = 8
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
CLONE_NEWUSER = 0x10000000
CAPABILITY_VERSION_3 = 0x20080522
CAP_DAC_OVERRIDE = 1
NOBODY = 65_534  # the overflow user; every Linux knows it by name, which initdb asks for
EXIT_LAUNCH = 126  # the shell's code for "found, but could not be run"


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _check(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def _write(path: str, content: bytes) -> None:
    handle = os.open(path, os.O_WRONLY)  # no codec, no library: they may be out of reach in the namespace
    try:
        os.write(handle, content)
    finally:
        os.close(handle)


def enter_namespace() -> None:
    """Become `nobody` inside a user namespace; outside, and on disk, the process keeps its user. Raises OSError."""
    user, group = os.geteuid(), os.getegid()
    _check(_libc().unshare(CLONE_NEWUSER), "user namespace")
    _write("/proc/self/setgroups", b"deny")
    _write("/proc/self/uid_map", b"%d %d 1" % (NOBODY, user))
    _write("/proc/self/gid_map", b"%d %d 1" % (NOBODY, group))


def become_nobody() -> None:
    """Become `nobody`, keeping only the right to pass through folders that are closed to it. Raises OSError.

    The state directory and the environment often lie under a home that others may not enter (`/root`).
    """
    libc = _libc()
    os.setgroups([])
    _check(libc.prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0), "keep capabilities")
    os.setgid(NOBODY)
    os.setuid(NOBODY)
    bit = 1 << CAP_DAC_OVERRIDE
    header = ctypes.create_string_buffer(struct.pack("<Ii", CAPABILITY_VERSION_3, 0))
    data = ctypes.create_string_buffer(struct.pack("<6I", bit, bit, bit, 0, 0, 0))
    _check(libc.capset(header, data), "reduce capabilities")
    _check(libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_OVERRIDE, 0, 0), "ambient capability")


def follow_parent(parent: int, signal: int) -> None:
    """Die with the parent; leave at once when it is gone already. Called last: a change of user clears it."""
    if sys.platform == "linux":
        _check(_libc().prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0), "signal at the parent's death")
    if os.getppid() != parent:
        sys.exit(EXIT_LAUNCH)


def raise_open_files() -> None:
    """Raise the limit of open files as far as it goes without privileges."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def main(arguments: list[str]) -> None:
    """Prepare, then become the program. Never returns; a failure is one line on stderr and exit code 126."""
    options: dict[str, str] = {}
    while arguments and arguments[0] != "--":
        options[arguments[0]] = arguments[1]
        arguments = arguments[2:]
    program = arguments[1:]
    try:
        if options.get("--open-files") == "raise":
            raise_open_files()
        if options.get("--user") == "namespace":
            enter_namespace()
        elif options.get("--user") == "setuid":
            become_nobody()
        follow_parent(int(options["--parent"]), int(options["--signal"]))
        os.execv(program[0], program)  # noqa: S606 - to become the program is what this is for
    except OSError as error:
        sys.stderr.write(f"cannot start {program[0]}: {error}\n")
        sys.exit(EXIT_LAUNCH)


if __name__ == "__main__":
    main(sys.argv[1:])
