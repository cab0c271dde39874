"""The bill of materials: what is counted, what it costs, what is not in the sum."""

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, strategies as st

from seamline.site.catalogue.parts import Accessory, Cable, Money
from seamline.site.documents.bom import Bom, BomLine, Origin, bom, claims, line_of, price_of
from seamline.site.documents.design import Absent
from seamline.site.documents.views import CablesView
from seamline.site.plan.model import PowerSource

SCREW = Accessory(id="screw", title="Screw", source="DIN 7982", price=Money(7, "EUR"))
WIRE = Cable(id="wire", title="Wire", source="IEC 60228", carries=("power",), price=Money(55, "EUR"))


def changed(design, **changes):
    """A design whose plan has other values."""
    return replace(design, site=replace(design.site, plan=replace(design.plan, **changes)))


def priced(design, **changes):
    return changed(design, prices=replace(design.plan.prices, **changes))


def line(found, part):
    return next(line for line in found.lines if line.part.id == part)


def test_each_line_has_its_pieces_spares_price_and_where_they_come_from(designed, yard_plan):
    found = bom(designed)
    cameras = line(found, "bullet-4mp")
    assert (cameras.needed, cameras.spares, cameras.quantity, cameras.unit) == (2, 1, 3, "pc")
    assert (cameras.price, cameras.cents) == (Money(18_900, "EUR"), 56_700)
    lines = yard_plan.read_text("utf-8").splitlines()
    assert cameras.price_from == f"yard.yaml:{1 + next(at for at, text in enumerate(lines) if 'bullet-4mp: 189' in text)}"
    assert [origin.what for origin in cameras.origins] == ["nodes.cam-1", "nodes.cam-2"]
    assert [origin.quantity for origin in cameras.origins] == [1, 1]
    for origin in cameras.origins:
        name, _, number = origin.where.partition(":")
        assert name == "yard.yaml"
        assert "title: " in lines[int(number) - 1] or origin.what.removeprefix("nodes.") in lines[int(number) - 1]
    assert cameras.asked_by.startswith("nodes.cam-1 (yard.yaml:")


def test_kits_switches_and_what_comes_with_a_node_are_counted(designed):
    counted = {one.part.id: one.needed for one in bom(designed).lines if one.unit == "pc"}
    assert counted == {
        "bullet-4mp": 2, "pir-12m": 1, "esp32-s3-board": 1, "lora-868": 1, "lora-gateway": 1, "poe-switch-8": 1,
        "li-ion-18650-2p": 1, "solar-5w": 1, "charger-small": 1, "box-small": 1, "wall-arm": 2,
    }  # fmt: skip


def test_cables_are_bought_by_the_whole_metre_of_the_schedule(designed):
    cable = line(bom(designed), "cat6-outdoor")
    metres = sum(row.metres for row in designed.cables.rows)
    assert cable.unit == "m"
    assert cable.needed - 1 < metres <= cable.needed
    assert [origin.what for origin in cable.origins] == ["cable cam-1", "cable cam-2"]


def test_lines_stand_by_kind_and_nothing_that_exists_is_bought(designed):
    found = bom(designed)
    kinds = [one.part.kind for one in found.lines]
    assert kinds == [
        "camera",
        "sensor",
        "board",
        "radio",
        "gateway",
        "switch",
        "battery",
        "panel",
        "converter",
        "enclosure",
        "mount",
        "cable",
    ]
    assert "dome-4mp" not in [one.part.id for one in found.lines]
    gateways = {ident: replace(one, existing=True) for ident, one in designed.plan.gateways.items()}
    assert "lora-gateway" not in {part for part, _ in claims(changed(designed, gateways=gateways))}


def test_a_gateway_with_a_kit_and_parts_of_its_own_is_counted(designed):
    gateway = replace(
        designed.plan.gateways["gw-1"], power=PowerSource("solar", None, "small"), with_parts=("box-small", "box-small")
    )
    found = bom(changed(designed, gateways={"gw-1": gateway}))
    assert line(found, "box-small").needed == 3
    assert line(found, "solar-5w").needed == 2
    assert line(found, "li-ion-18650-2p").asked_by.count("(kit small)") == 2


def test_a_kit_counts_its_batteries_and_panels_and_only_what_it_has(designed):
    kit = replace(designed.plan.kits["small"], batteries=3, panel=None, panels=0, converter=None)
    counted = {one.part.id: one.needed for one in bom(changed(designed, kits={"small": kit})).lines}
    assert counted["li-ion-18650-2p"] == 3
    assert "solar-5w" not in counted
    assert "charger-small" not in counted


def test_the_total_is_the_sum_of_the_lines_in_whole_cents(designed):
    found = bom(designed)
    assert found.total == Money(sum(one.cents or 0 for one in found.lines), "EUR")
    assert found.total.cents == 179_015


def test_a_part_without_a_price_is_named_and_the_total_is_at_least(designed):
    found = bom(designed)
    assert found.unpriced == ("charger-small",)
    assert line(found, "charger-small").cents is None
    assert line(found, "charger-small").price_from == "no price"
    assert found.verdict == "at least 1790.15 EUR of a budget of 2500.00 EUR: at most 709.85 EUR left"


def with_prices(design, **prices):
    parts = {**design.plan.prices.parts, **{name.replace("_", "-"): money for name, money in prices.items()}}
    return priced(design, parts=parts)


def test_with_every_price_known_the_total_is_exact(designed):
    found = bom(with_prices(designed, charger_small=Money(400, "EUR")))
    assert not found.at_least
    assert found.verdict == "1798.15 EUR of a budget of 2500.00 EUR: 701.85 EUR left"


@pytest.mark.parametrize(
    ("budget", "verdict"),
    [
        (None, "at least 1790.15 EUR; the plan sets no budget"),
        (Money(179_015, "EUR"), "at least 1790.15 EUR of a budget of 1790.15 EUR: at most 0.00 EUR left"),
        (Money(179_014, "EUR"), "at least 1790.15 EUR: 0.01 EUR over the budget of 1790.14 EUR"),
    ],
)
def test_the_total_is_held_against_the_budget(designed, budget, verdict):
    assert bom(priced(designed, budget=budget)).verdict == verdict


def test_a_price_in_another_currency_is_no_price(designed):
    found = bom(with_prices(designed, solar_5w=Money(2500, "USD")))
    assert line(found, "solar-5w").price is None
    assert line(found, "solar-5w").price_from.startswith("priced in USD (yard.yaml:")
    assert "solar-5w" in found.unpriced


def test_the_plans_price_comes_before_the_catalogues(designed):
    part = replace(SCREW, sources={"price": "price list 2026"})
    assert price_of(designed, part) == (Money(7, "EUR"), "price list 2026")
    own = with_prices(designed, screw=Money(5, "EUR"))
    assert price_of(own, part)[0] == Money(5, "EUR")


def test_what_is_not_in_the_sum_at_all_is_said(designed):
    without = replace(designed, cables=None, absent=(Absent("cables", "the plan names no routes.cable"),))
    assert bom(without).lacks == ("cables (the plan names no routes.cable)",)
    assert bom(replace(designed, cables=None)).lacks == ("cables (no cable schedule)",)
    lost = CablesView(rows=(), unroutable={"cam-1": "no route"}, trench_m=0, trench_bound_m=0)
    assert bom(replace(designed, cables=lost)).lacks == ("cables that no route leads to (cam-1)",)
    paid = bom(priced(designed, labour_hour=Money(6000, "EUR")))
    assert paid.lacks == ("labour (the plan gives 60.00 EUR an hour, and no hours: give prices.hours)",)
    assert paid.at_least


@pytest.mark.parametrize(
    ("share", "needed", "spares"),
    [("0", 100, 0), ("0.07", 100, 7), ("0.1", 10, 1), ("0.1", 11, 2), ("0.29", 100, 29), ("1", 3, 3), ("0.001", 1, 1)],
)
def test_spares_are_rounded_up_and_never_by_noise(designed, share, needed, spares):
    found = line_of(designed, SCREW, (Origin("it", "here", needed),), Fraction(share))
    assert (found.needed, found.spares) == (needed, spares)


@given(st.lists(st.integers(1, 40_000), min_size=1, max_size=30), st.fractions(0, 1, max_denominator=100))
def test_bought_cable_is_enough_and_not_a_metre_too_much(designed, decimetres, share):
    found = line_of(designed, WIRE, tuple(Origin("run", "plan:1", one / 10) for one in decimetres), share)
    exact = Fraction(sum(decimetres), 10)
    assert 0 <= found.needed - exact < 1
    assert 0 <= found.spares - found.needed * share < 1
    assert found.cents == 55 * found.quantity


def test_an_empty_bill_costs_nothing():
    empty = Bom(lines=(), currency="EUR", budget=None, unpriced=(), lacks=())
    assert empty.verdict == "0.00 EUR; the plan sets no budget"
    free = BomLine(part=SCREW, unit="pc", needed=0, spares=0, price=Money(7, "EUR"), price_from="", origins=())
    assert free.cents == 0
