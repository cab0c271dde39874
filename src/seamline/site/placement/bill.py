"""What the bill of materials says that an answer costs, beside what placement reckoned, and where the two differ.

Placement needs a price for each candidate by itself. The bill is of all of them: spares are rounded up over the whole plan, cables share
trenches, and switches come whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from seamline.site.coverage.result import Coverage
from seamline.site.documents.bom import Bom, BomLine, bom
from seamline.site.documents.content import Content
from seamline.site.documents.design import Design
from seamline.site.documents.network_part import cables_view, radio_view
from seamline.site.network.study import study
from seamline.site.placement.answer import Answer
from seamline.site.placement.on_site import Question, work_on
from seamline.site.placement.writing import names
from seamline.site.plan.model import Node
from seamline.site.plan.site import Fixed, Site


@dataclass(frozen=True, slots=True)
class Difference:
    """Why the bill says so many cents more (below 0: less) than placement reckoned."""

    why: str
    cents: int


@dataclass(frozen=True, slots=True)
class Bill:
    """What the plan's bill of materials grows by with an answer, in cents; what placement reckoned; and every difference between them.

    `unpriced` are parts that neither has a price for.
    """

    cents: int
    reckoned: int
    differences: tuple[Difference, ...]
    unpriced: tuple[str, ...]


def billed(asked: Question, answer: Answer) -> Bill:
    """The bill of an answer. SiteError as the network and the bill of materials raise it."""
    chosen = answer.chosen
    nodes = [
        (asked.node(number, ident), asked.candidate(number)[0].spot)
        for number, ident in zip(chosen, names(asked.site.plan, len(chosen)), strict=True)
    ]
    kept = {
        ident: held
        for ident, held in asked.site.nodes.items()
        if held[0].existing or held[0].part is None or ident in asked.nodes
    }
    added = {node.id: (node, Fixed(spot.x, spot.y, 0.0)) for node, spot in nodes}
    before, after = bill_of(with_only(asked.site, kept)), bill_of(with_only(asked.site, kept | added))
    cents = after.total.cents - before.total.cents
    found = [Difference(why, amount) for why, amount in differences(asked, answer, before, after) if amount]
    rest = cents - answer.cost - sum(one.cents for one in found)
    if rest:
        found.append(Difference("parts", rest))
    return Bill(cents, answer.cost, tuple(found), after.unpriced)


def differences(asked: Question, answer: Answer, before: Bom, after: Bom) -> Iterator[tuple[str, int]]:
    """What the bill has of each kind, less what placement reckoned of it."""
    offers = [asked.offers[number - len(asked.nodes)] for number in answer.chosen]
    mountings = [asked.site.plan.mountings[offer.mounting] for offer in offers]
    feeds = [offer.feed for offer in offers if offer.feed is not None]
    work = sum(feed.work for feed in feeds)
    for offer, mounting in zip(offers, mountings, strict=True):
        work += work_on(asked.site, mounting, offer.one.option.name.partition(":")[0])
    cable = sum(feed.cents - feed.work for feed in feeds if feed.power.kit is None)

    def more(worth: Callable[[BomLine], int], kinds: tuple[str, ...] = ()) -> int:
        return sum(
            sign * worth(line)
            for sign, bill in ((1, after), (-1, before))
            for line in bill.lines
            if not kinds or line.part.kind in kinds
        )

    def priced(line: BomLine) -> int:
        return 0 if line.price is None else line.price.cents * line.needed

    yield "spares", more(lambda line: 0 if line.price is None else line.price.cents * line.spares)
    yield "cable along shared trenches, in whole metres", more(priced, ("cable",)) - cable
    yield "further switches", more(priced, ("switch",)) - sum(one.cents - one.work for one in asked.bought)
    done = sum(item.cents for item in after.works) - sum(item.cents for item in before.works)
    yield "work on that cable, and on all together", done - work - sum(one.work for one in asked.bought)
    yield "mountings' own cost, which the bill does not have", -sum(one.cost.cents for one in mountings if one.cost is not None)


def bill_of(site: Site) -> Bom:
    """The bill of materials of a site; it needs no coverage and no power."""
    network = study(site)
    nothing = Coverage(zones={}, score=0.0)
    radio, cables = radio_view(site, network), cables_view(site, network)
    return bom(Design(site=site, coverage=nothing, content=Content("", {}, ""), radio=radio, cables=cables))


def with_only(site: Site, nodes: dict[str, tuple[Node, Fixed]]) -> Site:
    """The site with these nodes and no others."""
    return replace(site, plan=replace(site.plan, nodes={ident: node for ident, (node, _) in nodes.items()}), nodes=nodes)
