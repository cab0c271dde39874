"""The device core against a tiny honest hub, through a network and a flash that are not: every promise at every step."""

import pytest
from hypothesis import HealthCheck, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from tests.model.device.world import Lcg, World, one_thing, play, policy

pytestmark = pytest.mark.usefixtures("unmeasured")

VALUES = st.integers(0, 2**32 - 1)
CHANNELS = st.integers(1, 3)


class CoreModel(RuleBasedStateMachine):
    """What may happen to a device, in any order; `World.check` holds the promises after each step."""

    @initialize(
        store=st.sampled_from(["ram", "flash"]),
        capacity=st.sampled_from([120, 300, 700, 5000]),
        flight=st.integers(1, 4),
        expires=st.sampled_from([0, 3000]),
        seed=VALUES,
    )
    def begin(self, store, capacity, flight, expires, seed):
        rules = policy(store, capacity, expires)
        rules["flight_frames"] = flight
        self.world = World(rules, seed)

    @rule(most_ms=st.sampled_from([1, 100, 1000, 20_000]))
    def pass_time(self, most_ms):
        self.world.pass_time(most_ms)

    @rule(number=CHANNELS, values=st.lists(VALUES, min_size=1, max_size=6))
    def record(self, number, values):
        for value in values:
            self.world.record(number, value)

    @rule(well=st.booleans())
    @precondition(lambda self: self.world.link == "opening")
    def answer_connect(self, well):
        self.world.answer_connect(well)

    @rule(lose=st.booleans())
    @precondition(lambda self: self.world.link == "up")
    def disconnect(self, lose):
        self.world.disconnect(lose)

    @rule(well=st.booleans(), twice=st.booleans())
    @precondition(lambda self: self.world.up)
    def deliver_up(self, well, twice):
        self.world.deliver_up(well, twice)

    @rule(place=st.integers(0, 3), keep=st.booleans())
    @precondition(lambda self: self.world.down)
    def deliver_down(self, place, keep):
        self.world.deliver_down(place, keep)

    @rule()
    @precondition(lambda self: self.world.down)
    def lose_down(self):
        self.world.lose_down()

    @rule()
    def turn_busy(self):
        self.world.hub.is_busy = not self.world.hub.is_busy

    @rule(effects=st.integers(0, 6), torn=st.booleans())
    def cut_power(self, effects, torn):
        self.world.cut_power(effects, torn)

    @rule()
    def erase(self):
        self.world.erase()

    @rule(place=st.integers(0, 63), bit=st.integers(0, 4095))
    def rot(self, place, bit):
        self.world.rot(place, bit)

    @rule(name=st.sampled_from(["mode", "level", "unheard_of"]), value=st.integers(-5, 5))
    def desire(self, name, value):
        self.world.desire(name, value)

    @rule()
    def application(self):
        self.world.application()

    @rule(name=st.sampled_from(["mode", "level"]), value=st.integers(-5, 5))
    def report(self, name, value):
        self.world.report(name, value)

    @rule(source=st.sampled_from(["ntp", "gnss", "rtc"]), error_ms=st.integers(-500, 500))
    def clock(self, source, error_ms):
        self.world.clock(source, error_ms)

    def teardown(self):
        """Whatever happened: once everything works, nothing stays owed and the books balance."""
        if hasattr(self, "world"):
            self.world.settle()


TestCoreModel = CoreModel.TestCase
TestCoreModel.settings = settings(
    max_examples=60, stateful_step_count=50, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


@pytest.mark.parametrize("store", ["ram", "flash"])
def test_a_hundred_long_stories_end_with_balanced_books(store):
    for seed in range(100, 200):
        play(World(policy(store), seed), Lcg(seed * 7919), 250)


class Counting(World):
    """Counts effects, and cuts the power after a given number of them."""

    def __init__(self, rules, seed, cut_at, torn):
        self.seen = 0
        self.cut_at = cut_at
        self.torn_at_cut = torn
        super().__init__(rules, seed)

    def carry_out(self, effect):
        if self.seen == self.cut_at:
            self.effects_left, self.torn = 0, self.torn_at_cut
        self.seen += 1
        super().carry_out(effect)


def a_short_story(world):
    """Every kind of flash operation: counters, strides, segments, forgetting, losses."""
    random = Lcg(11)
    for _ in range(150):
        one_thing(world, random)
    world.settle()


@pytest.mark.parametrize("torn", [False, True])
def test_a_power_cut_at_every_single_effect_is_survived(torn):
    whole = Counting(policy("flash"), 4, None, torn)
    a_short_story(whole)
    assert whole.seen > 100
    for cut_at in range(whole.seen):
        a_short_story(Counting(policy("flash"), 4, cut_at, torn))


def test_an_erased_flash_begins_a_new_incarnation_and_nothing_is_taken_for_another_record():
    world = World(policy("flash"), 1)
    before = world.core.incarnation
    for _ in range(9):
        world.record(1, 1)
    world.settle()
    world.erase()
    for _ in range(9):
        world.record(1, 2)
    world.settle()
    assert world.core.incarnation != before
    assert world.core.boot == 1
    stored = [len(world.hub.stored[incarnation, 1, 1]) for incarnation in (before, world.core.incarnation)]
    assert stored == [9, 9]


def test_a_story_without_faults_loses_nothing_and_sends_nothing_twice():
    world = World(policy("ram", capacity_bytes=100_000), 5)
    for step in range(40):
        world.record(1 + step % 3, step)
    world.settle()
    assert world.hub.duplicates == 0
    assert not any(world.hub.lost.values())
