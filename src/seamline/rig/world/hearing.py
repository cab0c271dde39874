"""What the hub finds when it looks whether it hears and stores: production's `Hearing`, its questions answered by the world's broker.

When it heard it writes down in the world's database, as in production, which a hub that is killed leaves to the next.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable

from seamline.hub.drive import drive
from seamline.hub.hearing import Hearing, Place, read, write
from seamline.rig.world.broker import Broker, Message
from seamline.rig.world.clocks import unix_ms
from seamline.rig.world.memory_store import MemoryDatabase, MemoryStore


def listen(hearing: Hearing, broker: Broker, database: MemoryDatabase) -> None:
    """Look once, while no transaction is open; on a full disk nothing is written down."""
    store = MemoryStore(database.connect(), "hearing")
    known = drive(read(store))
    away = "the broker is away" if not broker.is_up else "it stores nothing more" if broker.is_full else None
    hearing.found(known, away, _oldest_ms(broker, known.places) if away is None else None)
    if not database.tables.journal.is_full:
        drive(write(store, hearing, known))


def _oldest_ms(broker: Broker, committed: Iterable[Place]) -> int | None:
    """When the oldest message behind the committed places came (Unix ms), None when everything is committed."""
    created, oldest_us = str(broker.created), None
    for place in committed:
        stream = broker.stream(place.partition)
        at = bisect_right(stream, place.seq if place.stream == created else 0, key=_seq_of) if stream else 0
        if at < len(stream) and (oldest_us is None or stream[at].stored_us < oldest_us):
            oldest_us = stream[at].stored_us
    return None if oldest_us is None else unix_ms(oldest_us)


def _seq_of(message: Message) -> int:
    return message.seq
