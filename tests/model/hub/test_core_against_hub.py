"""The real device core against the hub's real logic, with an unfaithful network and flash between them, in virtual time."""

import pytest
from tests.model.device.tiny_hub import UNIX_AT_BOOT_MS
from tests.model.device.world import Lcg, World, play, policy
from tests.model.hub.logic_hub import POLICIES, LogicHub

from seamline.hub.presence import State, Timing, assess
from seamline.hub.timeline import Quality
from seamline.hub.twin import TwinState, status

pytestmark = pytest.mark.usefixtures("unmeasured")

TIMING = Timing(publish_every_ms=2_000, answer_timeout_ms=1_000, presumed_lost_after_ms=9_000)
STORIES = 60


class LogicWorld(World):
    """A world whose hub is the real logic; it also knows when each record was really made."""

    def __init__(self, rules, seed):
        self.made = {}
        super().__init__(rules, seed)
        self.hub = LogicHub()

    def record(self, number, value):
        at_ms = UNIX_AT_BOOT_MS + self.wall_ms
        super().record(number, value)
        for key, known in self.truth.items():
            for sequence in known:
                self.made.setdefault((key, sequence), at_ms)

    def balance(self):
        super().balance()
        hub = self.hub
        books = hub.books()
        assert books.balanced
        assert books.owed == 0
        assert books.stored == sum(len(stored) for stored in hub.stored.values())
        assert books.lost == sum(len(lost) for lost in hub.lost.values())
        for key, known in self.truth.items():
            for sequence in known:
                classes = (sequence in hub.stored.get(key, {})) + (sequence in hub.lost.get(key, {}))
                if key[0] == self.core.incarnation:
                    assert classes == 1
                    assert hub.is_accounted(key, sequence)
                else:
                    assert classes <= 1  # none: erased before the hub could know of it

    def hand_over_wishes(self):
        """The hub sends its twin document, the application acts, the device reports."""
        self.down.append(("twin", self.hub.twin_payload()))
        while self.up or self.down:
            self.deliver_down(0, keep=False)
            self.application()
            self.deliver_up(well=True)

    def dates(self):
        """(true Unix ms, date) of every stored record whose making was not cut short by the power."""
        for key, stored in self.hub.stored.items():
            for sequence in stored:
                if (key, sequence) in self.made:
                    yield self.made[key, sequence], self.hub.date(key, sequence)


def told(store, seed, expires_ms=0):
    world = LogicWorld(policy(store, expires_ms=expires_ms), seed)
    play(world, Lcg(seed * 7919), 250)
    return world


@pytest.mark.parametrize("store", ["ram", "flash"])
@pytest.mark.parametrize("expires_ms", [0, 3_000])
def test_whatever_happens_every_numbered_record_ends_in_exactly_one_class(store, expires_ms):
    seen = {"duplicates": 0, "lost": 0, "incarnations": 0, "folds": 0}
    for seed in range(STORIES):
        world = told(store, seed, expires_ms)
        seen["duplicates"] += world.hub.duplicates
        seen["lost"] += world.hub.books().lost
        seen["incarnations"] += len({incarnation for incarnation, _, _ in world.truth}) - 1
        seen["folds"] += sum(fold.boots for fold in world.hub.folds.values())
    assert all(seen.values()), f"these stories never met: {[name for name, times in seen.items() if not times]}"


@pytest.mark.parametrize("store", ["ram", "flash"])
def test_an_orderly_end_overstates_nothing(store):
    for seed in range(20):
        world = LogicWorld(policy(store, expires_ms=0), seed)
        for value in range(1 + 7 * seed):
            world.record(1 + value % 2, value)
            world.settle()
        world.call(lambda world=world: world.core.stop(world.now_ms))
        world.boot("software")
        world.settle()
        books = world.hub.books()
        assert (books.numbered, books.lost, books.owed) == (sum(len(known) for known in world.truth.values()), 0, 0)


def test_every_date_covers_the_true_time():
    qualities = set()
    for seed in range(1_000, 1_000 + STORIES):
        for true_ms, date in told("flash", seed).dates():
            qualities.add(date.quality)
            if date.unix_ms is not None:
                assert abs(date.unix_ms - true_ms) <= date.error_ms
    assert Quality.SYNCED in qualities


def test_once_everything_works_the_device_is_present_and_its_twin_settled():
    seen = set()
    for seed in range(2_000, 2_000 + STORIES):
        world = told("ram", seed)
        for _ in range(3):
            world.hand_over_wishes()
        now_ms = UNIX_AT_BOOT_MS + world.wall_ms
        assert assess(world.hub.presence, now_ms, TIMING).state in {State.ONLINE, State.SILENT}
        for name, twin in world.hub.twins.items():
            found = status(twin, POLICIES[name], now_ms)
            seen.add(found.state)
            assert found.state not in {TwinState.ASKED, TwinState.DELIVERED}
            known = world.core._twin._reported.get(name)
            if twin.reported is not None and known is not None:  # since this boot the application has said something
                assert twin.reported.value == known.value
    assert {TwinState.IN_SYNC, TwinState.REJECTED} <= seen
