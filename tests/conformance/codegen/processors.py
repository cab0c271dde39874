"""The processors that generated C is compiled for and run on, and what each needs to be installed."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.conformance.codegen.glue import glue

from seamline.contract.codegen.c import generate
from seamline.contract.model import Contract

HERE = Path(__file__).resolve().parent
TIMEOUT_S = 300
PACKAGES = {
    "gcc": "gcc",
    "clang": "clang",
    "cppcheck": "cppcheck",
    "arm-none-eabi-gcc": "gcc-arm-none-eabi",
    "arm-none-eabi-size": "binutils-arm-none-eabi",
    "riscv64-unknown-elf-gcc": "gcc-riscv64-unknown-elf",
    "s390x-linux-gnu-gcc": "gcc-s390x-linux-gnu",
    "qemu-arm": "qemu-user",
    "qemu-riscv32": "qemu-user",
    "qemu-s390x": "qemu-user",
}
"""Program → the Debian package that brings it; .ci/run installs them."""
WARNINGS = ("-Wall", "-Wextra", "-Wconversion", "-Wsign-conversion", "-Wshadow", "-Wpedantic", "-Werror")
STRICT = ("-std=c99", *WARNINGS)
SANITIZED = ("-g", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
BARE = ("-ffreestanding", "-nostdlib", "-static")
CORTEX_M4 = ("-mcpu=cortex-m4", "-mthumb")


@dataclass(frozen=True, slots=True)
class Processor:
    """A way to compile and run. An emulator runs Cortex-M4 code on an A-profile core, which has the same instructions."""

    name: str
    compiler: tuple[str, ...]
    libraries: tuple[str, ...] = ()
    emulator: tuple[str, ...] = ()


PROCESSORS = (
    Processor("x86_64-gcc", ("gcc", "-O2")),
    Processor("x86_64-gcc-sanitized", ("gcc", *SANITIZED)),
    Processor("x86_64-clang", ("clang", "-O2")),
    Processor("x86_64-clang-sanitized", ("clang", *SANITIZED)),
    Processor("cortex-m4", ("arm-none-eabi-gcc", "-Os", *CORTEX_M4, *BARE), ("-lgcc",), ("qemu-arm",)),
    Processor(
        "rv32imc",
        ("riscv64-unknown-elf-gcc", "-Os", "-march=rv32imc", "-mabi=ilp32", *BARE, "-Wl,--no-relax"),
        ("-lgcc",),
        ("qemu-riscv32",),
    ),
    Processor("s390x", ("s390x-linux-gnu-gcc", "-O2", *BARE), ("-lgcc",), ("qemu-s390x",)),
)


def need(*programs: str) -> None:
    """Skip the test, by the package's name, when a program is missing."""
    missing = sorted({PACKAGES[program] for program in programs if shutil.which(program) is None})
    if missing:
        pytest.skip(f"install the package {', '.join(missing)}")


def run(command: list[str | Path], **options) -> bytes:
    """Run a command that must succeed; return its output."""
    environment = {**os.environ, "ASAN_OPTIONS": "detect_leaks=0"}  # nothing allocates, and leaks are not found under a tracer
    done = subprocess.run(command, capture_output=True, timeout=TIMEOUT_S, check=False, env=environment, **options)
    assert done.returncode == 0, f"{command}: exit code {done.returncode}\n{done.stderr.decode(errors='replace')[:4000]}"
    return done.stdout


def write(contract: Contract, folder: Path) -> Path:
    """Write a contract's generated C into a folder; return the source."""
    for name, text in generate(None, contract).items():
        (folder / name).write_text(text, "utf-8")
    return folder / f"{contract.product}.c"


def build(processor: Processor, contract: Contract, folder: Path, between: Path | None = None) -> list[str | Path]:
    """Compile runner, generated code and what stands between them, glue for every message; return how to run it."""
    need(processor.compiler[0], *processor.emulator)
    source, program = write(contract, folder), folder / "answer"
    if between is None:
        between = folder / "glue.c"
        between.write_text(glue(contract), "utf-8")
    sources = [source, between, HERE / "runner.c"]
    run([*processor.compiler, *STRICT, "-I", HERE, "-I", folder, *sources, "-o", program, *processor.libraries], cwd=folder)
    return [*processor.emulator, program]
