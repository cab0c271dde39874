"""Physical values for whole columns: `seamline.contract.calibration` evaluated by NumPy, each record with its device's coefficients.

`Formula` is one calibration over columns; a property test holds it to the scalar one (a logarithm may differ in its last bit).
`Sets` keeps the coefficients of one calibration by device, and knows which of a device's versions is in force when. A value that
a formula cannot give is NaN here and NULL in a table: the raw count beside it is never touched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from seamline.contract import Layout, OutOfRange
from seamline.contract.calibration import ZERO_CELSIUS_K, CalibrationError, Coefficients, Points, check
from seamline.contract.model import Calibration
from seamline.hub.calibrations import NONE, Version, of_field, spans
from seamline.hub.columns import missing_column
from seamline.hub.decode import I64, Bools, Records

F64: TypeAlias = NDArray[np.float64]
Shape: TypeAlias = Callable[[Calibration, F64, I64, F64], F64]

UNREAD: Final = -2
"""Nothing is known of a device's coefficients yet; they are to be read."""
ABSENT: Final = -1
"""The device has none."""
MANY: Final = -3
"""Which of the device's hold depends on the moment."""


@dataclass(frozen=True, slots=True)
class Physical:
    """What some records measured. Physical values by column, NaN for none; versions by calibration, 0 for not valued."""

    values: Mapping[str, F64]
    versions: Mapping[str, I64]

    @property
    def valued(self) -> bool:
        """Whether any record was valued."""
        return any(version.any() for version in self.versions.values())

    def __getitem__(self, chosen: Bools) -> Physical:
        """The chosen records."""
        return Physical(
            {name: column[chosen] for name, column in self.values.items()},
            {name: column[chosen] for name, column in self.versions.items()},
        )


class Formula:
    """A calibration for columns. A set of coefficients is a row of `width` numbers."""

    def __init__(self, calibration: Calibration) -> None:
        self.calibration: Final = calibration
        self._points: Final = int(calibration.terms["points"]) if calibration.kind == "table" else 0
        self.width: Final = 2 * self._points + 1 if self._points else len(calibration.coefficients)
        self._shape: Final[Shape] = {"table": _between, "steinhart_hart": _kelvin}.get(calibration.kind, _polynomial)

    def row(self, coefficients: Coefficients) -> F64:
        """A set of coefficients as numbers. Raises CalibrationError."""
        check(self.calibration, coefficients)
        if not self._points:
            return np.array([coefficients[name] for name in self.calibration.coefficients], np.float64)
        points = np.array(cast("Points", coefficients["points"]), np.float64)
        row = np.full(self.width, np.inf)
        row[: len(points)], row[self._points : self._points + len(points)] = points[:, 0], points[:, 1]
        row[-1] = len(points)
        return row

    def values(self, sets: F64, which: I64, raw: F64) -> F64:
        """Physical values of raw counts, each by its row of `sets`; NaN where the formula gives none."""
        with np.errstate(all="ignore"):
            found = self._shape(self.calibration, sets, which, self._measured(raw))
        found[~np.isfinite(found)] = np.nan
        return found

    def _measured(self, raw: F64) -> F64:
        """What the formula takes: resistance (NaN at an open or short circuit), voltage or count."""
        terms = self.calibration.terms
        if "adc.bits" not in terms:
            return raw
        full = float((1 << int(terms["adc.bits"])) - 1)
        if self.calibration.kind != "steinhart_hart":
            return raw * int(terms["adc.reference"].removesuffix("mV")) / 1000 / full
        divider = int(terms["adc.divider"].removesuffix("Ohm"))
        ratio = np.where((raw > 0) & (raw < full), raw / (full - raw), np.nan)
        return divider / ratio if terms.get("adc.thermistor") == "high" else divider * ratio


def _polynomial(calibration: Calibration, sets: F64, which: I64, x: F64) -> F64:
    """Horner's rule, the highest power first; `linear` is (gain, offset)."""
    order = range(sets.shape[1]) if calibration.kind == "linear" else range(sets.shape[1] - 1, -1, -1)
    value = np.zeros(len(x))
    for column in order:
        value = value * x + sets[which, column]
    return value


def _kelvin(calibration: Calibration, sets: F64, which: I64, ohms: F64) -> F64:
    logarithm = np.log(ohms)
    kelvin = 1 / (sets[which, 0] + sets[which, 1] * logarithm + sets[which, 2] * logarithm**3)
    kelvin[kelvin <= 0] = np.nan
    return kelvin if calibration.unit == "K" else kelvin - ZERO_CELSIUS_K


def _between(_: Calibration, sets: F64, which: I64, x: F64) -> F64:
    """Straight lines between the points: a binary search in every row at once."""
    width = (sets.shape[1] - 1) // 2
    count: I64 = sets[which, -1].astype(np.int64)
    low, high = np.zeros(len(x), np.int64), count.copy()
    for _step in range(width.bit_length()):
        middle: I64 = (low + high) // 2
        right: Bools = (low < high) & (sets[which, np.minimum(middle, width - 1)] <= x)
        left: Bools = (low < high) & ~right
        low[right], high[left] = middle[right] + 1, middle[left]
    at = np.clip(low, 1, count - 1)
    begin, end = sets[which, at - 1], sets[which, at]
    part = (x - begin) / (end - begin)
    value = sets[which, width + at - 1] * (1 - part) + sets[which, width + at] * part
    value[~((x >= sets[which, 0]) & (x <= sets[which, count - 1]))] = np.nan
    return value


class Sets:
    """The coefficients of one calibration, by device slot, with the versions they are."""

    def __init__(self, calibration: Calibration) -> None:
        self.formula: Final = Formula(calibration)
        self._of: I64 = np.full(0, UNREAD, np.int64)
        self._numbers: F64 = np.full((0, self.formula.width), np.nan)
        self._version: I64 = np.zeros(0, np.int64)
        self._many: Final[dict[int, tuple[I64, I64]]] = {}
        self._used = 0

    def __bool__(self) -> bool:
        """Whether any device has coefficients."""
        return self._used > 0

    def unread(self, slots: I64) -> I64:
        """Those of these slots whose coefficients are to be read, each once."""
        self._reach(int(slots.max(initial=-1)) + 1)
        found = slots[self._of[slots] == UNREAD]
        return np.unique(found) if len(found) else found

    def forget(self, slots: Iterable[int]) -> None:
        """Have these devices' coefficients read anew."""
        for slot in slots:
            self._many.pop(slot, None)
            if slot < len(self._of):
                self._of[slot] = UNREAD

    def put(self, slot: int, versions: Sequence[Version]) -> None:
        """Take what the database has of a device, which may be nothing."""
        self._reach(slot + 1)
        self._many.pop(slot, None)
        self._of[slot] = ABSENT
        when = spans(versions)
        known = {one.version: one.coefficients for one in versions}
        index = {version: self._add(version, known[version]) for version in set(when.version) - {NONE}}
        if len(when.version) == 1:
            self._of[slot] = index.get(when.version[0], ABSENT)
        else:
            indices = [index.get(version, ABSENT) for version in when.version]
            self._of[slot] = MANY
            self._many[slot] = np.array(when.start_us, np.int64), np.array(indices, np.int64)

    def value(self, slots: I64, at_us: I64, raws: Sequence[F64]) -> tuple[list[F64], I64]:
        """Value columns of counts, one entry a record: physical values (NaN for none) and the version used (0 for none).

        `slots` are the devices, all read; `at_us` the records' moments, Unix µs.
        """
        which = self._of[slots]
        for slot in np.unique(slots[which == MANY]).tolist():
            inside, (starts, indices) = slots == slot, self._many[slot]
            which[inside] = indices[np.searchsorted(starts, at_us[inside], side="right") - 1]
        has = which >= 0
        if has.all():
            return [self.formula.values(self._numbers, which, raw) for raw in raws], self._version[which]
        version, found = np.zeros(len(slots), np.int64), [np.full(len(slots), np.nan) for _ in raws]
        if has.any():
            version[has] = self._version[which[has]]
            for column, raw in zip(found, raws, strict=True):
                column[has] = self.formula.values(self._numbers, which[has], raw[has])
        return found, version

    def _add(self, version: int, coefficients: Coefficients) -> int:
        """Keep one set. What the calibration refuses (its terms were other ones) gives no values."""
        if self._used == len(self._version):
            room = max(64, 2 * self._used)
            self._numbers = np.concatenate([self._numbers, np.full((room - self._used, self.formula.width), np.nan)])
            self._version = np.concatenate([self._version, np.zeros(room - self._used, np.int64)])
        try:
            self._numbers[self._used] = self.formula.row(coefficients)
        except CalibrationError:
            self._numbers[self._used] = np.nan
            self._numbers[self._used, -1] = 2  # a table's number of points, or one number of several: no value comes of it
        self._version[self._used] = version
        self._used += 1
        return self._used - 1

    def _reach(self, count: int) -> None:
        if count > len(self._of):
            self._of = np.concatenate([self._of, np.full(max(1024, 2 * count) - len(self._of), UNREAD, np.int64)])


@dataclass(frozen=True, slots=True)
class Count:
    """A column of raw counts: where it may lack a value, and which physical values count as missing."""

    name: str
    calibration: str
    may_miss: bool
    missing_below: float | None
    missing_above: float | None

    def bounded(self, values: F64) -> F64:
        """Physical values with those beyond the range taken out, where the contract says that they are missing."""
        if self.missing_below is not None and self.missing_above is not None:
            values[(values < self.missing_below) | (values > self.missing_above)] = np.nan
        return values


class Counts:
    """The columns of one layout that hold raw counts, by calibration."""

    def __init__(self, layout: Layout) -> None:
        self.calibrations: Final[Mapping[str, Calibration]] = {
            calibration.name: calibration for field in layout.fields if (calibration := of_field(field)) is not None
        }
        self.columns: Final[Mapping[str, tuple[Count, ...]]] = {
            name: tuple(_count(layout, place.name) for place in layout.places if place.field.calibration == name)
            for name in self.calibrations
        }

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self.calibrations)

    def value(self, sets: Mapping[str, Sets], slots: I64, at_us: I64, fields: Records) -> Physical:
        """Value records of the layout; `fields` as from its decoder, `sets` by calibration."""
        values: dict[str, F64] = {}
        versions: dict[str, I64] = {}
        for name, columns in self.columns.items():
            raws = [_counts(fields, column) for column in columns]
            found, versions[name] = sets[name].value(slots, at_us, raws)
            values |= {column.name: column.bounded(own) for column, own in zip(columns, found, strict=True)}
        return Physical(values, versions)


def _count(layout: Layout, name: str) -> Count:
    field = next(place.field for place in layout.places if place.name == name)
    low, high = field.range if field.range is not None and field.out_of_range is OutOfRange.MISSING else (None, None)
    return Count(
        name,
        field.calibration or "",
        field.may_miss,
        None if low is None else float(low),
        None if high is None else float(high),
    )


def _counts(fields: Records, column: Count) -> F64:
    raw = fields[column.name].astype(np.float64)
    if column.may_miss:
        raw[fields[missing_column(column.name)]] = np.nan
    return raw
