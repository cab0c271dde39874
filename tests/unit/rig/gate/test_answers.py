"""The seven answers: reckoned from the contract and the hub's own rules, and plain about what cannot be proved."""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.rig.gate.conftest import READY

from seamline.contract import load, load_family
from seamline.hub.ingest.catalogue import Catalogue
from seamline.hub.presence import State
from seamline.rig.gate.bad_days import ABOUT, ELSEWHERE, EVERYTHING, PARTS, UNDESCRIBED, about, part_of, waits_for
from seamline.rig.gate.offline import CHANGES_MAX, HOUR_MS, claims
from seamline.rig.gate.questions import QUESTIONS
from seamline.rig.gate.subject import Fleet
from seamline.rig.gate.verdict import Standing
from seamline.rig.world.scenarios import DAYS

ROOT = Path(__file__).parents[4]
NAMES = ("heater", "labmeter", "trailcam")


def answers(judged, folder, **changes):
    return {each.number: each for each in judged(folder, "build", **changes).answers}


def said(answer):
    return " ".join(each.text for each in answer.says)


def test_the_questions_are_those_of_the_documents_in_their_order(judged, product):
    assert [each.question for each in judged(product(), "map").answers] == list(QUESTIONS)


def test_after_an_hour_the_app_shows_what_the_hub_claims(judged, product):
    told = said(answers(judged, product())[4])
    assert "after an hour: presumed lost" in told
    assert "online from the start, silent from 72 s, presumed lost from 3 min" in told
    assert "boost: declared to live 5 min, so expired within the hour" in told
    assert "how old a value may be that support and customer_app shows as current is not agreed" in told


@pytest.mark.parametrize("name", NAMES)
def test_claims_follow_each_other_and_end(name):
    found = claims(load(ROOT / "examples" / name / "contract.yaml"))
    assert [each.state for each in found] == [State.ONLINE, State.SILENT, State.PRESUMED_LOST]
    assert [each.at_ms for each in found] == sorted(each.at_ms for each in found)
    assert len(found) < CHANGES_MAX


@pytest.mark.parametrize("name", NAMES)
def test_claims_are_reckoned_with_the_hubs_own_terms(name):
    family = load_family(ROOT / "examples" / name)
    terms = Catalogue([family]).terms(family.current.reference)
    silent, lost = (each.at_ms for each in claims(family.current)[1:])
    assert silent == terms.publish_every_ms + terms.answer_timeout_ms + 1
    assert lost == max(silent, terms.presumed_lost_after_ms + 1)


def test_a_death_that_was_received_is_the_last_word():
    contract = load(ROOT / "examples" / "heater" / "contract.yaml")
    assert [each.state for each in claims(contract, died_ms=HOUR_MS)] == [State.LOST]


@pytest.mark.parametrize(
    ("number", "says"),
    [(2, "there are no updates in this version of Seamline"), (3, "Seamline has no factory, claiming or renewal yet")],
)
def test_what_does_not_exist_is_said_not_to_be_provable(number, says, judged, product):
    assert answers(judged, product())[number].open == (says,)


def test_a_contract_without_commands_leaves_none_open(judged, product):
    text = READY[: READY.index("commands:\n")] + READY[READY.index("timing:\n") :]
    assert [each for each in answers(judged, product(text))[4].open if "commands" in each] == []


def test_a_contract_that_declares_no_updates_or_identity_says_so(judged, product):
    text = READY[: READY.index("update:\n")] + READY[READY.index("consumers:") :]
    found = answers(judged, product(text))
    assert said(found[2]) == "the contract declares no updates"
    assert said(found[3]) == "the contract declares no identity"


def test_before_the_first_release_the_protocol_may_change_freely(judged, product):
    assert "nothing is released yet" in said(answers(judged, product())[1])


def test_versions_are_counted_by_the_fleet_where_one_was_asked(judged, product):
    found = answers(judged, product(released=READY), fleet=Fleet({"1.3.0": 12}, unheard=1))
    assert "in the field by the hub: 1.3.0 (12); 1 devices have never said their version" in said(found[7])


def test_the_days_are_those_of_the_table():
    table = (ROOT / "docs" / "bad-days.md").read_text()
    assert set(ABOUT) == {line.split("`")[1] for line in table.splitlines() if line.startswith("| `")}
    assert EVERYTHING not in ABOUT


def test_every_day_belongs_to_a_question_also_one_that_nobody_described():
    assert {each.question for each in ABOUT.values()} <= set(range(1, 8))
    assert about("meteor") == (6, "meteor")


@pytest.mark.parametrize("name", sorted(ABOUT))
def test_a_day_is_made_by_the_rig_or_says_what_it_waits_for(name):
    assert name in DAYS or waits_for(name) != UNDESCRIBED


def test_what_the_table_calls_proved_in_part_the_gate_says_is_missing_a_part():
    table = (ROOT / "docs" / "bad-days.md").read_text()
    assert set(PARTS) == {line.split("`")[1] for line in table.splitlines() if line.startswith("| `") and "| in part: " in line}


def test_a_contract_without_commands_misses_none():
    contract = load(ROOT / "examples" / "heater" / "contract.yaml")
    assert contract.commands
    assert part_of("offline-toggle", contract) == (PARTS["offline-toggle"],)
    assert part_of("offline-toggle", replace(contract, commands={})) == ()
    assert part_of("wearing-out", contract) == (PARTS["wearing-out"],)
    assert part_of("drop-mid-publish", contract) == ()


def test_a_day_that_only_seamlines_own_tests_prove_in_part_says_what_is_missing():
    assert waits_for("fault-traced") == f"{ELSEWHERE}; {PARTS['fault-traced']}"
    assert waits_for("node-goes-dark") == ELSEWHERE


def test_the_question_about_updates_is_proved_by_no_day_without_one(judged, product):
    answer = answers(judged, product())[2]
    assert answer.standing is Standing.UNPROVABLE
    assert all(name not in DAYS for name, found in ABOUT.items() if found.question == 2)


def test_a_day_that_nobody_described_says_that():
    assert waits_for("meteor") == UNDESCRIBED
