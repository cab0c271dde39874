"""Work in the bill of materials: hours by piece and by metre, what they cost, who says so, and what is not known."""

import json
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, strategies as st
from tests.unit.site.documents import yard
from tests.unit.site.documents.test_bom import line, priced
from tests.unit.site.documents.test_layers import rows_of
from tests.unit.site.documents.test_sheets import said

from seamline.cli import exits, main
from seamline.contract.problems import ContractErrors
from seamline.site.catalogue.parts import Money
from seamline.site.documents.bom import bom
from seamline.site.documents.changes import difference
from seamline.site.documents.csv_files import BOM, bom_rows, table
from seamline.site.documents.labour import Work, hours_of
from seamline.site.documents.summary import summary
from seamline.site.documents.tables import bom_sheets
from seamline.site.documents.views import PutUp
from seamline.site.plan import load_plan
from seamline.site.plan.model import Mounting

RATE = Money(6000, "EUR")
EVERY = {
    "camera": 2700.0, "sensor": 1200.0, "board": 0.0, "radio": 0.0, "gateway": 3600.0, "switch": 5400.0, "battery": 300.0,
    "panel": 1800.0, "converter": 0.0, "enclosure": 600.0, "mount": 900.0, "cable": 120.0,
}  # fmt: skip
CHARGER = {"charger-small": Money(400, "EUR")}


def with_hours(design, rate=RATE, **hours):
    said = {name.replace("_", "-"): seconds for name, seconds in hours.items()}
    return priced(design, labour_hour=rate, labour_s=said, parts={**design.plan.prices.parts, **CHARGER})


def work(found, what):
    return next(one for one in found.works if one.what == what)


def test_with_hours_for_all_the_total_is_exact(designed):
    found = bom(with_hours(designed, **EVERY))
    assert found.lacks == ()
    assert not found.at_least
    cameras, cable = work(found, "bullet-4mp"), work(found, "cat6-outdoor")
    assert (cameras.quantity, cameras.each, cameras.cents) == (Fraction(3, 2), RATE, 9000)  # two of 45 min: no work for the spare
    assert cable.quantity == Fraction(line(found, "cat6-outdoor").needed * 120, 3600)
    assert "esp32-s3-board" not in [one.what for one in found.works]  # said to take no time
    assert found.total.cents == sum(one.cents or 0 for one in found.lines) + sum(one.cents for one in found.works)


def test_a_part_comes_before_its_kind_and_the_plan_before_the_catalogue(designed):
    part = replace(designed.plan.catalogue.parts["bullet-4mp"], labour_s=600.0, sources={"labour": "own count, 2026"})
    assert hours_of(with_hours(designed, camera=2700.0, bullet_4mp=60.0), part)[0] == 60.0
    assert hours_of(with_hours(designed, camera=2700.0), part)[0] == 2700.0
    assert hours_of(with_hours(designed, sensor=2700.0), part) == (600.0, "own count, 2026")
    assert hours_of(with_hours(designed), replace(part, labour_s=None)) is None


def test_what_has_no_hours_is_named_and_the_total_is_at_least(designed):
    found = bom(with_hours(designed, camera=2700.0, cable=120.0))
    (lack,) = found.lacks
    assert lack.startswith("labour of pir-12m, esp32-s3-board, lora-868, ")
    assert lack.endswith("(no hours: give prices.hours)")
    assert found.at_least
    assert {one.what for one in found.works} == {"bullet-4mp", "cat6-outdoor"}


def test_hours_without_a_rate_are_said_and_not_paid(designed):
    found = bom(with_hours(designed, rate=None, camera=2700.0))
    assert found.works == ()
    assert found.lacks == ("1.5 hours of labour (no rate: give prices.labour)",)
    assert bom(with_hours(designed, rate=None, camera=0.0)).lacks == ()


@given(st.integers(0, 10**6), st.integers(1, 5000), st.integers(0, 10**5))
def test_work_is_reckoned_in_whole_cents_to_the_nearest(milliseconds, count, rate):
    exact = Fraction(milliseconds, 1000) * count / 3600
    one = Work(what="x", title="x", unit="h", quantity=exact, each=Money(rate, "EUR"), origin="", asked_by="")
    assert abs(one.cents - exact * rate) <= Fraction(1, 2)


def put_up(design, cost):
    mounting = Mounting("roof", "points", ("bullet-4mp",), (6.0,), with_parts=("pole-strap",), cost=cost)
    gateway = PutUp("gateway roof-1", "gateway", "lora-gateway", 1.0, 2.0, 9.0, "roof")
    radio = replace(design.radio, put_up=(gateway,))
    plan = replace(design.plan, mountings={"roof": mounting})
    return replace(design, radio=radio, site=replace(design.site, plan=plan))


def test_what_the_network_puts_up_costs_its_mounting_and_what_comes_with_it(designed):
    found = bom(put_up(designed, Money(18_000, "EUR")))
    assert line(found, "pole-strap").needed == 1
    mounting = work(found, "roof")
    assert (mounting.unit, mounting.cents, mounting.amount) == ("pc", 18_000, "1 pc")
    assert mounting.asked_by.startswith("network: gateway roof-1 (")
    assert not [lack for lack in found.lacks if "puts up" in lack]


def test_a_mounting_without_a_cost_is_said(designed):
    found = bom(put_up(designed, None))
    assert found.works == ()
    assert "the mounting of what the network puts up: gateway roof-1 (its mounting gives no cost)" in found.lacks


def test_every_form_of_the_bill_has_the_same_work(designed):
    paid = with_hours(designed, **EVERY)
    found = bom(paid)
    rows = [row for row in rows_of(table(BOM, bom_rows(paid), "sha256:x")) if row["kind"] == "labour"]
    assert [row["part"] for row in rows] == [one.what for one in found.works]
    assert sum(round(float(row["total"]) * 100) for row in rows) == sum(one.cents for one in found.works)
    assert {row["unit"] for row in rows} == {"h"}
    told = summary(paid)
    assert {what: fields["cents"] for what, fields in told["labour"].items()} == {one.what: one.cents for one in found.works}
    texts = said(bom_sheets(paid))
    assert "Where the hours come from" in texts
    assert texts.count("2.00 h") == 2 * [one.amount for one in found.works].count("2.00 h")  # in the bill, and with their source
    assert "putting up" in texts


def test_an_hour_more_shows_in_the_difference_with_what_it_costs(designed):
    before, after = with_hours(designed, **EVERY), with_hours(designed, **{**EVERY, "switch": 9000.0})
    found = difference(summary(before), summary(after))
    assert found.cents == 6000
    (change,) = [change for change in found.changes if change.section == "labour"]
    assert (change.what, change.fields[0]) == ("poe-switch-8", ("quantity", 1.5, 2.5))


HOURS = "  labour: 60.00 EUR\n  hours: {camera: 45 min, bullet-4mp: 50 min, cable: 2 min}\n"


def test_the_plan_says_hours_by_part_or_kind_with_their_line(tmp_path, capsys):
    plan = yard.write(tmp_path, yard.PLAN.replace("  budget: 2500.00 EUR\n", "  budget: 4000.00 EUR\n" + HOURS))
    assert load_plan(plan).prices.labour_s == {"camera": 2700.0, "bullet-4mp": 3000.0, "cable": 120.0}
    number = 1 + next(at for at, text in enumerate(plan.read_text("utf-8").splitlines()) if "hours: {" in text)
    assert main(["site", "bom", str(plan), "--json"]) == exits.OK
    told = json.loads(capsys.readouterr().out)
    assert [(one["of"], one["unit"], one["source"]) for one in told["labour"]] == [
        ("bullet-4mp", "h", f"yard.yaml:{number}"),
        ("cat6-outdoor", "h", f"yard.yaml:{number}"),
    ]
    assert main(["site", "bom", str(plan)]) == exits.OK
    assert "putting up: Bullet camera" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("hours", "code"),
    [("{drone: 45 min}", "SP203"), ("{camera: 45}", "SP110"), ("{camera: -1 min}", "SP110"), ("[camera]", "SP103")],
)
def test_hours_of_what_is_neither_part_nor_kind_are_refused(tmp_path, hours, code):
    plan = yard.write(tmp_path, yard.PLAN.replace("  budget: 2500.00 EUR\n", f"  budget: 2500.00 EUR\n  hours: {hours}\n"))
    with pytest.raises(ContractErrors, match=code):
        load_plan(plan)
