"""The identity snapshot: which devices exist, with which key, and whether they may connect.

One file, one JSON object a line, replaced atomically by whoever issues identities and read by every `auth` role; so
authorisation needs neither the hub nor the database. A line: `{"id", "product", "state", "key"}`, `key` being the
SHA-256 (hex) over the public key's SubjectPublicKeyInfo.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import cast

DEVICE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class IdentityState(StrEnum):
    """Whether a device may connect."""

    ACTIVE = "active"
    BANNED = "banned"


class SnapshotError(ValueError):
    """A snapshot that cannot be read; the message names file, line and remedy."""


@dataclass(frozen=True, slots=True)
class Identity:
    """One device as authorisation knows it; `key` is SHA-256 (hex) over its public key."""

    id: str
    product: str
    state: IdentityState
    key: str


Snapshot = Mapping[str, Identity]
EMPTY: Snapshot = MappingProxyType({})


def _identity(line: str) -> Identity:
    row: object = json.loads(line)
    if not isinstance(row, dict):
        raise TypeError("not an object")
    members = cast("dict[str, object]", row)
    texts = [members[name] for name in ("id", "product", "state", "key")]
    if not all(isinstance(text, str) for text in texts):
        raise TypeError("members must be texts")
    device, product, state, key = cast("list[str]", texts)
    if not DEVICE_ID.fullmatch(device):
        raise ValueError("device id outside [A-Za-z0-9_-]")
    return Identity(device, product, IdentityState(state), key)


def read_snapshot(path: Path) -> Snapshot:
    """All identities in the file; none when it does not exist yet.

    Raises SnapshotError naming the line that cannot be read. A reader keeps what it had then.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return EMPTY
    known: dict[str, Identity] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        try:
            identity = _identity(line)
        except (ValueError, TypeError, KeyError) as error:
            raise SnapshotError(f"{path}:{number}: not an identity ({error}); issue the devices again") from None
        known[identity.id] = identity
    return MappingProxyType(known)


def write_snapshot(path: Path, identities: Iterable[Identity]) -> None:
    """Replace the snapshot atomically and durably, readable by its owner only."""
    lines = [
        json.dumps({"id": one.id, "product": one.product, "state": str(one.state), "key": one.key}) + "\n" for one in identities
    ]
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.writelines(lines)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
