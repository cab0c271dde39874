"""Keeps a few child processes running, from one long-lived thread, and leaves none behind.

Rules: a child that ends is started again after a back-off; stopping goes through the children in the order given, the
next only when the one before is gone; children die with the supervisor (PR_SET_PDEATHSIG, which follows the *thread*
that started them, so all are started here); nothing of an earlier start is alive when a child starts (orphans.py).
"""

from __future__ import annotations

import errno
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from seamline.stack.child import Backoff, ChildSpec
from seamline.stack.childlog import keep_log_small, note
from seamline.stack.errors import ChildError, StackError
from seamline.stack.orphans import claim_alive, holders, kill
from seamline.stack.statedir import storage_error

LAUNCH = Path(__file__).with_name("launch.py")
KILL_TIMEOUT_S = 5.0
LOG_CHECK_S = 10.0
POLL_S = 0.02  # how late a death may be noticed; a wake-up costs microseconds


@dataclass(slots=True)
class _Child:
    spec: ChildSpec
    process: subprocess.Popen[bytes] | None = None
    started_s: float = 0.0
    failures: int = 0
    starts: int = 0
    due_s: float = 0.0
    last_end: str = ""
    wanted: bool = False


@dataclass(frozen=True, slots=True)
class ChildView:
    """A child as it is now. `pid` is None while it is down; `starts` counts, from 1; `last_end` is "" or why it ended."""

    name: str
    pid: int | None
    starts: int
    last_end: str


def describe_exit(code: int) -> str:
    """An exit status in words."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"


@dataclass(slots=True)
class _Order:
    run: Callable[[], None]
    done: threading.Event = field(default_factory=threading.Event)
    error: BaseException | None = None


class Supervisor:
    """Starts, watches and stops children.

    Thread-safe. `start` and `stop` may be called from any thread; the work happens in the supervisor's own.
    """

    def __init__(self, alive: Path, backoff: Backoff | None = None, restarted: Callable[[str], None] | None = None) -> None:
        """Keep the children's locks in the folder `alive`.

        `restarted` is called, in the supervisor's thread, with the name of a child that was started again; it must not raise.
        """
        self._restarted: Callable[[str], None] | None = restarted
        self._alive: Path = alive
        self._backoff: Backoff = backoff or Backoff()
        self._children: dict[str, _Child] = {}
        self._orders: queue.SimpleQueue[_Order | None] = queue.SimpleQueue()
        self._guard: threading.RLock = threading.RLock()  # a signal handler may come in between
        self._thread: threading.Thread | None = None
        self._logs_due_s: float = 0.0

    def start(self, spec: ChildSpec) -> None:
        """Start a child and keep it running. Raises StackError when it cannot even be prepared."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="seamline-supervisor", daemon=True)
            self._thread.start()
        self._order(lambda: self._first_start(spec))

    def stop(self, names: Sequence[str] | None = None) -> None:
        """Stop children one after the other (all, in the reverse order of their start, by default)."""
        chosen = list(names) if names is not None else list(reversed(self._children))
        if self._thread is None:
            return
        for name in chosen:
            if name in self._children:
                self._order(lambda name=name: self._stop_child(self._children[name]))

    def close(self) -> None:
        """Stop everything, then the thread. Idempotent."""
        thread = self._thread
        if thread is None:
            return
        try:
            self.stop()
        finally:
            self._orders.put(None)
            thread.join()
            self._thread = None

    def kill_all(self) -> None:
        """SIGKILL to every child at once, from any thread: the impatient end. They are not started again."""
        with self._guard:
            for child in self._children.values():
                child.wanted = False
                if child.process is not None and child.process.poll() is None:
                    child.process.kill()

    def view(self, name: str) -> ChildView:
        """A child as it is now. Raises KeyError for a name never started."""
        with self._guard:
            child = self._children[name]
            process = child.process
            running = process is not None and process.poll() is None
            return ChildView(name, process.pid if process and running else None, child.starts, child.last_end)

    @property
    def names(self) -> tuple[str, ...]:
        """The children, in the order of their start."""
        return tuple(self._children)

    def signal(self, name: str, number: signal.Signals) -> None:
        """Send a child a signal; after SIGKILL, wait until it is gone. Raises ChildError when it is down.

        An end that was asked for does not count as a failure: the child is started again after the shortest wait.
        """
        with self._guard:
            child = self._children[name]
            process = child.process
            if process is None or process.poll() is not None:
                raise ChildError(f"{name}: not running, cannot be sent {number.name}")
            child.failures = 0
            process.send_signal(number)
        if number is signal.SIGKILL:
            process.wait(KILL_TIMEOUT_S)

    # Everything below runs in the supervisor's thread.

    def _order(self, run: Callable[[], None]) -> None:
        order = _Order(run)
        self._orders.put(order)
        order.done.wait()
        if order.error is not None:
            raise order.error

    def _run(self) -> None:
        while True:
            try:
                order = self._orders.get(timeout=POLL_S)
            except queue.Empty:
                self._watch()
                continue
            if order is None:
                return
            try:
                order.run()
            except BaseException as error:  # noqa: BLE001 - handed to the thread that gave the order
                order.error = error
            order.done.set()

    def _first_start(self, spec: ChildSpec) -> None:
        child = _Child(spec, wanted=True)
        with self._guard:
            self._children[spec.name] = child
        # What an earlier supervisor left behind had its own signal to end by; give it the time for that.
        try:
            self._spawn(child, grace_s=spec.stop_timeout_s)
        except BaseException:
            child.wanted = False
            raise

    def _watch(self) -> None:
        now = time.monotonic()
        if now >= self._logs_due_s:
            self._logs_due_s = now + LOG_CHECK_S
            for child in self._children.values():
                keep_log_small(child.spec.log)
        for child in self._children.values():
            process = child.process
            if process is not None and process.poll() is not None:
                self._ended(child, process, now)
            if child.process is None and child.wanted and now >= child.due_s:
                try:
                    self._spawn(child, grace_s=0.0)
                    if self._restarted is not None:
                        self._restarted(child.spec.name)
                except (StackError, OSError) as error:
                    self._failed(child, str(error), time.monotonic())

    def _ended(self, child: _Child, process: subprocess.Popen[bytes], now: float) -> None:
        if now - child.started_s >= self._backoff.stable_s:
            child.failures = 0
        self._failed(child, describe_exit(process.returncode), now)

    def _failed(self, child: _Child, reason: str, now: float) -> None:
        child.failures += 1
        wait_s = self._backoff.wait_s(child.failures)
        with self._guard:
            child.process = None
            child.last_end = reason
            child.due_s = now + wait_s
        if child.wanted:
            note(child.spec.log, f"{child.spec.name} ended: {reason}; starting again in {wait_s:.1f} s")

    def _spawn(self, child: _Child, *, grace_s: float) -> None:
        spec = child.spec
        handle = claim_alive(self._alive / f"{spec.name}.alive", grace_s=grace_s)
        try:
            spec.prepare(handle)
            check_program(spec)
            with _open_log(spec) as log:
                process = _launched(spec, log, handle)
        finally:
            os.close(handle)
        with self._guard:
            child.process = process
            child.started_s = time.monotonic()
            child.starts += 1

    def _stop_child(self, child: _Child) -> None:
        with self._guard:
            child.wanted = False
            process = child.process
        if process is not None:
            if process.poll() is None:
                process.send_signal(child.spec.stop_signal)
            try:
                process.wait(child.spec.stop_timeout_s)
            except subprocess.TimeoutExpired:
                note(child.spec.log, f"{child.spec.name} did not stop within {child.spec.stop_timeout_s:g} s: killed")
                process.kill()
                process.wait(KILL_TIMEOUT_S)
        with self._guard:
            child.process = None
        kill(holders(self._alive / f"{child.spec.name}.alive"))


def check_program(spec: ChildSpec) -> None:
    """Look at the child's program before it is started. Raises ChildError when it cannot be: else only its log would say so."""
    program = Path(spec.argv[0])
    if not program.exists():
        raise ChildError(f"{spec.name}: {program}: no such program: install it again, or name another one in the settings")
    if not program.is_file() or not os.access(program, os.X_OK, effective_ids=os.access in os.supports_effective_ids):
        raise ChildError(f"{spec.name}: {program}: not a program this user may run: mend its rights (chmod +x)")


def _open_log(spec: ChildSpec) -> BinaryIO:
    try:
        return spec.log.open("ab")
    except OSError as error:
        raise storage_error(error, spec.log) from error


def _launched(spec: ChildSpec, log: BinaryIO, handle: int) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            launch_arguments(spec),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=spec.folder,
            env={**os.environ, **spec.environment},
            pass_fds=(handle,),
            start_new_session=True,  # the terminal's Ctrl-C is for us; children are stopped in order
        )
    except OSError as error:
        # Python itself, the folder, or the machine: `filename` says which of the first two
        remedies = {errno.ENOENT: "install seamline again", errno.EACCES: "mend its rights"}
        remedy = remedies.get(error.errno or 0, "see that the machine has memory and processes to spare")
        raise ChildError(f"{spec.name}: {error.filename or sys.executable}: {error.strerror or error}: {remedy}") from error


def launch_arguments(spec: ChildSpec) -> list[str]:
    """The command that becomes the child's program, given that this process starts it (see launch.py)."""
    return [
        *(sys.executable, "-I", "-S", str(LAUNCH)),
        *("--parent", str(os.getpid())),
        *("--signal", str(int(spec.orphan_signal))),
        *("--open-files", "raise" if spec.raise_open_files else "keep"),
        *("--user", str(spec.user)),
        "--",
        *spec.argv,
    ]
