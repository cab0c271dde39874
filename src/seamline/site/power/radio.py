"""What a transmission costs: air time, tries and windows, from a link's quality. Where air time depends on modulation, it is given."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from seamline.contract.limits import FRAME_BYTES_MAX
from seamline.site.power.figures import DAY_S, PowerError, above, number, share, sourced
from seamline.site.power.load import Activity, Mode
from seamline.site.power.periods import EXCHANGE_DOWN, EXCHANGE_UP, Exchange, Periods

TRIES_MAX: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Radio:
    """A radio's figures, at the supply: power while it sends and listens (W), a start's energy (J) and time (s).

    `byte_j` is the energy of a byte where a datasheet gives it measured instead of powers by time; then it counts, and they do not.
    `window_s` is how long it listens after each try. `overhead` are bytes of the layers below a frame, up and down; without it those
    of IPv4, TLS and MQTT count. `packet_max` is the most bytes of one transmission, its overhead included; more become several. `cents_per_mib` is what
    data costs, in `currency`. `duty_max` is the share of time it may send (the band's rule).
    """

    name: str
    transmit: Mode
    receive: Mode
    source: str
    start_j: float = 0.0
    start_s: float = 0.0
    byte_j: float | None = None
    window_s: float = 0.0
    overhead: tuple[int, int] | None = None
    packet_max: int | None = None
    duty_max: float = 1.0
    cents_per_mib: float = 0.0
    currency: str = "EUR"

    def __post_init__(self) -> None:
        number(self.start_j, f"{self.name}: energy of a start (J)", most=1e5, hint="is this in mJ?")
        number(self.start_s, f"{self.name}: time of a start (s)", most=3600.0, hint="is this in ms?")
        if self.byte_j is not None:
            above(self.byte_j, f"{self.name}: energy of a byte (J)", most=1.0, hint="is this in µJ?")
        number(self.window_s, f"{self.name}: time it listens (s)", most=3600.0, hint="is this in ms?")
        above(share(self.duty_max, f"{self.name}: share of time it may send"), f"{self.name}: share of time it may send")
        number(self.cents_per_mib, f"{self.name}: price of a MiB (cents)")
        least = 1 if self.overhead is None else self.overhead[0] + 1
        if self.packet_max is not None and self.packet_max < least:
            raise PowerError(f"{self.name}: a transmission holds {self.packet_max} bytes; it is at least {least}")
        sourced(self.source, f"radio {self.name}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """A link as it is: bit/s on the air, the share of tries that get lost, how many tries there are at most.

    `preamble_s` is what each transmission takes besides its bytes. `airtime_s` is the air time of a whole transmission of
    `packet_max` bytes where it follows no plain rate (LoRa): then the rate does not count.
    """

    bits_per_s: float
    source: str
    lost: float = 0.0
    tries_max: int = 8
    preamble_s: float = 0.0
    airtime_s: float | None = None

    def __post_init__(self) -> None:
        above(self.bits_per_s, "a link's rate (bit/s)", hint="is this in kbit/s?")
        number(self.preamble_s, "a preamble (s)", most=60.0, hint="is this in ms?")
        if not 0 <= self.lost < 1:
            raise PowerError(f"the share of lost tries is {self.lost}; it is at least 0 and below 1 (not per cent)")
        if not 1 <= self.tries_max <= TRIES_MAX:
            raise PowerError(f"a link tries {self.tries_max} times; it is from 1 to {TRIES_MAX}")
        if self.airtime_s is not None:
            above(self.airtime_s, "an air time (s)", most=3600.0, hint="is this in ms?")
        sourced(self.source, "a link's quality")

    @property
    def tries(self) -> float:
        """How often one thing is sent in the mean: (1 - p^n) / (1 - p), tries being independent."""
        return (1 - self.lost**self.tries_max) / (1 - self.lost)

    @property
    def delivered(self) -> float:
        """The share of what is sent that arrives within the tries."""
        return 1 - self.lost**self.tries_max


@dataclass(frozen=True, slots=True)
class Step:
    """What a radio does from a fade margin (dB) on: its rate (bit/s) and the share of tries that get lost."""

    margin_db: float
    bits_per_s: float
    lost: float
    source: str


def quality_at(margin_db: float, steps: Sequence[Step], tries_max: int = 8) -> Quality:
    """The quality of a link with a margin: that of the highest step it reaches. PowerError when it reaches none."""
    number(margin_db, "a margin (dB)", least=-300.0, most=300.0)
    reached = [step for step in steps if step.margin_db <= margin_db]
    if not reached:
        least = min((step.margin_db for step in steps), default=math.inf)
        raise PowerError(f"a margin of {margin_db:g} dB carries nothing; the least that does is {least:g} dB")
    step = max(reached, key=lambda found: found.margin_db)
    return Quality(
        bits_per_s=step.bits_per_s, lost=step.lost, tries_max=tries_max, source=f"{step.source}, margin {margin_db:g} dB"
    )


@dataclass(frozen=True, slots=True)
class Cost:
    """What sending `up` and hearing `down` bytes costs: energy at the supply (J), time on the air (s) of both directions, bytes."""

    joules: float
    sending_s: float
    hearing_s: float
    seconds: float
    bytes_sent: float
    packets: int


def cost(radio: Radio, link: Quality, up: float, down: float) -> Cost:
    """One exchange over a link, the radio's start included; each lost try is paid in full."""
    number(up, "bytes sent")
    number(down, "bytes heard")
    packets = packets_of(radio, up)
    once_s = airtime(radio, link, up)
    sending_s = link.tries * once_s
    hearing_s = link.tries * (packets * radio.window_s + airtime(radio, link, down) * (1 if down else 0))
    if radio.byte_j is None:
        joules = radio.start_j + sending_s * radio.transmit.watts + hearing_s * radio.receive.watts
    else:
        joules = radio.start_j + link.tries * (up + down) * radio.byte_j
    seconds = radio.start_s + sending_s + hearing_s
    return Cost(joules, sending_s, hearing_s, seconds, link.tries * (up + down), packets)


def packets_of(radio: Radio, count: float) -> int:
    """How many transmissions so many bytes take; none takes none."""
    return 0 if count <= 0 else 1 if radio.packet_max is None else math.ceil(count / radio.packet_max)


def airtime(radio: Radio, link: Quality, count: float) -> float:
    """The time that so many bytes take on the air, once, in s.

    With a given air time each transmission takes it whole, also the last: no less is known of it.
    """
    packets = packets_of(radio, count)
    if link.airtime_s is not None:
        return packets * link.airtime_s
    return packets * link.preamble_s + count * 8 / link.bits_per_s


def activities(day: Periods, radio: Radio, link: Quality) -> list[Activity]:
    """A contract's exchanges as activities of this radio over this link: sending by time, start and listening as energy.

    While it listens the day's idling is counted too, which is little and on the safe side. PowerError when the band's duty cycle
    forbids so much sending.
    """
    sending_s = 0.0
    found: list[Activity] = []
    for exchange in day.exchanges:
        up, down = bytes_of(radio, exchange)
        paid = cost(radio, link, up, down)
        sending_s += exchange.times * paid.sending_s
        tries = f"{link.tries:.2f} tries in the mean"
        told = f"{exchange.source}; {up:.0f} B up, {down:.0f} B down, {tries}; {radio.source}; {link.source}"
        if radio.byte_j is None:
            other_j = paid.joules - paid.sending_s * radio.transmit.watts
            found.append(Activity(exchange.name, exchange.times, paid.sending_s, radio.transmit, told, other_j, exchange.bound))
        else:
            found.append(Activity(exchange.name, exchange.times, 0.0, None, told, paid.joules, exchange.bound))
    held(radio, sending_s)
    return found


def bytes_of(radio: Radio, exchange: Exchange) -> tuple[float, float]:
    """What an exchange takes over this radio, up and down, with the overhead of its layers."""
    if radio.overhead is None:
        return exchange.up + exchange.overhead[0], exchange.down + exchange.overhead[1]
    return message_bytes(radio, exchange.up, exchange.down)


def message_bytes(radio: Radio, up: float, down: float) -> tuple[float, float]:
    """What a message takes over this radio, up and down: the radio's overhead once for each packet, or that of IP for each frame."""
    if radio.overhead is not None:
        packets = 1 if radio.packet_max is None else max(1, math.ceil(up / (radio.packet_max - radio.overhead[0])))
        return up + packets * radio.overhead[0], down + packets * radio.overhead[1]
    frames = max(1, math.ceil(up / FRAME_BYTES_MAX))
    return up + frames * EXCHANGE_UP, down + frames * EXCHANGE_DOWN


def held(radio: Radio, sending_s: float) -> None:
    """PowerError when a day's sending exceeds the share of time that the band allows."""
    allowed_s = radio.duty_max * DAY_S
    if sending_s > allowed_s:
        raise PowerError(
            f"{radio.name} would send {sending_s:.0f} s a day; its band allows {allowed_s:.0f} s ({radio.duty_max:.1%}):"
            f" send {sending_s / allowed_s:.1f} times less, or take another radio"
        )
