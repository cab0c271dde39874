"""Losses for a cause: what the audit lets pass, and what it names, of a real core on a real flash."""

import pytest

from seamline.contract import policy
from seamline.device import Core, Policy
from seamline.device.losses import BUFFER_FULL, CORRUPTED, EXPIRED, POWER_LOSS, Loss
from seamline.rig.world.clocks import WallClock
from seamline.rig.world.firmware import Model
from seamline.rig.world.flash import Flash
from seamline.rig.world.heap import Heap
from seamline.rig.world.loss_audit import LossAudit, _outside
from seamline.rig.world.plan import Fault, Kind, Plan
from seamline.rig.world.promises import BrokenPromise
from seamline.rig.world.streams import Stream
from seamline.rig.world.tables_rows import LossRow
from seamline.rig.world.truth import DeviceTruth, Line
from seamline.rig.world.world import Parts, World

READING, VITALS = 1, 2
BROWNOUTS = Fault(60_000, Kind.BROWNOUTS, 0, 600_000, {"down_ms": 100, "up_ms": 270_000})
EXPIRES_MS = 600_000


def numbers_segments_anew(policy, name, random, stored):
    """Each boot names its first batch as the last one in flash is named."""
    core = Core(policy, name, random, stored)
    begin = core._outbox.begin

    def planted(author, stored):
        begin(author, stored)
        core._outbox._segment = max(0, core._outbox._segment - 1)

    core._outbox.begin = planted
    return core


class Bench:
    """A device whose core is called by hand: booted, measuring, losing its power."""

    def __init__(self, families, **changes):
        document = policy(families[0].current) | changes
        expiring = [each | {"expires_ms": EXPIRES_MS if each["id"] == READING else 0} for each in document["channels"]]
        self.policy = Policy(document | {"channels": expiring})
        self.heap, self.truth, self.flash, self.clock = Heap(), DeviceTruth(), Flash(), WallClock()
        self.audit = LossAudit(3, self.heap, self.truth, self.flash, self.clock)
        self.random = Stream(1, "bench", "core")
        self.boot()

    def boot(self):
        stored = self.flash.load()
        self.core = Core(self.policy, "d", self.random, stored)
        self.audit.booted(self.core, self.policy, stored)
        self.core.start(0, "power_on", "1.0.0")
        self.obey()

    def obey(self):
        for effect in self.core.effects():
            if effect[0] == "persist":
                self.flash.write(effect[1], effect[2])
            elif effect[0] == "forget":
                self.audit.forgets(effect[1])
                self.flash.forget(effect[1])

    def measure(self, count, channel=READING):
        body = bytes(self.policy.channels[channel].record_bytes - 4)
        line = self.truth.lines.setdefault((self.core.incarnation, self.core.boot, channel), Line(None))
        for _ in range(count):
            self.core.record(self.heap.now_us // 1000, channel, body)
            line.extend([self.heap.now_us], [0])
            self.obey()

    def note(self, reason, first, count, boot=None, channel=READING):
        boot = self.core.boot if boot is None else boot
        self.core._outbox.losses.add(Loss(channel, reason, boot, first, count), self.core.boot)

    def row(self, reason, first, count, boot=1, channel=READING):
        return LossRow(1, 1, self.core.incarnation, boot, 1, channel, first, count, reason, 0, told=False)


@pytest.fixture
def bench(families):
    return Bench(families)


def broken(act):
    with pytest.raises(BrokenPromise) as found:
        act()
    assert (found.value.promise, found.value.device) == ("lost-for-cause", 3)
    return found.value.what


def test_a_full_outbox_gives_up_its_oldest_batches(families):
    bench = Bench(families, store="ram", capacity_bytes=2_048)
    bench.measure(200)
    assert bench.core.books()["pending_losses"]


def test_an_outbox_that_is_not_full_gives_nothing_up(bench):
    bench.measure(30)
    assert "as its outbox was full, and held" in broken(lambda: bench.note(BUFFER_FULL, 0, 24))


def test_what_goes_first_by_the_contract_goes_first(families):
    bench = Bench(families, store="ram", capacity_bytes=2_048)
    bench.measure(1, VITALS)
    bench.measure(60)
    bench.policy.capacity_bytes = 100
    assert "which goes first, was held" in broken(lambda: bench.note(BUFFER_FULL, 60, 1))


def test_the_oldest_of_a_channel_goes_first(families):
    bench = Bench(families, store="ram", capacity_bytes=4_096)
    bench.measure(60)
    bench.policy.capacity_bytes = 100
    assert "while record 0 of boot 1, channel 1, which goes first" in broken(lambda: bench.note(BUFFER_FULL, 60, 1))


def test_what_expires_is_old_enough(bench):
    bench.measure(5)
    bench.heap.now_us = (EXPIRES_MS - 1_000) * 1000
    assert f"at an age of {EXPIRES_MS - 1_000} ms, and may at {EXPIRES_MS} ms" in broken(lambda: bench.note(EXPIRED, 0, 5))
    bench.heap.now_us = EXPIRES_MS * 1000
    bench.note(EXPIRED, 0, 5)


def test_a_clock_that_lied_may_have_made_it_seem_old(bench):
    bench.measure(5)
    bench.clock.step(86_400_000)
    bench.clock.mend()
    bench.note(EXPIRED, 0, 5)


def test_nothing_expires_where_the_contract_has_no_age(bench):
    bench.measure(1, VITALS)
    assert "nothing expires on that channel" in broken(lambda: bench.note(EXPIRED, 0, 1, channel=VITALS))


def test_flash_that_is_whole_is_not_corrupted(bench):
    bench.measure(24)
    bench.boot()
    assert "and its flash held them whole" in broken(lambda: bench.note(CORRUPTED, 0, 24, boot=1))
    assert "and its flash held no such batch" in broken(lambda: bench.note(CORRUPTED, 0, 7, boot=1))


def test_flash_with_a_turned_bit_is(bench):
    bench.measure(24)
    place = sorted(bench.flash.entries).index("o0")
    bench.flash.rot(place, 8 * 60)
    bench.boot()
    assert bench.core.books()["pending_losses"] == [(1, READING, CORRUPTED, 0, 24)]
    bench.audit.written(bench.row("corrupted", 0, 24))
    assert "it never said so" in broken(lambda: bench.audit.written(bench.row("expired", 0, 24)))


def test_a_device_declares_no_loss_of_power(bench):
    assert "none of a device's" in broken(lambda: bench.note(POWER_LOSS, 0, 1))


def test_what_lay_whole_in_flash_is_not_lost_with_the_power(bench):
    bench.measure(30)
    bench.boot()
    bench.audit.written(bench.row("power_loss", 24, 100))
    assert "record 20 of boot 1, channel 1 is lost with the power" in broken(
        lambda: bench.audit.written(bench.row("power_loss", 20, 100))
    )


def test_what_was_acknowledged_or_given_up_may_be_gone(bench):
    bench.measure(48)
    bench.boot()
    bench.truth.lines[bench.core.incarnation, 1, READING].acknowledged = 24
    bench.audit.written(bench.row("power_loss", 0, 24))
    bench.heap.now_us = EXPIRES_MS * 1000
    bench.note(EXPIRED, 24, 24, boot=1)
    bench.audit.written(bench.row("power_loss", 0, 48))


def test_flash_forgets_only_what_is_accounted_for(bench):
    bench.measure(24)
    assert "its flash forgets record 0 of boot 1, channel 1" in broken(lambda: bench.audit.forgets("o0"))
    bench.truth.lines[bench.core.incarnation, 1, READING].acknowledged = 24
    bench.audit.forgets("o0")
    bench.audit.forgets("o7")


def test_a_batch_that_is_written_over_another_one_is_found(families):
    world = World(Plan(4, 1, 900_000, (BROWNOUTS,)), Parts(families, make_core=numbers_segments_anew))
    world.devices[0].model = Model.of(families[0].current)
    found = world.run().broken
    assert str(found) == "lost-for-cause: its flash forgets record 0 of boot 2, channel 1, which the hub has not said it has"


def test_an_entry_that_holds_no_records_may_be_written_over(bench):
    bench.measure(24)
    bench.flash.write("c0", bench.flash.entries["o0"])
    bench.audit.forgets("c0")


def test_what_was_hurt_may_be_forgotten(bench):
    bench.measure(24)
    bench.flash.hurt.add("o0")
    bench.audit.forgets("o0")


def test_another_kind_of_core_is_not_looked_into(bench):
    class Other:
        incarnation = 7

    bench.measure(24)
    bench.audit.booted(Other(), bench.policy, bench.flash.load())
    bench.audit.forgets("o0")
    bench.audit.written(bench.row("power_loss", 0, 24))


@pytest.mark.parametrize(
    ("ranges", "left"),
    [([], [3]), ([(0, 9)], []), ([(3, 5)], [5]), ([(4, 5), (6, 7)], [3, 5, 7]), ([(6, 9), (0, 6)], []), ([(9, 12), (0, 3)], [3])],
)
def test_what_no_range_covers_is_found(ranges, left):
    assert list(_outside(3, 9, ranges)) == left


def test_what_flash_keeps_of_an_outbox_that_holds_it_no_more_is_found(families):
    bench = Bench(families, store="flash")
    bench.measure(200)
    bench.flash.write("offset", b"an application's own")
    assert bench.audit.kept() == ""
    bench.flash.forget("offset")
    held = sorted(key for key in bench.flash.entries if key.startswith("o"))
    assert len(held) > 1
    bench.core._outbox.lanes[READING].sealed.clear()
    assert bench.audit.kept() == f"{len(held)} entries of records, {held[0]} the first of them"


def test_a_core_without_an_outbox_of_seamlines_keeps_what_it_likes(bench):
    bench.flash.write("o9", b"mine")
    assert bench.audit.kept()
    bench.audit.booted(object(), bench.policy, {})
    assert bench.audit.kept() == ""
