"""A device's way to the broker: one TCP connection at a time, over a network that may do what networks do.

In good weather a connection is ordered and loses nothing. The faults: loss, doubling and overtaking of single messages (what
brokers, clients that redeliver, and old connections that drain do to a QoS 1 flow), delay, stalls of one or both directions
(what was sent waits, and comes when the stall ends if both ends still stand), breaks, address translation that forgets an idle
connection without a word, and portals or name servers that stop a connect.

The client sends a ping after 0.8 keep-alives of silence and gives up after 1.8 (`agent/mqtt.py`). No ping is an event: on a
good link nothing comes of them, on a bad one the moments at which either end gives up are computed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from seamline.rig.world.broker import Broker
from seamline.rig.world.heap import MS, Heap, Timer
from seamline.rig.world.marks import Marks
from seamline.rig.world.streams import Stream
from seamline.rig.world.weather import LATENCY_US, Weather

LATENCY_LEAST_US: Final = LATENCY_US[0]
LATENCY_SPAN_US: Final = LATENCY_US[1] - LATENCY_US[0]
HANDSHAKE_TRIPS: Final = 4
"""One-way trips until CONNACK and SUBACK: TCP, TLS 1.3, CONNECT with SUBSCRIBE, each there and back, the last overlapped."""
OVERTAKEN_US: Final = 2_000 * MS
"""How much later an overtaken message comes at most."""


class Ears(Protocol):
    """What a device hears of its link."""

    def on_connected(self) -> None:
        """The link is up and subscribed."""
        ...

    def on_failed(self, reason: str) -> None:
        """The connect failed."""
        ...

    def on_lost(self, reason: str) -> None:
        """The link ended."""
        ...

    def on_message(self, kind: str, payload: bytes) -> None:
        """A downlink came."""
        ...


class Connection:
    """One connection: the device's end and the broker's, and what is between them."""

    __slots__ = (
        "_down_due_us",
        "_held_down",
        "_held_up",
        "_link",
        "_nat_dead",
        "_packet_us",
        "_up_due_us",
        "device",
        "is_open",
        "will",
    )

    def __init__(self, link: Link, device: int, will: bytes) -> None:
        self.device = device
        self.will = will
        self.is_open = False
        """The device's end."""
        self._link = link
        self._up_due_us = self._down_due_us = 0
        self._held_up: list[tuple[Callable[..., None], tuple[object, ...]]] = []
        self._held_down: list[tuple[Callable[..., None], tuple[object, ...]]] = []
        self._packet_us = 0
        self._nat_dead = False

    # -- the device's end ----------------------------------------------------------------------------------------------

    def up(self, kind: str, payload: bytes) -> None:
        """Send a message on `up/<device>/<kind>`, QoS 1."""
        link, weather = self._link, self._link.weather
        if link.cut_after_us is not None:
            link.cut_if_asked()
        self.packet(link.heap.now_us)
        if weather.is_even:
            self._go_up(self._arrive, kind, payload)
            return
        stream, marks = link.stream, link.marks
        if stream.chance(weather.lost):
            marks.hit("uplink-lost")
            return
        if stream.chance(weather.doubled):
            marks.hit("doubled")
            self._arrive_late(kind, payload)
        if stream.chance(weather.overtaken):
            marks.hit("reordered")
            self._arrive_late(kind, payload)
        else:
            self._go_up(self._arrive, kind, payload)

    def goodbye(self) -> None:
        """Say DISCONNECT and close."""
        self.is_open = False
        self._go_up(self._say_goodbye)

    def vanish(self) -> None:
        """End without a word, as a power cut does: the broker finds out by keep-alive, or from the next connect."""
        if self.is_open:
            self.is_open = False
            self._link.expire_at_broker(self, self._packet_us)

    def reset(self) -> None:
        """Break on both sides at once; what was on its way is gone."""
        if self._up_due_us > self._link.heap.now_us:
            self._link.marks.hit("cut-mid-publish")
        self._held_up.clear()
        self._held_down.clear()
        self._up_due_us = self._down_due_us = -1
        was_open, self.is_open = self.is_open, False
        self._link.broker.ended(self, goodbye=False)
        if was_open:
            self._link.lost(self, "network")

    # -- the broker's end ----------------------------------------------------------------------------------------------

    def down(self, kind: str, payload: bytes) -> None:
        """See Peer.down."""
        weather = self._link.weather
        self.packet(self._link.heap.now_us)
        if not weather.is_even:
            stream, marks = self._link.stream, self._link.marks
            if stream.chance(weather.lost):
                marks.hit("downlink-lost")
                return
            if stream.chance(weather.doubled):
                marks.hit("doubled")
                self._link.heap.after(stream.below(OVERTAKEN_US), lambda: self._heard(kind, payload))
            if stream.chance(weather.overtaken):
                marks.hit("reordered")
                self._link.heap.after(stream.below(OVERTAKEN_US), lambda: self._heard(kind, payload))
                return
        self._go_down(self._heard, kind, payload)

    def closed_by_broker(self, reason: str) -> None:
        """See Peer.closed_by_broker: a broker that dies takes what was on its way with it."""
        if reason == "network":
            self._held_up.clear()
        self._go_down(self._closed, reason)

    @property
    def is_forgotten(self) -> bool:
        """Whether the network has dropped it without a word."""
        return self._nat_dead

    # -- between them --------------------------------------------------------------------------------------------------

    def thaw(self) -> bool:
        """Let go of what a stall has held, in its order; returns whether another one goes on that holds something."""
        weather = self._link.weather
        for held, stalled in ((self._held_up, weather.up_stalled), (self._held_down, weather.down_stalled)):
            if held and not stalled:
                self._link.marks.hit("held-back")
                waiting, held[:] = held[:], []
                for act, about in waiting:
                    act(*about)
        return bool(self._held_up or self._held_down)

    def packet(self, now_us: int) -> None:
        """Note a packet, and find out whether the network has forgotten the connection since the last one.

        Pings count as packets as long as they get through.
        """
        idle_us = self._link.weather.nat_idle_us
        if idle_us and now_us - self._packet_us > idle_us and self._packet_us and not self._nat_dead:
            self._nat_dead = True
            self._link.marks.hit("nat-forgot")
            self._link.expire_at_broker(self, self._packet_us)
            self._link.expire_at_device(self, now_us)
        self._packet_us = now_us

    def _go_up(self, act: Callable[..., None], *about: object) -> None:
        if self._nat_dead or self._up_due_us < 0:
            return
        link = self._link
        self._up_due_us = due_us = max(link.heap.now_us + link.latency_us(), self._up_due_us)
        link.heap.post(due_us, self._up_there, act, about)

    def _up_there(self, act: Callable[..., None], about: tuple[object, ...]) -> None:
        if self._link.weather.up_stalled:
            self._link.held(self)
            self._held_up.append((act, about))
        else:
            act(*about)

    def _go_down(self, act: Callable[..., None], *about: object) -> None:
        if self._nat_dead or self._down_due_us < 0:
            return
        link = self._link
        self._down_due_us = due_us = max(link.heap.now_us + link.latency_us(), self._down_due_us)
        link.heap.post(due_us, self._down_there, act, about)

    def _down_there(self, act: Callable[..., None], about: tuple[object, ...]) -> None:
        if self._link.weather.down_stalled:
            self._link.held(self)
            self._held_down.append((act, about))
        else:
            act(*about)

    def _say_goodbye(self) -> None:
        self._link.broker.ended(self, goodbye=True)

    def _arrive(self, kind: str, payload: bytes) -> None:
        if self._up_due_us >= 0 and self._link.broker.holds(self):
            self._link.broker.publish(self.device, kind, payload)

    def _arrive_late(self, kind: str, payload: bytes) -> None:
        """Come by another way, when this connection may be over."""
        self._link.heap.after(
            self._link.stream.below(OVERTAKEN_US), lambda: self._link.broker.publish(self.device, kind, payload)
        )

    def _heard(self, kind: str, payload: bytes) -> None:
        if self.is_open and self._down_due_us >= 0:
            self._link.ears.on_message(kind, payload)

    def _closed(self, reason: str) -> None:
        if self.is_open:
            self.is_open = False
            self._link.lost(self, reason)


class Link:
    """A device's network over all its connections."""

    __slots__ = (
        "_connection",
        "_holding",
        "_keep_alive_us",
        "_opening",
        "broker",
        "cut_after_us",
        "device",
        "ears",
        "heap",
        "marks",
        "stream",
        "weather",
    )

    def __init__(self, heap: Heap, broker: Broker, marks: Marks, stream: Stream, device: int, ears: Ears) -> None:
        self.heap = heap
        self.broker = broker
        self.marks = marks
        self.stream = stream
        self.device = device
        self.ears = ears
        self.weather = Weather()
        self._connection: Connection | None = None
        self._holding: list[Connection] = []
        """Those with something that a stall holds back, also when the device has left them."""
        self._opening: Timer | None = None
        self.cut_after_us: int | None = None
        self._keep_alive_us = 0

    # -- what a driver does --------------------------------------------------------------------------------------------

    def connect(self, will: bytes, keep_alive_ms: int) -> None:
        """Begin to connect; `ears` hears how it went, or nothing at all from a network that swallows."""
        self._keep_alive_us = keep_alive_ms * MS
        weather = self.weather
        if weather.up_stalled or weather.down_stalled:
            return
        trip_us = self.latency_us()
        if weather.portal:
            self.marks.hit("portal")
            self._opening = self.heap.after(2 * trip_us, lambda: self._fail(weather.portal))
        else:
            connection = Connection(self, self.device, will)
            self._opening = self.heap.after(HANDSHAKE_TRIPS * trip_us, lambda: self._opened(connection))

    def publish(self, kind: str, payload: bytes) -> None:
        """Send; silently nothing without a connection."""
        if self._connection is not None:
            self._connection.up(kind, payload)

    def close(self) -> None:
        """End the connection, or the attempt at one, in order."""
        self._drop_opening()
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.goodbye()

    def vanish(self) -> None:
        """Lose the device's power."""
        self._drop_opening()
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.vanish()

    # -- what faults do ------------------------------------------------------------------------------------------------

    def cut(self) -> None:
        """Break the live connection."""
        if self._connection is not None:
            self.marks.hit("link-cut")
            self._connection.reset()

    def cut_if_asked(self) -> None:
        """A message leaves: break the connection `cut_after_us` later, if a fault wants that."""
        after_us, self.cut_after_us = self.cut_after_us, None
        if after_us is not None:
            self.heap.after(after_us, self.cut)

    def stall(self, *, up: bool, down: bool) -> None:
        """Have one or both directions stand still, until `unstall`."""
        self.weather.up_stalled += up
        self.weather.down_stalled += down
        connection = self._connection
        if connection is not None:
            self.expire_at_device(connection, self.heap.now_us)
            self.expire_at_broker(connection, self.heap.now_us)

    def unstall(self, *, up: bool, down: bool) -> None:
        """End one such stall."""
        self.weather.up_stalled -= up
        self.weather.down_stalled -= down
        self._holding = [connection for connection in self._holding if connection.thaw()]

    @property
    def is_connected(self) -> bool:
        """Whether the device has a connection that it believes in."""
        return self._connection is not None

    # -- for connections -----------------------------------------------------------------------------------------------

    def latency_us(self) -> int:
        """How long the next message takes one way."""
        slow_us, wait_us = self.weather.slow_us, LATENCY_LEAST_US + self.stream.below(LATENCY_SPAN_US)
        return wait_us + self.stream.below(slow_us) if slow_us else wait_us

    def held(self, connection: Connection) -> None:
        """A stall is about to hold back something of a connection."""
        if connection not in self._holding:
            self._holding.append(connection)

    def lost(self, connection: Connection, reason: str) -> None:
        """The device's end of a connection is gone."""
        if self._connection is connection:
            self._connection = None
            self.ears.on_lost(reason)

    def expire_at_broker(self, connection: Connection, last_us: int) -> None:
        """Have the broker give the connection up when nothing came for 1.5 keep-alives since `last_us`, if it is dead then."""
        self.heap.at(last_us + self._keep_alive_us * 3 // 2, lambda: self._expired(connection))

    def expire_at_device(self, connection: Connection, last_us: int) -> None:
        """Have the client give up when its pings went unanswered for 1.8 keep-alives since `last_us`."""
        self.heap.at(last_us + self._keep_alive_us * 9 // 5, lambda: self._unanswered(connection))

    def _expired(self, connection: Connection) -> None:
        dead = not connection.is_open or connection is not self._connection or self.weather.up_stalled or connection.is_forgotten
        if dead and self.broker.holds(connection):
            self.marks.hit("keep-alive-expired")
            connection.closed_by_broker("server_closed")
            self.broker.ended(connection, goodbye=False)

    def _unanswered(self, connection: Connection) -> None:
        weather = self.weather
        if connection is self._connection and (weather.up_stalled or weather.down_stalled or connection.is_forgotten):
            connection.is_open = False
            self.lost(connection, "keep_alive")

    def _opened(self, connection: Connection) -> None:
        self._opening = None
        if self.weather.up_stalled or self.weather.down_stalled:
            return
        if not self.broker.is_up or self.weather.away:
            self._fail("network")
        elif self.broker.refuses or self.weather.expired:
            self._fail("refused")
        else:
            connection.is_open = True
            self._connection = connection
            connection.packet(self.heap.now_us)
            self.broker.opened(connection)
            self.ears.on_connected()

    def _fail(self, reason: str) -> None:
        self._opening = None
        self.marks.hit("connect-failed")
        self.ears.on_failed(reason)

    def _drop_opening(self) -> None:
        if self._opening is not None:
            self._opening.cancel()
            self._opening = None
