"""A hub or a database that is away is told once, by the banner; what lacks an answer says only that it waits."""

import pytest
from playwright.sync_api import expect
from tests.browser.conftest import STORIED

PATIENCE_MS = 20_000
"""A stream that ends is noticed at once, and asked for again every 2 s."""
HUB = "The hub does not answer"
PAGES = {
    "fleet": ("/#/", "[data-device]"),
    "device": (f"/#/device/{STORIED}", "#books table"),
    "quarantine": ("/#/quarantine", "[data-reason]"),
    "sites": ("/#/site", "[data-notice=empty]"),
}


@pytest.fixture
def expected_errors():
    return ["ERR_", "503"]


def told_once(page, what):
    expect(page.locator(".banner")).to_contain_text(what, timeout=PATIENCE_MS)
    expect(page.get_by_role("alert")).to_have_count(1)
    expect(page.get_by_text("does not answer")).to_have_count(1 if what == HUB else 0)
    expect(page.locator("[data-link]")).to_have_text("not live")


def asked_in_vain(page):
    """Wait until the page has asked again for what it shows, after the banner is there."""
    with page.expect_event("requestfailed", lambda request: "/fleet" not in request.url and "/summary" not in request.url):
        pass


@pytest.mark.parametrize("at", PAGES.values(), ids=PAGES)
def test_a_hub_that_goes_away_is_told_once_on_every_page_and_what_was_read_stays(page, served, at):
    address, shown = at
    page.goto(address)
    expect(page.locator(shown).first).to_be_visible()
    served.stop()
    told_once(page, HUB)
    if address != "/#/":
        asked_in_vain(page)
    told_once(page, HUB)
    expect(page.locator(shown).first).to_be_visible()


@pytest.mark.parametrize("at", PAGES.values(), ids=PAGES)
def test_a_page_that_has_read_nothing_yet_waits_for_the_hub_and_is_there_when_it_answers(page, at):
    address, shown = at
    page.route("**/api/**", lambda route: route.abort())
    page.goto(address)
    expect(page.locator("[data-notice=waiting]")).to_be_visible()
    told_once(page, HUB)
    page.unroute("**/api/**")
    expect(page.locator(shown).first).to_be_visible()
    expect(page.locator(".banner")).to_have_count(0)
    expect(page.get_by_role("alert")).to_have_count(0)


def test_what_fails_while_the_hub_is_there_says_so_itself(page):
    page.route("**/ledger", lambda route: route.abort())
    page.goto(PAGES["device"][0])
    expect(page.locator("#books").get_by_role("alert")).to_contain_text(HUB)
    expect(page.locator(".banner")).to_have_count(0)


def test_a_database_that_is_away_is_told_once(page, database):
    address, shown = PAGES["device"]
    page.goto(address)
    expect(page.locator(shown)).to_be_visible()
    with database.without("postgres"):
        told_once(page, "cannot reach its database")
        with page.expect_response(lambda response: response.status == 503 and "/devices/" in response.url):
            pass
        told_once(page, "cannot reach its database")
    expect(page.locator(".banner")).to_have_count(0, timeout=PATIENCE_MS)
