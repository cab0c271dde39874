"""What the hub's fleet says of a product: how many devices have which version of its contract."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import NamedTuple, cast

from seamline.cli.ask import ask
from seamline.cli.exits import Unreachable
from seamline.cli.screen import clean

UNHEARD = "unknown"
"""How the hub's summary counts devices that have never said what contract they have."""


class InField(NamedTuple):
    """Devices by version, and those of any product that have never said theirs."""

    devices: Mapping[str, int]
    unheard: int


def ask_fleet(url: str, product: str) -> InField:
    """Return what the hub at `url` knows. Raises Unreachable when it does not answer, or not with counts: silence is no zero."""
    counts = ask(argparse.Namespace(url=url, state=None), "summary").members.get("by_contract")
    if not isinstance(counts, dict) or not all(isinstance(each, int) for each in cast("dict[str, object]", counts).values()):
        raise Unreachable(f"what answers at {url} does not say how many devices have which contract: is it this version's hub?")
    found = cast("dict[str, int]", counts)
    head = f"{product}/"
    devices = {clean(name.removeprefix(head)): count for name, count in found.items() if name.startswith(head)}
    return InField(devices, found.get(UNHEARD, 0))
