"""Certificates: how long they live, and who may be away for how long."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seamline.contract.checks.words import spoken

if TYPE_CHECKING:
    from seamline.contract.model import Contract
    from seamline.contract.problems import Report


def _renewal(contract: Contract, report: Report) -> None:
    identity = contract.identity
    if identity is not None and identity.renew_at_ms >= identity.lifetime_ms:
        text = f"renewal at {spoken(identity.renew_at_ms)} does not come before the end at {spoken(identity.lifetime_ms)}"
        report.add("SL202", report.place("identity.renew_at"), text, fix="renew at two thirds of the lifetime")


def _absence(contract: Contract, report: Report) -> None:
    """A device that goes offline the moment before it would renew comes back with what is left."""
    identity = contract.identity
    if identity is None or identity.renew_at_ms >= identity.lifetime_ms:
        return
    left_ms = identity.lifetime_ms - identity.renew_at_ms
    away = [(contract.buffer.outage_ms, "buffer.outage"), (identity.offline_max_ms or 0, "identity.offline_max")]
    longest_ms, path = max(away)
    if left_ms <= longest_ms:
        text = (
            f"lifetime {spoken(identity.lifetime_ms)} - renewal at {spoken(identity.renew_at_ms)} leaves {spoken(left_ms)},"
            f" not more than the {spoken(longest_ms)} that a device may be offline"
        )
        related = ((report.place(path), "the longest time offline"),)
        fix = "renew earlier, or let certificates live longer"
        report.add("SL231", report.place("identity.renew_at"), text, fix=fix, related=related)


CHECKS = (
    (("identity",), _renewal),
    (("identity", "buffer"), _absence),
)
