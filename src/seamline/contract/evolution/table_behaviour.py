"""What either side does, and may expect of the other: owners, boundaries, fleet, waits, buffer, update, identity, consumers."""

from __future__ import annotations

from collections.abc import Mapping

from seamline.contract.evolution import judges
from seamline.contract.evolution.difference import Category
from seamline.contract.evolution.part import BOTH, NEW, OLD, Derived, Part, breaks, holds

B, S = Category.BEHAVIOUR, Category.SOURCE

_KEY = Derived("the key it stands under")
_OWN_PACE = holds(BOTH, "each firmware keeps the figure of its own version, which the hub knows")
_OWN_FIRMWARE = holds(NEW, "it changes with the firmware, and the hub needs to know nothing of it")
_ESTIMATE = holds(BOTH, "a figure that the check reckons with; nothing on either side obeys it")
_PEOPLE = holds(BOTH, "somebody else answers when a promise breaks")
_NO_ENTRY = breaks(OLD, "devices in the field come with the old means and would be turned away")

OWNER: Mapping[str, Part | Derived] = {
    "name": _KEY,
    "team": Part(S, holds(BOTH, "it is read by people only")),
    "contact": Part(B, _PEOPLE),
}

BOUNDARY: Mapping[str, Part | Derived] = {
    "name": _KEY,
    "owner": Part(B, _PEOPLE),
    "contact": Part(B, _PEOPLE),
    "promise": Part(B, holds(BOTH, "a promise in other words: both owners must read it")),
    "on_failure": Part(B, holds(BOTH, "a failure behaviour in other words: both owners must read it")),
    "proven_by": Part(B, holds(BOTH, "other bad days prove the promise")),
    "security": Part(B, _NO_ENTRY),
}

SECURITY: Mapping[str, Part | Derived] = {
    "authentication": Part(B, _NO_ENTRY),
    "encryption": Part(B, _NO_ENTRY),
    "data": Part(B, holds(BOTH, "the same bytes are handled with other care")),
}

FLEET: Mapping[str, Part | Derived] = {
    "devices_max": Part(B, judges.return_spread),
    "accept_rate": Part(B, judges.return_spread),
    "recovery_ms": Part(B, judges.return_spread, key="recovery"),
    "messages_rate": Part(B, holds(BOTH, "what the cloud takes; firmware is told to wait when it is too much")),
    "tries_max": Part(B, _OWN_FIRMWARE),
    "link_rate": Part(B, _ESTIMATE),
    "data_budget": Part(B, _ESTIMATE),
    "data_cost": Part(B, _ESTIMATE),
    "cost_max": Part(B, _ESTIMATE),
}

TIMING: Mapping[str, Part | Derived] = {
    "connect_timeout_ms": Part(B, _OWN_FIRMWARE, key="connect_timeout.value"),
    "answer_timeout_ms": Part(B, judges.patience, key="answer_timeout.value"),
    "commit_budget_ms": Part(B, judges.patience, key="commit_budget.p99"),
    "keep_alive_ms": Part(B, holds(NEW, "the broker takes it from each connect"), key="keep_alive.value"),
    "presumed_lost_publishes": Part(B, _OWN_PACE, key="presumed_lost.after"),
    "network_ms": Part(B, judges.patience, key="network.p99"),
    "owners": Part(B, holds(BOTH, "somebody else may change the figure"), key="owner"),
    "boundaries": Part(B, holds(BOTH, "it says where the figure holds"), key="boundary"),
    "further": Part(B, _OWN_PACE, key=""),
}

WAIT: Mapping[str, Part | Derived] = {
    "name": _KEY,
    "owner": Part(B, holds(BOTH, "somebody else may change the figure")),
    "boundary": Part(B, holds(BOTH, "it says where the figure holds")),
    "kind": Part(B, _OWN_PACE),
    "value_ms": Part(B, _OWN_PACE, key="value"),
    "attempts": Part(B, _OWN_PACE),
}

BACKOFF: Mapping[str, Part | Derived] = {
    "base_ms": Part(B, _OWN_FIRMWARE, key="base"),
    "cap_ms": Part(B, _OWN_FIRMWARE, key="cap"),
    "reset_after_ms": Part(B, _OWN_FIRMWARE, key="reset_after"),
}

BUFFER: Mapping[str, Part | Derived] = {
    "outage_ms": Part(B, _OWN_PACE, key="outage"),
    "capacity_bytes": Part(B, _OWN_FIRMWARE, key="capacity"),
    "store": Part(B, holds(NEW, "whether what waits survives a power cut is each firmware's own")),
    "drop_first": Part(B, holds(NEW, "what is dropped is declared as lost, in whatever order")),
    "flight_frames": Part(B, _OWN_FIRMWARE),
    "durable": Part(B, holds(NEW, "whether what waits survives a power cut is each firmware's own")),
}

BUSY: Mapping[str, Part | Derived] = {"wait_max_ms": Part(B, _OWN_FIRMWARE, key="wait_max")}

UPDATE: Mapping[str, Part | Derived] = {
    "slot_count": Part(B, breaks(OLD, "slots are laid out in devices that are made"), key="slots.count"),
    "slot_bytes": Part(B, judges.slot, key="slots.size"),
    "image_bytes": Part(B, judges.slot, key="image"),
    "healthy_when": Part(B, _OWN_FIRMWARE),
    "attempts": Part(B, _OWN_PACE),
    "bytes_per_month": Part(B, _OWN_PACE, key="bytes"),
    "power": Part(B, _OWN_PACE),
}

IDENTITY: Mapping[str, Part | Derived] = {
    "lifetime_ms": Part(B, holds(BOTH, "a certificate carries its own end"), key="lifetime"),
    "renew_at_ms": Part(B, _OWN_FIRMWARE, key="renew_at"),
    "claim": Part(B, _NO_ENTRY),
    "offline_max_ms": Part(
        B, holds(BOTH, "a device that was away for longer comes back by the path for that"), key="offline_max"
    ),
}

CONSUMER: Mapping[str, Part | Derived] = {
    "name": _KEY,
    "reads": Part(B, holds(BOTH, "nothing that a device does depends on it")),
    "within_ms": Part(B, holds(BOTH, "nothing that a device does depends on it"), key="within"),
    "window_ms": Part(B, holds(BOTH, "nothing that a device does depends on it"), key="window"),
    "by": Part(B, holds(BOTH, "nothing that a device does depends on it")),
    "fresh_ms": Part(B, holds(BOTH, "nothing that a device does depends on it"), key="fresh"),
    "order_ms": Part(B, holds(BOTH, "nothing that a device does depends on it"), key="order"),
}

POWER: Mapping[str, Part | Derived] = {
    "source": Part(B, _OWN_FIRMWARE),
    "battery": Part(B, _OWN_FIRMWARE),
    "states": Part(B, holds(NEW, "what a device may do in which state is its own")),
}

BATTERY: Mapping[str, Part | Derived] = {
    "capacity_uah": Part(B, _ESTIMATE, key="capacity"),
    "life_ms": Part(B, _ESTIMATE, key="life"),
}

POWER_STATE: Mapping[str, Part | Derived] = {
    "name": _KEY,
    "may": Part(B, holds(NEW, "what a device may do in which state is its own")),
    "current_ua": Part(B, _ESTIMATE, key="current"),
    "daily_ms": Part(B, _ESTIMATE, key="daily"),
    "longest_ms": Part(B, holds(NEW, "it may be deaf for another time, as its own version says"), key="longest"),
}

DEVICE: Mapping[str, Part | Derived] = {
    "ram_bytes": Part(B, _ESTIMATE, key="ram"),
    "flash_bytes": Part(B, _ESTIMATE, key="flash"),
    "ram_used_bytes": Part(B, _ESTIMATE, key="ram_used"),
    "flash_used_bytes": Part(B, _ESTIMATE, key="flash_used"),
    "page_bytes": Part(B, _ESTIMATE, key="page"),
    "erase_cycles": Part(B, _ESTIMATE),
    "life_ms": Part(B, _ESTIMATE, key="life"),
    "uptime_bits": Part(B, _ESTIMATE),
}

PARTS: Mapping[str, Mapping[str, Part | Derived]] = {
    "Owner": OWNER,
    "Boundary": BOUNDARY,
    "Security": SECURITY,
    "Fleet": FLEET,
    "Timing": TIMING,
    "Backoff": BACKOFF,
    "Buffer": BUFFER,
    "Update": UPDATE,
    "Identity": IDENTITY,
    "Consumer": CONSUMER,
    "Wait": WAIT,
    "Busy": BUSY,
    "Power": POWER,
    "Battery": BATTERY,
    "PowerState": POWER_STATE,
    "Device": DEVICE,
}
