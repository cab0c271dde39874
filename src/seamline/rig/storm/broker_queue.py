"""The broker of a storm: one queue, first come, first served, in which each connect stands twice; see `terms` for what it costs.

A broker takes every TCP connection and works on all at once, each as far as it can: the server's half of the TLS handshake as soon
as the device's hello is there, and the rest (its certificate, its authorisation, the subscription) when the device has answered,
behind everybody who has come meanwhile. A device that has given up is noticed then, not before.

Times are in ns. A connect is there from the moment the device begins it: the trips before and after are added behind.
"""

from __future__ import annotations

from collections import deque
from typing import Final

import numpy as np
from numpy.typing import NDArray

from seamline.rig.storm.agenda import Batch
from seamline.rig.storm.draws import I64
from seamline.rig.storm.terms import CONNECT_MS, HELLO_SHARE, ROUND_MS, Terms

NS: Final = 1_000_000
"""Nanoseconds in a millisecond."""
SECOND_NS: Final = 1_000_000_000
NOBODY: Final = -1
WINDOW_MIN: Final = 64
"""Turns that are looked at together, at least."""

Bools = NDArray[np.bool_]
Rows = NDArray[np.int64]
"""Columns of turns: when it is ready, when the connect began, the device, and 1 for the second turn."""


class BrokerQueue:
    """Connects in hand. `begun` has the moment at which a device's connect began, NOBODY while it makes none."""

    def __init__(self, terms: Terms) -> None:
        cost_ns = SECOND_NS // terms.accept_rate
        self._hello_ns: Final = round(cost_ns * HELLO_SHARE)
        self._rest_ns: Final = cost_ns - self._hello_ns
        self._timeout_ns: Final = terms.connect_timeout_ms * NS
        self._connections_max: Final = terms.connections_max
        self._ready: Final[deque[Rows]] = deque()
        """As they came, never empty ones."""
        self._waiting = 0
        """Turns in them."""
        self._returning: Rows = _no_rows()
        """Between their two turns."""
        self._patience: Final[list[Batch]] = []
        """Who began when, to be asked for after a connect timeout."""
        self.begun: Final = np.full(terms.devices, NOBODY, np.int64)
        self._free_ns = 0
        """When the work in hand is done."""
        self.wait_ns_max = 0
        """The longest from the beginning of a connect to its end at the broker."""
        self.wasted_ns = self.useful_ns = 0
        """Spent on handshakes that nobody waited for, and on the others."""

    def __len__(self) -> int:
        """Connects in hand, also of devices that have left."""
        return self._waiting + self._returning.shape[1]

    @property
    def is_idle(self) -> bool:
        """Whether nobody waits, nor will be asked for."""
        return not len(self) and not self._patience

    def add(self, times: I64, devices: I64, until_ns: int, live: int) -> Batch:
        """Take in connects that begin before `until_ns`, by time, beside `live` ones; returns those that are turned away."""
        room = max(0, self._connections_max - live - len(self))
        taken, of = times[:room], devices[:room]
        self.begun[of] = taken
        if len(taken):
            self._patience.append((taken, of))
        back = int(np.searchsorted(self._returning[0], until_ns))
        fresh = np.stack([taken, taken, of, np.zeros(len(of), np.int64)])
        if back:
            fresh = np.concatenate([self._returning[:, :back], fresh], axis=1)
            fresh = fresh[:, np.lexsort((fresh[2], fresh[0]))]
            self._returning = self._returning[:, back:]
        if fresh.shape[1]:
            self._ready.append(fresh)
            self._waiting += fresh.shape[1]
        return times[room:], devices[room:]

    def serve(self, until_ns: int) -> Batch:
        """Do all work that begins before `until_ns`; returns when which devices' connects were done, those that still waited."""
        done: list[Batch] = []
        while self._free_ns < until_ns and self._ready:
            rows = self._next(WINDOW_MIN + 2 * (until_ns - self._free_ns) // min(self._hello_ns, self._rest_ns))
            waits = self.begun[rows[2]] == rows[1]
            costs = np.where(rows[3] == 0, self._hello_ns, np.where(waits, self._rest_ns, 0))
            before = np.cumsum(costs) - costs
            starts = np.maximum.accumulate(np.maximum(rows[0], self._free_ns) - before) + before
            count = int(np.searchsorted(starts, until_ns))
            if count < rows.shape[1]:
                self._ready.appendleft(rows[:, count:])
            self._waiting -= count
            if not count:
                break
            ends = (starts + costs)[:count]
            self._free_ns = int(ends[-1])
            done.append(self._worked(rows[:, :count], waits[:count], ends))
            if count < rows.shape[1]:
                break
        if not done:
            return _no_rows()[0], _no_rows()[2]
        return np.concatenate([times for times, _ in done]), np.concatenate([devices for _, devices in done])

    def give_up(self, until_ns: int) -> Batch:
        """Who has waited for longer than its connect timeout by `until_ns`: when, and which devices. Their turns come all the same."""
        left: list[Batch] = []
        while self._patience and self._patience[0][0][0] <= until_ns - self._timeout_ns:
            times, devices = self._patience[0]
            count = int(np.searchsorted(times, until_ns - self._timeout_ns, side="right"))
            waits = self.begun[devices[:count]] == times[:count]
            left.append((times[:count][waits], devices[:count][waits]))
            if count == len(times):
                del self._patience[0]
            else:
                self._patience[0] = times[count:], devices[count:]
        if not left:
            return _no_rows()[0], _no_rows()[2]
        times, devices = np.concatenate([one for one, _ in left]), np.concatenate([one for _, one in left])
        self.begun[devices] = NOBODY
        return times + self._timeout_ns, devices

    def _next(self, size: int) -> Rows:
        """Take the first turns off, about so many."""
        parts = [self._ready.popleft()]
        count = parts[0].shape[1]
        while count < size and self._ready:
            parts.append(self._ready.popleft())
            count += parts[-1].shape[1]
        rows = parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)
        if count > size:
            self._ready.appendleft(rows[:, size:])
            rows = rows[:, :size]
        return rows

    def _worked(self, rows: Rows, waits: Bools, ends: I64) -> Batch:
        """A piece of work is over for each of these turns: on to the second, or done, or it was for nobody."""
        first = rows[3] == 0
        goes_on = first & waits
        again = rows[:, goes_on].copy()
        again[0] = ends[goes_on] + ROUND_MS * NS
        again[3] = 1
        self._returning = np.concatenate([self._returning, again], axis=1)
        whole_ns = self._hello_ns + self._rest_ns
        timely = ~first & waits & (ends + (CONNECT_MS - ROUND_MS) * NS < rows[1] + self._timeout_ns)
        late = ~first & waits & ~timely
        self.wasted_ns += self._hello_ns * int((~waits).sum()) + whole_ns * int(late.sum())
        self.useful_ns += whole_ns * int(timely.sum())
        devices = rows[2][timely]
        self.begun[devices] = NOBODY
        if len(devices):
            self.wait_ns_max = max(self.wait_ns_max, int((ends[timely] - rows[1][timely]).max()))
        return ends[timely] + (CONNECT_MS - ROUND_MS) * NS, devices


def _no_rows() -> Rows:
    return np.empty((4, 0), np.int64)
