"""Debian's Chromium on the built pages, over an API with a seeded fleet. Every page that logs an error fails its test."""

import shutil
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import expect, sync_playwright

import seamline
from seamline.contract import load_family
from seamline.hub.api.context import unix_ms
from seamline.testing import device_story, fleet_rows
from seamline.testing.api_server import serving
from seamline.testing.stack import stack

CHROMIUM = shutil.which("chromium")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PATIENCE_MS = 15_000
"""How long a page may take to show something on a machine busy with other tests; most take some ten ms."""
PAGES = Path(seamline.__file__).parent / "web"
EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
HEATER = EXAMPLES / "heater"
STORIED = fleet_rows.name(2)


@pytest.fixture(scope="module")  # while Playwright runs, no other test of this process could run an event loop
def browser():
    if CHROMIUM is None:
        pytest.skip("needs the system package chromium")
    if not (PAGES / "index.html").is_file():
        pytest.fail("the pages are not built: run `make web`")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield running
        running.close()


@pytest.fixture(scope="session")
def heater():
    return HEATER


@pytest.fixture(scope="session")
def family(heater):
    return load_family(heater)


@pytest.fixture(scope="session")
def database(family):
    with stack(children=("postgres",)) as running:
        fleet_rows.prepare(running.dsn, family)
        yield running


@pytest.fixture
def devices():
    """How many devices the fleet has; a test may ask for another number by parametrizing it."""
    return 200


@pytest.fixture
def fleet(database, family, devices):
    now_ms = unix_ms()
    fleet_rows.clear(database.dsn)
    if not devices:
        return None
    seeded = fleet_rows.seed(database.dsn, devices, now_ms)
    device_story.story(database.dsn, STORIED, family, now_ms)
    return seeded


@pytest.fixture
def served(database, family, fleet):
    with serving(database.dsn, family, PAGES, beside=[load_family(EXAMPLES / name) for name in ("labmeter", "trailcam")]) as api:
        yield api


@pytest.fixture
def expected_errors():
    """Parts of console errors that a test provokes; the list is the test's to fill."""
    return []


@pytest.fixture
def page(browser, served, expected_errors):
    context = browser.new_context(base_url=served.url, viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    errors = []
    page.on("console", lambda message: errors.append(message.text) if message.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    unexpected = [error for error in errors if not any(part in error for part in expected_errors)]
    assert not unexpected, "the page logged errors"


@pytest.fixture
def sql(database):
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        yield connection
