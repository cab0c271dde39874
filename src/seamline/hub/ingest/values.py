"""Physical values in ingest: a batch's raw counts are valued as they are stored, with the coefficients in force.

Coefficients are kept in memory by device and read when a device is first met. While a batch is in its transaction nobody adds
coefficients (a shared advisory lock against an exclusive one), and what was added since the batch before is asked for first; so
every row is stored with the version in force, or is there already when its re-valuing is asked for. Where no layout of a batch
has a calibrated field, all of this is left out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Final

import numpy as np

from seamline.hub.calibrations import Version, version_of
from seamline.hub.decode import I64, Records
from seamline.hub.ingest.catalogue import Catalogue, Kind
from seamline.hub.ingest.judge import Judged
from seamline.hub.ingest.memory import Memory
from seamline.hub.params import Int8s
from seamline.hub.store_port import Store
from seamline.hub.valuing import Physical, Sets

CALIBRATIONS_LOCK: Final = 0x5EA3130
"""pg_advisory_xact_lock key: shared by batches with calibrated fields, exclusive to whoever adds coefficients."""


class Values:
    """Values the batches of one partition."""

    def __init__(self, store: Store, catalogue: Catalogue, memory: Memory) -> None:
        self._store: Final = store
        self._catalogue: Final = catalogue
        self._memory: Final = memory
        self._names: Final = {code: product for product, code in catalogue.products.items()}

    async def load(self, judged: Judged) -> None:
        """Have the coefficients of every device with calibrated records in the batch, as they are now."""
        groups = [group for group in judged.groups if group.kind.writer is not None and group.kind.writer.counts]
        if not groups:
            return
        await self._refresh()
        missing: dict[int, I64] = {}
        for group in groups:
            slots, product = judged.device[group.run.frame], group.kind.product
            for sets in self._of(group.kind).values():
                unread = sets.unread(slots)
                if len(unread):
                    missing[product] = np.union1d(missing[product], unread) if product in missing else unread
        if missing:
            await self._read(missing)

    def value(self, kind: Kind, slots: I64, at_us: I64, fields: Records) -> Physical | None:
        """Value records of devices (fleet slots) at their moments, Unix µs; None where there is nothing to value."""
        if kind.writer is None or not kind.writer.counts:
            return None
        sets = self._of(kind)
        if not any(sets.values()):
            return None
        found = kind.writer.counts.value(sets, slots, at_us, fields)
        return found if found.valued else None

    def _of(self, kind: Kind) -> Mapping[str, Sets]:
        """The coefficients in memory of every calibration that the layout names."""
        if kind.writer is None:
            return {}
        known, calibrations = self._memory.coefficients, kind.writer.counts.calibrations
        for name, calibration in calibrations.items():
            if (kind.product, name) not in known:
                known[kind.product, name] = Sets(calibration)
        return {name: known[kind.product, name] for name in calibrations}

    async def _refresh(self) -> None:
        """Forget the coefficients of devices that have been given others."""
        memory = self._memory
        await self._store.all("hold_calibrations", {"key": CALIBRATIONS_LOCK})
        seen = memory.calibrations_seen
        ((newest, changed),) = await self._store.all("calibrations_since", {"seen": 0 if seen is None else seen})
        memory.calibrations_seen = max(int(newest), seen or 0)
        if seen is not None and changed:
            slots = np.flatnonzero(np.isin(memory.fleet.no[: memory.fleet.used], np.array(changed, np.int64))).tolist()
            for sets in memory.coefficients.values():
                sets.forget(slots)

    async def _read(self, missing: Mapping[int, I64]) -> None:
        """Read the coefficients of these devices, by product."""
        fleet = self._memory.fleet
        slots = np.unique(np.concatenate(list(missing.values())))
        found: defaultdict[tuple[int, str, str], list[Version]] = defaultdict(list)
        for no, product, name, *columns in await self._store.all("calibrations_of", {"devices": Int8s(fleet.no[slots])}):
            found[int(no), str(product), str(name)].append(version_of(columns))
        for (product, name), sets in self._memory.coefficients.items():
            for slot in missing.get(product, slots[:0]).tolist():
                sets.put(slot, found.get((int(fleet.no[slot]), self._names[product], name), []))
