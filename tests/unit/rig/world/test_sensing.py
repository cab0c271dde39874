"""What a device measures between its steps."""

from dataclasses import replace

import pytest

from seamline.contract.quantities import EventRate
from seamline.device import OVER_RATE, Core
from seamline.device.events import Allowance
from seamline.rig.world.clocks import Crystal
from seamline.rig.world.firmware import Model
from seamline.rig.world.heap import SECOND
from seamline.rig.world.leftovers import Leftovers
from seamline.rig.world.marks import Marks
from seamline.rig.world.promises import BrokenPromise
from seamline.rig.world.sensing import NEVER_US, Sensing
from seamline.rig.world.streams import Stream
from seamline.rig.world.truth import DeviceTruth, LineKey

BOOTED_US = 7 * SECOND


class Numbering:
    """A core as far as sensing knows one: it numbers, and asks for an effect with every third record."""

    incarnation, boot = 5, 1

    def __init__(self):
        self.taken = []
        self._asked = []

    def record(self, now_ms, channel, body):
        number = sum(taken[1] == channel for taken in self.taken)
        self.taken.append((now_ms, channel, body))
        self._asked = [("forget", "o1")] if len(self.taken) % 3 == 0 else []
        return number

    def effects(self):
        asked, self._asked = self._asked, []
        return asked


@pytest.fixture
def model(families):
    return Model.of(families[0].current)


@pytest.fixture
def core():
    return Numbering()


@pytest.fixture
def truth():
    return DeviceTruth()


@pytest.fixture
def sensing(core, truth, model):
    sensing = Sensing(3, core, Crystal(BOOTED_US, 40), truth)
    sensing.begin(model, BOOTED_US, Stream(1, "d", "life"))
    return sensing


def nothing(_effects):
    pass


def test_every_reading_until_now_is_handed_over_with_the_uptime_at_which_it_was_measured(sensing, core, truth):
    now_us = BOOTED_US + 95 * SECOND
    sensing.hand_over(now_us, nothing)
    assert len(core.taken) >= 9
    crystal = Crystal(BOOTED_US, 40)
    for channel in {taken[1] for taken in core.taken}:
        line = truth.lines[LineKey(5, 1, channel)]
        own = [(now_ms, body) for now_ms, of, body in core.taken if of == channel]
        assert [crystal.uptime_ms(true_us) for true_us in line.true_us] == [now_ms for now_ms, _ in own]
        assert [line.values.bodies[value] for value in line.value] == [body for _, body in own]
        assert max(line.true_us) <= now_us


def test_it_knows_when_the_next_reading_is_and_when_its_frame_is_due(sensing, core, model):
    sensing.hand_over(sensing.reading_us - 1, nothing)
    assert not core.taken
    first_us = sensing.reading_us
    sensing.hand_over(first_us, nothing)
    assert len(core.taken) == 1
    assert sensing.reading_us > first_us
    shortest_us = min(message.publish_every_ms for message in model.contract.messages.values()) * 1_000
    assert sensing.frame_us == sensing.reading_us + shortest_us


def test_what_a_reading_makes_the_core_ask_for_is_done_before_the_next_reading(sensing, core):
    done = []
    sensing.hand_over(BOOTED_US + 60 * SECOND, lambda effects: done.append((len(core.taken), effects, sensing.line is not None)))
    assert done == [(count, [("forget", "o1")], True) for count in range(3, len(core.taken) + 1, 3)]
    assert sensing.line is None


def test_where_the_power_goes_meanwhile_the_line_of_the_last_record_is_known(sensing, core):
    def cut(_effects):
        raise ConnectionAbortedError

    with pytest.raises(ConnectionAbortedError):
        sensing.hand_over(BOOTED_US + 60 * SECOND, cut)
    assert len(core.taken) == 3
    assert sensing.line is not None


def test_a_number_out_of_order_breaks_a_promise(sensing, core):
    core.record = lambda now_ms, channel, body: 7
    with pytest.raises(BrokenPromise, match="gave number 7 to record 0") as broken:
        sensing.hand_over(BOOTED_US + 60 * SECOND, nothing)
    assert (broken.value.promise, broken.value.device) == ("numbered-once", 3)


EVENTS_MAX, PER_MS = 3, 60_000


@pytest.fixture
def of_events(core, truth, model):
    """The sensing of a model whose one message is sent on events."""
    message = next(iter(model.contract.messages.values()))
    bounded = replace(message, at_most=EventRate(EVENTS_MAX, PER_MS), sample_ms=PER_MS // EVENTS_MAX, publish_every_ms=0)
    events = replace(model, contract=replace(model.contract, messages={bounded.name: bounded}))
    sensing = Sensing(3, core, Crystal(BOOTED_US, 0), truth)
    sensing.begin(events, BOOTED_US, Stream(1, "d", "life"))
    return sensing


def keeping_the_bound(core):
    """Have the core take no event beyond the bound, as a real one does; returns what it said of each."""
    allowance, told = Allowance(EVENTS_MAX, PER_MS), []

    def record(now_ms, _channel, _body):
        told.append(sum(number != OVER_RATE for number in told) if allowance.take(now_ms) else OVER_RATE)
        return told[-1]

    core.record = record
    return told


def test_events_come_more_often_than_their_bound_and_one_over_it_is_in_nobodys_books(of_events, core, truth):
    told = keeping_the_bound(core)
    of_events.hand_over(BOOTED_US + 600 * SECOND, nothing)
    taken = len(told) - told.count(OVER_RATE)
    assert EVENTS_MAX < taken <= EVENTS_MAX + 600_000 * EVENTS_MAX // PER_MS
    assert told.count(OVER_RATE) > taken
    assert [len(line.classes) for line in truth.lines.values()] == [taken]


def test_an_event_within_its_bound_that_is_left_out_breaks_a_promise(of_events, core):
    core.record = lambda now_ms, channel, body: OVER_RATE
    with pytest.raises(BrokenPromise, match="bounded: leaves out an event within its bound, channel 1"):
        of_events.hand_over(BOOTED_US + 600 * SECOND, nothing)


def test_an_event_that_is_taken_beyond_its_bound_breaks_a_promise(of_events, core):
    count = iter(range(1_000))
    core.record = lambda now_ms, channel, body: next(count)
    with pytest.raises(BrokenPromise, match="bounded: takes an event beyond its bound as record"):
        of_events.hand_over(BOOTED_US + 600 * SECOND, nothing)


def test_a_core_may_leave_out_nothing_else(sensing, core):
    core.record = lambda now_ms, channel, body: OVER_RATE
    with pytest.raises(BrokenPromise, match="gave number -1 to record 0"):
        sensing.hand_over(BOOTED_US + 60 * SECOND, nothing)


def test_what_has_ended_measures_nothing_more(sensing, core):
    sensing.end()
    assert (sensing.reading_us, sensing.frame_us) == (NEVER_US, NEVER_US)
    sensing.hand_over(BOOTED_US + 600 * SECOND, nothing)
    assert not core.taken


def flash_of_a_core(model, boots, marks, *, lose=()):
    """The entries after so many boots of a real core."""
    entries, leftovers = {}, Leftovers(marks)
    for _ in range(boots):
        leftovers.look(entries, model.policy.stride)
        core = Core(model.policy, "d", Stream(1, "d", "core"), dict(entries))
        core.start(0, "power_on", "1")
        entries.update({effect[1]: effect[2] for effect in core.effects() if effect[0] == "persist"})
    for key in lose:
        entries.pop(key)
    leftovers.look(entries, model.policy.stride)


@pytest.mark.parametrize(
    ("lose", "expected"), [((), None), (("c0",), "slot-lost"), (("c0", "c1"), "counters-lost")], ids=["none", "one", "both"]
)
def test_lost_counter_slots_are_marked_once_both_were_there(model, lose, expected):
    marks = Marks()
    flash_of_a_core(model, 3, marks, lose=lose)
    hit = {name for name in ("slot-lost", "counters-lost") if marks.counts[name]}
    assert hit == ({expected} if expected else set())
