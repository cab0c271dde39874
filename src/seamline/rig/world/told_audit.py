"""Holds what owners are told of a device against what the hub shows of it: the events of its presence, and of its incarnations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, cast

from seamline.hub.presence import State
from seamline.hub.steps.presence import SPOKEN_OF, TOLD
from seamline.rig.world.tables_hub import Tables

OF_PRESENCE: Final = frozenset(state.value for state in SPOKEN_OF)
BEGINNINGS: Final = frozenset(state.value for state in TOLD)
RENEWED: Final = "new-incarnation"


class ToldAudit:
    """The events of one world's hub."""

    def __init__(self, tables: Tables) -> None:
        self._tables: Final = tables
        self._read = 0
        self._newest: Final[dict[int, str]] = {}
        """What was told last of each device's presence."""

    def restored(self) -> None:
        """The database is what it was earlier."""
        self._read = 0
        self._newest.clear()

    def untold(self, device: int, announced: str | None) -> str:
        """What is shown to readers of a device (its number), and was not told to its owner; empty when all was."""
        self._catch_up()
        newest = self._newest.get(device)
        if announced in BEGINNINGS and newest != announced:
            return f"is shown as {announced} to its readers, and the last that its owner was told is {newest}"
        if announced == State.ONLINE.value and newest in BEGINNINGS:
            return f"is shown as online to its readers, and the last that its owner was told is {newest}"
        return ""

    def unnamed(self) -> tuple[int, str] | None:
        """A device (its number) whose new incarnation nobody was told of."""
        born: dict[int, set[int]] = {}
        for row in self._tables.boot.rows.values():
            if row.firmware is not None:
                born.setdefault(row.device_no, set()).add(row.incarnation)
        told: dict[int, set[object]] = {}
        for event in self._tables.event.rows.values():
            if event.kind == RENEWED and event.device_no is not None:
                told.setdefault(event.device_no, set()).add(cast("Mapping[str, object]", event.detail)["incarnation"])
        for device, incarnations in born.items():
            named = told.get(device, set())
            if len(named) < len(incarnations) - 1:
                return device, f"was born in {len(incarnations)} incarnations, and events tell of {len(named)} new ones"
        return None

    def _catch_up(self) -> None:
        """Read the events that came since."""
        rows = self._tables.event.rows
        fresh: list[int] = []
        for number in reversed(rows):
            if number <= self._read:
                break
            fresh.append(number)
        for number in reversed(fresh):
            event = rows[number]
            if event.device_no is not None and event.kind in OF_PRESENCE:
                self._newest[event.device_no] = event.kind
        if fresh:
            self._read = fresh[0]
