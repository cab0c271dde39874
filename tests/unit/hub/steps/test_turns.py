"""The steps that a store's turns are made of: each does its own work with what it was given, as much of it as there is."""

from unittest.mock import patch

import pytest
from tests.integration.hub.harness import birth, frame
from tests.unit.hub.ingest.test_values import correct
from tests.unit.hub.steps.test_release import forget, learn, sent

from seamline.hub.drive import drive
from seamline.hub.steps import release
from seamline.hub.steps.tell import GAP_AGE_MS
from seamline.hub.steps.turns import release_all, store_steps

HOUR_MS = 3_600_000


def steps_of(stage, **more):
    """The steps on the stage's stores, by name; nobody is wished anything, so that nothing is announced."""
    return {step.name: step for step in store_steps(*stage.stores(), stage.catalogue, None, lambda: stage.now_ms, **more)}


def events(stage):
    return {kind for (kind,) in stage.events()}


@pytest.mark.parametrize("frames_max", [1, 2, 5])
def test_whatever_is_releasable_is_released_in_one_turn_however_many_transactions_it_takes(families, stage, frames_max):
    forget(stage, families).take(("birth", birth()), *(sent(stage, at) for at in range(5)))
    learn(stage, families)
    with patch.object(release, "FRAMES_MAX", frames_max):
        drive(release_all(*stage.stores(), stage.catalogue))
    assert stage.ledger().stored == len(stage.readings()) == 5


def test_each_step_tells_or_mends_what_is_its_own(families, stage):
    forget(stage, families).take(("birth", birth()), sent(stage, 0))
    learn(stage, families).take(sent(stage, 1), ("data", frame(stage.reading, 9)), ("birth", birth(), "other"))
    steps = steps_of(stage)
    done = [
        ("quarantine", lambda: "quarantine" in events(stage)),
        ("release", lambda: stage.ledger().quarantined == 0),
        ("presence", lambda: stage.presence()["announced"] == "online"),
    ]
    for name, is_done in done:
        assert not is_done(), name
        drive(steps[name].run())
        assert is_done(), name
    correct(stage, -40)
    drive(steps["revalue"].run())
    assert [row["_version_element_ntc"] for row in stage.readings()] == [1, 1, 1]
    stage.now_ms += GAP_AGE_MS + HOUR_MS
    stage.take(("data", frame(stage.reading, 10)))
    assert "gap" not in events(stage)
    drive(steps["gaps"].run())
    assert "gap" in events(stage)
    for step in steps.values():
        drive(step.run())


def test_the_rows_of_one_transaction_are_those_that_were_asked_for(stage):
    stage.take(*(("data", frame(stage.reading, at)) for at in range(5)))
    correct(stage, -40)
    with patch("seamline.hub.steps.revalue.STRETCHES_MAX", 1):
        assert drive(steps_of(stage, revalue_rows=2)["revalue"].run()) == 2
        assert drive(steps_of(stage)["revalue"].run()) == 3
