"""Hostile and broken uplinks on the real stack: quarantined or counted, and the next good frame is stored."""

from __future__ import annotations

import pytest
from tests.integration.hub.harness import frame, header
from tests.integration.hub.hostile import Hostile, watched

U32 = 2**32 - 1
U48 = 2**48 - 1


@pytest.fixture
def device(whole, heater):
    one = Hostile(whole, heater)
    yield one
    one.close()


@pytest.fixture(autouse=True)
def hub_survives(whole):
    with watched(whole):
        yield


def spoilt(of, records, *bad, first=0, **head):
    """A frame whose records at `bad` hold an impossible power."""
    raw = bytearray(frame(of, first, [{}] * records, **head))
    for at in bad:
        place = 32 + at * of.record_bytes + 8
        raw[place : place + 2] = b"\xff\xff"
    return bytes(raw)


DAMAGED = {
    "truncated": lambda of: frame(of, 0)[:-3],
    "truncated within the head": lambda of: frame(of, 0)[:17],
    "oversized by a record": lambda of: frame(of, 0) + bytes(of.record_bytes),
    "oversized above 64 KiB": lambda of: header(of, first=0, count=4_096) + bytes(4_096 * of.record_bytes),
    "oversized to the broker's limit": lambda of: frame(of, 0) + bytes(1_000_000),
    "malformed without records": lambda of: header(of, first=0, count=0),
    "malformed sequence": lambda of: frame(of, U32, [{}, {}]),
    "malformed incarnation": lambda of: frame(of, 0, incarnation=0),
    "version": lambda of: frame(of, 0, version=3),
    "crc": lambda of: frame(of, 0, flags=0x10)[:-1] + b"\0",
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_frame_is_kept_as_evidence_and_not_counted(device, name):
    device.say(DAMAGED[name](device.of))
    device.good()
    ((reason, counted, first, count),) = device.quarantine()
    assert (reason, counted, first, count) == (name.partition(" ")[0], False, None, None)
    assert device.ledger() is None
