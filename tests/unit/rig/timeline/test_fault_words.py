"""A plan's faults are written out: no reader has to know what a number of the plan stands for."""

import re

import pytest

from seamline.rig.timeline.fault_words import SAID, told
from seamline.rig.world.plan import SPECS, Fault, Kind


def fault(kind, **numbers):
    return Fault(0, kind, -1 if SPECS[kind].house else 4, 0, numbers)


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("end", [0, 1])
def test_every_fault_is_a_sentence_without_names_of_numbers(kind, end):
    text = told(fault(kind, **{name: bounds[end] for name, bounds in SPECS[kind].numbers.items()}), "3 s")
    assert text.startswith(f"{kind}: ")
    assert text.endswith(", for 3 s")
    assert not re.search(r"\b(permille|again_how|whose|ms -?\d)\b", text)
    assert not re.search(r"\(-?\d[^)]*(, |: )", text)


def test_every_kind_with_numbers_says_what_they_mean():
    assert set(SAID) == {kind for kind, spec in SPECS.items() if spec.numbers}


@pytest.mark.parametrize(
    ("kind", "numbers", "text"),
    [
        (
            Kind.FLASH_CUT,
            {"operations": 0, "how": 2, "again": 2, "again_how": 0},
            (
                "flash-cut: the power goes after operation 0 is complete on the flash from now on;"
                " and again in the boot that follows, before operation 2 of it"
            ),
        ),
        (
            Kind.FLASH_CUT,
            {"operations": 7, "how": 1, "again": -1, "again_how": 0},
            "flash-cut: the power goes half way through operation 7 on the flash from now on",
        ),
        (Kind.PORTAL, {"lie": 1}, "portal: connects meet a lying name server"),
        (Kind.PORTAL, {"lie": 0}, "portal: connects meet a captive portal"),
        (Kind.DISK_FULL, {"whose": 1}, "disk-full: the disk of the broker is full"),
        (Kind.CLOCK_STEP, {"by_ms": -7_200_000}, "clock-step: time servers lie: 2 h late"),
        (
            Kind.CLOCK_OFF,
            {"by_ms": 20_000, "late": 1},
            "clock-off: time servers are 20 s late, and the device asks them",
        ),
        (
            Kind.BROWNOUTS,
            {"down_ms": 50, "up_ms": 120_000},
            "brownouts: without a network the power goes for 50 ms and is back for 2 min, again and again",
        ),
        (Kind.LOSSY, {"permille": 125}, "lossy: 12.5 % of the messages are lost"),
        (
            Kind.CORRECTION,
            {"which": 0, "permille": 300, "bound": 1, "back_ms": 60_000},
            "correction: somebody gives the device coefficients of calibration 0, number 300, for records from 1 min before on",
        ),
        (Kind.LINK_CUT, {}, "link-cut: the live connection breaks"),
        (Kind.PUBLISH_CUT, {"after_ms": 90}, "publish-cut: the connection breaks 90 ms after the next message has left"),
        (Kind.DOUBLING, {"permille": 50}, "doubling: 5 % of the messages come twice"),
        (Kind.REORDERING, {"permille": 55}, "reordering: 5.5 % of the messages overtake others"),
        (Kind.SLOW, {"by_ms": 1_500}, "slow: messages take 1.5 s longer"),
        (Kind.NAT, {"idle_ms": 2_000}, "nat: the network forgets connections that are idle for 2 s"),
        (
            Kind.FLAPPING,
            {"down_ms": 50, "up_ms": 2_000},
            "flapping: the network goes for 50 ms and is back for 2 s, again and again",
        ),
        (Kind.ROT, {"place": 3, "bit": 4_095}, "rot: the power goes, and bit 4095 of flash entry 3 turns"),
        (Kind.UPGRADE, {"model": 7}, "upgrade: the program ends in order and another firmware starts (number 7)"),
        (
            Kind.EXPIRED,
            {"ends": 1},
            (
                "credentials-expired: the broker refuses the device's connects until its credentials are renewed, and its connection ends"
            ),
        ),
        (
            Kind.EXPIRED,
            {"ends": 0},
            "credentials-expired: the broker refuses the device's connects until its credentials are renewed",
        ),
        (
            Kind.LATE_MAIL,
            {"by_ms": 500, "twice": 1},
            "late-mail: documents of the device's wishes come at once and again 500 ms later",
        ),
        (Kind.LATE_MAIL, {"by_ms": 500, "twice": 0}, "late-mail: documents of the device's wishes come only 500 ms later"),
        (
            Kind.WISH,
            {"setting": 3, "permille": 1_000, "announced": 1},
            "wish: somebody asks for setting 3, at 100 % of its range; the device is told at once",
        ),
        (
            Kind.WISH,
            {"setting": 3, "permille": 0, "announced": 0},
            "wish: somebody asks for setting 3, at 0 % of its range; the device is told by the next step",
        ),
        (
            Kind.TOUCH,
            {"setting": 3, "permille": 5},
            "touch: somebody changes setting 3 at the device, to 0.5 % of its range",
        ),
        (Kind.CLOCK_STEP, {"by_ms": 1_000}, "clock-step: time servers lie: 1 s early"),
        (Kind.REGION, {"permille": 1_000}, "regional-power-cut: 100 % of the devices lose their power at once"),
        (
            Kind.TAIL_LOST,
            {"messages": 4},
            "tail-lost: the broker's machine loses its power, and the broker its last 4 messages",
        ),
        (Kind.HUB_KILL, {"effects": 9}, "hub-kill: the hub is killed after 9 more effects"),
        (Kind.DATABASE_SLOW, {"by_ms": 100}, "database-slow: each commit takes 100 ms longer"),
        (Kind.COMMIT_UNKNOWN, {"times": 2}, "commit-unknown: commits are made and their answers lost, 2 of them"),
        (Kind.DISK_FULL, {"whose": 0}, "disk-full: the disk of the database is full"),
        (Kind.RESTORED, {"back_ms": 1_000}, "database-restored: the database is away, and comes back as it was 1 s before"),
        (Kind.LATE_CONTRACT, {"versions": 2}, "contract-late: the 2 newest contracts are registered only now"),
        (
            Kind.CORRECTION,
            {"which": 1, "permille": 0, "bound": 0, "back_ms": 5},
            "correction: somebody gives the device coefficients of calibration 1, number 0, for records of all times",
        ),
        (
            Kind.CORRECTION,
            {"which": 1, "permille": 0, "bound": 2, "back_ms": 5},
            "correction: somebody gives the device coefficients of calibration 1, number 0, for records until 5 ms before",
        ),
    ],
)
def test_a_number_that_stands_for_a_word_is_that_word(kind, numbers, text):
    assert told(fault(kind, **numbers), "") == text


def test_a_fault_that_lacks_its_numbers_says_what_its_kind_is():
    assert told(fault(Kind.SLOW), "") == f"slow: {SPECS[Kind.SLOW].what}"
