"""A device that makes boot numbers up costs the hub a bounded number of rows, and loses no evidence."""

from tests.integration.hub.harness import birth, frame, layout, losses, now_ms, on_hub, said

from seamline.hub.ingest.boots import UNBORN_BOOTS_MAX

MANY = 3 * UNBORN_BOOTS_MAX
BOOTS = "SELECT count(DISTINCT (incarnation, boot)) FROM ledger"
EVIDENCE = "SELECT count(*), count(*) FILTER (WHERE counted), min(first), max(count) FROM quarantine WHERE reason = 'unborn-boot'"


def anchor(boot, **given):
    return said(boot=boot, at_ms=500, unix_ms=now_ms(), source="ntp", uncertainty_ms=20, **given)


@on_hub
async def test_boots_that_no_birth_named_are_taken_up_to_the_bound_and_are_evidence_beyond_it(hub):
    of = layout(hub.family)
    hub.send("birth", birth())
    hub.data(frame(of, 0), *(frame(of, 0, boot=boot) for boot in range(2, 2 + MANY)))
    await hub.settled()
    assert hub.one(BOOTS) == 1 + UNBORN_BOOTS_MAX
    assert hub.one("SELECT count(*) FROM boot") == 1 + UNBORN_BOOTS_MAX
    assert hub.one(EVIDENCE) == (MANY - UNBORN_BOOTS_MAX, 0, 0, 1)
    assert (2 + MANY - 1, 1) not in hub.marks()
    for partition, _ in hub.running.values():
        assert len(partition.commits.parts.memory.clocks._slots) <= 1 + UNBORN_BOOTS_MAX
    await hub.stop()
    await hub.start()  # the bound is the database's: a new process begins where the old one was
    hub.data(*(frame(of, 0, incarnation=8, boot=boot) for boot in range(1, 10)), frame(of, 1))
    await hub.settled()
    assert hub.one(BOOTS) == 1 + UNBORN_BOOTS_MAX
    assert hub.ledger()[3] == 2
    assert hub.balanced()


@on_hub
async def test_a_birth_begins_the_count_anew_and_opens_what_it_names(hub):
    of = layout(hub.family)
    hub.send("birth", birth())
    hub.data(*(frame(of, 0, boot=boot) for boot in range(2, 2 + MANY)))
    await hub.settled()
    named = [[boot, 1, 0, 1] for boot in range(2, 2 + MANY)]
    hub.send("birth", birth(boot=2 + MANY, held=named, uptime_ms=5))
    hub.data(*(frame(of, 0, boot=boot) for boot in range(2, 3 + MANY)))
    await hub.settled()
    assert hub.one("SELECT count(DISTINCT boot) FROM r_heater_reading") == MANY + 1
    hub.data(frame(of, 0, boot=9_000))
    await hub.settled()
    assert hub.ledger(boot=9_000)[3] == 1
    assert hub.balanced()


@on_hub
async def test_boots_that_a_birth_named_leave_room_for_as_many_that_none_did(hub):
    of = layout(hub.family)
    hub.send("birth", birth(boot=5_000, held=[[boot, 1, 0, 1] for boot in range(1, MANY)]))
    await hub.settled()
    hub.data(*(frame(of, 0, boot=boot) for boot in range(1, MANY)))
    await hub.until(lambda: hub.one("SELECT count(*) FROM boot") == MANY, "the boots that were heard are written")
    hub.data(*(frame(of, 0, incarnation=8, boot=boot) for boot in range(1, UNBORN_BOOTS_MAX + 2)))
    await hub.settled()
    assert hub.one("SELECT count(*) FROM boot WHERE incarnation = 8") == UNBORN_BOOTS_MAX
    assert hub.one(EVIDENCE)[0] == 1
    assert hub.balanced()


@on_hub
async def test_a_birth_begins_the_count_anew_in_the_middle_of_a_batch_too(hub):
    of = layout(hub.family)
    hub.send("birth", birth())
    await hub.settled()
    await hub.stop()
    hub.data(*(frame(of, 0, incarnation=8, boot=boot) for boot in range(1, UNBORN_BOOTS_MAX + 2)))
    await hub.kept()
    hub.send("birth", birth(boot=2))
    await hub.kept()
    hub.data(*(frame(of, 0, incarnation=9, boot=boot) for boot in range(1, UNBORN_BOOTS_MAX + 2)))
    await hub.kept()
    await hub.start()
    await hub.settled()
    assert hub.one("SELECT count(*) FROM boot WHERE incarnation = 8") == UNBORN_BOOTS_MAX
    assert hub.one("SELECT count(*) FROM boot WHERE incarnation = 9") == UNBORN_BOOTS_MAX
    assert hub.one(EVIDENCE)[0] == 2


@on_hub
async def test_losses_and_anchors_open_no_more_boots_than_frames_do(hub):
    hub.send("birth", birth())
    top = 2 + MANY
    hub.data(*(losses(at, (1, 1, at + 2, 0, 5), boot=top) for at in range(MANY)))
    await hub.settled()
    assert hub.one(BOOTS) <= UNBORN_BOOTS_MAX
    for at in range(MANY):
        hub.send("anchor", anchor(10_000 + at))
    await hub.settled()
    assert hub.one("SELECT count(DISTINCT boot) FROM anchor") == 0
    assert hub.one("SELECT count(*) FROM boot") <= 1 + UNBORN_BOOTS_MAX
    assert hub.one("SELECT count FROM refused WHERE reason = 'anchor-unborn-boot'") == MANY
    assert hub.one(EVIDENCE)[0] == MANY - UNBORN_BOOTS_MAX + 1


@on_hub
async def test_losses_in_boots_that_are_closed_cost_nothing_and_are_taken(hub):
    hub.send("birth", birth(boot=500, uptime_ms=5))
    hub.data(*(losses(at, (1, 1, at + 1, 0, 5), boot=500) for at in range(MANY)))
    await hub.settled()
    assert hub.ledger(channel=0, boot=500)[:4] == (MANY, MANY, [], MANY)
    assert hub.one("SELECT count(*) FROM boot") == 1
