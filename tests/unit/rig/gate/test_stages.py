"""Each stage on products that keep it and on products that do not: what is lacking is found, placed, and told how to mend."""

from dataclasses import replace
from datetime import date
from functools import partial

import pytest
from tests.unit.rig.gate.conftest import HEATER, READY, SMALL, unbroken
from tests.unit.rig.world.planted import publishes_before_it_persists

from seamline.contract.evolution.releases import open_releases, planned_release, planned_retirement, write
from seamline.device import Core
from seamline.rig.gate import built, codecs, fleet, hardened, launched, locked, runs
from seamline.rig.gate.criteria import CHECK
from seamline.rig.gate.report import document, html, junit, markdown, text
from seamline.rig.gate.runs import Bench, DayRuns, Effort, carry_out
from seamline.rig.gate.subject import Fleet, look_at
from seamline.rig.gate.verdict import Outcome, SeedRun, Stage
from seamline.rig.world.apart import CrewError
from seamline.rig.world.plan import Kind, parse
from seamline.rig.world.run import run
from seamline.rig.world.scenarios import DAYS
from seamline.rig.world.world import Parts


class OnceCareless(Core):
    """It fails in one world and not in the next: nobody can repeat what it does."""

    records = 0

    def record(self, now_ms, channel, body):
        OnceCareless.records += 1
        if OnceCareless.records == 50:
            raise ValueError("once")
        return super().record(now_ms, channel, body)


NEXT = READY.replace("version: 1.3.0", "version: 1.4.0")
OLD_BOUNDARY = "  hub-app:\n    owner: platform\n"


def changed(old, new, text=READY):
    assert text.count(old) == 1, old
    return text.replace(old, new)


def test_a_product_that_is_ready_passes_every_stage(verdict):
    assert [(each.criterion.id, each.reason) for each in verdict.lacking] == []
    assert verdict.passes
    assert {each.criterion.stage for each in verdict.judgements} == set(Stage)
    assert all(each.evidence for each in verdict.judgements)


# -- map -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "name", "says"),
    [
        ("    on_failure: the last value with its age, marked as old\n", "", "map.failures", "1 of 4 boundaries do not say"),
        (OLD_BOUNDARY, "  hub-app:\n", "map.owners", "a boundary has no owner"),
        ("  hub-app:\n", "  app:\n", "map.seams", "app does not say between whom"),
        ("  hub-app:\n", "  hub-attic:\n", "map.seams", "no boundary is about who reads"),
    ],
)
def test_what_a_map_lacks_fails_it_at_its_place(old, new, name, says, product, outcome_of):
    found = outcome_of(product(changed(old, new)), "map", name)
    assert found.outcome is Outcome.FAILED
    assert says in found.reason
    assert any("contract.yaml:" in each.where for each in found.evidence)


def test_a_map_without_the_device_names_what_is_missing(product, outcome_of):
    text = changed("  sensor-firmware:", "  cellar-attic:", changed("  radio-broker:", "  pipe-broker:"))
    assert outcome_of(product(text), "map", "map.seams").reason == "no boundary is about a sensor or the firmware"


def test_the_map_is_judged_while_the_rest_of_the_contract_does_not_hold_yet(product, judged):
    folder = product(changed("answer_timeout:  {owner: firmware, value: 12 s}", "answer_timeout:  {owner: firmware, value: 5 s}"))
    assert judged(folder, "map").passes
    assert [each.criterion.id for each in judged(folder, "build").lacking] == [
        "build.check",
        "build.evolution",
        "build.codecs",
        "build.budgets",
    ]


def test_what_waits_for_the_contract_says_to_mend_that_and_nothing_else(product, judged):
    verdict = judged(product(READY.replace("version: 1.3.0", "version: latest")), "build")
    waiting = [each for each in verdict.lacking if each.outcome is Outcome.NOT_JUDGED]
    assert {each.criterion.id for each in waiting} >= {"build.evolution", "build.codecs"}
    assert {each.remedy for each in waiting} == {CHECK.remedy}
    for told in (text.rendered(verdict), markdown.rendered(verdict), html.rendered(verdict), junit.rendered(verdict)):
        assert "report this" not in told
    assert "report this" not in document.rendered(verdict)


def test_a_contract_that_is_no_yaml_fails_with_the_place(product, judged):
    verdict = judged(product("product: [\n"), "map")
    assert [each.outcome for each in verdict.lacking] == [Outcome.NOT_JUDGED] * 3
    assert all("contract.yaml:" in each.evidence[0].where for each in verdict.lacking)
    assert (verdict.product, verdict.version) == ("heater", "?")
    assert len(verdict.answers) == 7


def test_a_folder_without_a_contract_is_judged_all_the_same(tmp_path, judged):
    assert not judged(tmp_path, "lock").passes


# -- build -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("capacity: 512 KiB", "capacity: 64 KiB", "SL208"),
        ("accept_rate: 800/s, recovery: 120 s", "accept_rate: 100/s, recovery: 120 s", "SL206"),
        ("answer_timeout:  {owner: firmware, value: 12 s}", "answer_timeout:  {owner: firmware, value: 5 s}", "SL203"),
    ],
)
def test_a_budget_that_does_not_fit_fails_with_its_rule_and_place(old, new, code, product, outcome_of):
    folder = product(changed(old, new))
    for name in ("build.check", "build.budgets"):
        found = outcome_of(folder, "build", name)
        assert found.outcome is Outcome.FAILED
        assert [each.code for each in found.evidence] == [code]
        assert "contract.yaml:" in found.evidence[0].where


def test_a_rule_that_is_no_budget_leaves_the_budgets_unjudged(product, outcome_of):
    folder = product(changed("sources: [hub, ntp]", "sources: [ntp]"))
    assert outcome_of(folder, "build", "build.check").outcome is Outcome.FAILED
    assert outcome_of(folder, "build", "build.budgets").outcome is Outcome.NOT_JUDGED


def test_a_change_that_breaks_the_field_fails_the_evolution(product, outcome_of):
    folder = product(changed("conflict: newest", "conflict: cloud_wins", NEXT), released=READY)
    found = outcome_of(folder, "build", "build.evolution")
    assert found.outcome is Outcome.FAILED
    assert {each.code for each in found.evidence} <= built.BREAKING


def test_harmless_changes_pass_with_each_of_them_as_evidence(product, outcome_of):
    folder = product(changed("summary: A wall heater", "summary: Our wall heater", NEXT), released=READY)
    found = outcome_of(folder, "build", "build.evolution")
    assert found.outcome is Outcome.PASSED
    assert any("summary" in each.text and "not breaking" in each.text for each in found.evidence)


def test_a_version_that_no_device_has_is_not_compared(product, outcome_of):
    folder = product(changed("conflict: newest", "conflict: cloud_wins", NEXT), released=READY)
    fleet = Fleet({"1.3.0": 0})
    assert outcome_of(folder, "build", "build.evolution", fleet=fleet).outcome is Outcome.PASSED


def test_every_budget_is_reckoned_or_said_to_be_undeclared(product, outcome_of):
    text = " ".join(str(each) for each in outcome_of(product(), "build", "build.budgets").evidence)
    assert "3 d make 450.14 KiB of 512 KiB" in text
    assert "not declared, so not reckoned: messages a second (fleet.messages_rate)" in text


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("<< 1, 1, self.big", "", ""),
        ("        return bytes(body)\n", "        return bytes(body[::-1])\n", "MicroPython packs"),
        ("        body = bytearray(self.record_bytes - 4)\n", "        raise ValueError(1)\n", "MicroPython refuses"),
    ],
)
def test_a_generated_codec_that_disagrees_with_the_layout_fails(old, new, says, product, outcome_of, monkeypatch):
    real = codecs.target

    def spoilt(name):
        return lambda *given: {
            path: text.replace(old, new) if name == "micropython" else text for path, text in real(name)(*given).items()
        }

    monkeypatch.setattr(codecs, "target", spoilt)
    found = outcome_of(product(), "build", "build.codecs")
    assert found.outcome is (Outcome.FAILED if says else Outcome.PASSED)
    assert says in found.reason


# -- harden ----------------------------------------------------------------------------------------------------------------


def test_a_day_that_breaks_a_promise_fails_with_the_line_that_repeats_it(product, judged, tmp_path):
    folder, kept = product(), {}

    def keep(name, plan):
        kept[name] = plan.write()
        return f"seamline rig replay {name}"

    spoilt = partial(Parts, make_core=publishes_before_it_persists)
    verdict = judged(folder, "harden", keep=keep, make_parts=spoilt)
    days = [each for each in verdict.at(Stage.HARDEN) if each.outcome is Outcome.FAILED]
    assert len(days) == len(verdict.at(Stage.HARDEN)) == len(kept)
    assert all(each.evidence[0].replay == f"seamline rig replay {each.criterion.id.partition('.')[2]}" for each in days)
    family = look_at(folder).family
    again = run(parse(next(iter(kept.values()))), spoilt([family]))
    assert again.broken is not None
    assert again.broken.promise in days[0].reason


def test_a_budget_that_ends_leaves_days_unjudged_and_fails_the_stage(product, judged):
    left = iter(range(3))
    effort = replace(SMALL, seeds=2, seeds_max=2)
    verdict = judged(product(), "harden", go_on=lambda: next(left, None) is not None, effort=effort)
    assert [each.reason for each in verdict.lacking] == ["the budget ended after 1 of 2 seeds: give more"]
    assert not verdict.passes


@pytest.mark.parametrize(
    ("faults", "marks", "says"),
    [
        (0, (), "no fault was drawn in 1 seeds"),
        (3, (), "the day did not come in 1 seeds, for want of slow-commit"),
        (3, ("slow-commit",), "for want of commit-unknown (a commit was made and its answer lost)"),
        (3, ("slow-commit", "commit-unknown"), ""),
    ],
)
def test_a_day_that_has_not_come_proves_nothing(faults, marks, says, product):
    day = DayRuns("slow-backend", DAYS["slow-backend"], seeds=[SeedRun(1, faults, 3.0, 100, held=True)])
    for name in marks:
        day.marks.hit(name)
    (found,) = hardened.judge(look_at(product()), [day], SMALL, unbroken)
    assert found.outcome is (Outcome.NOT_JUDGED if says else Outcome.PASSED)
    assert says in found.reason


def ruled_out(name="mixed-fleet"):
    return DayRuns(name, DAYS[name], "there is one version of the contract")


def test_a_day_that_the_contract_rules_out_is_owed_by_nobody(product):
    (found,) = hardened.judge(look_at(product(changed(", mixed-fleet]", "]"))), [ruled_out()], SMALL, unbroken)
    assert (found.outcome, found.reason) == (Outcome.NOT_APPLICABLE, "there is one version of the contract")


def test_a_day_that_the_contract_rules_out_proves_no_boundary(product):
    (found,) = hardened.judge(look_at(product()), [ruled_out()], SMALL, unbroken)
    assert found.outcome is Outcome.NOT_JUDGED
    assert found.reason == "the contract gives it as a proof, and cannot have it: there is one version of the contract"
    assert [each.text for each in found.evidence] == ["proves broker-hub"]


def test_a_day_that_is_ruled_out_is_not_run(product, monkeypatch):
    family = look_at(product()).family
    monkeypatch.setattr(runs, "days", lambda _family: [ruled_out(), DayRuns("regional-power-cut", DAYS["regional-power-cut"])])
    ran, other = carry_out(Bench(family, Effort(seeds=1, seeds_max=1, devices=1, hours=1)))
    assert ran.seeds == []
    assert other.seeds


def test_worlds_of_days_of_silence_have_few_devices():
    long, short = (DayRuns(name, DAYS[name]).plan(1, 8, 3_600_000) for name in ("two-day-fiction", "week-offline"))
    assert (long.devices, short.devices) == (2, 8)


def test_the_same_seeds_give_the_same_runs(product):
    family = look_at(product()).family
    bench = Bench(family, Effort(seeds=1, seeds_max=1, devices=2, hours=1))
    first, second = ([(each.name, each.seeds, each.marks.counts) for each in carry_out(bench)] for _ in range(2))
    assert first == second


# -- launch ----------------------------------------------------------------------------------------------------------------


def launch(folder):
    subject = look_at(folder)
    return {each.criterion.id: each for each in (*launched.judge(subject).judgements, *hardened.beyond_the_rig(subject))}


def test_a_boundary_without_a_bad_day_fails_the_launch(product):
    found = launch(product(HEATER))["launch.proofs"]
    assert found.outcome is Outcome.FAILED
    assert [each.text for each in found.evidence] == ["sensor-firmware has no proven_by", "hub-app has no proven_by"]


def test_a_bad_day_that_the_rig_cannot_make_is_seen_at_every_stage_and_fails_the_launch(product, judged):
    folder = product(changed("proven_by: [wearing-out]", "proven_by: [power-cut-anywhere, meteor]"))
    early = {each.criterion.id: each for each in judged(folder, "build").judgements}
    assert early["launch.power-cut-anywhere"].reason == "the rig cannot make this day: there are no updates yet"
    assert judged(folder, "build").passes
    late = launch(folder)
    assert late["launch.power-cut-anywhere"].outcome is Outcome.NOT_JUDGED
    assert "no bad day that Seamline describes" in late["launch.meteor"].reason


def test_a_storm_beyond_the_limits_fails_with_what_would_do(product):
    found = launch(product(changed("recovery: 120 s}", "recovery: 120 s, messages_rate: 400/s}")))["launch.storm"]
    assert found.outcome is Outcome.FAILED
    assert "messages_rate" in found.reason
    assert any(each.text.startswith("would do: ") for each in found.evidence)


def test_a_region_comes_back_at_fleet_size_with_real_cores(verdict):
    (found,) = [each for each in verdict.judgements if each.criterion.id == "launch.fleet"]
    assert (found.outcome, found.scale) == (Outcome.IN_PART, "8 of 20,000 devices")
    assert found.missing.startswith("missing: 19,992 more devices of the fleet, which only the storm reckons with")
    assert any("everybody was back within the contract's recovery time" in each.text for each in found.evidence)
    (day,) = [each for each in verdict.days if each.judgement is found]
    assert (day.name, [run.devices for run in day.seeds]) == (fleet.NAME, [8])


def test_the_world_at_fleet_size_has_the_whole_fleet_where_it_may(product):
    family = look_at(product()).family
    few, many = Effort(together=500), Effort(together=1_000_000)
    assert [fleet.devices_of(Bench(family, effort)) for effort in (few, many)] == [500, 20_000]
    assert fleet.devices_of(Bench(family, many, core="exec:mine")) == fleet.OWN_CORES_MAX
    (cut,) = fleet.plan_of(family, 500, 1).faults
    assert (cut.kind, cut.numbers["permille"]) == (Kind.REGION, 1_000)


def test_a_fleet_that_is_there_as_a_whole_passes_as_a_whole(product):
    subject = look_at(product(READY.replace("devices_max: 20000", "devices_max: 6")))
    effort = Effort(seeds=1, seeds_max=1)
    (judged,) = hardened.judge(subject, [fleet.carry_out(Bench(subject.family, effort))], effort, unbroken)
    assert (judged.outcome, judged.scale, judged.part) == (Outcome.PASSED, "6 of 6 devices", ())


def test_a_fleet_that_does_not_come_back_fails_with_the_line_that_repeats_it(product):
    subject, kept = look_at(product()), {}
    effort = Effort(seeds=1, seeds_max=1, together=4)
    spoilt = partial(Parts, make_core=publishes_before_it_persists)
    found = fleet.carry_out(Bench(subject.family, effort, make_parts=spoilt))
    (judged,) = hardened.judge(subject, [found], effort, lambda name, plan: kept.setdefault(name, plan) and "again")
    assert judged.outcome is Outcome.FAILED
    assert judged.evidence[0].replay == "again"
    assert found.broken.promise in judged.reason
    again = run(kept[fleet.NAME], spoilt([subject.family]))
    assert again.broken.promise == found.broken.promise


def test_a_budget_that_is_used_up_leaves_the_fleet_unjudged(product):
    subject = look_at(product())
    found = fleet.carry_out(Bench(subject.family, SMALL, go_on=lambda: False))
    (judged,) = hardened.judge(subject, [found], SMALL, unbroken)
    assert (judged.criterion.id, judged.outcome) == ("launch.fleet", Outcome.NOT_JUDGED)
    assert judged.reason == "the budget ended after 0 of 1 seeds: give more"


# -- lock ------------------------------------------------------------------------------------------------------------------


def lock(folder, fleet=None):
    return {each.criterion.id: each for each in locked.judge(look_at(folder, fleet))}


def test_a_product_without_a_release_has_nothing_to_lock(product):
    found = lock(product())["lock.frozen"]
    assert found.outcome is Outcome.FAILED
    assert "nothing to lock" in found.reason


def test_what_is_released_and_unchanged_is_locked(product):
    found = lock(product(released=READY))
    assert {each.outcome for each in found.values()} == {Outcome.PASSED}
    assert "contract.yaml is unchanged" in found["lock.working-copy"].evidence[0].text


def test_a_released_file_that_was_edited_fails_the_lock(product):
    folder = product(NEXT, released=READY)
    file = folder / "released" / "1.3.0.yaml"
    file.write_text(file.read_text().replace("A wall heater", "A heater"))
    found = lock(folder)["lock.frozen"]
    assert found.outcome is Outcome.FAILED
    assert [each.code for each in found.evidence] == ["SL311"]


def test_an_edit_under_a_released_number_fails_the_lock(product):
    folder = product(READY.replace("A wall heater", "A heater"), released=READY)
    found = lock(folder)["lock.frozen"]
    assert found.outcome is Outcome.FAILED
    assert [each.code for each in found.evidence] == ["SL304"]


def test_a_next_version_may_stand_if_it_breaks_nothing(product):
    found = lock(product(NEXT, released=READY))["lock.working-copy"]
    assert found.outcome is Outcome.PASSED
    assert "1.4.0 is not released yet; it breaks none of 1.3.0" in found.evidence[0].text


def test_a_next_version_that_breaks_the_field_is_not_locked(product):
    folder = product(changed("conflict: newest", "conflict: cloud_wins", NEXT), released=READY)
    assert lock(folder)["lock.working-copy"].outcome is Outcome.FAILED


def test_devices_with_a_version_that_nobody_released_fail_the_lock(product):
    found = lock(product(released=READY), Fleet({"1.3.0": 5, "1.1.9": 2}))["lock.frozen"]
    assert found.outcome is Outcome.FAILED
    assert [each.code for each in found.evidence] == ["SL324"]


@pytest.mark.parametrize(
    ("fleet", "outcome", "says"),
    [
        (None, Outcome.NOT_JUDGED, "no fleet was asked"),
        (Fleet({"1.4.0": 7}), Outcome.PASSED, ""),
        (Fleet({"1.4.0": 7}, unheard=3), Outcome.NOT_JUDGED, "3 of the hub's devices have never said their version"),
        (Fleet({"1.4.0": 7, "1.3.0": 1}), Outcome.FAILED, "devices have 1.3.0, which is retired"),
    ],
)
def test_a_version_leaves_only_when_the_fleet_says_zero(fleet, outcome, says, product):
    folder = product(NEXT, released=READY)
    write(planned_release(open_releases(folder), NEXT.encode(), date(2026, 11, 21).isoformat()))
    write(planned_retirement(open_releases(folder), "1.3.0", 0, "2026-11-21"))
    found = lock(folder, fleet)["lock.departures"]
    assert found.outcome is outcome
    assert says in found.reason


def test_a_world_that_broke_and_holds_when_it_is_run_again_is_no_pass(product):
    folder = product()
    family = look_at(folder).family
    OnceCareless.records = 0
    bench = Bench(family, SMALL, str(folder), lambda families: Parts(families, make_core=OnceCareless))
    with pytest.raises(
        CrewError, match=r"is not deterministic.*: the same plan of seed \d+ gave no-error: .*, and then no broken promise"
    ):
        carry_out(bench)


def test_each_stage_that_is_asked_is_timed_by_the_clock_that_is_given(product, judged):
    folder, seconds = product(), iter([3.0, 4.5, 10.0, 10.25])
    assert judged(folder, "build", clock=lambda: next(seconds)).took == ((Stage.MAP, 1.5), (Stage.BUILD, 0.25))
    assert judged(folder, "map").took == ()
