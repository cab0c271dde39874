"""The broker as its devices and its hub meet it: MQTT 3.1.1 sessions in front of an ordered stream, cut into partitions.

What is kept of the real one (NATS with its MQTT listener, as `seamline.stack` runs it):

- clean sessions: a subscription lives as long as its connection; a downlink (QoS 0) to nobody is dropped, nothing is retained;
- one connection for a client id: a newer one takes over, and the old one's will is published (MQTT 3.1.1, 3.1.4-2);
- a will is published when a connection ends without DISCONNECT, also by keep-alive: 1.5 times the interval without a packet;
- a published message is durable in the stream, in the partition that its device's id hashes to, before its PUBACK: a message
  is either in the stream or lost, so the PUBACK itself, which no core waits for, is not a message here.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from seamline.hub.ingest.busy import partition_of
from seamline.rig.world.heap import Heap
from seamline.rig.world.marks import Marks
from seamline.rig.world.streams import Stream

WILL_DELAY_US: Final = 2_000_000
"""How long at most until the other end of a cluster has noticed a takeover and publishes the old session's will."""


class Message:
    """One message of the stream: `seq` counts over all partitions, from 1; `stored_us` is when the broker took it."""

    __slots__ = ("device", "kind", "payload", "seq", "stored_us")

    def __init__(self, seq: int, device: int, kind: str, payload: bytes, stored_us: int) -> None:
        self.seq = seq
        self.device = device
        self.kind = kind
        self.payload = payload
        self.stored_us = stored_us


class Peer(Protocol):
    """The broker's end of a device's connection."""

    device: int
    will: bytes

    def down(self, kind: str, payload: bytes) -> None:
        """Send a downlink."""
        ...

    def closed_by_broker(self, reason: str) -> None:
        """The broker ended it."""
        ...


class Broker:
    """Sessions and the stream. `listen(partition, kind, device)` is called for each message that is stored."""

    def __init__(self, heap: Heap, marks: Marks, stream: Stream, names: Sequence[str], partitions: int) -> None:
        self.partitions: Final = partitions
        self.is_up = True
        self.refuses = False
        """While authorisation is away, connects are refused; live connections stay."""
        self.is_full = False
        """Nothing can be stored: no message is acknowledged, and the connections stay."""
        self.retains = False
        """Keep what was acknowledged: the stream holds a day, which a hub whose database was restored reads again."""
        self.created = 1
        """Which stream this is: another one after it was lost."""
        self.stored = 0
        """The last sequence of the stream."""
        self.sent = 0
        """Downlinks that somebody was there for."""
        self.listen: Callable[[int, Message], None] = _nobody
        self._late: Final[dict[int, list[tuple[int, bool]]]] = {}
        """By device, how long documents of its wishes are kept here, and whether they go at once as well: each fault's."""
        self._heap: Final = heap
        self._marks: Final = marks
        self._random: Final = stream
        self._born: Final[dict[int, int]] = {}
        self._partition: Final = [partition_of(name.encode(), partitions) for name in names]
        self._sessions: Final[dict[int, Peer]] = {}
        self._streams: list[list[Message]] = [[] for _ in range(partitions)]
        self._stored_us: Final = array("q")
        """When each message of the stream was taken, also those that were let go here: the real stream holds a day."""
        self._acknowledged: list[int] = [0] * partitions

    def partition(self, device: int) -> int:
        """The partition of a device."""
        return self._partition[device]

    def stream(self, partition: int) -> list[Message]:
        """What a partition holds, in order."""
        return self._streams[partition]

    def stored_us(self, seq: int) -> int:
        """When the message of this sequence was taken."""
        return self._stored_us[seq - 1]

    def opened(self, peer: Peer) -> None:
        """A connection is up and subscribed; it takes over from an older one of the same device."""
        old = self._sessions.get(peer.device)
        self._sessions[peer.device] = peer
        if old is not None:
            self._marks.hit("takeover")
            old.closed_by_broker("server_closed")
            opened = self.stored
            self._heap.after(self._random.below(WILL_DELAY_US), lambda: self._say_will(old, opened))

    def ended(self, peer: Peer, *, goodbye: bool) -> None:
        """A connection is gone; without DISCONNECT its will is published. Harmless for one that was taken over."""
        if self._sessions.get(peer.device) is peer:
            del self._sessions[peer.device]
            if not goodbye:
                self._say_will(peer)

    def holds(self, peer: Peer) -> bool:
        """Whether the broker believes that this connection is open."""
        return self._sessions.get(peer.device) is peer

    def publish(self, device: int, kind: str, payload: bytes) -> None:
        """Take a message from a device into the stream."""
        if not self.is_up:
            return
        if self.is_full:
            self._marks.hit("broker-full")
            return
        self.stored += 1
        self._stored_us.append(self._heap.now_us)
        message = Message(self.stored, device, kind, payload, self._heap.now_us)
        if kind == "birth":
            self._born[device] = self.stored
        partition = self._partition[device]
        self._streams[partition].append(message)
        self.listen(partition, message)

    def send(self, device: int, kind: str, payload: bytes) -> None:
        """Give a downlink to whoever is subscribed now, or then."""
        if kind == "twin" and self._late.get(device):
            by_us, twice = self._late[device][-1]
            self._marks.hit("mail-late")
            self._heap.after(by_us, lambda: self._give(device, kind, payload))
            if not twice:
                return
        self._give(device, kind, payload)

    def _give(self, device: int, kind: str, payload: bytes) -> None:
        peer = self._sessions.get(device)
        if peer is not None and self.is_up:
            self.sent += 1
            peer.down(kind, payload)

    def delay(self, device: int, by_us: int, *, twice: bool) -> Callable[[], None]:
        """Keep documents of a device's wishes for so long; with `twice` they go at once as well. Returns what ends that."""
        late, own = self._late.setdefault(device, []), (by_us, twice)
        late.append(own)
        return lambda: late.remove(own)

    def consume(self, partition: int, seq: int) -> int:
        """A reader begins behind `seq`; returns how far the one before had acknowledged (0: there was none)."""
        before, self._acknowledged[partition] = self._acknowledged[partition], seq
        return before

    def acknowledge(self, partition: int, seq: int) -> None:
        """Let go of everything up to `seq`."""
        self._acknowledged[partition] = seq
        if self.retains:
            return
        stream = self._streams[partition]
        del stream[: bisect_right(stream, seq, key=_seq_of)]

    def crash(self, *, lose_stream: bool = False, lose_tail: int = 0) -> None:
        """Go down at once: every connection is reset, no will is published.

        With `lose_stream` its files are gone too; `lose_tail` messages more were stored and not yet synced to its disk, and their
        sequences are given again.
        """
        self.is_up = False
        self._marks.hit("broker-down")
        sessions = list(self._sessions.values())
        self._sessions.clear()
        for peer in sessions:
            peer.closed_by_broker("network")
        if lose_stream:
            self._marks.hit("stream-lost")
            self._streams = [[] for _ in range(self.partitions)]
            self._acknowledged = [0] * self.partitions
            self.created += 1
            self.stored = 0
            del self._stored_us[:]
        elif lose_tail:
            self._marks.hit("tail-lost")
            self.stored = max(0, self.stored - lose_tail)
            del self._stored_us[self.stored :]
            for stream in self._streams:
                while stream and stream[-1].seq > self.stored:
                    stream.pop()

    def restart(self) -> None:
        """Come back."""
        self.is_up = True

    def _say_will(self, peer: Peer, opened: int | None = None) -> None:
        if opened is not None and self._born.get(peer.device, 0) > opened:
            self._marks.hit("late-death")
        self.publish(peer.device, "death", peer.will)


def _seq_of(message: Message) -> int:
    return message.seq


def _nobody(partition: int, message: Message) -> None:
    """Nobody listens yet."""
