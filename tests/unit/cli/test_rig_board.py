"""`seamline rig board run`: what cannot be meant is refused in one line, before anything is started."""

import json
from contextlib import contextmanager

import psycopg
import pytest

from seamline.cli import exits, main
from seamline.cli.rig_board_options import address
from seamline.rig.board import launch
from seamline.rig.board.errors import SilentError
from seamline.rig.board.session import Report
from seamline.rig.board.translate import Course
from seamline.rig.verify import Sums, Verdict
from seamline.rig.world.plan import Plan
from seamline.stack import StackError

BOARD = ["rig", "board", "run", "--contract", "examples/heater", "--device", "b1"]
SCENARIO = ["--scenario", "online-but-deaf"]


@pytest.fixture(autouse=True)
def _at_the_root(request, monkeypatch):
    monkeypatch.chdir(request.config.rootpath)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([*BOARD, *SCENARIO], "one of the arguments --console --simulated is required"),
        ([*BOARD, "--simulated"], "one of the arguments --plan --scenario is required"),
        ([*BOARD, "--simulated", "--console", "/dev/x", *SCENARIO], "not allowed with argument"),
        ([*BOARD, "--simulated", "--plan", "x", *SCENARIO], "not allowed with argument"),
        ([*BOARD, "--simulated", *SCENARIO, "--listen", "8884"], "'8884' is no address: write HOST:PORT, e.g. 0.0.0.0:8884"),
        ([*BOARD, "--simulated", *SCENARIO, "--seconds", "0"], "'0' is not more than 0 and at most 31622400 seconds"),
        ([*BOARD[:-1], "b 1", "--simulated", *SCENARIO], "--device 'b 1': 1 to 64 of A-Z a-z 0-9 _ -"),
        (
            [*BOARD, "--simulated", *SCENARIO, "--broker", "h:1"],
            "--simulated needs a certificate of a hub that this command starts",
        ),
        ([*BOARD, "--simulated", *SCENARIO, "--relay", "x {state}"], "--simulated has a switch of its own: leave --relay out"),
        ([*BOARD, "--simulated", "--scenario", "doomsday"], "--scenario doomsday: there are drop-mid-publish, "),
        ([*BOARD, "--simulated", "--plan", "no-such.json"], "no-such.json cannot be read"),
    ],
)
def test_arguments_that_cannot_be_meant_are_refused(arguments, says, capsys):
    assert main(arguments) == exits.WRONG_USE
    told = capsys.readouterr().err
    assert says in told
    assert told.count("\n") == 1


@pytest.mark.parametrize(
    ("text", "more", "says"),
    [
        ("{}", [], "the plan's format is None"),
        (Plan(1, 2, 1_000).write(), ["--as", "5"], "--as 5: the plan has the devices 0, 1"),
        (Plan(1, 20, 1_000).write(), ["--as", "50"], "--as 50: the plan has the devices 0, 1, 2, 3, 4, 5, 6, 7 …"),
    ],
)
def test_a_plan_without_that_device_is_refused(text, more, says, tmp_path, capsys):
    path = tmp_path / "plan.json"
    path.write_text(text)
    assert main([*BOARD, "--simulated", "--plan", str(path), *more]) == exits.WRONG_USE
    assert says in capsys.readouterr().err


@pytest.mark.parametrize("desk", [["--simulated"], ["--console", "/dev/x", "--relay", "y {state}"]])
def test_a_day_that_no_desk_can_make_is_refused_before_a_hub_is_started(desk, launched, capsys):
    assert main([*BOARD, *desk, "--scenario", "rate-limited"]) == exits.BAD_INSTALLATION
    told = capsys.readouterr()
    assert (told.out, launched) == ("", [])
    assert told.err.startswith("seamline: what makes the scenario rate-limited cannot be done to this board: database-away: ")


def test_a_running_hub_without_a_known_database_is_refused(tmp_path, capsys):
    arguments = [*BOARD, "--console", "/dev/x", *SCENARIO, "--broker", "127.0.0.1:1", "--state", str(tmp_path)]
    assert main(arguments) == exits.WRONG_USE
    assert "--broker without --dsn: " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "found"), [("0.0.0.0:8884", ("0.0.0.0", 8884)), ("::1:0", ("::1", 0)), ("desk:65535", ("desk", 65_535))]
)
def test_an_address_is_a_host_and_a_port(text, found):
    assert address(text) == found


@pytest.fixture
def report():
    return Report(Verdict(Sums(3, 3)), Course((), (), 1), {"deaf": 1}, [], 1, 2, 0, {"hello": 1})


@pytest.fixture
def launched(monkeypatch, report):
    """What would be run, instead of a hub and a board."""
    seen = []

    @contextmanager
    def own_hub(state, wanted):
        yield launch.Hub(("own", 1), "own-dsn")

    async def run(wanted, hub, say):
        seen.append((wanted, hub))
        say("under way")
        return report

    monkeypatch.setattr(launch, "own_hub", own_hub)
    monkeypatch.setattr(launch, "run", run)
    return seen


def test_a_real_board_keeps_its_contracts_pace_and_a_simulated_one_hurries(launched, capsys):
    assert main([*BOARD, "--console", "/dev/x", "--relay", "y {state}", *SCENARIO, "--time", "0.0.0.0:123"]) == exits.OK
    assert main([*BOARD, "--simulated", *SCENARIO]) == exits.OK
    (real, hub), (simulated, _) = launched
    assert (real.pace, real.listen, real.time_listen, str(real.console)) == (1, ("127.0.0.1", 8884), ("0.0.0.0", 123), "/dev/x")
    assert (simulated.pace, simulated.listen, simulated.time_listen, simulated.console) == (
        10,
        ("127.0.0.1", 0),
        ("127.0.0.1", 0),
        None,
    )
    assert hub.dsn == "own-dsn"
    told = capsys.readouterr().out
    assert "starting broker, database and hub" in told
    assert "under way" in told
    assert "numbered 3: stored 3" in told


def test_the_json_is_the_only_thing_that_is_printed(launched, capsys):
    arguments = [*BOARD, "--console", "/dev/x", *SCENARIO, "--broker", "b:1", "--dsn", "d", "--json"]
    assert main(arguments) == exits.OK
    assert json.loads(capsys.readouterr().out)["faults"] == {"deaf": 1}
    assert launched[0][1] == launch.Hub(("b", 1), "d")


def test_a_broken_promise_is_the_exit_code(launched, report, capsys):
    report.problems.append("records stored twice: 1 (x)")
    assert main([*BOARD, "--simulated", *SCENARIO]) == exits.PROMISE_BROKEN
    assert "broken: records stored twice" in capsys.readouterr().out


def test_a_day_that_did_not_come_is_the_exit_code_too(launched, report, capsys):
    report.unmet.append("regional-power-cut: none of its own faults was done (regional-power-cut)")
    assert main([*BOARD, "--simulated", "--scenario", "regional-power-cut"]) == exits.PROMISE_BROKEN
    assert "not met: regional-power-cut: none of its own faults was done" in capsys.readouterr().out
    assert launched[0][0].scenario == "regional-power-cut"
    assert report.document()["not_met"] == report.unmet


@pytest.mark.parametrize(
    ("error", "code", "says"),
    [
        (SilentError("it said nothing at all"), exits.BAD_INSTALLATION, "it said nothing at all"),
        (StackError("the state is in use"), exits.BAD_INSTALLATION, "(a hub that runs there already: --broker HOST:PORT)"),
        (psycopg.OperationalError("many lines\nrefused"), exits.UNREACHABLE, "the hub's database: refused; name it with --dsn"),
    ],
)
def test_what_keeps_a_run_from_being_one_is_told_in_one_line(launched, monkeypatch, capsys, error, code, says):
    async def run(wanted, hub, say):
        raise error

    monkeypatch.setattr(launch, "run", run)
    assert main([*BOARD, "--simulated", *SCENARIO]) == code
    told = capsys.readouterr().err
    assert says in told
    assert told.count("\n") == 1
