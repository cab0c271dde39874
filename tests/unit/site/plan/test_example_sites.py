"""The example sites hold: their plans load in every variant, what their surveys say is understood, and every need is met."""

from pathlib import Path

import pytest

from seamline.site.coverage import cover
from seamline.site.plan import load_plan, resolve
from seamline.site.plan.checks import used_parts

SITES = Path(__file__).parents[4] / "examples" / "sites"
PLANS = sorted(SITES.glob("*/plan.yaml"))
NAMES = [path.parent.name for path in PLANS]


def test_there_are_sites():
    assert {"campus", "farm", "yard"} <= set(NAMES)


@pytest.mark.parametrize("path", PLANS, ids=NAMES)
def test_a_plan_meets_its_needs_and_its_variants_load(path):
    plan = load_plan(path)
    site = resolve(plan)
    assert plan.name == path.parent.name
    assert plan.variants
    assert {note.kind for note in site.notes} <= {"repaired"}
    coverage = cover(site)
    assert coverage.met
    assert all(0 < need.share <= 1 for zone in coverage.zones.values() for need in zone.needs)
    for name in plan.variants:
        assert load_plan(path, name) != plan


@pytest.mark.parametrize("path", PLANS, ids=NAMES)
def test_every_part_of_a_plan_has_a_price_and_every_file_is_named(path):
    plan = load_plan(path)
    assert [name for name in used_parts(plan) if name not in plan.prices.parts] == []
    assert all(plan.beside(name).is_file() for name in plan.inputs)
    there = {file.name for file in path.parent.iterdir() if file.is_file()}
    assert there == {"plan.yaml", *plan.inputs}


def test_on_the_farm_the_ground_hides_what_lies_behind_the_ridge():
    site = resolve(load_plan(SITES / "farm" / "plan.yaml"))
    assert site.ground is not None
    assert site.level > 500
    coverage = cover(site)
    behind = {cause.kind for spot in coverage.zones["weather"].needs[0].blind for cause in spot.causes}
    assert "terrain" in behind
    low = cover(resolve(load_plan(SITES / "farm" / "plan.yaml", "low-mast")))
    assert low.zones["weather"].needs[0].share < coverage.zones["weather"].needs[0].share
