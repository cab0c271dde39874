"""The hub of a storm: one queue of messages, first come, first served.

What a birth waits is known when it comes: what lies before it. A device that was answered sends its anchor, its twin and the first
`flight_frames` of its backlog; each frame that is committed makes room for the next, so that the fleet keeps the queue as long as
that until nothing is left. Within a slot, messages other than births come at its beginning.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

import numpy as np

from seamline.hub.ingest.busy import RETRY_MS_MAX, RETRY_MS_MIN
from seamline.hub.ingest.partition import LAG_S
from seamline.rig.storm.broker_queue import NS, SECOND_NS
from seamline.rig.storm.draws import I64
from seamline.rig.storm.terms import ANSWER_MS, Terms

BIRTH_WAITS: Final = (1, 3, 7)
"""After so many answer timeouts the birth is sent again (device/session.py: doubling waits, BIRTH_RETRIES_MAX of them)."""
DEAF_WAITS: Final = 15
"""After so many the hub is taken for deaf and the link closed."""
BUSY_JITTER: Final = 1.25
"""A device that is told to wait does so for the time and up to half as long again."""
DAY_MS: Final = 86_400_000


@dataclass(frozen=True, slots=True)
class Answers:
    """For births, in their order: when each session was answered; or, for a deaf one, when the device closed."""

    at_ns: I64
    deaf: np.ndarray[tuple[int], np.dtype[np.bool_]]


class HubQueue:
    """Messages that wait for their commit."""

    def __init__(self, terms: Terms, slot_ns: int, slots: int) -> None:
        self._terms: Final = terms
        self._slot_ns: Final = slot_ns
        self._slots: Final = slots
        self._take: Final = terms.messages_rate * slot_ns / SECOND_NS
        """Messages of one slot."""
        self._steady: Final = terms.frames_per_day * slot_ns / NS / DAY_MS
        """Messages that a live device sends in a slot when nothing goes wrong."""
        self._planned: Final = np.zeros(slots + 1, np.int64)
        self._coming: Final = np.zeros(slots + 1, np.int64)
        """Devices that go live in a slot."""
        self._live = 0
        self._cohorts: Final[deque[list[float]]] = deque()
        """[messages, frames of a backlog among them] that came together."""
        self._refill = 0.0
        self._busy_since_ns: int | None = None
        self.depth = 0.0
        self.unsent = float(terms.devices * terms.backlog_frames)
        """Frames that devices still hold and have not in flight."""
        self.committed = 0.0
        """Frames of backlogs."""
        self.answer_ns_max = 0
        self.repeated = 0
        """Births sent again."""
        self.told_busy = 0

    @property
    def is_idle(self) -> bool:
        """Whether nothing waits and nothing is known to come."""
        return self.depth == 0 and not self._refill

    def begin(self, slot: int) -> None:
        """Take in what comes in this slot besides births."""
        arrived = int(self._coming[slot])
        self._live += arrived
        first = min(self.unsent, float(arrived * min(self._terms.flight_frames, self._terms.backlog_frames)))
        frames = first + min(self.unsent - first, self._refill)
        self.unsent -= frames
        self._refill = 0.0
        others = int(self._planned[slot]) + arrived * self._terms.greeting_messages + self._live * self._steady
        self._put(frames + others, frames)

    def births(self, times: I64, slot: int) -> Answers:
        """Births come, by time: when they are answered."""
        if not len(times):
            return Answers(times, np.zeros(0, np.bool_))
        begin_ns = slot * self._slot_ns
        rate = self._terms.messages_rate
        before = self.depth + np.arange(1, len(times) + 1) - (times - begin_ns) * (rate / SECOND_NS)
        waits = np.maximum(before, 1.0) * (SECOND_NS / rate)
        takes = waits.astype(np.int64) + ANSWER_MS * NS
        self.answer_ns_max = max(self.answer_ns_max, int(takes.max()))
        self._put(float(len(times)), 0.0)
        busy = waits > LAG_S * SECOND_NS
        timeout_ns = self._terms.answer_timeout_ms * NS
        deaf = ~busy & (takes > DEAF_WAITS * timeout_ns)
        at_ns = times + np.where(deaf, DEAF_WAITS * timeout_ns, takes)
        self._repeat(times, takes, ~busy, timeout_ns)
        if busy.any():
            self._tell_busy(times[busy], takes[busy], begin_ns)
        self._coming[:] += np.bincount(self._slot(at_ns[~deaf]), minlength=self._slots + 1)
        return Answers(at_ns, deaf)

    def end(self, slot: int) -> None:
        """Commit what there is time for in this slot."""
        left = self._take
        while left > 0 and self._cohorts:
            messages, frames = cohort = self._cohorts[0]
            if messages <= left:
                self._cohorts.popleft()
                left -= messages
                self._commit(messages, frames)
            else:
                share = left / messages
                self._commit(left, frames * share)
                cohort[0], cohort[1] = messages - left, frames * (1 - share)
                left = 0
        if not self._cohorts:
            self.depth = 0.0
        lag_s = self.depth / self._terms.messages_rate
        if lag_s > LAG_S and self._busy_since_ns is None:
            self._busy_since_ns = slot * self._slot_ns
        elif lag_s < LAG_S / 2:
            self._busy_since_ns = None

    def drained_ms(self, now_ns: int) -> int | None:
        """When every backlog is committed, if the fleet goes on as now; None when the hub takes less than the fleet sends."""
        spare = self._terms.messages_rate - self._terms.devices * self._terms.frames_per_day * 1_000 / DAY_MS
        if spare <= 0:
            return None
        return now_ns // NS + int((self.depth + self.unsent) / spare * 1_000)

    def _put(self, messages: float, frames: float) -> None:
        if messages > 0:
            self._cohorts.append([messages, frames])
            self.depth += messages

    def _commit(self, messages: float, frames: float) -> None:
        self.depth = max(0.0, self.depth - messages)
        self.committed += frames
        self._refill += frames

    def _repeat(self, times: I64, takes: I64, asked: np.ndarray[tuple[int], np.dtype[np.bool_]], timeout_ns: int) -> None:
        for wait in BIRTH_WAITS:
            again = times[asked & (takes > wait * timeout_ns)] + wait * timeout_ns
            self._plan(again)

    def _tell_busy(self, times: I64, takes: I64, now_ns: int) -> None:
        """A device is told to wait, does so, and asks again, until its first question is answered."""
        self.told_busy += len(times)
        since_ns = now_ns if self._busy_since_ns is None else self._busy_since_ns
        retry_ms = min(RETRY_MS_MAX, max(RETRY_MS_MIN, (now_ns - since_ns) // NS))
        wait_ns = int(retry_ms * BUSY_JITTER) * NS
        again = times + wait_ns
        while (waits := again < times + takes).any():
            times, takes, again = times[waits], takes[waits], again[waits]
            self._plan(again)
            again = again + wait_ns

    def _plan(self, at_ns: I64) -> None:
        self.repeated += len(at_ns)
        if len(at_ns):
            self._planned[:] += np.bincount(self._slot(at_ns), minlength=self._slots + 1)

    def _slot(self, at_ns: I64) -> I64:
        return np.minimum(at_ns // self._slot_ns, self._slots)
