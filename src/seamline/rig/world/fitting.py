"""Fits the bad days to a product: which of them it can have, which states make them for it, and how long they must last.

A day that a contract rules out is not owed (it has no settings, say), and the reason is said. A day whose states are rare or impossible at
the times that are usual is stretched: an outbox that lasts a day is not full after two hours.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

from seamline.contract import Contract, Family
from seamline.contract.limits import FRAME_OVERHEAD_BYTES
from seamline.hub.calibrations import of_layouts
from seamline.rig.world.firmware import SMALL_OUTBOX_BYTES
from seamline.rig.world.plan import SPECS, Kind
from seamline.rig.world.scenarios import DAYS, HOUR_MS

if TYPE_CHECKING:
    from seamline.rig.world.scenarios import Day

PROBES_ANSWERS: Final = 8
"""Answer timeouts from a frame that nobody answers until a device gives its session up (docs/wire.md: A, A, 2A, 4A)."""
FULL_AGAIN: Final = (3, 2)
"""So much longer than its outbox lasts is a device away: what is in flight and what lies before the silence is room, too."""
GRACE: Final = (3, 2)
"""A broker gives a connection up after one and a half keep-alives (MQTT 3.1.1 section 3.1.2.10)."""
LOST_FOR_MS: Final = 600_000
"""So long is a device shown as presumed lost before it comes back."""


class Fitted(NamedTuple):
    """A day as a product can have it; `why_not` says why it cannot, and is empty where it can."""

    day: Day
    why_not: str = ""


def fitted(name: str, family: Family) -> Fitted:
    """Fit a day to a product. Raises KeyError for one that is no scenario."""
    day, fit = DAYS[name], FITS.get(name)
    return Fitted(day) if fit is None else fit(day, family)


def fitted_to(name: str, families: Sequence[Family]) -> Fitted:
    """Fit a day to a fleet of several products: one that can have it is enough. Raises KeyError for one that is no scenario."""
    fits = [fitted(name, family) for family in families]
    days = [fit.day for fit in fits if not fit.why_not]
    if not days:
        return fits[0]
    states = tuple(state for state in DAYS[name].states if any(state in day.states for day in days))
    more = tuple(dict.fromkeys(state for day in days for state in day.states if state not in states))
    longest = max(days, key=lambda day: day.silent_ms)
    return Fitted(replace(longest, states=states + more))


def fill_ms(contract: Contract) -> int:
    """How long the rig's small outbox lasts, when nothing leaves it."""
    bytes_an_hour = 0.0
    for message in contract.messages.values():
        frames = HOUR_MS / max(message.publish_every_ms, message.sample_ms)
        bytes_an_hour += HOUR_MS / message.sample_ms * message.layout.record_bytes + frames * FRAME_OVERHEAD_BYTES
    return int(SMALL_OUTBOX_BYTES / bytes_an_hour * HOUR_MS)


def _mixed_fleet(day: Day, family: Family) -> Fitted:
    if len(family.versions) < 2:
        return Fitted(day, "there is one version of the contract: no fleet is mixed")
    layouts = {(layout.message_id, layout.fingerprint) for layout in family.layouts.values()}
    if len(layouts) == len({message for message, _ in layouts}):
        return Fitted(replace(day, states=tuple(state for state in day.states if state != "two-versions")))
    return Fitted(day)


def _offline_toggle(day: Day, family: Family) -> Fitted:
    if not any(contract.state for contract in family.versions.values()):
        return Fitted(day, "no version of the contract has a setting that somebody could ask for")
    return Fitted(day)


def _slow_backend(day: Day, family: Family) -> Fitted:
    budget_ms = max(contract.timing.commit_budget_ms for contract in family.versions.values())
    if budget_ms < SPECS[Kind.DATABASE_SLOW].numbers["by_ms"][1]:
        return Fitted(day)
    return Fitted(day, f"the contract gives a commit {budget_ms} ms: no backend that the rig makes is as slow")


def _week_offline(day: Day, family: Family) -> Fitted:
    more, than = FULL_AGAIN
    full_ms = max(fill_ms(contract) for contract in family.versions.values()) * more // than
    return Fitted(replace(day, silent_ms=max(day.silent_ms, full_ms)))


def _two_day_fiction(day: Day, family: Family) -> Fitted:
    """Where the broker gives a connection up before the contract presumes a loss, the device's death comes first, and is shown."""
    waits = [(_presumed_lost_ms(contract), contract.timing.keep_alive_ms) for contract in family.versions.values()]
    silent_ms = max(day.silent_ms, max(lost_ms for lost_ms, _ in waits) + LOST_FOR_MS)
    states = day.states
    if all(keep_alive_ms * GRACE[0] // GRACE[1] <= lost_ms for lost_ms, keep_alive_ms in waits):
        states = tuple("shown-lost" if state == "shown-presumed-lost" else state for state in states)
    return Fitted(replace(day, silent_ms=silent_ms, states=states))


def _presumed_lost_ms(contract: Contract) -> int:
    return contract.timing.presumed_lost_publishes * contract.heartbeat_ms


def _online_but_deaf(day: Day, family: Family) -> Fitted:
    """A device that speaks seldom finds out late: longer than the fault lasts."""
    notice_ms = max(
        contract.heartbeat_ms + PROBES_ANSWERS * contract.timing.answer_timeout_ms for contract in family.versions.values()
    )
    if notice_ms <= SPECS[Kind.DEAF].lasts_ms[1]:
        return Fitted(day)
    more, than = FULL_AGAIN
    return Fitted(replace(day, silent_ms=notice_ms * more // than, silence=Kind.DEAF))


def _raw_counts(day: Day, family: Family) -> Fitted:
    if not of_layouts(family.layouts.values()):
        return Fitted(day, "no version of the contract has a calibration that somebody could correct")
    return Fitted(day)


FITS: Final[Mapping[str, Callable[[Day, Family], Fitted]]] = {
    "mixed-fleet": _mixed_fleet,
    "offline-toggle": _offline_toggle,
    "slow-backend": _slow_backend,
    "week-offline": _week_offline,
    "two-day-fiction": _two_day_fiction,
    "online-but-deaf": _online_but_deaf,
    "raw-counts": _raw_counts,
}
