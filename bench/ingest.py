"""How fast readings become durable rows: `python bench/ingest.py [--quick] [--processes 1|2] [--keep-log]`.

The whole path on this machine, load generator included: MQTT at QoS 1 → broker → stream → ingest → PostgreSQL, each message
one reading of one of two layouts. A figure counts messages from the first byte sent until the ledger says that every one of
them is stored; nothing is batched by the sender beyond what the figure's name says.

    pipelined       many messages under way per device; against the broker alone with the same load
    one_in_flight   2,000 devices, each waiting for its acknowledgement before the next; against the broker alone
    drain           a backlog in the stream with nobody sending; against a plain COPY of the same rows
    database_away   the same, sent while the database is away; its peak is that of the outage, drained once it is back
    broker_bound    the pipelined load with no hub reading
    copy_bound      the same rows by binary COPY into the same table with its indexes, nothing else

The last line is JSON. CPU is given in microseconds a message for each process, and for ingest by stage.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psutil
import psycopg
from mqtt_load import FAMILY, reading

from seamline.hub.binary_copy import SIGNATURE, TRAILER, Writer
from seamline.hub.columns import Decoder
from seamline.stack.binaries import find_nats_server
from seamline.stack.stack import Stack
from seamline.testing.stack import stack

ROOT = Path(__file__).parent.parent
READY_S = 30.0
POLL_S = 0.05
STALL_S = 60.0
SENT_S = 300.0
# By default a stream drops what comes while 10,000 messages wait for its disk, acknowledged to the publisher or not. Custody
# mends that (the device sends again), but a load that sends once needs room for all it may have under way.
BUFFERS = "max_buffered_msgs: 1000000, max_buffered_size: 268435456"
WINDOW = 50
"""Messages a device has under way in the pipelined shapes: 10,000 with 200 devices. The broker queues about so many requests to
its store and drops connections beyond."""


@dataclass
class Figure:
    """One measured shape: messages a second, microseconds of CPU a message by process, peak memory of ingest in MB."""

    value: float
    cpu_us: dict[str, float] = field(default_factory=dict)
    peak_mb: float = 0.0


@dataclass
class Bench:
    """The parts that every figure uses."""

    folder: Path
    dsn: str
    postgres: psutil.Process
    processes: int
    broker_pid: int = 0
    mqtt_port: int = 0
    nats_port: int = 0

    @contextmanager
    def broker(self) -> Generator[None]:
        """A broker with an empty stream: plain MQTT on loopback."""
        store = self.folder / "broker"
        shutil.rmtree(store, ignore_errors=True)
        self.mqtt_port, self.nats_port = _port(), _port()
        config = self.folder / "broker.conf"
        config.write_text(
            f'server_name: bench\nlisten: "127.0.0.1:{self.nats_port}"\njetstream {{ store_dir: "{store}", {BUFFERS} }}\n'
            f'mqtt {{ listen: "127.0.0.1:{self.mqtt_port}" }}\n'
        )
        server = subprocess.Popen([find_nats_server(), "-c", config], stderr=subprocess.DEVNULL)
        self.broker_pid = server.pid
        try:
            _until(lambda: _open(self.mqtt_port) and _open(self.nats_port), "broker")
            yield
        finally:
            server.terminate()
            server.wait(READY_S)

    @contextmanager
    def ingest(self) -> Generator[list[psutil.Process]]:
        """The hub's ingest role, in one or two processes, once it reads."""
        told = {
            "nats_url": f"nats://127.0.0.1:{self.nats_port}",
            "dsn": self.dsn,
            "http_port": 0,
            "contracts": [str(ROOT / FAMILY)],
            "hub": {"partitions": 2},
        }
        (self.folder / "settings.json").write_text(json.dumps(told))
        splits = ["0,1"] if self.processes == 1 else ["0", "1"]
        command = (sys.executable, "-m", "seamline.hub.role", "--state", str(self.folder), "--role", "ingest")
        with (self.folder / "hub.log").open("ab") as log:
            running = [subprocess.Popen([*command, "--partitions", split], stderr=log) for split in splits]
        try:
            _until(lambda: self.count("ingest_position") == 2, "ingest")
            yield [psutil.Process(process.pid) for process in running]
        finally:
            for process in running:
                process.send_signal(signal.SIGTERM)
            for process in running:
                process.wait(READY_S)

    def count(self, table: str, what: str = "count(*)") -> int:
        """A count in the database; 0 while the table is not there."""
        try:
            with psycopg.connect(self.dsn) as connection:
                query = f"SELECT coalesce({what}, 0)::int8 FROM {table}"  # noqa: S608 - our own words
                row = connection.execute(query).fetchone()
        except psycopg.errors.UndefinedTable:
            return 0
        return int(row[0]) if row else 0

    def empty(self) -> None:
        """Start over with the tables."""
        with psycopg.connect(self.dsn, options="-c lock_timeout=10s") as connection:
            for name in ("ledger", "device", "presence", "boot", "incarnation", "ingest_position", "r_heater_reading"):
                if connection.execute("SELECT to_regclass(%s)", (name,)).fetchone() != (None,):
                    connection.execute(f"TRUNCATE {name}")

    @contextmanager
    def load(self, devices: int, messages: int, window: int) -> Generator[subprocess.Popen[str]]:
        """The generator, connected and waiting for its start."""
        words = [str(word) for word in (self.mqtt_port, devices, messages, window)]
        process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("mqtt_load.py")), *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        try:
            if (word := process.stdout.readline() if process.stdout else "") != "ready\n":
                raise SystemExit(f"the generator did not connect: {word!r}")
            yield process
        finally:
            process.kill()
            process.wait()


def through(bench: Bench, devices: int, messages: int, window: int) -> Figure:
    """The whole path, from the first byte sent to the last row counted in the ledger."""
    bench.empty()
    with bench.broker(), bench.ingest() as hub, bench.load(devices, messages, window) as load:
        cpu = _Cpu(bench, hub)
        started = time.perf_counter()
        told = _start(load)
        seconds = _stored(bench, int(told["messages"])) - started
        return Figure(told["messages"] / seconds, cpu.per_message(told), _peak_mb(hub))


def alone(bench: Bench, devices: int, messages: int, window: int) -> Figure:
    """The broker alone: the same load into the stream, nobody reads."""
    bench.empty()
    with bench.broker():
        with bench.ingest():
            pass  # makes the stream
        with bench.load(devices, messages, window) as load:
            cpu = _Cpu(bench, [])
            told = _start(load)
            return Figure(told["messages"] / told["seconds"], cpu.per_message(told))


def drained(bench: Bench, devices: int, messages: int) -> Figure:
    """A backlog: everything is in the stream before ingest starts; counted from its first row."""
    bench.empty()
    with bench.broker():
        with bench.ingest():
            pass
        bench.empty()
        with bench.load(devices, messages, WINDOW) as load:
            told = _start(load)
        with bench.ingest() as hub:
            cpu = _Cpu(bench, hub)
            first, at_first = _first(bench)
            seconds = _stored(bench, int(told["messages"])) - first
            return Figure((told["messages"] - at_first) / seconds, cpu.per_message({**told, "cpu_s": 0.0}), _peak_mb(hub))


def away(bench: Bench, database: Stack, devices: int, messages: int) -> Figure:
    """Everything is sent while the database is away: how much ingest holds then, and how fast it goes on from its first row."""
    bench.empty()
    with bench.broker(), bench.ingest() as hub, bench.load(devices, messages, WINDOW) as load:
        with database.without("postgres"):
            told = _start(load)
            held_mb = _peak_mb(hub)
        bench.postgres = psutil.Process(database.pid("postgres"))
        first, at_first = _first(bench)
        seconds = _stored(bench, int(told["messages"])) - first
        return Figure((told["messages"] - at_first) / seconds, peak_mb=held_mb)


def copied(bench: Bench, messages: int) -> Figure:
    """The same rows by COPY, 10,000 a transaction, into the same table."""
    bench.empty()
    layout = reading(3)
    writer, decoder = Writer(layout), Decoder(layout)
    body = np.frombuffer(layout.pack_record(0, {one.name: one.raw_range[0] for one in layout.fields}), np.uint8)
    fields = np.tile(body, 10_000).view(decoder.dtype)
    now_us, seconds = time.time_ns() // 1000, 0.0
    with psycopg.connect(bench.dsn, autocommit=True) as connection:
        for start in range(0, messages, 10_000):
            number = np.arange(start, start + 10_000)
            keys = {
                "device_no": number % 1000, "incarnation": number * 0 + 1, "boot": number * 0 + 1, "seq": number // 1000,
                "arrival": number * 0 + now_us, "uptime_ms": number * 100, "measured": number * 0 + now_us + number,
                "error_ms": number * 0, "quality": number * 0, "revision": number * 0, "digest": number * 7919,
            }  # fmt: skip
            rows = writer.rows(keys, np.ones(10_000, np.bool_), fields)
            began = time.perf_counter()
            with connection.cursor().copy(writer.statement) as copy:
                copy.write(SIGNATURE + rows + TRAILER)
            seconds += time.perf_counter() - began
    return Figure(messages / seconds)


class _Cpu:
    """CPU seconds of each process from now on."""

    def __init__(self, bench: Bench, hub: list[psutil.Process]) -> None:
        self._of = {"broker": [psutil.Process(bench.broker_pid)], "ingest": hub}
        self._bench = bench
        self._before = {name: self._sum(own) for name, own in self._of.items()}
        self._postgres = self._family()

    def per_message(self, told: dict[str, float]) -> dict[str, float]:
        """Microseconds a message by process; the generator's from what it said."""
        count = told["messages"]
        used = {name: self._sum(own) - self._before[name] for name, own in self._of.items() if own}
        used["postgres"] = self._family() - self._postgres
        used["generator"] = told["cpu_s"]
        return {name: round(seconds / count * 1e6, 2) for name, seconds in used.items()}

    def _family(self) -> float:
        """PostgreSQL with its children, those that have ended included."""
        root = self._bench.postgres
        own = root.cpu_times()
        return own.children_user + own.children_system + self._sum([root, *root.children(recursive=True)])

    @staticmethod
    def _sum(processes: list[psutil.Process]) -> float:
        total = 0.0
        for process in processes:
            try:
                times = process.cpu_times()
            except psutil.NoSuchProcess:
                continue
            total += times.user + times.system
        return total


def _start(load: subprocess.Popen[str]) -> dict[str, float]:
    """Let the generator go, and wait for what it says."""
    said, _ = load.communicate("go\n", timeout=SENT_S)
    return json.loads(said)


def _stored(bench: Bench, messages: int) -> float:
    """Wait until so many are stored; returns when."""
    last, changed = -1, time.perf_counter()
    while True:
        now = time.perf_counter()
        stored = bench.count("ledger", "sum(stored)")
        if stored >= messages:
            return now
        if stored != last:
            last, changed = stored, now
        if now - changed > STALL_S:
            raise SystemExit(f"stalled at {stored} of {messages}: see {bench.folder}/hub.log")
        time.sleep(POLL_S)


def _first(bench: Bench) -> tuple[float, int]:
    """Wait for the first rows; returns when, and how many."""
    while not (stored := bench.count("ledger", "sum(stored)")):
        time.sleep(POLL_S / 5)
    return time.perf_counter(), stored


def _peak_mb(processes: list[psutil.Process]) -> float:
    """The highest resident memory any of them ever had."""
    said = "".join(Path(f"/proc/{one.pid}/status").read_text() for one in processes).splitlines()
    return round(max((int(line.split()[1]) for line in said if line.startswith("VmHWM")), default=0) / 1024, 1)


def _port() -> int:
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        return int(made.getsockname()[1])


def _open(port: int) -> bool:
    with socket.socket() as made:
        return made.connect_ex(("127.0.0.1", port)) == 0


def _until(holds: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + READY_S
    while not holds():
        if time.monotonic() > deadline:
            raise SystemExit(f"{what} did not start")
        time.sleep(0.02)


def measure(bench: Bench, database: Stack, *, quick: bool) -> dict[str, tuple[Figure, str, Figure | None]]:
    """Every figure with its peer."""
    many, few = (150_000, 60_000) if quick else (1_000_000, 300_000)
    devices = 200
    with bench.broker(), bench.ingest():
        pass  # makes the tables
    copy = copied(bench, many)
    broker = alone(bench, devices, many, WINDOW)
    broker_one = alone(bench, 2_000, few, 1)
    return {
        "pipelined": (through(bench, devices, many, WINDOW), "broker_bound", broker),
        "one_in_flight": (through(bench, 2_000, few, 1), "broker with one in flight", broker_one),
        "drain": (drained(bench, devices, many), "copy_bound", copy),
        "database_away": (away(bench, database, devices, many), "copy_bound", copy),
        "copy_bound": (copy, "", None),
        "broker_bound": (broker, "", None),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="under a minute")
    parser.add_argument("--processes", type=int, choices=(1, 2), default=1, help="ingest processes")
    parser.add_argument("--keep-log", action="store_true", help="print the hub's log at the end")
    told = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="seamline-bench-"))
    try:
        with stack(children=("postgres",)) as database:
            pid = database.pid("postgres")
            bench = Bench(folder, database.dsn, psutil.Process(pid), told.processes)
            figures = measure(bench, database, quick=told.quick)
        if told.keep_log:
            sys.stderr.write((folder / "hub.log").read_text())
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    for name, (figure, against, peer) in figures.items():
        ratio = f"{figure.value / peer.value:5.2f} of {against} ({peer.value:,.0f})" if peer else ""
        print(f"{name:14} {figure.value:>10,.0f} messages/s  {ratio}")
        spent = ", ".join(f"{part} {used:g}" for part, used in figure.cpu_us.items())
        notes = [f"µs CPU a message: {spent}"] * bool(spent) + [f"ingest peak {figure.peak_mb} MB"] * bool(figure.peak_mb)
        if notes:
            print(f"{'':14}   {'; '.join(notes)}")
    print(json.dumps({"bench": "ingest", "processes": told.processes, "figures": {
        name: {"value": round(figure.value), "unit": "messages/s", "against": against or None,
               "ratio": round(figure.value / peer.value, 3) if peer else None, "cpu_us": figure.cpu_us, "peak_mb": figure.peak_mb}
        for name, (figure, against, peer) in figures.items()}}))  # fmt: skip


if __name__ == "__main__":
    os.chdir(ROOT)
    main()
