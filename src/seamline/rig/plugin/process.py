"""A core that is a program of its own, in any language: each boot starts it anew, and it reads and writes lines.

The rig writes one line for each call and reads until `done`; a program ends when its input does. Words are separated by single spaces, bytes are hex (`-` for none), times are
uptimes in ms. A name's spaces do not occur: devices, kinds, keys, reasons and settings are single words.

    the rig says                                        and means
    core DEVICE SEED                                    the first line: its name, and 64 random bits of its own
    policy JSON                                         what `seamline.contract.policy` writes
    stored KEY HEX                                      an entry of its flash; one line each
    start MS RESET FIRMWARE                             the boot begins
    record MS CHANNEL HEX                               a record was measured
    stop MS, connected MS, tick MS
    failed MS REASON, lost MS REASON                    a connect, the link
    receive MS KIND HEX                                 a downlink
    clock MS UNIX_MS SOURCE UNCERTAINTY_MS
    report MS SETTING BASED_ON JSON                     BASED_ON is a wish's version, or `-`
    books                                               answered with `books JSON`

    the program answers
    publish KIND HEX, persist KEY HEX, forget KEY, connect HEX, close REASON, apply SETTING VERSION JSON
                                                        effects, a line each, in their order
    number SEQUENCE                                     of the record; -1 for an event beyond its bound
    error TEXT                                          it cannot go on
    done DEADLINE STATE INCARNATION BOOT                the call is over; DEADLINE is `-` before `start`
"""

from __future__ import annotations

import atexit
import json
import subprocess
import tempfile
from collections.abc import Sequence
from typing import IO, Final, cast

from seamline.device import Policy
from seamline.device.shapes import Document, Effect, Random, Stored

LINE_BYTES_MAX: Final = 1 << 20
LAST_WORDS: Final = 200
"""Characters that are told of what a program wrote to its standard error before it ended."""
END_S: Final = 2.0


class ProgramError(Exception):
    """A program that does not keep to the lines; the message says how."""


class Programs:
    """Starts a program for each boot. A device has one at most: the one of its boot before is ended."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command: Final = tuple(command)
        self._of: Final[dict[str, ProgramCore]] = {}
        RUNNING.append(self)
        atexit.register(self.end)

    def make(self, policy: Policy, device: str, random: Random, stored: Stored) -> ProgramCore:
        """See CoreFactory. Raises ProgramError."""
        before = self._of.pop(device, None)
        if before is not None:
            before.end()
        core = self._of[device] = ProgramCore(self._command, policy, device, random, stored)
        return core

    def kill(self) -> None:
        """Kill all that still run, and leave everything else as it is."""
        for core in self._of.values():
            core.kill()

    def end(self) -> None:
        """End all that still run."""
        for core in self._of.values():
            core.end()
        self._of.clear()


RUNNING: Final[list[Programs]] = []


def leave_no_program() -> None:
    """Kill every program of this process, which ends too: it may be in the middle of reading what one of them says."""
    for programs in RUNNING:
        programs.kill()


class ProgramCore:
    """The core of one boot."""

    def __init__(self, command: Sequence[str], policy: Policy, device: str, random: Random, stored: Stored) -> None:
        """Start the program and tell it who it is. Raises ProgramError."""
        self._errors: Final[IO[bytes]] = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the program
        try:
            self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors)
        except OSError as error:
            self._errors.close()
            raise ProgramError(f"cannot be started: {error.strerror or error}") from None
        self._effects: list[Effect] = []
        self._books: Document = {}
        self._number: int | None = None
        self._deadline_ms: int | None = None
        self.state = "offline"
        self.incarnation = 0
        self.boot = 0
        self._tell(f"core {device} {random() << 32 | random()}")
        self._tell(f"policy {json.dumps(document_of(policy), separators=(',', ':'))}")
        for key, data in stored.items():
            self._tell(f"stored {key} {_hex(data)}")

    def __del__(self) -> None:
        if hasattr(self, "_process"):
            self.end()

    def kill(self) -> None:
        """End the program, and nothing else."""
        self._process.kill()

    def end(self) -> None:
        """The power is gone."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout, self._errors):
            if pipe is not None and not pipe.closed:
                try:
                    pipe.close()
                except BrokenPipeError:  # what was still to be written is for nobody
                    continue

    # -- the port ------------------------------------------------------------------------------------------------------

    def start(self, now_ms: int, reset: str, firmware: str) -> None:
        """See DeviceCore."""
        self._ask(f"start {now_ms} {reset} {firmware}")

    def record(self, now_ms: int, channel: int, body: bytes) -> int:
        """See DeviceCore."""
        self._number = None
        self._ask(f"record {now_ms} {channel} {_hex(body)}")
        if self._number is None:
            raise ProgramError("gave a record no number")
        return self._number

    def stop(self, now_ms: int) -> None:
        """See DeviceCore."""
        self._ask(f"stop {now_ms}")

    def connected(self, now_ms: int) -> None:
        """See DeviceCore."""
        self._ask(f"connected {now_ms}")

    def connect_failed(self, now_ms: int, reason: str) -> None:
        """See DeviceCore."""
        self._ask(f"failed {now_ms} {reason}")

    def disconnected(self, now_ms: int, reason: str) -> None:
        """See DeviceCore."""
        self._ask(f"lost {now_ms} {reason}")

    def receive(self, now_ms: int, kind: str, payload: bytes) -> None:
        """See DeviceCore."""
        self._ask(f"receive {now_ms} {kind} {_hex(payload)}")

    def clock(self, now_ms: int, unix_ms: int, source: str, uncertainty_ms: int) -> None:
        """See DeviceCore."""
        self._ask(f"clock {now_ms} {unix_ms} {source} {uncertainty_ms}")

    def report(self, now_ms: int, prop: str, value: object, based_on: int | None = None) -> None:
        """See DeviceCore."""
        self._ask(f"report {now_ms} {prop} {'-' if based_on is None else based_on} {json.dumps(value)}")

    def tick(self, now_ms: int) -> None:
        """See DeviceCore."""
        self._ask(f"tick {now_ms}")

    def effects(self) -> list[Effect]:
        """See DeviceCore."""
        effects, self._effects = self._effects, []
        return effects

    def deadline(self) -> int | None:
        """See DeviceCore."""
        return self._deadline_ms

    def books(self) -> Document:
        """See DeviceCore."""
        self._books = {}
        self._ask("books")
        return self._books

    # -- lines ---------------------------------------------------------------------------------------------------------

    def _tell(self, line: str) -> None:
        pipe = self._process.stdin
        assert pipe is not None  # noqa: S101 - it was asked for
        try:
            pipe.write(line.encode() + b"\n")
        except OSError:
            raise self._ended() from None

    def _ask(self, line: str) -> None:
        """Tell it a line, and read until it is done. Raises ProgramError."""
        self._tell(line)
        pipe = self._process.stdout
        assert pipe is not None  # noqa: S101 - it was asked for
        try:
            self._process.stdin.flush()  # pyright: ignore[reportOptionalMemberAccess] - as above
        except OSError:
            raise self._ended() from None
        while True:
            answer = pipe.readline(LINE_BYTES_MAX)
            if len(answer) == LINE_BYTES_MAX and not answer.endswith(b"\n"):
                raise ProgramError(f"wrote {_short(answer)}, a line of more than {LINE_BYTES_MAX:,} bytes")
            if not answer.endswith(b"\n"):
                raise self._ended()
            word, *parts = answer.decode(errors="replace").rstrip("\r\n").split(" ")
            if word == "error":
                raise ProgramError(f"says: {' '.join(parts)[:LAST_WORDS]}")
            try:
                self._read(word, parts)
            except (ValueError, IndexError):
                raise ProgramError(f"wrote {_short(answer)}, which is no line that it may write") from None
            if word == "done":
                return

    def _read(self, word: str, parts: Sequence[str]) -> None:
        """Take a line in. Raises ValueError, IndexError."""
        if word == "number":
            self._number = int(parts[0])
        elif word == "books":
            self._books = cast("Document", json.loads(" ".join(parts)))
        elif word == "done":
            deadline, self.state, incarnation, boot = parts
            self._deadline_ms = None if deadline == "-" else int(deadline)
            self.incarnation, self.boot = int(incarnation), int(boot)
        else:
            self._effects.append(_effect(word, parts))

    def _ended(self) -> ProgramError:
        code = self._process.wait(END_S) if self._process.poll() is not None or self._closed() else None
        self._errors.seek(0)
        last = self._errors.read().decode(errors="replace").strip().splitlines()
        told = f": {last[-1][:LAST_WORDS]}" if last else ""
        return ProgramError(f"ended with code {code}{told}" if code is not None else f"closed its output{told}")

    def _closed(self) -> bool:
        """Whether a program that says nothing more ends within a moment."""
        try:
            self._process.wait(END_S)
        except subprocess.TimeoutExpired:
            return False
        return True


def _effect(word: str, parts: Sequence[str]) -> Effect:
    """An effect's line. Raises ValueError, IndexError."""
    match word:
        case "publish" | "persist":
            return word, parts[0], _bytes(parts[1])
        case "connect":
            return word, _bytes(parts[0])
        case "forget" | "close":
            return word, parts[0]
        case "apply":
            return word, parts[0], cast("object", json.loads(" ".join(parts[2:]))), int(parts[1])
        case _:
            raise ValueError(word)


def document_of(policy: Policy) -> Document:
    """The document that a policy was read from, as far as it obeys it."""
    channels: list[Document] = []
    for channel in policy.channels.values():
        document: Document = {name: getattr(channel, name) for name in type(channel).__slots__}
        if not channel.events_max:
            document["events_max"] = document["events_per_ms"] = None
        channels.append(document)
    plain: Document = {name: value for name, value in vars(policy).items() if name not in {"channels", "properties"}}
    return plain | {"channels": channels, "state": [{"name": name} for name in policy.properties]}


def _hex(data: bytes) -> str:
    return data.hex() or "-"


def _bytes(word: str) -> bytes:
    return b"" if word == "-" else bytes.fromhex(word)


def _short(line: bytes) -> str:
    text = repr(line.decode(errors="replace").rstrip("\r\n"))
    return text if len(text) <= LAST_WORDS else text[: LAST_WORDS - 2] + "…'"
