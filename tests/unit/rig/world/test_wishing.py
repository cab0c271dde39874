"""What is held against a boot that does as it is asked; and wishes that expire within a run."""

import pytest

from seamline.contract import policy
from seamline.device import Policy
from seamline.rig.world.broker import Broker
from seamline.rig.world.clocks import WallClock
from seamline.rig.world.expiry import LIVES_MS, brief
from seamline.rig.world.heap import SECOND, Heap
from seamline.rig.world.marks import Marks
from seamline.rig.world.plan import Fault, Kind, Plan
from seamline.rig.world.run import run
from seamline.rig.world.streams import Stream
from seamline.rig.world.wishing import Wishing
from seamline.rig.world.world import Parts

T0 = 1_763_000_000_000


@pytest.fixture
def clock():
    return WallClock()


@pytest.fixture
def boot(families, clock):
    """One that asked at 1.0 s and was answered at 1.4 s: it knows the time to 250 ms."""
    wishing = Wishing(Policy(policy(families[0].current)), clock)
    wishing.connects()
    wishing.born(1_000)
    wishing.born(1_300)
    wishing.generation(1)
    wishing.answered(1_400, 50)
    return wishing


def tell(boot, version, expires_ms=None, name="set_point"):
    boot.told({"desired": {name: {"value": 1, "version": version, "expires_ms": expires_ms}}})


def test_a_wish_is_done_once_and_none_after_a_newer_one(boot):
    for version in (2, 3, 4):
        tell(boot, version)
    tell(boot, 1, name="child_lock")
    assert boot.applies(2_000, T0, "set_point", 2) is None
    assert boot.applies(2_000, T0, "set_point", 4) is None
    assert boot.applies(2_000, T0, "child_lock", 1) is None
    assert "does wish 4 of set_point when it has done wish 4" in boot.applies(3_000, T0, "set_point", 4)
    boot.generation(1)
    assert "does wish 3 of set_point" in boot.applies(3_000, T0, "set_point", 3)


def test_what_no_document_for_this_boot_has_told_is_not_done(boot):
    tell(boot, 2)
    assert "does wish 1 of set_point, which no document for a session of this boot has told" in boot.applies(
        2_000, T0, "set_point", 1
    )


def test_another_database_may_ask_again(boot):
    tell(boot, 4)
    assert boot.applies(2_000, T0, "set_point", 4) is None
    boot.generation(2)
    assert boot.applies(3_000, T0, "set_point", 4) is None


@pytest.mark.parametrize(("late_ms", "holds"), [(500, True), (600, False)])
def test_a_wish_is_not_done_after_its_time_by_more_than_the_device_may_be_wrong_twice(boot, late_ms, holds):
    tell(boot, 1, T0)
    assert (boot.applies(1_400, T0 + late_ms, "set_point", 1) is None) == holds


def test_a_device_that_does_not_know_the_time_or_was_lied_to_may_do_it(families, boot, clock):
    tell(boot, 1, T0)
    clock.step(1)
    assert boot.applies(2_000, T0 + 60_000, "set_point", 1) is None
    fresh = Wishing(Policy(policy(families[0].current)), WallClock())
    tell(fresh, 1, T0)
    assert fresh.applies(2_000, T0 + 60_000, "set_point", 1) is None


def test_a_run_draws_how_long_wishes_live_where_the_contract_lets_them_expire(families):
    drawn = {brief(families, Stream(seed, "hub", "expiry"))[0].current.state["child_lock"].expires_ms for seed in range(20)}
    assert drawn == {*LIVES_MS[:-1], families[0].current.state["child_lock"].expires_ms}
    short = next(
        family
        for family in (brief(families, Stream(seed, "hub", "expiry"))[0] for seed in range(20))
        if family is not families[0]
    )
    assert short.current is short.versions[short.current.version]
    assert short.current.state["set_point"].expires_ms is None


class Ears:
    """The device's end of a connection."""

    device, will = 0, b""

    def __init__(self):
        self.heard = []

    def down(self, kind, payload):
        self.heard.append((kind, payload))

    def closed_by_broker(self, reason):
        pass


@pytest.mark.parametrize(("twice", "at_once"), [(False, [("marks", b"2")]), (True, [("twin", b"1"), ("marks", b"2")])])
def test_late_mail_comes_to_whoever_is_there_then(twice, at_once):
    heap = Heap()
    broker = Broker(heap, Marks(), Stream(1, "broker", "will"), ["d"], 2)
    before, after = Ears(), Ears()
    broker.opened(before)
    end = broker.delay(0, 5 * SECOND, twice=twice)
    broker.send(0, "twin", b"1")
    broker.send(0, "marks", b"2")
    end()
    broker.send(0, "twin", b"3")
    assert before.heard == [*at_once, ("twin", b"3")]
    broker.opened(after)
    heap.run(6 * SECOND)
    assert after.heard == [("twin", b"1")]


def test_a_document_that_was_kept_over_a_boot_is_not_obeyed_after_it(families):
    faults = (
        Fault(50_000, Kind.LATE_MAIL, 0, 20_000, {"by_ms": 90_000, "twice": 1}),
        Fault(60_000, Kind.WISH, 0, 0, {"setting": 1, "permille": 200, "announced": 1}),
        Fault(80_000, Kind.WISH, 0, 0, {"setting": 1, "permille": 900, "announced": 1}),
        Fault(120_000, Kind.POWER_CUT, 0, 50),
    )
    outcome = run(Plan(1, 1, 300_000, faults), Parts(families))
    assert outcome.broken is None
    assert outcome.marks.counts["wish-confirmed"] == 2
