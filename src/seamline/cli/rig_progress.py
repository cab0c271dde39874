"""How far `seamline rig run` has come: a live view on a terminal, a line every few seconds elsewhere. Both go to standard error."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from seamline.rig.crew import Beat, Finished
    from seamline.rig.world.shrink import Try

LINE_EVERY_S = 5.0
REDRAW_S = 0.4
FAULTS_SHOWN = 6
UP_AND_CLEAR = "\x1b[{lines}F\x1b[J"
HOUR_US = 3_600_000_000


class Progress:
    """Adds up what has finished and what is under way, and shows it now and then."""

    def __init__(
        self,
        seeds: int,
        devices: int,
        duration_ms: int,
        demanded: Collection[str],
        out: TextIO | None = None,
        budget_s: float | None = None,
    ) -> None:
        """`duration_ms` is the virtual time of each run until faults end, `demanded` are the rare states that they should reach."""
        self.done = 0
        """Seeds; not plans that aim at a rare state."""
        self.device_hours = 0.0
        self.fired: Counter[str] = Counter()
        self.marks: Counter[str] = Counter()
        self._aim = ""
        self._demanded = demanded
        self._seeds = seeds
        self._devices = devices
        self._duration_us = duration_ms * 1_000
        self._out = sys.stderr if out is None else out
        self._is_live = self._out.isatty() and os.environ.get("TERM") != "dumb"
        self._is_coloured = self._is_live and not os.environ.get("NO_COLOR")
        self._budget_s = budget_s
        self._began_s = time.monotonic()
        self._shown_s = self._began_s
        self._lines = 0

    @property
    def took_s(self) -> float:
        """Wall-clock time so far."""
        return time.monotonic() - self._began_s

    def aims(self, state: str, devices: int, duration_ms: int) -> None:
        """What is run from now on aims at this rare state (empty: at none), with so many devices for so long."""
        self._aim = state
        self._devices = devices
        self._duration_us = duration_ms * 1_000

    def finished(self, run: Finished) -> None:
        """Count a run in."""
        self.done += not self._aim
        self.device_hours += run.device_hours
        self.fired.update(run.fired)
        self.marks.update(dict(run.marks))

    def beats(self, beats: Sequence[Beat]) -> None:
        """Show how far the runs under way have come, when it is time to."""
        if self._is_due():
            self._show(self.view(beats) if self._is_live else [self.line(beats)])

    def tried(self, tried: Try) -> None:
        """Show how far the search for a smaller plan has come."""
        if self._is_due():
            self._show([f"{clock(self.took_s)}  making it small: {smaller(tried)}"])

    def end(self) -> None:
        """Take the live view away."""
        if self._lines:
            self._out.write(UP_AND_CLEAR.format(lines=self._lines))
            self._out.flush()
            self._lines = 0

    def view(self, beats: Sequence[Beat]) -> list[str]:
        """The live view."""
        hours, marks, fired = self._with(beats)
        left_s = "" if self._budget_s is None else f", {max(0.0, self._budget_s - self.took_s):.0f} s of the budget left"
        rate = hours / max(self.took_s, 0.001)
        return [
            f"{self._bold(clock(self.took_s))}  {self._seeds_told(beats)}{left_s}  (Ctrl-C ends it)",
            f"  {'time':9} {self._times(beats)}",
            f"  {'fleet':9} {hours:,.1f} device-hours, {rate:,.1f} a second",
            f"  {'marks':9} {self._marks_told(marks)} reached",
            f"  {'faults':9} {faults(fired)}",
        ]

    def line(self, beats: Sequence[Beat]) -> str:
        """The same in one line."""
        hours, marks, fired = self._with(beats)
        rate = hours / max(self.took_s, 0.001)
        return (
            f"{clock(self.took_s)}  {self._seeds_told(beats)}; {self._times(beats)}; {hours:,.1f} device-hours, {rate:,.1f} a second; "
            f"{self._marks_told(marks)} marks; {fired.total():,} faults"
        )

    def _with(self, beats: Sequence[Beat]) -> tuple[float, Mapping[str, int], Counter[str]]:
        """Device-hours, marks and faults with what is under way counted in."""
        marks, fired = Counter(self.marks), Counter(self.fired)
        for beat in beats:
            marks.update(dict(beat.marks))
            fired.update(dict(beat.fired))
        under_way_us = sum(min(beat.virtual_us, self._duration_us) for beat in beats)  # as in an outcome: the time under faults
        return self.device_hours + under_way_us / HOUR_US * self._devices, marks, fired

    def _seeds_told(self, beats: Sequence[Beat]) -> str:
        if self._aim:
            return f"{self.done:,} of {self._seeds:,} seeds done; a plan that aims at {self._aim} under way"
        return f"{self.done:,} of {self._seeds:,} seeds done, {len(beats)} under way, {max(0, self._seeds - self.done - len(beats)):,} left"

    def _times(self, beats: Sequence[Beat]) -> str:
        from seamline.rig.timeline.words import span

        told: list[str] = []
        for beat in beats:
            if not beat.virtual_us:
                told.append(f"seed {beat.seed} starting")
            elif beat.virtual_us < self._duration_us:
                told.append(f"seed {beat.seed} at {span(beat.virtual_us / 1_000)} of {span(self._duration_us / 1_000)}")
            else:
                told.append(f"seed {beat.seed} at {span(beat.virtual_us / 1_000)}, delivering")
        return ", ".join(told)

    def _marks_told(self, marks: Mapping[str, int]) -> str:
        return f"{sum(bool(marks.get(name)) for name in self._demanded)} of {len(self._demanded)}"

    def _bold(self, text: str) -> str:
        return f"\033[1m{text}\033[0m" if self._is_coloured else text

    def _is_due(self) -> bool:
        now_s = time.monotonic()
        if now_s - self._shown_s < (REDRAW_S if self._is_live else LINE_EVERY_S):
            return False
        self._shown_s = now_s
        return True

    def _show(self, lines: Sequence[str]) -> None:
        self.end()
        wide = shutil.get_terminal_size().columns - 1 if self._is_live else None  # a line that wraps would be two
        encoding = self._out.encoding or "ascii"
        text = "".join(line[:wide] + "\n" for line in lines).encode(encoding, "replace").decode(encoding)
        self._out.write(text)
        self._out.flush()
        self._lines = len(lines) if self._is_live else 0


def clock(seconds: float) -> str:
    """Wall-clock time as `04:07`."""
    return f"{int(seconds) // 60:02d}:{int(seconds) % 60:02d}"


def faults(fired: Counter[str]) -> str:
    """The commonest kinds of fault so far."""
    told = [f"{kind} {times:,}" for kind, times in fired.most_common(FAULTS_SHOWN)]
    more = len(fired) - len(told)
    return ", ".join(told) + (f", {more} more kinds" if more > 0 else "") or "none yet"


def smaller(tried: Try) -> str:
    """How small a plan is by now."""
    from seamline.rig.timeline.words import counted, span

    plan = tried.best.plan
    return f"run {tried.runs}, {counted(plan.faults, 'fault')}, {counted(plan.present, 'device')}, {span(plan.duration_ms)}"
