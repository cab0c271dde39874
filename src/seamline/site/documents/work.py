"""Works a plan out: resolve, cover, network, cables, power; and hashes what all of it came from."""

from __future__ import annotations

from pathlib import Path

from seamline.site.coverage.cover import cover
from seamline.site.documents.cable_part import cables_view
from seamline.site.documents.content import content_of
from seamline.site.documents.design import Absent, Design
from seamline.site.documents.radio_part import radio_view, stations_of
from seamline.site.frame import SiteError
from seamline.site.plan.loader import load_plan
from seamline.site.plan.model import Plan
from seamline.site.plan.resolve import resolve

POWER_ABSENT = "this version of Seamline does not work it out from a plan yet"


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
    absent: list[Absent] = []
    cables = cables_view(site)
    if isinstance(cables, str):
        absent.append(Absent("cables", cables))
    if not any(stations_of(site)):
        absent.append(Absent("radio", "nothing in the plan has a radio"))
    absent.append(Absent("power", POWER_ABSENT))
    return Design(
        site=site,
        coverage=cover(site),
        content=content,
        radio=radio_view(site) if not any(one.what == "radio" for one in absent) else None,
        cables=None if isinstance(cables, str) else cables,
        power=None,
        absent=tuple(absent),
    )
