"""Where state lives when nobody says otherwise: by the XDG base directory specification. Of no floor; imports nothing of ours."""

from __future__ import annotations

import os
from pathlib import Path


def state_home() -> Path:
    """`$XDG_STATE_HOME/seamline`, else `~/.local/state/seamline`. A relative path is ignored, as the specification says."""
    base = os.environ.get("XDG_STATE_HOME", "")
    return (Path(base) if base.startswith("/") else Path("~/.local/state").expanduser()) / "seamline"


def default_state() -> Path:
    """The state directory of a stack and of the hub in it: `$SEAMLINE_STATE`, else `state_home()`."""
    given = os.environ.get("SEAMLINE_STATE")
    return Path(given).expanduser() if given else state_home()
