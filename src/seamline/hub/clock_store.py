"""What the database knows about the clocks of boots, as `timeline.Segment`s."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

from seamline.hub.anchors import Tie
from seamline.hub.inputs import Source
from seamline.hub.params import Int8s
from seamline.hub.store_port import Store
from seamline.hub.timeline import Segment, anchored

BOOTS_MAX: Final = 64
"""Boots of an incarnation that are looked at to bound one another: the latest. Older ones keep the dates they have."""

SOURCES: Final[Mapping[str, Source]] = {source.value: source for source in Source}

Incarnation: TypeAlias = tuple[int, int]
"""(device number, incarnation)"""


async def segments_of(store: Store, wanted: Sequence[Incarnation]) -> dict[Incarnation, dict[int, Segment]]:
    """The latest boots of these incarnations with their accepted anchors."""
    found: dict[Incarnation, dict[int, Segment]] = {one: {} for one in wanted}
    if not wanted:
        return found
    numbers: Mapping[str, object] = {
        "device": Int8s([device for device, _ in wanted]),
        "incarnation": Int8s([incarnation for _, incarnation in wanted]),
    }
    for device, incarnation, boot, began, uptime in await store.all("boots_of", {**numbers, "most": BOOTS_MAX}):
        found[int(device), int(incarnation)][int(boot)] = Segment((), None if began is None else int(began), int(uptime))
    ties: dict[tuple[int, int, int], list[Tie]] = {}
    for device, incarnation, boot, at, unix, source, uncertainty in await store.all("anchors_of", numbers):
        tie = Tie(int(at), int(unix), SOURCES[str(source)], int(uncertainty))
        ties.setdefault((int(device), int(incarnation), int(boot)), []).append(tie)
    for (device, incarnation, boot), own in ties.items():
        boots = found[device, incarnation]
        boots[boot] = anchored(boots.get(boot, Segment()), *own)
    return found
