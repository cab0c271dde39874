"""How a contract may change while firmware of older versions is in the field.

- `compare(old, new)` gives every difference with its category, verdict, direction, firmware and reason.
- `against(current, released)` the same against several versions at once.
- `table` says of each part of the model how a change of it is judged; `registry` keeps what was released, `releases` a folder's.
"""

from __future__ import annotations

from seamline.contract.evolution.compare import against, compare, compare_layouts
from seamline.contract.evolution.difference import Category, Difference, Direction, said

__all__ = ["Category", "Difference", "Direction", "against", "compare", "compare_layouts", "said"]
