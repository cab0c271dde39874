"""JSON Schemas of the control messages, as docs/wire.md describes them: integers only, members beyond these are ignored."""

from __future__ import annotations

from seamline.contract.codegen.json_text import Json, Object, strings

U32: Object = {"type": "integer", "minimum": 0, "maximum": 0xFFFF_FFFF}
_NUMBERED: Object = {"type": "integer", "minimum": 1, "maximum": 0xFFFF_FFFF}
_MS: Object = {"type": "integer", "minimum": 0}
_CHANNEL: Object = {"type": "integer", "minimum": 0, "maximum": 255}
_TEXT: Object = {"type": "string"}
RESETS = ("power_on", "brownout", "watchdog", "software", "crash", "unknown")
ENDS = ("server_closed", "deaf", "keep_alive", "refused", "network", "power_loss")
SOURCES = ("hub", "ntp", "gnss", "rtc")


def _maybe(schema: Object) -> Object:
    return {**schema, "type": [schema["type"], "null"]}


def _rows(about: str, *columns: Object) -> Object:
    """A list of rows with a fixed number of columns."""
    row: Object = {"type": "array", "prefixItems": list(columns), "items": False, "minItems": len(columns)}
    return {"type": "array", "description": about, "items": row}


def _members(about: str, members: Object, optional: tuple[str, ...] = ()) -> Object:
    required: list[Json] = [name for name in members if name not in optional]
    return {"type": "object", "description": about, "properties": members, "required": required}


COMMON: Object = {
    "incarnation": _NUMBERED,
    "boot": _NUMBERED,
    "session": _NUMBERED,
    "uptime_ms": _MS,
    "heard_ms": _maybe(_MS),
}
_ENDED = _rows("boot_first, boot_last, channel, upper", _NUMBERED, _NUMBERED, _CHANNEL, U32)
_HELD = _rows("boot, channel, first, count", _NUMBERED, _CHANNEL, U32, U32)
_MARKS = _rows("boot, channel, next", _NUMBERED, _CHANNEL, {"type": "integer", "minimum": 0, "maximum": 1 << 32})
_TO: Object = {"session": _NUMBERED, "boot": _NUMBERED, "incarnation": _NUMBERED}


def _birth(contract: str) -> Object:
    return {
        **COMMON,
        "contract": {"type": "string", "const": contract},
        "firmware": _TEXT,
        "image": _maybe(_TEXT),
        "slot": {"type": ["integer", "string", "null"]},
        "reset": {"type": "string", "enum": strings(RESETS)},
        "epoch": {"type": "integer", "minimum": 0, "maximum": 0xFFFF},
        "last_end": {"type": ["string", "null"], "enum": [*strings(ENDS), None]},
        "failures": _rows("reason, count", _TEXT, U32),
        "held": _HELD,
        "ended": _ENDED,
    }


def _anchor() -> Object:
    source: Object = {"type": "string", "enum": strings(SOURCES)}
    return {**COMMON, "number": _NUMBERED, "at_ms": _MS, "unix_ms": _MS, "source": source, "uncertainty_ms": _MS}


def uplinks(contract: str, values: Object) -> dict[str, Object]:
    """Return the schema of each JSON message a device sends. `values` are the schemas of the twin's properties by name."""
    seen: Object = {"type": "object", "properties": dict.fromkeys(values, U32), "additionalProperties": U32}
    reported: Object = {name: _reported(value) for name, value in values.items()}
    twin: Object = {**COMMON, "number": _NUMBERED, "seen": seen, "reported": {"type": "object", "properties": reported}}
    return {
        "birth": _members("A session begins.", _birth(contract)),
        "death": _members("The Last Will: this session ended without goodbye.", dict(COMMON)),
        "anchor": _members("At this uptime it was this Unix time.", _anchor(), ("number",)),
        "probe": _members("Which marks do you have? I am waiting.", {**COMMON, "probe": _NUMBERED, "unanswered": U32}),
        "twin": _members("Reported state, and which wishes were seen.", twin, ("number",)),
    }


def downlinks(values: Object) -> dict[str, Object]:
    """Return the schema of each JSON message the hub sends."""
    desired: Object = {name: _desired(value) for name, value in values.items()}
    wishes: Object = {
        "desired": {"type": "object", "properties": desired},
        "known": {"type": "object", "additionalProperties": U32},
    }
    twin = _members("Everything desired and not yet resolved.", wishes)
    session: Object = {
        **_TO,
        "time_ms": _MS,
        "uncertainty_ms": _MS,
        "generation": _MS,
        "spread_ms": _MS,
        "marks": _MARKS,
        "closed": U32,
        "twin": twin,
    }
    marks: Object = {
        "incarnation": _NUMBERED,
        "session": U32,
        "marks": _MARKS,
        "probe": _maybe(_NUMBERED),
        "taken": _rows("boot, session, number", _NUMBERED, _NUMBERED, _NUMBERED),
    }
    return {
        "session": _members("Answer to a birth.", session),
        "marks": _members("Custody taken up to here; also the answer to a probe.", marks, ("taken",)),
        "busy": _members(
            "Say nothing for so long.", {"retry_after_ms": {"type": "integer", "minimum": 0, "maximum": 86_400_000}}
        ),
        "twin": _members("As in the answer to a birth; for one session.", {**_TO, **wishes}, tuple(_TO)),
    }


def _or_null(schema: Json) -> Object:
    return {"oneOf": [schema, {"type": "null"}]}


def _reported(value: Json) -> Object:
    members: Object = {
        "value": _or_null(value),
        "version": U32,
        "at_ms": _maybe(_MS),
        "based_on": _maybe(U32),
        "fault": _maybe(_TEXT),
    }
    return _members("What is in force.", members)


def _desired(value: Json) -> Object:
    return _members("A wish.", {"value": value, "version": U32, "expires_ms": _maybe(_MS)})
