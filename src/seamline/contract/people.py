"""Reads who is who: owners, boundaries, consumers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seamline.contract.limits import NAMES_MAX
from seamline.contract.model import Boundary, Consumer, Owner, Security
from seamline.contract.scalars import DURATION, LABEL, NAME, TEXT, word

if TYPE_CHECKING:
    from seamline.contract.keys import Keys

READABLE = ("state", "faults", "commands")
"""What a consumer can read besides messages."""
_PATTERN = word("device", "time", "fleet")
_NO_OWNER = "add 'owner: NAME': when this promise breaks, somebody must be told"


def owners(keys: Keys) -> dict[str, Owner]:
    """Read `owners`."""
    found: dict[str, Owner] = {}
    for name, owner in keys.each(LABEL, items_max=NAMES_MAX):
        found[name] = Owner(name, team=owner.one("team", TEXT), contact=owner.one("contact", TEXT))
        owner.done()
    return found


def boundaries(keys: Keys, known: dict[str, Owner]) -> dict[str, Boundary]:
    """Read `boundaries`; each must have an owner that is declared, whose contact is its own unless it names another."""
    found: dict[str, Boundary] = {}
    for name, boundary in keys.each(LABEL, items_max=NAMES_MAX):
        node = boundary.node("owner", code="SL201", fix=_NO_OWNER)
        owner = boundary.reference(node, tuple(known), LABEL, "an owner")
        found[name] = Boundary(
            name,
            owner=owner,
            contact=boundary.either("contact", TEXT, known[owner].contact if owner in known else ""),
            promise=boundary.one("promise", TEXT),
            on_failure=boundary.maybe("on_failure", TEXT),
            proven_by=boundary.words("proven_by", LABEL, required=False),
            security=_security(boundary),
        )
        boundary.done()
    return found


def _security(boundary: Keys) -> Security | None:
    if not boundary.has("security"):
        return None
    keys = boundary.mapping("security")
    security = Security(keys.one("authentication", TEXT), keys.one("encryption", TEXT), keys.one("data", TEXT))
    keys.done()
    return security


def consumers(keys: Keys, messages: tuple[str, ...]) -> dict[str, Consumer]:
    """Read `consumers`; what they read must exist."""
    found: dict[str, Consumer] = {}
    for name, consumer in keys.each(LABEL, items_max=NAMES_MAX):
        nodes = consumer.list("reads")
        reads = [consumer.reference(node, (*messages, *READABLE), NAME, "a message") for node in nodes]
        found[name] = Consumer(
            name,
            reads=tuple(reads),
            within_ms=consumer.one("within", DURATION),
            window_ms=consumer.maybe("window", DURATION),
            by=consumer.words("by", _PATTERN, required=False),
            fresh_ms=consumer.maybe("fresh", DURATION),
            order_ms=consumer.maybe("order", DURATION),
        )
        consumer.done()
    return found
