"""What somebody else's code raised, in one line."""

from __future__ import annotations

import re
import traceback
from typing import Final

ADDRESS: Final = re.compile(r" at 0x[0-9a-fA-F]+")


def told_of(error: BaseException) -> str:
    """`TYPE: message`, without addresses; of a message of several lines the first that says something, and ` …`."""
    parts = traceback.format_exception_only(error)
    # A SyntaxError's place comes first, indented; notes come last.
    whole = next((part for part in parts if not part.startswith(" ")), parts[-1])
    first, *rest = [line.strip() for line in whole.splitlines() if line.strip()]
    if rest and first.endswith(":"):
        first = f"{first} {rest.pop(0)}"
    return ADDRESS.sub("", f"{first} …" if rest else first)
