"""Devices that are told of as presumed lost: what may be held against them, and what the hub itself could not hear."""

from types import SimpleNamespace

import pytest

from seamline.hub.presence import Outage
from seamline.rig.world.blame_audit import EXCUSED_MS, NOTICED_MS, SLACK_MS, BlameAudit, unheard
from seamline.rig.world.clocks import WORLD_BEGAN_UNIX_MS, unix_ms
from seamline.rig.world.heap import MS
from seamline.rig.world.plan import HOUSE, Fault, Kind, Plan
from seamline.rig.world.promises import BrokenPromise
from seamline.rig.world.tables_rows import EventRow
from seamline.rig.world.world import Parts, World

WORD_MS, BOUND_MS = 100_000, 180_000
NUMBER, INDEX = 7, 2


def hub():
    presence = SimpleNamespace(
        rows={NUMBER: {"publish_every_ms": 60_000, "answer_timeout_ms": 12_000, "presumed_lost_after_ms": BOUND_MS}}
    )
    tables = SimpleNamespace(presence=presence, device_ids=SimpleNamespace(rows={NUMBER: "d"}))
    return SimpleNamespace(database=SimpleNamespace(tables=tables), index={"d": INDEX}, background=SimpleNamespace(outage=None))


def told(at_ms, *spans, kind="presumed_lost", sure_ms=None):
    audit = BlameAudit(hub())
    audit.unheard = spans
    detail = {"heard_ms": WORLD_BEGAN_UNIX_MS + WORD_MS}
    event = EventRow(1, (WORLD_BEGAN_UNIX_MS + at_ms) * 1_000, NUMBER, kind, None, None, None, detail)
    audit.heard(event, {} if sure_ms is None else {INDEX: sure_ms * MS})


DUE_MS = WORD_MS + BOUND_MS - SLACK_MS


def test_who_says_nothing_for_so_long_is_presumed_lost_and_not_before():
    told(DUE_MS)
    told(DUE_MS - 1, kind="silent")
    with pytest.raises(BrokenPromise, match="unblamed: is told of as presumed lost 177999 ms after its last word") as broken:
        told(DUE_MS - 1)
    assert broken.value.device == INDEX


def test_time_in_which_the_broker_took_nothing_is_not_held_against_it():
    spans = [(0, WORD_MS + 10_000), (WORD_MS + 50_000, WORD_MS + 80_000), (DUE_MS + 30_000, DUE_MS + 99_000)]
    told(DUE_MS + 40_000, *spans[:2])
    with pytest.raises(BrokenPromise, match="of which the broker took nothing for 40000 ms"):
        told(DUE_MS + 39_999, *spans[:2])
    told(DUE_MS + 40_001, *spans)  # the third has just begun: nobody can know of it
    with pytest.raises(BrokenPromise, match="of which the broker took nothing for 60001 ms"):
        told(DUE_MS + 50_001, *spans)


def test_a_word_in_the_stream_that_the_hub_had_time_to_read_counts():
    at_ms = DUE_MS + 50_000
    told(at_ms, sure_ms=at_ms - NOTICED_MS)
    told(at_ms, sure_ms=WORD_MS)
    with pytest.raises(BrokenPromise, match="20001 ms after its last word"):
        told(at_ms, sure_ms=at_ms - NOTICED_MS - 1)


def test_what_the_hub_has_no_time_to_notice_is_no_outage_and_what_overlaps_is_one():
    brief = Fault(1_000, Kind.BROKER_DOWN, HOUSE, NOTICED_MS)
    assert unheard([brief]) == []
    again = Fault(1_000 + NOTICED_MS, Kind.TAIL_LOST, HOUSE, 1, {"messages": 1})
    full = Fault(500_000, Kind.DISK_FULL, HOUSE, 60_000, {"whose": 1})
    within = Fault(510_000, Kind.STREAM_LOST, HOUSE, 5_000)
    others = [Fault(0, Kind.DISK_FULL, HOUSE, 300_000, {"whose": 0}), Fault(0, Kind.AUTH_AWAY, HOUSE, 300_000)]
    assert unheard([within, full, *others, again, brief]) == [(1_000, 1_001 + NOTICED_MS), (500_000, 560_000)]


def out(from_ms, until_ms=None, earlier=None):
    began_ms = WORLD_BEGAN_UNIX_MS
    return Outage(began_ms + from_ms, None if until_ms is None else began_ms + until_ms, earlier)


def looked(outage, *looks, restored_ms=None):
    """What the audit finds by looks (ms, whether the hub was well), the outage being claimed at the last of them."""
    found = hub()
    audit = BlameAudit(found)
    for at_ms, is_well in looks[:-1]:
        audit.look(at_ms, is_well=is_well)
        if at_ms == restored_ms:
            audit.restored()
    found.background.outage = outage
    audit.look(looks[-1][0], is_well=looks[-1][1])


WELL = [(at_ms, True) for at_ms in range(0, 100_000, 5_000)]
BROKEN = "unblamed: the hub says it could not hear"


def test_no_time_in_which_the_hub_was_well_is_its_own_outage():
    away, back = [(100_000, False), (150_000, False)], (155_000, True)
    looked(out(95_000 - EXCUSED_MS, 155_000), *WELL, *away, back)
    with pytest.raises(BrokenPromise, match=f"{BROKEN} from 79999 ms to 155000 ms, and was well from 0 ms to 95000 ms"):
        looked(out(95_000 - EXCUSED_MS - 1, 155_000), *WELL, *away, back)
    with pytest.raises(BrokenPromise, match=BROKEN):
        looked(out(94_000, 155_000, out(20_000, 60_000)), *WELL, *away, back)


def test_an_outage_that_lasts_is_held_too_and_one_that_nobody_looked_through_is_none_of_it():
    with pytest.raises(BrokenPromise, match=f"{BROKEN} from 79999 ms to 95000 ms"):
        looked(out(79_999), *WELL)
    looked(out(80_000), *WELL)
    looked(out(5_000, 300_000), (0, True), (5_000, True), (10_000, False), (295_000, False), (300_000, True))


def test_a_restored_database_knows_nothing_of_when_the_hub_heard_since():
    looked(out(50_000, 100_000), *WELL, (100_000, True), restored_ms=95_000)


def test_the_steps_of_a_world_are_told_of_its_hubs_own_outage(families):
    down = Fault(300_000, Kind.BROKER_DOWN, HOUSE, 250_000)
    world = World(Plan(4, 3, 900_000, (down,)), Parts(families))
    seen = []
    world.heap.at(400_000 * MS, lambda: seen.append(world.hub.background.outage))
    assert world.run().broken is None
    began_ms, look_ms = unix_ms(0), 5_000
    (during,), after = seen, world.hub.background.outage
    assert during == Outage(after.from_ms)
    assert 300_000 - look_ms <= after.from_ms - began_ms <= 300_000
    assert 550_000 <= after.until_ms - began_ms <= 550_000 + look_ms
    told_ms = [row.at // 1_000 - began_ms for row in world.hub.database.tables.event.rows.values() if row.kind == "presumed_lost"]
    assert all(at_ms > 550_000 for at_ms in told_ms)


def test_a_database_that_stores_nothing_is_an_outage_too(families):
    world = World(Plan(4, 3, 900_000, (Fault(300_000, Kind.DISK_FULL, HOUSE, 100_000, {"whose": 0}),)), Parts(families))
    assert world.run().broken is None
    outage = world.hub.background.outage
    assert outage is not None
    assert 300_000 < outage.from_ms - unix_ms(0) < 390_000 < outage.until_ms - unix_ms(0) < 420_000


BACK_MS = 600_000 + BOUND_MS
"""Before then nobody can be presumed lost who was there when the broker went: it is away from 300 s to 600 s."""


def told_lost(world):
    """When its hub told of devices as presumed lost, ms of the world."""
    return [row.at // 1_000 - unix_ms(0) for row in world.hub.database.tables.event.rows.values() if row.kind == "presumed_lost"]


@pytest.mark.parametrize("seed", [3, 4])
def test_a_hub_started_anew_while_its_broker_is_away_holds_it_against_nobody(seed, families):
    faults = Fault(300_000, Kind.BROKER_DOWN, HOUSE, 300_000), Fault(450_000, Kind.LATE_CONTRACT, HOUSE, 1_000, {"versions": 1})
    world = World(Plan(seed, 4, 1_200_000, faults), Parts(families))
    assert world.run().broken is None
    assert min(told_lost(world), default=BACK_MS) >= BACK_MS
    outage = world.hub.background.outage
    assert 290_000 <= outage.from_ms - unix_ms(0) <= 300_000
    assert 600_000 <= outage.until_ms - unix_ms(0) <= 610_000


def test_a_hub_that_was_down_with_its_broker_knows_it_once_it_starts(families):
    world = World(Plan(5, 4, 1_200_000, (Fault(300_000, Kind.BROKER_DOWN, HOUSE, 300_000),)), Parts(families))
    world.heap.at(295_000 * MS, lambda: world.hub.stop(310_000 * MS, "hub-killed"))
    assert world.run().broken is None
    assert min(told_lost(world), default=BACK_MS) >= BACK_MS
    outage = world.hub.background.outage
    assert 285_000 <= outage.from_ms - unix_ms(0) <= 295_000
    assert 605_000 <= outage.until_ms - unix_ms(0) <= 615_000
