"""Whether this system lets us make user namespaces: asked by making one, in a process that ends at once."""

from __future__ import annotations

import functools
import os
import subprocess
import sys

from seamline.stack.supervisor import LAUNCH

TRIAL_TIMEOUT_S = 10.0


@functools.cache
def namespaces_allowed() -> bool:
    """Whether a process of ours may become `nobody` in a user namespace; False on systems that have none."""
    if sys.platform != "linux":
        return False
    trial = [sys.executable, "-I", "-S", str(LAUNCH), "--parent", str(os.getpid()), "--signal", "9"]
    trial += ["--user", "namespace", "--", "/bin/true"]
    try:
        done = subprocess.run(trial, capture_output=True, timeout=TRIAL_TIMEOUT_S, check=False)
    except (OSError, subprocess.SubprocessError):
        return False
    return done.returncode == 0
