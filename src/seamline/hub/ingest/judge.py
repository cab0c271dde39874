"""The first look at a batch, without the database: what each message is, and what its frame may become.

Frames are sorted by layout and decoded; each gets a *verdict*: stored, quarantined whole (with a reason), declined, evidence
only, or no frame at all. Records with impossible values are marked one by one. What the ledger then says about their keys
decides what is really written.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, field
from typing import Final, cast

import numpy as np
from numpy.typing import NDArray

from seamline.hub import decode
from seamline.hub.decode import I64, Bools, Frames, Records, Run
from seamline.hub.framing import FAULTS
from seamline.hub.ingest.catalogue import LOSSES_ID, Catalogue, Kind, layout_key
from seamline.hub.ingest.memory import KIND_NAMES, Fleet
from seamline.hub.ingest.reader import Batch
from seamline.hub.inputs import Birth, Input, parse
from seamline.hub.members import InputError

DATA: Final = 0

# Verdicts on a frame. STORED and above are accounted in the ledger; NOTHING is only counted; EVIDENCE is kept, not counted.
NOTHING, EVIDENCE, STORED, QUARANTINED, DECLINED = range(5)
REASONS: Final = (*FAULTS, "unregistered", "record-size", "wrong-product", "poison", "unborn-boot")
UNREGISTERED, RECORD_SIZE, WRONG_PRODUCT, POISON, UNBORN_BOOT = range(len(FAULTS), len(FAULTS) + 5)


@dataclass(slots=True)
class Group:
    """The records of one registered layout in the batch. `accepted` is filled from the ledger's answer."""

    kind: Kind
    run: Run
    fields: Records
    digest: I64
    bad: Bools
    accepted: Bools


@dataclass(slots=True)
class Said:
    """A control message, read. `at` is its place in the batch."""

    at: int
    device: int
    input: Input
    arrival_ms: int


@dataclass(slots=True)
class Refusal:
    """Something that is no message of ours: counted by (device, reason), with the latest as a sample."""

    device: int
    reason: str
    sample: bytes
    at_ms: int


@dataclass(slots=True)
class Judged:
    """A batch after the first look. Arrays run in parallel over its data frames; `at` is each one's place in the batch."""

    batch: Batch
    at: I64
    device: I64
    arrival_us: I64
    frames: Frames
    payloads: list[bytes]
    verdict: NDArray[np.int8]
    reason: NDArray[np.int8]
    base: I64  # where a frame's records begin in its group's run
    group: NDArray[np.int16]  # its group, -1 for none
    bad: I64  # how many of its records hold impossible values
    groups: list[Group] = field(default_factory=list[Group])
    said: list[Said] = field(default_factory=list[Said])
    refused: list[Refusal] = field(default_factory=list[Refusal])

    def __len__(self) -> int:
        return len(self.at)

    def group_at(self, index: int) -> Group | None:
        """The group of a frame; None when its layout is not registered, or it is none."""
        at = int(self.group[index])
        return self.groups[at] if at >= 0 else None

    def reason_at(self, index: int) -> str:
        """Why a frame is quarantined or evidence, as a word."""
        return REASONS[int(self.reason[index])]

    @property
    def accountable(self) -> Bools:
        """Which frames the ledger is to hear of."""
        return self.verdict >= STORED


def judge(batch: Batch, fleet: Fleet, catalogue: Catalogue) -> Judged:
    """Sort and decode a batch. The fleet's slots exist afterwards; its rows need not be read yet (see `reconsider`)."""
    count = len(batch)
    codes = fleet.codes(batch.subjects)
    stored_us = np.array(batch.stored_ns, np.int64) // 1000
    data = (codes & 7) == DATA
    at = np.arange(count) if data.all() else np.flatnonzero(data)
    payloads = batch.payloads if len(at) == count else [batch.payloads[index] for index in at.tolist()]
    frames = decode.frames(payloads)
    judged = Judged(
        batch=batch,
        at=at,
        device=codes[at] >> 3,
        arrival_us=stored_us[at],
        frames=frames,
        payloads=payloads,
        verdict=np.full(len(at), STORED, np.int8),
        reason=frames.fault.copy(),
        base=np.zeros(len(at), np.int64),
        group=np.full(len(at), -1, np.int16),
        bad=np.zeros(len(at), np.int64),
    )
    _faulty(judged)
    _decode(judged, catalogue)
    if len(at) < count:
        _control(judged, codes, stored_us)
    return judged


def renamed(judged: Judged, fleet: Fleet, catalogue: Catalogue) -> dict[int, list[Said]]:
    """The births of each device of which one names another product than the device is known as."""
    births: dict[int, list[Said]] = {}
    for said in judged.said:
        if isinstance(said.input, Birth):
            births.setdefault(said.device, []).append(said)
    return {
        device: own
        for device, own in births.items()
        if any(catalogue.product_code(cast("Birth", said.input).product) != fleet.product[device] for said in own)
    }


def reconsider(judged: Judged, fleet: Fleet, catalogue: Catalogue, stale: Container[int] = ()) -> None:
    """Judge by what the database knows of the devices: the product they are, and whose data it is (ownership epoch).

    `stale`: places in the batch of births that come late and name nothing, of those that `renamed` finds.
    """
    product, epoch = fleet.product[judged.device], fleet.epoch[judged.device]
    named: dict[int, int] = {}
    for said in judged.said:
        if isinstance(said.input, Birth) and said.at not in stale:
            code = catalogue.product_code(said.input.product)
            if code != named.get(said.device, fleet.product[said.device]):
                named[said.device] = code
                product[(judged.device == said.device) & (judged.at > said.at)] = code
    for index, group in enumerate(judged.groups):
        if group.kind.product:
            foreign = (judged.group == index) & (product != -1) & (product != group.kind.product)
            judged.verdict[foreign], judged.reason[foreign] = QUARANTINED, WRONG_PRODUCT
    old = (judged.verdict >= STORED) & (judged.frames.head["epoch"] < epoch)
    judged.verdict[old] = DECLINED


def _faulty(judged: Judged) -> None:
    """Frames that are none are counted, damaged ones kept as evidence; one with an unknown flag is whole, and custody."""
    fault = judged.frames.fault
    if not fault.any():
        return
    judged.verdict[fault != decode.OK] = EVIDENCE
    judged.verdict[fault == decode.FLAGS] = QUARANTINED
    judged.verdict[fault == decode.NO_FRAME] = NOTHING
    for index in np.flatnonzero(fault == decode.NO_FRAME).tolist():
        at_ms = int(judged.arrival_us[index]) // 1000
        refusal = Refusal(int(judged.device[index]), "no-frame", judged.payloads[index], at_ms)
        judged.refused.append(refusal)


def _decode(judged: Judged, catalogue: Catalogue) -> None:
    """Group the frames by layout and read their records."""
    frames = judged.frames
    whole = np.flatnonzero(judged.verdict == STORED)
    if not len(whole):
        return
    head = frames.head[whole]
    keys = (head["channel"].astype(np.int64) << 40) | (head["layout"].astype(np.int64) << 32) | head["fingerprint"]
    layouts: list[int] = keys[:1].tolist() if (keys == keys[0]).all() else sorted(set(keys.tolist()))
    for key in layouts:
        chosen = whole[keys == key] if len(layouts) > 1 else whole
        kind = catalogue.kinds.get(key)
        if kind is None:
            judged.verdict[chosen], judged.reason[chosen] = QUARANTINED, UNREGISTERED
            continue
        wrong = frames.head["record"][chosen] != kind.layout.record_bytes
        if wrong.any():
            judged.verdict[chosen[wrong]], judged.reason[chosen[wrong]] = QUARANTINED, RECORD_SIZE
            chosen = chosen[~wrong]
        if len(chosen):
            _group(judged, kind, chosen)


def _group(judged: Judged, kind: Kind, chosen: I64) -> None:
    run = decode.records(judged.frames, chosen, kind.layout.record_bytes)
    fields = kind.decoder.fields(run)
    bad = kind.decoder.impossible(fields)
    if kind.layout.message_id == LOSSES_ID:
        bad |= impossible_losses(fields, judged.frames.head["boot"][run.frame])
    counts = judged.frames.head["count"][chosen].astype(np.int64)
    judged.base[chosen] = np.cumsum(counts) - counts
    judged.group[chosen] = len(judged.groups)
    if bad.any():
        judged.bad += np.bincount(run.frame[bad], minlength=len(judged))
    digest = decode.digests(run, kind.layout.fingerprint)
    judged.groups.append(Group(kind, run, fields, digest, bad, np.zeros(len(run), np.bool_)))


def impossible_losses(fields: Records, boot: NDArray[np.uint32]) -> Bools:
    """Losses that cannot be: of nothing, beyond the sequence's end, or of a boot that was not yet."""
    count, first = fields["count"].astype(np.int64), fields["first"].astype(np.int64)
    return (count == 0) | (first + count > decode.SEQUENCE_END) | (fields["boot"] == 0) | (fields["boot"] > boot)


def _control(judged: Judged, codes: I64, stored_us: I64) -> None:
    """Read the control messages; what is none is counted by its reason."""
    for index in np.flatnonzero((codes & 7) != DATA).tolist():
        code, payload = int(codes[index]), judged.batch.payloads[index]
        at_ms = int(stored_us[index]) // 1000
        name = KIND_NAMES[code & 7]
        try:
            judged.said.append(Said(index, code >> 3, parse(name, payload), at_ms))
        except InputError as error:
            judged.refused.append(Refusal(code >> 3, f"{name}-{error.reason.value}", payload, at_ms))


__all__ = ["Group", "Judged", "Refusal", "Said", "judge", "layout_key", "reconsider", "renamed"]
