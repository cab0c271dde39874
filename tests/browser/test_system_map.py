"""The system map in Chromium: measured there, no text touches another, in the faces it is made for and in one that is wider."""

from itertools import combinations

import pytest
from tests.unit.contract.codegen.specimens import FAMILIES

from seamline.contract.codegen.map.page import system_map

MEASURE = """() => [...document.querySelectorAll("text")].map((node) => {
  const box = node.getBoundingClientRect();
  return [box.left, box.top + box.height * 0.12, box.right, box.bottom - box.height * 0.12, node.textContent];
})"""
"""Boxes of what is drawn; a face reserves an eighth of its height above and below the letters."""
SLACK_PX = 0.5
WIDER = "text { font-family: 'DejaVu Sans' !important }"
BY_NIGHT = "() => getComputedStyle(document.querySelector('.paper')).fill"


@pytest.fixture(params=FAMILIES.values(), ids=FAMILIES)
def drawing(request):
    return system_map(request.param, request.param.current)["system-map.svg"]


def touching(boxes):
    return [
        (a[4], b[4])
        for a, b in combinations(boxes, 2)
        if a[0] < b[2] - SLACK_PX and b[0] < a[2] - SLACK_PX and a[1] < b[3] - SLACK_PX and b[1] < a[3] - SLACK_PX
    ]


@pytest.mark.parametrize("style", ["", WIDER], ids=["as it is", "in a wider face"])
def test_no_text_touches_another_in_a_browser(browser, drawing, style):
    page = browser.new_page(viewport={"width": 1480, "height": 1000})
    page.set_content(f"<style>body {{ margin: 0 }} {style}</style>{drawing}")
    boxes = page.evaluate(MEASURE)
    width, height = page.evaluate(
        "() => { const b = document.querySelector('svg').getBoundingClientRect(); return [b.width, b.height] }"
    )
    page.close()
    assert len(boxes) > 20
    assert touching(boxes) == []
    assert [box for box in boxes if box[0] < 0 or box[2] > width or box[3] > height] == []


def test_the_map_is_dark_by_night_and_white_on_paper(browser, drawing):
    page = browser.new_page(color_scheme="light")
    page.set_content(drawing)
    light = page.evaluate(BY_NIGHT)
    page.emulate_media(color_scheme="dark")
    dark = page.evaluate(BY_NIGHT)
    page.emulate_media(media="print", color_scheme="dark")
    printed = page.evaluate(BY_NIGHT)
    page.close()
    assert (light, dark, printed) == ("rgb(250, 248, 243)", "rgb(20, 22, 26)", "rgb(255, 255, 255)")
