"""What ingest did and what its stages cost: read by the benchmark and the log."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(slots=True)
class Meter:
    """Counts of messages and batches, and seconds of wall time by stage."""

    messages: int = 0
    batches: int = 0
    stages_s: dict[str, float] = field(default_factory=dict[str, float])

    @contextmanager
    def time(self, stage: str) -> Generator[None]:
        """Add the time of a block to a stage."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self.stages_s[stage] = self.stages_s.get(stage, 0.0) + time.perf_counter() - started
