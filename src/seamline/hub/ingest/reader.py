"""Pulls one partition of the stream UP in batches, bounded in messages and bytes, in the stream's order.

The place to go on from is not the consumer's but the database's: it is committed with the rows (`position`), so that a
killed hub goes on at once where it was, and a database restored from a backup makes the stream replay what it lost. A durable
consumer is therefore made anew from that place at every attach, under a name of its own: a reader that has lost its place, and
does not know it yet, cannot take a message from the one that has it. Its acknowledgements serve those who watch the lag, and
tell a restored database (it knows less than was acknowledged).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Final, cast

from seamline.hub.ingest.nats import NO_MESSAGE, NO_STREAM, Connection, JetStreamError, NatsError

STREAM: Final = "UP"
SUBJECTS: Final = "up.*.*"
DAY_NS: Final = 86_400_000_000_000
STREAM_BYTES: Final = 1 << 30
ACK_WAIT_NS: Final = 60_000_000_000
WAKE_S: Final = 5.0
BURST_S: Final = 2.0
"""How long a burst may take; its end may be lost with the broker's connection."""
PULL_BYTES: Final = 8 << 20
"""Bytes one pull may bring: with one batch in hand and one ahead it bounds the memory of a partition."""


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

    `seqs` are their sequences in the stream, `stored_ns` when the broker took them (Unix time in ns), `replies` where each is
    acknowledged.
    """

    subjects: list[bytes] = field(default_factory=list[bytes])
    payloads: list[bytes] = field(default_factory=list[bytes])
    seqs: list[int] = field(default_factory=list[int])
    stored_ns: list[int] = field(default_factory=list[int])
    replies: list[bytes] = field(default_factory=list[bytes])
    bytes: int = 0

    def __len__(self) -> int:
        return len(self.payloads)

    def part(self, start: int, stop: int) -> Batch:
        """A slice, for going at a batch in smaller pieces."""
        cut = slice(start, stop)
        return Batch(self.subjects[cut], self.payloads[cut], self.seqs[cut], self.stored_ns[cut], self.replies[cut])


class _Pull(Enum):
    """What the reader has asked the broker for."""

    NOTHING = "nothing"
    LATER = "a burst, in a moment"
    BURST = "everything that is there"
    WAKE = "the next message, whenever it comes"


async def ensure_stream(connection: Connection, partitions: int, bytes_max: int = STREAM_BYTES) -> Position:
    """Make the stream, or bring it to these partitions; returns its end."""
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
        if error.code != NO_STREAM:
            raise
        found = await connection.jetstream(f"STREAM.CREATE.{STREAM}", config)
    has = cast("dict[str, object]", found["config"])
    if any(has.get(key) != config[key] for key in ("subject_transform", "max_bytes", "max_age")):
        found = await connection.jetstream(f"STREAM.UPDATE.{STREAM}", {**has, **config})
    return Position(str(found["created"]), int(str(cast("dict[str, object]", found["state"])["last_seq"])))


async def holds(connection: Connection, seq: int, stored_ns: int) -> bool:
    """Whether the message of this sequence is the one that the broker took then, or was let go for its age, as the oldest are.

    Raises NatsError or JetStreamError.
    """
    try:
        found = await connection.jetstream(f"STREAM.MSG.GET.{STREAM}", {"seq": seq})
    except JetStreamError as error:
        if error.code != NO_MESSAGE:
            raise
        stream = await connection.jetstream(f"STREAM.INFO.{STREAM}")
        return seq < int(str(cast("dict[str, object]", stream["state"])["first_seq"]))
    return unix_ns(str(cast("dict[str, object]", found["message"])["time"])) == stored_ns


def unix_ns(time: str) -> int:
    """Unix ns of a time in the broker's words, `2026-11-22T16:58:18.1234567Z`: as many digits behind the point as it needs."""
    second, _, digits = time.removesuffix("Z").partition(".")
    return int(datetime.fromisoformat(f"{second}+00:00").timestamp()) * 1_000_000_000 + int(digits.ljust(9, "0"))


async def consumers(connection: Connection, partition: int) -> dict[str, int]:
    """The consumers of a partition by name, and up to which sequence of the stream each was acknowledged.

    There is one, but while another reader takes over. Raises NatsError or JetStreamError.
    """
    found: dict[str, int] = {}
    seen, total = 0, 1
    while seen < total:
        page = await connection.jetstream(f"CONSUMER.LIST.{STREAM}", {"offset": seen})
        infos = cast("list[dict[str, object]]", page.get("consumers") or [])
        for info in infos:
            name = str(info["name"])
            if name.rpartition("-")[0] == f"ingest-{partition}":
                found[name] = int(str(cast("dict[str, object]", info["ack_floor"])["stream_seq"]))
        seen, total = seen + len(infos), int(str(page["total"])) if infos else 0
    return found


class Reader:
    """Reads one partition over a connection. Make one for each connection; `attach` first."""

    def __init__(self, connection: Connection, partition: int, limits: Limits) -> None:
        self.connection: Final = connection
        self.partition: Final = partition
        self.consumer: Final = f"ingest-{partition}-{secrets.token_hex(4)}"
        self.broken = ""  # why the consumer is gone, once it is
        self._limits: Final = limits
        self._ahead = Batch()
        self._inbox: Final = f"_INBOX.{secrets.token_hex(8)}"
        self._sid = 0
        self._seen = 0
        self._delivered = 0  # messages the consumer has sent, whether taken or not
        self._pull = _Pull.NOTHING
        self._number = 0  # of the latest pull, part of its reply subject
        self._left = 0  # messages it may still bring
        self._until_s = 0.0  # when its end is taken for lost, in the loop's time
        self._burst_s = 0.0  # when the latest burst began
        self._ended: Final = asyncio.Event()

    async def attach(self, position: Position) -> int:
        """Make the consumer from the position on. Returns how far those before it had been acknowledged (0: unknown).

        Raises NatsError or JetStreamError; the caller connects again.
        """
        before = await consumers(self.connection, self.partition)
        for name in before:
            with contextlib.suppress(JetStreamError):  # another reader deletes it too
                await self.connection.jetstream(f"CONSUMER.DELETE.{STREAM}.{name}")
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
        return max(before.values(), default=0)

    async def next(self, wait_s: float) -> Batch:
        """The next batch; empty when nothing came within `wait_s`. Raises NatsError when the consumer or broker is gone.

        Messages are fetched in bursts, one while the batch before it is committed: a broker that sends each message as it
        comes, and a loop that wakes for each, spend twice the CPU. Only when nothing is there one message is waited for.
        """
        loop = asyncio.get_running_loop()
        deadline_s = loop.time() + wait_s
        while True:
            self._check()
            if len(self._ahead) >= self._limits.batch_messages:
                break
            if self._pull is _Pull.NOTHING:
                if len(self._ahead):
                    break
                self._ask(_Pull.BURST)
            elif self._pull is _Pull.WAKE:
                if not await self._end(deadline_s):
                    return Batch()
                await asyncio.sleep(self._limits.linger_s)
                self._ask(_Pull.BURST)
            else:
                await self._end(self._until_s)
                if not len(self._ahead):
                    self._ask(_Pull.WAKE)
        batch = self._cut()
        self._ask_later()
        return batch

    def acknowledge(self, batch: Batch) -> None:
        """Tell the broker that everything up to the end of this batch is committed."""
        self.connection.write(b"PUB %b 4\r\n+ACK\r\n" % batch.replies[-1])

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

    async def _end(self, deadline_s: float) -> bool:
        """Wait until the pull has ended; false when it has not by the deadline (in the loop's time)."""
        if not self._ended.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(min(deadline_s, self._until_s)):
                    await self._ended.wait()
        if asyncio.get_running_loop().time() >= self._until_s:
            self._finish()  # its end was lost on the way
        return self._pull is _Pull.NOTHING

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
        tokens = reply.split(b".")  # $JS.ACK.[domain.account.]stream.consumer.tries.SEQ.delivered.TIME.pending
        at = 5 if len(tokens) <= 9 else 7
        seq = int(tokens[at])
        self._delivered += 1
        if int(tokens[at + 1]) != self._delivered:  # what is behind a gap must not be committed
            self.broken = self.broken or f"delivery {self._delivered} is missing"
            self._finish()
            return
        if seq > self._seen:  # else redelivered while we still hold it
            self._seen = seq
            ahead = self._ahead
            ahead.subjects.append(subject)
            ahead.payloads.append(payload)
            ahead.seqs.append(seq)
            ahead.stored_ns.append(int(tokens[at + 2]))
            ahead.replies.append(reply)
            ahead.bytes += len(payload)
        self._left -= 1
        if self._left == 0:
            self._finish()

    def _status(self, subject: bytes, header: bytes) -> None:
        """A pull ended: 404/408 nothing more, 409 bounds reached or the consumer is gone, 503 JetStream is gone."""
        line = header.split(b"\r\n", 1)[0]
        if not (b" 404" in line or b" 408" in line or b"MaxBytes" in line or b"Batch Completed" in line):
            self.broken = line.removeprefix(b"NATS/1.0 ").decode("ascii", "replace")
            self._finish()
        elif int(subject.rpartition(b".")[2]) == self._number:
            self._finish()

    def _finish(self) -> None:
        self._pull = _Pull.NOTHING
        self._ended.set()

    def _ask_later(self) -> None:
        """Have the next burst begin while the batch just taken is committed, not sooner than `linger_s` after the last."""
        limits = self._limits
        room = limits.ahead_messages - len(self._ahead)
        if self._pull is not _Pull.NOTHING or room < limits.ahead_messages // 4 or self._ahead.bytes > limits.batch_bytes:
            return
        loop = asyncio.get_running_loop()
        wait_s = max(0.0, self._burst_s + limits.linger_s - loop.time())
        self._pull, self._until_s = _Pull.LATER, loop.time() + wait_s + BURST_S
        self._ended.clear()
        loop.call_later(wait_s, self._ask, _Pull.BURST)

    def _ask(self, pull: _Pull) -> None:
        """Send a pull request."""
        if not self._sid or self.broken or self._pull is pull:
            return
        now_s = asyncio.get_running_loop().time()
        room = self._limits.ahead_messages - len(self._ahead)
        if pull is _Pull.BURST:
            self._left, self._until_s, self._burst_s = room, now_s + BURST_S, now_s
            body = json.dumps({"batch": room, "no_wait": True, "max_bytes": PULL_BYTES}).encode()
        else:
            self._left, self._until_s = 1, now_s + WAKE_S + BURST_S
            body = json.dumps({"batch": 1, "expires": int(WAKE_S * 1e9)}).encode()
        self._pull = pull
        self._number += 1
        self._ended.clear()
        reply = f"{self._inbox}.{self._number}".encode()
        subject = f"$JS.API.CONSUMER.MSG.NEXT.{STREAM}.{self.consumer}".encode()
        self.connection.write(b"PUB %b %b %d\r\n%b\r\n" % (subject, reply, len(body), body))
