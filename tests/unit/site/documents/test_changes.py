"""What two designs differ in: added, removed, changed, and the cost; from plans and from what was written into folders."""

import json

import pytest
from tests.unit.site.documents import yard

from seamline.site.documents.changes import Change, Difference, difference, figure, gained, money, spoken
from seamline.site.documents.summary import SECTIONS, read_summary, summary, written
from seamline.site.documents.work import design
from seamline.site.frame import SiteError


def of(**sections):
    given = {name.replace("_", " "): fields for name, fields in sections.items()}
    total = {"all": {"cents": 0, "currency": "EUR", "at_least": False, "left_cents": None}}
    return {name: given.get(name, total if name == "total" else {}) for name in SECTIONS}


def cost(cents, **more):
    return {"all": {"cents": cents, "currency": "EUR", "at_least": False, "left_cents": None, **more}}


def test_a_design_does_not_differ_from_itself(designed):
    found = difference(summary(designed), summary(designed))
    assert found.changes == ()
    assert list(found.lines()) == ["no difference in any figure"]


def test_a_summary_is_read_back_from_a_folder_as_it_was(designed, yard_files):
    assert yard_files["summary.json"] == written(designed)
    assert difference(summary(designed), read_summary(yard_files["summary.json"], "summary.json")).changes == ()


@pytest.mark.parametrize(
    "data",
    [b"", b"[]", b"{}", b'{"summary": 3}', b'{"summary": {"devices": {}}}', b"\xff",
     json.dumps({"summary": {name: {"x": 3} for name in SECTIONS}}).encode(),
     json.dumps({"summary": {name: {"x": {"y": []}} for name in SECTIONS}}).encode()],
)  # fmt: skip
def test_what_is_no_summary_is_refused(data):
    with pytest.raises(SiteError, match=r"summary|no JSON"):
        read_summary(data, "summary.json")


def test_things_are_added_removed_and_changed():
    first = of(devices={"a": {"x": 1.0, "role": "camera"}, "b": {"x": 1.0}}, links={"a - g": {"rate": "sf7", "used": True}})
    second = of(devices={"b": {"x": 2.5, "tilt_deg": 3.0}, "c": {"x": 0.0, "existing": False, "lens": None, "board": ""}})
    found = difference(first, second)
    assert [(change.section, change.kind, change.what) for change in found.changes] == [
        ("devices", "removed", "a"), ("devices", "changed", "b"), ("devices", "added", "c"), ("links", "removed", "a - g"),
    ]  # fmt: skip
    assert list(found.lines()) == [
        "devices",
        "  - a: x 1 m, role camera",
        "  ~ b: x 1 m -> 2.5 m, tilt none -> 3 deg",
        "  + c: x 0 m",
        "links",
        "  - a - g: rate sf7, used yes",
        "it costs the same",
    ]


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [
        (cost(1000), cost(1250), "it costs 2.50 EUR more: before 10.00, after 12.50"),
        (cost(1250), cost(1000), "it costs 2.50 EUR less: before 12.50, after 10.00"),
        (cost(5), cost(5, at_least=True), "it costs the same (parts without a price are not in it)"),
        (cost(5), cost(5, currency="CHF"), "the two are in different currencies: what the change costs is not known"),
    ],
)
def test_the_cost_of_a_change_is_said(before, after, verdict):
    found = difference(of(total=before), of(total=after))
    assert found.verdict == verdict


def test_a_change_of_currency_has_no_cost_in_json():
    found = difference(of(total=cost(5)), of(total=cost(9, currency="CHF"))).as_json()
    assert (found["cents"], found["before_cents"], found["after_cents"]) == (None, 5, 9)


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("share", 0.12345, "12.35 %"), ("area_m2", 3.5, "3.5 m²"), ("margin_db", -2.0, "-2 dB"), ("price_cents", 1999, "19.99"),
        ("used", False, "no"), ("rate", None, "none"), ("rate", "", "none"), ("metres", 12.25, "12.25 m"), ("quantity", 3, "3"),
        ("heading_deg", 225.0, "225 deg"), ("daily_wh", 1.5, "1.5 Wh"), ("autonomy_d", 4.0, "4 d"), ("x", 1e-9, "1e-09 m"),
    ],
)  # fmt: skip
def test_figures_have_their_units(name, value, text):
    assert figure(name, value) == text


def test_names_are_words():
    assert [spoken(name) for name in ("height_m", "price_cents", "cents", "left_cents", "dark_share", "blind_m2", "worst_month")] == [
        "height", "price", "together", "left", "dark share", "blind", "worst month",
    ]  # fmt: skip


def test_money_and_areas_say_how_much_more():
    assert gained("area_m2", 10.0, 12.5) == " (+2.5)"
    assert gained("cents", 500, 250) == " (-2.50)"
    assert gained("metres", 1.0, 2.0) == ""
    assert gained("cents", None, 250) == ""
    assert money(-5) == "-0.05"


def test_a_unit_is_not_told_as_a_change():
    change = Change("parts", "changed", "wire", (("unit", "pc", "m"), ("quantity", 1, 2)))
    assert str(change) == "~ wire: quantity 1 -> 2"


def test_a_price_of_the_plan_is_in_the_parts_and_in_the_total(designed, tmp_path):
    dearer = design(yard.write(tmp_path, yard.PLAN.replace("bullet-4mp: 189.00", "bullet-4mp: 199.00")))
    found = difference(summary(designed), summary(dearer))
    assert [change.section for change in found.changes] == ["parts", "total"]
    assert str(found.changes[0]) == "~ bullet-4mp: price 189.00 -> 199.00 (+10.00), together 567.00 -> 597.00 (+30.00)"
    assert found.cents == 3000
    told = found.as_json()
    assert told["changes"][0] == {
        "section": "parts", "kind": "changed", "what": "bullet-4mp", "fields": {"price_cents": [18900, 19900], "cents": [56700, 59700]},
    }  # fmt: skip


def test_an_empty_difference_is_a_value():
    found = Difference((), 0, 0, "EUR", comparable=True, at_least=False)
    assert found.cents == 0
    assert list(found.lines()) == ["no difference in any figure"]
