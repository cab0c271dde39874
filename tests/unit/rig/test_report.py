"""A report says what broke, in JSON and in words, and is written whole or not at all."""

import asyncio
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest

from seamline.rig.device import Tally
from seamline.rig.fleet import Fleet, FleetError, allow_descriptors
from seamline.rig.plan import Kind
from seamline.rig.progress import Progress
from seamline.rig.report import Run, broken, document, summary, write_json
from seamline.rig.verify import Sums, Verdict

RUN = Run(devices=2, seconds=30.0, seed=1, chaos=False, drained=True, seconds_to_first_reading=3.2, faults={Kind.CUT: 2})


def right() -> Verdict:
    return Verdict(sums=Sums(numbered=10, stored=8, lost=2), by_version={"1.2.0": Sums(10, 8, lost=2)})


def test_a_run_in_which_everything_held_is_not_broken() -> None:
    assert broken(RUN, right()) == []
    assert "every record is in exactly one class" in summary(RUN, right(), Tally())
    assert "over-state" not in summary(RUN, right(), Tally())


@pytest.mark.parametrize(
    ("run", "sums", "says"),
    [
        (RUN, Sums(numbered=10, stored=9), "10 numbered, 9 in a class"),
        (RUN, Sums(numbered=10, stored=9, owed=1), "1 records are still owed"),
        (RUN, Sums(), "nothing was stored"),
        (replace(RUN, drained=False), Sums(1, 1), "not everything was delivered"),
        (replace(RUN, faults_missed=("hub killed",)), Sums(1, 1), "planned but never happened: hub killed"),
    ],
)
def test_each_broken_promise_is_named(run: Run, sums: Sums, says: str) -> None:
    verdict = Verdict(sums=sums)
    assert any(says in line for line in broken(run, verdict))
    assert "BROKEN" in summary(run, verdict, Tally())
    assert says in str(document(run, verdict, Tally())["broken"])


def test_a_complaint_is_counted_in_full_and_told_in_a_few_examples() -> None:
    verdict = right()
    for number in range(10):
        verdict.complain("rows that no device measured", f"row {number}")
    assert verdict.problems == ["rows that no device measured: 10 (row 0; row 1; row 2)"]


def test_the_document_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    file = tmp_path / "out.json"
    write_json(file, document(RUN, right(), Tally()))
    assert json.loads(file.read_text())["by_contract_version"]["1.2.0"]["stored"] == 8
    with pytest.raises(OSError, match="nowhere"):
        write_json(tmp_path / "nowhere" / "out.json", {})
    assert [path.name for path in tmp_path.iterdir()] == ["out.json"]


def test_a_terminal_is_redrawn_in_place_and_a_file_is_not_flooded() -> None:
    async def shown(*, live: bool) -> str:
        out = io.StringIO()
        progress = Progress(out, live=live)
        showing = asyncio.create_task(progress.show(Fleet([], [], Tally()), {Kind.CUT: 1}))
        async with asyncio.timeout(5):
            while live and out.getvalue().count("fleet") < 2:
                await asyncio.sleep(0.05)
        showing.cancel()
        await asyncio.gather(showing, return_exceptions=True)
        progress.say("the end")
        return out.getvalue()

    live = asyncio.run(shown(live=True))
    assert "\x1b[" in live
    assert live.endswith("the end\n")
    assert asyncio.run(shown(live=False)) == "the end\n"


def test_a_fleet_too_big_for_the_limit_of_open_files_is_refused_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("resource.getrlimit", lambda _which: (1024, 4096))
    with pytest.raises(FleetError, match="needs 10000 open files and the limit is 4096"):
        allow_descriptors(10_000)


def test_what_bounds_over_state_is_said_beside_what_was_lost():
    verdict = right()
    verdict.overstated = 86
    assert "with 86 never made that bounds over-state" in summary(RUN, verdict, Tally())
    assert document(RUN, verdict, Tally())["overstated"] == 86
