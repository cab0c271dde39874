"""What the hub finds when it looks whether it hears and stores: production's `Hearing`, its questions answered by the world's broker."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable

from seamline.hub.hearing import Hearing, Place
from seamline.rig.world.broker import Broker, Message
from seamline.rig.world.clocks import unix_ms
from seamline.rig.world.heap import MS
from seamline.rig.world.tables_rows import PositionRow


def listen(hearing: Hearing, broker: Broker, positions: Iterable[PositionRow]) -> None:
    """Look once. `positions`: how far each partition is committed."""
    committed = [Place(row["partition"], row["stream"], row["seq"], row["at"] // MS) for row in positions]
    away = "the broker is away" if not broker.is_up else "it stores nothing more" if broker.is_full else None
    hearing.found(committed, away, _oldest_ms(broker, committed) if away is None else None)


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
