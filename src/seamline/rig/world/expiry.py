"""Wishes that expire within a run: where the contract lets them expire at all, a run draws after how long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from seamline.contract import Contract, Family, Property
from seamline.rig.world.streams import Stream

LIVES_MS: Final = (5_000, 30_000, 180_000, None)
"""How long a wish lives at most; None: as long as the contract says."""


def brief(families: Sequence[Family], stream: Stream) -> Sequence[Family]:
    """The families as the run's hub has them."""
    most_ms = stream.pick(LIVES_MS)
    return families if most_ms is None else [_family(family, most_ms) for family in families]


def _family(family: Family, most_ms: int) -> Family:
    versions = {version: _contract(contract, most_ms) for version, contract in family.versions.items()}
    return replace(family, versions=versions, current=versions[family.current.version])


def _contract(contract: Contract, most_ms: int) -> Contract:
    return replace(contract, state={name: _setting(item, most_ms) for name, item in contract.state.items()})


def _setting(item: Property, most_ms: int) -> Property:
    return item if item.expires_ms is None else replace(item, expires_ms=min(item.expires_ms, most_ms))
