"""The statements of `hub/sql/worker.sql`, on tables in memory."""

from __future__ import annotations

from collections.abc import Mapping
from operator import itemgetter
from typing import Final, cast

from seamline.hub.params import Int8s
from seamline.hub.steps.presence import SPOKEN_OF
from seamline.rig.world.memory_store_evidence import ADD_EVENTS
from seamline.rig.world.memory_store_ledger import Result, Statement, key_of
from seamline.rig.world.tables_boots import Key
from seamline.rig.world.tables_cells import (
    Given,
    columns,
    greatest,
    integers,
    maybe_int,
    moment,
    moment_text,
    moment_us,
    ms,
    number,
    there,
    timestamp,
)
from seamline.rig.world.tables_hub import BootKey, LedgerKey, Tables
from seamline.rig.world.tables_recordset import records, recordset
from seamline.rig.world.tables_rows import LedgerRow, PresenceRow

_DUE: Final = itemgetter("unanswered", "last_end", "publish_every_ms", "answer_timeout_ms", "presumed_lost_after_ms", "announced")


def _due_presence(base: Tables, given: Given, _names: Mapping[str, str]) -> Result:
    now_us, most = there("now_ms", timestamp(number(given, "now_ms"))), number(given, "most")
    found: list[tuple[object, ...]] = []
    for no in base.presence.due_until(now_us):
        row, device = base.presence.rows[no], base.device_of(no)
        check_at = row["check_at"]
        if device is None or check_at is None:
            continue
        head = (no, device["product"], row["incarnation"], row["boot"], row["session"] or 0)
        heard = (ms(row["born_at"]), ms(row["last_heard"]), ms(row["last_answered"]), ms(row["died_at"]))
        found.append((*head, *heard, *_DUE(row), moment_text(check_at)))
        if len(found) == most:
            break
    return found


def _still_online(base: Tables, given: Given, _names: Mapping[str, str]) -> Result:
    now_ms, most, rows = number(given, "now_ms"), number(given, "most"), base.presence.rows
    touched: dict[int, PresenceRow] = {}
    for no in base.presence.due_until(there("now_ms", timestamp(now_ms))):
        row = rows[no]
        if row["announced"] != "online" or row["died_at"] is not None or row["unanswered"] >= 2 or len(touched) == most:
            continue
        heard_ms, publish_ms, answer_ms = ms(row["last_heard"]), row["publish_every_ms"], row["answer_timeout_ms"]
        if heard_ms is None or publish_ms is None or answer_ms is None:
            continue
        silent_ms = heard_ms + publish_ms + answer_ms
        if silent_ms < now_ms:
            continue
        answered_ms = ms(greatest(row["born_at"], row["last_answered"]))
        if answered_ms is not None and heard_ms <= answered_ms + 3 * answer_ms:
            touched[no] = row.copy()
            touched[no]["check_at"] = timestamp(silent_ms + 1)
    base.presence.put_all(touched)
    return len(touched)


def _last_told(base: Tables, given: Given, _names: Mapping[str, str]) -> Result:
    found: list[tuple[object, ...]] = []
    for device in integers(given, "devices"):
        told = [(row.at, row.id, row.kind) for _, row in base.event.of(device) if row.kind in SPOKEN_OF]
        found.append((device, max(told)[2] if told else None))
    return found


def _announce(base: Tables, given: Given, _names: Mapping[str, str]) -> Result:
    rows, known, touched = recordset(given), base.presence.rows, dict[int, PresenceRow]()
    for no, state, next_at, was in zip(
        rows.maybe_ints("device_no"), rows.maybe_texts("state"), rows.maybe_times("next_ms"), rows.maybe_texts("was"), strict=True
    ):
        old = None if no is None or no in touched else known.get(no)
        if no is None or old is None:
            continue
        row = touched[no] = old.copy()
        row["announced"] = state
        if was is not None and _is_at(old["check_at"], was):
            row["check_at"] = next_at
    base.presence.put_all(touched)
    return len(touched)


def _is_at(at_us: int | None, text: str) -> bool:
    """Whether a time is the one of a text, which mostly is the one that it was given out as."""
    return at_us is not None and (moment_text(at_us) == text or moment_us(text) == at_us)


def _untold_quarantine(base: Tables, given: Given, _names: Mapping[str, str]) -> Result:
    groups: dict[tuple[object, ...], list[tuple[int | None, str | None]]] = {}
    for no in sorted(base.quarantine.waiting)[: number(given, "most")]:
        row = base.quarantine.rows[no]
        base.quarantine.put(no, row.but(told=True))
        group = (row.device_no, _product(base, row.device_no), row.reason)
        groups.setdefault(group, []).append((row.count, row.detail))
    return [
        (
            *group,
            len(members),
            sum(count for count, _ in members if count is not None),
            max((detail for _, detail in members if detail is not None), default=None),
        )
        for group, members in groups.items()
    ]


def _untold_losses(base: Tables, given: Given, _names: Mapping[str, str]) -> Result:
    groups: dict[tuple[object, ...], int] = {}
    for no in sorted(base.loss.waiting)[: number(given, "most")]:
        row = base.loss.rows[no]
        base.loss.put(no, row.but(told=True))
        group = (row.device_no, _product(base, row.device_no), row.reason, row.channel)
        groups[group] = groups.get(group, 0) + row.count * row.boots
    return [(*group, lost) for group, lost in groups.items()]


def _untold_gaps(base: Tables, given: Given, _names: Mapping[str, str]) -> Result:
    before_ms = number(given, "before_ms")
    before_us = there("before_ms", timestamp(before_ms))
    found: list[tuple[object, ...]] = []
    for key in base.ledger.waiting:
        row, no = base.ledger.rows[key], key[0]
        device, presence = base.device_of(no), base.presence.rows.get(no)
        since_ms = row["owed_since_ms"]
        if device is None or presence is None or since_ms is None or since_ms >= before_ms:
            continue
        if (presence["last_heard"] or before_us) > before_us and not _gap_is_told(base, row, since_ms):
            head = (no, device["product"], row["incarnation"], row["boot"], row["channel"])
            found.append((*head, row["gaps"].copy(), since_ms))
        if len(found) == number(given, "most"):
            break
    return found


def _gap_is_told(base: Tables, row: LedgerRow, since_ms: int) -> bool:
    since_us = there("owed_since_ms", timestamp(since_ms))
    wanted = {"boot": row["boot"], "channel": row["channel"], "since_ms": since_ms}
    return any(
        event.kind == "gap"
        and event.at >= since_us
        and isinstance(event.detail, dict)
        and wanted.items() <= cast("dict[str, object]", event.detail).items()
        for _, event in base.event.of(row["device_no"])
    )


def _redates(base: Tables, given: Given, _names: Mapping[str, str]) -> Result:
    found, most = list[tuple[object, ...]](), number(given, "most")
    for key in base.boot.waiting:
        row, device = base.boot.rows[key], base.device_of(key[0])
        if len(found) == most:
            break
        if device is not None:
            contract = device["contract"] if row.contract is None else row.contract
            found.append((*key, row.redate_from_ms, row.redate_version, contract, device["product"]))
    return found


def _redated(base: Tables, given: Given, _names: Mapping[str, str]) -> Result:
    touched: set[BootKey] = set()
    for device, incarnation, boot, version in columns(given, "device", "incarnation", "boot", "version"):
        key = (device, incarnation, boot)
        row = base.boot.rows.get(key)
        if row is not None and key not in touched and row.redate_version == version:
            touched.add(key)
            base.boot.put(key, row.but(redate_from_ms=None))
    return len(touched)


def _dated_rows(base: Tables, given: Given, names: Mapping[str, str]) -> Result:
    keys = columns(given, "device", "incarnation", "boot")
    before, from_ms = (cast("Int8s", given[name]).values for name in ("before", "from_ms"))
    rows = base.readings[names["table"]].before(cast("list[Key]", keys), before, from_ms, number(given, "most"))
    return [
        (place + 1, seq, moment(arrival_us), uptime_ms, ms(arrival_us), ms(measured_us), error_ms, quality)
        for place, seq, arrival_us, uptime_ms, measured_us, error_ms, quality in rows
    ]


def _revise(base: Tables, given: Given, names: Mapping[str, str]) -> Result:
    table = base.readings[names["table"]]
    rows, count = recordset(given), 0
    for *key, seq, arrival, unix_at, error_ms, quality in zip(
        *map(rows.maybe_ints, ("device_no", "incarnation", "boot", "seq")), rows.maybe_texts("arrival"),
        rows.maybe_times("unix_ms"), *map(rows.maybe_ints, ("error_ms", "quality")), strict=True,
    ):  # fmt: skip
        if seq is not None and arrival is not None and None not in key:
            count += table.revise(cast("Key", tuple(key)), seq, moment_us(arrival), (unix_at, error_ms, quality))
    return count


def _reading_tables(base: Tables, given: Given, _names: Mapping[str, str]) -> Result:
    rows = base.layout.rows.values()
    product = given["product"]
    return [*dict.fromkeys((row["product"], row["message"]) for row in rows if row["product"] == product and row["message_id"])]


def _unseen_wishes(base: Tables, given: Given, _names: Mapping[str, str]) -> Result:
    now_ms = number(given, "now_ms")
    now_us, stale_us = (there("now_ms", timestamp(at_ms)) for at_ms in (now_ms, now_ms - number(given, "again_ms")))
    found: dict[tuple[object, ...], None] = {}
    for key in base.twin_desired.waiting:
        row, device, presence = base.twin_desired.rows[key], base.device_of(key[0]), base.presence.rows.get(key[0])
        if device is None or row["resolution"] is not None or row["seen_at"] is not None:
            continue
        if presence is not None and presence["died_at"] is not None:
            continue
        sent_at, heard_at = row["delivered_at"], None if presence is None else presence["last_heard"]
        again = sent_at is None or (sent_at < stale_us and heard_at is not None and heard_at > sent_at)
        if again and (row["expires_at"] is None or row["expires_at"] > now_us):
            found[device["id"], device["no"]] = None
    return [*found][: number(given, "most")]


def _due_twins(base: Tables, given: Given, _names: Mapping[str, str]) -> Result:
    now_us = there("now_ms", timestamp(number(given, "now_ms")))
    found: dict[tuple[object, ...], None] = {}
    for key in base.twin_desired.waiting:
        row, device = base.twin_desired.rows[key], base.device_of(key[0])
        expires_at = row["expires_at"]
        due = row["resolution"] == "overridden" or (expires_at is not None and expires_at <= now_us)
        if device is not None and due:
            found[device["no"], device["id"], device["contract"]] = None
    return [*found][: number(given, "most")]


def _releasable(base: Tables, given: Given, _names: Mapping[str, str]) -> Result:
    names = (
        "id",
        "device_no",
        "device_id",
        "arrival",
        "channel",
        "layout",
        "fingerprint",
        "incarnation",
        "boot",
        "first",
        "count",
        "bytes",
    )
    able = sorted(no for layout, waiting in base.quarantine.parked.items() if layout in base.layout.rows for no in waiting)
    rows = (base.quarantine.rows[no] for no in able[: number(given, "most")])
    return [tuple(row[name] for name in names) for row in rows]


def _released(base: Tables, given: Given, _names: Mapping[str, str]) -> Result:
    chosen = [no for no in dict.fromkeys(integers(given, "ids")) if no in base.quarantine.rows]
    for no in chosen:
        base.quarantine.put(no, base.quarantine.rows[no].but(resolved_at=base.now_us))
    return len(chosen)


def _reclass(base: Tables, given: Given, _names: Mapping[str, str]) -> Result:
    rows = records(given)
    touched: set[LedgerKey] = set()
    closed: dict[tuple[int | None, ...], list[int | None]] = {}
    for r in rows:
        key, count = key_of(r), maybe_int(r, "count")
        row = None if key is None else base.ledger.rows.get(key)
        if row is None or key is None:
            fold = (maybe_int(r, "device_no"), maybe_int(r, "incarnation"), maybe_int(r, "channel"))
            closed.setdefault(fold, []).append(count)
        elif key not in touched:
            touched.add(key)
            stored, quarantined = row["stored"] + there("stored", count), row["quarantined"] - there("quarantined", count)
            base.ledger.put(key, {**row, "stored": stored, "quarantined": quarantined, "version": row["version"] + 1})
    folded = 0
    for key, counts in closed.items():
        fold = base.ledger_fold.rows.get(cast("tuple[int, int, int]", key))
        if fold is not None:
            folded += 1
            moved = [count for count in counts if count is not None]
            count = there("stored", sum(moved) if moved else None)
            stored, quarantined = fold.stored + count, fold.quarantined - count
            base.ledger_fold.put(cast("tuple[int, int, int]", key), fold.but(stored=stored, quarantined=quarantined))
    return [(len(touched) + folded, len(rows))]


def _product(base: Tables, no: int | None) -> str | None:
    device = None if no is None else base.device_of(no)
    return None if device is None else device["product"]


WORKER: Final[Mapping[str, Statement]] = {
    "add_events": ADD_EVENTS,
    **{
        statement.__name__.removeprefix("_"): statement
        for statement in (
            _due_presence, _still_online, _last_told, _announce, _untold_quarantine, _untold_losses, _untold_gaps, _redates, _redated, _dated_rows, _revise,
            _reading_tables, _unseen_wishes, _due_twins, _releasable, _released, _reclass,
        )
    },
}  # fmt: skip
