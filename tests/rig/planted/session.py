"""Defects in how a device comes, stays and comes back."""

from __future__ import annotations

from tests.rig.planted.mutation import Edit, mutation

from seamline.rig.world.plan import Kind

CORE = "seamline.device.core:Core."
SESSION = "seamline.device.session:Session."
WORDS = "seamline.device.words:Words."
BACKOFF = "seamline.device.backoff:Backoff."
CONNECTS = (Kind.AUTH_AWAY, Kind.PORTAL, Kind.BROKER_DOWN)
LATE_WISHES = (Kind.WISH, Kind.WISH, Kind.LATE_MAIL, Kind.LATE_MAIL)
TWIN = "seamline.device.twin:Twin."
FLAPS = (Kind.FLAPPING, Kind.FLAPPING)

MUTATIONS = [
    mutation(
        "back-off without jitter",
        "exponential back-off, as in every tutorial",
        "jitter",
        Edit(BACKOFF + "uniform", "return (self._random() * (window_ms + 1)) >> 32", "return window_ms"),
        budget=12,
        kinds=CONNECTS,
    ),
    mutation(
        "retries synchronised",
        "every device waits half its window: the mean of what jitter gives, and easier to test",
        "jitter",
        Edit(BACKOFF + "uniform", "return (self._random() * (window_ms + 1)) >> 32", "return window_ms // 2"),
        budget=12,
        kinds=CONNECTS,
    ),
    mutation(
        "retry at once",
        "the user waits: the next try is due now",
        "paced jitter bounded",
        Edit(BACKOFF + "after_failure", "return self.uniform(self._window_ms())", "return 0"),
        budget=12,
        kinds=CONNECTS,
    ),
    mutation(
        "everybody at once after a power cut",
        "the device has just booted: it connects right away",
        "jitter paced",
        Edit(BACKOFF + "at_boot", "self.spread_ms if together else self._policy.backoff_base_ms", "self._policy.backoff_base_ms"),
        budget=12,
        scenario="regional-power-cut",
    ),
    mutation(
        "count reset too early",
        "a new connect begins with a clean count: what failed before is over",
        "paced jitter",
        Edit(SESSION + "connect", "self.number += 1", "self.number += 1\n    self.backoff._tries = 0"),
        budget=12,
        kinds=CONNECTS,
    ),
    mutation(
        "count reset when the link comes up",
        "connected: what failed before is over",
        "paced",
        Edit(SESSION + "greet", "self.born_ms = now_ms", "self.born_ms = now_ms\n    self.backoff._tries = 0"),
        budget=12,
        kinds=FLAPS,
    ),
    mutation(
        "count reset by any session",
        "the hub has answered: the link works again",
        "paced",
        Edit(BACKOFF + "stable", "if live_ms >= self._policy.backoff_reset_after_ms:", "if live_ms >= 0:"),
        budget=12,
        kinds=FLAPS,
    ),
    mutation(
        "count never reset",
        "the count of tries goes on, to be careful",
        "paced",
        Edit(BACKOFF + "stable", "        self._tries = 0\n", "        pass\n"),
        budget=12,
        kinds=(Kind.AUTH_AWAY, Kind.PORTAL, Kind.CUT_ALL, Kind.LINK_CUT),
    ),
    mutation(
        "busy ignored",
        "busy is for the others: what is measured must go out",
        "busy-obeyed",
        Edit(SESSION + "busy", "    self.busy_until_ms = max(self.busy_until_ms, until_ms)\n", ""),
        budget=12,
        scenario="rate-limited",
    ),
    mutation(
        "asleep after a failure",
        "the failed connect is noted; the timer is armed by the next event",
        "online paced deadline",
        Edit(SESSION + "fail", "self._arm(now_ms + max(1, self.backoff.after_failure()))", "self.due_ms = 1 << 62"),
        budget=12,
        kinds=CONNECTS,
    ),
    mutation(
        "connect without a timeout",
        "TCP will tell when it fails",
        "online paced",
        Edit(SESSION + "connect", "self.due_ms = now_ms + self._policy.connect_timeout_ms", "self.due_ms = 1 << 62"),
        budget=12,
        scenario="week-offline",
    ),
    mutation(
        "session not numbered anew",
        "the number of the session is that of the boot",
        "birth-first online nothing-owed",
        Edit(SESSION + "connect", "    self.number += 1\n", "    self.number = 1\n"),
        budget=12,
        scenario="drop-mid-publish",
    ),
    mutation(
        "data before the birth is answered",
        "the link is up: why wait",
        "birth-first",
        Edit(CORE + "_advance", "if self._session.state == LIVE and", "if self._session.state in (GREETING, LIVE) and"),
        budget=1,
    ),
    mutation(
        "a report is said once",
        "the broker has acknowledged it: the hub will get it",
        "twins-converged",
        Edit(WORDS + "again", "if word.anchor is None:", "if False:"),
        budget=20,
        kinds=(Kind.LOSSY, Kind.LOSSY, Kind.TOUCH, Kind.TOUCH),
    ),
    mutation(
        "the time is told once",
        "the hub knows its own time: the anchor is a courtesy",
        "time-told",
        Edit(WORDS + "again", "elif word.anchor in self._clock.anchors():", "elif False:"),
        budget=20,
        kinds=(Kind.LOSSY, Kind.LOSSY, Kind.LINK_CUT, Kind.LINK_CUT),
    ),
    mutation(
        "a wish that comes again is done again",
        "the hub sends what it wants done",
        "applied-once",
        Edit(TWIN + "receive", "if version <= self._seen.get(name, -1):", "if version < self._seen.get(name, -1):"),
        budget=12,
        kinds=LATE_WISHES,
    ),
    mutation(
        "the latest document is the newest",
        "only what was just done needs no doing again",
        "applied-once",
        Edit(TWIN + "receive", "if version <= self._seen.get(name, -1):", "if version == self._seen.get(name, -1):"),
        budget=20,
        kinds=LATE_WISHES,
    ),
    mutation(
        "a document for another session is obeyed",
        "what comes down is for whoever is there",
        "applied-once",
        Edit(CORE + "_on_twin", "document.to not in (None, here)", "False"),
        budget=20,
        kinds=(*LATE_WISHES, Kind.POWER_CUT, Kind.LINK_CUT),
    ),
    mutation(
        "an expired wish is done",
        "what has expired is not sent, so what comes has not",
        "applied-once",
        Edit(TWIN + "receive", "elif expires_ms is None or unix_ms is None or unix_ms <= expires_ms:", "else:"),
        budget=40,
        kinds=LATE_WISHES,
        devices=8,
    ),
    mutation(
        "why a session ended told once",
        "the first reason is the cause: later ones follow from it",
        "end-told",
        Edit(
            SESSION + "end",
            'self.last_end = reason if reason in END_REASONS else "network"',
            'self.last_end = self.last_end or "network"',
        ),
        budget=12,
        scenario="online-but-deaf",
    ),
    mutation(
        "every boot ended in order",
        "whoever starts again has been stopped",
        "end-told",
        Edit("seamline.device.ending:last_end", 'return ENDS.get(reset, "unknown")', "return STOPPED"),
        budget=4,
    ),
]
