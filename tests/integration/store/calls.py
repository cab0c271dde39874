"""Calls of any statement, drawn at random over few devices, boots and times, so that they meet: shapes are read from the SQL."""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import dataclass, field

import numpy as np
from hypothesis import strategies as st
from tests.integration.store.grounds import START_US

from seamline.contract import LOSSES
from seamline.hub.binary_copy import Writer
from seamline.hub.columns import Decoder, missing_column
from seamline.hub.params import Int8s, rows as as_json
from seamline.hub.statements import library
from seamline.hub.valuing import Counts, Physical

NOW_MS = START_US // 1000
TABLE = "r_heater_reading"
QUERIES = re.compile(r"^\s*(SELECT|WITH)|RETURNING \(value", re.IGNORECASE)
RECORDSET = re.compile(r"jsonb_to_recordset\(%\(rows\)s::jsonb\) AS \w+ \(([^)]*)\)")
ARRAY = re.compile(r"%\((\w+)\)s::int8\[\]")
SCALAR = re.compile(r"%\((\w+)\)s")
TABLES = (
    {
        "table": TABLE,
        "version": "_version_room_ntc",
        "counts": "room,element",
        "columns": "_version_room_ntc,_physical_room",
    },
    {
        "table": "r_labmeter_measurement",
        "version": "_version_electrode_in",
        "counts": "electrode",
        "columns": "_version_electrode_in,_physical_electrode,_physical_redox",
    },
)
"""What the names in a statement stand for."""
ORDERED = {"ledger_of", "marks_of", "releasable", "lock_devices", "due_revaluations", "layouts_of", "places", "spans"}
"""Queries that say in what order their rows come."""
LIMITED = {"releasable", "boots_of", "untold_losses", "untold_quarantine", "due_revaluations"}
"""Queries that say which rows come when they are not all."""

few = st.integers(0, 3)
ids = st.lists(st.sampled_from(["d1", "d2", "d3"]), max_size=4)


def mostly(usual, *others):
    """The usual value, and others now and then: what is drawn ought to meet what was."""
    return st.sampled_from([usual] * (4 * len(others)) + [*others])


moments = st.sampled_from([NOW_MS - 90_000, NOW_MS - 60_001, NOW_MS - 1_500, NOW_MS - 1, NOW_MS, NOW_MS + 1, NOW_MS + 40_000])
words = st.sampled_from(["a", "B", "ü", "online"])
DOMAINS = {
    "device_no": mostly(1, 2, 3),
    "device": mostly(1, 2, 3),
    "devices": st.integers(1, 3),
    "no": st.integers(1, 3),
    "device_id": st.sampled_from(["d1", "d2"]),
    "incarnation": mostly(7, 8),
    "boot": mostly(1, 2, 3),
    "channel": mostly(1, 0, 2),
    "layout": st.integers(1, 3),
    "closed": st.integers(0, 4),
    "declared": st.integers(0, 1),
    "arrival": moments.map(lambda at_ms: at_ms * 1000 + 77),
    "arrival_us": moments.map(lambda at_ms: at_ms * 1000 + 501),
    "heard": moments,
    "answered": st.one_of(st.just(0), moments),
    "uptime_ms": st.integers(0, 2_000),
    "redate_from_ms": st.sampled_from([0, 500]),
    "publish_every_ms": st.sampled_from([10_000, 60_000]),
    "answer_timeout_ms": st.sampled_from([10_000, 60_000]),
    "presumed_lost_after_ms": st.sampled_from([10_000, 60_000]),
    "uncertainty_ms": st.sampled_from([5, 20]),
    "unix_ms": st.sampled_from([NOW_MS, NOW_MS + 5, 1 << 47]),
    "source": st.sampled_from(["hub", "ntp"]),
    "why": st.sampled_from([None, "disagrees", "future"]),
    "property": st.sampled_from(["set_point", "mode"]),
    "resolution": st.sampled_from([None, "overridden", "confirmed"]),
    "reason": st.sampled_from(["unregistered", "conflict"]),
    "kind": st.sampled_from(["gap", "loss"]),
    "detail": st.sampled_from(
        [{"boot": 1, "channel": 1, "since_ms": NOW_MS - 90_000}, {"boot": 2}, {"deep": ["\u00fc", None, 1.5]}]
    ),
    "failures": st.sampled_from([[], [["refused", 2]]]),
    "was": st.sampled_from([None, "2026-09-21 14:13:20.123456+00", "2026-09-21 14:13:21+00"]),
    "bytes": st.sampled_from([b"", b"\x00\x01", b"abc"]).map(lambda raw: b64encode(raw).decode()),
    "sample": st.sampled_from([b"", b"\x00\x01"]).map(lambda raw: b64encode(raw).decode()),
    "gaps": st.sampled_from([[], [1, 2], [1, 2, 4, 6]]),
    "value": st.sampled_from([None, True, 7, "warm"]),
    "partition": st.integers(0, 1),
    "stream": st.sampled_from(["one", "two"]),
    "most": st.just(100),
    "product": st.sampled_from(["heater", "seamline", "other"]),
    "contract": st.sampled_from(["heater/1.3.0", "heater/9.9.9"]),
    "before": st.sampled_from([2, 1 << 32]),
    "from_ms": st.sampled_from([0, 500, 1_000]),
    "again_ms": st.just(1_000),
    "before_ms": st.just(NOW_MS - 1_000),
    "seen": st.integers(0, 4),
    "key": st.just(9),
    "dated": st.booleans(),
    "version": st.integers(0, 3),
    "name": st.sampled_from(["span", "zero"]),
    "coefficients": st.sampled_from([{"gain": 1.5, "offset": -0.1}, {"points": [[0, 1.25], [10, 2e-9]]}]),
    "id": st.integers(1, 4),
    "patience": st.sampled_from(["10s", "500ms"]),
    "place": st.sampled_from(['["r_heater_reading", 1, 2, 7]', '["r_heater_reading", -1, -1, -1]']),
    "first_us": st.none() | moments.map(lambda at_ms: at_ms * 1000 + 7),
    "last_us": st.none() | moments.map(lambda at_ms: at_ms * 1000 + 8),
    "redate_version": few,
    "since": moments,
}
ONE_EACH = {"reclass", "announce", "born_devices", "stand_anchors", "revise", "revalue"}
"""Updates that are given one row for each that they change: which of two would win is nobody's promise."""
KEYS = ("device_no", "incarnation", "boot", "channel", "seq", "property", "reason", "since_ms")
"""What tells rows of one statement apart."""
NULLABLE = {
    "upper", "owed_since_ms", "reset", "firmware", "contract", "first_ms", "last_ms", "began_before_ms", "uptime_ms",
    "redate_from_ms", "session", "born_ms", "last_heard_ms", "last_answered_ms", "died_ms", "last_end", "publish_every_ms",
    "answer_timeout_ms", "presumed_lost_after_ms", "detail", "layout", "fingerprint", "first", "count", "boundary", "owner",
    "contact", "value", "expires_ms", "sent_ms", "seen_ms", "resolved_ms", "resolution", "based_on", "fault", "next_ms", "sample",
    "product", "to_ms", "stored_ns",
}  # fmt: skip
"""Columns that are NULL now and then. That some of them are NOT NULL in one table or another is part of the test."""


@dataclass(frozen=True)
class Call:
    """A statement with its parameters; `names` are the tables filled in."""

    file: str
    name: str
    given: dict
    names: dict = field(default_factory=dict)

    @property
    def is_query(self):
        return QUERIES.search(body(self.file, self.name)) is not None

    @property
    def is_ordered(self):
        return self.name in ORDERED

    async def on(self, store):
        given = dict(self.given)
        if "rows" in given and self.name not in {"reclass", "revise", "revalue", "newest_versions"}:
            return await store.write(self.name, given["rows"])
        if "rows" in given:
            given["rows"] = as_json(given["rows"])
        return (
            list(await store.all(self.name, given, **self.names))
            if self.is_query
            else await store.run(self.name, given, **self.names)
        )

    def __repr__(self):
        given = {name: value.values.tolist() if isinstance(value, Int8s) else value for name, value in self.given.items()}
        return f"{self.file}.{self.name}({given})"


@dataclass(frozen=True)
class Copy:
    """Rows for the reading table."""

    layout: object
    keys: dict
    dated: object
    fields: object
    physical: object
    file = "ingest"
    name = "copy"
    is_query = is_ordered = False

    async def on(self, store):
        await store.copy(Writer(self.layout), self.keys, self.dated, self.fields, self.physical)

    def __repr__(self):
        return f"copy({self.layout.version}, { {name: column.tolist() for name, column in self.keys.items()} }, {self.dated})"


@dataclass(frozen=True)
class Calibrate:
    """Coefficients that somebody adds."""

    rows: tuple
    file = "ingest"
    name = "calibrate"
    is_query = is_ordered = False


coefficients = st.lists(
    st.tuples(st.integers(1, 3), st.sampled_from(["span", "zero"]), st.integers(1, 2), st.none() | DOMAINS["arrival"]),
    min_size=1,
    max_size=4,
    unique_by=lambda row: row[:3],
)
calibrations = coefficients.map(lambda rows: Calibrate(tuple(rows)))
WRITERS = (
    "born_devices", "presence", "boots", "write_rows", "close_boots", "add_folds", "add_losses", "add_anchors", "add_quarantine",
    "add_events", "write_desired", "write_reported", "start_position", "new_rows", "add_refused",
)  # fmt: skip


FOCUS = {
    "untold_gaps": ("write_rows", "presence", "add_events"),
    "unseen_wishes": ("write_desired", "presence"),
    "due_twins": ("write_desired",),
    "sent_wishes": ("write_desired",),
    "twins_of": ("write_desired", "write_reported"),
    "dated_rows": ("copy",),
    "revise": ("copy",),
    "digests": ("copy",),
    "stand_anchors": ("add_anchors",),
    "anchors_of": ("add_anchors",),
    "held": ("add_quarantine",),
    "held_bytes": ("add_quarantine",),
    "releasable": ("add_quarantine",),
    "reclass": ("write_rows", "add_folds"),
    "redated": ("boots",),
    "redates": ("boots",),
    "unborn_boots": ("boots", "presence"),
    "heard": ("presence",),
    "announce": ("presence",),
    "due_presence": ("presence", "born_devices"),
    "still_online": ("presence",),
    "newest_versions": ("add_versions",),
    "add_versions": ("add_versions",),
    "versions_until": ("add_versions",),
    "ask_revaluations": ("write_rows", "add_folds"),
    "due_revaluations": ("ask_revaluations", "ask_again", "write_rows"),
    "passed": ("ask_revaluations", "ask_again", "write_rows"),
    "finished": ("ask_revaluations", "ask_again", "write_rows"),
    "forget_empty": ("ask_revaluations", "ask_again", "write_rows"),
    "counted_rows": ("copy",),
    "revalue": ("copy",),
    "places": ("start_position",),
    "spans": ("write_spans",),
    "write_spans": ("write_spans",),
    "forget_spans": ("write_spans",),
}
"""What has to be there for a statement to find anything; the others are given a few of everything."""


@st.composite
def grounding(draw, families, name):
    """Calls that fill the tables: the devices, their coefficients, and what the statement may meet."""
    of = {one: calls("ingest", one) for one in WRITERS} | {"copy": copies(families)}
    of |= {one: calls("calibration", one) for one in ("add_versions", "ask_revaluations")} | {
        "ask_again": calls("worker", "ask_again"),
        "write_spans": calls("hearing", "write_spans"),
    }
    writers = st.one_of(*(of[one] for one in FOCUS.get(name, of)))
    devices = Call("ingest", "new_devices", {"ids": ["d1", "d2", "d3"]})
    return [devices, *draw(st.lists(calibrations, max_size=1)), *draw(st.lists(writers, max_size=8))]


def body(file, name):
    """A statement without its comments."""
    text = library(file)[name].as_string(None)
    return "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("--"))


def names_of(file):
    return sorted(library(file))


@st.composite
def calls(draw, file, name):
    """A call of one statement. One in a few has a single cell that no column takes."""
    text, given = body(file, name), {}
    names = draw(st.sampled_from(TABLES)) if "{version}" in text or "{columns}" in text else TABLES[0]
    if name == "revalue":
        given["rows"] = draw(st.lists(revalued(names["columns"].split(",")), min_size=1, max_size=3, unique_by=placed))
    recordset = RECORDSET.search(text)
    if recordset is not None:
        columns = [column.split() for column in re.split(r",\s*", recordset[1])]
        rows = st.fixed_dictionaries({one: cells(one, kind) for one, kind in columns})
        apart = name in ONE_EACH or draw(st.integers(0, 3)) > 0
        unique = (
            {"unique_by": lambda row: tuple(row.get(one) for one in KEYS[: 1 if name == "presence" else None])} if apart else {}
        )
        given["rows"] = draw(st.lists(rows, min_size=1, max_size=3, **unique))
        if draw(st.integers(0, 7)) == 0:
            column, kind = draw(st.sampled_from(columns))
            given["rows"][-1][column] = draw(bad(kind))
    arrays = dict.fromkeys(ARRAY.findall(text))
    size = draw(st.integers(0, 4))
    for one in arrays:
        given[one] = Int8s(draw(st.lists(domain(one, "int8"), min_size=size, max_size=size)))
    for one in dict.fromkeys(SCALAR.findall(text)):
        if one == "most" and name in LIMITED:
            given[one] = draw(st.integers(1, 3))
        elif one not in given:
            given[one] = draw(ids if one == "ids" or (file, one) == ("calibration", "devices") else domain(one, "int8"))
    return Call(file, name, given, {part: value for part, value in names.items() if f"{{{part}}}" in text})


def revalued(columns):
    """A row that is to measure something else."""
    keys = {one: domain(one, "int8") for one in ("device_no", "incarnation", "boot", "seq")}
    keys["arrival"] = domain("arrival", "timestamptz")
    values = {one: few.map(lambda version: version or None) for one in columns if one.startswith("_version")}
    values |= {one: st.sampled_from([None, 1.5, -0.1]) for one in columns if one.startswith("_physical")}
    return st.fixed_dictionaries(keys | values)


def placed(row):
    return row["device_no"], row["incarnation"], row["boot"], row["seq"], row["arrival"]


def cells(name, kind):
    found = domain(name, kind)
    return st.one_of(found, st.none()) if name in NULLABLE else found


def domain(name, kind):
    if (name, kind) == ("device", "text"):
        return st.sampled_from(["d1", "d2", "d4"])
    if (name, kind) in {("detail", "text"), ("was", "int8")}:
        return words if kind == "text" else few
    if name in DOMAINS:
        if kind == "timestamptz" and name == "arrival":
            return moments.map(lambda at_ms: f"2026-09-21T14:13:20.{at_ms % 1000:03d}077+00:00")
        return DOMAINS[name]
    if name.endswith("_ms"):
        return moments
    return {"text": words, "bool": st.booleans()}.get(kind, few)


def bad(kind):
    """Values that a column of this type, or one that is NOT NULL, does not take."""
    wide = {"int2": 1 << 15, "int4": 1 << 31, "int8": 1 << 63}.get(kind)
    found = [None] if wide is None else [None, wide, -wide - 1]
    if kind == "text":
        found += ["nul\x00", "\ud800"]
    if kind == "jsonb":
        found += [{"deep": "nul\x00"}]
    return st.sampled_from(found)


@st.composite
def copies(draw, families):
    """Rows of any layout, some of their values missing, where they are calibrated with what they measured."""
    layouts = [one for family in families for one in family.layouts.values() if one.message_id != LOSSES.message_id]
    layout, count = draw(st.sampled_from(layouts)), draw(st.integers(1, 4))

    def column(values):
        return np.array(draw(st.lists(values, min_size=count, max_size=count)), np.int64)

    fields = np.zeros(count, Decoder(layout).dtype)
    for at, place in enumerate(layout.places):
        fields[place.name] = place.field.raw_range[(at + count) % 2]
        if place.field.may_miss:
            fields[missing_column(place.name)] = column(few) == 0
    keys = {
        "device_no": column(DOMAINS["device"]),
        "incarnation": column(DOMAINS["incarnation"]),
        "boot": column(DOMAINS["boot"]),
        "seq": column(few),
        "arrival": column(DOMAINS["arrival"]),
        "uptime_ms": column(DOMAINS["uptime_ms"]),
        "measured": column(DOMAINS["arrival"]),
        "error_ms": column(few),
        "quality": column(st.integers(0, 2)),
        "revision": column(st.sampled_from([0, 32_767])),
        "digest": column(st.integers(-(1 << 63), (1 << 63) - 1)),
    }
    return Copy(
        layout,
        keys,
        np.array(draw(st.lists(st.booleans(), min_size=count, max_size=count))),
        fields,
        draw(measured(layout, count)),
    )


@st.composite
def measured(draw, layout, count):
    """What records of a calibrated layout measured, or nothing."""
    places = [place.name for place in layout.places if place.field.calibration is not None]
    if not places or draw(st.booleans()):
        return None
    values = draw(st.lists(st.sampled_from([1.5, -0.1, float("nan")]), min_size=count, max_size=count))
    versions = draw(st.lists(st.integers(0, 2), min_size=count, max_size=count))
    return Physical(
        {name: np.array(values) for name in places}, {name: np.array(versions, np.int64) for name in Counts(layout).calibrations}
    )
