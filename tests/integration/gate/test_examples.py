"""The worked products at the stage that is honest for them: each survives its bad days; what Seamline does not have yet keeps them from a launch."""

from functools import cache
from pathlib import Path

import pytest

from seamline.rig.gate.judge import Request, judge
from seamline.rig.gate.runs import Effort
from seamline.rig.gate.subject import look_at
from seamline.rig.gate.verdict import Outcome, Stage

pytestmark = pytest.mark.usefixtures("unmeasured")

EXAMPLES = Path(__file__).parents[3] / "examples"
NAMES = sorted(path.parent.name for path in EXAMPLES.glob("*/contract.yaml"))
LIGHT = Effort(seeds=1, seeds_max=1, devices=6, together=50)


def broke(name, plan):
    return f"{name}: {plan.write()}"


@cache
def built(name):
    """A product, judged at the stage that its contract alone decides."""
    return judge(look_at(EXAMPLES / name), Request(Stage.BUILD, keep=broke))


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_every_bad_day_that_the_rig_makes_has_come_and_is_survived(name):
    verdict = judge(look_at(EXAMPLES / name), Request(Stage.HARDEN, keep=broke, effort=LIGHT))
    assert [(each.criterion.id, each.reason, each.evidence[:2]) for each in verdict.lacking] == []
    assert verdict.passes
    days = [each for each in verdict.days if each.judgement.criterion.stage is Stage.HARDEN]
    assert [each.name for each in days if bool(each.seeds) is (each.judgement.outcome is Outcome.NOT_APPLICABLE)] == []
    assert any(each.seeds for each in days)


@pytest.mark.parametrize("name", NAMES)
def test_none_can_launch_before_what_its_boundaries_rely_on_exists(name):
    verdict = judge(look_at(EXAMPLES / name), Request(Stage.LAUNCH, keep=broke, effort=LIGHT, go_on=lambda: False))
    assert any(each.outcome is not Outcome.PASSED for each in verdict.at(Stage.LAUNCH))
    assert [
        each.criterion.id for each in verdict.at(Stage.MAP) + verdict.at(Stage.BUILD) if each.outcome is not Outcome.PASSED
    ] == []


@pytest.mark.parametrize("name", NAMES)
def test_each_answers_the_seven_questions_from_its_own_contract(name):
    verdict = built(name)
    assert [each.number for each in verdict.answers] == [1, 2, 3, 4, 5, 6, 7]
    for answer in verdict.answers:
        assert answer.says
        assert any(each.place is not None and name in each.where for each in answer.says), answer.question
    for other in NAMES:
        if other == name:
            continue
        told = [tuple(each.text for each in answer.says) for answer in built(other).answers]
        assert not {tuple(each.text for each in answer.says) for answer in verdict.answers} & set(told)
