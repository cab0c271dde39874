"""A demo's result: the JSON document, the summary for people, and the promises it is held to."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from seamline.rig.device import Tally
from seamline.rig.plan import Kind
from seamline.rig.verify import Verdict

MEASURING_S_MIN: Final = 5.0
"""Whoever stops sooner may see a demo that measured nothing yet."""


@dataclass(frozen=True, slots=True)
class Run:
    """How a demo was run, and how far it came."""

    devices: int
    seconds: float
    seed: int
    chaos: bool
    drained: bool
    seconds_to_first_reading: float | None
    faults: Mapping[Kind, int]
    faults_missed: tuple[str, ...] = ()


def broken(run: Run, verdict: Verdict) -> list[str]:
    """Return what did not hold, one line each; nothing is a success."""
    problems = list(verdict.problems)
    sums = verdict.sums
    classed = sums.stored + sums.quarantined + sums.declined + sums.lost + sums.owed
    if classed != sums.numbered:
        problems.append(f"the books do not balance: {sums.numbered} numbered, {classed} in a class")
    if sums.owed:
        problems.append(f"{sums.owed} records are still owed")
    if not run.drained:
        problems.append("not everything was delivered in the time given after the end of measuring")
    if not sums.stored and run.seconds >= MEASURING_S_MIN:
        problems.append("nothing was stored")
    problems += [f"planned but never happened: {text}" for text in run.faults_missed]
    return problems


def document(run: Run, verdict: Verdict, tally: Tally) -> dict[str, object]:
    """Return the JSON document."""
    sums = verdict.sums
    return {
        "devices": run.devices,
        "seconds": round(run.seconds, 1),
        "seed": run.seed,
        "chaos": run.chaos,
        **sums.as_dict(),
        "lost_beyond_knowing": verdict.lost_beyond_knowing,
        "overstated": verdict.overstated,
        "duplicates_received": verdict.duplicates_received,
        "duplicates_stored": verdict.duplicates_stored,
        "misdated": verdict.misdated,
        "undated": verdict.undated,
        "value_mismatches": verdict.value_mismatches,
        "refused_frames": verdict.refused_frames,
        "by_contract_version": {version: each.as_dict() for version, each in sorted(verdict.by_version.items())},
        "latency_ms": tally.measured_to_acknowledged.summary(),
        "latency_sent_ms": tally.sent_to_acknowledged.summary(),
        "latency_stored_ms": verdict.measured_to_stored.summary(),
        "seconds_to_first_reading": run.seconds_to_first_reading,
        "connects": tally.connects,
        "connect_failures": dict(sorted(tally.connect_failures.items())),
        "sessions_ended": dict(sorted(tally.ends.items())),
        "faults": {str(kind): count for kind, count in sorted(run.faults.items())},
        "broken": broken(run, verdict),
    }


def write_json(path: Path, figures: Mapping[str, object]) -> None:
    """Write the document whole or not at all. Raises OSError naming the file."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def summary(run: Run, verdict: Verdict, tally: Tally) -> str:
    """Return the result for people."""
    sums, problems = verdict.sums, broken(run, verdict)
    measured = tally.measured_to_acknowledged
    lines = [
        f"{run.devices} devices for {run.seconds:.0f} s, seed {run.seed}",
        f"  numbered     {sums.numbered:>9}",
        f"  stored       {sums.stored:>9}   each compared with what was measured, {verdict.value_mismatches} differ",
        f"  quarantined  {sums.quarantined:>9}",
        f"  declined     {sums.declined:>9}",
        f"  lost         {sums.lost:>9}   declared, or closed after a power cut{_overstated(verdict)}",
        f"  owed         {sums.owed:>9}",
        f"  duplicates   {verdict.duplicates_received:>9}   received, {verdict.duplicates_stored} stored",
        f"  misdated     {verdict.misdated:>9}   {verdict.undated} without a date",
        f"  garbage      {verdict.refused_frames:>9}   frames refused",
        f"  first reading after {_seconds(run.seconds_to_first_reading)}",
    ]
    if measured.total:
        lines.append(
            f"  measured to committed: half within {measured.percentile(50)} ms, 99 % within {measured.percentile(99)} ms"
        )
    if problems:
        lines += ["BROKEN", *(f"  {problem}" for problem in problems)]
    else:
        lines.append("every record is in exactly one class, every value is what was measured, every date within its bound")
    return "\n".join(lines)


def _overstated(verdict: Verdict) -> str:
    """Why the hub's page says more."""
    return f"; with {verdict.overstated} never made that bounds over-state, the hub's figure" if verdict.overstated else ""


def _seconds(value: float | None) -> str:
    return "never" if value is None else f"{value:.1f} s"
