"""One storm: a fleet that comes back in the same second, against one broker and one hub, under one policy.

Time goes by slots. In each, the devices that are due connect, the broker does the handshakes it has time for, who has waited for
too long gives up and draws its next wait, and the hub answers who got through. Within a slot all is in order of time, so that a
slot's length only bounds how late a failure is heard of.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from seamline.rig.storm.agenda import Agenda, Batch
from seamline.rig.storm.broker_queue import NS, BrokerQueue
from seamline.rig.storm.draws import I64, Words, uniform
from seamline.rig.storm.hub_queue import HubQueue
from seamline.rig.storm.policies import Policy, Waits
from seamline.rig.storm.terms import ROUND_MS, TOGETHER_MS, Terms

SLOTS_MS: Final = (20, 25, 40, 50, 100, 125, 200, 250, 500, 1_000, 2_000, 5_000, 10_000, 30_000, 60_000)
"""What a slot may last: whole ones make a second, or whole seconds make one."""
SLOTS_OF_RECOVERY: Final = 1_200
"""So many at least make the recovery time, if the shortest allows."""
SLOT_MS_MAX: Final = 250
SLOTS_MAX: Final = 20_000
RECOVERIES: Final = 4
"""A storm is watched for so many times what is allowed, or what the broker needs at least, if that is longer."""
ATTEMPTS_EACH_MAX: Final = 8
"""On the average; more are not watched, and the storm is given up."""
ATTEMPTS_MIN: Final = 1_000_000
"""So many of a whole fleet are watched all the same."""


@dataclass(frozen=True, slots=True)
class Course:
    """What went on in each slot, from the first: counts, and depths of queues at its end."""

    slot_ms: int
    offered: I64
    accepted: I64
    failed: I64
    broker_depth: I64
    hub_depth: I64


@dataclass(frozen=True, slots=True)
class Storm:
    """What became of a storm. `back_ms` has a device's first answer, -1 for none while it was watched; `attempts` its connects."""

    policy: Policy
    spread_ms: int
    watched_ms: int
    given_up_after: int | None
    """Attempts of a device, on the average, when watching was given up with devices still away; None: it was not."""
    back_ms: I64
    attempts: I64
    course: Course
    given_up: int
    """Connects that ran into their timeout."""
    turned_away: int
    """Connects that found the broker's queue full."""
    deaf: int
    """Sessions closed since the hub did not answer in time."""
    broker_wait_ms: int
    """The longest that a connect took at the broker which came about."""
    wasted: float
    """Share of the broker's time spent on handshakes that nobody waited for, of the time it was busy."""
    answer_ms: int
    """The longest from a birth to its session."""
    repeated: int
    told_busy: int
    drained_ms: int | None
    """When every backlog is committed; None when not everybody came back, or the hub never gets through."""


def run(policy: Policy, terms: Terms, seed: int, until_ms: int | None = None, *, to_first_failure: bool = False) -> Storm:
    """Run one storm, at most until `until_ms`, and no further than to the first failed connect if so.

    The same terms and seed give the same storm everywhere.
    """
    return _Run(policy, terms, seed).run(watch_ms(terms) if until_ms is None else until_ms, to_first_failure=to_first_failure)


def slot_ms(terms: Terms) -> int:
    """How long a slot is: fine against the recovery time, as long as there are not too many."""
    fine_ms = min(SLOT_MS_MAX, terms.recovery_ms // SLOTS_OF_RECOVERY)
    least_ms = -(-watch_ms(terms) // SLOTS_MAX)
    fitting = [length for length in SLOTS_MS if length <= fine_ms] or [SLOTS_MS[0]]
    return next((length for length in SLOTS_MS if length >= max(fitting[-1], least_ms)), least_ms)


def watch_ms(terms: Terms) -> int:
    """How long a storm is watched."""
    return RECOVERIES * max(terms.recovery_ms, 1_000 * terms.devices // terms.accept_rate)


class _Run:
    def __init__(self, policy: Policy, terms: Terms, seed: int) -> None:
        self.policy: Final = policy
        self.terms: Final = terms
        self.waits: Final[Waits] = policy.begin(terms, seed)
        self.slot_ns: Final = slot_ms(terms) * NS
        self.slots: Final = -(-watch_ms(terms) * NS // self.slot_ns)
        self.agenda: Final = Agenda(self.slot_ns, terms.devices)
        self.broker: Final = BrokerQueue(terms)
        self.hub: Final = HubQueue(terms, self.slot_ns, self.slots)
        self.back_ns: Final = np.full(terms.devices, -1, np.int64)
        self.attempts: Final = np.zeros(terms.devices, np.int64)
        self.attempts_watched: Final = max(ATTEMPTS_MIN, ATTEMPTS_EACH_MAX * terms.devices)
        self.back = 0
        self.given_up = self.turned_away = self.deaf = self.tried = 0
        self.rows: Final = {name: np.zeros(self.slots, np.int64) for name in ("offered", "accepted", "failed", "broker", "hub")}
        everybody = np.arange(terms.devices, dtype=np.int64)
        together = np.full(terms.devices, TOGETHER_MS - 1, np.int64)
        on_ms = uniform(Words(seed, terms.devices, "power").next(everybody), together)
        self.agenda.add((on_ms + self.waits.at_boot(everybody)) * NS, everybody)

    def run(self, until_ms: int, *, to_first_failure: bool) -> Storm:
        slots = min(self.slots, -(-until_ms * NS // self.slot_ns))
        slot: int | None = 0
        last = 0
        while slot is not None and slot < slots and self.tried < self.attempts_watched:
            self._step(slot)
            last = slot
            if self.back == self.terms.devices or (to_first_failure and self.given_up + self.turned_away):
                break
            slot = slot + 1 if not (self.broker.is_idle and self.hub.is_idle) else self.agenda.next(slot + 1)
        return self._storm(last + 1)

    def _step(self, slot: int) -> None:
        rows, until_ns = self.rows, (slot + 1) * self.slot_ns
        times, devices = self.agenda.take(slot)
        self.attempts[devices] += 1
        self.tried += len(devices)
        rows["offered"][slot] = len(devices)
        away = self.broker.add(times, devices, until_ns, self.back)
        connected = self.broker.serve(until_ns)
        gone = self.broker.give_up(until_ns)
        self.turned_away += len(away[0])
        self.given_up += len(gone[0])
        rows["accepted"][slot] = len(connected[0])
        rows["failed"][slot] = len(away[0]) + len(gone[0])
        self._fail((away[0] + ROUND_MS * NS, away[1]))
        self._fail(gone)
        self.hub.begin(slot)
        self._greet(connected, slot)
        self.hub.end(slot)
        rows["broker"][slot] = len(self.broker)
        rows["hub"][slot] = int(self.hub.depth)

    def _fail(self, failed: Batch) -> None:
        times, devices = failed
        if len(times):
            self.agenda.add(times + self.waits.after_failure(devices) * NS, devices)

    def _greet(self, connected: Batch, slot: int) -> None:
        """The link is up: births go out, and are answered, or not in time."""
        times, devices = connected
        answers = self.hub.births(times, slot)
        heard = ~answers.deaf
        self.back_ns[devices[heard]] = answers.at_ns[heard]
        self.back += int(heard.sum())
        if answers.deaf.any():
            deaf = devices[answers.deaf]
            self.deaf += len(deaf)
            self.agenda.add(answers.at_ns[answers.deaf] + self.waits.after_session(deaf) * NS, deaf)

    def _storm(self, slots: int) -> Storm:
        rows = {name: row[:slots] for name, row in self.rows.items()}
        course = Course(
            self.slot_ns // NS, rows["offered"], rows["accepted"], rows["failed"], rows["broker"], rows["hub"]
        )  # fmt: skip
        answered = self.back == self.terms.devices
        return Storm(
            policy=self.policy,
            spread_ms=self.waits.spread_ms,
            watched_ms=slots * course.slot_ms,
            given_up_after=None if answered or self.tried < self.attempts_watched else self.tried // self.terms.devices,
            back_ms=np.where(self.back_ns < 0, -1, -(-self.back_ns // NS)),
            attempts=self.attempts,
            course=course,
            given_up=self.given_up,
            turned_away=self.turned_away,
            deaf=self.deaf,
            broker_wait_ms=self.broker.wait_ns_max // NS,
            wasted=self.broker.wasted_ns / max(1, self.broker.wasted_ns + self.broker.useful_ns),
            answer_ms=self.hub.answer_ns_max // NS,
            repeated=self.hub.repeated,
            told_busy=self.hub.told_busy,
            drained_ms=self.hub.drained_ms(slots * self.slot_ns) if answered else None,
        )
