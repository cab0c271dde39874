"""What a plan lacks to meet its needs, as `build` and `diff` say it."""

import json

import pytest
from tests.unit.site.placement.test_on_site import lot

from seamline.cli import exits, main
from seamline.site.coverage import cover
from seamline.site.placement.placing import Wish, placed
from seamline.site.placement.restoring import restoring
from seamline.site.plan import load_plan, resolve


@pytest.fixture
def plan(tmp_path):
    return lot(tmp_path)


def without_the_class_of_the_gate(plan):
    """A need that the mountings can meet: the gate's two are more than the lot's masts and walls give."""
    text = plan.read_text(encoding="utf-8")
    plan.write_text(
        text.replace("      - {class: recognise}\n      - {class: detect, k: 2}\n", "      - {class: detect, share: 50 %}\n"),
        encoding="utf-8",
    )
    return plan


def test_what_lacks_is_the_answer_of_placement_and_its_bill(plan):
    site = resolve(load_plan(without_the_class_of_the_gate(plan)))
    assert not cover(site).met
    found = restoring(site)
    asked, answer = placed(site, Wish())
    assert found is not None
    assert found.is_met
    assert found.nodes == len(answer.chosen) > 0
    assert found.bound <= answer.cost == found.reckoned
    assert found.cents > 0
    assert asked.site.plan.prices.currency == found.currency == "EUR"
    sure = "no choice is cheaper" if found.is_proven else f"no choice is below {found.bound / 100:,.2f}"
    assert str(found) == (
        f"{found.nodes} more nodes for {found.cents / 100:,.2f} EUR ({found.reckoned / 100:,.2f} by placement's prices, {sure}); "
        "'seamline site place' says which"
    )


def test_without_prices_it_is_the_fewest_and_their_number_is_no_money(plan):
    text = without_the_class_of_the_gate(plan).read_text(encoding="utf-8")
    start, end = text.index("    cost: 100.00 EUR\n"), text.index("  walls:\n")
    plan.write_text(
        text[:start] + text[end:].replace("300.00 EUR", "0.00 EUR").replace("20.00 EUR", "0.00 EUR"), encoding="utf-8"
    )
    found = restoring(resolve(load_plan(plan)))
    assert found is not None
    assert found.is_met
    assert (found.cents, found.reckoned, found.bound) == (0, None, 0)
    assert str(found).startswith(
        f"{found.nodes} more nodes for 0.00 EUR ({'no choice has fewer' if found.is_proven else 'perhaps fewer do'})"
    )


def test_where_no_choice_does_it_says_so(plan):
    found = restoring(resolve(load_plan(plan)))
    assert found is not None
    assert not found.is_met
    assert (found.nodes, found.cents, found.bound) == (0, 0, 0)
    assert str(found).startswith("no choice of the plan's mountings does (")


def test_a_plan_without_mountings_has_no_answer(plan):
    text = plan.read_text(encoding="utf-8")
    start, end = text.index("\nmountings:"), text.index("\nnodes:")
    plan.write_text(text[:start] + text[end:], encoding="utf-8")
    assert restoring(resolve(load_plan(plan))) is None


def test_build_and_diff_say_it(plan, tmp_path, capsys):
    without_the_class_of_the_gate(plan)
    assert main(["site", "build", str(plan), "--out", str(tmp_path / "out")]) == exits.PROMISE_BROKEN
    assert "  to meet them: " in capsys.readouterr().out
    assert main(["site", "diff", str(plan), str(plan), "--json"]) == exits.OK
    told = json.loads(capsys.readouterr().out)
    assert told["to_meet"]["met"]
    assert told["to_meet"]["cost_cents"] > 0
    assert main(["site", "diff", str(plan), str(plan)]) == exits.OK
    assert "to meet the needs again: " in capsys.readouterr().out
