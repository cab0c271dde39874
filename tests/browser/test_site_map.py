"""The map of a site, on the hub's page and in the planner: looked at closer by wheel, buttons, keys, drag and two fingers."""

import math

import pytest
from playwright.sync_api import expect

from seamline.rig.demo_site import DemoSite, plan_file
from seamline.testing.planner_server import planning

NODE, OTHER = "cam-docks-east", "cam-gate"
ALONE = "cam-yard-south"
"""The only node at its mast."""
PX = 1.0
"""What a place on the screen may be off by: browsers give boxes in fractions of pixels."""
PATIENCE_MS = 30_000
ZOOM_MAX = 40


@pytest.fixture(scope="module")
def yard():
    return DemoSite.of("yard")


@pytest.fixture
def devices():
    """The fleet of the hub is the site's alone."""
    return 0


@pytest.fixture
def live(page, served, yard):
    yard.publish(served.url, [f"unit-{at}" for at in range(len(yard.places))])
    page.goto("/#/site/yard")
    expect(node(page, NODE)).to_be_visible()
    return page


@pytest.fixture
def planner(browser):
    with planning(plan_file("yard")) as address:
        context = browser.new_context(base_url=address, viewport={"width": 1440, "height": 1000})
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.goto("/")
        expect(page.locator("[data-proof]")).to_have_attribute("data-proof", "confirmed", timeout=PATIENCE_MS)
        yield page
        context.close()


both = pytest.mark.parametrize("where", ["live", "planner"])


@pytest.fixture
def shown(request, where):
    return request.getfixturevalue(where)


def drawing(page):
    return page.locator("figure svg[role=group]")


def node(page, name):
    return page.locator(f"[data-node={name}] circle")


def middle(locator):
    box = locator.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def view(page):
    return [float(part) for part in drawing(page).get_attribute("viewBox").split()]


def zoomed(page, whole, factor):
    """Wait until the view is by `factor` narrower than the whole."""
    page.wait_for_function(
        "([wide]) => Math.abs(document.querySelector('figure svg[role=group]').viewBox.baseVal.width / wide - 1) < 1e-3",
        arg=[whole[2] / factor],
    )


def close(a, b):
    return math.dist(a, b) <= PX


def measures(page):
    """How wide a node's symbol, its name and the letters of the scale are on the screen."""
    texts = [page.locator(f"[data-node={NODE}] text"), page.locator(".bar text").first]
    return [
        node(page, NODE).bounding_box()["width"],
        *(text.evaluate("text => text.getBBox().height * text.getScreenCTM().a") for text in texts),
    ]


def stretched(at, factor, place):
    """Where a place on the screen goes when all is stretched away from `at`."""
    return tuple(one + factor * (other - one) for one, other in zip(at, place, strict=True))


def button(page, name):
    return page.get_by_role("group", name="Zoom").get_by_role("button", name=name)


@both
def test_the_wheel_keeps_the_point_beneath_the_pointer_and_the_size_of_symbols(shown):
    whole = view(shown)
    before = {name: middle(node(shown, name)) for name in (NODE, OTHER)}
    sizes = measures(shown)
    at = tuple(round(one) for one in before[NODE])
    shown.mouse.move(*at)
    shown.mouse.wheel(0, -400)
    zoomed(shown, whole, math.e)
    assert all(close(middle(node(shown, name)), stretched(at, math.e, place)) for name, place in before.items())
    assert measures(shown) == pytest.approx(sizes, abs=PX)
    shown.mouse.wheel(0, 200)
    zoomed(shown, whole, math.exp(0.5))
    assert all(close(middle(node(shown, name)), stretched(at, math.exp(0.5), place)) for name, place in before.items())
    shown.mouse.wheel(0, 4_000)
    zoomed(shown, whole, 1)
    assert view(shown) == pytest.approx(whole)


@both
def test_fit_brings_everything_back(shown):
    whole = view(shown)
    places = {name: middle(node(shown, name)) for name in (NODE, OTHER)}
    expect(button(shown, "Fit the whole site")).to_have_attribute("aria-disabled", "true")
    for _ in range(4):
        button(shown, "Zoom in").click()
    zoomed(shown, whole, 4)
    button(shown, "Zoom out").click()
    zoomed(shown, whole, 2 * math.sqrt(2))
    expect(button(shown, "Fit the whole site")).to_have_attribute("aria-disabled", "false")
    button(shown, "Fit the whole site").press("Enter")
    zoomed(shown, whole, 1)
    assert view(shown) == pytest.approx(whole)
    assert all(close(middle(node(shown, name)), at) for name, at in places.items())
    while button(shown, "Zoom in").is_enabled():
        button(shown, "Zoom in").click()
    zoomed(shown, whole, ZOOM_MAX)


@both
def test_the_map_is_dragged_by_what_is_beneath_the_pointer_and_no_further_than_it_goes(shown):
    whole = view(shown)
    for _ in range(4):
        button(shown, "Zoom in").click()
    zoomed(shown, whole, 4)
    box = drawing(shown).bounding_box()
    x, y = box["x"] + box["width"] * 0.9, box["y"] + box["height"] * 0.9
    before = middle(node(shown, NODE))
    shown.mouse.move(x, y)
    shown.mouse.down()
    shown.mouse.move(x - 30, y - 10)
    shown.mouse.move(x - 60, y - 40)
    shown.mouse.up()
    assert close(middle(node(shown, NODE)), (before[0] - 60, before[1] - 40))
    shown.mouse.move(x - 80, y - 80)
    assert close(middle(node(shown, NODE)), (before[0] - 60, before[1] - 40)), "let go is let go"
    for _ in range(6):
        shown.mouse.move(box["x"] + 5, y)
        shown.mouse.down()
        shown.mouse.move(box["x"] + box["width"] * 3, y, steps=4)
        shown.mouse.up()
    assert view(shown)[0] == pytest.approx(whole[0])


def test_a_press_chooses_a_node_and_a_drag_that_begins_on_it_does_not(live):
    pressed = live.locator(f"[data-node={ALONE}]")
    button(live, "Zoom in").click()
    x, y = middle(node(live, ALONE))
    live.mouse.move(x, y)
    live.mouse.down()
    live.mouse.move(x - 20, y - 20, steps=3)
    live.mouse.up()
    expect(pressed).to_have_attribute("aria-pressed", "false")
    assert close(middle(node(live, ALONE)), (x - 20, y - 20))
    live.mouse.down()
    live.mouse.move(x - 21, y - 21)
    live.mouse.up()
    expect(pressed).to_have_attribute("aria-pressed", "true")


@both
def test_keys_zoom_look_around_and_fit_and_a_node_in_focus_is_in_sight(shown):
    whole = view(shown)
    drawing(shown).focus()
    shown.keyboard.press("ArrowRight")
    for _ in range(6):
        shown.keyboard.press("+")
    zoomed(shown, whole, 8)
    before = view(shown)
    shown.keyboard.press("ArrowRight")
    shown.keyboard.press("ArrowUp")
    assert view(shown) == pytest.approx([before[0] + before[2] / 10, before[1] - before[3] / 10, *before[2:]])
    for name in (NODE, OTHER):
        at = shown.locator(f"[data-node={name}]")
        while not at.evaluate("element => element === document.activeElement"):
            shown.keyboard.press("Tab")
        box, (x, y) = drawing(shown).bounding_box(), middle(node(shown, name))
        assert box["x"] < x < box["x"] + box["width"]
        assert box["y"] < y < box["y"] + box["height"]
        shown.keyboard.press("Shift+Tab")
        drawing(shown).focus()
    shown.keyboard.press("-")
    zoomed(shown, whole, 8 / math.sqrt(2))
    shown.keyboard.press("0")
    zoomed(shown, whole, 1)
    assert view(shown) == pytest.approx(whole)


@both
def test_two_fingers_stretch_what_they_hold(shown):
    whole = view(shown)
    before = middle(node(shown, NODE))
    hand = shown.context.new_cdp_session(shown)
    box = drawing(shown).bounding_box()
    at = (
        round(box["x"] + box["width"] / 2),
        round(box["y"] + box["height"] * 0.15),
    )  # nothing that could be taken hold of is there

    def touch(kind, apart=None):
        points = [] if apart is None else [{"x": at[0] + side * apart / 2, "y": at[1], "id": side + 1} for side in (-1, 1)]
        hand.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", 40)
    for apart in (60, 90, 120):
        touch("touchMove", apart)
    touch("touchEnd")
    zoomed(shown, whole, 3)
    assert close(middle(node(shown, NODE)), stretched(at, 3, before))


def test_a_site_stays_on_the_page_when_the_hub_goes_away_and_that_is_told_once(live, served, expected_errors):
    expected_errors.append("ERR_")
    served.stop()
    expect(live.locator(".banner")).to_contain_text("The hub does not answer")
    with live.expect_event("requestfailed", lambda request: "/sites/" in request.url):
        pass
    expect(live.get_by_role("alert")).to_have_count(1)
    expect(node(live, NODE)).to_be_visible()
