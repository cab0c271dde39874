"""The reference's last chapter: versions in the field, and what each added."""

from __future__ import annotations

from collections.abc import Iterator

from seamline.contract.codegen.document import Block, Heading, Paragraph, Table, Verbatim
from seamline.contract.codegen.wording import listed
from seamline.contract.family import Family
from seamline.contract.model import Contract


def versions(family: Family) -> Iterator[Block]:
    """Yield the versions, each against the one before, and the canonical texts that fingerprints are taken over."""
    yield Heading(2, "Versions", "versions")
    known = listed(tuple(family.versions))
    yield Paragraph(
        f"The hub takes records of each of these versions: {known}. A field that a layout lacks is missing, never zero."
    )
    rows: list[tuple[str, ...]] = []
    before: Contract | None = None
    for contract in family.versions.values():
        layouts = ", ".join(f"{m.name}/{m.layout.version} {m.layout.fingerprint:08x}" for m in contract.messages.values())
        rows.append(
            (contract.version, layouts, "the first one" if before is None else _added(before, contract) or "nothing named")
        )
        before = contract
    yield Table("What each version added", ("version", "layouts and fingerprints", "added"), tuple(rows))
    yield Heading(2, "Canonical layouts", "canonical")
    yield Paragraph("Fingerprints are the first four bytes, little-endian, of SHA-256 over these texts.")
    for key in sorted(family.layouts):
        layout = family.layouts[key]
        yield Heading(
            3, f"{layout.message}/{layout.version}", f"canonical-{layout.message}-{layout.version}-{layout.fingerprint:08x}"
        )
        yield Verbatim(layout.canonical)


def _added(before: Contract, contract: Contract) -> str:
    """Name what is new: messages, fields, enum members, faults, properties, commands."""
    found: list[str] = []
    for name, message in contract.messages.items():
        old = before.messages.get(name)
        if old is None:
            found.append(f"message {name}")
            continue
        had = {place.name for place in old.layout.places}
        found += [f"{name}.{place.name}" for place in message.layout.places if place.name not in had]
    for name, members in contract.enums.items():
        found += [f"{name} {word}" for raw, word in members.items() if raw not in before.enums.get(name, {})]
    found += [f"fault {fault.name}" for code, fault in contract.faults.items() if code not in before.faults]
    found += [f"state {name}" for name in contract.state if name not in before.state]
    found += [f"command {name}" for name in contract.commands if name not in before.commands]
    return ", ".join(found)
