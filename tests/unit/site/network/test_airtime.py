"""Air times against published calculators and tables, and the bands of the law."""

import pytest
from hypothesis import given, strategies as st
from tests.unit.site.network.parts import lora, radio, wifi

from seamline.contract.checks.traffic import EXCHANGE_BYTES
from seamline.site import SiteError
from seamline.site.catalogue.parts import Rate
from seamline.site.network.airtime import (
    LORAWAN_PAYLOAD,
    lora_s,
    message_air,
    wifi_exchange_s,
    wifi_packet_s,
    zigbee_exchange_s,
)
from seamline.site.network.bands import BANDS, band_of

SEMTECH = [
    (12, 500, 1, 8, 1, True, True, 206.848),
    (12, 500, 1, 12, 64, True, True, 649.216),
    (12, 500, 1, 8, 1, True, False, 165.888),
    (12, 500, 1, 8, 192, True, True, 1476.608),
    (12, 500, 1, 12, 16, False, False, 280.576),
    (8, 125, 2, 8, 1, True, True, 53.760),
    (8, 125, 2, 8, 3, True, True, 66.048),
    (8, 125, 2, 8, 3, True, False, 53.760),
    (8, 125, 2, 8, 5, True, False, 66.048),
    (8, 125, 2, 8, 253, True, True, 827.904),
    (8, 125, 2, 12, 5, False, True, 61.952),
    (8, 125, 2, 12, 10, False, True, 86.528),
    (8, 125, 2, 12, 253, False, True, 823.808),
    (12, 7.81, 4, 128, 253, True, True, 287532.907),
    (11, 10.42, 3, 25, 16, True, True, 12824.568),
    (11, 10.42, 3, 25, 16, False, False, 11448.752),
]
"""Semtech's SX1261 LoRa Calculator: SF, kHz, coding rate, preamble, payload, explicit header, CRC, milliseconds."""


@pytest.mark.parametrize(("factor", "khz", "coding", "preamble", "payload", "header", "crc", "ms"), SEMTECH)
def test_lora_air_time_is_that_of_semtechs_calculator(factor, khz, coding, preamble, payload, header, crc, ms):
    found = lora_s(payload, factor, khz * 1000, coding, preamble, header=header, crc=crc)
    assert found * 1000 == pytest.approx(ms, rel=2e-5)


MODEM_CALCULATOR = [
    (7, 1, 8, 36.1),
    (7, 1, 41, 87.3),
    (7, 3, 10, 49.41),
    (7, 3, 41, 113.92),
    (8, 1, 8, 72.19),
    (8, 3, 39, 199.17),
    (9, 1, 38, 267.26),
    (9, 3, 38, 340.99),
    (10, 1, 38, 493.47),
    (10, 3, 8, 280.58),
    (11, 1, 8, 495.62),
    (12, 1, 8, 991.23),
]
"""Semtech's LoRa Modem Calculator for 125 kHz, as ns-3's test holds it: SF, coding rate, payload, milliseconds.

Longer ones at SF11 and SF12 are reckoned there without the low data rate optimisation.
"""


@pytest.mark.parametrize(("factor", "coding", "payload", "ms"), MODEM_CALCULATOR)
def test_lora_air_time_is_that_of_the_modem_calculator(factor, coding, payload, ms):
    assert lora_s(payload, factor, 125e3, coding) * 1000 == pytest.approx(ms, rel=2e-3)


def test_the_low_data_rate_optimisation_is_on_where_symbols_last_longer_than_16_ms():
    """tanupoo's lorawan_toa: 64 bytes at SF12 in 125 kHz take 2793.472 ms with it, 255 bytes at SF7 in 500 kHz 99.904 without."""
    assert lora_s(64, 12, 125e3) * 1000 == pytest.approx(2793.472)
    assert lora_s(255, 7, 500e3) * 1000 == pytest.approx(99.904)


@given(st.integers(0, 254), st.sampled_from(range(7, 13)), st.sampled_from([125e3, 250e3, 500e3]), st.integers(1, 4))
def test_more_bytes_a_slower_factor_and_more_coding_never_take_less(payload, factor, bandwidth, coding):
    here = lora_s(payload, factor, bandwidth, coding)
    assert lora_s(payload + 1, factor, bandwidth, coding) >= here
    assert lora_s(payload, factor, bandwidth / 2, coding) > here
    if factor < 12:
        assert lora_s(payload, factor + 1, bandwidth, coding) > here
    if coding < 4:
        assert lora_s(payload, factor, bandwidth, coding + 1) >= here


@pytest.mark.parametrize("factor", [5, 6, 13])
def test_other_factors_are_refused(factor):
    with pytest.raises(SiteError, match="SF7 to SF12"):
        lora_s(10, factor, 125e3)


WIFI = [
    (1023, 11, 2412, 744 + 192),
    (1024, 11, 2412, 745 + 192),
    (1026, 11, 2412, 747 + 192),
    (1024, 5.5, 2412, 1490 + 192),
    (1026, 2, 2412, 4104 + 192),
    (1025, 1, 2412, 8200 + 192),
    (14, 1, 2412, 304),
    (1536, 11, 2412, 1310),
    (76, 11, 2412, 248),
    (14, 11, 2412, 203),
    (1536, 54, 5180, 248),
    (76, 54, 5180, 32),
    (14, 54, 5180, 24),
    (1536, 54, 2412, 254),
    (76, 54, 2412, 38),
    (14, 54, 2412, 30),
    (1536, 65, 5180, 228),
    (76, 65, 5180, 48),
    (14, 65, 5180, 40),
    (1536, 65, 2412, 234),
]
"""IEEE 802.11-2007 table 18-2 and the published throughput examples that ns-3's tests hold: bytes, Mbit/s, MHz, microseconds."""


@pytest.mark.parametrize(("size", "mbps", "mhz", "us"), WIFI)
def test_wifi_packets_last_as_published(size, mbps, mhz, us):
    assert wifi_packet_s(size, mbps, mhz) * 1e6 == pytest.approx(us)


def test_a_wifi_exchange_has_its_wait_and_its_answer():
    """At 54 Mbit/s in 5 GHz: DIFS 34 + 7.5 slots of 9 + packet + SIFS 16 + an answer of 14 bytes at 6 Mbit/s (44)."""
    packet = wifi_packet_s(100 + 46 + 8, 54, 5180)
    assert wifi_exchange_s(100, 54, 5180) * 1e6 == pytest.approx(34 + 67.5 + packet * 1e6 + 16 + 44)
    assert wifi_exchange_s(100, 1, 2412) > 2 * wifi_exchange_s(100, 6, 2412)


def test_an_802154_frame_lasts_32_microseconds_a_byte():
    """133 bytes on the air are 4.256 ms, the acknowledgement of 11 is 352 us (IEEE 802.15.4: 62.5 ksymbol/s, 4 bits each)."""
    assert zigbee_exchange_s(102) * 1e3 == pytest.approx(1.12 + 0.192 + 4.256 + 0.192 + 0.352)


def test_a_frame_that_does_not_fit_goes_in_several_packets():
    sf12 = lora([12])
    one, three = message_air(sf12, sf12.rates[0], 51), message_air(sf12, sf12.rates[0], 103)
    assert (one.packets, three.packets) == (1, 3)
    assert one.sends_s == pytest.approx(lora_s(51 + 13, 12, 125e3))
    assert three.sends_s == pytest.approx(2 * lora_s(64, 12, 125e3) + lora_s(14, 12, 125e3))
    assert one.answers_s == pytest.approx(lora_s(12, 12, 125e3, crc=False))
    small = lora([7], payload_bytes=20)
    assert message_air(small, small.rates[0], 60).packets == 3
    assert LORAWAN_PAYLOAD[7] == 222


def test_over_ip_a_frame_costs_its_exchange_too():
    card = wifi((54, -75.0))
    found = message_air(card, card.rates[0], 100)
    assert found.packets == 1
    assert found.sends_s == pytest.approx(wifi_exchange_s(100 + EXCHANGE_BYTES, 54, 2442))
    assert message_air(card, card.rates[0], 3000).packets == 3
    modem = radio("lte-m", 800.0, (0.3, -105.0))
    assert message_air(modem, modem.rates[0], 100).sends_s == pytest.approx(8 * (100 + EXCHANGE_BYTES) / 300e3)


def test_802154_cuts_frames_as_6lowpan_does():
    mote = radio("802.15.4", 2425.0, (0.25, -100.0))
    found = message_air(mote, mote.rates[0], 150)
    assert found.packets == 2
    assert found.sends_s == pytest.approx(zigbee_exchange_s(102) + zigbee_exchange_s(48))
    assert found.answers_s == pytest.approx(zigbee_exchange_s(12))


def test_what_the_catalogue_does_not_say_is_asked_for():
    chip = lora([7])
    with pytest.raises(SiteError, match="spreading factor or bandwidth"):
        message_air(chip, Rate("SF7", 5000.0, -123.0), 20)
    with pytest.raises(SiteError, match="at least 1"):
        message_air(chip, chip.rates[0], 0)


@pytest.mark.parametrize(
    ("mhz", "duty", "eirp"),
    [
        (433.5, 0.10, 12.15),
        (864.0, 0.001, 16.15),
        (866.5, 0.01, 16.15),
        (868.1, 0.01, 16.15),
        (869.0, 0.001, 16.15),
        (869.525, 0.10, 29.15),
        (869.8, 0.01, 16.15),
        (2442.0, None, 20.0),
        (5500.0, None, 30.0),
    ],
)
def test_bands_are_those_of_the_standards(mhz, duty, eirp):
    band = band_of(mhz)
    assert (band.duty_share, band.eirp_dbm) == (duty, pytest.approx(eirp))
    assert band.source


def test_between_bands_and_beyond_them_nothing_is_known():
    assert band_of(868.65) is None
    assert band_of(915.0) is None
    assert all(band.low_mhz < band.high_mhz for band in BANDS)
