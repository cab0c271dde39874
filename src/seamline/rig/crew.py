"""Runs seeds, in this process or in several, and gives what became of them in the seeds' order: it depends on nothing else."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol, cast

import seamline
from seamline.contract import load_family
from seamline.rig.plugin import alarm
from seamline.rig.plugin.calls import CALLS, Box
from seamline.rig.plugin.elsewhere import unsteady
from seamline.rig.plugin.hand import END_S, Hand, LostError, Patience, behave, set_patience, sigterm_later, verdict_of
from seamline.rig.plugin.named import parts_of
from seamline.rig.world import world as worlds
from seamline.rig.world.aims import AIMS
from seamline.rig.world.apart import CrewError, Ended
from seamline.rig.world.draw import draw
from seamline.rig.world.fitting import fitted_to
from seamline.rig.world.plan import Plan
from seamline.rig.world.run import contracts_digest

if TYPE_CHECKING:
    from seamline.contract import Family

__all__ = ["Beat", "CrewError", "Finished", "Task", "Work", "run_seeds"]

BEAT_S: Final = 0.5
"""How often it is told how far a run has come."""


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
    aim: str | None = None
    """Without a bad day: the rare state that plans aim at, of as many devices and as long as that takes."""

    def plan(self, seed: int, families: Sequence[Family]) -> Plan:
        """The plan of a seed."""
        if self.aim is not None:
            drawn = AIMS[self.aim].plan(seed, families)
        elif self.scenario is not None:
            drawn = fitted_to(self.scenario, families).day.plan(seed, self.devices, self.duration_ms)
        else:
            drawn = draw(seed, self.devices, self.duration_ms)
        known = replace(drawn, contracts=contracts_digest(families), code=seamline.__version__)
        return replace(known, folder=self.folder, core=self.core)

    def faults_ms(self, families: Sequence[Family]) -> int:
        """Virtual time until faults end."""
        if self.aim is not None:
            return AIMS[self.aim].faults_ms(families)
        return self.duration_ms + (0 if self.scenario is None else fitted_to(self.scenario, families).day.silent_ms)

    def parts(self) -> worlds.Parts:
        """What each world is made of. Raises ContractErrors, OSError, CoreError."""
        return parts_of(self.core, [load_family(folder) for folder in self.contracts])


class Work(Protocol):
    """What a process of the crew is given: what its worlds are made of, and the plan of each number."""

    @property
    def core(self) -> str | None:
        """A user's core by its name; None: Seamline's, or one that may run in this process."""
        ...

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
    ended: Ended | None = None
    """Where it ended inside a user's core that ended its process, or never returned."""


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

    A user's core never runs in this process: what ends its process ends a run, and that is a broken promise. `told` hears every BEAT_S how far those under way have come; with `to_the_end` what comes behind a broken promise is run, too.
    Raises CrewError.
    """
    if jobs <= 1 and task.core is None:
        return _here(task, seeds, told, go_on, to_the_end=to_the_end)
    return _Crew(task, max(1, jobs), told, go_on, to_the_end=to_the_end).run(seeds)


def _here(
    task: Work, seeds: Iterable[int], told: Callable[[Sequence[Beat]], None], go_on: Callable[[], bool], *, to_the_end: bool
) -> Iterator[Finished]:
    parts, waiting = task.parts(), iter(seeds)
    while go_on() and (seed := next(waiting, None)) is not None:
        finished = _run(task, seed, parts, lambda beat: told([beat]))
        yield finished
        if finished.broken and not to_the_end:
            return


def _run(task: Work, seed: int, parts: worlds.Parts, beat: Callable[[Beat], None]) -> Finished:
    """Run one seed; a thread looks at it now and then."""
    world = worlds.World(task.plan(seed, parts.families), parts)
    done = threading.Event()

    def look() -> None:
        with suppress(BrokenPipeError):  # whoever began this process is gone
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
class _Post:
    """A process of the crew, the seed that it runs, and how that was lost before."""

    hand: Hand
    beat: Beat
    ended: Ended | None = None
    before: LostError | None = None


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
        self._posts: Final[list[_Post]] = []
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
                if not self._posts:
                    return
                self._listen(waiting)
        finally:
            self._dismiss()

    def _hire(self, waiting: Iterator[int]) -> None:
        """Have as many processes as there may be, each with a seed."""
        while len(self._posts) < self._jobs:
            seed = self._next(waiting)
            if seed is None:
                return
            with sigterm_later():
                self._posts.append(_Post(self._hired(), Beat(seed, 0)))
            self._posts[-1].hand.send((seed, None))

    def _hired(self) -> Hand:
        return Hand(_work, self._task, (alarm.WORK_S, alarm.WAIT_S))

    def _next(self, waiting: Iterator[int]) -> int | None:
        """The next seed to begin; none when one that was begun has failed: no later one can matter."""
        if not self._to_the_end and any(finished.broken for finished in self._done.values()):
            return None
        seed = next(waiting, None) if self._go_on() else None
        if seed is not None:
            self._begun.append(seed)
        return seed

    def _listen(self, waiting: Iterator[int]) -> None:
        ready = wait([post.hand.pipe for post in self._posts], BEAT_S)
        for post in list(self._posts):
            try:
                if post.hand.pipe not in ready:
                    post.hand.check(alarm.WAIT_S)
                    continue
                message = post.hand.receive()
            except LostError as lost:
                self._again(post, lost)
                continue
            if isinstance(message, Beat):
                post.beat = message
                continue
            self._finished(post, cast("Finished", message))
            seed = self._next(waiting)
            if seed is None:
                post.hand.send(None)
                post.hand.process.join(END_S)
                self._posts.remove(post)
            else:
                post.beat, post.ended, post.before = Beat(seed, 0), None, None
                post.hand.send((seed, None))
        self._told([post.beat for post in self._posts])

    def _finished(self, post: _Post, finished: Finished) -> None:
        if post.ended is not None and finished.ended is None:
            raise CrewError(unsteady(str(self._task.core), post.ended, finished.seed))
        self._done[finished.seed] = finished

    def _again(self, post: _Post, lost: LostError) -> None:
        """Run the seed of a lost process again, up to the call that it was lost in. Raises CrewError."""
        post.ended, post.before = verdict_of(lost, post.before, self._task.core, f"seed {post.beat.seed}"), lost
        post.hand.end()
        with sigterm_later():
            post.hand = self._hired()
        post.hand.send((post.beat.seed, post.ended))

    def _dismiss(self) -> None:
        """End what is still running: its result is not wanted."""
        for post in self._posts:
            post.hand.process.terminate()
        for post in self._posts:
            post.hand.end()
        self._posts.clear()


def _work(task: Work, patience: Patience, pipe: Connection, box: Box) -> None:
    """A process of the crew: run the seeds that come down the pipe, until there is none."""
    behave()
    set_patience(patience)
    CALLS.share(box)
    parts = task.parts()
    with suppress(EOFError, BrokenPipeError):
        while True:
            order: object = pipe.recv()
            if order is None:
                return
            seed, ended = cast("tuple[int, Ended | None]", order)
            CALLS.begin(ended)
            finished = _run(task, seed, parts, pipe.send)
            pipe.send(replace(finished, ended=CALLS.found))
