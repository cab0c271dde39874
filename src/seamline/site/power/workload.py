"""Infer where it is measured, or send it up? One workload, every way of doing it, each with its arithmetic line by line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from seamline.site.power.figures import DAY_S, MIB, Kind, PowerError, Term, above, amount, number, share, sourced, total
from seamline.site.power.inference import Engine, Model
from seamline.site.power.radio import Cost, Quality, Radio, cost, message_bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """What has to be judged: events a day, bytes of each, the model, and what is told of each that is worth it.

    `told` is the share of events of which `result_bytes` go up after a local inference (1: all). `latency_max` (s) is from event to
    answer; `accuracy_min` a share. `cloud_accuracy` is that of the model which judges what was sent raw, `cloud_s` its time.
    """

    name: str
    events: float
    event_bytes: float
    result_bytes: float
    model: Model
    source: str
    told: float = 1.0
    latency_max: float | None = None
    accuracy_min: float | None = None
    cloud_accuracy: float | None = None
    cloud_s: float = 0.0
    data_budget: float | None = None

    def __post_init__(self) -> None:
        number(self.events, f"{self.name}: events a day")
        above(self.event_bytes, f"{self.name}: bytes of an event")
        number(self.result_bytes, f"{self.name}: bytes of a result")
        share(self.told, f"{self.name}: share of events that are told")
        number(self.cloud_s, f"{self.name}: time in the cloud (s)", most=DAY_S, hint="is this in ms?")
        if self.latency_max is not None:
            above(self.latency_max, f"{self.name}: longest time to an answer (s)", most=DAY_S, hint="is this in ms?")
        if self.accuracy_min is not None:
            share(self.accuracy_min, f"{self.name}: least accuracy")
        sourced(self.source, f"workload {self.name}")


@dataclass(frozen=True, slots=True)
class Uplink:
    """A radio with the link that it has."""

    radio: Radio
    link: Quality


@dataclass(frozen=True, slots=True)
class Option:
    """One way: on which engine or raw, over which radio. Energy in J, bytes on the air and money (cents) of a day.

    `refusals` say why it cannot be; an option without any is feasible.
    """

    name: str
    kind: Literal["mcu", "accelerator", "uplink"]
    engine: str | None
    radio: str
    joules: float
    bytes_sent: float
    cents: float
    currency: str
    latency_s: float
    accuracy: float | None
    price_cents: int
    terms: tuple[Term, ...]
    refusals: tuple[str, ...]

    @property
    def feasible(self) -> bool:
        """Whether it can be done."""
        return not self.refusals


@dataclass(frozen=True, slots=True)
class Verdict:
    """Every option in order of energy, the feasible ones first; `best` is the first of them, None when nothing is feasible.

    `cheapest` has the least running cost, then the least energy. `factor` is how many times less energy the best takes than the best
    option of the other side (local against uplink), None where that side has none.
    """

    workload: str
    options: tuple[Option, ...]
    best: Option | None
    cheapest: Option | None
    factor: float | None

    @property
    def answer(self) -> str:
        """The verdict in a sentence."""
        if self.best is None:
            first = self.options[0]
            return f"{self.workload}: nothing fits; nearest is {first.name}, but {first.refusals[0]}"
        side = "send it up raw" if self.best.kind == "uplink" else "infer locally"
        text = f"{self.workload}: {side}, {self.best.name}: {amount(self.best.joules)} J a day"
        return text if self.factor is None else f"{text}, {amount(self.factor)} times less than the best other way"


def decide(workload: Workload, engines: Sequence[Engine], uplinks: Sequence[Uplink]) -> Verdict:
    """Weigh a workload's options: each engine with each radio for its results, and each radio raw. PowerError without any radio."""
    if not uplinks:
        raise PowerError(f"{workload.name}: no radio is given, and even a local result has to be told")
    options = [_local(workload, engine, uplink) for engine in engines for uplink in uplinks]
    options += [_raw(workload, uplink) for uplink in uplinks]
    options.sort(key=lambda option: (not option.feasible, option.joules, option.price_cents, option.name))
    feasible = [option for option in options if option.feasible]
    best = feasible[0] if feasible else None
    cheapest = min(feasible, key=lambda option: (option.cents, option.joules, option.name), default=None)
    return Verdict(workload.name, tuple(options), best, cheapest, _factor(best, feasible))


def _factor(best: Option | None, feasible: Sequence[Option]) -> float | None:
    if best is None or best.joules == 0:
        return None
    other = (option.joules for option in feasible if (option.kind == "uplink") != (best.kind == "uplink"))
    least = min(other, default=None)
    return None if least is None else least / best.joules


def _local(workload: Workload, engine: Engine, uplink: Uplink) -> Option:
    found = engine.inference(workload.model)
    told = workload.events * workload.told
    up, down = message_bytes(uplink.radio, workload.result_bytes, 0.0)
    paid = cost(uplink.radio, uplink.link, up, down)
    terms = [
        Term("events a day", workload.events, "1/d", workload.source),
        found.energy,
        found.time,
        _times("inferences", workload.events, found.energy.value, f"{workload.source}; {found.energy.source}"),
    ]
    if engine.wake_j:
        terms.append(_times(f"starts of {engine.name}", workload.events, engine.wake_j, engine.source))
    if engine.idle_w:
        waiting_s = max(0.0, DAY_S - workload.events * found.time.value)
        working = f"{amount(waiting_s)} s x {amount(engine.idle_w)} W"
        terms.append(Term(f"{engine.name} waiting", waiting_s * engine.idle_w, "J/d", engine.source, "derived", working))
    terms += _sending(workload, uplink, paid, told, up, "results")
    refusals = list(engine.refusals(workload.model))
    busy_s = workload.events * found.time.value
    if busy_s > DAY_S:
        refusals.append(f"{amount(workload.events)} inferences take {amount(busy_s)} s of a day's {DAY_S:.0f}")
    latency_s = found.time.value + paid.seconds
    refusals += _refusals(workload, uplink, paid, told, latency_s, workload.model.accuracy)
    name = f"{engine.name}, results over {uplink.radio.name}"
    return _option(workload, uplink, terms, refusals, name=name, engine=engine, told=told, paid=paid, latency_s=latency_s)


def _raw(workload: Workload, uplink: Uplink) -> Option:
    up, down = message_bytes(uplink.radio, workload.event_bytes, workload.result_bytes)
    paid = cost(uplink.radio, uplink.link, up, down)
    terms = [Term("events a day", workload.events, "1/d", workload.source)]
    terms += _sending(workload, uplink, paid, workload.events, up, "events, raw")
    latency_s = paid.seconds + workload.cloud_s
    refusals = _refusals(workload, uplink, paid, workload.events, latency_s, workload.cloud_accuracy)
    name = f"raw over {uplink.radio.name}"
    told = workload.events
    return _option(workload, uplink, terms, refusals, name=name, engine=None, told=told, paid=paid, latency_s=latency_s)


def _option(
    workload: Workload,
    uplink: Uplink,
    terms: list[Term],
    refusals: list[str],
    *,
    name: str,
    engine: Engine | None,
    told: float,
    paid: Cost,
    latency_s: float,
) -> Option:
    energy = total(f"{name}: energy of a day", (term for term in terms if term.unit == "J/d"))
    sent = told * paid.bytes_sent
    radio = uplink.radio
    cents = sent / MIB * radio.cents_per_mib
    money = f"{amount(sent)} B / {MIB} x {amount(radio.cents_per_mib)} cents"
    lines = (
        *terms,
        energy,
        Term("bytes on the air", sent, "B/d", uplink.link.source, "derived", f"{amount(told)} x {amount(paid.bytes_sent)} B"),
        Term("money", cents, f"cents ({radio.currency})/d", radio.source, "derived", money),
        Term("time to an answer", latency_s, "s", f"{radio.source}; {uplink.link.source}", "derived"),
    )
    return Option(
        name=name,
        kind="uplink" if engine is None else engine.kind,
        engine=None if engine is None else engine.name,
        radio=radio.name,
        joules=energy.value,
        bytes_sent=sent,
        cents=cents,
        currency=radio.currency,
        latency_s=latency_s,
        accuracy=workload.cloud_accuracy if engine is None else workload.model.accuracy,
        price_cents=0 if engine is None else engine.price_cents,
        terms=lines,
        refusals=tuple(refusals),
    )


def _times(name: str, times: float, joules: float, source: str) -> Term:
    return Term(name, times * joules, "J/d", source, "derived", f"{amount(times)} x {amount(joules)} J")


def _sending(workload: Workload, uplink: Uplink, paid: Cost, times: float, each: float, what: str) -> list[Term]:
    radio, link = uplink.radio, uplink.link
    source = f"{radio.source}; {link.source}"
    kind: Kind = "derived"
    found = [Term(f"tries of each over {radio.name}", link.tries, "1", link.source, kind)]
    if radio.start_j:
        found.append(_times(f"starts of {radio.name}", times, radio.start_j, radio.source))
    if radio.byte_j is not None:
        sent = paid.bytes_sent * radio.byte_j
        working = f"{amount(times)} x {amount(paid.bytes_sent)} B x {amount(radio.byte_j)} J"
        return [*found, Term(f"{what} sent by {workload.name}", times * sent, "J/d", source, kind, working)]
    sending = times * paid.sending_s * radio.transmit.watts
    working = f"{amount(times)} x {amount(paid.sending_s)} s x {amount(radio.transmit.watts)} W ({amount(each)} B each)"
    found.append(Term(f"{what} sent by {workload.name}", sending, "J/d", source, kind, working))
    if paid.hearing_s:
        hearing = times * paid.hearing_s * radio.receive.watts
        working = f"{amount(times)} x {amount(paid.hearing_s)} s x {amount(radio.receive.watts)} W"
        found.append(Term(f"{radio.name} listening", hearing, "J/d", source, kind, working))
    return found


def _refusals(
    workload: Workload, uplink: Uplink, paid: Cost, times: float, latency_s: float, accuracy: float | None
) -> list[str]:
    found: list[str] = []
    radio = uplink.radio
    sending_s, allowed_s = times * paid.sending_s, radio.duty_max * DAY_S
    if sending_s > allowed_s:
        found.append(f"{radio.name} would send {amount(sending_s)} s a day, its band allows {amount(allowed_s)} s")
    elif times * paid.seconds > DAY_S:
        found.append(f"{radio.name} would be busy {amount(times * paid.seconds)} s of a day's {DAY_S:.0f}")
    if workload.latency_max is not None and latency_s > workload.latency_max:
        found.append(f"an answer takes {amount(latency_s)} s, it may take {amount(workload.latency_max)} s")
    if workload.accuracy_min is not None and accuracy is None:
        found.append(f"its accuracy is not given, {workload.accuracy_min:.0%} is asked for")
    elif workload.accuracy_min is not None and accuracy is not None and accuracy < workload.accuracy_min:
        found.append(f"its accuracy is {accuracy:.1%}, {workload.accuracy_min:.1%} is asked for")
    sent = times * paid.bytes_sent
    if workload.data_budget is not None and sent > workload.data_budget:
        found.append(f"it takes {amount(sent)} B a day on the air, the budget is {amount(workload.data_budget)} B")
    return found
