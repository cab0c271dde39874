"""Reads how each side behaves over time: fleet, timing, back-off, busy, buffer, clock, update, identity."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from seamline.contract.limits import KEEP_ALIVE_S_MAX, NAMES_MAX
from seamline.contract.model import Backoff, Buffer, Busy, Clock, Fleet, Identity, Timing, Update, Wait
from seamline.contract.nodes import Node, Scalar
from seamline.contract.quantities import BITRATE, PRICE_PER_MIB, PRICE_PER_MONTH
from seamline.contract.scalars import (
    BOOLEAN,
    BUDGET,
    DURATION,
    LABEL,
    NAME,
    PPM,
    PUBLISHES,
    RATE,
    SHORT_NAME,
    SIZE,
    Kind,
    integer_between,
    word,
)

if TYPE_CHECKING:
    from seamline.contract.keys import Keys

T = TypeVar("T")

NETWORK_MS = 3000
"""Round trip allowed to the network when `timing.network` is silent: a mobile link that has to resend twice."""
FLIGHT_FRAMES = 8
"""Frames unaccounted for at once when `buffer.flight_frames` is silent."""
TRIES_MAX = 10
"""Tries of one action by all layers together when `fleet.tries_max` is silent: three layers of two tries, and room."""
WAIT_KINDS = ("timeout", "budget", "period", "idle", "keep_alive", "retry")
CLOCK_SOURCES = ("hub", "ntp", "gnss", "rtc")
_COUNT = integer_between(1, 10_000_000)
_OLDEST = "oldest "


def fleet(keys: Keys) -> Fleet:
    """Read `fleet`."""
    found = Fleet(
        devices_max=keys.one("devices_max", _COUNT),
        accept_rate=keys.one("accept_rate", RATE),
        recovery_ms=keys.one("recovery", DURATION),
        messages_rate=keys.maybe("messages_rate", RATE),
        tries_max=keys.either("tries_max", integer_between(1, 1000), TRIES_MAX),
        link_rate=keys.maybe("link_rate", BITRATE),
        data_budget=keys.maybe("data_budget", BUDGET),
        data_cost=keys.maybe("data_cost", PRICE_PER_MIB),
        cost_max=keys.maybe("cost_max", PRICE_PER_MONTH),
    )
    keys.done()
    return found


def timing(keys: Keys, owners: tuple[str, ...], boundaries: tuple[str, ...]) -> Timing:
    """Read `timing`; each entry names its owner, and a further one the boundary it belongs to."""
    by: dict[str, str] = {}
    at: dict[str, str] = {}

    def entry(name: str, key: str, kind: Kind[T]) -> T:
        one = keys.mapping(name)
        by[name] = one.refer("owner", owners, LABEL, what="an owner")
        if one.has("boundary"):
            at[name] = one.refer("boundary", boundaries, LABEL, what="a boundary")
        value = one.one(key, kind)
        one.done()
        return value

    found = Timing(
        connect_timeout_ms=entry("connect_timeout", "value", DURATION),
        answer_timeout_ms=entry("answer_timeout", "value", DURATION),
        commit_budget_ms=entry("commit_budget", "p99", DURATION),
        keep_alive_ms=entry("keep_alive", "value", DURATION),
        presumed_lost_publishes=entry("presumed_lost", "after", PUBLISHES),
        network_ms=entry("network", "p99", DURATION) if keys.has("network") else NETWORK_MS,
        owners=by,
        boundaries=at,
        further=_further(keys, owners, boundaries),
    )
    keys.done()
    ms = found.keep_alive_ms
    if keys.report.clean("timing") and (ms % 1000 or ms > KEEP_ALIVE_S_MAX * 1000):
        span = keys.report.place("timing.keep_alive.value")
        text = f"MQTT counts the keep-alive in whole seconds, at most {KEEP_ALIVE_S_MAX} s"
        keys.report.add("SL108", span, text, fix="write whole seconds")
    return found


def _further(keys: Keys, owners: tuple[str, ...], boundaries: tuple[str, ...]) -> dict[str, Wait]:
    found: dict[str, Wait] = {}
    for name, one in keys.others(NAME, mark="boundary", items_max=NAMES_MAX):
        kind = one.one("kind", word(*WAIT_KINDS))
        found[name] = Wait(
            name,
            owner=one.refer("owner", owners, LABEL, what="an owner"),
            boundary=one.refer("boundary", boundaries, LABEL, what="a boundary"),
            kind=kind,
            value_ms=one.one("p99" if kind == "budget" else "value", DURATION),
            attempts=one.one("attempts", integer_between(1, 1000)) if kind == "retry" else 1,
        )
        one.done()
    return found


def busy(keys: Keys) -> Busy:
    """Read `busy`."""
    found = Busy(keys.one("wait_max", DURATION))
    keys.done()
    return found


def backoff(keys: Keys) -> Backoff:
    """Read `backoff`. Full jitter is the only kind: any other lets a fleet come back in step."""
    keys.one("jitter", word("full"))
    found = Backoff(keys.one("base", DURATION), keys.one("cap", DURATION), keys.one("reset_after", DURATION))
    keys.done()
    return found


def buffer(keys: Keys, messages: tuple[str, ...]) -> Buffer:
    """Read `buffer`; `drop_first` names messages, with or without the word `oldest` (it is always the oldest)."""
    first: dict[str, None] = {}
    for node in keys.list("drop_first"):
        name = keys.reference(_without_oldest(node), messages, SHORT_NAME, "a message")
        if name in first:
            keys.report.add("SL116", node.span, f"'{name}' is listed twice", fix="keep one")
        first[name] = None
    found = Buffer(
        outage_ms=keys.one("outage", DURATION),
        capacity_bytes=keys.one("capacity", SIZE),
        store=keys.one("store", word("ram", "flash")),
        drop_first=tuple(first),
        flight_frames=keys.either("flight_frames", integer_between(1, 256), FLIGHT_FRAMES),
        durable=keys.either("durable", BOOLEAN, default=False),
    )
    keys.done()
    return found


def _without_oldest(node: Node) -> Node:
    if isinstance(node, Scalar) and node.text.startswith(_OLDEST):
        return node._replace(text=node.text.removeprefix(_OLDEST))
    return node


def clock(keys: Keys) -> Clock:
    """Read `clock`."""
    found = Clock(
        sources=keys.words("sources", word(*CLOCK_SOURCES)),
        drift_ppm=keys.one("drift", PPM),
        resets=keys.one("resets", word("on power loss", "never")),
        error_max_ms=keys.one("error_max", DURATION),
        sync_every_ms=keys.maybe("sync_every", DURATION),
    )
    keys.done()
    return found


def update(keys: Keys) -> Update:
    """Read `update`."""
    slots = keys.mapping("slots")
    count, size = slots.one("count", integer_between(1, 4)), slots.one("size", SIZE)
    slots.done()
    found = Update(
        slot_count=count,
        slot_bytes=size,
        healthy_when=keys.words("healthy_when", NAME),
        attempts=keys.one("attempts", integer_between(1, 100)),
        bytes_per_month=keys.one("bytes", BUDGET),
        power=keys.one("power", word("mains", "battery", "any")),
        image_bytes=keys.maybe("image", SIZE),
    )
    keys.done()
    return found


def identity(keys: Keys) -> Identity:
    """Read `identity`."""
    found = Identity(
        lifetime_ms=keys.one("lifetime", DURATION),
        renew_at_ms=keys.one("renew_at", DURATION),
        claim=keys.one("claim", NAME),
        offline_max_ms=keys.maybe("offline_max", DURATION),
    )
    keys.done()
    return found
