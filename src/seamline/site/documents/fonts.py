"""How wide words are in Helvetica, in which both writers set them: the widths of Adobe's font metrics (AFM), code page 1252.

Helvetica is one of the fonts that every reader of PDF has (ISO 32000-1, 9.6.2.2); where an SVG is shown without it, Arial and Liberation
Sans have the same widths.
"""

from __future__ import annotations

import unicodedata
from typing import Final

_REGULAR: Final = """
278 278 355 556 556 889 667 191 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556 556 556 556 278 278 584 584 584 556
1015 667 667 722 722 667 611 778 722 278 500 667 556 833 722 778 667 778 722 667 611 722 667 944 667 667 611 278 278 278 469 556
333 556 556 500 556 556 278 556 556 222 222 500 222 833 556 556 556 556 333 500 278 556 500 722 500 500 500 334 260 334 584 350
556 350 222 556 333 1000 556 556 333 1000 667 333 1000 350 611 350 350 222 222 333 333 350 556 1000 333 1000 500 333 944 350 500 667
278 333 556 556 556 556 260 556 333 737 370 556 584 333 737 333 400 584 333 333 333 556 537 278 333 333 365 556 834 834 834 611
667 667 667 667 667 667 1000 722 667 667 667 667 278 278 278 278 722 722 778 778 778 778 778 584 778 722 722 722 722 667 667 611
556 556 556 556 556 556 889 500 556 556 556 556 278 278 278 278 556 556 556 556 556 556 556 584 611 556 556 556 556 500 556 500
"""
_BOLD: Final = """
278 333 474 556 556 889 722 238 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556 556 556 556 333 333 584 584 584 611
975 722 722 722 722 667 611 778 722 278 556 722 611 833 722 778 667 778 722 667 611 722 667 944 667 667 611 333 278 333 584 556
333 556 611 556 611 556 333 611 611 278 278 556 278 889 611 611 611 611 389 556 333 611 556 778 556 556 500 389 280 389 584 350
556 350 278 556 500 1000 556 556 333 1000 667 333 1000 350 611 350 350 278 278 500 500 350 556 1000 333 1000 556 333 944 350 500 667
278 333 556 556 556 556 280 556 333 737 370 556 584 333 737 333 400 584 333 333 333 611 556 278 333 333 365 556 834 834 834 611
722 722 722 722 722 722 1000 722 667 667 667 667 278 278 278 278 722 722 778 778 778 778 778 584 778 722 722 722 722 667 667 611
556 556 556 556 556 556 889 556 556 556 556 556 278 278 278 278 611 611 611 611 611 611 611 584 611 611 611 611 611 556 611 556
"""
FIRST: Final = 32
WIDTHS: Final = {False: tuple(map(int, _REGULAR.split())), True: tuple(map(int, _BOLD.split()))}
"""Thousandths of the size, from code 32 on: regular and bold."""
WITHOUT_MARKS: Final = str.maketrans("ŁłĐđıĦħŦŧ−≤≥→", "LlDdiHhTt-<>>")
"""Letters that Unicode does not take apart, as the nearest ones that there are."""
ELLIPSIS: Final = "…"


def latin(text: str) -> bytes:
    """A text in code page 1252: letters that it lacks lose their marks, and what is no Latin letter at all becomes `?`."""
    done = bytearray()
    for letter in text:
        try:
            done += letter.encode("cp1252")
        except UnicodeEncodeError:
            bare = unicodedata.normalize("NFKD", letter.translate(WITHOUT_MARKS))
            kept = "".join(one for one in bare if not unicodedata.combining(one))
            done += kept.encode("cp1252", "replace")
    return bytes(byte if byte >= FIRST else 0x20 for byte in done)


def width(text: str, size: float, *, bold: bool = False) -> float:
    """How wide a text is, in the unit of its size."""
    widths = WIDTHS[bold]
    return sum(widths[byte - FIRST] for byte in latin(text)) * size / 1000


def fitted(text: str, room: float, size: float, *, bold: bool = False) -> str:
    """The text, or as much of it as has room, and an ellipsis."""
    if width(text, size, bold=bold) <= room:
        return text
    kept = text
    while kept and width(kept + ELLIPSIS, size, bold=bold) > room:
        kept = kept[:-1]
    return kept.rstrip() + ELLIPSIS


def wrapped(text: str, room: float, size: float, *, bold: bool = False) -> list[str]:
    """The text in lines that have room, broken between words, and within a word that is longer than a line."""
    lines: list[str] = []
    line = ""
    for word in text.split():
        longer = f"{line} {word}" if line else word
        if width(longer, size, bold=bold) <= room:
            line = longer
            continue
        if line:
            lines.append(line)
        line = word
        while width(line, size, bold=bold) > room and len(line) > 1:
            fits = next(
                (at for at in range(len(line) - 1, 1, -1) if width(line[:at], size, bold=bold) <= room),
                1,
            )
            lines.append(line[:fits])
            line = line[fits:]
    return [*lines, line] if line else lines or [""]
