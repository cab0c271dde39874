"""What a node uses, what feeds it, and for how long: pure functions of figures, each with its source.

Energy is in J or Wh and says which, power in W, charge in Ah, time in s or days, temperatures in degrees Celsius, money in cents.
Every result is made of `Term`s that a page, a PDF or a terminal prints as they are.
"""

from __future__ import annotations

from seamline.site.power.figures import PowerError, Term

__all__ = ["PowerError", "Term"]
