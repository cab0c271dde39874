"""`seamline demo` as a person runs it: exit codes, figures, Ctrl-C, twice at once, nothing left behind."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Generator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from seamline.rig.plan import Kind, rounds
from seamline.testing.wait import until

KEYS = {
    "numbered", "stored", "quarantined", "declined", "lost", "owed", "duplicates_received", "duplicates_stored", "misdated",
    "value_mismatches", "by_contract_version", "latency_ms", "seconds_to_first_reading",
}  # fmt: skip
PATIENCE_S = 240
LINES_MAX = 60


class Demos:
    """Starts demos, each with its own temporary folder, and ends what a failed test leaves."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.started: list[subprocess.Popen[str]] = []

    def start(self, *options: str) -> "subprocess.Popen[str]":
        temporary = self.folder / f"tmp-{len(self.started)}"
        temporary.mkdir()
        demo = subprocess.Popen(
            [sys.executable, "-m", "seamline", "demo", "--port", "0", *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            env=os.environ | {"TMPDIR": str(temporary)},
            start_new_session=True,
        )
        self.started.append(demo)
        return demo

    def left_over(self) -> list[str]:
        return [
            str(path)
            for folder in self.folder.glob("tmp-*")
            for path in folder.iterdir()
            if not path.name.startswith("seamline-ports")
        ]

    def end(self) -> None:
        for demo in self.started:
            with suppress(ProcessLookupError):
                os.killpg(demo.pid, signal.SIGKILL)
            demo.communicate()


@pytest.fixture
def demos() -> Generator[Demos]:
    # A short path: the database's socket must fit into the 107 bytes of a socket's name.
    with tempfile.TemporaryDirectory(prefix="sd-", ignore_cleanup_errors=True) as folder:
        made = Demos(Path(folder))
        yield made
        made.end()


def wait_for_line(demo: "subprocess.Popen[str]", words: str) -> str:
    assert demo.stdout is not None
    said = ""
    for line in demo.stdout:
        said += line
        if words in line:
            return said
    raise AssertionError(said)


def figures(file: Path) -> dict[str, object]:
    return json.loads(file.read_text(encoding="utf-8"))


@pytest.mark.slow
def test_a_short_demo_proves_that_every_record_is_where_it_belongs(demos: Demos, tmp_path: Path) -> None:
    file = tmp_path / "out.json"
    demo = demos.start("--devices", "24", "--seconds", "10", "--seed", "7", "--json", str(file))
    said, _ = demo.communicate(timeout=PATIENCE_S)
    assert demo.returncode == 0, said
    told = figures(file)
    assert told.keys() >= KEYS
    assert told["broken"] == []
    classed = sum(told[name] for name in ("stored", "quarantined", "declined", "lost", "owed"))
    assert told["numbered"] == classed
    assert (told["duplicates_stored"], told["misdated"], told["value_mismatches"], told["owed"]) == (0, 0, 0, 0)
    assert told["quarantined"] == 5  # the frame of an unregistered build
    assert told["lost"] > 0  # power cuts: what was in RAM is gone, and is said to be
    assert set(told["by_contract_version"]) == {"1.2.0", "1.3.0"}
    assert told["latency_ms"]["p50"] <= told["latency_ms"]["p99"]
    assert "http://127.0.0.1:" in said
    assert len(said.splitlines()) < LINES_MAX
    assert demos.left_over() == []


def presence(url: str, device: str) -> str:
    with urllib.request.urlopen(f"{url}/api/fleet?q={device}", timeout=10) as answer:
        rows = json.load(answer)["rows"]
    return rows[0]["presence"] if rows else "unknown"


@pytest.mark.slow
def test_within_half_a_minute_a_device_out_of_reach_is_seen_silent_then_lost_then_back(demos: Demos) -> None:
    fault = next(fault for fault in next(rounds(7, 24, 30.0)) if fault.kind is Kind.OUT_OF_REACH)
    demo = demos.start("--devices", "24", "--seconds", "30", "--seed", "7")
    url = re.search(r"http://[\d.:]+", wait_for_line(demo, "the page is at"))
    assert url
    seen: list[str] = []

    def told() -> list[str]:
        now = presence(url[0], f"heater-{fault.device + 1:04d}")
        if seen[-1:] != [now]:
            seen.append(now)
        return seen

    for state in ("online", "silent", "presumed_lost", "online"):
        until(lambda state=state: told()[-1] == state, f"{state} after {seen}", 60)
    demo.communicate(timeout=PATIENCE_S)
    assert demo.returncode == 0


@pytest.mark.slow
def test_ctrl_c_ends_two_demos_at_once_with_a_summary_and_leaves_nothing(demos: Demos) -> None:
    both = [demos.start("--devices", "5"), demos.start("--devices", "5")]
    children: list[psutil.Process] = []
    for demo in both:
        wait_for_line(demo, "measuring: ")
        children += psutil.Process(demo.pid).children(recursive=True)
    assert len(children) >= 2 * 4
    for demo in both:
        os.killpg(demo.pid, signal.SIGINT)  # as a terminal does: to all of the foreground group
    for demo in both:
        said, _ = demo.communicate(timeout=PATIENCE_S)
        assert demo.returncode == 0, said
        assert "every record is in exactly one class" in said
    _, alive = psutil.wait_procs(children, timeout=10)
    assert alive == []
    assert demos.left_over() == []


@pytest.mark.slow
def test_a_second_ctrl_c_does_not_wait(demos: Demos) -> None:
    demo = demos.start("--devices", "5")
    wait_for_line(demo, "measuring: ")
    children = psutil.Process(demo.pid).children(recursive=True)
    demo.send_signal(signal.SIGINT)
    demo.send_signal(signal.SIGINT)
    said, _ = demo.communicate(timeout=PATIENCE_S)
    assert demo.returncode in {0, 130}, said  # 0 when the rest was delivered between the two
    assert "Traceback" not in said
    _, alive = psutil.wait_procs(children, timeout=10)
    assert alive == []
    assert demos.left_over() == []


@pytest.mark.slow
def test_a_folder_that_cannot_be_written_is_a_clear_error(demos: Demos) -> None:
    demo = demos.start("--devices", "5", "--state", "/proc/nowhere")
    said, _ = demo.communicate(timeout=PATIENCE_S)
    assert demo.returncode == 5
    assert "/proc/nowhere" in said
    assert "Traceback" not in said


@pytest.mark.slow
@pytest.mark.heavy
@pytest.mark.parametrize("seed", [1, 2])
def test_chaos_ends_with_nothing_owed_and_balanced_books(demos: Demos, tmp_path: Path, seed: int) -> None:
    file = tmp_path / "out.json"
    demo = demos.start("--devices", "60", "--seconds", "20", "--chaos", "--seed", str(seed), "--json", str(file))
    said, _ = demo.communicate(timeout=PATIENCE_S)
    assert demo.returncode == 0, said
    told = figures(file)
    faults = told["faults"]
    for name in ("hub killed", "broker killed", "database killed", "every connection cut"):
        assert faults[name] == 1
    assert faults["power cut"] >= 6
    assert (told["owed"], told["duplicates_stored"], told["value_mismatches"], told["misdated"]) == (0, 0, 0, 0)
