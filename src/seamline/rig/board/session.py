"""A run with one board: power on, a course of faults, rest, and the verdict of the hub's database against what the board said."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from seamline.contract import Contract, Layout
from seamline.rig.board.days import DeskDay
from seamline.rig.board.deeds import Deeds, Undo
from seamline.rig.board.errors import BoardError, SilentError, StrangerError
from seamline.rig.board.manners import Manners, Pace
from seamline.rig.board.port import BoardPort
from seamline.rig.board.translate import Abilities, Course, Step
from seamline.rig.board.witness import Witness
from seamline.rig.verify import Verdict, verify

HELLO_TIMEOUT_S: Final = 30.0
"""A board boots in a few seconds, and joins its Wi-Fi later."""
ASK_EVERY_S: Final = 0.5
DATE_SLACK_MS: Final = 100
"""The console's own delay: a USB adapter gathers for 16 ms, 100 characters take 9 ms at 115,200 baud."""
NEEDED: Final = frozenset({"rest", "held"})
MARGIN_S: Final = 20.0
TRIES: Final = 2
"""Noise may garble the first lines of a boot; then they are not to be had again."""
NOISE_CHARS_MAX: Final = 80

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Subject:
    """Which board, against which hub. `contracts`: those it may run; `layouts`: all that the product's versions have."""

    device: str
    contracts: Sequence[Contract]
    layouts: Sequence[Layout]
    dsn: str
    where: str
    """What the person at the desk knows the console by."""
    date_slack_ms: int = DATE_SLACK_MS
    hello_timeout_s: float = HELLO_TIMEOUT_S


def patience_s(contract: Contract) -> float:
    """How long a board in order may take until the hub answers it: every wait of the contract at its longest, and a margin."""
    timing, backoff = contract.timing, contract.backoff
    waits_ms = contract.fleet.recovery_ms + backoff.cap_ms + timing.connect_timeout_ms + 15 * timing.answer_timeout_ms
    return waits_ms / 1000 * 1.5 + MARGIN_S


@dataclass(slots=True)
class Report:
    """What came out. Nothing in `problems`: every promise held."""

    verdict: Verdict
    course: Course
    done: dict[str, int]
    missed: list[str]
    boots: int
    dials: int
    busy: int
    lines: dict[str, int]
    problems: list[str] = field(default_factory=list[str])
    unmet: list[str] = field(default_factory=list[str])
    """What was to happen and did not: nothing was proved of it."""

    @property
    def holds(self) -> bool:
        """Whether what was to happen happened, and every promise held."""
        return not self.problems and not self.unmet

    def document(self) -> dict[str, object]:
        """The result as JSON has it."""
        return {
            **self.verdict.sums.as_dict(),
            "boots": self.boots,
            "connects": self.dials,
            "busy": self.busy,
            "faults": self.done,
            "missed": self.missed,
            "left_out": [{"kind": str(kind), "why": why, "count": count} for kind, why, count in self.course.left_out],
            "lines": self.lines,
            "broken": self.problems,
            "not_met": self.unmet,
        }

    def told(self) -> list[str]:
        """The result for people."""
        sums = self.verdict.sums
        faults = ", ".join(f"{count} × {kind}" for kind, count in sorted(self.done.items())) or "no faults"
        lines = [
            f"{self.boots} boots, {self.dials} connects, {self.busy} times told to wait; {faults}",
            (
                f"numbered {sums.numbered}: stored {sums.stored}, quarantined {sums.quarantined}, declined {sums.declined}, "
                f"lost {sums.lost}, owed {sums.owed}"
            ),
            *(f"missed: {text}" for text in self.missed),
            *self.course.told(),
        ]
        garbled = self.lines.get("torn", 0)
        if garbled:
            lines.append(f"{garbled} lines of the console were not whole")
        lines += [f"not met: {text}" for text in self.unmet]
        if self.problems:
            return [*lines, *(f"broken: {problem}" for problem in self.problems)]
        return [*lines, "every record is in one class, every value is what the board said, every date within its bound"]


class Session:
    """One run. The console must call `heard`."""

    def __init__(self, subject: Subject, say: Say, day: DeskDay | None = None) -> None:
        """`day`: what must have come for the run to prove anything; None: any fault."""
        self._subject = subject
        self._say = say
        self._day = day
        self._news = asyncio.Event()
        self._error: BoardError | None = None
        self._rested = -1
        self.witness = Witness(subject.device, {contract.reference: contract for contract in subject.contracts})

    def heard(self, line: str, read_ms: int) -> None:
        """Take one line of the console; what is wrong with it ends the run."""
        try:
            self.witness.heard(line, read_ms)
        except BoardError as error:
            self._error = self._error or error
        self._news.set()

    async def run(self, port: BoardPort, course_of: Callable[[Abilities], Course]) -> Report:
        """Go through it all. Raises BoardError, psycopg.Error."""
        deeds = Deeds(port, self.witness, self.until)
        port.console.open()
        try:
            patience = patience_s(await self._power_up(port, deeds))
            course = course_of(self._abilities(port))
            for text in course.told():
                self._say(text)
            problems: list[str] = []
            if not await self.until(lambda: self.witness.live, patience):
                problems.append(f"not online within {patience:.0f} s of its first boot")
            await self._follow(course, deeds)
            await deeds.mend()
            problems += await self._settle(port, 2 * patience)
            report = await self._judge(course, deeds, problems)
            port.console.tell("work")
        except BaseException:
            with suppress(BoardError):  # what ended the run is told; the desk is left as it was found all the same
                await deeds.mend()
            raise
        finally:
            port.console.close()
        return report

    async def until(self, holds: Callable[[], bool], timeout_s: float) -> bool:
        """Wait until lines make `holds()` true, for `timeout_s` at most. Raises BoardError when a line says that it is hopeless."""
        loop = asyncio.get_running_loop()
        deadline_s = loop.time() + timeout_s
        while True:
            if self._error is not None:
                raise self._error
            if holds():
                return True
            self._news.clear()
            try:
                async with asyncio.timeout_at(deadline_s):
                    await self._news.wait()
            except TimeoutError:
                return holds()

    # -- phases --------------------------------------------------------------------------------------------------------

    async def _power_up(self, port: BoardPort, deeds: Deeds) -> Contract:
        """Begin with a boot of which every line is heard; returns the contract that the board runs."""
        witness = self.witness

        def known() -> bool:
            return witness.hello is not None and witness.boot is not None

        tries = TRIES if port.relay is not None or port.console.has_reset() else 1
        for _ in range(tries):
            if port.relay is not None:
                await deeds.power(on=False)
                await deeds.power(on=True)
            elif port.console.has_reset():
                await port.console.reset()
            else:
                self._say("this rig has neither relay nor reset line: reset the board by hand now")
            if await self.until(known, self._subject.hello_timeout_s / tries):
                break
        if witness.hello is None or witness.contract is None or witness.boot is None:
            raise self._silent()
        lacking = NEEDED - witness.hello.obeys
        if lacking:
            what = " and ".join(sorted(lacking))
            raise StrangerError(f"the board's firmware does not obey {what}: without it nobody knows when all is delivered")
        return witness.contract

    def _silent(self) -> SilentError:
        counts, subject = self.witness.counts, self._subject
        began = f"the board at {subject.where} did not say hello in {subject.hello_timeout_s:g} s: "
        if not counts:
            return SilentError(began + "it said nothing at all; has it power, and is this its console?")
        if counts.keys() <= {"torn", "other"} and counts.get("torn"):
            return SilentError(began + f"{counts['torn']} lines were garbled; is this its --baud?")
        last = f", the last {self.witness.noise[:NOISE_CHARS_MAX]!r}" if self.witness.noise else ""
        why = f"{sum(counts.values())} lines were not Seamline's{last}; "
        return SilentError(began + why + "does its firmware use seamline.device.spoken, and is this its --baud?")

    def _abilities(self, port: BoardPort) -> Abilities:
        hello = self.witness.hello
        obeys = hello.obeys if hello is not None else frozenset[str]()
        return Abilities(port.relay is not None, port.console.has_reset(), obeys, port.time is not None and "ntp" in obeys)

    async def _follow(self, course: Course, deeds: Deeds) -> None:
        """Do each step at its time and undo it at its end."""
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        undone: list[tuple[float, Undo]] = []

        def never() -> bool:
            return False

        async def undo_until(at_s: float) -> None:
            while undone and undone[0][0] <= at_s:
                due_s, undo = undone.pop(0)
                await self.until(never, max(0.0, due_s - loop.time()))
                await undo()
            await self.until(never, max(0.0, at_s - loop.time()))

        for step in course.steps:
            await undo_until(began_s + step.at_ms / 1000)
            self._say(_told(step))
            undo = await deeds.begin(step)
            if undo is not None:
                undone.append((loop.time() + step.lasts_ms / 1000, undo))
                undone.sort(key=lambda entry: entry[0])
        await undo_until(began_s + course.lasts_ms / 1000)

    async def _settle(self, port: BoardPort, timeout_s: float) -> list[str]:
        """Stop measuring, and wait until the board keeps nothing; returns what keeps it from that."""
        witness = self.witness
        self._say("faults are over; the board rests and delivers what it has")
        loop = asyncio.get_running_loop()
        deadline_s = loop.time() + timeout_s
        rested_in: int | None = None
        while loop.time() < deadline_s:
            boots = len(witness.boots)
            if rested_in != boots:
                rests = witness.counts.get("rest", 0)
                port.console.tell("rest")

                def said(rests: int = rests) -> bool:
                    return witness.counts.get("rest", 0) > rests

                rested_in = boots if await self.until(said, ASK_EVERY_S) and len(witness.boots) == boots else None
                continue
            witness.held = None
            port.console.tell("held")

            def done(boots: int = boots) -> bool:
                return len(witness.boots) != boots or (witness.held == 0 and witness.live)

            if await self.until(done, ASK_EVERY_S) and len(witness.boots) == boots:
                return []
        if rested_in is None:
            return [f"the board did not obey `rest` within {timeout_s:.0f} s of the end of the faults"]
        return [f"the board still keeps {witness.held} records {timeout_s:.0f} s after the end of the faults"]

    async def _judge(self, course: Course, deeds: Deeds, problems: list[str]) -> Report:
        witness, subject = self.witness, self._subject
        truth, manners = witness.settle(), witness.manners or Manners(Pace.of(subject.contracts[0]))
        verdict = await asyncio.to_thread(
            verify, subject.dsn, [truth], list(subject.layouts), date_slack_ms=subject.date_slack_ms
        )
        problems += [*verdict.problems, *witness.problems, *manners.verdict()]
        if verdict.sums.owed and not problems:
            problems.append(f"{verdict.sums.owed} records are still owed")
        if not verdict.sums.stored and not problems:
            problems.append("nothing was stored")
        unmet = self._unmet(course, deeds)
        return Report(
            verdict,
            course,
            {str(kind): count for kind, count in deeds.done.items()},
            deeds.missed,
            len(witness.boots),
            manners.dials,
            manners.busy,
            witness.counts,
            problems,
            unmet,
        )

    def _unmet(self, course: Course, deeds: Deeds) -> list[str]:
        if self._day is not None:
            return self._day.unmet(self.witness, deeds.done)
        return ["no fault of the plan was done"] if course.steps and not deeds.done else []


def _told(step: Step) -> str:
    lasts = f" for {step.lasts_ms / 1000:.1f} s" if step.lasts_ms > 1 else ""
    how = "" if step.deed == step.fault else f" ({step.deed})"
    return f"{step.at_ms / 1000:7.1f} s {step.fault}{how}{lasts}"
