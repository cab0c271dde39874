"""Takes a picture of each page into docs/images: `python tools/screenshots.py [FOLDER]` (or `make screenshots`).

The pages show a seeded fleet that goes on publishing meanwhile, served by the real API over an embedded PostgreSQL.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Final

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "src"))

from playwright.sync_api import sync_playwright  # noqa: E402 (after the tree's own path)

from seamline.contract import load_family  # noqa: E402
from seamline.device import Core, Policy  # noqa: E402
from seamline.hub.api.context import RawFrame, unix_ms  # noqa: E402
from seamline.hub.presence import State  # noqa: E402
from seamline.rig.timeline.page import page  # noqa: E402
from seamline.rig.timeline.recording import record  # noqa: E402
from seamline.rig.timeline.telling import tell  # noqa: E402
from seamline.rig.world.plan import Fault, Kind, Plan  # noqa: E402
from seamline.rig.world.world import Parts  # noqa: E402
from seamline.testing import device_story, fleet_rows  # noqa: E402
from seamline.testing.api_server import ServedApi, serving  # noqa: E402
from seamline.testing.planner_server import planning  # noqa: E402
from seamline.testing.stack import stack  # noqa: E402

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from seamline.device.shapes import Random, Stored

FLAGS: Final = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
DEVICES: Final = 2_000
FAULTS: Final = (
    Fault(68_000, Kind.LOSSY, 1, 60_000, {"permille": 900}),
    Fault(70_000, Kind.PARTITION, 0, 20_000),
    Fault(100_000, Kind.BROKER_DOWN, -1, 8_000),
    Fault(125_000, Kind.POWER_CUT, 0, 5_000),
)
"""Of the timeline that is drawn."""
SITE_PATIENCE_MS: Final = 120_000
SETTLE_MS: Final = 4_000  # rates need two looks at the books
INSTALLATION_PROBLEM: Final = 5

# name, address, colour scheme, height of the picture (None: the whole page)
PICTURES: Final = (
    ("fleet", "/#/?sort=id", "light", 900),
    ("fleet-dark", "/#/?presence=silent,deaf,lost&sort=age", "dark", 900),
    ("device", "/#/device/{online}", "light", None),
    ("quarantine", "/#/quarantine/1", "light", None),
)


def main(folder: Path) -> int:
    """Take every picture; return an exit code."""
    chromium = shutil.which("chromium")
    if chromium is None:
        print("seamline: pictures need a browser: install the system package chromium", file=sys.stderr)
        return INSTALLATION_PROBLEM
    folder.mkdir(parents=True, exist_ok=True)
    family = load_family(ROOT / "examples" / "heater")
    timeline(chromium, folder)
    live_site(chromium, folder)
    planner(chromium, folder)
    with stack(children=("postgres",)) as running:
        fleet_rows.prepare(running.dsn, family)
        now_ms = unix_ms()
        online = fleet_rows.seed(running.dsn, DEVICES, now_ms).examples[State.ONLINE]
        device_story.story(running.dsn, online, family, now_ms)
        done = threading.Event()
        breathing = threading.Thread(target=breathe, args=(running.dsn, done), daemon=True)
        breathing.start()
        try:
            with serving(running.dsn, family) as api:
                api.frames.frames += [
                    RawFrame(9_000 - place, now_ms - 60_000 * place, "data", device_story.heater_frame(family, 354 - 6 * place))
                    for place in range(8)
                ]
                take(chromium, api, folder, online)
        finally:
            done.set()
            breathing.join()
    return 0


def timeline(chromium: str, folder: Path) -> None:
    """Draw the timeline of a run that breaks a promise: cores that read nothing of their counters give a boot's number twice."""

    def forgets(policy: Policy, name: str, random: Random, stored: Stored) -> Core:
        first = iter((7,))  # the incarnation is drawn first
        return Core(
            policy,
            name,
            lambda: next(first, None) or random(),
            {key: data for key, data in stored.items() if key not in {"c0", "c1"}},
        )

    parts = Parts([load_family(ROOT / "examples" / "heater")], make_core=forgets)
    drawn = page(tell(record(Plan(3, 2, 300_000, FAULTS), parts)), "seamline rig replay 3-boot-rises.json")
    with tempfile.TemporaryDirectory() as place, sync_playwright() as playwright:
        file = Path(place) / "timeline.html"
        file.write_text(drawn, encoding="utf-8")
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        opened = browser.new_page(viewport={"width": 1440, "height": 1640})
        opened.goto(file.as_uri())
        opened.screenshot(path=folder / "timeline.png")
        browser.close()
    print(folder / "timeline.png")


def live_site(chromium: str, folder: Path) -> None:
    """Show the yard with a node in the dark: the demo's mild faults put one out of reach."""
    command = [sys.executable, "-m", "seamline", "demo", "--site", "yard", "--seed", "5", "--seconds", "120", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as demo, sync_playwright() as playwright:
        lines = demo.stdout if demo.stdout is not None else ()
        address = next((found[1] for line in lines if (found := re.search(r"the site is at (\S+)", line))), None)
        if address is None:
            sys.exit("seamline: the demo did not start")
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        opened = browser.new_page(viewport={"width": 1440, "height": 1000}, reduced_motion="reduce")
        opened.goto(address)
        opened.locator("[data-dark]").first.wait_for(timeout=SITE_PATIENCE_MS)
        opened.screenshot(path=folder / "site.png", full_page=True)
        browser.close()
        demo.terminate()
    print(folder / "site.png")


def planner(chromium: str, folder: Path) -> None:
    """The planner with the yard of the examples, one camera taken hold of."""
    with planning(ROOT / "examples" / "sites" / "yard" / "plan.yaml") as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        opened = browser.new_page(viewport={"width": 1440, "height": 1080}, reduced_motion="reduce")
        opened.goto(address)
        opened.locator("[data-proof=confirmed]").wait_for()
        opened.locator("[data-listed=cam-yard-south]").click()
        opened.locator("input[name=heading_deg]").fill("35")
        opened.locator("[data-listed=cam-yard-south] .tone-silent").wait_for()
        opened.locator("[data-proof=confirmed]").wait_for()
        opened.screenshot(path=folder / "planner.png")
        browser.close()
    print(folder / "planner.png")


def breathe(dsn: str, done: threading.Event) -> None:
    """Let the online devices publish in turn until `done`."""
    while not done.wait(0.5):
        fleet_rows.publish(dsn)


def take(chromium: str, api: ServedApi, folder: Path, online: str) -> None:
    """Open each page and keep its picture."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        for name, address, scheme, height in PICTURES:
            target = folder / f"{name}.png"
            picture(browser, api.url + address.format(online=online), scheme, height, target)
            print(f"{target} {target.stat().st_size // 1024} KiB")
        browser.close()


def picture(browser: Browser, address: str, scheme: str, height: int | None, target: Path) -> None:
    """Take one picture once the page has settled."""
    page = browser.new_page(viewport={"width": 1440, "height": height or 900}, color_scheme=scheme, reduced_motion="reduce")
    page.goto(address)
    look = page.locator("#frames").get_by_role("button", name="Look")
    page.wait_for_timeout(SETTLE_MS)
    if look.count():
        look.click()
        page.locator("#frames .octet").first.wait_for()
        parts = page.get_by_role("list", name="Parts of the frame")
        parts.evaluate("list => { list.style.maxHeight = 'none'; }")  # a picture cannot be scrolled
    page.screenshot(path=target, full_page=height is None)
    page.close()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "images"))
