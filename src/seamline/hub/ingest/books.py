"""The ledger's rows between database and memory: loaded when first met, moved by the fast path, written by the scalar one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, cast

import numpy as np

from seamline.hub.births import stale_births
from seamline.hub.decode import I64
from seamline.hub.folds import FoldKey, Key, LedgerFold
from seamline.hub.ingest.fast import Grouped, Moves
from seamline.hub.ingest.judge import Said
from seamline.hub.ingest.memory import Memory
from seamline.hub.ingest.slow import Declared, Scalar
from seamline.hub.inputs import Birth
from seamline.hub.inventory import DeviceLedger, changes
from seamline.hub.ledger import LedgerRow
from seamline.hub.params import Int8s
from seamline.hub.ranges import Ranges
from seamline.hub.store_port import FencedError, Row, Store


class Books:
    """The ledger of one partition's devices."""

    def __init__(self, store: Store, memory: Memory) -> None:
        self._store: Final = store
        self._memory: Final = memory

    async def load(self, grouped: Grouped) -> None:
        """Have mark and version of every key in memory."""
        keys = self._memory.keys
        missing = grouped.key[~keys.known[grouped.key]]
        if not len(missing):
            return
        rows = await self._store.all("keys", self._named(missing))
        keys.mark[missing] = keys.version[missing] = 0
        keys.plain[missing], keys.known[missing] = False, True
        for at, mark, version, plain, over in rows:
            slot = missing[int(at) - 1]
            if version is None:
                keys.plain[slot] = not over
            else:
                # an ended boot with rows waits for what the device holds: its last record folds it, which the scalar path does
                keys.mark[slot], keys.version[slot], keys.plain[slot] = mark, version, plain and not over

    async def move(self, moves: Moves) -> None:
        """Write what the fast path moved. Raises FencedError."""
        if not len(moves):
            return
        keys = self._memory.keys
        new = keys.version[moves.key] == 0
        for statement, chosen in (("advance_rows", ~new), ("new_rows", new)):
            count = int(np.count_nonzero(chosen))
            if not count:
                continue
            slots = moves.key[chosen]
            await self._store.exactly(
                statement,
                count,
                {
                    **self._named(slots),
                    "mark": Int8s(moves.mark[chosen]),
                    "stored": Int8s(moves.stored[chosen]),
                    "quarantined": Int8s(moves.quarantined[chosen]),
                    "declined": Int8s(moves.declined[chosen]),
                    "version": Int8s(keys.version[slots]),
                    "arrival": Int8s(moves.arrival_us[chosen]),
                },
            )
            if statement == "new_rows":
                await self._store.run("first_seen", {**self._named(slots), "arrival": Int8s(moves.arrival_us[chosen])})
        keys.mark[moves.key] = moves.mark
        keys.version[moves.key] += 1

    async def ledgers(self, devices: Sequence[int]) -> dict[int, DeviceLedger]:
        """The whole ledger of each device (fleet slots), rows locked."""
        fleet = self._memory.fleet
        numbers = {"devices": Int8s(fleet.no[list(devices)])}
        rows: dict[int, dict[Key, LedgerRow]] = {int(no): {} for no in numbers["devices"].values}
        for no, incarnation, boot, channel, *columns in await self._store.all("ledger_of", numbers):
            rows[int(no)][Key(int(incarnation), int(boot), int(channel))] = ledger_row(columns)
        closed = await self._closed(devices)
        return {
            slot: DeviceLedger(fleet.devices[slot].incarnation, closed[slot], rows[no])
            for slot, no in zip(devices, numbers["devices"].values.tolist(), strict=True)
        }

    async def stale(self, births: Mapping[int, Sequence[Said]]) -> set[int]:
        """The places of those births, by device (fleet slot), that are of boots which are over."""
        fleet, found = self._memory.fleet, set[int]()
        closed = await self._closed([device for device in births if fleet.devices[device].incarnation is not None])
        for device, own in births.items():
            said = [one.input for one in own if isinstance(one.input, Birth)]
            over = stale_births(closed.get(device, {}), fleet.devices[device].incarnation, said)
            found.update(one.at for one, is_over in zip(own, over, strict=True) if is_over)
        return found

    async def _closed(self, devices: Sequence[int]) -> dict[int, dict[int, int]]:
        """Below which boot each incarnation of these devices (fleet slots) is closed."""
        if not devices:
            return {}
        slots = {int(self._memory.fleet.no[slot]): slot for slot in devices}
        closed: dict[int, dict[int, int]] = {slot: {} for slot in devices}
        for no, incarnation, below in await self._store.all("closed_of", {"devices": Int8s(list(slots))}):
            closed[slots[int(no)]][int(incarnation)] = int(below)
        return closed

    async def write(self, scalars: Sequence[Scalar]) -> None:
        """Write what the scalar path changed. Raises FencedError."""
        fleet, store = self._memory.fleet, self._store
        upserts: list[Row] = []
        deletes: list[Row] = []
        closed: list[Row] = []
        folds: list[Row] = []
        losses: list[Row] = []
        for done in scalars:
            no = int(fleet.no[done.device])
            changed = changes(done.before, done.ledger)
            upserts += [ledger_columns(no, key, row, done.last_ms) for key, row in changed.upserts.items()]
            deletes += [_named(no, key) for key in changed.deletes]
            seen = {**{key.incarnation: 0 for key in changed.upserts}, **changed.closed}
            closed += [
                {"device_no": no, "incarnation": incarnation, "at_ms": done.last_ms, "closed": below}
                for incarnation, below in seen.items()
            ]
            folds += fold_rows(no, done.folds)
            losses += loss_rows(no, done)
        if await store.write("write_rows", upserts) != len(upserts) or await store.write("delete_rows", deletes) != len(deletes):
            raise FencedError("the ledger's rows were changed by another worker")
        await store.write("close_boots", closed)
        await store.write("add_folds", folds)
        await store.write("add_losses", losses)

    def _named(self, slots: I64) -> dict[str, object]:
        """The key columns of these slots as parameters."""
        keys, fleet = self._memory.keys, self._memory.fleet
        return {
            "device": Int8s(fleet.no[keys.device[slots]]),
            "incarnation": Int8s(keys.incarnation[slots]),
            "boot": Int8s(keys.boot[slots]),
            "channel": Int8s(keys.channel[slots]),
        }


def ledger_row(columns: Sequence[object]) -> LedgerRow:
    """The columns of `ledger_of` after the key."""
    mark, high, gaps, upper, stored, quarantined, declined, lost, duplicates, version, owed_since = columns
    flat = cast("list[int]", gaps)
    return LedgerRow(
        mark=_int(mark),
        high=_int(high),
        gaps=tuple((a, b) for a, b in zip(flat[::2], flat[1::2], strict=True)),
        upper=_maybe(upper),
        stored=_int(stored),
        quarantined=_int(quarantined),
        declined=_int(declined),
        lost=_int(lost),
        duplicates=_int(duplicates),
        version=_int(version),
        owed_since_ms=_maybe(owed_since),
    )


def ledger_columns(no: int, key: Key, row: LedgerRow, arrival_ms: int) -> Row:
    """A row of the statement `write_rows`."""
    return {
        **_named(no, key),
        "mark": row.mark,
        "high": row.high,
        "gaps": _flat(row.gaps),
        "upper": row.upper,
        "stored": row.stored,
        "quarantined": row.quarantined,
        "declined": row.declined,
        "lost": row.lost,
        "duplicates": row.duplicates,
        "version": row.version,
        "owed_since_ms": row.owed_since_ms,
        "arrival": arrival_ms * 1000,
    }


def fold_rows(no: int, folds: dict[FoldKey, LedgerFold]) -> list[Row]:
    """Rows of the statement `add_folds`."""
    return [
        {
            "device_no": no,
            "incarnation": incarnation,
            "channel": channel,
            "boots": fold.boots,
            "boot_first": fold.boot_first,
            "boot_last": fold.boot_last,
            "numbered": fold.numbered,
            "stored": fold.stored,
            "quarantined": fold.quarantined,
            "declined": fold.declined,
            "lost": fold.lost,
            "duplicates": fold.duplicates,
        }
        for (incarnation, channel), fold in folds.items()
    ]


def loss_rows(no: int, done: Scalar) -> list[Row]:
    """Rows of the statement `add_losses`: what was declared, and what births closed."""
    rows: list[Row] = [
        _loss(no, lost.key.incarnation, (lost.key.boot, 1), lost.key.channel, (lost.first, lost.count), lost.reason, lost.at_ms)
        for lost in declared(done)
    ]
    for said, born in done.births:
        rows += [
            _loss(
                no,
                closure.incarnation,
                (closure.boot_first, closure.boot_last - closure.boot_first + 1),
                closure.channel,
                (closure.first, closure.count),
                closure.reason.value,
                said.arrival_ms,
            )
            for closure in born.closures
        ]
    return rows


def declared(done: Scalar) -> Iterable[Declared]:
    """What the device declared as lost and was not classed before."""
    return done.losses


def _loss(no: int, incarnation: int, boots: tuple[int, int], channel: int, run: tuple[int, int], reason: str, at_ms: int) -> Row:
    return {
        "device_no": no,
        "incarnation": incarnation,
        "boot": boots[0],
        "boots": boots[1],
        "channel": channel,
        "first": run[0],
        "count": run[1],
        "reason": reason,
        "at_ms": at_ms,
    }


def _named(no: int, key: Key) -> dict[str, object]:
    return {"device_no": no, "incarnation": key.incarnation, "boot": key.boot, "channel": key.channel}


def _flat(gaps: Ranges) -> list[int]:
    return [bound for gap in gaps for bound in gap]


def _int(value: object) -> int:
    return value if type(value) is int else int(str(value))


def _maybe(value: object) -> int | None:
    return None if value is None else _int(value)
