"""Values every implementation of the device core must give: `lines()` yields `name result`; expected in vectors.txt.

Runs on CPython and on MicroPython. `python tests/conformance/vectors.py` prints them (after a wanted change, into vectors.txt).
"""

from tests.model.device.world import Lcg, policy

from seamline.device import DeviceError, Frame, FrameError, Policy, Uptime, pack, unpack
from seamline.device.backoff import Backoff
from seamline.device.batch import Author, open_batch, read_segment, segment_bytes
from seamline.device.clock import Clock
from seamline.device.compat import crc32
from seamline.device.control import Malformed, Marks, Session, parse, write
from seamline.device.counters import Counters, merge
from seamline.device.losses import Loss


def lines():
    for group in (frames, refused_frames, texts, downlinks, slots, segments, losses, clocks, waits, refused_policies):
        for name, result in group():
            yield "%s/%s %s" % (group.__name__, name, result)


def frame(**changes):
    fields = {
        "channel": 1,
        "layout": 3,
        "fingerprint": 0x89ABCDEF,
        "incarnation": 0x01020304,
        "boot": 7,
        "first": 41,
        "count": 2,
        "epoch": 5,
        "uptime_ms": 0x123456789ABC,
        "record_bytes": 16,
        "body": bytes(range(32)),
        "flags": 0,
    }
    fields.update(changes)
    return Frame(**fields)


def reason(step):
    """What a step refuses with: the exception's name and its text."""
    try:
        return repr(step())
    except FrameError as error:
        return "FrameError %s: %s" % (error.reason, error)
    except DeviceError as error:
        return "%s: %s" % (type(error).__name__, error)
    except Malformed:
        return "Malformed"
    except ValueError:
        return "ValueError"


def frames():
    yield "plain", pack(frame()).hex()
    yield "checked", pack(frame(flags=0x11)).hex()
    yield "last", pack(frame(first=0xFFFFFFFE)).hex()
    again = unpack(pack(frame(flags=0x11)))
    yield "uptime", again.uptime_ms
    yield "body", again.body.hex()


def refused_frames():
    good = pack(frame(flags=0x10))
    yield "short", reason(lambda: unpack(good[:31]))
    yield "magic", reason(lambda: unpack(b"\xb1" + good[1:]))
    yield "version", reason(lambda: unpack(b"\xa2" + good[1:]))
    yield "flags", reason(lambda: unpack(good[:1] + b"\x20" + good[2:]))
    yield "count", reason(lambda: unpack(good[:20] + bytes(2) + good[22:]))
    yield "size", reason(lambda: unpack(good[:30] + b"\x0c\x00" + good[32:]))
    yield "length", reason(lambda: unpack(good + b"\x00"))
    yield "checksum", reason(lambda: unpack(good[:40] + b"\xff" + good[41:]))
    yield "long", reason(lambda: unpack(bytes(65537)))
    yield "sequence", reason(lambda: pack(frame(first=0xFFFFFFFF)))
    yield "channel", reason(lambda: pack(frame(channel=256)))
    yield "negative", reason(lambda: pack(frame(boot=-1)))
    yield "body", reason(lambda: pack(frame(count=3)))
    yield "huge", reason(lambda: pack(frame(count=8192, record_bytes=8, body=bytes(65536))))


def texts():
    yield "nested", write({"b": [1, -2, None, True, False], "a": {"z": [], "y": {}}, "": "x"}).decode()
    yield "escapes", write('"\\\n\r\t\b\f\x00\x1f\x7f/').decode()
    yield "beyond", write("é€😀").decode()
    yield "number", write(-(1 << 70)).decode()
    yield "bytes", reason(lambda: write(b"x"))


def downlinks():
    yield "array", reason(lambda: parse(b"[]"))
    yield "text", reason(lambda: parse(b"\xff\xfe"))
    yield "cut", reason(lambda: parse(b'{"marks":'))
    yield "long", reason(lambda: parse(b" " * 70000))
    marks = Marks(parse(b'{"incarnation":9,"session":2,"marks":[[1,0,4294967296],[2,255,0]],"probe":null}'))
    yield "marks", (marks.incarnation, marks.session, marks.marks, marks.probe)
    yield "mark", reason(lambda: Marks(parse(b'{"incarnation":9,"session":2,"marks":[[1,256,0]]}')))
    yield "bool", reason(lambda: Marks(parse(b'{"incarnation":true,"session":2,"marks":[]}')))
    text = b'{"session":1,"boot":2,"incarnation":3,"marks":[],"time_ms":1800000000000,"uncertainty_ms":40,"spread_ms":9}'
    session = Session(parse(text))
    yield (
        "session",
        (session.session, session.boot, session.incarnation, session.time_ms, session.uncertainty_ms, session.spread_ms),
    )
    yield "float", reason(lambda: Session(parse(b'{"session":1,"boot":2,"incarnation":3,"marks":[],"time_ms":1.5}')))


def slots():
    counters = Counters(256)
    counters.begin(Lcg(1), [0, 1])
    yield "first", "%s %s" % _slot(counters)
    counters.reserve(1, 0)
    yield "stride", "%s %s" % _slot(counters)
    counters.begin(Lcg(2), [0, 1])
    yield "boot", "%s %s" % _slot(counters)
    ended = [(boot, boot, channel, 16 * (boot % 3 + 1)) for boot in range(1, 12) for channel in (1, 0)]
    yield "merged", merge(ended, 6)


def _slot(counters):
    key, data = counters.persisted()
    return key, data.hex()


def segments():
    rules = Policy(policy())
    batch = open_batch(rules.channels[1], Author(77, 3, 0), 8, 1000, 1)
    batch.frame.body += bytes(16)
    batch.frame.count = 1
    data = segment_bytes(batch)
    yield "bytes", data.hex()
    for name, spoilt in (
        ("whole", data),
        ("body", data[:40] + b"\x01" + data[41:]),
        ("head", b"\x00" + data[1:]),
        ("erased", b"\xff" * 80),
    ):
        found, whole = read_segment(spoilt)
        yield name, (found is not None and (found.boot, found.channel, found.first, found.count), whole)
    yield "crc", (crc32(b"\xff" * 4), crc32(b"\xff" * 4, 0x5EA1))


def losses():
    yield "body", Loss(2, 1, 7, 40, 9).body().hex()


def clocks():
    uptime = Uptime(1 << 30)
    yield "wrap", [uptime.extend(ticks) for ticks in (100, 90, (1 << 30) - 5, 7, 3, 1 << 20)]
    wide = Uptime(1 << 10)
    yield "turns", [wide.extend(ticks) for ticks in (0, 400, 800, 176, 575, 975)]
    clock = Clock(50)
    yield "none", clock.unix_ms(5)
    clock.add(0, 3_600_000, "rtc", 10)
    yield "1970", clock.unix_ms(5)
    clock.add(1000, 1_800_000_000_000, "hub", 30)
    yield "drift", clock.unix_ms(1_001_000)


def waits():
    backoff = Backoff(Policy(policy()), Lcg(3))
    yield "boot", [backoff.at_boot(together=True), backoff.at_boot(together=False)]
    yield "failures", [backoff.after_failure() for _ in range(8)]
    yield "session", [backoff.after_session() for _ in range(3)]
    backoff.stable(6000)
    yield "reset", [backoff.after_failure() for _ in range(3)]


def refused_policies():
    for name, value in (
        ("store", "disk"),
        ("capacity_bytes", 0),
        ("spread_ms", -1),
        ("flight_frames", True),
        ("drop_first", [0]),
        ("state", 1),
    ):
        rules = policy()
        rules[name] = value
        yield name, reason(lambda rules=rules: Policy(rules))


if __name__ == "__main__":
    for line in lines():
        print(line)
