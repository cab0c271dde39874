"""The statements of ingest and worker about calibrations, on tables in memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from seamline.rig.world.memory_store_ledger import Result, Statement
from seamline.rig.world.tables_cells import Given, integers, number, text_of
from seamline.rig.world.tables_hub import Tables
from seamline.rig.world.tables_rows import CalibrationRow, RevaluationRow


def _hold_calibrations(_base: Tables, _given: Given, _names: Mapping[str, str]) -> Result:
    return [("",)]  # one transaction works at a time: nobody adds coefficients beside it


def _calibrations_since(base: Tables, given: Given, _names: Mapping[str, str]) -> Result:
    seen = number(given, "seen")
    rows = [row for row in base.calibration.rows.values() if row["serial"] >= seen]
    newest = max((row["serial"] for row in rows), default=0)
    return [(newest, sorted({row["device_no"] for row in rows if row["serial"] > seen}))]


def _calibrations_of(base: Tables, given: Given, _names: Mapping[str, str]) -> Result:
    rows = [row for device in sorted(set(integers(given, "devices"))) for _, row in base.calibration.of(device)]
    rows.sort(key=lambda row: (row["device_no"], row["name"], row["version"]))
    names = ("device_no", "product", "name", "version", "coefficients", "valid_from", "valid_to")
    return [tuple(row[name] for name in names) for row in rows]


def _ask_again(base: Tables, given: Given, _names: Mapping[str, str]) -> Result:
    groups: dict[tuple[int, str, str], list[CalibrationRow]] = {}
    for device in sorted(set(integers(given, "devices"))):
        for key, known in base.calibration.of(device):
            groups.setdefault(key[:3], []).append(known)
    asked = [
        (key, max(row["version"] for row in rows))
        for key, rows in groups.items()
        if not given["dated"] or any(row["valid_from"] is not None or row["valid_to"] is not None for row in rows)
    ]
    asked = sorted((key, version) for key, version in asked if not _is_asked(base, key, version))
    for (device, product, name), version in asked:
        row: RevaluationRow = {
            "id": base.numbers["revaluation"].draw(),
            "device_no": device,
            "product": product,
            "calibration": name,
            "from_version": version,
            "to_version": version,
            "by": "hub",
            "reason": text_of(given, "reason"),
            "asked_at": base.now_us,
            "finished_at": None,
            "rows": 0,
            "first_measured": None,
            "last_measured": None,
            "place": None,
        }
        base.revaluation.put(row["id"], row)
    return len(asked)


def _is_asked(base: Tables, key: tuple[int, str, str], version: int) -> bool:
    """Whether a pass that has not begun yet does the same."""
    return any(
        (row["product"], row["calibration"], row["to_version"]) == (*key[1:], version)
        and row["finished_at"] is None
        and row["place"] is None
        for _, row in base.revaluation.of(key[0])
    )


CALIBRATION: Final[Mapping[str, Statement]] = {
    statement.__name__.removeprefix("_"): statement for statement in (_hold_calibrations, _calibrations_since, _calibrations_of)
}
REVALUATION: Final[Mapping[str, Statement]] = {"ask_again": _ask_again}
