"""The statements of adding coefficients, and of the step that values history anew, on tables in memory."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Final, cast

import numpy as np

from seamline.hub.calibrations import NONE
from seamline.hub.columns import missing_column
from seamline.hub.reading_columns import field_column
from seamline.rig.world.memory_store_devices import put_device
from seamline.rig.world.memory_store_ledger import Result, Statement
from seamline.rig.world.tables import NOT_UNIQUE, RefusedError
from seamline.rig.world.tables_cells import (
    Given,
    greatest,
    int_of,
    least,
    maybe_int,
    maybe_text,
    moment,
    moment_us,
    ms,
    number,
    text_of,
    texts,
    there,
    timestamp,
)
from seamline.rig.world.tables_hub import CalibrationKey, Tables
from seamline.rig.world.tables_readings import PHYSICAL, Sheet
from seamline.rig.world.tables_recordset import records
from seamline.rig.world.tables_rows import CalibrationRow, RevaluationRow

MICRO: Final = 1_000_000


def _be_patient(_base: Tables, given: Given, _names: Mapping[str, str]) -> Result:
    return [(text_of(given, "patience"),)]


def _hold_batches(_base: Tables, _given: Given, _names: Mapping[str, str]) -> Result:
    return [("",)]  # one transaction works at a time: no batch is in its own


def _known_devices(base: Tables, given: Given, _names: Mapping[str, str]) -> Result:
    pairs = {(maybe_text(r, "device"), maybe_text(r, "product")) for r in records(given)}
    count = 0
    for device, product in sorted(pairs, key=lambda pair: [(one is None, one or "") for one in pair]):
        no = base.numbers["device"].draw()  # also where the device is known, as an identity column does
        name = there("id", device)
        if name in base.device.rows:
            continue
        put_device(base, no, name, product)
        count += 1
    return count


def _numbers_of(base: Tables, given: Given, _names: Mapping[str, str]) -> Result:
    return [(name, base.device.rows[name]["no"]) for name in dict.fromkeys(texts(given, "devices")) if name in base.device.rows]


def _newest_versions(base: Tables, given: Given, _names: Mapping[str, str]) -> Result:
    found: dict[tuple[int, str, str], CalibrationRow] = {}
    for r in records(given):
        for key, row in base.calibration.of(maybe_int(r, "device_no")):
            if key[1:3] == (r["product"], r["name"]) and (key[:3] not in found or found[key[:3]]["version"] < key[3]):
                found[key[:3]] = row
    names = ("device_no", "product", "name", "version", "coefficients")
    return [
        (*(row[name] for name in names), ms(row["valid_from"]), ms(row["valid_to"]), row["by"], row["reason"])
        for _, row in sorted(found.items())
    ]


def _add_versions(base: Tables, given: Given, _names: Mapping[str, str]) -> Result:
    for r in records(given):
        serial = base.numbers["calibration"].draw()
        row: CalibrationRow = {
            "device_no": int_of(r, "device_no"),
            "product": text_of(r, "product"),
            "name": text_of(r, "name"),
            "version": int_of(r, "version"),
            "serial": serial,
            "coefficients": there("coefficients", r["coefficients"]),
            "valid_from": timestamp(maybe_int(r, "from_ms")),
            "valid_to": timestamp(maybe_int(r, "to_ms")),
            "by": text_of(r, "by"),
            "reason": text_of(r, "reason"),
            "made_at": base.now_us,
        }
        key: CalibrationKey = (row["device_no"], row["product"], row["name"], row["version"])
        if key in base.calibration.rows:
            raise RefusedError(NOT_UNIQUE, f"duplicate key value {key}")
        base.calibration.put(key, row)
    return len(records(given))


def _ask_revaluations(base: Tables, given: Given, _names: Mapping[str, str]) -> Result:
    heard = [r for r in records(given) if _is_heard(base, maybe_int(r, "device_no"))]
    for r in sorted(heard, key=lambda r: (int_of(r, "device_no"), maybe_text(r, "name") is None, maybe_text(r, "name"))):
        version = maybe_int(r, "version")
        row: RevaluationRow = {
            "id": base.numbers["revaluation"].draw(),
            "device_no": int_of(r, "device_no"),
            "product": text_of(r, "product"),
            "calibration": text_of(r, "name"),
            "from_version": None if version is None else version - 1 or None,
            "to_version": there("to_version", version),
            "by": text_of(r, "by"),
            "reason": text_of(r, "reason"),
            "asked_at": base.now_us,
            "finished_at": None,
            "rows": 0,
            "first_measured": None,
            "last_measured": None,
            "place": None,
        }
        base.revaluation.put(row["id"], row)
    return len(heard)


def _is_heard(base: Tables, device: int | None) -> bool:
    return any(True for table in (base.ledger, base.ledger_fold) for _ in table.of(device))


ADDING: Final[Mapping[str, Statement]] = {
    statement.__name__.removeprefix("_"): statement
    for statement in (
        _be_patient, _hold_batches, _known_devices, _numbers_of, _newest_versions, _add_versions, _ask_revaluations,
    )
}  # fmt: skip
"""By name, the statements of `hub/sql/calibration.sql`."""

# -- the step ----------------------------------------------------------------------------------------------------------


def _due_revaluations(base: Tables, given: Given, _names: Mapping[str, str]) -> Result:
    rows = [base.revaluation.rows[one] for one in sorted(base.revaluation.waiting)[: number(given, "most")]]
    names = ("id", "device_no", "product", "calibration", "to_version", "place")
    return [tuple(row[name] for name in names) for row in rows]


def _versions_until(base: Tables, given: Given, _names: Mapping[str, str]) -> Result:
    named, version = (text_of(given, "product"), text_of(given, "name")), number(given, "version")
    return [
        (row["version"], row["coefficients"], row["valid_from"], row["valid_to"])
        for key, row in base.calibration.of(number(given, "device"))
        if key[1:3] == named and key[3] <= version
    ]


def _layouts_of(base: Tables, given: Given, _names: Mapping[str, str]) -> Result:
    rows = [row for row in base.layout.rows.values() if row["product"] == given["product"] and row["message_id"]]
    rows.sort(key=lambda row: (row["message_id"], row["layout"], row["registered_at"]))
    return [(row["canonical"],) for row in rows]


def _counted_rows(base: Tables, given: Given, names: Mapping[str, str]) -> Result:
    most, found = number(given, "most"), list[tuple[tuple[int, ...], Sheet, int]]()
    for sheet in base.readings[names["table"]].sheets.values():
        rows = sheet.of_device(number(given, "device"))
        if len(rows):
            boot, seq, incarnation = (sheet.column(name)[rows] for name in ("boot", "seq", "incarnation"))
            behind = incarnation > number(given, "incarnation")
            for column, name in ((seq, "seq"), (boot, "boot")):
                behind = (column > number(given, name)) | ((column == number(given, name)) & behind)
            first = np.flatnonzero(behind)
            first = first[np.lexsort((incarnation[first], seq[first], boot[first]))][:most]
            keys = zip(boot[first].tolist(), seq[first].tolist(), incarnation[first].tolist(), strict=True)
            found += [(key, sheet, at) for key, at in zip(keys, rows[first].tolist(), strict=True)]
    found.sort(key=lambda one: one[0])
    counts = names["counts"].split(",")
    columns = {id(sheet): _columns(sheet, counts) for _, sheet, _ in found[:most]}
    return [
        (*key, *_counted(sheet, at, names["version"]), *_counts(sheet, at, columns[id(sheet)])) for key, sheet, at in found[:most]
    ]


def _counted(sheet: Sheet, at: int, version: str) -> tuple[object, ...]:
    """Layout, arrival, moment and version of a row."""
    arrival_us, measured_us = int(sheet.column("arrival")[at]), sheet.date(at)[0]
    at_us = arrival_us if measured_us is None else measured_us
    return sheet.layout.version, moment(arrival_us), at_us, int(sheet.versions(version)[at]) or None


def _columns(sheet: Sheet, columns: Sequence[str]) -> list[tuple[str, str] | None]:
    """The fields in these columns of raw values, each with the one that says where it is missing, if that is one."""
    places = {field_column(place.name): place for place in sheet.layout.places}
    found = [places.get(column) for column in columns]
    return [place and (place.name, missing_column(place.name) if place.field.may_miss else "") for place in found]


def _counts(sheet: Sheet, at: int, columns: Sequence[tuple[str, str] | None]) -> list[int | None]:
    """What a row has in these columns."""
    assert sheet.fields is not None  # noqa: S101 - there is a row
    fields = sheet.fields[at]
    return [None if column is None or (column[1] and fields[column[1]]) else int(fields[column[0]]) for column in columns]


def _revalue(base: Tables, given: Given, names: Mapping[str, str]) -> Result:
    table, columns = base.readings[names["table"]], names["columns"].split(",")
    count = 0
    for r in cast("Sequence[Given]", json.loads(text_of(given, "rows"))):
        key = (int_of(r, "device_no"), int_of(r, "incarnation"), int_of(r, "boot"))
        valued = {column: _cell(column, r.get(column)) for column in columns}
        count += table.revalue(key, int_of(r, "seq"), moment_us(text_of(r, "arrival")), valued)
    return count


def _cell(column: str, value: object) -> float:
    """A value as a sheet keeps it."""
    if value is None:
        return np.nan if column.startswith(PHYSICAL) else NONE
    assert isinstance(value, (int, float))  # noqa: S101 - what the columns take
    return value


def _passed(base: Tables, given: Given, _names: Mapping[str, str]) -> Result:
    row = base.revaluation.rows.get(number(given, "id"))
    if row is None:
        return 0
    first, last = (timestamp(maybe_int(given, name), MICRO) for name in ("first_us", "last_us"))
    moved: RevaluationRow = {
        **row,
        "rows": row["rows"] + number(given, "count"),
        "place": json.loads(text_of(given, "place")),
        "first_measured": least(row["first_measured"], first),
        "last_measured": greatest(row["last_measured"], last),
    }
    base.revaluation.put(row["id"], moved)
    return 1


def _finished(base: Tables, given: Given, _names: Mapping[str, str]) -> Result:
    row = base.revaluation.rows.get(number(given, "id"))
    if row is None:
        return 0
    base.revaluation.put(row["id"], {**row, "finished_at": base.now_us})
    return 1


def _forget_empty(base: Tables, given: Given, _names: Mapping[str, str]) -> Result:
    row = base.revaluation.rows.get(number(given, "id"))
    is_empty = row is not None and row["from_version"] == row["to_version"] and not row["rows"]
    return int(is_empty and base.revaluation.remove(number(given, "id")))


REVALUING: Final[Mapping[str, Statement]] = {
    statement.__name__.removeprefix("_"): statement
    for statement in (
        _due_revaluations, _versions_until, _layouts_of, _counted_rows, _revalue, _passed, _finished, _forget_empty,
    )
}  # fmt: skip
"""By name, the statements of `hub/sql/worker.sql` for `hub.steps.revalue`."""
