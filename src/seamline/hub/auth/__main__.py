"""`python -m seamline.hub.auth --state DIR`: the `auth` role."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from seamline.hub.auth.role import main

parser = argparse.ArgumentParser(prog="python -m seamline.hub.auth", description=__doc__)
parser.add_argument("--state", type=Path, help="state directory (default: $SEAMLINE_STATE, else by XDG)")
sys.exit(main(parser.parse_args().state))
