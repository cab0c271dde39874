"""Reads what both sides say about faults, twin properties and commands."""

from __future__ import annotations

from seamline.contract.keys import Keys, one
from seamline.contract.layout import FieldType, Value
from seamline.contract.limits import FAULTS_MAX, NAMES_MAX
from seamline.contract.model import Command, Fault, Property
from seamline.contract.scalars import BOOLEAN, DURATION, NAME, TEXT, integer_between, word
from seamline.contract.values import Enums, parts

SEVERITIES = ("info", "warning", "error", "critical")
CONFLICT_RULES = ("cloud_wins", "device_wins", "newest", "local_override")
_RESULTS = word("time", *(item.value for item in FieldType))


def faults(keys: Keys) -> dict[int, Fault]:
    """Read `faults`, keyed by code (`0x4F`); names and codes are unique."""
    found: dict[int, Fault] = {}
    for code, key, node in keys.entries(integer_between(0, 65_535), items_max=FAULTS_MAX):
        fault = Keys(keys.report, node, keys.inside(key.text))
        name = fault.one("name", NAME)
        if name != NAME.placeholder and any(other.name == name for other in found.values()):
            span = keys.report.place(fault.inside("name"))
            keys.report.add("SL116", span, f"fault '{name}' has two codes", fix="rename one")
        found[code] = Fault(
            code,
            name,
            layer=fault.one("layer", NAME),
            severity=fault.one("severity", word(*SEVERITIES)),
            latches=fault.either("latches", BOOLEAN, default=False),
            meaning=fault.one("meaning", TEXT),
            cause=fault.maybe("cause", TEXT),
            user=fault.maybe("user", TEXT),
            support=fault.maybe("support", TEXT),
        )
        fault.done()
    return found


def state(keys: Keys, known: Enums) -> dict[str, Property]:
    """Read `state`: the twin's properties, each with its conflict rule."""
    found: dict[str, Property] = {}
    for name, keys_ in keys.each(NAME, items_max=NAMES_MAX):
        found[name] = Property(
            **parts(keys_, name, known),
            conflict=keys_.one("conflict", word(*CONFLICT_RULES)),
            expires_ms=keys_.maybe("expires", DURATION),
            confirm_within_ms=keys_.maybe("confirm_within", DURATION),
        )
        keys_.done()
    return found


def commands(keys: Keys, known: Enums) -> dict[str, Command]:
    """Read `commands`: body, deadline, result."""
    found: dict[str, Command] = {}
    for name, command in keys.each(NAME, items_max=NAMES_MAX):
        body: dict[str, Value] = {}
        result: dict[str, str] = {}
        if command.has("body"):
            for item, value in command.mapping("body").each(NAME, items_max=NAMES_MAX):
                body[item] = Value(**parts(value, item, known))
                value.done()
        if command.has("result"):
            results = command.mapping("result")
            for item, _, node in results.entries(NAME, items_max=NAMES_MAX):
                result[item] = one(keys.report, node, _RESULTS, f"'{results.inside(item)}'")
        found[name] = Command(name, body, command.one("deadline", DURATION), result)
        command.done()
    return found
