"""The same plan gives the same events: in other processes, under other hash seeds, and on the Pythons of SEAMLINE_TEST_PYTHONS.

The hashes are written down (golden.json), so that a Python is held to what the others gave without having them.
"""

import json
import os
import subprocess
import sys

import pytest
from tests.rig import golden

PYTHONS = [sys.executable, *os.environ.get("SEAMLINE_TEST_PYTHONS", "").split()]
RENEW = "events of a world have changed; if they were meant to: .venv/bin/python tests/rig/golden.py"


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("hash_seed", ["0", "1", "random"])
def test_a_plan_gives_the_hash_that_it_gave_everywhere(python, hash_seed):
    env = {**os.environ, "PYTHONHASHSEED": hash_seed}
    done = subprocess.run([python, golden.__file__, "--print"], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == json.loads(golden.HASHES.read_text("utf-8")), RENEW
