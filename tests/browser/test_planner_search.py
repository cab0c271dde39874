"""A search under way is shown as the server tells it: every event of a real one, in its order, without waiting for any of them."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect
from tests.browser.test_planner import EXAMPLES, opened

from seamline.planner.app import event
from seamline.planner.desk import NO_CHANGES, Desk
from seamline.planner.placing import Search, answer_json, progress_json
from seamline.site.placement.placing import Wish, placed

PLAN = Path(EXAMPLES) / "sites" / "yard" / "plan.yaml"
FED = """
let feed;
const real = window.fetch;
window.fetch = (address, asked) => String(address).endsWith("/api/placement") && asked.method === "POST"
  ? Promise.resolve(new Response(new ReadableStream({ start: (stream) => { feed = stream; } })))
  : real(address, asked);
window.say = (text) => feed.enqueue(new TextEncoder().encode(text));
window.over = () => feed.close();
"""
"""The search's stream in the test's hand: the server tells what it has every 0.2 s, and how far it is by then nobody can say."""
EVENTS_MAX = 12


@pytest.fixture(scope="module")
def searched():
    """What a search of the yard told, every k-th event of it, and its answer."""
    told = []
    search = Search(Desk(PLAN), NO_CHANGES, Wish(question="best", count=2))
    found = placed(search.site, search.wish, watch=lambda progress: told.append(progress) or True)
    step = max(1, len(told) // EVENTS_MAX)
    return [progress_json(progress) for progress in dict.fromkeys([*told[::step], told[-1]])], answer_json(*found)


@pytest.fixture
def planner(browser):
    with opened(browser, PLAN, [], FED) as page:
        page.locator("#tab-placement").click()
        page.locator("input[name=count]").fill("2")
        page.get_by_role("button", name="Place", exact=True).click()
        yield page


def shown(page):
    bar = page.get_by_role("group", name="Placement")
    figures = bar.locator("[data-bound]")
    return {
        "said": bar.get_by_role("status").inner_text(),
        "figures": figures.inner_text(),
        "value": figures.get_attribute("data-value"),
        "bound": figures.get_attribute("data-bound"),
        "bar": bar.get_by_role("progressbar").evaluate("(one) => [one.hasAttribute('value'), one.value, one.max]"),
    }


def test_every_progress_of_a_search_is_shown_with_its_best_answer_bound_and_gap(planner, searched):
    told, answer = searched
    invented = [
        {"phase": "reduce", "done": 0, "of": 8, "value": None, "bound": None},
        {"phase": "relax", "done": 40, "of": 1_200, "value": None, "bound": 1_000},
        {"phase": "search", "done": 41, "of": 450, "value": 500, "bound": 1_000},
        {"phase": "search", "done": 300, "of": 450, "value": 990, "bound": 1_000},
        {"phase": "solve", "done": 0, "of": 0, "value": 1_000, "bound": 1_000},
    ]
    for progress in (*invented, *told):
        # In pieces, as a network may deliver it.
        text = event("progress", progress)
        planner.evaluate("([one, two]) => { say(one); say(two); }", [text[:20], text[20:]])
        bar = planner.get_by_role("group", name="Placement")
        expect(bar).to_have_attribute("data-progress", progress["phase"])
        expect(bar.locator("[data-bound]")).to_have_attribute(
            "data-value", "" if progress["value"] is None else str(progress["value"])
        )
        expect(bar.locator("[data-bound]")).to_have_attribute(
            "data-bound", "" if progress["bound"] is None else str(progress["bound"])
        )
        now = shown(planner)
        determinate, done, of = now["bar"]
        assert determinate is (progress["of"] > 1)
        assert 0 <= done <= of
        assert (done, of) == ((progress["done"], progress["of"]) if determinate else (0, 1))
        assert progress["phase"] not in now["said"].split(": ")[1].split(","), "the page's own words"
        assert ("none yet" in now["figures"]) is (None in (progress["value"], progress["bound"]))
        if progress["value"] is not None and progress["bound"] is not None:
            (gap,) = re.findall(r"gap ([0-9.]+) %", now["figures"])
            assert float(gap) == pytest.approx(
                100 * abs(progress["bound"] - progress["value"]) / max(progress["value"], progress["bound"]), abs=0.01
            )
    planner.evaluate("(text) => { say(text); over(); }", event("answer", answer))
    expect(planner.get_by_role("group", name="Placement")).to_have_count(0)
    expect(planner.locator("[data-placed='2']")).to_contain_text(re.compile("proven|bound"))
    expect(planner.locator("[data-bill]")).to_contain_text(re.compile(r"The bill of materials grows by [\d,]+\.\d\d EUR"))


def test_a_search_that_fails_says_why_in_its_panel(planner):
    planner.evaluate("(text) => { say(text); over(); }", event("failed", {"detail": "the plan has no mountings left"}))
    expect(planner.locator("[data-panel=placement] [role=alert]")).to_contain_text("no mountings left")
    expect(planner.get_by_role("group", name="Placement")).to_have_count(0)
