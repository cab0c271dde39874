"""A run asks a board only what it can know, ends with one clear error where it cannot go on, and judges by what was said."""

import asyncio
import time
from dataclasses import replace

import pytest
from tests.unit.rig.board.conftest import boot, hello, numbered, said

from seamline.contract.pace import Pace
from seamline.rig.board import session as sessions
from seamline.rig.board.days import ON_DESK
from seamline.rig.board.deeds import Deeds
from seamline.rig.board.errors import RelayError, SilentError, StrangerError
from seamline.rig.board.port import BoardPort
from seamline.rig.board.session import Report, Session, Subject, patience_s
from seamline.rig.board.translate import Abilities, Course, Deed, Step
from seamline.rig.verify import Sums, Verdict
from seamline.rig.world.plan import Kind


class ScriptedBoard:
    """A console and a relay with a board behind them that follows a script: what it says at power on, and to each command."""

    def __init__(self, session, at_power, answers=None, *, reset=False):
        self.session = session
        self.at_power = at_power
        self.answers = answers or {}
        self.told = []
        self.is_open = False
        self.reset_line = reset
        self.ons = 0

    def say(self, lines):
        loop = asyncio.get_running_loop()
        for line in lines:
            loop.call_soon(self.session.heard, line, time.time_ns() // 1_000_000)

    def open(self):
        self.is_open = True

    def close(self):
        self.is_open = False

    def tell(self, command):
        self.told.append(command)
        self.say(self.answers.get(command, []))

    def has_reset(self):
        return self.reset_line

    async def reset(self):
        await self.switch(on=True)

    async def switch(self, *, on):
        if on:
            self.say(self.at_power[min(self.ons, len(self.at_power) - 1)])
            self.ons += 1

    def __getattr__(self, name):
        return lambda *values, **named: None


UP = [said("dial", 10), said("up", 20), said("sent", 20, "birth"), said("live", 30, 100)]
ANSWERS = {"rest": [said("rest", 500)], "held": [said("held", 501, 0)]}
QUIET = Course((), (), 1)


@pytest.fixture
def verdicts(monkeypatch):
    """What the database would say; and what it was asked."""
    asked = []

    def verify(dsn, truths, layouts, *, date_slack_ms):
        asked.append((dsn, list(truths), date_slack_ms))
        return Verdict(Sums(numbered=1, stored=1))

    monkeypatch.setattr(sessions, "verify", verify)
    return asked


def play(heater, at_power, answers=ANSWERS, course=QUIET, relay=True, reset=False, timeout_s=0.4, kind=ScriptedBoard, day=None):
    """Run the script; returns (report, board, what was said to the person)."""
    spoken = []

    async def body():
        contracts = [Pace(1_000, 250).contract(contract) for contract in heater.versions.values()]
        subject = Subject("b1", contracts, [], "dsn", "/dev/tty-x", hello_timeout_s=timeout_s)
        session = Session(subject, spoken.append, day)
        board = kind(session, at_power, answers, reset=reset)
        port = BoardPort(board, board, board if relay else None)
        seen = []
        try:
            async with asyncio.timeout(60):
                report = await session.run(port, lambda abilities: seen.append(abilities) or course)
        finally:
            assert not board.is_open
        return report, board, seen

    return (*asyncio.run(body()), spoken)


def test_a_run_powers_the_board_lets_it_rest_and_judges(heater, verdicts):
    report, board, abilities, spoken = play(heater, [[hello(), boot(), *UP, numbered(100, 0)]])
    assert report.problems == []
    assert board.told == ["rest", "held", "work"]
    assert abilities == [Abilities(relay=True, obeys=frozenset({"rest", "held"}))]
    ((dsn, (truth,), slack),) = verdicts
    assert (dsn, slack, truth.numbered) == ("dsn", sessions.DATE_SLACK_MS, 1)
    assert spoken == ["faults are over; the board rests and delivers what it has"]
    assert report.told()[-1] == "every record is in one class, every value is what the board said, every date within its bound"
    assert report.document()["broken"] == []


def test_noise_at_the_first_power_on_is_answered_with_a_second_one(heater, verdicts):
    report, board, _, _ = play(heater, [["SEAM hel\x00", boot()], [hello(), boot(number=2), *UP, numbered(100, 0)]])
    assert board.ons == 2
    assert report.problems == []
    assert "1 lines of the console were not whole" in report.told()


def test_a_board_without_relay_is_reset_by_its_line_or_by_hand(heater, verdicts):
    report, board, abilities, _ = play(heater, [[hello(), boot(), *UP, numbered(100, 0)]], relay=False, reset=True)
    assert (board.ons, report.problems, abilities[0].reset) == (1, [], True)
    with pytest.raises(SilentError):
        play(heater, [[hello(), boot()]], relay=False, timeout_s=0.05)


@pytest.mark.parametrize(
    ("lines", "error", "says"),
    [
        ([], SilentError, "the board at /dev/tty-x did not say hello in 0.1 s: it said nothing at all; has it power"),
        (["SEAM \x01\x02", "SEAM x"], SilentError, "4 lines were garbled; is this its --baud"),
        (["Traceback", "OSError: 28"], SilentError, "4 lines were not Seamline's, the last 'OSError: 28'; does its firmware use"),
        ([boot()], SilentError, "2 lines were not Seamline's; does its firmware"),
        ([hello(device="b7")], StrangerError, "it is b7, not b1"),
        ([hello(contract="kettle/1.0.0")], StrangerError, "the board runs kettle/1.0.0, --contract has heater/"),
        ([hello(obeys="rest"), boot()], StrangerError, "the board's firmware does not obey held"),
        ([hello(obeys="-"), boot()], StrangerError, "does not obey held and rest"),
    ],
)
def test_a_board_with_which_no_run_can_begin_is_told_in_one_line(heater, verdicts, lines, error, says):
    with pytest.raises(error) as told:
        play(heater, [lines], timeout_s=0.1)
    assert says in str(told.value)
    assert "\n" not in str(told.value)
    assert verdicts == []


def test_a_strange_line_in_the_midst_ends_the_run_at_once(heater, verdicts):
    answers = ANSWERS | {"rest": [numbered(400, 0, channel=9)]}
    with pytest.raises(StrangerError, match="channel 9"):
        play(heater, [[hello(), boot(), *UP]], answers)


def test_a_run_that_cannot_go_on_leaves_the_board_with_power_and_a_network(heater, verdicts):
    boards = []

    class Watched(ScriptedBoard):
        def __init__(self, *values, **named):
            super().__init__(*values, **named)
            self.mended = 0
            self.states = []
            boards.append(self)

        async def switch(self, *, on):
            self.states.append(on)
            if not on and len(self.states) > 2:
                self.say([hello(device="somebody-else")])
            await super().switch(on=on)

        def mend(self):
            self.mended += 1

    steps = (Step(1, Deed.POWER, 60_000, 0, Kind.POWER_CUT),)
    with pytest.raises(StrangerError, match="somebody-else"):
        play(heater, [[hello(), boot(), *UP]], course=Course(steps, (), 60_000), kind=Watched)
    assert boards[0].states == [False, True, False, True]
    assert boards[0].mended == 1


def test_a_relay_that_fails_ends_the_run(heater, verdicts, monkeypatch):
    async def broken(self, *, on):
        raise RelayError("no hub found")

    monkeypatch.setattr(ScriptedBoard, "switch", broken)
    with pytest.raises(RelayError, match="no hub found"):
        play(heater, [[]])


def test_steps_are_done_in_their_time_and_undone_after_it(heater, verdicts):
    steps = (Step(1, Deed.POWER, 30, 0, Kind.POWER_CUT), Step(10, Deed.STOP, 1, 0, Kind.STOP))
    left = ((Kind.ROT, "no bit of a real flash turns on request", 2),)
    again = [hello(), boot(number=2), *UP, numbered(100, 0)]
    report, board, _, spoken = play(heater, [[hello(), boot(), *UP], again], course=Course(steps, left, 50))
    assert board.ons == 2
    assert report.boots == 2
    assert report.missed == ["stop at 0.0 s: the board was off"]
    assert spoken[0] == "left out: 2 × rot: no bit of a real flash turns on request"
    assert [line.split("s ", 1)[1] for line in spoken[1:3]] == ["power-cut (power) for 0.0 s", "stop"]
    assert report.document()["left_out"] == [{"kind": "rot", "why": left[0][1], "count": 2}]
    assert "1 × power-cut" in report.told()[0]


def test_a_board_that_restarts_while_it_should_rest_is_told_again(heater, verdicts):
    answers = {"rest": [said("rest", 500)], "held": [hello(), boot(number=2), *UP]}

    class Restarts(ScriptedBoard):
        def tell(self, command):
            super().tell(command)
            if self.told.count("held") == 1:
                self.answers = ANSWERS

    report, board, _, _ = play(heater, [[hello(), boot(), *UP, numbered(100, 0)]], answers, kind=Restarts)
    assert board.told == ["rest", "held", "rest", "held", "work"]
    assert report.problems == []


@pytest.mark.parametrize(
    ("answers", "says"),
    [
        ({}, "the board did not obey `rest` within"),
        (ANSWERS | {"held": [said("held", 501, 5)]}, "the board still keeps 5 records"),
    ],
)
def test_a_board_that_does_not_come_to_rest_is_a_broken_promise(heater, verdicts, monkeypatch, answers, says):
    monkeypatch.setattr(sessions, "patience_s", lambda contract: 0.3)
    monkeypatch.setattr(sessions, "ASK_EVERY_S", 0.05)
    report, _, _, _ = play(heater, [[hello(), boot(), *UP, numbered(100, 0)]], answers)
    assert len(report.problems) == 1
    assert says in report.problems[0]
    assert report.told()[-1] == f"broken: {report.problems[0]}"


def test_a_board_that_never_comes_online_is_a_broken_promise(heater, verdicts, monkeypatch):
    monkeypatch.setattr(sessions, "patience_s", lambda contract: 0.1)
    monkeypatch.setattr(sessions, "ASK_EVERY_S", 0.05)
    report, _, _, _ = play(heater, [[hello(), boot()]])
    assert report.problems[0] == "not online within 0 s of its first boot"


@pytest.mark.parametrize(("sums", "says"), [(Sums(5, 3, owed=2), "2 records are still owed"), (Sums(), "nothing was stored")])
def test_a_verdict_without_a_problem_may_still_be_none(heater, monkeypatch, sums, says):
    monkeypatch.setattr(sessions, "verify", lambda *_, **__: Verdict(replace(sums)))
    report, _, _, _ = play(heater, [[hello(), boot(), *UP, numbered(100, 0)]])
    assert report.problems == [says]


def test_what_the_board_did_and_the_hub_lost_are_both_told(heater, monkeypatch):
    verdict = Verdict(Sums(2, 2))
    verdict.complain("records stored twice", "b1 sequence 4")
    monkeypatch.setattr(sessions, "verify", lambda *_, **__: verdict)
    rude = [hello(), boot(), *UP, numbered(100, 0), numbered(110, 0), said("busy", 120, 9_000), said("sent", 130, "data")]
    report, _, _, _ = play(heater, [rude])
    assert isinstance(report, Report)
    assert [problem.split(":")[0] for problem in report.problems] == [
        "records stored twice",
        "channel 1 gave number 0 twice in boot 1",
        "`sent` 8990 ms before the wait was over that the hub had asked for",
    ]


def test_patience_covers_every_wait_of_the_contract(heater):
    contract = heater.current
    assert patience_s(contract) > (contract.backoff.cap_ms + contract.fleet.recovery_ms) / 1000


CUT = Course((Step(1, Deed.POWER, 1, 0, Kind.REGION),), (), 2)
DROP = Course((Step(1, Deed.CUT, 1, 0, Kind.CUT_ALL, cuts=True),), (), 2)


@pytest.mark.parametrize(
    ("course", "unmet"),
    [(CUT, []), (DROP, ["regional-power-cut: none of its own faults was done (regional-power-cut)"])],
)
def test_a_run_for_a_day_that_had_none_of_its_faults_is_not_met(heater, verdicts, course, unmet):
    twice = [[hello(), boot(), *UP, numbered(100, 0)], [hello(), boot(number=2), *UP, numbered(100, 0)]]
    report, *_ = play(heater, twice, course=course, day=ON_DESK["regional-power-cut"])
    assert (report.problems, report.unmet, report.holds) == ([], unmet, not unmet)


def test_a_plan_of_which_nothing_was_done_is_not_met(heater):
    session = Session(Subject("b1", list(heater.versions.values()), [], "dsn", "/dev/tty-x"), lambda _text: None)
    deeds = Deeds(BoardPort(None, None, None), session.witness, session.until)
    assert session._unmet(CUT, deeds) == ["no fault of the plan was done"]
    assert session._unmet(QUIET, deeds) == []
    deeds.done[Kind.REGION] += 1
    assert session._unmet(CUT, deeds) == []
