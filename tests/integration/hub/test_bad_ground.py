"""What is wrong is not the input but the ground: a contract that comes late, a disk that fills up and is emptied again."""

from __future__ import annotations

import os
import shutil
import subprocess

import httpx
import pytest
from tests.integration.hub.harness import birth, frame, said
from tests.integration.hub.hostile import Hostile

from seamline.stack.storage_watch import write_error
from seamline.testing.stack import stack
from seamline.testing.wait import until

WAIT_S = 60.0
DISK = "220m"
"""Room for a fresh state directory (50 MB) and some of PostgreSQL's log."""


def test_frames_of_a_layout_that_is_registered_later_become_rows(heater, tmp_path):
    contracts = tmp_path / "heater"
    shutil.copytree(heater, contracts)
    (current,) = (contracts / "released").glob("1.3*")
    current.unlink()
    shutil.copy(next((contracts / "released").glob("1.2*")), contracts / "contract.yaml")
    with stack(contracts=(contracts,), state=tmp_path / "state") as early:
        device = Hostile(early, heater)
        device.good_birth(birth())
        raw = bytearray(frame(device.of, 1, [{"power": 2}, {}, {"power": 4}]))
        raw[32 + device.of.record_bytes + 8 : 32 + device.of.record_bytes + 10] = b"\xff\xff"
        device.say(frame(device.of, 0, [{"power": 1}], flags=0x10), bytes(raw))
        until(lambda: len(device.quarantine()) == 2, "both frames are in quarantine", WAIT_S)
        assert device.quarantine() == [("unregistered", True, 0, 1), ("unregistered", True, 1, 3)]
        assert device.ledger() == (4, 0, 4, 0, 0, 0)
        device.close()
    with stack(contracts=(heater,), state=tmp_path / "state") as late:
        device.stack = late
        until(lambda: device.ledger() == (4, 3, 1, 0, 0, 0), "what can be a row is one", WAIT_S)
        assert device.rows("SELECT seq, power FROM r_heater_reading ORDER BY seq") == [(0, 1), (1, 2), (3, 4)]
        assert device.rows("SELECT reason, first, count FROM quarantine WHERE resolved_at IS NULL") == [("out_of_range", 2, 1)]
        again = Hostile(late, heater)
        again.good()
        again.close()


@pytest.fixture
def small_disk(tmp_path):
    """A disk of its own."""
    if os.geteuid() != 0:
        pytest.skip("mount: needs root")
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK}", "none", disk], check=True)
    yield disk
    subprocess.run(["umount", disk], check=True)


def fill(disk):
    """Leave not a byte; returns the file that holds them."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while file.write(bytes(1 << 16)):
                pass
        except OSError:
            return ballast
    raise AssertionError("a write of nothing")


def test_a_full_disk_is_said_stores_no_half_and_is_over_when_there_is_room(heater, small_disk):
    with stack(contracts=(heater,), state=small_disk / "state") as running:
        hub = running.pid("hub")
        device = Hostile(running, heater)
        device.good_birth(birth())
        ballast = fill(small_disk)
        frames = [frame(device.of, at * 10, [{"power": at}] * 10) for at in range(2_000)]
        for raw in frames:
            device.client.publish(f"up/{device.id}/data", raw, qos=1)

        def log(name):
            return running.log(name).read_text(errors="replace")

        system = running.broker.url("system", running.broker.secrets.system)
        until(lambda: "no space left" in (write_error(system) or ""), "the broker's disk is full", WAIT_S)

        def health():
            return httpx.get(f"{running.url}/api/health", timeout=WAIT_S).json()

        until(lambda: "stores nothing more" in health()["broker"], "health says so", WAIT_S)
        assert health()["status"] == "degraded"
        ballast.unlink()
        until(lambda: "no space left on device: the broker is started anew" in log("broker"), "the stack says so", WAIT_S)
        until(lambda: running.view("broker").starts == 2, "the broker is started anew", WAIT_S)
        running.wait_ready(WAIT_S)
        device.close()
        device.connect()
        device.good_birth(birth(session=2))
        device.say(*frames)
        device.tell("probe", said(session=2, probe=1, unanswered=0))
        until(lambda: device.ledger()[:3] == (20_000, 20_000, 0), "everything is stored", WAIT_S)
        assert device.rows("SELECT count(*), count(DISTINCT seq), sum(power) FROM r_heater_reading WHERE incarnation = 7") == [
            (20_000, 20_000, 10 * sum(range(2_000)))
        ]
        assert device.quarantine() == []
        assert running.pid("hub") == hub
        assert "Traceback" not in log("hub")
        device.close()
