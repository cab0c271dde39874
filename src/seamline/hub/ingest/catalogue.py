"""What the registered contracts say, in the form ingest asks for it: decoders and writers by a frame's layout, numbers by contract."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from seamline.contract import Boundary, Contract, Family, Layout
from seamline.hub import twin
from seamline.hub.binary_copy import Writer
from seamline.hub.columns import Decoder

LOSSES_ID: Final = 0
SEAMLINE: Final = "seamline"
"""The product of Seamline's own layouts, which every device may send."""

DRIFT_PPM: Final = 100
"""Of a device whose contract is not registered: a cheap crystal over its temperature range."""
ERROR_MAX_MS: Final = 2_000
PUBLISH_EVERY_MS: Final = 60_000
ANSWER_TIMEOUT_MS: Final = 12_000
PRESUMED_LOST_PUBLISHES: Final = 3
SPREAD_MS: Final = 60_000
ACCEPT_RATE: Final = 500
"""Connects a second."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One registered layout: how it is read and where its records go. `writer` is None for losses, which are books."""

    layout: Layout
    decoder: Decoder
    writer: Writer | None
    product: int
    """The product's number in the catalogue; 0 is Seamline itself."""


@dataclass(frozen=True, slots=True)
class Terms:
    """A contract's numbers, ms, and how its twin's properties are decided."""

    drift_ppm: int = DRIFT_PPM
    error_max_ms: int = ERROR_MAX_MS
    publish_every_ms: int = PUBLISH_EVERY_MS
    answer_timeout_ms: int = ANSWER_TIMEOUT_MS
    presumed_lost_after_ms: int = PRESUMED_LOST_PUBLISHES * PUBLISH_EVERY_MS
    spread_ms: int = SPREAD_MS
    accept_rate: int = ACCEPT_RATE
    messages_rate: int | None = None
    policies: Mapping[str, twin.Policy] | None = None
    known: bool = False


class Catalogue:
    """Built once from the families at the hub's start."""

    def __init__(self, families: Iterable[Family]) -> None:
        self.families: Final = tuple(families)
        self.products: Final = {SEAMLINE: 0}
        for family in self.families:
            self.products.setdefault(family.product, len(self.products))
        self.kinds: Final[Mapping[int, Kind]] = {
            layout_key(layout.message_id, layout.version, layout.fingerprint): Kind(
                layout,
                Decoder(layout),
                None if layout.message_id == LOSSES_ID else Writer(layout),
                self.products.get(layout.product, 0),
            )
            for family in self.families
            for layout in family.layouts.values()
        }
        self._contracts: Final[Mapping[str, Contract]] = {
            contract.reference: contract for family in self.families for contract in family.versions.values()
        }
        self._current: Final = {family.product: family.current for family in self.families}
        self._terms: Final = {reference: _terms(contract) for reference, contract in self._contracts.items()}
        self._boundaries: Final[dict[tuple[str, str], Boundary]] = {}

    def product_code(self, product: str | None) -> int:
        """A product's number; -1 for none said yet, -2 for one that is not registered."""
        return -1 if product is None else self.products.get(product, -2)

    def terms(self, reference: str | None) -> Terms:
        """The numbers of `heater/1.3.0`; of an unregistered version the product's current ones; else defaults."""
        if reference is None:
            return _DEFAULTS
        found = self._terms.get(reference)
        if found is None:
            current = self._current.get(reference.partition("/")[0])
            found = None if current is None else self._terms.get(current.reference)
        return found or _DEFAULTS

    def contract(self, reference: str | None) -> Contract | None:
        """The contract a device named at birth, if it is registered; else its product's current one, if there is one."""
        if reference is None:
            return None
        return self._contracts.get(reference) or self._current.get(reference.partition("/")[0])

    def registered(self, reference: str) -> bool:
        """Whether exactly this version is registered."""
        return reference in self._contracts

    def boundary(self, product: str | None, consumer: str) -> Boundary | None:
        """The boundary of the product's contract that ends with `-consumer` (`radio-broker`: broker), or its first."""
        current = self._current.get(product or "")
        if current is None:
            return None
        key = (current.product, consumer)
        found = self._boundaries.get(key)
        if found is None:
            ending = [boundary for name, boundary in current.boundaries.items() if name.endswith(f"-{consumer}")]
            found = next(iter(ending or current.boundaries.values()), None)
            if found is not None:
                self._boundaries[key] = found
        return found


def layout_key(message_id: int, version: int, fingerprint: int) -> int:
    """What a frame says about its layout, as one number."""
    return message_id << 40 | version << 32 | fingerprint


_DEFAULTS: Final = Terms()


def _terms(contract: Contract) -> Terms:
    every_ms = contract.heartbeat_ms
    return Terms(
        drift_ppm=contract.clock.drift_ppm,
        error_max_ms=contract.clock.error_max_ms,
        publish_every_ms=every_ms,
        answer_timeout_ms=contract.timing.answer_timeout_ms,
        presumed_lost_after_ms=contract.timing.presumed_lost_publishes * every_ms,
        spread_ms=contract.fleet.recovery_ms // 2,
        accept_rate=max(1, contract.fleet.accept_rate),
        messages_rate=contract.fleet.messages_rate,
        policies={
            name: twin.Policy(twin.Rule(state.conflict), state.expires_ms, state.confirm_within_ms)
            for name, state in contract.state.items()
        },
        known=True,
    )
