"""Writes the reference as Markdown (GitHub's, with tables)."""

from __future__ import annotations

from collections.abc import Mapping

from seamline.contract.codegen.document import Block, Heading, Paragraph, Table
from seamline.contract.codegen.reference import reference
from seamline.contract.family import Family
from seamline.contract.model import Contract

_SPECIAL = str.maketrans({char: f"\\{char}" for char in "\\`*_[]<>|#~"})


def markdown(family: Family, contract: Contract) -> Mapping[str, str]:
    """The target `markdown`: `reference.md`."""
    return {"reference.md": "\n\n".join(_block(block) for block in reference(family, contract)) + "\n"}


def _block(block: Block) -> str:
    if isinstance(block, Heading):
        return f"{'#' * block.level} {_safe(block.text)}"
    if isinstance(block, Paragraph):
        return _safe(block.text)
    if isinstance(block, Table):
        return _table(block)
    return "\n".join(f"    {line}" for line in block.text.splitlines())


def _table(table: Table) -> str:
    rule = ["--:" if at in table.numeric else "---" for at in range(len(table.head))]
    lines = [table.head, rule, *table.rows]
    cells = [[cell if line is rule else _safe(cell) for cell in line] for line in lines]
    return f"*{_safe(table.caption)}*\n\n" + "\n".join(f"| {' | '.join(line)} |" for line in cells)


def _safe(text: str) -> str:
    """Escape what Markdown would read as markup; a text is one line."""
    return " ".join(text.translate(_SPECIAL).split())
