"""Build the visibility kernel: the C files of `src/seamline/site/kernel` to the WebAssembly module beside them.

    python tools/kernel.py            write the module
    python tools/kernel.py --check    fail unless the module is what the sources build to, byte for byte

The compiler is the one of the lock (`ziglang`, clang underneath), so that the bytes are the same everywhere.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "src" / "seamline" / "site" / "kernel"
MODULE = FOLDER / "visibility.wasm"
FLAGS = (
    "--target=wasm32-freestanding", "-std=c99", "-O2", "-Wall", "-Wextra", "-Wconversion", "-Wno-sign-conversion", "-Werror",
    "-ffp-contract=off", "-mbulk-memory", "-msimd128", "-fno-vectorize", "-fno-slp-vectorize", "-nostdlib", "-Wl,--no-entry",
    "-Wl,--export-memory", "-Wl,--export=__heap_base",
    "-Wl,-z,stack-size=16384", "-Wl,--strip-all",
)  # fmt: skip


def build(*flags: str) -> bytes:
    """Compile the sources, with more flags for the compiler; return the module."""
    sources = sorted(path.name for path in FOLDER.glob("*.c"))
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / MODULE.name
        subprocess.run(
            [sys.executable, "-m", "ziglang", "cc", *FLAGS, *flags, *sources, "-o", str(target)], cwd=FOLDER, check=True
        )
        return target.read_bytes()


def main(arguments: list[str]) -> int:
    """Write or check; return the exit code."""
    made = build()
    if arguments != ["--check"]:
        MODULE.write_bytes(made)
        return 0
    if MODULE.read_bytes() == made:
        return 0
    print(f"{MODULE.name} is not what the C files beside it build to; make it anew: python tools/kernel.py", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
