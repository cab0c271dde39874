"""Placement: which of many candidates to build. Pure functions of arrays, in whole numbers; every answer carries its bound.

from seamline.site.placement import Problem, Sight, best, cover

problem = Problem(Sight.of(sees), cost=cents)      # sees: bool (candidates, cells)
cover(problem)                                      # the cheapest nodes that cover all that can be covered
best(problem, count=8)                              # the best coverage with 8 nodes
"""

from __future__ import annotations

from seamline.site.placement.answer import Advice, Answer
from seamline.site.placement.best import best
from seamline.site.placement.cover import cover
from seamline.site.placement.effort import Effort, Progress
from seamline.site.placement.problem import Goal, Group, Obstacle, Problem
from seamline.site.placement.sight import Sight

__all__ = ["Advice", "Answer", "Effort", "Goal", "Group", "Obstacle", "Problem", "Progress", "Sight", "best", "cover"]
