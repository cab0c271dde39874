"""The demo under chaos, again and again with new seeds, for so many minutes: `python tools/soak.py --minutes 30 [demo options]`.

Stops at the first run that does not hold its promises, and prints the line that repeats it. Exit code: that run's.
"""

from __future__ import annotations

import argparse
import secrets
import shlex
import subprocess
import sys
import time


def main(arguments: list[str]) -> int:
    """Run until the time is over or a promise is broken; return the exit code."""
    parser = argparse.ArgumentParser(prog="soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--devices", default="500")
    parser.add_argument("--seconds", default="90")
    own, rest = parser.parse_known_args(arguments)
    ends, runs = time.monotonic() + own.minutes * 60, 0
    while runs == 0 or time.monotonic() < ends:
        seed = secrets.randbits(32)
        options = ("demo", "--chaos", "--devices", own.devices, "--seconds", own.seconds, "--seed", str(seed), *rest)
        command = (sys.executable, "-m", "seamline", *options)
        code = subprocess.run(command, check=False).returncode
        runs += 1
        if code != 0:
            print(f"soak: run {runs} ended with exit code {code}; repeat it: seamline {shlex.join(options)}", file=sys.stderr)
            return code
        print(f"soak: run {runs} held, seed {seed}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
