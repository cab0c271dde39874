"""What `rig run` shows meanwhile: a view that redraws itself on a terminal, a line every few seconds elsewhere."""

import io

import pytest

from seamline.cli import rig_progress
from seamline.cli.rig_progress import Progress, clock, faults
from seamline.rig.crew import Beat, Finished
from seamline.rig.world.plan import Fault, Kind, Plan
from seamline.rig.world.shrink import Try
from seamline.rig.world.world import Outcome

DEMANDED = ("deaf", "busy", "resent")
MINUTE_US = 60_000_000
FINISHED = Finished(1, "beef", 60 * MINUTE_US, 4.0, 300, {"deaf": 2, "busy": 0, "revalued": 1}, {"link-cut": 3})
BEAT = Beat(2, 30 * MINUTE_US, {"deaf": 1, "busy": 1}, {"rot": 1})


class Terminal(io.StringIO):
    encoding = "utf-8"

    def __init__(self, live=True):
        super().__init__()
        self.live = live

    def isatty(self):
        return self.live


@pytest.fixture
def wall(monkeypatch):
    """A clock that stands still until it is moved."""

    class Wall:
        now_s = 100.0

    monkeypatch.setattr(rig_progress.time, "monotonic", lambda: Wall.now_s)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("COLUMNS", "160")
    return Wall


def made(out, **more):
    return Progress(3, 4, 3_600_000, DEMANDED, out, **more)


def test_a_terminal_is_redrawn_in_place_and_left_clean(wall):
    out = Terminal()
    progress = made(out, budget_s=60)
    progress.finished(FINISHED)
    wall.now_s += 10
    progress.beats([BEAT])
    view = out.getvalue().splitlines()
    assert view == [
        "\033[1m00:10\033[0m  1 of 3 seeds done, 1 under way, 1 left, 50 s of the budget left  (Ctrl-C ends it)",
        "  time      seed 2 at 30 min of 1 h",
        "  fleet     6.0 device-hours, 0.6 a second",
        "  marks     2 of 3 reached",
        "  faults    link-cut 3, rot 1",
    ]
    wall.now_s += 1
    progress.beats([BEAT])
    assert "\x1b[5F\x1b[J" in out.getvalue()
    progress.end()
    assert out.getvalue().endswith("\x1b[5F\x1b[J")
    progress.end()
    assert out.getvalue().count("\x1b[J") == 2


def test_colour_is_left_out_where_it_is_not_wanted(wall, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\033[1m" not in "".join(made(Terminal()).view([BEAT]))


@pytest.mark.parametrize(("live", "term"), [(False, "xterm"), (True, "dumb")])
def test_elsewhere_a_line_is_written_every_few_seconds(live, term, wall, monkeypatch):
    monkeypatch.setenv("TERM", term)
    out = Terminal(live)
    progress = made(out)
    progress.beats([BEAT])
    wall.now_s += 4
    progress.beats([BEAT])
    assert out.getvalue() == ""
    wall.now_s += 2
    progress.beats([BEAT])
    progress.beats([BEAT])
    progress.end()
    (line,) = out.getvalue().splitlines()
    assert line == (
        "00:06  0 of 3 seeds done, 1 under way, 2 left; seed 2 at 30 min of 1 h; 2.0 device-hours, 0.3 a second; "
        "2 of 3 marks; 1 faults"
    )


def test_a_run_that_has_not_begun_is_starting(wall):
    assert "seed 2 starting;" in made(Terminal()).line([Beat(2, 0)])


def test_a_run_whose_faults_are_over_is_delivering(wall):
    assert "seed 2 at 1 h 1 min, delivering" in made(Terminal()).line([Beat(2, 61 * MINUTE_US)])


def test_of_a_run_that_delivers_only_the_time_under_faults_counts(wall):
    assert "; 4.0 device-hours," in made(Terminal()).line([Beat(2, 75 * MINUTE_US)])


def test_a_line_is_cut_where_the_terminal_ends(wall, monkeypatch):
    monkeypatch.setenv("COLUMNS", "30")
    out = Terminal()
    progress = made(out)
    wall.now_s += 1
    progress.beats([BEAT])
    assert max(len(line.removeprefix("\033[1m").replace("\033[0m", "")) for line in out.getvalue().splitlines()) <= 29


def test_how_small_a_plan_is_by_now_is_shown(wall):
    out = Terminal(live=False)
    progress = made(out)
    outcome = Outcome(Plan(1, 5, 90_000, (Fault(1, Kind.ROT, 0),), only=(0,)), "", None, 0, 0, 0, 0)
    wall.now_s += 6
    progress.tried(Try(12, outcome, is_smaller=True))
    assert out.getvalue() == "00:06  making it small: run 12, 1 fault, 1 device, 1 min 30 s\n"


def test_small_things():
    assert clock(247.9) == "04:07"
    assert faults(made(Terminal()).fired) == "none yet"
    many = made(Terminal())
    many.fired.update({f"kind-{number}": 9 - number for number in range(8)})
    assert faults(many.fired).endswith("kind-5 4, 2 more kinds")
