"""Runs plans with a user's core in a process of its own, one after the other: what the core does to the process, it does to that one."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Final, cast
from weakref import finalize

from seamline.rig.plugin import alarm
from seamline.rig.plugin.calls import CALLS, Box
from seamline.rig.plugin.hand import Hand, LostError, Patience, behave, set_patience, verdict_of
from seamline.rig.plugin.named import CoreError, named_core
from seamline.rig.world import world as worlds
from seamline.rig.world.apart import CrewError, Ended, GivenUpError, Result

if TYPE_CHECKING:
    from seamline.contract import Family
    from seamline.rig.world.plan import Plan

BEAT_S: Final = 0.1
"""How often it is looked whether to go on waiting."""
HURRY: Final[Patience] = (1.0, 2.0)
"""A call's time while a plan is made small whose core never returns: its verdict only says which plan is kept."""
TRIES: Final = 3


class Elsewhere:
    """See Apart. The process is there from the first use on, and begun anew when it is gone."""

    def __init__(self, core: str, families: Sequence[Family]) -> None:
        self._core: Final = core
        self._families: Final = tuple(families)
        self._known: Final[dict[str, Ended]] = {}
        self._hand: Hand | None = None
        self._at_exit: finalize[..., Elsewhere] | None = None

    def check(self) -> None:
        """Have the core found, and made for each firmware. Raises CoreError."""
        self._hired()

    def remember(self, plan: Plan, ended: Ended | None) -> None:
        """See Apart."""
        if ended is not None:
            self._known[plan.write()] = ended

    def do(
        self,
        work: Callable[[Plan, worlds.Parts], Result],
        plan: Plan,
        *,
        hurry: bool = False,
        go_on: Callable[[], bool] = lambda: True,
    ) -> Result:
        """See Apart."""
        known = self._known.get(plan.write())
        patience = HURRY if hurry else (alarm.WORK_S, alarm.WAIT_S)
        before: LostError | None = None
        for _ in range(TRIES):
            try:
                answer = self._answer((work, plan, known, patience), patience, go_on)
            except LostError as lost:
                known = verdict_of(lost, before, self._core, f"seed {plan.seed}")
                before = lost
                continue
            result, found = cast("tuple[Result, Ended | None]", answer)
            if known is not None and found is None:
                raise CrewError(unsteady(self._core, known, plan.seed))
            self.remember(plan, found)
            return result
        raise CrewError(f"the process that ran seed {plan.seed} with {self._core} was lost {TRIES} times")

    def end(self) -> None:
        """End the process."""
        if self._at_exit is not None:
            self._at_exit()
        self._hand = None

    def _answer(self, message: object, patience: Patience, go_on: Callable[[], bool]) -> object:
        """Give the process something to do, and wait for what comes of it. Raises LostError, GivenUpError."""
        hand = self._hired()
        try:
            hand.send(message)
            return _said(hand, patience[1], go_on)
        except BaseException:
            self.end()
            raise

    def _hired(self) -> Hand:
        """The process; one that has just been begun has found the core. Raises CoreError."""
        if self._hand is not None:
            return self._hand
        hand = Hand(_serve, self._core, self._families, (alarm.WORK_S, alarm.WAIT_S))
        self._hand, self._at_exit = hand, finalize(self, hand.end)
        until_s = time.monotonic() + 2 * alarm.WAIT_S
        try:
            unfit = _said(hand, alarm.WAIT_S, lambda: time.monotonic() < until_s)
        except (LostError, GivenUpError) as gone:
            self.end()
            how = gone.how if isinstance(gone, LostError) else "never returned"
            raise CoreError(f"{self._core} {how} when it was found and made") from None
        except BaseException:
            self.end()
            raise
        if isinstance(unfit, CoreError):
            self.end()
            raise unfit
        return hand


def _said(hand: Hand, wait_s: float, go_on: Callable[[], bool]) -> object:
    """What a process says, once it does. Raises LostError, GivenUpError."""
    while not hand.pipe.poll(BEAT_S):
        hand.check(wait_s)
        if not go_on():
            raise GivenUpError
    return hand.receive()


def parts_apart(core: str, families: Sequence[Family]) -> worlds.Parts:
    """What worlds with a user's core are made of, in a process of its own; the core is tried first. Raises CoreError."""
    elsewhere = Elsewhere(core, families)
    elsewhere.check()
    return worlds.Parts(families, own_words=True, apart=elsewhere)


def unsteady(core: str, ended: Ended, seed: int) -> str:
    """What is said of a core that did something once, and something else when the same plan was run again."""
    return f"the core {core} {ended.how} in call {ended.call} of seed {seed}, and not when it was run again: it does not do the same twice"


def _serve(core: str, families: Sequence[Family], patience: Patience, pipe: Connection, box: Box) -> None:
    """A process: find the core, say whether it is fit, and do what comes down the pipe."""
    behave()
    set_patience(patience)
    CALLS.share(box)
    try:
        found = named_core(core)
        found.check(families)
    except CoreError as error:
        with suppress(BrokenPipeError):
            pipe.send(error)
        return
    parts = found.parts(families)
    with suppress(EOFError, BrokenPipeError):  # whoever began this process is gone
        pipe.send(None)
        while True:
            work, plan, ended, patience = cast(
                "tuple[Callable[[Plan, worlds.Parts], object], Plan, Ended | None, Patience]", pipe.recv()
            )
            set_patience(patience)
            CALLS.begin(ended)
            pipe.send((work(plan, parts), CALLS.found))
