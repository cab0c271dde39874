"""Every sheet: its frame, its pages, what stands on the map, the diagram, the tables and the mounting sheets."""

import re
from dataclasses import replace

import numpy as np
import pytest
import segno
import shapely
from hypothesis import given, settings, strategies as st

from seamline.site.documents import maps, tables, topology
from seamline.site.documents.chart import Chart
from seamline.site.documents.design import Absent
from seamline.site.documents.devices import devices, power_text
from seamline.site.documents.drawing import Circle, Group, Path, Text
from seamline.site.documents.folder import sheets
from seamline.site.documents.mounting import mounting_sheet, qr, reach
from seamline.site.documents.sheets import A3_WIDE, A4_WIDE, Column, Draft, Flow, Room, Row, Table, Words, framed
from seamline.site.documents.views import (
    AnswerView,
    CablesView,
    FailureView,
    LinkView,
    NodePower,
    OptionView,
    PowerView,
    PutUp,
    RadioView,
    SwitchView,
    TermView,
)
from seamline.site.plan.model import PowerSource


def flat(items):
    for item in items:
        if isinstance(item, Group):
            yield from flat(item.items)
        else:
            yield item


def texts(items):
    return [item.text for item in flat(items) if isinstance(item, Text)]


def labels(items):
    return [found for item in items if isinstance(item, Group) for found in (item.label, *labels(item.items)) if found]


def said(drafts):
    return " | ".join(text for draft in drafts for text in texts(draft.items))


def sheet(found, name):
    return next(one for one in found if one.name == name)


def test_the_sheets_are_numbered_and_each_says_its_plan_frame_and_content(yard_sheets, designed):
    assert [one.name for one in yard_sheets][:4] == ["map-camera", "map-sensor", "topology", "coverage"]
    assert [one.name for one in yard_sheets if one.name.startswith("mounting")] == [
        f"mounting/{one.id}" for one in devices(designed)
    ]
    for at, one in enumerate(yard_sheets, 1):
        words = texts(one.items)
        assert f"{at} of {len(yard_sheets)}" in words
        assert designed.content.hash in words
        assert {"yard.yaml", "as planned", "EPSG:32632", "Warehouse yard Höchst"} <= set(words)


def test_a_variant_and_a_frame_of_its_own_stand_in_the_title_block(designed):
    plan = replace(designed.plan, variant="wide")
    frame = replace(designed.site.frame, code=None)
    (one,) = framed(
        replace(designed, site=replace(designed.site, plan=plan, frame=frame)), [Draft("a", "A", A3_WIDE, (), "1 : 50")]
    )
    assert {"wide", "local", "1 : 50", "1 of 1"} <= set(texts(one.items))


def test_the_map_shows_every_thing_zone_device_and_cable(designed):
    camera, sensor = maps.coverage_maps(designed)
    assert (camera.name, sensor.name) == ("map-camera", "map-sensor")
    assert re.fullmatch(r"1 : \d+", camera.scale)
    known = labels(camera.items)
    for label in (
        "boundary",
        "zone Gate",
        "hall: building, 7 m high",
        "pond: water",
        "camera Gate camera",
        "supply Switch in the hall",
    ):
        assert label in known, label
    assert any(label.startswith("cable cam-1: ") for label in known)
    assert "link gw-1 - pir-1" in known
    assert {"what cam-1 looks at", "what cam-2 looks at", "what old-cam looks at"} <= set(known)
    assert "what pir-1 looks at" not in known
    assert "what pir-1 looks at" in labels(sensor.items)
    for one in devices(designed):
        assert one.id in texts(camera.items)


def test_the_map_lies_to_scale(designed):
    (camera, _) = maps.coverage_maps(designed)
    scale = int(camera.scale.removeprefix("1 : "))
    boundary = next(item for item in flat(camera.items) if isinstance(item, Path) and item.ink == maps.BOUNDARY)
    area = shapely.Polygon(boundary.rings[0]).area
    assert area == pytest.approx(designed.site.boundary.area * (1000 / scale) ** 2, rel=1e-6)


def test_a_zone_too_small_to_be_read_has_a_map_of_its_own(designed, monkeypatch):
    monkeypatch.setattr(maps, "DETAIL_SCALE", 1)
    monkeypatch.setattr(maps, "DETAIL_MM", 1000.0)
    found = maps.coverage_maps(designed)
    whole, *close = [one for one in found if one.name.startswith("map-camera")]
    needing = [ident for ident, zone in designed.coverage.zones.items() if any(need.need.kind == "camera" for need in zone.needs)]
    assert [one.name for one in close] == [f"map-camera-{ident}" for ident in needing]
    for one in close:
        assert int(one.scale.removeprefix("1 : ")) <= int(whole.scale.removeprefix("1 : "))
        assert any(label.startswith("zone ") for label in labels(one.items))


def test_a_close_map_of_a_zone_is_of_that_zone_alone(designed, monkeypatch):
    """Zones lie on each other: what one lacks must not be hatched over what another has."""
    monkeypatch.setattr(maps, "DETAIL_SCALE", 1)
    monkeypatch.setattr(maps, "DETAIL_MM", 1000.0)
    zones = designed.coverage.zones
    close = [one for one in maps.coverage_maps(designed) if one.name.count("-") > 1]
    assert close
    for one in close:
        ident = one.name.split("-", 2)[2]
        assert {label.removeprefix("zone ") for label in labels(one.items)} & set(zones) == {ident}
        assert not any(text.startswith(f"{other}-") for text in texts(one.items) for other in zones if other != ident)


def test_what_no_need_asks_for_does_not_colour_the_map_of_sensors(designed):
    sensor = next(one for one in devices(designed) if one.role == "sensor")
    assert f"what {sensor.id} looks at" in labels(maps.coverage_map(designed, "sensor", "m", "M", maps.extent(designed)).items)
    zones = {
        ident: replace(zone, needs=tuple(replace(need, seen={}, alone={}) for need in zone.needs))
        for ident, zone in designed.coverage.zones.items()
    }
    unasked = replace(designed, coverage=replace(designed.coverage, zones=zones))
    assert f"what {sensor.id} looks at" not in labels(maps.coverage_map(unasked, "sensor", "m", "M", maps.extent(unasked)).items)


def test_on_a_close_map_only_what_lies_in_it_is_named(designed):
    west, south, _, _ = designed.site.boundary.bounds
    corner = maps.coverage_map(designed, "camera", "corner", "Corner", (west - 40, south - 40, west - 20, south - 20))
    assert not {one.id for one in devices(designed)} & set(texts(corner.items))


def test_the_map_of_hills_has_contours_with_their_heights(designed):
    grid = designed.site.grid
    ground = np.add.outer(np.arange(grid.rows) * 0.0, np.arange(grid.columns) * grid.cell * 0.1)
    hilly = replace(designed, site=replace(designed.site, ground=ground, level=312.0))
    camera = maps.coverage_maps(hilly)[0]
    found = [label for label in labels(camera.items) if label.startswith("contour ")]
    assert len(found) >= 3
    assert {label.removeprefix("contour ").removesuffix(" m") for label in found} & set(texts(camera.items))
    assert "height of the ground, m" in texts(camera.items)
    assert "height of the ground, m" not in texts(maps.coverage_maps(designed)[0].items)


def test_the_legend_has_what_the_survey_brings(designed):
    words = texts(maps.coverage_maps(designed)[0].items)
    there = {thing.meaning.value for thing in designed.site.things} - {"boundary", "zone", "ignore"}
    assert there <= set(words)


def test_a_node_that_exists_hangs_on_the_supply_that_the_plan_names(designed):
    ident = next(ident for ident, (node, _) in designed.site.nodes.items() if node.existing)
    node, fixed = designed.site.nodes[ident]
    (supply, *_) = designed.site.supplies
    fed = replace(node, power=PowerSource("poe", supply=supply))
    site = replace(designed.site, nodes={**designed.site.nodes, ident: (fed, fixed)})
    assert f"supply {supply} - {ident} exists already" in labels(topology.topology(replace(designed, site=site)).items)
    assert all("exists already" not in label for label in labels(topology.topology(designed).items))


def test_the_legend_says_what_is_met_and_what_is_blind(designed):
    words = said(maps.coverage_maps(designed))
    assert "23.3 % of 90 % NOT MET" in words
    assert "camera recognise (2015, 125 px/m), by 1" in words
    assert "sensor motion, by 1" in words
    assert "lanes-1-motion, " in words


def test_a_plan_whose_zones_need_nothing_has_one_map(designed):
    zones = {ident: replace(zone, needs=()) for ident, zone in designed.coverage.zones.items()}
    (only,) = maps.coverage_maps(replace(designed, coverage=replace(designed.coverage, zones=zones)))
    assert only.name == "map"
    assert "NOT MET" not in said([only])


def test_a_long_legend_ends_with_where_more_stands(designed):
    gate = designed.coverage.zones["gate"]
    zones = {f"z{at}": replace(gate, zone=f"z{at}") for at in range(60)}
    site = replace(designed.site, zones={f"z{at}": designed.site.zones["gate"] for at in range(60)})
    (only,) = maps.coverage_maps(replace(designed, site=site, coverage=replace(designed.coverage, zones=zones)))
    assert "more zones: see the tables" in texts(only.items)
    assert all(text.y <= 297 for text in flat(only.items) if isinstance(text, Text))


def test_what_is_absent_is_said_on_the_map_and_in_the_tables(designed):
    lacking = replace(designed, radio=None, absent=(Absent("radio", "nothing in the plan has a radio"),))
    assert "radio: nothing in the plan has a radio" in said(maps.coverage_maps(lacking))
    assert "radio: nothing in the plan has a radio" in said(tables.coverage_sheets(lacking))
    assert "radio: nothing in the plan has a radio" in said([topology.topology(lacking)])


STATIONS = st.integers(1, 40)


def mesh(nodes, gateways=1):
    links = tuple(
        LinkView(f"gw-{at % gateways + 1}", f"n-{at}", "lora", "sf7", 10.0 + at, 90.0, 30.0, 20.0, used=True)
        for at in range(nodes)
    )
    spare = tuple(
        LinkView("gw-1", f"n-{at}", "lora", None if at % 2 else "sf9", 10.0, 90.0, 3.0, -7.0, used=False) for at in range(nodes)
    )
    ways = {f"n-{at}": (f"n-{at}", f"gw-{at % gateways + 1}") for at in range(nodes)}
    failures = (FailureView("gateway", "gw-1", ("n-0",)),)
    put_up = tuple(PutUp(f"gw-{at + 1}", "gateway", "lora-gateway", 10.0, 10.0, 5.0) for at in range(gateways))
    return RadioView(
        kind="star", fade_margin_db=10, links=(*links, *spare), ways=ways, unheard={"old-cam": "raise it by 3 m"}, failures=failures, put_up=put_up,
        problems=("link a does not hold",),
    )  # fmt: skip


def many(design, nodes, gateways=1):
    """The yard with so many detectors, and gateways that the network puts up."""
    node, fixed = design.site.nodes["pir-1"]
    made = {f"n-{at}": (replace(node, id=f"n-{at}", title=f"Detector {at}"), fixed) for at in range(nodes)}
    site = replace(design.site, nodes={**made, "old-cam": design.site.nodes["old-cam"]}, gateways={})
    return replace(
        design, site=site, radio=mesh(nodes, gateways), cables=CablesView(rows=(), unroutable={}, trench_m=0, trench_bound_m=0)
    )


@settings(max_examples=20, deadline=None)
@given(nodes=STATIONS, gateways=st.integers(1, 4))
def test_in_the_diagram_no_two_stations_stand_on_each_other(designed, nodes, gateways):
    design = many(designed, nodes, gateways)
    draft = topology.topology(design)
    stations = {one.id: one for one in topology.stations_of(design)}
    at = topology.placed(stations, list(topology.edges_of(design)), A3_WIDE.room)
    assert len(set(at.values())) == len(at) == nodes + gateways + 2
    words = texts(draft.items)
    assert all(any(text.startswith(f"n-{one}"[:5]) for text in words) for one in range(nodes))


def test_the_diagram_names_single_points_of_failure_and_who_is_not_heard(designed):
    words = said([topology.topology(many(designed, 3))])
    for text in (
        "alone carries 1",
        "gateway gw-1: without it n-0 dark",
        "old-cam: raise it by 3 m",
        "link a does not hold",
        "put up by the network",
        "12 m, +30 dB",
    ):
        assert text in words, text


def test_the_diagram_of_a_plan_without_radios_names_the_switches_that_take_others_with_them(designed):
    dark = replace(designed.cables.switches[0], dark=("cam-1", "cam-2"))
    wired = replace(designed, radio=None, cables=replace(designed.cables, switches=(dark,)))
    assert f"Single points of failure | switch {dark.id}: without it cam-1, cam-2 dark" in said([topology.topology(wired)])


def test_a_line_in_a_row_goes_round_the_stations_that_it_does_not_join():
    at = {"gw": (50.0, 30.0), "a": (10.0, 80.0), "b": (40.0, 80.0), "c": (90.0, 80.0), "hall": (90.0, 30.0), "x": (70.0, 30.0)}
    assert topology.round_others(at, "a", "b") == [(10.0, 80.0), (40.0, 80.0)]
    assert topology.round_others(at, "gw", "c") == [(50.0, 30.0), (90.0, 80.0)]
    assert topology.round_others(at, "c", "a") == [(10.0, 80.0), (50.0, 72.0), (90.0, 80.0)], "up: names stand below"
    assert topology.round_others(at, "gw", "hall") == [(50.0, 30.0), (70.0, 38.0), (90.0, 30.0)], "down: names stand above"


def test_the_links_sheet_lists_every_link_and_what_is_dark_without_what(designed):
    words = said(tables.link_sheets(many(designed, 3)))
    for text in (
        "gw-1 | n-0 | lora | sf7",
        "in use",
        "none holds",
        "link a does not hold",
        "old-cam is not heard by any gateway: raise it",
        "Put up besides the plan's: gw-1 (lora-gateway).",
        "gateway | gw-1 | n-0",
    ):
        assert text in words, text
    assert tables.link_sheets(replace(designed, radio=None)) == ()


def test_nodes_with_a_single_link_are_counted_and_not_listed_one_by_one(designed):
    radio = replace(
        mesh(3), failures=(FailureView("link", "gw-1 - n-1", ("n-1",)), FailureView("link", "gw-1 - n-2", ("n-2", "n-0")))
    )
    assert list(topology.failures(radio)) == ["link gw-1 - n-2: without it n-2, n-0 dark", "1 nodes have a single link: n-1"]


def test_stations_stand_in_the_order_that_keeps_links_apart(designed):
    design = many(designed, 8, 2)
    stations = {one.id: one for one in topology.stations_of(design)}
    at = topology.placed(stations, list(topology.edges_of(design)), A3_WIDE.room)
    left, right = sorted(("gw-1", "gw-2"), key=lambda ident: at[ident][0])
    of = {left: [], right: []}
    for ident, way in design.radio.ways.items():
        of[way[1]].append(at[ident][0])
    assert max(of[left]) < min(of[right])


def test_cables_that_do_not_do_are_told_beside_the_diagram(designed):
    row = replace(designed.cables.rows[0], problems=("120 m, and the most is 100 m",))
    switch = SwitchView("hall", 9, 8, 120.0, 60.0, ("9 devices, and hall has 8 ports; add a switch",))
    cables = CablesView(
        rows=(row,), unroutable={"cam-2": "no route"}, trench_m=5, trench_bound_m=4, unlaid=("power",), switches=(switch,)
    )
    design = replace(designed, cables=cables)
    for found in (said([topology.topology(design)]), said(tables.cable_sheets(design))):
        for text in ("120 m, and the most is 100 m", "no route", "9 devices, and hall has 8 ports"):
            assert text in found, text
    assert "Cables for power are not laid" in said(tables.cable_sheets(design))


def test_tables_say_what_is_not_worked_out(designed):
    bare = replace(designed, cables=None, power=None)
    assert "There is no cable schedule: not worked out." in said(tables.cable_sheets(bare))
    assert "Power is not worked out: not worked out." in said(tables.power_sheets(bare))
    assert "poe from hall" in said(tables.power_sheets(bare))
    told = replace(bare, absent=(Absent("cables", "no routes"), Absent("power", "no figures")))
    assert "no routes" in said(tables.cable_sheets(told))
    assert "no figures" in said(tables.power_sheets(told))


def test_the_power_sheet_shows_the_arithmetic_and_where_to_infer(designed):
    term = TermView("sending", 1.25, "J/d", "96 x 0.013 J", "data sheet")
    share = TermView("efficiency", 0.9, "1", "", "data sheet")
    option = OptionView("board, then LoRa", 1.5, 20.0, 0.2, (), (term, share))
    refused = OptionView("raw over LoRa", 900.0, 1e6, 300.0, ("the law allows 1 %",), ())
    node = NodePower(
        node="pir-1", source="solar", daily_wh=0.5, autonomy_d=7.0, dark_share=0.01, worst_month="December", upper_bound=True, met=False,
        terms=(term,), notes=("assumed",), answers=(AnswerView("infer locally", (option, refused)),),
    )  # fmt: skip
    unknown = NodePower(node="cam-1", source="poe", daily_wh=None)
    words = said(tables.power_sheets(replace(designed, power=PowerView(nodes=(node, unknown), notes=("clear sky",)))))
    for text in (
        "0.5 Wh",
        "7.0 d",
        "1.00 % at best",
        "December",
        "1.25 J/d",
        "96 x 0.013 J",
        "infer locally",
        "the law allows 1 %",
        "not known",
        "clear sky",
        "The arithmetic of board, then LoRa:",
        "0.9",
    ):
        assert text in words, text


def test_the_bill_on_paper_names_what_lacks(designed):
    words = said(tables.bom_sheets(designed))
    for text in (
        "at least 1790.15 EUR",
        "Without a price, and not in the total: charger-small.",
        "nodes.cam-1 (yard.yaml:",
        "class assumption",
    ):
        assert text in words, text
    labour = replace(designed.plan.prices, labour_hour=designed.plan.prices.budget)
    paid = replace(designed, site=replace(designed.site, plan=replace(designed.plan, prices=labour)))
    assert "Not in the total: labour" in said(tables.bom_sheets(paid))


def test_the_yard_has_its_power_worked_out(designed):
    nodes = {node.node: node for node in designed.power.nodes}
    assert nodes["cam-1"].daily_wh == pytest.approx(12.95 * 24, rel=1e-3)
    assert nodes["pir-1"].autonomy_d > 5
    assert nodes["pir-1"].upper_bound
    assert nodes["pir-1"].terms
    assert "clear sky" in said(tables.power_sheets(designed))


def test_a_mounting_sheet_says_everything_that_is_to_be_set(designed):
    camera = next(one for one in devices(designed) if one.id == "cam-1")
    draft = mounting_sheet(designed, camera)
    words = " | ".join(texts(draft.items))
    for text in (
        "cam-1",
        "Gate camera",
        "x 38.00 m, y 41.00 m",
        "5.00 m above ground",
        "heading 225°",
        "12° down",
        "6mm, 50° across",
        "bullet-4mp: Bullet",
        "wall-arm: Wall arm",
        "poe from hall",
        "photograph",
        "serial number",
        "seamline:unit:yard/cam-1",
        "yard.yaml:",
    ):
        assert text in words, text
    assert f"{camera.lon:.7f}, {camera.lat:.7f}" in words
    bearing = (225 + designed.site.frame.convergence(38, 41)) % 360
    assert f"{bearing:.1f}° (heading" in words


def test_a_mounting_sheet_says_what_is_not_heard_routed_or_existing(designed):
    radio = replace(designed.radio, ways={}, unheard={"pir-1": "nothing helps"})
    cables = replace(designed.cables, rows=(), unroutable={"pir-1": "no route leads there"})
    design = replace(designed, radio=radio, cables=cables)
    found = {one.id: one for one in devices(design)}
    words = said([mounting_sheet(design, replace(found["pir-1"], product="device"))])
    assert "no gateway hears it" in words
    assert "no route leads there" in words
    assert "device" in words
    outside = replace(radio, unheard={}, outside=("pir-1",))
    assert "an operator's network" in said([mounting_sheet(replace(design, radio=outside), found["pir-1"])])
    assert "sends to an operator" in said([topology.topology(replace(design, radio=outside))])
    assert "exists already: check only" in said([mounting_sheet(design, found["old-cam"])])
    assert "pir-1 > gw-1" in said([mounting_sheet(designed, found["pir-1"])])


@pytest.mark.parametrize(
    ("height", "down", "far"),
    [(5, 45, 5.0), (3, 0, None), (3, -10, None), (3, 90, 0.0), (3, 120, 0.0), (1, 0.1, None), (10, 26.565051, 20.0)],
)
def test_a_ray_meets_the_ground_where_it_must(height, down, far):
    found = reach(height, down)
    assert found == (far if far is None else pytest.approx(far, abs=1e-5))


@pytest.mark.parametrize("tilt", [-10.0, 0.0, 12.0, 60.0, 90.0])
def test_the_view_from_the_side_stays_on_the_sheet(designed, tilt):
    camera = next(one for one in devices(designed) if one.id == "cam-1")
    draft = mounting_sheet(designed, replace(camera, tilt_deg=tilt))
    for item in flat(draft.items):
        if isinstance(item, Text):
            assert 0 <= item.x <= 210
            assert 0 <= item.y <= 297
    assert f"{abs(tilt):g}° {'up' if tilt < 0 else 'down'}" in texts(draft.items)


@settings(max_examples=30)
@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=80))
def test_a_qr_code_is_drawn_module_by_module(text):
    (group,) = qr(text, 10, 20, 50)
    matrix = [list(row) for row in segno.make_qr(text, error="m", boost_error=False).matrix]
    module = 50 / (len(matrix) + 8)
    drawn = shapely.union_all([shapely.Polygon(ring) for ring in group.items[0].rings])
    dark = sum(map(sum, matrix))
    assert drawn.area == pytest.approx(dark * module**2, rel=1e-6)
    for row in (0, len(matrix) // 2, len(matrix) - 1):
        for column, value in enumerate(matrix[row]):
            middle = shapely.Point(10 + (column + 4.5) * module, 20 + (row + 4.5) * module)
            assert drawn.contains(middle) == bool(value)


@pytest.mark.parametrize(
    ("power", "text"),
    [
        (None, "not planned"),
        (PowerSource("poe", "hall"), "poe from hall"),
        (PowerSource("mains"), "mains, nearest supply or socket"),
        (PowerSource("poe"), "poe, nearest supply"),
        (PowerSource("solar", kit="small"), "solar, kit small"),
    ],
)
def test_power_is_told_in_words(power, text):
    assert power_text(power) == text


@settings(max_examples=25)
@given(st.lists(st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=300), max_size=60))
def test_no_row_is_lost_when_a_table_turns_the_page(rows):
    flow = Flow("list", "List")
    flow.add(
        Words("Rows", heading=True),
        Table((Column("a", 1), Column("b", 1, "end")), tuple(Row((f"{at}", text)) for at, text in enumerate(rows))),
    )
    drafts = flow.drafts()
    found = [text for draft in drafts for text in texts(draft.items)]
    kept = iter(found)
    assert all(any(text == str(at) for text in kept) for at in range(len(rows)))
    assert [draft.name for draft in drafts] == ["list", *(f"list-{at}" for at in range(2, len(drafts) + 1))]
    room = A4_WIDE.room
    assert all(room.y <= item.y <= room.bottom for draft in drafts for item in flat(draft.items) if isinstance(item, Text))
    assert sum(text == "a" for text in found) >= len(drafts) if rows else "none" in found


@given(st.integers(0, 60), st.integers(1, 12))
def test_a_heading_and_the_head_of_a_table_stand_on_the_page_of_its_first_row(before, lines):
    flow = Flow("rows", "Rows")
    flow.add(*(Words(f"paragraph {at}") for at in range(before)))
    first = " ".join(["word " * 12] * lines)
    flow.add(Words("Heading", heading=True), Table((Column("head", 1),), (Row((f"first {first}",)), Row(("second",)))))
    pages = [texts(draft.items) for draft in flow.drafts()]
    page = next(found for found in pages if "Heading" in found)
    assert "head" in page[page.index("Heading") :]
    assert any(text.startswith("first") for text in page)


def test_long_words_and_texts_turn_the_page_too():
    flow = Flow("words", "Words")
    for at in range(60):
        flow.add(Words(f"paragraph {at} " + "word " * 40), Words(f"Heading {at}", heading=True))
    drafts = flow.drafts()
    assert len(drafts) > 2
    assert drafts[0].title.startswith("Words (1/")
    assert sum("Heading" in text for text in texts([item for draft in drafts for item in draft.items])) == 60


def test_a_row_that_is_longer_than_a_page_goes_on_on_the_next():
    flow = Flow("long", "Long")
    words = [f"word-{at}" for at in range(900)]
    flow.add(Table((Column("a", 1), Column("b", 3)), (Row((" ".join(words), "short")), Row(("last", "row")))))
    drafts = flow.drafts()
    found = " ".join(text for draft in drafts for text in texts(draft.items) if text.startswith("word-")).split()
    assert found == words
    assert len(drafts) > 1
    room = A4_WIDE.room
    assert all(room.y <= item.y <= room.bottom for draft in drafts for item in flat(draft.items) if isinstance(item, Text))


def test_a_design_with_nothing_in_it_has_its_sheets_all_the_same(designed):
    site = replace(designed.site, nodes={}, gateways={}, supplies={}, zones={}, things=())
    plan = replace(designed.plan, nodes={}, gateways={}, supplies={}, zones={})
    empty = replace(
        designed, site=replace(site, plan=plan), coverage=replace(designed.coverage, zones={}), radio=None,
        cables=CablesView(rows=(), unroutable={}, trench_m=0, trench_bound_m=0), power=PowerView(nodes=()),
    )  # fmt: skip
    found = sheets(empty)
    assert [one.name for one in found] == ["map", "topology", "coverage", "devices", "bom", "cables", "power"]
    words = " | ".join(text for one in found for text in texts(one.items))
    for text in ("the plan has no zones", "the plan has no devices", "no cables", "no nodes", "0.00 EUR"):
        assert text in words, text
    assert not [item for item in flat(sheet(found, "map").items) if isinstance(item, Circle) and item.radius > 5]


def test_a_camera_on_the_ground_has_its_sheet(designed):
    camera = next(one for one in devices(designed) if one.role == "camera")
    draft = mounting_sheet(designed, replace(camera, height_m=0.0, tilt_deg=10.0))
    assert "From the side" in said([draft])


@pytest.mark.parametrize("east", [-5.5, -1.2, 0.0, 7.9])
def test_ticks_of_a_map_lie_at_its_edge_and_nowhere_else(east):
    room = Room(10, 10, 200, 200)
    chart = Chart(room, east - 4, east - 4, 25)
    (west, south, right, top) = chart.seen()
    texts = [mark for mark in maps.grid_edge(chart) if isinstance(mark, Text)]
    assert texts
    across = [int(mark.text) for mark in texts if not mark.turn]
    up = [int(mark.text) for mark in texts if mark.turn]
    assert all(west <= at <= right for at in across)
    assert all(south <= at <= top for at in up)
