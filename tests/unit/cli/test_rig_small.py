"""What `seamline rig run` says of a plan that was made small."""

import pytest

from seamline.cli import exits, main
from seamline.rig.world import run, shrink
from seamline.rig.world.marks import Marks
from seamline.rig.world.plan import Fault, Kind, Plan
from seamline.rig.world.promises import BrokenPromise
from seamline.rig.world.shrink import Try
from seamline.rig.world.world import Outcome, World

RUN = ["rig", "run", "--seeds", "1", "--jobs", "1", "--devices", "1", "--scenario", "drop-mid-publish", "--seed", "1"]
HINT = "jitter is judged over the connects of a whole run"


@pytest.mark.parametrize(("promise", "faults", "is_told"), [("jitter", 4, True), ("jitter", 3, False), ("books", 4, False)])
def test_why_a_plan_that_breaks_jitter_stays_large_is_said_where_it_does(promise, faults, is_told, capsys, monkeypatch, tmp_path):
    def outcome(plan):
        return Outcome(plan, "same", Marks(), 1_000_000, 0, 0, 0, BrokenPromise(promise, "24 waits after a failure are alike"))

    def shrunk(_whole, _parts, told, **_how):
        told(Try(1, outcome(Plan(1, 1, 60_000, tuple(Fault(at, Kind.LINK_CUT, 0) for at in range(faults)))), is_smaller=True))

    monkeypatch.setattr(World, "run", lambda world: outcome(world.plan))
    monkeypatch.setattr(run, "run", lambda plan, _parts: outcome(plan))
    monkeypatch.setattr(shrink, "shrink", shrunk)
    assert main([*RUN, "--out", str(tmp_path)]) == exits.PROMISE_BROKEN
    text = capsys.readouterr().out
    assert f"made small: run 1, {faults} faults, 1 device" in text
    assert (HINT in text) == is_told
