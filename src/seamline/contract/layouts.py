"""Reads the layout of a message: encoding, fields, gaps; calibrations and what becomes of values out of range."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from seamline.contract.inferred import confidences, inferred
from seamline.contract.keys import Keys
from seamline.contract.layout import Field, Layout, Order, OutOfRange, Reserved
from seamline.contract.limits import COLUMNS_MAX, FIELDS_MAX, RESERVED_BITS_MAX
from seamline.contract.model import Calibration
from seamline.contract.scalars import BOOLEAN, NAME, VERSION, integer_between, word
from seamline.contract.values import Known, Parts, parts

if TYPE_CHECKING:
    from seamline.contract.problems import Span

RESERVED_FIELDS = frozenset(
    {
        *("id", "device", "device_no", "channel", "incarnation", "boot", "seq", "sequence", "layout", "digest"),
        *("offset_ms", "uptime_ms", "arrival", "measured", "error_ms", "quality", "revision"),
    }
)
"""Columns that every table of records already has."""
_BITS = integer_between(1, RESERVED_BITS_MAX)
_COUNT = integer_between(1, COLUMNS_MAX)
_ORDER = word(*Order)
_OUT_OF_RANGE = word(*OutOfRange)


class LayoutReader:
    """Reads the fields of one message; keeps which columns they make."""

    def __init__(self, keys: Keys, known: Known, calibrations: Mapping[str, Calibration]) -> None:
        self._keys = keys
        self._known = known
        self._calibrations = calibrations
        self._path = keys.inside("fields")
        self._names: dict[str, Span] = {}
        self._columns: dict[str, Span] = {}
        self._fields: list[Field] = []
        self._gaps: list[Reserved] = []

    def read(self, product: str, message: str, number: int, version: int) -> Layout:
        """Return the layout of the message's own fields, up to problems."""
        report, order = self._keys.report, Order.LITTLE
        if self._keys.has("encoding"):
            encoding = self._keys.mapping("encoding")
            order = Order(encoding.one("order", _ORDER))
            encoding.done()
        for node in self._keys.list("fields", items_max=FIELDS_MAX):
            item = Keys(report, node, self._path)
            if item.has("reserved"):
                self._gaps.append(Reserved(len(self._fields), item.one("reserved", _BITS)))
                item.done()
            else:
                self._field(item)
        confidences(self._keys, [(field.name, field.inferred) for field in self._fields])
        columns = sum(field.count or 1 for field in self._fields)
        if columns > COLUMNS_MAX:
            text = f"arrays and fields make {columns} columns, more than {COLUMNS_MAX}"
            report.add("SL117", report.place(self._path), text, fix="shorten an array, or make two messages")
            self._fields, self._gaps = [], []  # nobody will use the layout, and thousands of columns take their time
        return Layout(
            product=product,
            message=message,
            message_id=number,
            version=version,
            fields=tuple(self._fields),
            reserved=tuple(self._gaps),
            order=order,
        )

    def _field(self, keys: Keys) -> None:
        report = keys.report
        before = report.count
        name = keys.one("name", NAME)
        keys.path = f"{self._path}.{name}"
        report.places[keys.path] = keys.span
        if name in RESERVED_FIELDS:
            report.add("SL118", keys.span, f"'{name}' is a column of every record", fix="give it another name")
        if report.count == before and name in self._names:
            related = ((self._names[name], "first given here"),)
            report.add("SL116", keys.span, f"field '{name}' is given twice", fix="rename one", related=related)
        self._names.setdefault(name, keys.span)
        calibration = None
        if keys.has("calibration"):
            calibration = keys.refer("calibration", tuple(self._calibrations), NAME, what="a calibration")
        found = self._calibrations.get(calibration or "")
        described = parts(keys, name, self._known, calibrated=calibration is not None)
        if report.count == before and found is not None:
            _calibrated(keys, described, found)
        field = Field(
            **described,
            calibration=calibration,
            calibration_form=None if found is None else found.form,
            since=keys.maybe("since", VERSION),
            count=keys.maybe("count", _COUNT),
            optional=self._optional(keys, name),
            out_of_range=OutOfRange(keys.either("out_of_range", _OUT_OF_RANGE, OutOfRange.REJECT)),
            inferred=inferred(keys),
        )
        keys.done()
        if report.count == before:
            _judged(keys, field)
            self._take_columns(keys, field)
        self._fields.append(field)

    def _optional(self, keys: Keys, name: str) -> bool:
        """Read whether the field may be absent; behind one that may, every field may."""
        optional = keys.either("optional", BOOLEAN, default=False)
        before = self._fields[-1] if self._fields else None
        if optional or before is None or not before.optional:
            return optional
        text = f"'{name}' stands behind '{before.name}', which is optional"
        keys.report.add("SL127", keys.span, text, fix="make it optional too, or move it before the optional ones")
        return True

    def _take_columns(self, keys: Keys, field: Field) -> None:
        """Note the columns of a sound field; an array's must not be named as another field is."""
        if len(self._columns) > COLUMNS_MAX:
            return
        names = [field.name] if field.count is None else [f"{field.name}_{index}" for index in range(field.count)]
        for name in names:
            if name in self._columns:
                related = ((self._columns[name], "first made here"),)
                text = f"column '{name}' is made twice"
                keys.report.add("SL116", keys.span, text, fix="rename the array or the field", related=related)
                return
        self._columns.update(dict.fromkeys(names, keys.span))


def _calibrated(keys: Keys, described: Parts, calibration: Calibration) -> None:
    """A calibrated field is a number, in the unit that its calibration gives."""
    place = keys.report.place(keys.inside("calibration"))
    if described["enum"] or described["flags"] or described["type"].value == "bool":
        keys.report.add("SL131", place, "an enum, flags or a bool cannot be calibrated", fix="remove 'calibration'")
    elif described["unit"] and "unit" in calibration.terms and described["unit"] != calibration.unit:
        text = f"'{calibration.name}' gives {calibration.unit}, the field says {described['unit']}"
        keys.report.add("SL130", place, text, fix=f"unit: {calibration.unit}")


def _judged(keys: Keys, field: Field) -> None:
    """A rule for values out of range needs values that can be: a range, members, or a bool."""
    ranged = field.calibrated and field.range is not None  # judged where the coefficients are
    if field.out_of_range is not OutOfRange.REJECT and not field.limited and not ranged:
        place = keys.report.place(keys.inside("out_of_range"))
        text = f"every value that {field.type.value} holds is in range"
        keys.report.add("SL132", place, text, fix="add a range, or remove 'out_of_range'")
