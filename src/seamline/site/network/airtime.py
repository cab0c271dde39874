"""How long a message is on the air, by the radio's technology. Seconds; sizes in bytes.

A frame of the contract that does not fit one packet is sent in several. What answers it is counted apart: over LoRa it costs the
gateway's share of time, elsewhere the channel's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from seamline.contract.checks.traffic import EXCHANGE_BYTES
from seamline.site.catalogue.parts import Radio, Rate
from seamline.site.frame import SiteError

LORA_FACTORS: Final = range(7, 13)
LORA_LDRO_S: Final = 0.016
"""Symbols longer than this need the low data rate optimisation (SX1276 data sheet rev. 7, section 4.1.1.6)."""
LORAWAN_BYTES: Final = 13
"""MHDR 1, FHDR 7, FPort 1, MIC 4 (LoRaWAN 1.0.4 section 4)."""
LORAWAN_ANSWER_BYTES: Final = 12
"""An acknowledgement without a payload: MHDR 1, FHDR 7, MIC 4."""
LORAWAN_PAYLOAD: Final = {7: 222, 8: 222, 9: 115, 10: 51, 11: 51, 12: 51}
"""Application bytes of one packet by spreading factor, EU868 (RP002-1.0.3 section 2.4.6: N, with repeaters)."""

WIFI_DSSS: Final = frozenset({1.0, 2.0, 5.5, 11.0})
WIFI_OFDM: Final = frozenset({6.0, 9.0, 12.0, 18.0, 24.0, 36.0, 48.0, 54.0})
WIFI_PACKET: Final = 1460
"""TCP's payload of an Ethernet packet; its headers are in the contract's count of an exchange."""
WIFI_MAC_BYTES: Final = 46
"""QoS data header 26, CCMP 16, FCS 4 (IEEE 802.11-2020 clauses 9.3.2.1 and 12.5.3)."""
WIFI_LLC_BYTES: Final = 8
WIFI_ACK_BYTES: Final = 14

ZIGBEE_PHY_BYTES: Final = 6
"""Preamble 4, SFD 1, PHR 1 (IEEE 802.15.4-2020 clause 12.1)."""
ZIGBEE_MAC_BYTES: Final = 25
ZIGBEE_PAYLOAD: Final = 102
"""Frames have 127 bytes, of which the MAC may take 25 (RFC 4944 section 4)."""
ZIGBEE_ACK_BYTES: Final = 5
ZIGBEE_TURN_S: Final = 192e-6
"""From receiving to sending: 12 symbols of 16 us (IEEE 802.15.4-2020, aTurnaroundTime)."""
ZIGBEE_BACKOFF_S: Final = 3.5 * 320e-6
"""The mean first wait: 0 to 7 periods of 20 symbols (IEEE 802.15.4-2020, macMinBe 3 and aUnitBackoffPeriod)."""

IP_TECHNOLOGIES: Final = frozenset({"wifi", "lte-m", "nb-iot", "ethernet"})


@dataclass(frozen=True, slots=True)
class Air:
    """A message on the air: in how many packets, how long the sender sends, and how long those send who answer it."""

    packets: int
    sends_s: float
    answers_s: float


def lora_s(
    payload: int, factor: int, bandwidth_hz: float, coding: int = 1, preamble: int = 8, *, header: bool = True, crc: bool = True
) -> float:
    """A LoRa packet's time, SX1276 data sheet rev. 7 section 4.1.1.7 (SX1262 rev. 2.1 section 6.1.4 gives the same from SF7 on).

    `coding` 1 to 4 is 4/5 to 4/8; the low data rate optimisation is on where it is mandatory. SiteError for another factor.
    """
    if factor not in LORA_FACTORS:
        raise SiteError(f"LoRa with SF{factor} is not reckoned with; give SF7 to SF12")
    symbol_s = (1 << factor) / bandwidth_hz
    slow = symbol_s > LORA_LDRO_S
    bits = 8 * payload - 4 * factor + 28 + 16 * crc - 20 * (not header)
    symbols = 8 + max(math.ceil(bits / (4 * (factor - 2 * slow))) * (coding + 4), 0)
    return (preamble + 4.25 + symbols) * symbol_s


def wifi_packet_s(mpdu: int, mbps: float, mhz: float) -> float:
    """The time of one Wi-Fi packet: IEEE 802.11-2020 clauses 15 and 16 (1 to 11 Mbit/s, long preamble), 17 and 18 (OFDM), 19 (HT).

    `mpdu` are the bytes from the MAC header to the FCS. Other rates are taken for HT in 20 MHz, one stream, long guard interval.
    """
    extension = 6e-6 if mhz < 3000 else 0.0  # 2.4 GHz: a pause for older receivers (clause 18.3.2.4)
    if mbps in WIFI_DSSS:
        return 192e-6 + math.ceil(8 * mpdu / mbps) * 1e-6
    preamble = 20e-6 if mbps in WIFI_OFDM else 36e-6
    return preamble + math.ceil((16 + 8 * mpdu + 6) / (mbps * 4)) * 4e-6 + extension


def wifi_exchange_s(payload: int, mbps: float, mhz: float) -> float:
    """One packet with what belongs to it: the wait before (DIFS and half of the first window), SIFS, and the answer at 1 or 6 Mbit/s."""
    old = mhz < 3000
    slot, sifs, window = (20e-6, 10e-6, 31) if mbps in WIFI_DSSS else (9e-6, 10e-6 if old else 16e-6, 15)
    wait = sifs + 2 * slot + window / 2 * slot
    answer = wifi_packet_s(WIFI_ACK_BYTES, 1.0 if mbps in WIFI_DSSS else 6.0, mhz)
    return wait + wifi_packet_s(payload + WIFI_MAC_BYTES + WIFI_LLC_BYTES, mbps, mhz) + sifs + answer


def zigbee_exchange_s(payload: int, bits_per_s: float = 250_000.0) -> float:
    """One IEEE 802.15.4 frame with its wait, its turn and its acknowledgement."""
    byte_s = 8 / bits_per_s
    frame = (ZIGBEE_PHY_BYTES + ZIGBEE_MAC_BYTES + payload) * byte_s
    return ZIGBEE_BACKOFF_S + ZIGBEE_TURN_S + frame + ZIGBEE_TURN_S + (ZIGBEE_PHY_BYTES + ZIGBEE_ACK_BYTES) * byte_s


def message_air(radio: Radio, rate: Rate, frame_bytes: int) -> Air:
    """A frame of the contract on this radio at this rate; SiteError when the catalogue does not say what that needs.

    Over IP a frame costs also what the contract reckons for TCP, TLS, MQTT and the answers to it.
    """
    if frame_bytes < 1:
        raise SiteError(f"a frame has {frame_bytes} bytes; give at least 1")
    if radio.technology in IP_TECHNOLOGIES:
        frame_bytes += EXCHANGE_BYTES
    match radio.technology:
        case "lora":
            return _lora(radio, rate, frame_bytes)
        case "wifi":
            sizes = _packets(frame_bytes, radio.payload_bytes or WIFI_PACKET)
            mbps, mhz = rate.bits_per_s / 1e6, radio.frequency_hz / 1e6
            return Air(len(sizes), sum(wifi_exchange_s(size, mbps, mhz) for size in sizes), 0.0)
        case "802.15.4":
            sizes = _packets(frame_bytes, radio.payload_bytes or ZIGBEE_PAYLOAD)
            whole = sum(zigbee_exchange_s(size, rate.bits_per_s) for size in sizes)
            return Air(len(sizes), whole, zigbee_exchange_s(LORAWAN_ANSWER_BYTES, rate.bits_per_s))
        case _:
            sizes = _packets(frame_bytes, radio.payload_bytes or WIFI_PACKET)
            return Air(len(sizes), 8 * frame_bytes / rate.bits_per_s, 0.0)


def _lora(radio: Radio, rate: Rate, frame_bytes: int) -> Air:
    factor, bandwidth = rate.spreading_factor, rate.bandwidth_hz
    if factor is None or not bandwidth:
        raise SiteError(f"rate {rate.name} of {radio.id} has no spreading factor or bandwidth; LoRa's air time needs both")
    largest = LORAWAN_PAYLOAD.get(factor, 51)
    sizes = _packets(frame_bytes, min(radio.payload_bytes or largest, largest))
    sends = sum(lora_s(size + LORAWAN_BYTES, factor, bandwidth) for size in sizes)
    # What comes down carries no CRC (LoRaWAN 1.0.4 section 3.2).
    return Air(len(sizes), sends, lora_s(LORAWAN_ANSWER_BYTES, factor, bandwidth, crc=False))


def _packets(frame_bytes: int, largest: int) -> list[int]:
    """The sizes of the packets that a frame is cut into."""
    full, rest = divmod(frame_bytes, largest)
    return [largest] * full + ([rest] if rest else [])
