"""What a running demo shows: a small live view on a terminal, a line now and then elsewhere."""

import asyncio
import shutil
import sys
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TextIO

from seamline.rig.fleet import Fleet
from seamline.rig.plan import Kind

REDRAW_S: Final = 0.5
LINE_EVERY_S: Final = 5.0
EVENTS_SHOWN: Final = 5
UP_AND_CLEAR: Final = "\x1b[{lines}F\x1b[J"


@dataclass(slots=True)
class Stage:
    """What is shown besides the fleet's own figures."""

    text: str = "starting"
    url: str = ""
    ends_at_s: float | None = None


class Progress:
    """Shows a fleet until cancelled. On a terminal it redraws in place; elsewhere it writes one line each LINE_EVERY_S."""

    def __init__(self, out: TextIO, *, live: bool | None = None) -> None:
        """`live`: redraw in place; by default, whether `out` is a terminal."""
        self._out = out
        self._live = out.isatty() if live is None else live
        self._drawn_lines = 0
        self._events: list[str] = []
        self._began_s = time.monotonic()
        self.stage = Stage()

    def say(self, text: str) -> None:
        """Write one line that stays."""
        self._erase()
        self._write(text + "\n")

    def event(self, text: str) -> None:
        """Note something that happened; shown among the last few on a terminal, and nowhere else."""
        self._events.append(text)
        del self._events[:-EVENTS_SHOWN]

    async def show(self, fleet: Fleet, happened: Mapping[Kind, int]) -> None:
        """Show the fleet's figures again and again."""
        try:
            while True:
                if self._live:
                    self._redraw(fleet, happened)
                    await asyncio.sleep(REDRAW_S)
                else:
                    await asyncio.sleep(LINE_EVERY_S)
                    self._write(f"{self._clock()}  {self.stage.text}: {figures(fleet)}\n")
        finally:
            self._erase()

    def _redraw(self, fleet: Fleet, happened: Mapping[Kind, int]) -> None:
        lines = [
            f"{self._clock()}  {self.stage.text}{self._left()}",
            f"  page      {self.stage.url}",
            f"  fleet     {figures(fleet)}",
            f"  latency   {latency(fleet)}",
            f"  faults    {faults(happened)}",
            *(f"            {text}" for text in self._events),
        ]
        self._erase()
        width = shutil.get_terminal_size().columns - 1  # a line that wraps would be two, and the next erase one short
        self._write("".join(line[:width] + "\n" for line in lines))
        self._drawn_lines = len(lines)

    def _left(self) -> str:
        if self.stage.ends_at_s is None:
            return "  (Ctrl-C ends and verifies)"
        return f"  ({max(0.0, self.stage.ends_at_s - time.monotonic()):.0f} s left)"

    def _clock(self) -> str:
        seconds = int(time.monotonic() - self._began_s)
        return f"{seconds // 60:02d}:{seconds % 60:02d}"

    def _erase(self) -> None:
        if self._drawn_lines:
            self._write(UP_AND_CLEAR.format(lines=self._drawn_lines))
            self._drawn_lines = 0

    def _write(self, text: str) -> None:
        self._out.write(text)
        self._out.flush()


def figures(fleet: Fleet) -> str:
    """Return the fleet in one line."""
    tally = fleet.tally
    waiting = tally.numbered - tally.acknowledged
    return f"{fleet.live} of {len(fleet.devices)} live, {tally.numbered} measured, {tally.acknowledged} committed, {waiting} on the way"


def latency(fleet: Fleet) -> str:
    """Return the latencies in one line."""
    measured, sent = fleet.tally.measured_to_acknowledged, fleet.tally.sent_to_acknowledged
    if not measured.total:
        return "nothing committed yet"
    p50, p99 = sent.percentile(50), sent.percentile(99)
    return f"measured to committed {measured.percentile(50)} ms (half), sent to committed {p50} ms (half), {p99} ms (99 %)"


def faults(happened: Mapping[Kind, int]) -> str:
    """Return what has gone wrong so far in one line."""
    counts = Counter(happened)
    return ", ".join(f"{kind} {count}" for kind, count in counts.most_common()) or "none yet"


def default_progress() -> Progress:
    """Show on standard output."""
    return Progress(sys.stdout)
