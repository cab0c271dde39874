"""Dates: by anchors, late or early; bounded without; revised only beyond their bound; and rows by the day they arrived."""

import asyncio
from datetime import UTC, date, datetime, timedelta

import psycopg
from tests.integration.hub.harness import birth, frame, layout, now_ms, on_hub, said

from seamline.hub import retention
from seamline.hub.ingest.catalogue import Catalogue
from seamline.hub.steps.redate import redate

MINUTE = 60_000


def anchor(at_ms, unix_ms, *, sent_ms=None, **given):
    return said(
        **{
            "uptime_ms": at_ms if sent_ms is None else sent_ms,
            "at_ms": at_ms,
            "unix_ms": unix_ms,
            "source": "ntp",
            "uncertainty_ms": 20,
            **given,
        }
    )


def dates(hub, **where):
    boot = where.get("boot", 1)
    return hub.rows(
        "SELECT seq, (extract(epoch FROM measured) * 1000)::int8, error_ms, quality, revision FROM r_heater_reading WHERE boot = %s ORDER BY seq",
        boot,
    )


async def dated(hub):
    async with hub.stores() as (worker, ingest):
        return await redate(worker, ingest, Catalogue(hub.families))


@on_hub
async def test_an_anchor_in_the_same_batch_dates_the_frames(hub):
    start = now_ms() - 10 * MINUTE
    hub.send("birth", birth())
    hub.data(frame(layout(hub.family), 0, [{}, {}], uptime_ms=2_000, every_ms=500))
    hub.send("anchor", anchor(10 * MINUTE - 1_000, start + 10 * MINUTE - 1_000))
    await hub.settled()
    assert [(row[1] - start, row[3]) for row in dates(hub)] == [(2_000, 2), (2_500, 2)]


@on_hub
async def test_without_anything_known_a_date_stays_open_and_a_late_anchor_gives_it(hub):
    of = layout(hub.family)
    start = now_ms() - 10 * MINUTE
    hub.send("birth", birth())
    hub.data(*(frame(of, at, uptime_ms=1_000 * at) for at in range(20)))
    await hub.settled()
    assert {row[1:] for row in dates(hub)} == {(None, None, 0, 0)}
    hub.send("anchor", anchor(5 * MINUTE, start + 5 * MINUTE, sent_ms=10 * MINUTE))
    await hub.settled()
    assert await dated(hub) == 20
    assert [(row[1] - start, row[3], row[4]) for row in dates(hub)] == [(1_000 * at, 2, 1) for at in range(20)]
    assert await dated(hub) == 0


@on_hub
async def test_a_better_anchor_moves_only_dates_beyond_their_bound(hub):
    of = layout(hub.family)
    start = now_ms() - 60 * MINUTE
    hub.send("birth", birth())
    hub.send("anchor", anchor(0, start, sent_ms=59 * MINUTE, source="rtc", uncertainty_ms=3_000))
    hub.data(frame(of, 0, [{}, {}], uptime_ms=1_000, every_ms=1_000))
    await hub.settled()
    before = dates(hub)
    assert [row[3] for row in before] == [1, 1]
    hub.send("anchor", anchor(5_000, start + 5_010, sent_ms=59 * MINUTE))
    await hub.settled()
    await dated(hub)
    after = dates(hub)
    assert [(row[1] - start, row[3], row[4]) for row in after] == [(1_010, 2, 1), (2_010, 2, 1)]
    hub.send("anchor", anchor(6_000, start + 6_012, sent_ms=59 * MINUTE))
    await hub.settled()
    assert await dated(hub) == 0
    assert dates(hub) == after


@on_hub
async def test_a_clock_that_woke_in_1970_dates_nothing(hub):
    hub.send("birth", birth())
    hub.send("anchor", anchor(1_000, 12_345))
    hub.data(frame(layout(hub.family), 0, uptime_ms=2_000))
    await hub.settled()
    assert hub.one("SELECT accepted, why FROM anchor") == (False, "dead_clock")
    assert dates(hub) == [(0, None, None, 0, 0)]


STANDING = "SELECT source, accepted, why FROM anchor ORDER BY id"


@on_hub
async def test_an_anchor_that_contradicts_a_better_one_is_kept_refused_and_says_why(hub):
    start = now_ms() - 10 * MINUTE
    hub.send("birth", birth())
    hub.send("anchor", anchor(0, start, sent_ms=9 * MINUTE, source="hub"))
    hub.send("anchor", anchor(1_000, start + 61_000, sent_ms=9 * MINUTE, source="rtc", uncertainty_ms=5))
    hub.data(frame(layout(hub.family), 0, uptime_ms=1_000))
    await hub.settled()
    assert sorted(hub.rows(STANDING)) == [("hub", True, None), ("rtc", False, "disagrees")]
    assert dates(hub)[0][1] - start == 1_000


@on_hub
async def test_which_anchors_stand_follows_every_later_one_in_either_order(hub):
    start = now_ms() - 10 * MINUTE
    hub.send("birth", birth())
    told = [("rtc", start), ("ntp", start + 60_000), ("hub", start)]
    stands = [
        [("rtc", True, None)],
        [("rtc", False, "disagrees"), ("ntp", True, None)],
        [("rtc", True, None), ("ntp", False, "disagrees"), ("hub", True, None)],
    ]
    for at, ((source, unix_ms), standing) in enumerate(zip(told, stands, strict=True)):
        hub.send("anchor", anchor(at, unix_ms + at, sent_ms=9 * MINUTE, source=source))
        await hub.settled()
        assert hub.rows(STANDING) == standing
    hub.data(frame(layout(hub.family), 0, uptime_ms=1_000))
    hub.send("anchor", anchor(1, start + 60_001, sent_ms=9 * MINUTE, source="ntp"))  # said again, it is no better
    await hub.settled()
    assert hub.rows(STANDING) == stands[-1]
    assert dates(hub)[0][1] - start == 1_000


@on_hub
async def test_a_boot_without_anchors_is_bounded_by_its_neighbours(hub):
    of = layout(hub.family)
    start = now_ms() - 60 * MINUTE
    hub.send("birth", birth())
    hub.send("anchor", anchor(10 * MINUTE, start + 10 * MINUTE, sent_ms=59 * MINUTE))
    hub.data(frame(of, 0, uptime_ms=10 * MINUTE))
    hub.send("birth", birth(boot=2, uptime_ms=100, held=[[2, 1, 0, 1]]))
    hub.data(frame(of, 0, boot=2, uptime_ms=50))
    await hub.settled()
    ((_, at_ms, error_ms, quality, _),) = dates(hub, boot=2)
    assert quality == 0
    assert at_ms - error_ms >= start + 10 * MINUTE - 100
    assert at_ms + error_ms <= now_ms()


@on_hub
async def test_an_anchor_sent_twice_is_one_anchor(hub):
    one = anchor(1_000, now_ms())
    hub.send("anchor", one)
    hub.send("anchor", one)
    await hub.settled()
    hub.send("anchor", one)
    await hub.settled()
    assert hub.one("SELECT count(*) FROM anchor") == 1


@on_hub
async def test_an_uptime_of_centuries_is_stored_and_dated_within_the_calendar(hub):
    start = now_ms()
    hub.send("anchor", anchor(2**47, start))
    hub.data(frame(layout(hub.family), 0, uptime_ms=0), frame(layout(hub.family), 1, uptime_ms=2**48 - 1))
    await hub.settled()
    assert hub.ledger()[3] == 2
    assert hub.one("SELECT extract(year FROM min(measured))::int FROM r_heater_reading") == 1


@on_hub
async def test_retention_drops_whole_days_by_arrival(hub):
    hub.data(frame(layout(hub.family), 0))
    await hub.settled()
    today = datetime.now(UTC).date()

    async def keep(day, days):
        async with hub.stores() as (worker, _):
            await retention.make_ahead(worker.connection, ["r_heater_reading"], day)
            return await retention.drop_expired(worker.connection, ["r_heater_reading"], day, days)

    assert await keep(today, 30) == []
    gone = await keep(today + timedelta(days=40), 30)
    assert f"r_heater_reading_{today:%Y%m%d}" in gone
    assert hub.one("SELECT count(*) FROM r_heater_reading") == 0
    assert hub.ledger()[3] == 1


@on_hub
async def test_an_arrival_without_a_partition_is_stored_and_moves_into_it_once_it_is_made(hub):
    with psycopg.connect(hub.dsn) as connection:
        for (name,) in hub.rows(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'r_heater_reading'::regclass"
        ):
            if not name.endswith("_default"):
                connection.execute(f"DROP TABLE {name}")
    hub.data(frame(layout(hub.family), 0, [{}, {}]))
    await hub.settled()
    assert hub.one("SELECT count(*) FROM r_heater_reading_default") == 2
    async with hub.stores() as (worker, _):
        await retention.make_ahead(worker.connection, ["r_heater_reading"], datetime.now(UTC).date())
    assert hub.one("SELECT count(*) FROM r_heater_reading_default") == 0
    assert hub.one("SELECT count(*) FROM r_heater_reading") == 2
    hub.data(frame(layout(hub.family), 2))
    await hub.settled()
    assert hub.balanced()


@on_hub
async def test_partitions_are_made_while_frames_arrive(hub):
    of = layout(hub.family)

    async def make():
        async with hub.stores() as (worker, _):
            for day in range(1, 20):
                await retention.make_ahead(worker.connection, ["r_heater_reading"], date.today() + timedelta(days=day * 3))  # noqa: DTZ011 - a day is enough

    making = asyncio.create_task(make())
    for at in range(200):
        hub.data(frame(of, at))
        await hub.broker.ping()
    await making
    await hub.settled()
    assert hub.ledger()[3] == 200
