"""The reference: everything the contract says stands in it, as Markdown that renders and as HTML that a person can use."""

import re
from html.parser import HTMLParser
from itertools import pairwise

import markdown as renderer
import pytest
from tests.unit.contract.codegen.specimens import BARE, EVERYTHING, HEATER

from seamline.contract.codegen.arithmetic import deaf_after_ms, drift_ms, load, loads, spare_ms, synced_for_ms
from seamline.contract.codegen.document import Heading, Table
from seamline.contract.codegen.html import html
from seamline.contract.codegen.markdown import markdown
from seamline.contract.codegen.reference import reference
from seamline.contract.codegen.wording import duration, grouped, limits, listed, size, symbol

VOID = {"meta", "line", "rect", "circle", "polygon", "input", "br"}


def table(family, caption):
    """The rows of the table of that caption."""
    return next(
        block.rows for block in reference(family, family.current) if isinstance(block, Table) and block.caption == caption
    )


class Checked(HTMLParser):
    """Notes what a document has, and that its elements close in order."""

    def __init__(self):
        super().__init__()
        self.open, self.ids, self.links, self.tags = [], [], [], []

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.tags.append((tag, found))
        self.ids += [found["id"]] if "id" in found else []
        self.links += [found["href"]] if "href" in found else []
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def checked(family):
    page = Checked()
    page.feed(html(family, family.current)["reference.html"])
    assert page.open == []
    return page


def test_every_name_of_the_contract_stands_in_the_reference(family):
    contract = family.current
    text = html(family, contract)["reference.html"]
    named = [*contract.messages, *contract.boundaries, *contract.state, *contract.commands, *contract.consumers, *contract.enums]
    named += [place.name for message in contract.messages.values() for place in message.layout.places]
    named += [fault.name for fault in contract.faults.values()]
    named += list(family.versions)
    assert [name for name in named if name not in text] == []


def test_the_bytes_of_the_heaters_reading_are_those_of_its_layout():
    rows = table(HEATER, "Record of reading, layout 3")
    assert [(row[0], row[1], row[2]) for row in rows] == [
        ("0–3", "offset_ms", "u32"),
        ("4–5", "room", "u16 by room_ntc"),
        ("6–7", "element", "u16 by element_ntc"),
        ("8–9", "power", "u16"),
        ("10", "mode", "mode"),
        ("11–12", "set_point", "i16"),
    ]
    assert rows[-1][3:] == ("0.01", "", "°C", "5 to 30 °C", "500 to 3000", "reject", "1.3.0")


def test_bits_within_bytes_and_the_presence_group_have_their_place():
    rows = {row[1]: row[0] for row in table(EVERYTHING, "Record of scan, layout 2")}
    assert rows["spread"] == "4:0–5:3"
    assert rows["counts_1"] == "9:2–10:3"
    assert rows["ready"] == "11:6"
    places = {place.name: place for place in EVERYTHING.current.messages["scan"].layout.places}
    first, bits = EVERYTHING.current.messages["scan"].layout.presence
    assert rows["(presence)"].startswith(str(4 + first // 8))
    assert rows["level (optional)"].startswith(str(4 + places["level"].bit // 8))
    assert bits == 8


def test_what_each_version_added_is_named():
    assert table(HEATER, "What each version added")[1][2] == "reading.set_point"
    added = table(EVERYTHING, "What each version added")[1][2]
    for name in ("message vitals", "scan.level", "mode dim", "fault lamp_dim", "state level", "command blink"):
        assert name in added
    assert table(BARE, "What each version added")[0][2] == "the first one"


def test_a_version_that_names_nothing_new_says_so():
    rows = table(
        type(HEATER)(HEATER.product, {**HEATER.versions, "1.4.0": HEATER.current}, HEATER.current, HEATER.layouts),
        "What each version added",
    )
    assert rows[2][2] == "nothing named"


def test_the_html_is_well_formed_and_every_link_has_its_target(family):
    page = checked(family)
    assert len(page.ids) == len(set(page.ids))
    assert {link.removeprefix("#") for link in page.links} <= set(page.ids)


def test_the_html_is_whole_in_itself(family):
    page = checked(family)
    assert not {"script", "link", "img", "iframe"} & {tag for tag, _ in page.tags}
    assert not [link for link in page.links if not link.startswith("#")]


def test_the_html_can_be_used_with_a_keyboard_and_a_screen_reader(family):
    page = checked(family)
    tags = [tag for tag, _ in page.tags]
    assert ("html", {"lang": "en"}) in page.tags
    assert tags.count("main") == tags.count("h1") == 1
    assert tags.count("table") == tags.count("caption") > 5
    assert all("scope" in found for tag, found in page.tags if tag == "th")
    assert all(found["tabindex"] == "0" for tag, found in page.tags if found.get("class") == "scroll")
    levels = [int(tag[1]) for tag in tags if re.fullmatch("h[1-6]", tag)]
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_the_markdown_renders_every_table_and_heading(family):
    page = renderer.markdown(markdown(family, family.current)["reference.md"], extensions=["tables"])
    blocks = reference(family, family.current)
    assert page.count("<table>") == sum(isinstance(block, Table) for block in blocks)
    assert len(re.findall("<h[123]", page)) == sum(isinstance(block, Heading) for block in blocks)


def test_what_would_be_markup_is_escaped():
    rows = {row[0]: row for row in table(EVERYTHING, "What is promised at each handoff")}
    assert rows["radio-broker"][2] == "promise 1 & more"
    assert "it &lt;fails&gt; by the book" in html(EVERYTHING, EVERYTHING.current)["reference.html"]
    assert "it \\<fails\\> by the book" in markdown(EVERYTHING, EVERYTHING.current)["reference.md"]


def test_the_arithmetic_is_that_of_the_contracts_checks():
    heater = HEATER.current
    found = loads(heater, heater.buffer.outage_ms, connected=False)
    assert [(item.records, item.frames) for item in found] == [(25_920, 1_080), (288, 12)]
    assert sum(item.bytes for item in found) == 25_920 * 16 + 1_080 * 36 + 288 * 24 + 12 * 36 <= heater.buffer.capacity_bytes
    assert load(heater.messages["reading"], 60_000, connected=True).frames == 1
    assert spare_ms(heater) == 5_000
    assert deaf_after_ms(heater) == 180_000
    assert drift_ms(heater, 86_400_000) == 4_320
    assert synced_for_ms(heater) == 40_000_000
    assert synced_for_ms(BARE.current) is None


@pytest.mark.parametrize(
    ("ms", "words"),
    [
        (1, "1 ms"),
        (10_000, "10 s"),
        (90_000, "90 s"),
        (259_200_000, "3 d"),
        (30 * 86_400_000, "30 d"),
        (540 * 86_400_000, "18 months"),
    ],
)
def test_a_duration_is_said_in_the_largest_unit_that_divides_it(ms, words):
    assert duration(ms) == words


def test_other_words():
    assert [size(count) for count in (1, 1536, 1_572_864)] == ["1 B", "1.5 KiB", "1.5 MiB"]
    assert grouped(20_000) == "20\u202f000"
    assert [symbol(unit) for unit in (None, "Cel", "us", "W", "1")] == ["", "°C", "µs", "W", ""]
    assert [listed(items) for items in ((), ("a",), ("a", "b", "c"))] == ["", "a", "a, b and c"]
    assert limits(HEATER.current.state["child_lock"]) == ""
