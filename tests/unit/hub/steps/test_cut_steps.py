"""Background steps on a database that goes away at any statement: done again until there is nothing left to do, all is as if it had stayed."""

import pytest
from tests.integration.hub.harness import birth, frame, losses, said
from tests.unit.hub.ingest.cut_store import CutStore
from tests.unit.hub.ingest.stage import NOW_MS, Stage
from tests.unit.hub.ingest.test_values import correct

from seamline.hub.drive import drive
from seamline.hub.ingest.catalogue import Catalogue
from seamline.hub.steps.presence import judge_presence
from seamline.hub.steps.redate import redate
from seamline.hub.steps.release import release
from seamline.hub.steps.revalue import revalue
from seamline.hub.steps.tell import tell_gaps, tell_losses, tell_quarantine
from seamline.hub.store_port import AwayError
from seamline.rig.world.memory_store import MemoryStore

MINUTE = 60_000
LATE_MS = NOW_MS + 30 * MINUTE
HEARD_MS = NOW_MS + 15 * MINUTE + 30_000


def sent(stage, first, count=1, **head):
    return ("data", frame(stage.reading, first, [{"element": 1_000}] * count, uptime_ms=1_000 + 10 * first, **head))


def lived(families):
    """A hub with something to do for each step: unread frames, a late anchor, coefficients, losses, holes, and silence."""
    stage = Stage(families, now_ms=NOW_MS + 10 * MINUTE)
    stage.catalogue = Catalogue([])
    stage.start().take(("birth", birth(uptime_ms=10)), sent(stage, 0, 2), (*sent(stage, 0), "b"))
    stage.catalogue = Catalogue(families)
    stage.start().take(sent(stage, 2, 3), sent(stage, 9), ("birth", birth(uptime_ms=10), "b"))
    stage.take(("data", losses(0, (1, 1, 1, 6, 1))))
    told = said(uptime_ms=9 * MINUTE, at_ms=9 * MINUTE, unix_ms=NOW_MS + 9 * MINUTE, source="ntp", uncertainty_ms=5)
    stage.take(("anchor", told))
    correct(stage, -40)
    stage.now_ms += 5 * MINUTE
    stage.take(("birth", birth(session=2, uptime_ms=15 * MINUTE)))
    return stage


STEPS = {
    "release": release,
    "redate": redate,
    "revalue": lambda worker, _, __: revalue(worker, 2),
    "quarantine": lambda worker, _, of: tell_quarantine(worker, of, LATE_MS),
    "losses": lambda worker, _, of: tell_losses(worker, of, LATE_MS),
    "gaps": lambda worker, _, of: tell_gaps(worker, of, HEARD_MS),
    "presence": lambda worker, _, of: judge_presence(worker, of, LATE_MS),
}
"""Each on (the worker's statements, ingest's, the catalogue)."""


def run_out(stage, name, stores):
    """Run a step until it finds nothing to do."""
    turns = 0
    while drive(STEPS[name](*stores.values(), stage.catalogue)):
        turns += 1
        assert turns < 20


def until_quiet(stage, name):
    """The same on a database that stays."""
    run_out(stage, name, dict(zip(("worker", "ingest"), stage.stores(), strict=True)))
    return stage


def outcome(stage):
    """What steps write."""
    rows = [{name: value for name, value in row.items() if name != "revision"} for row in stage.readings()]
    tables = stage.tables
    return {
        "rows": sorted(rows, key=str),
        "ledger": sorted((key, row["stored"], row["quarantined"]) for key, row in tables.ledger.rows.items()),
        "quarantine": sorted(stage.quarantine("reason", "first", "count", "told"), key=str),
        "open": sum(row["resolved_at"] is None for row in tables.quarantine.rows.values()),
        "events": sorted(stage.events(), key=str),
        "announced": {no: row["announced"] for no, row in tables.presence.rows.items()},
        "due": [key for key, row in tables.boot.rows.items() if row["redate_from_ms"] is not None],
        "told": [row["told"] for row in tables.loss.rows.values()],
    }


def quiet(families, name):
    """The outcome when nothing goes wrong, and how many statements of each file it takes."""
    stage = lived(families)
    connection = stage.database.connect()
    counted = {file: CutStore(connection, 10**6, file) for file in ("worker", "ingest")}
    run_out(stage, name, counted)
    return outcome(stage), {file: len(store.done) for file, store in counted.items()}


@pytest.mark.parametrize("name", STEPS)
def test_a_step_that_is_cut_at_any_statement_comes_to_the_same_in_the_end(families, name):
    wanted, statements = quiet(families, name)
    assert statements["worker"] > 1
    for file, left in [(file, left) for file, many in statements.items() for left in range(many)]:
        stage = lived(families)
        connection = stage.database.connect()
        stores = {one: MemoryStore(connection, one) for one in ("worker", "ingest")}
        stores[file] = CutStore(connection, left, file)
        with pytest.raises(AwayError):
            run_out(stage, name, stores)
        connection.close()
        assert outcome(until_quiet(stage, name)) == wanted


@pytest.mark.parametrize("name", STEPS)
def test_each_step_finds_something_to_do_in_that_life_and_then_nothing(families, name):
    stage = lived(families)
    before = outcome(stage)
    assert outcome(until_quiet(stage, name)) != before
    assert drive(STEPS[name](*stage.stores(), stage.catalogue)) == 0


def test_in_whatever_order_the_steps_run_the_rows_and_books_are_the_same(families):
    one, other = lived(families), lived(families)
    for stage, names in ((one, list(STEPS)), (other, list(STEPS)[::-1])):
        for _ in range(3):
            for name in names:
                until_quiet(stage, name)
    first, second = outcome(one), outcome(other)
    assert first["rows"] == second["rows"]
    assert (first["ledger"], first["due"], first["open"]) == (second["ledger"], second["due"], second["open"])
