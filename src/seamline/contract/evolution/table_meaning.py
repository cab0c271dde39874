"""What numbers mean outside records: calibrations, faults, twin properties, commands, the clock."""

from __future__ import annotations

from collections.abc import Mapping

from seamline.contract.evolution import judges
from seamline.contract.evolution.difference import Category
from seamline.contract.evolution.part import BOTH, NEW, OLD, Derived, Part, breaks, holds
from seamline.contract.evolution.table_wire import VALUE

W, M, B, S = Category.WIRE, Category.MEANING, Category.BEHAVIOUR, Category.SOURCE

_KEY = Derived("the key it stands under")
_WAITING = "a value that was asked before an update would be obeyed as another one after it"
_ASKED = breaks(BOTH, _WAITING)
_BY_VERSION = "the hub knows the figure of each firmware's version"

CALIBRATION: Mapping[str, Part | Derived] = {
    "name": _KEY,
    "kind": Part(M, judges.calibration, rule="SL309"),
    "terms": Part(M, judges.calibration, rule="SL309"),
}

FAULT: Mapping[str, Part | Derived] = {
    "code": _KEY,
    "name": Part(M, breaks(BOTH, "one code means one fault: history and support would mix two")),
    "layer": Part(M, holds(NEW, "it says where to look")),
    "severity": Part(M, holds(NEW, "the hub weighs it by the version that raises it")),
    "latches": Part(M, breaks(BOTH, "a fault that ends by itself and one that waits for a reset are handled differently")),
    "holds": Part(B, breaks(BOTH, "what stays off until it is cleared is a matter of safety: another rule is another fault")),
    "clears": Part(B, holds(NEW, "support reads it by the version that raises it")),
    "related": Part(S, holds(BOTH, "it says where to look")),
    "meaning": Part(M, holds(BOTH, "other words; another fault takes another code")),
    "cause": Part(M, holds(BOTH, "other words for people")),
    "user": Part(M, holds(BOTH, "other words for people")),
    "support": Part(M, holds(BOTH, "other words for people")),
}

ASKED: Mapping[str, Part | Derived] = {
    **VALUE,
    "type": Part(W, _ASKED),
    "scale": Part(M, _ASKED),
    "offset": Part(M, _ASKED),
    "unit": Part(M, _ASKED),
    "quantity": Part(M, _ASKED),
    "range": Part(M, judges.accepted_range),
    "enum_name": Part(M, judges.another_set, key="type"),
    "flags_name": Part(M, judges.another_set, key="type"),
}
"""A value that travels to the device: in a twin, or in a command."""

PROPERTY: Mapping[str, Part | Derived] = {
    **ASKED,
    "conflict": Part(B, breaks(BOTH, "a conflict that began under one rule would end under the other")),
    "expires_ms": Part(B, holds(BOTH, _BY_VERSION), key="expires"),
    "confirm_within_ms": Part(B, holds(BOTH, _BY_VERSION), key="confirm_within"),
}

COMMAND: Mapping[str, Part | Derived] = {
    "name": _KEY,
    "body": Part(W, breaks(BOTH, "an order with another body is another order: give it another name")),
    "deadline_ms": Part(B, holds(BOTH, _BY_VERSION), key="deadline"),
    "result": Part(W, breaks(NEW, "who waits for the result expects it as it was")),
    "idempotent": Part(B, judges.repeatable),
    "outcomes": Part(M, judges.outcomes),
}

CLOCK: Mapping[str, Part | Derived] = {
    "sources": Part(M, holds(NEW, "records say themselves how their time is known")),
    "drift_ppm": Part(M, holds(NEW, "the hub dates each device by the drift of its own version"), key="drift"),
    "resets": Part(M, holds(NEW, "records say themselves how their time is known")),
    "sync_every_ms": Part(M, holds(NEW, "records say themselves how their time is known"), key="sync_every"),
    "error_max_ms": Part(M, holds(OLD, "every reading carries the error of its own date"), key="error_max"),
}

PARTS: Mapping[str, Mapping[str, Part | Derived]] = {
    "Calibration": CALIBRATION,
    "Fault": FAULT,
    "Value": ASKED,
    "Property": PROPERTY,
    "Command": COMMAND,
    "Clock": CLOCK,
}
