"""Time in ingest: anchors are vetted and taken in before the batch's records are dated; later a background step dates older ones anew."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import numpy as np

from seamline.hub.anchors import Tie, Tolerance, Why, accepted, against, tie_of, vet
from seamline.hub.clock_store import segments_of
from seamline.hub.decode import I64
from seamline.hub.ingest import dating
from seamline.hub.ingest.catalogue import Catalogue
from seamline.hub.ingest.dating import Dates
from seamline.hub.ingest.fast import Grouped
from seamline.hub.ingest.judge import Judged, Said
from seamline.hub.ingest.memory import NEVER_MS, Memory
from seamline.hub.inputs import Anchor
from seamline.hub.params import Int8s
from seamline.hub.store_port import Row, Store
from seamline.hub.timeline import Dating, Segment, affected, anchored, datings

FLUSH_MS: Final = 2_000
"""How often what was heard of boots is written; it only bounds dates that have no anchor."""

ANCHOR_ONCE: Final = ("device_no", "incarnation", "boot", "at_ms", "unix_ms", "source")
"""What makes an anchor, as the constraint of that name says."""

Owner = tuple[int, int]
"""(fleet slot, incarnation)"""


class Clockwork:
    """Keeps how to date every boot in memory, and writes what is learnt about boots."""

    def __init__(self, store: Store, catalogue: Catalogue, memory: Memory) -> None:
        self._store: Final = store
        self._catalogue: Final = catalogue
        self._memory: Final = memory
        self._many: Final[dict[int, Dating]] = {}
        self._slot_of_frame: I64 = np.zeros(0, np.int64)
        self._flushed_ms = 0

    async def anchors(self, judged: Judged, now_ms: int) -> None:
        """Vet the batch's anchors, write them down, and date by them from now on."""
        del now_ms
        said = [one for one in judged.said if isinstance(one.input, Anchor)]
        if not said:
            return
        owners = sorted({(one.device, one.input.incarnation) for one in said})
        segments = await self._segments(owners)
        before = {owner: self._datings(owner, segments[owner]) for owner in owners}
        once = {(one.device, one.input): one for one in said}  # delivered twice, it is still one anchor
        stood = {(_owner(one), one.input.boot): segments[_owner(one)].get(one.input.boot, Segment()) for one in said}
        refused = [(one, self._take(one, segments)) for one in once.values()]
        stand = {(owner, boot): self._stand(owner, segments[owner].get(boot, Segment())) for owner, boot in stood}
        rows = [self._row(one, why or self._against(one, stand[_owner(one), one.input.boot])) for one, why in refused]
        rows.sort(key=lambda row: (not row["accepted"], int(str(row["uncertainty_ms"]))), reverse=True)
        best = {tuple(row[name] for name in ANCHOR_ONCE): row for row in rows}  # the best of those that differ in no more
        await self._store.write("add_anchors", list(best.values()))
        await self._store.write("stand_anchors", [row for key in stood for row in self._moved(*key, stood[key], stand[key])])
        boots: list[Row] = []
        for owner in owners:
            after = self._datings(owner, segments[owner])
            was = before[owner]
            boots += [self._redate(owner, boot, was.get(boot), after[boot]) for boot in affected(was, after)]
            self._keep(owner, after)
        await self._store.write("boots", boots)

    async def hear(self, judged: Judged, grouped: Grouped) -> None:
        """Find each frame's boot, and note that it was heard."""
        memory = self._memory
        keys, clocks = memory.keys, memory.clocks
        fresh = grouped.key[keys.clock[grouped.key] < 0]
        for slot in fresh.tolist():
            keys.clock[slot] = clocks.slot(int(keys.device[slot]), int(keys.incarnation[slot]), int(keys.boot[slot]))
        boots = keys.clock[grouped.key]
        unknown = boots[~clocks.known[boots]]
        if len(unknown):
            await self._learn(np.unique(unknown))
        slots = np.full(len(judged), -1, np.int64)
        slots[grouped.order] = boots[grouped.of]
        self._slot_of_frame = slots
        frames = grouped.order
        dating.hear(clocks, slots[frames], last_uptime_ms(judged)[frames], judged.arrival_us[frames] // 1000)

    def date(self, judged: Judged, frame: I64, uptime_ms: I64, arrival_ms: I64) -> Dates:
        """Date records by their frames (indices into the batch)."""
        del judged
        return dating.date(self._memory.clocks, self._many, self._slot_of_frame[frame], uptime_ms, arrival_ms)

    def made(self, said: Said, uptime_ms: int) -> tuple[int, int] | None:
        """When something at an uptime of the sender's boot happened: (Unix ms, error ms), where it can be told."""
        slot = self._memory.clocks.find(said.device, said.input.incarnation, said.input.boot)
        if slot is None or not self._memory.clocks.known[slot]:
            return None
        told = dating.told(self._memory.clocks, self._many, slot, uptime_ms, said.arrival_ms)
        if told is not None:
            return told
        at = np.array([slot])
        dates = dating.date(self._memory.clocks, self._many, at, np.array([uptime_ms]), np.array([said.arrival_ms]))
        return (int(dates.unix_ms[0]), int(dates.error_ms[0])) if dates.known[0] else None

    async def flush(self, now_ms: int) -> None:
        """Write what was heard of boots, every other second."""
        clocks = self._memory.clocks
        if now_ms - self._flushed_ms < FLUSH_MS:
            return
        self._flushed_ms = now_ms
        dirty = np.flatnonzero(clocks.dirty[: clocks.used])
        if len(dirty):
            await self._store.run("boots_heard", self._heard(dirty))
            clocks.dirty[dirty] = False

    def _take(self, said: Said, segments: Mapping[Owner, dict[int, Segment]]) -> Why | None:
        """One anchor into its segment when its receipt bears it out; else why not."""
        assert isinstance(said.input, Anchor)  # noqa: S101 - chosen by its type
        anchor, boots = said.input, segments[said.device, said.input.incarnation]
        why = vet(anchor, said.arrival_ms, self._drift_ppm(said.device), Tolerance())
        if why is None:
            boots[anchor.boot] = anchored(boots.get(anchor.boot, Segment()), tie_of(anchor))
        return why

    def _stand(self, owner: Owner, segment: Segment) -> Sequence[Tie]:
        """The anchors of a boot that stand."""
        return accepted(segment.anchors, self._drift_ppm(owner[0]))

    def _against(self, said: Said, stand: Sequence[Tie]) -> Why | None:
        """Why a believable anchor does not stand beside the others of its boot."""
        assert isinstance(said.input, Anchor)  # noqa: S101 - chosen by its type
        tie = tie_of(said.input)
        return None if tie in stand else against(tie, stand, self._drift_ppm(said.device))

    def _row(self, said: Said, why: Why | None) -> Row:
        assert isinstance(said.input, Anchor)  # noqa: S101 - chosen by its type
        boot = _boot(self._memory.fleet.devices[said.device].no, said.input.incarnation, said.input.boot)
        return {**boot, "received_ms": said.arrival_ms, **_standing(tie_of(said.input), why)}

    def _moved(self, owner: Owner, boot: int, before: Segment, stand: Sequence[Tie]) -> list[Row]:
        """The older anchors of a boot that stand now and did not, or the other way round."""
        if not before.anchors:
            return []
        stood, drift_ppm = self._stand(owner, before), self._drift_ppm(owner[0])
        if set(stood).intersection(stand).issuperset(before.anchors):
            return []  # as mostly: they stand, and stood
        key = _boot(self._memory.fleet.devices[owner[0]].no, owner[1], boot)
        return [
            {**key, **_standing(tie, against(tie, stand, drift_ppm))}
            for tie in before.anchors
            if against(tie, stood, drift_ppm) is not against(tie, stand, drift_ppm)
        ]

    def _drift_ppm(self, device: int) -> int:
        return self._catalogue.terms(self._memory.fleet.devices[device].contract).drift_ppm

    async def _learn(self, slots: I64) -> None:
        """Read how to date these boots."""
        clocks = self._memory.clocks
        owners = sorted({(int(clocks.device[slot]), int(clocks.incarnation[slot])) for slot in slots.tolist()})
        segments = await self._segments(owners)
        for slot in slots.tolist():
            segments[int(clocks.device[slot]), int(clocks.incarnation[slot])].setdefault(int(clocks.boot[slot]), Segment())
        for owner in owners:
            self._keep(owner, self._datings(owner, segments[owner]))

    async def _segments(self, owners: Iterable[Owner]) -> dict[Owner, dict[int, Segment]]:
        """What the database knows, and what was heard since."""
        fleet, clocks = self._memory.fleet, self._memory.clocks
        wanted = {owner: (int(fleet.no[owner[0]]), owner[1]) for owner in owners}
        found = await segments_of(self._store, list(wanted.values()))
        segments = {owner: dict(found[key]) for owner, key in wanted.items()}
        for owner, boots in segments.items():
            for slot in clocks.of(*owner):
                boot, began = int(clocks.boot[slot]), int(clocks.began_before_ms[slot])
                if began < NEVER_MS:
                    known = boots.get(boot, Segment())
                    least = began if known.began_before_ms is None else min(began, known.began_before_ms)
                    highest = max(known.uptime_ms, int(clocks.uptime_ms[slot]))
                    boots[boot] = known._replace(began_before_ms=least, uptime_ms=highest)
        return segments

    def _datings(self, owner: Owner, segments: Mapping[int, Segment]) -> Mapping[int, Dating]:
        terms = self._catalogue.terms(self._memory.fleet.devices[owner[0]].contract)
        return datings(segments, terms.drift_ppm, terms.error_max_ms)

    def _keep(self, owner: Owner, by_boot: Mapping[int, Dating]) -> None:
        """Put the datings of those boots into memory that records of this partition are dated by."""
        clocks = self._memory.clocks
        for slot in clocks.of(*owner):
            found = by_boot.get(int(clocks.boot[slot]))
            if found is not None:
                dating.put(clocks, slot, found, self._many)

    def _redate(self, owner: Owner, boot: int, before: Dating | None, after: Dating) -> Row:
        """A boot whose stored rows are to be dated anew, from the uptime on where its dates may differ."""
        no = self._memory.fleet.devices[owner[0]].no
        from_ms = 0 if before is None else changed_from_ms(before, after)
        return {**_boot(no, owner[1], boot), "redate_from_ms": from_ms}

    def _heard(self, slots: I64) -> Mapping[str, object]:
        """What was heard of these boots, as parameters of `boots_heard`."""
        clocks = self._memory.clocks
        return {
            "device": Int8s(self._memory.fleet.no[clocks.device[slots]]),
            "incarnation": Int8s(clocks.incarnation[slots]),
            "boot": Int8s(clocks.boot[slots]),
            "first_ms": Int8s(clocks.first_ms[slots]),
            "last_ms": Int8s(clocks.last_ms[slots]),
            "began_before_ms": Int8s(clocks.began_before_ms[slots]),
            "uptime_ms": Int8s(clocks.uptime_ms[slots]),
        }


def changed_from_ms(before: Dating, after: Dating) -> int:
    """The uptime from which two datings of one boot may give different dates."""
    same = 0
    while same < min(len(before.pieces), len(after.pieces)) and before.pieces[same] == after.pieces[same]:
        same += 1
    if not same:
        return 0
    starts = [dating.pieces[same].start_ms for dating in (before, after) if len(dating.pieces) > same]
    return min(starts, default=0)


def last_uptime_ms(judged: Judged) -> I64:
    """The uptime of each frame's last record, as far as its layout is known; else of its first."""
    uptime = judged.frames.uptime_ms
    counts = judged.frames.head["count"].astype(np.int64)
    for index, group in enumerate(judged.groups):
        inside = np.flatnonzero(judged.group == index)
        uptime[inside] = group.run.uptime_ms[judged.base[inside] + counts[inside] - 1]
    return uptime


def _owner(said: Said) -> Owner:
    return said.device, said.input.incarnation


def _standing(tie: Tie, why: Why | None) -> Row:
    """The content of an anchor and what became of it, as columns."""
    return {
        "at_ms": tie.at_ms,
        "unix_ms": tie.unix_ms,
        "source": tie.source.value,
        "uncertainty_ms": tie.uncertainty_ms,
        "accepted": why is None,
        "why": None if why is None else why.value,
    }


def _boot(no: int, incarnation: int, boot: int) -> dict[str, object]:
    return {"device_no": no, "incarnation": incarnation, "boot": boot}
