"""`seamline rig board run --simulated`: one command from nothing to a verdict."""

from __future__ import annotations

import json

from seamline.cli import exits, main
from seamline.rig.world.plan import HOUSE, Fault, Kind, Plan

BOARD = ["rig", "board", "run", "--device", "desk-1"]


def test_a_simulated_board_goes_through_a_plan_with_a_hub_of_its_own(heater, tmp_path, capsys):
    faults = (
        Fault(10_000, Kind.POWER_CUT, 0, 3_000),
        Fault(20_000, Kind.LINK_CUT, 1),
        Fault(30_000, Kind.HUB_KILL, HOUSE, 500, {"effects": 3}),
    )
    plan = tmp_path / "plan.json"
    plan.write_text(Plan(1, 2, 40_000, faults).write())
    arguments = [*BOARD, "--contract", str(heater), "--simulated", "--plan", str(plan), "--seconds", "4", "--json"]
    assert main([*arguments, "--state", str(tmp_path / "s")]) == exits.OK
    told = json.loads(capsys.readouterr().out)
    assert told["broken"] == []
    assert told["faults"] == {"power-cut": 1}
    assert [entry["kind"] for entry in told["left_out"]] == ["hub-kill", "link-cut"]
    assert told["stored"] > 0
    assert told["boots"] == 2


def test_a_console_that_is_not_there_is_told_in_one_line(house, heater, capsys):
    broker = f"{house.mqtt_host}:{house.mqtt_port}"
    silent = ["--console", "/dev/no-such-tty", "--broker", broker, "--dsn", house.dsn, "--listen", "127.0.0.1:0"]
    assert main([*BOARD, "--contract", str(heater), "--scenario", "online-but-deaf", *silent]) == exits.BAD_INSTALLATION
    assert "console /dev/no-such-tty: No such file or directory; is the board plugged in" in capsys.readouterr().err
