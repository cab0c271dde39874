"""The device page: where a value comes from, how old it is and how surely it is dated can be seen."""

import re
from datetime import UTC, datetime

import httpx
import pytest
from playwright.sync_api import expect

from seamline.hub.api.context import RawFrame, unix_ms
from seamline.hub.presence import State
from seamline.testing import device_story, fleet_rows

DEVICE = fleet_rows.name(2)


def open_device(page, device=DEVICE):
    page.goto(f"/#/device/{device}")
    expect(page.get_by_role("heading", name=device, level=1)).to_be_visible()


def figure(page):
    return page.locator("figure[data-points]")


def ink(page, strip):
    """How many pixels of a strip are drawn in each colour class: hatch and line, by canvas."""
    return page.evaluate(
        """(strip) => {
            const canvas = document.querySelectorAll("figure canvas")[strip];
            const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
            const columns = new Array(canvas.width).fill(0);
            for (let at = 0; at < data.length; at += 4)
                if (data[at + 3] > 200 && data[at + 2] > data[at] + 60) columns[(at / 4) % canvas.width] += 1;
            return columns;
        }""",
        strip,
    )


def middle(columns):
    drawn = [place for place, count in enumerate(columns) for _ in range(count)]
    return sum(drawn) / len(drawn)


def test_presence_is_told_in_both_directions_with_reason_and_ages(page, fleet):
    open_device(page, fleet.examples[State.DEAF])
    crossing = page.locator(".crossing")
    expect(crossing).to_have_attribute("data-state", "deaf")
    expect(crossing).to_have_attribute("data-why", "3 questions unanswered")
    heard, answered = crossing.locator(".way time").all_inner_texts()
    assert re.fullmatch(r"\d+ s", heard)
    assert re.fullmatch(r"\d+ m \d\d s", answered)


def test_a_device_is_seen_to_go_silent_and_then_offline_with_the_right_reason(page, served, sql, fleet):
    device = fleet.examples[State.ONLINE]
    open_device(page, device)
    crossing = page.locator(".crossing")
    expect(crossing).to_have_attribute("data-state", "online")
    served.clock.ahead_ms = fleet_rows.PUBLISH_MS + fleet_rows.ANSWER_MS + 5_000
    expect(crossing).to_have_attribute("data-state", "silent")
    sql.execute(
        "UPDATE presence SET died_at = %s FROM device d WHERE d.no = device_no AND d.id = %s",
        (datetime.fromtimestamp(served.clock() / 1000, UTC), device),
    )
    expect(crossing).to_have_attribute("data-state", "lost")
    expect(crossing).to_contain_text("Offline its connection ended")


def test_the_chart_shows_every_field_and_what_is_missing_by_class(page):
    open_device(page)
    page.get_by_role("button", name="all", exact=True).click()
    expect(figure(page)).to_have_attribute("data-points", "318")
    expect(page.locator("figure .strip")).to_have_count(5)
    for cls, number in (("lost", "24"), ("owed", "18"), ("quarantined", "6")):
        expect(page.locator(f"[data-missing={cls}]")).to_contain_text(number)
    assert sum(ink(page, 0)) > 300, "the line is drawn"


def test_a_late_clock_anchor_moves_the_points_on_the_chart(page, sql, expected_errors):
    expected_errors.append("getImageData")  # Chromium's advice to the test that reads the canvas
    open_device(page)
    page.get_by_role("button", name="all", exact=True).click()
    chart = figure(page)
    expect(chart).to_have_attribute("data-revised", "0")
    expect(chart).to_have_attribute("data-points", "318")
    first, before = int(chart.get_attribute("data-first")), middle(ink(page, 0)[:600])
    number = fleet_rows.number_of(sql, DEVICE)
    sql.execute(
        "UPDATE r_heater_reading SET measured = measured + interval '4 min', error_ms = 70, quality = 2, revision = 1"
        " WHERE device_no = %s AND quality = 0",
        (number,),
    )
    expect(chart).to_have_attribute("data-revised", "60")
    expect(page.get_by_text("60 dated anew by a later anchor")).to_be_visible()
    assert int(chart.get_attribute("data-first")) == first + 240_000
    page.wait_for_function("() => new Promise((done) => requestAnimationFrame(() => done(true)))")
    assert abs(middle(ink(page, 0)[:600]) - before) > 1, "the points are drawn elsewhere"


def test_the_chart_is_also_a_table_for_those_who_cannot_see_it(page):
    open_device(page)
    page.get_by_role("button", name="Table", exact=True).click()
    rows = page.locator("#readings tbody tr")
    expect(rows.first).to_contain_text("synced")
    assert rows.count() == 200
    expect(page.locator("#readings thead")).to_contain_text("power W")


def test_the_axis_ends_now_so_that_an_old_reading_looks_old(page, served):
    served.clock.ahead_ms = 1_800_000
    open_device(page)
    expect(figure(page)).to_be_visible()
    columns = ink(page, 0)
    drawn = [place for place, count in enumerate(columns) if count]
    assert max(drawn) < 0.6 * len(columns), "the newest reading is half an hour old in a window of an hour"


def test_a_window_without_readings_says_so_with_a_way_out(page, served):
    served.clock.ahead_ms = 40_000_000
    open_device(page)
    expect(page.get_by_text("No reading in this window")).to_be_visible()
    page.get_by_role("button", name="Look at all").click()
    expect(figure(page)).to_have_attribute("data-points", "318")


def test_books_name_what_is_missing_and_why_it_was_lost(page):
    open_device(page)
    books = page.locator("#books")
    expect(books.get_by_role("group")).to_contain_text("balances")
    expect(books).to_contain_text("190–201")
    expect(books.get_by_role("list", name="Losses")).to_contain_text("24 lost, buffer full")


def test_a_change_is_asked_for_and_its_state_told(page, served):
    open_device(page)
    lock = page.locator("[data-property=child_lock]")
    expect(lock).to_have_attribute("data-twin-state", "in sync")
    lock.get_by_role("button", name="Ask…").click()
    page.get_by_label("child_lock").select_option("on")
    page.get_by_label("who asks").fill("tester")
    page.get_by_role("button", name="Ask for it").click()
    expect(lock).to_have_attribute("data-twin-state", "asked, not delivered")
    expect(lock).to_contain_text("tester")
    assert served.asked == [DEVICE]


def test_a_refused_change_says_what_is_allowed(page, expected_errors):
    expected_errors.append("422")
    open_device(page)
    page.locator("[data-property=set_point]").get_by_role("button", name="Ask…").click()
    field = page.get_by_label("set_point")
    field.evaluate("(input) => { input.removeAttribute('max'); }")
    field.fill("99")
    page.get_by_label("who asks").fill("tester")
    page.get_by_role("button", name="Ask for it").click()
    expect(page.locator("#twin").get_by_role("alert")).to_contain_text("5 to 30")


def test_events_are_told_in_sentences_with_units(page):
    open_device(page)
    events = page.locator("#events")
    expect(events.locator("[data-event=online]")).to_contain_text(
        "Online again It speaks, and it hears us. Before, it was presumed lost."
    )
    expect(events.locator("[data-event=loss]")).to_contain_text("Records lost 24 records of channel 1 lost: buffer full.")
    gap = "Records missing Records 190–201 of boot 1, channel 1, have been missing for 1 min."
    expect(events.locator("[data-event=gap]")).to_contain_text(gap)
    assert not re.search(r"[{}_]|\d{10}", events.inner_text())


def test_raw_frames_show_bytes_and_meaning_side_by_side(page, served, family):
    payload = device_story.heater_frame(family, 12)
    served.frames.frames.append(RawFrame(7, unix_ms(), "data", payload))
    open_device(page)
    page.locator("#frames").get_by_role("button", name="Look").click()
    frame = page.locator("#frames")
    expect(frame.locator(".octet")).to_have_count(len(payload))
    expect(frame.get_by_role("list", name="Parts of the frame")).to_contain_text("record 12")
    frame.get_by_text("fingerprint").hover()
    expect(frame.locator(".octet.pointed")).to_have_count(4)


def test_a_broker_that_is_away_is_said_in_its_own_section_only(page, served, expected_errors):
    expected_errors.append("503")
    served.frames.away = True
    open_device(page)
    page.locator("#frames").get_by_role("button", name="Look").click()
    expect(page.locator("#frames").get_by_role("alert")).to_contain_text("broker does not answer")
    expect(figure(page)).to_be_visible()


def test_a_device_without_any_past_is_empty_not_broken(page, fleet):
    open_device(page, fleet.examples[State.NEVER])
    expect(page.locator(".crossing")).to_have_attribute("data-state", "never")
    expect(page.locator("#books [data-notice=empty]")).to_be_visible()
    expect(page.locator("#events [data-notice=empty]")).to_be_visible()
    expect(page.locator("#clock [data-notice=empty]")).to_be_visible()


def test_an_unknown_device_says_so_and_leads_back(page, expected_errors):
    expected_errors.append("404")
    page.goto("/#/device/nobody")
    expect(page.get_by_role("heading", name="No device is called nobody")).to_be_visible()
    page.get_by_role("link", name="Look for it in the fleet").click()
    expect(page.get_by_role("grid", name="Devices")).to_be_visible()


def test_a_hub_that_stops_leaves_the_last_known_state_with_its_age(page, served, expected_errors):
    expected_errors += ["ERR_", "503"]
    open_device(page)
    expect(figure(page)).to_be_visible()
    served.stop()
    expect(page.locator(".banner")).to_contain_text("The hub does not answer")
    expect(figure(page)).to_be_visible()


def test_quarantine_counts_reasons_and_shows_the_bytes(page):
    page.goto("/#/quarantine")
    expect(page.locator("[data-reason=unregistered]")).to_contain_text("6")
    page.locator("[data-reason=unregistered]").get_by_role("button").click()
    items = page.locator("[data-item]")
    expect(items).to_have_count(1)
    items.get_by_role("link").click()
    detail = page.locator("#detail")
    expect(detail).to_contain_text("0badcafe")
    expect(detail.locator(".octet")).to_have_count(132)
    assert "reason=unregistered" in page.url


@pytest.mark.parametrize("devices", [0])
def test_an_empty_quarantine_is_good_news(page, devices):
    page.goto("/#/quarantine")
    expect(page.get_by_role("heading", name="Nothing in quarantine")).to_be_visible()


def test_counts_are_shown_as_counts_until_there_are_coefficients_and_then_in_their_unit(page, sql, served):
    open_device(page)
    room = page.locator("figure .strip").first
    expect(room).to_contain_text(re.compile("raw .*no coefficients yet"))
    section = page.locator("#calibrations")
    expect(section.locator("[data-calibration=room_ntc]")).to_contain_text("It takes a, b, c")
    asked = {"coefficients": {"a": 1e-3, "b": 2e-4, "c": 2e-7}, "by": "anna", "reason": "bench", "expected": 0}
    answer = httpx.put(f"{served.url}/api/devices/{DEVICE}/calibrations/room_ntc", json=asked)
    assert answer.status_code == 200
    sql.execute("UPDATE r_heater_reading SET _physical_room = 21.25, _version_room_ntc = 1")
    sql.execute("UPDATE revaluation SET finished_at = now(), rows = 318")
    expect(room).to_contain_text("21.25 °C")
    expect(room).to_contain_text("room_ntc, version 1")
    expect(section.locator("[data-version='1']")).to_contain_text("anna")
    expect(section.locator("[data-version='1']")).to_contain_text("in force")
    expect(section.locator("[data-pass]")).to_contain_text("none → 1")
    expect(section.locator("[data-pass]")).to_contain_text("318")
