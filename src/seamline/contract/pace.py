"""A pace: how much faster than its contract says a demo or a test lives, on both sides of the seam alike.

A fleet that hurries under a hub that does not would be judged by waits that nobody keeps: both take the same pace.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from seamline.contract.acceleration import accelerate

if TYPE_CHECKING:
    from seamline.contract.family import Family
    from seamline.contract.model import Contract, Message


@dataclass(frozen=True, slots=True)
class Pace:
    """Periods and waits divided by `factor`, and no message sampled or sent more rarely than `publish_every_ms_max` (0: no bound).

    Messages of low priority have a bound of their own, `low_every_ms_max` (0: the same).
    """

    factor: int = 1
    publish_every_ms_max: int = 0
    low_every_ms_max: int = 0

    def contract(self, contract: Contract) -> Contract:
        """Return a contract at this pace; see `acceleration` for what changes and what does not."""
        return hurried(accelerate(contract, self.factor), self.publish_every_ms_max or None, self.low_every_ms_max or None)

    def family(self, family: Family) -> Family:
        """Return a family with every version at this pace; its layouts stay."""
        versions = {version: self.contract(contract) for version, contract in family.versions.items()}
        return replace(family, versions=versions, current=self.contract(family.current))


CONTRACTS_OWN: Final = Pace()
"""The times as the contract has them."""


def hurried(contract: Contract, every_ms_max: int | None, low_every_ms_max: int | None = None) -> Contract:
    """Return the contract with no message sampled or sent more rarely than every `every_ms_max` (None: as it is).

    For messages of low priority, `low_every_ms_max` counts, where given.
    """
    if every_ms_max is None:
        return contract
    bounds = {name: low_every_ms_max or every_ms_max for name, message in contract.messages.items() if message.priority == "low"}
    messages = {name: _bounded(message, bounds.get(name, every_ms_max)) for name, message in contract.messages.items()}
    return replace(contract, messages=messages)


def _bounded(message: Message, every_ms_max: int) -> Message:
    sample_ms = min(message.sample_ms, every_ms_max)
    at_most = None if message.at_most is None else message.at_most.spaced(sample_ms)
    every_ms = min(message.publish_every_ms, every_ms_max)
    return replace(message, sample_ms=sample_ms, publish_every_ms=every_ms, at_most=at_most)
