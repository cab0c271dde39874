"""How many switches a supply needs, what to buy where they do not do, and what goes dark with one."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given, settings, strategies as st
from tests.unit.site.documents import yard
from tests.unit.site.network.farm import farm

from seamline.cli import exits, main
from seamline.contract.problems import ContractErrors
from seamline.site.documents.bom import bom
from seamline.site.documents.work import design
from seamline.site.network.on_site import budgets_of, fed_by, port_of
from seamline.site.network.study import study
from seamline.site.network.switching import packed
from seamline.site.plan import load_plan


def fewest(ports, budget, draws):
    """The fewest switches, by trying every way to share out."""
    best = len(draws)

    def share(at, used):
        nonlocal best
        if len(used) >= best:
            return
        if at == len(draws):
            best = len(used)
            return
        for index, (count, total) in enumerate(used):
            if count < ports and total + draws[at] <= budget:
                share(at + 1, [*used[:index], (count + 1, total + draws[at]), *used[index + 1 :]])
        share(at + 1, [*used, (1, draws[at])])

    if draws:
        best = len(draws) + 1
        share(0, [])
    return best


@settings(max_examples=150, deadline=None)
@given(st.integers(1, 4), st.integers(10, 40), st.lists(st.integers(0, 40), max_size=7))
def test_packing_is_feasible_and_near_the_fewest(ports, budget, draws):
    found = packed(ports, budget, draws)
    if any(draw > budget for draw in draws):
        assert found is None
        return
    least = max(math.ceil(len(draws) / ports), math.ceil(sum(draws) / budget))
    exact = fewest(ports, budget, draws)
    assert least <= exact <= found <= max(exact, math.ceil(exact * 1.7))
    if ports >= len(draws):
        assert found <= exact * 11 / 9 + 1  # Dósa's bound, when only the budget binds
    if sum(draws) <= budget:
        assert found == math.ceil(len(draws) / ports)  # when only the ports bind it is exact


@given(st.integers(1, 4), st.integers(10, 40), st.lists(st.integers(0, 10), max_size=8))
def test_the_order_of_devices_does_not_matter(ports, budget, draws):
    assert packed(ports, budget, draws) == packed(ports, budget, sorted(draws))


FIVE = "  cam-2: {title: Yard"
MORE = "".join(
    f"  more-{n}: {{title: M, place: {{x: 40 m, y: 41 m}}, height: 4 m, part: bullet-4mp, lens: 4mm, power: {{from: poe, supply: box}}}}\n"
    for n in range(7)
)
SUPPLY = "kind: poe, switch: poe-switch-8}"
PRICES = "parts: {lora-gateway: 245.00 EUR"
PRICED = "parts: {poe-switch-8: 129.00 EUR, poe-switch-24: 419.00 EUR, lora-gateway: 245.00 EUR"


def full(folder, *changes):
    """The farm with eleven devices on one switch of eight ports."""
    return farm(folder, (FIVE, MORE + FIVE), (PRICES, PRICED), *changes)


def test_a_full_switch_is_told_with_what_to_buy_and_for_how_much(tmp_path):
    (budget,) = study(full(tmp_path)).budgets
    assert "11 devices, and box has 8 ports; add a switch" in budget.problems
    assert (budget.switches, budget.part) == (1, "poe-switch-8")
    same, other = budget.remedies
    assert same == "add 1 poe-switch-8 (129.00 EUR): write 'switches: 2', or 'auto', in supplies.box"
    assert other.startswith("take poe-switch-24 in place of poe-switch-8 (419.00 EUR instead of 129.00 EUR)")
    assert other.endswith("write 'switch: poe-switch-24' in supplies.box")


@pytest.mark.parametrize("count", ["2", "auto"])
def test_what_is_told_does_and_is_bought_once_for_each(tmp_path, count):
    site = full(tmp_path, (SUPPLY, SUPPLY.replace("}", f", switches: {count}}}")))
    (budget,) = study(site).budgets
    assert (budget.problems, budget.remedies, budget.switches, budget.ports) == ((), (), 2, 16)
    assert budget.budget_mw == 240_000
    assert port_of(site, "box").ports == 16


def test_the_other_switch_that_is_told_does_too(tmp_path):
    (budget,) = study(full(tmp_path, (SUPPLY, SUPPLY.replace("poe-switch-8", "poe-switch-24")))).budgets
    assert (budget.problems, budget.remedies) == ((), ())


def test_power_that_is_given_binds_however_many_switches_stand_there(tmp_path):
    (budget,) = study(full(tmp_path, (SUPPLY, SUPPLY.replace("}", ", power: 90 W, switches: 2}")))).budgets
    assert any("more than box has" in problem for problem in budget.problems)
    assert budget.budget_mw == 90_000
    watts = math.ceil(budget.draws_mw / 1000 - 0.5)
    assert budget.remedies[0] == f"give supplies.box.power {watts} W or more, if what feeds it can"


def test_devices_that_fit_in_sum_and_not_by_switch_are_told(tmp_path):
    small = "catalogue:\n  parts:\n    tiny: {kind: switch, title: T, source: s, ports: 4, budget: 40 W, port: 30 W}\n\nprices: {budget"
    changes = (("prices: {budget", small), (SUPPLY, "kind: poe, switch: tiny, switches: 2}"))
    site = farm(tmp_path, *changes, (FIVE, MORE.splitlines(keepends=True)[0] + FIVE))  # five of 15.4 W: three do not go into 40 W
    (budget,) = budgets_of(site)
    assert budget.draws_mw < budget.budget_mw
    assert budget.devices <= budget.ports
    (problem,) = budget.problems
    assert problem.startswith("the devices do not share out over the 2 switches of box (4 ports, 40 W each)")
    assert budget.remedies[0].startswith("add 1 tiny (no price): write 'switches: 3'")


def test_what_no_port_can_feed_is_no_question_of_how_many(tmp_path):
    part = "{kind: camera, title: H, source: s, pixels: 100 x 100, lenses: {w: {hfov: 90 deg}}, range: 9 m, power: 40 W}"
    heater = f"catalogue:\n  parts:\n    heater: {part}\n\nprices: {{budget"
    site = farm(
        tmp_path,
        ("prices: {budget", heater),
        ("part: bullet-4mp, lens: 4mm, power: {from: poe}", "part: heater, power: {from: poe}"),
    )
    (budget,) = budgets_of(site)
    assert any("cam-2 needs class 5" in problem for problem in budget.problems)
    assert budget.remedies == ()  # no switch of the catalogue gives class 5


def test_a_switch_takes_its_devices_and_those_behind_its_gateways(tmp_path):
    site = farm(tmp_path)
    found = {one.what: one for one in study(site).failures if one.kind == "switch"}
    assert set(found["box"].dark) >= {ident for ident in fed_by(site)["box"] if ident in site.nodes}
    assert {"soil-1", "soil-2", "indoors"} <= set(found["box"].dark)
    (tmp_path / "alone").mkdir()
    alone = farm(tmp_path / "alone", ("uplink: ethernet, power: {from: poe}}", "uplink: ethernet}"))
    (box,) = [one for one in study(alone).failures if one.kind == "switch"]
    assert set(box.dark) == {"cam-1", "cam-2", "cam-far"}


def test_several_switches_at_one_place_are_told_as_the_supply(tmp_path):
    site = farm(tmp_path, (SUPPLY, SUPPLY.replace("}", ", switches: 2}")))
    assert [one.what for one in study(site).failures if one.kind == "supply"] == ["box"]


def test_the_command_says_it_and_its_json_too(tmp_path, capsys):
    plan = yard.write(
        tmp_path, yard.PLAN.replace("switch: poe-switch-8", "switch: tiny").replace("prices:\n", TINY + "prices:\n")
    )
    assert main(["site", "network", str(plan)]) == exits.PROMISE_BROKEN
    told = capsys.readouterr().out
    assert "switch hall takes cam-1, cam-2 with it" in told
    assert "hall: 2 devices, and hall has 1 ports; add a switch" in told
    assert "  hall: add 1 tiny (50.00 EUR): write 'switches: 2', or 'auto', in supplies.hall" in told
    assert main(["site", "network", str(plan), "--json"]) == exits.PROMISE_BROKEN
    (switch,) = json.loads(capsys.readouterr().out)["switches"]
    assert (switch["part"], switch["switches"], len(switch["remedies"])) == ("tiny", 1, 2)
    assert main(["site", "power", str(plan)]) == exits.PROMISE_BROKEN
    assert "would help: add 1 tiny (50.00 EUR)" in capsys.readouterr().out


TINY = """catalogue:
  parts:
    tiny: {kind: switch, title: T, source: s, ports: 1, budget: 20 W, port: 20 W, price: 50.00 EUR}
"""


@pytest.mark.parametrize(("said", "count"), [("1", 1), ("2", 2), ("3", 3), ("auto", 2)])
def test_as_many_switches_are_bought_as_stand_there(tmp_path, said, count):
    text = yard.PLAN.replace("switch: poe-switch-8}", f"switch: tiny, switches: {said}}}").replace(
        "prices:\n", TINY + "prices:\n"
    )
    found = bom(design(yard.write(tmp_path, text)))
    (line,) = [line for line in found.lines if line.part.id == "tiny"]
    assert line.needed == count


@pytest.mark.parametrize("said", ["0", "many", "101", "[2]"])
def test_a_count_of_switches_that_is_none_is_refused(tmp_path, said):
    plan = yard.write(tmp_path, yard.PLAN.replace("switch: poe-switch-8}", f"switch: poe-switch-8, switches: {said}}}"))
    with pytest.raises(ContractErrors, match="switches"):
        load_plan(plan)
