"""Which boots are worked in: a birth names its own and those that the device holds records of; of others only so many are taken.

A device says its birth before anything else, so a boot that nobody named is a hub that lost births, or a device that makes numbers
up. Each costs rows and memory; what is beyond the bound becomes evidence, until a birth begins the count anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np

from seamline.hub.ingest.catalogue import LOSSES_ID
from seamline.hub.ingest.judge import EVIDENCE, REASONS, UNBORN_BOOT, Judged, Refusal, Said
from seamline.hub.ingest.memory import Fleet, Memory
from seamline.hub.inputs import Anchor, Birth
from seamline.hub.params import Int8s
from seamline.hub.store_port import Row, Store

UNBORN_BOOTS_MAX: Final = 64
"""Boots of one device that are worked in between two births without being named by either."""


class Boot(NamedTuple):
    """One boot of a device (its slot in the fleet)."""

    device: int
    incarnation: int
    boot: int


class Met(NamedTuple):
    """A boot that memory does not know, as it was first met in a batch: by which message of it (`at`), and when.

    `declared`: only as one in which records were lost.
    """

    boot: Boot
    at: int
    at_ms: int
    declared: bool = False


class Boots:
    """Lets boots in, and keeps the others out of the ledger, the rows and the clocks."""

    def __init__(self, store: Store, memory: Memory) -> None:
        self._store: Final = store
        self._memory: Final = memory

    async def admit(self, judged: Judged) -> None:
        """Turn frames and anchors of boots beyond the bound into evidence."""
        unknown = self._unknown(judged)
        if not unknown:
            return
        heard = await self._heard(list(unknown.values()))
        unnamed = [met for met, known in zip(unknown.values(), heard, strict=True) if not known]
        if not unnamed:
            return
        taken, beyond = await self._shared_out(unnamed, _births(judged, self._memory.fleet))
        await self._store.write("boots", [self._row(met) for met in taken])
        _refuse(judged, {met.boot for met in beyond})

    def _unknown(self, judged: Judged) -> dict[Boot, Met]:
        """Boots of the batch that neither memory nor a birth beside them knows."""
        fleet, births = self._memory.fleet, _births(judged, self._memory.fleet)
        born = {_speaker(said) for said, _ in births}
        named = born | {Boot(said.device, birth.incarnation, run.boot) for said, birth in births for run in birth.held}
        unknown: dict[Boot, Met] = {}
        for index, key in self._news(judged):
            boot = _boot_of(judged, index)
            if boot in named or _is_born(fleet, boot) or self._memory.clocks.find(*boot) is not None:
                fleet.named[boot.device] = key
            else:
                unknown.setdefault(boot, Met(boot, int(judged.at[index]), int(judged.arrival_us[index]) // 1000))
        for said in judged.said:
            boot = _speaker(said)
            if isinstance(said.input, Anchor) and boot not in named and not _is_born(fleet, boot):
                unknown.setdefault(boot, Met(boot, said.at, said.arrival_ms))
        for index, boot in _lost(judged):
            over = any(one.boot > boot.boot and one[:2] == boot[:2] for one in born)
            if not over and boot not in named and self._memory.clocks.find(*boot) is None:
                unknown.setdefault(boot, Met(boot, int(judged.at[index]), int(judged.arrival_us[index]) // 1000, declared=True))
        return unknown

    def _news(self, judged: Judged) -> Iterator[tuple[int, int]]:
        """(frame, packed boot) of the first frame of each boot that is not the one its device was heard in last."""
        head = judged.frames.head
        keys = head["incarnation"].astype(np.int64) << 32 | head["boot"].astype(np.int64)
        rest = np.flatnonzero(judged.accountable & (self._memory.fleet.named[judged.device] != keys))
        met: set[tuple[int, int]] = set()
        for index, device, key in zip(rest.tolist(), judged.device[rest].tolist(), keys[rest].tolist(), strict=True):
            if (device, key) not in met:
                met.add((device, key))
                yield index, key

    async def _heard(self, met: Sequence[Met]) -> list[bool]:
        """Which of these the database knows."""
        rows = await self._store.all("heard_boots", {**self._keys(met), "declared": Int8s([int(one.declared) for one in met])})
        known = {int(row[0]) - 1 for row in rows}
        return [at in known for at in range(len(met))]

    async def _shared_out(self, met: Sequence[Met], births: Sequence[tuple[Said, Birth]]) -> tuple[list[Met], list[Met]]:
        """(taken, beyond the bound): first come, first served; each birth begins the count anew for what came behind it."""
        numbers = self._memory.fleet.no[sorted({one.boot.device for one in met})]
        rows = await self._store.all("unborn_boots", {"devices": Int8s(numbers)})
        held = {int(no): int(count) for no, count in rows}
        taken: list[Met] = []
        beyond: list[Met] = []
        steps: list[tuple[int, Met | int]] = [(one.at, one) for one in met]
        steps += [(said.at, said.device) for said, _ in births]
        for _, step in sorted(steps, key=lambda step: step[0]):
            if isinstance(step, int):
                held[int(self._memory.fleet.no[step])] = 0
                continue
            no = int(self._memory.fleet.no[step.boot.device])
            held[no] = held.get(no, 0) + 1
            (taken if held[no] <= UNBORN_BOOTS_MAX else beyond).append(step)
        return taken, beyond

    def _keys(self, met: Sequence[Met]) -> dict[str, object]:
        return {
            "device": Int8s(self._memory.fleet.no[[one.boot.device for one in met]]),
            "incarnation": Int8s([one.boot.incarnation for one in met]),
            "boot": Int8s([one.boot.boot for one in met]),
        }

    def _row(self, met: Met) -> Row:
        device, incarnation, boot = met.boot
        key = {"device_no": int(self._memory.fleet.no[device]), "incarnation": incarnation, "boot": boot}
        return {**key, "first_ms": met.at_ms, "last_ms": met.at_ms, "unborn": True}


def _births(judged: Judged, fleet: Fleet) -> list[tuple[Said, Birth]]:
    """The births of the batch, but for those that are stale on the face of it."""
    found: list[tuple[Said, Birth]] = []
    for said in judged.said:
        if isinstance(said.input, Birth):
            row = fleet.devices[said.device].presence
            if row is None or row.incarnation != said.input.incarnation or row.boot <= said.input.boot:
                found.append((said, said.input))
    return found


def _lost(judged: Judged) -> Iterator[tuple[int, Boot]]:
    """(frame, boot) of the losses declared in other boots than the frame's own."""
    for group in judged.groups:
        if group.kind.layout.message_id != LOSSES_ID:
            continue
        frame = group.run.frame
        other = ~group.bad & judged.accountable[frame] & (group.fields["boot"] != judged.frames.head["boot"][frame])
        for at in np.flatnonzero(other).tolist():
            index = int(frame[at])
            yield index, _boot_of(judged, index)._replace(boot=int(group.fields["boot"][at]))


def _refuse(judged: Judged, beyond: set[Boot]) -> None:
    """Frames become evidence, anchors are counted."""
    if not beyond:
        return
    frames = [index for index in np.flatnonzero(judged.accountable).tolist() if _boot_of(judged, index) in beyond]
    frames += [index for index, boot in _lost(judged) if boot in beyond]
    judged.verdict[frames], judged.reason[frames] = EVIDENCE, UNBORN_BOOT
    kept: list[Said] = []
    for said in judged.said:
        if isinstance(said.input, Anchor) and _speaker(said) in beyond:
            payload = judged.batch.payloads[said.at]
            judged.refused.append(Refusal(said.device, f"anchor-{REASONS[UNBORN_BOOT]}", payload, said.arrival_ms))
        else:
            kept.append(said)
    judged.said[:] = kept


def _boot_of(judged: Judged, index: int) -> Boot:
    head = judged.frames.head[index]
    return Boot(int(judged.device[index]), int(head["incarnation"]), int(head["boot"]))


def _speaker(said: Said) -> Boot:
    return Boot(said.device, said.input.incarnation, said.input.boot)


def _is_born(fleet: Fleet, boot: Boot) -> bool:
    """Whether it is the boot of the device's newest session."""
    row = fleet.devices[boot.device].presence
    return row is not None and row.session > 0 and (row.incarnation, row.boot) == boot[1:]
