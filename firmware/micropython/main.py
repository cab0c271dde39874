"""A heater's firmware for the desk rig: `board.py` on a real link and a real flash, which says on its console what it does.

Onto the board go this file, `board.py`, `mqtt.py`, `heater.py` (`seamline contract gen micropython`), the folder `seamline/device`
and a `config.json`; docs/hardware-in-the-loop.md says what stands in it. On a desk: `micropython main.py config.json`.
"""

import binascii
import json
import os
import select
import socket
import sys
import time

import heater
from board import Board
from mqtt import Link, LinkError, tls_of

from seamline.device.spoken import SpokenCore

OBEYS = ["hello", "held", "rest", "work", "erase"]
STEP_MS_MAX = 50
FROM_1900_S = 2208988800
NTP_EVERY_MS = 5000


class Flash:
    """A mapping on files, each replaced as a whole: what a power cut leaves is the old entry or the new one."""

    def __init__(self, folder):
        self._folder = folder
        try:
            os.mkdir(folder)
        except OSError:
            pass  # it is there
        self._entries = {}
        for name in os.listdir(folder):
            if name.endswith(".new"):
                os.remove(folder + "/" + name)
            else:
                with open(folder + "/" + name, "rb") as file:
                    self._entries[binascii.unhexlify(name).decode()] = file.read()

    def items(self):
        """What is kept."""
        return self._entries.items()

    def __setitem__(self, key, value):
        """Keep an entry."""
        path = self._path(key)
        with open(path + ".new", "wb") as file:
            file.write(value)
        os.rename(path + ".new", path)
        self._entries[key] = value

    def pop(self, key, default):
        """Forget an entry."""
        if key in self._entries:
            os.remove(self._path(key))
        return self._entries.pop(key, default)

    def erase(self):
        """Forget everything."""
        for key in list(self._entries):
            self.pop(key, None)

    def _path(self, key):
        return self._folder + "/" + binascii.hexlify(key.encode()).decode()


class Sensor:
    """What a desk has for a heater: counts that rise, within the contract."""

    def __init__(self):
        self._count = 0

    def __call__(self):
        """The raw values of one reading."""
        self._count += 1
        return {"room": 1000 + self._count % 2000, "element": 900, "power": 0, "mode": heater.MODE_HEATING, "set_point": 2150}


class Uptime:
    """Milliseconds since the boot, from ticks that wrap."""

    def __init__(self):
        self._last = time.ticks_ms()
        self._now_ms = 0

    def now_ms(self):
        """Never wraps, if it is asked often enough."""
        ticks = time.ticks_ms()
        self._now_ms += time.ticks_diff(ticks, self._last)
        self._last = ticks
        return self._now_ms


class TimeServer:
    """Asks an SNTP server now and then, without waiting for it."""

    def __init__(self, host, port):
        self._address = socket.getaddrinfo(host, port)[0][-1]
        self._asked_ms = -NTP_EVERY_MS
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)

    def step(self, now_ms):
        """(uptime, Unix time, error bound) in ms when an answer has come, else None."""
        if now_ms - self._asked_ms >= NTP_EVERY_MS:
            self._asked_ms = now_ms
            self._socket.sendto(b"\x23" + bytes(47), self._address)
        try:
            answer = self._socket.recv(48)
        except OSError:
            return None
        took_ms = now_ms - self._asked_ms
        seconds, part = int.from_bytes(answer[40:44], "big"), int.from_bytes(answer[44:48], "big")
        return self._asked_ms + took_ms // 2, (seconds - FROM_1900_S) * 1000 + (part * 1000 >> 32), took_ms // 2 + 1


class Console:
    """Commands from standard input, a line each."""

    def __init__(self):
        self._poll = select.poll()
        self._poll.register(sys.stdin, select.POLLIN)

    def command(self):
        """The next command, or an empty text."""
        if not self._poll.poll(0):
            return ""
        line = sys.stdin.readline().strip()
        return line[5:] if line.startswith("seam ") else ""


def write(text):
    """Onto the console, at once."""
    sys.stdout.write(text)


def random_u32():
    """From the hardware's own source."""
    return int.from_bytes(os.urandom(4), "big")


def read(path):
    """A text file."""
    with open(path) as file:
        return file.read()


class Rig:
    """One boot."""

    def __init__(self, config):
        device, policy = config["device"], heater.POLICY
        self._flash = Flash(config["flash"])
        self._sample_ms = config["sample_ms"]
        self._uptime = Uptime()
        self._console = Console()
        tls = tls_of(read(config["ca"]), read(config["cert"]), read(config["key"]))
        address = (config["host"], config["port"])
        waits = (policy["connect_timeout_ms"], policy["keep_alive_ms"])
        self._link = Link(device, address, config["server_name"], tls, *waits)
        obeys = OBEYS + (["ntp"] if config.get("ntp_port") else [])
        self._time = TimeServer(config["ntp_host"], config["ntp_port"]) if config.get("ntp_port") else None
        self._core = SpokenCore(policy, device, random_u32, dict(self._flash.items()), write, obeys)
        self._board = Board(device, self._link, self._flash, random_u32, Sensor(), self._core)

    def run(self):
        """Until the power goes, or the console says `erase`."""
        self._board.start(self._uptime.now_ms())
        while self._obey(self._console.command()):
            due_ms = self._board.step(self._uptime.now_ms(), self._sample_ms)
            if self._link.wanted:
                self._dial()
            self._hear()
            if self._time is not None:
                told = self._time.step(self._uptime.now_ms())
                if told is not None:
                    self._core.clock(self._uptime.now_ms(), told[1] + self._uptime.now_ms() - told[0], "ntp", told[2])
            self._wait(max(1, min(STEP_MS_MAX, due_ms - self._uptime.now_ms())))

    def _wait(self, wait_ms):
        if self._link.stream is None:
            time.sleep_ms(wait_ms)
            return
        poll = select.poll()
        poll.register(self._link.stream, select.POLLIN)
        poll.poll(wait_ms)

    def _dial(self):
        try:
            self._link.dial()
        except LinkError as error:
            self._board.failed(self._uptime.now_ms(), error.reason)
        else:
            self._board.connected(self._uptime.now_ms())

    def _hear(self):
        try:
            messages = self._link.step()
        except LinkError as error:
            self._board.ended(self._uptime.now_ms(), error.reason)
        else:
            for kind, payload in messages:
                self._board.heard(self._uptime.now_ms(), kind, payload)

    def _obey(self, command):
        """False when this boot ends."""
        now_ms = self._uptime.now_ms()
        if command == "hello":
            self._core.hello(now_ms)
        elif command == "held":
            self._core.say_held(now_ms)
        elif command == "rest":
            self._core.say("rest", now_ms)
            self._board.rest(now_ms)
        elif command == "work":
            self._core.say("work", now_ms)
            self._board.work(now_ms)
        elif command == "erase":
            self._link.close()
            self._flash.erase()
            return False
        return True


def main():
    """One boot after another; a board would reset itself (`machine.reset()`) instead of beginning anew."""
    config = json.loads(read(sys.argv[1] if len(sys.argv) > 1 else "config.json"))
    while True:
        Rig(config).run()


main()
