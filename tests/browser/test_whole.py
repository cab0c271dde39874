"""The pages over the whole real stack: a Linux node measures, hangs, and is killed, and the page tells each as it is."""

import os
import signal
import subprocess
import sys

import pytest
from playwright.sync_api import expect

from seamline.testing.stack import stack

HURRY = {
    "sample: 10 s": "sample: 1 s",
    "every: 60 s": "every: 2 s",
    "after: 3 publishes": "after: 30 publishes",
    "recovery: 120 s": "recovery: 1 s",
    "devices_max: 20000": "devices_max: 100",
    "outage: 72 h": "outage: 2 h",
}
DEVICE = "node-1"
LINE = '{"room": 2048, "element": 1100, "power": 850.5, "mode": "heating", "set_point": 21.5}'
SILENT_MS = 30_000
"""A publish (2 s) and an answer timeout (12 s) must pass, on a busy machine."""


@pytest.fixture
def product(heater, tmp_path):
    """The heater's contract in a hurry, as a product of one version."""
    text = (heater / "contract.yaml").read_text(encoding="utf-8")
    for slow, hurried in HURRY.items():
        assert slow in text
        text = text.replace(slow, hurried)
    (tmp_path / "contract.yaml").write_text(text, encoding="utf-8")
    return tmp_path


@pytest.fixture
def running(product):
    with stack(contracts=(product,)) as whole:
        yield whole


@pytest.fixture
def node(running, product, tmp_path):
    pem = running.issue("heater", [DEVICE])[DEVICE]
    values = tmp_path / "values"
    values.write_text(LINE + "\n", encoding="utf-8")
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "seamline", "agent", "run", "--contract", str(product / "contract.yaml")),
            *("--device", DEVICE, "--url", f"mqtts://{running.mqtt_host}:{running.mqtt_port}"),
            *("--ca", str(running.ca_file), "--cert", str(pem.cert), "--key", str(pem.key)),
            *("--message", "reading", "--file", str(values), "--state", str(tmp_path / "state")),
        ]
    )
    yield process
    process.kill()
    process.wait()


@pytest.mark.slow
@pytest.mark.parametrize("devices", [0])
def test_a_node_that_hangs_is_seen_silent_and_once_killed_offline_with_its_reason(running, node, page):
    page.goto(f"{running.url}/#/")
    fleet_row = page.locator(f"[data-device='{DEVICE}']")
    expect(fleet_row).to_have_attribute("data-state", "online", timeout=30_000)
    fleet_row.click()
    crossing = page.locator(".crossing")
    expect(crossing).to_have_attribute("data-state", "online")
    expect(page.locator("figure[data-points]")).to_be_visible(timeout=30_000)
    expect(page.locator("#readings .strip").last).to_contain_text("21.5")
    page.locator("#frames").get_by_role("button", name="Look").click()
    expect(page.locator("#frames .octet").first).to_be_visible()
    os.kill(node.pid, signal.SIGSTOP)
    expect(crossing).to_have_attribute("data-state", "silent", timeout=SILENT_MS)
    expect(crossing).to_have_attribute("data-why", "a publish is overdue")
    os.kill(node.pid, signal.SIGKILL)
    expect(crossing).to_have_attribute("data-state", "lost")
    expect(crossing).to_have_attribute("data-why", "its connection ended")
    expect(page.locator("#events")).to_contain_text("Offline")


@pytest.mark.slow
@pytest.mark.parametrize("devices", [0])
def test_a_wish_asked_on_the_page_reaches_a_real_node_and_is_seen_to(running, node, page):
    page.goto(f"{running.url}/#/")
    page.locator(f"[data-device='{DEVICE}']").click(timeout=30_000)
    lock = page.locator("[data-property=child_lock]")
    lock.get_by_role("button", name="Ask…").click(timeout=30_000)
    page.get_by_label("child_lock").select_option("on")
    page.get_by_label("who asks").fill("tester")
    page.get_by_role("button", name="Ask for it").click()
    expect(lock).not_to_have_attribute("data-twin-state", "")
    expect(lock).not_to_have_attribute("data-twin-state", "asked, not delivered", timeout=30_000)
