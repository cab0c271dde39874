"""What was lost is counted up to a bound after a power cut: the pages say "at most" there, and a number where it is one."""

import re

from playwright.sync_api import expect
from tests.browser.conftest import STORIED
from tests.browser.test_device import open_device

AT_MOST = re.compile("At most so many")


def lose(sql, reason, count):
    """Let the device have lost so many more records for that reason, one range in its books."""
    sql.execute("DELETE FROM loss WHERE device_no = (SELECT no FROM device WHERE id = %s)", (STORIED,))
    sql.execute("DELETE FROM ledger_fold WHERE device_no = (SELECT no FROM device WHERE id = %s)", (STORIED,))
    sql.execute(
        "INSERT INTO loss (device_no, incarnation, boot, boots, channel, first, count, reason, declared_at)"
        " SELECT device_no, incarnation, boot, 1, channel, 0, %s, %s, now() FROM ledger"
        " WHERE device_no = (SELECT no FROM device WHERE id = %s) AND lost > 0 LIMIT 1",
        (count, reason, STORIED),
    )


def test_a_loss_by_power_is_a_bound_and_says_why(page, sql):
    lose(sql, "power_loss", 24)
    open_device(page)
    books = page.locator("#books")
    loss = books.get_by_role("list", name="Losses").get_by_text("at most 24 lost")
    expect(loss).to_have_attribute("title", re.compile("power cut"))
    expect(books.locator("[data-class=lost] .label")).to_have_text("lost, at most")
    expect(books.locator("[data-class=lost] .label")).to_have_attribute("title", AT_MOST)


def test_losses_that_were_counted_are_numbers(page, sql):
    lose(sql, "buffer_full", 24)
    open_device(page)
    books = page.locator("#books")
    expect(books.get_by_role("list", name="Losses")).to_contain_text("24 lost, buffer full")
    expect(books).not_to_contain_text("at most")
    expect(books.locator("[data-class=lost] .label")).to_have_text("lost")


def test_the_fleet_cannot_tell_and_says_at_most(page):
    page.goto("/")
    label = page.get_by_role("region", name="The fleet's books").locator("[data-class=lost] .label")
    expect(label).to_have_text("lost, at most")
    expect(label).to_have_attribute("title", AT_MOST)
