"""Settings of a stack: defaults, then one typed TOML file, then `SEAMLINE_*` variables; unknown names are errors.

The file is `seamline.toml` in the state directory, or the one `$SEAMLINE_SETTINGS` names.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

from seamline.stack.errors import SettingsError
from seamline.stack.ports import LOOPBACK
from seamline.state_home import default_state

CHILDREN = ("broker", "postgres", "auth", "hub")
HTTP_PORT = 8080
# Variables that other parts read, or that settings themselves come from.
FOREIGN = frozenset({"SEAMLINE_URL", "SEAMLINE_SETTINGS", "SEAMLINE_NATS_SERVER", "SEAMLINE_POSTGRES_BIN"})
FOREIGN_PREFIXES = ("SEAMLINE_TEST_",)


@dataclass(frozen=True, slots=True)
class Settings:
    """What a stack is told. Ports: 0 means "any, kept from then on"; `http_port` is a wish unless `http_port_fixed`.

    `state` None means the default directory. `dsn` replaces the embedded database. `children` chooses what to run.
    `hub` is handed to the hub as it is.
    """

    state: Path | None = None
    contracts: tuple[Path, ...] = ()
    http_host: str = LOOPBACK
    http_port: int = HTTP_PORT
    http_port_fixed: bool = False
    mqtt_port: int = 0
    nats_port: int = 0
    mqtt_url: str = ""
    dsn: str = ""
    children: tuple[str, ...] = CHILDREN
    ready_timeout_s: float = 60.0
    hub: Mapping[str, object] = field(default_factory=dict[str, object])

    @property
    def state_folder(self) -> Path:
        """The state directory's path."""
        return (self.state or default_state()).expanduser().absolute()


LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost"})


def check(settings: Settings) -> Settings:
    """The settings, if they can be obeyed. Raises SettingsError naming the setting and the remedy."""
    if settings.http_host not in LOOPBACK_HOSTS:
        raise SettingsError(
            f"http_host {settings.http_host!r}: the page and API are open on loopback only, for there are no accounts yet: "
            f"use {LOOPBACK}, and reach it from elsewhere through an SSH tunnel"
        )
    if settings.mqtt_url:
        raise SettingsError(
            "mqtt_url: a broker of your own is not supported yet: leave it out to use the embedded one "
            "(authorisation and the ingest stream lean on it)"
        )
    for name in ("http_port", "mqtt_port", "nats_port"):
        port = cast("int", getattr(settings, name))
        if not 0 <= port <= 65_535:
            raise SettingsError(f"{name} {port}: a port from 1 to 65535, or 0 for any")
    unknown = sorted(set(settings.children) - set(CHILDREN))
    if unknown:
        raise SettingsError(f"children {', '.join(unknown)}: known are {', '.join(CHILDREN)}")
    if settings.dsn and not settings.dsn.startswith(("postgresql://", "postgres://")):
        raise SettingsError("dsn: a postgresql:// URL expected, as in postgresql://user@host/database")
    for folder in settings.contracts:
        if not folder.expanduser().exists():
            raise SettingsError(f"contracts: {folder} does not exist")
        if not (folder.expanduser() / "contract.yaml").is_file():
            raise SettingsError(f"contracts: {folder} has no contract.yaml: name the folder of a product")
    return settings


def _text(given: object, _base: Path) -> object:
    return given if isinstance(given, str) else None


def _path(given: object, base: Path) -> object:
    return base / Path(given).expanduser() if isinstance(given, str) and given else None


def _items(given: object, separator: str) -> tuple[str, ...] | None:
    """Texts from a TOML array, or from a variable's value parted by `separator`."""
    if isinstance(given, str):
        return tuple(part for part in given.split(separator) if part)
    items = cast("list[object]", given) if isinstance(given, list) else [None]
    texts = tuple(item for item in items if isinstance(item, str))
    return texts if len(texts) == len(items) else None


def _paths(given: object, base: Path) -> object:
    items = _items(given, os.pathsep)
    return None if items is None else tuple(base / Path(item).expanduser() for item in items)


def _names(given: object, _base: Path) -> object:
    return _items(given, ",")


def _truth(given: object, _base: Path) -> object:
    return {"true": True, "false": False}.get(str(given).lower())


def _integer(given: object, _base: Path) -> object:
    if isinstance(given, str) and given.strip().isdecimal():
        return int(given)
    return given if isinstance(given, int) and not isinstance(given, bool) else None


def _seconds(given: object, _base: Path) -> object:
    try:
        seconds = float(given) if isinstance(given, str | int | float) and not isinstance(given, bool) else -1.0
    except ValueError:
        return None
    return seconds if 0 < seconds < float("inf") else None


def _table(given: object, _base: Path) -> object:
    return cast("dict[str, object]", given) if isinstance(given, dict) else None


# How each setting is read from a TOML value or a variable's text; None means it cannot be.
READERS: Mapping[str, Callable[[object, Path], object]] = {
    "state": _path,
    "contracts": _paths,
    "http_host": _text,
    "http_port": _integer,
    "http_port_fixed": _truth,
    "mqtt_port": _integer,
    "nats_port": _integer,
    "mqtt_url": _text,
    "dsn": _text,
    "children": _names,
    "ready_timeout_s": _seconds,
    "hub": _table,
}


def _read(path: Path) -> Mapping[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: cannot be read: {error}") from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path}: not TOML: {error}") from error


def _apply(settings: Settings, given: Mapping[str, object], where: str, base: Path) -> Settings:
    unknown = sorted(set(given) - set(READERS))
    if unknown:
        raise SettingsError(f"{where}: unknown setting {', '.join(unknown)}; known are {', '.join(sorted(READERS))}")
    changes: dict[str, Any] = {}
    for name, value in given.items():
        changes[name] = READERS[name](value, base)
        if changes[name] is None:
            raise SettingsError(f"{where}: {name} cannot be {value!r}")
    return replace(settings, **changes)


def load_settings(state: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """Settings from file and environment. `state`, from the command line, goes over both, and names where the file is.

    Raises SettingsError naming the file or variable, the setting and the remedy.
    """
    variables = os.environ if environ is None else environ
    texts = {
        name.removeprefix("SEAMLINE_").lower(): value
        for name, value in variables.items()
        if name.startswith("SEAMLINE_") and name not in FOREIGN and not name.startswith(FOREIGN_PREFIXES)
    }
    if state is not None:
        texts["state"] = str(state.expanduser().absolute())
    settings = Settings()
    if "state" in texts:
        settings = _apply(settings, {"state": texts["state"]}, "SEAMLINE_STATE", Path.cwd())
    named = variables.get("SEAMLINE_SETTINGS")
    file = Path(named) if named else settings.state_folder / "seamline.toml"
    if named or file.exists():
        settings = _apply(settings, _read(file), str(file), file.absolute().parent)
    for name, text in texts.items():
        settings = _apply(settings, {name: text}, f"SEAMLINE_{name.upper()}", Path.cwd())
    return settings
