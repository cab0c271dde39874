"""Holds what the hub shows of devices against when they were really heard: each few seconds, some devices after others.

What an API call would show is worked out as it would be (`presence.assess` on the device's row). A device that has said nothing for
longer than its contract's bound is not shown as there; one that was heard is, once the hub has read what it said; and what the
hub has told its readers (`announced`) follows within a few turns of the step.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final, cast

from seamline.hub.presence import Presence, PresenceRow, State, Timing, assess, assess_through
from seamline.rig.world.blame_audit import BlameAudit, unheard
from seamline.rig.world.broker import Message
from seamline.rig.world.clocks import unix_ms
from seamline.rig.world.deaf_audit import DeafAudit
from seamline.rig.world.device import Device
from seamline.rig.world.gap_audit import GapAudit
from seamline.rig.world.heap import MS, SECOND, Heap
from seamline.rig.world.hub import Hub
from seamline.rig.world.marks import Marks
from seamline.rig.world.promises import BrokenPromise
from seamline.rig.world.tables_rows import PresenceRow as Row
from seamline.rig.world.told_audit import ToldAudit

LOOK_EVERY_US: Final = 5 * SECOND
DEVICES_A_LOOK: Final = 32
SLACK_MS: Final = 2_000
"""Rounding, and what a batch gathers."""
WRITTEN_MS: Final = 5_000
"""What was heard is in the database within this: it is written at most once a second."""
WELL_US: Final = 10 * SECOND
"""After so long without anything in its way the hub has told what it knows."""
TWO_DAYS_MS: Final = 172_800_000
SHOWN: Final = {state: f"shown-{state.value.replace('_', '-')}" for state in State if state is not State.NEVER}
SPEAKS: Final = frozenset({State.ONLINE, State.DEAF})


class PresenceAudit:
    """The presence of a world's devices."""

    def __init__(self, heap: Heap, hub: Hub, devices: Mapping[int, Device], marks: Marks) -> None:
        self._heap: Final = heap
        self._hub: Final = hub
        self._devices: Final = list(devices.values())
        self._marks: Final = marks
        self._stored_us: Final[dict[int, int]] = {}
        self._sure_us: Final[dict[int, int]] = {}
        self._died_us: Final[dict[int, int]] = {}
        self._born: Final[dict[int, tuple[int, int, int]]] = {}
        """The session born last: (incarnation, boot, session)."""
        self._deaf: Final[set[int]] = set()
        self._unwell_us = 0
        self._next = 0
        self.told: Final = ToldAudit(hub.database.tables)
        self.blame: Final = BlameAudit(hub)
        self.gaps: Final = GapAudit(hub.database.tables, hub.index)
        self._read = 0
        self.deaf = DeafAudit(())
        """Of the devices that nobody answers, given the faults of the plan."""

    def start(self) -> None:
        """Look from now on."""
        self.blame.unheard = unheard(self.deaf.faults)
        self._heap.after(LOOK_EVERY_US, self._look)

    def heard(self, message: Message) -> None:
        """The broker has stored a message."""
        if message.kind == "death":
            if not self._is_old_death(message):
                self._died_us[message.device] = message.stored_us
        else:
            if message.kind == "birth":
                self._born[message.device] = _session(message)
            self._stored_us[message.device] = self._sure_us[message.device] = message.stored_us

    def _is_old_death(self, message: Message) -> bool:
        """Whether it ends an older session than the one that was born last: it says nothing of that one."""
        born, died = self._born.get(message.device), _session(message)
        return born is not None and born[0] == died[0] and died < born

    def lost(self) -> None:
        """The broker has lost messages: which ones the hub has read nobody knows."""
        self._sure_us.clear()

    def committed(self) -> None:
        """Something was committed. Raises BrokenPromise."""
        tables = self._hub.database.tables
        last = tables.numbers["event"].last
        for number in range(self._read + 1, last + 1):
            event = tables.event.rows.get(number)
            if event is not None:
                self.blame.heard(event, self._sure_us)
                self.gaps.heard(event)
        self._read = last

    def restored(self) -> None:
        """The database is what it was earlier: what is told from now on is new."""
        self._read = self._hub.database.tables.numbers["event"].last
        self.told.restored()
        self.blame.restored()
        self.gaps.restored()

    # -- looking -------------------------------------------------------------------------------------------------------

    def _look(self) -> None:
        self._hub.background.listen()
        is_well = self._hub.caught_up and self._hub.is_well
        if not is_well:
            self._unwell_us = self._heap.now_us
        self.blame.look(self._heap.now_us // MS, is_well=is_well and not self._hub.broker.is_full)
        self._unwell_us = max(self._unwell_us, self._hub.background.began_us)
        if self._heap.now_us - self._unwell_us < WELL_US:
            self.gaps.unsettle()
        else:
            self.gaps.look(self._heap.now_us)
        for _ in range(min(DEVICES_A_LOOK, len(self._devices))):
            self._one(self._devices[self._next % len(self._devices)])
            self._next += 1
        self._heap.after(LOOK_EVERY_US, self._look)

    def _one(self, device: Device) -> None:
        tables = self._hub.database.tables
        known = tables.device.rows.get(device.name)
        row = None if known is None else tables.presence.rows.get(known["no"])
        if row is None:
            return
        now_us = self._heap.now_us
        timing = Timing(row["publish_every_ms"] or 0, row["answer_timeout_ms"] or 0, row["presumed_lost_after_ms"] or 0)
        outage = self._hub.background.outage
        shown = assess_through(_row(row), unix_ms(now_us), timing, outage)
        if shown.state in SHOWN:
            self._marks.hit(SHOWN[shown.state])
        self._recovery(device, shown)
        untold = self.told.untold(row["device_no"], row["announced"])
        if untold:
            raise BrokenPromise("told-once", untold, device.index)
        quiet_ms = (now_us - self._stored_us.get(device.index, -(1 << 62))) // MS
        silent_ms = timing.publish_every_ms + timing.answer_timeout_ms
        if shown.state in SPEAKS and quiet_ms > silent_ms + SLACK_MS:
            self._broken(
                device, f"is shown as {shown.state.value}, and said nothing for {quiet_ms} ms; the bound is {silent_ms} ms"
            )
        if shown.state not in SPEAKS:
            self._aged(device, shown)
        if now_us - self._unwell_us < WELL_US:
            return
        self.deaf.look(device, shown.state, now_us, self._stored_us.get(device.index, -(1 << 62)))
        sure_us = self._sure_us.get(device.index, -(1 << 62))
        died = self._died_us.get(device.index, -1) >= sure_us - WELL_US
        heard_ms = (now_us - sure_us) // MS
        if shown.state not in SPEAKS and WRITTEN_MS < heard_ms < silent_ms - SLACK_MS and not died:
            self._broken(device, f"is shown as {shown.state.value} ({shown.why}), and was heard {heard_ms} ms ago")
        if row["announced"] != shown.state.value and self._is_old(row) and self._is_due(row, shown):
            before = assess_through(_row(row), unix_ms(now_us - WELL_US), timing, outage)
            was_right = outage is not None and row["announced"] == assess(_row(row), unix_ms(now_us), timing).state
            if before.state is shown.state and shown.state is not State.UNKNOWN and not was_right:
                self._broken(device, f"is {shown.state.value}, and its readers were told {row['announced']}")

    def _aged(self, device: Device, shown: Presence) -> None:
        """What is shown of a device that says nothing has the age of its last word, which no later word makes younger."""
        last_us = self._stored_us.get(device.index)
        if shown.heard_age_ms is None or last_us is None:
            self._broken(device, f"is shown as {shown.state.value} without the age of its last word")
            return
        if shown.heard_age_ms + SLACK_MS < (self._heap.now_us - last_us) // MS:
            self._broken(device, f"is shown with an age of {shown.heard_age_ms} ms, and said nothing for longer")
        self._marks.hit("age-shown")
        if shown.heard_age_ms >= TWO_DAYS_MS:
            self._marks.hit("silent-two-days")

    def _recovery(self, device: Device, shown: Presence) -> None:
        """Note a device that was shown deaf, with the age of its last answer, and is online again."""
        if shown.state is State.DEAF:
            self._deaf.add(device.index)
            if shown.answered_age_ms is None or shown.for_ms is None:
                return
            self._marks.hit("deaf-with-age")
        elif shown.state is State.ONLINE and device.index in self._deaf:
            self._deaf.discard(device.index)
            self._marks.hit("deaf-recovered")

    def _is_old(self, row: Row) -> bool:
        """Whether nothing has come of it for longer than the step needs."""
        newest_us = max(row["last_heard"] or 0, row["died_at"] or 0, row["last_answered"] or 0)
        return newest_us < (unix_ms(self._heap.now_us) * MS) - WELL_US

    def _is_due(self, row: Row, shown: Presence) -> bool:
        """Whether its readers should have been told.

        Of deafness, which more frames prove, when the last claim ends. Of a silence, when the step has put it, where the hub has had
        outages of its own: it looks no earlier, and of many it forgets the first.
        """
        due_us, now_us = row["check_at"], unix_ms(self._heap.now_us) * MS
        is_later = shown.state is State.DEAF or self._hub.background.outage is not None
        return not is_later or due_us is None or due_us < now_us - WELL_US

    def _broken(self, device: Device, what: str) -> None:
        raise BrokenPromise("presence", what, device.index)


def _row(row: Row) -> PresenceRow:
    """As `judge_presence` reads it."""
    heard_ms = (row["last_heard"] or 0) // MS
    return PresenceRow(
        incarnation=row["incarnation"] or 0,
        boot=row["boot"] or 0,
        session=row["session"] or 0,
        born_ms=heard_ms if row["born_at"] is None else row["born_at"] // MS,
        last_heard_ms=heard_ms,
        last_answered_ms=None if row["last_answered"] is None else row["last_answered"] // MS,
        died_ms=None if row["died_at"] is None else row["died_at"] // MS,
        unanswered=row["unanswered"],
        last_end=row["last_end"],
    )


def _session(message: Message) -> tuple[int, int, int]:
    """(incarnation, boot, session) of a control message."""
    said = cast("dict[str, int]", json.loads(message.payload))
    return said["incarnation"], said["boot"], said["session"]
