"""Defects in the hub's custody: what is committed, told apart, counted and closed."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from tests.rig.planted.mutation import Edit, mutation

from seamline.hub.store_port import AwayError
from seamline.rig.world.faulty_store import KilledError
from seamline.rig.world.plan import Kind

WORK = "seamline.hub.ingest.work:"
LEDGER = "seamline.hub.ledger:"
BIRTHS = "seamline.hub.births:"


@asynccontextmanager
async def hopefully(transaction: AbstractAsyncContextManager[None]) -> AsyncGenerator[None]:
    """A transaction whose failure is only worth a line in the log."""
    begun = False
    try:
        async with transaction:
            begun = True
            yield
    except (AwayError, KilledError):
        if not begun:
            raise


MUTATIONS = [
    mutation(
        "acknowledge before commit",
        "the answers are ready, and the commit will be: a failure is logged",
        "acknowledged-is-durable",
        Edit(
            WORK + "commit",
            "async with parts.store.transaction():",
            "async with hopefully(parts.store.transaction()):",
            {"hopefully": hopefully},
        ),
        budget=40,
        kinds=(Kind.HUB_KILL, Kind.LOSSY),
    ),
    mutation(
        "deduper forgets a boot",
        "a boot that is complete is summed up, and nothing of it needs to be known any more",
        "stored-once books",
        Edit(BIRTHS + "receive_birth", "{**draft.closed, birth.incarnation: birth.boot}", "draft.closed"),
        budget=12,
        kinds=(Kind.POWER_CUT, Kind.STOP, Kind.LINK_CUT),
    ),
    mutation(
        "dedupe by time",
        "what was measured no later than the newest known is a duplicate",
        "nothing-owed acknowledged-is-durable",
        Edit(
            "seamline.hub.ingest.judge:reconsider",
            "    judged.verdict[old] = DECLINED\n",
            "    judged.verdict[old] = DECLINED\n"
            "    newest = fleet._subjects.setdefault(b'newest', {})\n"
            "    for index in np.flatnonzero(judged.verdict == STORED).tolist():\n"
            "        who, at = int(judged.device[index]), int(judged.frames.uptime_ms[index])\n"
            "        if at <= newest.get(who, -1):\n"
            "            judged.verdict[index] = NOTHING\n"
            "        newest[who] = at\n",
        ),
        budget=12,
        scenario="drop-mid-publish",
    ),
    mutation(
        "a hole passed by the fast path",
        "frames come in order: the end of the last is the mark",
        "acknowledged-is-durable books stored-once",
        Edit(
            "seamline.hub.ingest.fast:plain",
            "    broken[grouped.start] = grouped.first[grouped.start] != keys.mark[grouped.key]\n",
            "",
        ),
        budget=12,
        scenario="drop-mid-publish",
    ),
    mutation(
        "the mark rises to what came last",
        "the newest number is what the hub has",
        "acknowledged-is-durable",
        Edit(LEDGER + "_placed", "return _Extent(gaps[0][0] if gaps else high, high, gaps)", "return _Extent(high, high, gaps)"),
        budget=60,
        kinds=(Kind.LOSSY, Kind.REORDERING),
    ),
    mutation(
        "ended boots never closed",
        "a boot is closed when its last record comes",
        "nothing-owed",
        Edit(BIRTHS + "_Draft.end_older", "bound = given.get(key.channel, Bounds()).of(key.boot)", "continue"),
        budget=12,
        scenario="mixed-fleet",
    ),
    mutation(
        "a boot nobody heard of is not closed",
        "only boots with rows can have lost something",
        "nothing-owed",
        Edit(
            BIRTHS + "_Draft.end_older",
            "        self._close_unseen((birth.incarnation, channel), told_bounds, taken)\n",
            "        pass\n",
        ),
        budget=20,
    ),
    mutation(
        "names cut short",
        "five characters of the device's name are enough for a key",
        "no-strangers presence twin-honest values",
        Edit(
            "seamline.hub.ingest.memory:Fleet._learn",
            "self.slot(device_id)",
            "self.slot(device_id[:5] + device_id[5:][:0] + '0')",
        ),
        budget=4,
    ),
    mutation(
        "every record of a frame numbered alike",
        "the frame has a number; its records need none",
        "stored-once no-strangers values",
        Edit(
            "seamline.hub.decode:records",
            'batch.head["first"][frame].astype(np.int64) + within',
            'batch.head["first"][frame].astype(np.int64)',
        ),
        budget=1,
    ),
    mutation(
        "the newest layout for every record",
        "the message is known by its number; old firmware will have been updated",
        "values",
        Edit(
            "seamline.hub.ingest.judge:_decode",
            "kind = catalogue.kinds.get(key)",
            "kind = max((k for k in catalogue.kinds.values() if k.layout.message_id == key >> 40), key=lambda k: k.layout.version, default=None)",
        ),
        budget=12,
    ),
    mutation(
        "the hub closes what a birth holds",
        "a boot that ended sends nothing more",
        "lost-for-cause",
        Edit(BIRTHS + "_Draft._end", "subtract(row.missing, held)", "subtract(row.missing, ())"),
        budget=12,
        scenario="week-offline",
    ),
]
