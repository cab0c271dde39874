"""The base install, without any extra: the device's half works, and every command that needs more says which extra that is."""

import json
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions, requires
from pathlib import Path

import pytest

from seamline.cli import exits

ROOT = Path(__file__).parents[3]
HEATER = ROOT / "examples" / "heater" / "contract.yaml"
# Runs the command line, or with `-c` a program, in a Python that has the base install only.
LACKING = """
import sys
lacking = frozenset(sys.argv[1].split(","))
class Lacking:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name in lacking or name.partition(".")[0] in lacking:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Lacking)
if sys.argv[2] == "-c":
    exec(sys.argv[3])
else:
    from seamline.cli import main
    sys.exit(main(sys.argv[2:]))
"""


def name_of(requirement):
    return re.match(r"[A-Za-z0-9._-]+", requirement)[0].lower().replace("_", "-")


@pytest.fixture(scope="module")
def lacking():
    """Import names of every installed package that the base install does not bring."""
    wanted = [name_of(each) for each in tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]]
    base = {"seamline", "coverage"}  # coverage watches from inside
    while wanted:
        name = wanted.pop()
        if name not in base:
            base.add(name)
            wanted += [name_of(each) for each in requires(name) or () if "extra ==" not in each]
    brought_by = packages_distributions().items()
    names = {name for name, owners in brought_by if not {owner.lower().replace("_", "-") for owner in owners} & base}
    assert {"numpy", "psycopg", "fastapi", "nats", "cryptography"} <= names
    return names


@pytest.fixture
def run(lacking, tmp_path, monkeypatch):
    monkeypatch.setenv("SEAMLINE_STATE", str(tmp_path / "state"))

    def run(*arguments, also=()):
        names = ",".join(sorted({*lacking, *also}))
        return subprocess.run(
            [sys.executable, "-W", "error", "-c", LACKING, names, *arguments], capture_output=True, text=True, check=False
        )

    return run


@pytest.mark.parametrize(
    "command",
    [
        ["demo"], ["up"], ["hub", "--role", "auth"], ["hub", "--role", "ingest,worker"], ["hub"], ["doctor"], ["doctor", "--json"],
        ["device", "add", "kitchen", "--product", "heater"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_a_command_of_the_cloud_half_says_in_one_line_which_extra_it_needs(run, command, tmp_path):
    done = run(*command)
    assert done.returncode == exits.MISSING_EXTRA, done.stderr
    assert re.fullmatch(
        r"seamline: this needs the extra 'hub' \(no module \w+\): pip install 'seamline\[hub\]'\n", done.stderr
    ), done.stderr
    assert done.stdout == ""
    assert not list(tmp_path.iterdir()), "nothing is begun before it is known to be possible"


@pytest.mark.parametrize("command", [["devices"], ["device", "show", "a"], ["readings", "a"], ["ledger", "a"], ["quarantine"]])
def test_a_command_that_reads_works_with_an_address_and_asks_for_one_without(run, command, hub, monkeypatch):
    document = {"rows": [], "reasons": [], "refused": [], "items": [], "total": {}}
    for path in ("fleet", "quarantine", "devices/a", "devices/a/readings", "devices/a/ledger"):
        hub.answers[f"/api/{path}"] = (200, document)
    for path in ("twin", "events"):
        hub.answers[f"/api/devices/a/{path}"] = (200, [])
    done = run(*command)
    assert (done.returncode, done.stderr) == (exits.OK, "")
    monkeypatch.delenv("SEAMLINE_URL")
    done = run(*command)
    assert done.returncode == exits.UNREACHABLE
    assert done.stderr == "seamline: say where the hub is: --url http://…, or $SEAMLINE_URL\n"


def test_the_devices_half_is_imported_without_any_extra(run):
    done = run("-c", "import seamline.device, seamline.contract, seamline.agent.node, seamline.agent.driver")
    assert (done.returncode, done.stderr) == (0, "")


def test_a_node_gets_as_far_as_its_certificate(run):
    device = ["--contract", str(HEATER), "--device", "kitchen", "--url", "mqtts://127.0.0.1:1", "--stdin"]
    done = run("agent", "run", *device)
    assert done.returncode == exits.WRONG_USE
    assert done.stderr == ("error: mqtts://127.0.0.1:1 needs --ca, --cert and --key: a device is known by its certificate\n")


def test_contracts_read_the_same_where_yaml_has_no_compiled_part(run):
    program = (
        "import json; from pathlib import Path; from seamline.contract import load_family; "
        f"family = load_family(Path({str(HEATER.parent)!r})); "
        "print(json.dumps({version: [each.layout.fingerprint for each in contract.messages.values()] "
        "for version, contract in family.versions.items()}))"
    )
    compiled, pure = (
        run("-c", program),
        run("-c", f"import yaml; assert not yaml.__with_libyaml__; {program}", also=["yaml._yaml"]),
    )
    assert (compiled.returncode, compiled.stderr) == (0, "")
    assert (pure.returncode, pure.stderr) == (0, "")
    assert json.loads(pure.stdout) == json.loads(compiled.stdout) != {}


def test_help_version_and_completion_need_nothing(run):
    for command in (["--help"], ["--version"], ["demo", "--help"], ["completion", "bash"]):
        assert run(*command).returncode == exits.OK
