"""Planned sites: what their devices see of them now, and what would help where one is dark."""

from __future__ import annotations
