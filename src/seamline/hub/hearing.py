"""Whether the hub itself hears and stores, so that its own fault is held against no device.

The broker is asked for the first message behind each partition's committed place. What it cannot answer the hub cannot hear; what
has been waiting there for longer than GRACE_MS the hub has not been able to store, whatever the reason: a full disk, a database
that refuses writes, an ingest that is stuck or far behind. That costs a round trip and a message for each partition. A broker
whose own disk is full answers all the same and takes nothing more; its server says so, to its system user.

Time in which nobody looked is time in which nobody heard: a host that was off or asleep, a hub that was down. So when the hub heard
stands in the database (`hearing`), written every BEAT_MS by whoever looks, and every process knows the outages before its own
beginning: they are the gaps. Processes that know different spans know their union.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Final, NamedTuple, cast

from seamline.hub.ingest.nats import NO_MESSAGE, NO_STREAM, Connection, JetStreamError, NatsError
from seamline.hub.params import Int8s
from seamline.hub.presence import Outage
from seamline.hub.store_port import Store

LOOK_MS: Final = 2_000
"""An answer of the broker is good for so long."""
BEAT_MS: Final = 2 * LOOK_MS
"""That the hub still hears is written down so often: a process that starts knows to within this and a look until when."""
ASK_S: Final = 2.0
"""A broker that has not answered by then is away."""
EARLIER_MAX: Final = 8
"""Outages that are remembered besides the latest: a device may have been silent through several."""
GRACE_MS: Final = 10_000
"""How long the hub may go without hearing or storing before it is an outage; a busy moment is none."""

QUESTION: Final = "$SYS.REQ.SERVER.PING.HEALTHZ"
SHUT: Final = "write error"
"""In the health of a server one of whose streams takes nothing more (measured with NATS 2.15)."""


class Place(NamedTuple):
    """How far a partition is committed: stream sequence `seq` of the stream made at `stream`; `at_ms` is when (Unix ms)."""

    partition: int
    stream: str
    seq: int
    at_ms: int


class Span(NamedTuple):
    """A time in which the hub heard, Unix ms: all that had come by `until_ms` was stored."""

    since_ms: int
    until_ms: int


class Known(NamedTuple):
    """What the database says: how far each partition is committed, and when the hub heard."""

    places: Sequence[Place] = ()
    heard: Sequence[Span] = ()


@dataclass(frozen=True, slots=True)
class Standing:
    """How the hub stands at `at_ms`; times are Unix ms.

    `broker` says why the broker is away, None when it answered; `stored_ms` is the last commit; `waiting_ms` the arrival of the
    oldest message that is not stored, None when there is none or nobody knows; `outage` the latest time of being unable, if any.
    """

    at_ms: int
    broker: str | None
    stored_ms: int | None
    waiting_ms: int | None
    outage: Outage | None


async def read(store: Store) -> Known:
    """Read what the database says. Raises what the store raises."""
    places = [Place(*row) for row in await store.all("places")]
    return Known(places, [Span(*row) for row in await store.all("spans")])


async def write(store: Store, hearing: Hearing, known: Known) -> None:
    """Write down when the hub heard, where it is time. `known` is what the database says. Raises what the store raises."""
    spans, gone = hearing.unwritten(known)
    await store.write("write_spans", [span._asdict() for span in spans])
    if gone:
        await store.run("forget_spans", {"since": Int8s(gone)})


async def listen(store: Store, hearing: Hearing) -> None:
    """Look, and write down that the hub hears. Raises what the store raises."""
    known = await read(store)
    await hearing.look(known)
    await write(store, hearing, known)


class Hearing:
    """Looks at most every LOOK_MS, one look at a time; in between everyone is told the same."""

    def __init__(
        self,
        connection: Callable[[], Connection | None],
        now_ms: Callable[[], int],
        system: Callable[[], Connection | None] = lambda: None,
    ) -> None:
        """Ask through `connection()`, None while the broker is away, and through `system()`, None where there is no system user."""
        self._connection: Final = connection
        self._system: Final = system
        self._now_ms: Final = now_ms
        self._one: Final = asyncio.Lock()
        self._last: Standing | None = None
        self._began_ms: Final = now_ms()
        self._heard: list[Span] = []
        self._outage: Outage | None = None

    @property
    def outage(self) -> Outage | None:
        """The latest time of being unable, as of the last look."""
        return self._outage

    async def look(self, known: Known | None) -> Standing:
        """Return how the hub stands, given what its database says (None: it is away); takes ASK_S at most."""
        async with self._one:
            now = self._now_ms()
            if self._last is None or not 0 <= now - self._last.at_ms < LOOK_MS:
                self._last = await self._ask(known)
            return self._last

    async def _ask(self, known: Known | None) -> Standing:
        broker: str | None = None
        waiting_ms: int | None = None
        try:
            async with asyncio.timeout(ASK_S):
                waiting_ms = await _oldest(self._connection(), () if known is None else known.places)
                broker = await _shut(self._system())
        except TimeoutError:
            broker, waiting_ms = f"no answer within {ASK_S:g} s", None
        except (NatsError, JetStreamError) as error:
            broker = str(error)
        return self.found(known, broker, waiting_ms)

    def found(self, known: Known | None, broker: str | None, waiting_ms: int | None) -> Standing:
        """Take in what a look found now: why the broker is away (None: it answered), and when the oldest message that waits came."""
        now = self._now_ms()
        stored_ms = None if known is None else max((place.at_ms for place in known.places), default=None)
        able = known is not None and broker is None
        stored_until_ms = None if not able else now if waiting_ms is None else min(now, waiting_ms)
        heard = _joined([*self._heard, *(() if known is None else known.heard)], now)
        if not heard and known is not None:  # the first look ever
            first_ms = self._began_ms if stored_until_ms is None else stored_until_ms
            heard = [Span(first_ms, first_ms)]
        is_well = stored_until_ms is not None and now - stored_until_ms <= GRACE_MS
        if stored_until_ms is not None and is_well:
            heard = _extended(heard, stored_until_ms, now)
        self._heard = heard
        last_ms = heard[-1].until_ms if heard else self._began_ms
        self._outage = _outages(heard, None if is_well or now - last_ms <= GRACE_MS else last_ms)
        return Standing(now, broker, stored_ms, waiting_ms, self._outage)

    def unwritten(self, known: Known) -> tuple[list[Span], list[int]]:
        """Return the spans that are to be written down, and the beginnings of those written that are spans no more."""
        written = dict(known.heard)
        spans = [span for span in self._heard[:-1] if written.get(span.since_ms) != span.until_ms]
        for span in self._heard[-1:]:
            until_ms = written.get(span.since_ms)
            if until_ms is None or abs(span.until_ms - until_ms) >= BEAT_MS:
                spans.append(span)
        return spans, sorted(written.keys() - {span.since_ms for span in self._heard})


def _joined(spans: Sequence[Span], now_ms: int) -> list[Span]:
    """The union of these spans, earliest first, without gaps that are no outage; a clock that went back has no time to come."""
    found: list[Span] = []
    for since_ms, until_ms in sorted(spans):
        since_ms, until_ms = min(since_ms, now_ms), min(until_ms, now_ms)  # noqa: PLW2901 - the same span, by this clock
        if found and since_ms - found[-1].until_ms <= GRACE_MS:
            found[-1] = found[-1]._replace(until_ms=max(found[-1].until_ms, until_ms))
        else:
            found.append(Span(since_ms, until_ms))
    return found[-EARLIER_MAX - 2 :]


def _extended(heard: Sequence[Span], stored_until_ms: int, now_ms: int) -> list[Span]:
    """The spans, after a look that found all stored that came until then: the latest goes on, unless nobody heard for too long."""
    *before, last = heard
    if stored_until_ms - last.until_ms <= GRACE_MS:
        return [*before, last._replace(until_ms=max(last.until_ms, stored_until_ms))]
    return [*heard, Span(now_ms, now_ms)][-EARLIER_MAX - 2 :]


def _outages(heard: Sequence[Span], lasts_from_ms: int | None) -> Outage | None:
    """The gaps between spans, and the outage that lasts, if one does: the latest, with those before it."""
    found: Outage | None = None
    for before, after in pairwise(heard if lasts_from_ms is None else heard[-EARLIER_MAX - 1 :]):
        found = Outage(before.until_ms, after.since_ms, found)
    return found if lasts_from_ms is None else Outage(lasts_from_ms, None, found)


async def _oldest(connection: Connection | None, committed: Sequence[Place]) -> int | None:
    """Return when the oldest message behind the committed places arrived (Unix ms), None when everything is committed.

    Raises NatsError while the broker is away, JetStreamError when it refuses, TimeoutError.
    """
    if connection is None:
        raise NatsError("not connected")
    try:
        stream = await connection.jetstream("STREAM.INFO.UP")
    except JetStreamError as error:
        if error.code == NO_STREAM:  # it is made by ingest: nothing was ever sent
            return None
        raise
    created, state = str(stream["created"]), cast("dict[str, object]", stream["state"])
    last = int(str(state["last_seq"]))
    found: list[int] = []
    for place in committed:
        behind = place.seq if place.stream == created else 0
        if behind < last:
            arrived_ms = await _arrival(connection, place.partition, behind + 1)
            found += [] if arrived_ms is None else [arrived_ms]
    return min(found, default=None)


async def _shut(system: Connection | None) -> str | None:
    """Return what keeps the broker from storing, in its words, None when nothing does. Raises NatsError when it does not answer."""
    if system is None:
        return None
    answer = await system.request(QUESTION, b"{}")
    if not answer.startswith(b"{"):  # nobody there to answer: this user is not the system's
        return None
    told = cast("dict[str, object]", json.loads(answer)).get("data")
    error = str(cast("dict[str, object]", told).get("error") or "") if isinstance(told, dict) else ""
    return f"it stores nothing more: {error}" if SHUT in error else None


async def _arrival(connection: Connection, partition: int, seq: int) -> int | None:
    """Return when the partition's first message from this sequence on arrived (Unix ms), None when there is none."""
    try:
        answer = await connection.jetstream("STREAM.MSG.GET.UP", {"seq": seq, "next_by_subj": f"up.{partition}.>"})
    except JetStreamError as error:
        if error.code == NO_MESSAGE:
            return None
        raise
    message = cast("dict[str, object]", answer["message"])
    return round(datetime.fromisoformat(str(message["time"])).timestamp() * 1000)
