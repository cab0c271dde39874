"""How often a product does what, taken from its contract: nothing about periods, batches or budgets is stated a second time.

The counts are those that the contract's own rules reckon data and flash with (`seamline.contract.checks.traffic`).
"""

from __future__ import annotations

from dataclasses import dataclass

from seamline.contract.checks.traffic import ACK_BYTES, ANSWER_BYTES, PACKET_BYTES, PING_BYTES, PUBLISH_BYTES, frames
from seamline.contract.checks.words import DAY_MS, spoken
from seamline.contract.model import Contract, Message
from seamline.contract.scalars import MONTH_MS
from seamline.site.power.figures import PowerError, above
from seamline.site.power.load import Activity, Load, Mode, daily

MONTH_DAYS = MONTH_MS // DAY_MS
EXCHANGE_UP = PUBLISH_BYTES + PACKET_BYTES + 2 * ACK_BYTES
"""What a frame costs upwards besides itself: its packet, and the acknowledgements of what comes down."""
EXCHANGE_DOWN = ANSWER_BYTES + 2 * PACKET_BYTES + ACK_BYTES
"""And downwards: PUBACK and mark in a packet each, and the acknowledgement of the frame."""
PROBES = ("keep_alive", "period")
"""Further times of a contract that make a device speak."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """What goes over the air `times` a day: bytes up and down each time, besides `overhead` bytes of the layers below (up, down).

    `bound` marks events, whose number is the contract's upper bound.
    """

    name: str
    times: float
    up: float
    down: float
    overhead: tuple[int, int]
    source: str
    bound: bool = False

    @property
    def bytes_a_day(self) -> float:
        """Everything, both ways, with IP's overhead."""
        return self.times * (self.up + self.down + sum(self.overhead))


@dataclass(frozen=True, slots=True)
class Sampling:
    """How often a day a message's values are measured."""

    message: str
    times: float
    source: str
    bound: bool = False


@dataclass(frozen=True, slots=True)
class Periods:
    """A contract's day: what is measured and what goes over the air."""

    contract: str
    samplings: tuple[Sampling, ...]
    exchanges: tuple[Exchange, ...]

    @property
    def frames_a_day(self) -> float:
        """Frames with records, of all messages."""
        return sum(exchange.times for exchange in self.exchanges if exchange.name.startswith("publish "))

    @property
    def bytes_a_day(self) -> float:
        """Everything over the air, both ways, every layer included."""
        return sum(exchange.bytes_a_day for exchange in self.exchanges)


def periods(contract: Contract) -> Periods:
    """Return the day that a contract describes: samplings, frames, keep-alives, probes, and a month's update budget spread evenly.

    An event counts as often as `at_most` allows: what is worked out of it is an upper bound.
    """
    exchanges = [_publish(contract, message) for message in contract.messages.values()]
    exchanges += _pings(contract)
    if contract.update is not None:
        each = contract.update.bytes_per_month / MONTH_DAYS
        source = f"contract {contract.reference} update.bytes, a day's share"
        exchanges.append(Exchange("update", 1.0, 0.0, each, (0, 0), source, bound=True))
    samplings = tuple(_sampling(contract, message) for message in contract.messages.values())
    return Periods(contract.reference, samplings, tuple(exchanges))


def _sampling(contract: Contract, message: Message) -> Sampling:
    return Sampling(message.name, DAY_MS / message.sample_ms, _told(contract, message), message.at_most is not None)


def _told(contract: Contract, message: Message) -> str:
    where = f"contract {contract.reference} messages.{message.name}"
    if message.at_most is not None:
        return f"{where}.at_most {message.at_most}"
    return (
        f"{where}: sample {spoken(message.sample_ms)}, publish {spoken(message.publish_every_ms)}, batch_max {message.batch_max}"
    )


def _publish(contract: Contract, message: Message) -> Exchange:
    count, data = frames(message, MONTH_MS)
    bound = message.at_most is not None
    return Exchange(
        f"publish {message.name}",
        count / MONTH_DAYS,
        data / count,
        0.0,
        (EXCHANGE_UP, EXCHANGE_DOWN),
        _told(contract, message),
        bound,
    )


def _pings(contract: Contract) -> list[Exchange]:
    half = PING_BYTES // 2
    timing = contract.timing
    found: list[Exchange] = []
    if contract.heartbeat_ms > timing.keep_alive_ms:
        count = MONTH_MS // timing.keep_alive_ms / MONTH_DAYS
        source = f"contract {contract.reference} timing.keep_alive {spoken(timing.keep_alive_ms)}"
        found.append(Exchange("keep-alive", count, 0.0, 0.0, (half, half), source))
    for wait in timing.further.values():
        if wait.kind in PROBES:
            source = f"contract {contract.reference} timing.{wait.name} {spoken(wait.value_ms)}"
            found.append(Exchange(f"probe {wait.name}", DAY_MS / wait.value_ms, 0.0, 0.0, (half, half), source))
    return found


def stated_load(contract: Contract, volts: float) -> Load:
    """The day as the contract's `power.states` state it, at the battery's voltage; PowerError where it has none.

    This is the product's promise; a load worked out of radio, sensor and model figures is to be held against it.
    """
    above(volts, "the battery's voltage (V)", most=1000.0, hint="is this in mV?")
    power = contract.power
    if power is None or not power.states:
        raise PowerError(f"contract {contract.reference} has no power.states; add them, or give the modes of the board")
    where = f"contract {contract.reference} power.states"
    least = min(power.states.values(), key=lambda state: state.current_ua)
    activities = [
        Activity(
            state.name,
            1.0,
            state.daily_ms / 1000,
            Mode.of_current(state.name, state.current_ua / 1000, volts, f"{where}.{state.name}.current"),
            f"{where}.{state.name}.daily",
        )
        for state in power.states.values()
        if state.daily_ms
    ]
    return daily(activities, Mode.of_current(least.name, least.current_ua / 1000, volts, f"{where}.{least.name}.current"))


def stated_battery_wh(contract: Contract, volts: float) -> float | None:
    """The energy of the battery that a contract names, at a voltage, in Wh; None where it names none."""
    if contract.power is None or contract.power.battery is None:
        return None
    return contract.power.battery.capacity_uah / 1e6 * volts
