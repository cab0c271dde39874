"""Budgets as the gate says them: what is declared beside what it comes to, at the place that declares it."""

from dataclasses import replace
from pathlib import Path

import pytest

from seamline.contract import load
from seamline.contract.hardware import PowerState
from seamline.contract.rules import RULES
from seamline.contract.scalars import MS
from seamline.rig.gate.budgets import BUDGET_RULES, figures, reckoned
from seamline.rig.gate.subject import look_at

EXAMPLES = Path(__file__).parents[4] / "examples"
NAMES = ("heater", "labmeter", "trailcam")
SAID = {
    "heater": {
        "SL208": "3 d make 450.14 KiB of 512 KiB",
        "SL203": "network 3 s + commit 4 s leave 5 s of 12 s",
        "SL206": "20000 at 800/s take 25 s of 2 min, half of them spread",
    },
    "labmeter": {
        "SL208": "3 d make 2.06 MiB of 3 MiB",
        "SL203": "network 1 s + commit 5 s leave 6 s of 12 s",
        "SL206": "4000 at 800/s take 5 s of 1 min, half of them spread",
        "SL240": "139/s of 5000/s",
        "SL220": "217 bit/s of 10000000 bit/s",
        "SL221": "core, buffer and firmware fit 8 MiB",
        "SL222": "slots, buffer and firmware fit 16 MiB",
        "SL215": "flash outlasts 120 months",
        "SL223": "432 ms of 1 s after 6 h alone",
        "SL229": "2 x 2.54 MiB = 5.08 MiB of 8 MiB a month",
        "SL231": "8 months left at renewal, 6 months offline at most",
    },
    "trailcam": {
        "SL208": "14 d make 107.07 KiB of 256 KiB",
        "SL203": "network 11 s + commit 4 s leave 15 s of 30 s",
        "SL206": "3000 at 400/s take 8 s of 10 min, half of them spread",
        "SL240": "7/s of 1500/s",
        "SL218": "3.22 MiB of 5 MiB",
        "SL219": "0.32 of 0.40 EUR",
        "SL220": "10 bit/s of 100000 bit/s",
        "SL221": "core, buffer and firmware fit 4.1 MiB",
        "SL222": "slots, buffer and firmware fit 16 MiB",
        "SL215": "flash outlasts 96 months",
        "SL243": "26.1 mAh a day of 20.8 Ah last 798 d of 24 months",
        "SL223": "1728 ms of 2 s after 1 d alone",
        "SL229": "3 x 1.17 MiB = 3.52 MiB of 4 MiB a month",
        "SL231": "12 months left at renewal, 9 months offline at most",
    },
}


@pytest.fixture(scope="module")
def subjects():
    return {name: look_at(EXAMPLES / name) for name in NAMES}


def said(contract):
    return {each.rule: each.said for each in figures(contract) if each.said is not None}


@pytest.fixture
def camera():
    return load(EXAMPLES / "trailcam" / "contract.yaml")


@pytest.mark.parametrize("name", NAMES)
def test_each_budget_that_is_declared_is_said_beside_its_limit(name, subjects):
    assert said(subjects[name].family.current) == SAID[name]


@pytest.mark.parametrize("name", NAMES)
def test_each_budget_has_its_rule_and_the_place_that_declares_it(name, subjects):
    subject = subjects[name]
    told = [each for each in reckoned(subject.family.current, subject.place) if each.code]
    paths = {each.rule: (each.path, each.what) for each in figures(subject.family.current)}
    text = (EXAMPLES / name / "contract.yaml").read_text().splitlines()
    assert {each.code for each in told} == set(SAID[name]) <= BUDGET_RULES <= set(RULES)
    for each in told:
        path, what = paths[each.code]
        assert path.rpartition(".")[2] in text[each.place.line - 1]
        assert each.text == f"{what}: {SAID[name][each.code]}"


@pytest.mark.parametrize("name", NAMES)
def test_what_is_not_declared_is_named_once_with_where_it_would_be(name, subjects):
    subject = subjects[name]
    silent = [each for each in figures(subject.family.current) if each.said is None]
    told = [each.text for each in reckoned(subject.family.current, subject.place) if not each.code]
    named = ", ".join(f"{each.what} ({each.path})" for each in silent)
    assert told == ([f"not declared, so not reckoned: {named}"] if silent else [])
    assert len({each.rule for each in figures(subject.family.current)}) == len(list(figures(subject.family.current)))


@pytest.mark.parametrize(
    ("part", "changes", "gone"),
    [
        ("fleet", {"messages_rate": None}, {"SL240"}),
        ("fleet", {"data_budget": None}, {"SL218"}),
        ("fleet", {"data_cost": None}, {"SL219"}),
        ("fleet", {"cost_max": None}, {"SL219"}),
        ("fleet", {"link_rate": None}, {"SL220"}),
        ("power", {"battery": None}, {"SL243"}),
        ("device", {"erase_cycles": None}, {"SL215"}),
        ("buffer", {"store": "ram"}, {"SL215"}),
        ("clock", {"sync_every_ms": None}, {"SL223"}),
        ("update", {"image_bytes": None}, {"SL229"}),
        ("identity", {"offline_max_ms": None}, {"SL231"}),
    ],
)
def test_a_budget_that_lacks_one_of_its_numbers_is_not_reckoned(part, changes, gone, camera):
    changed = replace(camera, **{part: replace(getattr(camera, part), **changes)})
    assert set(said(camera)) - set(said(changed)) == gone


@pytest.mark.parametrize(
    ("part", "gone"),
    [("power", {"SL243"}), ("device", {"SL215", "SL221", "SL222"}), ("update", {"SL229"}), ("identity", {"SL231"})],
)
def test_a_section_that_is_not_there_takes_its_budgets_along(part, gone, camera):
    assert set(said(camera)) - set(said(replace(camera, **{part: None}))) == gone


@pytest.mark.parametrize(("devices", "seconds"), [(399, 1), (400, 1), (401, 1), (600, 2), (4_000, 10)])
def test_the_way_back_takes_as_long_as_its_connects(devices, seconds, camera):
    changed = replace(camera, fleet=replace(camera.fleet, devices_max=devices))
    assert f"{devices} at 400/s take {seconds} s of 10 min" in said(changed)["SL206"]


def test_part_of_a_message_a_second_is_one():
    contract = load(EXAMPLES / "trailcam" / "contract.yaml")
    rates = [said(replace(contract, fleet=replace(contract.fleet, devices_max=count)))["SL240"] for count in (1, 3_000, 6_000)]
    one, many, twice = (int(rate.partition("/")[0]) for rate in rates)
    assert one == 1
    assert many <= twice <= 2 * many


@pytest.mark.parametrize(
    ("current_ua", "told"),
    [
        (0, "0.0 mAh a day of 20.8 Ah outlast 24 months"),
        (1_000, "24.0 mAh a day of 20.8 Ah last 867 d of 24 months"),
    ],
)
def test_a_battery_lasts_as_long_as_its_charge_and_one_that_gives_none_for_ever(current_ua, told, camera):
    states = {"on": PowerState(name="on", may=("measure",), current_ua=current_ua, daily_ms=MS["d"], longest_ms=None)}
    assert said(replace(camera, power=replace(camera.power, states=states)))["SL243"] == told
