"""The first look at a batch: each message is judged by itself, whatever stands around it."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from tests.integration.hub.harness import birth, frame, header, layout, losses
from tests.unit.hub.ingest.stage import NOW_MS

from seamline.contract import load_family
from seamline.hub.ingest.catalogue import Catalogue
from seamline.hub.ingest.judge import (
    DECLINED,
    EVIDENCE,
    NOTHING,
    QUARANTINED,
    STORED,
    Refusal,
    impossible_losses,
    judge,
    reconsider,
)
from seamline.hub.ingest.memory import Fleet
from seamline.hub.ingest.reader import Batch

FAMILY = load_family(Path(__file__).parents[4] / "examples" / "heater")
CATALOGUE = Catalogue([FAMILY])
READING, OLDER, VITALS = layout(FAMILY), layout(FAMILY, version=2), layout(FAMILY, "vitals", 1)
POWER = next(place.bit // 8 for place in READING.places if place.name == "power")


def with_impossible(first, *places):
    """A frame of three readings; those in these places say a power beyond the contract's range."""
    whole = bytearray(frame(READING, first, [{}, {}, {}]))
    for place in places:
        start = 32 + place * READING.record_bytes + 4 + POWER
        whole[start : start + 2] = b"\xff\xff"
    return bytes(whole)


FRAMES = {
    "readings": (lambda first: frame(READING, first, [{}, {}]), STORED, "", "reading", 0),
    "one reading": (lambda first: frame(READING, first), STORED, "", "reading", 0),
    "checked readings": (lambda first: frame(READING, first, [{}, {}], flags=0x10), STORED, "", "reading", 0),
    "one impossible": (lambda first: with_impossible(first, 1), STORED, "", "reading", 1),
    "two impossible": (lambda first: with_impossible(first, 0, 2), STORED, "", "reading", 2),
    "losses": (lambda first: losses(first, (1, 1, 1, 0, 2)), STORED, "", "losses", 0),
    "losses of nothing": (lambda first: losses(first, (1, 1, 1, 0, 2), (1, 1, 1, 2, 0)), STORED, "", "losses", 1),
    "vitals": (lambda first: frame(VITALS, first), STORED, "", "vitals", 0),
    "an older layout": (lambda first: frame(OLDER, first, [{}, {}]), STORED, "", "reading", 0),
    "another layout": (lambda first: frame(READING, first, channel=77), QUARANTINED, "unregistered", None, 0),
    "another size": (
        lambda first: header(READING, first=first, count=1, record=READING.record_bytes + 8) + bytes(READING.record_bytes + 8),
        QUARANTINED, "record-size", None, 0,
    ),
    "an unknown flag": (lambda first: frame(READING, first, flags=0x40), QUARANTINED, "flags", None, 0),
    "a damaged one": (lambda first: frame(READING, first, flags=0x10)[:-1] + b"?", EVIDENCE, "crc", None, 0),
    "half of one": (lambda first: frame(READING, first)[:-8], EVIDENCE, "truncated", None, 0),
    "none at all": (lambda first: b"hello %d" % first, NOTHING, "no-frame", None, 0),
}  # fmt: skip
"""What a device may send as data: the bytes with that first number, their verdict, its reason, the layout, records that cannot be."""
SPEECH = {
    "a birth": ("birth", json.dumps(birth()).encode(), None),
    "a birth that is none": ("birth", b"[]", "birth-wrong_type"),
    "a message of no kind": ("gossip", b"{}", "unknown-unknown_kind"),
}
"""What it may say besides: the kind, the bytes, and by which reason it is counted where it is refused."""
WORDS = st.lists(st.tuples(st.sampled_from(["a", "b"]), st.sampled_from([*FRAMES, *SPEECH])), max_size=12)


def batch_of(words):
    """The batch of (device, word): the n-th message comes n ms after the first and has n as its first number."""
    made = [(SPEECH[word][:2] if word in SPEECH else ("data", FRAMES[word][0](at))) for at, (_, word) in enumerate(words)]
    return Batch(
        [f"up.0.{device}.{kind}".encode() for (device, _), (kind, _) in zip(words, made, strict=True)],
        [payload for _, payload in made],
        list(range(1, len(words) + 1)),
        [(NOW_MS + at) * 1_000_000 + 999_999 for at in range(len(words))],
    )


@settings(max_examples=60)
@given(WORDS)
def test_each_frame_has_its_own_verdict_reason_and_records_whatever_it_came_with(words):
    fleet = Fleet()
    judged = judge(batch_of(words), fleet, CATALOGUE)
    data = [(at, device, *FRAMES[word]) for at, (device, word) in enumerate(words) if word in FRAMES]
    assert len(judged) == len(data)
    assert judged.at.tolist() == [at for at, *_ in data]
    assert [fleet.devices[slot].id for slot in judged.device.tolist()] == [device for _, device, *_ in data]
    assert judged.arrival_us.tolist() == [(NOW_MS + at) * 1_000 + 999 for at, *_ in data]
    assert judged.accountable.tolist() == [verdict in {STORED, QUARANTINED, DECLINED} for _, _, _, verdict, *_ in data]
    for index, (at, _, made, verdict, reason, message, bad) in enumerate(data):
        group = judged.group_at(index)
        found = (int(judged.verdict[index]), judged.reason_at(index), group and group.kind.layout.message, int(judged.bad[index]))
        assert found == (verdict, reason, message, bad)
        assert judged.payloads[index] == made(at)


@settings(max_examples=60)
@given(WORDS)
def test_a_group_holds_its_frames_records_in_a_row_each_where_its_frame_says(words):
    judged = judge(batch_of(words), Fleet(), CATALOGUE)
    held = {id(group): [] for group in judged.groups}
    for index in range(len(judged)):
        group = judged.group_at(index)
        if group is not None:
            count, base = int(judged.frames.head["count"][index]), int(judged.base[index])
            own = slice(base, base + count)
            assert group.run.frame[own].tolist() == [index] * count
            assert int(group.bad[own].sum()) == int(judged.bad[index])
            held[id(group)] += range(base, base + count)
    assert [held[id(group)] for group in judged.groups] == [list(range(len(group.run))) for group in judged.groups]
    assert all(len(group.digest) == len(group.accepted) == len(group.run) for group in judged.groups)
    assert not any(group.accepted.any() for group in judged.groups), "the ledger was not asked yet"


@settings(max_examples=60)
@given(WORDS)
def test_what_is_said_is_read_and_what_is_no_message_is_counted_by_device_and_reason(words):
    batch, fleet = batch_of(words), Fleet()
    judged = judge(batch, fleet, CATALOGUE)
    said, refused = [], []
    for at, (device, word) in enumerate(words):
        reason = SPEECH[word][2] if word in SPEECH else "no-frame" if word == "none at all" else ""
        if reason is None:
            said.append((at, device, "heater/1.3.0", NOW_MS + at))
        elif reason:
            refused.append(Refusal(fleet.slot(device), reason, batch.payloads[at], NOW_MS + at))
    assert [(one.at, fleet.devices[one.device].id, one.input.contract, one.arrival_ms) for one in judged.said] == said
    assert sorted(judged.refused, key=lambda one: one.at_ms) == refused


@pytest.mark.parametrize(("epoch", "verdict"), [(4, DECLINED), (5, STORED), (6, STORED)])
def test_only_frames_of_an_older_epoch_are_declined_and_of_these_only_what_is_custody(epoch, verdict):
    frames = [frame(READING, 0, epoch=epoch), frame(READING, 1, epoch=epoch)[:-8]]
    fleet = Fleet()
    judged = judge(Batch([b"up.0.a.data"] * 2, frames, [1, 2], [1, 1]), fleet, CATALOGUE)
    fleet.epoch[fleet.slot("a")] = 5
    fleet.product[fleet.slot("a")] = CATALOGUE.products["heater"]
    reconsider(judged, fleet, CATALOGUE)
    assert judged.verdict.tolist() == [verdict, EVIDENCE]


@pytest.mark.parametrize(
    ("product", "readings"),
    [(None, STORED), ("heater", STORED), ("toaster", QUARANTINED)],
)
def test_a_device_may_send_its_products_layouts_and_seamlines_own(product, readings):
    fleet = Fleet()
    judged = judge(batch_of([("a", "one reading"), ("a", "losses")]), fleet, CATALOGUE)
    fleet.product[fleet.slot("a")] = CATALOGUE.product_code(product)
    reconsider(judged, fleet, CATALOGUE)
    assert judged.verdict.tolist() == [readings, STORED]
    assert judged.reason_at(0) == ("wrong-product" if readings == QUARANTINED else "")


NEAR_THE_END = st.integers(0, 3) | st.integers(2**32 - 3, 2**32 - 1)


@given(st.lists(st.tuples(NEAR_THE_END, NEAR_THE_END, NEAR_THE_END, NEAR_THE_END), min_size=1))
def test_a_loss_is_of_numbers_that_there_are_in_a_boot_that_there_was(losses_said):
    kind = np.dtype([("first", "<u4"), ("count", "<u4"), ("boot", "<u4")])
    fields = np.array([one[:3] for one in losses_said], kind)
    own = np.array([one[3] for one in losses_said], np.uint32)
    can_be = [count >= 1 and first + count <= 2**32 and 1 <= boot <= now for first, count, boot, now in losses_said]
    assert impossible_losses(fields, own).tolist() == [not possible for possible in can_be]
