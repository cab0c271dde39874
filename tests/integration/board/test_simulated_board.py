"""A simulated board, a real process on a real pty, goes through what a desk rig can do to it; the hub's books hold what it said."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tty
from binascii import crc32
from dataclasses import asdict

import psycopg
import pytest
from tests.integration.board.conftest import EVERY_MS_MAX, FACTOR, SLACK_MS, Rig

from seamline.contract.layout import OFFSET_BYTES
from seamline.rig.board.console import SerialConsole
from seamline.rig.board.errors import LinesLostError
from seamline.rig.board.lines import Numbered, parse, write
from seamline.rig.board.simulated import Board, Config
from seamline.rig.board.timeserver import open_time
from seamline.rig.verify import verify
from seamline.rig.world.plan import HOUSE, Fault, Kind

DAY_MS = 86_400_000
BEYOND_ANY_BOUND = 600
"""Counters are reserved 16, then 256 ahead."""


def flashing(house, heater, device, **more):
    """What puts the simulated firmware of `device` onto the desk."""
    issued = house.issue("heater", [device])[device]

    def config(folder, port, time_port):
        return Config(
            device=device,
            contract=str(heater),
            state=str(folder / "flash"),
            host="127.0.0.1",
            port=port,
            ca=str(house.ca_file),
            cert=str(issued.cert),
            key=str(issued.key),
            pace=FACTOR,
            publish_every_ms_max=EVERY_MS_MAX,
            ntp_host="127.0.0.1",
            ntp_port=time_port,
            **more,
        )

    def flash(folder, port, time_port):
        path = folder / "config.json"
        path.write_text(json.dumps(asdict(config(folder, port, time_port))))
        return [sys.executable, "-m", "seamline.rig.board.simulated", str(path)]

    flash.config = config
    return flash


@pytest.fixture
def rig(house, family, heater, tmp_path, request):
    device = f"sim-{crc32(request.node.name.encode()):08x}"
    return Rig(house, family, device, tmp_path, flashing(house, heater, device))


def test_every_fault_that_hardware_allows_leaves_every_record_in_one_class(rig):
    faults = (
        Fault(200, Kind.LINK_CUT, 0),
        Fault(900, Kind.POWER_CUT, 0, 300),
        Fault(2_200, Kind.SLOW, 0, 400, {"by_ms": 40}),
        Fault(2_300, Kind.CLOCK_STEP, 0, 3_000, {"by_ms": DAY_MS}),
        Fault(2_700, Kind.DEAF, 0, 600),
        Fault(3_400, Kind.MUTE, 0, 500),
        Fault(3_950, Kind.PUBLISH_CUT, 0, 0, {"after_ms": 0}),
        Fault(4_000, Kind.STOP, 0, 50),
        Fault(5_300, Kind.NTP_BLOCKED, HOUSE, 500),
        Fault(5_400, Kind.BROKER_DOWN, HOUSE, 400),
        Fault(6_200, Kind.PORTAL, 0, 300, {"lie": 0}),
        Fault(6_900, Kind.NAT, 0, 300, {"idle_ms": 100}),
        Fault(7_300, Kind.ERASE, 0, 50),
        Fault(7_400, Kind.ROT, 0, 50, {"place": 0, "bit": 0}),
        Fault(8_400, Kind.PARTITION, 0, 300),
    )
    report = rig.run(*faults, lasts_ms=9_000)
    assert report.problems == []
    assert report.done == {str(fault.kind): 1 for fault in faults if fault.kind is not Kind.ROT}
    assert report.missed == []
    assert report.course.told() == ["left out: 1 × rot: no bit of a real flash turns on request"]
    assert report.boots == 4  # first, power cut, stop, erase
    sums = report.verdict.sums
    assert sums.stored > 20
    assert sums.numbered == sums.stored + sums.lost
    assert (report.verdict.misdated, report.verdict.value_mismatches, sums.owed) == (0, 0, 0)
    resets = [boot.reset for boot in rig.session.witness.boots]
    assert resets == ["power_on", "power_on", "software", "software"]
    assert len({boot.incarnation for boot in rig.session.witness.boots}) == 2


def test_a_second_run_with_the_same_board_judges_only_what_it_heard(rig):
    first = rig.run(lasts_ms=1_500)
    again = rig.run(Fault(300, Kind.POWER_CUT, 0, 200), lasts_ms=1_500)
    assert first.problems == again.problems == []
    assert [boot.boot for boot in rig.session.witness.boots] == [2, 3]
    assert again.verdict.sums.stored > 0
    _what_a_cut_may_have_unmade_is_no_loss(rig)


def _what_a_cut_may_have_unmade_is_no_loss(rig):
    """On the database of a real run: more records than the hub ever heard of, at the end of a boot that the power ended.

    Below the bound that the device had reserved they are lost; above it they are in no class.
    """
    truth = rig.session.witness.truth
    stream = next(stream for key, stream in truth.streams.items() if key.boot == 2)
    for _ in range(BEYOND_ANY_BOUND):
        stream.append(stream.uptime_ms[-1], stream.true_ms[-1], bytes(stream.layout.record_bytes - OFFSET_BYTES))

    def judged():
        return verify(rig.house.dsn, [truth], list(rig.family.layouts.values()), date_slack_ms=SLACK_MS)

    stream.unsure = None  # the last record before this very cut may be in doubt already
    strict = judged()
    # A complaint when the hub has closed that boot; owed while it still waits for what the board had in flash.
    unknown = strict.cases["records of an ended boot in no class"] + strict.sums.owed
    assert unknown > 0
    stream.unsure = stream.numbered - unknown
    lenient = judged()
    assert lenient.problems == []
    assert lenient.sums.owed == 0
    assert lenient.sums.numbered == strict.sums.numbered - unknown


def test_a_hub_that_is_busy_is_obeyed(rig):
    async def keep_busy(session):
        """Until the board was told to wait, no commit gets through."""

        def locked():
            connection = psycopg.connect(rig.house.dsn)
            connection.execute("LOCK TABLE ledger IN ACCESS EXCLUSIVE MODE")
            return connection

        assert await session.until(lambda: session.witness.live, 60)
        connection = await asyncio.to_thread(locked)
        try:
            assert await session.until(lambda: session.witness.manners.busy > 0, 60)
        finally:
            await asyncio.to_thread(connection.close)

    report = rig.run(lasts_ms=2_000, meanwhile=keep_busy)
    assert report.busy > 0
    assert report.problems == []


def test_a_board_that_says_another_value_than_it_sends_is_found_out(rig):
    changed = []

    def hears(line):
        said = parse(line)
        if isinstance(said, Numbered) and said.channel == 1 and said.sequence == 3 and not changed:
            changed.append(said.sequence)
            values = dict(said.values) | {"room": said.values["room"] ^ 1}
            told = (f"{name}={value}" for name, value in values.items())
            return write("numbered", said.at_ms, said.channel, said.sequence, *told).strip()
        return line

    rig.hears = hears
    report = rig.run(lasts_ms=1_500)
    (problem,) = report.problems
    assert problem.startswith("stored values that differ from the measured: 1 (")
    assert "sequence 3" in problem


def test_a_console_that_loses_lines_is_no_verdict(rig):
    rig.hears = lambda line: None if isinstance(said := parse(line), Numbered) and said.sequence == 2 else line
    with pytest.raises(LinesLostError, match=r"records 2 to 2 of channel \d in boot 1 were never said"):
        rig.run(lasts_ms=1_000)


def test_the_simulated_board_obeys_its_console(house, heater, tmp_path):
    """In this process, on a pty: what it says to each command."""
    flash = flashing(house, heater, "sim-inside", store="flash")

    async def day():
        lines, news = [], asyncio.Event()

        def heard(line, _):
            lines.append(line.split(" *")[0].split()[1:2])
            news.set()

        async def until(word, count=1):
            async with asyncio.timeout(60):
                while sum(words == [word] for words in lines) < count:
                    news.clear()
                    await news.wait()

        keys, slave = os.openpty()
        tty.setraw(slave)
        console = SerialConsole(os.ttyname(slave), heard)
        console.open()
        async with open_time("127.0.0.1") as time:
            config = flash.config(tmp_path, house.mqtt_port, time.port)
            boot = asyncio.create_task(Board(config, keys, keys).run())
            await until("numbered", 2)
            await until("live")
            async with asyncio.timeout(60):
                while not time.answers:
                    await asyncio.sleep(0.01)
        console.tell("nonsense")
        console.tell("hello")
        await until("hello", 2)
        console.tell("rest")
        await until("rest")
        console.tell("held")
        await until("held")
        numbered = sum(words == ["numbered"] for words in lines)
        console.tell("work")
        await until("numbered", numbered + 1)
        console.tell("stop")
        await until("stopping")
        assert await boot == "software"
        kept = {path.name for path in (tmp_path / "flash").glob("*.entry")}
        assert {"c0.entry", "end.entry"} <= kept
        boot = asyncio.create_task(Board(config, keys, keys).run())
        await until("hello", 3)
        console.tell("erase")
        assert await boot == "software"
        assert not list((tmp_path / "flash").glob("*.entry"))
        console.close()
        os.close(keys)
        os.close(slave)

    asyncio.run(day())
