"""Sessions and what is said in them: births, deaths, probes and twin reports, in the stream's order, device by device."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from seamline.hub import presence, twin
from seamline.hub.births import Born
from seamline.hub.decode import Bools
from seamline.hub.downlink import HubClock, Session
from seamline.hub.events import event
from seamline.hub.ingest.answers import Answers, SessionAnswer
from seamline.hub.ingest.catalogue import Catalogue
from seamline.hub.ingest.clocks import Clockwork
from seamline.hub.ingest.devices import Devices
from seamline.hub.ingest.judge import NOTHING, Judged, Said
from seamline.hub.ingest.memory import Memory
from seamline.hub.ingest.slow import Scalar
from seamline.hub.inputs import Birth, Death, Probe, TwinReport, Word
from seamline.hub.params import Int8s
from seamline.hub.presence import PresenceRow
from seamline.hub.store_port import Row, Store
from seamline.hub.twin_store import desired_rows, reported_rows, twins_of

UNCERTAINTY_MS: Final = 20
"""How far the hub's own clock may be off UTC: NTP over the internet, with a margin (RFC 5905, section 1)."""
SPREAD_MS_MIN: Final = 1_000
"""The shortest reconnect spread: accepting is bursty below a second."""
SPREAD_MARGIN: Final = 1.25
"""Of the time the whole fleet needs at those rates: devices that come back ought not to meet a full queue."""
GREETING_MESSAGES: Final = 4
"""What a device says at once when it is back: birth, anchor, twin, and a frame of what waited."""


@dataclass(slots=True)
class Told:
    """What sessions are told besides marks."""

    generation: int = 1
    fleet_devices: int = 0


class Sessions:
    """Works control messages in."""

    def __init__(
        self, store: Store, catalogue: Catalogue, memory: Memory, devices: Devices, clocks: Clockwork, told: Told
    ) -> None:
        self.told: Final = told
        self._store: Final = store
        self._catalogue: Final = catalogue
        self._memory: Final = memory
        self._devices: Final = devices
        self._clocks: Final = clocks

    async def work(self, judged: Judged, scalars: Sequence[Scalar], answers: Answers, now_ms: int) -> None:
        """Presence, births, probes and twins of the batch; answers are collected."""
        if not judged.said:
            return
        born = {said.at: birth for scalar in scalars for said, birth in scalar.births}
        by_device: dict[int, list[Said]] = {}
        for said in judged.said:
            by_device.setdefault(said.device, []).append(said)
        await self._births([(said, born[said.at]) for said in judged.said if isinstance(said.input, Birth)], now_ms)
        frames = _frames(judged, self._memory.fleet.marked(by_device))
        rows: list[tuple[int, PresenceRow]] = []
        for device, own in by_device.items():
            row = self._presence(device, own, frames.get(device, []), born)
            if row is not None:
                rows.append((device, row))
        await self._devices.write(rows)
        await self._twins(judged, born, answers)
        self._words(judged, answers)
        await self._probes(judged, answers)

    def _presence(
        self, device: int, said: Sequence[Said], frames: Sequence[_Heard], born: Mapping[int, Born]
    ) -> PresenceRow | None:
        """A device's presence after everything it sent in the batch, in order."""
        row = self._devices.before(device)
        steps: list[tuple[int, Said | _Heard]] = [*((one.at, one) for one in said), *((one.at, one) for one in frames)]
        for _, step in sorted(steps, key=lambda step: step[0]):
            match step:
                case _Heard():
                    row = presence.on_frame(row, step.incarnation, step.boot, heard=step.heard, now_ms=step.arrival_ms)
                case Said(input=Birth()) if born[step.at].stale:
                    pass
                case Said(input=Birth() as birth):
                    row = presence.on_birth(row, birth, step.arrival_ms)
                case Said(input=Death() as death):
                    row = presence.on_death(row, death, step.arrival_ms)
                case Said(input=Probe() as probe):
                    row = presence.on_probe(row, probe, step.arrival_ms)
                case Said():
                    timeout_ms = self._catalogue.terms(self._memory.fleet.devices[device].contract).answer_timeout_ms
                    row = presence.on_said(row, step.input, step.arrival_ms, timeout_ms)
        return row

    async def _births(self, births: Sequence[tuple[Said, Born]], now_ms: int) -> None:
        """Write what births say about devices and boots; note the odd ones as events."""
        devices: dict[int, Row] = {}
        boots: dict[tuple[int, int, int], Row] = {}
        events: list[Row] = []
        for said, born in births:
            assert isinstance(said.input, Birth)  # noqa: S101 - chosen by its type
            birth, device = said.input, self._memory.fleet.devices[said.device]
            events += self._odd(said, birth, born, now_ms)
            if born.stale:
                continue
            device.product, device.contract, device.incarnation = birth.product, birth.contract, birth.incarnation
            self._memory.fleet.product[said.device] = self._catalogue.product_code(birth.product)
            devices[device.no] = {
                "device_no": device.no,
                "product": birth.product,
                "contract": birth.contract,
                "firmware": birth.firmware,
                "incarnation": birth.incarnation,
                "boot": birth.boot,
            }
            boots[device.no, birth.incarnation, birth.boot] = {
                "device_no": device.no,
                "incarnation": birth.incarnation,
                "boot": birth.boot,
                "reset": birth.reset,
                "firmware": birth.firmware,
                "contract": birth.contract,
                "first_ms": said.arrival_ms,
                "last_ms": said.arrival_ms,
                "began_before_ms": said.arrival_ms - birth.uptime_ms,
                "uptime_ms": birth.uptime_ms,
            }
        await self._store.write("born_devices", list(devices.values()))
        await self._store.write("boots", list(boots.values()))
        await self._store.write("add_events", events)

    def _odd(self, said: Said, birth: Birth, born: Born, now_ms: int) -> list[Row]:
        """Events of a birth: a stale one, a new incarnation, a contract nobody registered."""
        device = self._memory.fleet.devices[said.device]
        found: list[tuple[str, dict[str, object]]] = []
        about: dict[str, object] = {"incarnation": birth.incarnation, "boot": birth.boot}
        if born.stale:
            found.append(("stale-birth", about))
        elif born.superseded is not None:
            found.append(("new-incarnation", {**about, "was": born.superseded}))
        if not self._catalogue.registered(birth.contract) and device.contract != birth.contract:
            found.append(("unregistered-contract", {**about, "contract": birth.contract}))
        return [
            event(self._catalogue, at_ms=now_ms, device=device.no, product=birth.product, kind=kind, detail=detail)
            for kind, detail in found
        ]

    async def _twins(self, judged: Judged, born: Mapping[int, Born], answers: Answers) -> None:
        """Take reports in; answer births with the twin as it is then."""
        reports = [said for said in judged.said if isinstance(said.input, TwinReport) and self._is_current(said)]
        asking = [said for said in judged.said if isinstance(said.input, Birth) and not born[said.at].stale]
        if not reports and not asking:
            return
        fleet = self._memory.fleet
        numbers = sorted({fleet.devices[said.device].no for said in (*reports, *asking)})
        twins = await twins_of(self._store, numbers, lock=bool(reports))
        desired: dict[tuple[int, str], Row] = {}
        reported: dict[tuple[int, str], Row] = {}
        for said in reports:
            assert isinstance(said.input, TwinReport)  # noqa: S101 - chosen by its type
            no = fleet.devices[said.device].no
            changed = self._report(said, said.input, twins[no])
            twins[no] = {**twins[no], **changed}
            desired |= {(no, str(row["property"])): row for row in desired_rows(no, changed)}
            reported |= {(no, str(row["property"])): row for row in reported_rows(no, changed)}
        await self._store.write("write_desired", list(desired.values()))
        await self._store.write("write_reported", list(reported.values()))
        for said in asking:
            assert isinstance(said.input, Birth)  # noqa: S101 - chosen by its type
            answers.sessions[said.device] = self._session(said, said.input, born[said.at], twins)
        waiting = sorted(no for no in numbers if any(_waits(one) for one in twins[no].values()))
        if waiting and asking:
            asked = {fleet.devices[said.device].no for said in asking}
            sent = {"devices": Int8s([no for no in waiting if no in asked]), "at_ms": asking[-1].arrival_ms}
            await self._store.run("sent_wishes", sent)

    def _words(self, judged: Judged, answers: Answers) -> None:
        """Say which words this batch takes, whatever became of what they told."""
        for said in judged.said:
            word = said.input
            if isinstance(word, Word) and word.number is not None:
                at = (said.device, word.incarnation)
                answers.taken.setdefault(at, []).append((word.boot, word.session, word.number))

    def _is_current(self, said: Said) -> bool:
        """Whether this incarnation is the one born last: what an older one reports late is no state any more."""
        return self._memory.fleet.devices[said.device].incarnation in {None, said.input.incarnation}

    def _report(self, said: Said, report: TwinReport, twins: Mapping[str, twin.Twin]) -> Mapping[str, twin.Twin]:
        policies = self._catalogue.terms(self._memory.fleet.devices[said.device].contract).policies or {}
        made = {name: self._clocks.made(said, value.at_ms) for name, value in report.reported.items()}
        changed, _unknown = twin.receive(twins, policies, report, made, said.arrival_ms)
        return changed

    def _session(self, said: Said, birth: Birth, born: Born, twins: Mapping[int, Mapping[str, twin.Twin]]) -> SessionAnswer:
        no = self._memory.fleet.devices[said.device].no
        document = twin.document(twins[no], said.arrival_ms)
        return SessionAnswer(
            Session(
                incarnation=birth.incarnation,
                boot=birth.boot,
                session=birth.session,
                clock=HubClock(0, UNCERTAINTY_MS),  # the time is put in when it is sent
                generation=self.told.generation,
                spread_ms=self._spread_ms(birth.contract),
                marks=tuple(born.marks),
                closed=born.closed_below,
                twin=document,
            )
        )

    def _spread_ms(self, contract: str) -> int:
        """How long the fleet as it is needs to come back."""
        terms = self._catalogue.terms(contract)
        return reconnect_spread_ms(self.told.fleet_devices, terms.accept_rate, terms.spread_ms, terms.messages_rate)

    async def _probes(self, judged: Judged, answers: Answers) -> None:
        """Answer probes with the marks of every open boot, as they are after this batch."""
        fleet = self._memory.fleet
        probes = {said.device: said.input for said in judged.said if isinstance(said.input, Probe)}
        if not probes:
            return
        for device, probe in probes.items():
            answers.probes[device] = (probe.incarnation, probe.probe)
        slots = {fleet.devices[device].no: device for device in probes}
        marks: dict[tuple[int, int], dict[tuple[int, int], int]] = {
            at: {(boot, channel): mark for boot, channel, mark in listed}
            for at, listed in answers.marks.items()
            if at[0] in probes
        }
        for device, probe in probes.items():
            marks.setdefault((device, probe.incarnation), {})
        for no, incarnation, boot, channel, mark in await self._store.all("marks_of", {"devices": Int8s(list(slots))}):
            known = marks.get((slots[int(no)], int(incarnation)))
            if known is not None:
                known[int(boot), int(channel)] = int(mark)
        for at, known in marks.items():
            answers.marks[at] = [(*place, mark) for place, mark in known.items()]


def reconnect_spread_ms(devices: int, accept_rate: int, longest_ms: int, messages_rate: int | None = None) -> int:
    """Over how long so many devices come back that connects keep to `accept_rate`/s and their greetings to `messages_rate`/s.

    At most `longest_ms`, the contract's share of its recovery time: a fleet for which that is too short is its storm plan's matter.
    """
    seconds = devices / accept_rate
    if messages_rate:
        seconds = max(seconds, devices * GREETING_MESSAGES / messages_rate)
    return max(SPREAD_MS_MIN, min(longest_ms, int(seconds * 1000 * SPREAD_MARGIN)))


@dataclass(frozen=True, slots=True)
class _Heard:
    """A frame, as far as presence goes."""

    at: int
    incarnation: int
    boot: int
    heard: bool
    arrival_ms: int


def _frames(judged: Judged, marked: Bools) -> dict[int, list[_Heard]]:
    """What the devices that are marked sent besides control messages."""
    found: dict[int, list[_Heard]] = {}
    head, heard = judged.frames.head, judged.frames.heard & judged.accountable
    for index in np.flatnonzero(marked[judged.device] & (judged.verdict != NOTHING)).tolist():
        step = _Heard(
            int(judged.at[index]),
            int(head["incarnation"][index]),
            int(head["boot"][index]),
            bool(heard[index]),
            int(judged.arrival_us[index]) // 1000,
        )
        found.setdefault(int(judged.device[index]), []).append(step)
    return found


def _waits(one: twin.Twin) -> bool:
    return one.desired is not None and one.desired.resolution is None
