"""What is said and who hears it: faults, consumers, scales, protected data."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from seamline.contract.layout import shortest

if TYPE_CHECKING:
    from seamline.contract.layout import Value
    from seamline.contract.model import Contract
    from seamline.contract.problems import Report

_RAISES = re.compile(r"fault ([a-z][a-z0-9_]*)(?:[,;.].*)?")
_OPEN = frozenset({"none", "no", "plain", "cleartext"})
_HARMLESS = frozenset({"public", "none"})


def _remedy(contract: Contract, report: Report) -> None:
    for fault in contract.faults.values():
        if fault.severity != "info" and fault.user is None and fault.support is None:
            text = f"'{fault.name}' is a {fault.severity} fault, and nobody is told what to do"
            fix = "add 'user: ...' or 'support: ...', what each can do about it"
            report.add("SL225", report.place(f"faults.{fault.code}"), text, fix=fix)
        if fault.holds is not None and not fault.latches:
            text = f"'{fault.name}' holds something, but does not latch: it would be let go at once"
            place = report.place(f"faults.{fault.code}.holds")
            report.add("SL247", place, text, fix="latches: true, or remove 'holds'")
        elif fault.clears is not None and not fault.latches:
            text = f"'{fault.name}' says how it is cleared, but does not latch"
            place = report.place(f"faults.{fault.code}.clears")
            report.add("SL247", place, text, fix="latches: true, or remove 'clears'")


def _raised(contract: Contract, report: Report) -> None:
    names = {fault.name for fault in contract.faults.values()}
    for boundary in contract.boundaries.values():
        found = _RAISES.fullmatch(boundary.on_failure or "")
        if found is not None and found[1] not in names:
            text = f"'{boundary.name}' raises fault '{found[1]}', which 'faults' does not have"
            fix = "add it to 'faults', with its code and what to do about it"
            report.add("SL238", report.place(f"boundaries.{boundary.name}.on_failure"), text, fix=fix)


def _secure(contract: Contract, report: Report) -> None:
    for boundary in contract.boundaries.values():
        security = boundary.security
        if security is None or security.data.lower() in _HARMLESS:
            continue
        path = f"boundaries.{boundary.name}.security"
        related = ((report.place(f"{path}.data"), "what crosses it"),)
        for key, value, good in (
            ("encryption", security.encryption, "TLS 1.3"),
            ("authentication", security.authentication, "mutual TLS"),
        ):
            if value.lower() in _OPEN:
                text = f"{security.data} data crosses '{boundary.name}' without {key}"
                report.add("SL239", report.place(f"{path}.{key}"), text, fix=f"{key}: {good}", related=related)


def _read(contract: Contract, report: Report) -> None:
    if not contract.consumers:
        return
    read = {name for consumer in contract.consumers.values() for name in consumer.reads}
    for name in contract.messages:
        if name not in read:
            text = f"no consumer reads '{name}': it costs data and flash for nobody"
            related = ((report.place("consumers"), "who reads what"),)
            fix = f"add {name} to a consumer's 'reads', or remove the message"
            report.add("SL232", report.place(f"messages.{name}"), text, fix=fix, related=related)


def _resolution(contract: Contract, report: Report) -> None:
    for message in contract.messages.values():
        for field in message.layout.fields:
            _grid(field, f"messages.{message.name}.fields.{field.name}", report)
    for item in contract.state.values():
        _grid(item, f"state.{item.name}", report)


def _grid(value: Value, path: str, report: Report) -> None:
    """The ends of a range are values that can be sent: a scale coarser than the range is written loses digits."""
    if value.range is None or value.calibrated or (value.scale is None and value.offset is None and _whole(value)):
        return
    reached = sorted(value.physical(raw) for raw in value.raw_range)
    if tuple(reached) != value.range:
        low, high = (shortest(number) for number in reached)
        text = (
            f"'{value.name}' is promised from {shortest(value.range[0])} to {shortest(value.range[1])}, but in steps of"
            f" {shortest(abs(value.scale or 1))} only {low} to {high} can be sent"
        )
        report.add("SL233", report.place(f"{path}.range"), text, fix="a finer scale, or a range in its steps")


def _whole(value: Value) -> bool:
    return value.range is not None and all(end == int(end) for end in value.range)


CHECKS = (
    (("faults",), _remedy),
    (("faults", "boundaries"), _raised),
    (("boundaries",), _secure),
    (("messages", "consumers"), _read),
    (("messages", "state"), _resolution),
)
