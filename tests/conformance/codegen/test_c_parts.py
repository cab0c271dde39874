"""Frame, topic, back-off, bound of events and fault table in C do what the device core does, on every processor."""

import random
from dataclasses import dataclass

import pytest
from tests.conformance.codegen.layouts import SEED, contract
from tests.conformance.codegen.processors import HERE, PROCESSORS, build, run

from seamline.contract import policy
from seamline.contract.meanings import SEVERITIES
from seamline.device import Frame, FrameError, Policy, pack, unpack
from seamline.device.backoff import Backoff
from seamline.device.events import Allowance

HEATER = contract("heater")
FRAME_BYTES_MAX = 8192
FRAMES = 800
CLOSE, OPEN, TOPIC, WAIT, EVENT, FAULT = range(6)


@dataclass(frozen=True)
class Question:
    asked: bytes
    answer: bytes


def number(value, size):
    return value.to_bytes(size, "little")


def head(frame):
    which = bytes((frame.flags, frame.channel, frame.layout))
    parts = (
        (frame.fingerprint, 4),
        (frame.incarnation, 4),
        (frame.boot, 4),
        (frame.first, 4),
        (frame.count, 2),
        (frame.epoch, 2),
    )
    return which + b"".join(number(*part) for part in (*parts, (frame.uptime_ms, 6), (frame.record_bytes, 2)))


def drawn_frame(draw):
    count = draw.choice((1, 2, 24, draw.randint(0, 40)))
    record_bytes = draw.choice((8, 16, 24, 64, 520))
    fields = {
        "flags": draw.choice((0, 0x10, 0x01, 0x11, 0x1E, 0x20, 0x90)),
        "channel": draw.getrandbits(8),
        "layout": draw.getrandbits(8),
        "fingerprint": draw.getrandbits(32),
        "incarnation": draw.choice((1, 0xFFFF_FFFF, draw.getrandbits(32))),
        "boot": draw.choice((1, 0xFFFF_FFFF, draw.getrandbits(32))),
        "first": draw.choice((0, 0xFFFF_FFFF, 0xFFFF_FFFF - count, 0x1_0000_0000 - max(count, 1), draw.getrandbits(32))),
        "count": count,
        "epoch": draw.getrandbits(16),
        "uptime_ms": draw.choice((0, 0xFFFF_FFFF_FFFF, 0x1_0000_0000, draw.getrandbits(48))),
        "record_bytes": record_bytes,
    }
    return Frame(body=draw.randbytes(min(count * record_bytes, FRAME_BYTES_MAX)), **fields)


def packed(frame):
    """The frame's bytes; none when it cannot be, or when a device forms no such frame."""
    try:
        data = pack(frame)
    except FrameError:
        return b""
    return data if len(data) <= FRAME_BYTES_MAX and frame.incarnation and frame.boot else b""


def closings(draw):
    for _ in range(FRAMES):
        frame = drawn_frame(draw)
        data = packed(frame)
        capacity = max(0, draw.choice((FRAME_BYTES_MAX, len(data), len(data) - 1)))
        body = frame.body[:FRAME_BYTES_MAX]
        answer = data if len(data) <= capacity else b""
        asked = bytes((CLOSE,)) + number(capacity, 2) + head(frame) + number(len(body), 2) + body
        yield Question(asked, number(len(answer), 2) + answer)


def openings(draw):
    """Whole frames, frames with a bit turned, cut ones and long ones."""
    for _ in range(FRAMES):
        data = bytearray(packed(drawn_frame(draw)) or draw.randbytes(40))
        way = draw.choice(("whole", "turned", "cut", "longer", "turned early"))
        if way.startswith("turned"):
            data[draw.randrange(32 if "early" in way else len(data))] ^= 1 << draw.randrange(8)
            data[30] = draw.choice((data[30], 0, 12))
        elif way == "cut":
            del data[draw.randrange(len(data)) :]
        elif way == "longer":
            data += draw.randbytes(draw.randint(1, 8))
        try:
            frame = unpack(data)
        except FrameError:
            answer = b"\0"
        else:
            formed = frame.incarnation and frame.boot and len(data) <= FRAME_BYTES_MAX
            answer = b"\1" + head(frame) if formed else b"\0"
        yield Question(bytes((OPEN,)) + number(len(data), 2) + data, answer)


def topics():
    devices = ("heater-1", "H_9", "x" * 64, "x" * 65, "", "a/b", "a b", "+", "#", "ü", "$SYS")
    for pattern in ("up/+/data", "dn/+/#", "+", "", "plain", "+/+"):
        for device in devices:
            good = 1 <= len(device) <= 64 and all(letter.isascii() and (letter.isalnum() or letter in "_-") for letter in device)
            topic = pattern.replace("+", device).encode() if good else b""
            for capacity in (0, 1, len(topic), len(topic) + 1, 200):
                answer = topic if len(topic) < capacity else b""
                texts = b"".join(bytes((len(text),)) + text for text in (pattern.encode(), device.encode()))
                said = number(len(answer), 2) + (answer + b"\0" if answer else b"")
                yield Question(bytes((TOPIC, capacity)) + texts, said)


def waits(draw):
    randoms = []
    backoff = Backoff(Policy(policy(HEATER)), randoms.pop)
    for _ in range(600):
        what, argument = draw.choices((0, 1, 2, 3), (12, 6, 1, 1))[0], draw.choice((0, 0xFFFF_FFFF, draw.getrandbits(32)))
        answer = b""
        if what in {0, 1}:
            randoms.append(argument)
            answer = number(backoff.after_session() if what else backoff.after_failure(), 4)
        elif what == 2:
            argument = backoff.spread_ms = draw.choice((0, 1, 60_000, 3_600_000))
        else:
            argument = draw.choice((0, 59_999, 60_000, 0xFFFF_FFFF))
            backoff.stable(argument)
        yield Question(bytes((WAIT, what)) + number(argument, 4), answer)


def events(draw):
    """Two switches that chatter: bursts, waits of a share, an hour's silence, a time that goes back, the longest uptime."""
    for which, (events_max, per_ms) in enumerate([(10, 3_600_000), (1_000_000, 86_400_000)]):
        allowance, now_ms = Allowance(events_max, per_ms), 0
        share_ms = -(-per_ms // events_max)
        steps = draw.choices((0, 1, share_ms - 1, share_ms, per_ms // 2, 3 * per_ms, -1), (30, 5, 8, 8, 2, 1, 2), k=300)
        for step in (*steps, 0xFFFF_FFFF_FFFF):
            now_ms = min(max(0, now_ms + step), 0xFFFF_FFFF_FFFF)
            asked = bytes((EVENT, which)) + number(now_ms, 6) + number(events_max, 4) + number(per_ms, 4)
            yield Question(asked, bytes((allowance.take(now_ms),)))


def faults():
    for code in (0, 1, *HEATER.faults, 0xFFFF):
        fault = HEATER.faults.get(code)
        answer = b"\0"
        if fault is not None:
            answer = b"\1" + fault.name.encode() + bytes((SEVERITIES.index(fault.severity), fault.latches))
        yield Question(bytes((FAULT,)) + number(code, 2), answer)


def questions():
    draw = random.Random(SEED)
    return [*closings(draw), *openings(draw), *topics(), *waits(draw), *events(draw), *faults()]


@pytest.mark.parametrize("processor", PROCESSORS, ids=lambda processor: processor.name)
def test_c_does_what_the_device_core_does(processor, tmp_path):
    program = build(processor, HEATER, tmp_path, HERE / "parts.c")
    asked = questions()
    answers = run(program, input=b"".join(question.asked for question in asked))
    at = 0
    for question in asked:
        answer, at = answers[at : at + len(question.answer)], at + len(question.answer)
        assert answer == question.answer, question.asked.hex()
    assert at == len(answers)


def test_the_questions_have_both_answers():
    """Enough frames are good and enough are refused for the test above to mean something."""
    draw = random.Random(SEED)
    closed = [question.answer != b"\0\0" for question in closings(draw)]
    opened = [question.answer != b"\0" for question in openings(draw)]
    taken = [question.answer == b"\1" for question in events(draw)]
    assert min(closed.count(True), closed.count(False), opened.count(True), opened.count(False)) > 50
    assert min(taken.count(True), taken.count(False)) > 50
