"""What the heater's reading costs in flash on a Cortex-M4, against the same by hand."""

import re

from tests.conformance.codegen.layouts import contract
from tests.conformance.codegen.processors import CORTEX_M4, HERE, STRICT, need, run, write

GENERATED = ("heater_reading_pack", "heater_reading_unpack", "heater_frame_close", "heater_reading_frame")
BY_HAND = ("hand_reading_pack", "hand_reading_unpack", "hand_frame_close")
SMALL = (
    "-Os",
    *CORTEX_M4,
    "-ffreestanding",
    "-ffunction-sections",
    "-fdata-sections",
    "-nostdlib",
    "-Wl,--gc-sections",
    "-Wl,-e,0",
)
EXAMPLE_BYTES = 524
"""What somebody else's hand-written heater took, as issue 3 quotes it."""


def flash_bytes(source, wanted, folder):
    """Bytes of code and constants that a program with these functions links in."""
    program = folder / f"{source.stem}.elf"
    run(["arm-none-eabi-gcc", *SMALL, *(f"-Wl,-u,{name}" for name in wanted), source, "-o", program])
    return int(re.search(rb"\n\s*(\d+)", run(["arm-none-eabi-size", program]))[1])


def test_the_reading_is_no_larger_than_by_hand(tmp_path, capsys):
    """Pack, unpack, frame head and CRC32, constants included."""
    need("arm-none-eabi-gcc", "arm-none-eabi-size")
    generated = flash_bytes(write(contract("heater"), tmp_path), GENERATED, tmp_path)
    by_hand = flash_bytes(HERE / "handwritten.c", BY_HAND, tmp_path)
    with capsys.disabled():
        print(f"\nheater reading on Cortex-M4: {generated} B generated, {by_hand} B by hand")
    assert generated <= by_hand < EXAMPLE_BYTES


def test_the_one_by_hand_writes_the_same_frame(tmp_path):
    """Otherwise the comparison would say nothing."""
    need("gcc")
    source = write(contract("heater"), tmp_path)
    run(["gcc", *STRICT, "-I", tmp_path, "-I", HERE, source, HERE / "handwritten.c", HERE / "by_hand.c", "-o", tmp_path / "both"])
    run([tmp_path / "both"])
