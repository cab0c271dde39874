"""Defects planted on purpose: what the rig must find."""

from itertools import count

from seamline.device import Core
from seamline.hub.drive import drive
from seamline.hub.ingest import work
from seamline.hub.ingest.judge import judge
from seamline.rig.world.hub import commit


class TakenBack(Exception):
    pass


def raise_taken_back():
    raise TakenBack


def acknowledges_before_commit():
    """Every seventh batch is answered although its transaction is rolled back."""
    turn = count(1)

    def planted(parts, batch, place, now_ms, catalogue):
        if next(turn) % 7:
            return commit(parts, batch, place, now_ms, catalogue)
        return drive(rolled_back(parts, batch, place, now_ms, catalogue))

    async def rolled_back(parts, batch, place, now_ms, catalogue):
        messages = []
        try:
            async with parts.store.transaction():
                answers = await work.commit(parts, judge(batch, parts.memory.fleet, catalogue), place, now_ms)
                messages = list(answers.messages(parts.memory, now_ms))
                raise_taken_back()
        except TakenBack:
            await work.advance(parts.store, place)
        return messages

    return planted


def forgets_what_it_stored():
    """After each tenth batch the ledger has lost its rows: the deduper knows nothing of them."""
    turn = count(1)

    def planted(parts, batch, place, now_ms, catalogue):
        messages = commit(parts, batch, place, now_ms, catalogue)
        if next(turn) % 10 == 0:
            ledger = parts.store.inner.connection.database.tables.ledger
            for key in list(ledger.rows):
                ledger.remove(key)
            parts.memory.keys.known[:] = False
        return messages

    return planted


def spoils(name, change):
    """Rows of the first message are stored with another value in a column, or dated wrongly."""

    def planted(parts, batch, place, now_ms, catalogue):
        tables = parts.store.inner.connection.database.tables
        before = {id(sheet): sheet.used for sheet in sheets(tables)}
        messages = commit(parts, batch, place, now_ms, catalogue)
        for sheet in sheets(tables):
            new = slice(before.get(id(sheet), 0), sheet.used)
            if name in {"measured", "seq"}:
                sheet.column(name)[new] += change
            elif name in (sheet.fields.dtype.names or ()):
                sheet.fields[name][new] += change
        return messages

    return planted


def sheets(tables):
    return [sheet for table in tables.readings.values() for sheet in table.sheets.values()]


def forgets_its_boot(policy, name, random, stored):
    """The counter slots are not read: the same boot of the same incarnation again, and again."""
    return Core(policy, name, lambda: 7, {key: data for key, data in stored.items() if key not in {"c0", "c1"}})


def retries_without_back_off(policy, name, random, stored):
    """A failed connect is tried again at once."""
    core = Core(policy, name, random, stored)
    core._session.backoff.after_failure = lambda: 0
    return core


def comes_back_in_step(policy, name, random, stored):
    """Exponential back-off without jitter."""
    core = Core(policy, name, random, stored)
    core._session.backoff.uniform = lambda window_ms: window_ms
    return core


def lets_go_when_sent(policy, name, random, stored):
    """A broker's word is taken for custody: what was published is not kept."""
    core = Core(policy, name, random, stored)
    send = core._outbox.send

    def sent_and_gone(batch, now_ms, probe):
        send(batch, now_ms, probe)
        lane = core._outbox.lanes[batch.frame.channel]
        lane.sealed.remove(batch)
        core._outbox._release(batch)

    core._outbox.send = sent_and_gone
    return core


def sends_again_while_the_first_try_runs(policy, name, random, stored):
    """A probe, and not its answer, makes frames be sent again."""
    core = Core(policy, name, random, stored)
    probed = core._session.probed

    def and_again(now_ms):
        probed(now_ms)
        core._outbox.unsend(1 << 62)

    core._session.probed = and_again
    return core


def publishes_before_it_persists(policy, name, random, stored):
    """Numbers are given above the bound that flash holds."""
    core = Core(policy, name, random, stored)
    core._persist_counters = lambda: None
    return core


def ignores_busy(policy, name, random, stored):
    """Told to wait, it goes on."""
    core = Core(policy, name, random, stored)
    core._session.busy = lambda now_ms, retry_after_ms: None
    return core


def has_no_deadline_when_it_failed(policy, name, random, stored):
    """A failed connect arms nothing: the device sleeps for ever."""
    core = Core(policy, name, random, stored)
    fail = core._session.fail

    def and_sleep(now_ms, reason):
        fail(now_ms, reason)
        core._session.due_ms = 1 << 62

    core._session.fail = and_sleep
    return core


def raises(policy, name, random, stored):
    """An error of its own, on the first answer."""
    core = Core(policy, name, random, stored)
    core.receive = lambda now_ms, kind, payload: core.policy.channels[255]
    return core


def never_ends(policy, name, random, stored):
    """Each effect asks for another."""
    core = Core(policy, name, random, stored)
    effects = core.effects
    core.effects = lambda: effects() or [("forget", "o1")]
    return core
