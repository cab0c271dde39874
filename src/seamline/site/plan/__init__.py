"""The plan of a site: one YAML file beside its survey, read into frozen values with the place of every mistake.

from seamline.site.plan import load_plan, resolve

plan = load_plan("examples/sites/yard/plan.yaml")
site = resolve(plan)
for note in site.notes: ...
"""

from __future__ import annotations

from seamline.site.plan.loader import load_plan, read_plan
from seamline.site.plan.model import Plan
from seamline.site.plan.resolve import resolve
from seamline.site.plan.site import Site

__all__ = ["Plan", "Site", "load_plan", "read_plan", "resolve"]
