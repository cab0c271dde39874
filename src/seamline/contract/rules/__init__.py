"""Every rule of the contract language by its code: what it asks, why, and an example on either side.

SL0xx is about the file as YAML, SL1xx about one section, SL2xx about sections that contradict each other, SL3xx about
versions of one product that live in the field together.
"""

from __future__ import annotations

from seamline.contract.rules import cross, fields, file, section, versions
from seamline.contract.rules.rule import Rule

__all__ = ["RULES", "Rule"]

RULES: dict[str, Rule] = {**file.RULES, **section.RULES, **fields.RULES, **cross.RULES, **versions.RULES}
"""All rules, in order."""
