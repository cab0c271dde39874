"""Values that a model guessed: which model, which version of it, and which field says how sure it was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from seamline.contract.scalars import NAME, VERSION

if TYPE_CHECKING:
    from collections.abc import Iterable

    from seamline.contract.keys import Keys


@dataclass(frozen=True, slots=True)
class Inferred:
    """A field that is no measurement. `confidence` names the field of the same message that holds it."""

    model: str
    version: str
    confidence: str


def inferred(keys: Keys) -> Inferred | None:
    """Read `inferred: {model, version, confidence}` of one field, or None when the field was measured."""
    if not keys.has("inferred"):
        return None
    one = keys.mapping("inferred")
    found = Inferred(one.one("model", NAME), one.one("version", VERSION), one.one("confidence", NAME))
    one.done()
    return found


def confidences(keys: Keys, found: Iterable[tuple[str, Inferred | None]]) -> None:
    """Check that each `confidence` names another field of the message. `found` holds the fields, `keys` the message."""
    fields = dict(found)
    for name, value in fields.items():
        if value is None or value.confidence == NAME.placeholder:
            continue
        if value.confidence not in fields or value.confidence == name:
            span = keys.report.place(f"{keys.inside('fields')}.{name}.inferred.confidence")
            text = f"'{value.confidence}' is not another field of '{keys.path.rpartition('.')[2]}'"
            keys.report.add("SL115", span, text, fix="add a field for the confidence, such as {type: u8, scale: 0.01}")
