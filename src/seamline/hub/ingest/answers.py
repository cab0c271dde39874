"""What a committed batch has to say to devices: marks, sessions, twins. Collected during the batch, said after its commit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from seamline.hub.downlink import HubClock, Session, marks_payload, session_payload
from seamline.hub.ingest.fast import Moves
from seamline.hub.ingest.memory import Memory
from seamline.hub.ingest.slow import Scalar

Mark = tuple[int, int, int]
Taken = tuple[int, int, int]
"""(boot, session, number) of a word."""


@dataclass(frozen=True, slots=True)
class SessionAnswer:
    """The answer to a birth, but for the time, which is that of its sending."""

    session: Session

    def payload(self, now_ms: int) -> bytes:
        """The payload, sent at `now_ms`."""
        clock = HubClock(now_ms, self.session.clock.uncertainty_ms)
        return session_payload(replace(self.session, clock=clock))


@dataclass(slots=True)
class Answers:
    """Downlinks by device slot."""

    marks: dict[tuple[int, int], list[Mark]] = field(default_factory=dict[tuple[int, int], list[Mark]])
    """(device, incarnation) → marks."""
    probes: dict[int, tuple[int, int]] = field(default_factory=dict[int, tuple[int, int]])
    """device → (incarnation, probe) to be answered with every open boot's mark."""
    taken: dict[tuple[int, int], list[Taken]] = field(default_factory=dict[tuple[int, int], list[Taken]])
    """(device, incarnation) → the words that the commit took."""
    sessions: dict[int, SessionAnswer] = field(default_factory=dict[int, SessionAnswer])
    """device → the answer to its (last) birth."""

    def moved(self, memory: Memory, moves: Moves) -> None:
        """Take down the new marks of the fast path."""
        keys, marks = memory.keys, self.marks
        columns = (keys.device[moves.key], keys.incarnation[moves.key], keys.boot[moves.key], keys.channel[moves.key])
        for device, incarnation, boot, channel, mark in zip(
            *(column.tolist() for column in columns), moves.mark.tolist(), strict=True
        ):
            at = (device, incarnation)
            if at in marks:
                marks[at].append((boot, channel, mark))
            else:
                marks[at] = [(boot, channel, mark)]

    def scalar(self, memory: Memory, done: Scalar) -> None:
        """Take down the marks of one device of the scalar path; a duplicate is answered with the mark as it is."""
        del memory
        for key, upto in done.marks.items():
            self.marks.setdefault((done.device, key.incarnation), []).append((key.boot, key.channel, upto))

    def messages(self, memory: Memory, now_ms: int) -> Iterator[tuple[str, bytes]]:
        """Every downlink as (subject, payload): sessions first, so that a device knows its session when marks come."""
        devices, sessions = memory.fleet.devices, memory.fleet.session
        for device, answer in self.sessions.items():
            yield f"dn.{devices[device].id}.session", answer.payload(now_ms)
        for at in {**self.marks, **self.taken}:
            device, incarnation = at
            probe = self.probes.get(device)
            echo = probe[1] if probe is not None and probe[0] == incarnation else None
            marks, taken = self.marks.get(at, ()), self.taken.get(at, ())
            yield f"dn.{devices[device].id}.marks", marks_payload(incarnation, int(sessions[device]), marks, echo, taken)
