"""Cuts live connections of devices that may no longer be connected, through the broker's system account."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import TYPE_CHECKING, TypeAlias, cast

from nats.errors import Error as NatsError

from seamline.hub.auth.snapshot import IdentityState

if TYPE_CHECKING:
    from nats.aio.client import Client

    from seamline.hub.auth.responder import Responder

log = logging.getLogger("seamline.auth")

PAGE = 1024  # the server's own default page of a connection list
REQUEST_TIMEOUT_S = 2.0

Connections: TypeAlias = "list[tuple[str, int]]"


async def kick(system: Client, server: str, connection: int) -> None:
    """Close one connection. One that is gone already is no error.

    A request, though its answer says nothing: without an address for the answer the server does not listen.
    """
    subject = f"$SYS.REQ.SERVER.{server}.KICK"
    await system.request(subject, json.dumps({"cid": connection}).encode(), timeout=REQUEST_TIMEOUT_S)


async def cut(system: Client, responder: Responder, devices: Iterable[str]) -> None:
    """Close the latest connection of each device, from memory: at once, without asking the broker who is who."""
    for device in devices:
        known = responder.last_connection(device)
        if known is not None:
            await kick(system, *known)


async def sweep(system: Client, responder: Responder, account: str) -> int:
    """Close every device connection the snapshot does not allow; returns how many.

    Finds what memory does not: connections granted before this process started or by another `auth`.
    """
    closed = 0
    for server in await _servers(system):
        # Listed in full before the first is closed: pages of a list that shrinks would skip some.
        listed = [one async for one in _connections(system, server, account)]
        for device, connection in listed:
            identity = responder.snapshot.get(device)
            if identity is None or identity.state is not IdentityState.ACTIVE:
                await kick(system, server, connection)
                closed += 1
    if closed:
        log.info("cut %d connections of devices that are not active", closed)
    return closed


async def _servers(system: Client) -> list[str]:
    """Ids of the broker's servers; one today, several in a cluster. All answer within a moment or are passed over."""
    inbox = system.new_inbox()
    subscription = await system.subscribe(inbox)  # pyright: ignore[reportUnknownMemberType] - nats-py's hints are incomplete
    await system.publish("$SYS.REQ.SERVER.PING.IDZ", reply=inbox)
    found: list[str] = []
    try:
        wait_s = REQUEST_TIMEOUT_S
        while True:
            answer = await subscription.next_msg(timeout=wait_s)
            found.append(str(_object(answer.data)["id"]))
            wait_s = 0.05
    except (asyncio.TimeoutError, NatsError):  # noqa: UP041 - nats-py's own TimeoutError is a subclass of this one only
        return found
    finally:
        await subscription.unsubscribe()


async def _connections(system: Client, server: str, account: str) -> AsyncIterator[tuple[str, int]]:
    """Device id and connection number of every MQTT connection on one server."""
    offset = 0
    while True:
        query = {"acc": account, "limit": PAGE, "offset": offset}
        answer = await system.request(f"$SYS.REQ.SERVER.{server}.CONNZ", json.dumps(query).encode(), timeout=REQUEST_TIMEOUT_S)
        data = cast("Mapping[str, object]", _object(answer.data).get("data") or {})
        rows = cast("list[Mapping[str, object]]", data.get("connections") or [])
        for row in rows:
            device, connection = row.get("mqtt_client"), row.get("cid")
            if isinstance(device, str) and device and isinstance(connection, int):
                yield device, connection
        if len(rows) < PAGE:
            return
        offset += PAGE


def _object(data: bytes) -> Mapping[str, object]:
    value: object = json.loads(data)
    return cast("Mapping[str, object]", value) if isinstance(value, dict) else {}
