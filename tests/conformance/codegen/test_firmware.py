"""The examples of firmware/ build with the generated code, run, and say what the cloud can read."""

import json
import shutil
import sys

import pytest
from tests.conformance import interpreters
from tests.conformance.codegen.layouts import ROOT, contract
from tests.conformance.codegen.processors import STRICT, need, run

from seamline.contract import load_family
from seamline.contract.codegen.micropython import generate
from seamline.device import unpack

FAMILY = load_family(ROOT / "examples" / "heater")
COMMAND = f"{sys.executable} -m seamline"


def readings(payload):
    """A frame's records, read by the layout that it names: (uptime, values) each."""
    frame = unpack(payload)
    layout = FAMILY.layouts[frame.channel, frame.layout, frame.fingerprint]
    size = frame.record_bytes
    records = [layout.unpack_record(frame.body[at : at + size]) for at in range(0, len(frame.body), size)]
    return frame, [(frame.uptime_ms + offset_ms, layout.admitted(values)) for offset_ms, values in records]


def test_the_c_example_builds_and_its_frame_is_read(tmp_path):
    need("gcc")
    if shutil.which("make") is None:
        pytest.skip("install the package make")
    flags = " ".join(("-Os", *STRICT))
    asked = [
        "make",
        "-s",
        "-C",
        ROOT / "firmware" / "c",
        f"OUT={tmp_path}",
        f"SEAMLINE={COMMAND}",
        "CC=gcc",
        f"CFLAGS={flags}",
        "run",
    ]
    lines = [line for line in run(asked).decode().splitlines() if not line.startswith(("wrote", "written"))]
    topic, payload = next(line.split() for line in lines if line.startswith("up/"))
    assert topic == "up/heater-1/data"
    frame, found = readings(bytes.fromhex(payload))
    assert (frame.incarnation, frame.boot, frame.first, frame.count) == (7, 2, 0, 5)
    assert [values["room"] for _, values in found] == [2000, 2001, 2002, 2004, 2005]
    assert [uptime_ms for uptime_ms, _ in found] == [4_294_960_000 + 10_000 * sample for sample in (0, 1, 2, 4, 5)]
    assert {values["set_point"] for _, values in found} == {2150}
    assert lines.count("fault sensor_open, severity 3, latches") == 1
    assert lines[-2:] == ["kept frame is whole", "kept frame is torn"]


PROGRAM = """
import json
from board import Board
from seamline.device import unpack

class Link:
    def __init__(self):
        self.sent = []
        self.opened = 0

    def open(self, will):
        self.opened += 1

    def publish(self, topic, payload):
        self.sent.append((topic, bytes(payload)))

    def close(self):
        pass

link = Link()
flash = {}
samples = []

def sensor():
    samples.append(len(samples))
    power = 30001 if len(samples) == 4 else 100 * len(samples)
    return {"room": 2000 + len(samples), "element": 900, "power": power, "mode": 1, "set_point": 2150}

def answer(topic, payload):  # the hub's word on an uplink: a session for a birth, marks for data
    if topic.endswith("/birth"):
        told = json.loads(payload)
        document = {name: told[name] for name in ("session", "boot", "incarnation")}
        document.update({"marks": [], "closed": told["boot"], "time_ms": 1800000000000, "uncertainty_ms": 5})
        document.update({"generation": 1, "spread_ms": 1000})
        return "session", document
    if topic.endswith("/data"):
        frame = unpack(payload)
        marks = [[frame.boot, frame.channel, frame.first + frame.count]]
        return "marks", {"incarnation": frame.incarnation, "session": 1, "marks": marks, "probe": None}
    return None, None

board = Board("heater-1", link, flash, lambda: 123456789, sensor)
board.start(0)
now_ms, opened, read = 0, 0, 0
while now_ms < 300000:
    now_ms = max(now_ms + 1, board.step(now_ms, 10000))
    if link.opened > opened:
        opened = link.opened
        board.connected(now_ms)
    while read < len(link.sent):
        kind, document = answer(*link.sent[read])
        read += 1
        if kind is not None:
            board.heard(now_ms, kind, json.dumps(document).encode())
for topic, payload in link.sent:
    print(topic, payload.hex())
print(board.refused, sorted(flash))
"""


@pytest.mark.parametrize("version", interpreters.VERSIONS)
def test_the_micropython_example_runs_and_its_frames_are_read(version):
    result = interpreters.install()
    if result == interpreters.NO_NODE:
        pytest.skip("install the package nodejs")
    files = {f"/lib/{name}": text for name, text in generate(FAMILY, contract("heater")).items()}
    files["/lib/board.py"] = (ROOT / "firmware" / "micropython" / "board.py").read_text("utf-8")
    for path in (ROOT / "src" / "seamline" / "device").glob("*.py"):
        files[f"/lib/seamline/device/{path.name}"] = path.read_text("utf-8")
    files["/lib/seamline/__init__.py"] = ""
    lines = interpreters.run(version, files, PROGRAM).splitlines()
    sent = [line.split() for line in lines[:-1]]
    birth = json.loads(bytes.fromhex(next(payload for topic, payload in sent if topic == "up/heater-1/birth")))
    assert birth["contract"] == "heater/1.3.0"
    frames = [readings(bytes.fromhex(payload)) for topic, payload in sent if topic == "up/heater-1/data"]
    found = [values for _, records in frames for _, values in records]
    rooms = [values["room"] for values in found]
    assert len(rooms) >= 20
    assert rooms == sorted(set(rooms))
    assert 2003 in rooms
    assert 2004 not in rooms  # its power was beyond the contract
    assert lines[-1].startswith("1 ")
