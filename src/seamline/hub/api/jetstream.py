"""Recent frames of a device from the broker's stream, through a short-lived consumer that acknowledges nothing."""

from __future__ import annotations

from collections import deque
from datetime import UTC, datetime
from typing import Final, Protocol, cast

from nats.aio.client import Client
from nats.errors import Error as NatsError, TimeoutError as NatsTimeoutError
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, ConsumerInfo, DeliverPolicy
from nats.js.errors import NotFoundError

from seamline.hub.api.context import RawFrame, unix_ms

STREAM: Final = "UP"
SUBJECT: Final = "up.*.{device}.data"
"""A device's data frames, in any partition of the stream."""
SCANNED_MAX: Final = 2_000
"""Messages read at most to find the latest few. Where a window has more, one between it and the one before is looked for."""
HALVINGS: Final = 16
"""Times that is tried: between windows an hour and a half apart then lies less than a tenth of a second."""
WINDOWS_S: Final = (10, 60, 300, 1_800, 7_200, 28_800, 86_400)
"""How far back to look, in turn, until enough is found; the stream keeps a day."""
IDLE_S: Final = 10.0
"""The broker forgets the consumer after this long, should we not come to delete it."""
BATCH: Final = 32
"""Read at once: the broker cuts a connection that has 64 MiB waiting, and a message may have 1 MB."""
FETCH_S: Final = 0.5


class _Stream(Protocol):
    """What is used of nats-py's `JetStreamContext`, typed: it ships no complete types."""

    async def add_consumer(self, stream: str, config: ConsumerConfig) -> ConsumerInfo: ...
    async def delete_consumer(self, stream: str, consumer: str) -> bool: ...
    async def pull_subscribe_bind(self, consumer: str, stream: str) -> JetStreamContext.PullSubscription: ...


class StreamFrames:
    """`FrameSource` over JetStream, through a client that the caller keeps connected."""

    def __init__(self, client: Client) -> None:
        """Read through `client`."""
        self._client: Final = client

    async def recent(self, device: str, limit: int) -> list[RawFrame]:
        """Return at most `limit` latest data frames, newest first; raises `ConnectionError` when the broker is away."""
        if not self._client.is_connected:
            message = "not connected to the broker"
            raise ConnectionError(message)
        try:
            return (await _latest(cast("_Stream", JetStreamContext(self._client)), device, limit))[::-1]
        except NotFoundError:
            return []  # no stream yet: nothing was ever sent
        except NatsError as error:
            raise ConnectionError(str(error)) from error


async def _latest(stream: _Stream, device: str, limit: int) -> list[RawFrame]:
    """Return the last `limit` frames, oldest first: of a time that has at least so many, and no more than are read."""
    now_s = unix_ms() / 1000
    few_s = many_s = 0.0
    for window_s in WINDOWS_S:
        waiting, found = await _since(stream, device, now_s - window_s, limit)
        if found:
            return found
        if waiting > SCANNED_MAX:
            many_s = float(window_s)
            break
        few_s = float(window_s)
    for _ in range(HALVINGS if many_s else 0):
        middle_s = (few_s + many_s) / 2
        waiting, found = await _since(stream, device, now_s - middle_s, limit)
        if found:
            return found
        few_s, many_s = (few_s, middle_s) if waiting > SCANNED_MAX else (middle_s, many_s)
    _, found = await _since(
        stream, device, now_s - (many_s or few_s), limit, whole=True
    )  # fewer in all, or too many at one moment
    return found


async def _since(stream: _Stream, device: str, start_s: float, limit: int, *, whole: bool = False) -> tuple[int, list[RawFrame]]:
    """Return how many frames came since `start_s` (Unix), and the last `limit` of them, oldest first; none where these are too few.

    None either where they are more than SCANNED_MAX, since the last ones come last. With `whole`, they are read in any case.
    """
    config = ConsumerConfig(
        deliver_policy=DeliverPolicy.BY_START_TIME,
        opt_start_time=datetime.fromtimestamp(start_s, UTC),
        ack_policy=AckPolicy.NONE,
        inactive_threshold=IDLE_S,
        mem_storage=True,
        filter_subject=SUBJECT.format(device=device),
    )
    consumer = await stream.add_consumer(STREAM, config)
    waiting = consumer.num_pending or 0
    try:
        if not whole and not limit <= waiting <= SCANNED_MAX:
            return waiting, []
        reader = await stream.pull_subscribe_bind(consumer.name, STREAM)
        try:
            return waiting, await _read(reader, waiting, limit)
        finally:
            await reader.unsubscribe()
    finally:
        await stream.delete_consumer(STREAM, consumer.name)


async def _read(reader: JetStreamContext.PullSubscription, wanted: int, limit: int) -> list[RawFrame]:
    """Read `wanted` messages, fewer when the broker has dropped some meanwhile, and return the last `limit` of them."""
    found: deque[RawFrame] = deque(maxlen=limit)
    read = 0
    while read < wanted:
        try:
            batch = await reader.fetch(min(BATCH, wanted - read), timeout=FETCH_S)
        except NatsTimeoutError:
            break
        read += len(batch)
        for message in batch:
            stored_ms = int(message.metadata.timestamp.timestamp() * 1000)
            found.append(RawFrame(message.metadata.sequence.stream, stored_ms, "data", message.data))
    return list(found)
