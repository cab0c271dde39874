"""Features of one survey that lie where all others do not: exchanged axes, or another frame than the file says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from seamline.site.plan.things import EXCHANGED, FAR_M, apart, astray, label
from seamline.site.survey import Feature, Note

STRAY_M: Final = 1_000_000.0
"""So far from all others a feature is doubted."""
SPREAD: Final = 3.0
"""How many times as far from the middle as half of the features one may lie: a survey may be of a whole country."""
FEATURES_LEAST: Final = 3
"""Of two, nobody can say which one is wrong."""
SHOWN_MAX: Final = 10


def strays(features: Sequence[Feature]) -> list[Note]:
    """A note on each feature far from all others, or whose axes look exchanged; of many, the first, and how many there are."""
    placed = [feature for feature in features if not feature.geometry.is_empty]
    if len(placed) < FEATURES_LEAST:
        return []
    bounds = np.array([feature.geometry.bounds for feature in placed])
    centres = bounds.reshape(-1, 2, 2).mean(axis=1)
    lon, lat = np.median(centres, axis=0).tolist()
    places = [(east, north) for east, north in centres.tolist()]
    away = [apart(place, (lon, lat)) for place in places]
    reach = FAR_M + SPREAD * float(np.median(away))
    found: list[Note] = []
    for feature, place, metres in zip(placed, places, away, strict=True):
        why = astray(place, (lon, lat), reach)
        if why == "exchanged" or (why == "far" and metres > STRAY_M):
            remedy = EXCHANGED if why == "exchanged" else "is it in another frame than the file says?"
            found.append(
                Note("doubt", f"{label(feature)}: it lies {metres / 1000:,.0f} km from the others; {remedy}", feature.line)
            )
    more = len(found) - SHOWN_MAX
    return found if more <= 0 else [*found[:SHOWN_MAX], Note("doubt", f"{more} more lie as far from the others")]
