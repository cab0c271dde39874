"""The API's view of the broker's stream: recent frames of a device, over a connection that is kept up."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Final

from seamline.hub.api.context import RawFrame

CONNECT_S: Final = 2

if TYPE_CHECKING:
    from nats.aio.client import Client


class Frames:
    """A FrameSource that connects at the first question, since most hubs are never asked for raw frames."""

    def __init__(self, url: str) -> None:
        self._url: Final = url
        self._client: Client | None = None
        self._wanted: Final = asyncio.Lock()

    async def recent(self, device: str, limit: int) -> list[RawFrame]:
        """At most `limit` latest data frames, newest first. Raises ConnectionError when the broker is away."""
        from seamline.hub.api.jetstream import StreamFrames  # noqa: PLC0415 - brings nats-py

        async with self._wanted:
            if self._client is None or self._client.is_closed:
                self._client = await _connect(self._url)
        return await StreamFrames(self._client).recent(device, limit)

    async def run(self, stopping: asyncio.Event) -> None:
        """Close the connection at the end."""
        await stopping.wait()
        if self._client is not None:
            with contextlib.suppress(OSError):
                await self._client.close()


async def _connect(url: str) -> Client:
    """A client that reconnects by itself for ever, once it was connected. Raises ConnectionError when the broker is away."""
    from nats.aio.client import Client  # noqa: PLC0415
    from nats.errors import Error  # noqa: PLC0415

    client = Client()
    try:
        async with asyncio.timeout(CONNECT_S):
            await client.connect(url, max_reconnect_attempts=-1, connect_timeout=CONNECT_S, name="seamline api")
    except (Error, OSError, TimeoutError) as error:
        raise ConnectionError(f"the broker is away: {error or 'timeout'}") from error
    return client
