"""What a check of `seamline doctor` says."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from seamline.stack.settings import Settings


class Verdict(StrEnum):
    """How a check came out: good, works but, does not work, nothing to look at."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    IDLE = "idle"


@dataclass(frozen=True, slots=True)
class Finding:
    """One check's outcome: what was found, and the remedy ("" when there is nothing to mend)."""

    name: str
    verdict: Verdict
    found: str
    remedy: str = ""


Check: TypeAlias = Callable[[Settings], Iterable[Finding]]
