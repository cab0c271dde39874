"""A plan worked out: the one value that every document is made of.

What a part of Seamline, or of the plan, does not give is None here and named in `absent`; documents say so and never make it up.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from seamline.site.coverage.result import Coverage
from seamline.site.documents.content import Content
from seamline.site.documents.views import CablesView, PowerView, RadioView
from seamline.site.plan.model import Plan
from seamline.site.plan.site import Site


@dataclass(frozen=True, slots=True)
class Absent:
    """Something that documents would show and do not have: what, and why."""

    what: str
    why: str

    def __str__(self) -> str:
        return f"{self.what}: {self.why}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """Site, coverage, links, cables and power of one plan, and the content that they were worked out from."""

    site: Site
    coverage: Coverage
    content: Content
    radio: RadioView | None = None
    cables: CablesView | None = None
    power: PowerView | None = None
    absent: tuple[Absent, ...] = ()

    @property
    def plan(self) -> Plan:
        """The plan."""
        return self.site.plan

    def place_of(self, path: str) -> str:
        """Where the plan writes something, as `plan.yaml:12`; the nearest thing around it that is written."""
        at = path
        while at and at not in self.plan.places:
            at = at.rpartition(".")[0]
        span = self.plan.places.get(at)
        return f"{Path(span.file).name}:{span.line}" if span else self.plan.file.name
