"""The reference of a product: everything its contract says, in the order in which a reader asks."""

from __future__ import annotations

from collections.abc import Iterator

from seamline.contract.codegen.document import Block, Heading, Paragraph, Table
from seamline.contract.codegen.reference_behaviour import behaviour
from seamline.contract.codegen.reference_messages import calibrations, messages, names
from seamline.contract.codegen.reference_versions import versions
from seamline.contract.codegen.wording import duration, grouped, limits, phrase
from seamline.contract.family import Family
from seamline.contract.model import Contract


def reference(family: Family, contract: Contract) -> tuple[Block, ...]:
    """Return the whole document."""
    return tuple(_blocks(family, contract))


def _blocks(family: Family, contract: Contract) -> Iterator[Block]:
    yield Heading(1, f"{contract.product} {contract.version}", "top")
    yield Paragraph(contract.summary)
    fleet = contract.fleet
    yield Paragraph(
        f"A device says {contract.reference} at birth. The fleet has at most {grouped(fleet.devices_max)} devices; the cloud accepts"
        f" {grouped(fleet.accept_rate)} connects a second, and after an outage everyone is back within {duration(fleet.recovery_ms)}."
    )
    yield from _people(contract)
    yield from messages(contract)
    yield from names(contract)
    yield from calibrations(contract)
    yield from _faults(contract)
    yield from _state(contract)
    yield from behaviour(contract)
    yield from _consumers(contract)
    yield from versions(family)


def _people(contract: Contract) -> Iterator[Block]:
    yield Heading(2, "Owners and boundaries", "boundaries")
    rows = tuple((owner.name, owner.team, owner.contact) for owner in contract.owners.values())
    yield Table("Who answers", ("owner", "team", "contact"), rows)
    handed = tuple((b.name, b.owner, b.promise, b.on_failure or "", ", ".join(b.proven_by)) for b in contract.boundaries.values())
    yield Table("What is promised at each handoff", ("boundary", "owner", "promise", "when it fails", "proven by"), handed)
    held = ((b.name, b.security) for b in contract.boundaries.values())
    safe = tuple((name, s.authentication, s.encryption, s.data) for name, s in held if s is not None)
    if safe:
        yield Table("How it is protected", ("boundary", "authentication", "encryption", "data"), safe)


def _faults(contract: Contract) -> Iterator[Block]:
    if not contract.faults:
        return
    yield Heading(2, "Faults", "faults")
    found = sorted(contract.faults.values(), key=lambda fault: fault.code)
    rows = tuple((f"0x{f.code:02X}", f.name, f.severity, f.layer, "yes" if f.latches else "no", f.meaning) for f in found)
    yield Table("What can go wrong", ("code", "name", "severity", "layer", "latches", "meaning"), rows)
    help_ = tuple((f"0x{f.code:02X} {f.name}", f.cause or "", f.user or "", f.support or "") for f in found)
    yield Table("What to do about it", ("fault", "probable cause", "the user", "support"), help_)
    kept = tuple((f.name, f.holds or "", f.clears or "", ", ".join(f.related)) for f in found if f.holds or f.clears or f.related)
    if kept:
        yield Table("What it holds back", ("fault", "stays off", "cleared by", "look at"), kept)


def _state(contract: Contract) -> Iterator[Block]:
    if contract.state:
        yield Heading(2, "State", "state")
        yield Paragraph("Twin properties travel as raw integers; the physical value is raw × scale + offset.")
        rows = tuple(
            (
                item.name,
                item.enum_name or item.flags_name or item.type.value,
                "" if item.scale is None else str(item.scale),
                limits(item),
                phrase(item.conflict),
                "" if item.expires_ms is None else duration(item.expires_ms),
                "" if item.confirm_within_ms is None else duration(item.confirm_within_ms),
            )
            for item in contract.state.values()
        )
        yield Table(
            "What may be wished", ("property", "type", "scale", "allowed", "in conflict", "expires", "confirmed within"), rows
        )
    if contract.commands:
        yield Heading(2, "Commands", "commands")
        orders = tuple(
            (
                item.name,
                "; ".join(f"{value.name} {value.type.value} {limits(value)}".rstrip() for value in item.body.values()),
                duration(item.deadline_ms),
                "yes" if item.idempotent else "no",
                ", ".join(item.outcomes),
                ", ".join(f"{name} ({kind})" for name, kind in item.result.items()),
            )
            for item in contract.commands.values()
        )
        yield Table("What may be ordered", ("command", "with", "deadline", "idempotent", "outcomes", "result"), orders)


def _consumers(contract: Contract) -> Iterator[Block]:
    if not contract.consumers:
        return
    yield Heading(2, "Consumers", "consumers")
    rows = tuple(
        (
            item.name,
            ", ".join(item.reads),
            duration(item.within_ms),
            "" if item.window_ms is None else duration(item.window_ms),
            ", ".join(item.by),
            "" if item.fresh_ms is None else duration(item.fresh_ms),
        )
        for item in contract.consumers.values()
    )
    yield Table("Who reads what", ("consumer", "reads", "answered within", "looks back", "asks by", "fresh within"), rows)
