"""Answers the broker's authorisation requests, each with a signed grant or refusal.

Not in a queue group: with several `auth` processes all answer and the broker takes the first, so that one that hangs
delays nobody (in a group half the connects would fail).
"""

from __future__ import annotations

import logging
import time
from collections import Counter, OrderedDict
from typing import TYPE_CHECKING

from seamline.hub.auth.decision import Refusal, Request, RequestError, decide, read_request
from seamline.hub.auth.jwt import TokenError, answer_token, read_claims, user_token
from seamline.hub.auth.snapshot import EMPTY, Snapshot

if TYPE_CHECKING:
    from seamline.hub.auth.nkeys import KeyPair

log = logging.getLogger("seamline.auth")

# Grants remembered so that a ban can cut at once, without asking the broker who is who; the sweep finds the others.
GRANTS_MAX = 65_536


class Responder:
    """Turns requests into answers, on the snapshot in force. No I/O."""

    def __init__(self, key: KeyPair, account: str) -> None:
        """`key` is the account key the broker trusts as issuer, `account` the account devices are put into."""
        self._key: KeyPair = key
        self._account: str = account
        self.snapshot: Snapshot = EMPTY
        self.counts: Counter[str] = Counter()
        self._granted: OrderedDict[str, tuple[str, int]] = OrderedDict()

    def answer(self, token: bytes, now_s: float) -> bytes | None:
        """The answer to one request. None for a damaged one, and for one so old that the broker gave up on them."""
        try:
            claims = read_claims(token)
            request = read_request(claims)
        except (TokenError, RequestError) as error:
            log.warning("authorisation request unreadable: %s", error)
            return self._counted("unreadable", None)
        expires = claims.get("exp")
        if isinstance(expires, int) and expires and now_s > expires:
            return self._counted("too_late", None)
        made = decide(request, self.snapshot)
        if isinstance(made, Refusal):
            log.info("refused: %s", made.reason)
            return self._counted("refused", self._reply(request, now_s, error="refused"))
        self._remember(made.device, request.server_id, request.connection)
        user = user_token(
            self._key,
            user_nkey=request.user_nkey,
            name=made.device,
            account=self._account,
            permissions=made.permissions,
            now_s=int(now_s),
        )
        return self._counted("granted", self._reply(request, now_s, user_jwt=user))

    def _reply(self, request: Request, now_s: float, *, user_jwt: str = "", error: str = "") -> str:
        return answer_token(
            self._key,
            server_id=request.server_id,
            user_nkey=request.user_nkey,
            user_jwt=user_jwt,
            error=error,
            now_s=int(now_s),
        )

    def _counted(self, outcome: str, token: str | None) -> bytes | None:
        self.counts[outcome] += 1
        return token.encode() if token else None

    def _remember(self, device: str, server: str, connection: int) -> None:
        self._granted[device] = (server, connection)
        self._granted.move_to_end(device)
        if len(self._granted) > GRANTS_MAX:
            self._granted.popitem(last=False)

    def last_connection(self, device: str) -> tuple[str, int] | None:
        """Server id and connection number of the device's latest grant, if remembered."""
        return self._granted.get(device)

    def replace_snapshot(self, fresh: Snapshot) -> frozenset[str]:
        """Obey a new snapshot; returns the devices that may no longer be connected as they are."""
        before, self.snapshot = self.snapshot, fresh
        return frozenset(
            device
            for device, old in before.items()
            if (new := fresh.get(device)) is None or new.state is not old.state or new.key != old.key
        )


def wall_clock() -> float:
    """Unix time in seconds, as tokens want it."""
    return time.time()
