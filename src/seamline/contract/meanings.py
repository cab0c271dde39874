"""Reads what both sides say about faults, twin properties and commands."""

from __future__ import annotations

from seamline.contract.keys import Keys, one
from seamline.contract.layout import FieldType, Value
from seamline.contract.limits import FAULTS_MAX, NAMES_MAX
from seamline.contract.model import Command, Fault, Property
from seamline.contract.scalars import BOOLEAN, DURATION, NAME, TEXT, Kind, ScalarError, integer_between, word
from seamline.contract.values import Known, parts

SEVERITIES = ("info", "warning", "error", "critical")
CONFLICT_RULES = ("cloud_wins", "device_wins", "newest", "local_override")
OUTCOMES = ("done", "refused", "failed")
"""How a command can end when the contract does not say."""
_NO_RULE = f"add 'conflict: RULE', one of {', '.join(CONFLICT_RULES)}"
_RESULT_TYPES = {"time", *(item.value for item in FieldType)}


def _result(text: str) -> str:
    """Read the type of a part of a command's result."""
    if text not in _RESULT_TYPES:
        msg = "is not time, bool, u1 to u64 or i2 to i64"
        raise ScalarError(msg)
    return text


_RESULTS = Kind("SL111", "time, bool or an integer type", _result, "time")


def faults(keys: Keys, messages: tuple[str, ...]) -> dict[int, Fault]:
    """Read `faults`, keyed by code (`0x4F`); names and codes are unique."""
    found: dict[int, Fault] = {}
    names: set[str] = set()
    for code, key, node in keys.entries(integer_between(0, 65_535), items_max=FAULTS_MAX):
        fault = Keys(keys.report, node, keys.inside(key.text))
        name = fault.one("name", NAME)
        if name != NAME.placeholder and name in names:
            span = keys.report.place(fault.inside("name"))
            keys.report.add("SL116", span, f"fault '{name}' has two codes", fix="rename one")
        names.add(name)
        related = [keys.reference(item, messages, NAME, "a message") for item in fault.list("related", required=False)]
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
            related=tuple(related),
            holds=fault.maybe("holds", TEXT),
            clears=fault.maybe("clears", TEXT),
        )
        for place in ("", ".holds", ".clears"):  # where checks find it, who know the code and not how it was written
            keys.report.places[f"faults.{code}{place}"] = keys.report.place(fault.path + place)
        fault.done()
    return found


def state(keys: Keys, known: Known) -> dict[str, Property]:
    """Read `state`: the twin's properties, each with its conflict rule."""
    found: dict[str, Property] = {}
    for name, keys_ in keys.each(NAME, items_max=NAMES_MAX):
        rule = keys_.node("conflict", code="SL226", fix=_NO_RULE)
        found[name] = Property(
            **parts(keys_, name, known),
            conflict=one(keys.report, rule, word(*CONFLICT_RULES), f"'{keys_.inside('conflict')}'"),
            expires_ms=keys_.maybe("expires", DURATION),
            confirm_within_ms=keys_.maybe("confirm_within", DURATION),
        )
        keys_.done()
    return found


def commands(keys: Keys, known: Known) -> dict[str, Command]:
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
        found[name] = Command(
            name,
            body,
            deadline_ms=command.one("deadline", DURATION),
            result=result,
            idempotent=command.either("idempotent", BOOLEAN, default=False),
            outcomes=command.words("outcomes", NAME, required=False) or OUTCOMES,
        )
        command.done()
    return found
