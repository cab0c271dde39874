"""Time: how wrong a clock gets, and who needs it better."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seamline.contract.checks.words import spoken

if TYPE_CHECKING:
    from seamline.contract.model import Contract
    from seamline.contract.problems import Report

PPM = 1_000_000


def _error(contract: Contract, report: Report) -> None:
    clock = contract.clock
    if clock.sync_every_ms is None:
        return
    error_ms = clock.drift_ppm * clock.sync_every_ms // PPM
    if error_ms > clock.error_max_ms:
        text = (
            f"{clock.drift_ppm} ppm x {spoken(clock.sync_every_ms)} = {spoken(error_ms)} of error before the next time source,"
            f" more than {spoken(clock.error_max_ms)}"
        )
        related = ((report.place("clock.drift"), "the drift"), (report.place("clock.sync_every"), "the time without a source"))
        fix = f"sync_every: {spoken(clock.error_max_ms * PPM // clock.drift_ppm)} or less"
        report.add("SL223", report.place("clock.error_max"), text, fix=fix, related=related)


def _order(contract: Contract, report: Report) -> None:
    """Two clocks can be wrong in opposite directions."""
    error_ms = contract.clock.error_max_ms
    related = ((report.place("clock.error_max"), "how wrong a clock may be"),)
    for consumer in contract.consumers.values():
        if consumer.order_ms is not None and 2 * error_ms > consumer.order_ms:
            text = (
                f"'{consumer.name}' orders what is {spoken(consumer.order_ms)} apart, two devices' times can differ by"
                f" 2 x {spoken(error_ms)}"
            )
            place = report.place(f"consumers.{consumer.name}.order")
            report.add("SL224", place, text, fix=f"order: {spoken(2 * error_ms)}, or better clocks", related=related)
    for item in contract.state.values():
        if item.conflict == "newest" and item.confirm_within_ms is not None and error_ms > item.confirm_within_ms:
            text = (
                f"the newest value of '{item.name}' wins, by clocks that may be {spoken(error_ms)} wrong: a change made and"
                f" confirmed within {spoken(item.confirm_within_ms)} can lose to an older one"
            )
            fix = "another conflict rule, or better clocks"
            report.add("SL224", report.place(f"state.{item.name}.conflict"), text, fix=fix, related=related)


def _expiry(contract: Contract, report: Report) -> None:
    """Commands and wishes are dropped by the device's clock, which may be wrong by all of its error."""
    error_ms = contract.clock.error_max_ms
    related = ((report.place("clock.error_max"), "how wrong a clock may be"),)
    orders = [(f"commands.{item.name}.deadline", item.name, item.deadline_ms) for item in contract.commands.values()]
    wishes = [(f"state.{item.name}.expires", item.name, item.expires_ms) for item in contract.state.values()]
    for path, name, span_ms in (*orders, *wishes):
        if span_ms is not None and span_ms <= error_ms:
            text = f"'{name}' expires after {spoken(span_ms)}, by a clock that may be {spoken(error_ms)} wrong: it would be obeyed late"
            fix = f"more than {spoken(error_ms)}, or better clocks"
            report.add("SL252", report.place(path), text, fix=fix, related=related)


def _sources(contract: Contract, report: Report) -> None:
    """NTP is often blocked where devices live, and an RTC needs somebody to set it."""
    clock = contract.clock
    sure = {"hub", "gnss", "rtc"} if clock.resets == "never" else {"hub", "gnss"}
    if sure.isdisjoint(clock.sources):
        text = f"{' and '.join(clock.sources)} can be blocked or lost: the device may never know the time"
        report.add("SL237", report.place("clock.sources"), text, fix="add hub: its time comes with the connection")


CHECKS = (
    (("clock",), _error),
    (("clock",), _sources),
    (("clock", "commands", "state"), _expiry),
    (("clock", "consumers", "state"), _order),
)
