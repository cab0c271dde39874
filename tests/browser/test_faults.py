"""A fault that a device names is explained where it stands, in the words of its contract and of nobody else."""

import json
import re
from dataclasses import replace

import pytest
from playwright.sync_api import expect

from seamline.contract import load_family
from seamline.hub.api.context import unix_ms
from seamline.testing import fleet_rows

DEVICE = fleet_rows.name(2)
CONTRACT = "heater/1.2.0"
"""What this device of the seeded fleet names at birth."""


@pytest.fixture(scope="session")
def family(heater):
    """The heater, with a meaning that stands nowhere but here, and a second fault beside the first."""
    found = load_family(heater)
    open_ = replace(found.current.faults[0x4F], meaning="Planted words of this contract", related=("reading",))
    hot = replace(open_, code=0x07, name="too_hot", severity="warning", latches=False, meaning="Too warm", user=None, cause=None)
    faults = {0x4F: open_, 0x07: hot}
    versions = {version: replace(contract, faults=faults) for version, contract in found.versions.items()}
    return replace(found, versions=versions, current=versions[found.current.version])


def open_device(page):
    page.goto(f"/#/device/{DEVICE}")
    expect(page.get_by_role("heading", name=DEVICE, level=1)).to_be_visible()


def says_all(shown):
    expect(shown).to_have_attribute("data-severity", "critical")
    for part in ("sensor open", "0x4F", "Planted words of this contract", "Broken NTC lead", "call support", "Check J3"):
        expect(shown).to_contain_text(part)


@pytest.fixture
def number(sql, fleet):
    return fleet_rows.number_of(sql, DEVICE)


@pytest.mark.parametrize("said", ["sensor_open", "0x4F", "79"])
def test_a_refused_wish_says_what_the_fault_means_and_what_to_do(page, sql, number, said):
    sql.execute("UPDATE twin_reported SET fault = %s WHERE device_no = %s AND property = 'set_point'", (said, number))
    open_device(page)
    says_all(page.locator("[data-property=set_point] [data-fault=sensor_open]"))
    expect(page.locator("[data-property=child_lock] [data-fault]")).to_have_count(0)


@pytest.mark.parametrize("said", ["sensor_open", 0x4F])
def test_an_event_about_a_fault_says_what_it_means_and_what_to_do(page, sql, number, said):
    sql.execute(
        "INSERT INTO event (at, device_no, kind, detail) VALUES (%s, %s, 'fault_raised', %s)",
        (fleet_rows.at(unix_ms()), number, json.dumps({"fault": said})),
    )
    open_device(page)
    says_all(page.locator("#events [data-fault=sensor_open]"))
    expect(page.locator("#events [data-fault]")).to_have_count(1)


def test_a_fault_that_the_contract_does_not_have_is_shown_as_it_came(page, sql, number):
    sql.execute("UPDATE twin_reported SET fault = 'pump_dry' WHERE device_no = %s", (number,))
    open_device(page)
    expect(page.locator("#faults [data-code]")).to_have_count(2)
    expect(page.locator("[data-property] [data-fault]")).to_have_count(0)


def test_the_devices_page_lists_the_faults_of_its_contract_gravest_first(page, fleet):
    open_device(page)
    rows = page.locator("#faults [data-code]")
    expect(rows).to_have_count(2)
    assert rows.evaluate_all("rows => rows.map(row => row.dataset.code)") == ["0x4F", "0x07"]
    expect(rows.first).to_contain_text("Look at reading")
    expect(rows.last).to_contain_text("Too warm")
    link = page.locator("#faults").get_by_role("link")
    expect(link).to_have_text(f"Of {CONTRACT}")
    link.click()
    expect(page).to_have_url(re.compile(re.escape(f"#/faults/{CONTRACT.replace('/', '%2F')}")))
    expect(page.get_by_role("heading", name="Faults", level=1)).to_be_visible()


def test_a_products_faults_are_read_without_a_device(page, fleet):
    page.goto("/#/faults/heater%2F1.3.0")
    expect(page.get_by_role("row", name="0x4F sensor open")).to_contain_text("Planted words of this contract")
    expect(page).to_have_title("Faults of heater/1.3.0 · Seamline")


def test_on_a_phone_the_whole_list_is_within_its_width(page, fleet):
    page.set_viewport_size({"width": 360, "height": 800})
    page.goto("/#/faults/heater%2F1.3.0")
    row = page.locator("[data-code='0x4F']")
    expect(row).to_contain_text("Check J3")
    boxes = row.locator("td").evaluate_all(
        "cells => cells.map(cell => [cell.getBoundingClientRect().left, cell.getBoundingClientRect().right])"
    )
    assert len(boxes) == 6
    assert all(0 <= left < right <= 360 for left, right in boxes)


def test_a_contract_that_the_hub_does_not_know_is_said_to_be_unknown(page, sql, number, expected_errors):
    expected_errors.append("404")
    sql.execute("UPDATE device SET contract = 'heater/9.9.9' WHERE no = %s", (number,))
    open_device(page)
    expect(page.locator("#faults [data-notice=empty]")).to_contain_text("not known here")
    page.goto("/#/faults/heater%2F9.9.9")
    expect(page.get_by_role("heading", name="No contract heater/9.9.9 is known here")).to_be_visible()
