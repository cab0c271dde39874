"""Read JSON members with their bounds; whatever is wrong is one InputError that names the place."""

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Final, TypeAlias, cast

Json: TypeAlias = "bool | int | str | list[Json] | dict[str, Json] | None"
"""JSON as the wire allows it: integers only, no floats."""

CONTROL_BYTES_MAX: Final = 65_536
"""Longest control message, as long as the longest frame."""
TEXT_CHARS_MAX: Final = 256
"""Longest text member."""
SHOWN_CHARS_MAX: Final = 60
"""How much of a wrong value an error message repeats."""

TOKEN: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}")
"""Words and names: what a topic level may hold, and dots."""


class Reason(StrEnum):
    """Why an input is refused."""

    TOO_LARGE = "too_large"
    NOT_UTF8 = "not_utf8"
    NOT_JSON = "not_json"
    NOT_INTEGER = "not_integer"
    REPEATED = "repeated_member"
    MISSING = "missing_member"
    WRONG_TYPE = "wrong_type"
    OUT_OF_RANGE = "out_of_range"
    BAD_TEXT = "bad_text"
    TOO_MANY = "too_many"
    CONTRADICTION = "contradiction"
    UNKNOWN_KIND = "unknown_kind"


class InputError(ValueError):
    """A device said something that is no valid control message. The device broke the contract; nothing was changed.

    `reason` is a code for counting, `place` the path of the member (`held[3][1]`, or empty for the whole message).
    """

    def __init__(self, reason: Reason, place: str, detail: str) -> None:
        """Build the message `place: detail (reason)`."""
        super().__init__(f"{place or 'message'}: {detail} ({reason.value})")
        self.reason: Final = reason
        self.place: Final = place
        self.detail: Final = detail


def read_object(payload: bytes) -> Mapping[str, Json]:
    """Parse a control message's bytes to its members. Raises InputError for anything but one JSON object of integers and text."""
    if len(payload) > CONTROL_BYTES_MAX:
        raise InputError(Reason.TOO_LARGE, "", f"{len(payload)} bytes, at most {CONTROL_BYTES_MAX} are allowed")
    try:
        text = payload.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(Reason.NOT_UTF8, "", f"byte {error.start} is no UTF-8") from None
    try:
        parsed = cast("Json", _DECODER.decode(text))
    except InputError:
        raise
    except RecursionError:
        raise InputError(Reason.NOT_JSON, "", "nested too deeply") from None
    except ValueError as error:
        raise InputError(Reason.NOT_JSON, "", _shown(str(error))) from None
    return as_object(parsed, "")


def as_object(value: Json, place: str) -> Mapping[str, Json]:
    """The value as an object."""
    if not isinstance(value, dict):
        raise _wrong(place, "an object", value)
    return value


def as_list(value: Json, place: str, most: int) -> Sequence[Json]:
    """The value as a list of at most `most` items."""
    if not isinstance(value, list):
        raise _wrong(place, "a list", value)
    if len(value) > most:
        raise InputError(Reason.TOO_MANY, place, f"{len(value)} items, at most {most} are allowed")
    return value


def as_row(value: Json, place: str, bounds: Sequence[tuple[int, int]]) -> tuple[int, ...]:
    """The value as a list of exactly as many integers as there are bounds (inclusive low, inclusive high)."""
    items = as_list(value, place, len(bounds))
    if len(items) != len(bounds):
        raise InputError(Reason.WRONG_TYPE, place, f"{len(items)} items, {len(bounds)} are expected")
    return tuple(as_int(item, f"{place}[{at}]", *bounds[at]) for at, item in enumerate(items))


def as_int(value: Json, place: str, low: int, high: int) -> int:
    """The value as an integer of low..high."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise _wrong(place, "an integer", value)
    if not low <= value <= high:
        raise InputError(Reason.OUT_OF_RANGE, place, f"{_number(value)} is outside {low}..{high}")
    return value


def as_text(value: Json, place: str, most: int = TEXT_CHARS_MAX) -> str:
    """The value as printable text of 1..`most` characters (no control characters, no lone surrogates)."""
    if not isinstance(value, str):
        raise _wrong(place, "text", value)
    if not 1 <= len(value) <= most:
        raise InputError(Reason.BAD_TEXT, place, f"{len(value)} characters, 1..{most} are allowed")
    if not value.isprintable():
        raise InputError(Reason.BAD_TEXT, place, f"{_shown(ascii(value))} holds a character that cannot be printed")
    return value


def as_token(value: Json, place: str) -> str:
    """The value as one word of letters, digits, `_`, `.` and `-`."""
    text = as_text(value, place)
    if TOKEN.fullmatch(text) is None:
        raise InputError(Reason.BAD_TEXT, place, f"{_shown(text)!r} is no word of letters, digits, '_', '.', '-'")
    return text


def need(members: Mapping[str, Json], name: str) -> Json:
    """A member that must be there (it may be null)."""
    if name not in members:
        raise InputError(Reason.MISSING, name, "is missing")
    return members[name]


def _members(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    members = dict(pairs)
    if len(members) != len(pairs):
        twice = Counter(name for name, _ in pairs).most_common(1)[0][0]
        raise InputError(Reason.REPEATED, _shown(ascii(twice)[1:-1]), "is given twice")
    return members


def _no_float(text: str) -> Json:
    raise InputError(Reason.NOT_INTEGER, "", f"{_shown(text)} is no integer: the wire carries integers only")


def _wrong(place: str, wanted: str, value: Json) -> InputError:
    kinds = {
        dict: "an object",
        list: "a list",
        str: "text",
        bool: "a truth value",
        int: "an integer",
        type(None): "null",
    }
    return InputError(Reason.WRONG_TYPE, place, f"{kinds[type(value)]}, {wanted} is expected")


def _number(value: int) -> str:
    digits_max_bits = 256  # longer integers are not worth printing, and printing them is quadratic
    return str(value) if value.bit_length() <= digits_max_bits else f"a number of {value.bit_length()} bits"


def _shown(text: str) -> str:
    return text if len(text) <= SHOWN_CHARS_MAX else text[: SHOWN_CHARS_MAX - 1] + "…"


_DECODER: Final = json.JSONDecoder(parse_float=_no_float, parse_constant=_no_float, object_pairs_hook=_members)
"""Made once: making one costs as much as reading a short message."""
