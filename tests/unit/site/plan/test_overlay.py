"""Variants laid over a plan: what is merged, replaced and removed, for any two trees."""

from hypothesis import given, strategies as st

from seamline.contract.nodes import Mapping, Scalar, plain
from seamline.contract.problems import Report, Span
from seamline.site.plan.matching import matches, metres_of, numbered, refers, slug
from seamline.site.plan.overlay import laid

HERE = Span("f", 1, 1, 1, 1)
KEYS = st.sampled_from("abcd")
TREES = st.recursive(
    st.dictionaries(KEYS, st.sampled_from(["1", "2"])), lambda inner: st.dictionaries(KEYS, inner), max_leaves=12
)


def node(value):
    if isinstance(value, dict):
        return Mapping(HERE, tuple((Scalar(HERE, key, quoted=False), node(inner)) for key, inner in value.items()))
    return Scalar(HERE, value, quoted=False)


def merged(under, over):
    """The same, said as plainly as can be."""
    if not (isinstance(under, dict) and isinstance(over, dict)):
        return over
    return {
        key: merged(under[key], over[key]) if key in under and key in over else over.get(key, under.get(key))
        for key in [*under, *over]
    }


@given(TREES, TREES)
def test_values_of_the_variant_win_and_mappings_are_merged(under, over):
    report = Report("f")
    assert plain(laid(node(under), node(over), report)) == merged(under, over)
    assert report.count == 0


@given(TREES)
def test_an_empty_variant_changes_nothing(tree):
    assert laid(node(tree), node({}), Report("f")) == node(tree)


def test_what_is_removed_is_gone_and_what_is_not_there_cannot_be():
    report = Report("f")
    assert plain(laid(node({"a": "1", "b": {"c": "1"}}), node({"a": "removed", "b": {"c": "removed"}}), report)) == {"b": {}}
    assert report.count == 0
    laid(node({}), node({"a": "removed"}), report)
    assert [problem.code for problem in report.problems] == ["SL206"]


def test_lengths_are_read_as_surveys_write_them():
    lengths = {
        "9.5": 9.5,
        " 9,5 ": 9.5,
        "9.5 m": 9.5,
        "9.5m": 9.5,
        "+3": 3.0,
        "10 ft": 3.048,
        "10'": 3.048,
        "-2": -2.0,
        "6 Metres": 6.0,
    }
    assert {text: metres_of(text) for text in lengths} == lengths
    assert [metres_of(text) for text in ("", "high", "5 cm", "1e3", "3-4", "nan", "1.2.3")] == [None] * 7


def test_globs_take_no_heed_of_letter_case_and_cross_folders():
    assert matches(None, "anything")
    assert matches("*/BUILDINGS", "Yard/buildings")
    assert not matches("buildings", "Yard/buildings")
    assert refers("yard/mast 1", "Yard", "Mast 1")
    assert refers("Mast ?", "Yard", "Mast 1")
    assert not refers("/Mast 1", "", "Mast 1")


def test_ids_are_small_letters_and_never_taken_twice():
    taken = {}
    assert [numbered(slug(name, "mast"), taken) for name in ("Mast 1", "mast-1", "Mast  1!", "", "塔")] == [
        "mast-1",
        "mast-1-2",
        "mast-1-3",
        "mast",
        "mast-2",
    ]
    assert len(slug("x" * 100, "y")) == 40


@given(st.lists(st.sampled_from(["a", "a-2", "a-3", "b", "a-2-2"]), max_size=40))
def test_ids_are_unique_whatever_names_come(names):
    taken = {}
    found = [numbered(name, taken) for name in names]
    assert len(set(found)) == len(names)
    assert all(got == name or got.startswith(f"{name}-") for got, name in zip(found, names, strict=True))


def test_thousands_of_one_name_take_no_longer_each():
    taken = {}
    found = [numbered("house", taken) for _ in range(50_000)]
    assert found[:3] == ["house", "house-2", "house-3"]
    assert found[-1] == "house-50000"
