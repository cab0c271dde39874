"""Loopback ports: chosen once for a state directory and kept, so that devices find the broker again after a restart.

Chosen below the system's ephemeral range: a client that reconnects while the broker is away could otherwise be given
the broker's own port as its source, and take it, or connect to itself.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import socket
import stat
import tempfile
from collections.abc import Mapping
from pathlib import Path

from seamline.stack.errors import StateError
from seamline.stack.statedir import StateDir, read_object, write_object

LOOPBACK = "127.0.0.1"
PORT_MIN = 20_000
PORT_MAX = 29_999  # below every common ephemeral range (Linux 32768, IANA 49152)
TRIES_MAX = 200


def is_free(port: int, host: str = LOOPBACK) -> bool:
    """Whether a listener could be opened on the port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError:
            return False
    return True


class PortClaims:
    """Ports promised to this stack but not yet listened on; other stacks of this user see the claim.

    Each is a lock file in a private folder of the temporary directory; a claim falls with its process.
    """

    def __init__(self) -> None:
        self._folder: Path = Path(tempfile.gettempdir()) / f"seamline-ports-{os.geteuid()}"
        self._held: dict[int, int] = {}

    def claim(self, port: int) -> bool:
        """Claim a port when it is free and nobody else has claimed it."""
        if port in self._held or not is_free(port):
            return False
        if not self._folder_is_ours():
            return True  # nobody to agree with: two stacks started in the same instant may then meet, and one will say so
        handle = os.open(self._folder / str(port), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return False
        self._held[port] = handle
        return True

    def _folder_is_ours(self) -> bool:
        """Make the folder of claims; False when somebody else has put something in its place."""
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            status = self._folder.lstat()
        except OSError:
            return False
        return stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid()

    def release(self) -> None:
        """Give all claims back."""
        for handle in self._held.values():
            os.close(handle)
        self._held.clear()

    def any_port(self) -> int:
        """Claim a random free port. Raises StateError when the machine has none."""
        for _ in range(TRIES_MAX):
            port = PORT_MIN + secrets.randbelow(PORT_MAX - PORT_MIN + 1)
            if self.claim(port):
                return port
        raise StateError(f"no free port between {PORT_MIN} and {PORT_MAX} on {LOOPBACK}: is something holding them all?")

    def next_port(self, wanted: int, count_max: int = 100) -> int:
        """Claim the wanted port or the first free one after it. Raises StateError when there is none."""
        for port in range(wanted, min(wanted + count_max, 65_536)):
            if self.claim(port):
                return port
        raise StateError(f"no free port from {wanted} on: choose another with --port")


def choose_ports(state: StateDir, claims: PortClaims, wanted: Mapping[str, int]) -> dict[str, int]:
    """A claimed port for each name: the wanted one, else the one kept from before, else a new one; kept for next time.

    `wanted` maps a name to a port, 0 meaning any. Raises StateError when a wanted port is taken.
    """
    path = state.path("ports.json")
    kept = read_object(path)
    chosen: dict[str, int] = {}
    for name, port in wanted.items():
        before = kept.get(name)
        if port:
            if not claims.claim(port):
                raise StateError(f"port {port} ({name}) is taken on {LOOPBACK}: free it, or set {name}_port to another")
            chosen[name] = port
        elif isinstance(before, int) and claims.claim(before):
            chosen[name] = before
        else:
            chosen[name] = claims.any_port()
    if kept != chosen:
        write_object(path, chosen)
    return chosen
