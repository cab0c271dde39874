"""How much the air carries: each station's share of time, the channels' collisions, and how many more nodes there is room for."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from seamline.site.catalogue.parts import Radio, Technology
from seamline.site.frame import SiteError
from seamline.site.network.airtime import message_air
from seamline.site.network.links import duty_limit
from seamline.site.network.topology import Way
from seamline.site.network.traffic import DAY_S, HOUR_S, Traffic

LORA_CHANNELS: Final = 3
"""Channels that every EU868 network has: 868.1, 868.3, 868.5 MHz (RP002-1.0.3 section 2.4.2)."""
LOSS_MAX: Final = 0.10
"""Collisions that are accepted at first sending: the frame is sent again, so that one in ten costs a tenth more energy."""
SHARED_MAX: Final = 0.5
"""How much of a channel with carrier sense may be used: beyond half, waits and collisions grow steeply."""


@dataclass(frozen=True, slots=True)
class RadioLoad:
    """How long one radio of a station sends, own frames, frames it passes on, and answers; `limit_share` is the law's or its own."""

    station: str
    radio: str
    technology: Technology
    sends_s_per_hour: float
    limit_share: float | None

    @property
    def share(self) -> float:
        """The share of the hour."""
        return self.sends_s_per_hour / HOUR_S

    @property
    def keeps(self) -> bool:
        """Whether the limit is kept."""
        return self.limit_share is None or self.share <= self.limit_share


@dataclass(frozen=True, slots=True)
class ChannelLoad:
    """The air of one technology on one frequency, for LoRa at one rate: all are taken to hear each other.

    `share` is the air time of all senders on one channel (1.0: always busy). `loss_share`, for LoRa, is the share of frames lost
    by collision. `nodes_max` is how many senders like these there is room for.
    """

    technology: Technology
    mhz: float
    rate: str | None
    senders: int
    channels: int
    share: float
    loss_share: float | None
    nodes_max: int | None

    @property
    def keeps(self) -> bool:
        """Whether there is room for all senders."""
        return self.nodes_max is None or self.senders <= self.nodes_max


@dataclass(frozen=True, slots=True)
class Loads:
    """Radios in the order in which ways use them, channels by technology, frequency and rate."""

    radios: tuple[RadioLoad, ...]
    channels: tuple[ChannelLoad, ...]


def aloha_loss(share: float) -> float:
    """The share of frames lost when senders do not listen first: 1 - exp(-2 G) (N. Abramson, 1970).

    `share` is G, the air time of all senders on the channel. Frames of one length are assumed, no capture of the stronger, and
    that spreading factors do not disturb each other.
    """
    return -math.expm1(-2 * share)


def loads(ways: Mapping[str, Way], traffic: Mapping[str, Traffic], lora_channels: int = LORA_CHANNELS) -> Loads:
    """What the traffic of each station makes on its way. Frames of a station without a way are not sent.

    SiteError when the catalogue lacks what an air time needs.
    """
    if lora_channels < 1:
        raise SiteError(f"{lora_channels} LoRa channels carry nothing; give at least 1")
    sends: dict[tuple[str, str], float] = {}
    radios: dict[tuple[str, str], Radio] = {}
    air: dict[tuple[Technology, float, str | None], dict[str, float]] = {}
    for ident, way in ways.items():
        for sender, one in zip(way.stations, way.links, strict=False):
            receiver, rate = one.other(sender), one.rate
            if rate is None:
                raise SiteError(f"the way of {ident} leads over {sender} - {receiver}, which does not keep its fade margin")
            own, far = one.radio_of(sender), one.radio_of(receiver)
            busy = 0.0
            for stream in traffic.get(ident, Traffic()).streams:
                each, per_hour = message_air(own, rate, stream.frame_bytes), stream.frames_per_day * HOUR_S / DAY_S
                for station, radio, seconds in ((sender, own, each.sends_s), (receiver, far, each.answers_s)):
                    radios[station, radio.id] = radio
                    sends[station, radio.id] = sends.get((station, radio.id), 0.0) + seconds * per_hour
                busy += each.sends_s * per_hour
            channel = (own.technology, own.frequency_hz / 1e6, rate.name if own.technology == "lora" else None)
            of_channel = air.setdefault(channel, {})
            of_channel[sender] = of_channel.get(sender, 0.0) + busy / HOUR_S
    found = [RadioLoad(*key, radios[key].technology, sends[key], duty_limit(radios[key])) for key in sends]
    kinds = sorted(air, key=lambda key: (key[0], key[1], key[2] or ""))
    return Loads(tuple(found), tuple(_channel(key, air[key], lora_channels) for key in kinds))


def _channel(key: tuple[Technology, float, str | None], senders: Mapping[str, float], lora_channels: int) -> ChannelLoad:
    technology, mhz, rate = key
    channels = lora_channels if technology == "lora" else 1
    share = sum(senders.values()) / channels
    if technology in ("lte-m", "nb-iot"):
        return ChannelLoad(technology, mhz, rate, len(senders), channels, share, None, None)  # the operator schedules it
    most = -math.log1p(-LOSS_MAX) / 2 if technology == "lora" else SHARED_MAX
    nodes_max = math.floor(len(senders) * most / share + 1e-9) if share else None
    loss = aloha_loss(share) if technology == "lora" else None
    return ChannelLoad(technology, mhz, rate, len(senders), channels, share, loss, nodes_max)
