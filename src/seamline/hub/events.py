"""Events: what happened, at which boundary, who owns it and how to reach them."""

from __future__ import annotations

from collections.abc import Mapping

from seamline.hub.ingest.catalogue import Catalogue
from seamline.hub.store_port import Row


def event(
    catalogue: Catalogue, *, at_ms: int, device: int | None, product: str | None, kind: str, detail: Mapping[str, object],
    boundary: str = "broker",
) -> Row:  # fmt: skip
    """An event about the boundary that ends at `boundary` (`radio-broker`: broker) in the product's contract."""
    found = catalogue.boundary(product, boundary)
    return {
        "at_ms": at_ms,
        "device_no": device,
        "kind": kind,
        "boundary": None if found is None else found.name,
        "owner": None if found is None else found.owner,
        "contact": None if found is None else found.contact,
        "detail": dict(detail),
    }
