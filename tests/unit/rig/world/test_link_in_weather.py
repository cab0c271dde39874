"""What a link does to single messages: how long they take, and what an end of the connection does to those on their way."""

import pytest
from hypothesis import given, settings, strategies as st
from tests.unit.rig.world.test_network import KEEP_ALIVE_MS, Net

from seamline.rig.world.broker import Broker
from seamline.rig.world.heap import MS, SECOND, Heap
from seamline.rig.world.link import Link
from seamline.rig.world.marks import Marks
from seamline.rig.world.streams import Stream
from seamline.rig.world.weather import LATENCY_US, Weather


def a_link(seed):
    heap, marks = Heap(), Marks()
    return Link(heap, Broker(heap, marks, Stream(seed, "broker", "will"), ["d"], 2), marks, Stream(seed, "d", "network"), 0, None)


def test_good_weather_leaves_everything_alone():
    weather = Weather()
    assert {name: getattr(weather, name) for name in Weather.__slots__} == dict.fromkeys(Weather.__slots__, 0) | {"portal": ""}
    assert weather.is_even


@pytest.mark.parametrize("name", ["lost", "doubled", "overtaken"])
def test_weather_that_touches_single_messages_is_not_even(name):
    weather = Weather()
    setattr(weather, name, 1)
    assert not weather.is_even


@given(st.integers(0, 2**32), st.sampled_from([0, 100 * MS, 8_000 * MS]))
@settings(max_examples=30)
def test_a_message_takes_what_a_network_takes_and_in_slow_weather_up_to_so_much_more(seed, slow_us):
    low, high = 15 * MS, 60 * MS
    assert (low, high) == LATENCY_US
    link = a_link(seed)
    link.weather.slow_us = slow_us
    took = [link.latency_us() for _ in range(400)]
    assert low <= min(took) < max(took) <= high + slow_us
    assert max(took) - min(took) > (high - low + slow_us) * 3 // 4


def test_messages_never_overtake_each_other_in_slow_weather():
    net = Net().connect()
    net.link.weather.slow_us = 5_000 * MS
    for number in range(40):
        net.up(b"%02d" % number)
        net.pass_(20 * MS)
    net.pass_(20 * SECOND)
    assert net.payloads == [f"{number:02}" for number in range(40)]


@pytest.mark.parametrize("leave", ["close", "vanish"])
def test_what_a_device_had_sent_before_it_left_arrives_when_the_stall_is_over(leave):
    net = Net().connect()
    net.link.stall(up=True, down=False)
    net.up(b"a", b"b")
    net.pass_(SECOND)
    getattr(net.link, leave)()
    net.pass_(SECOND)
    assert net.payloads == []
    net.link.unstall(up=True, down=False)
    net.pass_(SECOND)
    assert net.payloads == ["a", "b"]


def test_what_a_device_had_sent_before_it_left_arrives_when_the_last_of_two_stalls_is_over():
    net = Net().connect()
    net.link.stall(up=True, down=False)
    net.link.stall(up=True, down=True)
    net.up(b"a")
    net.pass_(SECOND)
    net.link.vanish()
    net.link.unstall(up=True, down=False)
    net.pass_(SECOND)
    assert net.payloads == []
    net.link.unstall(up=True, down=True)
    assert net.payloads == ["a"]
    assert net.marks.counts["held-back"] == 1


def test_what_was_on_its_way_when_a_device_left_is_held_by_a_stall_that_begins_then():
    net = Net().connect()
    net.up(b"a")
    net.link.vanish()
    net.link.stall(up=True, down=False)
    net.pass_(SECOND)
    assert net.payloads == []
    net.link.unstall(up=True, down=False)
    assert net.payloads == ["a"]


def test_a_break_takes_along_what_is_on_its_way_in_both_directions():
    net = Net().connect()
    net.up(b"lost")
    net.broker.send(0, "marks", b"lost too")
    net.link.cut()
    net.pass_(5 * SECOND)
    assert net.payloads == []
    assert net.device.heard == ["connected", "lost network"]
    assert net.marks.counts["cut-mid-publish"] == 1


def test_a_break_with_nothing_on_its_way_costs_nothing():
    net = Net().connect()
    net.up(b"came")
    net.pass_(SECOND)
    net.link.cut()
    net.pass_(SECOND)
    assert net.payloads == ["came"]
    assert net.marks.counts["cut-mid-publish"] == 0


@pytest.mark.parametrize(("up", "down"), [(True, False), (False, True), (True, True)])
def test_a_connect_into_a_stalled_network_hears_nothing(up, down):
    net = Net()
    net.link.stall(up=up, down=down)
    net.connect().pass_(10 * SECOND)
    assert net.device.heard == []
    net.link.unstall(up=up, down=down)
    assert net.connect().device.heard == ["connected"]


@pytest.mark.parametrize(
    ("up", "down", "came", "heard"), [(True, False, [], ["b"]), (False, True, ["a"], []), (True, True, [], [])]
)
def test_a_stall_holds_back_its_own_direction_and_no_other(up, down, came, heard):
    net = Net().connect()
    net.link.stall(up=up, down=down)
    net.up(b"a")
    net.broker.send(0, "marks", b"b")
    net.pass_(SECOND)
    assert (net.payloads, net.device.heard[1:]) == (came, heard)
    net.link.unstall(up=up, down=down)
    assert (net.payloads, net.device.heard[1:]) == (["a"], ["b"])
    assert net.marks.counts["held-back"] == up + down


def test_two_stalls_are_over_when_both_are():
    net = Net().connect()
    for _ in range(2):
        net.link.stall(up=True, down=False)
    net.up(b"a")
    net.pass_(SECOND)
    net.link.unstall(up=True, down=False)
    assert net.payloads == []
    net.link.unstall(up=True, down=False)
    assert net.payloads == ["a"]


@pytest.mark.parametrize(("idle_us", "forgets"), [(4 * SECOND, False), (6 * SECOND, True)])
def test_a_network_forgets_who_was_silent_for_longer_than_it_remembers(idle_us, forgets):
    net = Net().connect()
    net.link.weather.nat_idle_us = 5 * SECOND
    net.up(b"first")
    net.pass_(idle_us)
    net.up(b"second")
    net.pass_(SECOND)
    assert net.payloads == (["first"] if forgets else ["first", "second"])
    assert net.marks.counts["nat-forgot"] == forgets


def test_a_client_gives_up_after_its_pings_went_unanswered_and_the_broker_before_it():
    net = Net().connect()
    net.link.stall(up=True, down=True)
    net.pass_(KEEP_ALIVE_MS * MS * 3 // 2 - MS)
    assert (net.stored, net.device.heard) == ([], ["connected"])
    net.pass_(2 * MS)
    assert (net.stored, net.device.heard) == ([("death", "will")], ["connected"])
    net.pass_(KEEP_ALIVE_MS * MS * 3 // 10 - 2 * MS)
    assert net.device.heard == ["connected"]
    net.pass_(2 * MS)
    assert net.device.heard == ["connected", "lost keep_alive"]


def test_an_attempt_that_is_given_up_never_comes_up():
    net = Net()
    net.link.connect(b"will", KEEP_ALIVE_MS)
    net.link.close()
    net.pass_(10 * SECOND)
    assert net.device.heard == []
    assert not net.link.is_connected


def test_a_downlink_in_bad_weather_is_lost_doubled_or_late():
    for name, mark in (("lost", "downlink-lost"), ("doubled", "doubled"), ("overtaken", "reordered")):
        net = Net().connect()
        setattr(net.link.weather, name, 300)
        for number in range(200):
            net.broker.send(0, "marks", b"%03d" % number)
        net.pass_(20 * SECOND)
        heard, hit = net.device.heard[1:], net.marks.counts[mark]
        assert 30 < hit < 90
        assert len(heard) == 200 + {"lost": -hit, "doubled": hit, "overtaken": 0}[name]
        assert (heard == sorted(heard)) == (name == "lost")
