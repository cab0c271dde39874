"""What a plan that does not meet its needs lacks: the nodes that placement would add, what they cost, how sure that is."""

from __future__ import annotations

from dataclasses import dataclass

from seamline.site.placement.bill import billed
from seamline.site.placement.placing import Wish, placed
from seamline.site.plan.site import Site

SECONDS_MAX = 10.0
"""For how long HiGHS may look for something cheaper."""


@dataclass(frozen=True, slots=True)
class Restoring:
    """What would meet every need: `nodes` more, for so many `cents` on the bill of materials.

    Placement chose by its own prices (see `bill`): `reckoned` cents, and no choice is below `bound`. Where nothing has a price, it chose
    the fewest; then `reckoned` is None and `bound` 0. `is_proven`: none is cheaper by these prices, or has fewer nodes. Where the
    mountings have no answer, there are no nodes and no cents; `is_impossible`: that is shown.
    """

    nodes: int
    cents: int
    reckoned: int | None
    bound: int
    currency: str
    is_met: bool
    is_proven: bool
    is_impossible: bool

    def __str__(self) -> str:
        """In one line, as a remedy."""
        if not self.is_met:
            why = "shown to be impossible" if self.is_impossible else "none was found"
            return f"no choice of the plan's mountings does ({why}); 'seamline site place' says what stands in the way"
        more = f"{self.nodes} more node{'' if self.nodes == 1 else 's'} for {self.cents / 100:,.2f} {self.currency}"
        if self.reckoned is None:
            sure = "no choice has fewer" if self.is_proven else "perhaps fewer do"
        else:
            least = "no choice is cheaper" if self.is_proven else f"no choice is below {self.bound / 100:,.2f}"
            sure = f"{self.reckoned / 100:,.2f} by placement's prices, {least}"
        return f"{more} ({sure}); 'seamline site place' says which"

    def as_json(self) -> dict[str, object]:
        """The same for programs."""
        return {
            "nodes": self.nodes,
            "cost_cents": self.cents,
            "reckoned_cents": self.reckoned,
            "bound_cents": self.bound,
            "currency": self.currency,
            "met": self.is_met,
            "proven": self.is_proven,
            "impossible": self.is_impossible,
        }


def restoring(site: Site, *, jobs: int = 1) -> Restoring | None:
    """What a site's mountings offer to meet its needs, at the least cost; None where the plan names no mountings."""
    if not site.plan.mountings:
        return None
    asked, answer = placed(site, Wish(seconds=SECONDS_MAX), jobs=jobs)
    is_priced = answer.is_met and answer.price == "cost"
    return Restoring(
        nodes=len(answer.chosen) if answer.is_met else 0,
        cents=billed(asked, answer).cents if answer.is_met and answer.chosen else 0,
        reckoned=answer.cost if is_priced else None,
        bound=answer.bound if is_priced else 0,
        currency=site.plan.prices.currency,
        is_met=answer.is_met,
        is_proven=answer.is_proven,
        is_impossible=answer.is_impossible,
    )
