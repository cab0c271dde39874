"""Every simulated device has sensors of its own: coefficients as from a factory, one of them corrected later, and the proof at the end.

The proof holds each stored physical value against what `contract.calibration.physical` gives for the stored raw count, which the
verdict has held against the measured one.
"""

import asyncio
import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Final, TypeAlias, cast
from urllib.parse import quote, urlencode

import psycopg
from psycopg import sql

from seamline.contract import Layout, OutOfRange
from seamline.contract.calibration import CalibrationError, Coefficients, physical
from seamline.contract.model import Calibration
from seamline.hub.calibrations import of_field, of_layouts
from seamline.hub.reading_columns import field_column, physical_column, reading_table, version_column
from seamline.rig.asking import send
from seamline.rig.verify import Verdict

LINES_AN_IMPORT: Final = 10_000
ROWS_A_FETCH: Final = 5_000
AGAIN_S: Final = 0.5
SETTLED_WITHIN_S: Final = 60.0
"""Values a history of hours anew, with a hub that restarts in between."""
SPREAD: Final = 0.005
"""Sensors of one make differ by half a percent."""
SPAN: Final = 200.0
"""What a converter covers from end to end, in the unit measured."""
COUNTS_MAX: Final = 4_095.0
NTC: Final = {"a": 1.009249522e-3, "b": 2.378405444e-4, "c": 2.019202697e-7}
"""A common 10 kOhm thermistor's; SRS thermistor calculator, for 25 kOhm at 5 Cel, 10 kOhm at 25 Cel, 4 kOhm at 45 Cel."""
DIGITS: Final = 1e-9
"""A logarithm may differ in its last bit; everything else is exact."""


Key: TypeAlias = "tuple[str, str]"
"""Device and calibration."""


def drawn(calibration: Calibration, random: Random) -> dict[str, float | list[tuple[float, float]]]:
    """Draw the coefficients of one sensor."""
    top = COUNTS_MAX
    if "adc.bits" in calibration.terms:
        top = int(calibration.terms["adc.reference"].removesuffix("mV")) / 1000
    if calibration.kind == "steinhart_hart":
        return {name: value * random.uniform(1 - SPREAD, 1 + SPREAD) for name, value in NTC.items()}
    gain, offset = SPAN / top * random.uniform(1 - SPREAD, 1 + SPREAD), random.uniform(-SPAN, SPAN) * SPREAD
    if calibration.kind == "linear":
        return {"gain": gain, "offset": offset}
    if calibration.kind == "table":
        steps = int(calibration.terms["points"]) - 1
        return {"points": [(top * step / steps, gain * top * step / steps + offset) for step in range(steps + 1)]}
    bends = [random.uniform(-SPREAD, SPREAD) * SPAN / top**power for power in range(2, len(calibration.coefficients))]
    return dict(zip(calibration.coefficients, [offset, gain, *bends], strict=True))


@dataclass(slots=True)
class Sheets:
    """What is known of a fleet's sensors: every version of each device's coefficients, the oldest first."""

    product: str
    layouts: Sequence[Layout]
    calibrations: Mapping[str, Calibration]
    versions: dict[Key, list[Coefficients]] = field(default_factory=dict[Key, list[Coefficients]])

    @classmethod
    def of(cls, product: str, layouts: Iterable[Layout], devices: Iterable[str], seed: int) -> "Sheets":
        """Draw the sheets of these devices; the same seed gives the same ones."""
        own = [layout for layout in layouts if layout.product == product]
        found = cls(product, own, of_layouts(own))
        for device in devices:
            random = Random(f"{seed}/{device}/sheet")  # noqa: S311  # a simulation, repeatable on purpose
            for name, calibration in found.calibrations.items():
                found.versions[device, name] = [drawn(calibration, random)]
        return found

    def bring_in(self, url: str) -> None:
        """Import them all, as a factory does before a device is first switched on. Blocks. Raises RefusedError, OSError."""
        lines = [
            json.dumps({"device": device, "product": self.product, "calibration": name, "coefficients": versions[0]})
            for (device, name), versions in self.versions.items()
        ]
        said = urlencode({"by": "the rig", "reason": "as measured in the factory"})
        for start in range(0, len(lines), LINES_AN_IMPORT):
            part = "\n".join(lines[start : start + LINES_AN_IMPORT])
            send(f"{url}/api/calibrations?{said}", "POST", "application/x-ndjson", part.encode())

    async def correct(self, url: str, key: Key) -> None:
        """Correct one sensor by a hundredth of its span; asked again while the hub is away. Raises RefusedError."""
        device, name = key
        corrected = _shifted(self.calibrations[name], self.versions[key][-1])
        expected = len(self.versions[key])
        asked = {"coefficients": corrected, "by": "the rig", "reason": "corrected", "expected": expected}
        self.versions[key].append(corrected)
        path = f"{url}/api/devices/{quote(device)}/calibrations/{quote(name)}"
        while True:
            try:
                await asyncio.to_thread(send, path, "PUT", "application/json", json.dumps(asked).encode())
            except OSError:  # killed meanwhile: what was written and not answered is not written twice
                await asyncio.sleep(AGAIN_S)
            else:
                return

    async def settled(self, dsn: str) -> bool:
        """Wait until history is valued anew; False when that takes too long."""
        devices = sorted({device for device, _ in self.versions})
        for _ in range(int(SETTLED_WITHIN_S / AGAIN_S)):
            if not await asyncio.to_thread(_unfinished, dsn, devices):
                return True
            await asyncio.sleep(AGAIN_S)
        return False

    def check(self, dsn: str, verdict: Verdict) -> None:
        """Hold every stored physical value, and the audit, against the sheets; blocks for the length of a table scan."""
        with psycopg.connect(dsn) as connection:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            connection.read_only = True
            newest = self._stored(connection, verdict)
            self._audit(connection, newest, verdict)
            for message in sorted({layout.message for layout in self.layouts}):
                own = [layout for layout in self.layouts if layout.message == message]
                if of_layouts(own):
                    self._rows(connection, own, newest, verdict)

    def _stored(self, connection: psycopg.Connection, verdict: Verdict) -> dict[Key, int]:
        """The newest version of each, which must be one of the sheets."""
        query = (
            "SELECT d.id, c.name, c.version, c.coefficients FROM calibration c JOIN device d ON d.no = c.device_no"
            " WHERE d.id = ANY (%s) ORDER BY c.version"
        )
        newest: dict[Key, int] = {}
        for device, name, version, coefficients in connection.execute(query, (sorted({key[0] for key in self.versions}),)):
            known = self.versions.get((device, name), [])
            newest[device, name] = version
            if version > len(known) or json.loads(json.dumps(known[version - 1])) != coefficients:
                verdict.complain("coefficients that nobody gave", f"{device} {name} version {version}")
        for key in self.versions.keys() - newest.keys():
            verdict.complain("coefficients that were not kept", " ".join(key))
        return newest

    def _audit(self, connection: psycopg.Connection, newest: Mapping[Key, int], verdict: Verdict) -> None:
        """Every correction has its row, finished."""
        query = (
            "SELECT d.id, r.calibration, r.to_version FROM revaluation r JOIN device d ON d.no = r.device_no"
            " WHERE r.finished_at IS NOT NULL AND r.from_version < r.to_version AND d.id = ANY (%s)"
        )
        corrected = {key: version for key, version in newest.items() if version > 1}
        passes = Counter(connection.execute(query, (sorted({device for device, _ in corrected}),)).fetchall())
        for (device, name), version in corrected.items():
            if passes[device, name, version] != 1:
                verdict.complain("corrections without one audit row", f"{device} {name} version {version}")

    def _rows(
        self, connection: psycopg.Connection, layouts: Sequence[Layout], newest: Mapping[Key, int], verdict: Verdict
    ) -> None:
        for device, name, layout, raw, value, version in _columns(connection, layouts, sorted({key[0] for key in newest})):
            expected, wanted = newest[device, layout.calibration.name], self._value(device, layout, raw, newest)
            if version != expected or not _same(value, wanted):
                verdict.value_mismatches += 1
                text = f"{device} {name}: count {raw} is {value} by version {version}; {wanted} by version {expected}"
                verdict.complain("physical values that the coefficients do not give", text)

    def _value(self, device: str, layout: "_Calibrated", raw: int, newest: Mapping[Key, int]) -> float | None:
        calibration = layout.calibration
        version = newest[device, calibration.name]
        try:
            found = physical(calibration, self.versions[device, calibration.name][version - 1], raw)
        except (CalibrationError, IndexError):
            return None
        return None if layout.missing is not None and not layout.missing[0] <= found <= layout.missing[1] else found


@dataclass(frozen=True, slots=True)
class _Calibrated:
    """A column of one layout: its calibration, and the range beyond which a value is missing."""

    calibration: Calibration
    missing: tuple[float, float] | None


def _columns(
    connection: psycopg.Connection, layouts: Sequence[Layout], devices: Sequence[str]
) -> Iterator[tuple[str, str, _Calibrated, int, float | None, int | None]]:
    """Stream device, column, what the row's layout says of it, raw count, physical value and version of every stored count."""
    known = {layout.version: _of_layout(layout) for layout in layouts}
    names = list(dict.fromkeys(name for columns in known.values() for name in columns))
    own = {name: next(columns[name] for columns in known.values() if name in columns) for name in names}
    wanted = [
        column
        for name in names
        for column in (field_column(name), physical_column(name), version_column(own[name].calibration.name))
    ]
    query = sql.SQL("SELECT d.id, r.layout, {} FROM {} r JOIN device d ON d.no = r.device_no WHERE d.id = ANY (%s)").format(
        sql.SQL(", ").join(sql.SQL("r.{}").format(sql.Identifier(column)) for column in wanted),
        sql.Identifier(reading_table(layouts[0].product, layouts[0].message)),
    )
    with connection.cursor(name="sheets") as cursor:
        cursor.itersize = ROWS_A_FETCH
        cursor.execute(query, (list(devices),))
        for device, version, *cells in cursor:
            for at, name in enumerate(names):
                raw, value, valued = cast("tuple[int | None, float | None, int | None]", tuple(cells[3 * at : 3 * at + 3]))
                column = known[version].get(name)
                if column is not None and raw is not None:
                    yield device, name, column, int(raw), value, valued


def _of_layout(layout: Layout) -> dict[str, _Calibrated]:
    found: dict[str, _Calibrated] = {}
    for place in layout.places:
        calibration, bounds = of_field(place.field), place.field.range
        if calibration is not None:
            missing = place.field.out_of_range is OutOfRange.MISSING and bounds is not None
            found[place.name] = _Calibrated(calibration, (float(bounds[0]), float(bounds[1])) if missing and bounds else None)
    return found


def _same(value: float | None, wanted: float | None) -> bool:
    if value is None or wanted is None:
        return value is wanted
    return math.isclose(value, wanted, rel_tol=DIGITS, abs_tol=DIGITS)


def _shifted(calibration: Calibration, coefficients: Coefficients) -> dict[str, float | list[tuple[float, float]]]:
    """The same sensor, a hundredth higher."""
    first = calibration.coefficients[-1] if calibration.kind == "linear" else calibration.coefficients[0]
    if first == "points":
        points = cast("Sequence[tuple[float, float]]", coefficients["points"])
        return {"points": [(x, value + SPAN / 100) for x, value in points]}
    numbers = {name: cast("float", number) for name, number in coefficients.items()}
    moved = numbers[first] * 1.01 if calibration.kind == "steinhart_hart" else numbers[first] + SPAN / 100
    return {**numbers, first: moved}


def _unfinished(dsn: str, devices: Sequence[str]) -> int:
    """How many passes are under way; unknown counts as one."""
    query = (
        "SELECT count(*) FROM revaluation r JOIN device d ON d.no = r.device_no WHERE r.finished_at IS NULL AND d.id = ANY (%s)"
    )
    try:
        with psycopg.connect(dsn) as connection:
            row = connection.execute(query, (list(devices),)).fetchone()
    except psycopg.OperationalError:
        return 1
    return 1 if row is None else int(row[0])
