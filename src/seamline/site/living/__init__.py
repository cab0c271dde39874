"""A plan for the hub: what its map shows, which cells each node is to see, and what would help while one of them is dark."""

from __future__ import annotations

from seamline.site.living.document import document_of

__all__ = ["document_of"]
