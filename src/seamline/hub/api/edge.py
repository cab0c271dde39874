"""What every request passes: only this machine's names, the hub's time on each answer, ETags, and safe headers."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from seamline.hub.api.problem import MEDIA_TYPE, Problem

LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
TIME_HEADER: Final = "Seamline-Time-Ms"
"""The hub's clock, Unix ms: a page shows ages against it, not against the reader's clock."""

_SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


def _host(authority: str) -> str:
    """Return the host of `host:port`, without brackets."""
    return urlsplit(f"//{authority}").hostname or ""


class Edge:
    """Refuses other hosts' names and other pages' writes; adds time, policy and cache headers."""

    def __init__(self, app: ASGIApp, now_ms: Callable[[], int]) -> None:
        """Wrap `app`."""
        self._app: Final = app
        self._now_ms: Final = now_ms

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        refusal = _refusal(scope["method"], headers)

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer = MutableHeaders(scope=message)
                answer[TIME_HEADER] = str(self._now_ms())
                answer["X-Content-Type-Options"] = "nosniff"
                answer["Referrer-Policy"] = "no-referrer"
                answer.setdefault("Content-Security-Policy", _POLICY)
                answer.setdefault("Cache-Control", "no-cache")
            await send(message)

        if refusal is not None:
            await _refuse(refusal, with_headers)
            return
        await self._app(scope, receive, with_headers)


def _refusal(method: str, headers: Headers) -> Problem | None:
    """Say why a request may not pass: a name bound elsewhere (DNS rebinding), or a write from another page."""
    authority = headers.get("host", "")
    try:
        known = _host(authority) in LOOPBACK
        origin = headers.get("origin")
        foreign = method not in _SAFE_METHODS and origin is not None and urlsplit(origin).netloc != authority
    except ValueError:
        known, foreign = False, False
    if not known:
        return Problem(
            title="Unknown host",
            status=421,
            detail=f"This hub answers to the loopback interface only, not to '{authority}'.",
            remedy="Open it as http://127.0.0.1 until accounts exist.",
        )
    if foreign:
        return Problem(title="Foreign page", status=403, detail="Only the hub's own pages may change anything.")
    return None


async def _refuse(problem: Problem, send: Send) -> None:
    body = problem.model_dump_json(exclude_none=True).encode()
    head = [(b"content-type", MEDIA_TYPE.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": problem.status, "headers": head})
    await send({"type": "http.response.body", "body": body})


class ContentTags:
    """Gives each JSON answer an ETag of its content, and answers 304 to who has it already."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap `app`."""
        self._app: Final = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http" or scope["method"] != "GET":
            await self._app(scope, receive, send)
            return
        asked = Headers(scope=scope).get("if-none-match", "")
        held: Message | None = None
        body = bytearray()

        async def tagging(message: Message) -> None:
            nonlocal held
            if message["type"] == "http.response.start":
                kind = Headers(raw=message["headers"]).get("content-type", "")
                if message["status"] == 200 and kind.startswith("application/json"):
                    held = message
                    return
            elif held is not None and message["type"] == "http.response.body":
                body.extend(message.get("body", b""))
                if not message.get("more_body", False):
                    await _send_tagged(held, bytes(body), asked, send)
                return
            await send(message)

        await self._app(scope, receive, tagging)


async def _send_tagged(start: Message, body: bytes, asked: str, send: Send) -> None:
    tag = f'W/"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
    headers = MutableHeaders(scope=start)
    headers["ETag"] = tag
    if tag in (part.strip() for part in asked.split(",")):
        start["status"] = 304
        del headers["content-length"]
        body = b""
    await send(start)
    await send({"type": "http.response.body", "body": body})
