"""Wishes from whoever asks to the device: write them by the twin's rules, and tell the device at once.

The API may call `set_desired` on its own connection, then `announce_twin(device)` after its commit; whoever writes
`twin_desired` by other means need not announce: the worker finds wishes that were never sent, or sent and not seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final, Protocol

from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from seamline.hub.downlink import twin_payload
from seamline.hub.ingest.catalogue import Catalogue
from seamline.hub.inputs import Value
from seamline.hub.params import Int8s, adapt
from seamline.hub.store import PostgresStore, connect
from seamline.hub.store_port import Store
from seamline.hub.twin import Policy, Rule, Status, Twin, ask, document, status
from seamline.hub.twin_store import desired_rows, twins_of


class UnknownPropertyError(LookupError):
    """The device, or the property of its contract, is not known."""


class ValueRefusedError(ValueError):
    """The contract does not allow the value."""


async def set_desired(
    connection: AsyncConnection[TupleRow],
    catalogue: Catalogue,
    device: str,
    name: str,
    value: Value,
    *,
    by: str,
    now_ms: int,
) -> Status | None:
    """Ask a device for a raw value, in one transaction; returns the property's state.

    Raises UnknownPropertyError, ValueRefusedError; then nothing is written. Announce it after the commit.
    """
    adapt(connection)
    return await wish(PostgresStore(connection), catalogue, device, name, value, by=by, now_ms=now_ms)


async def wish(
    store: Store, catalogue: Catalogue, device: str, name: str, value: Value, *, by: str, now_ms: int
) -> Status | None:
    """`set_desired` on a store."""
    async with store.transaction():
        rows = await store.all("devices", {"ids": [device]})
        contract = catalogue.contract(str(rows[0][3])) if rows and rows[0][3] is not None else None
        prop = None if contract is None else contract.state.get(name)
        if prop is None:
            raise UnknownPropertyError(f"{device}: no property {name!r} in the contract of the device")
        if not isinstance(value, int) or not prop.allows(int(value)):
            low, high = prop.raw_range
            raise ValueRefusedError(f"{name}: {value!r} is not allowed; raw values from {low} to {high} are")
        no = int(rows[0][1])
        policy = Policy(Rule(prop.conflict), prop.expires_ms, prop.confirm_within_ms)
        restored = await store.all("wishes_above")
        above = int(restored[0][0]) if restored else 0
        asked = ask((await twins_of(store, [no]))[no].get(name, Twin()), policy, value, by, now_ms, above=above)
        await store.write("write_desired", desired_rows(no, {name: asked}))
    return status(asked, policy, now_ms)


class Flag(Protocol):
    """Something that is so, or not yet."""

    def is_set(self) -> bool:
        """Whether it is so."""
        ...


class Outlet(Protocol):
    """A connection to the broker that downlinks leave by."""

    @property
    def closed(self) -> Flag:
        """Whether it is gone."""
        ...

    def publish(self, messages: Iterable[tuple[str, bytes]], /) -> None:
        """Send (subject, payload)."""
        ...


class Announcer:
    """Sends twin documents. `announce_twin` never raises for an absent broker or database: the worker tries again."""

    def __init__(self, dsn: str, broker: Callable[[], Outlet | None], now_ms: Callable[[], int]) -> None:
        self._dsn: Final = dsn
        self._broker: Final = broker
        self._now_ms: Final = now_ms

    async def announce_twin(self, device: str) -> bool:
        """Send a device its document now; False when the broker is away (the worker sends it later). Raises psycopg.Error."""
        connection = await connect(self._dsn, "twin")
        try:
            store = PostgresStore(connection)
            rows = await store.all("devices", {"ids": [device]})
            return bool(rows) and await self.send(store, [(device, int(rows[0][1]))])
        finally:
            await connection.close()

    async def send(self, store: Store, devices: Sequence[tuple[str, int]]) -> bool:
        """Send the documents of (id, number); wishes are marked as sent. False when the broker is away."""
        broker = self._broker()
        if broker is None or broker.closed.is_set() or not devices:
            return False
        now_ms = self._now_ms()
        async with store.transaction():
            twins = await twins_of(store, sorted(no for _, no in devices))
            newest = await newest_sessions(store, [name for name, _ in devices])
            payloads = [(f"dn.{name}.twin", twin_payload(document(twins[no], now_ms), newest.get(name))) for name, no in devices]
            await store.run("sent_wishes", {"devices": Int8s([no for _, no in devices]), "at_ms": now_ms})
        broker.publish(payloads)
        return True


async def newest_sessions(store: Store, names: list[str]) -> dict[str, tuple[int, int, int]]:
    """The newest session, boot and incarnation of each device that has had one."""
    rows = await store.all("devices", {"ids": names})
    return {str(row[0]): (int(row[9]), int(row[8]), int(row[7])) for row in rows if row[9]}
