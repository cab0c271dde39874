"""Fixed plans and the hashes of their runs, which every Python gives: `python tests/rig/golden.py` writes them down anew.

They change with everything that changes an event of a world: the device core, the hub, the rig. That they are what they were says that
nothing did; that they are the same on another Python, or under another hash seed, says that a plan is replayed exactly.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from seamline.contract import load_family
from seamline.rig.world.run import plan_of, run
from seamline.rig.world.world import Parts

HASHES = Path(__file__).with_name("golden.json")
SEEDS = (7, 21, 40)
DEVICES = 5
DURATION_MS = 1_200_000


def hashes() -> Iterator[tuple[str, str]]:
    """(seed, hash) of each plan."""
    families = [load_family(Path(__file__).resolve().parents[2] / "examples" / "heater")]
    for seed in SEEDS:
        outcome = run(plan_of(seed, DEVICES, DURATION_MS, families), Parts(families))
        yield str(seed), f"{outcome.digest} {outcome.steps} {outcome.broken}"


if __name__ == "__main__":
    if sys.argv[1:] == ["--print"]:
        sys.stdout.write(json.dumps(dict(hashes())))
    else:
        HASHES.write_text(json.dumps(dict(hashes()), indent=2) + "\n", encoding="utf-8")
