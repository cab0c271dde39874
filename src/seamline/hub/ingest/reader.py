"""Pulls one partition of the stream UP in batches, bounded in messages and bytes, in the stream's order.

The place to go on from is not the consumer's but the database's: it is committed with the rows (`position`), so that a
killed hub goes on at once where it was, and a database restored from a backup makes the stream replay what it lost. The
durable consumer is therefore made anew from that place at every attach; its acknowledgements serve those who watch the lag,
and tell a restored database (it knows less than was acknowledged).
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections import deque
from dataclasses import dataclass, field
from typing import Final, cast

from seamline.hub.ingest.nats import Connection, JetStreamError, NatsError

STREAM: Final = "UP"
SUBJECTS: Final = "up.*.*"
DAY_NS: Final = 86_400_000_000_000
STREAM_BYTES: Final = 1 << 30
ACK_WAIT_NS: Final = 60_000_000_000
PULL_EXPIRES_S: Final = 5.0
PULL_BYTES: Final = 8 << 20
"""Bytes one pull may bring; two pulls may be under way and one batch in hand, which bounds the memory of a partition."""
STREAM_NOT_FOUND: Final = 10059
CONSUMER_NOT_FOUND: Final = 10014


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one batch and of what is read ahead."""

    batch_messages: int = 10_000
    batch_bytes: int = 16 << 20
    ahead_messages: int = 20_000
    linger_s: float = 0.02  # how long to wait for more once something is there


@dataclass(frozen=True, slots=True)
class Position:
    """Everything up to stream sequence `seq` is committed, in the stream made at `created` (the broker's words)."""

    created: str = ""
    seq: int = 0


@dataclass(slots=True)
class Batch:
    """Messages in the stream's order; the lists run in parallel.

    `seqs` are their sequences in the stream, `stored_ns` when the broker took them (Unix time in ns).
    """

    subjects: list[bytes] = field(default_factory=list[bytes])
    payloads: list[bytes] = field(default_factory=list[bytes])
    seqs: list[int] = field(default_factory=list[int])
    stored_ns: list[int] = field(default_factory=list[int])
    last_reply: bytes = b""
    bytes: int = 0

    def __len__(self) -> int:
        return len(self.payloads)

    def part(self, start: int, stop: int) -> Batch:
        """A slice, for going at a batch in smaller pieces. Only the last slice can be acknowledged."""
        last = self.last_reply if stop >= len(self) else b""
        cut = slice(start, stop)
        return Batch(self.subjects[cut], self.payloads[cut], self.seqs[cut], self.stored_ns[cut], last)


async def ensure_stream(connection: Connection, partitions: int, bytes_max: int = STREAM_BYTES) -> str:
    """Make the stream, or bring it to these partitions; returns when it was made, in the broker's words."""
    config: dict[str, object] = {
        "name": STREAM,
        "subjects": [SUBJECTS],
        "subject_transform": {
            "src": SUBJECTS,
            "dest": f"up.{{{{partition({partitions},1)}}}}.{{{{wildcard(1)}}}}.{{{{wildcard(2)}}}}",
        },
        "storage": "file",
        "retention": "limits",
        "discard": "old",
        "max_age": DAY_NS,
        "max_bytes": bytes_max,
        "num_replicas": 1,
    }
    try:
        found = await connection.jetstream(f"STREAM.INFO.{STREAM}")
    except JetStreamError as error:
        if error.code != STREAM_NOT_FOUND:
            raise
        found = await connection.jetstream(f"STREAM.CREATE.{STREAM}", config)
    has = cast("dict[str, object]", found["config"])
    if any(has.get(key) != config[key] for key in ("subject_transform", "max_bytes", "max_age")):
        found = await connection.jetstream(f"STREAM.UPDATE.{STREAM}", {**has, **config})
    return str(found["created"])


class Reader:
    """Reads one partition over a connection. Make one for each connection; `attach` first."""

    def __init__(self, connection: Connection, partition: int, limits: Limits) -> None:
        self.connection: Final = connection
        self.partition: Final = partition
        self.consumer: Final = f"ingest-{partition}"
        self.broken = ""  # why the consumer is gone, once it is
        self._limits: Final = limits
        self._ahead = Batch()
        self._arrived: Final = asyncio.Event()
        self._pulls: Final[deque[list[int]]] = deque()  # [number, messages still to come, deadline in loop ms]
        self._inbox: Final = f"_INBOX.{secrets.token_hex(8)}"
        self._next_pull = 0
        self._sid = 0
        self._seen = 0

    async def attach(self, position: Position) -> int:
        """Make the consumer from the position on. Returns how far the old one had been acknowledged (0: unknown).

        Raises NatsError or JetStreamError; the caller connects again.
        """
        try:
            info = await self.connection.jetstream(f"CONSUMER.INFO.{STREAM}.{self.consumer}")
            floor = cast("dict[str, object]", info["ack_floor"])
            acknowledged = int(str(floor["stream_seq"]))
            await self.connection.jetstream(f"CONSUMER.DELETE.{STREAM}.{self.consumer}")
        except JetStreamError as error:
            if error.code != CONSUMER_NOT_FOUND:
                raise
            acknowledged = 0
        config: dict[str, object] = {
            "durable_name": self.consumer,
            "ack_policy": "all",
            "ack_wait": ACK_WAIT_NS,
            "max_ack_pending": 4 * self._limits.ahead_messages,
            "filter_subject": f"up.{self.partition}.>",
            "deliver_policy": "by_start_sequence",
            "opt_start_seq": position.seq + 1,
        }
        await self.connection.jetstream(
            f"CONSUMER.DURABLE.CREATE.{STREAM}.{self.consumer}", {"stream_name": STREAM, "config": config}
        )
        self._seen = position.seq
        self._sid = self.connection.subscribe(f"{self._inbox}.*", self._message)
        self._pull()
        return acknowledged

    async def next(self, wait_s: float) -> Batch:
        """The next batch; empty when nothing came within `wait_s`. Raises NatsError when the consumer or broker is gone."""
        if not len(self._ahead):
            self._check()
            self._pull()
            self._arrived.clear()
            await self._wait(wait_s)
            if not len(self._ahead):
                self._check()
                return Batch()
        if len(self._ahead) < self._limits.batch_messages // 4:
            await asyncio.sleep(self._limits.linger_s)
        batch = self._cut()
        self._pull()
        return batch

    def acknowledge(self, batch: Batch) -> None:
        """Tell the broker that everything up to the end of this batch is committed."""
        if batch.last_reply:
            self.connection.write(b"PUB %b 4\r\n+ACK\r\n" % batch.last_reply)

    def detach(self) -> None:
        """Stop taking messages."""
        if self._sid:
            self.connection.unsubscribe(self._sid)
            self._sid = 0

    def _check(self) -> None:
        if self.connection.closed.is_set():
            raise NatsError(f"the broker is away: {self.connection.last_error or 'connection closed'}")
        if self.broken:
            raise NatsError(f"consumer {self.consumer}: {self.broken}")

    async def _wait(self, wait_s: float) -> None:
        """Until a message arrives, something breaks, or the time is over."""
        try:
            async with asyncio.timeout(wait_s):
                await self._arrived.wait()
        except TimeoutError:
            return

    def _cut(self) -> Batch:
        """Take at most one batch from what is ahead, by messages and by bytes."""
        ahead, limits = self._ahead, self._limits
        count = len(ahead)
        if count <= limits.batch_messages and ahead.bytes <= limits.batch_bytes:
            self._ahead = Batch()
            return ahead
        stop = size = 0
        for payload in ahead.payloads[: limits.batch_messages]:
            size += len(payload)
            if stop and size > limits.batch_bytes:
                size -= len(payload)
                break
            stop += 1
        batch, self._ahead = ahead.part(0, stop), ahead.part(stop, count)
        batch.bytes, self._ahead.bytes = size, ahead.bytes - size
        return batch

    def _message(self, subject: bytes, reply: bytes, payload: bytes) -> None:
        if not reply:
            self._status(subject, payload)
            return
        if self._pulls:
            self._pulls[0][1] -= 1
            if self._pulls[0][1] <= 0:
                self._pulls.popleft()
        tokens = reply.split(b".")  # $JS.ACK.[domain.account.]stream.consumer.tries.SEQ.delivered.TIME.pending
        at = 5 if len(tokens) <= 9 else 7
        seq = int(tokens[at])
        if seq <= self._seen:
            return  # redelivered while we still hold it
        self._seen = seq
        ahead = self._ahead
        ahead.subjects.append(subject)
        ahead.payloads.append(payload)
        ahead.seqs.append(seq)
        ahead.stored_ns.append(int(tokens[at + 2]))
        ahead.last_reply = reply
        ahead.bytes += len(payload)
        self._arrived.set()

    def _status(self, subject: bytes, header: bytes) -> None:
        """A pull ended: 404/408 nothing more, 409 bounds reached or the consumer is gone, 503 JetStream is gone."""
        number = int(subject.rpartition(b".")[2])
        for pull in self._pulls:
            if pull[0] == number:
                self._pulls.remove(pull)
                break
        line = header.split(b"\r\n", 1)[0]
        if b" 404" in line or b" 408" in line or b"MaxBytes" in line or b"Batch Completed" in line:
            self._pull()
            return
        self.broken = line.removeprefix(b"NATS/1.0 ").decode("ascii", "replace")
        self._arrived.set()

    def _pull(self) -> None:
        """Ask for more, so much that what is ahead and asked for stays within bounds."""
        if not self._sid or self.broken:
            return
        now = asyncio.get_running_loop().time()
        while self._pulls and self._pulls[0][2] < now * 1000:
            self._pulls.popleft()  # its end was lost on the way
        limits = self._limits
        asked = sum(pull[1] for pull in self._pulls)
        wanted = limits.ahead_messages - len(self._ahead) - asked
        if len(self._pulls) >= 2 or wanted < limits.ahead_messages // 4 or self._ahead.bytes > limits.batch_bytes:
            return
        self._next_pull += 1
        body = json.dumps({"batch": wanted, "expires": int(PULL_EXPIRES_S * 1e9), "max_bytes": PULL_BYTES}).encode()
        reply = f"{self._inbox}.{self._next_pull}".encode()
        subject = f"$JS.API.CONSUMER.MSG.NEXT.{STREAM}.{self.consumer}".encode()
        self.connection.write(b"PUB %b %b %d\r\n%b\r\n" % (subject, reply, len(body), body))
        self._pulls.append([self._next_pull, wanted, int((now + PULL_EXPIRES_S + 2) * 1000)])
