"""Plans for the storm: what a whole fleet that comes back in the same second does to the broker and the hub, by the contract.

plan(contract) -> StormPlan      every policy's figures, the verdict with its reasons, and what to change
picture.svg, picture.page        the same as a picture
"""

from __future__ import annotations

from seamline.rig.storm.figures import Curves, Figures, Limit
from seamline.rig.storm.plan import StormPlan, plan
from seamline.rig.storm.policies import POLICIES
from seamline.rig.storm.terms import StormError, Terms

__all__ = ["POLICIES", "Curves", "Figures", "Limit", "StormError", "StormPlan", "Terms", "plan"]
