"""Holds what the twins show against what the devices said and hold: at each commit what changed, and at the end everything."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final, cast

from seamline.hub.drive import drive
from seamline.hub.ingest.catalogue import Catalogue
from seamline.hub.twin import CONTRACTLESS, UNKNOWN_PROPERTY, Resolution, TwinState, status
from seamline.hub.twin_store import twins_of
from seamline.rig.world.broker import Message
from seamline.rig.world.clocks import unix_ms
from seamline.rig.world.device import Device
from seamline.rig.world.heap import Heap
from seamline.rig.world.marks import Marks
from seamline.rig.world.memory_store import MemoryDatabase, MemoryStore
from seamline.rig.world.promises import BrokenPromise
from seamline.rig.world.settings import Said
from seamline.rig.world.tables_rows import DesiredRow, ReportedRow

TwinKey = tuple[int, str]
"""(device number, setting)"""
LATE_US: Final = 60_000_000
SETTLED: Final = frozenset({TwinState.IN_SYNC, TwinState.REJECTED, TwinState.EXPIRED})


class TwinAudit:
    """The twins of a world."""

    def __init__(self, heap: Heap, database: MemoryDatabase, devices: Mapping[str, Device], marks: Marks) -> None:
        """`devices` by name."""
        self._heap: Final = heap
        self._database: Final = database
        self._devices: Final = devices
        self._names: Final = {device.index: name for name, device in devices.items()}
        self._marks: Final = marks
        self._settled = SETTLED
        self.own_words = False
        """Whether cores have applications of their own: what they hold is what they say, and nobody else knows it."""
        self._held: Final[dict[str, dict[str, object]]] = {}
        """With `own_words`: what each device has said it holds."""
        self._seen: Final[dict[tuple[int, str], int]] = {}
        """The newest wish for a setting that a device has said to have received, by the device's index and the setting."""
        self._wished: Final[dict[TwinKey, DesiredRow]] = {}
        self._reported: Final[dict[TwinKey, ReportedRow]] = {}
        tables = database.tables
        tables.twin_desired.changed = {}
        tables.twin_reported.changed = {}

    def committed(self) -> None:
        """Something was committed. Raises BrokenPromise."""
        tables = self._database.tables
        for key in tables.twin_desired.drain():
            row = tables.twin_desired.rows.get(key)
            if row is not None:
                self._wish(key, row)
        for key in tables.twin_reported.drain():
            row = tables.twin_reported.rows.get(key)
            if row is not None:
                self._report(key, row)

    def heard(self, message: Message) -> None:
        """The broker has stored a message: what a device has seen, and with `own_words` what it holds."""
        if message.kind != "twin":
            return
        said = cast("dict[str, object]", json.loads(message.payload))
        for setting, version in cast("dict[str, int]", said["seen"]).items():
            key = message.device, setting
            self._seen[key] = max(version, self._seen.get(key, 0))
        if not self.own_words:
            return
        name = self._names[message.device]
        device = self._devices[name]
        whose = (cast("int", said["incarnation"]), cast("int", said["boot"]))
        for setting, word in cast("dict[str, dict[str, object]]", said["reported"]).items():
            own = Said(cast("int", word["at_ms"]), word["value"], cast("int | None", word["based_on"]))
            if not device.settings.has_said((*whose, setting), own):
                device.settings.say((*whose, setting), own)
            self._held.setdefault(name, {})[setting] = word["value"]

    def restored(self) -> None:
        """The database is what it was earlier: its counts may go back this once, and what a device did by a wish that is lost stays."""
        self._settled = SETTLED | {TwinState.DRIFTED}
        self._wished.clear()
        self._reported.clear()
        self.committed()

    def unsettled(self, catalogue: Catalogue) -> tuple[int, str] | None:
        """A device whose twin does not show what it holds, or whose wish is open: (its index, what)."""
        store = MemoryStore(self._database.connect())
        now_ms = unix_ms(self._heap.now_us)
        for name, device in self._devices.items():
            row = self._database.tables.device.rows.get(name)
            if row is None:
                return device.index, "is not known to the hub"
            twins = drive(twins_of(store, [row["no"]], lock=False))[row["no"]]
            policies = catalogue.terms(row["contract"]).policies or {}
            for setting, value in (self._held.get(name, {}) if self.own_words else device.settings.values).items():
                twin = twins.get(setting)
                if setting in policies and (twin is None or twin.reported is None or twin.reported.value != value):
                    shown = None if twin is None or twin.reported is None else twin.reported.value
                    return device.index, f"holds {setting} = {value!r}, and its twin shows {shown!r}"
            for setting, twin in twins.items():
                shown = status(twin, policies.get(setting, CONTRACTLESS), now_ms)
                wish = twin.desired
                if shown is None or wish is None or shown.state in self._settled or wish.resolution is Resolution.OVERRIDDEN:
                    continue
                return device.index, f"{setting}, wish {wish.version} for {wish.value!r}, is {shown.state}: {shown.why}"
        return None

    def _wish(self, key: TwinKey, row: DesiredRow) -> None:
        old = self._wished.get(key)
        self._wished[key] = row
        self._device(key).truth.asked.add((key[1], row["version"], row["value"]))
        if old is not None:
            if row["version"] < old["version"]:
                self._broken(key, "versions", f"wish {row['version']} comes after wish {old['version']}")
            if row["version"] == old["version"] and row["value"] != old["value"]:
                self._broken(key, "versions", f"wish {row['version']} is for {old['value']!r}, then for {row['value']!r}")
        is_delivered = row["resolution"] is None and row["seen_at"] is not None
        if is_delivered and row["version"] > self._seen.get((self._device(key).index, key[1]), 0):
            self._broken(
                key, "twin-honest", f"wish {row['version']} is shown as delivered, and the device never said that it has it"
            )
        if row["resolution"] is not None and (old is None or old["resolution"] != row["resolution"]):
            if row["resolution"] == Resolution.EXPIRED:
                self._marks.hit("wish-expired")
            if row["resolution"] == Resolution.DEVICE_WON:
                self._marks.hit("wish-device-won")
            if row["resolution"] == Resolution.CONFIRMED:
                self._marks.hit("wish-confirmed")
                if (row["resolved_at"] or 0) - row["asked_at"] > LATE_US:
                    self._marks.hit("wish-late")
                self._confirmed(key, row)

    def _confirmed(self, key: TwinKey, row: DesiredRow) -> None:
        device = self._device(key)
        words = [said for (_, _, name), own in device.settings.said.items() if name == key[1] for said in own]
        if not any(said.based_on == row["version"] or said.value == row["value"] for said in words):
            self._broken(
                key, "twin-honest", f"wish {row['version']} for {row['value']!r} is confirmed, and the device never said so"
            )

    def _report(self, key: TwinKey, row: ReportedRow) -> None:
        old = self._reported.get(key)
        self._reported[key] = row
        if old is not None and old["incarnation"] == row["incarnation"]:
            before, after = ((one["boot"] or 0, one["version"]) for one in (old, row))
            if after < before:
                self._broken(key, "versions", f"report (boot, version) {after} comes after {before}")
        if row["fault"] == UNKNOWN_PROPERTY:
            return
        said = Said(row["at_ms"] or 0, row["value"], row["based_on"])
        if not self._device(key).settings.has_said((row["incarnation"] or 0, row["boot"] or 0, key[1]), said):
            self._broken(
                key, "twin-honest", f"the twin shows {row['value']!r}, which the device did not say in boot {row['boot']}"
            )

    def _device(self, key: TwinKey) -> Device:
        return self._devices[self._database.tables.device_ids.rows[key[0]]]

    def _broken(self, key: TwinKey, promise: str, what: str) -> None:
        raise BrokenPromise(promise, f"{key[1]}: {what}", self._device(key).index)
