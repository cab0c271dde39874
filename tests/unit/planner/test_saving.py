"""What is saved is a minimal edit: the values that differ are exchanged, everything else stays as it stands, and a plan it remains."""

import difflib

import pytest
from hypothesis import given, strategies as st

from seamline.contract.problems import ContractErrors
from seamline.planner.desk import Changes, Desk, NodeState
from seamline.planner.document import node_json
from seamline.planner.saving import ChangedMeanwhile, VariantName, save, with_value
from seamline.site.frame import SiteError
from seamline.site.plan import load_plan


def state(desk, ident, **changes):
    found = {name: value for name, value in node_json(*desk.site.nodes[ident]).items() if name not in {"existing", "title"}}
    return NodeState(**{**found, "with_parts": tuple(found["with_parts"]), **changes})


def new(ident="extra", **changes):
    at = {"x": 60.0, "y": 50.0, "height_m": 5.0, "heading_deg": 200.0, "tilt_deg": 20.0, "lens": "6mm", "part": "bullet-8mp"}
    return NodeState(id=ident, title='One "more"', with_parts=("wall-arm",), **{**at, **changes})


def difference(old, now):
    lines = list(difflib.ndiff(old.splitlines(), now.splitlines()))
    return [line[2:].strip() for line in lines if line[0] == "-"], [line[2:].strip() for line in lines if line[0] == "+"]


def saved(path, desk, changes, variant=None):
    old = path.read_text()
    content = save(desk, changes, desk.content, variant)
    assert Desk(path).content == content
    return difference(old, path.read_text())


def test_a_node_that_was_turned_is_one_changed_line(yard):
    desk = Desk(yard)
    assert saved(yard, desk, Changes((state(desk, "cam-gate", heading_deg=200.5),))) == (
        ["heading: 140 deg"],
        ["heading: 200.5 deg"],
    )
    assert load_plan(yard).nodes["cam-gate"].heading_deg == 200.5


def test_what_a_node_does_not_say_yet_is_put_on_a_line_of_its_own(yard):
    yard.write_text(yard.read_text().replace("heading: 140 deg\n    tilt: 8 deg\n", "heading: 140 deg\n"))
    desk = Desk(yard)
    assert desk.plan.nodes["cam-gate"].tilt_deg == 0
    assert saved(yard, desk, Changes((state(desk, "cam-gate", tilt_deg=12.0),))) == ([], ["tilt: 12 deg"])
    assert load_plan(yard).nodes["cam-gate"].tilt_deg == 12


def test_a_node_that_was_moved_stands_in_local_metres_and_one_that_was_not_keeps_its_feature(yard):
    desk = Desk(yard)
    at = desk.site.nodes["cam-gate"][1]
    gone, come = saved(
        yard, desk, Changes((state(desk, "cam-gate", x=round(at.x + 1.25, 2)), state(desk, "cam-yard-west", tilt_deg=17.0)))
    )
    assert gone == ["place: {feature: Mast 1}", "tilt: 16 deg"]
    assert come == [f"place: {{x: {at.x + 1.25:.2f} m, y: {at.y:.2f} m}}", "tilt: 17 deg"]
    assert Desk(yard).site.nodes["cam-gate"][1].x == pytest.approx(at.x + 1.25, abs=0.006)


def test_a_node_that_was_added_is_written_among_the_nodes(yard):
    desk = Desk(yard)
    gone, come = saved(yard, desk, Changes((new(),)))
    assert gone == []
    assert come[0] == "extra:"
    node = load_plan(yard).nodes["extra"]
    assert (node.title, node.part, node.lens, node.with_parts) == ('One "more"', "bullet-8mp", "6mm", ("wall-arm",))


def test_changes_can_become_a_variant_and_the_plan_itself_stays(yard):
    desk = Desk(yard)
    changes = Changes((state(desk, "cam-gate", height_m=4.5), new()), ("cam-parking",))
    gone, _ = saved(yard, desk, changes, VariantName("brighter", "Brighter"))
    assert gone == []
    assert load_plan(yard).nodes == desk.plan.nodes
    there = load_plan(yard, "brighter").nodes
    assert there["cam-gate"].height_m == 4.5
    assert "extra" in there
    assert "cam-parking" not in there


def test_a_node_that_stands_on_a_feature_is_moved_in_a_variant_and_moved_again(yard):
    desk = Desk(yard)
    saved(yard, desk, Changes((state(desk, "cam-gate", x=30.0, y=50.0),)), VariantName("moved", "Moved"))
    assert load_plan(yard).nodes == desk.plan.nodes
    again = Desk(yard, "moved")
    assert again.site.nodes["cam-gate"][1].x == 30
    saved(yard, again, Changes((state(again, "cam-gate", x=31.0), state(again, "cam-yard-south", x=60.0))))
    there = Desk(yard, "moved").site.nodes
    assert (there["cam-gate"][1].x, there["cam-yard-south"][1].x) == (31, 60)
    assert load_plan(yard).nodes == desk.plan.nodes


def test_in_a_variant_only_what_the_variant_says_is_changed(yard):
    desk = Desk(yard, "fewer")
    changes = Changes(
        (state(desk, "cam-gate", lens="12mm"), state(desk, "cam-parking", heading_deg=280.0), new()), ("cam-docks-east",)
    )
    assert saved(yard, desk, changes)[0] == ["cam-gate: {lens: 6mm}"]
    assert load_plan(yard).nodes == Desk(yard).plan.nodes
    there = load_plan(yard, "fewer").nodes
    assert there["cam-gate"].lens == "12mm"
    assert there["cam-parking"].heading_deg == 280
    assert "extra" in there
    assert "cam-docks-east" not in there


def test_a_variant_takes_a_name_that_is_free_and_is_made_of_the_plan(yard):
    changes = Changes((new(),))
    with pytest.raises(SiteError, match="already"):
        save(Desk(yard), changes, Desk(yard).content, VariantName("fewer", "Fewer"))
    with pytest.raises(SiteError, match="without a variant"):
        save(Desk(yard, "fewer"), changes, Desk(yard).content, VariantName("other", "Other"))


def test_a_node_is_taken_out_of_the_plan_only_as_a_variant(yard):
    desk = Desk(yard)
    with pytest.raises(SiteError, match="save as a variant"):
        save(desk, Changes(removed=("cam-gate",)), desk.content)


def test_a_file_that_was_changed_meanwhile_is_not_written(yard):
    desk = Desk(yard)
    changed = yard.read_text() + "# mine\n"
    yard.write_text(changed)
    with pytest.raises(ChangedMeanwhile):
        save(desk, Changes((state(desk, "cam-gate", tilt_deg=9.0),)), desk.content)
    assert yard.read_text() == changed


def test_what_would_be_no_plan_leaves_the_file_as_it_was(yard):
    desk = Desk(yard)
    before = yard.read_bytes()
    with pytest.raises(ContractErrors):
        save(desk, Changes((state(desk, "cam-gate", x=19_999.0, y=19_999.0),)), desk.content)
    assert yard.read_bytes() == before
    assert [path.name for path in yard.parent.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize(
    ("text", "path", "now"),
    [
        ("a:\n  b: 1 # one\n", ("a", "b"), "a:\n  b: X # one\n"),
        ("a: {b: 1}\n", ("a", "b"), "a: {b: X}\n"),
        ("a: {b: 1}\n", ("a", "c"), "a: {c: X, b: 1}\n"),
        ("a: {}\n", ("a", "c"), "a: {c: X}\n"),
        ("a:\n  b: 1\n  # last\nz: 2\n", ("a", "c"), "a:\n  b: 1\n  c: X\n  # last\nz: 2\n"),
        ("a:\n  b:\n    - 1\n    - 2\nz: 2", ("a", "c"), "a:\n  b:\n    - 1\n    - 2\n  c: X\nz: 2"),
        ("a: 1", ("z", "y", "x"), "a: 1\nz: {y: {x: X}}\n"),
        ("a:\n  b: {c: 1,\n      d: 2}\n", ("a", "b", "d"), "a:\n  b: {c: 1,\n      d: X}\n"),
    ],
)
def test_a_value_is_exchanged_or_put_in_and_nothing_else_moves(text, path, now):
    assert with_value(text, path, "X") == now


@pytest.mark.parametrize("text", ["a: 1\n", "a:\n", "a: [1]\n"])
def test_where_there_are_no_keys_nothing_is_put(text):
    with pytest.raises(SiteError, match="by hand"):
        with_value(text, ("a", "b"), "X")


@given(
    x=st.integers(-2_000, 12_000), heading=st.integers(0, 35_999), tilt=st.integers(-9_000, 9_000), height=st.integers(1, 9_999)
)
def test_figures_come_back_from_the_file_as_they_were_given(x, heading, tilt, height):
    text = "nodes:\n  one: {place: {feature: Mast}, height: 4 m, heading: 1 deg}\n"
    for name, value in (
        ("heading", f"{heading / 100:g} deg"),
        ("tilt", f"{tilt / 100:g} deg"),
        ("height", f"{height / 100:g} m"),
    ):
        text = with_value(text, ("nodes", "one", name), value)
    text = with_value(text, ("nodes", "one", "place"), f"{{x: {x / 100:.2f} m, y: 0.00 m}}")
    for value in (
        f"heading: {heading / 100:g} deg",
        f"tilt: {tilt / 100:g} deg",
        f"height: {height / 100:g} m",
        f"x: {x / 100:.2f} m",
    ):
        assert value in text
    assert text.count("\n") == 2


def test_a_node_as_it_stands_differs_in_nothing(yard):
    desk = Desk(yard)
    assert desk.differing(Changes(tuple(state(desk, ident) for ident in desk.site.nodes))) == {}
