"""How a map draws what it shows, and its legend with it."""

from __future__ import annotations

from typing import Final

from seamline.site.documents.drawing import Ink
from seamline.site.documents.sheets import ALARM
from seamline.site.documents.symbols import SUPPLY
from seamline.site.plan.model import Meaning

GROUND: Final = "#b08968"
CONTOUR: Final = Ink(stroke=GROUND, width=0.15)
SEEN: Final = Ink(fill="#14a38b", opacity=0.28)
SEEN_TWICE: Final = Ink(fill="#0f766e", opacity=0.48)
BLIND: Final = Ink(fill="#f97066", stroke=ALARM, width=0.3, opacity=0.14)
BLIND_HATCH: Final = Ink(stroke=ALARM, width=0.18)
ZONE: Final = Ink(stroke="#1d4e89", width=0.5, dash=(3.0, 1.0))
BOUNDARY: Final = Ink(fill="#fbfaf7", stroke="#3f3f46", width=0.7, dash=(5.0, 1.2, 0.8, 1.2))
CABLE: Final = Ink(stroke="#c2410c", width=0.45, dash=(1.6, 0.8))
LINK: Final = Ink(stroke="#1d4ed8", width=0.25, dash=(0.6, 0.9))
THINGS: Final = {
    Meaning.WATER: Ink(fill="#bfdbfe", stroke="#60a5fa", width=0.25),
    Meaning.EXCLUSION: Ink(fill="#fee2e2", stroke="#f87171", width=0.25, dash=(1.0, 0.8), opacity=0.35),
    Meaning.ROUTE: Ink(stroke="#a8a29e", width=0.5, dash=(0.2, 1.2)),
    Meaning.BUILDING: Ink(fill="#d6d9de", stroke="#374151", width=0.35),
    Meaning.OBSTRUCTION: Ink(fill="#d9c8ad", stroke="#7c5c2e", width=0.3),
    Meaning.MAST: Ink(fill="#374151", stroke="#ffffff", width=0.2),
    Meaning.POWER: Ink(fill="#fde68a", stroke=SUPPLY, width=0.3),
    Meaning.DEVICE: Ink(fill="#ffffff", stroke="#374151", width=0.3),
}
"""In the order in which they are drawn; boundaries and zones come from the plan, and what means nothing is not drawn."""
