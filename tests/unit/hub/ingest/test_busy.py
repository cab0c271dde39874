"""Telling devices to wait while nothing can be committed: who is told, how often, and for how long."""

import json
from types import SimpleNamespace

import pytest
from hypothesis import given, strategies as st

from seamline.hub.downlink import busy_payload
from seamline.hub.ingest import busy
from seamline.hub.ingest.busy import RETRY_MS_MAX, RETRY_MS_MIN, Busy, partition_of


class Broker:
    """A connection that takes down what is subscribed to and published."""

    def __init__(self):
        self.listening, self.sent, self.made = {}, [], 0

    def subscribe(self, subject, heard):
        self.made += 1
        self.listening[self.made] = (subject, heard)
        return self.made

    def unsubscribe(self, sid):
        del self.listening[sid]

    def publish(self, messages):
        self.sent += [(subject, json.loads(payload)["retry_after_ms"]) for subject, payload in messages]

    def ask(self, device, kind="birth"):
        """A device's question, as whoever listens hears it."""
        for subject, heard in list(self.listening.values()):
            if subject == f"up.*.{kind}":
                heard(f"up.{device}.{kind}".encode(), b"", b"")

    def told(self):
        """What was sent since this was last asked."""
        sent, self.sent = self.sent, []
        return sent


@pytest.fixture
def broker():
    return Broker()


@pytest.fixture
def now_s(monkeypatch):
    """The clock of the process, seconds."""
    at = [100.0]
    monkeypatch.setattr(busy, "time", SimpleNamespace(monotonic=lambda: at[0]))
    return at


@pytest.fixture
def waiting(broker, now_s):
    """One partition of one, that has just begun to tell devices to wait."""
    found = Busy(broker, 0, 1)
    found.begin()
    return found


def test_nobody_is_told_before_it_begins_nor_after_it_has_ended(broker, now_s):
    found = Busy(broker, 0, 1)
    broker.ask("a")
    assert (found.on, broker.told()) == (False, [])
    found.begin()
    assert found.on
    found.end()
    broker.ask("a")
    assert (found.on, broker.told(), broker.listening) == (False, [], {})
    found.end()


@pytest.mark.parametrize("kind", ["birth", "probe"])
def test_who_asks_is_told_to_wait(broker, waiting, kind):
    broker.ask("a", kind)
    assert broker.told() == [("dn.a.busy", RETRY_MS_MIN)]


@pytest.mark.parametrize("kind", ["data", "anchor", "death", "twin"])
def test_what_is_no_question_is_not_answered(broker, waiting, kind):
    broker.ask("a", kind)
    assert broker.told() == []


def test_a_device_is_told_once_in_the_time_it_was_given(broker, waiting, now_s):
    broker.ask("a")
    broker.ask("a")
    assert len(broker.told()) == 1
    now_s[0] += RETRY_MS_MIN / 1000 - 0.001
    broker.ask("a")
    broker.ask("b")
    assert [subject for subject, _ in broker.told()] == ["dn.b.busy"]
    now_s[0] += 0.001
    broker.ask("a")
    assert [subject for subject, _ in broker.told()] == ["dn.a.busy"]


@pytest.mark.parametrize(
    ("outage_s", "retry_ms"), [(0, RETRY_MS_MIN), (1.9, RETRY_MS_MIN), (7.5, 7_500), (30, RETRY_MS_MAX), (3_600, RETRY_MS_MAX)]
)
def test_the_silence_asked_for_grows_with_the_outage_within_its_bounds(broker, waiting, now_s, outage_s, retry_ms):
    now_s[0] += outage_s
    broker.ask("a")
    assert broker.told() == [("dn.a.busy", retry_ms)]


def test_beginning_again_while_it_is_on_changes_nothing_and_a_new_outage_begins_anew(broker, waiting, now_s):
    broker.ask("a")
    broker.told()
    now_s[0] += 10
    waiting.begin()
    assert broker.made == 2
    broker.ask("b")
    assert broker.told() == [("dn.b.busy", 10_000)]
    waiting.end()
    waiting.begin()
    broker.ask("b")
    assert broker.told() == [("dn.b.busy", RETRY_MS_MIN)]


def test_those_whose_questions_are_in_hand_are_told_at_once_each_unless_told_before(broker, waiting):
    broker.ask("a")
    broker.told()
    waiting.tell({b"a", b"b"})
    assert broker.told() == [("dn.b.busy", RETRY_MS_MIN)]


def test_the_memory_of_who_was_told_is_bounded_and_then_starts_over(broker, waiting, monkeypatch):
    monkeypatch.setattr(busy, "DEVICES_MAX", 2)
    for device in "abcb":
        broker.ask(device)
    assert [subject for subject, _ in broker.told()] == ["dn.a.busy", "dn.b.busy", "dn.c.busy", "dn.b.busy"]


@pytest.mark.parametrize("partitions", [2, 3, 8])
def test_each_device_is_told_by_its_own_partition_alone(broker, now_s, partitions):
    for number in range(partitions):
        Busy(broker, number, partitions).begin()
    names = [f"device-{at}" for at in range(20)]
    for name in names:
        broker.ask(name)
    assert sorted(subject for subject, _ in broker.told()) == sorted(f"dn.{name}.busy" for name in names)


@given(st.binary(min_size=1, max_size=64), st.integers(1, 64))
def test_a_partition_is_one_of_those_there_are_and_always_the_same(device, partitions):
    assert 0 <= partition_of(device, partitions) < partitions
    assert partition_of(device, partitions) == partition_of(device, partitions)
    assert partition_of(device, 1) == 0


# -- the bytes of it ---------------------------------------------------------------------------------------------------------------


def test_nobody_is_told_to_come_back_in_the_past():
    assert json.loads(busy_payload(0)) == {"retry_after_ms": 0}
    with pytest.raises(ValueError, match="in the past"):
        busy_payload(-1)
