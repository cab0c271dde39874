"""Physical values: rows are valued as they come with the coefficients in force, and anew when somebody corrects them."""

import pytest
from hypothesis import given, settings, strategies as st
from tests.integration.hub.harness import birth, frame, said
from tests.unit.hub.ingest.stage import NOW_MS, Stage

from seamline.contract.calibration import physical
from seamline.hub.calibration_store import Added, ConflictError, add
from seamline.hub.calibrations import Version, of_layouts, spans
from seamline.hub.drive import drive
from seamline.hub.steps.redate import redate
from seamline.hub.steps.revalue import revalue
from seamline.rig.world.memory_store import MemoryStore

NAME = "element_ntc"
LINE = {"c0": -40.0, "c1": 0.05, "c2": 0.0, "c3": 0.0}
COUNT = 1_000


def line(c0):
    return {**LINE, "c0": float(c0)}


def correct(stage, c0, expected=0, device="dev", name=NAME, **bounds):
    """Somebody adds a version of the coefficients."""
    store = MemoryStore(stage.database.connect(), "calibration")

    async def adds():
        async with store.transaction():
            return await add(store, [Added(device, "heater", name, line(c0), "anna", "bench 3", expected, **bounds)])

    return drive(adds())


def reading(stage, first, count=COUNT, device="dev", **head):
    return ("data", frame(stage.reading, first, [{"element": count}], **head), device)


def values(stage, **where):
    """(physical value, version) of each row."""
    rows = stage.readings(**where)
    return [(row.get("_physical_element"), row.get("_version_element_ntc")) for row in rows]


def value(c0, count=COUNT):
    return pytest.approx(c0 + 0.05 * count)


def test_a_device_without_coefficients_has_raw_counts_alone(stage):
    stage.take(reading(stage, 0))
    assert values(stage) == [(None, None)]
    assert stage.readings()[0]["element"] == COUNT


@pytest.mark.parametrize("known", [False, True], ids=["never heard", "heard"])
def test_rows_that_come_after_a_correction_are_valued_with_it(stage, known):
    if known:
        stage.take(("birth", birth()))
    correct(stage, -40)
    stage.take(reading(stage, 0), reading(stage, 1, 2_000))
    assert values(stage) == [(value(-40), 1), (value(-40, 2_000), 1)]


def test_the_newest_version_is_in_force_for_what_comes_after_it(stage):
    for version in range(3):
        correct(stage, version, version)
        stage.take(reading(stage, version))
    assert values(stage) == [(value(version), version + 1) for version in range(3)]


@pytest.mark.parametrize("anew", [False, True], ids=["in memory", "after a restart"])
def test_a_device_that_is_corrected_changes_no_other(stage, anew):
    correct(stage, -40)
    correct(stage, -30, device="other")
    stage.take(reading(stage, 0), reading(stage, 0, device="other"), reading(stage, 0, device="third"))
    correct(stage, 7, 1, device="other")
    if anew:
        stage.start()
    stage.take(reading(stage, 1), reading(stage, 1, device="other"), reading(stage, 1, device="third"))
    assert [values(stage, device_no=stage.no(device), seq=1) for device in ("dev", "other", "third")] == [
        [(value(-40), 1)],
        [(value(7), 2)],
        [(None, None)],
    ]


def test_coefficients_of_one_calibration_value_no_other_field(stage):
    correct(stage, -40)
    stage.take(("data", frame(stage.reading, 0, [{"element": 10, "room": 2_000}])))
    (row,) = stage.readings()
    assert row.get("_physical_room") is None
    assert row["_physical_element"] == value(-40, 10)


@pytest.mark.parametrize(
    ("bounds", "wanted"),
    [
        ({"from_ms": NOW_MS + 10}, [None, 1]),
        ({"to_ms": NOW_MS + 10}, [1, None]),
        ({"from_ms": NOW_MS - 10, "to_ms": NOW_MS + 10}, [1, None]),
        ({"from_ms": NOW_MS + 60_000}, [None, None]),
    ],
    ids=["from", "until", "between", "to come"],
)
def test_a_correction_with_bounds_holds_for_records_measured_within_them(stage, bounds, wanted):
    correct(stage, -40, **bounds)
    stage.take(
        ("birth", birth(uptime_ms=0)), ("anchor", said(uptime_ms=0, at_ms=0, unix_ms=NOW_MS, source="hub", uncertainty_ms=0))
    )
    stage.now_ms = NOW_MS + 20_000
    stage.take(reading(stage, 0, uptime_ms=0), reading(stage, 1, uptime_ms=20))
    assert [version for _, version in values(stage)] == wanted


def test_a_record_without_a_date_is_valued_by_its_arrival(stage):
    correct(stage, -40, from_ms=NOW_MS + 100)
    stage.take(reading(stage, 0))
    stage.now_ms = NOW_MS + 100
    stage.take(reading(stage, 1))
    assert [version for _, version in values(stage)] == [None, 1]


def test_two_corrections_from_the_same_version_are_not_both_taken(stage):
    correct(stage, -40)
    with pytest.raises(ConflictError) as error:
        correct(stage, 9)
    assert error.value.found[0].version == 1
    assert correct(stage, -40).unchanged == 1
    stage.take(reading(stage, 0))
    assert values(stage) == [(value(-40), 1)]


# -- valued anew ----------------------------------------------------------------------------------------------------------------


def anew(stage, rows_max=None):
    return drive(revalue(stage.worker(), rows_max))


@pytest.mark.parametrize("rows_max", [None, 1, 2, 3])
def test_history_is_valued_anew_in_stretches_of_any_length(stage, rows_max):
    stage.take(*(reading(stage, at, 100 * at) for at in range(5)))
    correct(stage, -40)
    moved = 0
    while changed := anew(stage, rows_max):
        moved += changed
    assert moved == 5
    assert values(stage) == [(value(-40, 100 * at), 1) for at in range(5)]


def test_only_rows_with_another_version_in_force_are_valued_anew(stage):
    correct(stage, -40)
    stage.take(reading(stage, 0))
    stage.now_ms = NOW_MS + 1_000
    stage.take(reading(stage, 1))
    correct(stage, 5, 1, from_ms=NOW_MS + 500)
    assert anew(stage) == 1
    assert values(stage) == [(value(-40), 1), (value(5), 2)]
    assert anew(stage) == 0


def test_each_pass_is_written_down_with_what_it_changed_and_is_over_once(stage):
    stage.take(*(reading(stage, at) for at in range(3)))
    correct(stage, -40)
    correct(stage, 5, 1)
    for _ in range(4):
        anew(stage)
    passes = [(row["from_version"], row["to_version"], row["rows"]) for row in stage.tables.revaluation.rows.values()]
    assert sum(rows for *_, rows in passes) >= 3
    assert all(row["finished_at"] is not None for row in stage.tables.revaluation.rows.values())
    assert values(stage) == [(value(5), 2)] * 3


def test_dates_that_are_revised_are_valued_with_what_holds_for_the_new_moments(stage):
    stage.now_ms = NOW_MS + 60_000
    correct(stage, -40)
    correct(stage, 5, 1, to_ms=NOW_MS + 30_000)
    stage.take(("birth", birth(uptime_ms=59_000)), reading(stage, 0, uptime_ms=1_000))
    assert values(stage) == [(value(-40), 1)]
    stage.take(("anchor", said(uptime_ms=60_000, at_ms=60_000, unix_ms=NOW_MS + 60_000, source="hub", uncertainty_ms=5)))
    assert drive(redate(*stage.stores(), stage.catalogue)) == 1
    while anew(stage):
        pass
    assert values(stage) == [(value(5), 2)]


def test_the_value_is_the_contracts_own_arithmetic(stage):
    curve = {"c0": 3.0, "c1": -0.2, "c2": 1e-5, "c3": -1e-9}
    store = MemoryStore(stage.database.connect(), "calibration")
    drive(add(store, [Added("dev", "heater", NAME, curve, "anna", "bench 3")]))
    stage.take(*(reading(stage, at, 700 * at) for at in range(4)))
    calibration = of_layouts([stage.reading])[NAME]
    assert [found for found, _ in values(stage)] == [pytest.approx(physical(calibration, curve, 700 * at)) for at in range(4)]


# -- which version is in force ----------------------------------------------------------------------------------------------------

BOUND = st.none() | st.integers(0, 20)
VERSIONS = st.lists(st.tuples(BOUND, BOUND), max_size=6).map(
    lambda bounds: [Version(at, line(at), *each) for at, each in enumerate(bounds, 1)]
)


@given(VERSIONS, st.integers(-3, 23))
def test_of_the_versions_that_hold_the_newest_is_in_force(versions, at_us):
    holding = [one.version for one in versions if one.holds(at_us)]
    assert spans(versions).at(at_us) == max(holding, default=0)


@pytest.mark.parametrize(("at_us", "holds"), [(9, False), (10, True), (19, True), (20, False)])
def test_a_version_holds_from_its_first_moment_and_before_its_last(at_us, holds):
    assert Version(1, LINE, 10, 20).holds(at_us) is holds


@given(VERSIONS)
def test_spans_begin_before_every_moment_and_neighbours_differ(versions):
    found = spans(versions)
    assert len(found.start_us) == len(found.version) > 0
    assert list(found.start_us) == sorted(set(found.start_us))
    assert all(left != right for left, right in zip(found.version, found.version[1:], strict=False))


ACTS = st.lists(st.tuples(st.booleans(), st.sampled_from(["dev", "other"])), min_size=1, max_size=10)


def test_whenever_corrections_come_every_row_ends_with_the_newest_version(families):
    @given(ACTS, st.booleans())
    @settings(max_examples=20, deadline=None)
    def holds(acts, forgets):
        stage, versions, first = Stage(families), {"dev": 0, "other": 0}, 0
        for corrects, device in acts:
            if corrects:
                correct(stage, versions[device], versions[device], device=device)
                versions[device] += 1
            else:
                stage.take(reading(stage, first, device=device))
                first += 1
            if forgets:
                stage.start()
        while anew(stage, 2):
            pass
        for device, version in versions.items():
            if device in stage.tables.device.rows:
                wanted = (value(version - 1), version) if version else (None, None)
                assert all(row == wanted for row in values(stage, device_no=stage.no(device)))

    holds()
