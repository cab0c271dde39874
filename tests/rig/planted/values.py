"""Defects in how raw counts become physical values, and in how history is valued anew."""

from __future__ import annotations

from tests.rig.planted.mutation import Edit, mutation

REVALUE = "seamline.hub.steps.revalue:"
VALUES = "seamline.hub.ingest.values:Values."
DAY = "raw-counts"

MUTATIONS = [
    mutation(
        "a pass goes on behind the next record",
        "the place is the last row: go on with the one after it",
        "in-force",
        Edit(
            REVALUE + "_begin", "return target.table, boot, seq, incarnation", "return target.table, boot, seq + 1, incarnation"
        ),
        budget=24,
        scenario=DAY,
    ),
    mutation(
        "the newest coefficients for all times",
        "the newest certificate is the right one",
        "in-force",
        Edit(REVALUE + "_valued", "rows.at_us[inside], raws", "rows.at_us[inside] * 0 + (1 << 61), raws"),
        budget=4,
        scenario=DAY,
    ),
    mutation(
        "a pass counts what it looked at",
        "that many rows were done",
        "on-record",
        Edit(REVALUE + "_stretch", '"count": count,', '"count": len(rows),'),
        budget=4,
        scenario=DAY,
    ),
    mutation(
        "coefficients remembered for good",
        "they were read when the device was first met",
        "in-force",
        Edit(VALUES + "_refresh", "if seen is not None and changed:", "if not changed:"),
        budget=4,
        scenario=DAY,
    ),
    mutation(
        "a missing count taken for zero",
        "a count that is not there is no count",
        "physical",
        Edit("seamline.hub.valuing:Formula.values", "found[~np.isfinite(found)] = np.nan", "found[~np.isfinite(found)] = 0.0"),
        budget=4,
        scenario=DAY,
    ),
]
