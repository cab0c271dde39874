"""The power goes inside each flash operation of a device core, and again inside each one of its recovery.

A small flash (16 sectors of 256 bytes, pages of 64) and a story that fills it: every operation is cut at six points, and after
each such cut every operation of the recovery is cut again, at three points. That every operation was cut is shown by counting them
in a run without cuts. At real size (sectors of 4 KiB, pages of 256 bytes) a sample of pairs is cut.
"""

import copy
import hashlib

import pytest
from tests.model.device.world import Lcg, PowerCut, World, policy
from tests.rig.nor import TEARS, Nor, PowerLost

SECTORS = 16


class FlashWorld(World):
    """The model's world over a NOR flash. It notes which records flash held whole, which boots there were, and what a cut left."""

    def __init__(self, rules, seed, shape, cut_at=None, tear="before"):
        self.nor = Nor(*shape, cut_at=cut_at, tear=tear)
        self.durable = {}  # segment written to its end and not taken away -> the (incarnation, boot, channel, sequence) in it
        self.lived = {}  # (incarnation, boot) -> the core
        self.checked = None
        self.scene = None  # of the first cut
        self.cuts = 0
        super().__init__(rules, seed)

    def flash_read(self):
        return dict(self.nor.entries)

    def carry_out(self, effect):
        if effect[0] not in ("persist", "forget"):
            super().carry_out(effect)
            return
        self.note(effect)
        try:
            if effect[0] == "persist":
                self.nor.write(effect[1], effect[2])
                self.written(effect[1])
            else:
                self.durable.pop(effect[1], None)  # acknowledged, or given up: its loss is declared, or closed with its boot
                self.nor.forget(effect[1])
        except PowerLost:
            self.cuts += 1
            self.scene = self.scene or Scene(self)
            raise PowerCut from None

    def written(self, key):
        """A segment is whole: what is in it must not be lost any more, unless the device itself gives it up."""
        for lane in self.core._outbox.lanes.values():
            for batch in lane.sealed:
                if lane.number and key == f"o{batch.segment}":
                    frame = batch.frame
                    places = range(frame.first, frame.first + frame.count)
                    self.durable[key] = [(frame.incarnation, frame.boot, frame.channel, place) for place in places]

    def check(self):
        self.flash = dict(self.nor.entries)
        core = self.core
        if self.lived.setdefault((core.incarnation, core.boot), core) is not core:
            raise AssertionError("a boot's number is used once")
        if core is not self.checked:
            self.checked = core
            self.check_boot()
        super().check()

    def check_boot(self):
        """What flash held whole is held again by the boot after it: later the model sees to it that it is delivered."""
        held = {(boot, number, first + step) for boot, number, first, count in self.core._outbox.held() for step in range(count)}
        for incarnation, boot, channel, sequence in [record for records in self.durable.values() for record in records]:
            safe = incarnation != self.core.incarnation or (boot, channel, sequence) in held
            self.require(safe, "a boot takes over what flash holds")


def copied(hub):
    """A hub with books of its own; records and twins are never changed in place here."""
    same = copy.copy(hub)
    same.stored = {key: dict(known) for key, known in hub.stored.items()}
    same.lost = {key: dict(known) for key, known in hub.lost.items()}
    same.declared, same.uppers = dict(hub.declared), dict(hub.uppers)
    same.twin, same.reported = dict(hub.twin), dict(hub.reported)
    return same


class Scene:
    """Everything that outlives a power cut."""

    def __init__(self, world):
        self.entries = dict(world.nor.entries)
        self.hub = copied(world.hub)
        self.truth = {key: dict(known) for key, known in world.truth.items()}
        self.durable = dict(world.durable)
        self.lived = dict(world.lived)
        self.random = world.random.state
        self.wall_ms = world.wall_ms

    def key(self):
        """Two cuts that leave the same behind have the same recovery."""
        books = [sorted((key, sorted(known)) for key, known in kept.items()) for kept in (self.hub.stored, self.hub.lost)]
        return repr((sorted(self.entries.items()), books, sorted(self.durable), self.random))

    def recover(self, rules, shape, cut_at=None, tear="before"):
        """Boot on what is left, with a network that works, and hand everything over. `cut_at` counts operations from this boot on."""
        world = FlashWorld.__new__(FlashWorld)
        world.nor = Nor(*shape, self.entries, cut_at, tear)
        world.rules, world.random, world.hub = rules, Lcg(0), copied(self.hub)
        world.random.state = self.random
        world.truth = {key: dict(known) for key, known in self.truth.items()}
        world.durable, world.lived = dict(self.durable), dict(self.lived)
        world.checked, world.scene, world.cuts = None, self, 0
        world.trace = hashlib.sha256()
        world.wall_ms, world.boots, world.applied = self.wall_ms, 1, []
        world.boot("brownout")
        world.settle()
        return world


def talk(world):
    """Everything that is said is heard."""
    world.answer_connect(True)
    while world.link == "up" and (world.up or world.down):
        world.deliver_up(True)
        world.deliver_down(0, False)


def come_online(world):
    for _ in range(40):
        talk(world)
        if world.core.state == "live":
            return
        world.pass_time(1 << 40)


def measure(world, times, every_ms):
    for turn in range(times):
        world.record(1, turn)
        if turn % 3 == 0:
            world.record(2, turn)
        if turn % 4 == 0:
            world.record(3, turn)
        world.pass_time(every_ms)


def story(world, often):
    """Two boots with every reason to write: counters, spread, segments, marks, an outbox that is full, declared losses, the end."""
    world.clock("ntp", 5)
    come_online(world)
    for _ in range(3):
        measure(world, often, 150)
        talk(world)
    world.disconnect(True)
    measure(world, 4 * often, 120)  # the outbox overflows
    come_online(world)
    world.deliver_up(True)
    world.disconnect(False)  # frames arrived, their marks did not
    come_online(world)
    talk(world)
    measure(world, often, 150)
    world.call(lambda: world.core.stop(world.now_ms))
    world.boot("software")
    measure(world, often, 150)
    come_online(world)
    measure(world, often, 150)
    talk(world)
    world.settle()


def told(rules, shape, often, cut_at=None, tear="before"):
    """The story, perhaps with a cut."""
    world = FlashWorld(rules, 5, shape, cut_at, tear)
    story(world, often)
    return world


OFTEN = 6
SECOND_TEARS = ("before", "half way", "half way, from the far end")
SMALL = (256, 64)
REAL = (4096, 256)
RULES = policy("flash", capacity_bytes=1200)
REAL_RULES = policy("flash", capacity_bytes=24_000) | {
    "channels": [
        {**entry, "every_ms": 20 * entry["every_ms"], "batch_max": 20 * entry["batch_max"]} if entry["id"] else entry
        for entry in policy()["channels"]
    ]
}


@pytest.fixture(scope="module")
def whole():
    return told(RULES, SMALL, OFTEN)


def test_the_story_writes_for_every_reason_and_fills_a_flash_of_sixteen_sectors(whole):
    assert whole.nor.sectors_most == SECTORS
    assert whole.nor.kinds["erase"] > 60
    assert whole.nor.kinds["program"] > 100
    books = whole.hub
    assert {reason for known in books.lost.values() for reason in known.values()} >= {1}  # the outbox was full
    assert {"c0", "c1", "end"} <= set(whole.nor.written)


RECOVERIES = set()
"""What was recovered from already: cuts at different points may leave the same behind."""


@pytest.mark.parametrize("tear", TEARS)
def test_a_cut_at_every_flash_operation_and_again_at_every_one_of_its_recovery_is_survived(whole, tear, record_property):
    struck, recoveries, again = 0, 0, 0
    for operation in range(whole.nor.operations):
        world = told(RULES, SMALL, OFTEN, operation, tear)
        struck += world.cuts
        if world.scene.key() in RECOVERIES:
            continue
        RECOVERIES.add(world.scene.key())
        recoveries += 1
        for second in range(world.scene.recover(RULES, SMALL).nor.operations):
            for second_tear in SECOND_TEARS:
                again += world.scene.recover(RULES, SMALL, second, second_tear).cuts
    record_property("cuts", struck)
    record_property("cuts in recoveries", again)
    assert struck == whole.nor.operations  # of a story without cuts: there is no operation that was not cut
    assert again >= 6 * len(SECOND_TEARS) * recoveries


def test_a_sample_of_cuts_at_real_size_is_survived():
    whole = told(REAL_RULES, REAL, 60)
    random = Lcg(20)
    assert whole.nor.operations > 200
    for _ in range(16):
        world = told(REAL_RULES, REAL, 60, random.below(whole.nor.operations), TEARS[random.below(len(TEARS))])
        length = world.scene.recover(REAL_RULES, REAL).nor.operations
        again = world.scene.recover(REAL_RULES, REAL, random.below(length), TEARS[random.below(len(TEARS))])
        assert (world.cuts, again.cuts) == (1, 1)
