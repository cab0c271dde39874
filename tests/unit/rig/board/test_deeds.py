"""Each step does to the port what it says, undoes it at its end, and overlapping ones end with the last."""

import asyncio

import pytest
from tests.unit.rig.board.conftest import boot, hello

from seamline.rig.board.deeds import Deeds
from seamline.rig.board.port import BoardPort
from seamline.rig.board.translate import Deed, Step
from seamline.rig.board.witness import Witness
from seamline.rig.world.plan import Kind


class Tape:
    """Stands for every part of a port; keeps what it was told, in order."""

    def __init__(self):
        self.told = []

    def __getattr__(self, name):
        def note(*values, **named):
            self.told.append((name, *values, *named.items()))

        return note

    async def switch(self, *, on):
        self.told.append(("switch", on))

    async def reset(self):
        self.told.append(("reset",))


@pytest.fixture
def tape():
    return Tape()


@pytest.fixture
def deeds(tape, contracts):
    return Deeds(BoardPort(tape, tape, tape, tape), booted(contracts), at_once)


def booted(contracts):
    """A witness of one boot."""
    witness = Witness("b1", contracts)
    for line in (hello(), boot()):
        witness.heard(line, 1_800_000_000_000)
    return witness


async def at_once(holds, timeout_s):
    """A board that says nothing more."""
    return holds()


def step(deed, fault=Kind.LINK_CUT, number=0, *, cuts=False):
    return Step(1_000, deed, 500, number, fault, cuts)


def play(deeds, *steps):
    """Begin all, then undo all."""

    async def body():
        undone = [await deeds.begin(each) for each in steps]
        for undo in undone:
            if undo is not None:
                await undo()

    asyncio.run(body())


@pytest.mark.parametrize(
    ("one", "told"),
    [
        (step(Deed.CUT, cuts=True), [("cut",)]),
        (step(Deed.CUT_IN_PUBLISH), [("cut_in_publish",)]),
        (
            step(Deed.STALL_UP),
            [("stall", ("up", True), ("down", False)), ("stall", ("up", True), ("down", False), ("ends", True))],
        ),
        (
            step(Deed.STALL_DOWN),
            [("stall", ("up", False), ("down", True)), ("stall", ("up", False), ("down", True), ("ends", True))],
        ),
        (step(Deed.SLOW, number=70), [("slow", 70), ("slow", 0)]),
        (step(Deed.NAT, number=90), [("forget_idle", 90), ("forget_idle", None)]),
        (step(Deed.PORTAL, cuts=True), [("cut",), ("portal", ("on", True)), ("portal", ("on", False))]),
        (step(Deed.REFUSE), [("refuse",), ("refuse", ("ends", True))]),
        (step(Deed.POWER), [("switch", False), ("switch", True)]),
        (step(Deed.RESET), [("reset",)]),
        (step(Deed.ERASE), [("tell", "erase")]),
        (step(Deed.STOP), [("tell", "stop")]),
        (step(Deed.TIME_STEP, number=-5), [("step", -5), ("step", 0)]),
        (step(Deed.TIME_BLOCKED), [("block",), ("block", ("ends", True))]),
    ],
)
def test_a_step_is_done_and_undone(deeds, tape, one, told):
    play(deeds, one)
    assert tape.told == told
    assert deeds.done == {Kind.LINK_CUT: 1}
    assert deeds.missed == []


@pytest.mark.parametrize("deed", [Deed.SLOW, Deed.NAT, Deed.PORTAL, Deed.TIME_STEP, Deed.POWER])
def test_what_overlaps_ends_with_the_last(deeds, tape, deed):
    async def body():
        first, second = await deeds.begin(step(deed, number=7)), await deeds.begin(step(deed, number=7))
        began = len(tape.told)
        await first()
        assert len(tape.told) == began
        await second()
        assert len(tape.told) == began + 1

    asyncio.run(body())


@pytest.mark.parametrize("deed", [Deed.ERASE, Deed.STOP, Deed.RESET])
def test_a_board_that_is_off_is_told_nothing_and_that_is_said(deeds, tape, deed):
    play(deeds, step(Deed.POWER), step(deed, Kind.STOP))
    assert ("tell", str(deed)) not in tape.told
    assert deeds.missed == ["stop at 1.0 s: the board was off"]
    assert deeds.done == {Kind.LINK_CUT: 1}


def test_a_board_that_has_not_booted_since_is_told_nothing_and_that_is_said(deeds, tape):
    async def body():
        back = await deeds.begin(step(Deed.POWER))
        await back()
        assert await deeds.begin(step(Deed.ERASE, Kind.ERASE)) is None

    asyncio.run(body())
    assert deeds.missed == ["erase at 1.0 s: the board had not booted yet"]
    assert ("tell", "erase") not in tape.told


def test_only_an_erase_makes_a_new_incarnation_expected(deeds):
    play(deeds, step(Deed.STOP))
    assert not deeds._witness.expect_erased
    play(deeds, step(Deed.ERASE))
    assert deeds._witness.expect_erased


def test_mending_mends_network_and_time_and_gives_power_back_however_often_it_was_taken(deeds, tape):
    async def body():
        await deeds.begin(step(Deed.POWER))
        await deeds.begin(step(Deed.POWER))
        await deeds.mend()
        await deeds.mend()

    asyncio.run(body())
    assert tape.told == [("switch", False), ("switch", False), ("mend",), ("mend",), ("switch", True), ("mend",), ("mend",)]


def test_a_rig_without_relay_or_time_server_has_nothing_to_do_there(tape, contracts):
    deeds = Deeds(BoardPort(tape, tape), booted(contracts), at_once)
    play(deeds, step(Deed.POWER), step(Deed.TIME_STEP, number=5))
    asyncio.run(deeds.mend())
    assert tape.told == [("mend",)]
