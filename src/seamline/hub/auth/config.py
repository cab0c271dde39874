"""What the `auth` role is told: `auth.json` in the state directory, written by the stack (mode 0600)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import cast

FILE = "auth.json"


class ConfigError(ValueError):
    """An `auth.json` that is missing or incomplete; the message names it and the remedy."""


@dataclass(frozen=True, slots=True)
class AuthConfig:
    """`auth_url` reaches the account that carries requests, `system_url` the server's own; `account` is the devices'."""

    auth_url: str
    system_url: str
    account: str
    issuer_seed: str
    identities: str


def write_form(config: AuthConfig) -> Mapping[str, object]:
    """The configuration as the JSON object the file holds."""
    return asdict(config)


def read_config(state: Path) -> AuthConfig:
    """The configuration of this state directory. Raises ConfigError."""
    path = state / FILE
    try:
        value: object = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: {error}: it is written by `seamline up`, start that first") from error
    members = cast("dict[str, object]", value) if isinstance(value, dict) else {}
    texts: dict[str, str] = {}
    for name in AuthConfig.__slots__:
        text = members.get(name)
        if not isinstance(text, str) or not text:
            raise ConfigError(f"{path}: {name} is missing: start `seamline up` again, which writes the file")
        texts[name] = text
    return AuthConfig(**texts)
