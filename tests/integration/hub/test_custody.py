"""Exactly once, whatever comes twice, late, cut in two, or from two hubs at a time."""

import asyncio
import random

from tests.integration.hub.harness import birth, frame, layout, losses, on_hub, said


@on_hub
async def test_frames_become_rows_and_marks(hub):
    hub.send("birth", birth())
    hub.data(*(frame(layout(hub.family), at * 2, [{"power": at}, {"power": at + 1}], uptime_ms=100 * at) for at in range(5)))
    await hub.settled()
    assert hub.ledger() == (10, 10, [], 10, 0, 0, 0, 0)
    assert hub.marks() == {(1, 1): 10}
    assert hub.rows("SELECT seq, power, uptime_ms, layout FROM r_heater_reading ORDER BY seq LIMIT 3") == [
        (0, 0, 0, 3),
        (1, 1, 10, 3),
        (2, 1, 100, 3),
    ]
    assert hub.one("SELECT power FROM heater_reading WHERE seq = 9").as_tuple()[1:] == ((5,), -1)


@on_hub
async def test_mixed_layouts_are_decoded_side_by_side_and_what_is_missing_is_null(hub):
    old, new = layout(hub.family, version=2), layout(hub.family)
    hub.data(frame(old, 0, [{"room": 7}]), frame(new, 1, [{"room": 8, "set_point": 2100}]), frame(old, 2, [{"room": 9}]))
    await hub.settled()
    assert hub.rows("SELECT seq, layout, room, set_point FROM r_heater_reading ORDER BY seq") == [
        (0, 2, 7, None),
        (1, 3, 8, 2100),
        (2, 2, 9, None),
    ]


@on_hub
async def test_every_frame_sent_three_times_in_any_order_is_stored_once(hub):
    dice = random.Random(1)
    frames = [frame(layout(hub.family), at * 3, [{}, {}, {}], uptime_ms=at) for at in range(60)]
    sent = frames * 3
    dice.shuffle(sent)
    hub.data(*sent)
    await hub.settled()
    if hub.ledger()[1] < 180:  # some needed more gaps than a row may hold: not acknowledged, so they come again
        hub.data(*frames)
        await hub.settled()
    mark, high, gaps, stored, *_, duplicates = hub.ledger()
    assert (mark, high, gaps, stored) == (180, 180, [], 180)
    assert duplicates >= 360
    assert hub.balanced()
    assert hub.rows("SELECT * FROM quarantine") == []


@on_hub
async def test_a_duplicate_is_answered_with_the_current_mark(hub):
    first, second = frame(layout(hub.family), 0), frame(layout(hub.family), 1)
    hub.data(first, second)
    await hub.settled()
    hub.downlinks.clear()
    hub.data(first)
    await hub.settled()
    assert hub.marks() == {(1, 1): 2}


@on_hub
async def test_a_gap_holds_the_mark_until_it_is_filled(hub):
    of = layout(hub.family)
    hub.data(frame(of, 0, [{}, {}]), frame(of, 4, [{}, {}]))
    await hub.settled()
    assert hub.ledger() == (2, 6, [2, 4], 4, 0, 0, 0, 0)
    hub.data(frame(of, 3))
    await hub.settled()
    assert hub.ledger()[:3] == (2, 6, [2, 3])
    hub.data(frame(of, 2), frame(of, 6))
    await hub.settled()
    assert hub.ledger() == (7, 7, [], 7, 0, 0, 0, 0)
    assert hub.marks() == {(1, 1): 7}
    assert hub.balanced()


@on_hub
async def test_frames_beyond_the_bound_of_gaps_are_not_acknowledged_and_taken_when_they_come_again(hub):
    of = layout(hub.family)
    odd = [frame(of, at) for at in range(1, 200, 2)]
    hub.data(*odd)
    await hub.settled()
    mark, high, gaps, stored, *_ = hub.ledger()
    assert (mark, len(gaps) // 2, stored) == (0, 64, 64)
    assert high < 200
    hub.data(*(frame(of, at) for at in range(0, 200, 2)), *odd)
    await hub.settled()
    hub.data(*(frame(of, at) for at in range(200)))
    await hub.settled()
    assert hub.ledger()[:4] == (200, 200, [], 200)
    assert hub.balanced()


@on_hub
async def test_declared_losses_close_a_hole_and_what_is_stored_stays_stored(hub):
    of = layout(hub.family)
    hub.data(frame(of, 0, [{}] * 3), frame(of, 10))
    hub.data(losses(0, (1, 1, 1, 2, 8)))
    await hub.settled()
    assert hub.ledger() == (11, 11, [], 4, 0, 0, 7, 0)
    assert hub.ledger(channel=0)[3] == 1
    assert hub.rows("SELECT channel, first, count, reason FROM loss") == [(1, 3, 7, "buffer_full")]
    assert hub.marks() == {(1, 1): 11, (1, 0): 1}


@on_hub
async def test_a_new_boot_closes_what_the_old_one_neither_holds_nor_has_sent(hub):
    of = layout(hub.family)
    hub.send("birth", birth())
    hub.data(frame(of, 0, [{}] * 4))
    hub.send("birth", birth(boot=2, held=[[1, 1, 6, 2]], ended=[[1, 1, 1, 10]], uptime_ms=5))
    await hub.settled()
    assert hub.ledger() == (6, 10, [6, 8], 4, 0, 0, 4, 0)
    assert hub.told("session")[-1]["closed"] == 1
    hub.data(frame(of, 6, [{}, {}]), frame(of, 0, boot=2))
    await hub.settled()
    assert hub.ledger() is None
    assert hub.one("SELECT numbered, stored, lost, boots FROM ledger_fold WHERE channel = 1") == (10, 6, 4, 1)
    assert hub.marks() == {(1, 1): 10, (2, 1): 1}
    assert hub.balanced()


@on_hub
async def test_a_birth_sees_the_frames_before_it_and_not_those_behind(hub):
    of = layout(hub.family)
    hub.data(frame(of, 0, [{}] * 4))
    hub.send("birth", birth(boot=2, ended=[[1, 1, 1, 4]], uptime_ms=5))
    hub.data(frame(of, 0, [{}] * 2, boot=2))
    await hub.settled()
    assert hub.one("SELECT numbered, stored, lost FROM ledger_fold WHERE channel = 1") == (4, 4, 0)
    assert hub.ledger(boot=2)[3] == 2


@on_hub
async def test_a_probe_is_answered_with_what_was_sent_before_it(hub):
    of = layout(hub.family)
    hub.send("birth", birth())
    hub.data(frame(of, 0, [{}] * 4), frame(layout(hub.family, "vitals", 1), 0))
    hub.send("probe", said(probe=3, unanswered=0, uptime_ms=2_000))
    await hub.settled()
    answer = hub.told("marks")[-1]
    assert answer["probe"] == 3
    assert sorted(answer["marks"]) == [[1, 1, 4], [1, 2, 1]]


@on_hub
async def test_a_brown_out_loop_costs_one_fold_and_one_loss_row(hub):
    hub.send("birth", birth(boot=1441, ended=[[1, 1440, 1, 256]], uptime_ms=5))
    await hub.settled()
    assert hub.one("SELECT boots, numbered, lost FROM ledger_fold") == (1440, 1440 * 256, 1440 * 256)
    assert hub.one("SELECT boot, boots, count FROM loss") == (1, 1440, 256)


@on_hub
async def test_an_erased_counter_begins_anew_and_overwrites_nothing(hub):
    of = layout(hub.family)
    hub.send("birth", birth())
    hub.data(frame(of, 0, [{"power": 1}] * 3))
    hub.send("birth", birth(incarnation=8, uptime_ms=5))
    hub.data(frame(of, 0, [{"power": 2}] * 3, incarnation=8))
    await hub.settled()
    assert hub.rows("SELECT incarnation, power, count(*) FROM r_heater_reading GROUP BY 1, 2 ORDER BY 1") == [
        (7, 1, 3),
        (8, 2, 3),
    ]
    assert hub.one("SELECT kind, (detail ->> 'was')::int FROM event WHERE kind = 'new-incarnation'") == ("new-incarnation", 7)


@on_hub
async def test_a_restarted_hub_goes_on_where_the_commit_was(hub):
    of = layout(hub.family)
    hub.data(*(frame(of, at) for at in range(50)))
    await hub.settled()
    await hub.stop()
    hub.data(*(frame(of, at) for at in range(50, 100)))
    await hub.kept()
    await hub.start()
    await hub.settled()
    assert hub.ledger() == (100, 100, [], 100, 0, 0, 0, 0)


@on_hub
async def test_ingest_killed_again_and_again_in_the_middle_stores_everything_once(hub):
    dice = random.Random(2)
    of = layout(hub.family)
    sent = 0
    for _ in range(12):
        for _ in range(40):
            for device in ("dev", "dev2", "dev3"):
                hub.data(frame(of, sent, [{}] * 2), device=device)
            sent += 2
        await hub.kept()
        await asyncio.sleep(dice.random() * 0.05)
        await hub.kill()
        await hub.start()
    await hub.settled()
    assert hub.rows("SELECT mark, stored, duplicates FROM ledger") == [(sent, sent, 0)] * 3
    assert hub.balanced()
