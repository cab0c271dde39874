"""The bytes: product, messages, layouts, fields. Their meaning as well, where it is the meaning of bytes."""

from __future__ import annotations

from collections.abc import Mapping

from seamline.contract.evolution import judges
from seamline.contract.evolution.difference import Category
from seamline.contract.evolution.part import BOTH, NEW, OLD, Derived, Part, breaks, either, holds

W, M, B, S = Category.WIRE, Category.MEANING, Category.BEHAVIOUR, Category.SOURCE

_KEY = Derived("the key it stands under")
_RE_VALUED = "stored and arriving values would be read as other ones: a new meaning is a new field"
_MEANING = breaks(BOTH, _RE_VALUED)
_GUESSED = holds(NEW, "each record's layout says which model guessed it, and how sure it was")
_OWN_PACE = "each firmware keeps the figure of its own version, which the hub knows"


def _is_event(message: object) -> bool:
    """Say whether a message waits for events: then its bound says what lies between two, and no `sample`."""
    return getattr(message, "at_most", None) is not None


def _leaves_at_once(message: object) -> bool:
    """Say whether a message is sent on events that wait for nothing: then it has no `every`."""
    return _is_event(message) and not getattr(message, "publish_every_ms", 0)


CONTRACT: Mapping[str, Part | Derived] = {
    "product": Part(W, breaks(BOTH, "it is in every topic, certificate and table"), rule="SL301"),
    "version": Part(S, holds(NEW, "generated code and devices name it")),
    "summary": Part(S, holds(BOTH, "it is read by people only")),
    "owners": Part(B, holds(BOTH, "somebody else answers when a promise breaks")),
    "boundaries": Part(
        B, either(holds(BOTH, "one promise more"), breaks(BOTH, "a promise that the other side relies on is gone"))
    ),
    "fleet": Part(B, judges.return_spread),
    "enums": Part(M, judges.member),
    "flags": Part(M, judges.member),
    "calibrations": Part(M, either(holds(NEW, "its users are judged where they are"), judges.calibration)),
    "messages": Part(W, either(judges.message_added, judges.message_removed), rule="SL305"),
    "faults": Part(
        M,
        either(
            holds(NEW, "an older hub shows the code without its table"),
            holds(OLD, "the hub reads the code by the table of the firmware that raises it"),
        ),
    ),
    "state": Part(
        W,
        either(
            holds(OLD, "old firmware is not asked for what it does not have"),
            breaks(NEW, "what was asked of it, and apps that still ask, get no answer"),
        ),
    ),
    "commands": Part(
        W,
        either(
            holds(OLD, "old firmware is not told what it does not know"),
            breaks(NEW, "apps and hubs that still send it get no result"),
        ),
    ),
    "timing": Part(B, judges.patience),
    "backoff": Part(B, holds(BOTH, _OWN_PACE)),
    "buffer": Part(B, holds(BOTH, _OWN_PACE)),
    "clock": Part(M, holds(BOTH, _OWN_PACE)),
    "update": Part(
        B, either(holds(NEW, "devices can be updated"), breaks(NEW, "firmware that cannot be updated stays as it is"))
    ),
    "identity": Part(
        B, either(holds(NEW, "devices get identities that end"), breaks(NEW, "no rule says how devices are trusted"))
    ),
    "busy": Part(B, holds(NEW, "a device that is told to wait waits, as long as its own version says")),
    "power": Part(B, holds(NEW, "what a device may do in which state is its own")),
    "device": Part(B, holds(NEW, "the hardware that new firmware is built for")),
    "consumers": Part(B, holds(BOTH, "who reads what; nothing that a device does depends on it")),
    "document": Derived("the file as written; every part of it is compared by itself"),
}

MESSAGE: Mapping[str, Part | Derived] = {
    "name": _KEY,
    "id": Part(W, breaks(BOTH, "the id is the channel of every stored record"), rule="SL305"),
    "layout": Part(W, holds(NEW, judges.UNKNOWN_LAYOUT), key=""),
    "sample_ms": Part(B, holds(NEW, _OWN_PACE), key="sample", implied=_is_event),
    "at_most": Part(B, holds(NEW, "each firmware keeps the bound of its own version, and the hub takes what comes")),
    "publish_every_ms": Part(B, holds(NEW, _OWN_PACE), key="publish.every", implied=_leaves_at_once),
    "batch_max": Part(B, holds(NEW, "a hub takes frames of any number of records up to 64 KiB"), key="publish.batch_max"),
    "priority": Part(B, holds(NEW, _OWN_PACE), key="publish.priority"),
    "expires_ms": Part(B, holds(NEW, "what is given up is declared as lost"), key="publish.expires"),
    "qos": Part(
        B, holds(NEW, "what is not acknowledged by the hub is sent again, whatever the broker promises"), key="publish.qos"
    ),
    "frame_bytes_max": Part(B, holds(NEW, "a hub takes frames of up to 64 KiB"), key="publish.frame_max"),
}

LAYOUT: Mapping[str, Part | Derived] = {
    "product": Derived("the contract's product"),
    "message": Derived("the message's name"),
    "message_id": Derived("the message's id"),
    "version": Part(W, holds(NEW, judges.UNKNOWN_LAYOUT), key="layout"),
    "fields": Part(
        W,
        either(
            judges.field_added,
            breaks(BOTH, "a field that is gone shifts everything behind it, and its column stays empty"),
            breaks(BOTH, "fields that change places shift each other"),
        ),
        rule="SL307",
    ),
    "reserved": Part(W, judges.shift, rule="SL307"),
    "order": Part(W, breaks(BOTH, "every value would be read with its bytes reversed"), key="encoding.order", rule="SL308"),
}

VALUE: Mapping[str, Part | Derived] = {
    "name": _KEY,
    "type": Part(W, breaks(BOTH, "one column holds its values of all versions"), rule="SL308"),
    "scale": Part(M, _MEANING, rule="SL309"),
    "offset": Part(M, _MEANING, rule="SL309"),
    "unit": Part(M, _MEANING, rule="SL309"),
    "quantity": Part(M, _MEANING, rule="SL309"),
    "range": Part(M, holds(NEW, "what is stored stays what it is")),
    "enum": Part(M, judges.members_of_field, rule="SL309", restates=True),
    "enum_name": Part(M, judges.another_set, key="type", rule="SL309"),
    "flags": Part(M, judges.members_of_field, rule="SL309", restates=True),
    "flags_name": Part(M, judges.another_set, key="type", rule="SL309"),
    "calibrated": Derived("the calibration"),
}
"""A value as a field of a record; what a twin or a command does otherwise stands with them."""

FIELD: Mapping[str, Part | Derived] = {
    **VALUE,
    "calibration": Part(M, _MEANING, rule="SL309"),
    "calibration_form": Part(M, _MEANING, key="calibration kind", rule="SL309", restates=True),
    "since": Part(S, holds(BOTH, "it says when the field came")),
    "count": Part(W, breaks(BOTH, "other columns, and everything behind it shifts"), rule="SL308"),
    "optional": Part(W, judges.shift, rule="SL307"),
    "inferred": Part(M, breaks(BOTH, "a measured value and a guess are not the same thing"), rule="SL309"),
    "out_of_range": Part(M, holds(NEW, "it is part of the layout: records of either keep their own rule")),
}

INFERRED: Mapping[str, Part | Derived] = {
    "model": Part(M, _GUESSED),
    "version": Part(M, _GUESSED),
    "confidence": Part(M, _GUESSED),
}

RESERVED: Mapping[str, Part | Derived] = {
    "before": Part(W, judges.shift, rule="SL307"),
    "bits": Part(W, judges.shift, rule="SL307"),
}

PARTS: Mapping[str, Mapping[str, Part | Derived]] = {
    "Contract": CONTRACT,
    "Message": MESSAGE,
    "Layout": LAYOUT,
    "Field": FIELD,
    "Inferred": INFERRED,
    "Reserved": RESERVED,
}
