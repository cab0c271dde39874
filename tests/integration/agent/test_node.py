"""`seamline agent run`, as a process against the real stack: a Linux node that keeps its readings through a power cut."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Generator, Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import IO

import psycopg
import pytest

from seamline.stack import Stack

NUMBERS = count(1)
LINE = {"room": 2048, "element": 1100, "power": 850.5, "mode": "heating", "set_point": 21.5}
RAW = {"room": 2048, "element": 1100, "power": 8505, "mode": 1, "set_point": 2150}
PATIENCE_S = 40
HURRY = {
    "sample: 10 s": "sample: 1 s",
    "every: 60 s": "every: 2 s",
    "recovery: 120 s": "recovery: 1 s",
    "devices_max: 20000": "devices_max: 100",
    "outage: 72 h": "outage: 2 h",
    "after: 3 publishes": "after: 20 publishes",
}


@pytest.fixture(scope="module")
def quick(heater: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The heater's contract, in a hurry: the same layouts, samples each second and frames every two."""
    text = (heater / "contract.yaml").read_text(encoding="utf-8")
    for slow, hurried in HURRY.items():
        assert slow in text
        text = text.replace(slow, hurried)
    file = tmp_path_factory.mktemp("contract") / "contract.yaml"
    file.write_text(text, encoding="utf-8")
    return file


class Nodes:
    """Starts nodes and reads what the hub has of them."""

    def __init__(self, stack: Stack, contract: Path, folder: Path) -> None:
        self.stack = stack
        self.contract = contract
        self.folder = folder
        self.started: list[subprocess.Popen[str]] = []
        self.device = f"node-{next(NUMBERS)}"
        self.pem = stack.issue("heater", [self.device])[self.device]

    def start(self, *more: str, port: int | None = None, stdin: IO[str] | None = None) -> "subprocess.Popen[str]":
        url = f"mqtts://{self.stack.mqtt_host}:{port or self.stack.mqtt_port}"
        files = ["--ca", str(self.stack.ca_file), "--cert", str(self.pem.cert), "--key", str(self.pem.key)]
        known = ["--contract", str(self.contract), "--device", self.device, "--url", url, "--state", str(self.folder / "state")]
        node = subprocess.Popen(
            [sys.executable, "-m", "seamline", "agent", "run", *known, *files, *more],
            stdin=stdin or subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.started.append(node)
        return node

    def end(self) -> None:
        for node in self.started:
            node.kill()
            node.wait()
            for pipe in (node.stdin, node.stderr):
                if pipe is not None and not pipe.closed:
                    with suppress(BrokenPipeError):
                        pipe.close()

    def rows(self) -> list[tuple[int, ...]]:
        names = ", ".join(f"r.{name}" for name in RAW)
        query = f"SELECT r.boot, r.seq, {names} FROM r_heater_reading r JOIN device d ON d.no = r.device_no WHERE d.id = %s ORDER BY 1, 2"
        with psycopg.connect(self.stack.dsn) as connection:
            return connection.execute(query.encode(), (self.device,)).fetchall()

    def wait_for(self, rows: int) -> list[tuple[int, ...]]:
        deadline = time.monotonic() + PATIENCE_S
        while len(found := self.rows()) < rows:
            assert time.monotonic() < deadline, f"{len(found)} of {rows} rows came"
            time.sleep(0.1)
        return found


@pytest.fixture
def nodes(whole: Stack, quick: Path, tmp_path: Path) -> Generator[Nodes]:
    made = Nodes(whole, quick, tmp_path)
    yield made
    made.end()


def lines(values: Sequence[object]) -> str:
    return "".join(json.dumps(value) + "\n" for value in values)


def test_the_lines_of_stdin_are_stored_exactly_and_the_node_ends_when_the_hub_has_them(nodes: Nodes) -> None:
    node = nodes.start("--stdin")
    _, said = node.communicate(lines([LINE | {"room": 2000 + n} for n in range(5)]), timeout=PATIENCE_S)
    assert node.returncode == 0, said
    assert nodes.rows() == [(1, n, *(RAW | {"room": 2000 + n}).values()) for n in range(5)]


def test_a_node_that_ended_in_order_says_so_at_its_next_start_and_a_killed_one_cannot_tell(nodes: Nodes) -> None:
    def last_end(of: int) -> str:
        with psycopg.connect(nodes.stack.dsn) as connection:
            query = "SELECT p.last_end FROM presence p JOIN device d ON d.no = p.device_no WHERE d.id = %s AND p.boot = %s"
            return connection.execute(query, (nodes.device, of)).fetchone()[0]

    for _ in range(2):
        nodes.start("--stdin").communicate(lines([LINE]), timeout=PATIENCE_S)
    assert last_end(2) == "stopped"
    node = nodes.start("--command", f"echo '{json.dumps(LINE)}'")
    nodes.wait_for(3)
    node.kill()
    node.wait()
    nodes.start("--stdin").communicate(lines([LINE]), timeout=PATIENCE_S)
    assert last_end(4) == "unknown"


@pytest.mark.parametrize("source", ["/dev/null", "plain file"])
def test_a_stdin_that_cannot_be_waited_on_is_read_to_its_end(nodes: Nodes, tmp_path: Path, source: str) -> None:
    """Service managers give /dev/null; a shell's `<` gives a plain file."""
    path = Path(source)
    if source != "/dev/null":
        path = tmp_path / "readings"
        path.write_text(lines([LINE]))
    with path.open() as stdin:
        node = nodes.start("--stdin", stdin=stdin)
        _, said = node.communicate(timeout=PATIENCE_S)
    assert node.returncode == 0, said
    assert "Traceback" not in said
    assert len(nodes.rows()) == (0 if source == "/dev/null" else 1)


def test_lines_that_are_no_readings_are_named_and_the_good_ones_stored(nodes: Nodes) -> None:
    node = nodes.start("--stdin", "--raw")
    _, said = node.communicate(lines([RAW, RAW | {"rom": 1}, RAW | {"set_point": 9999}]) + "nonsense\n", timeout=PATIENCE_S)
    assert node.returncode == 1
    assert "unknown field 'rom'" in said
    assert "field 'set_point': 9999 is not allowed; allowed is 500 to 3000" in said
    assert "not JSON" in said
    assert [row[1] for row in nodes.rows()] == [0]


def test_a_command_is_sampled_at_the_contracts_period(nodes: Nodes) -> None:
    node = nodes.start("--command", f"echo '{json.dumps(LINE)}'")
    found = nodes.wait_for(4)
    node.send_signal(signal.SIGTERM)
    assert node.wait(PATIENCE_S) == 0
    assert found[0][2:] == tuple(RAW.values())


def test_a_command_that_fails_is_said_once_and_sampled_again(nodes: Nodes, tmp_path: Path) -> None:
    value = tmp_path / "value"
    node = nodes.start("--command", f"cat {value}")
    assert node.stderr is not None
    said = ""
    while "exit code" not in said:
        said = node.stderr.readline()
    value.write_text(json.dumps(LINE))
    nodes.wait_for(1)
    node.send_signal(signal.SIGTERM)
    assert node.wait(PATIENCE_S) == 0
    assert "exit code" not in node.stderr.read()


def test_a_file_is_sampled_and_its_last_line_counts(nodes: Nodes, tmp_path: Path) -> None:
    value = tmp_path / "value"
    value.write_text("old\n" + json.dumps(LINE) + "\n\n")
    node = nodes.start("--file", str(value))
    found = nodes.wait_for(1)
    node.send_signal(signal.SIGINT)
    assert node.wait(PATIENCE_S) == 0
    assert found[0][2:] == tuple(RAW.values())


def test_sealed_readings_outlive_a_kill_and_an_outage(nodes: Nodes) -> None:
    """Killed while the broker cannot be reached: what was sealed is sent by the next start, under its own boot."""
    node = nodes.start("--stdin", port=1)
    assert node.stdin is not None
    node.stdin.write(lines([LINE] * 24))  # a full batch, sealed at once
    node.stdin.flush()
    sealed = nodes.folder / "state" / "o0.entry"
    deadline = time.monotonic() + PATIENCE_S
    while not sealed.exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    node.kill()
    node.wait()
    again = nodes.start("--stdin")
    _, said = again.communicate(lines([LINE]), timeout=PATIENCE_S)
    assert again.returncode == 0, said
    assert [(row[0], row[1]) for row in nodes.rows()] == [(1, n) for n in range(24)] + [(2, 0)]


def test_a_reading_not_yet_due_outlives_a_stop_during_an_outage(nodes: Nodes) -> None:
    """SIGTERM while the broker cannot be reached: the open batch is made durable first, and the next start sends it."""
    node = nodes.start("--stdin", port=1)
    assert node.stdin is not None
    node.stdin.write(lines([LINE] * 3 + ["no reading"]))
    node.stdin.flush()
    assert node.stderr is not None
    while "no reading" not in node.stderr.readline():
        pass
    node.send_signal(signal.SIGTERM)
    _, said = node.communicate(timeout=PATIENCE_S)
    assert "3 records are not delivered yet" in said
    again = nodes.start("--stdin")
    _, said = again.communicate(lines([LINE]), timeout=PATIENCE_S)
    assert again.returncode == 0, said
    assert [(row[0], row[1]) for row in nodes.rows()] == [(1, 0), (1, 1), (1, 2), (2, 0)]


def test_an_unreachable_broker_is_named_and_what_is_kept_is_said(nodes: Nodes) -> None:
    node = nodes.start("--stdin", port=1)
    assert node.stdin is not None
    assert node.stderr is not None
    said = ""
    while "cannot connect" not in said:
        said = node.stderr.readline()
    assert "network" in said
    node.send_signal(signal.SIGTERM)
    _, rest = node.communicate(timeout=PATIENCE_S)
    assert node.returncode == 0, rest


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--stdin", "--message", "temperature"], "heater/1.3.0 has no message 'temperature'"),
        (["--stdin", "--url", "http://x"], "not a broker's address"),
        (["--stdin", "--ca", "/no/such/ca.pem"], "--ca /no/such/ca.pem: no such file"),
        (["--stdin", "--device", "a b"], "--device 'a b'"),
        (["--stdin", "--state", "/proc/nowhere"], "state /proc/nowhere cannot be opened"),
    ],
)
def test_wrong_use_is_refused_with_the_option_and_the_remedy(nodes: Nodes, options: list[str], says: str) -> None:
    node = nodes.start(*options)
    _, said = node.communicate("", timeout=PATIENCE_S)
    assert node.returncode == 2
    assert says in said
    assert "Traceback" not in said


def test_a_bad_contract_is_told_with_its_line(nodes: Nodes, tmp_path: Path) -> None:
    bad = tmp_path / "contract.yaml"
    bad.write_text(nodes.contract.read_text(encoding="utf-8").replace("type: u16", "type: u99"), encoding="utf-8")
    nodes.contract = bad
    node = nodes.start("--stdin")
    _, said = node.communicate("", timeout=PATIENCE_S)
    assert node.returncode == 2
    assert f"{bad}:" in said
    assert "u99" in said
