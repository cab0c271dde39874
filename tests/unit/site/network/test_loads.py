"""Traffic from contracts, air time on ways, duty cycles, collisions and room for more."""

import math
import random
from itertools import pairwise

import pytest
from hypothesis import given, strategies as st
from tests.unit.site.network.parts import at, flat, lora, radio, wifi

from seamline.contract import load
from seamline.site import SiteError
from seamline.site.network.airtime import lora_s, message_air
from seamline.site.network.links import links
from seamline.site.network.loads import LOSS_MAX, aloha_loss, loads
from seamline.site.network.topology import Network
from seamline.site.network.traffic import Stream, Traffic, plain, traffic_of


def network(stations, kind="star", hops_max=1, **more):
    return Network(stations, links(stations, flat(**more)), kind, hops_max)


def test_a_contracts_day_is_its_messages_periods_and_batches():
    """The heater: 10 s samples, published every 60 s in one frame of six records of 16 bytes; vitals every 15 min."""
    contract = load("examples/heater/contract.yaml")
    found = {stream.message: stream for stream in traffic_of(contract).streams}
    reading = contract.messages["reading"]
    each = min(reading.batch_max, reading.publish_every_ms // reading.sample_ms)
    assert found["reading"].frame_bytes == 36 + each * reading.layout.record_bytes
    assert found["reading"].frames_per_day == 86_400_000 / reading.sample_ms / each
    assert set(found) == set(contract.messages)
    whole = traffic_of(contract)
    assert whole.bytes_per_day == sum(one.frame_bytes * one.frames_per_day for one in whole.streams)
    assert whole.frames_per_day == sum(one.frames_per_day for one in whole.streams)


@pytest.mark.parametrize(("size", "times"), [(0, 1.0), (10, -1.0), (10, math.inf), (10, math.nan)])
def test_traffic_that_cannot_be_meant_is_refused(size, times):
    with pytest.raises(SiteError, match="cannot be meant"):
        Stream("reading", size, times)


def test_a_node_sends_its_frames_and_the_gateway_answers_each():
    stations = [at("g", 0, 0, 9, "gateway", (lora([7]),)), at("n", 200, 0, 9, radios=(lora([7]),))]
    found = loads(network(stations).ways(), {"n": plain(20, 24 * 60)})
    up, down = lora_s(33, 7, 125e3) * 60, lora_s(12, 7, 125e3, crc=False) * 60
    assert {load.station: load.sends_s_per_hour for load in found.radios} == {"n": pytest.approx(up), "g": pytest.approx(down)}
    (node,) = (load for load in found.radios if load.station == "n")
    assert (node.share, node.limit_share, node.keeps) == (pytest.approx(up / 3600), 0.01, True)


def test_a_duty_cycle_that_is_broken_is_said():
    stations = [at("g", 0, 0, 9, "gateway", (lora([12]),)), at("n", 200, 0, 9, radios=(lora([12]),))]
    found = {load.station: load.keeps for load in loads(network(stations).ways(), {"n": plain(51, 24 * 20)}).radios}
    assert found == {"n": False, "g": True}
    assert all(load.keeps for load in loads(network(stations).ways(), {"n": plain(51, 24 * 5)}).radios)


def test_a_relay_sends_what_it_passes_on():
    both = (lora([7]),)
    stations = [
        at("g", 0, 0, 2, "gateway", both),
        at("r", 2500, 0, 12, "relay", both),
        at("n1", 5000, 0, 2, radios=both),
        at("n2", 5000, 60, 2, radios=both),
    ]
    ways = network(stations, "tree", 2).ways()
    assert [len(ways[name].links) for name in ("r", "n1", "n2")] == [1, 2, 2]
    found = {load.station: load.sends_s_per_hour for load in loads(ways, {"n1": plain(20, 240), "n2": plain(20, 240)}).radios}
    up, down = lora_s(33, 7, 125e3) * 10, lora_s(12, 7, 125e3, crc=False) * 10
    assert found["n1"] == found["n2"] == pytest.approx(up)
    assert found["r"] == pytest.approx(2 * (up + down))
    assert found["g"] == pytest.approx(2 * down)


def test_lora_shares_the_channels_by_spreading_factor():
    fast, slow = (lora([7]),), (lora([12]),)
    stations = [at("g", 0, 0, 9, "gateway", (lora(),)), at("a", 200, 0, 9, radios=fast), at("b", 0, 200, 9, radios=slow)]
    channels = loads(network(stations).ways(), dict.fromkeys("ab", plain(20, 1440))).channels
    assert [(load.rate, load.senders) for load in channels] == [("SF12", 1), ("SF7", 1)]
    share = lora_s(33, 12, 125e3) * 60 / 3600 / 3
    assert channels[0].share == pytest.approx(share)
    assert channels[0].loss_share == pytest.approx(1 - math.exp(-2 * share))
    single = loads(network(stations).ways(), dict.fromkeys("ab", plain(20, 1440)), 1).channels
    assert single[0].share == pytest.approx(3 * share)


def test_the_room_for_nodes_is_where_one_frame_in_ten_is_lost():
    stations = [at("g", 0, 0, 9, "gateway", (lora([7]),)), *(at(f"n{i}", 200 + i, 0, 9, radios=(lora([7]),)) for i in range(4))]
    (channel,) = loads(network(stations).ways(), {f"n{i}": plain(20, 1440) for i in range(4)}).channels
    each = channel.share / 4
    assert aloha_loss(each * channel.nodes_max) <= LOSS_MAX < aloha_loss(each * (channel.nodes_max + 1))
    assert channel.keeps


def test_too_many_for_one_channel_are_said():
    stations = [at("g", 0, 0, 9, "gateway", (lora([12]),)), *(at(f"n{i}", 200 + i, 0, 9, radios=(lora([12]),)) for i in range(9))]
    (channel,) = loads(network(stations).ways(), {f"n{i}": plain(51, 600) for i in range(9)}).channels
    assert not channel.keeps
    assert channel.nodes_max < 9


def test_wifi_shares_its_channel_up_to_half_and_an_operators_is_not_reckoned():
    card, modem = wifi((54, -75.0)), radio("lte-m", 800.0, (0.3, -105.0), tx_dbm=23)
    stations = [at("g", 0, 0, 9, "gateway", (card, modem)), at("a", 20, 0, 9, radios=(card,)), at("b", 0, 20, 9, radios=(modem,))]
    channels = loads(network(stations).ways(), dict.fromkeys("ab", plain(500, 86_400))).channels
    cellular, wireless = channels
    assert (cellular.technology, cellular.nodes_max, cellular.loss_share, cellular.keeps) == ("lte-m", None, None, True)
    assert wireless.share == pytest.approx(message_air(card, card.rates[0], 500).sends_s)
    assert wireless.nodes_max == math.floor(0.5 / wireless.share)
    assert wireless.loss_share is None


def test_a_silent_node_takes_no_air():
    stations = [at("g", 0, 0, 9, "gateway"), at("n", 200, 0, 9)]
    found = loads(network(stations).ways(), {})
    assert found.radios == ()
    assert [(load.share, load.nodes_max) for load in found.channels] == [(0.0, None)]


def test_no_channel_carries_nothing():
    with pytest.raises(SiteError, match="at least 1"):
        loads({}, {}, 0)


def test_a_way_over_a_link_that_does_not_hold_is_refused():
    stations = [at("g", 0, 0, 9, "gateway"), at("n", 200, 0, 9)]
    way = network(stations).ways()["n"]
    broken = type(way)(way.stations, links(stations, flat(fade_margin_db=90)))
    with pytest.raises(SiteError, match="does not keep its fade margin"):
        loads({"n": broken}, {"n": Traffic()})


@given(st.floats(0, 2), st.floats(0, 1))
def test_more_air_time_never_loses_less(share, more):
    assert 0 <= aloha_loss(share) <= aloha_loss(share + more) < 1


def test_aloha_is_what_a_simulation_shows():
    """Poisson senders for 40,000 frames of one length; a frame is lost when another begins within one length of it."""
    draw, share = random.Random(4), 0.1
    starts = []
    now = 0.0
    for _ in range(40_000):
        now += draw.expovariate(share)
        starts.append(now)
    gaps = [math.inf, *(b - a for a, b in pairwise(starts)), math.inf]
    lost = sum(min(before, after) < 1 for before, after in pairwise(gaps))
    assert lost / len(starts) == pytest.approx(aloha_loss(share), abs=0.01)
