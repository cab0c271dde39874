"""`seamline site power`: a plan's nodes, or a contract on a battery; exit codes and both ways of printing."""

from __future__ import annotations

import json

import pytest
from tests.unit.site.power.exports import hourly
from tests.unit.site.power.planned import EXAMPLES, written

from seamline.cli import exits, main

TRAILCAM = EXAMPLES / "trailcam"


def power(*arguments):
    return main(["site", "power", *map(str, arguments)])


def test_a_plans_nodes_are_listed_with_what_is_not_known(tmp_path, capsys):
    assert power(written(tmp_path)) == exits.OK
    told = capsys.readouterr().out
    assert "trap-battery" in told
    assert "under a clear sky" in told
    assert "not known" in told
    assert "hall: 2 of 8 ports, 19.4 W reserved by class" in told
    assert "note: no PVGIS file in the plan" in told


def test_the_arithmetic_is_shown_line_by_line(tmp_path, capsys):
    assert power(written(tmp_path).parent, "--terms") == exits.OK
    told = capsys.readouterr().out
    assert "looking: 777.6 J/d" not in told.split("trap-solar:")[0]
    assert "1 x 3600 s x 0.768 W" in told.split("trap-solar:")[1]
    assert "[upper bound; upper bound: clear sky" in told
    assert "inferences: 0.656 J/d" in told


def test_a_plan_is_one_document(tmp_path, capsys):
    assert power(written(tmp_path), "--json") == exits.OK
    found = json.loads(capsys.readouterr().out)
    nodes = {node["node"]: node for node in found["nodes"]}
    assert nodes["mystery"]["daily_wh"] is None
    assert len(nodes["trap-solar"]["months"]) == 12
    assert nodes["listener"]["inference"][0]["options"]
    assert found["met"] is True


def test_what_does_not_last_makes_it_exit_1(tmp_path, capsys):
    path = written(tmp_path, "pvgis: sun.csv")
    (tmp_path / "sun.csv").write_text(hourly(air=-12.0), encoding="utf-8")
    assert power(path) == exits.PROMISE_BROKEN
    assert "NO" in capsys.readouterr().out


def test_a_kit_is_found_for_each_node_on_sun(tmp_path, capsys):
    path = written(tmp_path, "pvgis: sun.csv")
    (tmp_path / "sun.csv").write_text(hourly(air=10.0), encoding="utf-8")
    assert power(path, "--size") == exits.OK
    told = capsys.readouterr().out
    assert "trap-solar: lfp-12v-12ah with 1 x solar-20w is enough (no price for all of it; " in told
    assert "after all that has one: lfp-12v-50ah, lfp-12v-12ah, solar-20w, solar-100w; give theirs under prices.parts" in told
    assert power(path, "--size", "--json") == exits.OK
    found = json.loads(capsys.readouterr().out)["sizing"]
    assert set(found) == {"trap-solar", "listener"}
    assert found["trap-solar"]["enough"] is True
    assert found["trap-solar"]["price_cents"] is None


def test_what_is_priced_is_chosen_before_what_is_not(tmp_path, capsys):
    path = written(tmp_path, "pvgis: sun.csv")
    (tmp_path / "sun.csv").write_text(hourly(air=10.0), encoding="utf-8")
    prices = "  parts: {lfp-12v-50ah: 300.00 EUR, solar-100w: 80.00 EUR}\n"
    path.write_text(path.read_text("utf-8").replace("  currency: EUR\n", "  currency: EUR\n" + prices), "utf-8")
    assert power(path, "--size") == exits.OK
    told = capsys.readouterr().out
    assert "trap-solar: lfp-12v-50ah with 1 x solar-100w is enough (380.00; " in told
    assert "after all that has one: lfp-12v-12ah, solar-20w; give" in told


def test_a_charger_that_does_not_go_with_its_battery_is_a_broken_promise(tmp_path, capsys):
    path = written(tmp_path, "pvgis: sun.csv")
    (tmp_path / "sun.csv").write_text(hourly(air=10.0), encoding="utf-8")
    path.write_text(path.read_text("utf-8").replace("charger-12v", "charger-small"), "utf-8")
    assert power(path) == exits.PROMISE_BROKEN
    told = capsys.readouterr().out
    assert "does not fit: kit sunny: charger-small charges Li-ion, and lfp-12v-12ah is LiFePO4" in told
    assert "does not fit: kit sunny: charger-small is for batteries of 3.6 V, and lfp-12v-12ah has 12.8 V" in told
    assert power(path, "--json") == exits.PROMISE_BROKEN
    nodes = {node["node"]: node for node in json.loads(capsys.readouterr().out)["nodes"]}
    assert len(nodes["trap-solar"]["misfits"]) == 3
    assert nodes["trap-solar"]["met"] is False
    assert nodes["trap-battery"]["misfits"] == []


def test_where_no_kit_is_enough_the_ways_out_are_told(tmp_path, capsys):
    path = written(tmp_path, "pvgis: sun.csv")
    path.write_text(
        path.read_text(encoding="utf-8").replace("autonomy: 5 d", "autonomy: 365 d").replace("3600 s", "80000 s"), "utf-8"
    )
    (tmp_path / "sun.csv").write_text(hourly(air=10.0, peak=5.0), encoding="utf-8")
    assert power(path, "--size") == exits.PROMISE_BROKEN
    told = capsys.readouterr().out
    assert "trap-solar: no kit of the catalogue is enough; nearest is" in told
    assert "load of a day: " in told
    assert "days without sun asked for: " in told


def test_a_damaged_weather_file_is_told(tmp_path, capsys):
    path = written(tmp_path, "pvgis: sun.csv")
    (tmp_path / "sun.csv").write_text("no sun at all\n", encoding="utf-8")
    assert power(path) == exits.PROMISE_BROKEN
    assert "sun.csv: no table of PVGIS found" in capsys.readouterr().err


def test_a_contract_lasts_on_a_battery(capsys):
    assert power("--contract", TRAILCAM, "--battery", "LiSOCl2:26Ah:3.6V", "--temperature", "-20") == exits.OK
    told = capsys.readouterr().out
    assert told.startswith("trailcam/1.2.0 on LiSOCl2:26Ah:3.6V at -20 Cel: 0.094 Wh a day\n")
    assert "lasts 797.4 d (2.2 years), uncharged" in told


def test_a_contract_on_a_battery_is_one_document(capsys):
    assert power("--contract", TRAILCAM / "contract.yaml", "--battery", "LiFePO4:10Ah:3.2V", "--json") == exits.OK
    found = json.loads(capsys.readouterr().out)
    assert found["contract"] == "trailcam/1.2.0"
    assert found["days"] > 0
    assert all(term["source"] for term in found["terms"])


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ((), exits.WRONG_USE, "give a plan, or --contract with --battery"),
        (("plan.yaml", "--contract", TRAILCAM), exits.WRONG_USE, "give a plan, or --contract"),
        (("--contract", TRAILCAM), exits.WRONG_USE, "--contract needs a battery, such as"),
        (("--contract", TRAILCAM, "--battery", "26Ah"), exits.WRONG_USE, "'26Ah' is no battery such as LiSOCl2:26Ah:3.6V"),
        (("--contract", TRAILCAM, "--battery", "LiFePO4:1.2.3Ah:3V"), exits.WRONG_USE, "has no number where"),
        (("--contract", TRAILCAM, "--battery", "LiFePO4:26000Ah:3V"), exits.PROMISE_BROKEN, "is this in mAh?"),
        (("--contract", TRAILCAM, "--battery", "NiCd:2Ah:1.2V"), exits.PROMISE_BROKEN, "no chemistry NiCd"),
        (("--contract", EXAMPLES / "ci" / "none.yaml", "--battery", "LiFePO4:2Ah:3V"), exits.PROMISE_BROKEN, "none.yaml"),
    ],
    ids=range(8),
)
def test_wrong_use_is_told_with_the_remedy(arguments, code, said, capsys):
    assert power(*arguments) == code
    assert said in capsys.readouterr().err


PRICED = "{lfp-12v-12ah: 90.00 EUR, li-ion-18650-2p: 14.00 EUR, solar-20w: 30.00 EUR, solar-5w: 18.00 EUR, %s}"


@pytest.mark.parametrize(
    ("chargers", "said"),
    [
        ("charger-12v: 60.00 EUR, mppt-100-30: 140.00 EUR", "lfp-12v-12ah with 1 x solar-20w is enough (180.00; "),
        (
            "charger-12v: 60.00 EUR, mppt-100-30: 20.00 EUR",
            "solar-20w and mppt-100-30 in place of charger-12v is enough (140.00; ",
        ),
        ("charger-12v: 60.00 EUR", "lfp-12v-12ah with 1 x solar-20w is enough (180.00; "),
    ],
)
def test_a_cheaper_charger_of_the_same_voltage_is_taken_and_said(tmp_path, capsys, chargers, said):
    path = written(tmp_path, "pvgis: sun.csv")
    (tmp_path / "sun.csv").write_text(hourly(air=10.0), encoding="utf-8")
    prices = f"  parts: {PRICED % chargers}\n"
    path.write_text(path.read_text("utf-8").replace("  currency: EUR\n", "  currency: EUR\n" + prices), "utf-8")
    assert power(path, "--size") == exits.OK
    assert said in capsys.readouterr().out


def test_a_kit_with_a_charger_that_goes_with_nothing_gets_another(tmp_path, capsys):
    path = written(tmp_path, "pvgis: sun.csv")
    (tmp_path / "sun.csv").write_text(hourly(air=10.0), encoding="utf-8")
    nobody = "catalogue:\n  parts:\n    odd: {kind: converter, title: Odd, source: own, efficiency: 90 %, quiescent: 1 mW, charges: [NiCd]}\n"
    text = path.read_text("utf-8").replace("converter: charger-12v", "converter: odd")
    path.write_text(text + nobody if "catalogue:" not in text else text.replace("catalogue:\n  parts:\n", nobody), "utf-8")
    power(path, "--size", "--json")
    found = json.loads(capsys.readouterr().out)["sizing"]["trap-solar"]
    assert (found["enough"], found["instead_of"], found["volts"]) == (True, "odd", None)
    assert found["charger"] in {"charger-12v", "mppt-100-30"}
