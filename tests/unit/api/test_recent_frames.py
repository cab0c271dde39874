"""The latest frames of a device, however its sending was spread over the day that the stream keeps."""

import asyncio
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from hypothesis import given, settings, strategies as st
from nats.errors import TimeoutError as NatsTimeoutError

from seamline.hub.api import jetstream
from seamline.hub.api.jetstream import SCANNED_MAX, SUBJECT

NOW_S = 1_700_000_000.0


class Kept:
    """A stream of one device's frames, each as long ago as `ages_s` says (the oldest first); it counts what is read of it."""

    def __init__(self, ages_s):
        self.at_s = [NOW_S - age for age in ages_s]
        self.consumers = {}
        self.read = 0

    async def add_consumer(self, stream, config):
        assert (stream, config.filter_subject) == ("UP", SUBJECT.format(device="dev"))
        start_s = config.opt_start_time.timestamp()
        name = f"reader-{len(self.consumers)}"
        self.consumers[name] = [(at, frame) for frame, at in enumerate(self.at_s) if at >= start_s]
        return SimpleNamespace(name=name, num_pending=len(self.consumers[name]))

    async def delete_consumer(self, _stream, consumer):
        return self.consumers.pop(consumer) is not None

    async def pull_subscribe_bind(self, consumer, _stream):
        return Reader(self, list(self.consumers[consumer]))


class Reader:
    def __init__(self, kept, left):
        self.kept, self.left = kept, left

    async def fetch(self, batch, **_options):
        if not self.left:
            raise NatsTimeoutError
        taken, self.left = self.left[:batch], self.left[batch:]
        self.kept.read += len(taken)
        return [message(at, frame) for at, frame in taken]

    async def unsubscribe(self):
        return


def message(at_s, frame):
    about = SimpleNamespace(timestamp=datetime.fromtimestamp(at_s, UTC), sequence=SimpleNamespace(stream=frame))
    return SimpleNamespace(data=b"frame", metadata=about)


@pytest.fixture(autouse=True, scope="module")
def still():
    """The clock stands."""
    patch = pytest.MonkeyPatch()
    patch.setattr(jetstream, "unix_ms", lambda: int(NOW_S * 1000))
    yield
    patch.undo()


def latest(kept, limit):
    found = asyncio.run(jetstream._latest(kept, "dev", limit))
    assert not kept.consumers, "none is left behind"
    return [frame.stream_seq for frame in found]


def test_a_device_that_fell_silent_after_many_frames_shows_its_last_ones():
    kept = Kept([600 + at / 2 for at in range(5_000, 0, -1)])
    assert latest(kept, 20) == list(range(4_980, 5_000))
    assert kept.read <= SCANNED_MAX


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.floats(1, 86_000), st.integers(1, 3_000), st.floats(0.001, 2)), min_size=1, max_size=3),
    st.integers(1, 100),
)
def test_the_latest_are_the_latest(bursts, limit):
    ages = sorted((min(86_399.0, start + at * every) for start, number, every in bursts for at in range(number)), reverse=True)
    assert latest(Kept(ages), limit) == list(range(len(ages)))[-limit:]


def test_more_than_are_read_of_one_moment_are_all_read():
    assert latest(Kept([100.0] * (SCANNED_MAX + 500)), 3) == [SCANNED_MAX + 497, SCANNED_MAX + 498, SCANNED_MAX + 499]


def test_fewer_than_wanted_are_all_that_there_are():
    assert latest(Kept([50_000.0, 20.0]), 20) == [0, 1]
    assert latest(Kept([]), 20) == []
