"""Whatever was judged, a report counts it as the verdict does: by stage, and with what was not asked apart from what was."""

import re

from hypothesis import given, settings, strategies as st
from tests.unit.rig.gate.test_verdict import judgements

from seamline.rig.gate.report import html, text
from seamline.rig.gate.verdict import Answer, Evidence, Outcome, Stage, Verdict

VERDICTS = st.builds(lambda found, stage: Verdict("p", "1.0.0", "", stage, tuple(found)), judgements, st.sampled_from(Stage))
STATIONS = re.compile(
    r'<li class="(\w+)"( aria-current="step")?>.*?<b>(\w+)( <span class="asked">asked for</span>)?</b>\n?.*?<span class="count">([^<]*)</span></li>',
    re.DOTALL,
)


def held_of_owed(verdict, stage):
    found = verdict.at(stage)
    return sum(each.holds for each in found), sum(each.outcome is not Outcome.NOT_APPLICABLE for each in found)


@given(VERDICTS)
@settings(max_examples=60)
def test_the_text_counts_each_stage_that_was_asked_and_no_other(verdict):
    told = text.rendered(verdict)
    for stage in Stage:
        (line,) = [line for line in told.splitlines() if line.startswith(f"{stage:7} ") and line.endswith(stage.asks)]
        held, owed = held_of_owed(verdict, stage)
        asked = stage.order <= verdict.stage.order
        part = sum(each.outcome is Outcome.IN_PART for each in verdict.at(stage))
        counted = f"{held:2} of {owed:2} passed" + (f", {part} of them in part" if part else "")
        assert line.removeprefix(f"{stage:7} ").removesuffix(stage.asks).rstrip() == (counted if asked else "not asked yet")


@given(VERDICTS)
@settings(max_examples=60)
def test_a_page_shows_each_stage_as_its_worst_outcome_and_marks_the_one_that_was_asked_for(verdict):
    stations = STATIONS.findall(html.rendered(verdict))
    assert [name for _, _, name, _, _ in stations] == list(Stage)
    for (kind, current, name, asked, count), stage in zip(stations, Stage, strict=True):
        outcomes = {each.outcome for each in verdict.at(stage)}
        held, owed = held_of_owed(verdict, stage)
        assert bool(current) == bool(asked) == (name == verdict.stage)
        if stage.order > verdict.stage.order:
            assert (kind, count) == ("later", f"{len(verdict.at(stage))} criteria, not asked yet")
            continue
        assert count.startswith(f"{held} of {owed} passed")
        part = sum(each.outcome is Outcome.IN_PART for each in verdict.at(stage))
        assert count.endswith(f", {part} of them in part") == bool(part)
        worst = [
            (Outcome.FAILED, "failed"), (Outcome.NOT_JUDGED, "unjudged"), (Outcome.IN_PART, "part"),
        ]  # fmt: skip
        assert kind == next((word for outcome, word in worst if outcome in outcomes), "passed")


@given(VERDICTS)
@settings(max_examples=60)
def test_every_criterion_has_its_reason_and_a_remedy_where_it_does_not_hold(verdict):
    page = html.rendered(verdict)
    cards = page[page.index("Every criterion") :].split("<details ")[1:]
    ordered = [each for stage in Stage for each in verdict.at(stage)]
    assert len(cards) == len(ordered)
    for card, each in zip(cards, ordered, strict=True):
        open_ = each.outcome in {Outcome.FAILED, Outcome.NOT_JUDGED}
        assert (f"Remedy: {each.remedy}." in card) == open_
        assert each.reason in card
        assert each.missing in card


def test_an_answer_stands_with_what_it_says():
    says = (Evidence("so it is said"),)
    verdict = Verdict("p", "1.0.0", "", Stage.MAP, (), answers=(Answer(1, "Who?", says, ()),))
    for told in (text.rendered(verdict), html.rendered(verdict)):
        assert "Who?" in told
    assert "so it is said" in html.rendered(verdict)
