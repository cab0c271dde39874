"""SVG and PDF of one sheet: well formed, the same marks in both, nothing of the time or the machine."""

import re
import zlib

import pytest
from hypothesis import given, settings, strategies as st
from lxml import etree

from seamline.site.documents.drawing import (
    Circle,
    Group,
    Ink,
    Path,
    Sheet,
    Text,
    arrow,
    box,
    line,
    number,
    polygon,
    sector,
    turned,
)
from seamline.site.documents.fonts import latin
from seamline.site.documents.pdf import pdf
from seamline.site.documents.svg import svg

HASH = "sha256:" + "0" * 64
SVG = "{http://www.w3.org/2000/svg}"


def sheet(*items, title="A sheet"):
    return Sheet("sheet", title, 100, 50, items)


def parsed(*items, title="A sheet"):
    return etree.fromstring(svg(sheet(*items, title=title), HASH, "seamline site yard"))


def objects_of(data):
    """Every object of a PDF by its number, found through its own table."""
    start = int(re.search(rb"startxref\n(\d+)\n%%EOF\n$", data)[1])
    rows = re.findall(rb"(\d{10}) 00000 n ", data[start:])
    found = {}
    for at, row in enumerate(rows, 1):
        head = b"%d 0 obj\n" % at
        assert data[int(row) :].startswith(head), at
        found[at] = data[int(row) + len(head) : data.index(b"\nendobj", int(row))]
    return found


def streams_of(data):
    """The drawing operators of each page, in order."""
    found = objects_of(data)
    pages = [body for body in found.values() if b"/Type /Page " in body]
    done = []
    for page in pages:
        body = found[int(re.search(rb"/Contents (\d+) 0 R", page)[1])]
        length, stream = re.fullmatch(rb"<< /Length (\d+) >>\nstream\n(.*)\nendstream", body, re.DOTALL).groups()
        assert int(length) == len(stream)
        done.append(stream)
    return done


def texts_of(stream):
    """The texts that are filled (a halo's copy is stroked)."""
    found = re.findall(rb"BT 0 Tr .*? Tm \((.*?)\) Tj ET", stream)
    return [re.sub(rb"\\(\d{3}|.)", lambda m: bytes([int(m[1], 8)]) if len(m[1]) == 3 else m[1], one) for one in found]


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (-0.0001, "0"), (1.5, "1.5"), (100, "100"), (1e-9, "0"), (1234567.8919, "1234567.892"), (-2.25, "-2.25")],
)
def test_numbers_have_thousandths_and_no_exponent(value, text):
    assert number(value) == text


def test_an_svg_has_size_title_and_content():
    root = parsed(title="Plan & <more>")
    assert (root.get("width"), root.get("height"), root.get("viewBox")) == ("100mm", "50mm", "0 0 100 50")
    assert root.findtext(f"{SVG}title") == "Plan & <more>"
    assert root.findtext(f"{SVG}metadata") == f"seamline site yard {HASH}"


def test_every_mark_is_written_to_svg():
    ink = Ink(fill="#112233", stroke="#445566", width=0.5, dash=(1, 0.5), opacity=0.25)
    root = parsed(
        Path((((0, 0), (10, 0), (10, 10)), ((2, 1), (3, 1), (3, 2))), ink),
        line([(0, 0), (5, 5)], Ink(stroke="#000000")),
        Circle(5, 6, 7, Ink(fill="#ffffff")),
        Text(1, 2, "a < b & c", 3, "middle", bold=True, colour="#ff0000", turn=-90, halo=True),
        Group((box(0, 0, 1, 1, Ink()),), label="it's a group", clip=(1, 2, 3, 4)),
    )
    first, second = root.findall(f"{SVG}path")
    assert first.get("d") == "M0 0L10 0L10 10ZM2 1L3 1L3 2Z"
    assert (first.get("fill-rule"), first.get("fill-opacity"), first.get("stroke-dasharray")) == ("evenodd", "0.25", "1 0.5")
    assert (second.get("d"), second.get("fill")) == ("M0 0L5 5", "none")
    assert root.find(f"{SVG}circle").get("r") == "7"
    text = root.find(f"{SVG}text")
    assert (text.text, text.get("text-anchor"), text.get("font-weight")) == ("a < b & c", "middle", "bold")
    assert (text.get("transform"), text.get("paint-order")) == ("rotate(-90 1 2)", "stroke")
    group = root.find(f"{SVG}g")
    assert group.get("clip-path") == f"url(#{root.find(f'{SVG}clipPath').get('id')})"
    assert group.findtext(f"{SVG}title") == "it's a group"


@given(st.text(max_size=30))
def test_any_text_gives_well_formed_svg_and_pdf(text):
    mark = Text(1, 2, text, halo=True)
    root = parsed(mark, title=text)
    shown = root.find(f"{SVG}text").text or ""
    assert len(shown) == len(text)
    assert texts_of(streams_of(pdf([sheet(mark, title=text)], text, HASH))[0]) == [latin(text)]


def test_a_pdf_has_a_page_for_each_sheet_and_names_it():
    sheets = [sheet(title="One"), sheet(title="Zwölf"), sheet(title="Three")]
    data = pdf(sheets, "All (of it)", HASH)
    found = objects_of(data)
    pages = [body for body in found.values() if b"/Type /Page " in body]
    assert len(pages) == 3
    assert b"/MediaBox [0 0 283.465 141.732]" in pages[0]
    info = found[3]
    assert b"(All \\(of it\\))" in info
    assert f"/Subject ({HASH})".encode() in info
    titles = [body for body in found.values() if b"/Dest" in body]
    assert len(titles) == 3
    assert "Zwölf".encode("utf-16-be").hex().encode() in titles[1]
    beside = [[mark in title for mark in (b"/Prev", b"/Next")] for title in titles]
    assert beside == [[False, True], [True, True], [True, False]]


def test_a_pdf_has_no_times_no_ids_and_nothing_that_zlib_decides():
    data = pdf([sheet(Circle(1, 1, 1, Ink(fill="#000000")))], "x", HASH)
    assert not re.search(rb"/(CreationDate|ModDate|ID|Filter)\b", data)
    assert data == pdf([sheet(Circle(1, 1, 1, Ink(fill="#000000")))], "x", HASH)
    with pytest.raises(zlib.error):
        zlib.decompress(streams_of(data)[0])


def test_a_pdf_without_sheets_is_one_all_the_same():
    found = objects_of(pdf([], "nothing", HASH))
    assert b"/Count 0" in found[2]


def test_every_mark_is_written_to_pdf():
    stream = streams_of(
        pdf(
            [
                sheet(
                    Path(
                        (((0, 0), (10, 0), (10, 10)),), Ink(fill="#ff0000", stroke="#0000ff", width=0.5, dash=(2, 1), opacity=0.5)
                    ),
                    line([(0, 0), (5, 5)], Ink(stroke="#000000")),
                    Circle(5, 6, 1, Ink(fill="#ffffff")),
                    box(0, 0, 1, 1, Ink()),
                    Group((Circle(0, 0, 1, Ink(stroke="#000000")),), clip=(1, 2, 3, 4)),
                )
            ],
            "t",
            HASH,
        )
    )[0].decode()
    assert "/O50 gs 1 0 0 rg\n0.5 w [2 1] 0 d 0 0 1 RG\n0 0 m 10 0 l 10 10 l h\nB*\n" in stream
    assert "0 0 m 5 5 l\nS\n" in stream
    assert stream.count(" c\n") == 8
    assert "h\nn\n" in stream
    assert re.search(r"q 1 2 3 4 re W n\n.*Q\n", stream, re.DOTALL)


def test_opacities_that_a_page_uses_are_its_resources():
    data = pdf([sheet(box(0, 0, 1, 1, Ink(fill="#000000", opacity=0.07)))], "t", HASH)
    assert b"/O7 << /ca 0.07 >> /O100 << /ca 1 >>" in data


def test_map_and_pdf_say_the_same_words_on_every_sheet(yard_sheets, yard_files):
    streams = streams_of(yard_files["site.pdf"])
    assert len(streams) == len(yard_sheets)
    for one, stream in zip(yard_sheets, streams, strict=True):
        root = etree.fromstring(yard_files[f"drawings/{one.name}.svg"])
        words = [latin(text.text or "") for text in root.iter(f"{SVG}text")]
        assert texts_of(stream) == words
        curves = stream.count(b" c\n") // 4
        assert curves == len(root.findall(f".//{SVG}circle"))
        ends = sum(stream.count(operator) for operator in (b"\nB*\n", b"\nf*\n", b"\nS\n", b"\nn\n"))
        clips = len(root.findall(f".//{SVG}clipPath"))
        assert ends == len(root.findall(f".//{SVG}path")) + curves
        assert stream.count(b"W n\n") == clips


def test_nothing_lies_outside_of_its_sheet(yard_files, yard_sheets):
    for one in yard_sheets:
        root = etree.fromstring(yard_files[f"drawings/{one.name}.svg"])
        for text in root.iter(f"{SVG}text"):
            assert 0 <= float(text.get("x")) <= one.width, (one.name, text.text)
            assert 0 <= float(text.get("y")) <= one.height, (one.name, text.text)


@settings(max_examples=50)
@given(st.floats(0, 360), st.floats(1, 359), st.floats(0.1, 50))
def test_a_sector_reaches_its_radius_on_both_sides_of_its_heading(heading, degrees, radius):
    ring = sector(10, 20, radius, heading, degrees)
    assert ring[0] == (10, 20)
    for point, at in ((ring[1], heading - degrees / 2), (ring[-1], heading + degrees / 2)):
        assert point == pytest.approx(turned(10, 20, radius, at))


def test_a_full_sector_is_a_circle_and_an_arrow_points():
    assert len(sector(0, 0, 1, 0, 360)) == 120
    assert turned(0, 0, 2, 90) == pytest.approx((2, 0))
    head = arrow((0, 0), (0, 10), 3, Ink(fill="#000000")).rings[0]
    assert head[0] == (0, 0)
    assert [round(y, 6) for _, y in head[1:]] == [3, 3]
    assert polygon([(0, 0)], Ink()).closed
