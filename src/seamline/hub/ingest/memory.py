"""What ingest keeps in memory between batches: devices, ledger keys, and how to date each boot, in NumPy columns.

All of it is a copy of committed rows, plus what is heard and not yet written (`dirty`). Whenever a batch fails it is
thrown away whole and read anew, so nothing here can outlive a rollback. Bounded: past the limits it is thrown away as well.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from seamline.hub.decode import I64, Bools
from seamline.hub.presence import PresenceRow
from seamline.hub.valuing import Sets

DEVICES_MAX: Final = 60_000
KEYS_MAX: Final = 200_000

KINDS: Final = {b"data": 0, b"birth": 1, b"death": 2, b"anchor": 3, b"probe": 4, b"twin": 5}
KIND_NAMES: Final = ("data", "birth", "death", "anchor", "probe", "twin", "unknown")
UNKNOWN_KIND: Final = 6


class Columns:
    """NumPy columns that grow together. Subclasses make their columns with `_add`; `grow` keeps a row for each index."""

    def __init__(self) -> None:
        self.used = 0
        self._capacity = 0
        self._columns: dict[str, NDArray[np.generic]] = {}

    def grow(self, count: int) -> None:
        """Have at least `count` rows; new ones are zero."""
        self.used = max(self.used, count)
        if self.used <= self._capacity:
            return
        self._capacity = max(1024, 2 * self.used)
        for name, column in self._columns.items():
            wider = np.zeros((self._capacity, *column.shape[1:]), column.dtype)
            wider[: len(column)] = column
            self._columns[name] = wider
            setattr(self, name, wider)

    def _add(self, name: str, kind: type[np.generic]) -> None:
        self._columns[name] = np.zeros(0, kind)
        setattr(self, name, self._columns[name])


@dataclass(slots=True)
class Device:
    """One device's row and its presence as last written, and what ingest knows of its session."""

    id: str
    no: int = 0
    product: str | None = None
    contract: str | None = None
    incarnation: int | None = None
    presence: PresenceRow | None = None


class Fleet(Columns):
    """The devices of this partition by slot. `no` 0: not read from the database yet."""

    no: I64
    product: I64  # number in the catalogue, -1 for none said, -2 for one not registered
    epoch: I64
    named: I64  # the boot it was heard in last, of those that are worked in: incarnation << 32 | boot
    session: I64
    heard_ms: I64
    answered_ms: I64
    written_ms: I64  # up to when the database knows that it was heard
    dirty: Bools

    def __init__(self) -> None:
        super().__init__()
        for name in ("no", "product", "epoch", "named", "session", "heard_ms", "answered_ms", "written_ms"):
            self._add(name, np.int64)
        self._add("dirty", np.bool_)
        self.devices: Final[list[Device]] = []
        self._slots: Final[dict[str, int]] = {}
        self._subjects: Final[dict[bytes, int]] = {}

    def code(self, subject: bytes) -> int:
        """Slot * 8 + kind of a stream subject `up.<partition>.<device>.<kind>`."""
        found = self._subjects.get(subject)
        if found is None:
            found = self._learn(subject)
        return found

    def codes(self, subjects: list[bytes]) -> I64:
        """The codes of a batch's subjects."""
        known = self._subjects
        try:
            return np.fromiter((known[subject] for subject in subjects), np.int64, len(subjects))
        except KeyError:
            return np.fromiter((self.code(subject) for subject in subjects), np.int64, len(subjects))

    def slot(self, device_id: str) -> int:
        """A device's slot, made when it is new."""
        found = self._slots.get(device_id)
        if found is None:
            found = self._slots[device_id] = len(self.devices)
            self.devices.append(Device(device_id))
            self.grow(len(self.devices))
        return found

    def marked(self, slots: Iterable[int]) -> Bools:
        """A truth column that says for each slot whether it is one of these: `isin` for a column of slots, by one look-up."""
        found = np.zeros(len(self.devices), np.bool_)
        found[list(slots)] = True
        return found

    def _learn(self, subject: bytes) -> int:
        _, _, device_id, kind = subject.decode("utf-8", "replace").split(".", 3)
        code = self.slot(device_id) * 8 + KINDS.get(kind.encode(), UNKNOWN_KIND)
        self._subjects[subject] = code
        return code


class Keys(Columns):
    """Ledger keys (device, incarnation, boot, channel) by slot. Only where `known` do the other columns count.

    `plain`: the row takes the fast path (no gaps, boot open). `version` 0: there is no row yet.
    """

    device: I64  # slot in the fleet
    incarnation: I64
    boot: I64
    channel: I64
    mark: I64
    version: I64
    clock: I64  # slot in Clocks
    known: Bools
    plain: Bools

    def __init__(self) -> None:
        super().__init__()
        for name in ("device", "incarnation", "boot", "channel", "mark", "version", "clock"):
            self._add(name, np.int64)
        self._add("known", np.bool_)
        self._add("plain", np.bool_)
        self._slots: Final[dict[int, int]] = {}
        self._of_device: Final[dict[int, list[int]]] = {}

    def slots(self, device: I64, incarnation: I64, boot: I64, channel: I64) -> I64:
        """The slots of these keys, made where they are new."""
        high = (device << 8 | channel).tolist()
        low = (incarnation << 32 | boot).view(np.uint64).tolist()
        known = self._slots
        wide: list[int] = [upper << 64 | lower for upper, lower in zip(high, low, strict=True)]
        found = [known.get(key, -1) for key in wide]
        if -1 in found:
            for at, slot in enumerate(found):
                if slot < 0:
                    found[at] = self._make(wide[at], device, incarnation, boot, channel, at)
        return np.array(found, np.int64)

    def forget_device(self, device: int) -> None:
        """Read every key of this device anew before its next use."""
        self.known[self._of_device.get(device, [])] = False

    def _make(self, key: int, device: I64, incarnation: I64, boot: I64, channel: I64, at: int) -> int:
        slot = self._slots.get(key)
        if slot is not None:
            return slot
        slot = self._slots[key] = len(self._slots)
        self.grow(slot + 1)
        self.device[slot], self.incarnation[slot] = device[at], incarnation[at]
        self.boot[slot], self.channel[slot], self.clock[slot] = boot[at], channel[at], -1
        self._of_device.setdefault(int(device[at]), []).append(slot)
        return slot

    def __len__(self) -> int:
        return len(self._slots)


class Clocks(Columns):
    """Boots by slot, each with how to date its records (`timeline.Dating`) and what was heard of it since it was written."""

    device: I64
    incarnation: I64
    boot: I64
    pieces: I64  # 0 none, 1 one piece in the columns, 2 more: see `many`
    at_ms: I64
    unix_ms: I64
    uncertainty_ms: I64
    drift_ppm: I64
    error_max_ms: I64
    began_after_ms: I64
    ended_before_ms: I64
    began_before_ms: I64
    uptime_ms: I64
    first_ms: I64
    last_ms: I64
    dirty: Bools
    known: Bools

    def __init__(self) -> None:
        super().__init__()
        for name in (
            "device", "incarnation", "boot", "pieces", "at_ms", "unix_ms", "uncertainty_ms", "drift_ppm",
            "error_max_ms", "began_after_ms", "ended_before_ms", "began_before_ms", "uptime_ms", "first_ms", "last_ms",
        ):  # fmt: skip
            self._add(name, np.int64)
        self._add("dirty", np.bool_)
        self._add("known", np.bool_)
        self._slots: Final[dict[tuple[int, int, int], int]] = {}
        self._of_device: Final[dict[tuple[int, int], list[int]]] = {}

    def slot(self, device: int, incarnation: int, boot: int) -> int:
        """A boot's slot, made when it is new."""
        key = (device, incarnation, boot)
        found = self._slots.get(key)
        if found is None:
            found = self._slots[key] = len(self._slots)
            self.grow(found + 1)
            self.device[found], self.incarnation[found], self.boot[found] = key
            self.began_before_ms[found] = self.first_ms[found] = NEVER_MS
            self._of_device.setdefault((device, incarnation), []).append(found)
        return found

    def find(self, device: int, incarnation: int, boot: int) -> int | None:
        """A boot's slot, if it has one."""
        return self._slots.get((device, incarnation, boot))

    def of(self, device: int, incarnation: int) -> list[int]:
        """The slots of every boot in memory of one incarnation."""
        return self._of_device.get((device, incarnation), [])


NEVER_MS: Final = 1 << 62
"""Stands for "not known" in columns of times: later than every time, so that a minimum ignores it."""


@dataclass(slots=True)
class Memory:
    """Everything kept in memory for one partition."""

    fleet: Fleet = field(default_factory=Fleet)
    keys: Keys = field(default_factory=Keys)
    clocks: Clocks = field(default_factory=Clocks)
    coefficients: dict[tuple[int, str], Sets] = field(default_factory=dict[tuple[int, str], Sets])
    """By product (its number in the catalogue) and calibration."""
    calibrations_seen: int | None = None
    """The serial of the newest coefficients when they were last asked for."""

    @property
    def full(self) -> bool:
        """Whether it is time to start over with nothing in memory."""
        return len(self.fleet.devices) > DEVICES_MAX or len(self.keys) > KEYS_MAX
