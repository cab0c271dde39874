"""The pages over a running demo of 10,000 live devices: listed, filtered and sorted at once, and honest about each of them."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import pytest
from playwright.sync_api import expect

from seamline.contract import load_family
from seamline.rig.demo import Scene
from seamline.rig.plan import HOUSE, Kind

DEVICES = 10_000
SEED = 11
LIVE_MIN = 9_500
"""At once: meanwhile the demo's faults keep some in the dark, deaf or out of reach."""
UP_MS = 300_000
"""Two idle cores need a third of it until the last of them is live."""
SEEN_MS = 300_000
AT_ONCE_MS = 1_000
TRIES = 3
"""Of each act, the quickest counts: broker, database, hub and fleet have the same two cores as the page."""
ALREADY_S = 20.0
"""A fault so far ahead is not missed, though its time is known from a line that is written every 5 s."""
LATE_S = 3
"""In a fleet that sends every 2 s, an anchor later than this comes after the first readings."""
PATIENCE_MS = 30_000
ASK_EVERY_MS = 500
END_S = 400

OBSERVE = """(device) => {
    window.seen = [];
    const look = () => {
        const row = document.querySelector(`[data-device='${device}']`);
        const state = row?.dataset.state;
        if (state && window.seen.at(-1)?.state !== state) window.seen.push({ state, text: row.innerText });
    };
    new MutationObserver(look).observe(document.body, { subtree: true, childList: true, attributes: true, characterData: true });
    look();
}"""
"""Keeps every state the page has shown of a device, with the words beside it."""

PAINTED = """async ([act, listed, first]) => {
    const begin = performance.now();
    const done = () => document.querySelector("[data-listed]").dataset.listed === listed
        && (first === null || document.querySelector("[data-device]")?.dataset.device === first);
    if (act.text !== undefined) {
        const box = document.querySelector("input[type=search]");
        box.value = act.text;
        box.dispatchEvent(new InputEvent("input", { bubbles: true }));
    } else {
        [...document.querySelectorAll("[role=columnheader] button")].find((it) => it.textContent.trim() === act.sort).click();
    }
    do await new Promise((next) => requestAnimationFrame(() => requestAnimationFrame(next)));
    while (!done() && performance.now() - begin < 5000);
    if (!done()) throw new Error("the list does not show it");
    return performance.now() - begin;
}"""
"""From the key or click to the painted list, in the page's own time, ms."""

ONLINE = "async () => (await (await fetch('/api/summary')).json()).by_presence.online"

MOVED = """async (device) => {
    const { rows } = await (await fetch(`/api/devices/${device}/readings?limit=500`)).json();
    window.dates ??= new Map();
    let moved = 0;
    for (const row of rows) {
        const key = `${row.incarnation}-${row.boot}-${row.seq}`;
        const date = row.measured_ms ?? row.arrival_ms;
        if (!row.revision && !window.dates.has(key)) window.dates.set(key, date);
        if (row.revision && window.dates.has(key) && window.dates.get(key) !== date) moved += 1;
    }
    return moved;
}"""
"""How many readings have another date than they were first seen with."""


def name(device):
    return f"heater-{device + 1:05d}"


@pytest.fixture(scope="module")
def scene(heater):
    """The demo as it will be: its pace, and its own fault plan."""
    return Scene(load_family(heater), DEVICES, None, SEED, chaos=False, faults=True, began_s=0.0)


def alone(plan, kind):
    """The faults of a kind whose device meets no other, in order of time."""
    struck = Counter(fault.device for fault in plan if fault.kind not in HOUSE)
    return [fault for fault in plan if fault.kind is kind and struck[fault.device] == 1]


class Demo:
    """`seamline demo --devices 10000` as a person starts it."""

    def __init__(self, folder, result):
        self.result = result
        self._said = folder / "said"
        with self._said.open("w") as out:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "seamline", "demo", "--devices", str(DEVICES), "--seed", str(SEED)),
                    *("--port", "0", "--json", str(result)),
                ],
                stdout=out,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                env=os.environ | {"TMPDIR": str(folder)},
                start_new_session=True,
            )

    @property
    def said(self):
        return self._said.read_text(encoding="utf-8")

    def find(self, pattern, page):
        """The first match in what the demo has said, waited for in the page's time."""
        found = None
        for _ in range(SEEN_MS // ASK_EVERY_MS):
            found = re.search(pattern, self.said)
            if found or self._process.poll() is not None:
                break
            page.wait_for_timeout(ASK_EVERY_MS)
        assert found, self.said
        return found

    def end(self):
        """Ctrl-C; the exit code once every record was looked at."""
        self._process.send_signal(signal.SIGINT)
        return self._process.wait(END_S)

    def kill(self):
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


@pytest.fixture
def demo(tmp_path):
    # A short path: the database's socket must fit into the 107 bytes of a socket's name.
    with tempfile.TemporaryDirectory(prefix="tt-", ignore_cleanup_errors=True) as folder:
        running = Demo(Path(folder), tmp_path / "result.json")
        yield running
        running.kill()


@pytest.fixture
def pages(browser):
    """Opens pages; none of them may log an error."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
    expect.set_options(timeout=PATIENCE_MS)
    errors = []

    def opened():
        page = context.new_page()
        page.on("console", lambda message: errors.append(message.text) if message.type in {"error", "warning"} else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        return page

    yield opened
    context.close()
    assert not errors, "a page logged errors"


def asked(page, script, argument, least, within_ms):
    """Ask in the page, again and again, until the answer is at least `least`."""
    answer = None
    for _ in range(within_ms // ASK_EVERY_MS):
        answer = page.evaluate(script, argument)
        if answer >= least:
            return
        page.wait_for_timeout(ASK_EVERY_MS)
    raise AssertionError(f"{answer} after {within_ms} ms, not {least}")


@pytest.mark.slow
@pytest.mark.heavy
def test_ten_thousand_live_devices_are_listed_filtered_and_each_told_as_it_is(demo, pages, scene):
    rounds = scene.plan()
    plan = next(rounds)
    fleet, watched, chart = pages(), pages(), pages()
    url = demo.find(r"http://[\d.:]+", fleet)[0]

    away = alone(plan, Kind.OUT_OF_REACH)[-1]
    watched.goto(f"{url}/#/?q={name(away.device)}")
    watched.evaluate(OBSERVE, name(away.device))

    asked(watched, ONLINE, None, LIVE_MIN, UP_MS)
    fleet.bring_to_front()  # a page behind another is painted once a second
    fleet.goto(f"{url}/#/?sort=id")
    expect(fleet.locator("[data-listed]")).to_have_attribute("data-listed", str(DEVICES), timeout=UP_MS)
    some = [name(device) for device in range(DEVICES) if "0042" in name(device)]
    acts = [
        [{"text": "0042"}, str(len(some)), some[0]],
        [{"text": ""}, str(DEVICES), name(0)],
        [{"sort": "device"}, str(DEVICES), name(DEVICES - 1)],
        [{"sort": "device"}, str(DEVICES), name(0)],
    ]
    for spent_ms in zip(*([fleet.evaluate(PAINTED, act) for act in acts] for _ in range(TRIES)), strict=True):
        assert min(spent_ms) < AT_ONCE_MS
    fleet.close()

    watched.wait_for_function("() => window.seen.some((it) => it.state === 'presumed_lost')", timeout=SEEN_MS)
    seen = {it["state"]: it["text"] for it in watched.evaluate("window.seen")}
    order = [state for state in seen if state in {"online", "silent", "presumed_lost"}]
    assert order == ["online", "silent", "presumed_lost"], seen
    assert "a publish is overdue" in seen["silent"]
    assert "no word for 3 publishes, and its connection was not seen to end" in seen["presumed_lost"]

    minutes, seconds = demo.find(r"(\d\d):(\d\d)  measuring: ", chart).groups()
    began_s = 60 * int(minutes) + int(seconds)
    minutes, seconds = re.findall(r"(\d\d):(\d\d)  measuring: ", demo.said)[-1]
    passed_s = 60 * int(minutes) + int(seconds) - began_s
    late = next(
        it
        for it in alone(plan + next(rounds), Kind.LATE_ANCHOR)
        if it.at_s > passed_s + ALREADY_S and it.lasts_s > LATE_S * scene.stretch
    )
    chart.goto(f"{url}/#/device/{name(late.device)}")
    drawn = chart.locator("figure[data-points]")
    expect(drawn).to_have_attribute("data-revised", "0")
    asked(chart, MOVED, name(late.device), 1, SEEN_MS)
    expect(drawn).not_to_have_attribute("data-revised", "0")
    expect(chart.get_by_text("dated anew by a later anchor")).to_be_visible()
    for page in (watched, chart):
        page.close()

    assert demo.end() == 0, demo.said
    told = json.loads(demo.result.read_text(encoding="utf-8"))
    assert told["broken"] == []
    assert told["devices"] == DEVICES
    assert (told["owed"], told["duplicates_stored"], told["misdated"], told["value_mismatches"]) == (0, 0, 0, 0)
