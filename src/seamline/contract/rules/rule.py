"""What a rule is, for `seamline contract explain CODE` and for the tests."""

from __future__ import annotations

from typing import NamedTuple


class Rule(NamedTuple):
    """What a rule asks for, the reason, and a short piece of YAML that breaks it beside one that keeps it.

    Examples of SL0xx are whole files. Those of SL1xx and SL2xx are laid over a small valid contract: mappings are joined, anything
    else is replaced; after a line `# with these messages alone` its messages are taken away before. Those of SL3xx hold several files, each after a line `# released/2.0.0.yaml` or `# contract.yaml`.
    A rule that no short text can break has an `explanation`, and its two examples are told in words.
    """

    title: str
    why: str
    bad: str = ""
    good: str = ""
    explanation: str = ""
