"""Hostile and broken uplinks on the real stack: quarantined or counted, and the next good frame is stored."""

from __future__ import annotations

import json
import os
import random
import struct
import sys
import time
import urllib.request
from binascii import crc32

import pytest
from tests.integration.hub.harness import birth, frame, header, losses, now_ms, said
from tests.integration.hub.hostile import PATIENCE_S, Hostile, watched

from seamline.testing.wait import until

U32 = 2**32 - 1
U48 = 2**48 - 1
MANY = 4_000
"""Records in the longest frame of the heater's reading."""


@pytest.fixture
def device(whole, heater):
    one = Hostile(whole, heater)
    yield one
    one.close()


@pytest.fixture(autouse=True)
def hub_survives(whole):
    """Whatever a test sends: the hub is the same process, has logged no fault of its own, and has not grown beyond a bound."""
    with watched(whole):
        yield


def spoilt(of, records, *bad, first=0, **head):
    """A frame whose records at `bad` hold an impossible power."""
    raw = bytearray(frame(of, first, [{}] * records, **head))
    for at in bad:
        place = 32 + at * of.record_bytes + 8
        raw[place : place + 2] = b"\xff\xff"
    return bytes(raw)


def patched(raw, at, content):
    return raw[:at] + content + raw[at + len(content) :]


def unregistered(of, first=0, records=1):
    return patched(frame(of, first, [{}] * records), 4, b"none")


def told(device, path):
    """What the API says; any error fails."""
    with urllib.request.urlopen(f"{device.stack.url}/api{path}", timeout=30) as answer:
        return json.load(answer)


# -- damaged frames: evidence, not custody -----------------------------------------------------------------------------

DAMAGED = {
    "truncated": lambda of: frame(of, 0)[:-3],
    "truncated within the head": lambda of: frame(of, 0)[:17],
    "truncated by a record": lambda of: frame(of, 0, [{}, {}])[: -of.record_bytes],
    "oversized by a record": lambda of: frame(of, 0) + bytes(of.record_bytes),
    "oversized above 64 KiB": lambda of: header(of, first=0, count=4_096) + bytes(4_096 * of.record_bytes),
    "oversized to the broker's limit": lambda of: frame(of, 0) + bytes(1_000_000),
    "malformed without records": lambda of: header(of, first=0, count=0),
    "malformed record size": lambda of: header(of, first=0, count=2, record=12) + bytes(24),
    "malformed sequence": lambda of: frame(of, U32, [{}, {}]),
    "malformed incarnation": lambda of: frame(of, 0, incarnation=0),
    "malformed boot": lambda of: frame(of, 0, boot=0),
    "version": lambda of: frame(of, 0, version=3),
    "crc": lambda of: frame(of, 0, flags=0x10)[:-1] + b"\0",
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_frame_is_kept_as_evidence_and_not_counted(device, name):
    raw = DAMAGED[name](device.of)
    device.say(raw)
    device.good()
    assert device.quarantine() == [(name.partition(" ")[0], False, None, None)]
    assert device.rows("SELECT bytes FROM quarantine WHERE device_id = %s", device.id) == [(raw,)]
    assert device.ledger() is None


def test_what_is_no_frame_is_counted_and_sampled(device):
    device.say(b"", b"\0", b"hello", bytes(64), b"\x51" + frame(device.of, 0)[1:], os.urandom(3).join([b"x"] * 9_000))
    device.good()
    assert device.refused() == {"no-frame": 6}
    ((sample,),) = device.rows("SELECT sample FROM refused WHERE device_id = %s", device.id)
    assert sample.startswith(b"x")
    assert len(sample) == 256
    assert device.quarantine() == []


def test_evidence_of_one_device_is_bounded_in_bytes(device):
    for lot in range(8):
        device.say(*(frame(device.of, 0) + bytes((lot, at)) + bytes(1_000_000) for at in range(5)))
    device.good()
    kept = device.quarantine()
    assert {row[0] for row in kept} == {"oversized"}
    assert len(kept) < 8
    assert len(kept) + device.refused()["oversized"] == 40
    assert told(device, f"/devices/{device.id}/frames?limit=5")


# -- whole frames that are no rows: custody -----------------------------------------------------------------------------

CUSTODY = {
    "unregistered": lambda of: patched(frame(of, 0, [{}, {}]), 3, b"\x63"),
    "unregistered fingerprint": lambda of: unregistered(of, 0, 2),
    "unregistered message": lambda of: patched(frame(of, 0, [{}, {}]), 2, b"\xc8"),
    "flags": lambda of: frame(of, 0, [{}, {}], flags=0x40),
    "out_of_range value": lambda of: spoilt(of, 2, 0, 1),
    "out_of_range member": lambda of: patched(frame(of, 0), 32 + 10, b"\x77"),
    "out_of_range loss": lambda _: losses(0, (1, 1, 9, 0, 5)),
    "out_of_range reason of a loss": lambda _: (
        losses(0, (1, 4, 1, 0, 5))[: 32 + 5] + b"\x09" + losses(0, (1, 4, 1, 0, 5))[32 + 6 :]
    ),
    "out_of_range number of losses": lambda _: losses(0, (1, 1, 1, U32, 2)),
}


@pytest.mark.parametrize("name", CUSTODY)
def test_a_whole_frame_that_is_no_row_is_custody_with_its_reason(device, name):
    raw = CUSTODY[name](device.of)
    channel, count = raw[2], int.from_bytes(raw[20:22], "little")
    device.say(raw)
    device.good()
    assert device.quarantine() == [(name.partition(" ")[0], True, 0, count)]
    assert device.ledger(channel) == (count, 0, count, 0, 0, 0)
    until(lambda: [[1, channel, count]] in [one["marks"] for one in device.told("marks")], "the mark", PATIENCE_S)
    (item,) = told(device, f"/quarantine?device={device.id}")["items"]
    assert told(device, f"/quarantine/{item['id']}")["frame"]["size_bytes"] == len(raw)


def test_a_device_that_calls_itself_another_product_mixes_nothing_in(device):
    device.tell("birth", birth(contract="never-heard-of/0.0.0"))
    device.say(frame(device.of, 0, [{}, {}]))
    device.good_birth(birth(session=2))
    device.say(frame(device.of, 2))
    device.good()
    assert device.quarantine() == [("wrong-product", True, 0, 2)]
    assert device.ledger() == (3, 1, 2, 0, 0, 0)


def test_only_the_records_that_cannot_be_are_quarantined(device):
    device.say(spoilt(device.of, 5, 1, 2, 4, flags=0x10)[:-4])  # the checksum no longer holds
    raw = spoilt(device.of, 5, 1, 2, 4, flags=0x10)[:-4]
    device.say(raw + struct.pack("<I", crc32(raw)))
    device.good()
    assert sorted(device.quarantine(), key=str) == [
        ("out_of_range", True, 1, 2),
        ("out_of_range", True, 4, 1),
        ("truncated", False, None, None),
    ]
    assert device.ledger() == (5, 2, 3, 0, 0, 0)
    kept = device.rows("SELECT bytes FROM quarantine WHERE device_id = %s AND counted ORDER BY id", device.id)
    assert [len(row[0]) for row in kept] == [32 + 2 * device.of.record_bytes, 32 + device.of.record_bytes]


def test_every_other_record_impossible_costs_about_as_much_room_as_it_was_long(device):
    for lot in range(6):
        device.say(spoilt(device.of, MANY, *range(0, MANY, 2), first=lot * MANY))
    device.good()
    assert device.ledger() == (6 * MANY, 3 * MANY, 3 * MANY, 0, 0, 0)
    ((kept,),) = device.rows("SELECT sum(octet_length(bytes)) FROM quarantine WHERE device_id = %s", device.id)
    assert kept < 2 * 6 * MANY * device.of.record_bytes


# -- again, otherwise, too late -----------------------------------------------------------------------------------------


def test_replayed_frames_are_counted_and_stored_once(device):
    one, two = frame(device.of, 0, [{"power": 1}, {"power": 2}]), frame(device.of, 2, [{"power": 3}], flags=0x10)
    device.say(one, two, one, two, two)
    device.good()
    device.say(one)
    device.good()
    assert device.ledger() == (3, 3, 0, 0, 0, 6)
    assert device.quarantine() == []


def test_other_bytes_under_a_known_key_are_a_conflict_and_the_first_stay(device):
    device.say(frame(device.of, 0, [{"power": 1}, {"power": 2}]), unregistered(device.of, 2))
    device.good()
    device.say(frame(device.of, 0, [{"power": 1}, {"power": 9}]), patched(unregistered(device.of, 2), 40, b"\x07"))
    device.good()
    assert device.quarantine() == [("unregistered", True, 2, 1), ("conflict", False, 1, 1), ("conflict", False, 2, 1)]
    assert device.rows(
        "SELECT power FROM r_heater_reading r JOIN device d ON d.no = device_no WHERE d.id = %s AND r.incarnation = 7 ORDER BY seq",
        device.id,
    ) == [(1,), (2,)]


def test_frames_of_a_closed_boot_are_duplicates_or_evidence(device):
    device.tell("birth", birth())
    device.say(frame(device.of, 0))
    device.tell("birth", birth(boot=2, ended=[[1, 1, 1, 3]]))
    device.say(frame(device.of, 0), frame(device.of, 1))
    device.good()
    assert device.quarantine() == [("closed-boot", False, 1, 1)]
    assert device.ledger() is None
    until(lambda: [[1, 1, 2]] in [one["marks"] for one in device.told("marks")], "the final mark", PATIENCE_S)


@pytest.mark.parametrize("known", ["stored", "unregistered"])
def test_a_storm_of_replays_is_worked_off_in_bounded_memory(device, known):
    make = unregistered if known == "unregistered" else lambda of, first, count: frame(of, first, [{}] * count)
    frames = [make(device.of, lot * MANY, MANY) for lot in range(40)]
    device.say(*frames)
    device.good()
    device.say(*frames * 3, *frames[:1] * 120)
    device.good()
    ((mark, *classes),) = [device.ledger()]
    assert mark == sum(classes[:-1]) == 40 * MANY
    assert classes[-1] == 240 * MANY
    assert {row[0] for row in device.quarantine()} <= {known}


def test_a_storm_of_conflicts_is_bounded(device):
    device.say(frame(device.of, 0, [{}] * MANY))
    device.good()
    device.say(*(frame(device.of, 0, [{"power": lot * (at % 2)} for at in range(MANY)]) for lot in range(1, 25)))
    device.good()
    assert {row[:2] for row in device.quarantine()} == {("conflict", False)}
    assert len(device.quarantine()) == 1_000
    assert device.refused() == {"conflict": 24 * MANY // 2 - 1_000}
    assert device.ledger() == (MANY, MANY, 0, 0, 0, 24 * MANY)


# -- in another's name --------------------------------------------------------------------------------------------------


def test_what_is_published_in_another_devices_name_changes_nothing_of_it(device, whole, heater):
    victim = Hostile(whole, heater)
    try:
        victim.say(frame(victim.of, 0))
        victim.good()
        before = victim.rows("SELECT * FROM ledger l JOIN device d ON d.no = device_no WHERE id = %s", victim.id)
        for kind, payload in (
            ("data", frame(device.of, 1)),
            ("data", b"nonsense"),
            ("birth", json.dumps(birth(boot=9)).encode()),
            ("death", json.dumps(said()).encode()),
        ):
            device.say(payload, topic=f"up/{victim.id}/{kind}")
        device.say(frame(device.of, 1), topic=f"up/{device.id}/data/extra")
        device.say(b"x", topic=f"up/{device.id}/unheard-of")
        device.good()
        assert victim.rows("SELECT * FROM ledger l JOIN device d ON d.no = device_no WHERE id = %s", victim.id) == before
        assert (victim.quarantine(), victim.refused()) == ([], {})
        assert (device.quarantine(), device.refused(), device.ledger()) == ([], {}, None)
        assert (victim.ends, victim.told("session")) == ([], [])
        victim.good()
    finally:
        victim.close()


# -- control messages ---------------------------------------------------------------------------------------------------

RIGHT = {
    "birth": birth(),
    "death": said(),
    "anchor": said(at_ms=900, unix_ms=1_763_000_000_000, source="hub", uncertainty_ms=40),
    "probe": said(probe=1, unanswered=0),
    "twin": said(seen={}, reported={}),
}

WRONG = {
    "not_utf8": [b"\xff\xfe\x00", b'{"a":"\xc3"}'],
    "not_json": [b"", b"{", b"nonsense", '{"a":' * 9_000, "[" * 60_000, '{"incarnation":' + "9" * 60_000 + "}", '"\ud800'],
    "not_integer": ['{"incarnation":1.5}', '{"boot":1e999}', '{"boot":NaN}', '{"boot":-Infinity}'],
    "repeated_member": ['{"boot":1,"boot":1}', "{" + ",".join(f'"{at:x}":1' for at in range(6_000)) + ',"x":1,"x":1}'],
    "wrong_type": ["[]", "null", "7", '"birth"', json.dumps(said(boot="1")), json.dumps(said(uptime_ms=None))],
    "missing_member": ["{}", json.dumps({"incarnation": 7})],
    "out_of_range": [json.dumps(said(boot=2**64)), json.dumps(said(incarnation=0)), json.dumps(said(uptime_ms=-1))],
    "contradiction": [json.dumps(said(heard_ms=1_001))],
    "too_large": ['{"x":"' + "y" * 65_536 + '"}', b"\0" * 1_000_000],
}


@pytest.mark.parametrize("kind", RIGHT)
def test_malformed_control_messages_are_counted_by_reason_and_change_nothing(device, kind):
    for wrong in WRONG.values():
        device.tell(kind, *(one.encode("utf-8", "ignore") if isinstance(one, str) else one for one in wrong))
    for name in RIGHT[kind]:
        device.tell(kind, {key: value for key, value in RIGHT[kind].items() if key != name})
    device.good()
    optional = {"heard_ms", "image", "slot", "last_end"} & set(RIGHT[kind])
    counted = {f"{kind}-{reason}": len(wrong) for reason, wrong in WRONG.items()}
    counted[f"{kind}-missing_member"] += len(RIGHT[kind]) - len(optional)
    assert device.refused() == counted
    assert device.quarantine() == []
    device.tell(kind, RIGHT[kind])
    device.good_birth(birth(session=2))


ABSURD = {
    "birth": [
        birth(ended=[[1, U32 - 1, 1, 2**32]], boot=U32),
        birth(ended=[[1, 2**31, channel, U32] for channel in range(256)], boot=U32),
        birth(ended=[[2, 1, 1, 1]], boot=9),
        birth(ended=[[1, 1, 1, 1]] * 2_049, boot=2),
        birth(held=[[1, 1, 0, 1]] * 2_049),
        birth(held=[[1, 1, U32, 2]]),
        birth(held=[[2, 1, 0, 1]]),
        birth(held=[[1, 256, 0, 1]]),
        birth(held=[[1, 1, 0]]),
        birth(failures=[["x", 1]] * 65),
        birth(failures=[["x"]]),
        birth(contract="heater"),
        birth(contract="/"),
        birth(contract="h\u00e9/1"),
        birth(firmware="\0"),
        birth(firmware="x" * 257),
        birth(reset="drop table; --"),
        birth(epoch=2**16),
        birth(slot=True),
    ],
    "anchor": [
        said(at_ms=U48 + 1, unix_ms=0, source="ntp", uncertainty_ms=0),
        said(at_ms=0, unix_ms=2**63, source="ntp", uncertainty_ms=0),
        said(at_ms=0, unix_ms=0, source="moon", uncertainty_ms=0),
        said(at_ms=0, unix_ms=0, source="ntp", uncertainty_ms=2**63),
    ],
    "probe": [said(probe=2**32, unanswered=0), said(probe=1, unanswered=U32), said(probe=-1, unanswered=0)],
    "twin": [
        said(seen={f"p{at}": 1 for at in range(257)}, reported={}),
        said(seen={"x": 2**63}, reported={}),
        said(seen={"\u2603": 1}, reported={}),
        said(seen={}, reported={"x": {"value": 2**64, "version": 1, "at_ms": 0, "based_on": None, "fault": None}}),
        said(seen={}, reported={"x": {"value": [], "version": 1, "at_ms": 0, "based_on": None, "fault": None}}),
        said(seen={}, reported={"x": {}}),
        said(seen=[], reported={}),
    ],
}


def test_absurd_values_are_refused_each_with_a_reason(device):
    for kind, messages in ABSURD.items():
        device.tell(kind, *messages)
    device.good()
    refused = device.refused()
    assert {kind: sum(count for reason, count in refused.items() if reason.startswith(kind)) for kind in ABSURD} == {
        kind: len(messages) for kind, messages in ABSURD.items()
    }, refused
    assert device.quarantine() == []
    assert told(device, "/summary")


EXTREME = [
    ("birth", birth(uptime_ms=U48, heard_ms=0, failures=[["x", U32]] * 64, firmware="\u2603" * 256, slot=255, image="f" * 64)),
    ("birth", birth(session=U32, held=[[1, channel, U32, 1] for channel in range(256)], uptime_ms=U48, heard_ms=0)),
    ("probe", said(probe=U32, unanswered=2**16 - 1, uptime_ms=U48, heard_ms=0)),
    ("anchor", said(at_ms=U48, unix_ms=253_402_300_799_999, source="gnss", uncertainty_ms=366 * 86_400_000, uptime_ms=U48)),
    ("anchor", said(at_ms=0, unix_ms=0, source="rtc", uncertainty_ms=366 * 86_400_000, uptime_ms=U48)),
    (
        "twin",
        said(
            seen={f"p{at}": 2**63 - 1 for at in range(250)} | {"set_point": 2**63 - 1},
            reported={
                name: {"value": 2**64 - 1, "version": 2**63 - 1, "at_ms": U48, "based_on": 2**63 - 1, "fault": "\u00e9\u2603"}
                for name in ("set_point", "child_lock", "nobody_knows")
            },
        ),
    ),
    ("birth", birth(boot=2**20, ended=[[1, 2**20 - 1, 1, 2**20]], uptime_ms=0)),
    ("birth", birth(boot=U32, ended=[[2**20, U32 - 1, 1, 256]])),
    ("death", said(boot=U32, session=U32, uptime_ms=U48)),
]


def test_the_largest_values_that_are_allowed_harm_neither_the_books_nor_the_pages(device):
    device.tell("birth", birth())
    for kind, message in EXTREME:
        device.tell(kind, message)
        device.good()
    here = said(at_ms=U48, unix_ms=now_ms(), source="ntp", uncertainty_ms=5, uptime_ms=U48, incarnation=11)
    device.tell("birth", birth(incarnation=11, uptime_ms=U48, heard_ms=U48 - 66_000_000_000_000))
    device.say(frame(device.of, 0, uptime_ms=0, incarnation=11), frame(device.of, 1, uptime_ms=U48, incarnation=11))
    device.tell("anchor", here)
    device.say(frame(device.of, 2, [{}, {}], uptime_ms=U48, every_ms=U32, incarnation=11))
    device.say(losses(0, (1, 1, 1, 0, U32), (255, 4, 1, 0, U32), incarnation=11))
    device.good()
    assert device.refused() == {}
    assert {row[0] for row in device.quarantine()} == set()
    redated = "SELECT FROM boot b JOIN device d ON d.no = b.device_no WHERE d.id = %s AND redate_from_ms IS NOT NULL"
    until(lambda: device.rows(redated, device.id) == [], "the dates are worked over", PATIENCE_S)
    for path in ("", "/ledger", "/anchors", "/twin", "/events", "/readings?message=reading", "/frames"):
        told(device, f"/devices/{device.id}{path}")
    for path in (f"/fleet?q={device.id}", "/fleet/columns", "/summary"):
        told(device, path)


def test_thousands_of_open_boots_slow_only_their_own_device(device, whole, heater):
    boots = range(1, 2_001, 2)
    ended = [[1 + at * 12, 9 + at * 12, 1, 8 + at % 5] for at in range(1_500)]
    device.tell("birth", birth(boot=U32 - 1, held=[[boot, 1, 5, 1] for boot in boots], ended=ended))
    device.say(*(frame(device.of, 5, boot=boot) for boot in boots))
    device.good()
    device.say(*(frame(device.of, 3, boot=boot) for boot in boots))
    device.say(*(frame(device.of, 5, incarnation=9, boot=boot) for boot in range(1, 4_001)))  # most are more than it may open
    device.tell("probe", *(said(probe=at, unanswered=0) for at in range(5)))
    device.tell("birth", birth(boot=U32))
    device.say(losses(0, *[(1, 1, boot, 0, 1) for boot in range(1, 2_701)], boot=U32))
    device.good()
    ((numbered, classed),) = device.rows(
        "SELECT sum(numbered)::int8, sum(stored + quarantined + declined + lost)::int8 FROM ledger_fold f"
        " JOIN device d ON d.no = f.device_no WHERE d.id = %s AND f.incarnation = 7 AND channel = 1",
        device.id,
    )
    assert numbered == classed > len(boots) * 6
    other = Hostile(whole, heater)
    try:
        other.good()
    finally:
        other.close()


# -- random bytes -------------------------------------------------------------------------------------------------------

FUZZ_S = float(os.environ.get("SEAMLINE_FUZZ_S", "60"))
ROUND = 250
KINDS = ("birth", "death", "anchor", "probe", "twin")


def mutated(dice, raw):
    """A few bytes changed, cut out, doubled or appended."""
    torn = bytearray(raw)
    for _ in range(dice.choice((1, 1, 2, 5))):
        at = dice.randrange(len(torn) or 1)
        match dice.randrange(5):
            case 0:
                torn[at : at + 1] = bytes((dice.randrange(256),))
            case 1:
                torn[at : at + dice.choice((1, 2, 4, 8))] = b""
            case 2:
                torn[at:at] = torn[at : at + dice.choice((1, 8, 16))]
            case 3:
                size = dice.choice((1, 2, 4, 8))
                torn[at : at + size] = dice.choice((0, 1, 2**15, 2**31, 2**63, 2**64 - 1)).to_bytes(8, "little")[:size]
            case _:
                torn += dice.randbytes(dice.choice((1, 4, 8)))
    return bytes(torn)


def wild_json(dice, depth=0):
    """Any JSON, small mostly, extreme at times."""
    kind = dice.randrange(9 if depth < 5 else 6)
    if kind < 3:
        return dice.choice((0, 1, -1, 7, 255, 2**16, U32, 2**32, U48, 2**63 - 1, 2**63, 2**64, -(2**63), 10**40))
    if kind < 6:
        return dice.choice((None, True, False, "", "x", "\0", "\u2603", "heater/1.3.0", "hub", "set_point", "y" * 300))
    if kind == 6:
        return {dice.choice(("value", "version", "set_point", "a", "\u00e9")): wild_json(dice, depth + 1) for _ in range(3)}
    return [wild_json(dice, depth + 1) for _ in range(dice.choice((0, 1, 2, 4, 4)))]


def wild_control(dice, kind):
    """A right message with some of its members, or members of members, replaced."""
    message = json.loads(json.dumps(RIGHT[kind]))
    for _ in range(dice.choice((1, 1, 2, 4))):
        place = dice.choice(list(message))
        known = {"boot": dice.choice((1, 2, 3, U32)), "session": dice.randrange(1, 9), "uptime_ms": dice.randrange(U48)}
        message[place] = known[place] if place in known and dice.random() < 0.7 else wild_json(dice)
    return json.dumps(message).encode()


def wild_frame(dice, of):
    """A frame that is whole, of wild numbers: what the ledger has to stand."""
    boot, first = dice.choice((1, 2, 3, U32)), dice.choice((0, 1, 2, 5, 40, 2**16, U32 - 1))
    uptime_ms = dice.choice((0, 1_000, U32, U48))
    if dice.random() < 0.2:
        lost = [
            (
                dice.choice((0, 1, 2, 255)),
                dice.randrange(1, 5),
                dice.randrange(5),
                dice.choice((0, 3, U32)),
                dice.choice((0, 1, U32)),
            )
        ]
        return losses(first, *lost, boot=boot, uptime_ms=uptime_ms)
    count = min(dice.choice((1, 1, 2, 4)), 2**32 - first)
    flags = dice.choice((0, 0, 1, 0x10, 0x11, 0x0E, 0x20, 0xF0))
    raw = bytearray(
        header(of, first=first, count=count, boot=boot, uptime_ms=uptime_ms, flags=flags, epoch=dice.choice((0, 0, 9)))
    )
    for _ in range(count):
        raw += dice.randbytes(of.record_bytes) if dice.random() < 0.5 else frame(of, 0)[32:]
    return bytes(raw) + (struct.pack("<I", crc32(raw)) if flags & 0x10 else b"")


def volley(dice, of):
    """(kind, payload) of one shot."""
    match dice.randrange(7):
        case 0:
            return "data", dice.randbytes(dice.choice((0, 1, 4, 31, 32, 33, 40, 64, 200, 3_000)))
        case 1:
            return "data", b"\xa1" + dice.randbytes(dice.choice((15, 31, 47, 63, 511)))
        case 2:
            return "data", mutated(dice, frame(of, dice.randrange(9), [{}] * dice.randrange(1, 5), flags=dice.choice((0, 0x10))))
        case 3 | 4:
            return "data", wild_frame(dice, of)
        case 5:
            kind = dice.choice(KINDS)
            return kind, mutated(dice, json.dumps(RIGHT[kind]).encode())
        case _:
            kind = dice.choice(KINDS)
            return kind, wild_control(dice, kind)


def test_a_minute_of_random_bytes_never_stops_the_next_good_frame(whole, heater, request):
    seed = int(os.environ.get("SEAMLINE_FUZZ_SEED") or random.SystemRandom().randrange(2**32))
    again = f"seed {seed}: again with SEAMLINE_FUZZ_SEED={seed} pytest {request.node.nodeid}"
    sys.stdout.write(f"{again}\n")
    dice = random.Random(seed)
    devices = [Hostile(whole, heater) for _ in range(4)]  # of both partitions, most likely
    ends, sent = time.monotonic() + FUZZ_S, 0
    try:
        while time.monotonic() < ends and sent < 2_000 * FUZZ_S:
            device = dice.choice(devices)
            for _ in range(ROUND):
                kind, payload = volley(dice, device.of)
                device.client.publish(f"up/{device.id}/{kind}", payload, qos=1)
            device.good_birth(birth(incarnation=device.next_incarnation))  # it may have called itself another product
            device.good()
            sent += ROUND
        for device in devices:
            assert "poison" not in {row[0] for row in device.quarantine()}, again
            odd = device.rows(
                "SELECT l.* FROM ledger l JOIN device d ON d.no = l.device_no WHERE d.id = %s AND stored + quarantined + declined"
                " + lost <> high - coalesce((SELECT sum(gaps[i + 1] - gaps[i]) FROM generate_series(1, cardinality(gaps), 2) i), 0)",
                device.id,
            )
            assert odd == [], again
            for path in ("", "/ledger", "/twin", "/events", "/anchors"):
                told(device, f"/devices/{device.id}{path}")
        told(devices[0], "/summary")
    except AssertionError as error:
        raise AssertionError(again) from error
    finally:
        for device in devices:
            device.close()
    assert sum(sum(device.refused().values()) for device in devices) > sent // 20
