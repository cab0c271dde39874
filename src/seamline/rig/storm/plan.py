"""The plan of a storm: every policy beside the others, the verdict on the product's own, and what to change where it does not hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Final

from seamline.contract import Contract
from seamline.rig.storm.advice import Change, advise, smallest_spread_ms
from seamline.rig.storm.figures import Figures, figures_of
from seamline.rig.storm.policies import POLICIES, policies_of
from seamline.rig.storm.simulate import run
from seamline.rig.storm.terms import Terms, terms_of

FORMAT: Final = "seamline-storm/1"


@dataclass(frozen=True, slots=True)
class StormPlan:
    """What a fleet's return comes to under each policy.

    `within_limits` and `reasons` judge the product's own two policies: the spread that the hub tells, and the contract's, which
    holds until a hub has answered. `advice` has the alternatives: each is one set of changes that would do, tried out.
    """

    product: str
    terms: Terms
    seed: int
    policies: tuple[Figures, ...]
    smallest_spread_ms: int | None
    """The shortest spread with which everybody is back within limits; None when no spread does."""
    advice: tuple[tuple[Change, ...], ...]

    @property
    def within_limits(self) -> bool:
        """Whether the contract's limits hold for the product's own policies."""
        return not self.reasons

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why not: a sentence for each limit that does not hold."""
        told: dict[str, None] = {}
        for figures in self.policies:
            if figures.ours:
                told |= dict.fromkeys(f"{figures.title}: {reason}" for reason in figures.reasons)
        return tuple(told)

    def of(self, name: str) -> Figures:
        """The figures of a policy. Raises KeyError for one that was not run."""
        return {figures.name: figures for figures in self.policies}[name]

    def document(self) -> dict[str, object]:
        """As JSON: the terms, and each policy's figures, limits and curves."""
        return {
            "format": FORMAT,
            "product": self.product,
            "seed": self.seed,
            "terms": asdict(self.terms),
            "within_limits": self.within_limits,
            "reasons": list(self.reasons),
            "smallest_spread_ms": self.smallest_spread_ms,
            "advice": [[asdict(change) for change in changes] for changes in self.advice],
            "policies": [asdict(figures) | {"within": figures.within} for figures in self.policies],
        }


def plan(
    contract: Contract,
    devices: int | None = None,
    outage_ms: int | None = None,
    seed: int = 0,
    policies: Sequence[str] | None = None,
) -> StormPlan:
    """Plan the storm of a contract: a fleet (`devices`; its `devices_max`) that comes back in the same second.

    Each device has measured through an outage of `outage_ms` (its `buffer.outage`) and brings what its buffer holds. `policies`
    names those to be shown beside the product's own two, which are always there (None: all). The same arguments give the same
    plan everywhere. Raises StormError for what cannot be meant.
    """
    terms = terms_of(contract, devices, outage_ms)
    ours = tuple(policy.name for policy in POLICIES.values() if policy.ours)
    chosen = policies_of(None if policies is None else (*ours, *policies))
    figures = tuple(figures_of(run(policy, terms, seed), terms) for policy in chosen)
    holds = all(each.within for each in figures if each.ours)
    return StormPlan(
        product=contract.reference,
        terms=terms,
        seed=seed,
        policies=figures,
        smallest_spread_ms=smallest_spread_ms(terms, seed),
        advice=() if holds else advise(terms, seed),
    )
