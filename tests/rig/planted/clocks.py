"""Defects in how the hub tells the time of a record, and what a field's words mean."""

from __future__ import annotations

from tests.rig.planted.mutation import Edit, mutation

from seamline.rig.world.plan import Kind

CLOCKS = "seamline.hub.ingest.clocks:Clockwork."
ANCHORS = "seamline.hub.anchors:"
DATING = "seamline.hub.ingest.dating:"

MUTATIONS = [
    mutation(
        "device time trusted blindly",
        "the device has a clock: what it says is the time, and the smallest error it names wins",
        "dates",
        Edit(CLOCKS + "_take", "why = vet(anchor, said.arrival_ms, self._drift_ppm(said.device), Tolerance())", "why = None"),
        Edit(ANCHORS + "Tie.rank", "_TRUST[self.source], self.uncertainty_ms", "0, self.uncertainty_ms"),
        budget=20,
        kinds=(Kind.CLOCK_STEP, Kind.LINK_CUT),
    ),
    mutation(
        "arrival taken for the measurement",
        "the broker's time is right: it is the record's",
        "dates",
        Edit(
            "seamline.hub.ingest.work:_rows",
            '"measured": np.maximum(dates.unix_ms, EARLIEST_MS) * 1000',
            '"measured": arrival_us',
        ),
        budget=1,
    ),
    mutation(
        "drift forgotten",
        "a crystal is exact",
        "dates",
        Edit(DATING + "_drifted", "return -(-np.abs(distance_ms) * drift_ppm // PPM)", "return distance_ms * 0"),
        Edit(ANCHORS + "drifted_ms", "return -(-abs(distance_ms) * drift_ppm // PPM)", "return 0"),
        budget=40,
    ),
    mutation(
        "one time for a whole frame",
        "the frame says when; a minute's records are close enough",
        "dates",
        Edit(
            "seamline.hub.decode:records",
            "uptime = batch.uptime_ms[frame] + (words[:, 0] & np.uint64(0xFFFF_FFFF)).astype(np.int64)",
            "uptime = batch.uptime_ms[frame]",
        ),
        budget=1,
    ),
    mutation(
        "the session's time taken when it is read",
        "the hub's answer says what time it is: now",
        "dates",
        Edit("seamline.device.core:Core._learn_time", "at_ms = self._session.born_ms + took_ms // 2", "at_ms = now_ms"),
        Edit("seamline.device.core:Core._learn_time", "(took_ms + 1) // 2 + answer.uncertainty_ms", "answer.uncertainty_ms"),
        budget=20,
    ),
    mutation(
        "the last thing known of a boot taken at its latest",
        "a boot begins after the one before: after the latest that its last word can have been said",
        "dates",
        Edit(
            "seamline.hub.timeline:_after_earlier_boots",
            "_highest(after_ms, told[0] - told[1])",
            "_highest(after_ms, told[0] + told[1])",
        ),
        budget=40,
        kinds=(Kind.POWER_CUT, Kind.POWER_CUT, Kind.NTP_BLOCKED, Kind.NTP_BLOCKED, Kind.DATABASE_SLOW, Kind.DATABASE_SLOW),
        minutes=60,
    ),
]
