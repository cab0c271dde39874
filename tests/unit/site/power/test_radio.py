"""A transmission costs its air time in each try, its windows and its start."""

import math
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from seamline.contract import load
from seamline.site.power.figures import PowerError
from seamline.site.power.load import Mode
from seamline.site.power.periods import periods
from seamline.site.power.radio import Quality, Radio, Step, activities, airtime, bytes_of, cost, held, packets_of, quality_at

EXAMPLES = Path(__file__).parents[4] / "examples"


def radio(**more):
    figures = {
        "name": "LTE-M",
        "transmit": Mode("transmit", 0.8, "datasheet"),
        "receive": Mode("receive", 0.2, "datasheet"),
        "source": "modem datasheet",
    }
    return Radio(**{**figures, **more})


def link(**more):
    return Quality(**{"bits_per_s": 100_000.0, "source": "network", **more})


def test_a_frame_worked_out_by_hand():
    # 1000 bytes at 100 kbit/s are 80 ms; 10 ms of preamble; one window of 50 ms; 125 bytes come back in 10 ms + 10 ms
    found = cost(radio(start_j=0.1, start_s=2.0, window_s=0.05), link(preamble_s=0.01), 1000, 125)
    assert found.sending_s == pytest.approx(0.09)
    assert found.hearing_s == pytest.approx(0.05 + 0.02)
    assert found.joules == pytest.approx(0.1 + 0.09 * 0.8 + 0.07 * 0.2)
    assert found.seconds == pytest.approx(2.0 + 0.09 + 0.07)
    assert found.bytes_sent == 1125
    assert found.packets == 1


def test_lost_tries_are_paid_in_full():
    half = link(lost=0.5, tries_max=3)
    assert half.tries == pytest.approx(1 + 0.5 + 0.25)
    assert half.delivered == pytest.approx(0.875)
    assert cost(radio(), half, 1000, 0).joules == pytest.approx(1.75 * cost(radio(), link(), 1000, 0).joules)


def test_what_is_longer_than_a_transmission_becomes_several():
    short = radio(packet_max=51, window_s=1.0)
    assert [packets_of(short, count) for count in (0, 1, 51, 52, 153)] == [0, 1, 1, 2, 3]
    assert cost(short, link(), 153, 0).hearing_s == pytest.approx(3.0)
    assert packets_of(radio(), 1e6) == 1


def test_a_given_air_time_counts_instead_of_a_rate():
    spread = link(airtime_s=1.8104)  # LoRa SF12 at 125 kHz, as the network part works it out
    assert airtime(radio(packet_max=51), spread, 60) == pytest.approx(2 * 1.8104)
    assert airtime(radio(packet_max=51), spread, 0) == 0


def test_a_links_margin_chooses_its_rate():
    steps = [Step(0, 250.0, 0.3, "radio datasheet"), Step(10, 5000.0, 0.05, "radio datasheet"), Step(20, 50_000.0, 0, "x")]
    assert quality_at(12.0, steps).bits_per_s == 5000
    assert quality_at(12.0, steps).lost == 0.05
    assert quality_at(0.0, steps, tries_max=4).tries_max == 4
    assert "margin 12 dB" in quality_at(12.0, steps).source
    with pytest.raises(PowerError, match="a margin of -1 dB carries nothing; the least that does is 0 dB"):
        quality_at(-1.0, steps)
    with pytest.raises(PowerError, match="inf dB"):
        quality_at(1.0, [])


def test_a_contract_becomes_activities_of_its_exchanges():
    contract = load(EXAMPLES / "trailcam" / "contract.yaml")
    day = periods(contract)
    found = activities(day, radio(start_j=0.105), link())
    assert [activity.name for activity in found] == [exchange.name for exchange in day.exchanges]
    first = found[0]
    assert first.joules_a_day == pytest.approx(
        first.times * cost(radio(start_j=0.105), link(), *bytes_of(radio(), day.exchanges[0])).joules
    )
    assert first.bound
    assert "1.00 tries in the mean" in first.source


def test_a_radio_without_ip_has_its_own_overhead():
    exchange = periods(load(EXAMPLES / "trailcam" / "contract.yaml")).exchanges[0]
    up, down = bytes_of(radio(), exchange)
    assert bytes_of(radio(overhead=(13, 0)), exchange) == (exchange.up + 13, 0)
    assert bytes_of(radio(overhead=(13, 0), packet_max=20), exchange) == (exchange.up + 13 * math.ceil(exchange.up / 7), 0)
    assert up > exchange.up + 13
    assert down > 0


def test_a_byte_measured_as_energy_counts_instead_of_powers():
    measured = radio(byte_j=17e-6, start_j=0.105)
    assert cost(measured, link(), 1000, 100).joules == pytest.approx(0.105 + 1100 * 17e-6)
    assert cost(measured, link(lost=0.5, tries_max=2), 1000, 100).joules == pytest.approx(0.105 + 1.5 * 1100 * 17e-6)
    day = periods(load(EXAMPLES / "trailcam" / "contract.yaml"))
    first = activities(day, measured, link())[0]
    assert first.joules == pytest.approx(0.105 + sum(bytes_of(measured, day.exchanges[0])) * 17e-6)


def test_more_than_the_band_allows_is_refused():
    band = radio(duty_max=0.01)
    held(band, 864.0)
    with pytest.raises(PowerError, match=r"would send 1728 s a day; its band allows 864 s \(1.0%\): send 2.0 times less"):
        held(band, 1728.0)
    slow = link(airtime_s=100.0)
    with pytest.raises(PowerError, match="its band allows 864 s"):
        activities(periods(load(EXAMPLES / "trailcam" / "contract.yaml")), band, slow)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: radio(start_j=math.nan), "give a number"),
        (lambda: radio(start_j=105_000_000.0), "is this in mJ?"),
        (lambda: radio(start_s=30_000.0), "is this in ms?"),
        (lambda: radio(byte_j=17.0), "is this in µJ?"),
        (lambda: radio(window_s=-1.0), "time it listens (s) is -1"),
        (lambda: radio(duty_max=0.0), "is 0; it is above that"),
        (lambda: radio(duty_max=1.5), "share of time it may send is 1.5"),
        (lambda: radio(packet_max=0), "it is at least 1"),
        (lambda: radio(packet_max=13, overhead=(13, 0)), "it is at least 14"),
        (lambda: radio(source=""), "radio LTE-M has no source"),
        (lambda: link(bits_per_s=0.0), "is this in kbit/s?"),
        (lambda: link(lost=1.0), "below 1"),
        (lambda: link(lost=30.0), "not per cent"),
        (lambda: link(tries_max=0), "from 1 to 1000"),
        (lambda: link(airtime_s=18104.0), "an air time (s) is 18104"),
        (lambda: link(preamble_s=-0.1), "a preamble (s) is -0.1"),
        (lambda: link(source=" "), "quality has no source"),
        (lambda: cost(radio(), link(), -1, 0), "bytes sent is -1"),
    ],
)
def test_a_link_that_cannot_be_meant_is_refused(call, said):
    with pytest.raises(PowerError) as caught:
        call()
    assert said in str(caught.value)


LOST = st.floats(0, 0.95)
TRIES = st.integers(1, 50)


@given(LOST, TRIES)
def test_the_mean_of_tries_is_the_sum_of_reaching_each(lost, tries):
    assert link(lost=lost, tries_max=tries).tries == pytest.approx(sum(lost**at for at in range(tries)))


@given(LOST, LOST, TRIES, st.floats(1, 1e5))
def test_a_worse_link_never_costs_less(one, other, tries, count):
    better, worse = sorted((one, other))
    costs = [cost(radio(), link(lost=lost, tries_max=tries), count, 0).joules for lost in (better, worse)]
    assert costs[0] <= costs[1] * (1 + 1e-12)


@given(st.floats(0, 1e5), st.floats(0, 1e5), st.integers(1, 2000))
def test_more_bytes_never_cost_less(one, other, packet):
    low, high = sorted((one, other))
    cut = radio(packet_max=packet, window_s=0.1)
    assert cost(cut, link(), low, 0).joules <= cost(cut, link(), high, 0).joules * (1 + 1e-12)
