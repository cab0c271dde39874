"""Cross-checks SL2xx: promises of one section against those of another.

Each runs only when the sections it compares were read without a problem, so that one mistake gives one message, and says nothing
when a section it needs is not there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from seamline.contract.checks import capacity, clock, identity, life, meaning, records, timing, traffic, update
from seamline.contract.checks.words import spoken

if TYPE_CHECKING:
    from collections.abc import Callable

    from seamline.contract.model import Contract
    from seamline.contract.problems import Report

__all__ = ["check", "spoken"]

CHECKS: tuple[tuple[tuple[str, ...], Callable[[Contract, Report], None]], ...] = (
    *records.CHECKS,
    *timing.CHECKS,
    *traffic.CHECKS,
    *capacity.CHECKS,
    *life.CHECKS,
    *clock.CHECKS,
    *meaning.CHECKS,
    *identity.CHECKS,
    *update.CHECKS,
)
"""The sections that must be clean (an empty name is the file's own keys), and what compares them."""


def check(contract: Contract, report: Report) -> None:
    """Report every cross-check that fails."""
    for sections, run in CHECKS:
        if report.clean(*sections):
            run(contract, report)
