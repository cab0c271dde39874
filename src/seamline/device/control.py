"""Control messages: a deterministic JSON writer, and readers that trust nothing.

The writer is our own because dictionaries keep no order on MicroPython and the same trace must give the same bytes
everywhere: keys sorted, no spaces, everything beyond ASCII escaped, whole numbers only.
"""

import json

from .clock import UNIX_MS_MAX
from .compat import U8_MAX, U32_MAX, is_int, is_list, is_mapping
from .shapes import Document, Mark, Taken, Wish

DOWNLINK_BYTES_MAX = 65536  # a longer downlink is malformed
MARKS_MAX = 8192  # entries in one message
FOLLOWING_MAX = U32_MAX + 1  # one past the last sequence
MARK_HIGH = (U32_MAX, U8_MAX, FOLLOWING_MAX)  # boot, channel, next
TAKEN_HIGH = (U32_MAX, U32_MAX, U32_MAX)  # boot, session, number
DEPTH_MAX = 8  # of a message written here; a birth needs three
NAME_CHARS_MAX = 64
NAMES_MAX = 64  # kept as they are written: a message of ours has a dozen, and says them each time
TEXT_CHARS_MAX = 256
WORD_CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-"
VERSION_MAX = 1 << 53  # whole numbers every JSON reader agrees on
I64_MIN = -(1 << 63)
U64_MAX = (1 << 64) - 1
RETRY_AFTER_MS_MAX = 86_400_000  # a hub that asks for more than a day of silence is obeyed for a day


class Malformed(Exception):
    """A downlink that says nothing usable; counted, never raised out of the core."""


class Session:
    """The hub's answer to a birth; `time_ms` is None when the hub said no time."""

    __slots__ = (
        "boot",
        "closed",
        "generation",
        "incarnation",
        "marks",
        "session",
        "spread_ms",
        "time_ms",
        "twin",
        "uncertainty_ms",
    )

    def __init__(self, document: Document) -> None:
        """Read the parsed JSON; raises Malformed."""
        self.session: int = _whole(document, "session", U32_MAX)
        self.boot: int = _whole(document, "boot", U32_MAX)
        self.incarnation: int = _whole(document, "incarnation", U32_MAX)
        self.marks: list[Mark] = _marks(document)
        self.time_ms: int | None = _optional(document, "time_ms", UNIX_MS_MAX)
        self.uncertainty_ms: int = _optional(document, "uncertainty_ms", U32_MAX) or 0
        self.spread_ms: int | None = _optional(document, "spread_ms", U32_MAX)
        self.closed: int = _optional(document, "closed", U32_MAX) or 0
        self.generation: object = document.get("generation")
        twin = document.get("twin")
        self.twin: Twin | None = None if twin is None else Twin(_mapping(twin))


class Marks:
    """Custody taken, of records and of words (None: it does not tell of these); `probe` is the probe this answers, or None."""

    __slots__ = ("incarnation", "marks", "probe", "session", "taken")

    def __init__(self, document: Document) -> None:
        """Read the parsed JSON; raises Malformed."""
        self.incarnation: int = _whole(document, "incarnation", U32_MAX)
        self.session: int = _whole(document, "session", U32_MAX)
        self.marks: list[Mark] = _marks(document)
        self.probe: int | None = _optional(document, "probe", U32_MAX)
        self.taken: list[Taken] | None = None if document.get("taken") is None else _triples(document, "taken", TAKEN_HIGH)


class Twin:
    """Everything desired and unresolved, sorted by property; `known`: the versions of ours it has, or None.

    `to`: the session, boot and incarnation that it is for, or None where it does not say.
    """

    __slots__ = ("desired", "known", "to")

    def __init__(self, document: Document) -> None:
        """Read the parsed JSON; raises Malformed."""
        self.to: tuple[int, int, int] | None = None
        if document.get("session") is not None:
            self.to = (
                _whole(document, "session", U32_MAX),
                _whole(document, "boot", U32_MAX),
                _whole(document, "incarnation", U32_MAX),
            )
        self.desired: list[Wish] = []
        desired = _mapping(document.get("desired", {}))
        for name in sorted(desired):
            if not _is_name(name):
                raise Malformed("desired")
            wish = _mapping(desired[name])
            value = wish.get("value")
            if not is_value(value):
                raise Malformed("value")
            expires_ms = _optional(wish, "expires_ms", UNIX_MS_MAX)
            self.desired.append((name, value, _whole(wish, "version", VERSION_MAX), expires_ms))
        self.known: dict[str, int] | None = None
        if document.get("known") is not None:
            known = _mapping(document["known"])
            self.known = {name: _whole(known, name, VERSION_MAX) for name in known}


def parse(payload: bytes | bytearray | memoryview) -> Document:
    """The JSON object in `payload`; raises Malformed on anything else."""
    if len(payload) > DOWNLINK_BYTES_MAX:
        raise Malformed("length")
    try:
        return _mapping(json.loads(bytes(payload).decode()))
    except (ValueError, RuntimeError):  # not UTF-8, not JSON; nested deeper than the stack
        raise Malformed("json") from None


def parse_busy(document: Document) -> int:
    """`retry_after_ms`, at most a day; raises Malformed."""
    return min(_whole(document, "retry_after_ms", VERSION_MAX), RETRY_AFTER_MS_MAX)


def write(value: object) -> bytes:
    """`value` as JSON: keys sorted, no spaces, ASCII. Raises ValueError on what has no exact JSON form (floats, bytes)."""
    parts: list[str] = []
    _write(value, parts, DEPTH_MAX)
    return "".join(parts).encode()


def is_value(value: object) -> bool:
    """True for what a property may hold: null, a bool, a whole number of 64 bits, a text."""
    if is_int(value):
        return I64_MIN <= value <= U64_MAX
    return value is None or isinstance(value, bool) or is_text(value)


def is_text(value: object) -> bool:
    """True for 1..256 characters that can be shown: no control characters, no halves of surrogate pairs."""
    if not isinstance(value, str) or not 0 < len(value) <= TEXT_CHARS_MAX:
        return False
    return all(_is_shown(ord(character)) for character in value)


def is_token(value: object) -> bool:
    """True for one word of letters, digits, `_`, `.` and `-`."""
    return isinstance(value, str) and is_text(value) and all(character in WORD_CHARACTERS for character in value)


def as_token(text: str, chars_max: int) -> str:
    """The word nearest to `text`: what a word cannot hold becomes `_`."""
    characters = [character if character in WORD_CHARACTERS else "_" for character in text[:chars_max]]
    return "".join(characters) or "unknown"


def _write(value: object, parts: list[str], depth: int) -> None:
    if value is None:
        parts.append("null")
    elif isinstance(value, bool):
        parts.append("true" if value else "false")
    elif is_int(value):
        parts.append(str(value))
    elif isinstance(value, str):
        parts.append(_quote(value))
    elif depth and is_list(value):
        _write_list(list(value), parts, depth - 1)
    elif depth and is_mapping(value):
        _write_mapping(value, parts, depth - 1)
    else:
        raise ValueError(f"{value!r} has no exact JSON form; use whole numbers, texts, bools, null, lists and mappings")


def _write_list(values: list[object], parts: list[str], depth: int) -> None:
    separator = "["
    for value in values:
        parts.append(separator)
        _write(value, parts, depth)
        separator = ","
    parts.append("]" if values else "[]")


def _write_mapping(document: Document, parts: list[str], depth: int) -> None:
    separator = "{"
    for key in sorted(document):
        value = document[key]
        name = _NAMES.get(key) or _name(key)
        if is_int(value):  # as most are
            parts.append(separator + name + str(value))
        else:
            parts.append(separator + name)
            _write(value, parts, depth)
        separator = ","
    parts.append("}" if document else "{}")


_NAMES: dict[str, str] = {}  # those written so far, with what stands around them


def _name(key: str) -> str:
    name = _quote(key) + ":"
    if len(_NAMES) < NAMES_MAX:
        _NAMES[key] = name
    return name


_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}


def _quote(text: str) -> str:
    if text.replace("_", "a").isalpha() and len(text.encode()) == len(text):  # a plain word, as almost all are: as it is
        return '"' + text + '"'
    parts = ['"']
    for character in text:
        code = ord(character)
        if character in _ESCAPES:
            parts.append(_ESCAPES[character])
        elif 0x20 <= code < 0x7F:
            parts.append(character)
        elif code <= 0xFFFF:
            parts.append(f"\\u{code:04x}")
        else:
            code -= 0x10000
            parts.append(f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}")
    parts.append('"')
    return "".join(parts)


def _mapping(value: object) -> Document:
    if not is_mapping(value):
        raise Malformed("mapping")
    return value


def _whole(document: Document, key: str, high: int) -> int:
    return _bounded(document.get(key), high)


def _optional(document: Document, key: str, high: int) -> "int | None":
    return None if document.get(key) is None else _whole(document, key, high)


def _marks(document: Document) -> list[Mark]:
    return _triples(document, "marks", MARK_HIGH)


def _triples(document: Document, key: str, high: "tuple[int, int, int]") -> "list[tuple[int, int, int]]":
    """A list of three whole numbers each, up to `high`."""
    entries = document.get(key)
    if not is_list(entries) or len(entries) > MARKS_MAX:
        raise Malformed(key)
    triples: list[tuple[int, int, int]] = []
    for entry in entries:
        if not is_list(entry) or len(entry) != 3:
            raise Malformed(key)
        first, second, third = entry
        triples.append((_bounded(first, high[0]), _bounded(second, high[1]), _bounded(third, high[2])))
    return triples


def _bounded(value: object, high: int) -> int:
    if not is_int(value) or not 0 <= value <= high:
        raise Malformed("number")
    return value


def _is_name(name: str) -> bool:
    """A property's name as contracts write it: [A-Za-z0-9_]{1,64}."""
    return is_token(name) and len(name) <= NAME_CHARS_MAX and "." not in name and "-" not in name


def _is_shown(code: int) -> bool:
    return code >= 0x20 and not (0x7F <= code <= 0xA0 or 0xD800 <= code <= 0xDFFF or 0x2028 <= code <= 0x2029)
