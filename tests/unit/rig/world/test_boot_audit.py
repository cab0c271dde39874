"""Between what the hub takes each boot to lie, held against when it was."""

import pytest

from seamline.hub.inputs import Source
from seamline.rig.world.boot_audit import BootAudit
from seamline.rig.world.plan import Fault, Kind, Plan
from seamline.rig.world.promises import BrokenPromise
from seamline.rig.world.world import Parts, World

CUTS = tuple(Fault(at_ms, Kind.POWER_CUT, 0, 10_000) for at_ms in (100_000, 200_000))


@pytest.fixture(scope="module")
def ran_thrice(families):
    """A world whose one device booted three times."""
    made = World(Plan(4, 1, 300_000, CUTS), Parts(families))
    assert made.run().broken is None
    return made


@pytest.fixture
def world(ran_thrice):
    """That world; the anchors are put back."""
    anchors = ran_thrice.hub.database.tables.anchor
    before = dict(anchors.rows)
    yield ran_thrice
    for key in list(anchors.rows):
        anchors.remove(key)
    for key, row in before.items():
        anchors.put(key, row)


def audit(world):
    BootAudit(world.hub.database.tables, [world.devices[0].truth], lambda _number: 0).bounded()


def told(world, boot, by_ms):
    """Have all anchors of a boot be off by so much."""
    anchors = world.hub.database.tables.anchor
    own = [(key, row) for key, row in anchors.rows.items() if row.boot == boot]
    assert {row.source for _, row in own} == {Source.HUB, Source.NTP}
    for key, row in own:
        anchors.remove(key)
        moved = row.but(unix_ms=row.unix_ms + by_ms)
        anchors.put((*key[:4], moved.unix_ms, key[5]), moved)


def forgotten(world, boot):
    """Have no anchor of a boot."""
    anchors = world.hub.database.tables.anchor
    for key in [key for key, row in anchors.rows.items() if row.boot == boot]:
        anchors.remove(key)


def test_boots_lie_where_they_are_said_to_with_and_without_anchors_of_their_own(world):
    audit(world)
    forgotten(world, 2)
    audit(world)
    forgotten(world, 1)
    audit(world)


def test_a_boot_that_began_before_it_is_said_to_is_found(world):
    told(world, 1, 120_000)
    with pytest.raises(BrokenPromise, match=r"dates: boot 2 began \d+ ms before it is said to, by the boots before it"):
        audit(world)


def test_a_boot_that_went_on_after_it_is_said_to_have_ended_is_found(world):
    told(world, 3, -120_000)
    with pytest.raises(BrokenPromise, match=r"dates: boot \d went on for \d+ ms after it is said to have ended"):
        audit(world)


def test_an_anchor_that_was_not_believable_bounds_nothing(world):
    told(world, 1, 120_000)
    anchors = world.hub.database.tables.anchor
    for key, row in list(anchors.rows.items()):
        if row.boot == 1:
            anchors.put(key, row.but(accepted=False, why="future"))
    audit(world)


def test_the_end_of_a_world_holds_its_boots(world):
    told(world, 1, 120_000)
    with pytest.raises(BrokenPromise, match="dates: boot 2 began"):
        world.audits.end("at once")
