"""Whether the hub itself hears and stores, so that its own fault is held against no device.

The broker is asked for the first message behind each partition's committed place. What it cannot answer the hub cannot hear; what
has been waiting there for longer than GRACE_MS the hub has not been able to store, whatever the reason: a full disk, a database
that refuses writes, an ingest that is stuck or far behind. That costs a round trip and a message for each partition. A broker
whose own disk is full answers all the same and takes nothing more; its server says so, to its system user.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple, cast

from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from seamline.hub.ingest.nats import NO_MESSAGE, NO_STREAM, Connection, JetStreamError, NatsError
from seamline.hub.presence import Outage
from seamline.hub.statements import library

LOOK_MS: Final = 2_000
"""An answer of the broker is good for so long."""
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


async def places(connection: AsyncConnection[TupleRow]) -> list[Place]:
    """Return how far each partition is committed. Raises psycopg.Error."""
    cursor = await connection.execute(library("hearing")["places"])
    return [Place(int(row[0]), str(row[1]), int(row[2]), int(row[3])) for row in await cursor.fetchall()]


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
        self._well_ms = now_ms()  # until then everything was heard and stored, as far as anybody looked
        self._outage: Outage | None = None

    @property
    def outage(self) -> Outage | None:
        """The latest time of being unable, as of the last look."""
        return self._outage

    async def look(self, committed: Sequence[Place]) -> Standing:
        """Return how the hub stands, given how far it is committed; takes ASK_S at most."""
        async with self._one:
            now = self._now_ms()
            if self._last is None or not 0 <= now - self._last.at_ms < LOOK_MS:
                self._last = await self._ask(committed)
            return self._last

    async def _ask(self, committed: Sequence[Place]) -> Standing:
        broker: str | None = None
        waiting_ms: int | None = None
        try:
            async with asyncio.timeout(ASK_S):
                waiting_ms = await _oldest(self._connection(), committed)
                broker = await _shut(self._system())
        except TimeoutError:
            broker, waiting_ms = f"no answer within {ASK_S:g} s", None
        except (NatsError, JetStreamError) as error:
            broker = str(error)
        return self.found(committed, broker, waiting_ms)

    def found(self, committed: Sequence[Place], broker: str | None, waiting_ms: int | None) -> Standing:
        """Take in what a look found now: why the broker is away (None: it answered), and when the oldest message that waits came."""
        now = self._now_ms()
        stored_ms = max((place.at_ms for place in committed), default=None)
        since_ms = waiting_ms if broker is None else max(self._well_ms, stored_ms or 0)
        self._note(now, since_ms, answered=broker is None)
        return Standing(now, broker, stored_ms, waiting_ms, self._outage)

    def _note(self, now_ms: int, since_ms: int | None, *, answered: bool) -> None:
        """Nothing was heard or stored since `since_ms` (None: nothing waits); that is an outage once it has lasted."""
        ongoing = self._outage if self._outage is not None and self._outage.until_ms is None else None
        if since_ms is not None and now_ms - since_ms > GRACE_MS:
            if ongoing is None:
                self._outage = Outage(since_ms, None, _remembered(self._outage, EARLIER_MAX))
            else:
                self._outage = ongoing._replace(from_ms=min(since_ms, ongoing.from_ms))
        elif answered:
            self._well_ms = now_ms if since_ms is None else since_ms
            if ongoing is not None:
                self._outage = ongoing._replace(until_ms=now_ms)


def _remembered(outage: Outage | None, most: int) -> Outage | None:
    """An outage and those before it, so many in all."""
    return None if outage is None or not most else outage._replace(earlier=_remembered(outage.earlier, most - 1))


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
