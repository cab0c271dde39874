"""A line of JSON values into a record: physical or raw, checked against the contract, with the field and the remedy in each error."""

import json
from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation, Overflow
from typing import Final, cast

from seamline.contract import Contract
from seamline.contract.layout import Field, LayoutError
from seamline.contract.model import Message
from seamline.contract.standard import STANDARD

LINE_CHARS_MAX: Final = 65_536
"""A longer line is no reading; it is refused before it is parsed."""


DIGITS_MAX: Final = 60
"""Of a physical value before the point: a u64 has 20, a scale 40."""


class ReadingError(ValueError):
    """A line that is no reading of this message; nothing of it was recorded."""


def choose_message(contract: Contract, name: str | None) -> Message:
    """Return the message the values belong to: `name`, or the only one that is not a standard one. Raises ReadingError."""
    if name is not None:
        if name not in contract.messages:
            message = f"{contract.reference} has no message {name!r}; it has {', '.join(contract.messages)}"
            raise ReadingError(message)
        return contract.messages[name]
    own = [each for each in contract.messages.values() if each.layout.fields not in STANDARD.values()]
    if len(own) != 1:
        message = f"say with --message which one is read; {contract.reference} has {', '.join(contract.messages)}"
        raise ReadingError(message)
    return own[0]


def pack_line(line: str, message: Message, *, raw: bool) -> bytes:
    """Return the record body of one JSON object `{field: value}`; an optional field may be left out or null. Raises ReadingError.

    Physical values (numbers in the field's unit, enum names, true and false) become the nearest raw value, unless `raw`:
    then they are integers as on the wire. A calibrated field is always a raw count, for its coefficients are the hub's.
    """
    values = _parse(line)
    fields = {field.name: field for field in message.layout.fields}
    unknown = sorted(values.keys() - fields.keys())
    missing = [name for name, field in fields.items() if name not in values and not field.optional]
    if unknown or missing:
        raise ReadingError(_mismatch(message, unknown, missing))
    raws: dict[str, int] = {}
    for name, field in fields.items():
        if name in values and not (field.optional and values[name] is None):
            raws |= _columns(field, values[name], raw=raw)
    try:
        return message.layout.pack(raws)
    except LayoutError as error:
        raise ReadingError(str(error)) from error


def _columns(field: Field, value: object, *, raw: bool) -> dict[str, int]:
    """Return raw values by column: of an array one for each item, which must be as many as it has."""
    if field.count is None:
        return {field.name: to_raw(field, value, raw=raw)}
    items = cast("list[object]", value) if isinstance(value, list) else []
    if len(items) != field.count:
        raise _wrong(field, cast("object", value), f"not a list of {field.count} values")
    return {f"{field.name}_{index}": to_raw(field, item, raw=raw) for index, item in enumerate(items)}


def to_raw(field: Field, value: object, *, raw: bool) -> int:
    """Return the raw value that `value` means: a number, an enum's member, or a list of the names of flags that are set.

    Raises ReadingError; the range is left to the layout.
    """
    if isinstance(value, bool):
        if field.type.high == 1 and field.enum is None and field.flags is None:
            return int(value)
        raise _wrong(field, value, "a truth value; a number is expected")
    if field.enum is not None and isinstance(value, str):
        return _member(field, field.enum, value)
    if field.flags is not None and isinstance(value, list):
        bits = {_member(field, field.flags, str(name)) for name in cast("list[object]", value)}
        return sum(1 << bit for bit in bits)
    if not isinstance(value, int | Decimal):
        raise _wrong(field, value, "not a number")
    if isinstance(value, int) and (raw or field.calibrated or field.enum is not None or field.flags is not None):
        return value
    if raw:
        raise _wrong(field, value, "not an integer: --raw takes the integers of the wire")
    if field.calibrated:
        raise _wrong(field, value, f"not an integer: {field.calibration} is applied by the hub, so its raw count is expected")
    return _nearest(field, Decimal(value))


def _nearest(field: Field, physical: Decimal) -> int:
    try:
        if physical.adjusted() > DIGITS_MAX:  # 1e999999999 would be built digit by digit before the layout could refuse it
            raise _wrong(field, physical, "out of any range")
        exact = (physical - (field.offset or Decimal(0))) / (field.scale or Decimal(1))
        return int(exact.to_integral_value(ROUND_HALF_EVEN))
    except (InvalidOperation, Overflow) as error:
        raise _wrong(field, physical, "not a number that can be sent") from error


def _member(field: Field, members: Mapping[int, str], value: str) -> int:
    for number, name in members.items():
        if name == value:
            return number
    raise _wrong(field, value, f"none of {', '.join(members.values())}")


def _parse(line: str) -> Mapping[str, object]:
    if len(line) > LINE_CHARS_MAX:
        message = f"a line of {len(line)} characters; at most {LINE_CHARS_MAX} are read"
        raise ReadingError(message)
    try:
        parsed = cast("object", json.loads(line, parse_float=_decimal, parse_constant=_refuse_constant, object_pairs_hook=_once))
    except ReadingError:
        raise
    except (ValueError, RecursionError) as error:
        message = f'not JSON ({error}); expected {{"field": value, …}}'
        raise ReadingError(message) from error
    if not isinstance(parsed, dict):
        message = f'a JSON object {{"field": value, …}} is expected, not {line.strip()[:40]!r}'
        raise ReadingError(message)
    return cast("dict[str, object]", parsed)


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    values = dict(pairs)
    if len(values) != len(pairs):
        message = "a field is given twice"
        raise ReadingError(message)
    return values


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation as error:  # an exponent of twenty digits
        message = f"{text[:40]} is out of any range"
        raise ReadingError(message) from error


def _refuse_constant(text: str) -> object:
    message = f"{text} is not a number that can be sent"
    raise ReadingError(message)


def _mismatch(message: Message, unknown: list[str], missing: list[str]) -> str:
    parts: list[str] = []
    if unknown:
        parts.append(f"unknown field {', '.join(map(repr, unknown))}")
    if missing:
        parts.append(f"missing {', '.join(map(repr, missing))}")
    known = ", ".join(field.name for field in message.layout.fields)
    return f"{'; '.join(parts)}: message '{message.name}' has {known}"


def _wrong(field: Field, value: object, why: str) -> ReadingError:
    return ReadingError(f"field '{field.name}': {value!s} is {why}")
