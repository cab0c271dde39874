"""The system map as text: a Mermaid flowchart of tiers by zone, an arrow for each boundary."""

from __future__ import annotations

from collections.abc import Mapping

from seamline.contract.codegen.map.lines import Seam, lines, zone
from seamline.contract.family import Family
from seamline.contract.model import Contract

_TOKENS = str.maketrans(
    {"#": "#35;", '"': "#quot;", "<": "#lt;", ">": "#gt;", "|": "#124;", "[": "#91;", "]": "#93;", "`": "#96;"}
)


def mermaid(_family: Family, contract: Contract) -> Mapping[str, str]:
    """The target `mermaid`: `system-map.mmd`."""
    found = lines(contract, len(contract.boundaries))
    tiers = dict.fromkeys(tier for line in found for seam in line.seams for tier in (seam.source, seam.target) if tier)
    text = ["---", f"title: {contract.product} {contract.version}", "---", "flowchart LR"]
    for name in dict.fromkeys(zone(tier) for tier in tiers):
        inside = [f'    {_node(tier)}(["{tier}"])' for tier in tiers if zone(tier) == name]
        text += [f"  subgraph zone_{name} [{name}]", *inside, "  end"] if name else [line[2:] for line in inside]
    for line in found:
        for at, seam in enumerate(line.seams):
            if at in line.joins:
                text.append(f"  {_node(line.seams[at - 1].target)} -.- {_node(seam.source)}")
            text.append(f"  {_arrow(seam)}")
    return {"system-map.mmd": "\n".join([*text, ""])}


def _node(tier: str) -> str:
    """A word that Mermaid takes for a name; `end` and the like are its own."""
    return f"tier_{tier.replace('-', '__')}"


def _arrow(seam: Seam) -> str:
    boundary = seam.boundary
    parts = [f"{boundary.owner}: {boundary.promise}", *(f"{what} {words}" for what, words in seam.waits)]
    if boundary.security is not None:
        parts.append(f"{boundary.security.authentication}, {boundary.security.encryption}")
    label = "<br>".join(part.translate(_TOKENS) for part in parts)
    return f'{_node(seam.source)} -->|"{label}"| {_node(seam.target or seam.source)}'
