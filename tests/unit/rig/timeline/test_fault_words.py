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
        (Kind.LOSSY, {"permille": 125}, "lossy: 12.5 % of the messages are lost"),
        (
            Kind.CORRECTION,
            {"which": 0, "permille": 300, "bound": 1, "back_ms": 60_000},
            "correction: somebody gives the device coefficients of calibration 0, number 300, for records from 1 min before on",
        ),
        (Kind.LINK_CUT, {}, "link-cut: the live connection breaks"),
    ],
)
def test_a_number_that_stands_for_a_word_is_that_word(kind, numbers, text):
    assert told(fault(kind, **numbers), "") == text


def test_a_fault_that_lacks_its_numbers_says_what_its_kind_is():
    assert told(fault(Kind.SLOW), "") == f"slow: {SPECS[Kind.SLOW].what}"
