"""What a judgement is judged by: each rule counts where it belongs, every criterion is told at every stage, and figures add up."""

import re
import sys
from dataclasses import replace
from types import SimpleNamespace

import pytest
from tests.unit.rig.gate.conftest import EVERY, READY

import seamline
from seamline.contract.codegen import TARGETS
from seamline.contract.problems import Problem, Span
from seamline.contract.rules import RULES
from seamline.device.frame import unpack
from seamline.rig.gate import built, codecs, fleet, launched, locked
from seamline.rig.gate.bad_days import EVERYTHING
from seamline.rig.gate.budgets import BUDGET_RULES
from seamline.rig.gate.built import BREAKING
from seamline.rig.gate.criteria import BUDGETS, CHECK, DEPARTURES, EVOLUTION, FIXED, FROZEN, WORKING_COPY
from seamline.rig.gate.fleet import AFTER_MS, DARK_MS, plan_of
from seamline.rig.gate.locked import THAWED
from seamline.rig.gate.questions import answered
from seamline.rig.gate.runs import HOUR_MS, HOURS, SENDS, Bench, DayRuns, Effort
from seamline.rig.gate.subject import Fleet, look_at
from seamline.rig.gate.verdict import Outcome, SeedRun, Stage
from seamline.rig.storm import StormError
from seamline.rig.world.scenarios import DAYS

NEXT = READY.replace("version: 1.3.0", "version: 1.4.0").replace("summary: A wall heater", "summary: Our wall heater")
CODES = sorted(BREAKING | THAWED | {"SL101", "SL208"})


def problem(code):
    return Problem(code, Span("contract.yaml", 3, 4, 3, 9), f"{code} is broken", fix="mend it" if code == "SL208" else None)


def by_id(judgements):
    return {each.criterion.id: each for each in judgements}


@pytest.fixture
def released(product):
    return look_at(product(NEXT, released=READY))


# -- which rule is whose ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", CODES)
def test_a_broken_rule_fails_what_it_is_about_and_is_its_only_evidence(code, released):
    found = replace(released, problems=(problem(code), problem("SL999")))
    judged = by_id([*built.judge(found), *locked.judge(found)])
    failing = {name for name, each in judged.items() if each.outcome is Outcome.FAILED}
    expected = {CHECK.id}
    expected |= {EVOLUTION.id, WORKING_COPY.id} if code in BREAKING else set()
    expected |= {FROZEN.id} if code in THAWED else set()
    assert failing == expected
    for name in failing - {CHECK.id}:
        assert [each.code for each in judged[name].evidence] == [code]
    assert [each.code for each in judged[CHECK.id].evidence] == [code, "SL999"]
    assert judged[CHECK.id].reason == "2 problems"
    if code not in BREAKING:
        assert judged[WORKING_COPY.id].outcome is Outcome.NOT_JUDGED


@pytest.mark.parametrize("code", sorted(BUDGET_RULES))
def test_a_budget_that_does_not_fit_is_judged_though_the_contract_is_not_read(code, released):
    found = replace(released, releases=None, problems=(problem(code), problem("SL999")))
    judged = by_id(built.judge(found))[BUDGETS.id]
    assert (judged.outcome, judged.reason) == (Outcome.FAILED, "1 problem of size, time or cost")
    assert [each.code for each in judged.evidence] == [code]


def test_a_problem_is_told_with_what_would_mend_it(released):
    found = replace(released, problems=(problem("SL208"), problem("SL101")))
    told = [each.text for each in by_id(built.judge(found))[CHECK.id].evidence]
    assert told == ["SL208 is broken (fix: mend it)", "SL101 is broken"]


@pytest.mark.parametrize("code", sorted(THAWED))
def test_a_registry_that_cannot_be_read_fails_the_lock_by_its_own_rules_only(code, released):
    found = replace(released, releases=None, problems=(problem("SL208"), problem(code)))
    judged = by_id(locked.judge(found))
    assert judged[FROZEN.id].outcome is Outcome.FAILED
    assert [each.code for each in judged[FROZEN.id].evidence] == [code]
    assert {judged[each.id].outcome for each in (WORKING_COPY, DEPARTURES)} == {Outcome.NOT_JUDGED}
    assert by_id(locked.judge(replace(found, problems=(problem("SL208"),))))[FROZEN.id].outcome is Outcome.NOT_JUDGED


# -- releases --------------------------------------------------------------------------------------------------------------


def test_each_released_version_is_shown_with_its_file_and_its_seal(released):
    registry = released.releases.registry
    release = registry.releases["1.3.0"]
    checked = by_id(built.judge(released))[CHECK.id].evidence
    assert [each.text for each in checked] == [f"heater/1.4.0: {len(RULES)} rules, none broken", "1.3.0, as it was released"]
    assert checked[1].where == f"{released.folder / 'released' / '1.3.0.yaml'}:1:1"
    seal, lines = by_id(locked.judge(released))[FROZEN.id].evidence
    assert seal.where == checked[1].where
    assert f"sha256 {release.sha256[:16]}, fingerprint {release.fingerprint[:16]}, as registered" in seal.text
    assert lines.text == "1 lines of the registry, each sealing the one before"


def test_each_retired_version_is_a_line_of_the_registry_too(released):
    retired = replace(released.releases.registry, retired={"1.2.0": "2026-11-21"})
    releases = replace(released.releases, registry=retired)
    assert [each.text for each in locked._seals(releases, ())] == ["2 lines of the registry, each sealing the one before"]


def test_differences_beyond_those_that_are_shown_are_counted(released, monkeypatch):
    texts = [each.text for each in by_id(built.judge(released))[EVOLUTION.id].evidence]
    changes = [text for text in texts if "not breaking" in text]
    assert texts[0] == "heater/1.3.0 is in the field"
    assert "more, none breaking" not in texts[-1]
    for shown in range(len(changes)):
        monkeypatch.setattr(built, "CHANGES_SHOWN", shown)
        *_, last = by_id(built.judge(released))[EVOLUTION.id].evidence
        assert last.text == f"and {len(changes) - shown} differences more, none breaking: seamline contract diff"


def test_devices_of_a_version_are_counted_where_a_fleet_was_asked(released):
    found = replace(released, fleet=Fleet({"1.3.0": 12, "1.4.0": 0}))
    assert by_id(built.judge(found))[EVOLUTION.id].evidence[0].text == "heater/1.3.0 is in the field, 12 devices"
    assert built.in_field(found, found.releases) == ("1.3.0",)


# -- codecs ----------------------------------------------------------------------------------------------------------------


def test_every_target_is_compiled_and_told_with_its_files(released):
    (found,) = codecs.generated(released.family)
    told = re.findall(r"(\w+) \((\d+) (files?), (\d+) characters\)", found.text)
    assert [name for name, *_ in told] == list(TARGETS)
    assert all((word == "file") == (count == "1") for _, count, word, _ in told)
    assert found.text.startswith(f"{len(TARGETS)} targets compile: ")


def test_generated_modules_are_gone_when_they_have_been_compared(released):
    assert len(list(codecs.compared(released.family))) == sum(len(each.messages) for each in released.family.versions.values())
    assert not [name for name in sys.modules if name.startswith("seamline_gate_")]


def test_frames_that_are_compared_are_numbered_on(released):
    layout = next(iter(released.family.current.messages.values())).layout
    bodies = [bytes(layout.record_bytes - 4)] * 3
    frame = unpack(codecs._frame(layout, bodies, 48))
    assert (frame.first, frame.count, frame.uptime_ms, frame.fingerprint) == (48, 3, 1_048, layout.fingerprint)
    assert [frame.body[at : at + 4] for at in range(0, len(frame.body), layout.record_bytes)] == [
        number.to_bytes(4, "little") for number in range(3)
    ]


# -- stages ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stage", [Stage.MAP, Stage.BUILD])
def test_every_criterion_is_told_at_every_stage_asked_or_not(stage, product, judged):
    folder = product()
    (folder / "rig").mkdir()
    (folder / "rig" / "one.json").write_text("{}")
    verdict = judged(folder, stage)
    ids = [each.criterion.id for each in verdict.judgements]
    days = {f"harden.{name}" for name in (*DAYS, EVERYTHING)}
    assert set(ids) >= {each.id for each in FIXED} | days | {"harden.regressions"}
    assert len(ids) == len(set(ids))
    later = [each for each in verdict.judgements if each.criterion.stage.order > stage.order]
    assert {each.reason for each in later if "cannot make" not in each.reason} == {
        f"asked from the stage {each} on" for each in Stage if each.order > stage.order
    }


def test_stages_are_told_as_they_begin_and_only_those_that_are_asked(product, judged):
    told = []
    judged(product(), Stage.BUILD, told=told.append)
    assert told == [f"{stage}: {stage.asks}" for stage in (Stage.MAP, Stage.BUILD)]


def test_a_contract_that_does_not_hold_is_to_be_mended_first_at_the_launch_too(product, judged):
    verdict = judged(product(READY.replace("version: 1.3.0", "version: latest")), "launch")
    found = by_id(verdict.judgements)
    assert {found[name].remedy for name in ("launch.storm", "launch.fleet")} == {CHECK.remedy}
    assert {found[name].outcome for name in ("launch.storm", "launch.fleet")} == {Outcome.NOT_JUDGED}
    assert (verdict.figures, verdict.pictures, verdict.system_map) == ((), (), "")


def test_a_storm_that_cannot_be_reckoned_is_not_judged_and_the_proofs_are(released, monkeypatch):
    def refuses(_contract):
        raise StormError("too many devices")

    monkeypatch.setattr(launched, "plan", refuses)
    found = launched.judge(released)
    assert found.storm is None
    assert [(each.criterion.id, each.outcome) for each in found.judgements] == [
        ("launch.storm", Outcome.NOT_JUDGED),
        ("launch.proofs", Outcome.PASSED),
    ]
    assert found.judgements[0].reason == "too many devices"


def test_the_storm_is_told_in_the_contracts_own_numbers(verdict):
    texts = [each.text for each in by_id(verdict.judgements)["launch.storm"].evidence]
    assert re.match(
        r"20,000 devices come back in the same second, each with [\d,]+ frames; connects are taken at 800/s", texts[0]
    )
    assert re.fullmatch(r"the shortest spread that would do is \d+ s; the contract's is 60 s", texts[1])
    assert all(text.startswith("Seamline, ") for text in texts[2:-1])
    assert texts[-1].startswith("without the spread: ")
    assert verdict.pictures[0][0].startswith("20,000 devices come back")


def test_the_figures_of_a_verdict_are_the_sums_of_its_worlds(verdict):
    figures = dict(verdict.figures)
    worlds = [run for day in verdict.days for run in day.seeds]
    assert figures["worlds run"] == f"{len(worlds):,}"
    assert figures["faults"] == f"{sum(run.faults for run in worlds):,}"
    assert figures["device-hours"] == f"{sum(run.device_hours for run in worlds):,.0f}"
    assert figures["readings followed"] == f"{sum(run.readings for run in worlds):,}"
    assert figures["devices at fleet size"] == "8"
    assert all(run.held and 0 < run.device_hours < run.readings for run in worlds)
    assert (verdict.code, verdict.when, verdict.command) == (seamline.__version__, "2026-11-21T19:00:00", "seamline gate heater")


def test_the_world_at_fleet_size_is_the_seed_that_was_asked_for_with_its_one_fault(verdict):
    (day,) = [day for day in verdict.days if day.name.endswith("at fleet size")]
    (run,) = day.seeds
    assert (run.number, run.faults, run.devices, run.held) == (1, 1, 8, True)


def test_everybody_is_there_before_the_power_goes_and_has_the_time_to_come_back(released):
    plan = plan_of(released.family, 5, 7)
    recovery_ms = max(each.fleet.recovery_ms for each in released.family.versions.values())
    (cut,) = plan.faults
    assert (plan.seed, plan.devices, plan.code) == (7, 5, seamline.__version__)
    assert (cut.at_ms, cut.lasts_ms) == (recovery_ms, DARK_MS)
    assert plan.duration_ms == cut.at_ms + cut.lasts_ms + recovery_ms + AFTER_MS


@pytest.mark.parametrize(
    ("beats_ms", "hours"), [(1, 1), (HOUR_MS // SENDS, 1), (HOUR_MS // 6, 2), (HOUR_MS * 2, 24), (HOUR_MS * 9, 24)]
)
def test_faults_go_on_for_some_periods_of_a_device_within_bounds(beats_ms, hours):
    contract = type("Contract", (), {"heartbeat_ms": beats_ms})
    assert Effort().duration_ms(contract) == hours * HOUR_MS
    assert HOURS[0] <= hours <= HOURS[1]
    assert Effort(hours=3).duration_ms(contract) == 3 * HOUR_MS


def test_each_question_is_proved_by_the_criteria_that_ask_for_its_sake(verdict):
    for answer in verdict.answers:
        assert answer.proof == tuple(each for each in verdict.judgements if each.criterion.question == answer.number)
    assert sum(len(answer.proof) for answer in verdict.answers) == len(verdict.judgements)


# -- single worlds, departures and answers ---------------------------------------------------------------------------------


def test_a_world_is_entered_with_its_own_numbers_under_its_seed(released):
    told = []
    bench = Bench(released.family, Effort(), told=lambda *given: told.append(given))
    plan = fleet.plan_of(released.family, 5, 7)
    finished = SimpleNamespace(broken="values: 5 < 6", marks={"takeover": 3}, device_hours=2.5, numbered=40)
    day = DayRuns(fleet.NAME, DAYS[fleet.DAY])
    fleet._enter(bench, day, plan, finished)
    assert day.seeds == [SeedRun(7, 1, 2.5, 40, held=False, devices=5)]
    assert (day.broken.promise, day.broken.what, day.broken.seed, day.broken.plan) == ("values", "5 < 6", 7, plan)
    assert day.marks.counts["takeover"] == 3
    assert told == [(day, day.seeds[0], "values: 5 < 6")]


def test_every_day_that_the_rig_makes_is_run_and_the_mixture_of_them_all(released):
    found = EVERY(released.family)
    assert [(each.name, each.day is None) for each in found] == [*((name, False) for name in DAYS), (EVERYTHING, True)]
    assert all(not each.seeds and not each.has_come for each in found)


def test_a_version_that_left_is_told_with_its_devices_and_its_file(released):
    registry = replace(released.releases.registry, retired={"1.3.0": "2026-11-21"})
    releases = replace(released.releases, registry=registry)
    for count, outcome in ((0, Outcome.PASSED), (4, Outcome.FAILED)):
        found = locked._departures(Fleet({"1.3.0": count}), releases)
        (told,) = found.evidence
        assert (found.outcome, told.text) == (outcome, f"1.3.0: {count} devices")
        assert told.where == f"{released.folder / 'released' / '1.3.0.yaml'}:1:1"


def test_the_answer_about_the_protocol_names_who_owns_it_and_what_is_released(released):
    answer = answered(released, (), (), None)[0]
    owner, frozen, compared = (each.text for each in answer.says)
    assert owner.startswith("platform (platform@example.com) owns broker-hub")
    assert frozen.startswith("heater is released as 1.3.0 (2026-11-21); ")
    assert "every version in the field (1.3.0)" in compared


@pytest.mark.parametrize("devices", [None, {"1.3.0": 12}, {}])
def test_the_answer_about_versions_counts_what_the_field_has(devices, released):
    found = released if devices is None else replace(released, fleet=Fleet(devices, unheard=2))
    read, field, gone = (each.text for each in answered(found, (), (), None)[6].says)
    assert read.startswith("2 versions are read side by side, ")
    assert (
        field
        == {
            None: "in the field by the registry: 1.3.0; retired: none",
            1: "in the field by the hub: 1.3.0 (12); 2 devices have never said their version",
            0: "in the field by the hub: none; 2 devices have never said their version",
        }[None if devices is None else len(devices)]
    )
    assert gone.startswith("for as long as a device has it: heater's versions")
