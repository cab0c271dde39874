"""Cross-checks SL2xx: promises of one section against those of another.

Each runs only when the sections it compares were read without a problem, so that one mistake gives one message.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from seamline.contract.limits import FRAME_BYTES_MAX, FRAME_OVERHEAD_BYTES
from seamline.contract.scalars import MS, version_key

if TYPE_CHECKING:
    from seamline.contract.model import Contract, Message
    from seamline.contract.problems import Report


def spoken(ms: int) -> str:
    """Return a duration in its largest whole unit: 90000 is `90 s`."""
    for unit in ("d", "h", "min", "s"):
        if ms >= MS[unit] and not ms % MS[unit]:
            return f"{ms // MS[unit]} {unit}"
    return f"{ms} ms"


def check(contract: Contract, report: Report) -> None:
    """Report every cross-check that fails."""
    if report.clean("timing"):
        _answer_timeout(contract, report)
    if report.clean("backoff"):
        _backoff(contract, report)
    if report.clean("fleet"):
        _recovery(contract, report)
    if report.clean("identity"):
        _renewal(contract, report)
    if report.clean("", "messages"):
        for message in contract.messages.values():
            _frame(message, report)
            _expiry(message, report)
            _growth(contract, message, report)
    if report.clean("messages", "buffer"):
        _drop_first(contract, report)
        _outage(contract, report)


def _answer_timeout(contract: Contract, report: Report) -> None:
    timing = contract.timing
    need_ms = timing.network_ms + timing.commit_budget_ms
    if timing.answer_timeout_ms > need_ms:
        return
    places = [(report.place("timing.commit_budget"), "the time the hub may take")]
    if "network" in timing.owners:
        places.append((report.place("timing.network"), "the time the network may take"))
    report.add(
        "SL203",
        report.place("timing.answer_timeout.value"),
        f"answer_timeout {spoken(timing.answer_timeout_ms)} does not exceed network {spoken(timing.network_ms)}"
        f" + commit_budget {spoken(timing.commit_budget_ms)}: the device gives up on answers that are on their way",
        fix=f"raise it above {spoken(need_ms)}, or lower the budgets",
        related=tuple(places),
    )


def _backoff(contract: Contract, report: Report) -> None:
    backoff = contract.backoff
    if backoff.cap_ms < backoff.base_ms:
        text = f"cap {spoken(backoff.cap_ms)} is below base {spoken(backoff.base_ms)}"
        report.add("SL207", report.place("backoff.cap"), text, fix="raise the cap: waits grow from base to cap")


def _recovery(contract: Contract, report: Report) -> None:
    fleet = contract.fleet
    window_ms = fleet.recovery_ms // 2  # the reconnect spread; the other half is for those who need a second try
    if fleet.devices_max * 1000 > fleet.accept_rate * window_ms:
        need = -(-2 * fleet.devices_max // fleet.accept_rate)
        text = f"{fleet.devices_max} devices cannot come back in half of {spoken(fleet.recovery_ms)} at {fleet.accept_rate}/s"
        report.add("SL206", report.place("fleet.recovery"), text, fix=f"allow at least {need} s")


def _renewal(contract: Contract, report: Report) -> None:
    identity = contract.identity
    if identity is not None and identity.renew_at_ms >= identity.lifetime_ms:
        text = f"renewal at {spoken(identity.renew_at_ms)} comes after the end at {spoken(identity.lifetime_ms)}"
        report.add("SL202", report.place("identity.renew_at"), text, fix="renew at two thirds of the lifetime")


def _frame(message: Message, report: Report) -> None:
    size = message.batch_max * message.layout.record_bytes + FRAME_OVERHEAD_BYTES
    if size > FRAME_BYTES_MAX:
        fits = (FRAME_BYTES_MAX - FRAME_OVERHEAD_BYTES) // message.layout.record_bytes
        text = f"{message.batch_max} records of {message.layout.record_bytes} bytes make a frame of {size} bytes"
        place = report.place(f"messages.{message.name}.publish.batch_max")
        report.add("SL204", place, f"{text}, more than {FRAME_BYTES_MAX}", fix=f"batch_max: {fits}")


def _expiry(message: Message, report: Report) -> None:
    if message.expires_ms is not None and message.expires_ms <= message.publish_every_ms:
        text = f"records expire after {spoken(message.expires_ms)}, before they are published"
        place = report.place(f"messages.{message.name}.publish.expires")
        report.add("SL211", place, text, fix=f"more than {spoken(message.publish_every_ms)}")


def _growth(contract: Contract, message: Message, report: Report) -> None:
    """Fields with `since` come last, in the order of their versions, none from the future."""
    latest, before = (0, 0, 0), ""
    for field in message.layout.fields:
        since = (0, 0, 0) if field.since is None else version_key(field.since)
        place = report.place(f"messages.{message.name}.fields.{field.name}")
        if since > version_key(contract.version):
            text = f"'{field.name}' is since {field.since}, but this is {contract.version}"
            report.add("SL209", place, text, fix=f"since: {contract.version}")
        if since < latest:
            text = f"'{field.name}' stands after '{before}', which is newer"
            report.add("SL210", place, text, fix="append new fields at the end: trailing fields are the only growth")
        else:
            latest, before = since, field.name


def _drop_first(contract: Contract, report: Report) -> None:
    missing = [name for name in contract.messages if name not in contract.buffer.drop_first]
    if missing:
        text = f"drop_first says nothing about {', '.join(missing)}: a full buffer would have no rule"
        report.add("SL205", report.place("buffer.drop_first"), text, fix=f"append {', '.join(missing)}")


def _outage(contract: Contract, report: Report) -> None:
    buffer = contract.buffer
    need = 0
    for message in contract.messages.values():
        records = -(-buffer.outage_ms // message.sample_ms)
        frames = -(-records // message.batch_max)
        need += records * message.layout.record_bytes + frames * FRAME_OVERHEAD_BYTES
    if need > buffer.capacity_bytes:
        text = f"an outage of {spoken(buffer.outage_ms)} makes {need} bytes, the buffer holds {buffer.capacity_bytes}"
        fix = "raise the capacity, sample less often, or promise a shorter outage"
        related = ((report.place("buffer.outage"), "the outage it must bridge"),)
        report.add("SL208", report.place("buffer.capacity"), text, fix=fix, related=related)
