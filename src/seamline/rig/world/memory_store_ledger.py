"""The statements of `hub/sql/ingest.sql` about place, ledger, folds and losses, on tables in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final, TypeAlias, cast

from seamline.rig.world.tables import Upsert
from seamline.rig.world.tables_cells import (
    Given,
    columns,
    greatest,
    int_of,
    integers,
    maybe_int,
    number,
    seconds,
    text_of,
    there,
    time_of,
    timestamp,
)
from seamline.rig.world.tables_hub import LedgerKey, Tables
from seamline.rig.world.tables_recordset import Recordset, records, recordset
from seamline.rig.world.tables_rows import DesiredRow, FoldRow, IncarnationRow, LedgerRow, LossRow, PositionRow

Result: TypeAlias = "list[tuple[object, ...]] | int"
"""The rows of a query, or how many rows a statement touched."""
Statement: TypeAlias = Callable[[Tables, Given, Mapping[str, str]], Result]
"""(tables, parameters, names of tables filled in) → result."""

VERSIONS_SINCE_S: Final = 1_700_000_000
"""From where the versions of wishes are counted once a database was restored, Unix s (`next_generation`)."""
_KEY: Final = ("device", "incarnation", "boot", "channel")


def _position(base: Tables, given: Given, _names: Mapping[str, str]) -> Result:
    row = base.ingest_position.rows.get(number(given, "partition"))
    return [] if row is None else [(row["stream"], row["seq"], row["stored_ns"])]


def _start_position(base: Tables, given: Given, _names: Mapping[str, str]) -> Result:
    partition = int_of(given, "partition")
    row: PositionRow = {
        "partition": partition,
        "stream": text_of(given, "stream"),
        "seq": int_of(given, "seq"),
        "stored_ns": None,
        "at": base.now_us,
    }
    base.ingest_position.put(partition, row)
    return 1


def _advance(base: Tables, given: Given, _names: Mapping[str, str]) -> Result:
    partition = number(given, "partition")
    row = base.ingest_position.rows.get(partition)
    if row is None or row["stream"] != given["stream"] or row["seq"] != given["expected"]:
        return 0
    moved: PositionRow = {**row, "seq": int_of(given, "seq"), "stored_ns": maybe_int(given, "stored_ns"), "at": base.now_us}
    base.ingest_position.put(partition, moved)
    return 1


def _keys(base: Tables, given: Given, _names: Mapping[str, str]) -> Result:
    found: list[tuple[object, ...]] = []
    for at, (device, incarnation, boot, channel) in enumerate(columns(given, *_KEY), 1):
        row = base.ledger.rows.get((device, incarnation, boot, channel))
        over = _closed(base, device, incarnation) > boot
        if row is None:
            found.append((at, None, None, None, over))
        else:
            found.append((at, row["mark"], row["version"], row["mark"] == row["high"] and not row["gaps"], over))
    return found


def _advance_rows(base: Tables, given: Given, _names: Mapping[str, str]) -> Result:
    added = ("mark", "stored", "quarantined", "declined", "version", "arrival")
    touched: dict[LedgerKey, LedgerRow] = {}
    for device, incarnation, boot, channel, mark, stored, quarantined, declined, version, arrival in columns(
        given, *_KEY, *added
    ):
        key = (device, incarnation, boot, channel)
        row = base.ledger.rows.get(key)
        if row is None or row["version"] != version or key in touched:
            continue
        row = touched[key] = row.copy()
        row["mark"] = row["high"] = mark
        row["stored"] += stored
        row["quarantined"] += quarantined
        row["declined"] += declined
        row["version"] += 1
        row["last_arrival"] = greatest(row["last_arrival"], timestamp(arrival, 1_000_000))
    base.ledger.put_all(touched)
    return len(touched)


def _new_rows(base: Tables, given: Given, _names: Mapping[str, str]) -> Result:
    added = ("mark", "stored", "quarantined", "declined", "arrival")
    made: dict[LedgerKey, LedgerRow] = {}
    for device, incarnation, boot, channel, mark, stored, quarantined, declined, arrival in columns(given, *_KEY, *added):
        key = (device, incarnation, boot, channel)
        if _closed(base, device, incarnation) > boot or key in base.ledger.rows or key in made:
            continue
        arrived = timestamp(arrival, 1_000_000)
        row: LedgerRow = {
            "device_no": device,
            "incarnation": incarnation,
            "boot": boot,
            "channel": channel,
            "mark": mark,
            "high": mark,
            "gaps": [],
            "upper": None,
            "stored": stored,
            "quarantined": quarantined,
            "declined": declined,
            "lost": 0,
            "duplicates": 0,
            "version": 1,
            "owed_since_ms": None,
            "first_arrival": arrived,
            "last_arrival": arrived,
        }
        made[key] = row
    base.ledger.put_all(made)
    return len(made)


def _ledger_of(base: Tables, given: Given, _names: Mapping[str, str]) -> Result:
    found: list[tuple[object, ...]] = []
    for device in sorted(set(integers(given, "devices"))):
        for _, row in sorted(base.ledger.of(device), key=lambda item: item[0]):
            head = (row["device_no"], row["incarnation"], row["boot"], row["channel"], row["mark"], row["high"])
            classes = (row["stored"], row["quarantined"], row["declined"], row["lost"], row["duplicates"])
            found.append((*head, list(row["gaps"]), row["upper"], *classes, row["version"], row["owed_since_ms"]))
    return found


def _closed_of(base: Tables, given: Given, _names: Mapping[str, str]) -> Result:
    return [
        (row["device_no"], row["incarnation"], row["closed"])
        for device in sorted(set(integers(given, "devices")))
        for _, row in base.incarnation.of(device)
    ]


def _marks_of(base: Tables, given: Given, _names: Mapping[str, str]) -> Result:
    return [
        (*key, row["mark"])
        for device in sorted(set(integers(given, "devices")))
        for key, row in sorted(base.ledger.of(device), key=lambda item: item[0])
    ]


def _write_rows(base: Tables, given: Given, _names: Mapping[str, str]) -> Result:
    upsert = Upsert[LedgerKey, LedgerRow]()
    for row in _ledger_rows(recordset(given)):
        key = (row["device_no"], row["incarnation"], row["boot"], row["channel"])
        upsert.meet(key)
        old = base.ledger.rows.get(key)
        if old is not None:
            if old["version"] >= row["version"]:
                continue
            first = row["first_arrival"] if old["first_arrival"] is None else old["first_arrival"]
            row["first_arrival"], row["last_arrival"] = first, greatest(old["last_arrival"], row["last_arrival"])
        upsert.put(key, row)
    return upsert.into(base.ledger)


def _delete_rows(base: Tables, given: Given, _names: Mapping[str, str]) -> Result:
    return sum(base.ledger.remove(key) for key in map(key_of, records(given)) if key is not None)


def _add_folds(base: Tables, given: Given, _names: Mapping[str, str]) -> Result:
    upsert = Upsert[tuple[int, int, int], FoldRow]()
    for r in records(given):
        row = FoldRow(
            device_no=int_of(r, "device_no"),
            incarnation=int_of(r, "incarnation"),
            channel=int_of(r, "channel"),
            boots=int_of(r, "boots"),
            boot_first=int_of(r, "boot_first"),
            boot_last=int_of(r, "boot_last"),
            numbered=int_of(r, "numbered"),
            stored=int_of(r, "stored"),
            quarantined=int_of(r, "quarantined"),
            declined=int_of(r, "declined"),
            lost=int_of(r, "lost"),
            duplicates=int_of(r, "duplicates"),
        )
        key = (row.device_no, row.incarnation, row.channel)
        old = base.ledger_fold.rows.get(key)
        upsert.put(key, row if old is None else _folded(old, row))
    return upsert.into(base.ledger_fold)


def _close_boots(base: Tables, given: Given, _names: Mapping[str, str]) -> Result:
    rows, upsert = recordset(given), Upsert[tuple[int, int], IncarnationRow]()
    for device, incarnation, closed, at in zip(
        *map(rows.ints, ("device_no", "incarnation", "closed")), rows.times("at_ms"), strict=True
    ):
        old = base.incarnation.rows.get((device, incarnation))
        row: IncarnationRow = {"device_no": device, "incarnation": incarnation, "first_seen": at, "closed": closed}
        upsert.put((device, incarnation), row if old is None else {**old, "closed": max(old["closed"], closed)})
    return upsert.into(base.incarnation)


def _first_seen(base: Tables, given: Given, _names: Mapping[str, str]) -> Result:
    earliest: dict[tuple[int, int], int] = {}
    for device, incarnation, arrival in columns(given, "device", "incarnation", "arrival"):
        earliest[device, incarnation] = min(arrival, earliest.get((device, incarnation), arrival))
    made: dict[tuple[int, int], IncarnationRow] = {}
    for (device, incarnation), arrival in earliest.items():
        if (device, incarnation) not in base.incarnation.rows:
            at = there("first_seen", timestamp(arrival, 1_000_000))
            made[device, incarnation] = {"device_no": device, "incarnation": incarnation, "first_seen": at, "closed": 0}
    base.incarnation.put_all(made)
    return len(made)


def _add_losses(base: Tables, given: Given, _names: Mapping[str, str]) -> Result:
    rows = records(given)
    for r in rows:
        row = LossRow(
            id=base.numbers["loss"].draw(),
            device_no=int_of(r, "device_no"),
            incarnation=int_of(r, "incarnation"),
            boot=int_of(r, "boot"),
            boots=int_of(r, "boots"),
            channel=int_of(r, "channel"),
            first=int_of(r, "first"),
            count=int_of(r, "count"),
            reason=text_of(r, "reason"),
            declared_at=time_of(r, "at_ms"),
            told=False,
        )
        base.loss.put(row.id, row)
    return len(rows)


def _generation(base: Tables, _given: Given, _names: Mapping[str, str]) -> Result:
    if "generation" not in base.hub_meta.rows:
        base.hub_meta.put("generation", seconds(base.clock_us()))
    return [(base.hub_meta.rows["generation"],)]


def _next_generation(base: Tables, _given: Given, _names: Mapping[str, str]) -> Result:
    now_s = seconds(base.clock_us())
    old = base.hub_meta.rows.get("generation")
    base.hub_meta.put("generation", now_s if old is None else max(old + 1, now_s))
    return 1


def _next_wishes(base: Tables, _given: Given, _names: Mapping[str, str]) -> Result:
    above = seconds(base.clock_us()) - VERSIONS_SINCE_S
    base.hub_meta.put("wishes_above", max(above, base.hub_meta.rows.get("wishes_above", above)))
    return 1


def _raise_wishes(base: Tables, _given: Given, _names: Mapping[str, str]) -> Result:
    above = base.hub_meta.rows.get("wishes_above", 0)
    older = [(key, row) for key, row in base.twin_desired.rows.items() if row["version"] < above]
    for key, row in older:
        again: DesiredRow = {**row, "version": above}
        if row["resolution"] is None:
            again["delivered_at"] = again["seen_at"] = None
        base.twin_desired.put(key, again)
    return len(older)


def _wishes_above(base: Tables, _given: Given, _names: Mapping[str, str]) -> Result:
    above = base.hub_meta.rows.get("wishes_above")
    return [] if above is None else [(above,)]


def _closed(base: Tables, device: int, incarnation: int) -> int:
    row = base.incarnation.rows.get((device, incarnation))
    return 0 if row is None else row["closed"]


def key_of(r: Given) -> LedgerKey | None:
    """The key of a row; None where a part of it is NULL, which equals nothing."""
    found = tuple(maybe_int(r, name) for name in ("device_no", "incarnation", "boot", "channel"))
    return None if None in found else cast("LedgerKey", found)


def _folded(old: FoldRow, row: FoldRow) -> FoldRow:
    return FoldRow(
        device_no=old.device_no,
        incarnation=old.incarnation,
        channel=old.channel,
        boots=old.boots + row.boots,
        boot_first=min(old.boot_first, row.boot_first),
        boot_last=max(old.boot_last, row.boot_last),
        numbered=old.numbered + row.numbered,
        stored=old.stored + row.stored,
        quarantined=old.quarantined + row.quarantined,
        declined=old.declined + row.declined,
        lost=old.lost + row.lost,
        duplicates=old.duplicates + row.duplicates,
    )


def _ledger_rows(rows: Recordset) -> Iterator[LedgerRow]:
    for (
        device, incarnation, boot, channel, mark, high, gaps, upper, stored, quarantined, declined, lost, duplicates, version,
        owed_since_ms, arrived,
    ) in zip(
        *map(rows.ints, ("device_no", "incarnation", "boot", "channel", "mark", "high")),
        cast("list[list[int]]", rows.whole("gaps")), rows.maybe_ints("upper"),
        *map(rows.ints, ("stored", "quarantined", "declined", "lost", "duplicates", "version")),
        rows.maybe_ints("owed_since_ms"), rows.maybe_times("arrival", 1_000_000), strict=True,
    ):  # fmt: skip
        yield {
            "device_no": device,
            "incarnation": incarnation,
            "boot": boot,
            "channel": channel,
            "mark": mark,
            "high": high,
            "gaps": gaps,
            "upper": upper,
            "stored": stored,
            "quarantined": quarantined,
            "declined": declined,
            "lost": lost,
            "duplicates": duplicates,
            "version": version,
            "owed_since_ms": owed_since_ms,
            "first_arrival": arrived,
            "last_arrival": arrived,
        }


LEDGER: Final[Mapping[str, Statement]] = {
    statement.__name__.removeprefix("_"): statement
    for statement in (
        _position, _start_position, _advance, _keys, _advance_rows, _new_rows, _ledger_of, _closed_of, _marks_of, _write_rows, _delete_rows,
        _add_folds, _close_boots, _first_seen, _add_losses, _generation, _next_generation, _next_wishes, _raise_wishes, _wishes_above,
    )
}  # fmt: skip
