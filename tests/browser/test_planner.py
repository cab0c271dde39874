"""The planner's page: a camera is dragged and turned, coverage changes at once, and the server confirms the masks of the page's kernel."""

import re
import shutil
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import expect
from tests.unit.planner.conftest import with_roofs

from seamline.site.plan import load_plan
from seamline.testing.planner_server import planning

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
PATIENCE_MS = 30_000


@pytest.fixture
def plan(tmp_path):
    for folder in ("sites", "trailcam"):
        shutil.copytree(EXAMPLES / folder, tmp_path / folder)
    return tmp_path / "sites" / "yard" / "plan.yaml"


@pytest.fixture
def expected_errors():
    return []


@contextmanager
def opened(browser, plan, expected_errors, script=""):
    """The planner's page on a plan; `script` runs before the page's own. It fails on errors that are not expected."""
    with planning(plan) as address:
        context = browser.new_context(base_url=address, viewport={"width": 1440, "height": 1000}, reduced_motion="reduce")
        context.add_init_script(script)
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        expect.set_options(timeout=PATIENCE_MS)
        errors = []
        page.on("console", lambda message: errors.append(message.text) if message.type in {"error", "warning"} else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto("/")
        confirmed(page)
        yield page
        context.close()
        assert [error for error in errors if not any(part in error for part in expected_errors)] == []


@pytest.fixture
def planner(browser, plan, expected_errors):
    with opened(browser, plan, expected_errors) as page:
        yield page


def confirmed(page):
    expect(page.locator("[data-proof]")).to_have_attribute("data-proof", "confirmed")


def score(page):
    return float(page.locator("[data-score]").get_attribute("data-score"))


def middle(locator):
    box = locator.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def drag(page, locator, right, down):
    x, y = middle(locator)
    page.mouse.move(x, y)
    page.mouse.down()
    for step in range(1, 6):
        page.mouse.move(x + right * step / 5, y + down * step / 5)
    page.mouse.up()


def changed_from(page, before):
    expect(page.locator("[data-score]")).not_to_have_attribute("data-score", f"{before:.6f}")


def test_a_dragged_camera_sees_something_else_at_once_the_server_confirms_it_and_undo_brings_it_back(planner):
    before = score(planner)
    assert before == pytest.approx(0.81182, abs=1e-6)
    drag(planner, planner.locator("[data-node=cam-yard-south] circle"), 0, -120)
    changed_from(planner, before)
    confirmed(planner)
    moved = score(planner)
    expect(planner.locator("[data-listed=cam-yard-south]")).to_contain_text("•")
    planner.keyboard.press("Control+z")
    expect(planner.locator("[data-score]")).to_have_attribute("data-score", f"{before:.6f}")
    confirmed(planner)
    planner.keyboard.press("Control+y")
    expect(planner.locator("[data-score]")).to_have_attribute("data-score", f"{moved:.6f}")
    confirmed(planner)


def test_a_camera_is_turned_by_its_handle_by_keys_and_in_figures(planner):
    planner.locator("[data-listed=cam-gate]").click()
    heading = planner.locator("input[name=heading_deg]")
    expect(heading).to_have_value("140")
    before = score(planner)
    drag(planner, planner.locator("[data-turns=cam-gate]"), 60, -60)
    expect(heading).not_to_have_value("140")
    changed_from(planner, before)
    planner.locator("[data-node=cam-gate]").focus()
    heading_before = float(heading.input_value())
    planner.keyboard.press("Shift+ArrowRight")
    expect(heading).to_have_value(f"{(heading_before + 5) % 360:g}")
    east = planner.locator("input[name=x]")
    at = float(east.input_value())
    planner.keyboard.press("ArrowRight")
    expect(east).to_have_value(f"{at + 0.5:g}")
    planner.locator("input[name=height_m]").fill("5.5")
    planner.locator("select[name=lens]").select_option("6mm")
    confirmed(planner)
    undo = planner.get_by_role("button", name="Undo")
    while undo.is_enabled():
        undo.click()
    expect(heading).to_have_value("140")
    expect(planner.locator("[data-score]")).to_have_attribute("data-score", f"{before:.6f}")
    confirmed(planner)


def test_a_camera_that_exists_already_is_not_moved(planner):
    before = score(planner)
    drag(planner, planner.locator("[data-node=cam-reception] circle"), 60, 60)
    expect(planner.locator("input[name=x]")).to_be_disabled()
    expect(planner.get_by_role("button", name="Undo")).to_be_disabled()
    assert score(planner) == before


def test_placement_shows_its_bound_and_its_nodes_are_put_on_the_map_and_saved(planner, plan):
    planner.locator("#tab-placement").click()
    planner.locator("input[name=count]").fill("1")
    planner.get_by_role("button", name="Place", exact=True).click()
    answer = planner.locator("[data-placed='1']")
    expect(answer).to_contain_text(re.compile("proven|bound"))
    before = score(planner)
    planner.get_by_role("button", name="Put them on the map").click()
    changed_from(planner, before)
    confirmed(planner)
    expect(planner.locator("[data-node=placed-1]")).to_be_visible()
    planner.get_by_role("button", name="Save…").click()
    planner.get_by_label("as a new variant").check()
    planner.locator("input[name=variant]").fill("one-more")
    planner.locator("dialog").get_by_role("button", name="Save", exact=True).click()
    expect(planner.locator("dialog")).to_be_hidden()
    confirmed(planner)
    expect(planner.locator("header select")).to_have_value("one-more")
    assert "placed-1" in load_plan(plan, "one-more").nodes
    planner.locator("#tab-variants").click()
    expect(planner.locator("[data-variant]")).to_have_count(4)


def test_blind_spots_links_power_and_bill_are_shown_for_the_nodes_as_they_are(planner):
    first = planner.locator("[data-listed-spot]").first
    expect(first).to_contain_text("m²")
    first.get_by_role("button").click()
    expect(planner.locator("path.spot.chosen")).to_have_count(1)
    for tab, words in (("network", "duct-west"), ("power", "cam-gate"), ("bom", "bullet-8mp")):
        planner.locator(f"#tab-{tab}").click()
        expect(planner.locator(f"[data-panel={tab}]")).to_contain_text(words)
    total = planner.locator("[data-total]").get_attribute("data-total")
    planner.locator("#tab-placement").click()
    planner.locator("input[name=count]").fill("1")
    planner.get_by_role("button", name="Place", exact=True).click()
    planner.get_by_role("button", name="Put them on the map").click()
    planner.locator("#tab-bom").click()
    expect(planner.locator("[data-total]")).not_to_have_attribute("data-total", total)


def test_a_dropped_survey_shows_what_its_features_would_be_and_a_bad_one_says_why(planner, plan, expected_errors):
    planner.locator("#tab-survey").click()
    planner.locator("input[name=survey]").set_input_files(plan.parent / "survey.kml")
    expect(planner.locator("[data-things]")).to_contain_text("Warehouse")
    bad = plan.parent / "bad.kml"
    bad.write_text("<kml")
    expected_errors.append("422")
    planner.locator("input[name=survey]").set_input_files(bad)
    expect(planner.locator("[data-panel=survey] [role=alert]")).to_be_visible()


def test_surveys_may_be_dropped_anywhere_on_the_page_several_at_once(planner, plan):
    planner.evaluate(
        """(text) => {
            const dataTransfer = new DataTransfer();
            for (const name of ["other.kml", "second.kml"]) dataTransfer.items.add(new File([text], name));
            document.querySelector("main").dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
        }""",
        (plan.parent / "survey.kml").read_text(),
    )
    expect(planner.locator("#tab-survey")).to_have_attribute("aria-selected", "true")
    expect(planner.locator("[data-things]")).to_contain_text("Warehouse")
    planner.get_by_role("button", name="Look at second.kml").click()
    expect(planner.get_by_role("heading", name="second.kml")).to_be_visible()
    expect(planner.get_by_role("button", name="Look at")).to_have_count(0)


def test_a_plan_without_zones_nodes_and_mountings_says_what_it_lacks(browser, plan):
    text = plan.read_text()
    plan.write_text(text[: text.index("zones:")] + text[text.index("prices:") : text.index("variants:")])
    with planning(plan) as address:
        page = browser.new_context(base_url=address).new_page()
        page.goto("/")
        confirmed(page)
        expect(page.get_by_text("The plan has no zones")).to_be_visible()
        expect(page.get_by_text("No nodes yet")).to_be_visible()
        for tab in ("blind", "placement", "network", "power", "bom"):
            page.locator(f"#tab-{tab}").click()
            expect(page.locator("#panel [data-notice=empty]")).to_be_visible()
        page.context.close()


def test_a_plan_that_does_not_hold_is_shown_with_its_place_and_opens_once_it_is_mended(browser, plan):
    text = plan.read_text()
    with planning(plan) as address:
        page = browser.new_context(base_url=address).new_page()
        plan.write_text(text.replace("format: 1", "format: 9"))
        page.goto("/")
        expect(page.get_by_role("alert")).to_contain_text("plan.yaml:2:")
        plan.write_text(text)
        page.get_by_role("button", name="Try again").click()
        confirmed(page)
        page.context.close()


@pytest.mark.parametrize("site", ["farm", "campus", "yard"])
def test_the_masks_are_the_servers_over_terrain_and_on_roofs_too(browser, plan, site):
    with planning(with_roofs(plan.parents[1] / site / "plan.yaml")) as address:
        context = browser.new_context(base_url=address)
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.goto("/")
        confirmed(page)
        before = page.locator("[data-proof]").get_attribute("title")
        node = page.locator("[data-node].movable").last
        node.focus()
        page.locator("[data-node].movable").first.focus()
        for key in ("ArrowRight", "ArrowUp", "Shift+ArrowLeft"):
            page.keyboard.press(key)
        expect(page.locator("[data-proof]")).not_to_have_attribute("title", before)
        confirmed(page)
        context.close()


def test_a_planner_that_went_away_is_said_once_and_changes_stay_on_the_page(browser, plan):
    context = browser.new_context()
    with planning(plan) as address:
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.goto(address)
        confirmed(page)
        page.locator("#tab-network").click()
        expect(page.locator("[data-panel=network]")).to_contain_text("duct-west")
    page.locator("[data-node=cam-gate]").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("[data-proof]")).to_have_attribute("data-proof", "unanswered")
    expect(page.locator("[data-panel=network] [data-notice=waiting]")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(1)
    expect(page.get_by_role("alert")).to_contain_text("seamline site serve")
    expect(page.locator("[data-listed=cam-gate]")).to_contain_text("•")
    context.close()
