"""What a value means can be seen and corrected: who guessed it and how surely, and by which coefficients it was reckoned."""

from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import expect

from seamline.contract import load_family
from seamline.hub.api.context import unix_ms
from seamline.testing import fleet_rows

DEVICE = fleet_rows.name(2)
CAMERA = "trailcam-1"
METER = "labmeter-1"
EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
SEEN = {"kind": 2, "number": 1, "confidence": 93, "dark": 0, "frames": 12, "took": 1840}


def open_device(page, device=DEVICE):
    page.goto(f"/#/device/{device}")
    expect(page.get_by_role("heading", name=device, level=1)).to_be_visible()


def another(connection, dsn, device, product):
    """A device of another product beside the fleet; its number."""
    fleet_rows.prepare(dsn, load_family(EXAMPLES / product))
    row = (device, product, f"{product}/1.1.0", fleet_rows.at(unix_ms()))
    columns = "id, product, contract, firmware, state, incarnation, boot, created_at"
    made = connection.execute(
        f"INSERT INTO device ({columns}) VALUES (%s, %s, %s, '1.1.0', 'active', 7, 1, %s) RETURNING no", row
    )
    return made.fetchone()[0]


@pytest.fixture
def meter(database, fleet):
    """A meter without coefficients, one of whose calibrations is a table of up to 8 points."""
    assert fleet.devices, "the fleet is written first, since that forgets every device"
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        another(connection, database.dsn, METER, "labmeter")


@pytest.fixture
def camera(database, fleet):
    """A camera whose model was exchanged: an older reading of layout 1, a newer one of layout 2."""
    assert fleet.devices, "the fleet is written first, since that forgets every device"
    now_ms = unix_ms()
    columns = ", ".join(SEEN)
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        number = another(connection, database.dsn, CAMERA, "trailcam")
        for seq, layout, ago_ms in ((0, 1, 90_000), (1, 2, 30_000)):
            at = fleet_rows.at(now_ms - ago_ms)
            connection.execute(
                f"INSERT INTO r_trailcam_sighting (device_no, incarnation, boot, seq, layout, arrival, uptime_ms, measured,"
                f" error_ms, quality, revision, digest, {columns})"
                f" VALUES (%s, 7, 1, %s, %s, %s, 0, %s, 20, 2, 0, 0, {', '.join(['%s'] * len(SEEN))})",
                (number, seq, layout, at, at, *SEEN.values()),
            )


def test_a_guess_is_shown_as_one_with_its_model_and_its_confidence(page, camera):
    open_device(page, CAMERA)
    kind = page.locator("[data-inferred=kind]")
    expect(kind).to_have_text("inferred by fencenet 2.0.0, confidence 0.93")
    expect(kind).to_have_attribute("title", "No measurement: confidence says how sure the model was")
    expect(page.locator("[data-inferred]")).to_have_count(2)
    expect(page.locator("[data-inferred=frames]")).to_have_count(0)


def test_an_older_reading_keeps_the_model_that_guessed_it(page, camera):
    open_device(page, CAMERA)
    page.locator("#readings").get_by_role("button", name="Table").click()
    rows = page.locator("#readings tbody tr")
    expect(rows).to_have_count(2)
    titles = [title for title in rows.locator("td").evaluate_all("cells => cells.map(cell => cell.title)") if "inferred" in title]
    assert {title.split(",")[0] for title in titles} == {"inferred by fencenet 2.0.0", "inferred by fencenet 1.4.0"}
    assert all(title.endswith("confidence 0.93") for title in titles)


def enter(form, **values):
    for name, value in values.items():
        form.locator(f"[name={name}]").fill(value)


def test_coefficients_are_entered_and_stand_in_the_audit(page, sql):
    open_device(page)
    section = page.locator("#calibrations")
    section.locator("[data-calibration=room_ntc]").get_by_role("button", name="Enter…").click()
    form = page.get_by_role("form", name="Coefficients of room_ntc")
    enter(form, a="1.009e-3", b="2.378e-4", c="2.019e-7", by="anna", reason="certificate 4711")
    form.get_by_role("button", name="Make version 1").click()
    first = section.locator("[data-calibration=room_ntc][data-version='1']")
    expect(first).to_contain_text("certificate 4711")
    expect(first).to_contain_text("in force")
    expect(form).to_have_count(0)
    expect(section.locator("[data-pass]")).to_contain_text("none → 1")
    found = sql.execute('SELECT coefficients, "by" FROM calibration ORDER BY version').fetchall()
    assert found == [({"a": 1.009e-3, "b": 2.378e-4, "c": 2.019e-7}, "anna")]


def test_a_correction_begins_with_what_is_in_force_and_may_hold_for_a_time_only(page, sql):
    open_device(page)
    section = page.locator("#calibrations")
    section.locator("[data-calibration=room_ntc]").get_by_role("button", name="Enter…").click()
    form = page.get_by_role("form", name="Coefficients of room_ntc")
    enter(form, a="0.001", b="0.0002", c="2e-7", by="anna", reason="bench")
    form.get_by_role("button", name="Make version 1").click()
    section.locator("[data-version='1']").get_by_role("button", name="Correct…").click()
    expect(form.locator("[name=a]")).to_have_value("0.001")
    enter(form, a="0.0011", by="bert", reason="wrong sheet", **{"from": "2026-01-02T03:04", "to": "2026-02-03T04:05"})
    form.get_by_role("button", name="Make version 2").click()
    second = section.locator("[data-version='2']")
    expect(second).to_contain_text("bert")
    expect(second).to_contain_text("before")
    assert sql.execute("SELECT count(*) FROM calibration WHERE valid_from IS NOT NULL AND valid_to IS NOT NULL").fetchone() == (
        1,
    )


def test_what_is_wrong_with_coefficients_is_said_beside_the_field_and_nothing_is_sent(page, served):
    open_device(page)
    page.locator("#calibrations [data-calibration=room_ntc]").get_by_role("button", name="Enter…").click()
    form = page.get_by_role("form", name="Coefficients of room_ntc")
    enter(form, a="one", b="2e-4", **{"from": "2026-02-03T04:05", "to": "2026-01-02T03:04"})
    form.get_by_role("button", name="Make version 1").click()
    expect(form.locator("[data-wrong=a]")).to_have_text("a is not a number, such as 0.0012 or 1.2e-3")
    expect(form.locator("[data-wrong=c]")).to_have_text("c is missing")
    expect(form.locator("[data-wrong=to]")).to_contain_text("holds for no moment")
    expect(form.locator("[data-wrong=by]")).to_be_visible()
    expect(form.locator("[data-wrong=reason]")).to_contain_text("the audit needs a reason")
    expect(form.locator("[data-wrong=b]")).to_have_count(0)
    enter(form, a="1e-3", c="2e-7")
    expect(form.locator("[data-wrong=a]")).to_have_count(0)


def test_a_refusal_of_the_hub_is_shown_and_the_form_stays(page, sql, meter, expected_errors):
    expected_errors.append("422")
    open_device(page, METER)
    page.locator("#calibrations [data-calibration=cell_table]").get_by_role("button", name="Enter…").click()
    form = page.get_by_role("form", name="Coefficients of cell_table")
    enter(form, points="\n".join(f"{1000 * place} {place / 2}" for place in range(9)), by="anna", reason="bench")
    form.get_by_role("button", name="Make version 1").click()
    expect(form.locator("[data-refusal]")).to_contain_text("9 points; it takes 2 to 8")
    assert sql.execute("SELECT count(*) FROM calibration").fetchone() == (0,)
    enter(form, points="0 0\n1000, 0.5\n2000;1")
    form.get_by_role("button", name="Make version 1").click()
    expect(form).to_have_count(0)
    assert sql.execute("SELECT coefficients FROM calibration").fetchone() == ({"points": [[0, 0], [1000, 0.5], [2000, 1]]},)


@pytest.mark.parametrize(("points", "says"), [
    ("", "needs two points at least"),
    ("1 2", "needs two points at least"),
    ("1 2\nx 3", "line 2 is not a pair, such as 512 21.5"),
    ("1 2 3\n4 5", "line 1 is not a pair, such as 512 21.5"),
    ("1 2\n1 3", "line 2 does not lie above the one before it"),
])  # fmt: skip
def test_points_that_are_no_table_are_named_by_their_line(page, meter, points, says):
    open_device(page, METER)
    page.locator("#calibrations [data-calibration=cell_table]").get_by_role("button", name="Enter…").click()
    form = page.get_by_role("form", name="Coefficients of cell_table")
    enter(form, points=points, by="anna", reason="bench")
    form.get_by_role("button", name="Make version 1").click()
    expect(form.locator("[data-wrong=points]")).to_have_text(f"points {says}")
