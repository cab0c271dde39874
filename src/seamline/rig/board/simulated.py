"""A simulated board: `python -m seamline.rig.board.simulated CONFIG.json`, a process with its console on standard input and output.

It runs the device core and the agent's driver over real MQTT with mutual TLS, keeps its flash in a folder, measures what waves,
says its lines and obeys every command. SIGKILL is its power cut.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import socket
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final, cast

from seamline.agent.driver import Driver, Times
from seamline.agent.mqtt import MqttPort
from seamline.agent.store import ENTRY_SUFFIX, Change, FileStore
from seamline.agent.tls import Endpoint, device_context
from seamline.contract import Contract, load_family, policy
from seamline.contract.model import Message
from seamline.contract.pace import Pace
from seamline.device.spoken import SpokenCore
from seamline.rig.board.console import COMMAND_MARK
from seamline.rig.board.timeserver import FROM_1900_S, PACKET_BYTES
from seamline.rig.values import Sensor

COMMANDS: Final = ("hello", "held", "rest", "work", "stop", "erase")
RESET_VARIABLE: Final = "SEAMLINE_BOARD_RESET"
"""How this boot came about, where the board restarted itself."""
NTP_EVERY_S: Final = 5.0
READ_BYTES: Final = 4096


@dataclass(frozen=True, slots=True)
class Config:
    """What the board was flashed with. `version` "" is the newest; `ntp_port` 0: it asks nobody for the time."""

    device: str
    contract: str
    state: str
    host: str
    port: int
    ca: str
    cert: str
    key: str
    version: str = ""
    pace: int = 1
    publish_every_ms_max: int = 0
    store: str = ""
    ntp_host: str = ""
    ntp_port: int = 0

    def model(self) -> Contract:
        """The contract at the board's pace."""
        family = load_family(Path(self.contract))
        contract = family.versions[self.version] if self.version else family.current
        return Pace(self.pace, self.publish_every_ms_max).contract(contract)


class Flash:
    """A FileStore whose writes are done when they return, as a board's are."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._store = FileStore(folder)

    def load(self) -> dict[str, bytes]:
        """See Store.load."""
        return self._store.load()

    def write(self, changes: Sequence[Change]) -> None:
        """See Store.write."""
        self._store.write_now(changes)

    def close(self) -> None:
        """Let the next boot have it."""
        self._store.close()

    def erase(self) -> None:
        """Wipe it."""
        for entry in self._folder.glob(f"*{ENTRY_SUFFIX}"):
            entry.unlink()


class Board:
    """One boot."""

    def __init__(self, config: Config, keys: int = 0, screen: int = 1) -> None:
        """`keys` and `screen`: descriptors of the console's two directions."""
        contract = config.model()
        self._keys = keys
        self._screen = screen
        self._config = config
        self._contract = contract
        self._began_s = time.monotonic()
        self._flash = Flash(Path(config.state))
        built = policy(contract) | ({"store": config.store} if config.store else {})
        obeys = [*COMMANDS, *(["ntp"] if config.ntp_port else [])]
        stored = self._flash.load()
        self._core = SpokenCore(built, config.device, lambda: secrets.randbits(32), stored, self._write, obeys)
        tls = device_context(Path(config.ca), Path(config.cert), Path(config.key))
        self._driver = Driver(
            self._core,
            MqttPort(config.device, Endpoint(config.host, config.port, tls)),
            self._flash,
            Times(contract.timing.connect_timeout_ms, contract.timing.keep_alive_ms),
            self._uptime_ms,
            failed=self._failed,
            apply=self._obey,
        )
        self._timers: dict[int, asyncio.TimerHandle] = {}
        self._typed = b""
        self._ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def run(self) -> str:
        """Run until told to end; returns the reset that follows. Raises what the core or its driver failed with."""
        asyncio.get_running_loop().add_reader(self._keys, self._type)
        async with asyncio.TaskGroup() as group:
            self._driver.start(group, os.environ.get(RESET_VARIABLE, "power_on"), self._contract.version)
            self._measure_all()
            asking = group.create_task(self._ask_time()) if self._config.ntp_port else None
            try:
                return await self._ended
            finally:
                if asking is not None:
                    asking.cancel()
                self._rest()
                asyncio.get_running_loop().remove_reader(self._keys)
                await self._driver.close()
                self._flash.close()

    def _uptime_ms(self) -> int:
        return int((time.monotonic() - self._began_s) * 1000)

    def _failed(self, error: BaseException) -> None:
        if not self._ended.done():
            self._ended.set_exception(error)

    def _obey(self, name: str, value: object, version: int) -> None:
        self._driver.poke(lambda now_ms: self._core.report(now_ms, name, value, version))

    # -- sensors -------------------------------------------------------------------------------------------------------

    def _measure_all(self) -> None:
        for message in self._contract.messages.values():
            random = Random(f"{self._config.device}/{message.id}")  # noqa: S311  # waves, not secrets
            self._measure(message, Sensor(message.layout, random))

    def _measure(self, message: Message, sensor: Sensor) -> None:
        loop = asyncio.get_running_loop()
        self._timers[message.id] = loop.call_later(message.sample_ms / 1000, self._measure, message, sensor)
        values = sensor.read(time.monotonic() - self._began_s)
        self._core.read(values)
        self._driver.record(message.id, message.layout.pack(values))

    def _rest(self) -> None:
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    # -- console -------------------------------------------------------------------------------------------------------

    def _type(self) -> None:
        data = os.read(self._keys, READ_BYTES)
        if not data:
            asyncio.get_running_loop().remove_reader(self._keys)
        *lines, self._typed = (self._typed + data).split(b"\n")
        for line in lines:
            text = line.decode("ascii", "replace").strip()
            if text.startswith(COMMAND_MARK):
                self._command(text.removeprefix(COMMAND_MARK))

    def _write(self, text: str) -> None:
        data = text.encode()
        while data:
            data = data[os.write(self._screen, data) :]

    def _command(self, word: str) -> None:
        match word:
            case "hello":
                self._core.hello(self._uptime_ms())
            case "held":
                self._core.say_held(self._uptime_ms())
            case "rest":
                self._rest()
                self._core.say("rest", self._uptime_ms())
                self._driver.poke(self._core.flush)
            case "work":
                self._core.say("work", self._uptime_ms())
                self._rest()
                self._measure_all()
            case "stop":
                self._core.say("stopping", self._uptime_ms())
                self._driver.poke(self._core.stop)
                self._end()
            case "erase":
                self._driver.cut()
                self._flash.erase()
                self._end()
            case _:
                return

    def _end(self) -> None:
        if not self._ended.done():
            self._ended.set_result("software")

    async def _ask_time(self) -> None:
        """Ask the time server now and then; what does not come in a second is not waited for."""
        while True:
            sent_ms = self._uptime_ms()
            unix_ms = await asyncio.to_thread(ask_time, self._config.ntp_host, self._config.ntp_port)
            took_ms = self._uptime_ms() - sent_ms
            if unix_ms:
                at_ms = sent_ms + took_ms // 2
                self._driver.poke(
                    lambda _, at_ms=at_ms, unix_ms=unix_ms, error_ms=took_ms // 2 + 1: self._core.clock(
                        at_ms, unix_ms, "ntp", error_ms
                    )
                )
            await asyncio.sleep(NTP_EVERY_S / self._config.pace)


def ask_time(host: str, port: int, timeout_s: float = 1.0) -> int:
    """Ask an SNTP server once; returns the Unix time in ms, 0 when nobody answers in time."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as query:
        query.settimeout(timeout_s)
        try:
            query.sendto(b"\x23" + bytes(PACKET_BYTES - 1), (host, port))
            answer = query.recv(PACKET_BYTES)
        except OSError:
            return 0
    stamp = int.from_bytes(answer[40:48], "big")
    return ((stamp >> 32) - FROM_1900_S) * 1000 + ((stamp & 0xFFFFFFFF) * 1000 >> 32)


def main(arguments: Sequence[str]) -> int:
    """Run boots until the power goes."""
    config = Config(**cast("dict[str, str]", json.loads(Path(arguments[0]).read_text(encoding="utf-8"))))  # pyright: ignore[reportArgumentType] - as `Config` was written
    reset = asyncio.run(_boot(config))
    os.environ[RESET_VARIABLE] = reset
    os.execv(  # noqa: S606  # the board's own restart: same process, same console
        sys.executable, [sys.executable, "-m", "seamline.rig.board.simulated", *arguments]
    )


async def _boot(config: Config) -> str:
    return await Board(config).run()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
