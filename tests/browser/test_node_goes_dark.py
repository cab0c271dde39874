"""Bad day `node-goes-dark`: a camera of a planned site loses its power. What it alone covered turns blind on the site's page, with
what helps most; when it is back, so is the coverage, and its books balance. Real broker, database, hub, devices and browser."""

import asyncio
import re
import threading
from contextlib import contextmanager

import pytest
from playwright.sync_api import expect

from seamline.contract import load_family
from seamline.contract.pace import Pace
from seamline.rig.demo_site import DemoSite
from seamline.rig.fleet import FleetPlan, device_ids, models_at, open_fleet
from seamline.rig.verify import verify
from seamline.stack import Settings
from seamline.testing.stack import stack

PACE = Pace(10, 2_000, 2_000)
SEEN_MS = 60_000
"""Births, publishes and presence take seconds, on a busy machine more."""


@pytest.fixture(scope="module")
def site():
    return DemoSite.of("yard")


@pytest.fixture(scope="module")
def house(site):
    hub = {"pace_factor": PACE.factor, "publish_every_ms_max": PACE.publish_every_ms_max}
    with stack(contracts=(site.product,), settings=Settings(http_port=0, hub=hub)) as running:
        yield running


@contextmanager
def live_fleet(house, site):
    """The site's devices, in an event loop of their own: `call` runs something there, `verdict` ends it and verifies."""
    family = load_family(site.product)
    running, ready, verdicts = [], threading.Event(), []

    async def live():
        over = asyncio.Event()
        plan = FleetPlan(len(site.places), 7, prefix=site.name)
        async with open_fleet(house, models_at(PACE, family), plan) as fleet:
            running.extend((asyncio.get_running_loop(), fleet, over))
            ready.set()
            await over.wait()
            fleet.rest()
            assert await fleet.drained(90)
            return await asyncio.to_thread(verify, house.dsn, fleet.truths, list(family.layouts.values()))

    thread = threading.Thread(target=lambda: verdicts.append(asyncio.run(live())), daemon=True)
    thread.start()
    assert ready.wait(60)
    loop, fleet, over = running

    class Live:
        devices = fleet.devices

        def call(self, act, *given):
            loop.call_soon_threadsafe(act, *given)

        def verdict(self):
            loop.call_soon_threadsafe(over.set)
            thread.join(120)
            return verdicts[0]

        def power_on(self, *devices):
            for device in devices:
                self.call(lambda device=device: device.power_on(fleet.group))

    try:
        yield Live()
    finally:
        if thread.is_alive():
            loop.call_soon_threadsafe(over.set)
            thread.join(120)


@pytest.fixture(scope="module")
def published(house, site):
    """The site's plan in force, and a device at each place: their names."""
    ids = device_ids(models_at(PACE, load_family(site.product)), FleetPlan(len(site.places), prefix=site.name))
    site.publish(house.url, ids)
    return ids


@pytest.mark.slow
@pytest.mark.parametrize("devices", [0])
def test_what_a_dark_node_alone_covered_turns_blind_with_what_helps_until_it_is_back(house, site, page, published):
    with live_fleet(house, site) as fleet:
        assert [device.id for device in fleet.devices] == published
        page.goto(f"{house.url}/#/site")
        page.get_by_role("link", name="yard").click()
        counts = page.locator("[data-counts]")
        expect(counts).to_contain_text("8 installed")
        fleet.power_on(*fleet.devices)
        expect(counts).to_contain_text("8 alive", timeout=SEEN_MS)
        gate = page.locator("[data-zone=gate]")
        expect(gate).to_have_attribute("data-met", "true")
        expect(page.locator("[data-dark]")).to_have_count(0)
        expect(page.locator("image[data-layer]")).to_have_count(0)

        struck = fleet.devices[site.places.index("cam-gate")]
        fleet.call(struck.power_off)
        dark = page.locator("[data-dark=cam-gate]")
        expect(dark).to_contain_text("is dark", timeout=SEEN_MS)
        expect(dark).to_contain_text("It alone covered")
        expect(gate).to_have_attribute("data-met", "false")
        expect(counts).to_contain_text("1 dark")
        expect(page.locator("image[data-layer=gate-0]")).to_have_count(1)
        expect(page.locator("[data-place=cam-gate]")).to_have_attribute("data-state", "dark")
        best = dark.get_by_role("listitem").first
        expect(best).to_contain_text(re.compile(r"brings back [\d.,]+ m² of Gate and gatehouse"))
        best.get_by_role("button").click()
        expect(page.locator("path.ghost")).to_have_count(1)

        fleet.power_on(struck)
        expect(dark).to_have_count(0, timeout=SEEN_MS)
        expect(gate).to_have_attribute("data-met", "true")
        expect(page.locator("image[data-layer]")).to_have_count(0)
        verdict = fleet.verdict()
        assert not verdict.problems
        assert verdict.sums.owed == 0


@pytest.mark.slow
@pytest.mark.parametrize("devices", [0])
def test_another_device_is_bound_on_the_page(house, page, published):
    page.goto(f"{house.url}/#/site/yard")
    row = page.locator("[data-place=cam-gate]")
    row.get_by_role("button", name="Replace").click()
    form = page.get_by_role("form", name="Bind a device to cam-gate")
    form.get_by_role("button", name="Bind").click()
    expect(form.get_by_role("alert")).to_contain_text("Say which device")
    form.get_by_label("device", exact=True).fill("serial-4711")
    form.get_by_label("nobody has heard of it yet").check()
    form.get_by_label("by").fill("anna")
    form.get_by_label("why").fill("the old one is broken")
    form.get_by_role("button", name="Bind").click()
    expect(row).to_contain_text("serial-4711")
    expect(row).to_have_attribute("data-state", "installed")
