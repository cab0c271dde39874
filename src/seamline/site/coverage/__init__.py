"""What the nodes of a site see of its zones: coverage, redundancy, and blind spots with what causes them."""

from __future__ import annotations

from seamline.site.coverage.cover import Coverer, cover
from seamline.site.coverage.result import BlindSpot, Cause, Coverage, NeedCoverage, ZoneCoverage

__all__ = ["BlindSpot", "Cause", "Coverage", "Coverer", "NeedCoverage", "ZoneCoverage", "cover"]
