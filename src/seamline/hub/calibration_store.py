"""Adding coefficients: the one way in, for the API, the factory's import and the demo.

Every version stays. A caller says which version he believes to be the newest; when it is another, nothing is written
(`ConflictError`). What is there already, word for word, is not written again, so a step that is repeated changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from seamline.contract.calibration import Coefficients
from seamline.hub.ingest.values import CALIBRATIONS_LOCK
from seamline.hub.params import rows as as_json
from seamline.hub.store_port import Store

LOCK_PATIENCE_MS: Final = 10_000
"""A batch commits in far less; a database that is stuck for so long is as good as away."""


@dataclass(frozen=True, slots=True)
class Added:
    """Coefficients somebody adds: for which device, what he expects (the newest version, 0 for none), from when to when they hold."""

    device: str
    product: str
    calibration: str
    coefficients: Coefficients
    by: str
    reason: str
    expected: int = 0
    from_ms: int | None = None
    to_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest version that is stored."""

    version: int
    added: Added


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many versions were added, and how many were there already."""

    added: int
    unchanged: int


class ConflictError(Exception):
    """Somebody else was there: `found` is what is newest instead, by place in the list that was to be added."""

    def __init__(self, found: Mapping[int, Newest | None]) -> None:
        """Keep what was found."""
        super().__init__(f"{len(found)} of them expect another version than the newest")
        self.found: Final = found


async def add(store: Store, wanted: Sequence[Added]) -> Outcome:
    """Add coefficients, all or nothing, within the caller's transaction; each device and calibration once.

    `store` runs the statements of calibration.sql. They must be such that `contract.calibration.check` takes them. Raises ConflictError; psycopg.errors.LockNotAvailable when
    ingest is stuck.
    """
    devices = [{"device": one.device, "product": one.product} for one in wanted]
    await store.run("known_devices", {"rows": as_json(devices)})
    await store.all("be_patient", {"patience": f"{LOCK_PATIENCE_MS}ms"})
    await store.all("hold_batches", {"key": CALIBRATIONS_LOCK})
    numbers = {str(name): int(no) for name, no in await store.all("numbers_of", {"devices": [one.device for one in wanted]})}
    newest = await _newest(store, wanted, numbers)
    conflicts: dict[int, Newest | None] = {}
    rows: list[dict[str, object]] = []
    for place, one in enumerate(wanted):
        found = newest[place]
        if found is not None and _same(found.added, one) and one.expected in {found.version - 1, found.version}:
            continue
        if one.expected != (0 if found is None else found.version):
            conflicts[place] = found
        rows.append(_row(numbers[one.device], one))
    if conflicts:
        raise ConflictError(conflicts)
    if rows:
        await store.run("add_versions", {"rows": as_json(rows)})
        await store.run("ask_revaluations", {"rows": as_json(rows)})
    return Outcome(len(rows), len(wanted) - len(rows))


async def _newest(store: Store, wanted: Sequence[Added], numbers: Mapping[str, int]) -> list[Newest | None]:
    """The newest version of each, as far as there is one."""
    keys = [(numbers[one.device], one.product, one.calibration) for one in wanted]
    named = [{"device_no": no, "product": product, "name": name} for no, product, name in keys]
    found: dict[tuple[int, str, str], Newest] = {}
    for no, product, name, version, coefficients, from_ms, to_ms, by, reason in await store.all(
        "newest_versions", {"rows": as_json(named)}
    ):
        added = Added("", product, name, coefficients, by, reason, int(version) - 1, from_ms, to_ms)
        found[int(no), str(product), str(name)] = Newest(int(version), added)
    return [found.get(key) for key in keys]


def _same(found: Added, one: Added) -> bool:
    """Whether both say the same, whoever says it."""
    plain = replace(one, device="", by=found.by, reason=found.reason, expected=found.expected)
    return (
        json.loads(json.dumps(plain.coefficients)) == found.coefficients
        and replace(plain, coefficients=found.coefficients) == found
    )


def _row(no: int, one: Added) -> dict[str, object]:
    return {
        "device_no": no,
        "product": one.product,
        "name": one.calibration,
        "version": one.expected + 1,
        "coefficients": one.coefficients,
        "from_ms": one.from_ms,
        "to_ms": one.to_ms,
        "by": one.by,
        "reason": one.reason,
    }
