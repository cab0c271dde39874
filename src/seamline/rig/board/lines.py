"""The lines of a board's console: read here what `seamline.device.spoken` writes there; docs/hardware-in-the-loop.md has the list.

A console carries much else: boot loaders, log lines, halves of lines that a power cut left, noise. Only a line that begins with
SEAM, ends with the right CRC32 and has one of the known shapes says something; the rest is counted.
"""

from __future__ import annotations

import re
from binascii import crc32
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

LINE_BYTES_MAX: Final = 4096
"""A longer line is noise."""
WORD: Final = re.compile(r"[!-~]{1,256}")
WHOLE: Final = re.compile(r"-?[0-9]{1,20}")
MARK: Final = "SEAM "
NUMBER_MAX: Final = (1 << 48) - 1


@dataclass(frozen=True, slots=True)
class Hello:
    """Who the board is, and which commands it obeys. `lines`: the version of the lines."""

    lines: int
    device: str
    contract: str
    obeys: frozenset[str]


@dataclass(frozen=True, slots=True)
class Booted:
    """A boot, at its beginning or said again."""

    at_ms: int
    incarnation: int
    boot: int
    reset: str


@dataclass(frozen=True, slots=True)
class Numbered:
    """A record, measured at uptime `at_ms`: its raw values by column, or its body."""

    at_ms: int
    channel: int
    sequence: int
    values: Mapping[str, int] | None
    body: bytes | None


@dataclass(frozen=True, slots=True)
class Said:
    """Anything else with an uptime: `dial`, `up`, `failed`, `ended`, `closed`, `live`, `busy`, `sent`, `declared`, `held`, `rest`.

    `number` and `text` hold what follows, by the word.
    """

    word: str
    at_ms: int
    number: int = 0
    text: str = ""


@dataclass(frozen=True, slots=True)
class Torn:
    """A line that begins with SEAM and is not whole: cut off, or garbled on the way."""

    text: str


Line = Hello | Booted | Numbered | Said | Torn
BARE: Final = frozenset({"dial", "up", "rest", "work", "stopping"})
COUNTED: Final = frozenset({"live", "busy", "declared", "held"})
WORDED: Final = frozenset({"failed", "ended", "closed", "sent"})


def parse(text: str) -> Line | None:
    """Read one line without its newline; None for what is not Seamline's. Never raises."""
    at = text.find(MARK)
    if at < 0:
        return None
    text = text[at:].rstrip("\r")
    body, star, check = text.rpartition(" *")
    if not star or len(check) != 8 or f"{crc32(body.encode('utf-8', 'replace')):08x}" != check:
        return Torn(text)
    words = body.split(" ")[1:]
    reader = READERS.get(words[0])
    try:
        return reader(words) if reader is not None else None
    except ValueError:
        return Torn(text)


def write(*words: object) -> str:
    """A line as a board writes it, its newline included."""
    body = MARK + " ".join(str(word) for word in words)
    return f"{body} *{crc32(body.encode()):08x}\n"


def _hello(words: list[str]) -> Hello:
    _, lines, device, contract, obeys = words
    return Hello(_number(lines), _word(device), _word(contract), frozenset(obeys.split(",")) - {"-"})


def _booted(words: list[str]) -> Booted:
    _, at_ms, incarnation, boot, reset = words
    return Booted(_number(at_ms), _number(incarnation), _number(boot), _word(reset))


def _numbered(words: list[str]) -> Numbered:
    _, at_ms, channel, sequence, *told = words
    pairs = [pair.partition("=")[::2] for pair in told]
    if len(pairs) == 1 and pairs[0][0] == "body":
        return Numbered(_number(at_ms), _number(channel), _number(sequence), None, bytes.fromhex(pairs[0][1]))
    values = {_word(name): _whole(value) for name, value in pairs}
    if len(values) != len(pairs):
        raise ValueError("a column is there twice")
    return Numbered(_number(at_ms), _number(channel), _number(sequence), values, None)


def _bare(words: list[str]) -> Said:
    word, at_ms = words
    return Said(word, _number(at_ms))


def _counted(words: list[str]) -> Said:
    word, at_ms, number = words
    return Said(word, _number(at_ms), number=_number(number))


def _worded(words: list[str]) -> Said:
    word, at_ms, text = words
    return Said(word, _number(at_ms), text=_word(text))


def _whole(text: str) -> int:
    if not WHOLE.fullmatch(text):
        raise ValueError(f"{text!r} is no whole number")
    return int(text)


def _number(text: str) -> int:
    """An uptime, a count or an id: as the wire has them, no more than 48 bits."""
    value = _whole(text)
    if not 0 <= value <= NUMBER_MAX:
        raise ValueError(f"{text!r} is not between 0 and {NUMBER_MAX}")
    return value


def _word(text: str) -> str:
    if not WORD.fullmatch(text):
        raise ValueError(f"{text!r} is no word")
    return text


READERS: Final[Mapping[str, Callable[[list[str]], Line]]] = {
    "hello": _hello,
    "boot": _booted,
    "numbered": _numbered,
    **dict.fromkeys(BARE, _bare),
    **dict.fromkeys(COUNTED, _counted),
    **dict.fromkeys(WORDED, _worded),
}


class LineReader:
    """Bytes of a console in, whole lines out."""

    __slots__ = ("_rest",)

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[str]:
        """Take what was read; return the lines that are complete with it. Bytes that are no UTF-8 become U+FFFD."""
        *whole, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > LINE_BYTES_MAX:
            self._rest = b""
        return [line.decode("utf-8", "replace") for line in whole if len(line) <= LINE_BYTES_MAX]
