"""A dropped survey in the plan: seen with it before anything is written, one more file or in the place of one, and no file is lost."""

import pytest
from tests.unit.planner.test_saving import saved

from seamline.contract.problems import ContractErrors
from seamline.planner.desk import NO_CHANGES, Changes, Desk
from seamline.planner.panels import bom_json
from seamline.planner.saving import VariantName, save, with_item
from seamline.planner.seen import seen_json
from seamline.planner.surveys import KEPT_MAX, Dropped, NewSurvey, free, laid
from seamline.planner.upload import preview_json
from seamline.site.documents.work import design
from seamline.site.frame import SiteError
from seamline.site.plan import load_plan

FLAT = ("<value>5.2</value>", "<value>0.4</value>")
LAMPS = "name,x,y\nLamp 7,468320.5,5541390.2\n"
KIOSK = """{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {"name": "Rain basin 2"},
"geometry": {"type": "Polygon", "coordinates": [[[8.5573, 50.0243], [8.5574, 50.0243], [8.5574, 50.0244], [8.5573, 50.0243]]]}}]}"""


@pytest.fixture
def dropped():
    kept = Dropped()
    yield kept
    kept.close()


def put(yard, dropped, name, text, instead=None):
    return dropped.survey(dropped.keep(name, text.encode()), instead, yard.parent)


def flat(yard):
    return (yard.parent / "survey.kml").read_text().replace(*FLAT)


def files(yard):
    return sorted(path.name for path in yard.parent.iterdir())


def test_the_plan_is_seen_with_a_survey_before_anything_is_written(yard, dropped):
    before, text, there = Desk(yard), yard.read_text(), files(yard)
    desk = Desk(yard, None, [put(yard, dropped, "survey.kml", flat(yard), "survey.kml")])
    assert seen_json(desk, NO_CHANGES)["score"] > seen_json(before, NO_CHANGES)["score"]
    assert desk.content == before.content
    assert bom_json(desk, NO_CHANGES)["content_hash"] != bom_json(before, NO_CHANGES)["content_hash"]
    assert (yard.read_text(), files(yard)) == (text, there)


def test_a_survey_of_the_same_kind_takes_the_name_of_the_one_that_it_stands_for_which_is_kept(yard, dropped):
    old, new = (yard.parent / "survey.kml").read_text(), flat(yard)
    desk = Desk(yard, None, [put(yard, dropped, "flown-again.kml", new, "survey.kml")])
    hashed = bom_json(desk, NO_CHANGES)["content_hash"]
    assert saved(yard, desk, NO_CHANGES) == ([], [])
    assert (yard.parent / "survey.kml").read_text() == new
    assert (yard.parent / "survey-2.kml").read_text() == old
    assert design(yard).content.hash == hashed


def test_a_survey_of_another_kind_is_named_in_the_place_of_the_old_one(yard, dropped):
    (yard.parent / "extra.kml").write_text(flat(yard).replace("Warehouse", "Warehouse 2"))
    yard.write_text(yard.read_text().replace("files: [survey.kml]", "files: [survey.kml, {path: extra.kml}]"))
    desk = Desk(yard, None, [put(yard, dropped, "basin.geojson", KIOSK, "extra.kml")])
    gone, come = saved(yard, desk, NO_CHANGES)
    assert gone == ["files: [survey.kml, {path: extra.kml}]"]
    assert come == ['files: [survey.kml, {path: "basin.geojson"}]']
    assert {"basin.geojson", "extra.kml", "survey.kml"} <= set(files(yard))


def test_one_more_survey_is_a_file_of_a_name_that_is_free_with_the_other_changes_and_a_variant(yard, dropped):
    (yard.parent / "basin.geojson").write_text("mine")
    desk = Desk(yard, None, [put(yard, dropped, "basin.geojson", KIOSK)])
    saved(yard, desk, Changes(removed=("cam-parking",)), VariantName("wet", "Wet"))
    assert [file.path for file in load_plan(yard).survey.files] == ["survey.kml", "basin-2.geojson"]
    assert "cam-parking" not in load_plan(yard, "wet").nodes
    assert (yard.parent / "basin.geojson").read_text() == "mine"
    assert any(thing.file == "basin-2.geojson" for thing in Desk(yard).site.things)


def test_what_would_be_no_plan_leaves_every_file_as_it_was(yard, dropped):
    there, old = files(yard), (yard.parent / "survey.kml").read_bytes()
    desk = Desk(yard, None, [put(yard, dropped, "survey.kml", flat(yard), "survey.kml")])
    desk.surveys[0].file.write_text(flat(yard).replace("Mast 1", "Mast 9"))
    with pytest.raises(ContractErrors, match="Mast 1"):
        save(desk, NO_CHANGES, desk.content)
    assert files(yard) == there
    assert (yard.parent / "survey.kml").read_bytes() == old


def several(yard, dropped, *given):
    """Surveys put in one after the other: name, text, and what each stands for."""
    return dropped.surveys([(dropped.keep(name, text.encode()), instead) for name, text, instead in given], yard.parent)


def test_several_surveys_are_in_the_plan_at_once_and_saved_together(yard, dropped):
    old, new = (yard.parent / "survey.kml").read_text(), flat(yard)
    more = KIOSK.replace("basin 2", "basin 3").replace("8.557", "8.558")
    surveys = several(yard, dropped, ("survey.kml", new, "survey.kml"), ("b.geojson", KIOSK, None), ("b.geojson", more, None))
    desk = Desk(yard, None, surveys)
    names = [file.path for file in desk.plan.survey.files]
    assert names == ["survey.kml", "b.geojson", "b-2.geojson"]
    assert {thing.name for thing in desk.site.things} >= {"Rain basin 2", "Rain basin 3"}
    saved(yard, desk, NO_CHANGES)
    assert [file.path for file in load_plan(yard).survey.files] == names
    assert [(yard.parent / name).read_text() for name in (*names, "survey-2.kml")] == [new, KIOSK, more, old]


def test_a_survey_that_stands_for_one_not_saved_yet_comes_in_its_stead(yard, dropped):
    better, before = flat(yard).replace("Warehouse", "Hall"), files(yard)
    given = [("survey.kml", flat(yard), "survey.kml"), ("b.geojson", KIOSK, None)]
    surveys = several(yard, dropped, *given, ("b.geojson", KIOSK + " ", "b.geojson"), ("again.kml", better, "survey.kml"))
    assert [(survey.name, survey.instead) for survey in surveys] == [("b.geojson", None), ("survey.kml", "survey.kml")]
    saved(yard, Desk(yard, None, surveys), NO_CHANGES)
    assert files(yard) == sorted([*before, "b.geojson", "survey-2.kml"])
    assert (yard.parent / "survey.kml").read_text() == better
    assert (yard.parent / "b.geojson").read_text() == KIOSK + " "


def test_one_of_several_that_makes_no_plan_takes_all_of_them_back(yard, dropped):
    there, old = files(yard), (yard.parent / "survey.kml").read_bytes()
    desk = Desk(yard, None, several(yard, dropped, ("b.geojson", KIOSK, None), ("survey.kml", flat(yard), "survey.kml")))
    desk.surveys[1].file.write_text(flat(yard).replace("Mast 1", "Mast 9"))
    with pytest.raises(ContractErrors, match="Mast 1"):
        save(desk, NO_CHANGES, desk.content)
    assert files(yard) == there
    assert (yard.parent / "survey.kml").read_bytes() == old


def test_a_survey_that_lacks_what_nodes_stand_on_is_refused(yard, dropped):
    with pytest.raises(ContractErrors, match="Mast 1"):
        Desk(yard, None, [put(yard, dropped, "survey.kml", flat(yard).replace("Mast 1", "Mast 9"), "survey.kml")])


def test_a_file_that_the_plan_does_not_name_cannot_be_stood_for(yard, dropped):
    with pytest.raises(SiteError, match="no file of the plan's survey"):
        Desk(yard, None, [put(yard, dropped, "survey.kml", flat(yard), "other.kml")])


def test_only_the_last_surveys_are_kept_and_none_after_the_end(yard, dropped):
    idents = [dropped.keep("a.kml", bytes([number])) for number in range(KEPT_MAX + 1)]
    assert dropped.keep("a.kml", bytes([1])) == idents[1]
    with pytest.raises(SiteError, match="drop it on the page again"):
        dropped.survey(idents[0], None, yard.parent)
    kept = dropped.survey(idents[1], None, yard.parent)
    assert kept.file.read_bytes() == bytes([1])
    dropped.close()
    assert not kept.file.exists()
    with pytest.raises(SiteError, match="kept no more"):
        dropped.survey(idents[1], None, yard.parent)


def test_names_beside_the_plan_are_never_taken_twice(tmp_path):
    for taken in ("a.kml", "a-2.kml"):
        (tmp_path / taken).touch()
    assert free("a.kml", tmp_path) == "a-3.kml"
    assert free("b.kml", tmp_path) == "b.kml"


def test_a_file_that_appears_meanwhile_is_not_overwritten(tmp_path):
    new = tmp_path / "new"
    new.write_text("new")
    (tmp_path / "plan").mkdir()
    (tmp_path / "plan" / "a.kml").write_text("theirs")
    with pytest.raises(FileExistsError), laid([NewSurvey(name="a.kml", file=new)], tmp_path / "plan"):
        pytest.fail("nothing is written")
    assert (tmp_path / "plan" / "a.kml").read_text() == "theirs"


def test_a_dropped_table_is_in_the_frame_that_the_plan_gives_the_file_of_its_name(yard):
    (yard.parent / "lamps.csv").write_text(LAMPS)
    named = yard.read_text().replace("files: [survey.kml]", 'files: [survey.kml, {path: lamps.csv, crs: "EPSG:32632"}]')
    yard.write_text(named.replace("  rules:", "  rules:\n    - {file: lamps.csv, is: mast}\n    #", 1))
    told = preview_json(Desk(yard), "lamps.csv", LAMPS.encode())
    assert told["frame"] == "EPSG:32632"
    assert [thing["meaning"] for thing in told["things"]] == ["mast"]


@pytest.mark.parametrize(
    ("text", "instead", "now"),
    [
        ("a: {files: [x]}\n", None, "a: {files: [x, N]}\n"),
        ("a: {files: []}\n", None, "a: {files: [N]}\n"),
        ("a:\n  files:\n    - x\n    - y # why\n  b: 1\n", None, "a:\n  files:\n    - x\n    - y # why\n    - N\n  b: 1\n"),
        ("a:\n  files:\n  - {path: x, crs: y}", None, "a:\n  files:\n  - {path: x, crs: y}\n  - N"),
        ("b: 1\n", None, "b: 1\na: {files: [N]}\n"),
        ("a: {b: 1}\n", None, "a: {files: [N], b: 1}\n"),
        ("a: {files: [x, y]}\n", "y", "a: {files: [x, N]}\n"),
        ("a: {files: [{path: y, crs: z}]}\n", "y", "a: {files: [{path: N, crs: z}]}\n"),
    ],
)
def test_an_item_is_put_at_the_end_or_exchanged_and_nothing_else_moves(text, instead, now):
    assert with_item(text, ("a", "files"), "N", instead) == now


@pytest.mark.parametrize(("text", "instead"), [("a: {files: x}\n", None), ("a: {files: [x]}\n", "y"), ("b: 1\n", "y")])
def test_where_there_is_no_such_list_or_item_nothing_is_put(text, instead):
    with pytest.raises(SiteError, match="by hand"):
        with_item(text, ("a", "files"), "N", instead)
