"""What keeps the hub itself from its work, in words, with what helps."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from seamline.hub.api.fleet_models import Trouble
from seamline.hub.hearing import GRACE_MS, Standing

_DATABASE_AWAY: Final = "It is tried again by itself; `seamline doctor` says what is wrong. Devices keep their records meanwhile."
_READ_ONLY: Final = "Promote the standby, or allow writes again; then the hub goes on by itself. Nothing is lost meanwhile."
_BROKER_AWAY: Final = (
    "`seamline up` starts a broker that has died again; end one that hangs. `seamline doctor` says what is wrong. "
    "Devices keep their records meanwhile."
)
_STUCK: Final = (
    "See whether the database's disk is full and what log/hub.log says; `seamline doctor` looks as well. The hub goes on by itself "
    "once it can write, and broker and devices keep what was sent."
)


def troubles(database: str, standing: Standing | None, now_ms: int) -> list[Trouble]:
    """Return what keeps the hub from its work, each with what helps; nothing when all is well."""
    found: list[Trouble] = []
    since = (
        None if standing is None or standing.outage is None or standing.outage.until_ms is not None else standing.outage.from_ms
    )
    if database == "read-only":
        found.append(Trouble(reason="The database refuses writes: it is read-only.", remedy=_READ_ONLY, since_ms=since))
    elif database != "ok":
        found.append(Trouble(reason=f"The hub cannot use its database ({database}).", remedy=_DATABASE_AWAY, since_ms=None))
    if standing is None:
        return found
    if standing.broker is not None:
        found.append(Trouble(reason=f"The broker does not answer ({standing.broker}).", remedy=_BROKER_AWAY, since_ms=since))
    elif standing.waiting_ms is not None and now_ms - standing.waiting_ms > GRACE_MS:
        day = datetime.fromtimestamp(standing.waiting_ms // 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        reason = f"The hub has not stored what devices have sent since {day}."
        found.append(Trouble(reason=reason, remedy=_STUCK, since_ms=standing.waiting_ms))
    return found


def lasting(standing: Standing | None, now_ms: int) -> list[Trouble]:
    """Return the troubles of an outage that lasts: a moment without an answer is none."""
    outage = None if standing is None else standing.outage
    return [] if outage is None or outage.until_ms is not None else troubles("ok", standing, now_ms)
