"""What the hub's roles read from the state directory: `settings.json`, written by the stack, and its own part `hub`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

from seamline.contract.pace import CONTRACTS_OWN, Pace
from seamline.hub.retention import RETENTION_DAYS
from seamline.state_home import default_state

PARTITIONS: Final = 2
STREAM_BYTES: Final = 1 << 30


class HubSettingsError(ValueError):
    """The settings cannot be obeyed; names the file, the member and the remedy."""


@dataclass(frozen=True, slots=True)
class HubSettings:
    """Addresses and the hub's own numbers. `work` are the partitions this process works on, all of them by default.

    `nats_system_url` is the broker's for its system user, who is told when it cannot store; None leaves that unasked.
    `pace` is that of a demo's or a test's devices; a hub of real devices keeps the contracts' own times.
    """

    nats_url: str
    dsn: str
    http_host: str = "127.0.0.1"
    http_port: int = 8080
    contracts: tuple[Path, ...] = ()
    partitions: int = PARTITIONS
    work: tuple[int, ...] = ()
    retention_days: int = RETENTION_DAYS
    stream_bytes: int = STREAM_BYTES
    nats_system_url: str | None = None
    pace: Pace = CONTRACTS_OWN


def read(state: Path | None) -> HubSettings:
    """The settings of a state directory. Raises HubSettingsError."""
    file = (state or default_state()) / "settings.json"
    try:
        told = cast("dict[str, object]", json.loads(file.read_bytes()))
    except FileNotFoundError:
        raise HubSettingsError(f"{file}: not there: start the hub through `seamline up`, or give --state") from None
    except (OSError, ValueError) as error:
        raise HubSettingsError(f"{file}: cannot be read: {error}") from None
    own = cast("Mapping[str, object]", told.get("hub") or {})
    numbers = {name: _number(file, own, name, least, "hub.") for name, least in _NUMBERS.items() if name in own}
    unknown = sorted(set(own) - set(_NUMBERS))
    if unknown:
        raise HubSettingsError(f"{file}: hub.{unknown[0]} is unknown; known are {', '.join(sorted(_NUMBERS))}")
    return HubSettings(
        nats_url=_text(file, told, "nats_url"),
        dsn=_text(file, told, "dsn"),
        http_host=str(told.get("http_host", "127.0.0.1")),
        http_port=_number(file, told, "http_port", 0),
        contracts=tuple(Path(str(folder)) for folder in cast("list[object]", told.get("contracts") or [])),
        partitions=numbers.get("partitions", PARTITIONS),
        retention_days=numbers.get("retention_days", RETENTION_DAYS),
        stream_bytes=numbers.get("stream_bytes", STREAM_BYTES),
        nats_system_url=None if told.get("nats_system_url") is None else _text(file, told, "nats_system_url"),
        pace=Pace(numbers.get("pace_factor", 1), numbers.get("publish_every_ms_max", 0)),
    )


_NUMBERS: Final = {"partitions": 1, "retention_days": 1, "stream_bytes": 1 << 20, "pace_factor": 1, "publish_every_ms_max": 0}
"""Members of `hub` and their least values."""


def _text(file: Path, told: Mapping[str, object], name: str) -> str:
    value = told.get(name)
    if not isinstance(value, str) or not value:
        raise HubSettingsError(f"{file}: {name} is missing: the role needs it")
    return value


def _number(file: Path, told: Mapping[str, object], name: str, least: int, where: str = "") -> int:
    value = told.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise HubSettingsError(f"{file}: {where}{name} is {value!r}: a whole number from {least} on is expected")
    return value
