"""Works a plan out: resolve, cover, network, cables, power; and hashes what all of it came from."""

from __future__ import annotations

from pathlib import Path

from seamline.site.coverage.cover import cover
from seamline.site.documents.content import content_of
from seamline.site.documents.design import Absent, Design
from seamline.site.documents.network_part import cables_view, radio_view
from seamline.site.documents.power_part import power_view
from seamline.site.frame import SiteError
from seamline.site.network.study import study
from seamline.site.plan.loader import load_plan
from seamline.site.plan.model import Plan
from seamline.site.plan.resolve import resolve


def design(path: Path, variant: str | None = None) -> Design:
    """The design of a plan. ContractErrors for what the plan says wrong, SiteError for what cannot be worked out.

    SiteError also when an input changed while it was being read: documents would not be of one plan.
    """
    plan = load_plan(path, variant)
    before = content_of(plan)
    found = designed(plan)
    if content_of(load_plan(path, variant)) != before:
        raise SiteError(f"{path}: the plan or a file that it reads was changed meanwhile; start again")
    return found


def designed(plan: Plan) -> Design:
    """The design of a plan that was read."""
    content = content_of(plan)
    site = resolve(plan)
    network = study(site)
    radio = radio_view(site, network)
    return Design(
        site=site,
        coverage=cover(site),
        content=content,
        radio=radio,
        cables=cables_view(site, network),
        power=power_view(site, network),
        absent=() if radio is not None else (Absent("radio", "nothing in the plan has a radio"),),
    )
