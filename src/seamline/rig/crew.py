"""Runs seeds, in this process or in several, and gives what became of them in the seeds' order: it depends on nothing else."""

from __future__ import annotations

import multiprocessing
import signal
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol, cast

import seamline
from seamline.contract import load_family
from seamline.rig.plugin.named import parts_of
from seamline.rig.world import world as worlds
from seamline.rig.world.plan import Kind, Plan
from seamline.rig.world.run import contracts_digest, plan_of
from seamline.rig.world.scenarios import DAYS

if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess

    from seamline.contract import Family

BEAT_S: Final = 0.5
"""How often it is told how far a run has come."""
END_S: Final = 5.0
"""A process that was told to end has so long."""


class CrewError(Exception):
    """A process that ran a seed has ended; the message names the seed."""


@dataclass(frozen=True, slots=True)
class Task:
    """What a seed is drawn for. `contracts` are the products' folders, `folder` is what a plan says of them."""

    contracts: tuple[Path, ...]
    devices: int
    duration_ms: int
    scenario: str | None = None
    """A bad day by its name; None: every kind of fault."""
    folder: str | None = None
    core: str | None = None
    """A user's core by its name; None: Seamline's."""
    kinds: tuple[Kind, ...] | None = None
    """Without a bad day: only these kinds of fault."""

    def plan(self, seed: int, families: Sequence[Family]) -> Plan:
        """The plan of a seed."""
        if self.scenario is None:
            return replace(plan_of(seed, self.devices, self.duration_ms, families, self.kinds, self.folder), core=self.core)
        drawn = DAYS[self.scenario].plan(seed, self.devices, self.duration_ms)
        kept = replace(drawn, contracts=contracts_digest(families), folder=self.folder, code=seamline.__version__)
        return replace(kept, core=self.core)

    @property
    def faults_ms(self) -> int:
        """Virtual time until faults end."""
        return self.duration_ms + (0 if self.scenario is None else DAYS[self.scenario].silent_ms)

    def parts(self) -> worlds.Parts:
        """What each world is made of. Raises ContractErrors, OSError, CoreError."""
        return parts_of(self.core, [load_family(folder) for folder in self.contracts])


class Work(Protocol):
    """What a process of the crew is given: what its worlds are made of, and the plan of each number."""

    def parts(self) -> worlds.Parts:
        """What each world is made of."""
        ...

    def plan(self, seed: int, families: Sequence[Family], /) -> Plan:
        """The plan of a number."""
        ...


@dataclass(frozen=True, slots=True)
class Beat:
    """How far a run has come: its seed and virtual time, the marks and faults so far."""

    seed: int
    virtual_us: int
    marks: Mapping[str, int] = field(default_factory=dict[str, int])
    fired: Mapping[str, int] = field(default_factory=dict[str, int])


@dataclass(frozen=True, slots=True)
class Finished:
    """What became of a seed's run."""

    seed: int
    digest: str
    virtual_us: int
    device_hours: float
    numbered: int
    marks: Mapping[str, int]
    fired: Mapping[str, int]
    broken: str = ""
    """What broke, as one line; empty: nothing."""


def run_seeds(
    task: Work,
    seeds: Iterable[int],
    jobs: int,
    told: Callable[[Sequence[Beat]], None],
    go_on: Callable[[], bool] = lambda: True,
    *,
    to_the_end: bool = False,
) -> Iterator[Finished]:
    """Run seeds while `go_on`, in `jobs` processes (1: in this one). The first in order that breaks a promise is the last.

    `told` hears every BEAT_S how far those under way have come; with `to_the_end` what comes behind a broken promise is run, too.
    Raises CrewError.
    """
    if jobs <= 1:
        return _here(task, seeds, told, go_on, to_the_end=to_the_end)
    return _Crew(task, jobs, told, go_on, to_the_end=to_the_end).run(seeds)


def _here(
    task: Work, seeds: Iterable[int], told: Callable[[Sequence[Beat]], None], go_on: Callable[[], bool], *, to_the_end: bool
) -> Iterator[Finished]:
    parts = task.parts()
    for seed in seeds:
        if not go_on():
            return
        finished = _run(task, seed, parts, lambda beat: told([beat]))
        yield finished
        if finished.broken and not to_the_end:
            return


def _run(task: Work, seed: int, parts: worlds.Parts, beat: Callable[[Beat], None]) -> Finished:
    """Run one seed; a thread looks at it now and then."""
    world = worlds.World(task.plan(seed, parts.families), parts)
    done = threading.Event()

    def look() -> None:
        while not done.wait(BEAT_S):
            beat(Beat(seed, world.heap.now_us, dict(world.marks.counts), _fired(world)))

    looking = threading.Thread(target=look, daemon=True)
    looking.start()
    try:
        outcome = world.run()
    finally:
        done.set()
        looking.join()
    broken = "" if outcome.broken is None else str(outcome.broken)
    marks = dict(outcome.marks.counts)
    return Finished(
        seed, outcome.digest, outcome.virtual_us, outcome.device_hours, outcome.numbered, marks, _fired(world), broken
    )


def _fired(world: worlds.World) -> dict[str, int]:
    return {str(kind): times for kind, times in list(world.faults.fired.items())}


# -- several processes -----------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Hand:
    """A process of the crew and the seed that it runs."""

    process: BaseProcess
    pipe: Connection
    beat: Beat


class _Crew:
    """Processes that run a seed each; what they send comes out in the seeds' order."""

    def __init__(
        self, task: Work, jobs: int, told: Callable[[Sequence[Beat]], None], go_on: Callable[[], bool], *, to_the_end: bool
    ) -> None:
        self._to_the_end: Final = to_the_end
        self._task: Final = task
        self._jobs: Final = jobs
        self._told: Final = told
        self._go_on: Final = go_on
        self._hands: Final[list[_Hand]] = []
        self._begun: Final[list[int]] = []
        self._done: Final[dict[int, Finished]] = {}

    def run(self, seeds: Iterable[int]) -> Iterator[Finished]:
        """See run_seeds."""
        waiting = iter(seeds)
        try:
            while True:
                self._hire(waiting)
                while self._begun and self._begun[0] in self._done:
                    finished = self._done.pop(self._begun.pop(0))
                    yield finished
                    if finished.broken and not self._to_the_end:
                        return
                if not self._hands:
                    return
                self._listen(waiting)
        finally:
            self._dismiss()

    def _hire(self, waiting: Iterator[int]) -> None:
        """Have as many processes as there may be, each with a seed."""
        while len(self._hands) < self._jobs:
            seed = self._next(waiting)
            if seed is None:
                return
            context = multiprocessing.get_context("spawn")  # a fork would take this process's threads and locks along
            ours, theirs = context.Pipe()
            process = context.Process(target=_work, args=(self._task, theirs), daemon=True)
            with _deaf_to_ctrl_c():
                process.start()
            theirs.close()
            ours.send(seed)
            self._hands.append(_Hand(process, ours, Beat(seed, 0)))  # pyright: ignore[reportArgumentType] - Windows' pipes do the same

    def _next(self, waiting: Iterator[int]) -> int | None:
        """The next seed to begin; none when one that was begun has failed: no later one can matter."""
        if not self._to_the_end and any(finished.broken for finished in self._done.values()):
            return None
        seed = next(waiting, None) if self._go_on() else None
        if seed is not None:
            self._begun.append(seed)
        return seed

    def _listen(self, waiting: Iterator[int]) -> None:
        ready = wait([hand.pipe for hand in self._hands], BEAT_S)
        for hand in [hand for hand in self._hands if hand.pipe in ready]:
            try:
                message: object = hand.pipe.recv()
            except (EOFError, OSError):
                raise CrewError(f"the process that ran seed {hand.beat.seed} has ended by itself") from None
            if isinstance(message, Beat):
                hand.beat = message
                continue
            finished = cast("Finished", message)
            self._done[finished.seed] = finished
            seed = self._next(waiting)
            if seed is None:
                hand.pipe.send(None)
                hand.process.join(END_S)
                self._hands.remove(hand)
            else:
                hand.beat = Beat(seed, 0)
                hand.pipe.send(seed)
        self._told([hand.beat for hand in self._hands])

    def _dismiss(self) -> None:
        """End what is still running: its result is not wanted."""
        for hand in self._hands:
            hand.process.terminate()
        for hand in self._hands:
            hand.process.join(END_S)
            hand.pipe.close()
        self._hands.clear()


@contextmanager
def _deaf_to_ctrl_c() -> Generator[None]:
    """What is started meanwhile never hears Ctrl-C, which a terminal sends to all: the first process decides."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _work(task: Work, pipe: Connection) -> None:
    """A process of the crew: run the seeds that come down the pipe, until there is none."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parts = task.parts()
    with suppress(EOFError, BrokenPipeError):
        while True:
            seed: object = pipe.recv()
            if not isinstance(seed, int):
                return
            pipe.send(_run(task, seed, parts, pipe.send))
