import pytest

from seamline.rig.world.broker import Broker
from seamline.rig.world.flapping import Flapping
from seamline.rig.world.heap import MS, SECOND, Heap
from seamline.rig.world.link import Link
from seamline.rig.world.marks import Marks
from seamline.rig.world.streams import Stream

KEEP_ALIVE_MS = 60_000


class Device:
    """Ears that write down what they hear."""

    def __init__(self, net):
        self.net = net
        self.heard = []

    def on_connected(self):
        self.heard.append("connected")

    def on_failed(self, reason):
        self.heard.append(f"failed {reason}")

    def on_lost(self, reason):
        self.heard.append(f"lost {reason}")

    def on_message(self, kind, payload):
        self.heard.append(payload.decode())


class Net:
    """One broker and one device on a network."""

    def __init__(self):
        self.heap, self.marks = Heap(), Marks()
        self.broker = Broker(self.heap, self.marks, Stream(1, "broker", "will"), ["d"], 2)
        self.stored = []
        self.broker.listen = lambda partition, message: self.stored.append((message.kind, message.payload.decode()))
        self.device = Device(self)
        self.link = Link(self.heap, self.broker, self.marks, Stream(1, "d", "network"), 0, self.device)

    def connect(self, will=b"will"):
        self.link.connect(will, KEEP_ALIVE_MS)
        self.pass_(SECOND)
        return self

    def pass_(self, wait_us):
        self.heap.run(self.heap.now_us + wait_us)

    def up(self, *payloads):
        for payload in payloads:
            self.link.publish("data", payload)

    @property
    def payloads(self):
        return [payload for kind, payload in self.stored if kind == "data"]


@pytest.fixture
def net():
    return Net().connect()


def test_in_good_weather_messages_come_once_and_in_their_order(net):
    net.up(*(b"%d" % number for number in range(50)))
    net.pass_(10 * SECOND)
    assert net.payloads == [str(number) for number in range(50)]
    assert [message.seq for message in net.broker.stream(net.broker.partition(0))] == list(range(1, 51))


def test_a_downlink_reaches_who_is_subscribed_and_nobody_else(net):
    net.broker.send(0, "marks", b"one")
    net.pass_(SECOND)
    net.link.close()
    net.pass_(SECOND)
    net.broker.send(0, "marks", b"two")
    net.pass_(SECOND)
    net.link.connect(b"will", KEEP_ALIVE_MS)
    net.pass_(SECOND)
    assert net.device.heard == ["connected", "one", "connected"]


def test_goodbye_keeps_the_will_and_a_break_publishes_it(net):
    net.link.close()
    net.pass_(SECOND)
    assert net.stored == []
    net.connect(b"second").link.cut()
    net.pass_(SECOND)
    assert net.stored == [("death", "second")]
    assert net.device.heard[-1] == "lost network"


def test_a_device_without_power_is_given_up_after_one_and_a_half_keep_alives(net):
    net.link.vanish()
    net.pass_(KEEP_ALIVE_MS * MS * 3 // 2 - 2 * SECOND)
    assert net.stored == []
    net.pass_(2 * SECOND)
    assert net.stored == [("death", "will")]
    assert net.device.heard == ["connected"]


def test_a_newer_connection_takes_over_and_the_old_will_comes_late(net):
    net.link.vanish()
    net.link.connect(b"new", KEEP_ALIVE_MS)
    net.pass_(SECOND)
    net.link.publish("birth", b"born")
    net.pass_(KEEP_ALIVE_MS * MS * 2)
    assert sorted(net.stored) == [("birth", "born"), ("death", "will")]
    assert net.marks.counts["takeover"] == 1
    assert net.link.is_connected


def test_a_stalled_link_holds_messages_and_gives_them_back_in_order(net):
    net.link.stall(up=True, down=True)
    net.up(b"a", b"b")
    net.pass_(5 * SECOND)
    assert net.payloads == []
    net.link.unstall(up=True, down=True)
    assert net.payloads == ["a", "b"]


def test_a_long_stall_costs_both_ends_the_connection(net):
    net.link.stall(up=True, down=True)
    net.pass_(2 * KEEP_ALIVE_MS * MS)
    assert net.device.heard == ["connected", "lost keep_alive"]
    assert net.stored == [("death", "will")]
    net.link.connect(b"x", KEEP_ALIVE_MS)
    net.pass_(60 * SECOND)
    assert net.device.heard == ["connected", "lost keep_alive"]


def test_what_a_left_connection_still_holds_arrives_when_the_stall_ends(net):
    net.link.stall(up=True, down=False)
    net.up(b"late")
    net.pass_(SECOND)
    net.link.close()
    net.pass_(SECOND)
    net.link.unstall(up=True, down=False)
    net.pass_(SECOND)
    assert net.payloads == ["late"]


def test_a_network_that_forgets_an_idle_connection_tells_nobody(net):
    net.link.weather.nat_idle_us = 5 * SECOND
    net.pass_(10 * SECOND)
    net.up(b"into the void")
    net.pass_(SECOND)
    assert net.link.is_connected
    assert net.payloads == []
    net.pass_(2 * KEEP_ALIVE_MS * MS)
    assert net.device.heard[-1] == "lost keep_alive"


def test_a_flapping_network_breaks_each_connection_and_lets_none_through_until_it_is_back(net):
    flapping = Flapping(net.link, 5_000, 20_000)
    assert net.device.heard == ["connected", "lost network"]
    assert net.stored == [("death", "will")]
    net.connect()
    net.pass_(4 * SECOND)  # back after 5 s
    net.connect()
    net.pass_(18 * SECOND)
    assert net.link.is_connected
    net.pass_(SECOND)  # and gone after 20 s more
    assert net.device.heard[2:] == ["failed network", "connected", "lost network"]
    flapping.end()
    net.connect().pass_(60 * SECOND)
    assert net.device.heard[5:] == ["connected"]


def test_two_that_flap_at_once_are_back_when_both_are(net):
    one, other = Flapping(net.link, 5_000, 20_000), Flapping(net.link, 20_000, 20_000)
    net.pass_(6 * SECOND)
    assert not net.connect().link.is_connected
    other.end()
    assert net.connect().link.is_connected
    one.end()
    one.end()
    assert net.link.weather.away == 0


@pytest.mark.parametrize(("spoil", "reason"), [("portal", "tls"), ("refuses", "refused"), ("down", "network")])
def test_a_connect_that_fails_says_why(spoil, reason):
    net = Net()
    if spoil == "portal":
        net.link.weather.portal = "tls"
    elif spoil == "refuses":
        net.broker.refuses = True
    else:
        net.broker.crash(lose_stream=False)
    net.connect()
    assert net.device.heard == [f"failed {reason}"]
    assert not net.link.is_connected


def test_a_dying_broker_resets_everybody_and_publishes_no_will(net):
    net.up(b"kept")
    net.pass_(SECOND)
    net.broker.crash(lose_stream=False)
    net.pass_(SECOND)
    assert net.device.heard[-1] == "lost network"
    net.broker.restart()
    assert net.connect().payloads == ["kept"]
    assert net.stored == [("data", "kept")]


def test_a_lost_stream_begins_anew_under_another_name(net):
    net.up(b"gone")
    net.pass_(SECOND)
    created = net.broker.created
    net.broker.crash(lose_stream=True)
    net.broker.restart()
    net.connect().up(b"first")
    net.pass_(SECOND)
    assert net.broker.created != created
    assert [message.seq for message in net.broker.stream(net.broker.partition(0))] == [1]


@pytest.mark.parametrize(("name", "mark"), [("lost", "uplink-lost"), ("doubled", "doubled"), ("overtaken", "reordered")])
def test_bad_weather_loses_doubles_and_reorders_some(net, name, mark):
    setattr(net.link.weather, name, 300)
    net.up(*(b"%03d" % number for number in range(200)))
    net.pass_(10 * SECOND)
    came, hit = net.payloads, net.marks.counts[mark]
    assert 30 < hit < 90
    assert len(set(came)) == 200 - (hit if name == "lost" else 0)
    assert len(came) == 200 + {"lost": -hit, "doubled": hit, "overtaken": 0}[name]
    assert (came == sorted(came)) == (name == "lost")


def test_what_the_hub_has_acknowledged_is_forgotten(net):
    net.up(b"a", b"b", b"c")
    net.pass_(SECOND)
    partition = net.broker.partition(0)
    net.broker.acknowledge(partition, 2)
    assert [message.payload for message in net.broker.stream(partition)] == [b"c"]


def test_a_broker_that_lost_its_tail_keeps_what_was_synced_and_gives_its_sequences_again(net):
    net.up(*(b"%d" % number for number in range(5)))
    net.pass_(SECOND)
    net.broker.crash(lose_tail=2)
    net.broker.restart()
    stream = net.broker.stream(net.broker.partition(0))
    assert [message.seq for message in stream] == [1, 2, 3]
    net.connect().up(b"again")
    net.pass_(SECOND)
    assert [message.seq for message in stream] == [1, 2, 3, 4]
    net.broker.crash(lose_tail=50)
    assert (net.broker.stored, stream) == (0, [])


def test_of_two_delays_of_wishes_the_newer_holds_until_it_ends(net):
    net.broker.delay(0, 60 * SECOND, twice=False)
    end = net.broker.delay(0, 5 * SECOND, twice=True)
    net.broker.send(0, "twin", b"wish")
    net.pass_(SECOND)
    assert net.device.heard[1:] == ["wish"]
    net.pass_(5 * SECOND)
    assert net.device.heard[1:] == ["wish", "wish"]
    end()
    net.broker.send(0, "twin", b"other")
    net.pass_(50 * SECOND)
    assert net.device.heard[3:] == []
    net.pass_(11 * SECOND)
    assert net.device.heard[3:] == ["other"]
