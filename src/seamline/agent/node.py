"""`seamline agent run`: one real Linux node.

Its readings come from a command, a file or stdin; its outbox lives in a folder that survives a power cut.
"""

import asyncio
import contextlib
import re
import secrets
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol, cast

from seamline.agent.certificate import common_name
from seamline.agent.driver import Driver, Times, held_records
from seamline.agent.mqtt import MqttPort
from seamline.agent.readings import ReadingError, choose_message, pack_line
from seamline.agent.sources import CommandSampler, FileSampler, Sampler, SourceError, stdin_lines
from seamline.agent.store import FileStore, StoreError
from seamline.agent.tls import Endpoint, TlsError, device_context, parse_url
from seamline.contract import Contract, ContractErrors, load, policy
from seamline.contract.model import Message
from seamline.device import OVER_RATE, Core
from seamline.state_home import state_home

DEVICE_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
BOOT_ID_FILE: Final = Path("/proc/sys/kernel/random/boot_id")
DRAIN_TIMEOUT_S: Final = 30.0
"""How long the end of stdin waits for the hub to take what is left."""
STOP_TIMEOUT_S: Final = 3.0
"""How long SIGTERM does: service managers lose patience, and a power button sooner."""
DRAIN_POLL_S: Final = 0.1

EXIT_OK: Final = 0
EXIT_BROKEN: Final = 1
EXIT_USAGE: Final = 2


class Options(Protocol):
    """What the command line gives."""

    contract: str
    device: str
    url: str
    ca: str | None
    cert: str | None
    key: str | None
    state: str | None
    command: str | None
    file: str | None
    stdin: bool
    raw: bool


class UsageError(Exception):
    """The options do not fit together; the text says what to write instead."""


@dataclass(frozen=True, slots=True)
class Setup:
    """Everything checked, nothing opened yet."""

    contract: Contract
    message: Message
    device: str
    endpoint: Endpoint
    state: Path
    sampler: Sampler | None
    raw: bool
    firmware: str


def main(options: Options) -> int:
    """Run until stdin ends or a signal comes. 0 delivered or kept safely, 1 a promise did not hold, 2 wrong use."""
    try:
        setup = prepare(options)
        store = FileStore(setup.state)
    except ContractErrors as errors:
        for problem in errors.problems:
            _say(str(problem))
        return EXIT_USAGE
    except (UsageError, ReadingError, TlsError, StoreError) as error:
        _say(f"error: {error}")
        return EXIT_USAGE
    try:
        return asyncio.run(Node(setup, store).run())
    except StoreError as error:
        _say(f"error: {error}")
        return EXIT_BROKEN
    finally:
        store.close()


def prepare(options: Options) -> Setup:
    """Check the options. Raises ContractErrors, UsageError, ReadingError, TlsError."""
    if not DEVICE_ID.fullmatch(options.device):
        message = f"--device {options.device!r}: 1 to 64 of A-Z a-z 0-9 _ -"
        raise UsageError(message)
    sources = [name for name in ("command", "file", "stdin") if getattr(options, name)]
    if len(sources) != 1:
        message = "say where the readings come from: one of --command CMD, --file FILE, --stdin"
        raise UsageError(message)
    path = Path(options.contract)
    contract = load(path / "contract.yaml" if path.is_dir() else path)
    sampler: Sampler | None = None
    if options.command:
        sampler = CommandSampler(options.command)
    elif options.file:
        sampler = FileSampler(Path(options.file))
    return Setup(
        contract=contract,
        message=choose_message(contract, cast("str | None", getattr(options, "message", None))),
        device=options.device,
        endpoint=_endpoint(options),
        state=Path(options.state) if options.state else default_state(options.device),
        sampler=sampler,
        raw=options.raw,
        firmware=cast("str | None", getattr(options, "firmware", None)) or contract.version,
    )


def default_state(device: str) -> Path:
    """Return where a device's state lives when nobody says otherwise (XDG base directories)."""
    return state_home() / "agent" / device


def _endpoint(options: Options) -> Endpoint:
    host, port, secure = parse_url(options.url)
    if not secure:
        return Endpoint(host, port)
    if not (options.ca and options.cert and options.key):
        message = f"{options.url} needs --ca, --cert and --key: a device is known by its certificate"
        raise UsageError(message)
    context = device_context(Path(options.ca), Path(options.cert), Path(options.key))
    named = common_name(Path(options.cert))
    if named is not None and named != options.device:  # the broker would say no more than "refused"
        whose = f"the certificate of {named!r}, not of {options.device!r}"
        message = f"--cert {options.cert} is {whose}: give the device's own, or --device {named}"
        raise UsageError(message)
    return Endpoint(host, port, context)


class Node:
    """One run of one device."""

    def __init__(self, setup: Setup, store: FileStore) -> None:
        self._setup = setup
        self._store = store
        self._refused_lines = 0
        self._last_complaint = ""
        self._failure: BaseException | None = None
        self._began = time.monotonic()
        self._core = Core(policy(setup.contract), setup.device, lambda: secrets.randbits(32), store.load())
        timing = setup.contract.timing
        self._driver = Driver(
            self._core,
            MqttPort(setup.device, setup.endpoint),
            store,
            Times(timing.connect_timeout_ms, timing.keep_alive_ms),
            self._uptime_ms,
            failed=self._failed,
            apply=self._refuse_wish,
            watcher=_Log(),
        )
        self._stopping = asyncio.Event()

    async def run(self) -> int:
        """Read and deliver until told to stop. Raises StoreError."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._stopping.set)
        async with asyncio.TaskGroup() as group:
            self._driver.start(group, self._reset(), self._setup.firmware)
            reading = group.create_task(self._read())
            stopped = group.create_task(self._stopping.wait())
            await asyncio.wait((reading, stopped), return_when=asyncio.FIRST_COMPLETED)
            ended = reading.done()
            reading.cancel()
            code = await self._deliver(DRAIN_TIMEOUT_S if ended else STOP_TIMEOUT_S, until_stopped=ended)
            stopped.cancel()
            self._driver.poke(self._core.stop)
            await self._driver.settle()
            await self._driver.close()
        if self._failure is not None:
            raise self._failure
        return EXIT_BROKEN if self._refused_lines and self._setup.sampler is None else code

    async def _read(self) -> None:
        if self._setup.sampler is None:
            async for line in stdin_lines():
                self._record(line)
            return
        period_s = self._setup.message.sample_ms / 1000
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            try:
                self._record(await self._setup.sampler.sample(period_s))
            except SourceError as error:
                self._complain(str(error))
            due = max(due + period_s, loop.time())
            await asyncio.sleep(due - loop.time())

    def _record(self, line: str) -> None:
        try:
            body = pack_line(line, self._setup.message, raw=self._setup.raw)
        except ReadingError as error:
            self._refused_lines += 1
            self._complain(str(error))
            return
        self._last_complaint = ""
        if self._failure is None:
            sequence = self._driver.record(self._setup.message.id, body)
            if sequence == OVER_RATE:
                self._refused_lines += 1
                self._complain(f"more events than {self._setup.message.at_most}: this one is not recorded")

    async def _deliver(self, timeout_s: float, *, until_stopped: bool) -> int:
        """Seal what is open, make it durable, and wait until the hub has everything, for `timeout_s` at most."""
        if self._failure is not None:
            return EXIT_BROKEN
        self._driver.poke(self._core.flush)
        await self._driver.settle()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                while self._held() and not (until_stopped and self._stopping.is_set()):  # noqa: ASYNC110 - books ring no bell
                    await asyncio.sleep(DRAIN_POLL_S)
        held = self._held()
        if not held:
            return EXIT_OK
        if self._setup.contract.buffer.store == "flash":
            _say(f"{held} records are not delivered yet; they are kept in {self._setup.state} and sent at the next start")
            return EXIT_BROKEN if until_stopped else EXIT_OK
        _say(f"{held} records could not be delivered and are lost: this contract buffers in RAM")
        return EXIT_BROKEN

    def _held(self) -> int:
        return held_records(self._core.books())

    def _reset(self) -> str:
        """Tell a restart of this program from one of the machine, by the kernel's boot id."""
        path = self._setup.state / "boot_id"
        try:
            now = BOOT_ID_FILE.read_bytes().strip()
            before = path.read_bytes() if path.exists() else b""
        except OSError:
            return "unknown"
        if before == now:
            return "software"
        with contextlib.suppress(OSError):  # a full disk is the store's to report; the next restart is then told from this boot
            path.write_bytes(now)
        return "power_on"

    def _refuse_wish(self, name: str, value: object, version: int) -> None:
        """Answer a wish: a bare node has nothing to apply it to, and says so instead of leaving it open."""
        _say(f"the hub asks for {name} = {value!r}; this node has no {name} to set")
        self._driver.poke(lambda now_ms: self._core.report(now_ms, name, None, version, "not_supported"))

    def _failed(self, error: BaseException) -> None:
        self._failure = error
        self._stopping.set()

    def _complain(self, text: str) -> None:
        """Say what is wrong with the readings, once for as long as it stays the same."""
        if text != self._last_complaint:
            self._last_complaint = text
            _say(f"no reading: {text}")

    def _uptime_ms(self) -> int:
        return int((time.monotonic() - self._began) * 1000)


class _Log:
    """Says on stderr what becomes of the connection."""

    def __init__(self) -> None:
        self._last = ""

    def published(self, kind: str, payload: bytes) -> None: ...

    def received(self, kind: str, payload: bytes) -> None: ...

    def link(self, state: str, reason: str) -> None:
        text = {"connected": "connected", "failed": f"cannot connect: {reason}", "ended": f"connection ended: {reason}"}[state]
        if text != self._last:
            self._last = text
            _say(text)


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()
