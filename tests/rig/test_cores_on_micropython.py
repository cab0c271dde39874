"""The device cores of a world do on MicroPython, byte for byte, what they did there."""

import hashlib
import json

import pytest
from tests.conformance import interpreters
from tests.rig import recorded

from seamline.contract import policy
from seamline.device import Core
from seamline.rig.world.run import plan_of, run
from seamline.rig.world.world import Parts, models_of

SEEDS = (2, 3, 5)
DEVICES = 3
DURATION_MS = 900_000
SOURCES = [
    *sorted((interpreters.ROOT / "src" / "seamline" / "device").glob("*.py")),
    interpreters.ROOT / "tests" / "rig" / "recorded.py",
]
PROGRAM = """
import json
from tests.rig.recorded import replay
for line in open("/records"):
    print(replay(json.loads(line)))
"""


class Recorder(Core):
    """A core that writes down what it is told."""

    def __init__(self, document, rules, name, random, stored):
        self.record_of = {"policy": document, "name": name, "random": [], "calls": []}
        self.record_of["stored"] = {key: data.hex() for key, data in stored.items()}
        self.trace = hashlib.sha256()
        self.depth = 0

        def drawing():
            drawn = random()
            self.record_of["random"].append(drawn)
            return drawn

        super().__init__(rules, name, drawing, stored)

    def effects(self):
        found = super().effects()
        if found:
            self.record_of["calls"].append(("effects", ()))
            recorded.note(self.trace, found)
        return found

    def hash(self):
        trace = self.trace.copy()
        trace.update(str(self.deadline()).encode())
        return trace.hexdigest()


def _recording(name):
    inside = getattr(Core, name)

    def told(self, *arguments):
        if not self.depth:
            written = [f"#{bytes(one).hex()}" if isinstance(one, bytes | bytearray | memoryview) else one for one in arguments]
            self.record_of["calls"].append((name, written))
        self.depth += 1
        try:
            return inside(self, *arguments)
        finally:
            self.depth -= 1

    return told


for _name in recorded.CALLS:
    setattr(Recorder, _name, _recording(_name))


@pytest.fixture(scope="module")
def cores(families):
    """Every boot of the devices of two worlds."""
    documents = {}
    for model in models_of(families):
        for rules in (model.policy, model.other.policy):
            changes = {"store": rules.store, "capacity_bytes": rules.capacity_bytes}
            documents[rules.contract, rules.store, rules.capacity_bytes] = policy(model.contract) | changes
    made = []

    def make(rules, name, random, stored):
        made.append(Recorder(documents[rules.contract, rules.store, rules.capacity_bytes], rules, name, random, stored))
        return made[-1]

    for seed in SEEDS:
        assert run(plan_of(seed, DEVICES, DURATION_MS, families), Parts(families, make_core=make)).broken is None
    return made


def test_the_records_tell_of_many_boots_and_of_all_that_a_core_can_be_told(cores):
    called = {call for core in cores for call, _ in core.record_of["calls"]}
    assert len(cores) > 8
    assert sum(len(core.record_of["calls"]) for core in cores) > 1_000
    assert {"start", "record", "connected", "receive", "tick", "report", "clock", "disconnected"} <= called


def test_a_core_that_is_told_the_same_does_the_same(cores):
    for core in cores:
        assert recorded.replay(json.loads(json.dumps(core.record_of))) == core.hash()


@pytest.mark.parametrize("version", interpreters.VERSIONS)
def test_a_core_does_on_micropython_what_it_did_in_the_world(cores, version):
    result = interpreters.install()
    if result == interpreters.NO_NODE:
        pytest.skip("Node is missing; install the package nodejs")
    assert result == 0, "the MicroPython interpreters could not be installed; run python tests/conformance/interpreters.py"
    files = {
        f"/lib/{path.relative_to(interpreters.ROOT).as_posix().removeprefix('src/')}": path.read_text("utf-8") for path in SOURCES
    }
    files |= {f"/lib/{folder}/__init__.py": "" for folder in ("seamline", "tests", "tests/rig")}
    files["/records"] = "".join(json.dumps(core.record_of) + "\n" for core in cores)
    told = interpreters.run(version, files, PROGRAM).split()
    assert told == [core.hash() for core in cores]
