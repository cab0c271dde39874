"""Defects in what the hub says of devices: presence, twins, and what its background steps make of late contracts."""

from __future__ import annotations

from tests.rig.planted.mutation import Edit, mutation

from seamline.rig.world.plan import Kind

PRESENCE = "seamline.hub.presence:"
TWIN = "seamline.hub.twin:"
RELEASE = "seamline.hub.steps.release:"
TELL = "seamline.hub.steps.tell:"
WISHES = (Kind.WISH, Kind.TOUCH, Kind.REORDERING, Kind.DOUBLING)

MUTATIONS = [
    mutation(
        "any word of having seen is of the newest wish",
        "a device that answers has what it was sent",
        "twin-honest",
        Edit(TWIN + "mark_seen", "wish is None or wish.version != version or wish.seen_ms", "wish is None or wish.seen_ms"),
        budget=12,
        kinds=(*WISHES, Kind.PARTITION),
    ),
    mutation(
        "late death kills the new session",
        "the broker says that the device is dead, so it is",
        "presence",
        Edit(PRESENCE + "on_death", "if _same_session(death, row) and row.died_ms is None", "if row.died_ms is None"),
        budget=12,
        kinds=(Kind.NAT, Kind.PARTITION, Kind.MUTE, Kind.POWER_CUT),
    ),
    mutation(
        "silence has no bound",
        "as long as the broker says nothing the device is there",
        "presence",
        Edit(PRESENCE + "assess", "if now_ms > silent_ms:", "if False:"),
        budget=12,
        kinds=(Kind.PARTITION, Kind.MUTE),
    ),
    mutation(
        "nobody is ever deaf",
        "what sends is there",
        "deaf-shown",
        Edit(
            PRESENCE + "_deafness",
            "    if row.unanswered >= DEAF_UNANSWERED:",
            "    return None\n    if row.unanswered >= DEAF_UNANSWERED:",
        ),
        budget=12,
        kinds=(Kind.DEAF, Kind.MUTE, Kind.POWER_CUT),
    ),
    mutation(
        "an old answer answers every question",
        "a device that has once heard us hears us",
        "deaf-shown",
        Edit(
            "seamline.hub.ingest.devices:Devices._write_heard",
            "fleet.answered_ms[slots] > known,",
            "fleet.answered_ms[slots] > 0,",
        ),
        budget=20,
        kinds=(Kind.DEAF, Kind.DEAF, Kind.STOP),
    ),
    mutation(
        "any report answers every question",
        "who sends a report has been answered in its session",
        "deaf-shown",
        Edit(
            "seamline.hub.presence:on_said", "if row.unanswered > 0 and said.heard_ms", "if row.unanswered > 99 and said.heard_ms"
        ),
        budget=40,
        kinds=(Kind.DEAF, Kind.DEAF, Kind.DEAF, Kind.TOUCH),
        devices=8,
    ),
    mutation(
        "any report confirms a wish",
        "the device has answered: the wish is done",
        "twin-honest twins-converged",
        Edit(TWIN + "report", "if wish is not None and new.based_on == wish.version:", "if wish is not None:"),
        budget=12,
        kinds=WISHES,
    ),
    mutation(
        "one answer for all who wait",
        "whoever waits for wishes gets the document that was made",
        "own-mail",
        Edit(
            "seamline.hub.twin_service:Announcer.send",
            "document(twins[no], now_ms)",
            "document(next(iter(twins.values())), now_ms)",
        ),
        budget=12,
        kinds=(Kind.WISH, Kind.WISH, Kind.CUT_ALL),
    ),
    mutation(
        "quarantined and stored",
        "what is set aside is counted as quarantined; what came is counted as stored",
        "books",
        Edit("seamline.hub.ingest.fast:move", "columns = (counts - quarantined - declined,", "columns = (counts - declined,"),
        budget=12,
        kinds=(Kind.LATE_CONTRACT, Kind.LOSSY),
    ),
    mutation(
        "released and released again",
        "the frame has its rows; its entry stays for the record",
        "stored-once no-error caught-up told-once books",
        Edit(RELEASE + "release", '        await store.run("released", {"ids": Int8s([one.id for one in found])})\n', ""),
        budget=12,
        kinds=(Kind.LATE_CONTRACT, Kind.LOSSY),
    ),
    mutation(
        "released, and not in the books",
        "the rows are what counts",
        "books",
        Edit(RELEASE + "release", "        await _books(store, ingest, moved)\n", ""),
        budget=12,
        kinds=(Kind.LATE_CONTRACT, Kind.LOSSY),
    ),
    mutation(
        "words are taken up to the newest",
        "words come in order: who has the third has the second",
        "twins-converged time-told",
        Edit(
            "seamline.hub.ingest.sessions:Sessions._words",
            "append((word.boot, word.session, word.number))",
            "extend((word.boot, word.session, number) for number in range(1, word.number + 1))",
        ),
        budget=40,
        kinds=(Kind.LOSSY, Kind.LOSSY, Kind.TOUCH, Kind.TOUCH, Kind.TOUCH),
        devices=8,
    ),
    mutation(
        "a deaf device is nobody's news",
        "its page shows that it is deaf",
        "told-once",
        Edit(
            "seamline.hub.steps.presence:_is_news",
            "return one.claim.state != one.was and",
            "return one.claim.state != one.was and one.claim.state is not State.DEAF and",
        ),
        budget=12,
        scenario="online-but-deaf",
    ),
    mutation(
        "a new incarnation is nobody's news",
        "its counters begin anew, and nothing is lost by that",
        "told-once",
        Edit("seamline.hub.ingest.sessions:Sessions._odd", "elif born.superseded is not None:", "elif False:"),
        budget=12,
        scenario="erased-counter",
    ),
    mutation(
        "released, and never dated",
        "its arrival is known",
        "dates",
        Edit(RELEASE + "_books", '    await ingest.write("boots", list(boots.values()))\n', "    pass\n"),
        budget=12,
        kinds=(Kind.LATE_CONTRACT, Kind.LOSSY),
    ),
    mutation(
        "coming back is told to nobody",
        "only troubles are news",
        "told-once",
        Edit("seamline.hub.steps.presence:_is_news", "return one.was in TOLD or told.get(one.no) in TOLD", "return False"),
        budget=20,
        kinds=(Kind.DEAF, Kind.MUTE, Kind.PARTITION, Kind.POWER_CUT),
    ),
    mutation(
        "back from silence is told to nobody",
        "what was announced last is what its owner knows",
        "told-once",
        Edit("seamline.hub.steps.presence:_is_news", "one.was in TOLD or told.get(one.no) in TOLD", "one.was in TOLD"),
        budget=40,
        scenario="online-but-deaf",
    ),
    mutation(
        "the hub's outage held against devices",
        "who says nothing is silent, whatever the reason",
        "unblamed",
        Edit(
            "seamline.hub.steps.presence:_judge",
            "assess_through(known, now_ms, Timing(*timing), outage)",
            "assess_through(known, now_ms, Timing(*timing), None)",
        ),
        budget=12,
        kinds=(Kind.BROKER_DOWN, Kind.STREAM_LOST, Kind.DISK_FULL, Kind.POWER_CUT),
    ),
    mutation(
        "only the latest outage counts",
        "what was before it is over",
        "unblamed",
        Edit(
            "seamline.hub.hearing:_outages",
            "Outage(before.until_ms, after.since_ms, found)",
            "Outage(before.until_ms, after.since_ms)",
        ),
        budget=40,
        kinds=(Kind.LOSSY, Kind.TAIL_LOST, Kind.STREAM_LOST),
    ),
    mutation(
        "a process that starts knows of no outage",
        "what was before it is none of its business",
        "unblamed",
        Edit("seamline.hub.hearing:Hearing.found", "() if known is None else known.heard", "()"),
        budget=16,
        scenario="partial-outage",
    ),
    mutation(
        "that the hub hears is written down once",
        "since when it hears is what matters",
        "unblamed",
        Edit("seamline.hub.hearing:Hearing.unwritten", "abs(span.until_ms - until_ms) >= BEAT_MS", "False"),
        budget=12,
        kinds=(Kind.HUB_KILL, Kind.LATE_CONTRACT),
    ),
    mutation(
        "an open gap is nobody's news",
        "it is in the ledger, and closes by itself",
        "told-once",
        Edit(TELL + "tell_gaps", "GAP_AGE_MS, ", "1_000 * GAP_AGE_MS, "),
        budget=20,
        kinds=(Kind.LOSSY, Kind.HUB_KILL),
        devices=8,
        minutes=60,
    ),
    mutation(
        "a gap told at every turn",
        "since when to the second is exact enough",
        "told-once",
        Edit(TELL + "tell_gaps", '"since_ms": since_ms,', '"since_ms": since_ms // 1_000 * 1_000,'),
        budget=20,
        kinds=(Kind.LOSSY, Kind.HUB_KILL),
        devices=8,
        minutes=60,
    ),
    mutation(
        "told of a gap that has just opened",
        "the sooner its owner knows the better",
        "told-once",
        Edit(TELL + "tell_gaps", "now_ms - GAP_AGE_MS", "now_ms - GAP_AGE_MS // 6"),
        budget=20,
        kinds=(Kind.LOSSY, Kind.HUB_KILL),
        devices=8,
        minutes=60,
    ),
]
