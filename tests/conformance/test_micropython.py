"""The device core gives the same bytes on CPython and on the MicroPython that boards run."""

import pytest
from tests.conformance import interpreters, vectors
from tests.model.device.world import play_seed

SOURCES = [
    *sorted((interpreters.ROOT / "src" / "seamline" / "device").glob("*.py")),
    interpreters.ROOT / "tests" / "conformance" / "vectors.py",
    interpreters.ROOT / "tests" / "model" / "device" / "tiny_hub.py",
    interpreters.ROOT / "tests" / "model" / "device" / "world.py",
]
SEEDS = range(1, 13)
STEPS = 200
STORES = ("ram", "flash")
EXPECTED = interpreters.ROOT / "tests" / "conformance" / "vectors.txt"

PRINT_VECTORS = "from tests.conformance.vectors import lines\nfor line in lines():\n    print(line)\n"
PRINT_STORIES = (
    "from tests.model.device.world import play_seed\n"
    f"for seed in range({SEEDS.start}, {SEEDS.stop}):\n"
    f"    for store in {STORES!r}:\n"
    f"        print(play_seed(seed, store, {STEPS}))\n"
)


def files():
    """What the interpreter finds under /lib, its usual place for packages."""
    found = {}
    for path in SOURCES:
        inside = path.relative_to(interpreters.ROOT).as_posix().removeprefix("src/")
        found[f"/lib/{inside}"] = path.read_text("utf-8")
    for folder in ("seamline", "tests", "tests/conformance", "tests/model", "tests/model/device"):
        found[f"/lib/{folder}/__init__.py"] = ""
    return found


@pytest.fixture(scope="module")
def micropython():
    """Runs a program in a version of MicroPython; skips where there is no Node."""
    result = interpreters.install()
    if result == interpreters.NO_NODE:
        pytest.skip("Node is missing; install the package nodejs")
    if result != 0:
        pytest.fail("the MicroPython interpreters could not be installed; run python tests/conformance/interpreters.py")
    inside = files()
    return lambda version, code: interpreters.run(version, inside, code).split("\n")


@pytest.fixture(scope="module")
def stories():
    return [play_seed(seed, store, STEPS) for seed in SEEDS for store in STORES]


def test_vectors_are_what_they_were():
    """A change here breaks devices in the field: the bytes are a promise."""
    assert list(vectors.lines()) == EXPECTED.read_text("utf-8").splitlines()


@pytest.mark.parametrize("version", interpreters.VERSIONS)
def test_vectors_are_the_same_on_micropython(micropython, version):
    assert micropython(version, PRINT_VECTORS)[:-1] == EXPECTED.read_text("utf-8").splitlines()


@pytest.mark.parametrize("version", interpreters.VERSIONS)
def test_whole_stories_leave_the_same_trace_on_micropython(micropython, version, stories):
    """Connects, records, marks, busy, losses, power cuts, torn and rotten flash: every effect, byte for byte."""
    assert micropython(version, PRINT_STORIES)[:-1] == stories


def test_the_interpreter_is_the_version_it_is_named_for(micropython):
    for version in interpreters.VERSIONS:
        said = micropython(version, "import sys\nprint('.'.join([str(n) for n in sys.implementation.version[:2]]))")[0]
        assert said == version
