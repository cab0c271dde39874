"""A past worth looking at for one device: readings with every class of gap, anchors, losses, a twin, events, bad frames."""

from __future__ import annotations

import json
import struct
from binascii import crc32
from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import Final

import psycopg

from seamline.contract import Family, Layout
from seamline.testing.fleet_rows import INCARNATION, READING_MS, at, copy, number_of

LOST: Final = range(80, 104)
OWED: Final = range(190, 202)
QUARANTINED: Final = range(300, 306)
TAIL: Final = 6
"""Records the device says it has numbered after the last that arrived."""
UNDATED: Final = 60
"""The first readings are dated within bounds only."""
SYNCED: Final = 150
"""From this reading on the clock is synced; before it, anchored."""


def story(dsn: str, device: str, family: Family, now_ms: int, readings: int = 360) -> None:
    """Replace a seeded device's books by a story of `readings` sequence numbers, one every 10 s until `now_ms`."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        number = number_of(connection, device)
        _readings(connection, number, now_ms, readings)
        _ledger(connection, number, now_ms, readings)
        _clock(connection, number, now_ms)
        _events(connection, number, now_ms)
        _twin(connection, number, now_ms)
        _quarantine(connection, number, device, family, now_ms)


def data_frame(
    layout: Layout, first: int, bodies: Sequence[Mapping[str, int]], *, uptime_ms: int = 0, fingerprint: int | None = None
) -> bytes:
    """Return a data frame of consecutive records with a CRC32 trailer, as docs/wire.md has it."""
    mark = layout.fingerprint if fingerprint is None else fingerprint
    head = struct.pack("<BBBBI", 0xA1, 0x11, layout.message_id, layout.version, mark)
    head += struct.pack("<IIIHH", INCARNATION, 1, first, len(bodies), 0)
    head += struct.pack("<IHH", uptime_ms & 0xFFFFFFFF, uptime_ms >> 32, layout.record_bytes)
    records = b"".join(layout.pack_record(place * READING_MS, body) for place, body in enumerate(bodies))
    return head + records + struct.pack("<I", crc32(head + records))


def heater_frame(family: Family, first: int, *, uptime_ms: int = 0, fingerprint: int | None = None) -> bytes:
    """Return a frame of six heater readings."""
    layout = family.current.messages["reading"].layout
    fixed = {"element": 2_900, "power": 9_000, "mode": 1, "set_point": 2_150}
    bodies = [{"room": 2_100 + place, **fixed} for place in range(6)]
    return data_frame(layout, first, bodies, uptime_ms=uptime_ms, fingerprint=fingerprint)


def _readings(connection: psycopg.Connection, number: int, now_ms: int, count: int) -> None:
    rows = list(_walk(number, now_ms - count * READING_MS, count))
    with connection.cursor() as cursor:
        copy(
            cursor,
            "r_heater_reading (device_no, incarnation, boot, seq, layout, arrival, uptime_ms, measured, error_ms, quality,"
            " revision, digest, room, element, power, mode, set_point)",
            rows,
        )


def _walk(number: int, begin_ms: int, count: int) -> Iterator[Sequence[object]]:
    draw, room = Random(3), 2_100.0  # noqa: S311 (the same story every time)
    for seq in range(count):
        heating = (seq // 40) % 2
        room += (4.5 if heating else -3.5) + draw.uniform(-6, 6)
        power = 9_000 + draw.randint(-300, 300) if heating else draw.randint(0, 40)
        if seq in LOST or seq in OWED or seq in QUARANTINED:
            continue
        measured_ms = begin_ms + seq * READING_MS
        error_ms = 45_000 if seq < UNDATED else draw.randint(20, 90)
        quality = 0 if seq < UNDATED else 1 if seq < SYNCED else 2
        key = (number, INCARNATION, 1, seq, 3, at(measured_ms + 1_500), seq * READING_MS)
        date = (at(measured_ms), error_ms, quality, 0, seq)
        yield (*key, *date, int(room), int(room * 1.4), power, 1 if heating else 2, 2_150)


def _ledger(connection: psycopg.Connection, number: int, now_ms: int, count: int) -> None:
    stored = count - len(LOST) - len(OWED) - len(QUARANTINED)
    begin = at(now_ms - count * READING_MS)
    connection.execute("DELETE FROM ledger WHERE device_no = %s", (number,))
    connection.execute(
        "INSERT INTO ledger (device_no, incarnation, boot, channel, mark, high, gaps, upper, stored, quarantined, lost,"
        " duplicates, version, owed_since_ms, first_arrival, last_arrival)"
        " VALUES (%s, %s, 1, 1, %s, %s, %s, %s, %s, %s, %s, 4, 9, %s, %s, %s)",
        (
            *(number, INCARNATION, OWED.start, count, [OWED.start, OWED.stop], count + TAIL, stored, len(QUARANTINED)),
            *(len(LOST), now_ms - 1_600_000, begin, at(now_ms - 4_000)),
        ),
    )
    connection.execute(
        "INSERT INTO ledger (device_no, incarnation, boot, channel, mark, high, stored, version, first_arrival,"
        " last_arrival) VALUES (%s, %s, 1, 2, 4, 4, 4, 4, %s, %s)",
        (number, INCARNATION, begin, at(now_ms - 600_000)),
    )
    connection.execute(
        "INSERT INTO loss (device_no, incarnation, boot, channel, first, count, reason, declared_at)"
        " VALUES (%s, %s, 1, 1, %s, %s, 'buffer_full', %s)",
        (number, INCARNATION, LOST.start, len(LOST), at(now_ms - 90_000)),
    )
    connection.execute(
        "INSERT INTO ledger_fold (device_no, incarnation, channel, boots, boot_first, boot_last, numbered, stored, lost,"
        " duplicates) VALUES (%s, %s, 1, 12, 1, 12, 4000, 3990, 10, 3)",
        (number, INCARNATION - 1),
    )


def _clock(connection: psycopg.Connection, number: int, now_ms: int) -> None:
    for incarnation, boot, reset, ago_ms in ((0, 1, "power_on", 3_700_000), (1, 12, "brownout", 90_000_000)):
        connection.execute(
            "INSERT INTO boot (device_no, incarnation, boot, reset, firmware, contract, first_heard, last_heard)"
            " VALUES (%s, %s, %s, %s, '1.3.0', 'heater/1.3.0', %s, %s)",
            (number, INCARNATION - incarnation, boot, reset, at(now_ms - ago_ms), at(now_ms - ago_ms + 3_600_000)),
        )
    refusal = "1 January 1970 is before this hub was made"
    for at_ms, unix_ms, source, uncertainty_ms, why in (
        (600_000, now_ms - 3_000_000, "hub", 60, None),
        (5_000, 5_000, "rtc", 2_000, refusal),
    ):
        connection.execute(
            "INSERT INTO anchor (device_no, incarnation, boot, at_ms, unix_ms, source, uncertainty_ms, received_at,"
            " accepted, why) VALUES (%s, %s, 1, %s, %s, %s, %s, %s, %s, %s)",
            (number, INCARNATION, at_ms, unix_ms, source, uncertainty_ms, at(now_ms - 3_000_000), why is None, why),
        )


def _events(connection: psycopg.Connection, number: int, now_ms: int) -> None:
    back_ms, open_ms = now_ms - 3_700_000, now_ms - 1_600_000
    heard = {"heard_ms": back_ms - 500, "answered_ms": back_ms - 400_000}
    gap = {"incarnation": INCARNATION, "boot": 1, "channel": 1, "missing": [[OWED.start, OWED.stop]], "since_ms": open_ms}
    for kind, ago_ms, detail in (
        ("online", 3_700_000, {"why": "heard 0 s ago", "was": "presumed_lost", **heard}),
        ("gap", 1_540_000, gap),
        ("loss", 90_000, {"reason": "buffer_full", "channel": 1, "records": len(LOST)}),
    ):
        connection.execute(
            "INSERT INTO event (at, device_no, kind, boundary, owner, contact, detail)"
            " VALUES (%s, %s, %s, 'radio-broker', 'firmware', 'device@example.com', %s)",
            (at(now_ms - ago_ms), number, kind, json.dumps(detail)),
        )


def _twin(connection: psycopg.Connection, number: int, now_ms: int) -> None:
    connection.execute(
        "INSERT INTO twin_desired (device_no, property, value, version, asked_by, asked_at, delivered_at, seen_at)"
        " VALUES (%s, 'set_point', '2250', 4, 'ada@example.com', %s, %s, %s)",
        (number, at(now_ms - 40_000), at(now_ms - 39_000), at(now_ms - 38_000)),
    )
    for name, value, version in (("set_point", "2150", 7), ("child_lock", "0", 2)):
        connection.execute(
            "INSERT INTO twin_reported (device_no, property, value, version, boot, incarnation, at_ms, received_at)"
            " VALUES (%s, %s, %s, %s, 1, %s, 1000, %s)",
            (number, name, value, version, INCARNATION, at(now_ms - 3_600_000)),
        )


def _quarantine(connection: psycopg.Connection, number: int, device: str, family: Family, now_ms: int) -> None:
    foreign = heater_frame(family, QUARANTINED.start, uptime_ms=3_000_000, fingerprint=0x0BADCAFE)
    for reason, detail, first, count, ago_ms, payload in (
        ("unregistered", "layout 1/3 with fingerprint 0badcafe is not registered", 300, 6, 60_000, foreign),
        ("conflict", "record 42 is stored with other bytes", 42, 1, 3_600_000, heater_frame(family, 42)),
        ("malformed", "61 bytes long; head and counts say 132", None, None, 7_200_000, heater_frame(family, 0)[:61]),
    ):
        connection.execute(
            "INSERT INTO quarantine (device_no, device_id, arrival, reason, detail, channel, incarnation, boot, first,"
            " count, counted, bytes) VALUES (%s, %s, %s, %s, %s, 1, %s, 1, %s, %s, %s, %s)",
            (
                *(number, device, at(now_ms - ago_ms), reason, detail, INCARNATION, first, count),
                *(reason == "unregistered", payload),
            ),
        )
    connection.execute(
        "INSERT INTO refused (device_id, reason, count, last_at, sample) VALUES (%s, 'not a frame', 12, %s, %s)",
        (device, at(now_ms - 30_000), b"\x00\x01\x02garbage"),
    )
