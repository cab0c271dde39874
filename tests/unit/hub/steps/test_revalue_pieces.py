"""The pieces of a pass of revaluing: where it goes on, which columns it values, what it asks of the database, how it ends."""

import json
from datetime import UTC, datetime
from unittest.mock import patch

import numpy as np
import pytest
from tests.integration.hub.harness import frame
from tests.unit.contract.corpus.marks import edited
from tests.unit.hub.ingest.cut_store import CutStore
from tests.unit.hub.ingest.test_values import anew, correct, reading, value

from seamline.contract import loads
from seamline.hub.calibrations import Version, of_field
from seamline.hub.drive import drive
from seamline.hub.reading_columns import reading_table
from seamline.hub.steps.revalue import Pass, Stretch, Target, _begin, _read, _targets, _valued, revalue
from seamline.hub.valuing import Count, Counts, Sets

STRETCHES = "seamline.hub.steps.revalue.STRETCHES_MAX"
DUSK = """\
  dusk:
    id: 2
    layout: 1
    sample: 1 h
    publish: {every: 1 h}
    fields:
      - {name: ground, type: u16, calibration: ntc, unit: Cel, range: [-20, 60]}
      - {name: sky, type: u16, calibration: lux}
"""
TWO = edited(
    *(
        "  vitals: {id: 9",
        DUSK + "  vitals: {id: 9",
        "capacity: 16 KiB",
        "capacity: 17 KiB",
        "[vitals, oldest",
        "[vitals, dusk, oldest",
    ),
    *("[light, vitals, state]", "[light, dusk, vitals, state]"),
)
"""Two messages with a field of the same calibration."""


def layouts(text=TWO):
    return [message.layout for message in loads(text).messages.values() if message.layout.message_id != 9]


def pass_at(place):
    return Pass(id=1, device=1, product="lamp", calibration="ntc", version=1, place=place)


@pytest.mark.parametrize(
    ("place", "begins"),
    [
        (None, ("b", -1, -1, -1)),
        (["a", 4, 5, 6], ("b", -1, -1, -1)),
        (["b", 4, 5, 6], ("b", 4, 5, 6)),
        (["c", 4, 5, 6], None),
    ],
    ids=["at the beginning", "in a table before", "in this table", "in a table behind"],
)
def test_a_pass_goes_on_where_it_was(place, begins):
    assert _begin(pass_at(place), Target("b", (), {})) == begins


def test_the_tables_of_a_calibration_are_in_the_order_of_their_names_each_with_its_columns():
    found = _targets(layouts(), "ntc")
    assert [(target.table, target.columns) for target in found] == [
        (reading_table("lamp", "dusk"), ("ground",)),
        (reading_table("lamp", "light"), ("warmth",)),
    ]
    assert [list(target.counts) for target in found] == [[1], [4]]
    assert [target.columns for target in _targets(layouts(), "lux")] == [("sky",)]
    assert _targets(layouts(), "bend") == []


def test_a_table_of_several_layouts_has_the_columns_of_all_of_them_once():
    older = layouts(edited())[0]
    newer = layouts(
        edited(
            "layout: 4", "layout: 5", "- {name: seen, type: bool, since: 2.0.0}", "- {name: cold, type: u16, calibration: ntc}"
        )
    )[0]
    (target,) = _targets([older, newer], "ntc")
    assert target.columns == ("warmth", "cold")
    assert {version: tuple(count.name for count in counts) for version, counts in target.counts.items()} == {
        4: ("warmth",),
        5: ("warmth", "cold"),
    }


def stretch(layout, raw):
    """Rows of these layouts, measured at 0, 10, 20 … µs, with these raw counts by column."""
    rows = len(layout)
    numbers = np.arange(rows)
    return Stretch(
        boot=numbers, seq=numbers, incarnation=numbers, layout=np.array(layout), arrival=[None] * rows, at_us=10 * numbers,
        version=np.zeros(rows, np.int64), raw={name: np.array(column, np.float64) for name, column in raw.items()},
    )  # fmt: skip


def counts_of(text):
    """(the layout's version, its columns of `bend`, the calibration) of `light`."""
    layout = layouts(text)[0]
    return layout.version, Counts(layout).columns["bend"], of_field(layout.fields[0])


def test_each_row_is_valued_by_its_own_layout_with_what_is_in_force_then():
    """Layout 4 has one column, of which anything may be said; 5 has another, too, and what is out of range is missing."""
    bent = ("- {name: warmth, type: u16, calibration: ntc, unit: Cel, range: [-20, 60]}",)
    old, of_old, calibration = counts_of(edited(*bent, "- {name: bow, type: u16, calibration: bend, unit: mm}"))
    new, of_new, _ = counts_of(
        edited(
            *bent, "- {name: bow, type: u16, calibration: bend, unit: mm, range: [0, 50], out_of_range: missing}\n"
            "      - {name: arc, type: u16, calibration: bend, unit: mm, range: [0, 50], out_of_range: missing}",
            *("layout: 4", "layout: 5"),
        )
    )  # fmt: skip
    sets = Sets(calibration)
    twice, thrice = ({"c0": 0.0, "c1": factor, "c2": 0.0, "c3": 0.0} for factor in (2.0, 3.0))
    sets.put(0, [Version(1, twice, from_us=10), Version(2, thrice, from_us=40)])
    rows = stretch([old, old, new, new, new, 9], {"bow": [7, 30, 20, 30, 4, 5], "arc": [np.nan, np.nan, 3, np.nan, 2, 6]})
    target = Target("t", ("bow", "arc"), {old: of_old, new: of_new})
    values, version = _valued(rows, target, sets)
    assert version.tolist() == [0, 1, 1, 1, 2, 0]
    np.testing.assert_equal(values["bow"], [np.nan, 60, 40, np.nan, 12, np.nan])
    np.testing.assert_equal(values["arc"], [np.nan, np.nan, 6, np.nan, 6, np.nan])


def test_counts_of_a_layout_are_of_its_calibrated_fields():
    version, columns, _ = counts_of(edited("- {name: warmth, type: u16, calibration: ntc, unit: Cel, range: [-20, 60]}",
                                           "- {name: bow, type: u16, calibration: bend}"))  # fmt: skip
    assert (version, [type(count) for count in columns], [count.name for count in columns]) == (4, [Count], ["bow"])


# -- what a turn asks for, and how a pass ends -------------------------------------------------------------------------------


def asked(stage, **how):
    """The statements of one turn."""
    store = CutStore(stage.database.connect(), 10**9, "worker")
    drive(revalue(store, **how))
    return store.done


class Told(CutStore):
    """A worker's store that keeps the rows it is told to value anew, and the columns of each."""

    def __init__(self, connection):
        super().__init__(connection, 10**9, "worker")
        self.rows, self.columns = [], set()

    async def run(self, name, parameters=None, **names):
        if name == "revalue":
            self.rows += json.loads(parameters["rows"])
            self.columns.add(names["columns"])
        return await super().run(name, parameters, **names)


def passes(stage):
    return list(stage.tables.revaluation.rows.values())


def again(stage, number, **changes):
    """The last pass is asked for again, as something else."""
    row = {**passes(stage)[-1], "id": number, "place": None, "finished_at": None, "rows": 0, **changes}
    stage.tables.revaluation.put(number, row)


def valued_once(stage):
    stage.take(reading(stage, 0))
    correct(stage, -40)
    assert anew(stage) == 1


def test_where_nothing_is_asked_for_nothing_is_read(stage):
    assert asked(stage) == ["due_revaluations"]


def test_a_turn_that_is_used_up_looks_at_no_further_pass(stage):
    for device in "abc":
        stage.take(reading(stage, 0, device=device))
        correct(stage, -40, device=device)
    with patch(STRETCHES, 2):
        assert asked(stage).count("layouts_of") == 2
        assert [row["finished_at"] is not None for row in passes(stage)] == [True, True, False]


def test_rows_that_stay_as_they_are_are_not_written(stage):
    stage.take(reading(stage, 0))
    correct(stage, 0, from_ms=stage.now_ms + 1)
    done = asked(stage)
    assert (done.count("counted_rows"), done.count("revalue")) == (1, 0)


def test_what_the_hub_asked_for_itself_and_found_done_leaves_no_trace(stage):
    valued_once(stage)
    again(stage, 9, from_version=1)
    assert asked(stage).count("finished") == 1
    assert [row["id"] for row in passes(stage)] == [passes(stage)[0]["id"]] != [9]


def test_a_pass_of_a_calibration_that_no_layout_has_any_more_ends_and_changes_nothing(stage):
    valued_once(stage)
    again(stage, 9, calibration="element_thermopile")
    assert asked(stage).count("counted_rows") == 0
    assert [row["finished_at"] is not None for row in passes(stage)] == [True, True]
    assert stage.readings()[0]["_physical_element"] == value(-40)


def test_passes_without_rows_each_count_as_one_stretch(stage):
    valued_once(stage)
    for number in (7, 8, 9):
        again(stage, number, calibration="element_thermopile")
    with patch(STRETCHES, 2):
        asked(stage)
    assert [row["finished_at"] is not None for row in passes(stage)] == [True, True, True, False]


def test_a_value_that_no_longer_holds_is_null_and_so_is_its_version(stage):
    valued_once(stage)
    ((key, row),) = stage.tables.calibration.rows.items()
    stage.tables.calibration.put(key, {**row, "valid_from": (stage.now_ms + 1) * 1000})
    again(stage, 9)
    store = Told(stage.database.connect())
    assert drive(revalue(store)) == 1
    ((own,), (columns,)) = store.rows, store.columns
    assert {name: own[name] for name in columns.split(",")} == {"_version_element_ntc": None, "_physical_element": None}
    (read,) = stage.readings()
    assert (read["_physical_element"], read["_version_element_ntc"]) == (None, None)
    assert read["element"] == 1_000


def test_a_row_is_told_by_its_key_and_with_the_names_of_its_columns(stage):
    stage.take(("data", frame(stage.reading, 5, [{"element": 100}, {"element": 200}], incarnation=9, boot=4)))
    correct(stage, -40)
    store = Told(stage.database.connect())
    drive(revalue(store))
    arrivals = [datetime.fromtimestamp(row["arrival"] / 1e6, UTC) for row in stage.readings()]
    assert [datetime.fromisoformat(own.pop("arrival")) for own in store.rows] == arrivals
    assert store.rows == [
        {"device_no": stage.no(), "boot": 4, "seq": seq, "incarnation": 9, "_version_element_ntc": 1, "_physical_element": valued}
        for seq, valued in ((5, value(-40, 100)), (6, value(-40, 200)))
    ]


class Rows:
    """A store that has these rows behind any place."""

    def __init__(self, rows):
        self.rows, self.asked = rows, None

    async def all(self, name, parameters, **names):
        self.asked = name, parameters, names
        return self.rows


NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_rows_are_read_behind_a_place_and_what_they_lack_is_no_number():
    store = Rows([(1, 5, 7, 3, NOON, 1_000, None, 40, None), (2, 0, 7, 3, NOON, 2_000, 6, None, 50)])
    target = Target("r_lamp_light", ("warmth", "cold"), {})
    found = drive(_read(store, pass_at(None), target, ("r_lamp_light", 1, 4, 7), 9))
    assert store.asked[1] == {"device": 1, "boot": 1, "seq": 4, "incarnation": 7, "most": 9}
    assert store.asked[2]["table"] == "r_lamp_light"
    assert len(found) == 2
    for column, wanted in (("boot", [1, 2]), ("seq", [5, 0]), ("incarnation", [7, 7]), ("layout", [3, 3]), ("version", [0, 6])):
        assert getattr(found, column).tolist() == wanted
    assert (found.arrival, found.at_us.tolist()) == ([NOON, NOON], [1_000, 2_000])
    np.testing.assert_equal(found.raw, {"warmth": np.array([40, np.nan]), "cold": np.array([np.nan, 50])})


def test_where_there_are_no_more_rows_a_stretch_is_empty():
    found = drive(_read(Rows([]), pass_at(None), Target("t", ("warmth",), {}), ("t", -1, -1, -1), 9))
    assert (len(found), found.arrival, found.boot.dtype, found.raw["warmth"].tolist()) == (0, [], np.int64, [])
