"""What the worked examples are there to show, held to it: they hold, they grow as they should, and their figures are true."""

import re
from pathlib import Path

import pytest

from seamline.agent.readings import pack_line
from seamline.contract import Order, OutOfRange, load_family
from seamline.contract.calibration import CalibrationError, physical
from seamline.contract.checks.life import charge_a_day_uah
from seamline.contract.checks.traffic import month_bytes
from seamline.contract.evolution import Category, compare
from seamline.contract.evolution.releases import open_releases, problems_of
from seamline.contract.model import Property

ROOT = Path(__file__).resolve().parents[3]
NAMES = sorted(path.parent.name for path in (ROOT / "examples").glob("*/contract.yaml"))
WORKED = ("labmeter", "trailcam")
FAMILIES = {name: load_family(ROOT / "examples" / name) for name in NAMES}
LABMETER, TRAILCAM = (FAMILIES[name].current for name in WORKED)
QUESTIONS = {
    "who owns the protocol, and how many versions at once": {"mixed-fleet"},
    "an update that loses power half way": {"power-cut-anywhere", "captive-portal", "bad-release"},
    "identity, reset and resale": {"factory-run", "reset-and-resale", "claim-leaked", "expired-offline"},
    "what is shown after an hour offline, and where commands go": {"two-day-fiction", "offline-toggle", "week-offline"},
    "the whole fleet reconnects at once": {"regional-power-cut", "rate-limited"},
    "each reading once": {"drop-mid-publish", "partial-outage", "erased-counter"},
}
"""What a boundary must be able to answer, and the bad days that prove it."""


@pytest.mark.parametrize("name", NAMES)
def test_an_example_is_without_a_problem_and_its_registry_stands(name):
    assert problems_of(open_releases(ROOT / "examples" / name), None) == ()


@pytest.mark.parametrize("name", WORKED)
def test_what_is_in_contract_yaml_is_the_newest_release_to_the_byte(name):
    folder = ROOT / "examples" / name
    newest = FAMILIES[name].current.version
    assert (folder / "contract.yaml").read_bytes() == (folder / "released" / f"{newest}.yaml").read_bytes()


@pytest.mark.parametrize("name", WORKED)
@pytest.mark.parametrize("question", QUESTIONS)
def test_the_boundaries_answer_every_question_with_bad_days(name, question):
    proven = {day for boundary in FAMILIES[name].current.boundaries.values() for day in boundary.proven_by}
    assert proven >= QUESTIONS[question]


@pytest.mark.parametrize("name", WORKED)
def test_every_boundary_says_what_it_does_when_it_fails_and_what_proves_it(name):
    for boundary in FAMILIES[name].current.boundaries.values():
        assert boundary.on_failure, boundary.name
        assert boundary.proven_by, boundary.name


@pytest.mark.parametrize("name", NAMES)
def test_the_bad_days_are_those_that_are_described(name):
    described = set(re.findall(r"`([a-z0-9-]+)`", (ROOT / "docs" / "bad-days.md").read_text(encoding="utf-8")))
    for contract in FAMILIES[name].versions.values():
        assert {day for boundary in contract.boundaries.values() for day in boundary.proven_by} <= described


def test_the_two_show_every_conflict_rule_every_calibration_of_counts_and_every_rule_for_values_out_of_range():
    fields = [
        item for contract in (LABMETER, TRAILCAM) for message in contract.messages.values() for item in message.layout.fields
    ]
    state: list[Property] = [*LABMETER.state.values(), *TRAILCAM.state.values()]
    assert {item.conflict for item in state} == {"cloud_wins", "device_wins", "newest", "local_override"}
    assert {each.kind for each in LABMETER.calibrations.values()} == {"linear", "polynomial", "table"}
    assert {item.out_of_range for item in fields} == set(OutOfRange)
    assert LABMETER.messages["measurement"].layout.order is Order.BIG
    assert TRAILCAM.messages["sighting"].layout.order is Order.LITTLE
    for contract in (LABMETER, TRAILCAM):
        given = (contract.busy, contract.power, contract.device, contract.update, contract.identity, contract.timing.further)
        assert all(given)


@pytest.mark.parametrize("name", WORKED)
def test_from_version_to_version_something_differs_in_every_category_and_nothing_breaks(name):
    old, new = list(FAMILIES[name].versions.values())[:2]
    found = compare(old, new)
    assert {each.category for each in found} == set(Category)
    assert [each for each in found if each.breaking] == []


def test_another_version_of_the_model_is_another_layout_of_what_it_guesses():
    old, new = list(FAMILIES["trailcam"].versions.values())[:2]
    for name in ("sighting", "watch"):
        layouts = (old.messages[name].layout, new.messages[name].layout)
        assert len({layout.version for layout in layouts}) == 2
        models = [{item.inferred.version for item in layout.fields if item.inferred} for layout in layouts]
        assert "1.4.0" in models[0]
        assert "2.0.0" in models[1]
        assert "1.4.0" not in models[1]


PLATINUM = {"c0": -245.6886, "c1": 471.1482, "c2": 40.46073}
"""Least squares through IEC 60751's table from -10 to 110 Cel, at 0.5 mA."""
CELL = {"points": [[0, 0], [8400, 0.084], [141_900, 1.413], [1_301_000, 12.88], [11_530_000, 111.8]]}
"""Counts of about 10 nS, read in air and in four standards."""


@pytest.mark.parametrize(
    ("name", "coefficients", "raw", "value", "within"),
    [
        ("electrode_in", {"gain": 0.000244140625, "offset": -0.31}, -726_630, -177.71, 0.01),
        ("pt1000", PLATINUM, round(0.5 / 2.048 * (2**23 - 1)), 0.0, 0.01),
        ("pt1000", PLATINUM, round(0.5 * 1.097347 / 2.048 * (2**23 - 1)), 25.0, 0.01),
        ("pt1000", PLATINUM, round(0.5 * 1.385055 / 2.048 * (2**23 - 1)), 100.0, 0.01),
        ("cell_table", CELL, 141_900, 1.413, 1e-9),
        ("cell_table", CELL, 700_000, 6.93, 0.01),
    ],
)
def test_the_meters_counts_become_what_a_chemist_expects(name, coefficients, raw, value, within):
    assert physical(LABMETER.calibrations[name], coefficients, raw) == pytest.approx(value, abs=within)


def test_beyond_the_highest_standard_the_cell_says_nothing():
    with pytest.raises(CalibrationError, match="outside its table"):
        physical(LABMETER.calibrations["cell_table"], CELL, 12_000_000)


def test_the_figures_that_the_comments_reckon_are_those_that_are_reckoned():
    text = (ROOT / "examples" / "trailcam" / "contract.yaml").read_text(encoding="utf-8")
    power = TRAILCAM.power
    assert power is not None
    assert f"{charge_a_day_uah(power) / 1000:.1f} mAh a day" in text
    parts = [1.1, 10.0, 15.0]  # asleep, looking, talking
    assert " + ".join(map(str, parts)) in text
    assert month_bytes(TRAILCAM) < 3.3 * (1 << 20)


MEASURED = (
    '{"mode": "ph", "stable": true, "condition": ["slope_low", "mains_hum"], "electrode": -726630, "bath": 2247426,'
    ' "cell": 141900, "ph": 4.008, "drift": [0.01, -0.02, 0, 0, 0.03, 0, 0, -0.01], "redox": null}'
)
SEEN = (
    '{"kind": "boar", "number": 2, "confidence": 0.93, "dark": true, "box": [0.2, 0.35, 0.6, 0.8], "frames": 12,'
    ' "took": 1840, "energy": 0.71}'
)


@pytest.mark.parametrize(
    ("contract", "message", "line", "body"),
    [
        (LABMETER, "measurement", MEASURED, "3104 f4e99a 224b02 022a4c 0fa8 001ffe000000003000000fff 00 000000 0000 0000000000"),
        (TRAILCAM, "sighting", SEEN, "22 dd 28 46 78 a0 0c 3007 4700 00"),
    ],
)
def test_a_line_as_a_person_writes_it_is_the_record_that_the_bits_say(contract, message, line, body):
    """Worked out by hand: mode 1, stable, bits 2 and 8 of the flags; 4.008 / 0.001; kind 2 and number 2; 93, and its top bit for dark."""
    packed = pack_line(line, contract.messages[message], raw=False)
    assert packed.hex() == body.replace(" ", "").ljust(len(packed) * 2, "0")
