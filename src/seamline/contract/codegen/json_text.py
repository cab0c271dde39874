"""JSON as generated files hold it: indented, in the order given, ASCII kept readable, one line end at the end."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import TypeAlias

Json: TypeAlias = "Mapping[str, Json] | list[Json] | str | int | float | bool | None"
Object: TypeAlias = dict[str, Json]


def text(document: Json) -> str:
    """Return the document as text."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def number(value: Decimal) -> int | float:
    """Return a decimal as JSON's number: an integer where it is one."""
    return int(value) if value == value.to_integral_value() else float(value)


def strings(words: Mapping[int, str] | tuple[str, ...]) -> list[Json]:
    """Return words as a JSON list; of a mapping, its values by rising number."""
    return [words[key] for key in sorted(words)] if isinstance(words, Mapping) else list(words)
