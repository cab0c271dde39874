"""How the stream is cut into batches, and when the hub's process begins anew, changes nothing that is kept of it."""

from itertools import pairwise

from hypothesis import HealthCheck, given, settings, strategies as st
from tests.integration.store.batches import turns
from tests.unit.hub.ingest.stage import Stage

from seamline.hub.drive import drive

PASSING = {"version", "first_arrival", "last_arrival", "owed_since_ms"}
"""Columns of the ledger that count writes, or say when one was."""


def lives(family):
    """What a few devices send, in the stream's order."""
    turn = turns(family).map(lambda lived: [(kind, payload, device) for one in lived for device, kind, payload in one.messages])
    return turn.filter(bool)


def books(stage):
    """Everything that is kept of records, and of what was refused."""
    tables = stage.tables
    ids = {row["no"]: name for name, row in tables.device.rows.items()}
    ledger = {
        (ids[key[0]], *key[1:]): {name: value for name, value in row.items() if name not in PASSING | {"device_no"}}
        for key, row in tables.ledger.rows.items()
    }
    folds = {
        (ids[key[0]], *key[1:]): {name: value for name, value in row.items() if name != "device_no"}
        for key, row in tables.ledger_fold.rows.items()
    }
    return {
        "ledger": ledger,
        "folds": folds,
        "over": {(ids[no], incarnation): row["closed"] for (no, incarnation), row in tables.incarnation.rows.items()},
        "rows": {(ids[row["device_no"]], row["incarnation"], row["boot"], row["seq"]): row["digest"] for row in stage.readings()},
        "refused": {key: row["count"] for key, row in tables.refused.rows.items()},
        "losses": sorted(
            (ids[row["device_no"]], *(row[name] for name in ("incarnation", "boot", "boots", "channel", "first", "count")))
            for row in tables.loss.rows.values()
        ),
        "custody": sorted(record for row in tables.quarantine.rows.values() if row["counted"] for record in _records(row)),
        "contracts": {name: (row["contract"], row["incarnation"], row["boot"]) for name, row in tables.device.rows.items()},
    }


def _records(row):
    """The records of an entry: how many entries they are in depends on the batch."""
    return [
        (row["device_id"], row["incarnation"], row["boot"], row["channel"], row["first"] + at, row["reason"])
        for at in range(row["count"])
    ]


def highest(downlinks):
    """The highest mark told of each (device, incarnation, boot, channel)."""
    found = {}
    for device, kind, content in downlinks:
        for boot, channel, upto in content["marks"] if kind in {"session", "marks"} else ():
            at = (device, content["incarnation"], boot, channel)
            found[at] = max(upto, found.get(at, 0))
    return found


@st.composite
def cut(draw, family):
    """A life, and where to cut it; whether the process begins anew at a cut."""
    messages = draw(lives(family))
    at = sorted(draw(st.sets(st.integers(1, len(messages)), max_size=4)) | {0, len(messages)})
    return messages, [(messages[low:high], draw(st.booleans())) for low, high in pairwise(at)]


def test_batches_of_any_size_give_the_same_books(families):
    @given(cut(families[0]))
    @settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    def holds(life):
        messages, pieces = life
        whole, parts = Stage(families), Stage(families)
        whole.each(*messages)
        for piece, anew in pieces:
            if anew:
                drive(parts.commits.flush(parts.parts))
                parts.start()
            parts.take(*piece)
        assert books(parts) == books(whole)

    holds()


def test_a_device_is_told_the_same_marks_however_its_messages_were_cut(families):
    @given(cut(families[0]))
    @settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    def holds(life):
        messages, pieces = life
        whole, parts = Stage(families), Stage(families)
        one, many = whole.each(*messages), [told for piece, _ in pieces for told in parts.take(*piece)]
        told, told_in_pieces = highest(one), highest(many)
        ids = {row["no"]: name for name, row in whole.tables.device.rows.items()}
        still_open = {(ids[key[0]], *key[1:]) for key in whole.tables.ledger.rows}
        for at in told.keys() & told_in_pieces.keys():
            assert told_in_pieces[at] <= told[at]
            assert told_in_pieces[at] == told[at] or at not in still_open

    holds()


def test_a_stream_that_is_read_anew_from_its_start_stores_nothing_twice(families):
    @given(lives(families[0]))
    @settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    def holds(messages):
        stage = Stage(families)
        stage.take(*messages)
        before = books(stage)
        stage.take(*messages)
        after = books(stage)
        assert after["rows"] == before["rows"]
        assert after["custody"] == before["custody"]
        assert set(before["losses"]) <= set(after["losses"])
        for key, row in before["ledger"].items():
            again = after["ledger"].get(key)
            assert again is None or again["mark"] >= row["mark"]

    holds()
