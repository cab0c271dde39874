"""Promoted plans beside a contract: what once broke is run again, and says so when it is back."""

from dataclasses import replace

import pytest
from tests.unit.rig.gate.conftest import SMALL
from tests.unit.rig.world.planted import publishes_before_it_persists

from seamline.device import Core
from seamline.rig.gate import regressions
from seamline.rig.gate.subject import look_at
from seamline.rig.gate.verdict import Outcome
from seamline.rig.world.plan import Plan
from seamline.rig.world.world import Parts

SHORT = Plan(1, 1, 120_000)


@pytest.fixture
def promoted(product):
    """A product's folder with plans beside its contract, by name."""

    def make(**texts):
        folder = product()
        (folder / "rig").mkdir()
        for name, text in texts.items():
            (folder / "rig" / f"{name}.json").write_text(text)
        return folder

    return make


def judge(folder, make_core=Core, core=None, go_on=lambda: True):
    subject = look_at(folder)
    return regressions.judge(subject, Parts([subject.family], make_core=make_core), core, go_on)


def test_a_product_without_promoted_plans_is_not_asked_for_any(product):
    folder = product()
    assert judge(folder) == []
    assert regressions.unasked(folder, "later") == []


def test_each_plan_that_holds_is_evidence(promoted):
    (found,) = judge(promoted(one=SHORT.write(), two=SHORT.write()))
    assert found.outcome is Outcome.PASSED
    assert [each.text for each in found.evidence] == ["one: 0 faults, every promise held", "two: 0 faults, every promise held"]


def test_what_broke_again_is_named_with_the_line_that_repeats_it(promoted):
    folder = promoted(old_sin=SHORT.write())
    (found,) = judge(folder, publishes_before_it_persists)
    assert found.outcome is Outcome.FAILED
    assert found.reason == "old_sin broke again"
    assert found.evidence[0].replay == f"seamline rig replay {folder / 'rig' / 'old_sin.json'}"


@pytest.mark.parametrize("text", ["{}", "no plan", '{"format": "seamline-rig-plan/0"}'])
def test_a_plan_that_cannot_be_run_leaves_it_unjudged_with_its_name(text, promoted):
    (found,) = judge(promoted(odd=text))
    assert found.outcome is Outcome.NOT_JUDGED
    assert "odd.json cannot be run" in found.reason


def test_a_plan_of_a_core_that_nobody_names_now_is_not_run_without_it(promoted):
    folder = promoted(theirs=replace(SHORT, core="app.py:make").write())
    (found,) = judge(folder)
    assert found.outcome is Outcome.NOT_JUDGED
    assert found.reason.endswith("theirs.json was promoted with the core app.py:make: give --core")
    (again,) = judge(folder, publishes_before_it_persists, "app.py:make")
    assert again.evidence[0].replay == f"seamline rig replay {folder / 'rig' / 'theirs.json'} --core app.py:make"


def test_a_plan_without_a_core_that_breaks_with_ours_is_repeated_with_it(promoted):
    folder = promoted(plain=SHORT.write())
    (found,) = judge(folder, publishes_before_it_persists, "app.py:make")
    assert found.evidence[0].replay == f"seamline rig replay {folder / 'rig' / 'plain.json'} --core app.py:make"


def test_a_contract_that_does_not_hold_leaves_them_unjudged_and_named(promoted, judged):
    folder = promoted(one=SHORT.write())
    (folder / "contract.yaml").write_text("product: heater\n")
    verdict = judged(folder, "harden", effort=SMALL)
    (found,) = [each for each in verdict.judgements if each.criterion.id == "harden.regressions"]
    assert found.outcome is Outcome.NOT_JUDGED
    assert found.reason.startswith("the contract does not hold")


def test_a_budget_that_ended_is_said(promoted):
    (found,) = judge(promoted(one=SHORT.write()), go_on=lambda: False)
    assert found.reason == "the budget ended after 0 of 1 promoted plans"


def test_before_the_stage_they_are_seen_and_not_demanded(promoted, judged):
    verdict = judged(promoted(one=SHORT.write()), "build", effort=SMALL)
    (found,) = (each for each in verdict.judgements if each.criterion.id == "harden.regressions")
    assert found.reason == "asked from the stage harden on"
    assert verdict.passes
