"""Changed nodes on the desk: what they see, what cannot be, and what the page is told of the site."""

import base64
import hashlib
import shutil

import numpy as np
import pytest
from tests.unit.planner.conftest import EXAMPLES, with_roofs
from tests.unit.planner.test_saving import new, state

from seamline.planner.desk import NO_CHANGES, Changes, Desk, NodeState
from seamline.planner.document import pass_json, passes_of, site_json
from seamline.planner.panels import bom_json, network_json, power_json, variants_json
from seamline.planner.placing import Search, progress_json
from seamline.planner.seen import masks_of, seen_json
from seamline.planner.upload import preview_json
from seamline.site.coverage import cover
from seamline.site.frame import SiteError
from seamline.site.observers import Sensor
from seamline.site.placement.placing import Wish
from seamline.site.scene import Mask
from seamline.site.unhidden import unhidden


@pytest.fixture(scope="module")
def desk():
    return Desk(EXAMPLES / "sites" / "yard" / "plan.yaml")


@pytest.fixture(scope="module")
def farm():
    return Desk(EXAMPLES / "sites" / "farm" / "plan.yaml")


@pytest.fixture(scope="module")
def campus():
    return Desk(EXAMPLES / "sites" / "campus" / "plan.yaml")


def test_without_changes_the_nodes_see_what_the_command_says(desk):
    found, said = seen_json(desk, NO_CHANGES), cover(desk.site)
    assert found["score"] == round(said.score, 6)
    assert found["met"] is said.met
    assert [[need["share"] for need in zone["needs"]] for zone in found["zones"]] == [
        [round(need.share, 6) for need in zone.needs] for zone in said.zones.values()
    ]


def test_the_hash_of_a_zone_is_of_the_masks_of_all_that_could_meet_its_needs(desk):
    found = seen_json(desk, NO_CHANGES, masks=True)
    whole = hashlib.sha256()
    for zone in found["zones"]:
        masks = dict(masks_of(desk, desk.coverer.zones[zone["id"]], desk.site.nodes))
        assert list(masks) == list(desk.site.nodes)
        assert zone["hash"] == hashlib.sha256(b"".join(mask.tobytes() for mask in masks.values())).hexdigest()
        whole.update(b"".join(mask.tobytes() for mask in masks.values()))
        for node, bits in zone["masks"].items():
            cells = masks[node].size
            assert (np.unpackbits(np.frombuffer(base64.b64decode(bits), np.uint8))[:cells] == (masks[node] > 0).ravel()).all()
    assert found["hash"] == whole.hexdigest()


def test_a_node_that_is_turned_away_leaves_a_blind_spot_with_its_cause_and_turning_back_mends_it(desk):
    away = seen_json(desk, Changes((state(desk, "cam-gate", heading_deg=320.0),)))
    gate = away["zones"][0]
    before = seen_json(desk, NO_CHANGES)["zones"][0]
    assert gate["needs"][0]["share"] < before["needs"][0]["share"]
    assert gate["hash"] != before["hash"]
    causes = {(cause["kind"], cause["what"]) for spot in gate["needs"][0]["spots"] for cause in spot["causes"]}
    assert ("field", "cam-gate") in causes
    assert seen_json(desk, NO_CHANGES)["zones"][0] == before


def test_what_is_added_sees_and_what_is_taken_out_does_not(desk):
    more = seen_json(desk, Changes((new(),)))
    assert more["zones"][2]["needs"][0]["seen"]["extra"] > 0
    less = seen_json(desk, Changes(removed=("cam-yard-south",)))
    assert "cam-yard-south" not in less["zones"][2]["needs"][0]["seen"]
    assert less["score"] < seen_json(desk, NO_CHANGES)["score"] <= more["score"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (Changes((new(), new())), "named twice"),
        (Changes(removed=("nobody",)), "no node 'nobody'"),
        (Changes((new(part="periscope"),)), "no part 'periscope'"),
        (Changes((new(part=None),)), "no part None"),
        (Changes((new(part="wall-arm"),)), "observes nothing"),
        (Changes((new(lens="400mm"),)), "no lens '400mm'"),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason(desk, changes, words):
    with pytest.raises(SiteError, match=words):
        desk.nodes(changes)


def mask_by_passes(desk, ident, observer) -> Mask:
    """What the page does: every pass by the kernel, put together."""
    cells = desk.coverer.zones[ident]
    if isinstance(observer, Sensor) and observer.sight != "line":
        return unhidden(cells.grid, observer)[1].astype(np.uint8)  # the page's own arithmetic: no question for the kernel
    found = np.zeros(cells.inside.shape, np.uint8)
    kernel = cells.scene._kernel
    field = observer.field()
    eye = cells.scene.ground_at(field.x, field.y) + field.z
    for grid, target, (west, south), only, targets in passes_of(cells):
        if desk.site.ground is None:
            seen = kernel.see(grid.cells, field, eye, target)
            part = found[south : south + grid.rows, west : west + grid.columns]
            chosen = np.ones(seen.shape, np.bool_) if only is None else only
            part[chosen] = seen[chosen]
        else:
            ground = cells.scene.ground
            seen = kernel.see(grid.cells, field, eye, 0, (ground, ground + np.int32(target) if targets is None else targets))
            column, row = cells.offset
            found = seen[row : row + cells.grid.rows, column : column + cells.grid.columns]
    return found


@pytest.mark.parametrize("name", ["desk", "farm", "campus"])
def test_what_the_page_asks_the_kernel_gives_the_masks_of_the_server(name, request):
    found = request.getfixturevalue(name)
    seen = 0
    for ident, cells in found.coverer.zones.items():
        for observer, mask in list(cells._masks.items()) or observers(found, ident):
            assert (mask_by_passes(found, ident, observer) == mask).all()
            seen += 1
    assert seen > 0


@pytest.mark.parametrize("name", ["yard", "farm"])
def test_targets_on_roofs_are_asked_about_as_the_server_sees_them_flat_and_over_terrain(tmp_path, name):
    for folder in ("sites", "trailcam"):
        shutil.copytree(EXAMPLES / folder, tmp_path / folder)
    found = Desk(with_roofs(tmp_path / "sites" / name / "plan.yaml"))
    solids = found.site.solids
    assert len(passes_of(found.coverer.zones["roofs"])) == (1 if found.site.ground is not None else 1 + len(solids))
    seen = observers(found, "roofs")
    for observer, mask in seen:
        assert (mask_by_passes(found, "roofs", observer) == mask).all()
    on_roofs = np.zeros(found.coverer.zones["roofs"].inside.shape, np.bool_)
    for solid in solids:
        on_roofs |= found.coverer.zones["roofs"].grid.within(solid.footprint)
    assert any((mask[on_roofs] > 0).any() for _, mask in seen), "a roof is seen"
    assert len(pass_json(passes_of(found.coverer.zones["roofs"])[-1])["cells"]) == 5


def observers(desk, ident):
    desk.coverer.cover(spots=False)
    return list(desk.coverer.zones[ident]._masks.items())


@pytest.mark.parametrize("name", ["desk", "farm", "campus"])
def test_the_page_is_told_the_whole_site(name, request):
    found = request.getfixturevalue(name)
    told = site_json(found)
    assert [node["id"] for node in told["nodes"]] == list(found.site.nodes)
    assert [zone["id"] for zone in told["zones"]] == list(found.site.zones)
    assert (told["ground"] is None) == (found.site.ground is None)
    if told["ground"]:
        heights = np.frombuffer(base64.b64decode(told["ground"]["heights"]), "<i4")
        assert heights.size == found.site.grid.columns * found.site.grid.rows
    assert {node["part"] for node in told["nodes"] if node["part"]} <= set(told["catalogue"])
    for zone in told["zones"]:
        assert all(need["least"] <= 1 + len(zone["densities"]) for need in zone["needs"])


def test_cables_power_and_bill_follow_a_node_that_is_moved_and_one_that_is_added(desk):
    at = desk.site.nodes["cam-gate"][1]
    moved = Changes((state(desk, "cam-gate", y=round(at.y - 4, 2)), new()))
    rows = {row["id"]: row["metres"] for row in network_json(desk, NO_CHANGES)["cables"]["rows"]}
    now = network_json(desk, moved)
    assert {row["id"]: row["metres"] for row in now["cables"]["rows"]}["cam-gate"] != rows["cam-gate"]
    assert now["places"]["cam-gate"] == (round(at.x, 2), round(at.y - 4, 2))
    assert [node["node"] for node in power_json(desk, moved)["nodes"]] == [*desk.site.nodes, "extra"]
    before, after = bom_json(desk, NO_CHANGES), bom_json(desk, moved)
    bought = {line["part"]: line["quantity"] for line in before["lines"]}
    assert {line["part"]: line["quantity"] for line in after["lines"]}["bullet-8mp"] == bought["bullet-8mp"] + 1
    assert after["total_cents"] > before["total_cents"]


def test_power_says_of_a_solar_node_how_long_it_lasts(farm):
    solar = [node for node in power_json(farm, NO_CHANGES)["nodes"] if node["kind"] == "solar"]
    assert solar
    assert all(node["autonomy_days"] is not None or node["endless"] or node["notes"] for node in solar)


def test_variants_stand_side_by_side_with_coverage_and_cost():
    told = variants_json(EXAMPLES / "sites" / "yard" / "plan.yaml")
    plain, fewer = told["variants"]
    assert (plain["id"], fewer["id"]) == (None, "fewer")
    assert plain["nodes"] == fewer["nodes"] + 1
    assert plain["score"] > fewer["score"]
    assert plain["total_cents"] > fewer["total_cents"]


def test_placement_knows_the_changes_and_its_nodes_can_be_put_on_the_map(desk):
    search = Search(desk, Changes((new("placed-1"),)), Wish(question="best", count=1))
    answer = search.run()
    assert search.progress is None or progress_json(search.progress)["phase"] in {"reduce", "relax", "search", "solve"}
    assert "placed-1" in answer["standing"]
    (node,) = answer["nodes"]
    assert node["id"] == "placed-2"
    known = {name: node[name] for name in ("id", "x", "y", "height_m", "heading_deg", "tilt_deg", "lens", "part", "title")}
    after = seen_json(desk, Changes((new("placed-1"), NodeState(**known, with_parts=tuple(node["with_parts"])))))
    shares = [need["share"] for zone in after["zones"] for need in zone["needs"]]
    assert shares == [need["after"] for need in answer["needs"]]
    assert answer["bound"] >= answer["value"]
    assert answer["proven"] is (answer["bound"] == answer["value"])


def test_a_placement_that_is_stopped_answers_with_what_it_has(desk):
    search = Search(desk, NO_CHANGES, Wish(fewest=True, fresh=True))
    search.stop()
    answer = search.run()
    assert answer["stop"] == "cancelled"
    assert not answer["proven"]
    assert answer["standing"] == ["cam-reception"]


def test_a_plan_without_mountings_has_nothing_to_choose_from(yard):
    text = yard.read_text()
    start, end = text.index("mountings:"), text.index("nodes:\n")
    yard.write_text(text[:start] + text[end:])
    assert site_json(Desk(yard))["can_place"] is False
    with pytest.raises(SiteError, match="mountings"):
        Search(Desk(yard), NO_CHANGES, Wish()).run()


def test_a_survey_is_shown_with_what_the_plans_rules_make_of_it_and_kept_nowhere(desk, tmp_path):
    data = (EXAMPLES / "sites" / "yard" / "survey.kml").read_bytes()
    told = preview_json(desk, "../../etc/survey.kml", data)
    meanings = {thing["name"]: thing["meaning"] for thing in told["things"]}
    assert meanings["Warehouse"] == "building"
    assert meanings["Mast 1"] == "mast"
    assert told["count"] == len(told["things"]) == len(desk.site.things)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["", "..", "a/..", "x\0.kml"])
def test_a_survey_needs_a_name(desk, name):
    with pytest.raises(SiteError, match="file's name"):
        preview_json(desk, name, b"")
