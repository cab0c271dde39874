"""What the corpus starts from, and how it says where problems are.

A case changes pieces of base.yaml. In a new piece, `«SL101»` marks the place where that problem must be reported.
"""

import re
from pathlib import Path

BASE = (Path(__file__).parent.parent / "base.yaml").read_text(encoding="utf-8")
MARK = re.compile("«(SL[0-9]{3})»")


def unmarked(text):
    """Return the text without its marks, and the sorted (line, column, code) they stand for."""
    places, parts, done = [], [], 0
    for mark in MARK.finditer(text):
        parts.append(text[done : mark.start()])
        done = mark.end()
        before = "".join(parts)
        places.append((before.count("\n") + 1, len(before) - before.rfind("\n"), mark[1]))
    return "".join([*parts, text[done:]]), sorted(places)


def edited(*pieces):
    """Return base.yaml with each piece, which must occur once, replaced by the one after it."""
    text = BASE
    for old, new in zip(pieces[::2], pieces[1::2], strict=True):
        assert BASE.count(old) == 1, f"{old!r} must occur once in base.yaml"
        text = text.replace(old, new)
    return text
